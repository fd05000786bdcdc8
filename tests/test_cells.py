"""Cells: exact clipped areas against GEOS, weights that sum to 1, points before area."""

import math

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from targeting.cells import Cells, grid_cells, point_cells

SQUARE = shapely.box(0, 0, 1000, 1000)
HOLED = shapely.Polygon(
    [(0, 0), (1300, 100), (1200, 900), (-150, 1000)],
    holes=[[(300, 300), (700, 320), (650, 700), (310, 640)], [(900, 300), (1000, 300), (950, 410)]],
)
TWO_PARTS = shapely.MultiPolygon(
    [shapely.box(0, 0, 333, 217), shapely.Polygon([(600, 50), (1000, 400), (700, 500)])]
)
RING_AND_ISLAND = shapely.MultiPolygon(
    [
        shapely.Polygon([(0, 0), (900, 0), (900, 900), (0, 900)], [[(200, 200), (200, 700), (700, 700)]]),
        shapely.Polygon([(230, 300), (300, 420), (230, 600)]),
    ]
)
TINY = shapely.box(0, 0, 60, 60)
SLIVER = shapely.Polygon([(0, 0), (3000, 1), (3000, 4), (0, 2)])
STAR = shapely.Polygon(
    [
        (
            1000 + (900 if i % 2 else 300) * math.cos(i * math.pi / 7),
            800 + (700 if i % 2 else 200) * math.sin(i * math.pi / 7),
        )
        for i in range(14)
    ]
)
SHAPES = {
    "square": SQUARE,
    "holed": HOLED,
    "two parts": TWO_PARTS,
    "ring and island": RING_AND_ISLAND,
    "tiny": TINY,
    "sliver": SLIVER,
    "star": STAR,
    "clockwise": shapely.Polygon(list(SQUARE.exterior.coords)[::-1]),
    "counter-clockwise hole": shapely.Polygon(
        SQUARE.exterior.coords, [[(100, 100), (500, 100), (500, 500), (100, 500)]]
    ),
}


def make(
    polygons: list[shapely.Geometry], places: list[tuple[float, float]], walk_m: float | np.ndarray
) -> Cells:
    return grid_cells(np.array(polygons, dtype=object), np.array(places, float), walk_m)


def spacing_of(polygon: shapely.Geometry) -> float:
    return min(math.sqrt(polygon.area / 1500), 40.0)


def clipped(polygon: shapely.Geometry, cells: Cells) -> np.ndarray:
    """Return the exact area of each cell's square inside the polygon."""
    half = spacing_of(polygon) / 2
    x, y = cells.xy[:, 0], cells.xy[:, 1]
    return shapely.area(shapely.intersection(shapely.box(x - half, y - half, x + half, y + half), polygon))


@pytest.mark.parametrize("name", SHAPES)
def test_clipped_areas_are_those_of_geos(name: str) -> None:
    polygon = SHAPES[name]
    # stops on all corners, and a walk as long as the shape: the window is the whole polygon
    x0, y0, x1, y1 = polygon.bounds
    cells = make([polygon], [(x0, y0), (x1, y1), (x0, y1), (x1, y0)], 5000.0)
    assert np.isfinite(cells.xy).all()
    assert cells.weight.sum() == pytest.approx(1, abs=1e-9)
    assert cells.weight * polygon.area == pytest.approx(clipped(polygon, cells), abs=1e-6 * polygon.area)
    covered = shapely.union_all(
        [shapely.box(x - h, y - h, x + h, y + h) for x, y in cells.xy for h in [spacing_of(polygon) / 2]]
    )
    assert polygon.difference(covered).area < 1e-6 * polygon.area


def test_real_world_coordinates_do_not_blunt_the_areas() -> None:
    polygon = translate(HOLED, 525_123.4, 5_039_876.6)  # Portland, UTM 10N
    cells = make([polygon], [(525_500.0, 5_040_300.0)], 5000.0)
    assert cells.weight * polygon.area == pytest.approx(clipped(polygon, cells), abs=1e-6 * polygon.area)


