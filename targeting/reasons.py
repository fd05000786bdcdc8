"""Reasons: why a route has its language, in plain words with the numbers behind them."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting import moe
from targeting.languages import told_apart
from targeting.wording import about_with_margin, percent, with_margin

if TYPE_CHECKING:
    from targeting.scores import Scores

NEGLIGIBLE = 0.01  # a runner-up with less of the winner's weight is not worth a reader's time


def why(scores: "Scores", route: str, language: str, hanging: Collection[str] | None = None) -> str:
    """Return one sentence: why a route carries a language.

    Parameters
    ----------
    hanging : collection of str, optional
        The groups that the predominant strategy posts on the route; None where it posts nothing there, or
        the plan follows another strategy: what hangs is then not spoken of.
    """
    route_name, trips = (scores.feed.routes.at[route, name] for name in ("route_name", "departures_week"))
    decided = scores.decisions[route]
    chosen = next(lang for lang in scores.languages if lang.tag == language)
    rows = scores.figures[route]
    row = rows[language]
    smallest = scores.campaign.certainty.smallest_count
    along = _share(scores, route) > 0
    leading = int((along & (scores.predominant == chosen.column).to_numpy()).sum())
    name = _name(scores, chosen.column)
    text = (
        f"{route_name} {'calls for' if chosen.column == decided['group'] else 'also carries'} "
        f"{name}, {_meaning(scores, leading, int(along.sum()))}: "
        f"{about_with_margin(row['served'], row['served_moe'], smallest)} {people_word(scores)} of "
        f"{chosen.measured_as} live within walking distance, and {trips:,.0f} trips a week "
        "pass"
    )
    second = _runner_up(scores, route, chosen.column)
    if second:
        key, weight = second
        text += (
            f"; {_name(scores, key)} weighs {weight:.0%} as much (people × departures in the tracts where "
            "each leads)"
        )
    largest = max(rows, key=lambda tag: rows[tag]["served"])
    most, most_group = rows[largest], next(lang.column for lang in scores.languages if lang.tag == largest)
    if most["served"] > row["served"]:
        text += (
            f"; along the whole route more people speak {_name(scores, most_group)} "
            f"({with_margin(most['served'], most['served_moe'], smallest)})"
        )
    text += f"; {_rule_clause(scores, route, name, row['largest_probability'], hanging)}"
    return f"{text}; {rank_by_score(scores, route)} (people × departures)."


def rank_by_score(scores: "Scores", route: str) -> str:
    """Return "rank 12 of 72 by score"; a plan ranks its units by what they add, which is another rank."""
    return f"rank {int(scores.decisions[route]['rank'])} of {len(scores.assigned)} by score"


def _meaning(scores: "Scores", leading: int, along: int) -> str:
    """Return where the language leads, in the campaign's meaning of predominating."""
    where = f"in {leading} of the {along} tracts along it" if leading else "in no tract along it"
    if scores.campaign.placement.area == "hotspot":
        return f"{where} the most spoken of the languages for which the tract is a hot spot"
    return f"{where} the most spoken of the campaign's languages"


def _rule_clause(
    scores: "Scores", route: str, name: str, probability: float, hanging: Collection[str] | None
) -> str:
    """Return which rule spoke, and how sure the choice is."""
    decided = scores.decisions[route]
    asked = f"{scores.campaign.certainty.post_at:.0%} asked for"
    sure = f"{name} is the largest along it with {percent(probability)} probability"
    if decided["rule"] == "certain":
        return sure
    chances = _chances(scores, route)
    posted = [decided["group"], decided["second"]] if decided["rule"] == "pair" else [decided["group"]]
    least = min(chances[key] for key in posted)
    third = [
        f"{_name(scores, key)} {percent(chance)}"
        for key, chance in chances.items()
        if chance >= least and key not in (*posted, decided["rival"])
    ]
    also = f" (as likely: {', '.join(third)})" if third else ""
    both = " and ".join(f"{_name(scores, key)} {percent(chances[key])}" for key in posted)
    doubt = f"no language is the largest along it with the {asked} ({both})"
    if decided["rule"] == "regional":
        rival = _name(scores, decided["rival"])
        return f"{doubt}, so of it and {rival} the one with more people in the region is taken{also}"
    if hanging is None:
        return f"{doubt}, so the route calls for both{also}"
    if not set(posted) <= set(hanging):
        return f"{doubt}; only one bus was left for the two{also}"
    return f"{doubt}, so both hang{also}"


