"""How figures are worded wherever a person reads them: counts, margins, probabilities."""

import math
import re
from collections.abc import Collection, Sequence
from datetime import date

ALL_LANGUAGES = "All campaign languages"  # not all that are spoken: groups that nobody prints are left out
# One sign, one meaning, in report and terminal alike
OF_GROUP = " †"  # after a language that the census counts together with others
OF_LOW = "*"  # after a figure of low reliability
ROUTES_NAMED = 6  # of many


def count(value: float, smallest: float) -> str:
    """Return "1,267", or "under 10" where the estimate is too small to be told.

    A sample cannot tell 3 people from 7, and a map should not point at so few.
    """
    if 0 < round(value) < smallest:
        return f"under {smallest:,.0f}"
    return f"{value:,.0f}"


def with_margin(value: float, margin: float, smallest: float) -> str:
    """Return "1,267 ± 255", or "under 10"."""
    if 0 < round(value) < smallest:
        return count(value, smallest)
    return f"{value:,.0f} ± {margin:,.0f}"


def about_with_margin(value: float, margin: float, smallest: float) -> str:
    """Return "about 1,267 ± 255", or "under 10"."""
    told = with_margin(value, margin, smallest)
    return told if told.startswith("under") else f"about {told}"


def about(value: float, margin: float, smallest: float) -> str:
    """Return "about 1,270 ± 260": the margin to two digits, and the estimate no finer than it.

    Without a margin the estimate has three digits.
    """
    if 0 < round(value) < smallest:
        return count(value, smallest)
    if math.isnan(margin) or margin <= 0:
        unit = 10 ** max(math.floor(math.log10(max(value, 1))) - 2, 0)
        return f"about {_to_nearest(value, unit):,}"
    unit = 10 ** max(math.floor(math.log10(margin)) - 1, 0)
    return f"about {_to_nearest(value, unit):,} ± {_to_nearest(margin, unit):,}"


def _to_nearest(value: float, unit: int) -> int:
    return math.floor(value / unit + 0.5) * unit


def percent(probability: float) -> str:
    """Return a probability as "83%", "over 99%" or "under 1%": none is ever certain.

    A half is rounded up, as spreadsheets do: 58.5% is "59%".
    """
    if math.isnan(probability):
        return "–"
    if probability > 0.99:
        return "over 99%"
    return "under 1%" if probability < 0.01 else f"{math.floor(probability * 100 + 0.5 + 1e-9)}%"


def at_most(share: float) -> str:
    """Return a share as a percentage that it does not exceed, to one decimal: 0.00448 is "0.5%"."""
    return f"{math.ceil(share * 1000 - 1e-6) / 10:.1f}%"


def small_share(share: float) -> str:
    """Return a share as a percentage to one decimal, "under 0.1%" where it is less."""
    return "under 0.1%" if share < 0.001 else f"{share:.1%}"


def listed(words: Sequence[str]) -> str:
    """Return "2, 10 and 17"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def routes_named(numbers: Collection[str]) -> str:
    """Return "routes 4, 9 and 12", the first few of many."""
    names = sorted(numbers, key=natural)
    if len(names) > ROUTES_NAMED:
        return f"routes {', '.join(names[:ROUTES_NAMED])} and {len(names) - ROUTES_NAMED:,} more"
    return f"{'route' if len(names) == 1 else 'routes'} {listed(names)}"


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts route numbers as people do: 2 before 10, 4 before 4A before 33."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def period(first: date, last: date) -> str:
    """Return "February 24 – March 2, 2025", with the first year too where it is another."""
    start = f"{first:%B} {first.day}" + (f", {first.year}" if first.year != last.year else "")
    same_month = (first.year, first.month) == (last.year, last.month)
    end = f"{last.day}" if same_month else f"{last:%B} {last.day}"
    return f"{start} – {end}, {last.year}"
