"""Reach: people expected to ride a posted bus at least once while the poster hangs.

People · (1 − exp(−rides)), with rides the boardings of a posted bus that a resident makes in the
weeks of posting: boardings a week grow with service (an elasticity, TCRP Report 95, chapter 9), and
of them the share of departures near home that carry the poster count. The curve takes residents of a
place to be alike and boardings to be independent; it says how plans compare better than how many
people really read a card.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse

from targeting.catchment import Catchment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Audience:
    """The people who can be reached, and how often one posted bus or card meets them.

    Attributes
    ----------
    people : ndarray, shape (atoms, groups)
        Only atoms that a unit reaches and where somebody lives.
    rides : csr_matrix, shape (atoms, units)
        Boardings of a posted bus (or visits to a posted venue) that a resident of the atom makes in
        all the weeks of posting, for each bus of the unit that carries the poster.
    tract : ndarray of int, shape (atoms,)
        Position of the atom's tract.
    weight : ndarray, shape (atoms,)
        Share of the tract's people who live in the atom.
    atom : ndarray of int, shape (atoms,)
        Position of the atom in the catchment.
    """

    people: Floats
    rides: scipy.sparse.csr_matrix
    tract: Ints
    weight: Floats
    atom: Ints

    def reached_shares(self, cards: npt.ArrayLike) -> Floats:
        """Return the share of each atom's people who are reached, shape (atoms, groups).

        Parameters
        ----------
        cards : array, shape (units, groups)
            Buses (or venue cards) of each unit that carry each group's language.
        """
        return np.asarray(-np.expm1(-(self.rides @ np.asarray(cards, float))))

    def reach(self, cards: npt.ArrayLike) -> Floats:
        """Return people reached of each group, shape (groups,)."""
        return np.asarray((self.people * self.reached_shares(cards)).sum(axis=0))

    def with_people(self, tract_people: Floats) -> "Audience":
        """Return the same audience with other tract figures, shape (tracts, groups)."""
        people = tract_people[self.tract] * self.weight[:, None]
        return replace(self, people=people)


def make_audience(
    catchment: Catchment,
    tract_people: Floats,
    *,
    leakage: scipy.sparse.csr_matrix,
    vehicles: Floats,
    route_vehicles: Floats,
    weeks: float,
    rides_per_week: float,
    elasticity: float,
    venues: Catchment | None = None,
    visits_per_week: float = 0.0,
) -> Audience:
    """Return who can be reached by the units: buses first, then the venues.

    Parameters
    ----------
    catchment : Catchment
    tract_people : ndarray, shape (tracts, groups)
    leakage : csr_matrix, shape (units, routes)
        Share of a card's hours that it spends on each route; rows sum to 1.
    vehicles : ndarray, shape (units,)
        Buses that each unit has.
    route_vehicles : ndarray, shape (routes,)
    weeks : float
        How long the posters hang.
    rides_per_week : float
        Boardings a week of a resident where service is as frequent as for the mean of those counted.
    elasticity : float
        Of boardings to departures: 0.5 means that four times the service makes twice the rides.
    venues : Catchment, optional
        On the same atoms, a column a venue.
    visits_per_week : float
        Visits a week to each venue by a resident near it.
    """
    near = catchment.departures
    served = np.asarray(near.sum(axis=1)).ravel()
    everyone = tract_people[catchment.tract] * catchment.weight[:, None]
    rides = weeks * weekly_rides(
        served, everyone.sum(axis=1), rides_per_week=rides_per_week, elasticity=elasticity
    )
    per_departure = np.divide(rides, served, out=np.zeros_like(served), where=served > 0)
    on_each = (
        scipy.sparse.diags(per_departure)
        @ near
        @ scipy.sparse.diags(1 / posted_vehicles(leakage, vehicles, route_vehicles))
    )
    columns = [(on_each @ leakage.T).tocsr()]
    if venues is not None:
        visited = venues.departures.copy()
        visited.data = np.full_like(visited.data, weeks * visits_per_week)
        columns.append(visited)
    met = scipy.sparse.hstack(columns, format="csr")
    kept = (met.getnnz(axis=1) > 0) & (everyone.sum(axis=1) > 0)
    return Audience(
        everyone[kept], met[kept], catchment.tract[kept], catchment.weight[kept], np.flatnonzero(kept)
    )


def weekly_rides(departures: Floats, people: Floats, *, rides_per_week: float, elasticity: float) -> Floats:
    """Return boardings a week of a resident of each place: r₀ · (D / D̄)^e, 0 without service.

    Parameters
    ----------
    departures : ndarray, shape (places,)
        Weekly departures of all routes near the place (D).
    people : ndarray, shape (places,)
        Whom to count in the mean departures D̄; only places with service count.
    """
    mean = mean_departures(departures, people)
    return rides_of_service(departures, mean, rides_per_week=rides_per_week, elasticity=elasticity)


def mean_departures(departures: Floats, people: Floats) -> float:
    """Return D̄, weekly departures near the mean of the people with any service; 0 where nobody has."""
    some = departures > 0
    counted = people[some].sum()
    return float((departures[some] * people[some]).sum() / counted) if counted else 0.0


def rides_of_service(departures: Floats, mean: float, *, rides_per_week: float, elasticity: float) -> Floats:
    """Return boardings a week of a resident of each place: r₀ · (D / D̄)^e, 0 without service.

    Parameters
    ----------
    departures : ndarray, shape (places,)
        D.
    mean : float
        D̄; 0 where nobody has service.
    """
    rides: Floats = np.zeros_like(departures)
    some = (departures > 0) & (mean > 0)
    rides[some] = rides_per_week * (departures[some] / mean) ** elasticity
    return rides


def posted_vehicles(leakage: scipy.sparse.csr_matrix, vehicles: Floats, route_vehicles: Floats) -> Floats:
    """Return over how many buses each route's departures are spread, shape (routes,).

    The route's vehicles; where the cards of all units would come to more than that (a bus counts on
    each of its routes at their peaks), that many, so that no more than all departures are posted.
    """
    come = np.asarray(leakage.T @ vehicles).ravel()
    return np.asarray(np.maximum(np.maximum(route_vehicles, come), 1.0))


def posted_departures(
    catchment: Catchment,
    cards: Floats,
    leakage: scipy.sparse.csr_matrix,
    vehicles: Floats,
    route_vehicles: Floats,
) -> Floats:
    """Return weekly posted departures near each atom, shape (atoms, groups): λ of the curve.

    Parameters
    ----------
    cards : ndarray, shape (units, groups)
        Buses of each unit that carry each group's language.
    """
    share = (leakage.T @ cards) / posted_vehicles(leakage, vehicles, route_vehicles)[:, None]
    return np.asarray(catchment.departures @ share)