def _chances(scores: "Scores", route: str) -> dict[str, float]:
    """Return the probability of each group to be the largest along the route, the likeliest first."""
    groups = {lang.tag: lang.column for lang in scores.languages}
    found: dict[str, float] = {}
    for tag, figures in scores.figures[route].items():
        found.setdefault(groups[tag], figures["largest_probability"])
    return dict(sorted(found.items(), key=lambda chance: -chance[1]))


def people_word(scores: "Scores") -> str:
    """Return what the figures count."""
    return "LEP speakers" if scores.campaign.region.measure == "lep" else "speakers"


def verdict(scores: "Scores", route: str, hanging: Collection[str] | None = None) -> str:
    """Return one sentence on the language that a route calls for, or why it calls for none.

    Parameters
    ----------
    hanging : collection of str, optional
        As of `why`.
    """
    if route in scores.decisions:
        group = scores.decisions[route]["group"]
        return why(scores, route, told_apart(scores.languages)[group][0].tag, hanging)
    placement = scores.campaign.placement
    name = scores.feed.routes.at[route, "route_name"]
    if placement.area == "hotspot":
        return f"{name} calls for no language: it passes no hot spot of one of the campaign's languages."
    return (
        f"{name} calls for no language: it passes no tract where one of the campaign's languages has at "
        f"least {placement.tract_people:,.0f} people and {placement.tract_share:.1%} of the residents."
    )


def tracts_behind(scores: "Scores", route: str) -> pd.DataFrame:
    """Return the tracts that weigh most in a route's choice of language.

    Returns
    -------
    DataFrame
        `GEOID`, `name`, `predominant` (group, empty for none), `language` (the one shown: the
        predominant, else the route's), `people`, `people_moe` in the whole tract,
        `share_near` (of the tract's people within walking distance), `departures_near` (weekly,
        near the mean resident who is), `exposure`, largest first.
    """
    column = scores.catchment.routes.get_loc(route)
    share = _share(scores, route)
    weighted = scores.catchment.exposure()[column].toarray().ravel()
    groups = list(told_apart(scores.languages))
    tracts = scores.tracts
    default = scores.assigned["group"].get(route, groups[0])
    shown = scores.predominant.where(scores.predominant != "", default)
    people = np.array([tracts.estimates.at[geoid, key] for geoid, key in shown.items()])
    margin = np.array([tracts.margins.at[geoid, key] for geoid, key in shown.items()])
    table = pd.DataFrame(
        {
            "GEOID": tracts.names.index,
            "name": tracts.names.to_numpy(),
            "predominant": scores.predominant.to_numpy(),
            "language": [_name(scores, key) for key in shown],
            "people": people,
            "people_moe": margin,
            "cv": moe.coefficient_of_variation(people, margin),
            "share_near": share,
            "departures_near": np.divide(weighted, share, out=np.zeros_like(share), where=share > 0),
            "exposure": weighted * people,
        }
    )
    table = table[share > 0].sort_values("exposure", ascending=False, kind="stable")
    return table.reset_index(drop=True)


def _share(scores: "Scores", route: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    row = scores.near_share[scores.catchment.routes.get_loc(route)]
    return np.asarray(row.toarray()).ravel()


def _runner_up(scores: "Scores", route: str, group: str) -> tuple[str, float] | None:
    """Return the next group by exposure where it predominates, and that over the winner's."""
    exposure = scores.exposures[route]
    others = [key for key in exposure if key != group]
    second = max(others, key=exposure.__getitem__, default=None)
    if second is None or not NEGLIGIBLE * exposure[group] <= exposure[second] <= exposure[group]:
        return None
    return second, exposure[second] / exposure[group]


def _name(scores: "Scores", group: str) -> str:
    """Return the languages of a group as the campaign prints them: "Russian or Ukrainian"."""
    return " or ".join(lang.english_name for lang in told_apart(scores.languages)[group])
