"""The doctor on every real feed: what it must say of each, counted here with the csv module alone."""

import csv
import functools
import io
import itertools
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.doctor import examine
from targeting.feed import FeedSource
from targeting.feed_checks import notices_of_the_day
from targeting.feed_files import open_feed
from targeting.findings import Finding, Findings
from targeting.notices import Notice, Notices
from targeting.service_calendar import read_calendar

LARGE = 1_000_000  # bytes: three examinations would take seconds
DAYS = ("feed_expired", "feed_ends_soon", "feed_not_begun")
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# feed: a day inside its period, the exit code, the codes of faults and warnings, those of notes
EXPECTED: dict[str, tuple[str, int, set[str], set[str]]] = {
    "albany-or-2018-01.zip": ("2018-03-01", 0, set(), {"direction_inferred"}),
    "amazon-shuttle-2017-08.zip": ("2017-08-02", 1, {"feed_ends_soon"}, {"direction_inferred"}),
    "arlington-art-2016-12.zip": ("2017-01-05", 0, set(), {"one_calendar"}),
    "broken-samtrans-2017-11.zip": (
        "2017-11-20", 1, {"trip_without_stops"},
        {"route_without_service", "route_without_shape", "no_blocks"},
    ),
    "caltrain-nested-2017-07.zip": (
        "2017-10-01", 1, {"days_without_service"}, {"route_without_service", "no_blocks", "one_calendar"},
    ),
    "ctran-the-current-flex-2025-10.zip": ("2025-10-15", 2, {"feed_unusable"}, {"flexible_service"}),
    "glendale-beeline-2014-11.zip": (
        "2015-01-05", 2,
        {"feed_unusable", "unknown_stop", "duplicate_id", "bad_time", "impossible_speed"}, {"one_calendar"},
    ),
    "hart-tampa-2018-02.zip": ("2018-03-01", 0, set(), {"route_without_service"}),
    "island-transit-2009-03.zip": (
        "2009-03-01", 1, {"block_overlap", "block_jump", "impossible_speed"}, {"route_without_shape"},
    ),
    "lane-transit-district-2023-06.zip": ("2023-02-01", 0, set(), {"one_calendar"}),
    "nyc-mta-bus-manhattan-2026-09.zip": ("2026-09-10", 0, set(), set()),
    "rct-vermont-flex-2017.zip": (
        "2017-12-01", 0, set(), {"days_without_service", "route_without_shape", "direction_inferred"},
    ),
    "sitka-ride-2015.zip": (
        "2015-02-01", 1, {"headway"}, {"days_without_service", "direction_inferred", "no_blocks"},
    ),
    "trimet-2018-02-route1-vermont.zip": ("2018-02-10", 0, set(), set()),
    "trimet-2021-10-rail-2routes.zip": ("2021-11-01", 1, {"no_bus"}, {"one_calendar"}),
    "trimet-2024-12-composite.zip": ("2025-01-13", 1, {"block_jump"}, set()),
}  # fmt: skip


@pytest.fixture(scope="module")
def gtfs(real_data: Path) -> Path:
    return real_data / "gtfs"


@functools.cache
def examined(path: Path) -> Findings:
    return examine(path, today=date.fromisoformat(EXPECTED[path.name][0]))


def on_day(path: Path, today: date) -> list[Finding | Notice]:
    """Return what the doctor says on another day; of a large feed only what hangs on the day."""
    if path.stat().st_size < LARGE:
        return list(examine(path, today=today))
    return list(notices_of_the_day(sources(path), today))


@functools.cache
def sources(path: Path) -> tuple[FeedSource, ...]:
    notices = Notices()
    calendar = read_calendar(open_feed(path, notices), notices)
    runs = np.ones(len(calendar.service_ids))
    return (FeedSource(str(path), "", (), "", calendar.period, calendar.tables, calendar.trips_by_day(runs)),)


def only(path: Path, code: str) -> Finding:
    (found,) = [finding for finding in examined(path) if finding.code == code]
    return found


