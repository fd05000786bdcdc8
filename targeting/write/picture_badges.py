"""Number badges on a picture: on their routes, clear of each other and of whatever else is written."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

SPOTS = 120  # places tried on a route
CLEARANCE = 1.5  # points between boxes
FAR = 60.0  # points; no place gains by being farther from other routes than this


def place_badges(
    lines: Sequence[Any], sizes: Sequence[tuple[float, float]], frame: Any, taken: Sequence[Any] = ()
) -> list[Any]:
    """Return a box on each line for its badge, none over another.

    Parameters
    ----------
    lines : sequence of LineString or MultiLineString
        In points on the sheet.
    sizes : sequence of (width, height)
    frame : Polygon
        Boxes stay inside it.
    taken : sequence of Polygon
        Boxes keep clear of these too.

    Returns
    -------
    list of Polygon or None
        None where a line has no free place.
    """
    boxes: list[Any] = [None] * len(lines)
    filled = list(taken)
    for number in np.argsort(
        [line.length for line in lines], kind="stable"
    ):  # the short ones have least choice
        line, (width, height) = lines[number], sizes[number]
        if not line.length:
            continue
        spots = _spots(line)
        x, y = shapely.get_x(spots), shapely.get_y(spots)
        around = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        free = shapely.within(around, frame)
        if filled:
            tree = shapely.STRtree(filled)
            free &= ~np.isin(
                np.arange(len(spots)), tree.query(around, predicate="dwithin", distance=CLEARANCE)[0]
            )
        if not free.any():
            continue
        others = shapely.union_all([lines[other] for other in range(len(lines)) if other != number])
        worth = np.zeros(len(spots)) if others.is_empty else np.minimum(shapely.distance(spots, others), FAR)
        if filled:
            worth += np.minimum(shapely.distance(spots, shapely.union_all(filled)), FAR) / 2
        best = int(np.argmax(np.where(free, worth, -1.0)))
        boxes[number] = around[best]
        filled.append(around[best])
    return boxes


def _spots(line: Any) -> Any:
    """Return places along the parts of a line, from their middles outwards."""
    parts = shapely.get_parts(line)
    along = np.linspace(0.03, 0.97, SPOTS)
    along = along[np.argsort(np.abs(along - 0.5), kind="stable")]
    return np.concatenate(
        [shapely.line_interpolate_point(part, along, normalized=True) for part in parts if part.length > 0]
    )
