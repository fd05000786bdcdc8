"""The doctor on feeds made by hand, on the sample with faults put in, and as a command."""

import ast
import csv
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from conftest import PACKAGE, TINY, read_feed, tiny, write_feed

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.doctor import examine
from targeting.doctor_census import share_beyond
from targeting.doctor_speed import distance_m
from targeting.feed_checks import notices_of_the_day
from targeting.findings import FAULTS, Finding, Findings
from targeting.inputs import read_inputs
from targeting.meanings import MEANINGS, TOUCHES
from targeting.notices import Notices
from targeting.sample import write_sample

ROOT = Path(__file__).parent.parent
IN_JANUARY = date(2025, 1, 7)
IN_AUTUMN = date(2025, 9, 20)  # the sample's feed speaks for 1 September to 14 December 2025


def examine_tiny(path: Path, today: date = IN_JANUARY, **tables: object) -> Findings:
    return examine(write_feed(path / "f.zip", tiny(**tables)), today=today)  # type: ignore[arg-type]


def codes(findings: Findings, severity: str | None = None) -> list[str]:
    return [f.code for f in findings if severity in (None, f.severity)]


def only(findings: Findings, code: str) -> Finding:
    (found,) = [finding for finding in findings if finding.code == code]
    return found


def test_a_folder_with_a_campaign_is_no_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "campaign.toml").touch()
    write_feed(tmp_path / "feed.zip", tiny())
    monkeypatch.chdir(tmp_path)
    for here in (Path(), tmp_path):
        found = only(examine(here, today=IN_JANUARY), "campaign_unusable").message
        assert found == (
            f"{tmp_path.name}: is a folder without a feed's tables; give the campaign file in it, "
            f"{tmp_path / 'campaign.toml'}, or a feed."
        )


def test_a_folder_without_a_name_is_called_by_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert only(examine(Path(), today=IN_JANUARY), "feed_unusable").message.startswith(
        f"{tmp_path.name}: holds no stops.txt"
    )


# --- the feed's days --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "code", "days"),
    [
        ("2025-02-03", "feed_expired", "1 day before"),
        ("2026-02-02", "feed_expired", "365 days before"),
        ("2025-02-02", "feed_ends_soon", "0 days after"),
        ("2025-01-06", "feed_ends_soon", "27 days after"),
        ("2025-01-05", "feed_not_begun", "1 day after"),
    ],
)
def test_the_day_decides_whether_the_feed_is_good(tmp_path: Path, today: str, code: str, days: str) -> None:
    found = examine_tiny(tmp_path, date.fromisoformat(today))
    assert codes(found, "warning") == [code]
    assert days in only(found, code).message


def test_a_feed_that_ends_after_thirty_days_is_fine(tmp_path: Path) -> None:
    calendar = [TINY["calendar"][0], "wk,1,1,1,1,1,0,0,20250106,20250207"]
    assert examine_tiny(tmp_path, date(2025, 1, 8), calendar=calendar).verdict.startswith("1 warning")
    assert examine_tiny(tmp_path, date(2025, 1, 7), calendar=calendar).verdict == "Fine to plan."


def test_weekdays_without_service(tmp_path: Path) -> None:
    # MLK Day (20 January) counts for nothing; Tuesday to Friday of that week and one more do
    gone = ["20250120", "20250121", "20250122", "20250123", "20250124", "20250131"]
    head = "service_id,date,exception_type"
    found = only(
        examine_tiny(tmp_path, calendar_dates=[head, *(f"wk,{day},2" for day in gone)]),
        "days_without_service",
    )
    assert (found.severity, found.count) == ("warning", 5)
    assert found.ids == ("2025-01-21", "2025-01-22", "2025-01-23", "2025-01-24", "2025-01-31")
    few = only(
        examine_tiny(tmp_path, calendar_dates=[head, *(f"wk,{day},2" for day in gone[:5])]),
        "days_without_service",
    )
    assert (few.severity, few.count) == ("note", 4)


