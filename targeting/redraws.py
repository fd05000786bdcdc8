"""Redraws: whether the plan would survive another sample.

The tract figures are estimates of a sample. They are drawn anew many times within their margins, and
the plan is made again on each draw: a placement that most redraws make as well is certain, a plan
that loses little against each redraw's best is robust.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from targeting import moe
from targeting.greedy import Meetings, greedy_cards
from targeting.problem import Problem
from targeting.reach import Floats, Ints


def redraw(estimates: Floats, margins: Floats, *, count: int, seed: int) -> Iterator[Floats]:
    """Yield tract figures drawn anew, shape (tracts, groups) each.

    Each figure is normal about its estimate with standard error MOE / 1.645, nobody where that is
    negative. Each group is then scaled to its total of the region, whose own margin is small: without
    that the many tracts where the sample found nobody would add people who do not exist.

    Parameters
    ----------
    estimates, margins : ndarray, shape (tracts, groups)
        People, and their 90% margins.
    count : int
        How many redraws.
    seed : int
        The same seed gives the same redraws.
    """
    random = np.random.default_rng(seed)
    error = moe.standard_error(margins)
    total = estimates.sum(axis=0)
    for _ in range(count):
        drawn = np.maximum(random.normal(estimates, error), 0.0)
        sums = drawn.sum(axis=0)
        scaled = drawn * np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
        yield np.where(sums > 0, scaled, estimates)


@dataclass(frozen=True)
class Survival:
    """How a plan fares when the census figures are redrawn.

    Attributes
    ----------
    certainty : ndarray, shape (units, groups)
        Share of the redraws in which the unit carries the group's language.
    reach : ndarray, shape (redraws, groups)
        People whom the plan reaches in each redraw.
    regret : float
        Share of its worth that the plan loses against the best plan of each redraw, on average (for
        a sum of logarithms: of the geometric mean of the languages' reach).
    """

    certainty: Floats
    reach: Floats
    regret: float


def survival(
    problem: Problem, cards: Ints, estimates: Floats, margins: Floats, *, count: int, seed: int
) -> Survival:
    """Return how often the placements come back, and what the plan reaches, over the redraws.

    Each redraw is placed by the quick method. Where the plan itself is worth as much there, or comes
    closer to the floors, it counts as the redraw's best: the quick method may miss what the exact one
    found.

    Parameters
    ----------
    problem : Problem
    cards : ndarray of int, shape (units, groups)
        The plan.
    estimates, margins, count, seed
        See `redraw`.
    """
    kept = np.zeros(cards.shape)
    reach = np.zeros((count, cards.shape[1]))
    losses = np.zeros(count)
    meetings = Meetings(problem.audience.rides)
    for number, drawn in enumerate(redraw(estimates, margins, count=count, seed=seed)):
        again = problem.with_people(drawn)
        other = greedy_cards(again, meetings)
        reach[number] = again.audience.reach(cards)
        value, best = again.worth(reach[number]), again.value(other)
        if value >= best or again.missing(other).sum() > again.missing(cards).sum():
            other, best = cards, value
        kept += other > 0
        losses[number] = 1 - 1 / (1 + again.relative_gap(value, best))  # as a share of the best
    return Survival(
        certainty=kept / max(count, 1), reach=reach, regret=float(losses.mean()) if count else 0.0
    )


def with_region_error(reach: Floats, totals: Floats, margins: Floats, *, seed: int) -> Floats:
    """Return the reach of each redraw with the error of the region's totals, shape (redraws, groups).

    The redraws keep each group's total of the region. Reach is linear in people, so that a total that is
    itself drawn, normal about its estimate, moves it by the same share.

    Parameters
    ----------
    reach : ndarray, shape (redraws, groups)
        `Survival.reach`.
    totals, margins : ndarray, shape (groups,)
        People in the region, and their 90% margins.
    seed : int
    """
    random = np.random.default_rng([seed, 1])  # another stream than the tracts'
    spread = np.divide(
        moe.standard_error(margins), totals, out=np.zeros_like(totals, dtype=float), where=totals > 0
    )
    drawn = reach * np.maximum(random.normal(1.0, spread, reach.shape), 0.0)
    # the totals' error spreads the reach and must not move its mean
    mean = drawn.mean(axis=0)
    return np.asarray(drawn * np.divide(reach.mean(axis=0), mean, out=np.ones_like(mean), where=mean > 0))


def mean_redraw(estimates: Floats, margins: Floats, *, count: int, seed: int) -> Floats:
    """Return the mean of the redraws, shape (tracts, groups).

    Reach is linear in the people of each tract, so the plan that is best on this mean has the best mean
    reach over the redraws.
    """
    total = np.zeros_like(estimates)
    for drawn in redraw(estimates, margins, count=count, seed=seed):
        total += drawn
    return total / count if count else estimates
