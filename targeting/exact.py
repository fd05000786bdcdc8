"""The exact placement: whole buses that reach the most, with a proven gap.

Reach is concave in the number of buses, so any tangent plane lies above it. The mixed-integer program
(HiGHS) chooses whole buses under such planes; at each answer new planes are laid on the true curve,
and the program is solved again, until the true reach of the best answer found is within the gap of
what the planes still allow (outer approximation: Duran & Grossmann 1986). Atoms that the same units
reach share their planes; that loses nothing, since the planes touch the sum of their true curves.
Value, bound and gap are those of the true curve.
"""

import time
from dataclasses import dataclass

import numpy as np

from targeting.exact_model import PlacementModel
from targeting.greedy import Greedy
from targeting.problem import Problem
from targeting.reach import Ints

LP_ROUNDS = 40
MIP_ROUNDS = 200
IMPOSSIBLE = "no placement meets the floors and holds what is settled"


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
    began = time.monotonic()
    if not problem.fits(problem.least):
        raise NoPlacementError(IMPOSSIBLE)
    if not (problem.allowed & (problem.vehicles > 0)[:, None]).any():
        return _nothing_to_choose(problem)
    model = PlacementModel(problem)
    best, value, bound = start.cards, start.value, start.bound
    feasible = not problem.missing(start.cards).any()
    value = value if feasible else -np.inf
    late = f"the time limit of {time_limit_s:g} s ended the search"
    status = "the gap asked for is proven"
    seen: set[bytes] = set()
    model.lay_first()
    model.lay(start.cards.astype(float))

    def left() -> float:
        return time_limit_s - (time.monotonic() - began)

    for _ in range(LP_ROUNDS):  # tangents on the best fractional placement make the bound tight
        found = model.run(relaxed=True, gap=0.0, seconds=left())
        if found is None or left() <= 0:
            break
        bound = min(bound, found.bound)
        near = problem.relative_gap(problem.value(found.cards), found.bound) < gap / 10
        if not model.lay(found.cards) or near:
            break
    for _ in range(MIP_ROUNDS):
        if feasible and problem.relative_gap(value, bound) <= gap:
            break
        if left() <= 0:
            status = late
            break
        found = model.run(relaxed=False, gap=gap / 2, seconds=left(), start=best if feasible else None)
        if found is None:
            status = IMPOSSIBLE if model.impossible and not feasible else late
            break
        bound = min(bound, found.bound)
        whole = np.rint(found.cards).astype(np.int64)
        here = problem.value(whole)
        meets = not problem.missing(whole).any()
        if meets and (not feasible or here > value):
            best, value, feasible = whole, here, True
        if whole.tobytes() in seen:  # its planes are laid: the program can do no better
            status = _ended(problem, feasible=feasible, value=value, bound=bound, gap=gap)
            break
        seen.add(whole.tobytes())
        model.lay(whole.astype(float), all_of_them=not meets)
    else:
        status = _ended(problem, feasible=feasible, value=value, bound=bound, gap=gap)
    same = bool((best == start.cards).all())
    if not feasible:
        raise NoPlacementError(status)
    return Solution(
        cards=best,
        value=value,
        bound=max(bound, value),
        gap=problem.relative_gap(value, max(bound, value)),
        seconds=time.monotonic() - began,
        method="greedy" if same and problem.relative_gap(value, bound) > gap else "exact",
        status=status,
    )


def _nothing_to_choose(problem: Problem) -> Solution:
    if problem.missing(problem.least).any():
        raise NoPlacementError(IMPOSSIBLE)
    value = problem.value(problem.least)
    return Solution(problem.least, value, value, 0.0, 0.0, "exact", "there is nothing to choose")


def _ended(problem: Problem, *, feasible: bool, value: float, bound: float, gap: float) -> str:
    """Return why a search ends that finds nothing new."""
    if not feasible:
        return "no placement that meets the floors was found"
    if problem.relative_gap(value, bound) <= gap:
        return "the gap asked for is proven"
    return "no better placement was found"
