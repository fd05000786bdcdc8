"""Dealing: cards of a group to its languages, and what the campaign says of one of them by name."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.campaign import read_campaign
from targeting.dealing import deal
from targeting.plan import make_plan
from targeting.wishes import NO_LIMIT

ROOT = Path(__file__).parent.parent


def dealt(
    cards: list[list[int]],
    members: list[list[int]],
    settled: dict[tuple[int, int], int] | None = None,
    floors: list[int] | None = None,
    copies: list[int] | None = None,
) -> list[list[int]]:
    languages = sum(map(len, members))
    fixed = np.zeros((len(cards), languages), np.int64)
    for place, count in (settled or {}).items():
        fixed[place] = count
    return deal(
        np.array(cards),
        members,
        settled=fixed,
        floors=floors or [0] * languages,
        copies=copies or [NO_LIMIT] * languages,
    ).tolist()


def test_languages_of_a_group_take_turns() -> None:
    # 5 cards of the second group: the turn goes on from unit to unit
    assert dealt([[2, 3], [0, 2]], [[1], [0, 2]]) == [[2, 2, 1], [1, 0, 1]]


def test_what_is_settled_stays_where_it_is() -> None:
    assert dealt([[1], [1]], [[0, 1]], settled={(0, 1): 1}) == [[0, 1], [1, 0]]
    # the unit has fewer cards of the group than are settled there
    assert dealt([[1], [0]], [[0, 1]], settled={(0, 1): 3}) == [[0, 1], [0, 0]]
    # three of the second hang already: the first has its turns
    assert dealt([[3], [3]], [[0, 1]], settled={(0, 1): 3}) == [[0, 3], [3, 0]]


def test_floors_and_copies_are_of_a_language_not_of_its_group() -> None:
    assert dealt([[3]], [[0, 1]]) == [[2, 1]]
    assert dealt([[3]], [[0, 1]], floors=[1, 2]) == [[1, 2]]
    assert dealt([[6]], [[0, 1]], copies=[1, 10]) == [[1, 5]]
    # the copies of both are too few: the deal does not lose cards
    assert dealt([[4]], [[0, 1]], copies=[1, 1]) == [[2, 2]]


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), min_size=3, max_size=3),
    st.lists(st.integers(0, 9), min_size=3, max_size=3),
)
def test_no_card_is_lost_and_no_language_gets_more_than_its_copies(
    cards: list[tuple[int, int]], floors: list[int], copies: list[int]
) -> None:
    found = np.array(dealt([list(row) for row in cards], [[0, 2], [1]], floors=floors, copies=copies))
    wanted = np.array(cards)
    assert (found[:, [0, 2]].sum(axis=1) == wanted[:, 0]).all()
    assert (found[:, 1] == wanted[:, 1]).all()
    if wanted[:, 0].sum() <= copies[0] + copies[2]:
        assert found[:, 0].sum() <= copies[0]
        assert found[:, 2].sum() <= copies[2]


def test_a_pinned_language_hangs_where_it_is_pinned() -> None:
    """Russian and Ukrainian are one census group: pinned Ukrainian must not come out as Russian."""
    settings = [
        'languages=["es", "ru", "uk"]',
        'placement.pinned=[{unit = "24", language = "uk", buses = 2}]',
        "copies={es = 20, ru = 2, uk = 20}",
        "floors={ru = 1, uk = 2}",
        "redraws=0",
    ]
    plan = make_plan(read_campaign(ROOT / "data" / "sample.toml", settings))
    hung = plan.placements.set_index(["unit_id", "language"])["cards"]
    assert hung[("24", "uk")] >= 2
    total = hung.groupby("language").sum()
    assert total["ru"] == 1  # of 2 copies one is a spare
    assert total["uk"] >= 2
    assert total["ru"] + total["uk"] == pytest.approx(plan.posting.cards[:, 1].sum())
