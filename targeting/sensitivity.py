"""Sensitivity: what the plan would be, and reach, under other assumptions than the campaign's."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from targeting.campaign import Campaign
from targeting.dealing import deal_to_languages
from targeting.greedy import greedy_cards
from targeting.languages import told_apart
from targeting.notices import Notices
from targeting.posting import Posting, campaign_problem, to_groups
from targeting.reached import near_by_tract, reached_by_tract, with_margins
from targeting.scores import Scores
from targeting.scoring import score

WALKS = (0.75, 1.5)  # times the campaign's own
RIDES = (0.5, 2.0)
ELASTICITIES = (0.25, 1.0)  # about what single stops show, and rides in step with service


def sensitivity_rows(scores: Scores, posting: Posting) -> pd.DataFrame:
    """Return what the plan would be under other walking distances, rides and elasticities.

    Each time the plan is made again by the quick method, with the campaign's other wishes.

    Returns
    -------
    DataFrame
        `setting`, `value`, `chosen` (the campaign's own value, and its own plan), `language` (empty for all),
        `served` and `reach` (people), `same_buses` (share of the plan's buses, and venue cards, that
        would hang as they do).
    """
    rows = []
    for setting, value, chosen, other in _variations(scores):
        if chosen:
            here, by_language, audience = scores, posting.by_language, posting.problem.audience
        else:
            here = _scored(scores, other, again=setting == "bus_walk_m")
            problem = campaign_problem(here, Notices())
            by_language, audience = deal_to_languages(here, greedy_cards(problem)), problem.audience
        kept = np.minimum(by_language, posting.by_language).sum() / max(posting.by_language.sum(), 1)
        tracts = len(here.tracts.names)
        columns = [language.column for language in here.languages]
        near = here.postable.catchment
        served, _ = with_margins(near_by_tract(near, by_language), here.tracts, columns)
        reach, _ = with_margins(reached_by_tract(audience, by_language, tracts), here.tracts, columns)
        base = {"setting": setting, "value": value, "chosen": chosen, "same_buses": float(kept)}
        for number, language in enumerate(here.languages):
            rows.append(base | {"language": language.tag, "served": served[number], "reach": reach[number]})
        cards = to_groups(here, by_language)
        everyone = with_margins(near_by_tract(near, cards), here.tracts, list(told_apart(here.languages)))
        rows.append(
            base
            | {
                "language": "",
                "served": float(everyone[0].sum()),
                "reach": float(audience.reach(cards).sum()),
            }
        )
    names = ["setting", "value", "chosen", "language", "served", "reach", "same_buses"]
    return pd.DataFrame(rows)[names]


def _variations(scores: Scores) -> Iterator[tuple[str, float, bool, Campaign]]:
    """Yield setting, value, whether it is the campaign's own, and the campaign with that value."""
    campaign = scores.campaign
    region, placement = campaign.region, campaign.placement
    for setting, own, others in (
        ("bus_walk_m", region.bus_walk_m, [factor * region.bus_walk_m for factor in WALKS]),
        ("rides_per_week", placement.rides_per_week, [factor * placement.rides_per_week for factor in RIDES]),
        ("elasticity", placement.elasticity, list(ELASTICITIES)),
    ):
        for value in sorted({own, *others}):
            section = "region" if setting == "bus_walk_m" else "placement"
            changed = getattr(campaign, section).model_copy(update={setting: value})
            yield setting, value, value == own, campaign.model_copy(update={section: changed})


def _scored(scores: Scores, campaign: Campaign, *, again: bool) -> Scores:
    """Return the scores of a changed campaign on the same inputs."""
    if again:
        return score(campaign, scores.inputs, Notices())
    return replace(scores, campaign=campaign)
