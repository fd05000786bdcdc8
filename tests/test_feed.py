"""Reading GTFS feeds: every way they are packed and written, and weekly departures to the last one.

Unless said otherwise a test changes one thing about the tiny feed of conftest.py: stops a, b, c on
one street, one trip `out` (direction 0) and one `back` (direction 1), Monday to Friday. So every
stop has 5 departures a week in each direction.
"""

import contextlib
import hashlib
import random
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from conftest import TINY, departures, read_feed, tiny, write_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.errors import CampaignError, FeedError, TargetingError
from targeting.plain_text import plain

FIVE_A_WEEK = {("R", direction, stop): 5.0 for direction in (0, 1) for stop in "abc"}
HEADS = {name: table[0] for name, table in TINY.items()}
OUT, BACK = TINY["stop_times"][1:4], TINY["stop_times"][4:7]


def codes(notices: object) -> list[str]:
    return [notice.code for notice in notices]  # type: ignore[attr-defined]


def notice_of(notices: object, code: str) -> object:
    (found,) = [notice for notice in notices if notice.code == code]  # type: ignore[attr-defined]
    return found


# --- how feeds are packed ---------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "google_transit", "a/b/c/feed-2025"])
@pytest.mark.parametrize("name", ["feed.zip", "feed"])
def test_zip_and_folder_read_alike_however_deep_the_tables_sit(
    tmp_path: Path, name: str, folder: str
) -> None:
    feed, notices = read_feed(write_feed(tmp_path / name, tiny(), folder))
    assert departures(feed) == FIVE_A_WEEK
    assert list(feed.routes["departures_week"]) == [10]
    assert notices.warnings == []


def test_folder_entries_of_a_zip_are_no_tables(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "feed.zip", tiny(), "inner")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("inner/", "")
        archive.writestr("inner/stops.txt/", "")
    assert departures(read_feed(path)[0]) == FIVE_A_WEEK


def test_mac_junk_and_half_empty_copies_are_passed_over(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "feed.zip", tiny(), "z-complete")
    other_street = [line.replace("45.50", "10.00") for line in TINY["stops"]]
    with zipfile.ZipFile(path, "a") as archive:
        # as macOS packs it: the same names with "._" before them, in a folder that sorts first
        for name in TINY:
            archive.writestr(f"__MACOSX/z-complete/._{name}.txt", b"\x00\x05\x16\x07")
            archive.writestr(f"__MACOSX/z-complete/{name}.txt", b"\x00\x05\x16\x07")
        archive.writestr(".git/stops.txt", "x")
        archive.writestr("stops.txt", "\n".join(other_street))  # half a copy, nearer to the top
    feed, _ = read_feed(path)
    assert departures(feed) == FIVE_A_WEEK
    assert set(feed.stops["lat"]) == {45.5}


def test_upper_case_file_names_are_tables_too(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, table in TINY.items():
            archive.writestr(f"{name.upper()}.TXT", "\n".join(table))
    assert departures(read_feed(path)[0]) == FIVE_A_WEEK


def test_source_records_where_the_feed_came_from(tmp_path: Path) -> None:
    info = [
        "feed_publisher_name,feed_version,feed_start_date,feed_end_date",
        "P,v7,20250106,20250202",
    ]
    path = write_feed(tmp_path / "feed.zip", tiny(feed_info=info))
    (source,) = read_feed(path)[0].sources
    assert source.path == str(path)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.agencies == ("Tiny Transit",)
    assert source.version == "v7"
    assert source.period == (date(2025, 1, 6), date(2025, 2, 2))


def test_folder_has_a_checksum_that_notices_a_change(tmp_path: Path) -> None:
    one = read_feed(write_feed(tmp_path / "one", tiny()))[0].sources[0].sha256
    same = read_feed(write_feed(tmp_path / "same", tiny()))[0].sources[0].sha256
    changed = tiny(agency=["agency_id,agency_name", "A,Other"])
    other = read_feed(write_feed(tmp_path / "other", changed))[0].sources[0].sha256
    assert one == same != other


# --- several feeds at once --------------------------------------------------------------------


def test_several_feeds_are_read_as_one_with_prefixed_ids(tmp_path: Path) -> None:
    saturday = tiny(calendar=[HEADS["calendar"], "wk,0,0,0,0,0,1,0,20250106,20250202"])
    feed, _ = read_feed(write_feed(tmp_path / "city.zip", tiny()), write_feed(tmp_path / "county", saturday))
    # the same ids mean different things in the two feeds: five days a week there, one day here
    assert departures(feed) == {
        (f"city:{route}", direction, f"city:{stop}"): n for (route, direction, stop), n in FIVE_A_WEEK.items()
    } | {(f"county:{route}", direction, f"county:{stop}"): 1.0 for route, direction, stop in FIVE_A_WEEK}
    assert list(feed.routes.index) == ["city:R", "county:R"] == list(feed.lines.index)
    assert set(feed.stops.index) == {f"{name}:{stop}" for name in ("city", "county") for stop in "abc"}
    assert set(feed.trips["block_id"]) == {"city:b1", "county:b1"}
    assert [Path(source.path).name for source in feed.sources] == ["city.zip", "county"]


def test_feeds_of_the_same_name_get_different_prefixes(tmp_path: Path) -> None:
    paths = []
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        paths.append(write_feed(tmp_path / folder / "gtfs.zip", tiny()))
    feed, _ = read_feed(*paths)
    assert list(feed.routes.index) == ["gtfs-1:R", "gtfs-2:R"]
    assert len(feed.departures) == 12


def test_prefixed_block_stays_empty_where_the_feed_has_none(tmp_path: Path) -> None:
    bare = tiny(trips=["route_id,service_id,trip_id,direction_id", "R,wk,out,0", "R,wk,back,1"])
    feed, _ = read_feed(write_feed(tmp_path / "x.zip", bare), write_feed(tmp_path / "y.zip", tiny()))
    assert sorted(set(feed.trips["block_id"])) == ["", "y:b1"]


# --- how tables are written -------------------------------------------------------------------


def test_byte_order_mark_in_every_table(tmp_path: Path) -> None:
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(), encoding="utf-8-sig"))
    assert departures(feed) == FIVE_A_WEEK
    assert notices.warnings == []
    assert list(feed.routes["agency"]) == ["Tiny Transit"]


def test_byte_order_mark_before_a_quoted_header(tmp_path: Path) -> None:
    quoted = {
        name: [",".join(f'"{value}"' for value in line.split(",")) for line in table]
        for name, table in TINY.items()
    }
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", quoted, encoding="utf-8-sig"))
    assert departures(feed) == FIVE_A_WEEK


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_windows_and_old_macs(tmp_path: Path, newline: str) -> None:
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(), newline=newline))
    assert departures(feed) == FIVE_A_WEEK
    assert notices.warnings == []


def test_last_line_without_an_end_and_blank_lines_between(tmp_path: Path) -> None:
    tables = {name: "\n\n".join(table) for name, table in TINY.items()}
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert departures(feed) == FIVE_A_WEEK
    assert notices.warnings == []


