"""Coverage over many regions: by hand, against a plan of all agencies together, and what is refused."""

import csv
import io
import zipfile
from dataclasses import replace
from math import exp, hypot, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from two_agencies import FIGURES, E, S, W, write_east, write_west

from targeting import moe
from targeting.batch_list import Region
from targeting.batch_national import national_rows
from targeting.batch_region import plan_region
from targeting.batch_union import Planned, planned
from targeting.campaign import read_campaign
from targeting.errors import TractError
from targeting.plan import Plan, make_plan
from targeting.sample import write_sample

SHARES = ("near_any", "near_posted", "reach")


def plan(name: str, campaign: Path, out: Path, *settings: str) -> Planned:
    outcome = plan_region(Region(name, campaign, settings), out)
    assert outcome.record is not None, outcome.error
    return planned(name, outcome.record, out)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planned, Planned]:
    folder = tmp_path_factory.mktemp("two")
    west, east = (
        plan(name, write(folder / name), folder / "out")
        for name, write in (("west", write_west), ("east", write_east))
    )
    return west, east


def by_language(regions: list[Planned]) -> pd.DataFrame:
    return national_rows(regions).set_index("language")


# --- by hand ----------------------------------------------------------------------------------


def test_one_region_is_its_own_coverage(two: tuple[Planned, Planned]) -> None:
    for region in two:
        rows = by_language([region])
        for row in region.record.coverage:
            for name in ("lep", "served_any", "served_posted", "reach"):
                for column in (name, f"{name}_moe"):
                    assert rows.at[row["language"], column] == pytest.approx(row[column]), column
            assert rows.at[row["language"], "reach_share_moe"] == pytest.approx(row["reach_share_moe"])
        assert rows["shared_tracts"].eq(0).all()


def test_people_near_two_agencies_count_once_by_hand(two: tuple[Planned, Planned]) -> None:
    """In S 0.1 live near the western agency, 0.2 near both and 0.3 near the eastern; in W 0.5."""
    rows = by_language(list(two))
    spanish, vietnamese = rows.loc["es"], rows.loc["vi"]
    assert spanish[["regions", "tracts", "shared_tracts"]].tolist() == [2, 3, 1]
    assert vietnamese[["regions", "tracts", "shared_tracts"]].tolist() == [1, 2, 1]
    assert spanish["lep"] == 400 + 1000 + 100
    assert spanish["lep_moe"] == pytest.approx(sqrt(60**2 + 100**2 + 30**2))
    # the two plans' own figures add up to 1,000, with the 200 near both in each
    assert spanish["served_any"] == pytest.approx(0.5 * 400 + (0.1 + 0.2 + 0.3) * 1000)
    assert spanish["served_posted"] == pytest.approx(800)
    assert spanish["served_posted_moe"] == pytest.approx(hypot(0.5 * 60, 0.6 * 100))
    assert spanish["served_posted_share"] == pytest.approx(800 / 1500)
    # the western agency passes 0.1 of S, and prints nothing in Vietnamese
    assert vietnamese["served_any"] == pytest.approx(0.6 * 500)
    assert vietnamese["served_posted"] == pytest.approx(0.3 * 500)
    assert vietnamese["served_posted_moe"] == pytest.approx(0.3 * 80)


def test_rides_of_two_agencies_add_up_by_hand(two: tuple[Planned, Planned]) -> None:
    """Every bus runs five times a week; those of the east meet 300 people five, and 450 ten times."""
    mean = (300 * 5 + 450 * 10) / 750
    assert two[1].record.mean_service == pytest.approx(mean)
    west = 4 * 1.0  # weeks, with a service as everybody's there
    at_both, east = 4 * sqrt(5 / mean), 4 * sqrt(10 / mean) / 2  # there one departure in two carries it

    def reached(rides: float) -> float:
        return 1 - exp(-rides)

    spanish = 200 * reached(west) + 100 * reached(west) + 200 * reached(west + at_both) + 300 * reached(east)
    rows = by_language(list(two))
    assert rows.at["es", "reach"] == pytest.approx(spanish)
    assert rows.at["vi", "reach"] == pytest.approx(150 * reached(east))
    alone = {(each.name, row["language"]): row["reach"] for each in two for row in each.record.coverage}
    assert max(alone["west", "es"], alone["east", "es"]) < spanish < alone["west", "es"] + alone["east", "es"]


