"""What is said to be proven: in the measure the plan maximises, never less than the gap, never "0.0%"."""

import pytest

from targeting.proofs import lost, no_better

NO = "no placement of these buses under the campaign's wishes"


@pytest.mark.parametrize(
    ("gap", "weights", "robust", "said"),
    [
        (0.0, "people", False, "reaches more people"),
        (1e-9, "people", False, "reaches more people"),
        (0.00012, "people", False, "reaches more than 0.1% more people"),
        (0.00448, "people", False, "reaches more than 0.5% more people"),
        (0.00448, "people", True, "reaches more than 0.5% more people on average over the redraws"),
        (0.0041, "languages", False, "is worth more than 0.5% more by the campaign's weights"),
        (0.0, "{'vi': 5.0}", False, "is worth more by the campaign's weights"),
        (0.0047, "proportional", False, "reaches more than 0.5% more in the geometric mean of the languages"),
    ],
)
def test_how_much_better_another_placement_may_be(gap: float, weights: str, robust: bool, said: str) -> None:
    assert no_better(gap, weights, robust=robust) == f"{NO} {said}"


@pytest.mark.parametrize(
    ("regret", "weights", "said"),
    [
        # a mean, so rounded and not bounded
        (0.0133, "people", "on average reaches 1.3% fewer people than"),
        (0.0, "people", "on average reaches under 0.1% fewer people than"),
        (0.0532, "languages", "on average is worth 5.3% less by the campaign's weights than"),
        (0.044, "proportional", "on average reaches 4.4% less in the geometric mean of the languages than"),
    ],
)
def test_what_is_lost_on_average(regret: float, weights: str, said: str) -> None:
    assert lost(regret, weights) == said