def test_blanks_around_values_and_column_names_are_dropped(tmp_path: Path) -> None:
    tables = {
        name: [",".join(f"  {value}\t" for value in line.split(",")) for line in table]
        for name, table in TINY.items()
    }
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert departures(feed) == FIVE_A_WEEK
    assert feed.stops.loc["a", ["stop_name", "lat", "lon"]].to_list() == ["East", 45.5, -122.6]
    assert notices.warnings == []


def test_upper_case_and_shuffled_columns(tmp_path: Path) -> None:
    tables = {}
    for name, table in TINY.items():
        rows = [line.split(",")[::-1] for line in table]
        rows[0] = [column.upper() for column in rows[0]]
        tables[name] = [",".join(row) for row in rows]
    assert departures(read_feed(write_feed(tmp_path / "f.zip", tables))[0]) == FIVE_A_WEEK


def test_quoted_commas_quotes_and_line_breaks_inside_values(tmp_path: Path) -> None:
    stops = [
        HEADS["stops"],
        'a,"Oak St, north ""old"" side",45.50,-122.60',
        'b,"Two\nlines",45.50,-122.61',
        "c,West,45.50,-122.62",
    ]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops)))
    assert feed.stops["stop_name"].to_dict() == {
        "a": 'Oak St, north "old" side',
        "b": "Two lines",
        "c": "West",
    }
    assert departures(feed) == FIVE_A_WEEK
    assert notices.warnings == []


def test_ids_are_text_even_where_they_look_like_numbers_or_nothing(tmp_path: Path) -> None:
    # a reader that guesses types makes 007 and 7 one stop and loses NA, null and nan altogether
    new = {"a": "007", "b": "7", "c": "7.0", "R": "NA", "out": "null", "back": "nan", "wk": "1e5"}

    def rename(line: str) -> str:
        return ",".join(new.get(value, value) for value in line.split(","))

    tables = {name: [table[0], *map(rename, table[1:])] for name, table in TINY.items()}
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert departures(feed) == {
        (new[route], direction, new[stop]): n for (route, direction, stop), n in FIVE_A_WEEK.items()
    }


@pytest.mark.parametrize("row", ["d,Café", "d,Café,45.5,-122.6,,"])
def test_latin_1_is_read_where_a_row_is_of_another_width_too(tmp_path: Path, row: str) -> None:
    stops = [*TINY["stops"], row]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops), encoding="latin-1"))
    assert list(feed.stops.index) == ["a", "b", "c"]
    assert "not_utf8" in codes(notices)
    called = [*TINY["stop_times"], "back,09:15:00,09:15:00,d,4"]
    path = write_feed(tmp_path / "g.zip", tiny(stops=stops, stop_times=called), encoding="latin-1")
    if row.count(",") > 1:
        assert read_feed(path)[0].stops.loc["d", "stop_name"] == "Café"


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    stops = [line.replace("East", "Peña & Çelik") for line in TINY["stops"]]
    path = write_feed(tmp_path / "f.zip", tiny(stops=stops), encoding="latin-1")
    feed, notices = read_feed(path)
    assert feed.stops.loc["a", "stop_name"] == "Peña & Çelik"
    assert departures(feed) == FIVE_A_WEEK
    notice = notice_of(notices, "not_utf8")
    assert notice.severity == "warning"
    assert notice.message == "f.zip: stops.txt is not UTF-8; it was read as Latin-1."


def test_utf_8_names_survive(tmp_path: Path) -> None:
    stops = [line.replace("East", "市政厅 / Đường Số 1") for line in TINY["stops"]]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops)))
    assert feed.stops.loc["a", "stop_name"] == "市政厅 / Đường Số 1"
    assert notices.warnings == []


def test_rows_of_the_wrong_width_are_skipped_and_counted(tmp_path: Path) -> None:
    rows = [HEADS["stop_times"], *OUT, *BACK, "out,08:12:00,08:12:00", "out,08:13:00,08:13:00,c,5,1,1,1"]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    notice = notice_of(notices, "row_width")
    assert (notice.count, notice.severity) == (2, "warning")
    assert "2 rows of stop_times.txt" in notice.message


@pytest.mark.parametrize("odd", ["\x85", "\x1c", "\u2028", "\x0b", "\x0c"])
def test_only_line_ends_end_a_row(tmp_path: Path, odd: str) -> None:
    # Python's splitlines() breaks at all of these; 0x85 is the "…" of Windows in a Latin-1 file, the others
    # are shown as a blank, so that they cannot break a line of the terminal either
    stops = [line.replace("East", f"East{odd}side") for line in TINY["stops"]]
    stops.append("d,Too short,45.5")  # makes the table one of uneven rows
    encoding = "latin-1" if odd == "\x85" else "utf-8"
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops), encoding=encoding))
    assert departures(feed) == FIVE_A_WEEK
    assert feed.stops.loc["a", "stop_name"] == ("East…side" if odd == "\x85" else "East side")


def test_an_uneven_row_and_a_column_that_is_not_utf_8(tmp_path: Path) -> None:
    # the strange bytes stand in a column that nobody reads, the short row at the end
    stops = [f"{line},{'stop_desc' if n == 0 else 'Peña'}" for n, line in enumerate(TINY["stops"])]
    path = write_feed(tmp_path / "f.zip", tiny(stops=[*stops, "d,Short,45.5,-122.6"]), encoding="latin-1")
    assert departures(read_feed(path)[0]) == FIVE_A_WEEK


@pytest.mark.parametrize("extra", ["head", "row"])
def test_width_that_is_wrong_in_every_row_is_named_as_the_cause(tmp_path: Path, extra: str) -> None:
    # a comma too many at the end of each row, or the last value left out of each: either read as
    # meant, or refused for that reason; never "no call at a stop"
    head = HEADS["stop_times"] + (",pickup_type" if extra == "head" else "")
    rows = [line + ("," if extra == "row" else "") for line in TINY["stop_times"][1:]]
    path = write_feed(tmp_path / "f.zip", tiny(stop_times=[head, *rows]))
    try:
        feed, _ = read_feed(path)
    except FeedError as error:
        assert "6 rows of stop_times.txt" in str(error)  # noqa: PT017
    else:
        assert departures(feed) == FIVE_A_WEEK


@pytest.mark.parametrize("table", ["agency", "calendar_dates", "frequencies", "shapes", "feed_info"])
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"unknown,columns\n1,2\n"])
def test_empty_or_strange_optional_tables_change_nothing(tmp_path: Path, table: str, content: bytes) -> None:
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(**{table: content})))
    assert departures(feed) == FIVE_A_WEEK


# --- calendars --------------------------------------------------------------------------------

DATES_HEAD = "service_id,date,exception_type"
WEEK = [f"202501{day:02}" for day in range(6, 13)]  # Monday 6 to Sunday 12 January 2025
FIRST = date(2025, 1, 6)


def weekly_at_a(feed: object) -> float:
    return departures(feed)["R", 0, "a"]  # type: ignore[arg-type]


def test_an_exception_that_removes_one_weekday_makes_four_a_week(tmp_path: Path) -> None:
    dates = [DATES_HEAD, f"wk,{WEEK[2]},2"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar_dates=dates)), week=FIRST)
    assert departures(feed) == dict.fromkeys(FIVE_A_WEEK, 4.0)
    assert list(feed.trips["days"]) == [0b0011011] * 2  # all but Wednesday, bit 2


