"""The installers' sheets as a file: which card hung where, from which day to which.

A row that cannot be used is never passed over in silence: it is counted, with the first of its kind in
words. Only where no row can be used is the file refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from unicodedata import normalize

import pandas as pd

from targeting.campaign_sections import MOST_BUSES
from targeting.errors import CampaignError, PostingsError, UnsafeFileError
from targeting.languages import Language, catalogue
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.plain_text import shortened
from targeting.text_files import check_columns, examine_text, note_latin_1
from targeting.text_tables import rows_by_hand
from targeting.wishes import find_unit
from targeting.wording import listed

# Of those that say where a card hung, the first that is filled in counts
PLACES = ("order", "unit_id", "route", "family", "garage", "venue", "unit", "unit_name")
COLUMNS = ("bus", "language", "date_up", "date_down", "cards", *PLACES)
US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
ROWS_NAMED = 8
Find = Callable[[str, str, str], tuple[int, str]]


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
    """

    number: int
    bus: str
    unit: int | None
    tag: str
    cards: int
    up: date
    down: date | None


@dataclass(frozen=True)
class PostingsFile:
    """The rows of a file that can be used, and how many there are in all.

    Attributes
    ----------
    name : str
    rows : tuple of Row
    count : int
    """

    name: str
    rows: tuple[Row, ...]
    count: int


class LeftOut:
    """Rows that are left out, by what is wrong with them."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._found: dict[str, list[tuple[int, str]]] = {}

    def leave(self, kind: str, row: int, sentence: str) -> None:
        """Keep that a row is left out, and why."""
        self._found.setdefault(kind, []).append((row, sentence))

    def first(self) -> str:
        """Return the sentence of the first of them."""
        return min(row for rows in self._found.values() for row in rows)[1]

    def tell(self, notices: Notices) -> None:
        """Say how many there are of each kind, which rows they are, and what is wrong with the first."""
        for kind, rows in self._found.items():
            numbers = [str(row) for row, _ in rows]
            more = [f"{len(rows) - ROWS_NAMED:,} more"] if len(rows) > ROWS_NAMED else []
            which = listed([*numbers[:ROWS_NAMED], *more])
            left = f"Row {which} was" if len(rows) == 1 else f"{len(rows):,} rows ({which}) were"
            first = "" if len(rows) == 1 else "The first: "
            notices.add(
                f"posting_{kind}",
                f"{left} left out. {first}{rows[0][1]}",
                file=self._label,
                count=len(rows),
                ids=tuple(numbers[:ROWS_NAMED]),
            )


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
    find_place, find_language = _places(units, codes), _languages(languages)
    rows = []
    for number, cells in table:
        try:
            rows.append(_row(number, cells, path.name, find_place, find_language))
        except _UnusableError as fault:
            left_out.leave(fault.kind, number, str(fault))
    if not rows:
        raise PostingsError(f"{left_out.first()} No other row of the file can be used.")
    return PostingsFile(path.name, tuple(rows), len(table))


class _UnusableError(Exception):
    """A row cannot be used."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


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
    number: int,
    cells: Mapping[str, str],
    label: str,
    find_place: Find,
    find_language: Callable[[str, str], str],
) -> Row:
    """Return a row, read.

    Raises
    ------
    _UnusableError
        When it cannot be used; the sentence names file, row and column.
    """
    row = f"{label}, row {number}"
    column = next((name for name in PLACES if cells.get(name)), None)
    unit, ordered = None, ""
    if column is not None:
        unit, ordered = find_place(column, cells[column], f"{row}, column {column}")
    bus = cells.get("bus", "").casefold().removesuffix(".0")
    if unit is None and not bus:
        raise _UnusableError(
            "without_place", f"{row}: names neither a bus nor a route; say where the card hung."
        )
    tag = find_language(cells.get("language", "") or ordered, f"{row}, column language")
    up = _day(cells["date_up"], f"{row}, column date_up") if cells.get("date_up") else None
    if up is None:
        raise _UnusableError(
            "without_date", f"{row}, column date_up: is blank; write the day on which the card went up."
        )
    down = _day(cells["date_down"], f"{row}, column date_down") if cells.get("date_down") else None
    if down is not None and down < up:
        raise _UnusableError(
            "dates_reversed",
            f"{row}, column date_down: {down.isoformat()} lies before date_up, {up.isoformat()}; correct one "
            "of them.",
        )
    return Row(number, bus, unit, tag, _cards(cells.get("cards", ""), bus, row), up, down)


def _cards(text: str, bus: str, row: str) -> int:
    if not text:
        return 1
    number = text.removesuffix(".0")
    cards = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else -1
    if not 0 <= cards <= MOST_BUSES:
        raise _UnusableError("cards", f"{row}, column cards: {text!r} is no number of cards; write 1, 2, 3 …")
    if bus and cards > 1:
        raise _UnusableError(
            "cards",
            f"{row}, column cards: bus {bus} carries {cards:,} cards of one language, and counts once; give "
            "each bus a row of its own, or leave its number blank.",
        )
    return cards


def _day(text: str, where: str) -> date:
    """Return a day written as 2026-12-31 or 12/31/2026."""
    found = US_DATE.fullmatch(text)
    try:
        if found:
            month, day, year = (int(part) for part in found.groups())
            when = date(year + (2000 if year < 100 else 0), month, day)
        else:
            when = date.fromisoformat(re.sub(r"[ T]0{1,2}:00(:00(\.0+)?)?$", "", text))
    except ValueError:
        when = None
    if when is None or not 2000 <= when.year < 2100:
        raise _UnusableError(
            "date",
            f"{where}: {shortened(text, 40)!r} is no day; write year-month-day (2026-12-31), or "
            "month/day/year (12/31/2026).",
        )
    return when


def _places(units: pd.DataFrame, codes: "pd.Series[str]") -> Find:
    """Return how the row of a unit, and the language of a work order, are found for what is written."""
    by_code = {str(code).casefold(): row for row, code in enumerate(codes)}
    tags = {tag.casefold(): tag for tag in catalogue()}

    def ordered(name: str) -> tuple[int, str] | None:
        if name in by_code:
            return by_code[name], ""
        parts = [(name[:at], name[at + 1 :]) for at, sign in enumerate(name) if sign == "-"]
        return next(
            ((by_code[stem], tags[end]) for stem, end in parts if stem in by_code and end in tags), None
        )

    def find(column: str, name: str, where: str) -> tuple[int, str]:
        order = ordered(name.casefold())
        if column == "order" and order is not None:  # a route may be called what another's code is
            return order
        try:
            return find_unit(name, units, where), ""
        except CampaignError as fault:
            if order is not None:
                return order
            raise _UnusableError("place_unknown", str(fault)) from fault

    return find


def _languages(languages: Iterable[Language]) -> Callable[[str, str], str]:
    """Return how a language's tag is found for its tag, its English or its own name."""
    known: dict[str, str] = {}
    for language in [*languages, *catalogue().values()]:
        for name in (language.tag, language.english_name, language.own_name):
            known.setdefault(_folded(name), language.tag)

    def find(name: str, where: str) -> str:
        if not name:
            raise _UnusableError("language_unknown", f"{where}: is blank; say which language the card has.")
        if _folded(name) not in known:
            close = get_close_matches(_folded(name), known, n=1, cutoff=0.7)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/languages.md."
            raise _UnusableError(
                "language_unknown",
                f"{where}: {shortened(name, 40)!r} is no language that posters are printed in; {hint}",
            )
        return known[_folded(name)]

    return find


def _folded(name: str) -> str:
    return normalize("NFC", name.strip()).casefold().replace("_", "-")
