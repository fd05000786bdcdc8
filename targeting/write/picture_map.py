"""The map of a picture: tinted tracts, counties, routes, badges, scale bar and north arrow."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.affinity import affine_transform, scale

from targeting.write.map_data import RAMP
from targeting.write.map_geometry import clear_place
from targeting.write.map_tracts import class_breaks, classify
from targeting.write.picture_badges import place_badges
from targeting.write.picture_data import Drawing, Geometries, Shown
from targeting.write.picture_sheet import INK, Sheet, fit, width_of

Box = tuple[float, float, float, float]  # left, bottom, width, height in points
REACHED = (0.0, 0.05, 0.10, 0.20, 0.40)  # lower ends of the classes of a share, the same in every picture
PALEST, FULLEST = 0.17, 0.66  # of a language's colour in its first and last class
QUIETER = 0.65  # of the colours that screens show
DASH_SCALE = 0.5  # of the patterns drawn on screens
ALTERNATE = 7.0  # points of each colour on a route with several languages
BADGE_SIZE, BADGE_HEIGHT, BADGE_PADDING = 6.0, 9.0, 2.2
GREY, QUIET, OUTSIDE = "#7c8187", "#b4b8bc", "#e9ebec"
MILE_KM = 1.609344
ROUND = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Tint:
    """How the tracts are tinted: a colour for each, and the legend of those that occur."""

    colors: list[str]
    legend: list[tuple[str, str]]


def density_tint(drawing: Drawing) -> Tint:
    """Return quiet tints by people of the campaign's languages a square mile."""
    breaks = class_breaks(drawing.density)
    shades = [RAMP[shade] for shade in np.linspace(0, len(RAMP) - 1, len(breaks) + 1).round().astype(int)]
    classes = classify(drawing.density, breaks)
    words = [f"up to {breaks[0]:,g}" if breaks else "some"]
    words += [f"{low:,g} – {high:,g}" for low, high in pairwise(breaks)]
    words += [f"over {breaks[-1]:,g}"] if breaks else []
    colors = [mixed(shades[number - 1], QUIETER) if number else "#ffffff" for number in classes]
    return Tint(
        colors,
        [(mixed(shade, QUIETER), text) for shade, text in zip(shades, words, strict=True)]
        if classes.any()
        else [],
    )


def reach_tint(drawing: Drawing, language: Shown) -> Tint:
    """Return tints of the language's colour by the share of its people who are reached."""
    share = drawing.reached[language.tag]
    shades = [mixed(language.color, part) for part in np.linspace(PALEST, FULLEST, len(REACHED))]
    ends = [*REACHED[1:], 1.0]
    words = [
        f"{'over 0' if not low else f'{low:.0%}'} – {high:.0%}"
        for low, high in zip(REACHED, ends, strict=True)
    ]
    some = np.nan_to_num(share) >= 0.0005  # less is 0.0% in any table
    classes = np.where(some, np.searchsorted(REACHED, np.nan_to_num(share), side="right"), 0)
    colors = [shades[number - 1] if number else "#ffffff" for number in classes]
    occur = [number for number in range(len(shades)) if (classes == number + 1).any()]
    return Tint(colors, [(shades[number], words[number]) for number in occur])


def mixed(color: str, part: float) -> str:
    """Return a colour thinned with white: 1 is the colour itself, 0 is white."""
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * part):02x}" for channel in channels)


class MapFrame:
    """The part of a sheet that holds the map.

    Parameters
    ----------
    sheet : Sheet
    box : (left, bottom, width, height)
        Points.
    view : (west, south, east, north)
        Metres; what must be seen. More is shown where the frame has another form.
    """

    def __init__(self, sheet: Sheet, box: Box, view: tuple[float, float, float, float]) -> None:
        left, bottom, width, height = box
        west, south, east, north = view
        self.sheet, self.outline = sheet, shapely.box(left, bottom, left + width, bottom + height)
        self.points_a_metre = 0.94 * min(width / max(east - west, 500.0), height / max(north - south, 500.0))
        self._dx = left + width / 2 - self.points_a_metre * (west + east) / 2
        self._dy = bottom + height / 2 - self.points_a_metre * (south + north) / 2

    def seen(self, shapes: Geometries) -> Geometries:
        """Return shapes on the sheet, cut at the frame."""
        size = self.points_a_metre
        placed = [affine_transform(shape, (size, 0, 0, size, self._dx, self._dy)) for shape in shapes]
        return np.asarray(shapely.clip_by_rect(np.array(placed, dtype=object), *self.outline.bounds))


