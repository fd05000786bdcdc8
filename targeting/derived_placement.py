"""The search for a placement and its redraws, taken from a cache where the same was searched before.

Both functions return exactly what they would find anew.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import scipy.sparse

from targeting.cache import Cache, key_of
from targeting.exact import Solution, solve
from targeting.greedy import greedy_placement
from targeting.problem import Problem
from targeting.reach import Floats, Ints
from targeting.redraws import Survival, survival


def derive_solution(cache: Cache | None, problem: Problem, *, gap: float, time_limit_s: float) -> Solution:
    """Return the solution of `targeting.exact.solve`, begun with the quick placement.

    One that the time limit ended is never kept: another search may find a better one.

    Parameters
    ----------
    cache : Cache or None
        None to search in any case.
    problem, gap, time_limit_s
        As for `solve`, which says what is raised, too.
    """

    def search() -> Solution:
        return solve(problem, greedy_placement(problem), gap=gap, time_limit_s=time_limit_s)

    if cache is None:
        return search()
    key = key_of("solution", [*_parts(problem), gap, time_limit_s])
    kept = cache.get(key, lambda content: Solution(cards=content["cards"], **content["found"]))
    if kept is not None:
        return kept
    solution = search()
    if not solution.ended_by_time:
        found = {name: value for name, value in vars(solution).items() if name != "cards"}
        cache.put(key, {"cards": solution.cards, "found": found})
    return solution


def derive_survival(
    cache: Cache | None,
    problem: Problem,
    cards: Ints,
    estimates: Floats,
    margins: Floats,
    *,
    count: int,
    seed: int,
) -> Survival:
    """Return what `targeting.redraws.survival` finds.

    Parameters
    ----------
    cache : Cache or None
        None to redraw in any case.
    problem, cards, estimates, margins, count, seed
        As for `survival`.
    """
    if cache is None:
        return survival(problem, cards, estimates, margins, count=count, seed=seed)
    key = key_of("survival", [*_parts(problem), cards, estimates, margins, count, seed])
    kept = cache.get(key, lambda content: Survival(**content))
    if kept is not None:
        return kept
    survived = survival(problem, cards, estimates, margins, count=count, seed=seed)
    cache.put(key, vars(survived))
    return survived


def _parts(of: Any) -> Iterator[object]:
    """Yield everything that a problem holds, for a key."""
    for field in fields(of):
        value = getattr(of, field.name)
        if is_dataclass(value):
            yield from _parts(value)
        elif scipy.sparse.issparse(value):
            yield from (value.shape, value.data, value.indices, value.indptr)
        else:
            yield value
