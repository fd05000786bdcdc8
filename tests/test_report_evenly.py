"""What hangs on where in a tract people are taken to live: told beside the headline, and right."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from targeting.campaign import read_campaign
from targeting.evenly import spread_evenly
from targeting.plan import Plan, make_plan
from targeting.posting import audience_of
from targeting.proofs import apportioned, evenly
from targeting.scoring import score_routes

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
VENUES = ("file=sample_venues.csv", "cards=8")


@cache
def plan(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["buses=12", "redraws=0", *settings]))


@pytest.mark.parametrize("settings", [(), ("unit=family",), VENUES])
def test_the_same_cards_over_people_spread_evenly(
    settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(*settings)
    assert made.evenly is not None
    monkeypatch.setattr("targeting.evenly.COARSER", 1.0)
    finely = spread_evenly(made.scores, made.posting)
    assert finely is not None
    campaign = made.scores.campaign
    region = campaign.region.model_copy(update={"points": None})
    by_area = score_routes(campaign.model_copy(update={"region": region}))
    people = {language.column: language for language in by_area.languages}
    served = reached = 0.0
    audience, near = audience_of(by_area), by_area.postable.catchment
    for column in people:
        same = [language.column == column for language in by_area.languages]
        cards = made.posting.by_language[:, same].sum(axis=1)
        estimate = by_area.tracts.estimates[column].to_numpy(float)
        # atom by atom, each person once
        served += float((near.weight * estimate[near.tract])[near.departures @ (cards > 0) > 0].sum())
        met = 1 - np.exp(-(audience.rides @ cards))
        reached += float((audience.weight * estimate[audience.tract] * met).sum())
    assert finely["served"] == pytest.approx(served, rel=1e-9)
    assert finely["reach"] == pytest.approx(reached, rel=1e-9)
    assert made.evenly == pytest.approx(finely, rel=5e-3), "coarser squares do for a sum over a region"
    assert made.evenly != finely
    total = made.strategies[made.strategies["chosen"] & (made.strategies["language"] == "")].iloc[0]
    assert abs(made.evenly["served"] / total["served"] - 1) > 0.01, "points make a difference"


def test_without_points_there_is_nothing_to_compare() -> None:
    campaign = plan().scores.campaign
    region = campaign.region.model_copy(update={"points": None})
    made = make_plan(campaign.model_copy(update={"region": region}))
    assert made.evenly is None
    assert evenly(made) == apportioned(made) == ""


@pytest.mark.parametrize(
    ("served", "reach", "said"),
    [
        (0.85, 0.842, "(15% and 16% fewer)"),
        (1.2, 0.9, "(20% more and 10% fewer)"),
        (1.001, 0.999, "(as many)"),
        (1.001, 0.9, "(as many and 10% fewer)"),
    ],
)
def test_how_much_and_which_way(served: float, reach: float, said: str) -> None:
    made = plan()
    total = made.strategies[made.strategies["chosen"] & (made.strategies["language"] == "")].iloc[0]
    changed = {"served": served * total["served"], "reach": reach * total["reach"]}
    assert said in evenly(replace(made, evenly=changed))
    assert "under 10" in evenly(replace(made, evenly=changed | {"reach": 4.0}))
    assert "%" not in evenly(replace(made, evenly=changed | {"reach": 4.0})), "a share of it would tell"


def test_placements_say_which_way_they_lean() -> None:
    made = plan()
    rows = made.placements.merge(
        made.routes[["route_id", "language", "served_area"]],
        left_on=["unit_id", "language"], right_on=["route_id", "language"],
    )  # fmt: skip
    fewer, more = (rows["served_area"] < rows["served"]).sum(), (rows["served_area"] > rows["served"]).sum()
    beyond = ((rows["served_area"] - rows["served"]).abs() > rows["served_moe"]).sum()
    assert fewer
    assert beyond
    said = apportioned(made)
    assert (
        f"{fewer} of {len(rows)} placements would serve fewer people and {more} more; for {beyond} of" in said
    )
    sure = replace(made, placements=made.placements.assign(served_moe=1e6))
    assert apportioned(sure).endswith(f"serve fewer people and {more} more, all within their ±.")