def test_an_exception_that_adds_the_saturday_makes_six(tmp_path: Path) -> None:
    dates = [DATES_HEAD, f"wk,{WEEK[5]},1"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar_dates=dates)), week=FIRST)
    assert departures(feed) == dict.fromkeys(FIVE_A_WEEK, 6.0)


def test_both_calendars_work_together_for_different_services(tmp_path: Path) -> None:
    # `out` by calendar.txt five days, less Monday, plus Sunday: 5. `back` only by calendar_dates: 2.
    # Adding a day on which it runs anyway (Friday) adds nothing; removing an idle Saturday neither.
    feed, _ = read_feed(
        write_feed(
            tmp_path / "f.zip",
            tiny(
                trips=[HEADS["trips"], "R,wk,out,0,,", "R,special,back,1,,"],
                calendar_dates=[
                    DATES_HEAD,
                    f"wk,{WEEK[0]},2",
                    f"wk,{WEEK[6]},1",
                    f"wk,{WEEK[4]},1",
                    f"wk,{WEEK[5]},2",
                    f"special,{WEEK[1]},1",
                    f"special,{WEEK[3]},1",
                ],
            ),
        ),
        week=FIRST,
    )
    assert departures(feed) == {
        ("R", direction, stop): [5.0, 2.0][direction] for direction in (0, 1) for stop in "abc"
    }
    assert list(feed.trips["days"]) == [0b1011110, 0b0001010]


def test_calendar_dates_alone(tmp_path: Path) -> None:
    dates = [DATES_HEAD, *(f"wk,{day},1" for day in (WEEK[0], WEEK[3], WEEK[6]))]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=None, calendar_dates=dates)))
    assert weekly_at_a(feed) == 3
    assert feed.week.first_day == FIRST


def test_calendar_alone_honours_its_own_first_and_last_day(tmp_path: Path) -> None:
    # from Wednesday the 8th: of that week, Wednesday, Thursday and Friday
    calendar = [HEADS["calendar"], "wk,1,1,1,1,1,0,0,20250108,20250202"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=calendar)), week=FIRST)
    assert weekly_at_a(feed) == 3
    # up to and with Tuesday the 7th: Monday and Tuesday, the last day included
    calendar = [HEADS["calendar"], "wk,1,1,1,1,1,0,0,20241230,20250107"]
    feed, _ = read_feed(write_feed(tmp_path / "g.zip", tiny(calendar=calendar)), week=FIRST)
    assert weekly_at_a(feed) == 2


def test_a_service_with_two_rows_in_calendar_runs_on_the_days_of_both(tmp_path: Path) -> None:
    calendar = [
        HEADS["calendar"],
        "wk,1,1,0,0,0,0,0,20250106,20250202",
        "wk,0,1,1,0,0,0,0,20250106,20250202",
    ]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=calendar)), week=FIRST)
    assert weekly_at_a(feed) == 3  # Monday, Tuesday (once), Wednesday


def test_rows_without_a_valid_date_are_skipped_and_said(tmp_path: Path) -> None:
    feed, notices = read_feed(
        write_feed(
            tmp_path / "f.zip",
            tiny(
                calendar=[*TINY["calendar"], "wk,0,0,0,0,0,1,1,2025-01-06,20250202"],
                calendar_dates=[DATES_HEAD, "wk,20250231,1", "wk,,1", f"wk,{WEEK[5]},1"],
            ),
        ),
        week=FIRST,
    )
    assert weekly_at_a(feed) == 6  # weekdays and the one valid Saturday
    found = {n.message for n in notices if n.code == "bad_date"}
    assert found == {
        "f.zip: 1 rows of calendar.txt have no valid date and were skipped.",
        "f.zip: 2 rows of calendar_dates.txt have no valid date and were skipped.",
    }


# --- times ------------------------------------------------------------------------------------


def test_times_past_midnight_stay_on_their_service_day(tmp_path: Path) -> None:
    night = [
        HEADS["stop_times"],
        *OUT,
        "back,23:50:00,23:50:00,c,1",
        "back,24:05:00,24:05:00,b,2",
        "back,25:10:30,25:10:30,a,3",
    ]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=night)))
    back = feed.trips[feed.trips["end_s"] > 86_400]
    # 23:50 = 85,800 s; 25:10:30 = 25*3600 + 10*60 + 30 = 90,630 s
    assert back[["start_s", "end_s", "days"]].to_numpy().tolist() == [[85_800, 90_630, 0b0011111]]
    assert departures(feed) == FIVE_A_WEEK


@pytest.mark.parametrize("blank", ["", "--", "noon"])
def test_calls_without_a_time_are_departures_all_the_same(tmp_path: Path, blank: str) -> None:
    rows = [
        HEADS["stop_times"],
        "out,08:00:00,08:00:00,a,1",
        f"out,{blank},{blank},b,2",
        f"out,08:10:00,{blank},c,3",
        *BACK,
    ]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    # the arrival stands in for a missing departure at the last stop: 8:00 to 8:10
    assert [28_800, 29_400] in feed.trips[["start_s", "end_s"]].to_numpy().tolist()
    assert notices.warnings == []


def test_trip_without_any_time_counts_as_departures_but_not_as_a_run(tmp_path: Path) -> None:
    rows = [HEADS["stop_times"], "out,,,a,1", "out,,,b,2", "out,,,c,3", *BACK]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    assert feed.trips[["start_s", "end_s"]].to_numpy().tolist() == [[32_400, 33_000]]


def test_hours_of_one_digit(tmp_path: Path) -> None:
    rows = [line.replace("08:", "8:").replace("09:", "9:") for line in TINY["stop_times"]]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert feed.trips["start_s"].tolist() == [28_800, 32_400]


@pytest.mark.parametrize("time", ["0²:00:00", "99999999999999999999:00:00"])
def test_absurd_times_are_no_times(tmp_path: Path, time: str) -> None:
    rows = [HEADS["stop_times"], f"out,{time},{time},a,1", *OUT[1:], *BACK]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    assert feed.trips["start_s"].tolist() == [29_100, 32_400]  # 8:05, the first time there is


def test_absurd_sequence_numbers_do_not_end_the_run(tmp_path: Path) -> None:
    rows = [HEADS["stop_times"], *(line + "9" * 20 for line in TINY["stop_times"][1:])]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK


# --- what is a departure ----------------------------------------------------------------------


def test_calls_where_nobody_boards_or_alights_are_no_departures(tmp_path: Path) -> None:
    head = HEADS["stop_times"] + ",pickup_type,drop_off_type"
    rows = [
        "out,08:00:00,08:00:00,a,1,0,1",  # first stop: nobody gets off, still a departure
        "out,08:05:00,08:05:00,b,2,1,1",  # passes through: none
        "out,08:10:00,08:10:00,c,3,1,0",  # last stop: nobody gets on, still counted
        "back,09:00:00,09:00:00,c,1,,",
        "back,09:05:00,09:05:00,b,2,2,3",  # by arrangement
        "back,09:10:00,09:10:00,a,3,0,0",
    ]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=[head, *rows])))
    expected = dict(FIVE_A_WEEK)
    del expected["R", 0, "b"]
    assert departures(feed) == expected


