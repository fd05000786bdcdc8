"""Shares of tracts by area: how much of each tract lies within walking distance of each route's stops.

Of the squares of a tract those count whose middle is near. They are not looked at one by one: the circle
around a stop covers a run of squares in each row, and the runs of a route's stops are joined along the row.
"""

import numpy as np
import numpy.typing as npt
import scipy.sparse
import shapely

from targeting.cells import Floats, Ints, Squares


def area_shares(
    squares: Squares,
    polygons: npt.NDArray[np.object_],
    *,
    stops_xy: Floats,
    stop: Ints,
    route: Ints,
    walk_m: Floats,
) -> scipy.sparse.csr_matrix:
    """Return the share of each tract's area that each route serves.

    Parameters
    ----------
    squares : Squares
        Of these tracts and stops.
    polygons : ndarray of shapely polygons, shape (tracts,)
    stops_xy : ndarray, shape (stops, 2)
        Metres.
    stop, route : ndarray of int, shape (rows,)
        Which stops each route serves.
    walk_m : ndarray, shape (routes,)

    Returns
    -------
    csr_matrix, shape (routes, tracts)
        What `targeting.catchment.Catchment.share` is of the squares as cells.
    """
    before = np.concatenate([[0.0], np.cumsum(squares.weight)])  # weight of all squares before each
    shape = (len(walk_m), len(polygons))
    share = scipy.sparse.csr_matrix(shape)
    for limit in np.unique(walk_m):
        some = walk_m[route] == limit
        calls = np.unique(np.column_stack([stop[some], route[some]]), axis=0)
        places = np.unique(calls[:, 0])
        tree = shapely.STRtree(shapely.points(stops_xy[places]))
        # the middle of a square may lie just outside its tract
        tract, found = tree.query(polygons, predicate="dwithin", distance=float(limit) + squares.spacing)
        pair, begin, end = _runs(squares, tract, stops_xy[places[found]], float(limit))

        first = np.searchsorted(calls[:, 0], places[found])[pair]
        count = np.searchsorted(calls[:, 0], places[found], side="right")[pair] - first
        run = np.repeat(np.arange(len(pair)), count)
        each = np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count)
        of = calls[first[run] + each, 1]
        order = np.lexsort((begin[run], of))
        run, of = run[order], of[order]
        part = _joined(of, begin[run], end[run], before)
        share = share + scipy.sparse.csr_matrix((part, (of, tract[pair[run]])), shape=shape)
    share.eliminate_zeros()
    share.data = np.minimum(share.data, 1.0)  # sums of shares may miss it by a rounding
    return share


def _runs(squares: Squares, tract: Ints, places: Floats, limit: float) -> tuple[Ints, Ints, Ints]:
    """Return the runs of squares of tracts whose middles are near places, a tract and a place a pair.

    Returns
    -------
    pair, begin, end : ndarray of int, shape (runs,)
        Which pair, and the positions of the first square and of the one after the last.
    """
    side = squares.spacing[tract]
    x, y = ((places - squares.windows[tract, :2]) / side[:, None] - 0.5).T  # middles are whole numbers
    radius = limit / side
    low = np.maximum(np.ceil(y - radius), 0).astype(np.int64)
    high = np.minimum(np.floor(y + radius), squares.rows[tract] - 1).astype(np.int64)
    count = np.maximum(high - low + 1, 0)
    pair = np.repeat(np.arange(len(tract)), count)
    row = low[pair] + np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    half = np.sqrt(np.maximum(radius[pair] ** 2 - (row - y[pair]) ** 2, 0.0))
    start = np.maximum(np.ceil(x[pair] - half), 0).astype(np.int64)
    stop = np.minimum(np.floor(x[pair] + half) + 1, squares.columns[tract[pair]] - 1).astype(np.int64)
    some = stop > start
    pair, row = pair[some], row[some]
    line = squares.first[tract[pair]] + row * squares.columns[tract[pair]]
    return pair, line + start[some], line + stop[some]


def _joined(route: Ints, begin: Ints, end: Ints, before: Floats) -> Floats:
    """Return the weight that each run adds to those of its route before it; by route, then by begin."""
    apart = route * len(before)  # runs of different routes never meet
    reached = np.maximum.accumulate(apart + end)
    start = np.maximum(begin, np.concatenate([[0], reached[:-1]]) - apart)
    return np.where(end > start, before[end] - before[np.minimum(start, end)], 0.0)
