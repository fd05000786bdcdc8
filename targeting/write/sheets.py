"""Worksheets that planners and grant writers can work with: typed cells, frozen headers, ready to print.

A text is always written as a text, so that a name out of a feed that begins with = + - @ or a tab never
becomes a formula, nor a link. Nothing depends on the clock: the same tables give the same bytes.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Literal

import numpy as np
import pandas as pd
import xlsxwriter

from targeting.write.sheet_text import (
    WRAPPED,
    clean,
    in_footer,
    lines,
    nothing_there,
    other_than,
    sheet_name,
    unique,
    width_of,
)

Kind = Literal[
    "text", "phrase", "prose", "people", "margin", "number", "ratio", "hours", "share", "share_margin",
    "share_fine", "share_fine_margin", "probability", "money", "price", "date", "flag",
]  # fmt: skip
NUMBER_FORMATS: dict[str, str] = {
    "people": "#,##0",
    "margin": '"±"#,##0',
    "number": "#,##0",
    "ratio": "0.00",
    "hours": "#,##0.0",
    "share": "0.0%",
    "share_margin": '"±"0.0%',
    "share_fine": "0.00%",
    "share_fine_margin": '"±"0.00%',
    "probability": '[>0.99]"over 99%";[<0.01]"under 1%";0%',  # no choice is ever certain
    "money": "#,##0.00",
    "price": "#,##0.000",
    "date": "yyyy-mm-dd",
}
# Where nobody is, or nothing hangs: the cell still holds the number 0
DASH_FORMATS = {
    kind: f'{NUMBER_FORMATS[kind]};-{NUMBER_FORMATS[kind]};"–"'
    for kind in ("people", "margin", "share", "share_margin", "share_fine", "share_fine_margin")
}
CREATED = datetime(2000, 1, 1)  # of the file, not of the plan: run.json has the time of the run
INK, HAIRLINE, HEADER = "#1b2733", "#c9d1d9", "#22405f"
LOW, MEDIUM = "#f8cfb0", "#fdf1c4"
PAPER_LETTER, PAPER_TABLOID = 1, 3
LETTER_CHARACTERS = 210  # wider tables are too small to read on one letter page …
TABLOID_CHARACTERS = 370  # … and on one of tabloid
LINE = 15.5  # points
PROSE_WIDTH, TERM_WIDTH = 90, 26  # characters
LONGEST_NOTE = 120


@dataclass(frozen=True)
class Column:
    """How a column of a table looks in a worksheet.

    Attributes
    ----------
    head : str
        Its heading.
    kind : str
        What it holds, which decides number format, alignment and width; a `phrase` and `prose` are
        wrapped; `people` and other numbers may hold words such as "under 10" too.
    reliability : str
        Name of the table's column that says how reliable the figure is: "low" and "medium" are coloured.
        Such columns are folded away where that brings the table onto a letter page.
    """

    head: str
    kind: Kind = "text"
    reliability: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading on a sheet of prose."""

    text: str


