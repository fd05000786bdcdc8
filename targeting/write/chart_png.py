"""Charts as pictures of dots, for documents that take no SVG: the same marks in the same places.

Drawn with the one font that comes with matplotlib, so that the same chart has the same bytes everywhere.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import shapely

from targeting.write.picture_sheet import Sheet, house_style
from targeting.write.svg import SIZE, TEXT, Chart, Mark

DPI = 220
POINTS = 0.75  # a pixel is 1/96 of an inch, a point 1/72
BROAD = 0.94  # matplotlib's letters are broader than those of the fonts that pages have
BOLD = 600
ALIGN = {"start": "left", "middle": "center", "end": "right"}
STEPS = re.compile(r"([MmLlHhVv])([^MmLlHhVv]*)")


def chart_png(chart: Chart) -> bytes:
    """Return a chart as PNG."""
    with house_style():
        sheet = Sheet(chart.width * POINTS, chart.height * POINTS)
        for mark in chart.marks:
            _draw(sheet, mark)
        return png_of(sheet, DPI)


def png_of(sheet: Sheet, dpi: int) -> bytes:
    """Return a sheet as PNG, the same bytes for the same marks."""
    stream = BytesIO()
    sheet.figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def _draw(sheet: Sheet, mark: Mark) -> None:
    look = mark.attributes
    if mark.tag == "text":
        _write(sheet, mark)
    elif mark.tag == "rect":
        left, top = _number(look, "x"), _number(look, "y")
        shape = shapely.box(left, top, left + _number(look, "width"), top + _number(look, "height"))
        _area(sheet, shape, look)
    elif mark.tag == "circle":
        center = shapely.Point(_number(look, "cx"), _number(look, "cy"))
        _area(sheet, center.buffer(_number(look, "r"), quad_segs=24), look)
    elif mark.tag == "polyline":
        points = [tuple(map(float, pair.split(","))) for pair in str(look["points"]).split()]
        _line(sheet, [points], look)
    elif mark.tag == "path":
        _line(sheet, path_lines(str(look["d"])), look)
    else:
        raise ValueError(f"{mark.tag}: no such mark")


def path_lines(steps: str) -> list[list[tuple[float, ...]]]:
    """Return the points of each line of an SVG path of moves and straight lines; capitals are absolute."""
    lines: list[list[tuple[float, ...]]] = []
    x = y = 0.0
    for step, said in STEPS.findall(steps):
        values = [float(each) for each in re.findall(r"-?[\d.]+", said)]
        from_x, from_y = (0.0, 0.0) if step.isupper() else (x, y)
        kind = step.upper()
        if kind in "ML":
            x, y = from_x + values[0], from_y + values[1]
        elif kind == "H":
            x = from_x + values[0]
        else:
            y = from_y + values[0]
        if kind == "M":
            lines.append([])
        lines[-1].append((x, y))
    return lines


def _write(sheet: Sheet, mark: Mark) -> None:
    look = mark.attributes
    sheet.words(
        _number(look, "x") * POINTS,
        sheet.height - _number(look, "y") * POINTS,
        mark.words or "",
        _number(look, "font_size", SIZE) * POINTS * BROAD,
        bold=_number(look, "font_weight", 400) >= BOLD,
        color=str(look.get("fill", TEXT)),
        align=ALIGN[str(look["text_anchor"])],
        halo=_number(look, "stroke_width") * POINTS if look.get("paint_order") == "stroke" else 0.0,
    )


def _area(sheet: Sheet, shape: Any, look: Mapping[str, object]) -> None:
    edge = look.get("stroke")
    sheet.areas(
        _placed(sheet, shape),
        fill=str(look["fill"]),
        edge=str(edge) if edge else None,
        edge_width=_number(look, "stroke_width", 1.0) * POINTS if edge else 0.0,
    )


def _line(sheet: Sheet, lines: list[list[tuple[float, ...]]], look: Mapping[str, object]) -> None:
    dash = [float(length) * POINTS for length in str(look.get("stroke_dasharray") or "").split()]
    shapes = [shapely.LineString(points) for points in lines if len(points) > 1]
    if shapes:
        sheet.lines(
            [_placed(sheet, shape) for shape in shapes],
            color=str(look["stroke"]),
            width=_number(look, "stroke_width", 1.0) * POINTS,
            dash=dash,
        )


def _placed(sheet: Sheet, shape: Any) -> Any:
    """Return a shape in points from the lower left corner; a chart counts pixels from the upper left."""
    return shapely.transform(
        shape, lambda at: np.column_stack([at[:, 0] * POINTS, sheet.height - at[:, 1] * POINTS])
    )


def _number(look: Mapping[str, object], name: str, otherwise: float = 0.0) -> float:
    value = look.get(name)
    return otherwise if value is None else float(str(value))
