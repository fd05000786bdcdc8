"""Cells: points with weights that stand for where a tract's people live.

Population points (blocks, block groups) carry the weights where they are given. Elsewhere people
are taken to live evenly over the tract's area: grid squares clipped to the tract, each as heavy as
its area. Plain area weighting is known to be off by about a fifth where a tract is half industry
or forest (Zandbergen 2011), which is why points are worth having.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

SQUARES_PER_TRACT = 1500
LARGEST_SQUARE_M = 40.0
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Weighted points; the weights of every tract sum to 1.

    Attributes
    ----------
    xy : ndarray, shape (cells, 2)
        Metres, in the coordinate system of the tracts given.
    tract : ndarray of int, shape (cells,)
        Position of the cell's tract; ascending.
    weight : ndarray, shape (cells,)
        Share of the tract's people.
    """

    xy: Floats
    tract: Ints
    weight: Floats


@dataclass(frozen=True)
class Squares:
    """Squares over the part of each tract where a stop can be within walking distance, one long row of them.

    Attributes
    ----------
    windows : ndarray, shape (tracts, 4)
        The box that a tract's squares cover, metres; empty where no stop is near.
    spacing : ndarray, shape (tracts,)
        Side of a tract's squares, metres.
    first : ndarray of int, shape (tracts,)
        Position of a tract's first square, in its corner of least x and y; rows follow each other.
    columns, rows : ndarray of int, shape (tracts,)
        Squares in a row, with a spare one at its end; rows of a tract.
    weight : ndarray, shape (squares,)
        Share of the tract's area in each square.
    """

    windows: Floats
    spacing: Floats
    first: Ints
    columns: Ints
    rows: Ints
    weight: Floats


def make_squares(
    polygons: npt.NDArray[np.object_], places: Floats, walk_m: float | Floats, *, coarser: float = 1.0
) -> Squares:
    """Return fine squares over the parts of tracts that are near places.

    Parameters
    ----------
    polygons : ndarray of shapely polygons, shape (tracts,)
        In metres.
    places : ndarray, shape (places, 2)
        Stops and venues, in metres. Squares are made only where one is within `walk_m`.
    walk_m : float or ndarray, shape (places,)
        The longest walking distance, to all places or to each, metres.
    coarser : float
        How many times as wide as usual the squares are: for a look at a whole region.

    Notes
    -----
    Squares measure sqrt(area / 1500), at most 40 m, so that tiny tracts have enough of them: the
    share of a tract within walking distance then differs from exact polygon overlay by less than
    0.01. The clipped area of a square is exact: signed areas of the boundary's pieces, summed along
    each row of squares (the coverage rule of font rasterisers, also used by exactextract).
    """
    area = shapely.area(polygons)
    spacing = coarser * np.minimum(np.sqrt(area / SQUARES_PER_TRACT), LARGEST_SQUARE_M)
    windows = _windows(polygons, places, np.broadcast_to(walk_m, len(places)), spacing)
    coverage, first, columns, rows = _coverage(polygons, spacing, windows)
    weight = np.where(coverage > 1e-9, coverage, 0.0) * np.repeat(spacing**2 / area, columns * rows)
    return Squares(windows, spacing, first, columns, rows, weight)


def grid_cells(polygons: npt.NDArray[np.object_], places: Floats, walk_m: float | Floats) -> Cells:
    """Return cells by area: fine squares near places, one cell for all the rest of a tract.

    Parameters
    ----------
    polygons, places, walk_m
        As for `make_squares`.
    """
    return cells_of(make_squares(polygons, places, walk_m))


def cells_of(squares: Squares) -> Cells:
    """Return cells by area: the squares that hold any of their tract, one cell for all the rest of it."""
    square = np.flatnonzero(squares.weight)
    tract = np.searchsorted(squares.first, square, side="right") - 1
    row, column = np.divmod(square - squares.first[tract], squares.columns[tract])
    xy = squares.windows[tract, :2] + (np.column_stack([column, row]) + 0.5) * squares.spacing[tract, None]
    weight = squares.weight[square]

    rest = 1.0 - np.bincount(tract, weight, minlength=len(squares.first))
    with_rest = np.flatnonzero(rest > 1e-9)
    # beyond the window nothing is within walking distance: any place far from all stops will do
    far = np.full((len(with_rest), 2), np.inf)
    order = np.argsort(np.concatenate([tract, with_rest]), kind="stable")
    return Cells(
        xy=np.concatenate([xy, far])[order],
        tract=np.concatenate([tract, with_rest])[order],
        weight=np.concatenate([weight, rest[with_rest]])[order],
    )


def point_cells(points: pd.DataFrame, xy: Floats, by_area: Cells) -> Cells:
    """Return cells of population points; tracts without any keep their cells by area.

    Parameters
    ----------
    points : DataFrame
        `population` and `tract` (position of the tract).
    xy : ndarray, shape (points, 2)
        The points in metres.
    by_area : Cells
        Cells by area of every tract.
    """
    tract = points["tract"].to_numpy(np.int64)
    people = points["population"].to_numpy(float)
    total = np.bincount(tract, people, minlength=int(by_area.tract.max()) + 1)
    bare = total[by_area.tract] == 0
    joined = np.concatenate([tract, by_area.tract[bare]])
    order = np.argsort(joined, kind="stable")
    return Cells(
        xy=np.concatenate([xy, by_area.xy[bare]])[order],
        tract=joined[order],
        weight=np.concatenate([people / total[tract], by_area.weight[bare]])[order],
    )