def draw_map(sheet: Sheet, box: Box, drawing: Drawing, tint: Tint, only: str | None = None) -> bool:
    """Draw the map into a box of the sheet.

    Parameters
    ----------
    only : str, optional
        Show the routes of this language alone as posted.

    Returns
    -------
    bool
        Whether some of it lies outside the tracts.
    """
    frame = MapFrame(sheet, box, drawing.view)
    tracts = frame.seen(drawing.tracts)
    sheet.areas(frame.outline, fill=OUTSIDE)
    for color in dict.fromkeys(tint.colors):
        sheet.areas(tracts[np.array(tint.colors) == color], fill=color)
    sheet.areas(tracts, edge="#dcdcd8", edge_width=0.25)
    counties = frame.seen(np.array(list(drawing.counties.values()), dtype=object))
    for county in counties:  # an edge of the frame is no border
        sheet.lines(
            shapely.difference(_rings(county), frame.outline.boundary.buffer(0.05)), color=GREY, width=0.8
        )
    lines = frame.seen(drawing.routes["line"].to_numpy())
    hung = [_hung(tags, only) for tags in drawing.routes["languages"]]
    sheet.lines([line for line, tags in zip(lines, hung, strict=True) if not tags], color=QUIET, width=0.55)
    _draw_posted(sheet, lines, hung, drawing)
    taken = _draw_venues(sheet, frame, drawing, only)
    taken += _draw_scale(sheet, box, frame.points_a_metre)
    taken += _name_counties(sheet, frame, counties, lines, drawing, taken)
    _draw_badges(sheet, frame, lines, hung, drawing, taken)
    sheet.areas(frame.outline, edge=GREY, edge_width=0.8)
    return bool(shapely.area(tracts).sum() < 0.99 * frame.outline.area)


def _hung(tags: tuple[str, ...], only: str | None) -> tuple[str, ...]:
    if only is None:
        return tags
    return (only,) if only in tags else ()


def _rings(area: shapely.Geometry) -> shapely.Geometry:
    return shapely.union_all([polygon.boundary for polygon in shapely.get_parts(area) if polygon.area])


def dash_of(language: Shown) -> tuple[float, ...]:
    """Return a language's dash pattern in points."""
    return tuple(DASH_SCALE * length for length in language.dash)


def _draw_posted(sheet: Sheet, lines: Geometries, hung: Sequence[tuple[str, ...]], drawing: Drawing) -> None:
    """Draw routes with posters: white below them all, full lines under broken ones so that both are seen."""
    known = {language.tag: language for language in drawing.languages}
    posted = [number for number, tags in enumerate(hung) if tags]
    sheet.lines(lines[posted], color="#ffffff", width=3.6)
    posted.sort(key=lambda number: (len(hung[number]) > 1, bool(known[hung[number][0]].dash)))
    for number in posted:
        carried = [known[tag] for tag in hung[number]]
        if len(carried) == 1:
            sheet.lines(lines[number], color=carried[0].color, width=2.1, dash=dash_of(carried[0]))
            continue
        sheet.lines(lines[number], color=carried[0].color, width=2.1)
        for place, language in enumerate(carried[1:], 1):
            pattern = (ALTERNATE, ALTERNATE * (len(carried) - 1))
            sheet.lines(
                lines[number], color=language.color, width=2.1, dash=pattern, shift=-ALTERNATE * place
            )  # fmt: skip


def _draw_venues(sheet: Sheet, frame: MapFrame, drawing: Drawing, only: str | None) -> list[shapely.Geometry]:
    """Draw the venues with posters; return where they stand."""
    drawn = []
    known = {language.tag: language for language in drawing.languages}
    for tags, place in drawing.venues[["languages", "place"]].itertuples(index=False):
        carried = _hung(tags, only)
        spot = frame.seen(np.array([place], dtype=object))[0]
        if carried and not spot.is_empty:
            draw_venue(sheet, spot.x, spot.y, known[carried[0]].color)
            drawn.append(spot.buffer(4))
    return drawn


def draw_venue(sheet: Sheet, x: float, y: float, color: str) -> None:
    """Draw the sign of a venue with posters: a diamond."""
    size = 3.6
    corners = [(x - size, y), (x, y + size), (x + size, y), (x, y - size)]
    sheet.areas(shapely.Polygon(corners), fill=color, edge="#ffffff", edge_width=0.8)


