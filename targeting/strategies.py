"""Strategies side by side: what other ways to deal the same buses would reach, and what more buses buy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from targeting.cache import Cache
from targeting.campaign_sections import Campaign
from targeting.catchment import Catchment
from targeting.coverage_table import everyone
from targeting.dealing import deal_to_languages, dealer
from targeting.feasibility import affordable_floors
from targeting.greedy import greedy_cards, greedy_path
from targeting.languages import told_apart
from targeting.notices import Notices
from targeting.posting import (
    Posting,
    audience_of,
    best_placement,
    campaign_problem,
    predominant_cards,
    route_audience,
)
from targeting.problem import Problem
from targeting.reach import Audience, Floats, Ints
from targeting.reached import near_by_tract, reached_by_tract, with_margins
from targeting.scores import Scores
from targeting.wishes import equal_weights

PREDOMINANT = "predominant"
OPTIMAL = "optimal"
EQUAL = "optimal, equal weight per language"
OWN = {None: "optimal, proportional", "weights": "optimal, the campaign's weights"}


@dataclass(frozen=True)
class _Way:
    """One way to deal the buses: cards by language on the units of an audience and of a catchment."""

    name: str
    by_language: Ints
    audience: Audience
    near: Catchment
    chosen: bool
    in_buses: int  # units with buses come first, venues after them
    posted: int  # buses


def strategy_rows(scores: Scores, posting: Posting, cache: Cache | None = None) -> pd.DataFrame:
    """Return what each strategy reaches with the same buses, one row a strategy × language, and in all.

    Parameters
    ----------
    scores : Scores
    posting : Posting
    cache : Cache, optional
        Of what was searched before.

    Returns
    -------
    DataFrame
        `strategy`, `language` and `language_name` (empty for all languages), `buses` that carry a card,
        `cards` (those in venues too),
        `served` and `reach` with margins, `floor_regret` (people of all languages whom the plan reaches
        fewer for the language's floor, by the quick method; not a number where it has none), `chosen`.
    """
    regrets = _regrets(scores, posting)
    columns = [language.column for language in scores.languages]
    rows = []
    for way in _ways(scores, posting, cache):
        near = way.near
        served = with_margins(near_by_tract(near, way.by_language), scores.tracts, columns)
        shares = reached_by_tract(way.audience, way.by_language, near.tracts)
        reach = with_margins(shares, scores.tracts, columns)
        for number, language in enumerate(scores.languages):
            rows.append(
                {
                    "strategy": way.name,
                    "language": language.tag,
                    "language_name": language.english_name,
                    "buses": int(way.by_language[: way.in_buses, number].sum()),
                    "cards": int(way.by_language[:, number].sum()),
                    "served": served[0][number],
                    "served_moe": served[1][number],
                    "reach": reach[0][number],
                    "reach_moe": reach[1][number],
                    "floor_regret": regrets.get(language.column, np.nan) if way.chosen else np.nan,
                    "chosen": way.chosen,
                }
            )
        total = everyone(scores, way.audience, near, way.by_language, way.by_language)
        rows.append(
            {
                "strategy": way.name,
                "language": "",
                "language_name": "",
                "buses": way.posted,
                "cards": int(way.by_language.sum()),
                **{name: pair[0] for name, pair in total.items()},
                **{f"{name}_moe": pair[1] for name, pair in total.items()},
                "floor_regret": np.nan,
                "chosen": way.chosen,
            }
        )
    columns_ = [
        "strategy", "language", "language_name", "buses", "cards", "served", "served_moe", "reach",
        "reach_moe", "floor_regret", "chosen",
    ]  # fmt: skip
    return pd.DataFrame(rows)[columns_]


def budget_rows(scores: Scores, posting: Posting) -> pd.DataFrame:
    """Return reach against buses, by the quick method with the campaign's other wishes.

    Returns
    -------
    DataFrame
        One row a number of buses up to all vehicles: `buses`, `reach` (all languages), `reach_<tag>` and
        `buses_<tag>` of each language, and `chosen` (the campaign's own number).
    """
    problem = posting.problem
    if problem.venue.any():  # the cards of the venues hang whatever the number of buses
        hung = greedy_cards(replace(problem, buses=int(problem.buses_used(problem.least).sum())))
        least = np.where(problem.venue[:, None], np.maximum(hung, problem.least), problem.least)
        problem = replace(problem, least=least)
    rows: list[dict[str, float]] = []
    tags = [language.tag for language in scores.languages]
    columns = [list(told_apart(scores.languages)).index(language.column) for language in scores.languages]
    in_buses = ~problem.venue
    deal = dealer(scores)

    def record(buses: int, cards: Ints, reach: Floats) -> None:
        dealt = deal(cards * in_buses[:, None])
        row = {"buses": float(buses), "reach": float(reach.sum())}
        row |= {f"reach_{tag}": float(reach[column]) for tag, column in zip(tags, columns, strict=True)}
        row |= {f"buses_{tag}": float(count) for tag, count in zip(tags, dealt.sum(axis=0), strict=True)}
        rows.append(row)

    for buses, floors in _too_few_for_floors(problem):
        few = replace(problem, buses=buses, floors=floors)
        cards = greedy_cards(few)
        record(int(few.buses_used(cards).sum()), cards, problem.audience.reach(cards))
    given_way = {row["buses"]: row for row in rows}  # on the way to all floors the path is another
    rows.clear()
    greedy_path(replace(problem, buses=scores.fleet), record)
    by_buses = {row["buses"]: row for row in rows} | given_way
    table = pd.DataFrame([by_buses[buses] for buses in sorted(by_buses)])
    whole = ["buses", *(f"buses_{tag}" for tag in tags)]
    table[whole] = table[whole].astype(int)
    asked = min(posting.problem.buses, int(table["buses"].max()))
    return table.assign(chosen=table["buses"] == asked)


def _too_few_for_floors(problem: Problem) -> Iterator[tuple[int, Ints]]:
    """Yield the numbers of buses that are too few for the floors, and the floors that they can meet."""
    settled = int(problem.buses_used(problem.least).sum())
    nobody = np.zeros(len(problem.groups), bool)
    for buses in range(settled, settled + int(problem.floors.sum())):
        few = replace(problem, buses=buses, floor_people=np.zeros_like(problem.floor_people))
        floors = affordable_floors(few, nobody)
        if (floors >= problem.floors).all():
            return
        yield buses, floors


def _ways(scores: Scores, posting: Posting, cache: Cache | None) -> Iterator[_Way]:
    """Yield the strategies, each on the buses that the campaign has."""
    placement = scores.campaign.placement
    problem = posting.problem
    mine = placement.strategy
    predominant = predominant_cards(scores)
    yield _Way(
        PREDOMINANT,
        predominant,
        route_audience(scores),
        scores.catchment,
        mine == PREDOMINANT,
        len(scores.feed.routes),
        int(predominant.sum()),
    )
    units = audience_of(scores), scores.postable.catchment
    in_buses = int((~problem.venue).sum())
    totals = scores.tracts.estimates[list(problem.groups)].sum().to_numpy(float)
    floored = _with_floors(scores, problem)
    named = {OPTIMAL: np.ones(len(totals)), EQUAL: equal_weights(totals)}
    chosen = _chosen_name(problem, named) if mine == OPTIMAL else ""
    for name, weights in named.items():
        if name == chosen:
            yield _Way(name, posting.by_language, *units, True, in_buses, posting.posted_buses)
        else:
            found = best_placement(replace(floored, weights=weights), scores, cache).cards
            posted = int(problem.buses_used(found).sum())
            yield _Way(name, deal_to_languages(scores, found), *units, False, in_buses, posted)
    if chosen and chosen not in named:
        yield _Way(chosen, posting.by_language, *units, True, in_buses, posting.posted_buses)


def comparable(campaign: Campaign) -> bool:
    """Return whether the predominant strategy, which knows no such wishes, deals the same cards."""
    placement, posters = campaign.placement, campaign.posters
    wishes = (placement.pinned, placement.forbidden, placement.keep, posters.copies, campaign.venues)
    return placement.unit == "route" and posters.slots == 1 and not any(wishes)


def _with_floors(scores: Scores, problem: Problem) -> Problem:
    """Return the problem with one bus for every language, where the plan itself has no floors to give."""
    if scores.campaign.placement.strategy == OPTIMAL:
        return problem
    return campaign_problem(scores, Notices())


def _chosen_name(problem: Problem, named: dict[str, Floats]) -> str:
    if problem.weights is None:
        return OWN[None]
    for name, weights in named.items():
        if np.allclose(problem.weights, weights):
            return name
    return OWN["weights"]


def _regrets(scores: Scores, posting: Posting) -> dict[str, float]:
    """Return how many people of all languages each floor costs, by the quick method."""
    problem = posting.problem
    if posting.solution is None:
        return {}
    with_all = float(problem.audience.reach(greedy_cards(problem)).sum())
    lost = {}
    for group in np.flatnonzero((problem.floors > 0) | (problem.floor_people > 0)):
        floors, people = problem.floors.copy(), problem.floor_people.copy()
        floors[group], people[group] = 0, 0.0
        without = greedy_cards(replace(problem, floors=floors, floor_people=people))
        lost[problem.groups[group]] = max(float(problem.audience.reach(without).sum()) - with_all, 0.0)
    return lost
