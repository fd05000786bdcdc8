"""Vehicles: how many are out at once, and which routes each of them runs.

A poster rides in a bus, so no route can carry more cards than it has buses. Buses are counted from
blocks (the day's work of one vehicle) and in-seat transfers by service *day*, since trips of one
block may carry different service_ids on one day. Timetables do not show spare buses, nor buses that
are exchanged during the day; where a feed has no blocks a trip is taken as a bus of its own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from targeting.design_week import DesignWeek

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BlockHours:
    """The vehicle-days of a design week, and the hours of each on each route.

    Attributes
    ----------
    blocks : DataFrame
        One row a vehicle-day: `block_id` (the first of its blocks where in-seat transfers join
        several, empty where it has none), `day` (0 to 6 of the design week), `start_s`, `end_s`
        (seconds after midnight of the service day), `hours` (in service), `alone` (whether it is a
        single trip of which the feed says neither block nor in-seat transfer).
    hours : csr_matrix, shape (vehicle-days, routes)
        Hours in service, each trip from its first call to its last; layovers are not counted.
    routes : Index of route_id, sorted
    """

    blocks: pd.DataFrame
    hours: sp.csr_matrix
    routes: pd.Index


def design_weekday(trips: pd.DataFrame, week: DesignWeek) -> int:
    """Return the position (0 to 6) of the weekday with the most trips in the design week.

    The first of equals; a Saturday or Sunday only where no weekday has service.

    Parameters
    ----------
    trips : DataFrame
        `targeting.feed.Feed.trips`.
    """
    per_day = [int((trips["days"].to_numpy() >> day & 1).sum()) for day in range(7)]
    weekend = [(week.first_day.weekday() + day) % 7 >= 5 for day in range(7)]
    return max(range(7), key=lambda day: (per_day[day] > 0 and not weekend[day], per_day[day], -day))


def vehicles_in_use(
    trips: pd.DataFrame,
    day: int,
    *,
    links: pd.DataFrame | None = None,
    layover_s: float = 0.0,
    groups: "pd.Series[str] | None" = None,
) -> "tuple[pd.Series[int], int]":
    """Return the most vehicles in service at once on a day: on each route, and in all.

    Parameters
    ----------
    trips : DataFrame
        `route_id`, `block_id`, `start_s`, `end_s`, `days`; `trip_id` where there are `links`.
    day : int
        Position of the day in the design week.
    links : DataFrame, optional
        `targeting.feed.Feed.links`.
    layover_s : float
        How long the vehicle of a trip without block and link stays busy after it, seconds.
    groups : Series indexed by route_id, optional
        A label for each route: count by label instead of by route. Routes without one count in the
        fleet only.

    Returns
    -------
    by_route : Series indexed by route_id (or label)
        A vehicle counts on a route while it runs trips of the route one after the other, the layover
        between them included.
    fleet : int
        The most vehicles under way at once, on whatever route.
    """
    trip, _, vehicle, alone = _vehicle_days(trips, links, [day])
    start = trips["start_s"].to_numpy()[trip]
    end = trips["end_s"].to_numpy()[trip] + np.where(alone, round(layover_s), 0)
    labels = trips["route_id"] if groups is None else trips["route_id"].map(groups)
    codes, names = pd.factorize(labels, sort=True)
    order = np.lexsort((end, start, vehicle))
    label, vehicle, start, end = codes[trip][order], vehicle[order], start[order], end[order]
    first = np.ones(len(order), bool)
    first[1:] = vehicle[1:] != vehicle[:-1]
    whole = np.flatnonzero(first)
    first[1:] |= label[1:] != label[:-1]
    spell = np.flatnonzero(first)
    # the trips of a spell stand in the order of their starts, not of their ends
    ends, whole_ends = np.maximum.reduceat(end, spell), np.maximum.reduceat(end, whole)
    named = label[spell] >= 0
    by_label = most_at_once(label[spell][named], start[spell][named], ends[named])
    fleet = most_at_once(np.zeros(len(whole), np.int64), start[whole], whole_ends)
    out = by_label > 0
    return pd.Series(by_label[out], index=names[: len(by_label)][out], dtype=int), int(fleet.max(initial=0))


def block_hours(trips: pd.DataFrame, links: pd.DataFrame | None = None) -> BlockHours:
    """Return the vehicle-days of the week and their hours on each route.

    Parameters
    ----------
    trips, links : DataFrame
        `targeting.feed.Feed.trips` and `links`.
    """
    trip, day, vehicle, alone = _vehicle_days(trips, links, list(range(7)))
    start, end = trips["start_s"].to_numpy()[trip], trips["end_s"].to_numpy()[trip]
    seconds = np.maximum(end - start, 0).astype(float)  # without a known end it begins and is over
    codes, routes = pd.factorize(trips["route_id"], sort=True)
    count = int(vehicle.max(initial=-1)) + 1
    hours = sp.csr_matrix((seconds, (vehicle, codes[trip])), shape=(count, len(routes)))
    hours.data /= 3600
    block = trips["block_id"].to_numpy(object)[trip]
    order = np.lexsort((end, start, block == "", vehicle))
    first = order[np.flatnonzero(np.diff(vehicle[order], prepend=-1))]
    earliest, latest = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(earliest, vehicle, start)
    np.maximum.at(latest, vehicle, end)
    blocks = pd.DataFrame(
        {
            "block_id": block[first],
            "day": day[first],
            "start_s": earliest,
            "end_s": latest,
            "hours": np.asarray(hours.sum(axis=1)).ravel(),
            "alone": alone[first],
        }
    )
    return BlockHours(blocks, hours, pd.Index(routes, name="route_id"))


def most_at_once(group: Integers, start: Integers, end: Integers) -> Integers:
    """Return for each group the most spans that overlap; one that ends as another starts does not.

    Parameters
    ----------
    group : ndarray of int64, shape (spans,)
        Number of the group, from 0.
    start, end : ndarray of int64, shape (spans,)
        Seconds.
    """
    count = int(group.max(initial=-1)) + 1
    groups = np.concatenate([group, group])
    times = np.concatenate([start, np.maximum(end, start + 1)])
    steps = np.concatenate([np.ones(len(group), np.int64), -np.ones(len(group), np.int64)])
    order = np.lexsort((steps, times, groups))
    under_way = np.cumsum(steps[order])  # every group's steps add up to zero
    most = np.zeros(count, np.int64)
    np.maximum.at(most, groups[order], under_way)
    return most


def _vehicle_days(
    trips: pd.DataFrame, links: pd.DataFrame | None, days: list[int]
) -> tuple[Integers, Integers, Integers, npt.NDArray[np.bool_]]:
    """Return each trip of each day: its row, the day, the number of its vehicle, if it is alone."""
    rows = len(trips)
    blank = trips["block_id"].to_numpy(object) == ""
    block = np.where(blank, rows + np.arange(rows), pd.factorize(trips["block_id"])[0])
    runs = (trips["days"].to_numpy()[:, None] >> np.array(days) & 1) == 1
    trip, column = np.nonzero(runs)
    day = np.array(days)[column]
    vehicle = np.unique(day * (2 * rows) + block[trip], return_inverse=True)[1].reshape(-1)
    if links is not None and len(links):
        vehicle = _joined(trips, links, runs, (trip, column), vehicle)
    alone = blank[trip] & (np.bincount(vehicle)[vehicle] == 1)
    return trip, day, vehicle, alone


def _joined(
    trips: pd.DataFrame,
    links: pd.DataFrame,
    runs: npt.NDArray[np.bool_],
    where: tuple[Integers, Integers],
    vehicle: Integers,
) -> Integers:
    """Return the numbers of the vehicles after joining, day by day, what links say is one."""
    from scipy.sparse.csgraph import connected_components  # takes a while to load, and few feeds have links

    once = ~trips["trip_id"].duplicated(keep=False).to_numpy()  # a repeated trip is many vehicles
    index = pd.Index(trips["trip_id"][once])
    pairs = np.column_stack([index.get_indexer(links[name]) for name in ("from_trip", "to_trip")])
    pairs = np.flatnonzero(once)[pairs[(pairs >= 0).all(axis=1)]]
    number = np.full(runs.shape, -1)
    number[where] = vehicle
    one, other = number[pairs[:, 0]].ravel(), number[pairs[:, 1]].ravel()
    both = (one >= 0) & (other >= 0)
    count = int(vehicle.max(initial=-1)) + 1
    graph = sp.coo_matrix((np.ones(int(both.sum())), (one[both], other[both])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)[vehicle]
