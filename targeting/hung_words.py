"""What became of the cards ordered, and which part of the plan's people they reached, in sentences."""

import pandas as pd

from targeting.actual_table import SEVERAL
from targeting.wording import listed, natural


def in_short(table: pd.DataFrame) -> str:
    """Return how many of the cards ordered hung, as the first half of a sentence.

    Parameters
    ----------
    table : DataFrame
        The columns of actual.csv.
    """
    ordered, left_out, missing = (int(table[name].sum()) for name in ("cards_ordered", "left_out", "missing"))
    parts = [f"{ordered - left_out - missing:,} hung"]
    for number, what in ((left_out, "reported on rows that cannot be used"), (missing, "not reported")):
        if number:
            parts.append(f"{number:,} {'was' if number == 1 else 'were'} {what}")
    cards = "1 card" if ordered == 1 else f"{ordered:,} cards"
    return f"Of {cards} that the plan ordered, {listed(parts)}"


def of_no_order(cards: int, missing: int) -> str:
    """Return what is to be said of cards on rows that tell of no order; empty where there are none.

    Parameters
    ----------
    missing : int
        Cards of the plan of which no row tells.
    """
    if not cards:
        return ""
    if cards == 1:
        said, among = "1 more card is reported on a row that cannot be used and does not", "It may be"
    else:
        said, among = (
            f"{cards:,} more cards are reported on rows that cannot be used and do not",
            "They may be",
        )
    return f"{said} tell of which order.{f' {among} among those not reported.' if missing else ''}"


def by_garage(table: pd.DataFrame, kind: str) -> str:
    """Return how many cards of a kind each garage has: "Center 3, Merlo 1"; empty where none is known.

    Parameters
    ----------
    table : DataFrame
        The columns of actual.csv.
    kind : str
        One of its columns of cards.
    """
    cards = table[table[kind] > 0].groupby("garage")[kind].sum()
    if not any(cards.index):
        return ""
    named = sorted(cards.items(), key=lambda each: (each[0] == "", natural(str(each[0]))))
    return ", ".join(
        f"{' or '.join(str(name).split(SEVERAL)) or 'garage not known'} {int(number):,}"
        for name, number in named
    )


def share_of_plan(planned: float, actual: float, most: float, smallest: float, *, at_least: bool) -> str:
    """Return how many of those whom the plan reaches were reached; empty where that cannot be told.

    Parameters
    ----------
    planned, actual, most : float
        People reached by the plan, by what hung, and by that if the cards on rows that are left out hung as
        ordered.
    smallest : float
        People below which a count is not told.
    at_least : bool
        Whether rows are left out.
    """
    if min(planned, actual) < smallest:
        return ""
    least = "at least " if at_least else ""
    more = f", and {most / planned:.0%} if the cards on rows that cannot be used hung as ordered"
    return f"{least}{actual / planned:.0%} of those whom the plan reaches{more if most > actual else ''}"
