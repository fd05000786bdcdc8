"""Tables of text, read row by row: CSV, the Census API's JSON and summary files.

A file of some kilobytes may make gigabytes of cells, by many names and many short rows, and JSON is far
larger as Python objects than as a file: rows are counted while they are read, and few are held as objects.
"""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from targeting.errors import NoTextError, TractError, UnsafeFileError
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.plain_text import plain, shortened
from targeting.text_files import (
    CHUNK,
    LONGEST_LINE,
    MOST_LINES_IN_VALUE,
    check_cells,
    check_columns,
    examine_text,
    note_latin_1,
    unclosed_quote,
)

MOST_CELLS = 30_000_000  # all tracts of the nation with the notes on their figures have 13 million
MOST_CELLS_BY_HAND = 3_000_000  # of what people write themselves: venues, garages, postings
CELLS_AT_ONCE = 500_000
_WANTED = {"region.acs": "the CSV of table C16001"}
_BLANKS = re.compile(r"[ \t\r\n]*")
_NO_API = "is not the Census API's JSON (a list of rows, names first)"


def text_table(
    path: Path,
    setting: str,
    notices: Notices,
    limits: Limits = DEFAULT_LIMITS,
    *,
    by_hand: bool = False,
) -> pd.DataFrame:
    """Return a table as plain text: CSV, the Census API's JSON, or a summary file (`.dat`).

    Parameters
    ----------
    path : Path
    setting : str
        The key of the campaign file to name when the file is missing.
    notices : Notices
        Told where the file is not UTF-8 and was read as Latin-1.
    limits : Limits
    by_hand : bool
        Whether people write such tables: rows may end before the last column.

    Raises
    ------
    TractError
        When the file is missing, is too large or no table, or holds only a header.
    """
    is_json = path.suffix.lower() == ".json"
    if path.is_dir():
        raise TractError(f"{path.name}: is a folder; give the file in it as {setting} in the campaign file.")
    try:
        text = examine_text(path, limits.file_bytes, in_lines=not is_json)
        with path.open(encoding=text.encoding, newline="") as stream:
            if is_json:
                rows = json_rows(stream)
            else:
                separator = "|" if path.suffix.lower() == ".dat" else ","
                rows = csv_rows(stream, separator)
            table = table_of(rows, by_hand=by_hand)
    except FileNotFoundError as fault:
        raise TractError(f"{path}: no such file; check {setting} in the campaign file.") from fault
    except NoTextError as fault:
        if setting not in _WANTED:
            raise TractError(f"{path.name}: {fault}") from fault
        raise TractError(
            f"{path.name}: is {fault.what}; {setting} wants {_WANTED[setting]}: {fault.advice}."
        ) from fault
    except UnsafeFileError as fault:
        raise TractError(f"{path.name}: {fault}") from fault
    except (OSError, UnicodeError, ValueError, RecursionError) as fault:
        reason = shortened(next(iter(str(getattr(fault, "strerror", None) or fault).splitlines()), ""))
        raise TractError(f"{path.name}: cannot be read as a table ({reason}).") from fault
    note_latin_1(text, notices)
    if table.empty:
        raise TractError(f"{path.name}: holds no rows, only a header; ask for the table again.")
    return table