def test_a_loop_calls_twice_at_the_stop_where_it_closes(tmp_path: Path) -> None:
    rows = [*TINY["stop_times"][:4], "out,08:20:00,08:20:00,a,4", *BACK]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK | {("R", 0, "a"): 10.0}
    # ten departures, but the same five buses
    at_a = feed.departures.set_index(["direction_id", "stop_id"]).loc[(0, "a")]
    assert at_a["trips_week"] == 5


def test_a_row_written_twice_is_one_call(tmp_path: Path) -> None:
    rows = [*TINY["stop_times"], OUT[0], OUT[1]]  # the very same trip, stop, time and sequence
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    assert "stop_times.txt" in notice_of(notices, "duplicate_id").message


def test_departures_of_a_route_add_up_over_its_trips_and_directions(tmp_path: Path) -> None:
    # one more trip out, Mondays only and from b on: 5 + 1 at b and c, 5 at a; the route 5 + 5 + 1
    feed, _ = read_feed(
        write_feed(
            tmp_path / "f.zip",
            tiny(
                trips=[*TINY["trips"], "R,mo,short,0,,"],
                stop_times=[
                    *TINY["stop_times"],
                    "short,10:00:00,10:00:00,b,1",
                    "short,10:05:00,10:05:00,c,2",
                ],
                calendar=[*TINY["calendar"], "mo,1,0,0,0,0,0,0,20250106,20250202"],
            ),
        )
    )
    assert departures(feed) == FIVE_A_WEEK | {("R", 0, "b"): 6.0, ("R", 0, "c"): 6.0}
    assert feed.routes.loc["R", "departures_week"] == 11


# --- frequencies ------------------------------------------------------------------------------

FREQ_HEAD = "trip_id,start_time,end_time,headway_secs"


def test_headways_replace_the_trip_by_its_runs(tmp_path: Path) -> None:
    # 06:00 to 07:00 every 20 min: 06:00, 06:20, 06:40; none at 07:00, where the period has ended.
    # 22:00 to 23:10 every 30 min: 22:00, 22:30, 23:00. Six runs on five days: 30 a week.
    rows = [FREQ_HEAD, "out,06:00:00,07:00:00,1200", "out,22:00:00,23:10:00,1800"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(frequencies=rows)))
    assert departures(feed) == {
        ("R", direction, stop): [30.0, 5.0][direction] for direction in (0, 1) for stop in "abc"
    }
    assert feed.routes.loc["R", "departures_week"] == 35
    runs = feed.trips[feed.trips["end_s"] - feed.trips["start_s"] == 600].sort_values("start_s")
    # the trip takes ten minutes, and its own 08:00 does not count; `back` (9:00) runs as written
    assert runs["start_s"].tolist() == [
        *(6 * 3600 + m * 60 for m in (0, 20, 40)),
        9 * 3600,
        *(22 * 3600 + m * 60 for m in (0, 30, 60)),
    ]


def test_headways_decide_the_design_week_too(tmp_path: Path) -> None:
    # in the last week `back` runs on two more days (+2); but in the first `out` runs on Saturday,
    # every ten minutes for an hour (+6)
    feed, _ = read_feed(
        write_feed(
            tmp_path / "f.zip",
            tiny(
                trips=[HEADS["trips"], "R,wk,out,0,,", "R,wk2,back,1,,"],
                calendar=[*TINY["calendar"], "wk2,1,1,1,1,1,0,0,20250106,20250202"],
                calendar_dates=[
                    DATES_HEAD,
                    "wk,20250111,1",
                    "wk2,20250201,1",
                    "wk2,20250202,1",
                ],
                frequencies=[FREQ_HEAD, "out,06:00:00,07:00:00,600"],
            ),
        )
    )
    assert feed.week.first_day == FIRST
    assert weekly_at_a(feed) == 36


@pytest.mark.parametrize("headway", ["0", "", "-600", "often", "9" * 30])
def test_headways_that_cannot_be_used_are_said(tmp_path: Path, headway: str) -> None:
    # the trip then runs once as stop_times.txt has it: far too little, so it must not be silent
    rows = [FREQ_HEAD, f"out,06:00:00,07:00:00,{headway}"]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(frequencies=rows)))
    assert weekly_at_a(feed) == 5
    assert [n for n in notices.warnings if "frequencies.txt" in n.message]


def test_a_headway_of_a_second_for_years_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = [FREQ_HEAD, "out,06:00:00,900000:00:00,1"]
    path = write_feed(tmp_path / "f.zip", tiny(frequencies=rows))
    try:
        _, notices = read_feed(path)
    except FeedError:
        return
    assert [n for n in notices.warnings if "frequencies.txt" in n.message]


def test_repeating_a_trip_that_spans_its_whole_period_is_said(tmp_path: Path) -> None:
    # Sitka's habit: stop_times.txt has the whole day's rounds (8:00 to 8:10 here, three rounds) and
    # frequencies.txt repeats them over the same hours: each departure is counted again and again
    rows = [HEADS["stop_times"], *BACK]
    rows += [f"out,08:{2 * n:02}:00,08:{2 * n:02}:00,{'ab'[n % 2]},{n + 1}" for n in range(6)]
    frequencies = [FREQ_HEAD, "out,08:00:00,08:10:00,240"]
    path = write_feed(tmp_path / "f.zip", tiny(stop_times=rows, frequencies=frequencies))
    _, notices = read_feed(path)
    assert [n for n in notices.warnings if "frequencies.txt" in n.message]


# --- modes and routes -------------------------------------------------------------------------

MODES = {
    "0": "tram", "1": "subway", "2": "rail", "3": "bus", "4": "ferry", "5": "cable_tram",
    "6": "aerial", "7": "funicular", "11": "bus", "12": "monorail",
    "100": "rail", "109": "rail", "200": "coach", "401": "subway", "700": "bus", "702": "bus",
    "711": "bus", "715": "bus", "799": "bus", "800": "bus", "900": "tram", "1000": "ferry",
    "1300": "aerial", "1400": "funicular", "1700": "other", "": "other", "bus": "other",
}  # fmt: skip


@pytest.mark.parametrize("kind", MODES)
def test_route_types_basic_and_extended(tmp_path: Path, kind: str) -> None:
    # a bus route beside it keeps the feed readable whatever the type is
    tables = tiny(
        routes=[HEADS["routes"], "R,A,1,Main,3,", f"X,A,2,Other,{kind},"],
        trips=[HEADS["trips"], "R,wk,out,0,,", "X,wk,back,1,,"],
    )
    path = write_feed(tmp_path / "f.zip", tables)
    every_mode = set(MODES.values())
    assert read_feed(path, modes=every_mode)[0].routes.loc["X", "mode"] == MODES[kind]
    by_default = set(read_feed(path)[0].routes.index)
    assert by_default == ({"R", "X"} if MODES[kind] == "bus" else {"R"})


