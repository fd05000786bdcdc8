"""What the figures of all regions together are made from: no invented people, and sources to be cited."""

import csv
import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from batch_workers import plan_here
from click.testing import CliRunner, Result
from two_agencies import FIGURES, W, write_east, write_west

import targeting
from targeting.batch_list import Region
from targeting.batch_region import Outcome, plan_region
from targeting.batch_sources import national_notices, national_source
from targeting.batch_union import Planned, planned
from targeting.cli import main
from targeting.write.batch_summary import summary_table, write_summary

COLUMNS = Path(__file__).parent.parent / "docs" / "columns.md"


def called(campaign: Path, agency: str) -> Path:
    """Give the feed beside a campaign another agency."""
    feed = campaign.parent / "feed.zip"
    with zipfile.ZipFile(feed) as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    tables["agency.txt"] = f"agency_id,agency_name\nA,{agency}\n".encode()
    with zipfile.ZipFile(feed, "w") as archive:
        for name, table in tables.items():
            archive.writestr(name, table)
    return campaign


def named_tracts(campaign: Path, place: str) -> Path:
    """Name the tracts of the census table beside a campaign."""
    table = campaign.parent / "c16001.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    rows = [f'{row},"Census Tract 1, Ansel County, {place}"' for row in rows]
    table.write_text("\n".join([f"{header},NAME", *rows]), encoding="utf-8")
    return campaign


