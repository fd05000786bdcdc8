"""The placement problem: what a plan may hold, what it must hold, and what it is worth."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from targeting.reach import Audience, Floats, Ints

LEAST_REACH = 1e-6  # people; the logarithm of nobody is not a number
ENOUGH = 1e-6  # share of a floor of people that rounding may lack


@dataclass(frozen=True)
class Problem:
    """Whole buses (and venue cards) for languages, to be chosen.

    Attributes
    ----------
    audience : Audience
        Its units are the rows below, its groups the columns.
    units, groups : tuple of str
    vehicles : ndarray of int, shape (units,)
        Buses that a unit has; 1 for a venue.
    slots : ndarray of int, shape (units,)
        How many different languages one bus, or one venue, can carry.
    venue : ndarray of bool, shape (units,)
    buses, cards : int
        How many buses may be posted, and how many cards may hang in venues.
    allowed : ndarray of bool, shape (units, groups)
    least : ndarray of int, shape (units, groups)
        Buses that are settled: pinned, or posted in an earlier wave.
    floors : ndarray of int, shape (groups,)
        Buses and venue cards that each language gets at the least.
    floor_people : ndarray, shape (groups,)
        People of each language who are to be reached at the least.
    copies : ndarray of int, shape (groups,)
        Cards that can hang at the most.
    weights : ndarray, shape (groups,), or None
        Worth of one person reached; None to maximise the sum of the logarithms of each reach.
    """

    audience: Audience
    units: tuple[str, ...]
    groups: tuple[str, ...]
    vehicles: Ints
    slots: Ints
    venue: npt.NDArray[np.bool_]
    buses: int
    cards: int
    allowed: npt.NDArray[np.bool_]
    least: Ints
    floors: Ints
    floor_people: Floats
    copies: Ints
    weights: Floats | None

    def worth(self, reach: npt.ArrayLike) -> float:
        """Return what people reached of each group are worth: the objective."""
        people = np.asarray(reach, float)
        if self.weights is None:
            counted = self.attainable
            return float(np.log(np.maximum(people[counted], LEAST_REACH)).sum())
        return float(people @ self.weights)

    def value(self, cards: npt.ArrayLike) -> float:
        """Return the objective of a placement, shape (units, groups)."""
        return self.worth(self.audience.reach(cards))

    @cached_property
    def attainable(self) -> npt.NDArray[np.bool_]:
        """Which groups any allowed placement reaches at all."""
        near = (self.audience.rides.T @ (self.audience.people > 0)) > 0
        return np.asarray((near & self.allowed & (self.vehicles > 0)[:, None]).any(axis=0))

    def relative_gap(self, value: float, bound: float) -> float:
        """Return how much more than the value the best may be, as a share of the value.

        Of a sum of logarithms: in the geometric mean of the languages' reach.
        """
        if self.weights is None:
            return float(np.expm1(max(bound - value, 0.0) / max(int(self.attainable.sum()), 1)))
        if bound <= value:
            return 0.0
        return (bound - value) / value if value > 0 else np.inf

    def buses_used(self, cards: Ints) -> Ints:
        """Return how many buses of each unit a placement needs, shape (units,); 0 at venues."""
        needed = np.maximum(cards.max(axis=1, initial=0), -(-cards.sum(axis=1) // self.slots))
        return np.asarray(np.where(self.venue, 0, needed))

    def fits(self, cards: Ints) -> bool:
        """Return whether a placement keeps to buses, slots, venue cards and copies."""
        used, there = self.buses_used(cards), cards[self.venue]
        return bool(
            (used <= self.vehicles).all()
            and used.sum() <= self.buses
            and (there <= 1).all()
            and (there.sum(axis=1) <= self.slots[self.venue]).all()
            and there.sum() <= self.cards
            and (cards.sum(axis=0) <= self.copies).all()
        )

    def missing(self, cards: Ints) -> Floats:
        """Return by how many cards, or people, a placement misses each floor, shape (groups,)."""
        few = np.maximum(self.floors - cards.sum(axis=0), 0)
        far = self.floor_people * (1 - ENOUGH) - self.audience.reach(cards)
        return np.asarray(np.maximum(few, far))

    def with_people(self, tract_people: Floats) -> "Problem":
        """Return the same problem with other tract figures, shape (tracts, groups)."""
        return replace(self, audience=self.audience.with_people(tract_people))