def csv_rows(stream: TextIO, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that are not blank, each with the number of its last line.

    Parameters
    ----------
    stream : text file, opened with newline=""
    separator : str

    Raises
    ------
    UnsafeFileError
        When a quotation mark swallows the rows after it.
    """
    reader = csv.reader(stream, delimiter=separator)
    before = 0
    try:
        for row in reader:
            if reader.line_num - before > MOST_LINES_IN_VALUE:
                raise unclosed_quote(before + 1)
            before = reader.line_num
            if len(row) > 1 or (row and row[0].strip()):
                yield before, row
    except csv.Error as fault:  # a value longer than 128 kB
        raise unclosed_quote(before + 1) from fault


def rows_by_hand(stream: TextIO, separator: str = ",") -> list[tuple[int, list[str]]]:
    """Return the rows of a table that people write themselves, in plain text, with their line numbers.

    Rows of blanks are left out.

    Raises
    ------
    UnsafeFileError
        When a quotation mark swallows rows, or there are more cells than anybody writes.
    """
    found, cells = [], 0
    for number, row in csv_rows(stream, separator):
        cells += len(row)
        check_cells(cells, MOST_CELLS_BY_HAND)
        texts = [plain(cell).strip() for cell in row]
        if any(texts):
            found.append((number, texts))
    return found


def table_of(rows: Iterator[tuple[int, list[Any]]], *, by_hand: bool = False) -> pd.DataFrame:
    """Return rows as a table of plain text, the first of them its names; of columns alike the first.

    Parameters
    ----------
    rows : iterator of (number, cells)
    by_hand : bool
        Whether rows may end before the last column.

    Raises
    ------
    UnsafeFileError
        When a row has another number of values than there are names, a value swallows rows, there are
        too many of them, or there is nothing at all.
    """
    before, header = next(rows, (1, []))
    if not header:
        raise UnsafeFileError("is empty; get the table again, or give another file.")
    check_columns(header)
    names = _plain(header)
    pieces, cells = [pd.DataFrame(columns=names, dtype="str")], 0
    while some := list(islice(rows, CELLS_AT_ONCE // max(len(names), 1) + 1)):
        for number, row in some:
            if len(row) < len(names) and by_hand:
                row += [""] * (len(names) - len(row))
            if len(row) != len(names):
                raise _other_width(number, len(row), len(names))
            if number > before + 1 and not by_hand and _has_rows(row):
                raise unclosed_quote(before + 1)
            before = number
        cells += len(some) * len(names)
        check_cells(cells, MOST_CELLS_BY_HAND if by_hand else MOST_CELLS)
        pieces.append(pd.DataFrame([_plain(row) for _, row in some], columns=names, dtype="str"))
    table = pd.concat(pieces[1:] or pieces, ignore_index=True)
    return table.loc[:, ~table.columns.duplicated()]  # the API repeats NAME for whole groups


def _plain(row: list[Any]) -> list[str]:
    return ["" if value is None else plain(str(value)).strip() for value in row]


def _has_rows(row: list[str]) -> bool:
    """Return whether a value holds what looks like whole rows: a quotation mark was not closed."""
    return any(max(cell.count(","), cell.count("|")) >= len(row) - 1 for cell in row)


def _other_width(number: int, width: int, names: int) -> UnsafeFileError:
    if width > names:
        return UnsafeFileError(
            f"has more values in row {number:,} than names in its first line; look there and in the row "
            "before for a quotation mark that is not closed or a comma too many, or add the missing names."
        )
    return UnsafeFileError(
        f"has fewer values in row {number:,} ({width:,}) than names in its first line ({names:,}), so that "
        "nobody can say which is missing; get the table again."
    )


def json_rows(stream: TextIO) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of the Census API's JSON, a list of lists, with their numbers.

    No more than a piece of the file is held.

    Raises
    ------
    UnsafeFileError
        When it is something else, or ends too early.
    """
    decode = json.JSONDecoder().raw_decode
    text, at, before, number = "", 0, "[", 0
    while True:
        at = _after_blanks(text, at)
        if text[at : at + 1] == "]" and number:
            if (text[at + 1 :] + stream.read(CHUNK)).strip():
                raise UnsafeFileError(f"{_NO_API}: something stands after its end.")
            return
        row = None
        if text[at : at + 1] == before:
            with suppress(json.JSONDecodeError):  # the rest of it may not have been read
                row, end = decode(text, _after_blanks(text, at + 1))
        elif at < len(text):
            raise UnsafeFileError(f"{_NO_API}.")
        if isinstance(row, list):
            number += 1
            yield number, row
            at, before = end, ","
            continue
        piece = stream.read(CHUNK)
        if row is not None or not piece or len(text) - at > LONGEST_LINE:
            raise UnsafeFileError(
                f"{_NO_API}: row {number + 1:,} cannot be read, or the file ends too early; ask for the "
                "table again."
            )
        text, at = text[at:] + piece, 0


def _after_blanks(text: str, start: int) -> int:
    found = _BLANKS.match(text, start)
    return found.end() if found else start
