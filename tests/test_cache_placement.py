"""What was searched before is taken from the cache, to the bit, and nothing else is."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from placements import problem

from targeting import cache as module
from targeting import derived_placement
from targeting.cache import Cache
from targeting.derived_placement import derive_solution, derive_survival
from targeting.problem import Problem

PEOPLE = [[120.0, 0.0], [0.0, 40.0], [60.0, 35.0], [10.0, 0.1]]
MARGINS = np.array([[60.0, 12.0], [12.0, 30.0], [45.0, 33.0], [16.0, 12.0]])
RIDES = [[1, 0, 0.2], [0, 0.5, 0], [0.3, 1, 0], [0, 0, 2]]


def asked(people: Any = PEOPLE, rides: Any = RIDES, buses: int = 3, **wishes: Any) -> Problem:
    return problem(people, rides, buses, [2, 2, 2], **wishes)


def same(one: object, other: object) -> bool:
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return all(np.array_equal(mine, its) for mine, its in pairs)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "derived")


def entries(cache: Cache) -> int:
    return len(list(cache.folder.glob("*.zip")))


def survive(cache: Cache | None, p: Problem, seed: int = 7) -> Any:
    cards = np.array([[1, 0], [0, 1], [1, 0]])
    return derive_survival(cache, p, cards, np.array(PEOPLE), MARGINS, count=20, seed=seed)


def test_what_is_kept_is_what_was_found(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    found = derive_solution(cache, asked(), gap=0.0, time_limit_s=60)
    survived = survive(cache, asked())
    anew = derive_solution(None, asked(), gap=0.0, time_limit_s=60)
    assert same(dataclasses.replace(anew, seconds=found.seconds), found)
    assert same(survive(None, asked()), survived)
    assert survived.certainty[1].tolist() == [0.1, 0.9]
    for name in ("solve", "greedy_placement", "survival"):
        monkeypatch.delattr(derived_placement, name)
    assert same(derive_solution(cache, asked(), gap=0.0, time_limit_s=60), found)
    assert same(survive(cache, asked()), survived)


def test_any_other_problem_is_another_entry(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    more = np.array(PEOPLE) + np.eye(4, 2) * 1e-9
    others = [
        asked(),
        asked(people=more),
        asked(rides=[*RIDES[:3], [0, 0, np.nextafter(2, 3)]]),
        asked(rides=[*RIDES[:3], [0, 2, 0]]),
        asked(buses=4),
        asked(floors=[1, 1]),
        asked(weights=[1.0, 2.0]),
        dataclasses.replace(asked(), weights=None),
        dataclasses.replace(asked(), copies=np.array([1, 9])),
        dataclasses.replace(asked(), slots=np.array([1, 1, 2])),
        dataclasses.replace(asked(), least=np.array([[0, 0], [0, 1], [0, 0]])),
        dataclasses.replace(asked(), allowed=np.array([[1, 1], [1, 1], [0, 1]], bool)),
    ]
    for number, other in enumerate(others, start=1):
        derive_solution(cache, other, gap=0.0, time_limit_s=60)
        assert entries(cache) == number
    for number, other in enumerate(others, start=len(others) + 1):
        survive(cache, other)
        assert entries(cache) == number
    derive_solution(cache, asked(), gap=0.1, time_limit_s=60)
    survive(cache, asked(), seed=8)
    assert entries(cache) == 2 * len(others) + 2
    monkeypatch.setattr(module, "_program", lambda: "a later release")
    derive_solution(cache, asked(), gap=0.0, time_limit_s=60)
    survive(cache, asked())
    assert entries(cache) == 2 * len(others) + 4


def test_a_search_that_time_ended_is_made_anew(cache: Cache) -> None:
    found = derive_solution(cache, asked(), gap=0.0, time_limit_s=1e-9)
    assert found.ended_by_time
    assert not cache.folder.exists()
