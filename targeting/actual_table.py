"""What hung held against what was ordered: the rows of actual.csv.

Missing, late and short are counted by how many cards hung at once: a card that takes the place of another is
none of them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from targeting.hung import Hung, Period, Reported, by_place, cards_a_day
from targeting.languages import catalogue
from targeting.left_out import NOT_TOLD
from targeting.reach import Ints
from targeting.wording import listed, natural

TABLE_COLUMNS = [
    "unit", "unit_id", "unit_name", "language", "language_name", "order", "garage", "cards_ordered",
    "cards_up", "card_days_planned", "card_days_up", "first_up", "last_down", "left_out", "missing",
    "late", "short", "extra", "wrong_language", "finding",
]  # fmt: skip
SEVERAL = "; "  # between the orders and garages of a unit whose buses come from several
Codes = Mapping[tuple[str, str], tuple[str, str]]  # order and garage, by unit_id and language


def orders_of(lines: pd.DataFrame | None) -> Codes:
    """Return code and garage of what was ordered, by unit and language; of several garages all of them.

    Parameters
    ----------
    lines : DataFrame or None
        The columns of orders.csv.
    """
    if lines is None:
        return {}
    both = lines.groupby(["unit_id", "language"], sort=False)[["order", "garage"]]
    joined = both.agg(lambda texts: SEVERAL.join(dict.fromkeys(filter(None, texts))))
    return {(str(unit), str(tag)): (row["order"], row["garage"]) for (unit, tag), row in joined.iterrows()}


def actual_rows(
    said: Reported,
    planned: Ints,
    tags: Sequence[str],
    units: pd.DataFrame,
    period: Period,
    codes: Codes,
) -> pd.DataFrame:
    """Return the rows of actual.csv (docs/columns.md), one a unit × language that was ordered or hung.

    Parameters
    ----------
    said : Reported
    planned : ndarray of int, shape (units, languages)
        Cards of the plan.
    units : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.
    codes : mapping
        `orders_of` the plan.
    """
    places = by_place(said.hung)
    ordered = {
        (int(unit), tags[column]): int(planned[unit, column])
        for unit, column in zip(*np.nonzero(planned), strict=True)
    }
    names = catalogue()
    carries = {
        unit: listed([names[tag].english_name for other, tag in ordered if other == unit])
        for unit in {unit for unit, _ in ordered}
    }
    hung = [each.tag for each in said.hung]
    order = {tag: place for place, tag in enumerate(dict.fromkeys([*tags, *hung]))}

    def key(place: tuple[int, str]) -> tuple[object, ...]:
        unit, tag = place
        if unit == NOT_TOLD:
            return (2, [], 0, order[tag])
        return (int(units["venue"].iloc[unit]), natural(units["unit_name"].iloc[unit]), unit, order[tag])

    rows = []
    for unit, tag in sorted({*ordered, *places}, key=key):
        told = unit != NOT_TOLD
        code, garage = codes.get((str(units.index[unit]), tag), ("", "")) if told else ("", "")
        rows.append(
            {
                "unit": units["unit"].iloc[unit] if told else "",
                "unit_id": units.index[unit] if told else "",
                "unit_name": units["unit_name"].iloc[unit] if told else "",
                "language": tag,
                "language_name": names[tag].english_name,
                "order": code,
                "garage": garage,
                **_held(
                    places.get((unit, tag), []), ordered.get((unit, tag), 0), period,
                    unread=said.unread.cards.get((unit, tag), 0), no_days=(unit, tag) in said.no_days,
                    told=told, carries=carries.get(unit, ""),
                ),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=TABLE_COLUMNS).astype({"late": "Int64", "short": "Int64"})


def _held(
    hung: Sequence[Hung],
    ordered: int,
    period: Period,
    *,
    unread: int,
    no_days: bool,
    told: bool,
    carries: str,
) -> dict[str, object]:
    """Return what hung held against what was ordered.

    Parameters
    ----------
    unread : int
        Cards on rows that are left out.
    no_days : bool
        Whether a row says that none hung on any day.
    told : bool
        Whether the unit is known.
    carries : str
        The languages that were ordered for it.
    """
    ups, downs = [each.up for each in hung], [each.down for each in hung]
    there = cards_a_day(hung, min(ups), (max(downs) - min(ups)).days) if hung else np.zeros(0, np.int64)
    most = int(there.max(initial=0))
    matched = min(ordered, most)
    left_out = min(ordered - matched, unread)
    late = short = None
    if period.first is not None:
        late, short = (
            matched - min(matched, int(cards_a_day(hung, day, 1)[0]))
            for day in (period.first, period.first + timedelta(days=period.days - 1))
        )
    beyond = most - matched if told else 0
    wrong = beyond if carries and not ordered else 0
    held: dict[str, object] = {
        "cards_ordered": ordered,
        "cards_up": most,
        "card_days_planned": ordered * period.days,
        "card_days_up": int(there.sum()),
        "first_up": min(ups, default=None),
        "last_down": max(downs, default=None),
        "left_out": left_out,
        "missing": ordered - matched - left_out,
        "late": late,
        "short": short,
        "extra": beyond - wrong,
        "wrong_language": wrong,
    }
    return held | {"finding": _finding(held, period, no_days=no_days, told=told, carries=carries)}


def _finding(held: dict[str, object], period: Period, *, no_days: bool, told: bool, carries: str) -> str:
    """Return what differs from what was ordered, in a sentence or a few."""
    count = {name: number for name, number in held.items() if isinstance(number, int)}
    ordered = count["cards_ordered"]
    if not ordered:
        if not told:
            return "In buses whose route nobody wrote down."
        return (
            f"Not ordered here: the plan has {carries}."
            if carries
            else "Not ordered here, nor any other language."
        )
    said = [_not_up(ordered, count["cards_up"], count["left_out"], count["missing"], no_days=no_days)]
    if count.get("late"):
        said.append(f"{count['late']:,} up after {period.first}.")
    if count.get("short"):
        said.append(f"{count['short']:,} down before {period.last}.")
    if count["extra"]:
        said.append(f"{count['extra']:,} more than ordered.")
    days, planned = count["card_days_up"], count["card_days_planned"]
    if not any(said) and days != planned:
        said.append(f"As ordered, for {days:,} instead of {planned:,} card-days.")
    return " ".join(filter(None, said)) or "As ordered."


def _not_up(ordered: int, up: int, left_out: int, missing: int, *, no_days: bool) -> str:
    """Return how many of the cards ordered are not known to have hung, and why; empty where all are."""
    if missing == ordered:
        return "Not hung." if no_days else "Not reported."
    if left_out == ordered:
        rows = "a row that was" if ordered == 1 else "rows that were"
        return f"Reported on {rows} left out."
    parts = [f"{up:,} of {ordered:,} hung"] if missing or left_out else []
    parts += [f"{left_out:,} reported on rows left out"] if left_out else []
    parts += [f"{missing:,} not reported"] if missing else []
    return f"{', '.join(parts)}." if parts else ""
