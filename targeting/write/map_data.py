"""What the map draws: tracts, routes, stops and counties as small numbers, ready for JSON.

Shapes are simplified for drawing; every figure comes from the plan unchanged but for rounding.
"""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting import reasons
from targeting.languages import told_apart
from targeting.plan import Plan, Scores
from targeting.write.map_style import language_style
from targeting.write.tables import rounded

Geometries = npt.NDArray[np.object_]
RAMP = ("#eee8dd", "#dccfba", "#c3ae90", "#a38a69", "#7d6547")  # no language's colour
SQUARE_MILE = 2_589_988.110336  # in m²
ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
TRACT_TOLERANCE_M = 12.0
ROUTE_TOLERANCE_M = 8.0
SAME_STREET_M = 45.0  # less than half a short city block, so that one-way pairs stay two


def map_data(plan: Plan) -> dict[str, Any]:
    """Return everything that the page draws and shows, without a single not-a-number.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict
        `languages`, `tracts` (GeoJSON), `routes` (posted first, in the plan's order), `leftOut`
        (routes of the feeds that the plan does not count), `stops`, `counties`, `bounds` of the
        posted routes, `network` of all, and `words` for what was counted.
    """
    scores = plan.scores
    crs = scores.tracts.geometry.estimate_utm_crs()
    polygons = scores.tracts.geometry.to_crs(crs).to_numpy()
    drawn = _simplified(polygons)
    lines = gpd.GeoSeries(scores.feed.lines, crs=4326).to_crs(crs)
    density = _density(scores, polygons)
    breaks = [class_breaks(density[:, column]) for column in range(density.shape[1])]
    classes = np.column_stack(
        [classify(density[:, column], breaks[column]) for column in range(density.shape[1])]
    )
    posted = lines[lines.index.isin(plan.placements["unit_id"])]
    placement = scores.campaign.placement
    return {
        "words": {
            "people": reasons.people_word(scores),
            "vehicles": vehicle_word(scores),
            "modes": mode_words(scores.campaign.region.modes),
            "rule": f"at least {placement.tract_people:,.0f} people and "
            f"{placement.tract_share:.1%} of the residents",
        },
        "languages": _languages(scores, breaks),
        "groups": _groups(scores),
        "tracts": _tracts(scores, gpd.GeoSeries(drawn, crs=crs).to_crs(4326), classes),
        "routes": _routes(plan, lines),
        "stops": [
            [round(lat, 5), round(lon, 5), name]
            for lat, lon, name in scores.feed.stops[["lat", "lon", "stop_name"]].itertuples(index=False)
        ],
        "counties": _counties(scores, drawn, lines),
        "leftOut": [
            {
                "name": name,
                "short": short,
                "mode": mode.replace("_", " "),
                "counted": mode in scores.campaign.region.modes,
            }
            for name, short, mode in scores.feed.left_out[
                ["route_name", "route_short_name", "mode"]
            ].itertuples(index=False)
        ],
        "bounds": _bounds(posted if len(posted) else lines),
        "network": _bounds(lines),
    }


def _bounds(lines: gpd.GeoSeries) -> list[list[float]]:
    west, south, east, north = lines.to_crs(4326).total_bounds
    return [[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]]


def mode_words(modes: list[str]) -> str:
    """Return "bus", "bus and tram", "bus, tram and rail"."""
    words = [mode.replace("_", " ") for mode in modes]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def vehicle_word(scores: Scores) -> str:
    """Return what carries the posters: "buses", or "vehicles" where other modes are wanted too."""
    return "buses" if set(scores.feed.routes["mode"]) <= {"bus"} else "vehicles"


def class_breaks(density: npt.NDArray[np.float64]) -> list[float]:
    """Return the upper ends of all classes but the last: fifths of the tracts with anyone.

    They are round numbers, set before tracts are classed: the legend's numbers are the real ends.
    """
    some = density[density > 0]
    if not len(some):
        return []
    ends = {_round_number(end) for end in np.quantile(some, [0.2, 0.4, 0.6, 0.8])}
    kept = [0.0]
    for end in sorted(ends):
        if end < some.max() and ((kept[-1] < some) & (some <= end)).any():  # no class is empty
            kept.append(end)
    return kept[1:]


