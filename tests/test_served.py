"""People served: six numbers worked by hand, bounds that hold, unions that count once."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import targeting.catchment
from targeting.catchment import Catchment
from targeting.cells import grid_cells, point_cells
from targeting.languages import find_languages
from targeting.reached import near_by_tract
from targeting.served import coverage, exposure_by_group, people_served
from targeting.tracts import Tracts

SPANISH, KOREAN, RUSSIAN, UKRAINIAN = find_languages(["es", "ko", "ru", "uk"])


def make_tracts(
    people: dict[str, list[float]],
    margins: dict[str, list[float]],
    population: list[float],
    population_moe: list[float],
    county: list[str] | None = None,
) -> Tracts:
    geoids = pd.Index([f"4105100010{i}" for i in range(len(population))], name="GEOID")
    return Tracts(
        names=pd.Series("", index=geoids),
        county=pd.Series(county or ["Multnomah"] * len(geoids), index=geoids),
        population=pd.Series(population, index=geoids, dtype=float),
        population_moe=pd.Series(population_moe, index=geoids, dtype=float),
        estimates=pd.DataFrame(people, index=geoids, dtype=float),
        margins=pd.DataFrame(margins, index=geoids, dtype=float),
        geometry=gpd.GeoSeries([shapely.box(0, 0, 1, 1)] * len(geoids), index=geoids, crs=4326),
        tables=(),
        sources=(),
    )


def make_catchment(
    tract: list[int],
    weight: list[float],
    departures: list[list[float]],
    touched: list[list[bool]],
    wholly: list[list[bool]],
) -> Catchment:
    share = np.zeros((len(touched[0]), len(touched)))
    np.add.at(share, tract, np.array(weight)[:, None] * (np.array(departures) > 0))
    return Catchment(
        routes=pd.Index([str(i + 1) for i in range(len(touched))], name="route_id"),
        tracts=len(touched[0]),
        tract=np.array(tract, np.int64),
        weight=np.array(weight, float),
        xy=np.zeros((len(tract), 2)),
        departures=scipy.sparse.csr_matrix(np.array(departures, float)),
        touched=scipy.sparse.csr_matrix(np.array(touched, bool)),
        wholly=scipy.sparse.csr_matrix(np.array(touched, bool) & (share >= 1 - 1e-9).T),
    )


# Tract 0: a quarter near both routes, a quarter near route 1 only, half near none.
# Tract 1: wholly near route 2. Tract 2: touched by route 1, nobody counted there.
CATCHMENT = make_catchment(
    tract=[0, 0, 0, 1, 2],
    weight=[0.25, 0.25, 0.5, 1.0, 1.0],
    departures=[[40, 100], [60, 0], [0, 0], [0, 10], [0, 0]],
    touched=[[True, False, True], [True, True, False]],
    wholly=[[False, False, False], [False, True, False]],
)
TRACTS = make_tracts(
    {"spanish": [200, 0, 40], "korean": [0, 80, 0]},
    {"spanish": [60, 12, 30], "korean": [12, 48, 17]},
    population=[1000, 500, 500],
    population_moe=[100, 80, 70],
    county=["Washington", "Multnomah", "Multnomah"],
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return people_served(CATCHMENT, TRACTS, [SPANISH, KOREAN]).set_index(["route_id", "language"])


def test_rows_are_routes_then_languages() -> None:
    rows = people_served(CATCHMENT, TRACTS, [KOREAN, SPANISH])
    assert rows[["route_id", "language"]].to_numpy().tolist() == [
        ["1", "ko"], ["1", "es"], ["2", "ko"], ["2", "es"],
    ]  # fmt: skip


def test_served_and_margin_by_hand(table: pd.DataFrame) -> None:
    # route 1 serves half of tract 0: 100 ± 0.5 · 60; route 2 a quarter of it and all of tract 1
    assert table["served"].to_dict() == {
        ("1", "es"): 100, ("1", "ko"): 0, ("2", "es"): 50, ("2", "ko"): 80,
    }  # fmt: skip
    assert table.at[("1", "es"), "served_moe"] == pytest.approx(30)
    assert table.at[("1", "ko"), "served_moe"] == pytest.approx(6)  # half of the zero's 12
    assert table.at[("2", "es"), "served_moe"] == pytest.approx(math.hypot(15, 12))
    assert table.at[("2", "ko"), "served_moe"] == pytest.approx(math.hypot(48, 3))


def test_share_and_margin_by_hand(table: pd.DataFrame) -> None:
    # route 1: residents 500 ± 50; p = 100/500 = 0.2; sqrt(30² - 0.04 · 50²) / 500 = sqrt(800)/500
    assert table.at[("1", "es"), "share"] == pytest.approx(0.2)
    assert table.at[("1", "es"), "share_moe"] == pytest.approx(math.sqrt(800) / 500)
    # route 2: residents 250 + 500 = 750 ± hypot(25, 80); p = 80 / 750
    assert table.at[("2", "ko"), "share"] == pytest.approx(80 / 750)
    inner = 48**2 + 3**2 - (80 / 750) ** 2 * (25**2 + 80**2)
    assert table.at[("2", "ko"), "share_moe"] == pytest.approx(math.sqrt(inner) / 750)


def test_concentration_by_hand(table: pd.DataFrame) -> None:
    # region: Spanish 240 of 2,000 = 12 %, Korean 80 of 2,000 = 4 %
    assert table.at[("1", "es"), "concentration"] == pytest.approx(0.2 / 0.12)
    assert table.at[("1", "ko"), "concentration"] == 0
    assert table.at[("2", "ko"), "concentration"] == pytest.approx((80 / 750) / 0.04)


def test_exposure_by_hand(table: pd.DataFrame) -> None:
    # route 1 in tract 0: 0.25 · 40 + 0.25 · 60 = 25 departures near the mean resident, · 200
    assert table.at[("1", "es"), "exposure"] == pytest.approx(5000)
    assert table.at[("2", "es"), "exposure"] == pytest.approx(0.25 * 100 * 200)
    assert table.at[("2", "ko"), "exposure"] == pytest.approx(10 * 80)


def test_exposure_by_group_is_the_same_figure(table: pd.DataFrame) -> None:
    by_group = exposure_by_group(CATCHMENT, TRACTS.estimates)
    assert by_group.index.tolist() == ["1", "2"]
    for (route, tag), value in table["exposure"].items():
        assert by_group.at[route, {"es": "spanish", "ko": "korean"}[tag]] == pytest.approx(value)


def test_bounds_by_hand(table: pd.DataFrame) -> None:
    # low: only tracts that lie wholly near; high: every tract that is touched counts whole
    low, high = table["served_low"].to_dict(), table["served_high"].to_dict()
    assert low == {("1", "es"): 0, ("1", "ko"): 0, ("2", "es"): 0, ("2", "ko"): 80}
    assert high == {("1", "es"): 240, ("1", "ko"): 0, ("2", "es"): 200, ("2", "ko"): 80}


def test_nobody_in_the_region_speaks_it() -> None:
    tracts = make_tracts({"korean": [0, 0, 0]}, {"korean": [12, 12, 12]}, [10, 10, 10], [5, 5, 5])
    table = people_served(CATCHMENT, tracts, [KOREAN])
    assert table["served"].tolist() == [0, 0]
    assert table["concentration"].isna().all()


def test_route_along_which_nobody_lives() -> None:
    tracts = make_tracts({"korean": [0, 9, 0]}, {"korean": [12, 9, 12]}, [0, 100, 100], [12, 9, 12])
    table = people_served(CATCHMENT, tracts, [KOREAN])
    assert math.isnan(table["share"].iloc[0])
    assert math.isnan(table["share_moe"].iloc[0])
    assert math.isnan(table["concentration"].iloc[0])


def test_languages_of_one_group_have_the_same_figures() -> None:
    tracts = make_tracts({"slavic": [10, 20, 30]}, {"slavic": [5, 5, 5]}, [100] * 3, [9] * 3)
    table = people_served(CATCHMENT, tracts, [RUSSIAN, UKRAINIAN]).set_index("language")
    assert table.loc["ru", "served"].tolist() == table.loc["uk", "served"].tolist() == [5, 22.5]


# --- coverage ---------------------------------------------------------------------------------


def cover(spanish: list[bool], korean: list[bool]) -> pd.DataFrame:
    posted = np.array([spanish, korean]).T.astype(np.int64)
    shares = {"served_posted": near_by_tract(CATCHMENT, posted)}
    table = coverage(TRACTS, [SPANISH, KOREAN], near_any(CATCHMENT), shares)
    return table.set_index(["area", "language"])


def near_any(catchment: Catchment) -> np.ndarray:
    return catchment.share_of_any(np.ones(len(catchment.routes), bool))


def test_coverage_by_hand() -> None:
    table = cover([True, False], [True, True])
    assert table.index.get_level_values("area").unique().tolist() == [
        "Region",
        "Multnomah",
        "Washington",
    ]
    region = table.loc[("Region", "es")]
    assert region["lep"] == 240
    assert region["lep_moe"] == pytest.approx(math.sqrt(60**2 + 30**2 + 12**2))
    assert region["served_any"] == 100
    assert region["served_posted"] == 100
    assert region["served_posted_moe"] == pytest.approx(30)
    assert region["served_posted_share"] == pytest.approx(100 / 240)
    inner = 30**2 - (100 / 240) ** 2 * (60**2 + 30**2 + 12**2)
    assert region["served_posted_share_moe"] == pytest.approx(math.sqrt(inner) / 240)


def test_union_of_routes_counts_a_person_once() -> None:
    # route 1 serves half of tract 0, route 2 a quarter that lies within that half: 100, not 150
    both = cover([True, True], [False, False]).loc[("Region", "es")]
    assert both["served_posted"] == pytest.approx(100)
    second = cover([False, True], [False, False]).loc[("Region", "es")]
    assert second["served_posted"] == pytest.approx(50)
    assert second["served_any"] == pytest.approx(100)


def test_language_on_no_route_is_served_by_none() -> None:
    row = cover([True, True], [False, False]).loc[("Region", "ko")]
    assert row["served_posted"] == 0
    assert row["served_posted_share"] == 0
    assert row["served_any"] == 80


def test_counties_add_up_to_the_region() -> None:
    table = cover([True, False], [True, True]).reset_index()
    for column in ("lep", "served_any", "served_posted"):
        sums = table[table["area"] != "Region"].groupby("language")[column].sum()
        region = table[table["area"] == "Region"].set_index("language")[column]
        assert sums.to_dict() == pytest.approx(region.to_dict())
    assert table.set_index(["area", "language"]).at[("Washington", "es"), "lep"] == 200


# --- always -----------------------------------------------------------------------------------

counts = st.integers(0, 900).map(float)
spots = st.tuples(st.integers(-300, 2300), st.integers(-300, 2300))


@st.composite
def cities(draw: st.DrawFn) -> tuple[Catchment, Tracts]:
    """Draw four tracts of all sizes, stops of up to three routes, people by area or by points."""
    cut = draw(st.integers(100, 1900))
    boxes = [(0, 0, cut, cut), (cut, 0, 2000, cut), (0, cut, cut, 2000), (cut, cut, 2000, 2000)]
    polygons = np.array([shapely.box(*corners) for corners in boxes])
    stops = np.array(draw(st.lists(spots, min_size=1, max_size=6)), float)
    calls = draw(
        st.lists(
            st.tuples(st.integers(0, len(stops) - 1), st.integers(0, 2), st.integers(0, 1)),
            min_size=1, max_size=9, unique=True,
        )
    )  # fmt: skip
    stop, route, direction = np.array(calls, np.int64).T
    walk_m = np.array([400.0, 800.0, 400.0])
    cells = grid_cells(polygons, stops, 800.0)
    if draw(st.booleans()):
        at = np.array([[100.0, 50.0], [1950.0, 60.0], [1999.0, 1999.0], [1950.0, 1990.0]])
        tract = [int(np.flatnonzero(shapely.intersects_xy(polygons, *place))[0]) for place in at]
        cells = point_cells(pd.DataFrame({"population": [5.0, 1.0, 2.0, 9.0], "tract": tract}), at, cells)
    catchment = targeting.catchment.make_catchment(
        cells,
        polygons=polygons,
        stops_xy=stops,
        stop=stop,
        route=route,
        direction=direction,
        departures=np.array([draw(st.integers(1, 500)) for _ in calls], float),
        routes=pd.Index(["1", "2", "3"], name="route_id"),
        walk_m=walk_m,
    )
    row = st.lists(counts, min_size=4, max_size=4)
    speakers = draw(row)
    population = [speaker + other + 1 for speaker, other in zip(speakers, draw(row), strict=True)]
    return catchment, make_tracts({"spanish": speakers}, {"spanish": draw(row)}, population, draw(row))


@settings(max_examples=60, deadline=None)
@given(cities(), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_bounds_and_unions_always_hold(
    city: tuple[Catchment, Tracts], posted: tuple[bool, bool, bool]
) -> None:
    catchment, tracts = city
    table = people_served(catchment, tracts, [SPANISH])
    slack = 1e-6 * (1 + tracts.estimates.to_numpy().sum())
    assert (table["served_low"] <= table["served"] + slack).all()
    assert (table["served"] <= table["served_high"] + slack).all()
    assert (table["served_moe"] >= 0).all()
    some = np.array(posted)
    shares = {"served_posted": near_by_tract(catchment, some[:, None].astype(np.int64))}
    region = coverage(tracts, [SPANISH], near_any(catchment), shares).iloc[0]
    served = table["served"].to_numpy()
    assert region["served_posted"] <= region["served_any"] + slack
    assert region["served_any"] <= region["lep"] + slack
    assert region["served_posted"] <= served[some].sum() + slack
    assert region["served_posted"] >= served[some].max(initial=0) - slack


def test_cell_that_stands_just_outside_its_tract_stays_within_the_bounds() -> None:
    # the stop is 405 m from the tract, but only 395 m from the middle of a square cut by its edge
    polygons, stops = np.array([shapely.box(0, 0, 1000, 1033.5)]), np.array([[1405.0, 500.0]])
    catchment = targeting.catchment.make_catchment(
        grid_cells(polygons, stops, 800.0),
        polygons=polygons,
        stops_xy=stops,
        stop=np.array([0, 0]),
        route=np.array([0, 1]),
        direction=np.array([0, 0]),
        departures=np.array([5.0, 5.0]),
        routes=pd.Index(["bus", "train"], name="route_id"),
        walk_m=np.array([400.0, 800.0]),
    )
    tracts = make_tracts({"spanish": [9000]}, {"spanish": [100]}, [90_000], [200])
    table = people_served(catchment, tracts, [SPANISH]).set_index("route_id")
    assert 0 < table.at["bus", "served"] < 0.01 * 9000
    assert table.at["bus", "served_high"] >= table.at["bus", "served"]
