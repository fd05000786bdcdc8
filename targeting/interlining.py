"""Interlining: buses that run several routes in a day, and where a card ordered for one of them goes.

A card stays in its bus. Where the bus of route 4 spends half its day on route 33, half of what was
ordered for 4 is seen on 33. Buses are taken to be dealt to blocks at random every day, and a card to
stay where the timetable alone sends its bus; a garage that keeps buses to certain routes leaks less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from targeting.service import BlockHours
from targeting.wording import natural

if TYPE_CHECKING:
    import networkx as nx

SharedHours = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Interlining:
    """Which routes share vehicles.

    Attributes
    ----------
    routes : mapping of route_id to (float, int)
        Vehicle-hours of the week, and vehicles.
    ties : sequence of (route_id, route_id, float)
        Routes that share vehicles, and the vehicle-hours of the week of all such vehicles.
    """

    routes: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    ties: Sequence[tuple[str, str, float]] = ()

    def graph(self) -> "nx.Graph":
        """Return the routes as nodes with `hours` and `vehicles`, the ties as edges with `weight`."""
        import networkx as nx  # here, since it takes a while, and few draw the graph

        graph = nx.Graph()
        for route, (hours, vehicles) in self.routes.items():
            graph.add_node(route, hours=hours, vehicles=vehicles)
        graph.add_weighted_edges_from(self.ties)
        return graph


def leakage(hours: sp.csr_matrix, members: sp.csr_matrix) -> sp.csr_matrix:
    """Return on which routes the cards ordered for each unit spend their hours.

    A card for unit u is put in a bus found in service on u, so in the bus of vehicle-day b with
    probability H(b, u) / H(u); there it spends the whole day as its block does, H(b, r) / H(b) of it
    on route r::

        leakage(u, r) = Σ_b H(b, u) / H(u) · H(b, r) / H(b)

    with H(b, r) the hours of vehicle-day b on route r, H(b, u) on all routes of the unit, H(b) in
    all, and H(u) = Σ_b H(b, u). Where the units share out the routes, no hour is lost:
    Σ_u H(u) · leakage(u, r) = H(r).

    Parameters
    ----------
    hours : csr_matrix, shape (vehicle-days, routes)
        Hours in service.
    members : csr_matrix, shape (routes, units)
        1 where the route belongs to the unit; every unit has a route.

    Returns
    -------
    csr_matrix, shape (units, routes)
        Shares; each row sums to 1. A unit without hours has its own routes in equal parts.
    """
    in_unit = sp.csc_matrix(hours @ members)
    found = _rows_to_one(sp.csr_matrix(in_unit.T))
    return share_of_hours(found, _rows_to_one(hours), members)


def share_of_hours(weights: sp.csr_matrix, hours: sp.csr_matrix, members: sp.csr_matrix) -> sp.csr_matrix:
    """Return `weights` @ `hours` with rows that sum to 1.

    Parameters
    ----------
    weights : csr_matrix, shape (units, vehicle-days)
    hours : csr_matrix, shape (vehicle-days, routes)
    members : csr_matrix, shape (routes, units)
        The routes that share in equal parts where a unit has no hours.
    """
    spread = sp.csr_matrix(weights @ hours)
    idle = np.asarray(spread.sum(axis=1)).ravel() == 0
    own = sp.diags(idle.astype(float)) @ sp.csr_matrix(members.T, dtype=float)
    return _rows_to_one(sp.csr_matrix(spread + own))


def shared_hours(block_hours: BlockHours) -> SharedHours:
    """Return which routes share vehicles: the edges of the interlining graph and their weights.

    Returns
    -------
    dict of (str, str) to float
        Pairs of routes that some vehicle serves on one day, each in the order of text; and the
        vehicle-hours of the week of all such vehicles, on whatever route they spend them.
    """
    hours, routes = block_hours.hours, block_hours.routes
    serves = sp.csr_matrix(hours > 0, dtype=float)
    shared = sp.triu(serves.T @ sp.diags(np.asarray(hours.sum(axis=1)).ravel()) @ serves, k=1).tocoo()
    pairs = zip(routes[shared.row], routes[shared.col], strict=True)
    return dict(zip(pairs, shared.data.tolist(), strict=True))


def families(
    route_leakage: sp.csr_matrix, routes: pd.Index, shared: SharedHours, share: float
) -> list[tuple[str, ...]]:
    """Return the families of routes that share so many buses that they are best ordered together.

    Communities of the interlining graph (greedy modularity by shared vehicle-hours, Clauset, Newman
    and Moore 2004), after edges are dropped along which little leaks.

    Parameters
    ----------
    route_leakage : csr_matrix, shape (routes, routes)
        Result of `leakage` with each route a unit of its own.
    routes : Index of route_id
        In the order of `route_leakage`.
    shared : dict of (str, str) to float
        Result of `shared_hours`.
    share : float
        An edge is kept where at least this share of the hours of a card for one of its two routes
        is spent on the other.

    Returns
    -------
    list of tuple of str
        Each route in one family, sorted as people sort numbers; families in the order of their first
        routes. A route that shares with none is a family of its own.
    """
    import networkx as nx  # here, since a plan from the cache finds no families

    names = sorted(routes, key=natural)
    # numbers instead of names: the order of sets of text differs from run to run
    number = {name: position for position, name in enumerate(names)}
    leaks = route_leakage.tocoo()
    strong = leaks.data >= share - 1e-9
    place = np.array([number[name] for name in routes])
    pairs = np.sort(np.column_stack([place[leaks.row[strong]], place[leaks.col[strong]]]), axis=1)
    close = nx.Graph()
    for one, other in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
        # rounded, lest the order of a sum decide between equals
        first, second = sorted((names[one], names[other]))
        close.add_edge(one, other, weight=round(shared[first, second], 6))
    found = nx.community.greedy_modularity_communities(close, weight="weight") if close else []
    together = [sorted(community) for community in found]
    lone = [[position] for position in range(len(names)) if position not in close]
    return [tuple(names[position] for position in family) for family in sorted(together + lone)]


def _rows_to_one(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Return the matrix with each row divided by its sum; a row of zeros stays one."""
    total: npt.NDArray[np.float64] = np.asarray(matrix.sum(axis=1), float).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return sp.csr_matrix(sp.diags(scale) @ matrix)
