"""How figures are worded wherever a person reads them: counts, margins, probabilities."""

import math


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


def percent(probability: float) -> str:
    """Return a probability as "83%", "over 99%" or "under 1%": none is ever certain."""
    if math.isnan(probability):
        return "–"
    if probability > 0.99:
        return "over 99%"
    return "under 1%" if probability < 0.01 else f"{probability:.0%}"
