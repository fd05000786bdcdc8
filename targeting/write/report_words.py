"""The sentences of the report: what its figures mean, in plain words and no markup."""

import math
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from targeting.proofs import lost, no_better
from targeting.wording import OF_GROUP, about, count, listed
from targeting.write.charts import budget_of, budget_rows
from targeting.write.document import KeyFigure
from targeting.write.report_content import ReportContent
from targeting.write.report_groups import groups
from targeting.write.report_sources import Found

SENSITIVITY_WORDS = (
    "Each table changes one assumption, makes the plan anew and says what comes out. Kept is the share of "
    "this plan's buses that would still carry the same language on the same route: where it is high, the "
    "plan does not hang on the assumption. The row in bold is the plan's own assumption."
)
TRAVELS = "A bus that works several routes in a day carries its card along all of them."
CIRCLES = (
    "Circles are routes, larger with more vehicles; lines join routes that one vehicle's day serves, thicker "
    "with more hours. Routes of one family have one colour."
)
NO_SENSITIVITY = (
    "What the plan would be under other walking distances, rides and ridership responses is not in this "
    "folder; whoever made the plan can add it (plan --report)."
)


def lead(content: ReportContent) -> str:
    """Return what the campaign reaches, in one plain paragraph."""
    total = total_of_plan(content.strategies)
    posted = int((languages_of_plan(content.strategies)["cards"] > 0).sum())
    in_venue = content.placements["unit"] == "venue"
    units, buses = content.placements.loc[~in_venue, "unit_id"].nunique(), int(total["buses"])
    where = counted(units, content.unit, {"family": "families"}.get(content.unit, f"{content.unit}s"))
    venues = content.placements.loc[in_venue, "unit_id"].nunique()
    carriers = [f"{counted(buses, 'bus', 'buses')} on {where}"] if buses else []
    carriers += [counted(venues, "venue", "venues")] if venues else []
    single = (buses, venues) in ((1, 0), (0, 1))
    served, reached = (
        about(total[name], total[f"{name}_moe"], content.smallest) for name in ("served", "reach")
    )
    hung, met = ("route or venue", "ride such a bus or go to such a venue") if venues else (
        "route", "ride such a bus"
    )  # fmt: skip
    weeks = _weeks(content.weeks)
    if content.hung is None:
        carry, would = "carries" if single else "carry", "can be expected to"
    else:
        carry, would = "was to carry" if single else "were to carry", "could have been expected to"
    said = (
        f"{' and '.join(carriers) or 'No bus'} {carry} posters in "
        f"{counted(posted, 'language', 'languages')} for {weeks}. {_sentence(served)} {content.people} live "
        f"within walking distance of a {hung} with a poster in their language, and {reached} of them "
        f"{would} {met} at least once in {weeks}."
    )
    return said if content.hung is None else f"This was the plan, not what hung: {said}"


def spread_words(content: ReportContent) -> str:
    """Return which language has most of the cards, and why; empty where none has more than half."""
    rows = languages_of_plan(content.strategies)
    cards = int(rows["cards"].sum())
    most = rows.sort_values("cards", ascending=False, kind="stable").iloc[:1]
    if len(rows) < 2 or not cards or 2 * int(most["cards"].iloc[0]) <= cards:
        return ""
    said = f"{most['language_name'].iloc[0]} is on {int(most['cards'].iloc[0]):,} of the {cards:,} cards"
    if content.solution is None or content.weights != "people":
        return f"{said}."
    return (
        f"{said}: everyone reached counts alike, with at least one bus for each language where that can be. "
        "The appendix shows what equal weight per language would do."
    )


def key_figures(content: ReportContent) -> list[KeyFigure]:
    """Return the figures that stand by themselves, each a value, its margin and what it counts."""
    total = total_of_plan(content.strategies)
    meaning = {
        "served": ": they live within walking distance",
        "reach": f": expected to ride a posted bus within {_weeks(content.weeks)}",
    }
    if content.hung is not None:  # beside what hung, whose figures mean the same
        meaning = dict.fromkeys(meaning, ", as planned")
    return [
        KeyFigure(*_parts(total[name], total[f"{name}_moe"], content.smallest), counts)
        for name, counts in (
            ("served", f"{content.people} served{meaning['served']}"),
            ("reach", f"of them reached{meaning['reach']}"),
        )
    ]