def test_modes_widen_and_narrow(tmp_path: Path) -> None:
    tables = tiny(
        routes=[HEADS["routes"], "R,A,1,Main,3,", "T,A,MAX,Red,0,", "B,A,Boat,,4,"],
        trips=[HEADS["trips"], "R,wk,out,0,,", "T,wk,back,1,,"],
    )
    path = write_feed(tmp_path / "f.zip", tables)
    assert list(read_feed(path)[0].routes.index) == ["R"]
    both, _ = read_feed(path, modes=("bus", "tram"))
    assert both.routes["mode"].to_dict() == {"R": "bus", "T": "tram"}
    tram, _ = read_feed(path, modes=["tram"])
    assert departures(tram) == {("T", 1, stop): 5.0 for stop in "abc"}
    with pytest.raises(FeedError, match=r"no trips of the wanted modes \(rail\).*has bus, tram"):
        read_feed(path, modes=["rail"])


def test_routes_without_trips_are_left_out(tmp_path: Path) -> None:
    routes = [*TINY["routes"], "S,A,2,Ghost,3,", "T,A,3,Phantom,711,"]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(routes=routes)))
    assert list(feed.routes.index) == ["R"] == list(feed.lines.index)
    assert notices.warnings == []


def test_routes_that_rest_in_the_design_week_are_left_out_and_said(tmp_path: Path) -> None:
    tables = tiny(
        routes=[*TINY["routes"], "S,A,9,Ski bus,3,"],
        trips=[*TINY["trips"], "S,ski,ski,0,,"],
        stop_times=[*TINY["stop_times"], "ski,07:00:00,07:00:00,a,1", "ski,07:30:00,07:30:00,c,2"],
        calendar_dates=[DATES_HEAD, "ski,20250126,1"],
    )
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert list(feed.routes.index) == ["R"]
    assert "9 Ski bus" in notice_of(notices, "route_without_service").message


@pytest.mark.parametrize(
    ("short", "long", "name"),
    [("1", "Main", "1 Main"), ("", "Main", "Main"), ("1", "", "1"), ("FX", "FX", "FX"), ("", "", "R")],
)
def test_route_names(tmp_path: Path, short: str, long: str, name: str) -> None:
    routes = [HEADS["routes"], f"R,A,{short},{long},3,"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(routes=routes)))
    assert feed.routes.loc["R", "route_name"] == name


@pytest.mark.parametrize(
    ("given_color", "color"), [("00aaFF", "00aaFF"), ("#00AAFF", ""), ("red", ""), ("", "")]
)
def test_colors_are_six_hex_digits_or_empty(tmp_path: Path, given_color: str, color: str) -> None:
    routes = [HEADS["routes"], f"R,A,1,Main,3,{given_color}"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(routes=routes)))
    assert feed.routes.loc["R", "color"] == color


def test_agencies_with_and_without_ids(tmp_path: Path) -> None:
    no_ids = tiny(
        agency=["agency_name,agency_url", "Only One,http://x"],
        routes=["route_id,route_short_name,route_type", "R,1,3"],
    )
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", no_ids))
    assert list(feed.routes["agency"]) == ["Only One"]
    assert departures(feed) == FIVE_A_WEEK

    two = tiny(
        agency=["agency_id,agency_name", "A,City Bus", "B,County Loop"],
        routes=[HEADS["routes"], "R,B,1,Main,3,", "S,A,2,Side,3,", "T,,3,Nobody's,3,"],
        trips=[HEADS["trips"], "R,wk,out,0,,", "S,wk,back,1,,", "T,wk,third,0,,"],
        stop_times=[*TINY["stop_times"], "third,10:00:00,10:00:00,a,1"],
    )
    feed, _ = read_feed(write_feed(tmp_path / "g.zip", two))
    assert feed.routes["agency"].to_dict() == {
        "R": "County Loop", "S": "City Bus", "T": "",
    }, "of two agencies nobody can say whose it is"  # fmt: skip

    feed, _ = read_feed(write_feed(tmp_path / "smalltown.zip", tiny(agency=None)))
    assert list(feed.routes["agency"]) == ["smalltown"]


# --- directions -------------------------------------------------------------------------------

NO_DIRECTION = "route_id,service_id,trip_id"
TWO_SIDES = [
    "stop_id,stop_name,stop_lat,stop_lon",
    "a,East,45.5001,-122.60",  # north side of the street, buses go west
    "b,Middle,45.5001,-122.61",
    "c,West,45.5001,-122.62",
    "a2,East,45.4999,-122.60",  # south side, buses go east
    "b2,Middle,45.4999,-122.61",
    "c2,West,45.4999,-122.62",
]
BACK_ON_THE_OTHER_SIDE = [
    "back,09:00:00,09:00:00,c2,1",
    "back,09:05:00,09:05:00,b2,2",
    "back,09:10:00,09:10:00,a2,3",
]


def directions(feed: object) -> dict[str, set[int]]:
    """Return the directions in which each stop is served."""
    table = feed.departures.groupby("stop_id")["direction_id"]  # type: ignore[attr-defined]
    return {stop: set(found) for stop, found in table}


def two_sided(path: Path, trips: list[str], more_calls: tuple[str, ...] = ()) -> tuple[object, object]:
    rows = [HEADS["stop_times"], *OUT, *BACK_ON_THE_OTHER_SIDE, *more_calls]
    return read_feed(write_feed(path, tiny(stops=TWO_SIDES, trips=trips, stop_times=rows)))


@pytest.mark.parametrize("blank_column", [False, True])
def test_opposite_sides_of_a_street_are_two_directions(tmp_path: Path, blank_column: bool) -> None:
    head, tail = (NO_DIRECTION + ",direction_id", ",") if blank_column else (NO_DIRECTION, "")
    feed, notices = two_sided(tmp_path / "f.zip", [head, f"R,wk,out{tail}", f"R,wk,back{tail}"])
    found = directions(feed)
    assert found["a"] == found["b"] == found["c"]
    assert found["a2"] == found["b2"] == found["c2"]
    assert found["a"] | found["a2"] == {0, 1}
    assert notice_of(notices, "direction_inferred").count == 2
    assert feed.departures["departures_week"].tolist() == [5.0] * 6  # type: ignore[attr-defined]


def test_short_turns_go_with_the_long_trips_of_their_direction(tmp_path: Path) -> None:
    trips = [NO_DIRECTION, "R,wk,short,", "R,wk,back,", "R,wk,out,"]
    trips = [line.rstrip(",") for line in trips]
    more = ("short,07:00:00,07:00:00,b2,1", "short,07:05:00,07:05:00,a2,2")
    feed, _ = two_sided(tmp_path / "f.zip", trips, more)
    found = directions(feed)
    assert found["a2"] == found["b2"] == found["c2"] != found["a"] == found["b"] == found["c"]


def test_a_loop_first_in_the_file_does_not_merge_the_directions(tmp_path: Path) -> None:
    # the first trip begins and ends at a: it has no axis, so it must not be the route's
    more = ("loop,06:00:00,06:00:00,a,1", "loop,06:05:00,06:05:00,b,2", "loop,06:10:00,06:10:00,a,3")
    feed, _ = two_sided(tmp_path / "f.zip", [NO_DIRECTION, "R,wk,loop", "R,wk,out", "R,wk,back"], more)
    found = directions(feed)
    assert found["c"] | found["c2"] == {0, 1}
    assert len(found["c"]) == len(found["c2"]) == 1


