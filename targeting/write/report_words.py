"""The sentences of the report: what its figures mean, in plain words and no markup."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from targeting.wording import about, count

if TYPE_CHECKING:
    from targeting.exact import Solution
    from targeting.write.report import ReportContent

SENSITIVITY_WORDS = [
    "Each table changes one assumption, makes the plan anew and says what comes out. Kept is the share of "
    "this plan's buses that would still carry the same language on the same route: where it is high, the "
    "plan does not hang on the assumption. The row in bold is the plan's own assumption."
]


def headline(content: "ReportContent") -> dict[str, Any]:
    """Return the figures at the top of the page, each a value, its margin and what it counts."""
    plan = content.strategies[content.strategies["chosen"]]
    total = plan[plan["language"] == ""].iloc[0]
    posted = int((plan.loc[plan["language"] != "", "cards"] > 0).sum())
    figures = [
        (
            *_figure(total["served"], total["served_moe"], content.smallest),
            f"{content.people} served: they live within walking distance",
        ),
        (
            *_figure(total["reach"], total["reach_moe"], content.smallest),
            f"of them reached: expected to ride a posted bus within {_weeks(content.weeks)}",
        ),
    ]
    in_venue = content.placements["unit"] == "venue"
    units, buses = content.placements.loc[~in_venue, "unit_name"].nunique(), int(total["buses"])
    where = _counted(units, content.unit, {"family": "families"}.get(content.unit, f"{content.unit}s"))
    venues = content.placements.loc[in_venue, "unit_name"].nunique()
    carriers = [f"{_counted(buses, 'bus', 'buses')} on {where}"] if buses else []
    carriers += [_counted(venues, "venue", "venues")] if venues else []
    single = (buses, venues) in ((1, 0), (0, 1))
    return {
        "lead": f"{' and '.join(carriers) or 'No bus'} {'carries' if single else 'carry'} "
        f"posters in {_counted(posted, 'language', 'languages')}.",
        "figures": figures,
    }  # fmt: skip


def _figure(value: float, margin: float, smallest: float) -> tuple[str, str]:
    said, _, plus_minus = about(value, margin, smallest).partition(" ± ")
    return said, plus_minus


def languages_of_plan(strategies: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the plan's own strategy, one a language, the largest reach first."""
    rows = strategies[strategies["chosen"] & (strategies["language"] != "")]
    return rows.sort_values(["reach", "language"], ascending=[False, True], kind="stable")


def reach_words(content: "ReportContent") -> list[str]:
    """Return what served and reach mean, and which languages get nothing."""
    rows = languages_of_plan(content.strategies)
    words = [
        f"Served are {content.people} who live within walking distance of a route with a poster in their "
        "language, each counted once. Reached are those of them who can be expected to ride a posted bus at "
        f"least once in the {_weeks(content.weeks)} of posting: a figure that assumes how often people ride. "
        "The lines over the bars are 90% margins of sampling error."
    ]
    without = list(rows.loc[rows["cards"] == 0, "language_name"])
    if without:
        words.append(f"No bus carries {_listed(without)}.")
    return words


def strategy_words(table: pd.DataFrame, *, comparable: bool = True) -> list[str]:
    """Return by how much the strategies' total reach differs from the plan's.

    Parameters
    ----------
    comparable : bool
        Whether the predominant strategy deals the same cards.
    """
    totals = table[table["language"] == ""]
    own = totals[totals["chosen"]].iloc[0]
    words = []
    for row in totals[~totals["chosen"]].itertuples(index=False):
        if row.reach > 0 and (comparable or row.strategy != "predominant"):
            change = own["reach"] / row.reach - 1
            more = "as many people as" if abs(change) < 0.0005 else (
                f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} people than"
            )  # fmt: skip
            words.append(f"{more} “{row.strategy}”")
    first = (
        "All strategies have the same buses and the same census figures, so their differences are of "
        "places, not of samples."
    )
    if not comparable:
        first = (
            "All strategies have the same census figures. “predominant” posts one card in each bus of a "
            "route and knows nothing of venues, families, garages, copies, or what is pinned, kept or "
            "forbidden: it hangs other cards than this plan, so it is shown but not held against it."
        )
    return [first, f"This plan ({own['strategy']}) reaches {_listed(words)}."] if words else [first]


