"""Reasons of a placement: why a unit carries a language, or none, in plain words with the numbers."""

import math
from typing import TYPE_CHECKING, Any

from targeting.languages import told_apart
from targeting.reasons import people_word, rank_by_score, verdict
from targeting.wishes import find_unit
from targeting.wording import about_with_margin, count, listed, percent

if TYPE_CHECKING:
    import pandas as pd

    from targeting.plan import Plan
    from targeting.posting import Posting
    from targeting.scores import Scores

ELSEWHERE_TOLD = 0.05  # a card that spends less of its hours on other routes need not be spoken of


def why_placed(scores: "Scores", posting: "Posting", row: "pd.Series[Any]") -> str:
    """Return why a placement is in the plan.

    Parameters
    ----------
    row : Series
        A row of placements.csv, still without its reason.
    """
    smallest = scores.campaign.certainty.smallest_count
    weeks = scores.campaign.posters.weeks
    language = next(lang for lang in scores.languages if lang.tag == row["language"])
    name, venue = language.english_name, row["unit"] == "venue"
    one, many = _carriers(scores)
    near = (
        "within walking distance of it" if row["unit"] in ("route", "venue") else f"near where its {many} run"
    )
    what = f"a card in {name}" if venue and row["cards"] == 1 else f"{name} in {_of(row, one, many)}"
    meets = "see it" if venue else f"ride {f'that {one}' if row['buses'] == 1 else f'one of those {many}'}"
    gets = "get" if str(row["unit_name"]).startswith("Lines ") else "gets"
    text = (
        f"{row['unit_name']} {gets} {what}: {about_with_margin(row['served'], row['served_moe'], smallest)} "
        f"{people_word(scores)} of {language.measured_as} live {near}, and "
        f"{'about ' if round(row['reach']) >= smallest else ''}{count(row['reach'], smallest)} "
        f"of them are expected to {meets} in {_weeks(weeks)}, "
        f"{count(row['reach_added'], smallest)} of whom nothing else of the plan reaches"
    )
    text += f"; {_cause(scores, posting, row, name)}"
    if row["elsewhere"] > ELSEWHERE_TOLD:
        text += (
            f"; a card ordered for it spends {row['elsewhere']:.0%} of its hours on {row['elsewhere_routes']}"
        )
    if row["certainty"] == row["certainty"]:
        text += (
            f"; the plan would put it there in {percent(row['certainty'])} of "
            f"{scores.campaign.certainty.redraws:,} redraws of the census figures"
        )
    return f"{text}."


def _cause(scores: "Scores", posting: "Posting", row: "pd.Series[Any]", name: str) -> str:
    """Return what made the plan choose it: a wish, a floor, or that nothing reaches more."""
    problem = posting.problem
    unit = problem.units.index(str(row["unit_id"]))
    column = next(lang.column for lang in scores.languages if lang.tag == row["language"])
    group = list(told_apart(scores.languages)).index(column)
    settled = int(problem.least[unit, group])
    if settled:
        which = "it" if settled >= posting.cards[unit, group] else f"{settled} of them"
        return f"the campaign settled {which} beforehand (placement.pinned or placement.keep)"
    one, _ = _carriers(scores)
    thing = "venue" if row["unit"] == "venue" else "unit" if row["unit"] != "route" else "route"
    hung = int(posting.cards[:, group].sum())
    trust = scores.campaign.certainty
    if row["enough_probability"] < trust.enough_at and problem.floors[group] >= hung:
        return (
            f"it is only {percent(row['enough_probability'])} probable that {trust.min_served:,.0f} of them "
            f"or more live there, less than the {trust.enough_at:.0%} asked for, but no {thing} has more, "
            f"and {name} would hang nowhere"
        )
    if problem.floors[group] >= hung or problem.floor_people[group] > 0:
        return f"{name} is below its floor without it, and on no other {thing} is it worth more to the plan"
    others = scores.campaign.placement.weights
    if others == "people":
        return f"no other use of {'the card' if thing == 'venue' else f'a {one}'} reaches more people"
    return "by the campaign's weights no other use of it is worth more"


def placed_on(plan: "Plan", route: str) -> "pd.DataFrame":
    """Return the rows of placements.csv that post buses of a route: its own, its family's, its garages'."""
    return plan.placements[plan.placements["unit_id"].isin(_units_of(plan, route))]


def what_hangs(plan: "Plan", route: str) -> list[str]:
    """Return what the plan does on a route and why: a sentence a placement, or why it hangs nothing there."""
    placed = placed_on(plan, route)
    if placed.empty:
        units = _units_of(plan, route)
        if not units:
            name = plan.scores.feed.routes.at[route, "route_name"]
            return [f"The plan hangs nothing on {name}: no garage that placement.garages names sends it out."]
        return [_why_nothing(plan, unit) for unit in units]
    if plan.posting.solution is not None:
        return list(placed["reason"])
    one, many = _carriers(plan.scores)
    hung = listed([f"{row['language_name']} in {_of(row, one, many)}" for _, row in placed.iterrows()])
    return [
        f"{placed['unit_name'].iloc[0]} gets {hung}: the strategy 'predominant' deals its {many} to what "
        f"predominates along a route, from the highest score down, and this route has "
        f"{rank_by_score(plan.scores, route)}."
    ]


