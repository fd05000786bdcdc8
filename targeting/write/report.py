"""The report: one page on paper that says what a plan reaches, against what, and how sure it is.

Everything comes in as tables and texts (`ReportContent`) and goes out as one HTML file without
scripts and without requests. The same content gives the same bytes, so no time of day is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import networkx as nx
import pandas as pd

from targeting.write import report_tables, report_words
from targeting.write.chart_interlining import interlining_chart, interlining_words
from targeting.write.charts import budget_chart, reach_bars

if TYPE_CHECKING:
    from targeting.exact import Solution

WIDE, NARROW = 860, 340


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """What the report says; people are counts with 90% margins (`…_moe`).

    Attributes
    ----------
    name, agency, period, source_line : str
        Of the campaign, the agencies, the design week in words, and where the figures come from.
    strategies : DataFrame
        One row a strategy × language and one with language "" for all: `strategy`, `language`,
        `language_name`, `buses`, `served`, `served_moe`, `reach`, `reach_moe`, `floor_regret`
        (people; not a number where the language has no floor), `chosen`.
    placements : DataFrame
        `unit_name`, `language`, `language_name`, `own_name`, `buses`, `served`, `served_moe`, `reach`,
        `reach_moe`, `certainty` (probability), `reason`.
    notes : tuple of str
        What to know about this plan: the warnings of the run.
    invented : bool
        Whether the figures are the sample city's.
    people : str
        Who is counted: "LEP speakers" or "speakers".
    weeks : float
        How long the posters hang.
    unit : str
        What a poster is ordered for: "route", "family", "garage" or "venue".
    comparable : bool
        Whether the predominant strategy deals the same cards, so that the plan can be held against it.
    weights : str
        The objective's weights: "people", or another word where people do not count alike.
    smallest : float
        People below which a count is not told.
    budget_curve : DataFrame or None
        One row a number of `buses`: `reach`, `reach_<tag>`, `buses_<tag>`, `chosen`.
    sensitivity : DataFrame or None
        `setting`, `value`, `chosen`, `language` ("" = all), `served`, `reach`, `same_buses` (share).
    robustness : DataFrame or None
        One row a language and "" for all: `language`, `language_name`, `reach`, `reach_mean`,
        `reach_low`, `reach_high`, `regret` (share, in the "" row).
    solution : Solution or None
    vehicles : DataFrame or None
        One row a route: `route_name`, `vehicles`, `vehicle_hours_week`, `elsewhere` (share of its
        buses' hours on other routes), `elsewhere_routes`, `family`.
    interlining : networkx.Graph or None
        Nodes are route ids with `hours` and `vehicles`; edges have `weight` (vehicle-hours).
    families : sequence of sequences of route ids
    route_names : mapping
        Short name of each route by its id.
    """

    name: str
    agency: str
    period: str
    source_line: str
    strategies: pd.DataFrame
    placements: pd.DataFrame
    notes: tuple[str, ...] = ()
    invented: bool = False
    people: str = "LEP speakers"
    weeks: float = 4.0
    unit: str = "route"
    comparable: bool = True
    weights: str = "people"
    smallest: float = 10.0
    budget_curve: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    robustness: pd.DataFrame | None = None
    solution: "Solution | None" = None
    vehicles: pd.DataFrame | None = None
    interlining: nx.Graph | None = None
    families: Sequence[Sequence[str]] = ()
    route_names: Mapping[str, str] = field(default_factory=dict)


def report_html(content: ReportContent) -> str:
    """Return the report as one HTML page that opens anywhere, prints well and asks for nothing."""
    package = files("targeting.write")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(package.joinpath("report.html").read_text(encoding="utf-8"))
    return template.render(
        content=content,
        css=package.joinpath("report.css").read_text(encoding="utf-8"),
        sections=_sections(content),
        **report_words.headline(content),
    )


def _sections(content: ReportContent) -> list[dict[str, Any]]:
    """Return the sections in their order, those without matter left out."""
    made = [
        _reached(content),
        _compared(content),
        _budgets(content),
        _certainty(content),
        _travels(content),
        _sensitivity(content),
        _solved(content),
        _placements(content),
    ]
    return [
        {"words": (), "pictures": (), "tables": (), "after": (), **section}
        for section in made
        if section is not None
    ]


def _reached(content: ReportContent) -> dict[str, Any]:
    rows = report_words.languages_of_plan(content.strategies)
    return {
        "id": "reach",
        "title": "What the plan reaches",
        "words": report_words.reach_words(content),
        "pictures": [reach_bars(rows, smallest=content.smallest, width=width) for width in (WIDE, NARROW)]
        if len(rows)
        else (),
        "tables": [report_tables.reached(content)],
    }


def _compared(content: ReportContent) -> dict[str, Any] | None:
    if content.strategies["strategy"].nunique() < 2:
        return None
    return {
        "id": "strategies",
        "title": "Strategies side by side",
        "words": report_words.strategy_words(content.strategies, comparable=content.comparable),
        "tables": [report_tables.strategies(content)],
        "after": report_words.floor_words(content),
    }


def _budgets(content: ReportContent) -> dict[str, Any] | None:
    curve = content.budget_curve
    if curve is None or len(curve) < 2:
        return None
    names = {
        tag: name
        for tag, name in content.strategies[["language", "language_name"]].drop_duplicates().to_numpy()
        if f"reach_{tag}" in curve
    }
    return {
        "id": "budget",
        "title": "What another number of buses would buy",
        "words": [
            "About how many people a plan with so many buses would reach, in all and by language, by the "
            "quick method: the best plan may reach a little more."
        ],
        "pictures": [budget_chart(curve, names, width=width) for width in (WIDE, NARROW)],
        "tables": [report_tables.budgets(curve, content.smallest)],
    }


def _certainty(content: ReportContent) -> dict[str, Any] | None:
    if content.robustness is None:
        return None
    return {
        "id": "certainty",
        "title": "How sure this is",
        "words": report_words.robustness_words(content.robustness, content.smallest),
        "tables": [report_tables.robustness(content.robustness, content.smallest)],
    }


def _travels(content: ReportContent) -> dict[str, Any] | None:
    if content.interlining is None and content.vehicles is None:
        return None
    graph = content.interlining if content.interlining is not None else nx.Graph()
    drawn = [
        interlining_chart(graph, content.families, content.route_names, width=width)
        for width in (WIDE, NARROW)
    ]
    return {
        "id": "travels",
        "title": "Where the cards really travel",
        "words": report_words.travel_words(any(drawn)),
        "pictures": [each for each in drawn if each],
        "tables": report_tables.leaks(content.vehicles),
        "after": [
            *interlining_words(graph, content.route_names),
            *report_words.family_words(content.families, content.route_names),
        ],
    }


def _sensitivity(content: ReportContent) -> dict[str, Any] | None:
    if content.sensitivity is None:
        return None
    return {
        "id": "sensitivity",
        "title": "If the assumptions were different",
        "words": report_words.SENSITIVITY_WORDS,
        "tables": report_tables.sensitivity(content.sensitivity, content.strategies, content.smallest),
    }


def _solved(content: ReportContent) -> dict[str, Any] | None:
    if content.solution is None:
        return None
    return {
        "id": "solution",
        "title": "How the plan was found",
        "words": report_words.solution_words(content.solution, content.weights),
    }


def _placements(content: ReportContent) -> dict[str, Any] | None:
    if content.placements.empty:
        return None
    return {
        "id": "placements",
        "title": "Every placement",
        "tables": [report_tables.placements(content)],
    }
