"""What the report's charts share: inline SVG text, round scales, labels kept apart.

Widths of text are estimates, since nothing is measured before a browser draws it: labels get a little
more room than they need.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from scipy.optimize import isotonic_regression

TEXT = "#1c2430"
QUIET = "#586273"
GRID = "#d9dee5"
PAPER = "#ffffff"
FONT = "Segoe UI, system-ui, -apple-system, Roboto, Noto Sans, Helvetica Neue, Arial, sans-serif"
SIZE = 13
LINE_HEIGHT = 17


def picture(name: str, title: str, description: str, width: float, height: float, body: Iterable[str]) -> str:
    """Return a whole SVG picture with its title and description; `name` makes its ids unique."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}" '
        f'font-family="{FONT}" font-size="{SIZE}" fill="{TEXT}">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-desc">{escape(description)}</desc>\n' + "\n".join(body) + "\n</svg>"
    )


def element(tag: str, **attributes: object) -> str:
    """Return an element without content; `stroke_width` stands for stroke-width."""
    return f"<{tag}{_attributes(attributes)}/>"


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """Return words whose baseline starts at (x, y); `anchor` is start, middle or end."""
    anchor = attributes.pop("anchor", "start")
    placed = _attributes({"x": x, "y": y, "text_anchor": anchor, **attributes})
    return f"<text{placed}>{escape(words)}</text>"


def _attributes(attributes: Mapping[str, object]) -> str:
    said = {
        name.rstrip("_").replace("_", "-"): number(value) if isinstance(value, float) else str(value)
        for name, value in attributes.items()
    }
    return "".join(f' {name}="{escape(value)}"' for name, value in said.items() if value)


def number(value: float) -> str:
    """Return a coordinate with one decimal at most, so that the same data give the same bytes."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def text_width(words: str, size: float = SIZE) -> float:
    """Return about how wide words are drawn, in pixels."""
    ems = sum(
        1.05 if unicodedata.east_asian_width(character) in "WF" else 0.78 if character.isupper() else 0.64
        for character in words
    )
    return ems * size


def round_ticks(most: float, at_most: int = 6) -> list[int]:
    """Return round numbers from 0 that reach `most` or more: steps of 1, 2, 5 or 25 × a power of ten."""
    most = max(most, 1.0)
    for power in range(int(math.log10(most)) + 2):
        for base in (1, 2, 2.5, 5):
            step = base * 10**power
            if step == int(step) and math.ceil(most / step) < at_most:
                return [int(step) * place for place in range(math.ceil(most / step) + 1)]
    raise AssertionError("a step of ten times the number always does")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places at least `gap` apart, between `low` and `high`, as near to the wanted ones as can be.

    The order is kept. Where they cannot all fit they run on below `high` rather than overlap.
    """
    order = sorted(range(len(wanted)), key=lambda each: (wanted[each], each))
    if not order:
        return []
    pulled = isotonic_regression([wanted[each] - place * gap for place, each in enumerate(order)]).x
    last = max(low, high - gap * (len(order) - 1))
    places = dict(zip(order, pulled, strict=True))
    return [min(max(float(places[each]), low), last) + gap * order.index(each) for each in range(len(wanted))]