def test_a_trip_without_calls_first_in_the_file_does_not_merge_the_directions(tmp_path: Path) -> None:
    feed, _ = two_sided(tmp_path / "f.zip", [NO_DIRECTION, "R,wk,gone", "R,wk,out", "R,wk,back"])
    found = directions(feed)
    assert found["c"] | found["c2"] == {0, 1}


@pytest.mark.parametrize("known", ["out", "back"])
@pytest.mark.parametrize("its_direction", [0, 1])
def test_trips_without_direction_go_with_those_that_have_one(
    tmp_path: Path, known: str, its_direction: int
) -> None:
    # one trip says its direction; two more run like it and against it, and say nothing
    more = tuple(
        line.replace("out,08", "out2,10").replace("back,09", "back2,11").replace(",08:", ",10:")
        for line in (*OUT, *BACK_ON_THE_OTHER_SIDE)
    )
    trips = ["out", "back", "out2", "back2"]
    rows = [f"R,wk,{trip},{its_direction if trip == known else ''}" for trip in trips]
    feed, _ = two_sided(tmp_path / "f.zip", [NO_DIRECTION + ",direction_id", *rows], more)
    like, against = ("a", "a2") if known == "out" else ("a2", "a")
    assert directions(feed)[like] == {its_direction}
    assert directions(feed)[against] == {1 - its_direction}


def test_each_route_has_its_own_axis(tmp_path: Path) -> None:
    # a route that runs back and out on another street, listed the other way round
    trips = [NO_DIRECTION, "R,wk,out", "R,wk,back", "S,wk,north", "S,wk,south"]
    tables = tiny(
        routes=[*TINY["routes"], "S,A,2,Cross,3,"],
        trips=trips,
        stops=[*TWO_SIDES, "n,North,45.6,-122.61", "s,South,45.4,-122.61"],
        stop_times=[
            HEADS["stop_times"], *OUT, *BACK_ON_THE_OTHER_SIDE,
            "north,08:00:00,08:00:00,s,1", "north,08:30:00,08:30:00,n,2",
            "south,09:00:00,09:00:00,n,1", "south,09:30:00,09:30:00,s,2",
        ],
    )  # fmt: skip
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert directions(feed)["n"] == directions(feed)["s"] == {0, 1}
    assert feed.departures["departures_week"].tolist() == [5.0] * 10


# --- places of stops --------------------------------------------------------------------------


@pytest.mark.parametrize("place", [",", "0,0", "0.0,0.0", "n/a,n/a", "95,-190"])
def test_a_stop_without_a_place_takes_that_of_its_station(tmp_path: Path, place: str) -> None:
    stops = [
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station",
        f"a,Bay 1,{place},0,hub",
        "b,Middle,45.50,-122.61,,",
        "c,Bay 9,45.51,-122.62,0,hub",  # has a place of its own, keeps it
        "hub,Transit Center,45.52,-122.60,1,",
    ]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops)))
    assert feed.stops.loc["a", ["lat", "lon"]].to_list() == [45.52, -122.60]
    assert feed.stops.loc["c", ["lat", "lon"]].to_list() == [45.51, -122.62]
    assert "hub" not in feed.stops.index  # nothing departs from the station itself
    assert departures(feed) == FIVE_A_WEEK
    assert notices.warnings == []


def many_stops(unknown_per_trip: int, calls: int = 40) -> list[str]:
    """One trip of `calls` calls, the last of them at stop "ghost"."""
    at = ["a", "b"] * (calls // 2)
    at[calls - unknown_per_trip :] = ["ghost"] * unknown_per_trip
    return [
        HEADS["stop_times"],
        *(f"out,08:{n:02}:00,08:{n:02}:00,{stop},{n}" for n, stop in enumerate(at)),
    ]


GHOSTS = {
    "unknown": TINY["stops"],
    "nowhere": [*TINY["stops"], "ghost,Null Island,0,0"],
    "blank": [*TINY["stops"], "ghost,Blank,,"],
    "off the world": [*TINY["stops"], "ghost,Far,45.5,-1226.1"],
    "swapped": [*TINY["stops"], "ghost,Swapped,-122.61,45.5"],
    "swapped, eastern": [*TINY["stops"], "ghost,Swapped,-73.92,40.81"],
}


@pytest.mark.parametrize("what", GHOSTS)
def test_up_to_five_percent_of_departures_may_be_lost_and_are_said(tmp_path: Path, what: str) -> None:
    # 2 of 40 calls, 5 days a week: 10 of 200 departures, 5.0 %: just allowed
    trips = [HEADS["trips"], "R,wk,out,0,,"]
    tables = tiny(stops=GHOSTS[what], trips=trips, stop_times=many_stops(2))
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert departures(feed) == {("R", 0, "a"): 95.0, ("R", 0, "b"): 95.0}
    notice = notice_of(notices, "stop_without_place")
    assert (notice.severity, notice.count) == ("warning", 10)
    assert "10 of 200 weekly departures (5.0%)" in notice.message
    assert f"({10 if what == 'unknown' else 0} at stop_ids that stops.txt lacks" in notice.message
    assert feed.stops[["lat", "lon"]].notna().all(axis=None)


@pytest.mark.parametrize("what", GHOSTS)
def test_more_than_five_percent_lost_is_refused(tmp_path: Path, what: str) -> None:
    # 3 of 40 calls: 15 of 200 departures, 7.5 %
    trips = [HEADS["trips"], "R,wk,out,0,,"]
    tables = tiny(stops=GHOSTS[what], trips=trips, stop_times=many_stops(3))
    with pytest.raises(FeedError, match=r"^f\.zip: 15 of 200 weekly departures \(7\.5%\)"):
        read_feed(write_feed(tmp_path / "f.zip", tables))


@pytest.mark.parametrize(
    "corner", [(45.50, -122.60), (40.81, -73.92), (27.94, -82.40), (61.2, -149.9), (18.4, -66.1)]
)
def test_swapped_coordinates_are_refused_in_every_part_of_the_country(
    tmp_path: Path, corner: tuple[float, float]
) -> None:
    # on the east coast a longitude of -74 is a possible latitude: swapped, New York is in Antarctica
    lat, lon = corner
    stops = [HEADS["stops"], *(f"{stop},,{lon + n / 100},{lat}" for n, stop in enumerate("abc"))]
    with pytest.raises(FeedError, match="latitude and longitude swapped"):
        read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops)))


def test_sound_coordinates_of_alaska_and_of_guam_are_not_taken_for_swapped(tmp_path: Path) -> None:
    for n, (lat, lon) in enumerate([(71.29, -156.79), (13.44, 144.79), (-14.3, -170.7)]):
        stops = [HEADS["stops"], *(f"{stop},,{lat},{lon + k / 100}" for k, stop in enumerate("abc"))]
        feed, _ = read_feed(write_feed(tmp_path / f"{n}.zip", tiny(stops=stops)))
        assert feed.stops.loc["a", ["lat", "lon"]].to_list() == [lat, lon]


