"""Which floors fight each other, and by how much."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from placements import best_of_all, problem, problems

from targeting.feasibility import affordable_floors, floors_fight, plain_fights
from targeting.greedy import greedy_cards
from targeting.problem import Problem


def names(p: Problem) -> dict[str, str]:
    return {key: key.capitalize() for key in (*p.units, *p.groups)}


def fight(p: Problem) -> str:
    assert best_of_all(p) is None
    assert plain_fights(p, names(p)) == ""
    return floors_fight(p, names(p))


def test_a_share_that_every_bus_together_does_not_reach() -> None:
    # two buses of one ride each: 100 · (1 − e⁻²) = 86 at the most
    p = problem([[100]], [[1.0]], 2, [2], floor_people=[90.0])
    assert fight(p) == (
        "placement.floors ask that 90 speakers of Group0 be reached, and all the buses together reach about "
        "86: 4 too few"
    )


def test_floors_that_need_more_buses_together() -> None:
    p = problem([[100, 50, 20]], [[1.0, 1.0]], 3, [3, 4], floors=[2, 2, 1])
    assert fight(p) == (
        "placement.floors (Group0, Group1, Group2) need about 5 buses, and "
        "placement.buses = 3: about 2 too few"
    )


def test_floors_that_want_the_same_bus() -> None:
    p = problem([[100, 50]], [[1.0, 1.0]], 2, [1, 4], floors=[1, 1], allowed=[[True, True], [False, False]])
    assert fight(p) == (
        "placement.floors cannot all be met on the units where the languages may hang, however many buses "
        "there are (Group1 by 1 short)"
    )


def test_of_floors_that_cannot_be_met_the_largest_languages_keep_theirs() -> None:
    nobody = np.zeros(3, bool)
    p = problem([[20, 100, 50]], [[1.0]], 3, [9], floors=[2, 1, 1])
    assert affordable_floors(p, nobody).tolist() == [1, 1, 1]
    assert affordable_floors(replace(p, buses=2), nobody).tolist() == [0, 1, 1]
    assert affordable_floors(replace(p, buses=9), nobody).tolist() == [2, 1, 1]
    # what was asked for stays, and takes the others' buses
    assert affordable_floors(p, np.array([True, False, False])).tolist() == [2, 1, 0]
    assert affordable_floors(replace(p, buses=1), np.array([True, False, False])).tolist() == [2, 0, 0]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(problems())
def test_floors_that_are_left_can_be_met_and_none_is_dropped_in_vain(p: Problem) -> None:
    if not p.fits(p.least):
        return
    p = replace(p, floor_people=p.floor_people * 0)
    left = affordable_floors(p, np.zeros(len(p.groups), bool))
    assert (left <= p.floors).all()
    assert not replace(p, floors=left).missing(greedy_cards(replace(p, floors=left))).any()
    if best_of_all(p) is not None:
        assert left.tolist() == p.floors.tolist()


@settings(derandomize=True, deadline=None, max_examples=150)
@given(problems())
def test_a_plain_fight_is_a_problem_without_a_placement(p: Problem) -> None:
    said = plain_fights(p, names(p))
    if said:
        assert best_of_all(p) is None, said
    elif best_of_all(p) is None:
        assert floors_fight(p, names(p)).startswith("placement.floors ")


@pytest.mark.parametrize("vehicles", [[1, 1], [3, 3]])
def test_no_fight_where_everything_fits(vehicles: list[int]) -> None:
    p = problem([[9, 9]], [[1, 1]], 2, vehicles, floors=[1, 1])
    assert plain_fights(p, names(p)) == ""
