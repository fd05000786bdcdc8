"""Blocks: which vehicles stay on a unit all day, so that a card put into one of them is seen there.

Garages know the block of each bus. Where buses interline, some blocks of a route stay on it, others leave it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from targeting.feed import Feed
from targeting.order_fittings import Fitting
from targeting.service import block_hours, design_weekday
from targeting.units import Units, in_order
from targeting.wording import natural


@dataclass(frozen=True)
class Blocks:
    """Blocks of a day that serve a unit.

    Attributes
    ----------
    day : date
        Of the timetable.
    count : int
        Blocks that serve the unit that day.
    stay : tuple of str
        Those of them that serve nothing else, those that are out longest first.
    longest : tuple of str
        Where none stays, those with the largest share of their hours on the unit.
    """

    day: date
    count: int
    stay: tuple[str, ...]
    longest: tuple[str, ...] = ()


def blocks_of(feed: Feed, units: Units, fittings: Iterable[Fitting]) -> dict[tuple[str, str], Blocks]:
    """Return the blocks of the design weekday that serve the units of fittings, by unit_id and garage.

    Where blocks are dealt to garages those of the garage, otherwise all of the unit. There are none for units
    without blocks, nor for garages, of which any block will do.

    Parameters
    ----------
    feed : Feed
    units : Units
    fittings : iterable of Fitting
    """
    if units.kind == "garage":
        return {}
    worked = block_hours(feed.trips, feed.links)
    hours = in_order(worked, feed.routes.index)
    day = design_weekday(feed.trips, feed.week)
    names = worked.blocks["block_id"].to_numpy(object)
    today = (worked.blocks["day"].to_numpy() == day) & (names != "")
    garage = (
        None if units.garages is None or units.garages.by == "route" else units.garages.of_vehicles(worked)
    )
    every = np.asarray(hours.sum(axis=1)).ravel()
    found = {}
    for unit, sent_out in sorted({(each.unit_id, each.garage) for each in fittings}):
        if unit not in units.table.index:  # a venue
            continue
        routes = feed.routes.index.get_indexer(list(units.table.at[unit, "routes"]))
        here = np.asarray(hours[:, routes].sum(axis=1)).ravel()
        mine = today & (here > 0)
        if garage is not None:
            mine &= garage == sent_out
        if not mine.any():
            continue
        share = here / np.maximum(every, 1e-9)
        first = sorted(np.flatnonzero(mine), key=lambda at: (-round(float(here[at]), 6), natural(names[at])))
        most = max(float(share[at]) for at in first)
        near = tuple(str(names[at]) for at in first if share[at] > min(most, 1.0) - 1e-6)
        stay, longest = (near, ()) if most > 1 - 1e-6 else ((), near)
        found[unit, sent_out] = Blocks(
            feed.week.first_day + timedelta(days=day), int(mine.sum()), stay, longest
        )
    return found
