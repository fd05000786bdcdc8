"""The report put together: a summary of two pages, and an appendix that stands behind it."""

import targeting
from targeting.legal_basis import legal_basis
from targeting.write import report_coverage, report_hung, report_prose, report_tables, report_words
from targeting.write.chart_interlining import interlining_chart, interlining_words
from targeting.write.charts import budget_chart, reach_bars
from targeting.write.document import (
    Block,
    Bullets,
    Document,
    Figure,
    Image,
    KeyFigures,
    Paragraph,
    Section,
)
from targeting.write.report_content import ReportContent
from targeting.write.report_groups import group_note, marked
from targeting.write.report_methods import PUBLICATIONS, methods

WIDE, NARROW, PAPER = 860, 340, 672  # pixels
TRUST = "How far to trust these figures"
LOW = 150  # a chart that leaves room on a page of the summary
NOT_FOR = (
    "Aggregated census estimates with 90% margins of sampling error; not a map of trafficking and never of "
    "persons."
)


def report_document(content: ReportContent, plan_map: Figure) -> Document:
    """Return the report.

    Parameters
    ----------
    plan_map : Figure
        The picture of the plan.
    """
    summary = [
        # what hung is fact, and the plan no longer: it comes first
        None if content.hung is None else report_hung.hung_section(content, content.hung),
        _reach(content, plan_map),
        _coverage(content),
        _more_buses(content),
        _limits(content),
        _sources(content),
    ]
    appendix = [
        _certainty(content), _strategies(content), _budgets(content), _travels(content),
        _sensitivity(content), _solution(content), _access(content), _know(content), _placements(content),
        None if content.hung is None else report_hung.places_section(content.hung), _methods(content),
    ]  # fmt: skip
    return Document(
        kind="Report on a poster plan",
        title=content.name,
        subtitle=f"{content.agency} · design week {content.period}",
        banner="Invented city: sample data" if content.invented else "",
        summary=[section for section in summary if section is not None],
        appendix=[section for section in appendix if section is not None],
        foot=(content.source_line, NOT_FOR),
        maker=f"targeting {targeting.__version__}",
    )


def _reach(content: ReportContent, plan_map: Figure) -> Section:
    rows = report_words.languages_of_plan(content.strategies)
    blocks: list[Block] = [
        Paragraph(report_words.lead(content), "lead"),
        KeyFigures(report_words.key_figures(content)),
        Paragraph(
            " ".join(
                filter(
                    None,
                    [
                        content.evenly and f"{content.evenly} See {TRUST}.",
                        content.assumption,
                        report_words.spread_words(content),
                        report_words.bare_words(content),
                        report_words.people_words(content),
                    ],
                )
            )
        ),
        plan_map,
    ]
    planned = content.hung is not None
    if len(rows):
        names = [marked(content, row.language, row.language_name) for row in rows.itertuples(index=False)]
        bars = rows.assign(language_name=names)
        wide, narrow, paper = (
            reach_bars(bars, smallest=content.smallest, width=width) for width in (WIDE, NARROW, PAPER)
        )
        caption = f"People reached, by language{', as planned' if planned else ''}. "
        caption += "The lines over the bars are 90% margins of sampling error."
        caption = " ".join([caption, *group_note(content, set(rows["language"]))])
        blocks.append(Figure(wide, narrow, paper, (caption,)))
    return Section("reach", "What was planned" if planned else "What the campaign reaches", blocks)


def _coverage(content: ReportContent) -> Section:
    harbor = report_prose.safe_harbor_words(content, legal_basis())
    blocks: list[Block] = [report_coverage.coverage(content)]
    blocks += [Paragraph(harbor, "note")] if harbor else []
    return Section("coverage", "Coverage by language", blocks)


def _more_buses(content: ReportContent) -> Section | None:
    curve = content.budget_curve
    if curve is None or len(curve) < 2:
        return None
    names = {
        tag: marked(content, tag, name)
        for tag, name in content.strategies[["language", "language_name"]].drop_duplicates().to_numpy()
        if f"reach_{tag}" in curve
    }
    wide, narrow, paper = (
        budget_chart(curve, names, width=width, least_height=LOW, smallest=content.smallest)
        for width in (WIDE, NARROW, PAPER)
    )
    return Section(
        "budget",
        "What another number of buses would buy",
        [
            Paragraph(report_words.budget_words(content, curve)),
            Figure(wide, narrow, paper),
        ],
    )