class Workbook:
    """An Excel workbook, sheet by sheet.

    Parameters
    ----------
    title : str
        Of the document, and on the left of every printed page's header.
    source : str
        Where the figures come from, in few words: at the foot of every printed page.
    currency : str
        The sign before amounts (`money`) and prices by the tenth of a cent (`price`).
    """

    def __init__(self, *, title: str, source: str, currency: str = "$") -> None:
        self._stream = BytesIO()
        self._book = xlsxwriter.Workbook(
            self._stream,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self._book.set_properties({"title": clean(title), "comments": clean(source), "created": CREATED})
        self._title, self._source = clean(title), clean(source)
        sign = clean(currency).replace('"', "") + (" " if currency[-1:].isalpha() else "")
        self._numbers = NUMBER_FORMATS | {
            kind: f'"{sign}"{NUMBER_FORMATS[kind]}' for kind in ("money", "price")
        }
        self._sheets: set[str] = set()
        self._tables: set[str] = set()
        self._formats: dict[tuple[Any, ...], Any] = {}

    def content(self) -> bytes:
        """Return the bytes of the finished file; nothing can be added after."""
        self._book.close()
        return self._stream.getvalue()

    def add_table(
        self,
        sheet: str,
        table: pd.DataFrame,
        columns: Mapping[str, Column],
        *,
        title: str,
        note: str = "",
        frozen: int = 1,
        strong: Sequence[bool] = (),
    ) -> None:
        """Write a table with a title and a note over it as an Excel table with filters.

        Parameters
        ----------
        sheet : str
            Name of the sheet and, made valid, of the Excel table.
        table : DataFrame
        columns : dict of column of the table to Column
            In the order of the sheet; columns that the table does not have are left out.
        title, note : str
            The note says what is counted and where it comes from.
        frozen : int
            How many columns stay in view, and are printed on every page.
        strong : sequence of bool, shape (rows,)
            Rows in bold: totals.
        """
        shown = {name: column for name, column in columns.items() if name in table}
        page = self._page(sheet)
        heads = unique([clean(column.head) for column in shown.values()])
        widths = [
            width_of(head, column.kind, table[name])
            for head, (name, column) in zip(heads, shown.items(), strict=True)
        ]
        last = len(shown) - 1
        names = list(shown)
        told_by = {
            names.index(column.reliability) for column in shown.values() if column.reliability in shown
        }
        room = LETTER_CHARACTERS - sum(widths)
        folded = told_by if room < 0 <= room + sum(widths[place] for place in told_by) else set()
        in_view = [0.0 if place in folded else width for place, width in enumerate(widths)]
        page.set_row(0, 24)
        page.write_string(0, 0, clean(title), self._format(bold=True, font_size=15))
        if note:
            reach = max(min(sum(in_view), LONGEST_NOTE), 40)
            end, across = 0, in_view[0]
            while end < last and across + in_view[end + 1] <= reach:
                end += 1
                across += in_view[end]
            looks = self._format(text_wrap=True, valign="top", font_color="#45525f")
            if end:
                page.merge_range(1, 0, 1, end, "", looks)
            page.write_string(1, 0, clean(note), looks)
            page.set_row(1, LINE * lines(note, across))
        header = 3 if note else 2
        for place, width in enumerate(widths):
            fold = {"level": 1, "hidden": True} if place in folded else {"collapsed": place - 1 in folded}
            page.set_column(place, place, width, None, fold)
        page.set_row(header, LINE * max(map(lines, heads, [width - 3 for width in widths])))
        wrapped = [(name, WRAPPED[column.kind]) for name, column in shown.items() if column.kind in WRAPPED]
        for row, texts in enumerate(
            zip(*(table[name] for name, _ in wrapped), strict=True), start=header + 1
        ):
            tall = max(lines(str(text), width) for text, (_, width) in zip(texts, wrapped, strict=True))
            page.set_row(row, LINE * tall)
        bottom = header + max(len(table), 1)
        page.add_table(
            header, 0, bottom, last,
            {
                "name": self._table_name(sheet),
                "style": None,
                "columns": [
                    {"header": head, "header_format": self._header(column.kind)}
                    for head, column in zip(heads, shown.values(), strict=True)
                ],
            },
        )  # fmt: skip
        bold = [*strong] or [False] * len(table)
        for place, (name, column) in enumerate(shown.items()):
            nothing = nothing_there(table, name)
            self._write_column(page, header + 1, place, column.kind, table[name], bold, nothing)
            self._colour(page, header + 1, bottom, place, column, names)
        page.freeze_panes(header + 1, frozen)
        page.repeat_rows(header)
        if frozen:
            page.repeat_columns(0, frozen - 1)
        page.set_landscape()
        page.set_paper(PAPER_LETTER if sum(in_view) <= LETTER_CHARACTERS else PAPER_TABLOID)
        page.fit_to_pages(math.ceil(sum(in_view) / TABLOID_CHARACTERS), 0)

    def add_prose(self, sheet: str, title: str, blocks: Iterable[str | Heading | tuple[str, str]]) -> None:
        """Write a sheet to be read: paragraphs, headings, and terms with what they mean.

        Parameters
        ----------
        sheet, title : str
        blocks : iterable of str (a paragraph), Heading, or (term, text)
        """
        page = self._page(sheet)
        page.hide_gridlines(2)
        page.set_column(0, 0, TERM_WIDTH)
        page.set_column(1, 1, PROSE_WIDTH)
        page.set_row(0, 28)
        page.write_string(0, 0, clean(title), self._format(bold=True, font_size=18, font_color=HEADER))
        text = self._format(text_wrap=True, valign="top")
        term = self._format(text_wrap=True, valign="top", bold=True)
        heading = self._format(bold=True, font_size=13, font_color=HEADER, bottom=1, bottom_color=HAIRLINE)
        row = 2
        for block in blocks:
            if isinstance(block, Heading):
                row += 1
                page.set_row(row, 20)
                page.write_string(row, 0, clean(block.text), heading)
                page.write_blank(row, 1, None, heading)
            elif isinstance(block, str):
                page.merge_range(row, 0, row, 1, "", text)
                page.write_string(row, 0, clean(block), text)
                page.set_row(row, LINE * lines(block, TERM_WIDTH + PROSE_WIDTH) + 5)
            else:
                key, words = block
                page.write_string(row, 0, clean(key), term)
                page.write_string(row, 1, clean(words), text)
                page.set_row(row, LINE * max(lines(words, PROSE_WIDTH), lines(key, TERM_WIDTH - 2)) + 3)
            row += 1
        page.set_portrait()
        page.set_paper(PAPER_LETTER)
        page.fit_to_pages(1, 0)

    def _page(self, sheet: str) -> Any:
        """Return a new worksheet with a valid name of its own, its margins, header and footer."""
        page = self._book.add_worksheet(sheet_name(sheet, self._sheets))
        page.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.75)
        as_printed = {"scale_with_doc": False}
        page.set_header(f"&L&8{in_footer(self._title)}&R&8&A", as_printed)
        page.set_footer(f"&L&8{in_footer(self._source)}&R&8Page &P of &N", as_printed)
        return page

    def _table_name(self, sheet: str) -> str:
        """Return a name for an Excel table: letters, digits and _, unlike a cell's and unlike the others."""
        stem = re.sub(r"\W", "_", clean(sheet), flags=re.ASCII).strip("_")
        return other_than(self._tables, f"table_{stem}" if not stem or stem[0].isdigit() else f"{stem}_table")

    def _header(self, kind: str) -> Any:
        words = kind not in NUMBER_FORMATS
        return self._format(
            bold=True, text_wrap=True, valign="vcenter", font_color="#ffffff", bg_color=HEADER,
            align="left" if words else "right", indent=int(words),
        )  # fmt: skip

    def _format(self, **looks: Any) -> Any:
        key = tuple(sorted(looks.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_color": INK} | looks)
        return self._formats[key]

    def _write_column(
        self,
        page: Any,
        top: int,
        place: int,
        kind: Kind,
        values: "pd.Series[Any]",
        bold: Sequence[bool],
        nothing: Sequence[bool],
    ) -> None:
        """Write the cells of one column, each by its type; those of `nothing` look like a dash."""
        looks = {"valign": "top", "bottom": 1, "bottom_color": HAIRLINE}
        if kind in NUMBER_FORMATS:
            looks |= {"align": "right", "num_format": self._numbers[kind]}
        else:
            looks |= {"align": "left", "indent": 1, "text_wrap": kind in WRAPPED}
        dashed = looks | ({"num_format": DASH_FORMATS[kind]} if kind in DASH_FORMATS else {})
        styles = {
            (heavy, bare): self._format(**(dashed if bare else looks), **({"bold": True} if heavy else {}))
            for heavy in (False, True)
            for bare in (False, True)
        }
        if kind not in NUMBER_FORMATS and len(values):
            page.ignore_errors({"number_stored_as_text": _range(top, top + len(values) - 1, place)})
        cells = zip(values.tolist(), values.isna().tolist(), bold, nothing, strict=True)
        for row, (value, empty, heavy, bare) in enumerate(cells, start=top):
            style = styles[bool(heavy), bare]
            if empty or value == "":
                page.write_blank(row, place, None, style)
            elif isinstance(value, str):
                page.write_string(row, place, clean(value), style)
            elif isinstance(value, bool | np.bool_):
                page.write_string(row, place, "yes" if value else "no", style)
            elif isinstance(value, date):
                page.write_datetime(row, place, value, style)
            else:
                page.write_number(row, place, value, style)

    def _colour(
        self, page: Any, top: int, bottom: int, place: int, column: Column, names: Sequence[str]
    ) -> None:
        """Colour the figures that are not reliable, by the column that says so."""
        if column.reliability not in names:
            return
        said = f"${xlsxwriter.utility.xl_col_to_name(names.index(column.reliability))}{top + 1}"
        for word, color in (("low", LOW), ("medium", MEDIUM)):
            page.conditional_format(
                top, place, bottom, place,
                {"type": "formula", "criteria": f'={said}="{word}"', "format": self._fill(color)},
            )  # fmt: skip

    def _fill(self, color: str) -> Any:
        """Return a format of that colour; what is of low reliability is in italics too, for grey prints."""
        if ("fill", color) not in self._formats:
            looks = {"bg_color": color} | ({"italic": True} if color == LOW else {})
            self._formats["fill", color] = self._book.add_format(looks)
        return self._formats["fill", color]


def _range(top: int, bottom: int, place: int) -> str:
    return str(xlsxwriter.utility.xl_range(top, place, bottom, place))
