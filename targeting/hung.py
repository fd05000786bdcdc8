"""What hung, held against what was ordered: cards and days, by unit and language.

A card hangs from its first day up to the day on which it came down, that day not counted; one that hung as
many days as the plan has counts as one card of the plan.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from targeting.languages import catalogue
from targeting.left_out import NOT_TOLD, LeftOut, LeftOutRow, Unread, UnusableError, unread_cards
from targeting.notices import Notices, Severity
from targeting.postings_file import PostingsFile, Row
from targeting.reach import Ints


@dataclass(frozen=True)
class Period:
    """The days for which the plan was made.

    Attributes
    ----------
    days : int
        How many.
    first : date or None
        First day up (`orders.posting_date`); None where the campaign gives none, so that nothing can be
        called late or short.
    """

    days: int
    first: date | None = None

    @property
    def last(self) -> date | None:
        """The day on which the cards come down."""
        return None if self.first is None else self.first + timedelta(days=self.days)


@dataclass(frozen=True)
class Hung:
    """Cards of one language that hung on one unit from one day to another.

    Attributes
    ----------
    unit : int
        Row of the table of units, or `NOT_TOLD`.
    tag : str
    cards : int
    up, down : date
        First day, and the day on which they came down.
    """

    unit: int
    tag: str
    cards: int
    up: date
    down: date


@dataclass(frozen=True)
class Reported:
    """What the installers' sheets say.

    Attributes
    ----------
    hung : list of Hung
        Each day of a bus and language once.
    no_days : frozenset of (unit, language)
        Where a row says that no card hung on any day.
    unread : Unread
        Cards on the rows that are left out.
    """

    hung: list[Hung]
    no_days: frozenset[tuple[int, str]]
    unread: Unread


def reported(
    file: PostingsFile,
    planned: Ints,
    tags: Sequence[str],
    venue: npt.NDArray[np.bool_],
    slots: int,
    period: Period,
    left_out: LeftOut,
    notices: Notices,
) -> Reported:
    """Return what hung where and when, and of which cards the rows that are left out seem to tell.

    Parameters
    ----------
    planned : ndarray of int, shape (units, languages)
        Cards of the plan.
    tags : sequence of str
        Of the languages.
    venue : ndarray of bool, shape (units,)
    slots : int
        Cards that one bus holds at a time.
    left_out : LeftOut
        Has the rows that cannot be read; gets those of buses that seem to carry more cards than that.
    """
    unit_of = _places(file, planned, tags, venue, notices)
    _note_days(file, period, notices)
    found: list[Hung] = []
    carried: dict[str, list[tuple[Row, date, date]]] = {}
    repeated, told, no_days = [], set(), set()
    for row in file.rows:
        unit, down = unit_of(row.unit, row.bus, row.tag), _down(row, period)
        in_bus = bool(row.bus) and not (unit != NOT_TOLD and venue[unit])
        days = [(row.up, down)]
        if in_bus:
            before = carried.setdefault(row.bus, [])
            days = _without(days, [(up, end) for other, up, end in before if other.tag == row.tag])
            others = [(other, up, end) for other, up, end in before if other.tag != row.tag]
            rival = _rival(days, others, slots)
            if rival is not None:
                left_out.rows.append(_too_many(row, rival, slots))
                continue
            if days != [(row.up, down)] and row.up < down:
                repeated.append(row)
            before.extend((row, up, end) for up, end in days)
            told.add((row.bus, unit, row.tag))
        found.extend(Hung(unit, row.tag, row.cards, up, end) for up, end in days if up < end and row.cards)
        if not row.cards or row.up == down:
            no_days.add((unit, row.tag))
    _note(
        repeated, "posting_repeated",
        "what an earlier row says of the same bus and language; each day counts once", file, notices,
    )  # fmt: skip
    unread = unread_cards(left_out.rows, unit_of, planned, tags, told)
    return Reported(found, frozenset(no_days), unread)


def _places(
    file: PostingsFile,
    planned: Ints,
    tags: Sequence[str],
    venue: npt.NDArray[np.bool_],
    notices: Notices,
) -> Callable[[int | None, str, str], int]:
    """Return on which unit the card of a row hung, by its unit, bus and language.

    It is what the row says, what other rows of the bus or the plan tell, or nothing.
    """
    of_bus: dict[str, set[int]] = {}
    for row in file.rows:
        if row.bus and row.unit is not None and not venue[row.unit]:
            of_bus.setdefault(row.bus, set()).add(row.unit)
    in_buses = np.where(venue[:, None], 0, planned)
    alone = {
        tag: int(column.argmax())
        for tag, column in zip(tags, in_buses.T, strict=True)
        if (column > 0).sum() == 1
    }

    def find(unit: int | None, bus: str, tag: str) -> int:
        if unit is not None:
            return unit
        seen = of_bus.get(bus, set())
        return next(iter(seen)) if len(seen) == 1 else NOT_TOLD if seen else alone.get(tag, NOT_TOLD)

    silent = [(row, find(None, row.bus, row.tag)) for row in file.rows if row.unit is None]
    _note(
        [row for row, unit in silent if unit != NOT_TOLD], "posting_route_told",
        "a bus without route, which other rows of the bus tell, or the plan, where that has the language on "
        "one route only", file, notices,
    )  # fmt: skip
    _note(
        [row for row, unit in silent if unit == NOT_TOLD], "posting_route_not_told",
        "a bus whose route nothing tells: it is taken to serve all routes of the plan's modes in proportion "
        "to their vehicle-hours, and no one is counted as living near it", file, notices,
    )  # fmt: skip
    return find


def _down(row: Row, period: Period) -> date:
    """Return when the cards of a row came down: if they still hang, when the plan has them down."""
    if row.down is not None:
        return row.down
    return max(row.up, period.last) if period.last is not None else row.up + timedelta(days=period.days)


def _without(days: list[tuple[date, date]], taken: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Return what is left of some spans of days without others."""
    for up, down in taken:
        days = [
            part
            for start, end in days
            for part in ((start, min(end, up)), (max(start, down), end))
            if part[0] < part[1]
        ]
    return days


