"""Where the regions of a batch lie: dots and boxes on the ground of their census tracts.

The page is offline and carries no outlines but those: longitude and latitude stand at the frame instead.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from targeting.write.svg import text_width

WIDTH, TALLEST, LOWEST = 880.0, 560.0, 180.0
MARGIN, ABOVE, BELOW = 46.0, 6.0, 26.0  # beside, above and below the frame, for the labels of the grid
DOT, SIZE, LINE = 5.0, 12.0, 15.0
LEAST_DEGREES = 1.0
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60)
MOST_LINES = 8
Bounds = tuple[float, float, float, float]
Box = tuple[float, float, float, float]
Rings = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Label:
    """Where a region's name stands: from x on, about it or up to it (start, middle, end), above y."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Spot:
    """A region on the map, in pixels: its dot, the box around its stops, and its label where one fits."""

    region: str
    x: float
    y: float
    box: Box
    label: Label | None


@dataclass(frozen=True)
class RegionMap:
    """The drawing: `meridians` and `parallels` are (pixels, what stands there), `ground` paths of SVG."""

    width: float
    height: float
    frame: Box
    meridians: tuple[tuple[float, str], ...]
    parallels: tuple[tuple[float, str], ...]
    ground: tuple[str, ...]
    spots: tuple[Spot, ...]


def region_map(places: Mapping[str, Bounds], outlines: Sequence[Rings] = ()) -> RegionMap | None:
    """Return the map of the regions, None where none has a place.

    Parameters
    ----------
    places : mapping of region to (west, south, east, north)
        Degrees.
    outlines : sequence of lists of rings
        Of the ground of each region: longitude and latitude, degrees. It may reach beyond the frame.
    """
    if not places:
        return None
    west, south, east, north = _around(list(places.values()))
    flat = math.cos(math.radians((south + north) / 2))  # a degree of longitude, in degrees of latitude
    inner = WIDTH - 2 * MARGIN
    scale = min(inner / ((east - west) * flat), (TALLEST - ABOVE - BELOW) / (north - south))
    tall = round(max(scale * (north - south), LOWEST), 1)
    middle = (west + east) / 2, (south + north) / 2

    def place(lon: float, lat: float) -> tuple[float, float]:
        return (
            round(WIDTH / 2 + (lon - middle[0]) * flat * scale, 1),
            round(ABOVE + tall / 2 - (lat - middle[1]) * scale, 1),
        )

    frame = (MARGIN, ABOVE, WIDTH - MARGIN, ABOVE + tall)
    half_width, half_height = inner / 2 / (flat * scale), tall / 2 / scale
    meridians = _lines(middle[0] - half_width, middle[0] + half_width)
    parallels = _lines(middle[1] - half_height, middle[1] + half_height)
    spots = []
    for region, (left, low, right, high) in places.items():
        x, y = place((left + right) / 2, (low + high) / 2)
        spots.append(Spot(region, x, y, (*place(left, high), *place(right, low)), None))
    return RegionMap(
        width=WIDTH,
        height=round(ABOVE + tall + BELOW, 1),
        frame=frame,
        meridians=tuple((place(at, 0)[0], _degrees(at, "E", "W")) for at in meridians),
        parallels=tuple((place(0, at)[1], _degrees(at, "N", "S")) for at in parallels),
        ground=tuple(
            " ".join(_path([place(lon, lat) for lon, lat in ring]) for ring in rings) for rings in outlines
        ),
        spots=tuple(_labelled(spots, frame)),
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Return an outline as a path of SVG, without the points that are less than a pixel from the last one."""
    kept = [points[0]]
    for x, y in points[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= 1:
            kept.append((x, y))
    return f"M{' '.join(f'{x:g},{y:g}' for x, y in kept)}Z"


def _around(places: Sequence[Bounds]) -> Bounds:
    """Return bounds around all places with a little room, never less than a degree."""
    edges = list(zip(*places, strict=True))
    west, south, east, north = min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])
    room_x = max((east - west) * 0.06, (LEAST_DEGREES - (east - west)) / 2)
    room_y = max((north - south) * 0.06, (LEAST_DEGREES - (north - south)) / 2)
    return west - room_x, south - room_y, east + room_x, north + room_y


def _lines(low: float, high: float) -> list[float]:
    """Return round degrees between two, eight at most."""
    step = next((step for step in STEPS if (high - low) / step <= MOST_LINES), STEPS[-1])
    first = math.ceil(low / step)
    return [round(number * step, 1) for number in range(first, math.floor(high / step) + 1)]


def _degrees(at: float, positive: str, negative: str) -> str:
    return f"{abs(at):g}° {positive if at > 0 else negative}" if at else "0°"


def _labelled(spots: list[Spot], frame: Box) -> list[Spot]:
    """Return the spots with a label each that has room beside its dot, the first ones first."""
    taken = [(spot.x - DOT, spot.y - DOT, spot.x + DOT, spot.y + DOT) for spot in spots]
    found = []
    for spot in spots:
        wide = text_width(spot.region, SIZE)
        label = None
        for x, y, anchor in (
            (spot.x + DOT + 4, spot.y + 4, "start"),
            (spot.x - DOT - 4, spot.y + 4, "end"),
            (spot.x, spot.y - DOT - 5, "middle"),
            (spot.x, spot.y + DOT + 13, "middle"),
        ):
            left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
            box = (left, y - LINE + 4, left + wide, y + 4)
            inside = frame[0] < box[0] and box[2] < frame[2] and frame[1] < box[1] and box[3] < frame[3]
            if inside and not any(_meet(box, other) for other in taken):
                label = Label(round(x, 1), round(y, 1), anchor)
                taken.append(box)
                break
        found.append(Spot(spot.region, spot.x, spot.y, spot.box, label))
    return found


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