def test_days_without_service_in_the_design_week_are_a_warning(tmp_path: Path) -> None:
    removed = ["service_id,date,exception_type", *(f"wk,{day},2" for day in ("20250108", "20250114"))]
    removed += [f"wk,{day},2" for day in ("20250122", "20250129")]
    found = only(examine_tiny(tmp_path, calendar_dates=removed), "days_without_service")
    assert (found.severity, found.count) == ("warning", 4)
    assert "1 of them in the design week" in found.message


def test_weekends_without_service_are_nothing_to_tell(tmp_path: Path) -> None:
    found = examine_tiny(tmp_path, date(2025, 1, 2))
    assert "days_without_service" not in codes(found)
    assert only(found, "one_calendar").severity == "note"


# --- blocks -----------------------------------------------------------------------------------------


def street(*calls: str) -> list[str]:
    return [TINY["stop_times"][0], *calls]


def out_and_back(back: str, arrives: str) -> list[str]:
    return street(
        "out,08:00:00,08:00:00,a,1",
        "out,08:10:00,08:10:00,c,2",
        f"back,{back},{back},c,1",
        f"back,{arrives},{arrives},a,2",
    )


@pytest.mark.parametrize(
    ("back", "overlaps"), [("08:10:00", False), ("08:09:00", False), ("08:08:59", True), ("07:55:00", True)]
)
def test_blocks_that_overlap(tmp_path: Path, back: str, overlaps: bool) -> None:
    found = examine_tiny(tmp_path, stop_times=out_and_back(back, "08:30:00"))
    assert ("block_overlap" in codes(found)) == overlaps
    if overlaps:
        assert only(found, "block_overlap").ids == ("b1",)
        assert "1 of 1 blocks" in only(found, "block_overlap").message
        assert "on Monday" in only(found, "block_overlap").message


def test_trips_of_one_block_on_different_days_do_not_overlap(tmp_path: Path) -> None:
    calendar = [
        TINY["calendar"][0],
        "wk,1,1,1,1,0,0,0,20250106,20250202",
        "fr,0,0,0,0,1,0,0,20250106,20250202",
    ]
    trips = [TINY["trips"][0], "R,wk,out,0,b1,", "R,fr,back,1,b1,"]
    found = examine_tiny(
        tmp_path, stop_times=out_and_back("08:05:00", "08:15:00"), trips=trips, calendar=calendar
    )
    assert "block_overlap" not in codes(found)


# c is 0.02 degrees west of a at 45.5 degrees north: 1.56 km; d is 0.06 degrees: 4.68 km from a, and
# 60 km/h need 4 minutes 41 seconds for it
@pytest.mark.parametrize(
    ("stop", "back", "jumps"),
    [
        ("a", "08:10:00", False), ("d", "08:10:00", True), ("d", "08:14:40", True), ("d", "08:14:42", False),
        ("c", "08:10:00", False),
    ],
)  # fmt: skip
def test_blocks_that_jump(tmp_path: Path, stop: str, back: str, jumps: bool) -> None:
    stops = [*TINY["stops"], "d,Far,45.50,-122.66"]
    calls = street(
        "out,08:00:00,08:00:00,c,1", "out,08:10:00,08:10:00,a,2",
        f"back,{back},{back},{stop},1", "back,08:40:00,08:40:00,b,2",
    )  # fmt: skip
    found = examine_tiny(tmp_path, stops=stops, stop_times=calls)
    assert ("block_jump" in codes(found)) == jumps
    if jumps:
        assert "4.7 km" in only(found, "block_jump").message


def test_distance_along_the_ground() -> None:
    # Portland to Seattle city halls, about 233 km
    (metres,) = distance_m(
        shapely.get_coordinates(shapely.Point(-122.679, 45.515)),
        shapely.get_coordinates(shapely.Point(-122.330, 47.604)),
    )
    assert metres == pytest.approx(233_700, rel=0.005)


# --- stops, times, trips ------------------------------------------------------------------------------


def test_unknown_stops_are_named(tmp_path: Path) -> None:
    calls = [*TINY["stop_times"], *(f"out,,,{stop},{n}" for n, stop in ((7, "x"), (8, "y"), (9, "x")))]
    found = only(examine_tiny(tmp_path, stop_times=calls), "unknown_stop")
    assert (found.count, found.ids, found.table) == (2, ("x", "y"), "stop_times.txt")
    assert "3 rows" in found.message
    assert "on route 1" in found.message


