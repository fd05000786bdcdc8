"""What the commands print for people: tables and sentences, by rich."""

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from targeting import reasons
from targeting.placement_reasons import what_hangs, what_predominates
from targeting.proofs import assumption, evenly, proofs, travels
from targeting.terminal_strategies import strategy_table
from targeting.terminal_tables import new_table
from targeting.wording import OF_GROUP, OF_LOW, percent, with_margin
from targeting.write.record import people_line, source_line

if TYPE_CHECKING:
    from targeting.campaign import Campaign
    from targeting.notices import Notices
    from targeting.plan import Plan
    from targeting.scores import Scores
    from targeting.tracts import Tracts

PLACEMENTS_SHOWN = 15
TRACTS_SHOWN = 12
COUNTED_TOGETHER = f"{OF_GROUP.strip()} counted together with other languages, by a census group"


def print_plan(plan: "Plan") -> None:
    """Print the week, the coverage of each language and the first placements."""
    scores = plan.scores
    console = Console()
    console.print(f"\n[bold]{escape(scores.campaign.name)}[/bold]: {_what_hangs(plan)}")
    console.print(
        f"Design week {scores.feed.week}: {scores.feed.week.reason}.", highlight=False, markup=False
    )
    console.print(_coverage_table(plan))
    console.print(
        "Near: within walking distance. A posted route has at least one bus that carries the language; its "
        f"other buses do not{'; a posted venue has a card' if scores.campaign.venues else ''}. Reached: "
        f"expected to ride a bus with the card{' or go to such a venue' if scores.campaign.venues else ''} "
        f"within {scores.campaign.posters.weeks:g} weeks.",
        style="dim",
    )
    console.print(strategy_table(plan))
    if plan.posting.solution is not None and scores.campaign.placement.weights == "people":
        console.print(
            'Everyone reached counts alike, with the floors kept; weights = "languages" makes the same share '
            "of any language count alike.",
            style="dim",
        )
    for sentence in filter(None, [*proofs(plan), assumption(plan), evenly(plan), travels(plan)]):
        console.print(sentence, highlight=False, markup=False)
    if len(plan.placements):
        console.print(_placement_table(plan))
    left = len(plan.placements) - PLACEMENTS_SHOWN
    if left > 0:
        console.print(f"… and {left} more in placements.csv.", style="dim")
    console.print(source_line(scores), style="dim", highlight=False, markup=False)


def _what_hangs(plan: "Plan") -> str:
    """Return "36 of 36 buses placed on 18 of 72 routes, 8 of 8 cards in 6 venues"."""
    campaign, units, placed = plan.scores.campaign, plan.scores.postable.table, plan.placements
    in_buses, in_venues = placed[placed["unit"] != "venue"], placed[placed["unit"] == "venue"]
    kinds = {"route": "routes", "family": "families", "garage": "garages"}
    said = []
    if campaign.placement.buses:
        said.append(
            f"{plan.posting.posted_buses} of {campaign.placement.buses} buses placed on "
            f"{in_buses['unit_id'].nunique()} of {int((~units['venue']).sum())} "
            f"{kinds[plan.scores.units.kind]}"
        )
    if campaign.venues:
        cards, venues = int(in_venues["cards"].sum()), in_venues["unit_id"].nunique()
        said.append(
            f"{cards} of {campaign.venues.cards} cards in {venues} {'venue' if venues == 1 else 'venues'}"
        )
    return ", ".join(said)


def print_routes(scores: "Scores") -> None:
    """Print every route with the language it calls for, the highest score first."""
    console = Console()
    smallest = scores.campaign.certainty.smallest_count
    console.print(
        f"\nDesign week {scores.feed.week}: {scores.feed.week.reason}.", highlight=False, markup=False
    )
    table = new_table(
        "What each route calls for",
        [
        ("By\nscore", True), ("Route", False), ("Language", False), ("Buses", True), ("Served", True),
        ("Largest\nwith", True), ("Score\n(million)", True),
        ],
    )  # fmt: skip
    ranked = scores.routes[scores.routes["rank"].notna()]
    also = pd.Series([_also(scores, row) for _, row in ranked.iterrows()], index=ranked.index, dtype=bool)
    ranked = ranked.assign(also=also).sort_values(["rank", "also"], kind="stable")
    for _, row in ranked.iterrows():
        table.add_row(
            str(row["rank"]),
            escape(scores.feed.routes.at[row["route_id"], "route_name"]),
            row["language_name"] + (" (also)" if row["also"] else ""),
            f"{scores.vehicles[row['route_id']]:,}",
            with_margin(row["served"], row["served_moe"], smallest),
            percent(row["largest_probability"]),
            f"{row['score'] / 1e6:,.2f}",
        )
    console.print(table)
    idle = len(scores.feed.routes) - len(scores.assigned)
    if idle:
        console.print(f"{idle} routes call for no language of the campaign.")
    console.print(
        f"Served: {reasons.people_word(scores)} within walking distance, with 90% margin. Largest with: the "
        "probability that no other language of the campaign has more along the route. Score: people × weekly "
        "departures near them. By score: the route's rank by it, not the plan's, which ranks by what a route "
        "adds.",
        style="dim",
    )
    console.print(source_line(scores), style="dim", highlight=False, markup=False)