def test_the_order_of_the_regions_changes_nothing(two: tuple[Planned, Planned]) -> None:
    pd.testing.assert_frame_equal(national_rows(list(two)), national_rows(list(two)[::-1]))


def test_counted_in_different_ways_stays_apart(two: tuple[Planned, Planned]) -> None:
    west, east = two
    everybody = replace(west, record=replace(west.record, measure="speakers"))
    rows = national_rows([everybody, east]).set_index(["measure", "language"])
    assert list(rows.index) == [("lep", "es"), ("lep", "vi"), ("speakers", "es")]
    assert rows.at[("lep", "es"), "lep"] == 1100
    assert rows.at[("speakers", "es"), "lep"] == 1400


# --- against a plan of all agencies together --------------------------------------------------


def part_of_feed(feed: Path, routes: set[str], path: Path) -> None:
    """Write the part of a feed that is about some of its routes."""
    with zipfile.ZipFile(feed) as whole, zipfile.ZipFile(path, "w") as part:
        tables = {
            name: list(csv.DictReader(io.StringIO(whole.read(name).decode()))) for name in whole.namelist()
        }
        for name in ("routes.txt", "trips.txt"):
            tables[name] = [row for row in tables[name] if row["route_id"] in routes]
        trips = {row["trip_id"] for row in tables["trips.txt"]}
        tables["stop_times.txt"] = [row for row in tables["stop_times.txt"] if row["trip_id"] in trips]
        for name, rows in tables.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
            part.writestr(name, text.getvalue())


SETTINGS = ("buses=6", "redraws=0", 'languages=["es", "vi"]')


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planned, Planned, Plan]:
    """The sample city with its routes parted between two agencies, whose tables share 80 of its tracts."""
    folder = tmp_path_factory.mktemp("city")
    write_sample(folder)
    campaign = folder / "sample.toml"
    text = campaign.read_text(encoding="utf-8")
    campaign.write_text(text.replace("points = ", "# points = "), encoding="utf-8")  # people by area
    routes = read_routes(folder / "gtfs/sample.zip")
    header, *rows = (folder / "acs/sample_c16001.csv").read_text(encoding="utf-8").splitlines()
    regions = []
    for number, some in enumerate((rows[:100], rows[20:])):
        part_of_feed(folder / "gtfs/sample.zip", set(routes[number::2]), folder / f"gtfs/part{number}.zip")
        (folder / f"acs/part{number}.csv").write_text("\n".join([header, *some]), encoding="utf-8")
        inputs = (f"gtfs=gtfs/part{number}.zip", f"acs=acs/part{number}.csv")
        regions.append(plan(f"part{number}", campaign, folder / "out", *SETTINGS, *inputs))
    both = ['gtfs=["gtfs/part0.zip", "gtfs/part1.zip"]', *SETTINGS]
    return regions[0], regions[1], make_plan(read_campaign(campaign, both))


def read_routes(feed: Path) -> list[str]:
    with zipfile.ZipFile(feed) as archive:
        return [row["route_id"] for row in csv.DictReader(io.StringIO(archive.read("routes.txt").decode()))]