# --- lines ------------------------------------------------------------------------------------


def test_without_shapes_the_line_runs_through_the_stops(tmp_path: Path) -> None:
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny()))
    line = feed.lines["R"]
    # a-b and b-c, each once although two trips run them: 0.01 + 0.01 degrees
    assert line.length == pytest.approx(0.02)
    assert line.bounds == pytest.approx((-122.62, 45.50, -122.60, 45.50))
    assert notice_of(notices, "route_without_shape").severity == "info"


def test_shape_points_are_joined_by_their_sequence_not_by_their_row(tmp_path: Path) -> None:
    shapes = [
        "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence",
        "s1,45.50,-122.62,10",  # as text, 10 would come before 2
        "s1,45.50,-122.60,1",
        "s1,45.51,-122.61,2",
        "unused,10,10,1",
        "unused,11,11,2",
    ]
    trips = [HEADS["trips"], "R,wk,out,0,,s1", "R,wk,back,1,,s1"]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(shapes=shapes, trips=trips)))
    (line,) = feed.lines["R"].geoms
    assert np.array(line.coords).tolist() == [[-122.60, 45.50], [-122.61, 45.51], [-122.62, 45.50]]
    assert len(notices) == 0


def test_shapes_of_one_point_or_no_place_give_way_to_the_stops(tmp_path: Path) -> None:
    shapes = [
        "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence",
        "s1,45.50,-122.62,1",
        "s1,0,0,2",
        "s2,x,y,1",
        "s2,,,2",
    ]
    trips = [HEADS["trips"], "R,wk,out,0,,s1", "R,wk,back,1,,s2"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(shapes=shapes, trips=trips)))
    assert feed.lines["R"].length == pytest.approx(0.02)


def test_a_route_of_one_stop_is_a_short_mark_there(tmp_path: Path) -> None:
    rows = [HEADS["stop_times"], "out,08:00:00,08:00:00,a,1", "back,09:00:00,09:00:00,a,1"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert shapely.get_coordinates(feed.lines["R"]).tolist() == [[-122.6, 45.5], [-122.5997, 45.5]]
    assert departures(feed) == {("R", 0, "a"): 5.0, ("R", 1, "a"): 5.0}


def test_a_route_between_stops_at_one_place_is_a_short_mark_there(tmp_path: Path) -> None:
    stops = [HEADS["stops"], "a,East,45.5,-122.6", "b,East too,45.5,-122.6", "c,Here,45.5,-122.6"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stops=stops)))
    assert shapely.get_coordinates(feed.lines["R"]).tolist() == [[-122.6, 45.5], [-122.5997, 45.5]]


def test_routes_and_stops_stand_in_the_order_of_their_ids(tmp_path: Path) -> None:
    """Of two routes that are worth as much a plan takes the first: their rows must not decide which."""
    tables = tiny(
        routes=[HEADS["routes"], "R,A,1,Main,3,", "Q,A,2,Side,3,"],
        trips=[HEADS["trips"], "R,wk,out,0,b1,", "Q,wk,back,1,b2,"],
    )
    turned = {name: [rows[0], *rows[:0:-1]] for name, rows in tables.items()}
    for number, each in enumerate((tables, turned)):
        feed, _ = read_feed(write_feed(tmp_path / f"{number}.zip", each))
        assert list(feed.routes.index) == ["Q", "R"]
        assert list(feed.stops.index) == ["a", "b", "c"]


# --- references that lead nowhere, ids given twice ----------------------------------------------


def test_trips_of_unknown_routes_and_services_are_left_out_and_said(tmp_path: Path) -> None:
    trips = [*TINY["trips"], "Q,wk,lost,0,,", "R,never,idle,0,,", "R,never,idle2,0,,"]
    rows = [*TINY["stop_times"], "lost,07:00:00,07:00:00,a,1", "idle,07:00:00,07:00:00,a,1"]
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tiny(trips=trips, stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK
    found = {n.message: n.count for n in notices if n.code == "trip_without_reference"}
    assert found == {
        "f.zip: 1 trips name a route_id that routes.txt lacks and were left out.": 1,
        "f.zip: 2 trips name a service_id without any calendar and were left out.": 2,
    }


def test_trips_without_stop_times_do_not_count_as_service(tmp_path: Path) -> None:
    feed, notices = read_feed(
        write_feed(tmp_path / "f.zip", tiny(trips=[*TINY["trips"], "R,wk,empty,0,b9,"]))
    )
    assert feed.routes.loc["R", "departures_week"] == 10
    assert len(feed.trips) == 2
    notice = notice_of(notices, "trip_without_stops")
    assert notice.message == "f.zip: 1 of 3 trips have no stop_times and were left out."


def test_stop_times_of_unknown_trips_count_for_nobody(tmp_path: Path) -> None:
    rows = [*TINY["stop_times"], "stranger,07:00:00,07:00:00,a,1", ",07:00:00,07:00:00,a,1"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(stop_times=rows)))
    assert departures(feed) == FIVE_A_WEEK


DUPLICATES = {
    "stops": "a,Elsewhere,45.9,-122.9",
    "routes": "R,A,99,Other,0,",
    "trips": "R,sat,out,1,b2,",
}


@pytest.mark.parametrize("table", DUPLICATES)
def test_of_ids_given_twice_the_first_counts_and_it_is_said(tmp_path: Path, table: str) -> None:
    calendar = [*TINY["calendar"], "sat,0,0,0,0,0,1,0,20250106,20250202"]
    tables = tiny(calendar=calendar, **{table: [*TINY[table], DUPLICATES[table]]})
    feed, notices = read_feed(write_feed(tmp_path / "f.zip", tables))
    assert departures(feed) == FIVE_A_WEEK
    assert feed.routes.loc["R", ["route_name", "mode"]].to_list() == ["1 Main", "bus"]
    assert feed.stops.loc["a", "lat"] == 45.5
    notice = notice_of(notices, "duplicate_id")
    assert notice.count == 1
    assert f"{table}.txt" in notice.message


# --- what ends the run, each with one sentence --------------------------------------------------


def one_sentence(error: pytest.ExceptionInfo[BaseException]) -> str:
    text = str(error.value)
    assert text.endswith("."), text
    assert "\n" not in text
    assert ". " not in text, f"more than one sentence: {text}"
    return text


@pytest.mark.parametrize("name", ["nowhere.zip", "no/such/folder"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FeedError, match=f"{name}: no such file or folder") as error:
        read_feed(tmp_path / name)
    one_sentence(error)


@pytest.mark.parametrize("content", [b"", b"<html><title>404 Not Found</title></html>", b"\x1f\x8b\x08"])
def test_not_a_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.zip").write_bytes(content)
    with pytest.raises(FeedError, match=r"f\.zip: is not a zip file") as error:
        read_feed(tmp_path / "f.zip")
    one_sentence(error)


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9, 0.99])
def test_truncated_zip(tmp_path: Path, kept: float) -> None:
    path = write_feed(tmp_path / "f.zip", tiny())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(FeedError, match="cut short or damaged; download the feed again") as error:
        read_feed(path)
    one_sentence(error)


