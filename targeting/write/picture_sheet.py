"""A sheet of paper to draw on: shapes and words in points (1/72 inch) from the lower left corner.

What no font has a letter for is not drawn as an empty box: `shows` says so beforehand, `clean` puts �.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import Normal, Stroke
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from targeting.write.picture_fonts import JOINERS, can_show, house_font, runs, width

LONGEST = 300  # characters; no line of a page holds more
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
INK = "#22262b"
SETTINGS: dict[Any, Any] = {
    "pdf.fonttype": 42,  # words that can be searched and copied
    "text.parse_math": False,  # a $ in a name is a $
    "lines.scale_dashes": False,
    "path.simplify": False,
}


@contextmanager
def house_style() -> "Iterator[None]":
    """Draw by the house's settings, whatever the user's own are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield


def shows(text: str, *, bold: bool = False) -> bool:
    """Return whether there are fonts that have all the letters of a text."""
    return all(can_show(letter, bold=bold) for letter in text)


def clean(text: str, *, bold: bool = False) -> str:
    """Return a text as one line of at most 300 letters that fonts have, others as �."""
    line = " ".join(str(text)[: 4 * LONGEST].split())[:LONGEST]
    kept = (
        letter for letter in line if letter in JOINERS or not unicodedata.category(letter).startswith("C")
    )
    return "".join(letter if can_show(letter, bold=bold) else UNKNOWN for letter in kept)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in points."""
    return sum(width(file, part, size) for file, part in runs(text, bold=bold))


def fit(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Return a text as one line that fits a width, cut with … where it must be."""
    text = clean(text, bold=bold)
    if width_of(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)  # the most letters that fit lie in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        if width_of(f"{text[:middle].rstrip()}…", size, bold=bold) <= width:
            low = middle
        else:
            high = middle
    return f"{text[:low].rstrip()}…"


def wrap(text: str, size: float, width: float, *, lines: int = 99) -> list[str]:
    """Return a text in lines that fit a width; what is more than `lines` is cut."""
    rows: list[str] = []
    words = [part for word in str(text).split() for part in _breakable(word)]
    room = width - width_of("n", size)  # words are measured one by one, without the kerning between them
    begin = 0
    while begin < len(words) and len(rows) < lines - 1:
        end, used = begin + 1, width_of(clean(words[begin]), size)
        while end < len(words):
            used += width_of(f" {clean(words[end])}", size)
            if used > room:
                break
            end += 1
        rows.append(fit(" ".join(words[begin:end]), size, width))
        begin = end
    return [*rows, fit(" ".join(words[begin:]), size, width)] if begin < len(words) else rows


def _breakable(word: str) -> list[str]:
    return [word[start : start + 60] for start in range(0, min(len(word), 5 * LONGEST), 60)]


class Sheet:
    """One page.

    Parameters
    ----------
    width, height : float
        Points.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
        self._points = Affine2D().scale(1 / 72) + self.figure.dpi_scale_trans

    def areas(
        self, shapes: Any, *, fill: str | None = None, edge: str | None = None, edge_width: float = 0.0
    ) -> None:
        """Draw polygons, their holes left open."""
        rings = [
            (np.asarray(ring.coords)[:, :2], True)
            for part in shapely.get_parts(np.atleast_1d(shapes))
            for polygon in shapely.get_parts(part)
            if polygon.geom_type == "Polygon"
            for ring in (polygon.exterior, *polygon.interiors)
            if not ring.is_empty
        ]
        self._path(
            rings, facecolor=fill or "none", edgecolor=edge or "none", linewidth=edge_width, joinstyle="round"
        )

    def lines(
        self, shapes: Any, *, color: str, width: float, dash: Sequence[float] = (), shift: float = 0.0
    ) -> None:
        """Draw lines, dashed by lengths on and off in points, the pattern shifted by some points."""
        parts = [
            (np.asarray(part.coords)[:, :2], False)
            for part in shapely.get_parts(shapely.get_parts(np.atleast_1d(shapes)))
            if part.geom_type == "LineString" and not part.is_empty
        ]
        self._path(
            parts, facecolor="none", edgecolor=color, linewidth=width, joinstyle="round",
            capstyle="butt" if dash else "round", linestyle=(shift, tuple(dash)) if dash else "solid",
        )  # fmt: skip

    def box(self, left: float, bottom: float, width: float, height: float, **look: Any) -> None:
        """Draw a rectangle."""
        self.areas(shapely.box(left, bottom, left + width, bottom + height), **look)

    def words(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        color: str = INK,
        align: str = "left",
        halo: float = 0.0,
    ) -> None:
        """Write one line with its baseline at y, on a white seam of some points where `halo` asks for it."""
        effects = [Stroke(linewidth=halo, foreground="white", joinstyle="round"), Normal()] if halo else None
        house = house_font(bold)
        parts = list(runs(clean(text, bold=bold), bold=bold))
        if any(file != house for file, _ in parts):  # then each part needs its own place
            x -= (
                sum(width(file, part, size) for file, part in parts)
                * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
            )
            align = "left"
        for file, part in parts:
            if file == house:
                self.figure.text(
                    x / self.width, y / self.height, part, color=color,
                    fontproperties=FontProperties(fname=str(file), size=size), horizontalalignment=align,
                    verticalalignment="baseline", parse_math=False, path_effects=effects,
                )  # fmt: skip
            else:  # outlines, for not every font can go into a PDF as text
                outline = TextPath((x, y), part, size=size, prop=FontProperties(fname=str(file)))
                self._outline(outline, facecolor=color, edgecolor="none", path_effects=effects)
            x += width(file, part, size)

    def _path(self, parts: list[tuple[Any, bool]], **look: Any) -> None:
        if not parts:
            return
        points, codes = [], []
        for places, closed in parts:
            code = np.full(len(places), Outline.LINETO, Outline.code_type)
            code[0] = Outline.MOVETO
            if closed:
                code[-1] = Outline.CLOSEPOLY
            points.append(places)
            codes.append(code)
        self._outline(Outline(np.concatenate(points), np.concatenate(codes)), **look)

    def _outline(self, outline: Outline, **look: Any) -> None:
        self.figure.add_artist(PathPatch(outline, transform=self._points, clip_on=False, **look))
