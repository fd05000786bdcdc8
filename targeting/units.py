"""Units: what a poster can be ordered for, with their vehicles and where their cards go.

A card can be ordered for a route, for a family of routes that share buses, or for a garage. The
further its buses roam, the less a unit says about where the card is seen: that is its leakage.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from targeting.cache import Cache
from targeting.derived import derive_families
from targeting.errors import CampaignError
from targeting.feed import Feed
from targeting.garages import Garages, garage_title
from targeting.interlining import SharedHours, leakage, share_of_hours, shared_hours
from targeting.notices import Notices
from targeting.service import BlockHours, block_hours, design_weekday, most_at_once, vehicles_in_use
from targeting.wording import listed, natural

Kind = Literal["route", "family", "garage"]


@dataclass(frozen=True)
class Units:
    """What cards are ordered for.

    Attributes
    ----------
    kind : {"route", "family", "garage"}
    table : DataFrame indexed by unit_id
        `unit_name`, `vehicles` (most of the unit's vehicles in service at once on the design
        weekday), `routes` (tuple of the route_ids that belong to it; of a garage all that its
        vehicles run).
    leakage : csr_matrix, shape (units, routes)
        Share of the hours of a card for the unit that it spends on each route, in the order of
        `Feed.routes`; rows sum to 1.
    route_leakage : csr_matrix, shape (routes, routes)
        The same for cards ordered for a route.
    route_vehicles : Series indexed by route_id
        Most vehicles in service at once on each route on the design weekday.
    fleet : int
        The same for all routes together.
    hours : Series indexed by route_id
        Vehicle-hours in service in the design week.
    families : list of tuple of str
        Families of routes; each route is in one.
    shared : dict of (str, str) to float
        `targeting.interlining.shared_hours`.
    garages : Garages or None
        What was given.
    """

    kind: Kind
    table: pd.DataFrame
    leakage: sp.csr_matrix
    route_leakage: sp.csr_matrix
    route_vehicles: "pd.Series[int]"
    fleet: int
    hours: "pd.Series[float]"
    families: list[tuple[str, ...]]
    shared: SharedHours
    garages: Garages | None


def make_units(
    feed: Feed,
    *,
    kind: Kind,
    garages: Garages | None,
    family_share: float,
    layover_s: float,
    notices: Notices,
    cache: Cache | None = None,
) -> Units:
    """Return what cards can be ordered for.

    Parameters
    ----------
    feed : Feed
    kind : {"route", "family", "garage"}
    garages : Garages, optional
        Required for garages.
    family_share : float
        `targeting.interlining.families`.
    layover_s : float
        How long a vehicle stays busy after a trip of which the feed says no block, seconds.
    cache : Cache, optional
        Of families found before.

    Raises
    ------
    CampaignError
        When garages are asked for without saying which route runs from which.
    """
    note_no_blocks(feed, kind, layover_s, notices)
    routes = feed.routes.index
    day = design_weekday(feed.trips, feed.week)
    worked = block_hours(feed.trips, feed.links)
    in_use, fleet = vehicles_in_use(feed.trips, day, links=feed.links, layover_s=layover_s)
    vehicles = in_use.reindex(routes, fill_value=0)
    hours = in_order(worked, routes)
    own = leakage(hours, sp.identity(len(routes), format="csr"))
    shared = shared_hours(worked)
    kin = derive_families(cache, own, routes, shared, family_share)
    if kind == "route":
        table = _table(list(routes), feed.routes["route_name"], vehicles, [(route,) for route in routes])
        spread = own
    elif kind == "family":
        groups = pd.Series({route: number for number, family in enumerate(kin) for route in family})
        peak, _ = vehicles_in_use(feed.trips, day, links=feed.links, layover_s=layover_s, groups=groups)
        table = _table(
            ["family:" + "+".join(family) for family in kin],
            [family_name(family, feed.routes) for family in kin],
            peak.reindex(range(len(kin)), fill_value=0),
            kin,
        )
        spread = leakage(hours, _members(kin, routes))
    elif garages is not None:
        table, spread = _garage_units(garages, worked, hours, routes, day, layover_s)
    else:
        raise CampaignError(
            "placement.unit = 'garage': no file says which route runs from which garage; write a CSV with "
            "the columns route,garage (or block,garage) and name it in placement.garages."
        )
    return Units(
        kind=kind,
        table=table,
        leakage=spread,
        route_leakage=own,
        route_vehicles=vehicles,
        fleet=fleet,
        hours=pd.Series(np.asarray(hours.sum(axis=0)).ravel(), index=routes),
        families=kin,
        shared=shared,
        garages=garages,
    )


def in_order(worked: BlockHours, routes: pd.Index) -> sp.csr_matrix:
    """Return the hours of vehicle-days, the routes in the order of `routes`."""
    entries = worked.hours.tocoo()
    column = routes.get_indexer(worked.routes)[entries.col]
    known = column >= 0  # a route without departures at any stop with a place is not in the feed's
    return sp.csr_matrix(
        (entries.data[known], (entries.row[known], column[known])),
        shape=(len(worked.blocks), len(routes)),
    )


def family_name(family: tuple[str, ...], routes: pd.DataFrame) -> str:
    """Return "Lines 2, 10 and 17"; a family of one has its route's name.

    Parameters
    ----------
    family : tuple of route_id
    routes : DataFrame
        `targeting.feed.Feed.routes`.
    """
    if len(family) == 1:
        return str(routes.at[family[0], "route_name"])
    names = sorted({short_name(route, routes) for route in family}, key=natural)
    return f"Line{'s' if len(names) > 1 else ''} {listed(names)}"


def short_name(route: str, routes: pd.DataFrame) -> str:
    """Return a route's number, or its name where it has none."""
    return str(routes.at[route, "route_short_name"] or routes.at[route, "route_name"])