def test_two_agencies_of_one_city_are_as_one_plan_of_both(city: tuple[Planned, Planned, Plan]) -> None:
    """In the tracts that both know, people near either; elsewhere those near the agency that knows them."""
    one, other, joint = city
    near, tracts = joint.scores.catchment, joint.scores.tracts
    geoids = tracts.estimates.index
    at = {geoid: number for number, geoid in enumerate(geoids)}
    known = [set(pd.read_parquet(each.folder / "tracts.parquet")["geoid"]) for each in (one, other)]
    assert (len(known[0] & known[1]), len(known[0] | known[1])) == (80, 120)
    # the joint feed has the routes of the first part, then those of the second
    first = len(pd.read_parquet(one.folder / "routes.parquet"))
    ours = np.arange(len(near.routes)) < first
    for tag in ("es", "vi"):
        posted = np.zeros(len(near.routes), bool)
        for each, before in ((one, 0), (other, first)):
            table = pd.read_parquet(each.folder / "posted.parquet")
            posted[before + table.loc[table["near"] & (table["language"] == tag), "route"].to_numpy()] = True
        assert posted.any()
        wanted = {}
        for name, routes in (("served_any", np.ones(len(near.routes), bool)), ("served_posted", posted)):
            by_both, by_one, by_other = (
                near.share_of_any(routes & which) for which in (ours | ~ours, ours, ~ours)
            )
            wanted[name] = np.array(
                [
                    by_both[at[geoid]]
                    if geoid in known[0] & known[1]
                    else (by_one if geoid in known[0] else by_other)[at[geoid]]
                    for geoid in geoids
                ]
            )
        rows = by_language([one, other])
        key = "spanish" if tag == "es" else "vietnamese"
        figures, margins = (table[key].to_numpy(float) for table in (tracts.estimates, tracts.margins))
        for name, share in wanted.items():
            assert rows.at[tag, name] == pytest.approx(share @ figures)
            by_hand = moe.of_weighted_sums(share[None, :], figures[:, None], margins[:, None]).item()
            assert rows.at[tag, f"{name}_moe"] == pytest.approx(by_hand)
        assert rows.at[tag, "tracts"] == 120
        assert rows.at[tag, "shared_tracts"] == 80


# --- what does not go together ----------------------------------------------------------------

CHANGED = {S: (9000, 500, 1111, 100, 500, 80), E: FIGURES[E]}


def test_other_figures_of_one_tract_are_refused(two: tuple[Planned, Planned], tmp_path: Path) -> None:
    east = plan("odd", write_east(tmp_path / "east", tracts=CHANGED), tmp_path / "out")
    with pytest.raises(
        TractError, match=f"tract {S} has other census figures in the region 'west' than in 'odd'"
    ):
        national_rows([two[0], east])
    other_people = {S: (9001, *FIGURES[S][1:]), E: FIGURES[E]}
    east = plan("odd", write_east(tmp_path / "people", tracts=other_people), tmp_path / "out")
    with pytest.raises(TractError, match=f"tract {S} has other census figures"):
        national_rows([two[0], east])


def test_of_several_releases_the_newest_is_taken(two: tuple[Planned, Planned], tmp_path: Path) -> None:
    def of(region: Planned, release: str) -> Planned:
        return replace(region, record=replace(region.record, release=release))

    east = plan("odd", write_east(tmp_path / "east", tracts=CHANGED), tmp_path / "out")
    for regions, people in (
        ([of(two[0], "2015-2019 5-year"), of(east, "2019-2023 5-year")], 1111),
        ([of(two[0], "ACS 2023"), of(east, "ACS 2019, published 2020")], 1000),
    ):
        rows = by_language(regions)
        assert rows.at["es", "lep"] == 400 + people + 100
        assert rows.at["es", "served_any"] == pytest.approx(200 + 0.6 * people)
    for releases in (("2019", "2019"), ("2019", "")):
        with pytest.raises(TractError, match="name their releases"):
            national_rows([of(two[0], releases[0]), of(east, releases[1])])


def test_tracts_that_lie_over_each_other_are_refused(two: tuple[Planned, Planned], tmp_path: Path) -> None:
    """S under another number, as tracts of 2010 and 2020 have."""
    renamed = {"41051000201": FIGURES[S], E: FIGURES[E]}
    east = plan("odd", write_east(tmp_path / "east", tracts=renamed), tmp_path / "out")
    with pytest.raises(TractError, match=rf"tracts {S} \(in 'west'\) and 41051000201 \(in 'odd'\) lie over"):
        national_rows([two[0], east])
    assert W not in renamed
