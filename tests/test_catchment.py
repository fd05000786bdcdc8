"""Catchments against brute force: every cell with every stop, one at a time."""

import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting import catchment as module
from targeting.area_shares import area_shares
from targeting.campaign import read_campaign
from targeting.catchment import Catchment, make_catchment, walking_distances
from targeting.cells import Cells, grid_cells, make_squares
from targeting.errors import TractError
from targeting.feed import Feed, read_feeds
from targeting.ground import find_catchment
from targeting.notices import Notices
from targeting.plan import score_routes
from targeting.tracts import read_tracts

FAR = (np.inf, np.inf)


def catch(
    cells: list[tuple[int, float, tuple[float, float]]],
    stops: list[tuple[float, float]],
    calls: list[tuple[int, int, int, float]],
    *,
    walk_m: list[float],
    polygons: list[shapely.Geometry] | None = None,
) -> Catchment:
    """Return a catchment of cells (tract, weight, place) and calls (stop, route, direction, weekly)."""
    tract, weight, xy = zip(*cells, strict=True)
    stop, route, direction, weekly = zip(*calls, strict=True)
    shapes = polygons or [shapely.box(9e6, 9e6 + i, 9e6 + 1, 9e6 + i + 1) for i in range(max(tract) + 1)]
    return make_catchment(
        Cells(np.array(xy, float), np.array(tract, np.int64), np.array(weight, float)),
        polygons=np.array(shapes, dtype=object),
        stops_xy=np.array(stops, float),
        stop=np.array(stop, np.int64),
        route=np.array(route, np.int64),
        direction=np.array(direction, np.int64),
        departures=np.array(weekly, float),
        routes=pd.Index([f"r{i}" for i in range(len(walk_m))], name="route_id"),
        walk_m=np.array(walk_m, float),
    )


def test_walking_distances_by_mode() -> None:
    modes = pd.Series(["bus", "tram", "coach", "rail", "ferry", "other"])
    assert walking_distances(modes, bus_walk_m=400, rail_walk_m=800).tolist() == [
        400, 800, 400, 800, 800, 800,
    ]  # fmt: skip


def test_one_bus_passing_three_nearby_stops_counts_once() -> None:
    calls = [(0, 0, 0, 60.0), (1, 0, 0, 60.0), (2, 0, 0, 60.0)]
    result = catch([(0, 1.0, (0, 0))], [(0, 100), (0, 0), (0, -100)], calls, walk_m=[400])
    assert result.exposure().toarray().tolist() == [[60.0]]


def test_best_served_stop_of_each_direction_then_added() -> None:
    # outbound 50 and 70 at two stops, inbound 20 and 10: 70 + 20; the best single stop has 70
    calls = [(0, 0, 0, 50.0), (1, 0, 0, 70.0), (0, 0, 1, 20.0), (1, 0, 1, 10.0)]
    result = catch([(0, 1.0, (0, 0))], [(0, 100), (0, -100)], calls, walk_m=[400])
    assert result.exposure().toarray().tolist() == [[90.0]]


def test_the_limit_is_walkable_and_beyond_is_not() -> None:
    cells = [(0, 0.5, (400, 0)), (0, 0.3, (0, 0)), (0, 0.2, (400.5, 0))]
    result = catch(cells, [(0, 0)], [(0, 0, 0, 7.0)], walk_m=[400])
    assert result.share().toarray()[0] == pytest.approx([0.8])


def test_each_mode_has_its_own_walking_distance() -> None:
    # 600 m from one stop that both a bus and a train serve
    calls = [(0, 0, 0, 7.0), (0, 1, 0, 9.0)]
    result = catch([(0, 1.0, (600, 0))], [(0, 0)], calls, walk_m=[400, 800])
    assert result.share().toarray().ravel().tolist() == [0.0, 1.0]
    assert result.exposure().toarray().ravel().tolist() == [0.0, 9.0]


def test_atoms_average_departures_by_weight() -> None:
    # one atom (same set of routes): 0.3 with 10 departures and 0.1 with 50: (3 + 5) / 0.4 = 20
    cells = [(0, 0.3, (0, 0)), (0, 0.1, (2000, 0)), (0, 0.6, FAR)]
    result = catch(cells, [(0, 0), (2000, 0)], [(0, 0, 0, 10.0), (1, 0, 0, 50.0)], walk_m=[400])
    assert len(result.weight) == 2
    served = result.departures.toarray().ravel() > 0
    assert result.weight[served] == pytest.approx([0.4])
    assert result.departures.toarray().ravel()[served] == pytest.approx([20.0])
    assert result.exposure().toarray().ravel() == pytest.approx([8.0])