def _limits(content: ReportContent) -> Section:
    return Section("limits", TRUST, [Bullets(report_prose.limits(content))])


def _sources(content: ReportContent) -> Section:
    return Section(
        "sources", "Sources", [Bullets(report_prose.sources(content, legal_basis()), numbered=True)]
    )


def _certainty(content: ReportContent) -> Section | None:
    if content.robustness is None:
        return None
    words = report_words.robustness_words(content.robustness, content.smallest, content.weights)
    return Section(
        "certainty",
        "How sure this is",
        [*map(Paragraph, words), report_tables.robustness(content, content.robustness)],
    )


def _strategies(content: ReportContent) -> Section | None:
    if content.strategies["strategy"].nunique() < 2:
        return None
    return Section(
        "strategies",
        "Strategies side by side",
        [
            *map(Paragraph, report_words.strategy_words(content)),
            report_tables.strategies(content),
            *(Paragraph(words, "note") for words in report_words.floor_words(content)),
            report_tables.reached(content),
        ],
    )


def _budgets(content: ReportContent) -> Section | None:
    curve = content.budget_curve
    if curve is None or len(curve) < 2:
        return None
    return Section("budgets", "Numbers of buses", [report_tables.budgets(curve, content.smallest)])


def _travels(content: ReportContent) -> Section:
    graph, names = content.interlining.graph(), content.route_names
    wide, narrow, paper = (
        interlining_chart(graph, content.families, names, width=width) for width in (WIDE, NARROW, PAPER)
    )
    after = [*interlining_words(graph, names), *report_words.family_words(content.families, names)]
    shown: list[Block] = (
        [Figure(wide, narrow, paper, (report_words.CIRCLES, *after))]
        if wide and narrow and paper
        else [Paragraph(words, "note") for words in after]
    )
    return Section(
        "travels",
        "Where the cards really travel",
        [Paragraph(report_words.TRAVELS), *report_tables.leaks(content.vehicles), *shown],
    )


def _sensitivity(content: ReportContent) -> Section | None:
    if content.sensitivity is None:
        return None
    tables = report_tables.sensitivity(content, content.sensitivity)
    return Section(
        "sensitivity",
        "If the assumptions were different",
        [Paragraph(report_words.SENSITIVITY_WORDS), *tables],
    )


def _solution(content: ReportContent) -> Section | None:
    if content.solution is None:
        return None
    words = report_words.solution_words(content.solution, content.weights, robust=content.robust)
    return Section("solution", "How the plan was found", list(map(Paragraph, words)))


def _access(content: ReportContent) -> Section:
    basis = legal_basis()
    blocks: list[Block] = list(map(Paragraph, report_prose.access_words(basis)))
    blocks.append(report_tables.legal_basis_table(basis))
    if content.languages is not None and content.settings["region"]["measure"] == "lep":
        blocks.append(report_tables.safe_harbor(content, content.languages))
    return Section("access", "Language access rules", blocks)


def _know(content: ReportContent) -> Section | None:
    notes = list(content.notes)
    if content.solution is not None and content.sensitivity is None:
        notes.append(report_words.NO_SENSITIVITY)
    return Section("know", "What to know about this plan", [Bullets(notes)]) if notes else None


def _placements(content: ReportContent) -> Section | None:
    if content.placements.empty:
        return None
    return Section("placements", "Every placement", [report_tables.placements(content)])


def _methods(content: ReportContent) -> Section:
    return Section(
        "methods",
        "Methods",
        [
            *map(Paragraph, methods(content)),
            Bullets(PUBLICATIONS, numbered=True),
        ],
    )


def map_figure(wide: Image, narrow: Image, content: ReportContent) -> Figure:
    """Return the picture of the plan with its caption."""
    hang = "hang" if content.hung is None else "were to hang"
    caption = (
        f"Where the posters {hang}, in the colour and line pattern of their language, over where "
        f"{content.people} of these languages live."
    )
    return Figure(wide, narrow, wide, (caption,))