@pytest.mark.parametrize("place", [(100.0, 150.0), (-300.0, 500.0), (1150.0, 1050.0), (500.0, -250.0)])
def test_window_holds_every_place_within_walking_distance(place: tuple[float, float]) -> None:
    cells = make([SQUARE], [place], 400.0)
    near = np.isfinite(cells.xy[:, 0])
    assert cells.weight.sum() == pytest.approx(1, abs=1e-9)
    inside = Cells(cells.xy[near], cells.tract[near], cells.weight[near])
    assert inside.weight * SQUARE.area == pytest.approx(clipped(SQUARE, inside), abs=1e-3)
    half = spacing_of(SQUARE) / 2
    covered = shapely.union_all([shapely.box(x - half, y - half, x + half, y + half) for x, y in inside.xy])
    walkable = shapely.Point(place).buffer(400, quad_segs=64).intersection(SQUARE)
    assert walkable.difference(covered.buffer(1e-6)).area < 1e-3
    # what is within walking distance by cells is what GEOS says, within a hundredth of the tract
    share = inside.weight[np.hypot(*(inside.xy - place).T) <= 400].sum()
    assert share == pytest.approx(walkable.area / SQUARE.area, abs=0.01)


def test_window_of_a_tract_with_a_hole_cut_by_the_window_edge() -> None:
    # the window's right edge runs through the hole and left of the far wall
    cells = make([HOLED], [(0.0, 500.0)], 400.0)
    near = np.isfinite(cells.xy[:, 0])
    inside = Cells(cells.xy[near], cells.tract[near], cells.weight[near])
    assert inside.weight * HOLED.area == pytest.approx(clipped(HOLED, inside), abs=1e-3)
    assert cells.weight.sum() == pytest.approx(1, abs=1e-9)


def test_tiny_tract_is_cut_fine_enough() -> None:
    cells = make([TINY], [(0.0, 0.0)], 30.0)  # a quarter circle of 30 m in a square of 60 m: 0.196
    share = cells.weight[np.hypot(*cells.xy.T) <= 30].sum()
    assert share == pytest.approx(math.pi * 900 / 4 / 3600, abs=0.01)
    assert len(cells.weight) > 300


def test_huge_tract_with_one_stop_in_a_corner_stays_small() -> None:
    # 60 km × 60 km would be 2.25 million squares of 40 m; the stop reaches a corner of 400 m
    huge = shapely.box(0, 0, 60_000, 60_000)
    cells = make([huge], [(0.0, 0.0)], 400.0)
    near = np.isfinite(cells.xy[:, 0])
    assert len(cells.weight) < 200
    assert (~near).sum() == 1
    assert cells.weight.sum() == pytest.approx(1, abs=1e-9)
    share = cells.weight[near][np.hypot(*cells.xy[near].T) <= 400].sum()
    assert share * huge.area == pytest.approx(math.pi * 400**2 / 4, rel=0.05)


def test_each_place_has_its_own_walking_distance() -> None:
    big = shapely.box(0, 0, 20_000, 20_000)
    places = [(3000.0, 3000.0), (12_000.0, 12_000.0)]
    alike, same = make([big], places, 400.0), make([big], places, np.array([400.0, 400.0]))
    assert alike.xy.tobytes() == same.xy.tobytes()
    assert alike.weight.tobytes() == same.weight.tobytes()

    cells = make([big], places, np.array([300.0, 2000.0]))
    near = cells.xy[np.isfinite(cells.xy[:, 0])]
    assert near.min(axis=0) == pytest.approx([2700, 2700], abs=80)
    assert near.max(axis=0) == pytest.approx([14_000, 14_000], abs=80)
    for place, walk_m in zip(places, (300.0, 2000.0), strict=True):
        share = cells.weight[np.hypot(*(cells.xy - place).T) <= walk_m].sum()
        assert share * big.area == pytest.approx(math.pi * walk_m**2, rel=0.03)


