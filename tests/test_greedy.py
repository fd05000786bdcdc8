"""The quick placement: rules kept, floors first, and a bound that no placement passes."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from placements import best_of_all, broken, problem, problems, worth_of

from targeting import greedy
from targeting.greedy import greedy_cards, greedy_path, greedy_placement
from targeting.problem import Problem


@settings(derandomize=True, deadline=None, max_examples=200)
@given(problems())
def test_every_rule_but_the_floors_is_kept_and_the_bound_holds(p: Problem) -> None:
    best = best_of_all(p)
    quick = greedy_placement(p)
    assert quick.value == pytest.approx(worth_of(p, quick.cards.tolist()), rel=1e-9, abs=1e-9)
    assert (greedy_cards(p) == quick.cards).all()
    if p.fits(p.least):
        assert set(broken(p, quick.cards)) <= {"floor", "floor of people"}
        assert p.fits(quick.cards)
    if best is not None:
        assert quick.bound >= best - 1e-9 * max(abs(best), 1)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(problems())
def test_what_fits_and_what_is_missing_are_the_rules(p: Problem) -> None:
    for cards in (p.least, greedy_cards(p), np.minimum(p.vehicles[:, None], 1 + p.least)):
        rules = set(broken(p, cards))
        assert p.fits(cards) == (not rules & {"buses", "vehicles", "cards", "venue", "copies"})
        assert p.missing(cards).any() == bool(rules & {"floor", "floor of people"})


def test_one_bus_after_the_other_by_hand() -> None:
    # a bus of unit 0 meets 100 · (1 − e⁻¹) = 63.2, a second 23.3 more; one of unit 1 meets 31.6
    p = problem([[100], [50]], [[1, 0], [0, 1]], 3, [3, 3])
    told: list[tuple[int, list[int], float]] = []
    greedy_path(p, lambda buses, cards, reach: told.append((buses, cards.ravel().tolist(), float(reach[0]))))
    first, second, third = 100 * (1 - exp(-1)), 50 * (1 - exp(-1)), 100 * (exp(-1) - exp(-2))
    assert [(buses, cards) for buses, cards, _ in told] == [
        (0, [0, 0]), (1, [1, 0]), (2, [1, 1]), (3, [2, 1]),
    ]  # fmt: skip
    assert [reach for *_, reach in told] == pytest.approx([0, first, first + second, first + second + third])


def test_a_bus_with_two_slots_takes_the_two_best_languages() -> None:
    # unit 0 brings 60 + 50, unit 1 brings 100 and 1
    p = problem([[60, 50, 10], [100, 1, 0]], [[9, 0], [0, 9]], 1, slots=[2, 2])
    assert greedy_cards(p).tolist() == [[1, 1, 0], [0, 0, 0]]
    assert greedy_cards(problem([[60, 50, 10], [100, 1, 0]], [[9, 0], [0, 9]], 1)).tolist() == [
        [0, 0, 0],
        [1, 0, 0],
    ]


def test_logarithms_give_the_small_language_its_first_bus_before_the_large_its_second() -> None:
    p = problem([[1000, 10]], [[0.5]], 2, [2], weights=None)
    assert greedy_cards(p).tolist() == [[1, 1]]
    q = greedy_placement(p)
    assert q.value == pytest.approx(log(1000 * (1 - exp(-0.5))) + log(10 * (1 - exp(-0.5))))


def test_floors_are_met_before_anything_is_maximised() -> None:
    p = problem([[1000, 10]], [[0.5]], 3, [3], floors=[0, 1])
    assert greedy_cards(p).tolist() == [[2, 1]]


def test_a_language_that_may_hang_in_one_place_only_is_not_crowded_out_of_it() -> None:
    # the first language is worth more on unit 0, the only one where the second may hang
    p = problem(
        [[100, 9], [80, 9]], [[1, 0], [0, 1]], 2, floors=[1, 1], allowed=[[True, True], [True, False]]
    )
    assert greedy_cards(p).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("asked", [{"floors": [0, 1]}, {"floor_people": [0.0, 50.0]}])
def test_a_language_without_weight_still_gets_its_floor_where_it_lives(asked: dict[str, object]) -> None:
    # unit 1 has 90 of its people, unit 0 has 5
    p = problem([[100, 5], [80, 90]], [[1, 0], [0, 1]], 2, weights=np.array([1.0, 0.0]), **asked)
    assert greedy_cards(p).tolist() == [[1, 0], [0, 1]]


def test_a_floor_that_has_no_place_does_not_hold_up_the_others() -> None:
    p = problem(
        [[100, 9], [80, 9]], [[1, 0], [0, 1]], 2, floors=[1, 1], allowed=[[True, False], [True, False]]
    )
    assert greedy_cards(p).tolist() == [[1, 0], [1, 0]]


def test_no_bus_no_unit_no_language() -> None:
    assert greedy_placement(problem([[100]], [[1.0]], 0)).cards.tolist() == [[0]]
    assert greedy_placement(problem([[100]], [[1.0]], 5, [0])).bound == 0
    empty = problem(np.empty((0, 2)), np.empty((0, 3)), 5)
    assert greedy_placement(empty).value == 0


def test_venue_cards_have_a_budget_of_their_own() -> None:
    p = problem([[100], [80], [60]], np.diag([1.0, 1.0, 1.0]), 1, venue=[False, True, True], cards=1)
    assert greedy_cards(p).ravel().tolist() == [1, 1, 0]


def test_copies_end_a_language() -> None:
    p = problem([[1000, 10]], [[0.5]], 5, [5], copies=[2, 9])
    assert greedy_cards(p).tolist() == [[2, 3]]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(problems())
def test_differences_place_what_whole_products_place(p: Problem) -> None:
    whole = greedy_placement(p)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy, "LARGE", -1)
        differences = greedy_placement(p)
    assert (differences.cards == whole.cards).all()
    assert differences.value == pytest.approx(whole.value, rel=1e-12, abs=1e-12)
    assert differences.bound == pytest.approx(whole.bound, rel=1e-9, abs=1e-9)


def test_differences_leave_nobody_where_all_are_reached() -> None:
    # who rides fifty times is sure to be reached: after one bus no rounding may ask for another
    p = problem([[100.0], [33.3]], [[50.0, 50.0], [0.0, 50.0]], 4, [2, 2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy, "LARGE", -1)
        assert greedy_cards(p).tolist() == [[0], [1]]
