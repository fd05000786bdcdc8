"""Bounds of apportioning: tracts that lie wholly near a route, and those it touches at all.

Whatever share of a tract's people live near a route, it is 1 where the whole tract does and 0 where
no part of it does. Found on the tract's area itself, not on cells, so that nothing slips between.
"""

import numpy as np
import numpy.typing as npt
import scipy.sparse
import shapely

CIRCLE_SEGMENTS = 16  # per quarter; a polygon inside the true circle, so "wholly" never overstates
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def touched_tracts(
    polygons: npt.NDArray[np.object_], stops_xy: Floats, stop: Ints, route: Ints, walk_m: Floats
) -> scipy.sparse.csr_matrix:
    """Return the tracts with any area within walking distance of each route's stops.

    Parameters
    ----------
    polygons : ndarray of shapely polygons, shape (tracts,)
        In metres.
    stops_xy : ndarray, shape (stops, 2)
    stop, route : ndarray of int, shape (rows,)
        Which stops each route serves.
    walk_m : ndarray, shape (routes,)

    Returns
    -------
    csr_matrix of bool, shape (routes, tracts)
    """
    tree = shapely.STRtree(polygons)
    found = scipy.sparse.csr_matrix((len(walk_m), len(polygons)), dtype=bool)
    for distance in np.unique(walk_m):
        called = np.unique(stop[walk_m[route] == distance])
        near_stop, tract = tree.query(
            shapely.points(stops_xy[called]), predicate="dwithin", distance=float(distance)
        )
        near = scipy.sparse.csr_matrix(
            (np.ones(len(tract), bool), (called[near_stop], tract)), (len(stops_xy), len(polygons))
        )
        calls = scipy.sparse.csr_matrix(
            (walk_m[route] == distance, (route, stop)), (len(walk_m), len(stops_xy))
        )
        found = found + (calls @ near)
    return found


def wholly_near_tracts(
    candidates: scipy.sparse.csr_matrix,
    polygons: npt.NDArray[np.object_],
    stops_xy: Floats,
    stop: Ints,
    route: Ints,
    walk_m: Floats,
) -> scipy.sparse.csr_matrix:
    """Return the candidates whose whole area is within walking distance of the route's stops.

    Parameters
    ----------
    candidates : csr_matrix of bool, shape (routes, tracts)
        Where all cells of the tract are near; the only places where the whole area can be.
    polygons, stops_xy, stop, route, walk_m
        As for `touched_tracts`.

    Returns
    -------
    csr_matrix of bool, shape (routes, tracts)
    """
    routes, tracts = candidates.nonzero()
    kept = np.zeros(len(routes), bool)
    for one in np.unique(routes):
        circles = shapely.buffer(
            shapely.points(stops_xy[np.unique(stop[route == one])]),
            walk_m[one],
            quad_segs=CIRCLE_SEGMENTS,
        )
        near = shapely.union_all(circles)
        shapely.prepare(near)
        rows = routes == one
        kept[rows] = shapely.covers(near, polygons[tracts[rows]])
    return scipy.sparse.csr_matrix(
        (np.ones(kept.sum(), bool), (routes[kept], tracts[kept])), candidates.shape
    )
