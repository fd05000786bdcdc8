"""What cards can be ordered for, and whom it serves: routes, families or garages, and venues.

The people served by a family or a garage are those near the routes on which its buses really run.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse

from targeting.campaign import Campaign
from targeting.catchment import Catchment
from targeting.certainty import certainty_of
from targeting.feed import Feed
from targeting.inputs import Inputs
from targeting.reach import posted_vehicles
from targeting.served import people_served
from targeting.units import Units
from targeting.venues import unit_names

POSTED_TRIPS_A_WEEK = 1.0  # a route counts as posted when one card rides at least so many of its trips


@dataclass(frozen=True)
class Postable:
    """Units with buses, then venues.

    Attributes
    ----------
    table : DataFrame indexed by unit_id
        `unit` (its kind), `unit_name`, `called` (tuple of other names a planner may use), `routes`
        (tuple of route_ids), `vehicles`, `slots` (languages that one bus, or the venue, can carry),
        `venue` (bool).
    figures : DataFrame
        One row a unit × language: `unit_id`, `language`, the columns of
        `targeting.served.people_served` and of `targeting.certainty.certainty_of`.
    catchment : Catchment
        A column a unit (and venue), on the atoms of the routes' catchment.
    """

    table: pd.DataFrame
    figures: pd.DataFrame
    catchment: Catchment


def make_postable(
    campaign: Campaign,
    inputs: Inputs,
    units: Units,
    served_by_routes: pd.DataFrame,
    near: Catchment,
    near_venues: Catchment | None,
) -> Postable:
    """Return what the campaign can order cards for.

    Parameters
    ----------
    served_by_routes : DataFrame
        `people_served` and `certainty_of` of every route × language.
    near, near_venues : Catchment
        Of the routes and of the venues, on the same atoms.
    """
    feed, venues = inputs.feed, inputs.venues
    joined = postable_catchment(feed, units, near, near_venues)
    table = units.table.assign(
        unit=units.kind,
        called=_called(units, feed),
        slots=campaign.posters.slots,
        venue=False,
    )
    if venues is not None and near_venues is not None:
        places = pd.DataFrame(
            {
                "unit": "venue",
                "unit_name": unit_names(venues),
                "called": [(name,) for name in venues["name"]],
                "routes": [()] * len(venues),
                "vehicles": 1,
                "slots": venues["slots"],
                "venue": True,
            },
            index=venues.index,
        )
        table = pd.concat([table, places[table.columns]])
    if joined is near:
        figures = served_by_routes
    else:
        trust = campaign.certainty
        figures = people_served(joined, inputs.tracts, inputs.languages)
        figures = figures.join(
            certainty_of(figures, inputs.languages, min_served=trust.min_served, cv_limits=trust.cv_limits)
        )
    return Postable(table.rename_axis("unit_id"), figures.rename(columns={"route_id": "unit_id"}), joined)


def postable_catchment(feed: Feed, units: Units, near: Catchment, near_venues: Catchment | None) -> Catchment:
    """Return one catchment of all units with buses, then of the venues.

    Parameters
    ----------
    near, near_venues : Catchment
        Of the routes and of the venues, on the same atoms.
    """
    joined = unit_catchment(near, units, feed.routes["departures_week"].to_numpy(float))
    return joined if near_venues is None else _beside(joined, near_venues)


def unit_catchment(near: Catchment, units: Units, departures_week: "np.ndarray") -> Catchment:
    """Return the catchment of each unit: of the routes on which its buses run.

    Parameters
    ----------
    near : Catchment
        Of the routes.
    units : Units
    departures_week : ndarray, shape (routes,)
        Trips a week; a route on which one card of the unit rides fewer than one of them is left out.

    Returns
    -------
    Catchment
        A column a unit; its departures are those that carry cards when all its buses do.
    """
    if units.kind == "route":
        return near
    vehicles = units.table["vehicles"].to_numpy(float)
    spread = posted_vehicles(units.leakage, vehicles, units.route_vehicles.to_numpy(float))
    runs = routes_run(units, departures_week)
    part = units.leakage.multiply(runs) @ scipy.sparse.diags(1 / spread)
    full = scipy.sparse.diags(np.maximum(vehicles, 1.0)) @ part
    member = runs.astype(float)
    by_area = near.share_by_area
    return Catchment(
        routes=units.table.index,
        tracts=near.tracts,
        tract=near.tract,
        weight=near.weight,
        xy=near.xy,
        departures=(near.departures @ full.T).tocsr(),
        touched=(member @ near.touched.astype(float) > 0).tocsr(),
        wholly=(member @ near.wholly.astype(float) > 0).tocsr(),
        # a union by area is not known from its parts: the largest of them, which is its least
        share_by_area=None if by_area is None else _largest_part(runs, by_area),
    )


def routes_run(units: Units, departures_week: "np.ndarray") -> scipy.sparse.csr_matrix:
    """Return on which routes a card of each unit is seen, bool, shape (units, routes).

    Parameters
    ----------
    departures_week : ndarray, shape (routes,)
        Trips a week; a route on which one card of the unit rides fewer than one of them is left out.
    """
    if units.kind == "route":
        return scipy.sparse.identity(len(units.table), dtype=bool, format="csr")
    vehicles = units.table["vehicles"].to_numpy(float)
    spread = posted_vehicles(units.leakage, vehicles, units.route_vehicles.to_numpy(float))
    a_card = (units.leakage @ scipy.sparse.diags(departures_week / spread)).tocsr()
    return a_card.multiply(a_card >= POSTED_TRIPS_A_WEEK).astype(bool).tocsr()


def _largest_part(runs: scipy.sparse.csr_matrix, share: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    rows = [share[runs[unit].indices].max(axis=0) for unit in range(runs.shape[0])]
    return scipy.sparse.vstack(rows, format="csr")


def _beside(left: Catchment, right: Catchment) -> Catchment:
    """Return one catchment with the columns of both, which have the same atoms."""
    area = None
    if left.share_by_area is not None and right.share_by_area is not None:
        area = scipy.sparse.vstack([left.share_by_area, right.share_by_area], format="csr")
    return Catchment(
        routes=left.routes.append(right.routes),
        tracts=left.tracts,
        tract=left.tract,
        weight=left.weight,
        xy=left.xy,
        departures=scipy.sparse.hstack([left.departures, right.departures], format="csr"),
        touched=scipy.sparse.vstack([left.touched, right.touched], format="csr"),
        wholly=scipy.sparse.vstack([left.wholly, right.wholly], format="csr"),
        share_by_area=area,
    )


def _called(units: Units, feed: Feed) -> list[tuple[str, ...]]:
    """Return what a planner may call each unit besides its id."""
    if units.kind == "garage":
        return [(str(name), unit.removeprefix("garage:")) for unit, name in units.table["unit_name"].items()]
    kinds = [feed.routes[name].to_dict() for name in ("route_short_name", "route_long_name", "route_name")]
    called = []
    for name, routes in zip(units.table["unit_name"], units.table["routes"], strict=True):
        numbers = [names[route] for names in kinds for route in routes]
        called.append(tuple(dict.fromkeys(filter(None, [str(name), *numbers, *routes]))))
    return called
