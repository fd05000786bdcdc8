"""Atoms that share columns of people reached: what is found and proven is the same however few there are."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from placements import best_of_all, every_placement, problem, problems, worth_of

from targeting import exact_model
from targeting.exact import NoPlacementError, Solution, solve
from targeting.exact_model import PlacementModel
from targeting.greedy import greedy_placement
from targeting.problem import Problem

ALIKE = settings(derandomize=True, deadline=None, max_examples=200)
FEWER = settings(derandomize=True, deadline=None, max_examples=60)
CLOSE = 1e-6


def solved(p: Problem, columns: int, gap: float = 0.0) -> Solution:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_model, "COLUMNS", columns)
        return solve(p, greedy_placement(p), gap=gap, time_limit_s=60.0)


def model_of(p: Problem, columns: int) -> PlacementModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_model, "COLUMNS", columns)
        return PlacementModel(p)


@ALIKE
@given(problems())
def test_the_fewest_columns_find_and_prove_what_many_do(p: Problem) -> None:
    best = best_of_all(p)
    if best is None:
        for columns in (1, 1000):
            with pytest.raises(NoPlacementError):
                solved(p, columns)
        return
    for found in (solved(p, 1), solved(p, 1000)):
        assert found.value == pytest.approx(best, rel=CLOSE, abs=CLOSE)
        assert found.bound >= best - CLOSE * max(abs(best), 1.0)
        assert found.gap <= CLOSE


@FEWER
@given(problems(), st.sampled_from([1, 4, 1000]))
def test_shared_planes_lie_above_every_placement_and_touch_where_they_were_laid(
    p: Problem, columns: int
) -> None:
    whole = list(every_placement(p))[:150]
    if not whole or not (p.vehicles > 0).any():
        return
    for cards in whole[:: max(len(whole) // 3, 1)]:
        held = replace(p, least=cards)
        if not held.fits(cards):
            continue
        model = model_of(held, columns)
        model.lay_first()
        for other in (cards, whole[-1] * 0.7):
            model.lay(other.astype(float), all_of_them=True)
        # what the planes allow a placement is its worth, where one is laid on it, and never less
        for other in whole:
            value = worth_of(p, other.tolist())
            assert model.most(other) == pytest.approx(value, rel=1e-9, abs=1e-9)
        answer = model.run(relaxed=False, gap=0.0, seconds=60.0)
        assert answer is not None
        value = worth_of(p, cards.tolist())
        assert answer.bound >= value - CLOSE * max(abs(value), 1.0)


def test_planes_of_one_column_are_the_sums_of_those_of_each_place() -> None:
    # places of 100 and 50 people, rides 0.1 and 0.2 of the one unit; one of its two buses posted:
    # tangents 100 (1 - e⁻⁰·¹) + 10 e⁻⁰·¹ (n - 1) and 50 (1 - e⁻⁰·²) + 10 e⁻⁰·² (n - 1)
    p = problem([[100], [50]], [[0.1], [0.2]], 2, [2])
    model = model_of(p, 1)
    model.lay(np.array([[1.0]]))
    answer = model.run(relaxed=True, gap=0.0, seconds=60.0)
    assert answer is not None
    assert answer.cards.tolist() == [[2.0]]
    touched = 100 * (1 - np.exp(-0.1)) + 50 * (1 - np.exp(-0.2))
    assert answer.bound == pytest.approx(touched + 10 * np.exp(-0.1) + 10 * np.exp(-0.2))


def test_below_one_card_the_plane_through_no_cards_is_the_lower() -> None:
    # half a card of a unit with rides 3: the curve stands at 1 - e⁻¹·⁵ = 0.777, a whole card's share is
    # 1 - e⁻³ = 0.950, and half of that, 0.475, is all that half a card may count
    p = problem([[100]], [[3.0]], 1, [1])
    model = model_of(p, 1000)
    assert model.most(np.array([[0.5]])) == pytest.approx(50 * (1 - np.exp(-3)))
    assert model.most(np.array([[1.0]])) == pytest.approx(100 * (1 - np.exp(-3)))


def test_places_belong_to_the_unit_they_meet_most() -> None:
    rides = scipy.sparse.csr_matrix([[0.1, 0.0, 0.3], [0.0, 0.0, 0.0], [0.2, 0.2, 0.1], [0.0, 0.4, 0.0]])
    assert exact_model._most_met(rides).tolist() == [2, 3, 0, 1]


def large(units: int = 100, atoms: int = 2000, languages: int = 4) -> Problem:
    """Return a city: places near a few of many lines each, languages at home in different parts."""
    random = np.random.default_rng(5)
    place, line = random.random(atoms), random.random(units)
    apart = np.abs(place[:, None] - line[None, :])
    met = np.where(apart < 0.01, random.gamma(1.0, 0.1, (atoms, units)), 0.0)
    home = random.random(languages)
    people = random.gamma(0.5, 8.0, (atoms, languages)) * np.exp(-20 * (place[:, None] - home) ** 2)
    return problem(people, met, 60, random.integers(1, 12, units).tolist(), floors=[1] * languages)


@pytest.mark.parametrize("weights", [np.ones(4), None])
def test_a_large_problem_is_proven_in_few_columns(weights: np.ndarray | None) -> None:
    p = replace(large(), weights=weights)
    few, many = solved(p, 40, gap=0.005), solved(p, 10**6, gap=0.005)
    for found in (few, many):
        assert found.status == "the gap asked for is proven"
        assert found.gap <= 0.005
        assert p.fits(found.cards)
        assert not p.missing(found.cards).any()
    # each one's bound holds for what the other found
    assert few.value <= many.bound
    assert many.value <= few.bound
    assert sum(len(columns) for columns in model_of(p, 40).reach_columns) <= 44  # ten units and the rest each


def test_a_placement_in_pieces_rounded_off_is_never_worse_than_the_quick_one() -> None:
    p = large()
    quick = greedy_placement(p)
    found = solved(p, 1000, gap=0.02)
    assert found.value >= quick.value
    assert solved(p, 1000, gap=0.001).gap <= 0.001
