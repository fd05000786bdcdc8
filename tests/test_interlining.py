"""Buses that several routes share: five blocks by hand, properties, and two real agencies by csv."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from click.testing import CliRunner
from conftest import ROOT, TINY, read_feed, tiny, write_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.cli import main
from targeting.errors import CampaignError
from targeting.feed import Feed
from targeting.garages import Garages
from targeting.interlining import families, leakage, shared_hours
from targeting.notices import Notices
from targeting.service import block_hours, design_weekday
from targeting.units import Units, make_units
from targeting.vehicle_table import vehicle_rows, vehicle_totals
from targeting.wording import natural

HEADS = {name: table[0] for name, table in TINY.items()}

# Five blocks, Monday to Friday; hours in service in brackets.
#   b1  A 6:00-10:00 (4), and on Mondays, by another service_id, B 10:30-12:30 (2)
#   b2  B 22:00-24:00 (2), A 24:30-26:30 (2): past midnight
#   b3  C 7:00-12:00 (5): never shares
#   b4  B 8:00-11:00 (3)
#   b5  D 11:00-12:00 (1); Monday's trip is linked to b4's by an in-seat transfer, the other
#       days' trip is not: on Mondays b4 and b5 are one vehicle, else they are two
TRIPS = {
    "a1": "A wk b1 06:00 10:00",
    "a2": "B mo b1 10:30 12:30",
    "b1": "B wk b2 22:00 24:00",
    "b2": "A wk b2 24:30 26:30",
    "c1": "C wk b3 07:00 12:00",
    "d1": "B wk b4 08:00 11:00",
    "e1": "D mo b5 11:00 12:00",
    "e2": "D tf b5 11:00 12:00",
}
LINKS = ["from_trip_id,to_trip_id,transfer_type", "d1,e1,4"]


def hand_feed(path: Path, trips: dict[str, str] = TRIPS, links: list[str] | None = LINKS) -> Feed:
    rows, calls = [], []
    for trip, what in trips.items():
        route, service, block, start, end = what.split()
        rows.append(f"{route},{service},{trip},0,{block.strip('-')},")
        calls += [f"{trip},{start}:00,{start}:00,a,1", f"{trip},{end}:00,{end}:00,b,2"]
    names = sorted({what.split()[0] for what in trips.values()})
    tables = tiny(
        routes=[HEADS["routes"], *(f"{name},A,{number},,3," for number, name in enumerate(names, 1))],
        trips=[HEADS["trips"], *rows],
        stop_times=[HEADS["stop_times"], *calls],
        calendar=[
            *TINY["calendar"],
            "mo,1,0,0,0,0,0,0,20250106,20250202",
            "tf,0,1,1,1,1,0,0,20250106,20250202",
        ],
        transfers=links,
    )
    return read_feed(write_feed(path, tables))[0]


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return hand_feed(tmp_path / "hand.zip")


def units_of(feed: Feed, kind: str = "route", share: float = 0.1, garages: Garages | None = None) -> Units:
    return make_units(feed, kind=kind, garages=garages, family_share=share, layover_s=600, notices=Notices())  # type: ignore[arg-type]


# --- by hand --------------------------------------------------------------------------------------


def test_vehicle_days(feed: Feed) -> None:
    worked = block_hours(feed.trips, feed.links)
    # Monday b1, b2, b3 and b4 with b5; on the four other days all five apart
    assert worked.blocks.groupby("day").size().tolist() == [4, 5, 5, 5, 5]
    assert list(worked.routes) == ["A", "B", "C", "D"]
    monday = worked.blocks[worked.blocks["day"] == 0].set_index("block_id")
    assert monday["hours"].to_dict() == {"b1": 6, "b2": 4, "b3": 5, "b4": 4}
    assert monday.loc["b2", ["start_s", "end_s"]].tolist() == [22 * 3600, 26.5 * 3600]
    assert not worked.blocks["alone"].any()
    # A: 6 on each of five days; B: 7 on Monday, 5 on the others; C: 5 a day; D: 1 a day
    assert np.asarray(worked.hours.sum(axis=0)).ravel().tolist() == [30, 27, 25, 5]


def test_where_cards_go(feed: Feed) -> None:
    # Σ_b H(b,u)·H(b,r)/H(b), by u:
    #  A: Monday's b1 4·4/6, other b1 4·4; b2 2·2/4 on five days   = 8/3 + 16 + 5 = 71/3 on A
    #     Monday's b1 4·2/6; b2 2·2/4 on five days                 = 4/3 + 5      = 19/3 on B
    #  B: 19/3 on A; b1 2·2/6, b2 5·1, b4 3·3/4 and four times 3   = 239/12 on B; 3·1/4 on D
    #  D: 1·3/4 on B; 1·1/4 and four times 1                       = 17/4 on D
    expected = [
        [71 / 90, 19 / 90, 0, 0],
        [19 / 81, 239 / 324, 0, 1 / 36],
        [0, 0, 1, 0],
        [0, 3 / 20, 0, 17 / 20],
    ]
    assert units_of(feed).leakage.toarray() == pytest.approx(np.array(expected))


def test_shared_hours(feed: Feed) -> None:
    # B has b1 and b4 at 10:30 on Monday; A has b1 in the morning and b2 at night
    # A and B: Monday's b1 (6) and five times b2 (4); B and D: Monday's b4 with b5 (4)
    assert units_of(feed).shared == {("A", "B"): 26, ("B", "D"): 4}


def test_vehicles_and_hours_of_routes(feed: Feed) -> None:
    units = units_of(feed)
    assert units.hours.to_dict() == {"A": 30, "B": 27, "C": 25, "D": 5}
    assert units.route_vehicles.to_dict() == {"A": 1, "B": 2, "C": 1, "D": 1}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.1, [("A", "B", "D"), ("C",)]),  # D sends 0.15 of its cards' hours to B
        (0.2, [("A", "B"), ("C",), ("D",)]),
        (0.235, [("A",), ("B",), ("C",), ("D",)]),  # above 19/81
    ],
)
def test_families(feed: Feed, share: float, expected: list[tuple[str, ...]]) -> None:
    assert units_of(feed, share=share).families == expected


def test_family_units(feed: Feed) -> None:
    units = units_of(feed, "family", 0.2)
    assert list(units.table.index) == ["family:A+B", "family:C", "family:D"]
    assert list(units.table["unit_name"]) == ["Lines 1 and 2", "3", "4"]
    # b1 is the family's from 6:00 to 12:30, b4 from 8:00 to 11:00: two, though A and B add up to three
    assert units.table["vehicles"].tolist() == [2, 1, 1]
    assert units.table["routes"].tolist() == [("A", "B"), ("C",), ("D",)]
    # A+B has 57 hours; on D only a quarter of the 3 that Monday's b4 is found on B
    expected = [30 / 57, 26.25 / 57, 0, 0.75 / 57]
    assert units.leakage.toarray()[0] == pytest.approx(np.array(expected))
    # no hour is lost
    hours = np.array([units.hours[list(routes)].sum() for routes in units.table["routes"]])
    assert hours @ units.leakage.toarray() == pytest.approx(units.hours.to_numpy())


def test_garage_units_by_route(feed: Feed) -> None:
    by_route = Garages("route", pd.Series({"A": "North", "B": "South", "C": "North", "D": "South"}))
    units = units_of(feed, "garage", garages=by_route)
    assert list(units.table.index) == ["garage:North", "garage:South"]
    assert list(units.table["unit_name"]) == ["North garage", "South garage"]
    # b1 is mostly A's, b2 is a tie of A and B that A wins: both North, with b3; on Monday b1 and b3
    # overlap. South has b4 and b5, one vehicle on Monday.
    assert units.table["vehicles"].tolist() == [2, 1]
    assert units.table["routes"].tolist() == [("A", "B", "C"), ("B", "D")]
    # North: A 30, B 2 (Monday's b1) and 5·2 (b2), C 25; South: B 5·3, D 5
    expected = [[30 / 67, 12 / 67, 25 / 67, 0], [0, 15 / 20, 0, 5 / 20]]
    assert units.leakage.toarray() == pytest.approx(np.array(expected))


def test_garage_units_by_block(feed: Feed) -> None:
    garages = Garages("block", pd.Series({"b1": "East Garage", "b4": "East Garage", "b2": "West"}))
    units = units_of(feed, "garage", garages=garages)
    assert list(units.table["unit_name"]) == ["East Garage", "West garage"]
    # East: b1 with A 20 and B 2, b4 with B 15 and Monday's D 1; West: b2
    expected = [[20 / 38, 17 / 38, 0, 1 / 38], [0.5, 0.5, 0, 0]]
    assert units.leakage.toarray() == pytest.approx(np.array(expected))
    assert units.table["vehicles"].tolist() == [2, 1]
    assert vehicle_rows(feed, units)["garage"].tolist() == ["East Garage and West"] * 2 + ["", "East Garage"]


def test_garages_must_be_given(feed: Feed) -> None:
    with pytest.raises(CampaignError, match="columns route,garage \\(or block,garage\\)"):
        units_of(feed, "garage")


def test_a_garage_file_that_owns_no_vehicle(feed: Feed) -> None:
    with pytest.raises(CampaignError, match="add the other routes"):
        units_of(feed, "garage", garages=Garages("route", pd.Series({"Z": "North"})))


def test_table(feed: Feed) -> None:
    units = units_of(feed, share=0.2)
    rows = vehicle_rows(feed, units).set_index("route_id")
    assert rows["vehicles"].tolist() == [1, 2, 1, 1]
    assert rows["vehicle_hours_week"].tolist() == [30, 27, 25, 5]
    assert rows["blocks_weekday"].tolist() == [2, 3, 1, 1]
    assert rows["shared_blocks_weekday"].tolist() == [2, 3, 0, 1]
    assert rows["elsewhere"].tolist() == pytest.approx([19 / 90, 85 / 324, 0, 3 / 20])
    assert rows["elsewhere_routes"].tolist() == ["2", "1 and 4", "", "2"]
    assert rows["family"].tolist() == ["Lines 1 and 2", "Lines 1 and 2", "", ""]
    totals = vehicle_totals(feed, units)
    assert (totals.fleet, totals.blocks, totals.shared_blocks) == (3, 4, 3)
    # 19/3 from A, 19/3 + 3/4 from B, 3/4 from D, of 87 hours
    assert totals.elsewhere == pytest.approx((2 * 19 / 3 + 2 * 3 / 4) / 87)


def test_without_blocks_nothing_leaks_and_a_notice_says_why(tmp_path: Path) -> None:
    trips = {name: " ".join([*what.split()[:2], "-", *what.split()[3:]]) for name, what in TRIPS.items()}
    bare = hand_feed(tmp_path / "bare.zip", trips, None)
    for kind, severity in (("route", "info"), ("family", "warning")):
        notices = Notices()
        units = make_units(bare, kind=kind, garages=None, family_share=0.1, layover_s=600, notices=notices)  # type: ignore[arg-type]
        assert np.array_equal(units.leakage.toarray(), np.eye(4))
        assert [(n.code, n.severity, n.file) for n in notices] == [("no_blocks", severity, "bare.zip")]
        assert "plus 10 minutes of layover" in next(iter(notices)).message
    assert units.families == [("A",), ("B",), ("C",), ("D",)]


def test_links_alone_make_blocks(tmp_path: Path) -> None:
    trips = {"t1": "A wk - 08:00 09:00", "t2": "B wk - 09:10 12:10"}
    linked = hand_feed(tmp_path / "linked.zip", trips, ["from_trip_id,to_trip_id,transfer_type", "t1,t2,5"])
    notices = Notices()
    units = make_units(linked, kind="route", garages=None, family_share=0.1, layover_s=600, notices=notices)
    assert not len(notices)
    assert units.leakage.toarray() == pytest.approx(np.array([[0.25, 0.75], [0.25, 0.75]]))
    assert units.fleet == 1


def test_only_the_feed_without_blocks_is_named(tmp_path: Path) -> None:
    bare = tiny(trips=["route_id,service_id,trip_id,direction_id", "R,wk,out,0", "R,wk,back,1"])
    both, _ = read_feed(write_feed(tmp_path / "x.zip", bare), write_feed(tmp_path / "y.zip", tiny()))
    notices = Notices()
    units = make_units(both, kind="family", garages=None, family_share=0.1, layover_s=0, notices=notices)
    assert [n.file for n in notices] == ["x.zip"]
    assert list(units.table.index) == ["family:x:R", "family:y:R"]


def test_a_trip_without_duration(tmp_path: Path) -> None:
    feed = hand_feed(tmp_path / "f.zip", {"t1": "A wk b1 08:00 08:00", "t2": "B wk b2 09:00 10:00"})
    units = units_of(feed, "family")
    assert np.array_equal(units.leakage.toarray(), np.eye(2))
    assert units.hours.tolist() == [0, 5]
    assert vehicle_totals(feed, units).elsewhere == 0
    garage = units_of(feed, "garage", garages=Garages("route", pd.Series({"A": "North"})))
    assert garage.table["routes"].tolist() == [("A",)]
    assert garage.leakage.toarray().tolist() == [[1, 0]]


def test_a_feed_without_any_times(tmp_path: Path) -> None:
    calls = ["out,,,a,1", "out,,,b,2", "back,,,b,1", "back,,,a,2"]
    timeless = tiny(stop_times=[HEADS["stop_times"], *calls])
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", timeless))
    units = units_of(feed, "family")
    assert units.leakage.toarray().tolist() == [[1]]
    assert (units.fleet, units.table["vehicles"].tolist()) == (0, [0])
    assert vehicle_rows(feed, units)["elsewhere"].tolist() == [0]
    assert vehicle_totals(feed, units).elsewhere == 0


# --- properties -----------------------------------------------------------------------------------

HOURS = st.lists(st.lists(st.sampled_from([0, 0, 0, 0.5, 1, 3, 7.25]), min_size=4, max_size=4), max_size=9)


@settings(max_examples=100, deadline=None)
@given(HOURS, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_rows_sum_to_one_and_no_hour_is_lost(rows: list[list[float]], unit: list[int]) -> None:
    hours = sp.csr_matrix(np.array(rows, float).reshape(-1, 4))
    used = sorted(set(unit))
    members = sp.csr_matrix(np.array([[u == each for each in used] for u in unit], float))
    shares = leakage(hours, members).toarray()
    assert (shares >= 0).all()
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(used)))
    by_route = np.asarray(hours.sum(axis=0)).ravel()
    assert (by_route @ members) @ shares == pytest.approx(by_route)


def test_a_unit_without_hours_has_its_own_routes_in_equal_parts() -> None:
    members = sp.csr_matrix(np.array([[1, 0], [0, 1], [0, 1]], float))
    shares = leakage(sp.csr_matrix(np.array([[2.0, 0, 0]])), members)
    assert shares.toarray().tolist() == [[1, 0, 0], [0, 0.5, 0.5]]


def random_trips() -> pd.DataFrame:
    """Many routes with equal weights, where the order of things would show."""
    random = np.random.default_rng(4)
    route, block = random.integers(0, 30, 160), random.integers(0, 70, 160)
    return pd.DataFrame(
        {
            "route_id": [f"r{number}" for number in route],
            "block_id": [f"b{number}" for number in block],
            "start_s": np.arange(160) * 100,
            "end_s": np.arange(160) * 100 + 3600,
            "days": 31,
        }
    )


def families_of(trips: pd.DataFrame) -> list[tuple[str, ...]]:
    worked = block_hours(trips)
    own = leakage(worked.hours, sp.identity(len(worked.routes), format="csr"))
    return families(own, worked.routes, shared_hours(worked), 0.1)


def test_families_do_not_depend_on_the_order_of_rows() -> None:
    trips = random_trips()
    found = families_of(trips)
    assert 1 < len(found) < 30
    assert found == sorted(found, key=lambda family: natural(family[0]))
    for seed in range(5):
        assert families_of(trips.sample(frac=1, random_state=seed).reset_index(drop=True)) == found


def test_families_do_not_depend_on_the_hash_seed() -> None:
    code = "from test_interlining import *; print(families_of(random_trips()))"
    outputs = set()
    for seed in ("1", "2", "77"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT / "tests",
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        outputs.add(done.stdout)
    assert outputs == {f"{families_of(random_trips())}\n"}


def test_numbers_sort_as_people_do() -> None:
    assert sorted(["10", "2", "4A", "4", "A", "33"], key=natural) == ["2", "4", "4A", "10", "33", "A"]


# --- the command ----------------------------------------------------------------------------------

SAMPLE = ROOT / "data" / "sample.toml"


def test_the_command_prints_and_writes_without_census_data(tmp_path: Path) -> None:
    out = tmp_path / "vehicles.csv"
    arguments = ["vehicles", str(SAMPLE), "--set", "garages=gtfs/sample_garages.csv", "--csv", str(out)]
    result = CliRunner().invoke(main, [*arguments, "--set", "acs=nowhere.csv"])
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "108 vehicles are out at once at the peak; 47 of the 139 blocks" in text
    assert "37% on 17" in text
    assert "Northside" in text
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 21
    six = next(row for row in rows if row["route_id"] == "6")
    assert (six["elsewhere"], six["elsewhere_routes"], six["family"]) == ("0.369429", "17", "Lines 6 and 17")
    assert "Halvern Transit" in six["source"]
    before = out.read_bytes()
    assert CliRunner().invoke(main, [*arguments, "--quiet"]).output == ""
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["garages.csv", "folder", "nowhere/vehicles.csv"])
def test_the_command_overwrites_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "garages.csv").write_text("route,garage\n")
    (tmp_path / "folder").mkdir()
    result = CliRunner().invoke(main, ["vehicles", str(SAMPLE), "--csv", str(tmp_path / name)])
    assert result.exit_code == 2
    assert "choose another --csv" in result.stderr
    assert (tmp_path / "garages.csv").read_text() == "route,garage\n"


def test_columns_of_the_table_are_documented(tmp_path: Path) -> None:
    out = tmp_path / "vehicles.csv"
    assert CliRunner().invoke(main, ["vehicles", str(SAMPLE), "-q", "--csv", str(out)]).exit_code == 0
    header = out.read_text().splitlines()[0].split(",")
    section = (ROOT / "docs" / "columns.md").read_text().split("## vehicles.csv")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert [name.strip(" `") for cell in cells for name in cell.split(",")] == header[:-1]


# --- real agencies --------------------------------------------------------------------------------


def rows_of(path: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        if f"{table}.txt" not in archive.namelist():
            return []
        with archive.open(f"{table}.txt") as stream:
            return list(csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig")))


def routes_by_block(path: Path, on: date | None) -> dict[tuple[str, str], set[str]]:
    """Return the bus routes of each block on a date; without one, of each block and service_id."""
    buses = {row["route_id"] for row in rows_of(path, "routes") if row["route_type"] == "3"}
    running: set[str] = set()
    if on is not None:
        text, weekday = on.strftime("%Y%m%d"), on.strftime("%A").lower()
        for row in rows_of(path, "calendar"):
            if row[weekday] == "1" and row["start_date"] <= text <= row["end_date"]:
                running.add(row["service_id"])
        for row in rows_of(path, "calendar_dates"):
            if row["date"] == text:
                (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows_of(path, "trips"):
        if row["route_id"] in buses and row["block_id"] and (on is None or row["service_id"] in running):
            found[row["block_id"], "" if on else row["service_id"]].add(row["route_id"])
    return found


def interlined(blocks: dict[tuple[str, str], set[str]]) -> tuple[int, int]:
    return len(blocks), sum(len(routes) > 1 for routes in blocks.values())


@pytest.mark.parametrize(
    ("name", "by_service", "fleet", "elsewhere"),
    [
        ("lane-transit-district-2023-06.zip", (421, 326), 65, 0.482),  # 77% of its blocks
        ("trimet-2024-12-composite.zip", (6362, 1059), 521, 0.064),  # 17%
    ],
)
def test_real_agencies_against_a_count_by_csv(
    real_data: Path, name: str, by_service: tuple[int, int], fleet: int, elsewhere: float
) -> None:
    path = real_data / "gtfs" / name
    feed, _ = read_feed(path)
    units = units_of(feed)
    totals = vehicle_totals(feed, units)
    day = design_weekday(feed.trips, feed.week)
    by_csv = interlined(routes_by_block(path, feed.week.first_day + timedelta(days=day)))
    assert (totals.blocks, totals.shared_blocks) == by_csv
    assert interlined(routes_by_block(path, None)) == by_service
    assert totals.fleet == fleet
    assert totals.elsewhere == pytest.approx(elsewhere, abs=0.0006)
    assert units.leakage.sum(axis=1) == pytest.approx(np.ones((len(feed.routes), 1)))
    everywhere = units.hours.to_numpy() @ units.leakage.toarray()
    assert everywhere == pytest.approx(units.hours.to_numpy())
