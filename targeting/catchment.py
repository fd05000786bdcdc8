"""Catchments: who lives within walking distance of a stop that a route serves.

Distance is a straight line from cell to stop (buffer stops, never route lines). That overstates
walking most where streets do not connect and stops are sparse.

Cells of one tract with the same set of routes are merged into *atoms*, a few thousand for a metro.
Unions, overlaps, people served and placement all run on atoms.

A venue is found like a route that calls at one place. Routes and venues found together have the
same atoms, so that a person near both can be counted once.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from targeting.bounds import touched_tracts, wholly_near_tracts
from targeting.cells import Cells

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

ROAD_MODES = ("bus", "coach")
WHOLLY = 1 - 1e-6
DENSE_LIMIT = 1_000_000  # numbers held at once while cells are folded: 8 MB
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Catchment:
    """Atoms and the weekly departures of each route near them.

    Attributes
    ----------
    routes : Index of route_id or venue_id
        The columns of `departures`.
    tracts : int
        How many tracts there are.
    tract : ndarray of int, shape (atoms,)
        Position of the atom's tract, ascending.
    weight : ndarray, shape (atoms,)
        Share of the tract's people; the weights of a tract sum to 1.
    xy : ndarray, shape (atoms, 2)
        Where the atom is drawn: its cell nearest to the middle of its cells, in their metres; infinite
        where all of them lie beyond any walking distance.
    departures : csr_matrix, shape (atoms, routes)
        Weekly departures near an atom: of the route's best-served stop within walking distance,
        each direction apart and then added, averaged over the atom's cells by weight. An entry is
        there just where the route serves the atom.
    touched : csr_matrix of bool, shape (routes, tracts)
        Where any part of the tract's area is within walking distance: the outer bound of what
        apportioning can give.
    wholly : csr_matrix of bool, shape (routes, tracts)
        Where all of the tract's area is: the inner bound.
    share_by_area : csr_matrix or None, shape (routes, tracts)
        Where population points are used: the share of each tract's people that the routes would serve
        if they lived evenly over its area.
    """

    routes: pd.Index
    tracts: int
    tract: Ints
    weight: Floats
    xy: Floats
    departures: scipy.sparse.csr_matrix
    touched: scipy.sparse.csr_matrix
    wholly: scipy.sparse.csr_matrix
    share_by_area: scipy.sparse.csr_matrix | None = None

    def share(self) -> scipy.sparse.csr_matrix:
        """Return the share of each tract's people that each route serves, shape (routes, tracts)."""
        return _by_tract(_members(self.departures), self.tract, self.weight, self.tracts)

    def exposure(self) -> scipy.sparse.csr_matrix:
        """Return weekly departures near the mean resident, shape (routes, tracts).

        Times the people of a tract it gives exposure: people times weekly departures near them.
        """
        return _by_tract(self.departures, self.tract, self.weight, self.tracts)

    def share_of_any(self, routes: npt.NDArray[np.bool_]) -> Floats:
        """Return the share of each tract's people near any of the routes, shape (tracts,).

        A union: a person near three of them counts once.

        Parameters
        ----------
        routes : ndarray of bool, shape (routes,)
        """
        near = self.departures @ routes.astype(float) > 0
        share = np.bincount(self.tract[near], self.weight[near], minlength=self.tracts)
        return share.astype(float)

    def part(self, columns: slice, routes: pd.Index) -> "Catchment":
        """Return the same atoms with some of the columns, such as those of venues.

        Parameters
        ----------
        columns : slice
        routes : Index
            What the columns are called.
        """
        by_area = self.share_by_area
        return replace(
            self,
            routes=routes,
            departures=self.departures[:, columns],
            touched=self.touched[columns],
            wholly=self.wholly[columns],
            share_by_area=None if by_area is None else by_area[columns],
        )


