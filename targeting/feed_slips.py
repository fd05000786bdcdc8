"""What spreadsheets do to a feed's tables, called what it is: separators, commas, rows of other widths."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from targeting.errors import FeedError
from targeting.notices import Notices
from targeting.plain_text import shortened
from targeting.text_columns import Column

NEEDED = ("stops", "routes", "trips", "stop_times")  # every feed has rows in them
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]{1,3},[0-9]+")


def refuse_one_column(label: str, table: str, header: Sequence[str]) -> None:
    """Refuse a table with something else than commas between the values.

    Raises
    ------
    FeedError
        Where its header, which lacks a column, is a single name.
    """
    if len(header) == 1:
        raise FeedError(
            f"{label}: {table}.txt has one column only ({shortened(header[0], 40)}); a feed's tables have "
            "commas between the values: ask the agency for a sound feed."
        )


def refuse_no_row(label: str, table: str, header: Sequence[str], uneven: Sequence[str], rows: int) -> None:
    """Refuse a table of which no row can be used, for all are of other widths than its header.

    Parameters
    ----------
    label, table : str
    header : sequence of str
    uneven : sequence of str
        The rows of other widths.
    rows : int
        How many can be used.

    Raises
    ------
    FeedError
        Where there is none, and every feed has some.
    """
    if rows == 0 and uneven and table in NEEDED:
        raise FeedError(
            f"{label}: no row of {table}.txt has as many values as its header names columns ({len(header)}; "
            f"one row is {shortened(min(uneven), 80)!r}); write decimals with a point, put values that hold "
            "a comma in quotes, or ask the agency for a sound feed."
        )


def refuse_decimal_commas(label: str, stops: Mapping[str, Column]) -> None:
    """Refuse stops of which most have coordinates such as "45,52".

    Raises
    ------
    FeedError
        Names the first.
    """
    for name in ("stop_lat", "stop_lon"):
        column = stops.get(name)
        if column is None or not any("," in text for text in column.values):
            continue
        wrong = column.parsed(lambda text: bool(_DECIMAL_COMMA.fullmatch(text)), bool)
        if 2 * wrong.sum() > len(wrong):
            row = int(wrong.argmax())
            raise FeedError(
                f"{label}: stops.txt writes {name} with a comma ({column.values[column.codes[row]]!r} in row "
                f"{row + 2:,}), and a feed has a decimal point; save the table so, or ask the agency for a "
                "sound feed."
            )


def mended_rows(
    label: str, table: str, uneven: Sequence[str], header: Sequence[str], least: int, notices: Notices
) -> list[list[str]]:
    """Return rows of other widths than the header's as rows of its width.

    Values missing at the end are empty and empty ones too many are dropped. A row that lacks a
    required value is left out, and so is one with too many values that say something, since nobody
    knows which column they belong to.

    Parameters
    ----------
    label, table : str
    uneven : sequence of str
        The rows as they are written.
    header : sequence of str
    least : int
        How many values a row must have at least.
    notices : Notices
        Told of rows that are left out.

    Raises
    ------
    FeedError
        When one of them cannot be read as a row.
    """
    kept, skipped = [], 0
    for text in uneven:
        try:
            row = next(csv.reader(io.StringIO(text, newline="")), [])
        except csv.Error as fault:
            raise unreadable(label, table, fault) from fault
        if row and (len(row) < least or any(value.strip() for value in row[len(header) :])):
            skipped += 1
        elif row:
            kept.append(row[: len(header)] + [""] * (len(header) - len(row)))
    if skipped:
        notices.add(
            "row_width",
            f"{label}: {skipped:,} rows of {table}.txt have too few or too many values for the "
            f"{len(header)} columns of the header and were skipped.",
            file=label,
            count=skipped,
        )
    return kept


def unreadable(label: str, table: str, fault: Exception) -> FeedError:
    """Return the error of a table that is none."""
    reason = str(fault).splitlines()[0]
    return FeedError(
        f"{label}: {table}.txt cannot be read as a table ({reason}); ask the agency for a sound feed."
    )
