"""The tables of the report: what stands in each cell, and no markup."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from targeting.legal_basis import LegalBasis
from targeting.wording import ALL_LANGUAGES, count, percent, with_margin
from targeting.write.charts import budget_rows
from targeting.write.document import Head, Table
from targeting.write.map_style import language_style
from targeting.write.report_content import ReportContent
from targeting.write.report_coverage import share_words
from targeting.write.report_groups import group_note, marked
from targeting.write.report_prose import table_source
from targeting.write.report_words import day, languages_of_plan, next_bus

LEAKS_SHOWN = 12
SETTINGS: dict[str, tuple[str, Callable[[float], str]]] = {
    "bus_walk_m": ("How far people walk to a bus stop", lambda value: f"{value:,.0f} m"),
    "rides_per_week": ("How often a resident rides", lambda value: f"{value:g} a week"),
    "elasticity": ("How much ridership follows service", lambda value: f"{value:g}"),
}


def reached(content: ReportContent) -> Table:
    """Return buses, cards and reach per card by language, with the total."""
    plan = content.strategies[content.strategies["chosen"]]
    rows = pd.concat([languages_of_plan(plan), plan[plan["language"] == ""]])
    return Table(
        caption="Buses and cards by language",
        heads=[[Head(word) for word in ("Language", "Buses", "Cards", "Reached", "Reached per card")]],
        rows=[
            [
                marked(content, row.language, row.language_name) if row.language else ALL_LANGUAGES,
                f"{row.buses:,}",
                f"{row.cards:,}",
                with_margin(row.reach, row.reach_moe, content.smallest),
                _per_card(row.reach, row.cards, content.smallest),
            ]
            for row in rows.itertuples(index=False)
        ],
        strong=[len(rows) - 1],
        swatches=[language_style(tag)["color"] if tag else "" for tag in rows["language"]],
        notes=[*group_note(content, set(rows["language"])), table_source(content)],
    )


def _per_card(reach: float, cards: int, smallest: float) -> str:
    if not cards:
        return "–"
    return count(reach, smallest) if 0 < reach < smallest else f"{reach / cards:,.0f}"


def strategies(content: ReportContent) -> Table:
    """Return every strategy's buses, served and reach, one group of columns each."""
    table = content.strategies
    kinds = list(dict.fromkeys(table["strategy"]))
    chosen = set(table.loc[table["chosen"], "strategy"])
    order = [*languages_of_plan(table)["language"], ""]
    order += [tag for tag in dict.fromkeys(table["language"]) if tag not in order]
    by_key = {(row.strategy, row.language): row for row in table.itertuples(index=False)}
    names = dict(zip(table["language"], table["language_name"], strict=True)) | {"": ALL_LANGUAGES}
    return Table(
        caption="Buses, people served and people reached under each strategy",
        heads=[
            [Head("Language", rows=2)]
            + [Head(f"{kind} (this plan)" if kind in chosen else kind, span=3) for kind in kinds],
            [Head(word) for _ in kinds for word in ("Buses", "Served", "Reach")],
        ],
        rows=[
            [marked(content, tag, names[tag])]
            + [
                cell
                for kind in kinds
                for cell in (
                    _three(by_key[kind, tag], content.smallest) if (kind, tag) in by_key else ["–"] * 3
                )
            ]
            for tag in order
        ],
        strong=[order.index("")],
        swatches=[language_style(tag)["color"] if tag else "" for tag in order],
        stacked=True,
        notes=[*group_note(content, set(order)), table_source(content)],
    )


def budgets(curve: pd.DataFrame, smallest: float) -> Table:
    """Return reach and mean gain per added bus for some budgets, and what the very next bus would bring."""
    rows = budget_rows(curve)
    return Table(
        caption="Reach by number of buses",
        heads=[[Head("Buses"), Head("Reach"), Head("Added by each bus since the row above, on average")]],
        rows=[
            [
                f"{row.buses:,}" + (" (this plan)" if row.chosen else ""),
                count(row.reach, smallest),
                _gain(row.gain, told=not 0 < row.reach < smallest),
            ]
            for row in rows.itertuples(index=False)
        ],
        strong=[place for place, chosen in enumerate(rows["chosen"]) if chosen],
        notes=[f"{one_more}."] if (one_more := next_bus(curve, smallest)) else [],
    )


def _gain(people: float, *, told: bool) -> str:
    """Return what an added bus brings; nothing where its reach is too small to be told."""
    if math.isnan(people) or not told:
        return "–"
    return f"{people:,.1f}" if people < 10 else f"{people:,.0f}"


def robustness(content: ReportContent, table: pd.DataFrame) -> Table:
    """Return planned and expected reach with its interval, by language."""
    smallest = content.smallest
    table = table.sort_values("language", key=lambda tag: tag == "", kind="stable")
    return Table(
        caption="Reach over redraws of the census figures",
        heads=[[Head("Language"), Head("Planned"), Head("Expected"), Head("90% of redraws")]],
        rows=[
            [
                marked(content, row.language, row.language_name) if row.language else ALL_LANGUAGES,
                count(row.reach, smallest),
                count(row.reach_mean, smallest),
                f"{count(row.reach_low, smallest)} to {count(row.reach_high, smallest)}",
            ]
            for row in table.itertuples(index=False)
        ],
        strong=[len(table) - 1],
        swatches=[language_style(tag)["color"] if tag else "" for tag in table["language"]],
        notes=group_note(content, set(table["language"])),
    )