def walking_distances(modes: "pd.Series[str]", *, bus_walk_m: float, rail_walk_m: float) -> Floats:
    """Return the walking distance to stops of each route, metres, by its mode."""
    return np.where(modes.isin(ROAD_MODES), bus_walk_m, rail_walk_m)


def make_catchment(
    cells: Cells,
    *,
    polygons: npt.NDArray[np.object_],
    stops_xy: Floats,
    stop: Ints,
    route: Ints,
    direction: Ints,
    departures: Floats,
    routes: pd.Index,
    walk_m: Floats,
) -> Catchment:
    """Find the routes near every cell and merge cells into atoms.

    Parameters
    ----------
    cells : Cells
    polygons : ndarray of shapely polygons, shape (tracts,)
        The tracts, in metres.
    stops_xy : ndarray, shape (stops, 2)
        Metres, in the cells' coordinate system.
    stop, route, direction, departures : ndarray, shape (rows,)
        Weekly departures: position of the stop and of the route, direction (0 or 1), and how many.
    routes : Index of route_id
    walk_m : ndarray, shape (routes,)
        Walking distance to each route's stops, metres.
    """
    order = np.argsort(stop, kind="stable")
    stop, route, direction, departures = (
        stop[order],
        route[order],
        direction[order],
        departures[order],
    )
    first_row = np.searchsorted(stop, np.arange(len(stops_xy) + 1))
    walks = _walks(stops_xy, stop, route, walk_m)
    merged = []
    chunk = max(1, DENSE_LIMIT // (2 * len(routes)))
    for begin, end in _chunks(cells.tract, chunk):
        near = _near_routes(
            *_pairs(cells.xy[begin:end], walks), end - begin,
            first_row, route, direction, departures, walk_m,
        )  # fmt: skip
        merged.append(_merge(cells.xy[begin:end], cells.tract[begin:end], cells.weight[begin:end], near))
    tract, weight, xy = (np.concatenate([atoms[part] for atoms in merged]) for part in range(3))
    near = scipy.sparse.vstack([atoms[3] for atoms in merged], format="csr")
    share = _by_tract(_members(near), tract, weight, len(polygons))
    service = (polygons, stops_xy, stop, route, walk_m)
    return Catchment(
        routes=routes,
        tracts=len(polygons),
        tract=tract,
        weight=weight,
        xy=xy,
        departures=near,
        touched=touched_tracts(*service),
        wholly=wholly_near_tracts(share >= WHOLLY, *service),
    )


def _members(departures: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Return 1 where a route serves an atom."""
    member = departures.copy()
    member.data = np.ones_like(member.data)
    return member


def _by_tract(
    atoms: scipy.sparse.csr_matrix, tract: Ints, weight: Floats, tracts: int
) -> scipy.sparse.csr_matrix:
    """Return the weighted sum over each tract's atoms, shape (routes, tracts)."""
    count = len(tract)
    fold = scipy.sparse.csr_matrix((weight, (tract, np.arange(count))), shape=(tracts, count))
    return (fold @ atoms).T.tocsr()


def _walks(stops: Floats, stop: Ints, route: Ints, walk_m: Floats) -> "list[tuple[float, Ints, cKDTree]]":
    """Return the distances that people walk to stops, and which stops those are."""
    from scipy.spatial import cKDTree  # here and below, since a plan from the cache finds no pairs

    farthest = np.zeros(len(stops))
    np.maximum.at(farthest, stop, walk_m[route])
    limits = [(limit, np.flatnonzero(farthest == limit)) for limit in np.unique(farthest[farthest > 0])]
    return [(float(limit), some, cKDTree(stops[some])) for limit, some in limits]


def _pairs(cells: Floats, walks: "list[tuple[float, Ints, cKDTree]]") -> tuple[Ints, Ints, Floats]:
    """Return every cell and stop within the stop's walking distance of each other, and their distance."""
    from scipy.spatial import cKDTree

    reachable = np.flatnonzero(np.isfinite(cells[:, 0]))
    if not len(reachable):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    # the quickest tree to build: it is asked once
    tree = cKDTree(cells[reachable], balanced_tree=False, compact_nodes=False)
    near_cell, near_stop, apart = [], [], []
    for limit, some, stops in walks:
        found = tree.sparse_distance_matrix(stops, limit, output_type="ndarray")
        near_cell.append(reachable[found["i"]])
        near_stop.append(some[found["j"]])
        apart.append(found["v"])
    cell, stop, distance = map(np.concatenate, (near_cell, near_stop, apart))
    return cell, stop, distance


def _chunks(tract: Ints, limit: int) -> list[tuple[int, int]]:
    """Return cell ranges of about `limit` cells, none of which parts a tract."""
    starts = np.flatnonzero(np.diff(tract, prepend=-1))
    edges = [0]
    for start in starts[1:]:
        if start - edges[-1] >= limit:
            edges.append(int(start))
    edges.append(len(tract))
    return list(pairwise(edges))


def _near_routes(
    cell: Ints, stop: Ints, distance: Floats, cells: int,
    first_row: Ints, route: Ints, direction: Ints, departures: Floats, walk_m: Floats,
) -> Floats:  # fmt: skip
    """Return weekly departures of every route near every cell, shape (cells, routes)."""
    rows = first_row[stop + 1] - first_row[stop]
    pair = np.repeat(np.arange(len(stop)), rows)
    row = np.arange(len(pair)) - np.repeat(np.cumsum(rows) - rows, rows) + first_row[stop][pair]
    if (walk_m != walk_m[0]).any():  # else who is near the stop is near the route
        walkable = distance[pair] <= walk_m[route[row]]
        pair, row = pair[walkable], row[walkable]
    width = len(walk_m) * 2
    best = np.zeros((cells, width))
    # one index into all of it, for two take NumPy several times as long
    np.maximum.at(best.ravel(), cell[pair] * width + route[row] * 2 + direction[row], departures[row])
    return best[:, 0::2] + best[:, 1::2]


def _merge(
    xy: Floats, tract: Ints, weight: Floats, near: Floats
) -> tuple[Ints, Floats, Floats, scipy.sparse.csr_matrix]:
    """Return tract, weight, place and mean departures of the atoms: same tract, same set of routes."""
    key = np.column_stack([tract.astype(">i8").view(np.uint8).reshape(-1, 8), np.packbits(near > 0, axis=1)])
    _, atom = np.unique(key.view(np.dtype((np.void, key.shape[1]))).ravel(), return_inverse=True)
    count = int(atom.max()) + 1
    fold = scipy.sparse.csr_matrix((weight, (atom, np.arange(len(atom)))), (count, len(atom)))
    total = np.asarray(fold.sum(axis=1)).ravel()
    mean = scipy.sparse.csr_matrix((fold @ near) * (1 / total)[:, None])
    tract_of = np.zeros(count, np.int64)
    tract_of[atom] = tract
    return tract_of, total, _places(xy, atom, weight, count), mean


def _places(xy: Floats, atom: Ints, weight: Floats, count: int) -> Floats:
    """Return of each atom the cell nearest to the middle of its cells, shape (count, 2)."""
    placed = np.flatnonzero(np.isfinite(xy[:, 0]))
    xy, atom, weight = xy[placed], atom[placed], weight[placed]
    total = np.maximum(np.bincount(atom, weight, minlength=count), np.finfo(float).tiny)
    middle = np.column_stack([np.bincount(atom, weight * axis, minlength=count) / total for axis in xy.T])
    away = np.hypot(*(xy - middle[atom]).T)
    least = np.full(count, np.inf)
    np.minimum.at(least, atom, away)
    nearest = np.flatnonzero(away == least[atom])[::-1]  # of cells equally near the first
    place = np.full((count, 2), np.inf)
    place[atom[nearest]] = xy[nearest]
    return place