def what_predominates(plan: "Plan", route: str) -> str:
    """Return what a route calls for by TriMet's manner of rule, whatever the plan hangs there."""
    hanging = None
    if plan.posting.solution is None:
        groups = {language.tag: language.column for language in plan.scores.languages}
        hanging = set(placed_on(plan, route)["language"].map(groups)) or None
    return verdict(plan.scores, route, hanging)


def _units_of(plan: "Plan", route: str) -> list[str]:
    routes = plan.scores.units.table["routes"]
    return [str(unit) for unit, belong in routes.items() if route in belong]


def _why_nothing(plan: "Plan", unit: str) -> str:
    """Return why the plan hangs nothing in the buses of a unit."""
    scores, problem = plan.scores, plan.posting.problem
    name, vehicles = scores.units.table.loc[unit, ["unit_name", "vehicles"]]
    said = f"The plan hangs nothing on {name}: "
    if not vehicles:
        return f"{said}none of its buses is out on the design weekday."
    if not problem.buses:
        return f"{said}placement.buses = 0, so that cards hang in venues alone."
    if plan.posting.solution is not None:
        return said + _not_chosen(plan, unit)
    if unit not in scores.assigned.index:
        return (
            f"{said}the strategy 'predominant' posts what predominates along a route, and here nothing does."
        )
    return (
        f"{said}the strategy 'predominant' deals its buses from the highest score down, and all "
        f"{problem.buses:,} went to routes before this one ({rank_by_score(scores, unit)})."
    )


def _not_chosen(plan: "Plan", unit: str) -> str:
    """Return what kept the optimal placement from a unit: a wish, doubt, or better places for its buses."""
    scores, problem, cards = plan.scores, plan.posting.problem, plan.posting.cards
    campaign, table = scores.campaign, scores.postable.table
    row = table.index.get_loc(unit)
    ruled_out = {
        wish.language
        for wish in campaign.placement.forbidden
        if find_unit(wish.unit, table, "placement.forbidden") == row
    }
    tags = [language.tag for language in scores.languages if language.tag not in ruled_out]
    if None in ruled_out or not tags:
        return "placement.forbidden rules it out."
    names = {
        key: " or ".join(lang.english_name for lang in each)
        for key, each in told_apart(scores.languages).items()
    }
    if not problem.allowed[row].any():
        figures = scores.postable.figures
        likeliest = (
            figures[(figures["unit_id"] == unit) & figures["language"].isin(tags)]
            .sort_values("enough_probability", ascending=False, kind="stable")
            .iloc[0]
        )
        column = next(lang.column for lang in scores.languages if lang.tag == likeliest["language"])
        left_out = " that placement.forbidden leaves" if ruled_out else ""
        return (
            f"of no language{left_out} is it at least {campaign.certainty.enough_at:.0%} probable that "
            f"{campaign.certainty.min_served:,.0f} people or more live near it (certainty.enough_at, "
            f"min_served); the likeliest is {names[column]} with {percent(likeliest['enough_probability'])}."
        )
    before, best = problem.audience.reach(cards), (-math.inf, 0.0, "")
    for group in problem.allowed[row].nonzero()[0]:
        more = cards.copy()
        more[row, group] += 1
        reach = problem.audience.reach(more)
        best = max(best, (problem.worth(reach), float(reach[group] - before[group]), problem.groups[group]))
    worth = "reach more people" if campaign.placement.weights == "people" else "are worth more"
    added = f"{count(best[1], campaign.certainty.smallest_count)} {people_word(scores)}"
    return (
        f"by the campaign's wishes the {plan.posting.posted_buses:,} buses posted {worth} where they are. "
        f"One bus more, here, would do most in {names[best[2]]}: about {added} whom nothing else of the plan "
        "reaches."
    )


def _carriers(scores: "Scores") -> tuple[str, str]:
    """Return what carries cards, one and several of them."""
    return ("bus", "buses") if set(scores.feed.routes["mode"]) <= {"bus"} else ("vehicle", "vehicles")


def _of(row: "pd.Series[Any]", one: str, many: str) -> str:
    if row["unit"] == "venue":
        return f"{row['cards']} cards"
    if row["vehicles"] == 1:
        return f"its only {one}"
    return f"{row['buses']:,} of its {row['vehicles']:,} {many}"


def _weeks(weeks: float) -> str:
    return "a week" if weeks == 1 else f"{weeks:g} weeks"