@pytest.mark.parametrize(("row", "severity"), [(2, "note"), (1, "warning"), (3, "warning")])
def test_times_that_are_none(tmp_path: Path, row: int, severity: str) -> None:
    calls = list(TINY["stop_times"])
    trip, _, _, stop, sequence = calls[row].split(",")
    calls[row] = f"{trip},--,--,{stop},{sequence}"
    found = only(examine_tiny(tmp_path, stop_times=calls), "bad_time")
    assert (found.severity, found.count) == (severity, 1)
    assert f"'--' in row {row + 1}" in found.message


def test_lost_trips_name_the_routes_that_look_poorer(tmp_path: Path) -> None:
    routes = [*TINY["routes"], "S,A,9,Side,3,"]
    trips = [*TINY["trips"], "R,wk,ghost,0,,", "S,wk,other,0,,"]
    found = only(examine_tiny(tmp_path, routes=routes, trips=trips), "trip_without_stops")
    assert found.effect == (
        "These 2 trips count for nothing: route 1 looks less frequent than it is; route 9 has no trip left."
    )


def test_a_broken_feed_still_tells_its_days(tmp_path: Path) -> None:
    found = examine_tiny(tmp_path, date(2026, 1, 1), stop_times=["trip_id,stop_id", "nobody,a"])
    assert codes(found)[0] == "feed_unusable"
    assert "feed_expired" in codes(found)
    assert found.exit_code == 2


# --- campaigns: the sample with faults put in ---------------------------------------------------------


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture
def region(pristine: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pristine, tmp_path / "region")


def diagnose(region: Path, *settings: str) -> Findings:
    return examine(region / "sample.toml", settings, today=IN_AUTUMN)


def change_table(region: Path, change: Callable[[list[str], dict[str, str]], None]) -> None:
    """Change every row of the census table."""
    path = region / "acs/sample_c16001.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        head, table = list(reader.fieldnames or []), list(reader)
    for row in table:
        change(head, row)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, head, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)


def test_a_healthy_sample_is_fine_to_plan(pristine: Path) -> None:
    found = diagnose(pristine)
    assert found.verdict == "Fine to plan."
    assert found.exit_code == 0
    assert set(codes(found)) == {"unsure_figures", "measured_by_group", "empty_tracts"}


def test_a_broken_feed_does_not_hide_a_broken_table_nor_broken_outlines(region: Path) -> None:
    (region / "gtfs/sample.zip").write_bytes(b"PK nothing")
    (region / "acs/sample_c16001.csv").write_text("GEOID,other\n99001000101,1\n", encoding="utf-8")
    (region / "acs/sample_tracts.geojson").write_text("{}", encoding="utf-8")
    found = diagnose(region, 'languages=["es","xx"]')
    said = " ".join(f.message for f in found.of("fault"))
    for part in ("sample.zip: the zip is cut short", "C16001_001E", "sample_tracts.geojson", "'xx'"):
        assert part in said
    assert found.verdict == "Cannot be planned: 4 faults."


def test_both_feeds_of_a_campaign_are_examined(region: Path) -> None:
    write_feed(region / "gtfs/one.zip", tiny(stops=None))
    write_feed(region / "gtfs/two.zip", tiny(trips=None))
    found = diagnose(region, 'gtfs=["gtfs/one.zip","gtfs/two.zip","gtfs/none.zip"]')
    assert {f.file for f in found.of("fault")} == {"one.zip", "two.zip", "none.zip"}


def test_speakers_where_nobody_lives(region: Path) -> None:
    rows = []

    def empty_two(_: list[str], row: dict[str, str]) -> None:
        rows.append(row["GEOID"])
        if len(rows) <= 2:
            row["C16001_001E"] = "0"

    change_table(region, empty_two)
    (found,) = diagnose(region).of("fault")
    assert f"sample_c16001.csv: tract {rows[0]} has " in found.message
    assert "people in its languages together and 0 in all (C16001_001E" in found.message


def test_margins_of_a_group_that_are_all_zero(region: Path) -> None:
    change_table(region, lambda _, row: row.update({"C16001_005M": "0"}))
    found = only(diagnose(region), "margins_zero")
    assert "Spanish" in found.message
    assert found.severity == "warning"