def _parts(value: float, margin: float, smallest: float) -> tuple[str, str]:
    said, _, plus_minus = about(value, margin, smallest).partition(" ± ")
    return said, plus_minus


def total_of_plan(strategies: pd.DataFrame) -> "pd.Series[float]":
    """Return the plan's own row of all languages together."""
    return strategies[strategies["chosen"] & (strategies["language"] == "")].iloc[0]


def languages_of_plan(strategies: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the plan's own strategy, one a language, the largest reach first."""
    rows = strategies[strategies["chosen"] & (strategies["language"] != "")]
    return rows.sort_values(["reach", "language"], ascending=[False, True], kind="stable")


def bare_words(content: ReportContent) -> str:
    """Return which languages get nothing; empty where all have a card."""
    rows = languages_of_plan(content.strategies)
    without = list(rows.loc[rows["cards"] == 0, "language_name"])
    return f"No bus carries {listed(without)}." if without else ""


def people_words(content: ReportContent) -> str:
    """Return who is counted."""
    if content.settings["region"]["measure"] == "lep":
        return (
            "LEP (limited English proficient) speakers are people of 5 years and over who speak English less "
            "than “very well”."
        )
    return (
        "Speakers are people of 5 years and over who speak the language at home, however well they speak "
        "English."
    )


def strategy_words(content: ReportContent) -> list[str]:
    """Return by how much the strategies' total reach differs from the plan's."""
    table, comparable, smallest = content.strategies, content.comparable, content.smallest
    totals = table[table["language"] == ""]
    own = totals[totals["chosen"]].iloc[0]
    words = []
    for row in totals[~totals["chosen"]].itertuples(index=False):
        if min(row.reach, own["reach"]) >= smallest and (comparable or row.strategy != "predominant"):
            change = own["reach"] / row.reach - 1
            more = "as many people as" if abs(change) < 0.0005 else (
                f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} people than"
            )  # fmt: skip
            fewer = own["served"] < row.served and change > 0
            words.append(f"{more} “{row.strategy}”" + (", which has more living near it" if fewer else ""))
    first = (
        "All strategies have the same buses and the same census figures. “predominant” gives each route the "
        "language that predominates along it, as TriMet is said to have done; “optimal” places the buses so "
        "that the most people are reached, everyone counting alike; with equal weight per language the same "
        "share of any language counts alike. Their differences carry sampling error too, which is not shown."
    )
    if not comparable:
        first = (
            "All strategies have the same census figures. “predominant” posts one card in each bus of a "
            "route and knows nothing of venues, families, garages, copies, or what is pinned, kept or "
            "forbidden: it hangs other cards than this plan, so it is shown but not held against it."
        )
    return [first, f"This plan ({own['strategy']}) reaches {listed(words)}."] if words else [first]


def next_bus(curve: pd.DataFrame, smallest: float) -> str:
    """Return what the plan's last bus brings, and what one more would; empty where either is unknown."""
    budget, reach = budget_of(curve), curve.set_index("buses")["reach"]
    if budget < 1 or any(reach.get(budget + step, 0.0) < smallest for step in (-1, 0, 1)):
        return ""
    last, one_more = (reach[budget + step] - reach[budget + step - 1] for step in (0, 1))
    return (
        f"The last of {counted(budget, 'bus', 'buses')} adds about {last:,.0f} people, one more would add "
        f"about {one_more:,.0f}"
    )