def test_tract_far_from_every_place_is_one_cell_out_of_reach() -> None:
    far = shapely.box(50_000, 0, 51_000, 1000)
    cells = make([SQUARE, far], [(500.0, 500.0)], 400.0)
    assert cells.weight[cells.tract == 1].tolist() == [1.0]
    assert np.isinf(cells.xy[cells.tract == 1]).all()
    assert cells.weight[cells.tract == 0].sum() == pytest.approx(1, abs=1e-9)


def test_tracts_do_not_bleed_into_each_other() -> None:
    polygons = [translate(p, i * 137.3, i * 911.7) for i, p in enumerate(SHAPES.values())]
    corners = [
        corner for p in polygons for corner in ((p.bounds[0], p.bounds[1]), (p.bounds[2], p.bounds[3]))
    ]
    together = make(polygons, corners, 5000.0)
    assert (np.diff(together.tract) >= 0).all()
    assert np.bincount(together.tract, together.weight) == pytest.approx(np.ones(len(polygons)), abs=1e-9)
    for i, polygon in enumerate(polygons):
        mine = together.tract == i
        cells = Cells(together.xy[mine], together.tract[mine], together.weight[mine])
        exact = clipped(polygon, cells)
        assert cells.weight * polygon.area == pytest.approx(exact, abs=1e-6 * polygon.area)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-800, 800), st.floats(-800, 800)), min_size=4, max_size=9, unique=True),
    st.tuples(st.floats(-1500, 1500), st.floats(-1500, 1500)),
    st.floats(50, 900),
)
def test_any_polygon_any_window(
    points: list[tuple[float, float]], place: tuple[float, float], walk_m: float
) -> None:
    first, second = (
        shapely.MultiPoint(half).convex_hull for half in (points, points[: len(points) // 2 + 1])
    )
    polygon = shapely.union(first.buffer(20).difference(second.buffer(5)), shapely.box(900, 900, 960, 980))
    cells = make([polygon], [place], walk_m)
    assert cells.weight.sum() == pytest.approx(1, abs=1e-8)
    near = np.isfinite(cells.xy[:, 0])
    inside = Cells(cells.xy[near], cells.tract[near], cells.weight[near])
    assert inside.weight * polygon.area == pytest.approx(clipped(polygon, inside), abs=1e-5 * polygon.area)
    half = spacing_of(polygon) / 2
    covered = shapely.union_all([shapely.box(x - half, y - half, x + half, y + half) for x, y in inside.xy])
    walkable = shapely.Point(place).buffer(walk_m, quad_segs=32).intersection(polygon)
    assert walkable.difference(covered.buffer(1e-6)).area < 1e-4 * polygon.area


def test_point_cells_share_a_tract_by_their_people() -> None:
    by_area = make([SQUARE, shapely.box(2000, 0, 3000, 1000)], [(500.0, 500.0)], 400.0)
    points = pd.DataFrame({"population": [30.0, 5.0, 10.0], "tract": [1, 0, 1]})
    xy = np.array([[2100.0, 100.0], [10.0, 20.0], [2900.0, 900.0]])
    cells = point_cells(points, xy, by_area)
    assert cells.tract.tolist() == [0, 1, 1]
    assert cells.weight == pytest.approx([1.0, 0.75, 0.25])
    assert cells.xy.tolist() == [[10, 20], [2100, 100], [2900, 900]]


def test_tract_without_points_falls_back_to_area() -> None:
    polygons = [SQUARE, shapely.box(1000, 0, 2000, 1000), shapely.box(50_000, 0, 51_000, 1000)]
    by_area = make(polygons, [(1000.0, 500.0)], 400.0)
    cells = point_cells(
        pd.DataFrame({"population": [7.0], "tract": [1]}), np.array([[1500.0, 10.0]]), by_area
    )
    assert np.bincount(cells.tract, cells.weight) == pytest.approx([1, 1, 1], abs=1e-9)
    assert (cells.tract == 1).sum() == 1
    for tract in (0, 2):
        assert np.array_equal(cells.xy[cells.tract == tract], by_area.xy[by_area.tract == tract])
        assert np.array_equal(cells.weight[cells.tract == tract], by_area.weight[by_area.tract == tract])
    assert (np.diff(cells.tract) >= 0).all()