def test_region_without_any_cell_in_reach() -> None:
    result = catch([(0, 1.0, FAR), (1, 1.0, FAR)], [(0, 0)], [(0, 0, 0, 1.0)], walk_m=[400])
    assert result.share().toarray().tolist() == [[0.0, 0.0]]
    assert result.share_of_any(np.array([True])).tolist() == [0.0, 0.0]
    assert result.weight.tolist() == [1.0, 1.0]


class City:
    """A small random city, and what brute force says about it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tracts, self.routes = 7, 11
        tract = np.sort(rng.integers(0, self.tracts, 140))
        tract[: self.tracts] = np.arange(self.tracts)
        self.tract = np.sort(tract)
        weight = rng.random(140)
        self.weight = weight / np.bincount(self.tract, weight)[self.tract]
        self.xy = rng.uniform(0, 4000, (140, 2))
        self.xy[rng.integers(0, 140, 5)] = np.inf
        self.stops = rng.uniform(0, 4000, (45, 2))
        self.stops[3] = self.xy[np.flatnonzero(np.isfinite(self.xy[:, 0]))[0]]  # a stop right there
        keys = rng.permutation(45 * self.routes * 2)[:150]
        self.stop = keys // (self.routes * 2)
        self.route = keys // 2 % self.routes
        self.direction = keys % 2
        self.weekly = rng.integers(1, 300, 150).astype(float)
        self.walk_m = np.where(np.arange(self.routes) % 3 == 0, 800.0, 400.0)
        self.polygons = np.array(
            [shapely.box(x, y, x + 150, y + 90) for x, y in rng.uniform(0, 4000, (self.tracts, 2))]
        )

    def catchment(self) -> Catchment:
        return make_catchment(
            Cells(self.xy, self.tract, self.weight),
            polygons=self.polygons,
            stops_xy=self.stops,
            stop=self.stop,
            route=self.route,
            direction=self.direction,
            departures=self.weekly,
            routes=pd.Index([f"r{i}" for i in range(self.routes)]),
            walk_m=self.walk_m,
        )

    def near(self) -> np.ndarray:
        """Return weekly departures near each cell of each route, one pair at a time."""
        best = np.zeros((len(self.tract), self.routes, 2))
        for cell in range(len(self.tract)):
            for s, r, d, weekly in zip(self.stop, self.route, self.direction, self.weekly, strict=True):
                if np.hypot(*(self.xy[cell] - self.stops[s])) <= self.walk_m[r]:
                    best[cell, r, d] = max(best[cell, r, d], weekly)
        return best.sum(axis=2)

    def by_tract(self, values: np.ndarray) -> np.ndarray:
        return np.array(
            [np.bincount(self.tract, self.weight * column, minlength=self.tracts) for column in values.T]
        )


@pytest.mark.parametrize("limit", [module.DENSE_LIMIT, 200])  # 200: nine cells at a time
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_brute_force(seed: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE_LIMIT", limit)
    city = City(seed)
    result, near = city.catchment(), city.near()
    assert 0.1 < (near > 0).mean() < 0.9  # the case is not trivial

    assert result.share().toarray() == pytest.approx(city.by_tract((near > 0).astype(float)))
    assert result.exposure().toarray() == pytest.approx(city.by_tract(near))

    # atoms: the cells of a tract with the same set of routes, and nothing lost
    expected = len({(t, *row) for t, row in zip(city.tract, near > 0, strict=True)})
    assert len(result.weight) == expected
    assert np.bincount(result.tract, result.weight) == pytest.approx(np.ones(city.tracts))
    assert (np.diff(result.tract) >= 0).all()

    rng = np.random.default_rng(seed)
    share = result.share().toarray()
    for _ in range(20):
        some = rng.random(city.routes) < 0.4
        union = city.by_tract((near[:, some] > 0).any(axis=1, keepdims=True).astype(float))[0]
        of_any = result.share_of_any(some)
        assert of_any == pytest.approx(union)
        assert (of_any >= share[some].max(axis=0, initial=0) - 1e-12).all()
        assert (of_any <= share[some].sum(axis=0) + 1e-12).all()
    assert result.share_of_any(np.zeros(city.routes, bool)).tolist() == [0.0] * city.tracts


@pytest.mark.parametrize("seed", [1, 2])
def test_touched_is_any_area_within_walking_distance(seed: int) -> None:
    city = City(seed)
    expected = np.zeros((city.routes, city.tracts), bool)
    for s, r in zip(city.stop, city.route, strict=True):
        for t, polygon in enumerate(city.polygons):
            expected[r, t] |= shapely.distance(polygon, shapely.Point(city.stops[s])) <= city.walk_m[r]
    touched = city.catchment().touched
    assert (touched.toarray() == expected).all()
    assert expected.any()
    assert not expected.all()


def test_wholly_is_the_whole_area_not_the_cells() -> None:
    # one point beside the stop carries all people; the square's far corners are 707 m away
    result = catch(
        [(0, 1.0, (10, 0)), (1, 1.0, (10, 0))], [(0, 0)], [(0, 0, 0, 5.0), (0, 1, 0, 5.0)],
        walk_m=[400, 800],
        polygons=[shapely.box(-500, -500, 500, 500), shapely.box(-250, -250, 250, 250)],
    )  # fmt: skip
    assert result.share().toarray().tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert result.wholly.toarray().tolist() == [[False, True], [True, True]]


def test_wholly_near_two_stops_together_but_near_neither_alone() -> None:
    polygon = shapely.box(0, -100, 1000, 100)
    cells = [(0, 0.5, (100, 0)), (0, 0.5, (900, 0))]
    both = catch(
        cells, [(200, 0), (800, 0)], [(0, 0, 0, 5.0), (1, 0, 1, 5.0)], walk_m=[400], polygons=[polygon]
    )
    assert both.wholly.toarray().tolist() == [[True]]
    apart = catch(
        cells,
        [(200, 0), (800, 0)],
        [(0, 0, 0, 5.0), (1, 1, 0, 5.0)],
        walk_m=[400] * 2,
        polygons=[polygon],
    )
    assert not apart.wholly.toarray().any()


def test_touched_by_a_stop_in_the_next_tract_without_serving_a_cell() -> None:
    # the only population point is 900 m off, but the tract's edge is 100 m from the stop
    result = catch(
        [(0, 1.0, (1000, 0))], [(0, 0)], [(0, 0, 0, 5.0)],
        walk_m=[400], polygons=[shapely.box(100, -500, 1100, 500)],
    )  # fmt: skip
    assert result.share().toarray().tolist() == [[0.0]]
    assert result.touched.toarray().tolist() == [[True]]


def test_shares_of_cells_by_area_are_circles() -> None:
    # a stop in the middle of a square of 2 km: π · 400² / 2000² = 0.1257
    polygon = shapely.box(0, 0, 2000, 2000)
    stops = np.array([[1000.0, 1000.0]])
    result = make_catchment(
        grid_cells(np.array([polygon]), stops, 400.0),
        polygons=np.array([polygon]),
        stops_xy=stops,
        stop=np.array([0]),
        route=np.array([0]),
        direction=np.array([0]),
        departures=np.array([12.0]),
        routes=pd.Index(["1"]),
        walk_m=np.array([400.0]),
    )
    assert result.share().toarray().item() == pytest.approx(0.12566, abs=0.003)
    assert result.exposure().toarray().item() == pytest.approx(12 * 0.12566, abs=0.04)


@pytest.mark.parametrize("seed", range(8))
def test_shares_by_area_without_cells_are_those_of_cells(seed: int) -> None:
    # buses and trains with walking distances of their own, some at the same stops; a tract far from all
    drawn = np.random.default_rng(seed)
    stop, route = drawn.integers(0, 30, 90), drawn.integers(0, 6, 90)
    stops = drawn.uniform(-500, 3500, (30, 2))
    stops[7] = stops[3]
    walk_m = np.array([400.0, 400, 800, 800, 500, 150])
    triangle = shapely.Polygon([(0, 0), (2900, 300), (1100, 2800)])
    halves = shapely.MultiPolygon([shapely.box(3000, 0, 3300, 900), shapely.box(3100, 1500, 3400, 1600)])
    holed = shapely.box(-400, -400, 3400, 3400).difference(triangle.buffer(30)).difference(halves.buffer(5))
    polygons = np.array([triangle, halves, holed, shapely.box(9e5, 0, 9e5 + 10, 10)], dtype=object)
    whole = make_catchment(
        grid_cells(polygons, stops, 800.0),
        polygons=polygons,
        stops_xy=stops,
        stop=stop,
        route=route,
        direction=np.zeros(90, np.int64),
        departures=np.ones(90),
        routes=pd.RangeIndex(6),
        walk_m=walk_m,
    )
    shares = area_shares(
        make_squares(polygons, stops, 800.0), polygons, stops_xy=stops, stop=stop, route=route, walk_m=walk_m
    ).toarray()
    assert shares == pytest.approx(whole.share().toarray(), abs=1e-9)
    assert (shares[:, 3] == 0).all()
    assert 0 < shares[:, [0, 2]].min() < shares.max() <= 1


# --- the ground: a feed and tracts of different places ----------------------------------------

SAMPLE = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def sample() -> tuple[Feed, gpd.GeoDataFrame]:
    feed = read_feeds([SAMPLE / "gtfs/sample.zip"], notices=Notices())
    return feed, gpd.read_file(SAMPLE / "acs/sample_tracts.geojson")


def find(feed: Feed, layer: gpd.GeoDataFrame, folder: Path) -> tuple[Catchment, Notices]:
    path, notices = folder / "tracts.gpkg", Notices()
    layer.to_file(path)
    tracts = read_tracts([SAMPLE / "acs/sample_c16001.csv"], path, measure="lep", notices=Notices())
    return find_catchment(feed, tracts, None, bus_walk_m=400, rail_walk_m=800, notices=notices), notices


@pytest.mark.parametrize(("east", "north"), [(0, 5), (8, 0), (0, 0.5), (-3, -2)])
def test_feed_and_tracts_far_apart(
    east: float, north: float, sample: tuple[Feed, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    feed, layer = sample
    moved = layer.set_geometry(layer.translate(east, north))
    with pytest.raises(TractError) as caught:
        find(feed, moved, tmp_path)
    said = re.search(
        r"lie apart: the nearest stop is ([\d,]+) km from the nearest tract; check that",
        str(caught.value),
    )
    assert said, str(caught.value)
    corners = shapely.get_coordinates(shapely.segmentize(moved.geometry.to_numpy(), 0.005))
    stops = feed.stops[["lon", "lat"]].to_numpy()
    (lon1, lat1), (lon2, lat2) = np.radians(corners).T[:, :, None], np.radians(stops).T[:, None, :]
    half = np.sin((lat1 - lat2) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon1 - lon2) / 2) ** 2
    exact = 2 * 6371 * np.arcsin(np.sqrt(half)).min()
    assert float(said[1].replace(",", "")) == pytest.approx(exact, rel=0.01, abs=0.6)


@pytest.mark.parametrize("east", [90, 170, 200])
def test_feed_and_tracts_on_other_sides_of_the_earth(
    east: float, sample: tuple[Feed, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    feed, layer = sample
    with pytest.raises(TractError, match=r"lie apart: the nearest stop is \d?\d,\d{3} km from"):
        find(feed, layer.set_geometry(layer.translate(east, 0)), tmp_path)


def test_swapped_latitude_and_longitude_are_recognised(
    sample: tuple[Feed, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    # around 45° N, 129° W, swapped latitudes are no latitudes; a place near the equator shows it
    feed, layer = sample
    place = layer.set_geometry(layer.translate(129.4 + 30, -45 + 10))  # near 10° N, 30° E
    stops = feed.stops.assign(lon=feed.stops["lat"] - 45 + 10, lat=feed.stops["lon"] + 129.4 + 30)
    with pytest.raises(TractError, match=r"lie apart.*latitude and longitude look swapped in stops\.txt"):
        find(replace(feed, stops=stops), place, tmp_path)


def test_stops_beyond_the_tracts_are_counted(sample: tuple[Feed, gpd.GeoDataFrame], tmp_path: Path) -> None:
    feed, layer = sample
    far = feed.stops.index[:5]
    stops = feed.stops.copy()
    stops.loc[far, "lat"] += 1.0
    result, notices = find(replace(feed, stops=stops), layer, tmp_path)
    (notice,) = [n for n in notices if n.code == "stops_beyond_tracts"]
    weekly = feed.departures.groupby("stop_id")["departures_week"].sum()
    share = weekly[far].sum() / weekly.sum()
    assert notice.count == 5
    assert f"5 of {len(stops):,} stops, with {share:.1%} of weekly departures" in notice.message
    _, none = find(feed, layer, tmp_path)
    assert not [n for n in none if n.code == "stops_beyond_tracts"]
    assert result.tracts == 120


def test_points_and_area_stand_side_by_side() -> None:
    """With population points the plan also says what spreading people by area would give."""
    campaign = read_campaign(SAMPLE / "sample.toml")
    with_points = score_routes(campaign).routes
    region = campaign.region.model_copy(update={"points": None})
    by_area = score_routes(campaign.model_copy(update={"region": region})).routes
    key = ["route_id", "language"]
    joined = with_points.merge(by_area, on=key, suffixes=("", "_without"))
    assert joined["served_area"].to_numpy() == pytest.approx(joined["served_without"].to_numpy())
    assert (by_area["served_area"] == by_area["served"]).all()
    assert (with_points["served"] - with_points["served_area"]).abs().max() > 50


def test_an_atom_is_drawn_at_its_cell_nearest_to_the_middle() -> None:
    # one atom of four cells around (0, 0), the middle by weight at x = 5: the cell at 0 is nearest to it
    cells = [
        (0, 0.4, (-20.0, 0.0)), (0, 0.1, (0.0, 0.0)), (0, 0.4, (30.0, 0.0)), (0, 0.1, (10.0, 40.0)),
        (1, 0.75, (5000.0, 7.0)), (1, 0.25, FAR), (2, 1.0, FAR),
    ]  # fmt: skip
    result = catch(cells, [(0.0, 0.0)], [(0, 0, 0, 10.0)], walk_m=[400])
    assert result.tract.tolist() == [0, 1, 2]
    assert result.xy.tolist() == [[0.0, 0.0], [5000.0, 7.0], [np.inf, np.inf]]
