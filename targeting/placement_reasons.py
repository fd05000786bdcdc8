"""Reasons of the optimal placement: why a unit carries a language, in plain words with the numbers."""

from typing import TYPE_CHECKING, Any

from targeting.languages import told_apart
from targeting.reasons import people_word
from targeting.wording import count, percent, with_margin

if TYPE_CHECKING:
    import pandas as pd

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
    near = (
        "within walking distance of it" if row["unit"] in ("route", "venue") else "near where its buses run"
    )
    what = f"a card in {name}" if venue and row["cards"] == 1 else f"{name} in {_of(row)}"
    meets = "see it" if venue else f"ride {'that bus' if row['buses'] == 1 else 'one of those buses'}"
    gets = "get" if str(row["unit_name"]).startswith("Lines ") else "gets"
    text = (
        f"{row['unit_name']} {gets} {what}: about {with_margin(row['served'], row['served_moe'], smallest)} "
        f"{people_word(scores)} of {language.measured_as} live {near}, and about "
        f"{count(row['reach'], smallest)} of them are expected to {meets} in {_weeks(weeks)}, "
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
    thing = "venue" if row["unit"] == "venue" else "unit" if row["unit"] != "route" else "route"
    hung = int(posting.cards[:, group].sum())
    if problem.floors[group] >= hung or problem.floor_people[group] > 0:
        return f"{name} is below its floor without it, and on no other {thing} is it worth more to the plan"
    others = scores.campaign.placement.weights
    if others == "people":
        return f"no other use of {'the card' if thing == 'venue' else 'a bus'} reaches more people"
    return "by the campaign's weights no other use of it is worth more"


def _of(row: "pd.Series[Any]") -> str:
    if row["unit"] == "venue":
        return f"{row['cards']} cards"
    if row["vehicles"] == 1:
        return "its only bus"
    return f"{row['buses']:,} of its {row['vehicles']:,} buses"


def _weeks(weeks: float) -> str:
    return "a week" if weeks == 1 else f"{weeks:g} weeks"
