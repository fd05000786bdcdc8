"""Shapes made fit for drawing: one line a street, places for badges and names, fewer points.

For drawing only; no figure depends on anything here.
"""

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]
TRACT_TOLERANCE_M = 12.0
ROUTE_TOLERANCE_M = 8.0
SAME_STREET_M = 45.0  # less than half a short city block, so that one-way pairs stay two


def one_line_per_street(line: shapely.Geometry) -> shapely.Geometry:
    """Return a route's shapes with the two directions on one street drawn once.

    Drawn twice, the dashes of one direction fill the gaps of the other and the pattern is lost.

    Parameters
    ----------
    line : MultiLineString
        In metres.
    """
    parts = shapely.get_parts(line)
    if (shapely.get_num_coordinates(parts) == 2).all():  # straight lines between stops, each once
        return shapely.line_merge(line)
    simple = shapely.simplify(parts, ROUTE_TOLERANCE_M)
    longest_first = simple[np.argsort(-shapely.length(simple), kind="stable")]
    kept = [longest_first[0]]
    for part in longest_first[1:]:
        network = shapely.multilinestrings(kept)
        rest = shapely.get_parts(part.difference(network.buffer(SAME_STREET_M)))
        kept += [_joined(piece, network) for piece in rest if piece.length > 4 * SAME_STREET_M]
    return shapely.multilinestrings(kept)


def _joined(piece: shapely.LineString, network: shapely.Geometry) -> shapely.LineString:
    """Return a branch with its cut ends led back to the line it was cut from."""
    points = list(piece.coords)
    for end in (0, -1):
        link = shapely.shortest_line(shapely.Point(points[end]), network)
        if 0 < link.length <= 1.1 * SAME_STREET_M:
            foot = link.coords[1]
            points = [foot, *points] if end == 0 else [*points, foot]
    return shapely.LineString(points)


def badge_places(lines: list[shapely.Geometry]) -> list[shapely.Point]:
    """Return a place on each line for its number, as far as can be from the numbers before it."""
    placed: list[shapely.Point] = []
    for line in lines:
        main = max(shapely.get_parts(line), key=shapely.length)
        spots = shapely.line_interpolate_point(main, np.linspace(0.1, 0.9, 17), normalized=True)
        if placed:
            room = shapely.distance(spots, shapely.multipoints(placed))
            placed.append(spots[int(np.argmax(room))])
        else:
            placed.append(spots[len(spots) // 2])
    return placed


def clear_place(area: shapely.Geometry, streets: shapely.STRtree) -> shapely.Point:
    """Return the point of an area that is farthest from its border and from every route."""
    return clear_places(area, streets, 1)[0]


def clear_places(area: shapely.Geometry, streets: shapely.STRtree, most: int) -> list[shapely.Point]:
    """Return the points of an area that are farthest from its border and from every route, best first.

    Each is apart from those before it by a sixth of the area's extent.
    """
    west, south, east, north = area.bounds
    x, y = np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    points = np.append(shapely.points(x.ravel(), y.ravel()), area.representative_point())
    points = points[shapely.contains_properly(area, points)]
    to_border = shapely.distance(points, shapely.simplify(area, 100).boundary)
    _, to_street = streets.query_nearest(points, return_distance=True, all_matches=False)
    room = np.minimum(to_border, to_street)
    apart = max(east - west, north - south) / 6
    places: list[shapely.Point] = []
    while len(places) < most and len(points):
        places.append(points[int(np.argmax(room))])
        rest = shapely.distance(points, places[-1]) >= apart
        points, room = points[rest], room[rest]
    return places


def simplified(polygons: Geometries) -> Geometries:
    """Return tract polygons in fewer points; shared borders stay shared where they are now."""
    if shapely.coverage_is_valid(polygons):
        return np.asarray(shapely.coverage_simplify(polygons, TRACT_TOLERANCE_M))
    return polygons