def leaks(vehicles: pd.DataFrame) -> list[Table]:
    """Return the routes whose buses spend most of their time elsewhere."""
    away = vehicles["elsewhere"] > 0
    if not away.any():
        return []
    posted = vehicles["posted"] & away
    whose = "Routes of this plan" if posted.any() else "Routes"
    rows = vehicles[posted if posted.any() else away].sort_values(
        ["elsewhere", "vehicle_hours_week", "route_name"], ascending=[False, False, True], kind="stable"
    )
    return [
        Table(
            caption=f"{whose} whose buses are most often elsewhere",
            heads=[
                [
                    Head(word)
                    for word in ("Route", "Vehicles", "Vehicle-hours a week", "Elsewhere", "On routes")
                ]
            ],
            rows=[
                [
                    str(row.route_name),
                    f"{row.vehicles:,}",
                    f"{row.vehicle_hours_week:,.0f}",
                    percent(row.elsewhere),
                    str(row.elsewhere_routes),
                ]
                for row in rows.head(LEAKS_SHOWN).itertuples(index=False)
            ],
            prose=True,
        )
    ]  # fmt: skip


def sensitivity(content: ReportContent, table: pd.DataFrame) -> list[Table]:
    """Return one table a setting: what the plan would be under its other values."""
    rows, smallest = content.strategies, content.smallest
    names = dict(zip(rows["language"], rows["language_name"], strict=True))
    tags = [tag for tag in dict.fromkeys(table["language"]) if tag]
    made = []
    for setting in dict.fromkeys(table["setting"]):
        title, worded = SETTINGS.get(setting, (str(setting), str))
        part = table[table["setting"] == setting]
        totals = part[part["language"] == ""].sort_values("value", kind="stable")
        reach = {(row.value, row.language): row.reach for row in part.itertuples(index=False)}
        made.append(
            Table(
                caption=title,
                heads=[
                    [Head(word, rows=2) for word in ("Assumed", "Kept", "Served", "Reach")]
                    + ([Head("Reach by language", span=len(tags))] if tags else []),
                    [Head(marked(content, tag, names.get(tag, tag))) for tag in tags],
                ],
                rows=[
                    [
                        worded(row.value),
                        "–" if pd.isna(row.same_buses) else f"{row.same_buses:.0%}",
                        count(row.served, smallest),
                        count(row.reach, smallest),
                    ]
                    + [
                        count(reach[row.value, tag], smallest) if (row.value, tag) in reach else "–"
                        for tag in tags
                    ]
                    for row in totals.itertuples(index=False)
                ],
                strong=[place for place, chosen in enumerate(totals["chosen"]) if chosen],
                notes=group_note(content, tags),
            )
        )  # fmt: skip
    return made


def placements(content: ReportContent) -> Table:
    """Return every placement with its figures and its reason."""
    rows = content.placements
    units = "Route or venue" if (rows["unit"] == "venue").any() else content.unit.capitalize()
    return Table(
        caption="Where each language hangs, how sure the choice is, and why",
        heads=[[Head(word) for word in (units, "Language", "Cards", "Served", "Reach", "Certainty", "Why")]],
        rows=[
            [
                str(row.unit_name),
                marked(content, row.language, row.language_name)
                + ("" if row.own_name == row.language_name else f" · {row.own_name}"),
                f"{row.cards:,}",
                with_margin(row.served, row.served_moe, content.smallest),
                with_margin(row.reach, row.reach_moe, content.smallest),
                percent(row.certainty),
                str(row.reason),
            ]
            for row in rows.itertuples(index=False)
        ],
        left=(1,),
        prose=True,
        stacked=True,
        notes=[*group_note(content, set(rows["language"])), table_source(content)],
    )


def safe_harbor(content: ReportContent, languages: pd.DataFrame) -> Table:
    """Return which of the campaign's languages pass the Safe Harbor test."""
    rows = languages[languages["in_campaign"]]
    return Table(
        caption="LEP speakers in the region against the Safe Harbor threshold",
        heads=[
            [
                Head(word)
                for word in (
                    "Language", "LEP speakers", "Share of residents", "Threshold", "Above it", "Beyond doubt",
                )
            ]
        ],
        rows=[
            [
                marked(content, row.language, row.language_name),
                with_margin(row.lep, row.lep_moe, content.smallest),
                share_words(row.share, row.share_moe),
                f"{row.safe_harbor_threshold:,.0f}",
                "yes" if row.safe_harbor else "no",
                "yes" if row.safe_harbor_certain else "no",
            ]
            for row in rows.itertuples(index=False)
        ],
        swatches=[language_style(tag)["color"] for tag in rows["language"]],
        notes=group_note(content, set(rows["language"])),
    )  # fmt: skip


def legal_basis_table(basis: LegalBasis) -> Table:
    """Return what stands and what no longer does."""
    return Table(
        caption=f"Legal basis as of {day(basis.as_of)}",
        heads=[[Head("Source"), Head("Status"), Head("What it says")]],
        rows=[
            *([f"{each.name} ({each.citation})", each.status, each.text] for each in basis.standing),
            *([each.name, f"{each.status} on {day(each.date)}", each.text] for each in basis.changed),
        ],
        left=(1,),
        prose=True,
    )


def _three(row: Any, smallest: float) -> list[str]:
    if not row.cards:
        return ["0", "–", "–"]
    return [
        f"{row.buses:,}",
        with_margin(row.served, row.served_moe, smallest),
        with_margin(row.reach, row.reach_moe, smallest),
    ]
