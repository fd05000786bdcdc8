"""Fittings: which buses carry the same cards, and which garage sends out how many of them.

The timetable and the file of garages say how many vehicles of a unit each garage has in service. Buses to
fit are shared out in proportion to them, so that every garage has a number of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from targeting.feed import Feed
from targeting.garages import Garages
from targeting.reach import Ints
from targeting.service import design_weekday, vehicles_in_use
from targeting.units import Units
from targeting.wording import natural

NO_GARAGE = ""  # of buses whose garage no file tells, and of venues
Vehicles = Mapping[str, int]  # of a unit, by garage


@dataclass(frozen=True)
class Fitting:
    """Buses of a unit and a garage that carry the same cards, or a venue with its cards.

    Attributes
    ----------
    unit_id : str
    count : int
        How many buses; 1 for a venue.
    hang : tuple of str
        Tags of the cards to hang in each of them.
    hanging : tuple of str
        Tags of the cards that hang there already.
    garage : str
        That sends them out; empty where that is not known, and for a venue.
    """

    unit_id: str
    count: int
    hang: tuple[str, ...]
    hanging: tuple[str, ...] = ()
    garage: str = NO_GARAGE


def hangs_in(fittings: Iterable[Fitting]) -> dict[str, int]:
    """Return how many cards of each language, by tag, are to be hung in some of the buses and venues."""
    counts: Counter[str] = Counter()
    for fitting in fittings:
        for tag in fitting.hang:
            counts[tag] += fitting.count
    return dict(counts)


def arrange(
    cards: Ints, already: Ints, buses: int, groups: Sequence[str]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return which languages to hang, and which hang already, in each bus of a unit.

    Cards are dealt round the buses, one language after another and those of one group together, so that
    no bus gets the same language twice, nor more cards than it has slots.

    Parameters
    ----------
    cards, already : ndarray of int, shape (languages,)
        Buses that carry each language, and those of them that carry it from an earlier wave: these are
        taken to be the first.
    buses : int
        `targeting.problem.Problem.buses_used` of the unit.
    groups : sequence of str
        Group of each language.
    """
    hang: list[list[int]] = [[] for _ in range(buses)]
    hanging: list[list[int]] = [[] for _ in range(buses)]
    first = {group: at for at, group in reversed(list(enumerate(groups)))}
    at = 0
    for language in sorted(range(len(groups)), key=lambda each: (first[groups[each]], each)):
        for number in range(int(cards[language])):
            (hanging if number < already[language] else hang)[at % buses].append(language)
            at += 1
    return [(tuple(sorted(new)), tuple(sorted(before))) for new, before in zip(hang, hanging, strict=True)]


def vehicles_by_garage(feed: Feed, units: Units, layover_s: float) -> dict[str, dict[str, int]]:
    """Return the vehicles of each unit by garage: the most in service at once on the design weekday.

    Garages peak at different times, so that they add up to the unit's vehicles or to more.

    Parameters
    ----------
    feed : Feed
    units : Units
    layover_s : float
        How long the vehicle of a trip without block and link stays busy after it, seconds.

    Returns
    -------
    dict of unit_id to dict of garage to int
        Vehicles of no known garage stand under `NO_GARAGE`; {} where the campaign gives no garages. A trip
        belongs to the garage of its block, or of its route where the file goes by routes.
    """
    if units.garages is None:
        return {}
    if units.kind == "garage":
        return {
            str(unit): {str(unit).removeprefix("garage:"): int(count)}
            for unit, count in units.table["vehicles"].items()
        }
    day = design_weekday(feed.trips, feed.week)
    unit_of = pd.Series(
        {route: unit for unit, routes in units.table["routes"].items() for route in routes}, dtype=object
    )
    garage = _garage_of_trips(feed, units.garages)
    found: dict[str, dict[str, int]] = {str(unit): {} for unit in units.table.index}
    for name in sorted(set(garage), key=natural):
        trips = feed.trips[(garage == name).to_numpy()].reset_index(drop=True)
        most, _ = vehicles_in_use(trips, day, links=feed.links, layover_s=layover_s, groups=unit_of)
        for unit, count in most.items():
            found[str(unit)][name] = int(count)
    return found


def _garage_of_trips(feed: Feed, garages: Garages) -> "pd.Series[str]":
    column = feed.trips["route_id" if garages.by == "route" else "block_id"]
    return column.map(garages.garage.to_dict()).fillna(NO_GARAGE).astype(object)


def largest_remainder(count: int, weights: Vehicles) -> dict[str, int]:
    """Return a count shared out in whole numbers in proportion to weights.

    Each has the whole part of its quota, and those with the largest remainders one more (Hamilton's
    method). Of equal remainders the larger weight goes first, then the name as people sort it.

    Raises
    ------
    ZeroDivisionError
        When something is to be shared out and all weights are 0.
    """
    total = sum(weights.values())
    if not count:
        return dict.fromkeys(weights, 0)
    shares = {name: count * weight // total for name, weight in weights.items()}
    first = sorted(
        weights, key=lambda name: (-(count * weights[name] % total), -weights[name], natural(name))
    )
    for name in first[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


def share_out(buses: int, vehicles: Vehicles) -> dict[str, int]:
    """Return how many buses each garage fits, in proportion to its vehicles and never more than those.

    What the known garages have no vehicles for stands under `NO_GARAGE`. No share is above a garage's
    vehicles, since its quota is not: buses are no more than the vehicles that they are in proportion to.
    """
    known = {name: count for name, count in vehicles.items() if name != NO_GARAGE}
    fitted = min(buses, sum(known.values()))
    shares = largest_remainder(fitted, known)
    if buses > fitted:
        shares[NO_GARAGE] = buses - fitted
    return {name: count for name, count in shares.items() if count}


def by_garage(fittings: Sequence[Fitting], vehicles: Vehicles) -> list[Fitting]:
    """Return the fittings of a unit, each with its garage, in the order in which they were.

    Buses that carry a card of an earlier wave are shared out first, as that wave's own orders did, and
    the others by the vehicles that are left. The unit's buses are shared out as a whole, then those of
    each fitting among the garages that still have some to fit.

    Parameters
    ----------
    fittings : sequence of Fitting
        Of one unit.
    vehicles : mapping of garage to int
        `vehicles_by_garage` of the unit.
    """
    left = Counter({name: count for name, count in vehicles.items() if name != NO_GARAGE})
    parts: dict[int, list[Fitting]] = {}
    for carries in (True, False):
        wanted = [at for at, each in enumerate(fittings) if bool(each.hanging) == carries]
        open_ = Counter(share_out(sum(fittings[at].count for at in wanted), left))
        left -= open_
        for at in wanted:
            shares = largest_remainder(fittings[at].count, open_)
            open_ -= Counter(shares)
            parts[at] = [
                replace(fittings[at], count=count, garage=name)
                for name, count in sorted(shares.items(), key=lambda share: natural(share[0]))
                if count
            ]
    return [part for at in range(len(fittings)) for part in parts[at]]