def print_explanation(plan: "Plan", route: str, tracts: pd.DataFrame) -> None:
    """Print what hangs on a route and why, then what predominates along it: by language and by tract."""
    scores = plan.scores
    console = Console()
    smallest, limit = scores.campaign.certainty.smallest_count, scores.campaign.certainty.cv_limits[1]
    console.print(
        f"\n[bold]What the plan does on it[/bold] (strategy '{scores.campaign.placement.strategy}')",
        highlight=False,
    )
    for sentence in what_hangs(plan, route):
        console.print(sentence, highlight=False, markup=False)
    console.print(
        "\n[bold]What predominates along it[/bold], by TriMet's manner of rule (strategy 'predominant')",
        highlight=False,
    )
    console.print(f"{what_predominates(plan, route)}\n", highlight=False, markup=False)
    table = new_table(
        "By language",
        [
        ("Language  ", False), ("Served", True), ("Relia-\nbility", False), ("Differs", False),
        ("Weight", True), ("Largest", True), ("Second", True),
        (f"{scores.campaign.certainty.min_served:,.0f} or\nmore", True),
        ],
    )  # fmt: skip
    rows = scores.routes[scores.routes["route_id"] == route]
    total = rows.drop_duplicates("measured_as")["exposure_predominant"].sum()
    for _, row in rows.iterrows():
        weight = row["exposure_predominant"] / total if total else 0.0
        table.add_row(
            row["language_name"],
            with_margin(row["served"], row["served_moe"], smallest),
            row["reliability"],
            "yes" if row["differs"] else "no",
            f"{weight:.0%}",
            percent(row["largest_probability"]),
            percent(row["second_probability"]),
            percent(row["enough_probability"]),
        )
    console.print(table)
    if len(tracts):
        console.print(_tract_table(tracts, smallest, limit))
    if len(tracts) > TRACTS_SHOWN:
        console.print(f"… and {len(tracts) - TRACTS_SHOWN} more tracts (--json lists all).", style="dim")
    console.print(
        f"People: {reasons.people_word(scores)}, with 90% margins. Weight: people × weekly departures "
        "near them, in the tracts where the language predominates; what predominates along the route is the "
        "language with the largest. Largest, second, "
        "so many or more with: the probability of it, given the margins. Reliability: by the coefficient "
        "of variation. Differs: from the largest of the others, by the 90% test. "
        f"{OF_LOW} marks a coefficient of variation above {limit:.0%}; a language in brackets does not lead "
        "there.",
        style="dim",
    )
    console.print(source_line(scores), style="dim", highlight=False, markup=False)


def print_hotspots(
    campaign: "Campaign", tracts: "Tracts", summary: pd.DataFrame, rows: pd.DataFrame, names: dict[str, str]
) -> None:
    """Print how far each language concentrates, and its strongest tracts."""
    console = Console()
    smallest = campaign.certainty.smallest_count
    table = new_table(
        "Where they concentrate",
        [
        ("Language", False), ("Tracts", True), ("Hot", True), ("by Gi*", True),
        ("People in\nhot tracts", True), ("of its\npeople", True), ("of all\nresidents", True),
        ],
    )  # fmt: skip
    for _, row in summary.iterrows():
        name, share = names[row["language"]], row["people_hot_share"]
        table.add_row(
            name if row["measured_as"] == name else f"{name}{OF_GROUP}",
            f"{row['tracts']:,}",
            f"{row['hot_tracts']:,}",
            f"{row['by_gi_star']:,}",
            with_margin(row["people_hot"], row["people_hot_moe"], smallest),
            "–" if pd.isna(share) else f"{share:.0%}",
            "–" if pd.isna(row["residents_hot_share"]) else f"{row['residents_hot_share']:.0%}",
        )
    if (summary["measured_as"] != summary["language"].map(names)).any():
        table.caption = COUNTED_TOGETHER
    console.print(table)
    for tag, part in rows[rows["hot"]].groupby("language", sort=False):
        strongest = part.nlargest(5, "gi_estimate_nearest")["name"]
        short = [name.split(",")[0].split(";")[0].removeprefix("Census ") for name in strongest]
        console.print(f"{names[str(tag)]}: strongest in {', '.join(map(escape, short))}.", highlight=False)
    console.print(
        "Hot: by the City of Portland's rule (docs/hotspots.md). By Gi*: of those, the ones not hot for "
        "being dense alone. The rule takes estimates as they are, without their margins.",
        style="dim",
    )
    console.print(f"{people_line(campaign, tracts)}.", style="dim", highlight=False, markup=False)