def _rival(
    days: Iterable[tuple[date, date]], others: Sequence[tuple[Row, date, date]], slots: int
) -> Row | None:
    """Return a row whose card hung in the bus while it was full; None where there was room every day."""
    for start, end in days:
        for moment in [start, *(up for _, up, _ in others if start < up < end)]:
            there = [other for other, up, down in others if up <= moment < down]
            if len(there) >= slots:
                return there[0]
    return None


def _too_many(row: Row, rival: Row, slots: int) -> LeftOutRow:
    names = catalogue()
    holds = "1 card" if slots == 1 else f"{slots} cards (posters.slots)"
    fault = UnusableError(
        "too_many_cards",
        "",
        f"bus {row.bus} carries {names[row.tag].english_name} while it carries "
        f"{names[rival.tag].english_name} by row {rival.number}, and a bus holds {holds} at a time",
        "correct the number of the bus or the dates.",
    )
    return LeftOutRow(row.number, fault, row.cells, row.unit, row.tag, row.cards)


def _note_days(file: PostingsFile, period: Period, notices: Notices) -> None:
    """Say of which rows the days are uncommon, or had to be settled."""
    spans = [(row, (_down(row, period) - row.up).days) for row in file.rows if row.cards]
    until = f"{period.days:,} days" if period.last is None else f"until {period.last.isoformat()}"
    _note(
        [row for row, _ in spans if row.down is None], "posting_still_up",
        f"without date_down; the cards count as hanging {until}, as planned", file, notices, severity="info",
    )  # fmt: skip
    _note(
        [row for row, days in spans if days == 0], "posting_no_days",
        "down on the day on which they went up, or up after the plan's last day without date_down: no day "
        "counts", file, notices,
    )  # fmt: skip
    _note(
        [row for row, days in spans if days > 2 * period.days], "posting_long",
        f"more than twice the plan's {period.days:,} days; look whether the years are right, for all these "
        "days count", file, notices,
    )  # fmt: skip
    first = period.first
    if first is not None:
        _note(
            [row for row, _ in spans if row.up < first], "posting_early",
            f"up before the posting date, {first.isoformat()}; those days count too", file, notices,
            severity="info",
        )  # fmt: skip


def _note(
    rows: Sequence[Row],
    code: str,
    said: str,
    file: PostingsFile,
    notices: Notices,
    *,
    severity: Severity = "warning",
) -> None:
    if rows:
        many = f"{len(rows):,} rows" if len(rows) > 1 else f"Row {rows[0].number}"
        first = f" (first: row {rows[0].number})" if len(rows) > 1 else ""
        notices.add(
            code,
            f"{file.name}: {many}{first}: {said}.",
            severity=severity,
            file=file.name,
            count=len(rows),
            ids=tuple(str(row.number) for row in rows[:5]),
        )


def cards_a_day(hung: Iterable[Hung], first: date, days: int) -> Ints:
    """Return how many cards hung on each of some days, shape (days,)."""
    steps = np.zeros(days + 1, np.int64)
    for each in hung:
        start, end = ((day - first).days for day in (each.up, each.down))
        steps[min(max(start, 0), days)] += each.cards
        steps[min(max(end, 0), days)] -= each.cards
    return np.cumsum(steps[:-1])


def by_place(hung: Iterable[Hung]) -> dict[tuple[int, str], list[Hung]]:
    """Return what hung by unit and language."""
    places: dict[tuple[int, str], list[Hung]] = {}
    for each in hung:
        places.setdefault((each.unit, each.tag), []).append(each)
    return places
