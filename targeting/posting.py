"""Posting: the decision which languages hang on how many buses, and what is proven and sure of it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from targeting.cache import Cache
from targeting.campaign import Campaign
from targeting.dealing import deal_to_languages
from targeting.derived_placement import derive_solution, derive_survival
from targeting.errors import CampaignError
from targeting.exact import NoPlacementError, Solution
from targeting.feasibility import floors_fight
from targeting.languages import told_apart
from targeting.notices import Notices
from targeting.placement import deal_buses
from targeting.problem import Problem
from targeting.reach import Audience, Floats, Ints, make_audience
from targeting.redraws import Survival, mean_redraw
from targeting.scores import Scores
from targeting.wishes import problem_of
from targeting.wording import at_most


@dataclass(frozen=True)
class Posting:
    """What hangs where.

    Attributes
    ----------
    problem : Problem
        What was asked for; its units are the rows of `Postable.table`, its groups those of
        `told_apart`.
    cards : ndarray of int, shape (units, groups)
        Buses, or venue cards, that carry a language of the group.
    by_language : ndarray of int, shape (units, languages)
        The same by language (`targeting.dealing`).
    solution : Solution or None
        How the placement was found; None for the predominant one.
    survival : Survival or None
        How it fares when the census figures are redrawn; None without redraws.
    """

    problem: Problem
    cards: Ints
    by_language: Ints
    solution: Solution | None
    survival: Survival | None

    @property
    def posted_buses(self) -> int:
        """How many buses carry a card; one that carries several languages counts once."""
        return int(self.problem.buses_used(self.cards).sum())


def refuse_contradictions(campaign: Campaign) -> None:
    """Refuse what no reading of files can make sense of, before any is read.

    Raises
    ------
    CampaignError
        When nothing is to be placed, or the strategy knows nothing of a wish.
    """
    placement, posters, venues = campaign.placement, campaign.posters, campaign.venues
    if placement.buses == 0 and (venues is None or venues.cards == 0):
        raise CampaignError("placement.buses = 0: ask for at least 1 bus, or for cards in [venues].")
    wished = {
        "placement.unit": placement.unit != "route",
        "placement.floors": placement.floors is not None,
        "placement.pinned": bool(placement.pinned),
        "placement.forbidden": bool(placement.forbidden),
        "placement.keep": placement.keep is not None,
        "placement.robust": placement.robust,
        "placement.weights": placement.weights != "people",
        "posters.slots": posters.slots > 1,
        "posters.copies": posters.copies is not None,
        "venues": venues is not None,
    }
    if placement.robust and not campaign.certainty.redraws:
        raise CampaignError(
            "placement.robust = true needs redraws, and certainty.redraws = 0; raise it (200 by default) or "
            "take robust out."
        )
    for key in [key for key, set_ in wished.items() if set_ and placement.strategy == "predominant"]:
        raise CampaignError(
            f"{key} has no meaning for placement.strategy = 'predominant', which deals one language to "
            "each bus of a route; take it out or use 'optimal'."
        )


def decide(scores: Scores, cache: Cache | None = None) -> Posting:
    """Return the placement that the campaign asks for.

    Parameters
    ----------
    scores : Scores
    cache : Cache, optional
        Of what was searched before.

    Raises
    ------
    CampaignError
        When more is asked for than there is, or the wishes fight each other.
    """
    placement = scores.campaign.placement
    refuse_too_many(scores)
    if placement.strategy == "predominant":
        return _predominant(scores)
    problem = campaign_problem(scores, scores.notices)
    target = problem
    people, margins = tract_figures(scores)
    redraws = {"count": scores.campaign.certainty.redraws, "seed": scores.campaign.certainty.seed}
    if placement.robust:
        target = problem.with_people(mean_redraw(people, margins, **redraws))
    solution = best_placement(target, scores, cache)
    if solution.ended_by_time:
        scores.notices.add(
            "time_limit",
            f"The search for the best placement ended after placement.time_limit_s = "
            f"{placement.time_limit_s:g} s: the best is worth at most {at_most(solution.gap)} more than this "
            "one; another machine may find another.",
        )
    _say_left(problem, solution.cards, scores.notices)
    survived = None
    if redraws["count"]:
        survived = derive_survival(cache, problem, solution.cards, people, margins, **redraws)
    return Posting(
        problem=problem,
        cards=solution.cards,
        by_language=deal_to_languages(scores, solution.cards),
        solution=solution,
        survival=survived,
    )


def _say_left(problem: Problem, cards: Ints, notices: Notices) -> None:
    """Say how many buses and venue cards nothing could be done with."""
    hung = int(cards[problem.venue].sum())
    left = {
        f"of {problem.buses:,} buses": problem.buses - int(problem.buses_used(cards).sum()),
        f"of {problem.cards:,} cards in venues": problem.cards - hung,
    }
    said = [f"{count:,} {what}" for what, count in left.items() if count]
    if said:
        notices.add(
            "buses_left",
            f"{' and '.join(said)} could not be placed: no place is left where a language may hang and "
            "would reach anybody more (certainty.min_served and enough_at, placement.forbidden, "
            "posters.copies and the slots of venues rule places out).",
            count=sum(left.values()),
        )


def best_placement(problem: Problem, scores: Scores, cache: Cache | None = None) -> Solution:
    """Return the exact placement of a problem, by the campaign's gap and time limit.

    Raises
    ------
    CampaignError
        When no placement meets the floors, or none was found in time.
    """
    placement = scores.campaign.placement
    try:
        return derive_solution(cache, problem, gap=placement.gap, time_limit_s=placement.time_limit_s)
    except NoPlacementError as fault:
        if "time limit" in str(fault):
            raise CampaignError(
                f"placement.floors: {fault} before a placement that meets them was found; lower the floors "
                "or raise placement.time_limit_s."
            ) from fault
        raise CampaignError(
            f"The wishes fight each other: {floors_fight(problem, called(scores))}."
        ) from fault


def campaign_problem(scores: Scores, notices: Notices, audience: Audience | None = None) -> Problem:
    """Return the campaign's placement problem.

    Parameters
    ----------
    audience : Audience, optional
        Made from the scores where not given.
    """
    groups = told_apart(scores.languages)
    first = [members[0].tag for members in groups.values()]
    by_unit = scores.postable.figures.set_index(["unit_id", "language"])[["served", "enough_probability"]]
    by_unit = by_unit.unstack("language").reindex(scores.postable.table.index)
    wide = {name: by_unit[name][first].to_numpy(float) for name in ("served", "enough_probability")}
    return problem_of(
        scores.campaign,
        groups,
        scores.postable.table,
        wide["served"],
        wide["enough_probability"],
        audience or audience_of(scores),
        scores.tracts.estimates[list(groups)].sum().to_numpy(float),
        scores.inputs.kept,
        notices,
    )


def audience_of(scores: Scores) -> Audience:
    """Return whom the units can reach: cards ordered for a route stay on it, others follow their buses."""
    return _audience(scores, seen_on(scores), scores.units.table["vehicles"], venues=True)


def following_audience(scores: Scores) -> Audience:
    """Return whom the units reach when every card goes wherever its bus goes."""
    units = scores.units
    return _audience(scores, units.leakage, units.table["vehicles"], venues=True)


def audiences_on(scores: Scores, routes: npt.NDArray[np.bool_]) -> tuple[Audience, Audience]:
    """Return the same two audiences, with only the rides on some of the routes, and without venues.

    Parameters
    ----------
    routes : ndarray of bool, shape (routes,)
    """
    units = scores.units
    some = scipy.sparse.diags(routes.astype(float))
    stay, follow = (
        _audience(scores, (leakage @ some).tocsr(), units.table["vehicles"], venues=False)
        for leakage in (seen_on(scores), units.leakage)
    )
    return stay, follow


def seen_on(scores: Scores) -> scipy.sparse.csr_matrix:
    """Return where cards are taken to be seen: those of a route on it, others where their buses go."""
    if scores.units.kind == "route":
        return scipy.sparse.identity(len(scores.feed.routes), format="csr")
    return scores.units.leakage


def route_audience(scores: Scores) -> Audience:
    """Return whom cards ordered for routes reach, without venues, as `audience_of` counts."""
    units = scores.units
    if units.kind == "route":
        spread = scipy.sparse.identity(len(scores.feed.routes), format="csr")
    else:
        spread = units.route_leakage
    return _audience(scores, spread, units.route_vehicles, venues=False)


def _audience(
    scores: Scores, leakage: scipy.sparse.csr_matrix, vehicles: "pd.Series[int]", *, venues: bool
) -> Audience:
    placement, posters, places = (
        scores.campaign.placement, scores.campaign.posters, scores.campaign.venues,
    )  # fmt: skip
    return make_audience(
        scores.catchment,
        tract_figures(scores)[0],
        leakage=leakage,
        vehicles=vehicles.to_numpy(float),
        route_vehicles=scores.units.route_vehicles.to_numpy(float),
        weeks=posters.weeks,
        rides_per_week=placement.rides_per_week,
        elasticity=placement.elasticity,
        venues=scores.near_venues if venues else None,
        visits_per_week=places.visits_per_week if places else 0.0,
    )


def tract_figures(scores: Scores) -> tuple[Floats, Floats]:
    """Return people and their margins, shape (tracts, groups) each."""
    groups = list(told_apart(scores.languages))
    tracts = scores.tracts
    return tracts.estimates[groups].to_numpy(float), tracts.margins[groups].to_numpy(float)


def predominant_cards(scores: Scores) -> Ints:
    """Return the buses that the predominant strategy deals, shape (routes, languages)."""
    dealt = deal_buses(
        scores.assigned,
        scores.vehicles.to_dict(),
        told_apart(scores.languages),
        scores.campaign.placement.buses,
    )
    routes = scores.feed.routes.index
    tags = [language.tag for language in scores.languages]
    cards = np.zeros((len(routes), len(tags)), np.int64)
    row, column = routes.get_indexer(dealt["route_id"]), pd.Index(tags).get_indexer(dealt["language"])
    cards[row, column] = dealt["buses"]
    return cards


def to_groups(scores: Scores, by_language: Ints) -> Ints:
    """Return cards by group, shape (units, groups)."""
    groups = list(told_apart(scores.languages))
    cards = np.zeros((len(by_language), len(groups)), np.int64)
    for number, language in enumerate(scores.languages):
        cards[:, groups.index(language.column)] += by_language[:, number]
    return cards


def called(scores: Scores) -> dict[str, str]:
    """Return what the planner calls each unit and group."""
    named = {
        key: " or ".join(language.english_name for language in members)
        for key, members in told_apart(scores.languages).items()
    }
    return {**scores.postable.table["unit_name"].to_dict(), **named}


def _predominant(scores: Scores) -> Posting:
    """Return what TriMet's strategy posts; it knows routes only."""
    placement = scores.campaign.placement
    by_language = predominant_cards(scores)
    placed = int(by_language.sum())
    if placed < placement.buses:
        scores.notices.add(
            "buses_left",
            f"{placement.buses - placed} of {placement.buses} buses could not be placed: every route that "
            "passes a place where a campaign language predominates has all the vehicles it runs.",
            count=placement.buses - placed,
        )
    problem = campaign_problem(relaxed(scores), Notices())
    return Posting(problem, to_groups(scores, by_language), by_language, None, None)


def relaxed(scores: Scores) -> Scores:
    """Return the scores of a campaign that asks for no floors, to measure a placement made otherwise."""
    placement = scores.campaign.placement.model_copy(update={"floors": 0})
    return replace(scores, campaign=scores.campaign.model_copy(update={"placement": placement}))


def refuse_too_many(scores: Scores) -> None:
    """Refuse more buses than are ever out at once.

    Raises
    ------
    CampaignError
    """
    buses = scores.campaign.placement.buses
    if buses > scores.fleet:
        raise CampaignError(
            f"placement.buses = {buses:,}: the timetable never has more than {scores.fleet:,} vehicles "
            f"of the wanted modes ({', '.join(scores.campaign.region.modes)}) out at once; ask for at most "
            f"{scores.fleet:,}."
        )
