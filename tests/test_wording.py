"""How figures are worded."""

import pandas as pd
import pytest

from targeting.wording import about, count, percent, with_margin
from targeting.write.tables import as_csv, told


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.4, "0"), (0.6, "under 10"), (9.4, "under 10"), (9.6, "10"), (1267.4, "1,267")],
)
def test_small_counts_are_not_told(value: float, said: str) -> None:
    assert count(value, 10) == said
    assert with_margin(value, 255, 10) == (said if said == "under 10" else f"{said} ± 255")


def test_the_floor_is_a_setting() -> None:
    assert count(12, 20) == "under 20"
    assert count(3, 0) == "3"


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (1.0, "over 99%"), (0.994, "over 99%"), (0.99, "99%"), (0.876, "88%"), (0.01, "1%"),
        (0.004, "under 1%"), (0.585, "59%"), (0.145, "15%"), (0.5449, "54%"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_nothing_is_ever_certain(probability: float, said: str) -> None:
    assert percent(probability) == said


@pytest.mark.parametrize(
    ("value", "margin", "said"),
    [
        (1267, 255, "about 1,270 ± 260"),
        (1264.9, 254, "about 1,260 ± 250"),
        (31234, 2345, "about 31,200 ± 2,300"),
        (87, 41.4, "about 87 ± 41"),
        (87, float("nan"), "about 87"),
        (10238, 0, "about 10,200"),
        (4, 9, "under 10"),
    ],
)
def test_rounded_words_are_no_finer_than_the_margin(value: float, margin: float, said: str) -> None:
    assert about(value, margin, 10) == said


def test_tables_write_under_10_for_people_and_nothing_else() -> None:
    table = pd.DataFrame(
        {
            "served": pd.array([3, 0, 12], "Int64"),
            "served_moe": pd.array([7, 12, 9], "Int64"),
            "buses": [3, 4, 5],
        }
    )
    assert as_csv(told(table, 10)) == "served,served_moe,buses\nunder 10,7,3\n0,12,4\n12,9,5\n"