def plan(name: str, campaign: Path, out: Path, *settings: str) -> Planned:
    outcome = plan_region(Region(name, campaign, settings), out)
    assert outcome.record is not None, outcome.error
    return planned(name, outcome.record, out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two agencies of their own names, and an invented one on the tracts and streets of the eastern."""
    folder = tmp_path_factory.mktemp("sources")
    called(write_west(folder / "west", region='acs_release = "2015-2019 5-year"\n'), "West Transit")
    called(write_east(folder / "east", region='acs_release = "2019-2023 5-year"\n'), "East Transit")
    called(write_east(folder / "sham"), "Sham Transit (Invented)")
    return folder


@pytest.fixture(scope="module")
def two(folder: Path) -> list[Planned]:
    return [plan(name, folder / name / "campaign.toml", folder / "two") for name in ("west", "east")]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    plan_here(monkeypatch)


def run(folder: Path, names: Sequence[str], out: Path, *options: str) -> Result:
    path = folder / f"{out.name}.csv"
    path.write_text("\n".join(["name,region", *(f"{name},{name}" for name in names)]), encoding="utf-8")
    return CliRunner().invoke(main, ["batch", str(path), "--out", str(out), *options])


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def messages(regions: Sequence[Planned]) -> dict[str, str]:
    return {notice.code: notice.message for notice in national_notices(regions)}


# --- invented people --------------------------------------------------------------------------


def test_invented_people_are_in_no_figure_of_all_regions(folder: Path, tmp_path: Path) -> None:
    said = "their people are invented (sample data): 'sham'."
    with_it = run(folder, ["west", "sham", "east"], tmp_path / "with")
    without = run(folder, ["west", "east"], tmp_path / "without")
    assert (with_it.exit_code, without.exit_code) == (0, 0)
    assert said in " ".join(with_it.stdout.split())
    assert "Note" not in without.stdout

    mixed, real = (table_of(tmp_path / name / "national.csv") for name in ("with", "without"))
    assert all(said in row["source"] and "2 of 3 regions" in row["source"] for row in mixed)
    assert not any("invented" in row["source"] or "Sham" in row["source"] for row in real)
    for row in (*mixed, *real):
        del row["source"]
    assert mixed == real
    assert (mixed[0]["language"], mixed[0]["regions"], mixed[0]["reach"]) == ("es", "2", "762")

    rows = table_of(tmp_path / "with" / "summary.csv")
    assert [(row["region"], row["invented"]) for row in rows] == [
        ("west", "False"), ("sham", "True"), ("sham", "True"), ("east", "False"), ("east", "False"),
    ]  # fmt: skip
    assert pd.read_parquet(tmp_path / "with" / "summary.parquet")["invented"].sum() == 2
    cited = {row["region"]: row["source"] for row in rows}
    assert cited["sham"].startswith("Sample data of an invented place, not to be cited. People: ACS")
    assert cited["west"] == pd.read_csv(tmp_path / "with/west/coverage.csv")["source"].iloc[0]
    page = (tmp_path / "with" / "summary.html").read_text(encoding="utf-8")
    assert "are invented (sample data): &#39;sham&#39;." in page.split("Region by region")[0]
    assert page.count('<span class="measured">invented</span>') == 1


def test_a_real_timetable_on_invented_tracts_is_left_out(two: list[Planned], tmp_path: Path) -> None:
    campaign = named_tracts(called(write_east(tmp_path / "odd"), "Real Transit"), "Halvern (invented)")
    odd = plan("odd", campaign, tmp_path / "out")
    assert odd.record.invented
    assert [region.record.invented for region in two] == [False, False]
    campaign = named_tracts(called(write_east(tmp_path / "real"), "Real Transit"), "Oregon")
    assert not plan("real", campaign, tmp_path / "out").record.invented


def test_of_invented_regions_alone_there_is_no_national_table(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sham"
    (out / ".batch").mkdir(parents=True)
    (out / "national.csv").write_text("of an earlier run")
    result = run(folder, ["sham"], out, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [notice["code"] for notice in told["notices"]] == ["invented_regions"]
    assert told["national_refused"] == ""
    assert not (out / "national.csv").exists()
    page = (out / "summary.html").read_text(encoding="utf-8")
    assert "All regions together" in page
    assert "are invented (sample data)" in page
    assert "People: ACS" not in page  # nothing to cite


def test_what_is_too_small_to_be_told_is_the_real_regions_to_say(two: list[Planned], tmp_path: Path) -> None:
    """An invented region's own limit hides no real figure."""
    sham = replace(two[1].record, invented=True, smallest_count=5000.0)
    regions = [Region("east", Path("a.toml")), Region("sham", Path("b.toml"))]
    outcomes = {
        name: Outcome(name, "planned", record=record)
        for name, record in (("east", two[1].record), ("sham", sham))
    }
    national = pd.DataFrame([{**two[1].record.coverage[0], "measure": "lep", "regions": 1, "tracts": 2}])
    national = national.assign(shared_tracts=0)
    write_summary(tmp_path, regions, outcomes, national=national)
    assert table_of(tmp_path / "national.csv")[0]["served_posted"] == "500"
    assert summary_table(regions, outcomes)["served_posted"].tolist()[2] == "under 5,000"


# --- what to cite -----------------------------------------------------------------------------


def test_the_source_names_releases_feeds_and_weeks(two: list[Planned]) -> None:
    records = [region.record for region in two]
    week = "2025-01-06 to 2025-01-12"
    assert national_source(records, 3, ["lep"]) == (
        "People: ACS 2015-2019 5-year and 2019-2023 5-year table C16001, people of 5 years and over who "
        "speak English less than very well, 90% margins of sampling error. Service: 2 GTFS feeds of East "
        f"Transit and West Transit, design week {week}. Added up over the plans of 2 of 3 regions; people "
        "near several agencies count once where their regions share a census tract. Each region's own "
        f"sources: summary.csv. Made by targeting {targeting.__version__}."
    )
    west, east = records
    later = replace(east, release="", first_day="2026-03-02", last_day="2026-03-08", controls=True)
    said = national_source([west, later], 2, ["speakers"], ["A sentence."])
    assert "ACS 2015-2019 5-year table C16001 (1 region names no release), people of 5 years and over" in said
    assert "who speak the language at home, 90% margins" in said
    assert "in 1 region named languages split from groups by proportional fitting to B16001." in said
    assert "design weeks of 2025 and 2026, 2025-01-06 to 2026-03-08." in said
    assert "share a census tract. A sentence. Each region's" in said
    # one feed in two regions is one feed, and an agency one agency however it is spelt
    again = replace(west, routes_of={"WEST  Transit": ["1"]}, release="2019-2023 5-year")
    said = national_source([west, again], 2, ["lep"])
    assert re.search(r"Service: 1 GTFS feed of (WEST  Transit|West Transit), design", said)
    assert said == national_source([again, west], 2, ["lep"])
    many = [replace(west, feeds=[str(n)], routes_of={f"Agency {n}": []}) for n in range(7)]
    assert "Service: 7 GTFS feeds of 7 agencies, design" in national_source(many, 7, ["lep"])


@pytest.mark.parametrize(
    ("day", "years"),
    [("2025-01-06", None), ("2023-01-06", None), ("2023-01-05", 2), ("2018-01-08", 6), ("2018-01-05", 7)],
)
def test_timetables_years_apart_are_noted(two: list[Planned], day: str, years: int | None) -> None:
    """More than two years, of real regions alone: the other is of Monday 2025-01-06."""
    west, east = two
    early = replace(west, record=replace(west.record, first_day=day))
    found = messages([east, early]).get("weeks_far_apart")
    if years is None:
        assert found is None
    else:
        assert found is not None
        assert f"more than {years} years apart, from the week of {day} (region 'west') to" in found
        assert "that of 2025-01-06 ('east')" in found
    invented = replace(early, record=replace(early.record, invented=True))
    assert set(messages([east, invented])) == {"invented_regions"}


def test_one_agency_in_two_regions_is_noted(two: list[Planned], tmp_path: Path) -> None:
    """Both run a route 1; the eastern one's rides count twice where both hold the tract S."""
    west, east = two
    assert messages(two) == {}
    assert east.record.routes_of == {"East Transit": ["1", "2"]}
    same = replace(west, record=replace(west.record, routes_of={"EAST transit": ["1", "1"]}))
    said = messages([same, east])["agency_in_several_regions"]
    assert said.startswith("EAST transit runs in 2 regions that share census tracts ('west' and 'east'): ")
    assert "by their numbers route 1 is in several" in said
    other = replace(west, record=replace(west.record, routes_of={"East Transit": ["7", "7"]}))
    assert "by their numbers no route is in several" in messages([other, east])["agency_in_several_regions"]
    # near other people nothing counts twice, whatever the agencies are called
    apart = plan("apart", write_west(tmp_path / "apart", tracts={W: FIGURES[W]}), tmp_path / "out")
    apart = replace(apart, record=replace(apart.record, routes_of={"East Transit": ["1"]}))
    assert messages([apart, east]) == {}
    said = messages([apart, east, replace(east, name="again")])["agency_in_several_regions"]
    assert "in 2 regions that share census tracts ('east' and 'again')" in said
    assert "by their numbers routes 1 and 2 are in several" in said
    unnamed = [replace(each, record=replace(each.record, routes_of={"": ["1"]})) for each in two]
    assert messages(unnamed) == {}


def test_rides_of_an_agency_given_twice_do_add_up(folder: Path, tmp_path: Path) -> None:
    """What the notice says is so: the same feed twice serves nobody more, and reaches more."""
    shutil.copytree(folder / "east", folder / "again")
    once = run(folder, ["east"], tmp_path / "once")
    twice = run(folder, ["east", "again"], tmp_path / "twice")
    assert "Note" not in once.stdout
    assert "East Transit runs in 2 regions" in " ".join(twice.stdout.split())
    one, both = (table_of(tmp_path / name / "national.csv")[0] for name in ("once", "twice"))
    assert one["served_posted"] == both["served_posted"] == "500"
    assert int(one["reach"]) < int(both["reach"])
    assert "by their numbers routes 1 and 2 are in several" in both["source"]
    assert "Service: 1 GTFS feed of East Transit" in both["source"]


# --- the tables -------------------------------------------------------------------------------


def documented(name: str) -> list[str]:
    section = COLUMNS.read_text(encoding="utf-8").split(f"## {name}.csv")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
    return [*(column for cell in cells for column in re.findall(r"`(\w+)`", cell)), "source"]


def test_columns_of_the_tables_are_documented_in_their_order(folder: Path, tmp_path: Path) -> None:
    assert run(folder, ["west", "east"], tmp_path / "all").exit_code == 0
    for name in ("summary", "national"):
        (row, *_) = table_of(tmp_path / "all" / f"{name}.csv")
        assert list(row) == documented(name), name
    assert list(pd.read_parquet(tmp_path / "all/summary.parquet").columns) == documented("summary")
