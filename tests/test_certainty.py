"""Certainty: quadrature against closed forms, sampling and symmetry."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from targeting.certainty import certainty_of, probability_at_least, rank_probabilities
from targeting.languages import find_languages


@pytest.mark.parametrize(
    ("estimates", "errors"),
    [((100, 80), (10, 20)), ((500, 499), (1, 300)), ((0, 40), (7.3, 0.01)), ((3, 3), (5, 80))],
)
def test_two_languages_have_a_closed_form(
    estimates: tuple[float, float], errors: tuple[float, float]
) -> None:
    # P(A > B) = Φ((a - b) / sqrt(sa² + sb²)); with two, the second is whichever is not first
    expected = norm.cdf((estimates[0] - estimates[1]) / np.hypot(*errors))
    first, second = rank_probabilities(estimates, errors)
    assert first[0] == pytest.approx([expected, 1 - expected], abs=1e-9)
    assert second[0] == pytest.approx([1 - expected, expected], abs=1e-9)


def test_twelve_languages_agree_with_200_000_draws() -> None:
    rng = np.random.default_rng(20240117)
    estimates = rng.gamma(6, 60, 12)
    errors = rng.uniform(20, 220, 12)
    estimates[-3:], errors[-3:] = 0, 7.3  # ACS zeros: margin 12
    draws = rng.normal(estimates, errors, (200_000, 12)).argsort(axis=1)
    first, second = rank_probabilities(estimates, errors)
    assert np.bincount(draws[:, -1], minlength=12) / 2e5 == pytest.approx(first[0], abs=0.005)
    assert np.bincount(draws[:, -2], minlength=12) / 2e5 == pytest.approx(second[0], abs=0.005)
    assert first[0].max() < 0.95, "a case in which much is undecided"


def test_equal_languages_share_equally() -> None:
    first, second = rank_probabilities([50] * 5, [9] * 5)
    assert first[0] == pytest.approx([0.2] * 5, abs=1e-9)
    assert second[0] == pytest.approx([0.2] * 5, abs=1e-9)


def test_figures_without_error_are_decided() -> None:
    first, second = rank_probabilities([[3, 9, 5], [4, 4, 1]], np.zeros((2, 3)))
    assert first == pytest.approx(np.array([[0, 1, 0], [0.5, 0.5, 0]]), abs=1e-9)
    assert second == pytest.approx(np.array([[0, 0, 1], [0.5, 0.5, 0]]), abs=1e-9)


def test_one_language_is_first_and_nobody_second() -> None:
    first, second = rank_probabilities([12.0], [4.0])
    assert (first.item(), second.item()) == (1.0, 0.0)


figure = st.tuples(st.floats(0, 5000), st.floats(0, 900))


@settings(max_examples=60, deadline=None)
@given(st.lists(figure, min_size=2, max_size=9), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_rows_sum_to_one(
    figures: list[tuple[float, float]], random: Random
) -> None:
    order = list(range(len(figures)))
    random.shuffle(order)
    estimates, errors = np.array(figures).T
    first, second = rank_probabilities(estimates, errors)
    again = rank_probabilities(estimates[order], errors[order])
    assert again[0][0] == pytest.approx(first[0][order], abs=1e-9)
    assert again[1][0] == pytest.approx(second[0][order], abs=1e-9)
    assert first.sum() == pytest.approx(1)
    assert second.sum() == pytest.approx(1)
    assert ((first >= -1e-12) & (first + second <= 1 + 1e-9)).all()


def test_serves_enough() -> None:
    # 100 wanted: 150 ± 1 standard error of 50 is one error above: Φ(1)
    assert probability_at_least([150, 100, 0], [50, 20, 0], 100) == pytest.approx([norm.cdf(1), 0.5, 0.0])


def test_columns_of_a_route_by_hand() -> None:
    # Spanish 300 ± 82.25 (SE 50), Vietnamese 200 ± 82.25, Russian and Ukrainian one group of 0 ± 16.45
    languages = find_languages(["es", "vi", "ru", "uk"])
    served = pd.DataFrame(
        {
            "route_id": "1",
            "language": ["es", "vi", "ru", "uk"],
            "served": [300.0, 200.0, 0.0, 0.0],
            "served_moe": [82.25, 82.25, 16.45, 16.45],
        }
    )
    table = certainty_of(served, languages, min_served=250, cv_limits=(0.2, 0.4)).set_index(
        served["language"]
    )
    # of three groups Russian is out of play (20 errors below), so it is Φ(100 / √(50² + 50²))
    assert table.at["es", "largest_probability"] == pytest.approx(norm.cdf(100 / np.hypot(50, 50)), abs=1e-3)
    first = table["largest_probability"]
    assert first["ru"] == first["uk"], "one group, one figure"
    assert table["enough_probability"].to_numpy() == pytest.approx(
        [norm.cdf(1), norm.cdf(-1), 0, 0], abs=1e-9
    )
    assert table["runner_up"].tolist() == ["vi", "es", "es", "es"]
    # |300 - 200| / 70.7 = 1.41 is below 1.645; 300 / 51 is far above
    assert table["differs"].tolist() == [False, False, True, True]
    assert table["cv"].tolist()[:2] == pytest.approx([50 / 300, 0.25])
    assert table["cv"].isna().tolist() == [False, False, True, True]
    assert table["reliability"].tolist() == ["high", "medium", "low", "low"]


def test_a_campaign_of_one_group_is_sure_of_it() -> None:
    served = pd.DataFrame({"route_id": ["1"], "language": ["ko"], "served": [5.0], "served_moe": [50.0]})
    table = certainty_of(served, find_languages(["ko"]), min_served=100, cv_limits=(0.12, 0.4))
    assert table["largest_probability"].tolist() == [1.0]
    assert table["runner_up"].tolist() == [""]