def test_groups_that_the_table_lacks(region: Path) -> None:
    def drop(head: list[str], _: dict[str, str]) -> None:
        head[:] = [name for name in head if not name.startswith("C16001_035")]

    change_table(region, drop)
    found = diagnose(region, 'languages=["es","vi"]')
    assert only(found, "groups_missing").severity == "note"
    assert only(diagnose(region, "languages=auto:4"), "groups_missing").severity == "warning"
    assert codes(diagnose(region), "fault") == ["census_unusable"]  # Arabic is posted and not there


def test_margins_that_are_missing(region: Path) -> None:
    def drop(head: list[str], _: dict[str, str]) -> None:
        head[:] = [name for name in head if name != "C16001_005M"]

    change_table(region, drop)
    assert "C16001_005M" in only(diagnose(region), "census_unusable").message


def test_tables_and_outlines_of_two_decades(region: Path) -> None:
    (region / "acs/sample_c16001.csv").rename(region / "acs/c16001_2019.csv")
    (region / "acs/sample_tracts.geojson").rename(region / "acs/tracts_2022.geojson")
    found = diagnose(region, "acs=acs/c16001_2019.csv", "tracts=acs/tracts_2022.geojson")
    assert only(found, "vintage_mismatch").message == (
        "c16001_2019.csv looks like 2010 tracts and tracts_2022.geojson like 2020 tracts."
    )


def test_half_a_region(region: Path) -> None:
    """Tracts of the western half only: stops of the other half have nobody to count."""
    outlines = gpd.read_file(region / "acs/sample_tracts.geojson").set_index("GEOID")
    middle = outlines.geometry.representative_point().x.median()
    west = set(outlines.index[outlines.geometry.representative_point().x < middle])
    path = region / "acs/sample_c16001.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([lines[0], *(each for each in lines[1:] if each[:11] in west)]), encoding="utf-8"
    )
    found = diagnose(region)
    assert only(found, "area_beyond_tracts").severity == "warning"
    assert only(found, "stops_beyond_tracts").severity == "warning"
    assert only(found, "points_beyond_tracts").severity == "note"
    # every circle by itself against the union of all tracts
    campaign = read_campaign(region / "sample.toml")
    inputs = read_inputs(campaign, Notices())
    crs = inputs.tracts.geometry.estimate_utm_crs()
    union = inputs.tracts.geometry.to_crs(crs).union_all()
    stops = gpd.GeoSeries.from_xy(inputs.feed.stops["lon"], inputs.feed.stops["lat"], crs=4326).to_crs(crs)
    outside = {
        stop: 1 - point.buffer(400, 32).intersection(union).area / point.buffer(400, 32).area
        for stop, point in zip(inputs.feed.stops.index, stops, strict=True)
    }
    calls = inputs.feed.departures
    weighted = (calls["stop_id"].map(outside) * calls["departures_week"]).sum() / calls[
        "departures_week"
    ].sum()
    share = share_beyond(inputs.feed, inputs.tracts, bus_walk_m=400, rail_walk_m=800)
    assert share == pytest.approx(weighted, abs=0.002)
    assert f"{share:.1%}" in only(found, "area_beyond_tracts").message


def test_outlines_that_cross_themselves_or_are_empty_or_stand_twice(region: Path) -> None:
    path = region / "acs/sample_tracts.geojson"
    outlines = gpd.read_file(path)
    x, y = outlines.geometry[0].representative_point().coords[0]
    bow = shapely.Polygon([(x, y), (x + 0.001, y + 0.001), (x + 0.001, y), (x, y + 0.001)])
    outlines.loc[0, "geometry"] = bow
    outlines.to_file(path, driver="GeoJSON")
    assert only(diagnose(region), "invalid_polygon").severity == "note"
    outlines.loc[1, "GEOID"] = outlines.loc[0, "GEOID"]
    outlines.to_file(path, driver="GeoJSON")
    assert "has 2 polygons" in only(diagnose(region), "census_unusable").message


