"""What the report's charts share: shapes and words of a drawing, round scales, labels kept apart.

A drawing is a list of marks. It becomes SVG here, for pages, and dots in `targeting.write.chart_png`, for
documents that take no SVG. Widths of text are estimates, since nothing is measured before a browser draws
it: labels get a little more room than they need.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

TEXT = "#1c2430"
QUIET = "#586273"
GRID = "#d9dee5"
PAPER = "#ffffff"
FONT = "Segoe UI, system-ui, -apple-system, Roboto, Noto Sans, Helvetica Neue, Arial, sans-serif"
SIZE = 13
LINE_HEIGHT = 17


@dataclass(frozen=True)
class Mark:
    """A shape or words of a drawing, by the names that SVG has for them; _ stands for -."""

    tag: str
    attributes: Mapping[str, object]
    words: str | None = None

    def svg(self) -> str:
        """Return the mark as SVG."""
        if self.words is None:
            return f"<{self.tag}{_attributes(self.attributes)}/>"
        return f"<{self.tag}{_attributes(self.attributes)}>{escape(self.words)}</{self.tag}>"


@dataclass(frozen=True)
class Chart:
    """A drawing with its title and description; `name` makes its ids in a page unique.

    Attributes
    ----------
    width, height : float
        Pixels, 96 to an inch.
    """

    name: str
    title: str
    description: str
    width: float
    height: float
    marks: tuple[Mark, ...]

    @property
    def alternative(self) -> str:
        """What the drawing shows, in words, for those who do not see it."""
        return f"{self.title}. {self.description}"

    @property
    def svg(self) -> str:
        """The drawing as SVG that stands in a page."""
        width, height = number(self.width), number(self.height)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'aria-labelledby="{self.name}-title {self.name}-desc" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="{FONT}" font-size="{SIZE}" fill="{TEXT}">\n'
            f'<title id="{self.name}-title">{escape(self.title)}</title>\n'
            f'<desc id="{self.name}-desc">{escape(self.description)}</desc>\n'
            + "\n".join(mark.svg() for mark in self.marks)
            + "\n</svg>"
        )


def element(tag: str, **attributes: object) -> Mark:
    """Return a shape; `stroke_width` stands for stroke-width."""
    return Mark(tag, attributes)


def text(x: float, y: float, words: str, **attributes: object) -> Mark:
    """Return words whose baseline starts at (x, y); `anchor` is start, middle or end."""
    anchor = attributes.pop("anchor", "start")
    return Mark("text", {"x": x, "y": y, "text_anchor": anchor, **attributes}, words)


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
    from scipy.optimize import isotonic_regression  # loads all of scipy.optimize, and few charts need it

    pulled = isotonic_regression([wanted[each] - place * gap for place, each in enumerate(order)]).x
    last = max(low, high - gap * (len(order) - 1))
    places = dict(zip(order, pulled, strict=True))
    return [min(max(float(places[each]), low), last) + gap * order.index(each) for each in range(len(wanted))]
