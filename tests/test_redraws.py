"""Redraws of the census figures: totals kept, seeds kept, and what they say of a plan."""

import numpy as np
import pytest
from placements import every_placement, problem

from targeting.exact import solve
from targeting.greedy import greedy_cards, greedy_placement
from targeting.redraws import mean_redraw, redraw, survival

ESTIMATES = np.array([[120.0, 0.0], [0.0, 40.0], [60.0, 35.0], [10.0, 0.0]])
MARGINS = np.array([[60.0, 12.0], [12.0, 30.0], [45.0, 33.0], [16.0, 12.0]])


def test_every_redraw_keeps_the_totals_and_is_never_negative() -> None:
    drawn = list(redraw(ESTIMATES, MARGINS, count=300, seed=5))
    assert len(drawn) == 300
    for table in drawn:
        assert (table >= 0).all()
        assert table.sum(axis=0) == pytest.approx(ESTIMATES.sum(axis=0))
    assert np.std([table[0, 0] for table in drawn]) > 5


def test_a_group_that_is_drawn_away_everywhere_keeps_its_estimates() -> None:
    # one tract, 10 ± 100: half of the draws are below zero, and all have to come to 10
    for table in redraw(np.array([[10.0]]), np.array([[100.0]]), count=50, seed=1):
        assert table.item() == pytest.approx(10.0)


def test_the_spread_is_the_standard_error() -> None:
    # two hundred tracts of 1,000 ± 164.5: the scaling to the total hardly matters
    drawn = next(redraw(np.full((2000, 1), 1000.0), np.full((2000, 1), 164.5), count=1, seed=2))
    assert drawn.std() == pytest.approx(100, rel=0.05)


def test_same_seed_same_redraws() -> None:
    def first(seed: int) -> list[float]:
        return next(redraw(ESTIMATES, MARGINS, count=1, seed=seed)).ravel().tolist()

    assert first(5) == first(5)
    assert first(5) != first(6)


def test_without_margins_a_plan_is_certain() -> None:
    p = problem(ESTIMATES, [[1, 0, 0.2], [0, 0.5, 0], [0.3, 1, 0], [0, 0, 2]], 3, [2, 2, 2], floors=[1, 1])
    plan = greedy_cards(p)
    fate = survival(p, plan, ESTIMATES, np.zeros_like(MARGINS), count=20, seed=1)
    assert (fate.certainty == (plan > 0)).all()
    assert fate.regret == 0
    assert (fate.reach == p.audience.reach(plan)).all()


def test_without_margins_an_exact_plan_is_certain_where_the_quick_one_is_another() -> None:
    people = [[40], [40], [34], [34]]
    p = problem(people, [[50, 50, 0], [50, 0, 50], [0, 50, 0], [0, 0, 50]], 2)
    plan = solve(p, greedy_placement(p), gap=0.0, time_limit_s=60).cards
    assert plan.tolist() != greedy_cards(p).tolist()
    fate = survival(p, plan, np.array(people, float), np.zeros((4, 1)), count=5, seed=1)
    assert fate.certainty.ravel().tolist() == [0, 1, 1]
    assert fate.regret == 0


def test_a_quick_placement_that_misses_a_floor_is_no_better_plan() -> None:
    # the floor of 148 needs units 1 and 2; the quick placement takes 0 and 1 for it, reaches 114, and has
    # unit 2 left for a thousand people of the other language
    people = np.array([[40, 0], [40, 0], [34, 0], [34, 0], [0, 1000]], float)
    rides = [[50, 50, 0], [50, 0, 50], [0, 50, 0], [0, 0, 50], [0, 0, 50]]
    p = problem(people, rides, 3, floor_people=[148.0, 0.0], copies=[2, 9])
    plan = np.array([[0, 0], [1, 0], [1, 0]])
    assert p.value(greedy_cards(p)) == pytest.approx(1114)
    fate = survival(p, plan, people, np.zeros((5, 2)), count=5, seed=1)
    assert (fate.certainty == plan).all()
    assert fate.regret == 0


@pytest.mark.parametrize("weights", [np.ones(1), None])
def test_two_routes_alike_are_a_coin_toss(weights: np.ndarray | None) -> None:
    estimates, margins = np.array([[100.0], [100.0]]), np.array([[40.0], [40.0]])
    p = problem(estimates, [[1, 0], [0, 1]], 1, weights=weights)
    plan = np.array([[1], [0]])
    fate = survival(p, plan, estimates, margins, count=400, seed=2017)
    assert 0.4 < fate.certainty[0, 0] < 0.6
    assert fate.certainty.sum() == pytest.approx(1.0)
    # drawn x and 200 − x: the plan loses what the other has more, as a share of that
    drawn = np.array([table[:, 0] for table in redraw(estimates, margins, count=400, seed=2017)])
    assert fate.regret == pytest.approx(np.mean(1 - drawn[:, 0] / drawn.max(axis=1)))
    assert fate.reach[:, 0] == pytest.approx(drawn[:, 0] * (1 - np.exp(-1)))


def test_no_redraws_say_nothing() -> None:
    p = problem(ESTIMATES, np.ones((4, 1)), 1)
    fate = survival(p, greedy_cards(p), ESTIMATES, MARGINS, count=0, seed=1)
    assert fate.reach.shape == (0, 2)
    assert fate.regret == 0
    assert (mean_redraw(ESTIMATES, MARGINS, count=0, seed=1) == ESTIMATES).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_best_on_the_mean_redraw_is_best_on_average_over_the_redraws(seed: int) -> None:
    rides = [[1, 0, 0.2], [0, 0.5, 0], [0.3, 1, 0], [0, 0, 2]]
    wide = MARGINS * 3  # so wide that the mean is not the estimate
    mean = mean_redraw(ESTIMATES, wide, count=40, seed=seed)
    assert abs(mean - ESTIMATES).max() > 5
    p = problem(ESTIMATES, rides, 2, weights=np.array([1.0, 1.5]))
    redrawn = [p.with_people(table) for table in redraw(ESTIMATES, wide, count=40, seed=seed)]
    on_average = {
        cards.tobytes(): np.mean([each.value(cards) for each in redrawn]) for cards in every_placement(p)
    }
    robust = p.with_people(mean)
    found = solve(robust, greedy_placement(robust), gap=0.0, time_limit_s=60)
    assert found.value == pytest.approx(max(on_average.values()))
    assert on_average[found.cards.tobytes()] == pytest.approx(max(on_average.values()))