def budget_words(content: ReportContent, curve: pd.DataFrame) -> str:
    """Return what more buses would reach."""
    rows = budget_rows(curve)
    budget, fleet = budget_of(curve), int(rows["buses"].max())
    more = rows[rows["buses"].isin({budget + 10, 2 * budget, fleet}) & (rows["buses"] > budget)]
    said = [
        f"{'all ' if row.buses == fleet else ''}{row.buses:,} buses"
        f"{' that are out at once' if row.buses == fleet else ''} would reach "
        f"{about(row.reach, 0.0, content.smallest)} people"
        for row in more.itertuples(index=False)
    ]
    first = f"{_sentence(listed(said))}. " if said else ""
    one_more = next_bus(curve, content.smallest)
    first += f"{one_more}. " if one_more else ""
    group = f"{OF_GROUP}: see the table above." if groups(content) else ""
    return f"{first}The curve is by the quick method: the best plan may reach a little more.{group}"


def floor_words(content: ReportContent) -> list[str]:
    """Return what each language's floor costs in total reach."""
    rows = languages_of_plan(content.strategies)
    rows = rows[rows["floor_regret"].notna()]
    costs = [
        row.language_name
        + (f" {count(row.floor_regret, content.smallest)}" if round(row.floor_regret) else " nothing")
        for row in rows.itertuples(index=False)
    ]
    if not costs:
        return []
    return [
        "A floor is what a language gets whatever it adds, one bus unless the campaign asks for more. What "
        f"it costs, in people of total reach: {', '.join(costs)}."
    ]


def robustness_words(table: pd.DataFrame, smallest: float, weights: str) -> list[str]:
    """Return what the redraws of the census figures say about the plan as a whole."""
    total = table[table["language"] == ""].iloc[0]
    words = [
        "The census asked a sample of households. Redrawn as other samples might have come out, the figures "
        f"give this plan a reach of {about(total['reach_mean'], 0.0, smallest)} people, and in nine redraws "
        f"of ten between {near(total['reach_low'], smallest)} and {near(total['reach_high'], smallest)}."
    ]
    words.append(
        "In an application cite the estimate with its margin ±, by the Census Bureau's rules; the interval "
        "is a check on it. The mean of the redraws lies a little below the plan: where the sample happened "
        "to find many speakers the plan goes, and another sample would find some of them elsewhere. For a "
        "small language the plan can even lie above its interval."
    )
    if pd.notna(total["regret"]):
        words.append(
            "The best plan of each redraw is one that nobody could have known beforehand; this plan "
            f"{lost(total['regret'], weights)} that one."
        )
    return words


def family_words(families: Sequence[Sequence[str]], names: Mapping[str, str]) -> list[str]:
    """Return the families in words, since colours repeat."""
    shared = [family for family in families if len(family) > 1]
    said = "; ".join(", ".join(str(names.get(route, route)) for route in family) for family in shared)
    return [f"Families: {said}."] if said else []


def solution_words(solution: Found, weights: str, *, robust: bool) -> list[str]:
    """Return value, proven bound and gap in plain words."""
    mean = "mean over the redraws" if robust else "value"
    if weights == "proportional":
        value = f"The plan's {mean}, the sum of the logarithms of each language's reach, is {{:.3f}}."
    elif weights == "people":
        value = f"The plan's {mean} is {{:,.0f}} people."
    else:
        value = f"The plan's {mean} is {{:,.0f}} points (people, weighted as the campaign asks)."
    said = value.format(solution.value)
    if not math.isfinite(solution.gap):
        return [
            f"{said} It was built bus by bus, each where it adds most; how far from the best it is, nobody "
            "proved."
        ]
    method = (
        "All plans were searched by mixed-integer programming"
        if solution.method == "exact"
        else "It was built bus by bus, each where it adds most, and then held against a bound"
    )
    return [
        f"{said} It is proven that {no_better(solution.gap, weights, robust=robust)}.",
        f"{method} (status: {solution.status}).",
    ]


def near(value: float, smallest: float) -> str:
    """Return a figure to three digits: "11,900", for the ends of an interval."""
    return about(value, 0.0, smallest).removeprefix("about ")


def day(when: date) -> str:
    """Return "July 31, 2025"."""
    return f"{when:%B} {when.day}, {when.year}"


def _weeks(weeks: float) -> str:
    return "1 week" if weeks == 1 else f"{weeks:g} weeks"


def counted(number: int, one: str, many: str) -> str:
    """Return "1 bus", or "1,234 buses"."""
    return f"{number:,} {one if number == 1 else many}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