def _draw_badges(
    sheet: Sheet, frame: MapFrame, lines: Geometries, hung: Sequence[tuple[str, ...]], drawing: Drawing,
    taken: list[shapely.Geometry],
) -> None:  # fmt: skip
    known = {language.tag: language for language in drawing.languages}
    posted = [number for number, tags in enumerate(hung) if tags]
    names = [fit(drawing.routes["short"].iloc[number], BADGE_SIZE, 40.0, bold=True) for number in posted]
    sizes = [
        (max(width_of(name, BADGE_SIZE, bold=True) + 2 * BADGE_PADDING, BADGE_HEIGHT), BADGE_HEIGHT)
        for name in names
    ]
    boxes = place_badges(list(lines[posted]), sizes, frame.outline.buffer(-3), taken)
    for box, name, number in zip(boxes, names, posted, strict=True):
        if box is None:
            continue
        left, bottom, right, top = box.bounds
        part = (right - left) / len(hung[number])
        for place, tag in enumerate(hung[number]):
            sheet.box(left + place * part, bottom, part, top - bottom, fill=known[tag].color)
        sheet.areas(box, edge="#ffffff", edge_width=0.7)
        sheet.words(
            (left + right) / 2, bottom + 2.3, name, BADGE_SIZE, bold=True, color="#ffffff", align="center"
        )


def _name_counties(
    sheet: Sheet, frame: MapFrame, counties: Geometries, lines: Geometries, drawing: Drawing,
    taken: list[shapely.Geometry],
) -> list[shapely.Geometry]:  # fmt: skip
    """Write county names clear of routes where there is room; return where they stand."""
    streets = [part for part in shapely.get_parts(lines) if part.length]
    written: list[shapely.Geometry] = []
    for county, area in zip(drawing.counties, counties, strict=True):
        name = fit(county.split(",")[0], 7.0, 110.0)
        width = width_of(name, 7.0)
        free = shapely.difference(area, shapely.union_all([*taken, *written]))
        place = None if county.isdigit() else name_place(free, streets, width)
        if place is None:
            continue
        sheet.words(place.x, place.y - 2.5, name, 7.0, color="#5d6368", align="center")
        written.append(
            shapely.box(place.x - width / 2 - 2, place.y - 5, place.x + width / 2 + 2, place.y + 5)
        )
    return written


def name_place(free: shapely.Geometry, streets: list[shapely.Geometry], width: float) -> shapely.Point | None:
    """Return where a name so wide stands farthest from streets and from the border of a free area.

    Parameters
    ----------
    free, streets
        In points of the sheet.
    width : float
        Points.

    Returns
    -------
    Point or None
        The name's middle; None where it has no room.
    """
    squeeze = 8 / (width / 2 + 6)  # so that the name is as wide as high, and keeps off by its size
    inside = scale(free, squeeze, 1, origin=(0, 0)).buffer(-8)
    if inside.area < squeeze or not streets:
        return None
    narrow = shapely.STRtree([scale(street, squeeze, 1, origin=(0, 0)) for street in streets])
    place: shapely.Point = scale(clear_place(inside, narrow), 1 / squeeze, 1, origin=(0, 0))
    return place


def _draw_scale(sheet: Sheet, box: Box, points_a_metre: float) -> list[shapely.Geometry]:
    """Draw scale bars and a north arrow at the lower left; return where they stand."""
    left, bottom = box[0] + 6, box[1] + 6
    bars = []
    for unit, metres in (("km", 1000.0), ("mi", 1000.0 * MILE_KM)):
        length = max((size for size in ROUND if size * metres * points_a_metre <= 90), default=ROUND[0])
        bars.append((f"{length:g} {unit}", length * metres * points_a_metre))
    width = max(length for _, length in bars) + 58
    sheet.box(left, bottom, width, 30, fill="#ffffff", edge=QUIET, edge_width=0.4)
    x, y = left + 26, bottom + 15
    for (name, length), way in zip(bars, (1, -1), strict=True):
        ends = [(x, y + 4 * way), (x, y), (x + length, y), (x + length, y + 4 * way)]
        sheet.lines(shapely.LineString(ends), color=INK, width=0.8)
        sheet.words(x + length + 3, y + (1.5 if way > 0 else -6.5), name, 6.0)
    arrow = [
        (left + 12, bottom + 26),
        (left + 7.5, bottom + 12),
        (left + 12, bottom + 15),
        (left + 16.5, bottom + 12),
    ]
    sheet.areas(shapely.Polygon(arrow), fill=INK)
    sheet.words(left + 12, bottom + 4, "N", 6.5, bold=True, align="center")
    return [shapely.box(left, bottom, left + width, bottom + 30)]
