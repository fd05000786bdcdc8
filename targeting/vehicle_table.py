"""The table of vehicles: how many each route has, what they share, and where its cards go."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from targeting.cache import Cache
from targeting.campaign import Campaign
from targeting.derived import derive_feed
from targeting.feed import Feed
from targeting.garages import read_garages
from targeting.notices import Notices
from targeting.service import BlockHours, block_hours, design_weekday
from targeting.units import Units, family_name, in_order, make_units, short_name
from targeting.wording import listed, natural

ROUTES_NAMED = 3


@dataclass(frozen=True)
class VehicleTotals:
    """What the vehicles of all routes share.

    Attributes
    ----------
    fleet : int
        Most vehicles in service at once on the design weekday.
    blocks : int
        Vehicle-days of the design weekday.
    shared_blocks : int
        Of those, how many serve more than one route.
    elsewhere : float
        Share of the vehicle-hours of cards ordered by route that they spend on other routes.
    """

    fleet: int
    blocks: int
    shared_blocks: int
    elsewhere: float


def read_vehicles(
    campaign: Campaign,
    notices: Notices,
    step: Callable[[str], None] = lambda _: None,
    cache: Cache | None = None,
) -> tuple[Feed, pd.DataFrame, VehicleTotals]:
    """Return a campaign's feed, its `vehicle_rows` and its `vehicle_totals`; no census table is read.

    Raises
    ------
    TargetingError
        When the feed, or the file of garages, cannot be used.
    """
    region, placement = campaign.region, campaign.placement
    feed = derive_feed(
        cache,
        [campaign.path(path) for path in region.gtfs],
        notices=notices,
        week=region.week,
        modes=region.modes,
        limits=campaign.limits,
        step=step,
    )
    step("counting vehicles")
    units = make_units(
        feed,
        kind=placement.unit,
        garages=read_garages(campaign.path(placement.garages), feed, notices, campaign.limits)
        if placement.garages
        else None,
        family_share=placement.family_share,
        layover_s=region.layover_minutes * 60,
        notices=notices,
        cache=cache,
    )
    return feed, vehicle_rows(feed, units), vehicle_totals(feed, units)


def vehicle_rows(feed: Feed, units: Units) -> pd.DataFrame:
    """Return the columns of vehicles.csv (docs/columns.md), one row a route, in natural order."""
    routes = feed.routes.index
    worked = block_hours(feed.trips, feed.links)
    hours = in_order(worked, routes)
    serves = _weekday(feed, worked, hours)
    several = np.asarray(serves.sum(axis=1)).ravel() > 1
    shares = units.route_leakage.toarray()
    elsewhere = _elsewhere(units)
    np.fill_diagonal(shares, 0.0)
    kin = {route: family for family in units.families for route in family}
    table = pd.DataFrame(
        {
            "route_id": routes,
            "route_name": feed.routes["route_name"].to_numpy(),
            "mode": feed.routes["mode"].to_numpy(),
            "vehicles": units.route_vehicles.to_numpy(),
            "vehicle_hours_week": units.hours.to_numpy(),
            "blocks_weekday": np.asarray(serves.sum(axis=0)).ravel().astype(int),
            "shared_blocks_weekday": np.asarray(serves[several].sum(axis=0)).ravel().astype(int),
            "elsewhere": elsewhere,
            "elsewhere_routes": [_most(row, feed.routes) for row in shares],
            "family": [
                family_name(kin[route], feed.routes) if len(kin[route]) > 1 else "" for route in routes
            ],
            "garage": [listed(names) for names in _garages(units, worked, hours, routes)],
        }
    )
    order = sorted(range(len(routes)), key=lambda row: natural(table["route_name"].iloc[row]))
    return table.iloc[order].reset_index(drop=True)


def vehicle_totals(feed: Feed, units: Units) -> VehicleTotals:
    """Return the fleet and how much of it several routes share."""
    worked = block_hours(feed.trips, feed.links)
    serves = _weekday(feed, worked, in_order(worked, feed.routes.index))
    all_hours = float(units.hours.sum())
    lost = float((units.hours.to_numpy() * _elsewhere(units)).sum())
    return VehicleTotals(
        fleet=units.fleet,
        blocks=serves.shape[0],
        shared_blocks=int((np.asarray(serves.sum(axis=1)).ravel() > 1).sum()),
        elsewhere=lost / all_hours if all_hours else 0.0,
    )


def _weekday(feed: Feed, worked: BlockHours, hours: sp.csr_matrix) -> sp.csr_matrix:
    """Return 1 where a vehicle-day of the design weekday has hours on a route."""
    today = worked.blocks["day"].to_numpy() == design_weekday(feed.trips, feed.week)
    return sp.csr_matrix(hours[today] > 0, dtype=np.int64)


def _elsewhere(units: Units) -> npt.NDArray[np.float64]:
    # what is next to nothing is the rounding of a sum
    away = 1.0 - units.route_leakage.diagonal()
    return np.where(away < 1e-9, 0.0, away)


def _most(shares: npt.NDArray[np.float64], routes: pd.DataFrame) -> str:
    """Return the other routes on which a card is most: "4, 33, 20 and 2 others"."""
    ids = list(routes.index)
    found = sorted(np.flatnonzero(shares), key=lambda at: (-round(float(shares[at]), 9), natural(ids[at])))
    names = [short_name(ids[at], routes) for at in found]
    left = len(names) - ROUTES_NAMED
    if left > 1:
        names = [*names[:ROUTES_NAMED], f"{left} others"]
    return listed(names)


def _garages(
    units: Units, worked: BlockHours, hours: sp.csr_matrix, routes: pd.Index
) -> list[tuple[str, ...]]:
    """Return the garages of each route; by blocks all of those that send vehicles to it."""
    if units.garages is None:
        return [()] * len(routes)
    if units.garages.by == "route":
        garage = units.garages.garage
        return [(str(garage[route]),) if route in garage.index else () for route in routes]
    entries = hours.tocoo()
    garage = units.garages.of_vehicles(worked)[entries.row]
    found: list[set[str]] = [set() for _ in routes]
    for name, route in set(zip(garage, entries.col.tolist(), strict=True)):
        found[route].add(name)
    return [tuple(sorted(names - {""}, key=natural)) for names in found]