def test_more_buses_than_run(pristine: Path) -> None:
    found = diagnose(pristine, "buses=5000")
    assert "never has more than" in only(found, "campaign_unusable").message
    assert found.exit_code == 2


def test_languages_that_may_hang_nowhere(pristine: Path) -> None:
    found = diagnose(pristine, "min_served=100000", "floors=0")
    assert {tag for f in found if f.code == "language_nowhere" for tag in f.ids} == {
        "es", "vi", "zh", "ru", "ko", "ar",
    }  # fmt: skip
    unsure = diagnose(pristine, "min_served=100000")
    assert "language_nowhere" not in codes(unsure)
    assert codes(unsure).count("floor_unsure") == 6


def test_wishes_that_fight_are_a_fault(pristine: Path) -> None:
    found = diagnose(pristine, "floors=6")  # six languages, 24 buses
    assert found.exit_code == 2
    assert (
        "need about 36 buses, and placement.buses = 24: about 12 too few"
        in only(found, "campaign_unusable").message
    )
    assert codes(diagnose(pristine, "strategy=predominant", "floors=2"), "fault") == ["campaign_unusable"]


def test_campaign_files_that_cannot_be_read(tmp_path: Path) -> None:
    found = examine(tmp_path / "none.toml", today=IN_AUTUMN)
    assert codes(found) == ["campaign_unusable"]
    feed = write_feed(tmp_path / "f.zip", TINY)
    assert "--set" in only(examine(feed, ["buses=3"], today=IN_AUTUMN), "campaign_unusable").message


# --- what the plan says by itself -----------------------------------------------------------------------


def test_plans_make_the_cheap_checks(region: Path) -> None:
    feed = region / "gtfs/spoilt.zip"
    write_feed(feed, tiny(stop_times=out_and_back("07:55:00", "08:30:00")))
    read, _ = read_feed(feed)
    assert codes_of(notices_of_the_day(read.sources, date(2026, 1, 1))) == ["feed_expired"]
    notices = Notices()
    campaign = read_campaign(region / "sample.toml", ["gtfs=gtfs/spoilt.zip"])
    read_inputs(campaign, notices)
    assert {"block_overlap", "one_calendar"} <= set(codes_of(notices))
    assert not {"feed_expired", "feed_ends_soon", "feed_not_begun"} & set(codes_of(notices))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-09-01", None),  # the first and the last day of the feed's period are inside
        ("2025-12-14", None),
        ("2025-08-31", "1 day before the feed's period begins (2025-09-01)"),
        ("2026-01-05", "22 days after the feed's period ends (2025-12-14)"),
    ],
)
def test_a_posting_date_outside_the_feed_is_noted_whatever_the_day(
    pristine: Path, day: str, said: str | None
) -> None:
    notices = Notices()
    read_inputs(read_campaign(pristine / "sample.toml", [f"posting_date={day}"]), notices)
    messages = [notice.message for notice in notices if notice.code == "posting_outside_feed"]
    assert len(messages) == (said is not None)
    found = diagnose(pristine, f"posting_date={day}")
    assert ("posting_outside_feed" in codes(found)) == (said is not None)
    if said is not None:
        assert f"posters go up on {day} (orders.posting_date), {said}: " in messages[0]
        assert only(found, "posting_outside_feed").message == messages[0]


def test_a_posting_date_that_has_gone_by_is_a_notice_of_the_day(pristine: Path) -> None:
    def said(today: date, posting: date | None) -> list[str]:
        notices = notices_of_the_day([], today, posting)
        return [notice.message for notice in notices if notice.code == "posting_date_past"]

    assert said(date(2025, 12, 8), date(2025, 12, 8)) == said(date(2025, 12, 8), None) == []
    (message,) = said(date(2025, 12, 9), date(2025, 12, 8))
    assert "on 2025-12-08 (orders.posting_date), 1 day before 2025-12-09" in message
    assert "posting_date_past" in codes(diagnose(pristine, "posting_date=2025-09-19"))  # today is the 20th
    assert "posting_date_past" not in codes(diagnose(pristine, "posting_date=2025-09-20"))
    notices = Notices()
    read_inputs(read_campaign(pristine / "sample.toml", ["posting_date=2025-09-19"]), notices)
    assert "posting_date_past" not in codes_of(notices)  # map and tables keep their bytes