def _round_number(value: float) -> float:
    """Return the nearest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{min(ROUND_STEPS, key=lambda step: abs(step * power - value)) * power:.2g}")


def classify(density: npt.NDArray[np.float64], breaks: list[float]) -> npt.NDArray[np.int64]:
    """Return the class of each tract, from 1; 0 where nobody was counted."""
    classes = np.searchsorted(breaks, density, side="left") + 1
    return np.where(density > 0, classes, 0).astype(np.int64)


def _density(scores: Scores, polygons: Geometries) -> npt.NDArray[np.float64]:
    """Return people per square mile of tract, shape (tracts, languages)."""
    keys = [language.group.key for language in scores.languages]
    square_miles = shapely.area(polygons)[:, None] / SQUARE_MILE
    people = scores.tracts.estimates[keys].to_numpy(float)
    density: npt.NDArray[np.float64] = np.zeros(people.shape)
    np.divide(people, square_miles, out=density, where=square_miles > 0)
    return density


def _languages(scores: Scores, breaks: list[list[float]]) -> list[dict[str, Any]]:
    rows = []
    for position, language in enumerate(scores.languages):
        shades = np.linspace(0, len(RAMP) - 1, len(breaks[position]) + 1).round().astype(int)
        rows.append(
            {
                "tag": language.tag,
                "own": language.own_name,
                "english": language.english_name,
                "measuredAs": language.measured_as,
                "breaks": breaks[position],
                "ramp": [RAMP[shade] for shade in shades],
                **language_style(language.tag),
            }
        )
    return rows


def _groups(scores: Scores) -> list[dict[str, Any]]:
    """Return what can predominate in a tract, each in the colour of its first language."""
    return [
        {
            "name": " or ".join(language.english_name for language in members),
            "color": language_style(members[0].tag)["color"],
        }
        for members in told_apart(scores.languages).values()
    ]


def _tracts(scores: Scores, shapes: gpd.GeoSeries, classes: npt.NDArray[np.int64]) -> dict[str, Any]:
    tracts = scores.tracts
    keys = [language.group.key for language in scores.languages]
    groups = list(told_apart(scores.languages))
    people = tracts.estimates[keys].round().astype(int).to_numpy()
    margins = tracts.margins[keys].round().astype(int).to_numpy()
    features = []
    for row, shape in enumerate(shapes):
        county = tracts.county.iloc[row]
        most = scores.predominant.iloc[row]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "name": tracts.names.iloc[row].removesuffix(f", {county}"),
                    "county": county,
                    "residents": [
                        round(tracts.population.iloc[row]),
                        round(tracts.population_moe.iloc[row]),
                    ],
                    "people": people[row].tolist(),
                    "margins": margins[row].tolist(),
                    "classes": classes[row].tolist(),
                    "most": groups.index(most) if most in groups else -1,
                },
                "geometry": _rounded(shapely.geometry.mapping(shape)),
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _routes(plan: Plan, lines: gpd.GeoSeries) -> list[dict[str, Any]]:
    """Return every route with its lines, posters, reasons and figures by language."""
    scores = plan.scores
    positions = {language.tag: n for n, language in enumerate(scores.languages)}
    table = rounded(plan.routes)
    bounds = table.set_index(["route_id", "language"])[["served_low", "served_high"]]
    posters: dict[str, list[dict[str, Any]]] = {}
    for row in plan.placements.itertuples(index=False):
        low, high = bounds.loc[(row.unit_id, row.language)]
        posters.setdefault(row.unit_id, []).append(
            {
                "language": positions[row.language],
                "buses": int(row.buses),
                "of": int(row.vehicles),
                "rank": int(scores.assigned.at[row.unit_id, "rank"]),
                "low": int(low),
                "high": int(high),
                "reason": row.reason,
            }
        )
    # people as in routes.csv; percentages to one decimal of the unrounded share
    table["share"], table["share_moe"] = 100 * plan.routes["share"], 100 * plan.routes["share_moe"]
    figures = table.groupby("route_id", sort=False)
    streets = {route: one_line_per_street(line) for route, line in lines.items()}
    order = [*posters, *(route for route in lines.index if route not in posters)]
    badges = _badges([streets[route] for route in order])
    places = gpd.GeoSeries(badges, crs=lines.crs).to_crs(4326)
    drawn = gpd.GeoSeries([streets[route] for route in order], crs=lines.crs).to_crs(4326)
    rows = []
    for number, route in enumerate(order):
        info = scores.feed.routes.loc[route]
        rows.append(
            {
                "name": info["route_name"],
                "short": info["route_short_name"] or info["route_name"][:8],
                "mode": info["mode"].replace("_", " "),
                "trips": round(info["departures_week"]),
                "posters": posters.get(route, []),
                "verdict": "" if route in posters else reasons.verdict(scores, route),
                "figures": _figures(figures.get_group(route), positions),
                "lines": [
                    [[round(y, 5), round(x, 5)] for x, y in part.coords]
                    for part in shapely.get_parts(drawn.iloc[number])
                ],
                "badge": [round(places.iloc[number].y, 5), round(places.iloc[number].x, 5)],
            }
        )
    return rows


def _figures(rows: pd.DataFrame, positions: dict[str, int]) -> list[list[float | None]]:
    """Return language, served, margin, percent of residents, its margin, concentration of a route."""
    return [
        [
            positions[row.language],
            int(row.served),
            int(row.served_moe),
            *(
                None if pd.isna(value) else round(float(value), digits)
                for value, digits in ((row.share, 1), (row.share_moe, 1), (row.concentration, 2))
            ),
        ]
        for row in rows.itertuples(index=False)
    ]


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


def _badges(lines: list[shapely.Geometry]) -> list[shapely.Point]:
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


def _counties(scores: Scores, drawn: Geometries, lines: gpd.GeoSeries) -> list[dict[str, Any]]:
    """Return county outlines, and a place clear of routes for the name of those with service."""
    crs, service = lines.crs, shapely.box(*lines.total_bounds)
    streets = shapely.STRtree(shapely.get_parts(lines.simplify(100).to_numpy()))
    rows = []
    for county in sorted(set(scores.tracts.county)):
        whole = shapely.union_all(drawn[(scores.tracts.county == county).to_numpy()])
        inside = shapely.intersection(whole, service)
        outline = gpd.GeoSeries(shapely.get_parts(whole), crs=crs).to_crs(4326).exterior
        label = None
        if inside.area and not county.isdigit():
            center = _clear_place(inside, streets)
            spot = gpd.GeoSeries([center], crs=crs).to_crs(4326).iloc[0]
            label = [round(spot.y, 5), round(spot.x, 5)]
        rows.append(
            {
                "name": county.split(",")[0],
                "label": label,
                "lines": [[[round(y, 5), round(x, 5)] for x, y in ring.coords] for ring in outline],
            }
        )
    return rows


def _clear_place(area: shapely.Geometry, streets: shapely.STRtree) -> shapely.Point:
    """Return the point of an area that is farthest from its border and from every route."""
    west, south, east, north = area.bounds
    x, y = np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    points = np.append(shapely.points(x.ravel(), y.ravel()), area.representative_point())
    points = points[shapely.contains_properly(area, points)]
    to_border = shapely.distance(points, shapely.simplify(area, 100).boundary)
    _, to_street = streets.query_nearest(points, return_distance=True, all_matches=False)
    return points[int(np.argmax(np.minimum(to_border, to_street)))]


def _simplified(polygons: Geometries) -> Geometries:
    """Return tract polygons in fewer points; shared borders stay shared where they are now."""
    if shapely.coverage_is_valid(polygons):
        return np.asarray(shapely.coverage_simplify(polygons, TRACT_TOLERANCE_M))
    return polygons


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def deep(value: Any) -> Any:
        return round(value, 5) if isinstance(value, float) else [deep(item) for item in value]

    return {"type": geometry["type"], "coordinates": deep(geometry["coordinates"])}