def floor_words(content: "ReportContent") -> list[str]:
    """Return what each language's floor costs in total reach."""
    rows = languages_of_plan(content.strategies)
    rows = rows[rows["floor_regret"].notna()]
    costs = [
        row.language_name
        + (f" {count(row.floor_regret, content.smallest)}" if round(row.floor_regret) else " nothing")
        for row in rows.itertuples(index=False)
    ]
    return [f"What a language's floor costs, in people of total reach: {', '.join(costs)}."] if costs else []


def robustness_words(table: pd.DataFrame, smallest: float) -> list[str]:
    """Return what the redraws of the census figures say about the plan as a whole."""
    total = table[table["language"] == ""].iloc[0]
    words = [
        "The census asked a sample of households. Redrawn as other samples might have come out, the figures "
        f"give this plan a reach of about {count(total['reach_mean'], smallest)} people, and in nine redraws "
        f"of ten between {count(total['reach_low'], smallest)} and {count(total['reach_high'], smallest)}."
    ]
    words.append(
        "Cite the interval of the redraws for what the plan will reach, and the margin ± for what these very "
        "places hold. The mean of the redraws lies a little below the plan: where the sample happened to "
        "find many speakers the plan goes, and another sample would find some of them elsewhere. For a small "
        "language the plan can even lie above its interval."
    )
    if pd.notna(total["regret"]):
        words.append(
            "The best plan of each redraw is one that nobody could have known beforehand; this plan reaches "
            f"on average {_small_share(total['regret'])} fewer people than that one."
        )
    return words


def travel_words(drawn: bool) -> list[str]:
    """Return how to read the interlining chart."""
    words = "A bus that works several routes in a day carries its card along all of them."
    if drawn:
        words += (
            " Circles are routes, larger with more vehicles; lines join routes that one vehicle's day "
            "serves, thicker with more hours. Routes of one family have one colour."
        )
    return [words]


def family_words(families: Sequence[Sequence[str]], names: Mapping[str, str]) -> list[str]:
    """Return the families in words, since colours repeat."""
    shared = [family for family in families if len(family) > 1]
    said = "; ".join(", ".join(str(names.get(route, route)) for route in family) for family in shared)
    return [f"Families: {said}."] if said else []


def solution_words(solution: "Solution", weights: str) -> list[str]:
    """Return value, proven bound and gap in plain words."""
    unit = "people" if weights == "people" else "points (people, weighted as the campaign asks)"
    value = f"The plan's value is {solution.value:,.0f} {unit}."
    if not math.isfinite(solution.bound) or solution.value <= 0:
        return [
            f"{value} It was built bus by bus, each where it adds most; how far from the best it is, nobody "
            "proved."
        ]
    more = max(solution.bound / solution.value - 1, 0.0)
    people = "people" if weights == "people" else "points"
    if more < 5e-7:
        proof = "It is proven that no plan with the same buses can do better."
    else:
        proof = (
            f"It is proven that no plan with the same buses can exceed {math.ceil(solution.bound):,}: no "
            f"plan can reach more than {_small_share(more)} more {people}."
        )
    method = (
        "All plans were searched by mixed-integer programming"
        if solution.method == "exact"
        else "It was built bus by bus, each where it adds most, and then held against a bound"
    )
    return [f"{value} {proof}", f"{method} (status: {solution.status})."]


def _small_share(share: float) -> str:
    """Return "0.3%", rounded up to a tenth of a percent: a bound must not be understated."""
    return "0.1%" if share <= 0.001 else f"{math.ceil(share * 1000 - 1e-9) / 10:g}%"


def _weeks(weeks: float) -> str:
    return "1 week" if weeks == 1 else f"{weeks:g} weeks"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