def codes_of(notices: Notices) -> list[str]:
    return [notice.code for notice in notices]


def strike(feed: Path, days: str) -> None:
    """Add to a feed's calendar that no weekday service runs on some days."""
    with zipfile.ZipFile(feed) as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    tables["calendar_dates.txt"] += "".join(f"WEEKDAY,{day},2\n" for day in days.split()).encode()
    with zipfile.ZipFile(feed, "w") as archive:
        for name, content in tables.items():
            archive.writestr(name, content)


def test_a_plan_lists_warnings_everywhere_but_only_record_and_screen_know_the_day(
    region: Path, tmp_path: Path
) -> None:
    """The sample's feed ended in 2025: the record says so; map, report and tables do not."""
    strike(region / "gtfs/sample.zip", "20251103 20251104 20251105 20251106 20251107")
    out = tmp_path / "plan"
    result = CliRunner().invoke(
        main, ["plan", str(region / "sample.toml"), "--out", str(out), "--report", "--set", "redraws=0"]
    )
    assert result.exit_code == 0, result.output
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert {"feed_expired", "days_without_service"} <= {notice["code"] for notice in record["notices"]}
    screen = re.sub(r"\s+", " ", result.output)
    warning = "no trip runs on 5 weekdays of its period that are no US federal holiday"
    for text in (screen, *((out / name).read_text(encoding="utf-8") for name in ("report.html", "map.html"))):
        assert warning in re.sub(r"\s+", " ", text)
    said = "the feed's period ended on 2025-12-14"
    assert said in screen
    for path in out.iterdir():
        if path.name != "run.json":
            assert said.encode() not in path.read_bytes()


# --- the command ----------------------------------------------------------------------------------------


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["doctor", *map(str, arguments)])
    return result.exit_code, re.sub(r"\s+", " ", result.output)


def test_exit_codes_and_last_lines(pristine: Path, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "f.zip", TINY)
    assert run(pristine / "sample.toml", "--today", "2025-09-20")[0] == 0
    code, said = run(feed, "--today", "2025-03-01")
    assert (code, said.strip().endswith("1 warning; a plan can be made.")) == (1, True)
    code, said = run(tmp_path / "none.zip")
    assert (code, said.strip().endswith("Cannot be planned: 1 fault.")) == (2, True)
    assert run(feed, "--today", "2025-03-01", "--quiet") == (1, "")
    assert run(pristine / "sample.toml", "--today", "soon")[0] == 2


def test_findings_are_grouped_and_say_what_they_do(pristine: Path) -> None:
    _, said = run(pristine / "sample.toml", "--today", "2026-01-01", "--set", "buses=5000")
    order = ["Faults:", "campaign_unusable", "Warnings:", "feed_expired", "Notes", "unsure_figures"]
    places = [said.index(each) for each in order]
    assert places == sorted(places)
    assert said.count("→") == 5


def test_json(pristine: Path) -> None:
    result = CliRunner().invoke(
        main, ["doctor", str(pristine / "sample.toml"), "--json", "--today", "2026-01-01"]
    )
    content = json.loads(result.output)
    assert result.exit_code == content["exit_code"] == 1
    assert content["today"] == "2026-01-01"
    assert content["verdict"] == "1 warning; a plan can be made."
    assert [f["severity"] for f in content["findings"]] == ["warning", "note", "note", "note"]
    assert content["findings"][0].keys() == {
        "severity", "code", "file", "table", "ids", "count", "message", "effect", "touches",
    }  # fmt: skip


# --- codes ----------------------------------------------------------------------------------------------


def codes_in_the_source() -> set[str]:
    """Every code that is written where something is noted or found."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "add"
            ):
                texts = [
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                found |= {text for text in texts[:2] if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", text)}
    return found


def test_every_code_has_a_meaning_and_is_documented() -> None:
    text = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`[^|]+?) \|", text, re.MULTILINE)
    documented = {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}
    assert codes_in_the_source() | set(FAULTS.values()) <= MEANINGS.keys()
    assert documented == MEANINGS.keys()
    assert {meaning.touches for meaning in MEANINGS.values()} <= set(TOUCHES)
