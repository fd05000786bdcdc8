"""The workbook `coverage.xlsx`: the published tables as worksheets, with what it takes to defend them.

Its figures are those of the CSV files beside it and of the layer of tracts, cell by cell: nothing is
counted here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from targeting.languages import Language
from targeting.legal_basis import legal_basis
from targeting.plan_folder import read_plan_folder
from targeting.wording import ALL_LANGUAGES
from targeting.write import workbook_columns as columns_of
from targeting.write.plan_layers import tract_layer
from targeting.write.report_content import ReportContent, WhatHung, report_content
from targeting.write.report_hung import NOT_TOLD, differences, not_counted
from targeting.write.report_words import day
from targeting.write.sheets import Column, Workbook
from targeting.write.workbook_prose import in_short, methods, read_me, title
from targeting.write.workbook_total import with_all_languages

if TYPE_CHECKING:
    from targeting.plan import Plan


@dataclass(frozen=True)
class Sheet:
    """A table of the workbook, with its title and what to know of it."""

    name: str
    table: pd.DataFrame
    columns: Mapping[str, Column]
    title: str
    note: str
    strong: Sequence[bool] = ()


def coverage_xlsx(path: Path, plan: "Plan", tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the workbook into the folder that holds the tables and the record of the plan already.

    Parameters
    ----------
    path : Path
    plan : Plan
    tables : mapping of name to DataFrame
        `targeting.write.tables.published`.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    content = report_content(read_plan_folder(path.parent))
    tracts = pd.DataFrame(tract_layer(plan).drop(columns="geometry"))
    path.write_bytes(workbook(tables, tracts, content, plan.scores.languages))


def workbook(
    tables: Mapping[str, pd.DataFrame],
    tracts: pd.DataFrame,
    content: ReportContent,
    languages: Sequence[Language],
) -> bytes:
    """Return the workbook: the same bytes for the same plan.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        `targeting.write.tables.published`.
    tracts : DataFrame
        The columns of the layer of tracts (docs/columns.md).
    content : ReportContent
        What the plan says in words, so that workbook and report say it alike.
    languages : sequence of Language
        The campaign's.
    """
    sheets = sheets_of(tables, tracts, content, languages)
    book = Workbook(title=title(content), source=in_short(content))
    book.add_prose(
        "Read me", title(content), read_me(content, [(sheet.name, sheet.title) for sheet in sheets])
    )
    for sheet in sheets:
        book.add_table(
            sheet.name,
            sheet.table,
            sheet.columns,
            title=sheet.title,
            note=f"{sheet.note} Source: {content.source_line}",
            frozen=2,
            strong=sheet.strong,
        )
    book.add_prose("Methods", "How the figures are made", methods(content, legal_basis()))
    return book.content()


def sheets_of(
    tables: Mapping[str, pd.DataFrame],
    tracts: pd.DataFrame,
    content: ReportContent,
    languages: Sequence[Language],
) -> list[Sheet]:
    """Return the worksheets with tables, in their order."""
    high, medium = content.cv_limits
    margins = (
        "± is the 90% margin of sampling error. Orange, in italics: low reliability (coefficient of "
        f"variation above {medium:.0%}); yellow: medium (above {high:.0%})."
    )
    coverage, strategies = with_all_languages(_coverage(tables), content), tables["strategies"]
    people = f"{content.people[:1].upper()}{content.people[1:]}"
    agencies = (
        " Rows of agencies count their own routes alone, over the whole region: they overlap and must not be "
        "added up."
    )
    return [
        Sheet(
            "Coverage", coverage, columns_of.COVERAGE if content.hung is None else columns_of.COVERAGE_ACTUAL,
            f"{people} near posted routes, by language and area",
            f"{margins} Near a posted route: near a route or place that carries a poster in their own "
            "language, each person counted once. Reached: expected to ride such a bus at least once in "
            f"{content.weeks:g} weeks.{agencies if (coverage['area_kind'] == 'agency').any() else ''}"
            f"{not_counted(content.hung)}",
            list(coverage["area_kind"] == "region"),
        ),
        *([] if content.hung is None else [_hung(tables["actual"], content.hung)]),
        Sheet(
            "Placements", tables["placements"], columns_of.PLACEMENTS,
            "Where each language hangs, how sure the choice is, and why",
            f"{margins} People near one route are not to be added to those near another: many live near "
            "both. Reached by itself: if nothing else carried the language.",
        ),
        Sheet(
            "Routes", tables["routes"], columns_of.ROUTES,
            f"{people} near each route, by language",
            f"{margins} Least and most by tracts: only the tracts wholly near the route, and every tract "
            "touched, whole.",
        ),
        Sheet(
            "Languages", tables["languages"], columns_of.LANGUAGES,
            *_languages(content, margins),
        ),
        Sheet(
            "Tracts", tracts, columns_of.tract_columns(languages),
            f"{people} by census tract",
            f"{margins} Most figures of a single tract are of low reliability: use the sheet Coverage, or "
            f"add tracts up. An estimate under {content.smallest:g} is left empty. "
            "Shares are of the language's people in the tract.",
        ),
        Sheet(
            "Strategies",
            strategies.assign(language_name=strategies["language_name"].replace("", ALL_LANGUAGES)),
            columns_of.STRATEGIES,
            "The same buses, placed by other rules",
            "± is the 90% margin of sampling error. Rows in bold: all languages together. The cost of a "
            "floor: how many more people would be reached without the language's least number of cards.",
            list(strategies["language"] == ""),
        ),
    ]  # fmt: skip


def _coverage(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of coverage, with what hung beside the plan once that is known."""
    coverage, actual = tables["coverage"], tables.get("coverage_actual")
    if actual is None:
        return coverage
    keys = ["area", "area_kind", "language"]
    more = coverage[[*keys, *coverage.columns.difference(actual.columns)]]
    both = actual.merge(more, on=keys, how="left")
    return both.assign(language_name=both["language_name"].replace("", ALL_LANGUAGES))


def _hung(table: pd.DataFrame, hung: WhatHung) -> Sheet:
    """Return the worksheet of what hung."""
    return Sheet(
        "What hung", table.assign(unit_name=table["unit_name"].replace("", NOT_TOLD)), columns_of.HUNG,
        "Cards ordered, and cards that hung, by route or place and language",
        f"As the installers wrote down in {hung.file} ({hung.rows:,} rows). Cards that hung: the most at "
        f"once. A card-day is one card for one day. {' '.join(differences(hung))}",
    )  # fmt: skip


def _languages(content: ReportContent, margins: str) -> tuple[str, str]:
    """Return title and note of the languages: factor 1, and what the Safe Harbor test is."""
    shares = f"{margins} Shares are of the region's residents of 5 years and over."
    if content.settings["region"]["measure"] != "lep":
        return (
            f"Number and proportion of {content.people} in the region",
            f"{shares} Speakers are counted however well they speak English, so the Safe Harbor test, which "
            "is about LEP persons, is left empty.",
        )
    basis = legal_basis()
    harbor = basis.safe_harbor
    return (
        f"Four-factor analysis, factor 1: number and proportion of {content.people} in the region",
        f"{shares} Safe Harbor: {harbor.rule} ({harbor.citation}; as of {day(basis.as_of)}). "
        f"{harbor.meaning}",
    )
