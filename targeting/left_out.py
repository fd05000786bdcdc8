"""Rows of the installers' sheets that cannot be used: which they are, what is wrong, and how to mend it.

A card on such a row was reported all the same. Where the row tells of which order it is, the card is counted
apart from those of which no row tells.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from targeting.languages import catalogue
from targeting.notices import Notices
from targeting.plain_text import shortened
from targeting.reach import Ints
from targeting.wording import listed

# Of those that say where a card hung, the first that is filled in counts
PLACES = ("order", "unit_id", "route", "family", "garage", "venue", "unit", "unit_name")
NOT_TOLD = -1  # the row of a unit that nobody wrote down
ROWS_NAMED = 8
LONGEST_CELL = 120
TABLE_COLUMNS = [
    "row", "bus", "place", "language", "date_up", "date_down", "column", "written", "why", "mend",
    "unit_name", "language_name", "order", "garage",
]  # fmt: skip


class UnusableError(Exception):
    """A row cannot be used.

    Attributes
    ----------
    kind : str
        What is wrong, for scripts.
    column : str
        Where; empty where it is the row as a whole.
    why, mend : str
        What is wrong, and how to mend it: two halves of a sentence.
    likely : str
        Tag of the language that may be meant; empty where there is none.
    """

    def __init__(self, kind: str, column: str, why: str, mend: str, likely: str = "") -> None:
        super().__init__(f"{why}; {mend}")
        self.kind, self.column, self.why, self.mend, self.likely = kind, column, why, mend, likely


@dataclass(frozen=True)
class LeftOutRow:
    """A row that cannot be used, and what of it can be read.

    Attributes
    ----------
    number : int
        Its line in the file; the header is 1.
    fault : UnusableError
        The first thing that is wrong.
    cells : mapping of str to str
        By column, as written.
    unit : int or None
        Row of the table of units; None where the row does not say, or what it says cannot be read.
    tag : str
        Of the language; empty where it cannot be read.
    cards : int
    """

    number: int
    fault: UnusableError
    cells: Mapping[str, str]
    unit: int | None = None
    tag: str = ""
    cards: int = 1

    @property
    def place(self) -> str:
        """Where the card hung, as written."""
        return place_of(self.cells)[1]


@dataclass
class LeftOut:
    """The rows that are left out.

    Attributes
    ----------
    label : str
        Name of the file.
    rows : list of LeftOutRow
    """

    label: str
    rows: list[LeftOutRow] = field(default_factory=list)

    def first(self) -> str:
        """Return what is wrong with the first of them."""
        return self._sentence(min(self.rows, key=lambda row: row.number))

    def tell(self, notices: Notices) -> None:
        """Say how many there are of each kind, which rows they are, and what is wrong with the first."""
        for kind in dict.fromkeys(row.fault.kind for row in self.rows):
            rows = [row for row in self.rows if row.fault.kind == kind]
            numbers = [str(row.number) for row in rows]
            more = [f"{len(rows) - ROWS_NAMED:,} more"] if len(rows) > ROWS_NAMED else []
            which = listed([*numbers[:ROWS_NAMED], *more])
            left = f"Row {which} was" if len(rows) == 1 else f"{len(rows):,} rows ({which}) were"
            first = "" if len(rows) == 1 else "The first: "
            notices.add(
                f"posting_{kind}",
                f"{left} left out. {first}{self._sentence(rows[0])}",
                file=self.label,
                count=len(rows),
                ids=tuple(numbers[:ROWS_NAMED]),
            )

    def _sentence(self, row: LeftOutRow) -> str:
        column = f", column {row.fault.column}" if row.fault.column else ""
        return f"{self.label}, row {row.number}{column}: {row.fault}"


@dataclass(frozen=True)
class Unread:
    """Cards that were reported on rows that are left out.

    Attributes
    ----------
    cards : dict of (unit, language) to int
        By the unit and language that the rows seem to tell of.
    orders : dict of int to (unit, language)
        The same for each row, by its number.
    no_order : int
        Cards on rows of which neither can be told.
    """

    cards: dict[tuple[int, str], int]
    orders: dict[int, tuple[int, str]]
    no_order: int


def unread_cards(
    rows: Sequence[LeftOutRow],
    unit_of: Callable[[int | None, str, str], int],
    planned: Ints,
    tags: Sequence[str],
    told: Collection[tuple[str, int, str]],
) -> Unread:
    """Return of which cards the rows that are left out seem to tell.

    Where the language cannot be read, it is the one that may be meant, or the only one ordered there.

    Parameters
    ----------
    unit_of : callable
        Gives the unit for what a row says of unit, bus and language, or `NOT_TOLD`.
    planned : ndarray of int, shape (units, languages)
        Cards of the plan.
    tags : sequence of str
        Of the languages.
    told : collection of (bus, unit, language)
        The cards of which a row tells that can be used: they are not counted once more.
    """
    cards: dict[tuple[int, str], int] = {}
    orders: dict[int, tuple[int, str]] = {}
    seen, no_order = set(told), 0
    for row in sorted(rows, key=lambda row: row.number):
        bus = bus_of(row.cells)
        unreadable = row.unit is None and bool(row.place)
        unit = NOT_TOLD if unreadable else unit_of(row.unit, bus, row.tag or row.fault.likely)
        tag = row.tag or row.fault.likely
        if unit != NOT_TOLD and not tag:
            ordered = [each for each, number in zip(tags, planned[unit], strict=True) if number]
            tag = ordered[0] if len(ordered) == 1 else ""
        if unit == NOT_TOLD or not tag:
            no_order += row.cards
            continue
        orders[row.number] = unit, tag
        if (bus, unit, tag) not in seen:
            cards[unit, tag] = cards.get((unit, tag), 0) + row.cards
        if bus:
            seen.add((bus, unit, tag))
    return Unread(cards, orders, no_order)


def left_out_rows(
    left_out: LeftOut,
    unread: Unread,
    units: pd.DataFrame,
    codes: Mapping[tuple[str, str], tuple[str, str]],
) -> pd.DataFrame:
    """Return the rows of postings_left_out.csv (docs/columns.md), in the order of the file.

    Parameters
    ----------
    units : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.
    codes : mapping of (unit_id, language) to (str, str)
        Code and garage of each order.
    """
    names = catalogue()
    rows = []
    for row in sorted(left_out.rows, key=lambda row: row.number):
        unit, tag = unread.orders.get(row.number, (NOT_TOLD, ""))
        key = ("" if unit == NOT_TOLD else str(units.index[unit]), tag)
        order, garage = codes.get(key, ("", ""))
        written = {name: row.cells.get(name, "") for name in ("bus", "language", "date_up", "date_down")}
        texts = written | {"place": row.place, "written": row.cells.get(row.fault.column, "")}
        rows.append(
            {
                "row": row.number,
                **{name: shortened(text, LONGEST_CELL) for name, text in texts.items()},
                "column": row.fault.column,
                "why": row.fault.why,
                "mend": row.fault.mend,
                "unit_name": "" if unit == NOT_TOLD else units["unit_name"].iloc[unit],
                "language_name": names[tag].english_name if tag else "",
                "order": order,
                "garage": garage,
            }
        )
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def bus_of(cells: Mapping[str, str]) -> str:
    """Return the number of the bus as written, but for what spreadsheets make of it."""
    return cells.get("bus", "").casefold().removesuffix(".0")


def place_of(cells: Mapping[str, str]) -> tuple[str, str]:
    """Return the column that says where the card hung, and what it says; both empty where none does."""
    return next(((name, cells[name]) for name in PLACES if cells.get(name)), ("", ""))