def rows(path: Path, table: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as the csv module reads them, blanks stripped."""
    with zipfile.ZipFile(path) as archive:
        names = [
            n for n in archive.namelist() if re.search(rf"(^|/){table}\.txt$", n) and "__MACOSX" not in n
        ]
        if not names:
            return
        text = io.StringIO(archive.read(names[0]).decode("utf-8-sig"), newline="")
    reader = csv.reader(text)
    head = [name.strip() for name in next(reader)]
    for row in reader:
        if row:
            yield dict(zip(head, (value.strip() for value in row), strict=False))


def services_on(path: Path, day: date) -> set[str]:
    text = f"{day:%Y%m%d}"
    running = {
        r["service_id"]
        for r in rows(path, "calendar")
        if r["start_date"] <= text <= r["end_date"] and r[NAMES[day.weekday()]] == "1"
    }
    for r in rows(path, "calendar_dates"):
        if r["date"] == text:
            (running.add if r["exception_type"] == "1" else running.discard)(r["service_id"])
    return running


def regular(path: Path) -> list[dict[str, str]]:
    """Return the rows of calendar.txt that run on any weekday at all."""
    return [r for r in rows(path, "calendar") if any(r[name] == "1" for name in NAMES)]


def period_by_hand(path: Path) -> tuple[date, date]:
    """Return the first and last day that a calendar adds, within what feed_info.txt says."""
    days = [day for r in regular(path) for day in (r["start_date"], r["end_date"])]
    days += [r["date"] for r in rows(path, "calendar_dates") if r["exception_type"] == "1"]
    info = next(rows(path, "feed_info"), {})
    first = max(filter(None, [min(days), info.get("feed_start_date", "")]))
    last = min(filter(None, [max(days), info.get("feed_end_date", "")]))
    begin, end = (datetime.strptime(day, "%Y%m%d").date() for day in (first, last))
    return begin, end


def seconds(text: str) -> int:
    hours, minutes, secs = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + secs


# --- every feed -----------------------------------------------------------------------------------


def test_every_feed_of_the_folder_is_covered(gtfs: Path) -> None:
    assert {path.name for path in gtfs.glob("*.zip")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_the_doctor_says(gtfs: Path, name: str) -> None:
    _, exit_code, graver, notes = EXPECTED[name]
    found = examined(gtfs / name)
    assert {f.code for f in found if f.severity != "note"} == graver
    assert {f.code for f in found.of("note")} == notes
    assert found.exit_code == exit_code
    assert all(f.message.endswith(".") and f.effect.endswith(".") for f in found)
    assert all(f.file == name for f in found if f.code not in ("block_overlap",))


@pytest.mark.parametrize("name", EXPECTED)
def test_periods(gtfs: Path, name: str) -> None:
    """The day after the last day of service there is, the feed has expired; before the first, not begun."""
    path = gtfs / name
    begin, end = period_by_hand(path)
    for today, code in (
        (end + timedelta(days=1), "feed_expired"),
        (end, "feed_ends_soon"),
        (begin - timedelta(days=1), "feed_not_begun"),
    ):
        (found,) = [f for f in on_day(path, today) if f.code in DAYS]
        assert (found.code, found.severity) == (code, "warning")
        assert str(end if code != "feed_not_begun" else begin) in found.message


# --- feed by feed, counted by hand ------------------------------------------------------------------


def test_samtrans_trips_without_stop_times(gtfs: Path) -> None:
    path = gtfs / "broken-samtrans-2017-11.zip"
    found = only(path, "trip_without_stops")
    called = {r["trip_id"] for r in rows(path, "stop_times")}
    names = {r["route_id"]: r["route_short_name"] for r in rows(path, "routes")}
    lost, kept = Counter(), Counter()
    for r in rows(path, "trips"):
        (kept if r["trip_id"] in called else lost)[names[r["route_id"]]] += 1
    assert found.count == sum(lost.values()) == 2_898
    assert "These 2,898 trips count for nothing" in found.effect
    poorer, gone = lost.keys() & kept.keys(), lost.keys() - kept.keys()
    assert gone == {"80", "251", "261", "278"}
    assert found.effect.endswith("routes 80, 251, 261 and 278 have no trip left.")
    named, more = re.search(r"routes ([\w, ]+?) and (\d+) more look less frequent", found.effect).groups()
    assert set(named.split(", ")) <= poorer
    assert len(poorer) == 6 + int(more)


def test_glendale_stops_that_are_not_there_and_times_that_are_none(gtfs: Path) -> None:
    path = gtfs / "glendale-beeline-2014-11.zip"
    stops = {r["stop_id"] for r in rows(path, "stops")}
    trips = {r["trip_id"] for r in rows(path, "trips")}
    calls = [r for r in rows(path, "stop_times") if r["trip_id"] in trips]
    unknown = [r for r in calls if r["stop_id"] not in stops]
    found = only(path, "unknown_stop")
    assert found.count == len({r["stop_id"] for r in unknown}) == 17
    assert set(found.ids) <= {r["stop_id"] for r in unknown}
    assert f"{len(unknown)} rows of stop_times.txt" in found.message
    wrong = [
        n for n, r in enumerate(rows(path, "stop_times")) if "--" in (r["arrival_time"], r["departure_time"])
    ]
    assert only(path, "bad_time").count == len(wrong)
    assert f"'--' in row {wrong[0] + 2:,}" in only(path, "bad_time").message
    (fault,) = examined(path).of("fault")
    assert "more than 5% would be lost" in fault.message


def test_ctran_flex_has_no_stop_to_live_near(gtfs: Path) -> None:
    path = gtfs / "ctran-the-current-flex-2025-10.zip"
    assert {r.get("stop_id", "") for r in rows(path, "stop_times")} == {""}
    assert only(path, "flexible_service").count == len(list(rows(path, "stop_times")))
    assert examined(path).verdict == "Cannot be planned: 1 fault."


def test_sitka_runs_by_frequencies_and_calendars(gtfs: Path) -> None:
    path = gtfs / "sitka-ride-2015.zip"
    assert only(path, "headway").count == len(list(rows(path, "frequencies"))) == 3
    assert not any("block_id" in r and r["block_id"] for r in rows(path, "trips"))


@pytest.mark.parametrize("name", EXPECTED)
def test_one_calendar(gtfs: Path, name: str) -> None:
    path = gtfs / name
    tables = bool(regular(path)), any(rows(path, "calendar_dates"))
    assert any(f.code == "one_calendar" for f in examined(path)) == (tables[0] != tables[1])
    if name.startswith("lane"):
        assert "all service is in calendar_dates.txt" in only(path, "one_calendar").message


@pytest.mark.parametrize(
    "name",
    ["caltrain-nested-2017-07.zip", "rct-vermont-flex-2017.zip", "sitka-ride-2015.zip",
     "albany-or-2018-01.zip", "trimet-2018-02-route1-vermont.zip"],
)  # fmt: skip
def test_weekdays_without_a_trip(gtfs: Path, name: str) -> None:
    """Every day of the period by itself, without the program's holidays: those are named here."""
    path = gtfs / name
    used = {r["service_id"] for r in rows(path, "trips")}
    day, end = period_by_hand(path)
    bare, served = [], set()
    while day <= end:
        if services_on(path, day) & used:
            served.add(day.weekday())
        elif day.weekday() < 5:
            bare.append(day)
        day += timedelta(days=1)
    bare = [day for day in bare if day.weekday() in served]
    found = [f for f in examined(path) if f.code == "days_without_service"]
    told = found[0].count if found else 0
    # at most eleven holidays a year stand between the two counts
    years = {day.year for day in bare}
    assert told <= len(bare) <= told + 11 * len(years)
    if found:
        assert {date.fromisoformat(day) for day in found[0].ids} <= set(bare)
        # the Friday after Thanksgiving is a day off, but no federal holiday
        assert ("rct" not in name) or found[0].ids == ("2018-11-23",)


def test_routes_without_shapes(gtfs: Path) -> None:
    path = gtfs / "island-transit-2009-03.zip"
    assert list(rows(path, "shapes")) == []
    assert only(path, "route_without_shape").count == len({r["route_id"] for r in rows(path, "trips")})


def blocks_by_hand(path: Path, monday: date) -> tuple[set[str], set[str]]:
    """Return the blocks that overlap and those that jump, trip after trip, day by day."""
    places = {r["stop_id"]: (float(r["stop_lat"]), float(r["stop_lon"])) for r in rows(path, "stops")}
    calls = defaultdict(list)
    for r in rows(path, "stop_times"):
        calls[r["trip_id"]].append(
            (int(r["stop_sequence"]), r["departure_time"] or r["arrival_time"], r["stop_id"])
        )
    trips = list(rows(path, "trips"))
    overlap, jump = set(), set()
    for n in range(7):
        services = services_on(path, monday + timedelta(days=n))
        work = defaultdict(list)
        for r in trips:
            if r["service_id"] in services and r["block_id"] and r["trip_id"] in calls:
                stops = sorted(calls[r["trip_id"]])
                times = [seconds(time) for _, time, _ in stops if time]
                work[r["block_id"]].append(
                    (min(times), max(times), places[stops[0][2]], places[stops[-1][2]])
                )
        for block, pieces in work.items():
            pieces.sort(key=lambda piece: piece[:2])
            for one, other in itertools.pairwise(pieces):
                gap = other[0] - one[1]
                if gap < -60:
                    overlap.add(block)
                    continue
                (lat, lon), (to_lat, to_lon) = one[3], other[2]
                east = (to_lon - lon) * 111_195 * np.cos(np.radians((lat + to_lat) / 2))
                metres = np.hypot(east, (to_lat - lat) * 111_195)
                if metres > 2_000 and gap < metres / (60_000 / 3_600):
                    jump.add(block)
    return overlap, jump


@pytest.mark.parametrize("name", ["island-transit-2009-03.zip", "arlington-art-2016-12.zip"])
def test_blocks_followed_trip_by_trip(gtfs: Path, name: str) -> None:
    monday = {"island": date(2008, 10, 27), "arlington": date(2016, 11, 28)}[name.split("-")[0]]
    overlap, jump = blocks_by_hand(gtfs / name, monday)
    found = {f.code: f for f in examined(gtfs / name) if f.code.startswith("block_")}
    for code, blocks in (("block_overlap", overlap), ("block_jump", jump)):
        assert (found[code].count if code in found else 0) == len(blocks)
        assert set(found[code].ids if code in found else ()) <= blocks


def fast_trips_by_hand(path: Path) -> set[str]:
    """Return the trips of buses with two timed calls, one after the other, more than 150 km/h apart."""
    places = {
        r["stop_id"]: (float(r["stop_lat"]), float(r["stop_lon"]))
        for r in rows(path, "stops")
        if r["stop_lat"]
    }
    trips = {r["trip_id"] for r in rows(path, "trips")}
    calls = defaultdict(list)
    for r in rows(path, "stop_times"):
        if r["stop_id"] in places and r["trip_id"] in trips:
            times = [
                seconds(text) for text in (r["arrival_time"], r["departure_time"]) if text.count(":") == 2
            ]
            calls[r["trip_id"]].append((int(r["stop_sequence"]), times, places[r["stop_id"]]))
    fast = set()
    for trip, stops in calls.items():
        metres, left, before = 0.0, None, None
        for _, times, (lat, lon) in sorted(stops, key=lambda call: call[0]):
            if before is not None:
                east = (lon - before[1]) * np.cos(np.radians((lat + before[0]) / 2))
                metres += 111_195 * np.hypot(lat - before[0], east)
            before = lat, lon
            if times:
                if left is not None and times[0] >= left:
                    taken = times[0] - left
                    rounded = taken == 0 or times[0] % 60 == left % 60 == 0
                    if metres > 150_000 / 3_600 * (taken + 60 * rounded):
                        fast.add(trip)
                metres, left = 0.0, times[-1]
    return fast


@pytest.mark.parametrize(
    ("name", "trips"),
    [("island-transit-2009-03.zip", 1), ("glendale-beeline-2014-11.zip", 5), ("hart-tampa-2018-02.zip", 0),
     ("lane-transit-district-2023-06.zip", 0), ("arlington-art-2016-12.zip", 0)],
)  # fmt: skip
def test_trips_followed_call_by_call(gtfs: Path, name: str, trips: int) -> None:
    fast = fast_trips_by_hand(gtfs / name)
    found = [f for f in examined(gtfs / name) if f.code == "impossible_speed"]
    assert len(fast) == sum(f.count for f in found) == trips
    assert all(re.search(r"first: trip (\w+) ", f.message)[1] in fast for f in found)


def test_trimet_rail_has_no_bus(gtfs: Path) -> None:
    path = gtfs / "trimet-2021-10-rail-2routes.zip"
    assert {r["route_type"] for r in rows(path, "routes")} == {"0"}
    assert only(path, "no_bus").severity == "warning"


def test_trimet_composite_jumps_where_its_clock_is_made_up(gtfs: Path) -> None:
    """The first block that is named does jump: its two trips, looked up in the tables."""
    path = gtfs / "trimet-2024-12-composite.zip"
    message = only(path, "block_jump").message
    one, other = re.search(r"between trips (\w+) and (\w+) on", message).groups()
    blocks = {r["trip_id"]: r["block_id"] for r in rows(path, "trips") if r["trip_id"] in (one, other)}
    assert len(set(blocks.values())) == 1
    with zipfile.ZipFile(path) as archive, archive.open("stop_times.txt") as file:
        calls = pd.read_csv(file, usecols=["trip_id", "stop_id", "stop_sequence", "arrival_time"], dtype=str)
    ours = calls[calls["trip_id"].isin([one, other])]
    ours = ours.assign(sequence=ours["stop_sequence"].astype(int)).sort_values("sequence")
    end = ours[ours["trip_id"] == one].iloc[-1]
    begin = ours[ours["trip_id"] == other].iloc[0]
    assert 0 <= seconds(begin["arrival_time"]) - seconds(end["arrival_time"]) < 6 * 60
    stops = {r["stop_id"]: (float(r["stop_lat"]), float(r["stop_lon"])) for r in rows(path, "stops")}
    (lat, lon), (to_lat, to_lon) = stops[end["stop_id"]], stops[begin["stop_id"]]
    metres = 111_195 * np.hypot(to_lat - lat, (to_lon - lon) * np.cos(np.radians(lat)))
    assert f"{metres / 1000:.1f} km" in message
