"""Vehicles: how many buses each route has in service at once.

A poster rides in a bus, so no route can carry more cards than it has buses. Buses are counted from
blocks (the day's work of one vehicle) by service *day*, since trips of one block may carry
different service_ids on one day. Timetables do not show spare buses.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.design_week import DesignWeek


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


def vehicles_in_use(trips: pd.DataFrame, day: int) -> "tuple[pd.Series[int], int]":
    """Return the most vehicles in service at once on a day: on each route, and in all.

    Parameters
    ----------
    trips : DataFrame
        `route_id`, `block_id`, `start_s`, `end_s`, `days`.
    day : int
        Position of the day in the design week.

    Returns
    -------
    by_route : Series indexed by route_id
        A block counts on a route while it runs trips of the route one after the other, the layover
        between them included. Where the feed has no blocks, each trip is a vehicle of its own.
    fleet : int
        The most blocks under way at once, on whatever route.
    """
    today = trips[(trips["days"].to_numpy() >> day & 1) == 1].reset_index(drop=True)
    own = "trip " + today.index.astype(str)
    block = today["block_id"].where(today["block_id"] != "", pd.Series(own, index=today.index))
    today = today.assign(block=block).sort_values(["block", "start_s", "end_s"], kind="stable")
    changed = (today["block"] != today["block"].shift()) | (today["route_id"] != today["route_id"].shift())
    spell = today.groupby(changed.cumsum()).agg(
        route_id=("route_id", "first"), start_s=("start_s", "min"), end_s=("end_s", "max")
    )
    whole = today.groupby("block").agg(start_s=("start_s", "min"), end_s=("end_s", "max"))
    codes, names = pd.factorize(spell["route_id"], sort=True)
    by_route = _most_at_once(codes, spell["start_s"].to_numpy(), spell["end_s"].to_numpy())
    fleet = _most_at_once(
        np.zeros(len(whole), np.int64), whole["start_s"].to_numpy(), whole["end_s"].to_numpy()
    )
    return pd.Series(by_route, index=names, dtype=int), int(fleet.max(initial=0))


def _most_at_once(
    group: npt.NDArray[np.int64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return for each group the most spans that overlap; one that ends as another starts does not."""
    count = int(group.max(initial=-1)) + 1
    groups = np.concatenate([group, group])
    times = np.concatenate([start, np.maximum(end, start + 1)])
    steps = np.concatenate([np.ones(len(group), np.int64), -np.ones(len(group), np.int64)])
    order = np.lexsort((steps, times, groups))
    under_way = np.cumsum(steps[order])  # every group's steps add up to zero
    most = np.zeros(count, np.int64)
    np.maximum.at(most, groups[order], under_way)
    return most
