"""The installers' sheets as a file: which card hung where, from which day to which.

A row that cannot be used is never passed over in silence: it is counted, with the first of its kind in
words. Only where no row can be used is the file refused.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from targeting.errors import PostingsError, UnsafeFileError
from targeting.languages import Language
from targeting.left_out import PLACES, LeftOut, LeftOutRow, UnusableError, bus_of, place_of
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.postings_cells import FindLanguage, FindPlace, cards_of, day_of, languages_by_name, places
from targeting.text_files import check_columns, examine_text, note_latin_1
from targeting.text_tables import rows_by_hand

TOLD = ("bus", "date_up", "date_down", "cards")  # of which nothing stands on the row of a card not reported
COLUMNS = ("language", *TOLD, *PLACES)
HANGS_ALREADY = "hangs already"  # the note of a card of an earlier wave, in the file to fill in


@dataclass(frozen=True)
class Row:
    """A row of the file that can be used.

    Attributes
    ----------
    number : int
        Its line in the file; the header is 1.
    bus : str
        Empty where the row names none.
    unit : int or None
        Row of the table of units; None where the row does not say.
    tag : str
        Of the language.
    cards : int
    up : date
        First day.
    down : date or None
        The day on which the cards came down; None where they still hang.
    cells : mapping of str to str
        By column, as written.
    """

    number: int
    bus: str
    unit: int | None
    tag: str
    cards: int
    up: date
    down: date | None
    cells: Mapping[str, str]


@dataclass(frozen=True)
class PostingsFile:
    """The rows of a file that can be used, and how many there are in all.

    Attributes
    ----------
    name : str
    rows : tuple of Row
    count : int
        Rows that are filled in, those that are left out included.
    """

    name: str
    rows: tuple[Row, ...]
    count: int


def read_postings(
    path: Path,
    units: pd.DataFrame,
    codes: "pd.Series[str]",
    languages: Iterable[Language],
    left_out: LeftOut,
    notices: Notices,
    limits: Limits = DEFAULT_LIMITS,
) -> PostingsFile:
    """Read what the installers wrote down.

    Parameters
    ----------
    path : Path
        CSV with `language`, `date_up`, `date_down`, `bus` or where the card hung (`route`, `venue`, `unit`,
        or the code of the work order in `order`), and where wanted `cards`; in any order, other columns
        are passed over.
    units : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.
    codes : Series
        `targeting.orders.order_codes` of the units.
    languages : iterable of Language
        The campaign's; a name that several languages have is theirs.
    left_out : LeftOut
        Gets the rows that cannot be used.
    notices : Notices

    Raises
    ------
    PostingsError
        When the file cannot be read, lacks a column, or no row can be used.
    """
    table = _table(path, notices, limits)
    filled = [(number, cells) for number, cells in table if _told(cells)]
    _note_blank([cells for _, cells in table if not _told(cells)], path.name, notices)
    find_place, find_language = places(units, codes), languages_by_name(languages)
    rows = []
    for number, cells in filled:
        row = _row(number, cells, find_place, find_language)
        if isinstance(row, LeftOutRow):
            left_out.rows.append(row)
        else:
            rows.append(row)
    if not rows:
        raise PostingsError(
            f"{left_out.first()} No other row of the file can be used."
            if left_out.rows
            else f"{path.name}: no row is filled in; write bus and days on the row of each card that hung."
        )
    return PostingsFile(path.name, tuple(rows), len(filled))


def filled_in(path: Path) -> bool:
    """Return whether somebody has written into a file of postings; so too where it cannot be read."""
    if not path.is_file():
        return False
    try:
        rows = _table(path, Notices(), DEFAULT_LIMITS)
    except PostingsError:
        return True
    return any(_told(cells) or cells.get("note", "") not in ("", HANGS_ALREADY) for _, cells in rows)


def _told(cells: Mapping[str, str]) -> bool:
    """Return whether a row tells of a bus, a day or a number of cards."""
    return any(cells.get(name) for name in TOLD)


def _note_blank(rows: Sequence[Mapping[str, str]], label: str, notices: Notices) -> None:
    """Say how many rows are not filled in, and of which garages, where the rows tell."""
    if not rows:
        return
    count = "1 row has" if len(rows) == 1 else f"{len(rows):,} rows have"
    garages = Counter(cells["garage"] for cells in rows if cells.get("garage"))
    of = ", ".join(f"{name} {number:,}" for name, number in sorted(garages.items()))
    notices.add(
        "posting_not_filled_in",
        f"{label}: {count} neither a bus nor a day{of and f' ({of})'}; a card on such a row counts as not "
        "reported.",
        severity="info",
        file=label,
        count=len(rows),
    )


def _table(path: Path, notices: Notices, limits: Limits) -> list[tuple[int, dict[str, str]]]:
    """Return the rows that are not blank: line number, and cells by column."""
    try:
        text = examine_text(path, limits.file_bytes)
        with path.open(encoding=text.encoding, newline="") as stream:
            separator = max(",;\t", key=stream.readline().count)  # of equals the comma
            stream.seek(0)
            lines = rows_by_hand(stream, separator)
        header = [re.sub(r"[\s-]+", "_", name.lower()) for name in lines[0][1]] if lines else []
        check_columns(header)
    except FileNotFoundError as fault:
        raise PostingsError(
            f"{path}: no such file; give the CSV file of what the installers wrote down (docs/postings.md)."
        ) from fault
    except UnsafeFileError as fault:
        raise PostingsError(f"{path.name}: {fault}") from fault
    except (OSError, UnicodeError) as fault:
        raise PostingsError(f"{path.name}: cannot be read as a table ({fault}).") from fault
    note_latin_1(text, notices)
    _check_header(header, path.name)
    if len(lines) == 1:
        raise PostingsError(f"{path.name}: holds no rows, only a header; give each card that hung a row.")
    return [(number, dict(zip(header, cells, strict=False))) for number, cells in lines[1:]]


def _check_header(header: list[str], label: str) -> None:
    has = f"(it has {', '.join(filter(None, header[:10])) or 'nothing'})"
    for name in ("date_up", "date_down"):
        if name not in header:
            raise PostingsError(
                f"{label}: has no column {name} {has}; its columns are bus, route, language, date_up and "
                "date_down."
            )
    if "language" not in header and "order" not in header:
        raise PostingsError(f"{label}: has no column language {has}; say which language each card has.")
    if not {"bus", *PLACES} & set(header):
        raise PostingsError(
            f"{label}: has neither a column bus nor a column route {has}; say where each card hung."
        )
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise PostingsError(f"{label}: has two columns {twice[0]}; remove one.")


def _row(
    number: int, cells: Mapping[str, str], find_place: FindPlace, find_language: FindLanguage
) -> Row | LeftOutRow:
    """Return a row, read; or what is wrong with it, and as much of it as can be read."""
    faults: list[UnusableError] = []
    unit, ordered, tag, count = None, "", "", 1
    up = down = None
    bus = bus_of(cells)
    with _kept(faults):
        unit, ordered = _place(cells, bus, find_place)
    with _kept(faults):
        tag = find_language(cells.get("language") or ordered)
    with _kept(faults):
        up, down = _days(cells)
    with _kept(faults):
        count = cards_of(cells.get("cards", ""), bus)
    if faults or up is None:
        return LeftOutRow(number, faults[0], cells, unit, tag or ordered, count)
    return Row(number, bus, unit, tag, count, up, down, cells)


@contextmanager
def _kept(faults: list[UnusableError]) -> Iterator[None]:
    """Keep what is wrong with a part of a row, so that the others are read too."""
    try:
        yield
    except UnusableError as fault:
        faults.append(fault)


def _place(cells: Mapping[str, str], bus: str, find_place: FindPlace) -> tuple[int | None, str]:
    """Return the unit that a row names, if any, and the language of its work order."""
    column, name = place_of(cells)
    if name:
        return find_place(column, name)
    if not bus:
        raise UnusableError(
            "without_place", "", "names neither a bus nor a route", "say where the card hung."
        )
    return None, ""


def _days(cells: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Return the first day, and the day on which the card came down."""
    if not cells.get("date_up"):
        raise UnusableError("without_date", "date_up", "is blank", "write the day on which the card went up.")
    up = day_of(cells["date_up"], "date_up")
    down = day_of(cells["date_down"], "date_down") if cells.get("date_down") else None
    if down is not None and down < up:
        raise UnusableError(
            "dates_reversed",
            "date_down",
            f"{down.isoformat()} lies before date_up, {up.isoformat()}",
            "correct one of them.",
        )
    return up, down
