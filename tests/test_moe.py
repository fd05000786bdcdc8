"""Margins of error: the Census Bureau's worked examples, and sums worked by hand."""

import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from targeting import moe

people = st.integers(0, 5000).map(float)
margins = st.integers(0, 900).map(float)


def test_standard_error_of_the_90_percent_level() -> None:
    assert moe.standard_error(1645.0) == pytest.approx(1000)
    assert moe.standard_error([0.0, 16.45]) == pytest.approx([0, 10])


def test_coefficient_of_variation() -> None:
    # SE 164.5 / 1.645 = 100 on an estimate of 400; a zero is infinitely uncertain
    result = moe.coefficient_of_variation([400.0, 0.0], [164.5, 12.0])
    assert result[0] == pytest.approx(0.25)
    assert math.isinf(result[1])


def test_handbook_sum_of_three_counties() -> None:
    # ACS General Handbook, chapter 8: Fairfax, Arlington and Alexandria; 203,119 ± 5,070
    assert round(moe.of_sum([135_173, 43_104, 24_842], [3860, 2642, 1957])) == 5070


def test_sum_counts_only_the_largest_margin_of_the_zeros() -> None:
    # 30² + 40² + 123² = 900 + 1600 + 15129 = 17629; counting all three zeros would give 224.6
    estimates, margin = [50, 0, 60, 0, 0], [30, 123, 40, 123, 120]
    assert moe.of_sum(estimates, margin) == pytest.approx(math.sqrt(17_629))


def test_sum_of_zeros_only_has_the_largest_of_their_margins() -> None:
    assert moe.of_sum([0, 0, 0], [12, 17, 12]) == 17


def test_sum_of_nothing_has_no_margin() -> None:
    assert moe.of_sum([0.0], [0.0]) == 0


def test_handbook_proportion() -> None:
    # ACS Compass handbooks: 4,634 ± 989 of 31,713 ± 601 is 0.1461 ± 0.0311
    assert float(moe.of_proportion(4634, 989, 31_713, 601)) == pytest.approx(0.0311, abs=5e-5)


def test_proportion_falls_back_to_the_ratio_form() -> None:
    # p = 0.8; 60² - 0.64 · 100² = 3600 - 6400 < 0, so sqrt(3600 + 6400) / 1000 = 0.1
    assert float(moe.of_proportion(800, 60, 1000, 100)) == pytest.approx(0.1)


def test_proportion_at_the_edge_of_the_root_is_zero() -> None:
    # 50² - 0.25 · 100² = 0 exactly: not negative, so the margin is 0, not 0.071
    assert float(moe.of_proportion(500, 50, 1000, 100)) == 0


def test_proportion_elementwise_and_of_nobody() -> None:
    result = moe.of_proportion([800.0, 0.0, 0.0], [60.0, 12.0, 12.0], [1000.0, 400.0, 0.0], [100.0] * 3)
    assert result[:2] == pytest.approx([0.1, 0.03])
    assert math.isnan(result[2])


def test_weighted_sum_by_hand() -> None:
    # (0.5 · 40)² + (0.25 · 80)² = 800; the zeros: max(1 · 12, 0.5 · 17) = 12; sqrt(944)
    weights = np.array([[0.5, 0.25, 1.0, 0.5]])
    result = moe.of_weighted_sums(
        weights, np.array([[100.0], [7.0], [0.0], [0.0]]), np.array([[40.0], [80.0], [12.0], [17.0]])
    )
    assert result == pytest.approx(np.array([[math.sqrt(944)]]))


def test_weighted_sums_of_several_rows_and_columns() -> None:
    weights = np.array([[1.0, 0.5], [0.0, 0.1], [0.0, 0.0]])
    estimates = np.array([[10.0, 0.0], [20.0, 5.0]])
    margin = np.array([[6.0, 12.0], [16.0, 30.0]])
    # row 1: sqrt(6² + 8²) = 10; zero 12 beside 15: sqrt(15² + 12²); row 2: 1.6 and 3; row 3: nobody
    expected = np.array([[10.0, math.sqrt(369)], [1.6, 3.0], [0.0, 0.0]])
    dense = moe.of_weighted_sums(weights, estimates, margin)
    sparse = moe.of_weighted_sums(scipy.sparse.csr_matrix(weights), estimates, margin)
    assert dense == pytest.approx(expected)
    assert sparse == pytest.approx(expected)


@given(st.lists(st.tuples(people, margins), min_size=1, max_size=8))
def test_weights_of_one_are_the_rule_for_sums(terms: list[tuple[float, float]]) -> None:
    some = [margin for estimate, margin in terms if estimate > 0]
    none = [margin for estimate, margin in terms if estimate == 0]
    by_hand = math.sqrt(sum(m * m for m in some) + max(none, default=0.0) ** 2)
    estimates = np.array([[e] for e, _ in terms])
    margin = np.array([[m] for _, m in terms])
    weighted = moe.of_weighted_sums(np.ones((1, len(terms))), estimates, margin).item()
    assert weighted == pytest.approx(by_hand)
    assert moe.of_sum(estimates.ravel(), margin.ravel()) == pytest.approx(by_hand)


@given(people, margins, people, margins)
def test_proportion_is_never_imaginary(part: float, pm: float, rest: float, wm: float) -> None:
    whole = part + rest
    result = float(moe.of_proportion(part, pm, whole, wm))
    assert math.isnan(result) if whole == 0 else result >= 0
