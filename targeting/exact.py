"""The exact placement: whole buses that reach the most, with a proven gap.

Reach is concave in the number of buses, so any tangent plane lies above it. The mixed-integer program
(HiGHS) chooses whole buses under such planes; at each answer new planes are laid on the true curve,
and the program is solved again, until the true reach of the best answer found is within the gap of
what the planes still allow (outer approximation: Duran & Grossmann 1986). Before that buses may be cut in
pieces, which is solved in a moment: often its bound, and its answer rounded off, are within the gap already.
Value, bound and gap are those of the true curve.
"""

import time
from dataclasses import dataclass, replace

import numpy as np

from targeting.greedy import Greedy, greedy_cards
from targeting.problem import Problem
from targeting.reach import Floats, Ints

LP_ROUNDS = 40
MIP_ROUNDS = 200
GOOD = 0.5  # share of the gap asked for at which to be content without the program in whole buses
ROUNDING = 1e-6  # buses
IMPOSSIBLE = "no placement meets the floors and holds what is settled"
PROVEN = "the gap asked for is proven"


class NoPlacementError(Exception):
    """No placement meets the floors and holds what is settled, or none was found in time."""


@dataclass(frozen=True)
class Solution:
    """A placement and what is proven of it.

    Attributes
    ----------
    cards : ndarray of int, shape (units, groups)
    value, bound : float
        The objective, and the most that any placement could be worth.
    gap : float
        Relative, of the true curve.
    seconds : float
    method : str
        "exact", or "greedy" where no better was found than the quick placement.
    status : str
        Why the search ended.
    """

    cards: Ints
    value: float
    bound: float
    gap: float
    seconds: float
    method: str
    status: str

    @property
    def ended_by_time(self) -> bool:
        """Whether the time limit ended the search, so that another may find a better placement."""
        return "time limit" in self.status


def solve(problem: Problem, start: Greedy, *, gap: float, time_limit_s: float) -> Solution:
    """Return a placement that is within `gap` of the best, or the best found in time.

    Parameters
    ----------
    problem : Problem
    start : Greedy
        Where to begin; it is the answer when time runs out before anything better is found.
    gap : float
        Relative gap at which to stop.
    time_limit_s : float
        Seconds. A search that ends by it depends on the machine; one that ends by the gap does not.

    Raises
    ------
    NoPlacementError
        When no placement meets the floors and holds what is settled, or none was found in time.
    """
    if not problem.fits(problem.least):
        raise NoPlacementError(IMPOSSIBLE)
    if not (problem.allowed & (problem.vehicles > 0)[:, None]).any():
        return _nothing_to_choose(problem)
    search = _Search(problem, start, gap, time_limit_s)
    search.in_pieces()
    status = search.whole()
    same = bool((search.best == start.cards).all())
    if not search.feasible:
        raise NoPlacementError(status)
    bound = max(search.bound, search.value)
    return Solution(
        cards=search.best,
        value=search.value,
        bound=bound,
        gap=problem.relative_gap(search.value, bound),
        seconds=time.monotonic() - search.began,
        method="greedy" if same and search.gap_left > gap else "exact",
        status=status,
    )


class _Search:
    """The best placement found so far, and what no placement can exceed."""

    def __init__(self, problem: Problem, start: Greedy, gap: float, time_limit_s: float) -> None:
        from targeting.exact_model import PlacementModel  # loads HiGHS, which a kept placement needs not

        self.began = time.monotonic()
        self.problem, self.gap, self.time_limit_s = problem, gap, time_limit_s
        self.best, self.bound = start.cards, start.bound
        self.feasible = not problem.missing(start.cards).any()
        self.value = start.value if self.feasible else -np.inf
        self.model = PlacementModel(problem)
        self.model.lay_first()
        self.model.lay(start.cards.astype(float))

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.time_limit_s - (time.monotonic() - self.began)

    @property
    def gap_left(self) -> float:
        """How much better than the best found any other could be; infinite before one is found."""
        return self.problem.relative_gap(self.value, self.bound) if self.feasible else np.inf

    def offer(self, cards: Ints) -> bool:
        """Take a placement where it is better than the best; return whether it meets the floors."""
        meets = not self.problem.missing(cards).any()
        value = self.problem.value(cards)
        if meets and (not self.feasible or value > self.value):
            self.best, self.value, self.feasible = cards, value, True
        return meets

    def in_pieces(self) -> None:
        """Lay tangents on the best placement in pieces, which makes the bound tight, and round it off."""
        for _ in range(LP_ROUNDS):
            found = self.model.run(relaxed=True, gap=0.0, seconds=self.left)
            if found is None or self.left <= 0:
                return
            self.bound = min(self.bound, found.bound)
            rounded = _filled(self.problem, found.cards)
            if rounded is not None:
                self.offer(rounded)
            if self.gap_left <= self.gap * GOOD:
                return
            near = self.problem.relative_gap(self.model.most(found.cards), found.bound) < self.gap / 10
            if not self.model.lay(found.cards) or near:
                return

    def whole(self) -> str:
        """Choose whole buses under the planes, again and again; return why the search ends."""
        seen: set[bytes] = set()
        for _ in range(MIP_ROUNDS):
            if self.gap_left <= self.gap:
                return PROVEN
            late = f"the time limit of {self.time_limit_s:g} s ended the search"
            if self.left <= 0:
                return late
            start = self.best if self.feasible else None
            found = self.model.run(relaxed=False, gap=self.gap / 2, seconds=self.left, start=start)
            if found is None:
                return IMPOSSIBLE if self.model.impossible and not self.feasible else late
            self.bound = min(self.bound, found.bound)
            cards = np.rint(found.cards).astype(np.int64)
            meets = self.offer(cards)
            if cards.tobytes() in seen:  # its planes are laid: the program can do no better
                break
            seen.add(cards.tobytes())
            self.model.lay(cards.astype(float), all_of_them=not meets)
        if not self.feasible:
            return "no placement that meets the floors was found"
        return PROVEN if self.gap_left <= self.gap else "no better placement was found"


def _filled(problem: Problem, cards: Floats) -> Ints | None:
    """Return the whole buses of a placement in pieces, filled up by the quick method; None where none fit."""
    whole = np.floor(cards + ROUNDING).astype(np.int64)
    settled = replace(problem, least=np.maximum(whole, problem.least))
    return greedy_cards(settled) if problem.fits(settled.least) else None


def _nothing_to_choose(problem: Problem) -> Solution:
    if problem.missing(problem.least).any():
        raise NoPlacementError(IMPOSSIBLE)
    value = problem.value(problem.least)
    return Solution(problem.least, value, value, 0.0, 0.0, "exact", "there is nothing to choose")
