"""The real Portland region: exact polygon overlay, and figures that others have published."""

import csv
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.catchment import Catchment
from targeting.feed import Feed, read_feeds
from targeting.ground import find_catchment
from targeting.languages import GROUPS, Group, Language
from targeting.notices import Notices
from targeting.served import coverage, people_served
from targeting.tracts import Tracts, read_points, read_tracts

TABLE = "acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"
COUNTIES = {
    "Clackamas County, Oregon": "41005",
    "Multnomah County, Oregon": "41051",
    "Washington County, Oregon": "41067",
    "Clark County, Washington": "53011",
}
# every group as if it were a language: its figures are wanted here, not its posters
AS_LANGUAGES = [Language(key, group.name, group.name, group) for key, group in GROUPS.items()]


def walks(feed: Feed) -> pd.Series:
    return feed.routes["mode"].isin(["bus", "coach"]).map({True: 400.0, False: 800.0})


@pytest.fixture(scope="module")
def tracts(real_data: Path) -> Tracts:
    return read_tracts(
        [real_data / TABLE],
        real_data / "geo/or_wa_tracts_cb2017_500k.gpkg",
        measure="lep",
        notices=Notices(),
    )


@pytest.fixture(scope="module")
def feed(real_data: Path) -> Feed:
    return read_feeds(
        [real_data / "gtfs/trimet-2024-12-composite.zip"],
        notices=Notices(),
        modes=("bus", "tram", "rail"),
    )


@pytest.fixture(scope="module")
def by_area(feed: Feed, tracts: Tracts) -> Catchment:
    return find_catchment(feed, tracts, None, bus_walk_m=400, rail_walk_m=800, notices=Notices())


@pytest.fixture(scope="module")
def by_points(feed: Feed, tracts: Tracts, real_data: Path) -> Catchment:
    points = read_points(real_data / "geo/or_wa_bg_centroids_pop2020.gpkg", tracts, Notices())
    return find_catchment(feed, tracts, points, bus_walk_m=400, rail_walk_m=800, notices=Notices())


@pytest.fixture(scope="module")
def overlay(feed: Feed, tracts: Tracts) -> SimpleNamespace:
    """Shares of tract area by GEOS: stops buffered, dissolved per route, cut with the tracts."""
    crs = tracts.geometry.estimate_utm_crs()
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    stops = gpd.GeoSeries.from_xy(feed.stops["lon"], feed.stops["lat"], crs=4326).to_crs(crs)
    stops.index = feed.stops.index
    tree, walk = shapely.STRtree(polygons), walks(feed)
    share = np.zeros((len(feed.routes), len(polygons)))
    near = []
    for route, calls in feed.departures.groupby("route_id"):
        mine = stops[calls["stop_id"].unique()].to_numpy()
        zone = shapely.union_all(shapely.buffer(mine, walk[route], quad_segs=64))
        near.append(zone)
        shapely.prepare(zone)
        tract = tree.query(zone, predicate="intersects")
        cut = shapely.area(shapely.intersection(polygons[tract], zone))
        share[feed.routes.index.get_loc(route), tract] = cut / shapely.area(polygons[tract])
    anywhere = shapely.union_all(np.array(near))
    union = shapely.area(shapely.intersection(polygons, anywhere)) / shapely.area(polygons)
    return SimpleNamespace(share=share, union=union)


# --- contracts of the design ------------------------------------------------------------------


def test_shares_by_area_agree_with_exact_overlay(by_area: Catchment, overlay: SimpleNamespace) -> None:
    share = by_area.share().toarray()
    assert share.shape == overlay.share.shape
    assert (overlay.share > 0).sum() > 1500
    assert np.abs(share - overlay.share).max() < 0.01


def test_union_of_all_routes_agrees_with_exact_overlay(
    by_area: Catchment, overlay: SimpleNamespace, tracts: Tracts
) -> None:
    near_any = by_area.share_of_any(np.ones(len(by_area.routes), bool))
    assert np.abs(near_any - overlay.union).max() < 0.01
    for people in (tracts.population, *(tracts.estimates[key] for key in tracts.estimates)):
        assert near_any @ people == pytest.approx(overlay.union @ people, rel=0.002)


def test_people_of_the_region_agree_with_exact_overlay(
    by_area: Catchment, overlay: SimpleNamespace, tracts: Tracts
) -> None:
    share, population = by_area.share(), tracts.population.to_numpy()
    assert (share @ population).sum() == pytest.approx((overlay.share @ population).sum(), rel=0.002)
    for key in tracts.estimates:
        people = tracts.estimates[key].to_numpy()
        assert (share @ people).sum() == pytest.approx((overlay.share @ people).sum(), rel=0.002), key


def test_touched_holds_every_tract_that_the_overlay_cuts(
    by_area: Catchment, overlay: SimpleNamespace
) -> None:
    touched = by_area.touched.toarray()
    assert touched[overlay.share > 1e-9].all()
    assert (touched & (overlay.share == 0)).sum() <= 0.005 * touched.sum()  # the arcs of the buffer