def print_notices(notices: "Notices") -> None:
    """Print the notices: what can change the plan's numbers, and what else was noted."""
    console = Console()
    for notice in notices:
        if notice.severity == "warning":
            console.print(f"[yellow]Note:[/yellow] {escape(notice.message)}", highlight=False)
        else:
            console.print(f"Also: {escape(notice.message)}", style="dim", highlight=False)


def _coverage_table(plan: "Plan") -> Table:
    smallest = plan.scores.campaign.certainty.smallest_count
    word = reasons.people_word(plan.scores)
    table = new_table(
        f"{word[0].upper()}{word[1:]}, with 90% margins",
        [("Language  ", False), ("In\nregion", True), ("Near any\nroute", True), ("Near a\nposted one", True),
         ("Reached", True)],
    )  # fmt: skip
    names = {language.tag: language.english_name for language in plan.scores.languages}
    region = plan.coverage[plan.coverage["area_kind"] == "region"]
    said = []
    for _, row in region.iterrows():
        name = names[row["language"]]
        table.add_row(
            name if row["measured_as"] == name else f"{name}{OF_GROUP}",
            *(_figure(row, figure, smallest) for figure in ("lep", "served_any", "served_posted", "reach")),
        )
    if (region["measured_as"] != region["language"].map(names)).any():
        said.append(COUNTED_TOGETHER)
    if region[[name for name in region if name.endswith("_reliability")]].eq("low").any(axis=None):
        limit = plan.scores.campaign.certainty.cv_limits[1]
        said.append(f"{OF_LOW} of low reliability: coefficient of variation above {limit:.0%}")
    table.caption = "\n".join(said) or None
    return table


def _figure(row: "pd.Series[Any]", name: str, smallest: float) -> str:
    """Return a figure with its margin, marked where it is of low reliability; a dash where nobody is."""
    people, margin = row[name], row[f"{name}_moe"]
    if not people and not margin > 0:
        return "–"
    low = row[f"{name}_reliability"] == "low" and not 0 < round(people) < smallest
    return with_margin(people, margin, smallest) + (OF_LOW if low else "")


def _counted(plan: "Plan") -> str:
    """Return what is counted: where cards hang in venues too, a card in a bus is one like any other."""
    return "Cards" if plan.scores.campaign.venues else "Buses"


def _placement_table(plan: "Plan") -> Table:
    smallest = plan.scores.campaign.certainty.smallest_count
    kinds = " or ".join(dict.fromkeys(plan.placements["unit"])).capitalize()
    table = new_table(
        "First placements",
        [
        (kinds, False), ("Language", False), (_counted(plan), True), ("of", True),
        ("Served", True), ("Reached", True),
        ],
    )  # fmt: skip
    for _, row in plan.placements.head(PLACEMENTS_SHOWN).iterrows():
        table.add_row(
            escape(row["unit_name"]),
            row["language_name"],
            f"{row['cards']:,}",
            f"{row['vehicles']:,}" if row["vehicles"] else "",
            with_margin(row["served"], row["served_moe"], smallest),
            with_margin(row["reach"], row["reach_moe"], smallest),
        )
    return table


def _tract_table(tracts: pd.DataFrame, smallest: float, limit: float) -> Table:
    table = new_table(
        "The tracts that weigh most",
        [
        ("Tract", False), ("Language", False), ("People ", True), ("Within\na walk", True),
        ("Departures\na week", True),
        ],
    )  # fmt: skip
    for _, row in tracts.head(TRACTS_SHOWN).iterrows():
        unsure = OF_LOW if row["cv"] > limit else ""
        table.add_row(
            escape(row["name"].split(",")[0].split(";")[0].removeprefix("Census ")),
            row["language"] if row["predominant"] else f"({row['language']})",
            f"{with_margin(row['people'], row['people_moe'], smallest)}{unsure}",
            f"{row['share_near']:.0%}",
            f"{row['departures_near']:,.0f}",
        )
    return table


def _also(scores: "Scores", row: "pd.Series[Any]") -> bool:
    """Return whether a language hangs on the route only as the second of a pair."""
    column = next(lang.column for lang in scores.languages if lang.tag == row["language"])
    return bool(column != scores.assigned.at[row["route_id"], "group"])