def test_damaged_member_is_named(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("trips.txt")
    data = bytearray(path.read_bytes())
    begin = info.header_offset + 30 + len("trips.txt")
    data[begin : begin + info.compress_size] = bytes(info.compress_size)
    path.write_bytes(data)
    with pytest.raises(FeedError, match=r"f\.zip: trips\.txt inside the zip is damaged") as error:
        read_feed(path)
    one_sentence(error)


def test_encrypted_zip(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny())
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # local, central header
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1  # bit 0: the member is encrypted
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    with pytest.raises(FeedError, match="is encrypted or packed in an unknown way") as error:
        read_feed(path)
    one_sentence(error)


@pytest.mark.parametrize("form", ["f.zip", "f"])
@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times"])
def test_missing_table_is_named(tmp_path: Path, table: str, form: str) -> None:
    path = write_feed(tmp_path / form, tiny(**{table: None}))
    with pytest.raises(FeedError, match=rf"^{form}: holds no {table}\.txt") as error:
        read_feed(path)
    one_sentence(error)


def test_empty_zip_and_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    for path in (write_feed(tmp_path / "f.zip", {}), tmp_path / "f"):
        with pytest.raises(FeedError, match=r"holds no stops\.txt") as error:
            read_feed(path)
        one_sentence(error)


def test_neither_calendar(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"neither calendar\.txt nor calendar_dates\.txt") as error:
        read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=None)))
    one_sentence(error)


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times"])
@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", b'"'])
def test_empty_or_garbled_member_is_named(tmp_path: Path, table: str, content: bytes) -> None:
    path = write_feed(tmp_path / "f.zip", tiny(**{table: content}))
    with pytest.raises(FeedError, match=rf"f\.zip: {table}\.txt") as error:
        read_feed(path)
    one_sentence(error)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("stops", "stop_id"), ("routes", "route_id"), ("routes", "route_type"), ("trips", "trip_id"),
        ("trips", "service_id"), ("stop_times", "trip_id"), ("stop_times", "stop_id"),
    ],
)  # fmt: skip
def test_missing_column_is_named(tmp_path: Path, table: str, column: str) -> None:
    lines = [HEADS[table].replace(column, "x"), *TINY[table][1:]]
    path = write_feed(tmp_path / "f.zip", tiny(**{table: lines}))
    with pytest.raises(FeedError, match=rf"{table}\.txt has no column '{column}'") as error:
        read_feed(path)
    one_sentence(error)


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times", "calendar"])
def test_tables_of_a_header_alone_end_in_a_sentence(tmp_path: Path, table: str) -> None:
    path = write_feed(tmp_path / "f.zip", tiny(**{table: [HEADS[table]]}))
    with pytest.raises(FeedError, match=r"^f\.zip: ") as error:
        read_feed(path)
    one_sentence(error)


def test_no_service_in_the_chosen_week(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny())
    with pytest.raises(CampaignError, match=r"f\.zip: no trip runs in the campaign's week") as error:
        read_feed(path, week=date(2025, 3, 3))
    assert "2025-01-06 to 2025-02-02" in str(error.value)  # says what the feed does have


def test_zip_of_a_newer_format_ends_in_a_sentence(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny())
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 6] = 148  # "version needed to extract": 14.8
    path.write_bytes(data)
    with pytest.raises(FeedError, match=r"f\.zip"):
        read_feed(path)


def test_no_damage_to_a_zip_ends_in_anything_but_a_feed_or_a_sentence(tmp_path: Path) -> None:
    whole = write_feed(tmp_path / "whole.zip", tiny()).read_bytes()
    chance = random.Random(20250106)  # noqa: S311
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 8])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path = tmp_path / "f.zip"
        path.write_bytes(data)
        with contextlib.suppress(TargetingError):
            read_feed(path)


# --- properties -------------------------------------------------------------------------------

# Two routes that share stops and blocks, three services with exceptions, headways.
RICH = tiny(
    stops=TWO_SIDES,
    routes=[*TINY["routes"], "S,A,2,Side,711,"],
    trips=[
        HEADS["trips"], "R,wk,out,0,b1,", "R,wk,back,1,b1,", "S,sat,side,0,b1,", "S,some,often,1,,",
    ],
    stop_times=[
        HEADS["stop_times"], *OUT, *BACK_ON_THE_OTHER_SIDE,
        "side,10:00:00,10:00:00,a,1", "side,,,c2,2", "side,10:20:00,10:20:00,a,3",
        "often,11:00:00,11:00:00,b,1", "often,11:20:00,11:20:00,b2,2",
    ],
    calendar=[*TINY["calendar"], "sat,0,0,0,0,0,1,0,20250106,20250202"],
    calendar_dates=[
        DATES_HEAD, "wk,20250108,2", "some,20250110,1", "some,20250111,1", "sat,20250112,1",
        "some,20250112,1", "some,20250112,2",
    ],
    frequencies=[FREQ_HEAD, "often,06:00:00,07:00:00,1200", "often,17:00:00,18:00:00,1800"],
)  # fmt: skip
RICH_DEPARTURES = (
    # wk: five days less Wednesday; sat: Saturday and Sunday, twice at a; some: Friday and Saturday
    # (the Sunday is added and taken away), five runs a day
    {("R", 0, stop): 4.0 for stop in "abc"}
    | {("R", 1, stop): 4.0 for stop in ("a2", "b2", "c2")}
    | {("S", 0, "a"): 4.0, ("S", 0, "c2"): 2.0, ("S", 1, "b"): 10.0, ("S", 1, "b2"): 10.0}
)


def read_rich(tables: dict[str, list[str]]) -> object:
    with tempfile.TemporaryDirectory() as folder:
        return read_feed(write_feed(Path(folder) / "f", tables), week=FIRST)[0]


def test_rich_feed_by_hand() -> None:
    assert departures(read_rich(RICH)) == RICH_DEPARTURES


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(chance: random.Random) -> None:
    shuffled = {name: [t[0], *chance.sample(t[1:], len(t) - 1)] for name, t in RICH.items()}
    feed = read_rich(shuffled)
    assert departures(feed) == RICH_DEPARTURES
    assert feed.routes["departures_week"].to_dict() == {"R": 8.0, "S": 12.0}


ID_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=6,
).filter(lambda text: plain(text) == text)  # what cannot be seen is taken out, and tells no ids apart


@settings(max_examples=25, deadline=None)
@given(st.lists(ID_TEXT, min_size=15, max_size=15, unique=True))
def test_the_spelling_of_ids_does_not_matter(names: list[str]) -> None:
    old = [
        "R",
        "S",
        "a",
        "b",
        "c",
        "a2",
        "b2",
        "c2",
        "out",
        "back",
        "side",
        "often",
        "wk",
        "sat",
        "some",
    ]
    new = dict(zip(old, names, strict=True))

    def rename(line: str) -> str:
        values = [new.get(value, value) for value in line.split(",")]
        return ",".join('"' + value.replace('"', '""') + '"' for value in values)

    renamed = {name: [table[0], *map(rename, table[1:])] for name, table in RICH.items()}
    assert departures(read_rich(renamed)) == {
        (new[route], direction, new[stop]): n for (route, direction, stop), n in RICH_DEPARTURES.items()
    }