@pytest.mark.parametrize("kind", ["by_area", "by_points"])
def test_atoms_partition_every_tract(kind: str, request: pytest.FixtureRequest, tracts: Tracts) -> None:
    catchment: Catchment = request.getfixturevalue(kind)
    weights = np.bincount(catchment.tract, catchment.weight, minlength=catchment.tracts)
    assert weights == pytest.approx(np.ones(len(tracts.population)), abs=1e-9)
    assert len(catchment.weight) < 20_000  # a few thousand for a metro
    patterns = catchment.departures > 0
    rows = {(t, *patterns[i].indices) for i, t in enumerate(catchment.tract)}
    assert len(rows) == len(catchment.weight)  # no two atoms of a tract have the same routes


def test_served_by_points_stays_within_the_bounds(by_points: Catchment, tracts: Tracts) -> None:
    table = people_served(by_points, tracts, AS_LANGUAGES)
    assert (table["served_low"] <= table["served"] + 1e-6).all()
    assert (table["served"] <= table["served_high"] + 1e-6).all()


@pytest.mark.parametrize("kind", ["by_area", "by_points"])
def test_low_bound_counts_only_tracts_that_lie_wholly_near(
    kind: str, request: pytest.FixtureRequest, overlay: SimpleNamespace, tracts: Tracts
) -> None:
    # all population points within walking distance is not yet the whole tract
    catchment: Catchment = request.getfixturevalue(kind)
    wholly = catchment.wholly.toarray()
    assert wholly.sum() > 10
    assert (overlay.share[wholly] > 1 - 1e-6).all()
    table = people_served(catchment, tracts, AS_LANGUAGES)
    low = table[table["language"] == "spanish"]["served_low"].to_numpy()
    assert low == pytest.approx(wholly @ tracts.estimates["spanish"].to_numpy())


def test_departures_near_residents_are_no_more_than_the_route_runs(by_area: Catchment, feed: Feed) -> None:
    # a bus that passes three nearby stops, or one stop twice on a loop, is one bus
    by_route = by_area.departures.max(axis=0).toarray().ravel()
    assert (by_route <= feed.routes["departures_week"].to_numpy() + 1e-6).all()
    assert (by_route > 0).sum() > 70


# --- published figures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county_rows(by_area: Catchment, tracts: Tracts) -> pd.DataFrame:
    near_any = by_area.share_of_any(np.ones(len(by_area.routes), bool))
    table = coverage(tracts, AS_LANGUAGES, near_any, {})
    return table.set_index(["area", "language"])


@pytest.mark.parametrize(
    ("county", "spanish", "population"),
    [("Multnomah County, Oregon", 23_319, 760_424), ("Washington County, Oregon", 26_523, 553_510)],
)
def test_published_county_figures(
    county: str, spanish: int, population: int, tracts: Tracts, county_rows: pd.DataFrame
) -> None:
    assert tracts.population[tracts.county == county].sum() == population
    assert county_rows.at[(county, "spanish"), "lep"] == spanish


@pytest.mark.parametrize("county", COUNTIES)
def test_tracts_add_up_to_the_county_table(
    county: str, real_data: Path, county_rows: pd.DataFrame, tracts: Tracts
) -> None:
    path = real_data / "acs/oregon_clark_acs5_2019_2023_C16001_county_full.csv"
    with path.open(newline="", encoding="utf-8-sig") as file:
        row = next(
            row for row in csv.DictReader(file) if (row["year"], row["GEOID"]) == ("2019", COUNTIES[county])
        )
    assert tracts.population[tracts.county == county].sum() == float(row["C16001_001E"])
    published = {key: float(row[f"C16001_{line_of(group)}E"]) for key, group in GROUPS.items()}
    assert {key: county_rows.at[(county, key), "lep"] for key in GROUPS} == published
    assert len(published) == 12


def line_of(group: Group) -> str:
    return f"{group.first_line + 2:03d}"


def test_region_is_the_sum_of_its_seven_counties(county_rows: pd.DataFrame) -> None:
    areas = county_rows.index.get_level_values("area").unique()
    assert len(areas) == 8
    counties = county_rows.drop("Region", level="area")
    for column in ("lep", "served_any"):
        sums = counties.groupby(level="language")[column].sum()
        region = county_rows.loc["Region"][column]
        assert sums[list(GROUPS)].to_numpy() == pytest.approx(region[list(GROUPS)].to_numpy())


def test_margin_of_a_county_sum_by_the_bureaus_rule(county_rows: pd.DataFrame, real_data: Path) -> None:
    with (real_data / TABLE).open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["GEOID"].startswith("41051")]
    pairs = [(float(row["C16001_020E"]), float(row["C16001_020M"])) for row in rows]  # Korean
    some = sum(margin**2 for estimate, margin in pairs if estimate)
    largest = max(margin for estimate, margin in pairs if not estimate)
    expected = (some + largest**2) ** 0.5
    assert county_rows.at[("Multnomah County, Oregon", "korean"), "lep_moe"] == pytest.approx(expected)


def test_tracts_of_the_table_and_of_its_own_geometry_agree(real_data: Path, tracts: Tracts) -> None:
    other = read_tracts(
        [real_data / TABLE],
        real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract.gpkg",
        measure="lep",
        notices=Notices(),
    )
    pd.testing.assert_frame_equal(other.estimates, tracts.estimates)
    pd.testing.assert_frame_equal(other.margins, tracts.margins)
    assert len(tracts.population) == 490