def _windows(polygons: npt.NDArray[np.object_], places: Floats, walk_m: Floats, spacing: Floats) -> Floats:
    """Return for each tract the box (x0, y0, x1, y1) in which a place can be within walking distance.

    An empty box (x1 = x0) where no place is.
    """
    bounds = shapely.bounds(polygons)
    low, high = np.full((len(polygons), 2), np.inf), np.full((len(polygons), 2), -np.inf)
    for distance in np.unique(walk_m):
        some = places[walk_m == distance]
        tree = shapely.STRtree(shapely.points(some))
        tract, place = tree.query(polygons, predicate="dwithin", distance=float(distance))
        reach = (distance + spacing)[tract, None]
        np.minimum.at(low, tract, some[place] - reach)
        np.maximum.at(high, tract, some[place] + reach)
    low = np.maximum(low, bounds[:, :2])
    # squares start from the tract's own corner, so that other routes do not move them
    with np.errstate(invalid="ignore"):
        steps = np.floor((low - bounds[:, :2]) / spacing[:, None])
    low = bounds[:, :2] + np.where(np.isfinite(steps), steps, 0.0) * spacing[:, None]
    high = np.minimum(high, bounds[:, 2:])
    empty = (high <= low).any(axis=1)
    low[empty], high[empty] = bounds[empty, :2], bounds[empty, :2]
    return np.hstack([low, high])


def _coverage(
    polygons: npt.NDArray[np.object_], spacing: Floats, windows: Floats
) -> tuple[Floats, Ints, Ints, Ints]:
    """Return the covered share of every square of every tract's window, one long row of squares.

    Returns
    -------
    coverage : ndarray
        Share of each square inside its tract, in [0, 1].
    first : ndarray of int, shape (tracts,)
        Position of each tract's first square.
    columns, rows : ndarray of int, shape (tracts,)
        Squares in a row, one spare at its end, and rows.
    """
    extent = np.ceil((windows[:, 2:] - windows[:, :2]) / spacing[:, None]).astype(np.int64)
    columns, rows = extent[:, 0] + 1, extent[:, 1]
    size = columns * rows
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    start, end, tract = _edges(polygons, windows, spacing)
    start, end, tract = _split_at_lines(start, end, tract)

    height = end[:, 1] - start[:, 1]
    middle = (start + end) / 2
    column = np.floor(middle[:, 0]).astype(np.int64)
    row = np.floor(middle[:, 1]).astype(np.int64)
    part = middle[:, 0] - column  # how far across its square the piece of boundary lies
    left, right = column < 0, column >= columns[tract] - 1
    column[left], part[left] = 0, 0.0
    inside = (row >= 0) & (row < rows[tract]) & ~right
    position = (first[tract] + row * columns[tract] + column)[inside]
    height, part = height[inside], part[inside]
    total = int(size.sum())
    change = np.bincount(position, height * (1 - part), minlength=total)
    change += np.bincount(position + 1, height * part, minlength=total + 1)[:total]
    # boundary right of the window is not counted, so each row starts its sum afresh
    running = np.cumsum(change)
    width = np.repeat(columns, rows)
    row_first = np.cumsum(width) - width
    coverage = np.abs(running - np.repeat(running[row_first] - change[row_first], width))
    coverage[row_first + width - 1] = 0.0
    return np.clip(coverage, 0.0, 1.0), first, columns, rows


def _edges(
    polygons: npt.NDArray[np.object_], windows: Floats, spacing: Floats
) -> tuple[Floats, Floats, Ints]:
    """Return the boundary's edges in squares from the window's corner, with their tract.

    Shells run one way and holes the other, so that signed areas add up.
    """
    parts, tract_of_part = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    tract = tract_of_part[part_of_ring[ring]]
    points = (points - windows[tract, :2]) / spacing[tract, None]
    same = ring[1:] == ring[:-1]
    return points[:-1][same], points[1:][same], tract[1:][same]


def _split_at_lines(start: Floats, end: Floats, tract: Ints) -> tuple[Floats, Floats, Ints]:
    """Return the edges cut at every whole x and every whole y, so that each lies in one square."""
    edges = [np.arange(len(start)), np.arange(len(start))]
    along = [np.zeros(len(start)), np.ones(len(start))]
    for axis in (0, 1):
        low = np.minimum(start[:, axis], end[:, axis])
        high = np.maximum(start[:, axis], end[:, axis])
        first_line = np.floor(low) + 1
        crossings = np.maximum(np.ceil(high) - first_line, 0).astype(np.int64)
        edge = np.repeat(np.arange(len(start)), crossings)
        nth = np.arange(len(edge)) - np.repeat(np.cumsum(crossings) - crossings, crossings)
        line = first_line[edge] + nth
        edges.append(edge)
        along.append((line - start[edge, axis]) / (end[edge, axis] - start[edge, axis]))
    edge, share = np.concatenate(edges), np.concatenate(along)
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    points = start[edge] + share[:, None] * (end - start)[edge]
    same = edge[1:] == edge[:-1]
    return points[:-1][same], points[1:][same], tract[edge[1:][same]]