def _garage_units(
    garages: Garages,
    worked: BlockHours,
    hours: sp.csr_matrix,
    routes: pd.Index,
    day: int,
    layover_s: float,
) -> tuple[pd.DataFrame, sp.csr_matrix]:
    """Return the garages that send out any vehicle, and where their vehicles spend their hours."""
    garage = garages.of_vehicles(worked)
    names = sorted(set(garage) - {""}, key=natural)
    if not names:
        raise CampaignError(
            "placement.garages: no vehicle has most of its hours on a route that the file names; add the "
            "other routes to it."
        )
    number = pd.Index(names).get_indexer(garage)
    days = np.flatnonzero(number >= 0)
    owns = sp.csr_matrix((np.ones(len(days)), (number[days], days)), shape=(len(names), len(garage)))
    runs = sp.csr_matrix((np.ones(hours.nnz), hours.indices, hours.indptr), shape=hours.shape)
    ids, reached = routes.to_numpy(), sp.csr_matrix(owns @ runs)
    belong = [tuple(ids[np.sort(reached[each].indices)]) for each in range(len(names))]
    spread = share_of_hours(owns, hours, _members(belong, routes))
    today = (number >= 0) & (worked.blocks["day"].to_numpy() == day)
    start, end = (worked.blocks[name].to_numpy()[today] for name in ("start_s", "end_s"))
    end = end + np.where(worked.blocks["alone"].to_numpy()[today], round(layover_s), 0)
    peak = np.zeros(len(names), np.int64)
    most = most_at_once(number[today], start, end)
    peak[: len(most)] = most
    titles = [garage_title(name) for name in names]
    return _table([f"garage:{name}" for name in names], titles, peak, belong), spread


def _members(units: list[tuple[str, ...]], routes: pd.Index) -> sp.csr_matrix:
    """Return routes × units: 1 where the route belongs to the unit."""
    rows = np.concatenate([routes.get_indexer(unit) for unit in units])
    columns = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(routes), len(units)))


def _table(
    ids: list[str],
    names: "list[str] | pd.Series[str]",
    vehicles: "npt.NDArray[np.int64] | pd.Series[int]",
    routes: list[tuple[str, ...]],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_name": np.asarray(names, dtype=object),
            "vehicles": np.asarray(vehicles, dtype=np.int64),
            "routes": pd.Series(routes, dtype=object).to_numpy(),
        },
        index=pd.Index(ids, name="unit_id", dtype=object),
    )


def note_no_blocks(feed: Feed, kind: Kind, layover_s: float, notices: Notices) -> None:
    """Say which feeds do not tell what one vehicle runs."""
    for prefix, source in zip(feed.prefixes, feed.sources, strict=True):
        ours = feed.trips["trip_id"].str.startswith(prefix)
        linked = feed.links["from_trip"].str.startswith(prefix).any()
        if linked or not ours.any() or (feed.trips["block_id"][ours] != "").any():
            continue
        label = source.path.replace("\\", "/").rsplit("/", 1)[-1]
        notices.add(
            "no_blocks",
            f"{label}: says nowhere which trips one vehicle runs (block_id): vehicles are counted by trips "
            f"under way plus {layover_s / 60:g} minutes of layover, and where a bus goes between routes is "
            "not known.",
            severity="info" if kind == "route" else "warning",
            file=label,
            count=int(ours.sum()),
        )
