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

from targeting import moe, reasons
from targeting.certainty import reliability
from targeting.languages import told_apart
from targeting.plan import Plan
from targeting.scores import Scores
from targeting.wording import count, percent
from targeting.write.map_geometry import badge_places, clear_place, one_line_per_street, simplified
from targeting.write.map_hotspots import hot_outlines, hot_tracts, title
from targeting.write.map_style import language_style
from targeting.write.tables import rounded

Geometries = npt.NDArray[np.object_]
RAMP = ("#eee8dd", "#dccfba", "#c3ae90", "#a38a69", "#7d6547")  # no language's colour
SQUARE_MILE = 2_589_988.110336  # in m²
ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


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
        posted routes, `network` of all, and `words` for what was counted. People too few to be
        told are null: they are not in the page at all.
    """
    scores = plan.scores
    crs = scores.tracts.geometry.estimate_utm_crs()
    polygons = scores.tracts.geometry.to_crs(crs).to_numpy()
    drawn = simplified(polygons)
    lines = gpd.GeoSeries(scores.feed.lines, crs=4326).to_crs(crs)
    density = _density(scores, polygons)
    breaks = [class_breaks(density[:, column]) for column in range(density.shape[1])]
    classes = np.column_stack(
        [classify(density[:, column], breaks[column]) for column in range(density.shape[1])]
    )
    posted = lines[lines.index.isin(plan.placements["unit_id"])]
    smallest = scores.campaign.certainty.smallest_count
    hot = hot_tracts(scores)
    return {
        "words": {
            "people": reasons.people_word(scores),
            "vehicles": vehicle_word(scores),
            "modes": mode_words(scores.campaign.region.modes),
            "few": count(smallest / 2, smallest) if smallest else "",
            "hotSpots": title(scores),
            **_meaning(scores),
        },
        "languages": _languages(scores, breaks),
        "groups": _groups(scores, hot, drawn, crs),
        "tracts": _tracts(scores, gpd.GeoSeries(drawn, crs=crs).to_crs(4326), classes, hot),
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


def _meaning(scores: Scores) -> dict[str, str]:
    """Return among which languages one predominates in a tract, and what it takes."""
    placement = scores.campaign.placement
    if placement.area == "hotspot":
        return {
            "among": "languages with a hot spot here",
            "none": "None of the campaign's languages has a hot spot here.",
            "predominates": "Predominates: has the most people of the languages with a hot spot there.",
        }
    rule = f"at least {placement.tract_people:,.0f} people and {placement.tract_share:.1%} of the residents"
    return {
        "among": "campaign's languages",
        "none": f"None of the campaign's languages has {rule} here.",
        "predominates": f"Predominates: has the most people of these languages, and {rule}.",
    }


def told(people: float, smallest: float) -> int | None:
    """Return whole people, None where they are too few to be told (`targeting.wording.count`)."""
    whole = round(people)
    return None if 0 < whole < smallest else whole


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
    keys = [language.column for language in scores.languages]
    square_miles = shapely.area(polygons)[:, None] / SQUARE_MILE
    people = scores.tracts.estimates[keys].to_numpy(float)
    density: npt.NDArray[np.float64] = np.zeros(people.shape)
    np.divide(people, square_miles, out=density, where=square_miles > 0)
    return density


def _languages(scores: Scores, breaks: list[list[float]]) -> list[dict[str, Any]]:
    rows = []
    groups = list(told_apart(scores.languages))
    for position, language in enumerate(scores.languages):
        shades = np.linspace(0, len(RAMP) - 1, len(breaks[position]) + 1).round().astype(int)
        rows.append(
            {
                "tag": language.tag,
                "own": language.own_name,
                "english": language.english_name,
                "measuredAs": language.measured_as,
                "group": groups.index(language.column),
                "breaks": breaks[position],
                "ramp": [RAMP[shade] for shade in shades],
                **language_style(language.tag),
            }
        )
    return rows


def _groups(scores: Scores, hot: pd.DataFrame, drawn: Geometries, crs: Any) -> list[dict[str, Any]]:
    """Return what can predominate in a tract: name, colour of its first language, hot spots."""
    return [
        {
            "name": " or ".join(language.english_name for language in members),
            "color": language_style(members[0].tag)["color"],
            "hot": hot_outlines(hot[column].to_numpy(bool), drawn, crs),
        }
        for column, members in told_apart(scores.languages).items()
    ]


def close_rivals(scores: Scores, hot: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return for each tract the group that its predominant one is not surely larger than, else -1.

    The difference from the largest other passes the 90% test when |A - B| > 1.645 sqrt(SE_A² + SE_B²).
    Where only hot spots count, only the languages that have one in the tract are compared.
    """
    groups = list(told_apart(scores.languages))
    people = scores.tracts.estimates[groups].to_numpy(float)
    error = moe.standard_error(scores.tracts.margins[groups])
    others = people.copy()
    if scores.campaign.placement.area == "hotspot":
        others[~hot[groups].to_numpy(bool)] = -1.0
    lead = np.array([groups.index(key) if key in groups else -1 for key in scores.predominant])
    row = np.arange(len(lead))
    others[row, lead] = -1.0
    rival = others.argmax(axis=1)
    gap = np.abs(people[row, lead] - people[row, rival])
    close = gap <= moe.Z90 * np.hypot(error[row, lead], error[row, rival])
    return np.where((lead >= 0) & (others[row, rival] >= 0) & close, rival, -1)


def _tracts(
    scores: Scores, shapes: gpd.GeoSeries, classes: npt.NDArray[np.int64], hot: pd.DataFrame
) -> dict[str, Any]:
    tracts, certainty = scores.tracts, scores.campaign.certainty
    keys = [language.column for language in scores.languages]
    groups = list(told_apart(scores.languages))
    people = tracts.estimates[keys].to_numpy(float)
    margins = tracts.margins[keys].to_numpy(float)
    sure = reliability(people, margins, certainty.cv_limits)
    rivals = close_rivals(scores, hot)
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
                        told(tracts.population.iloc[row], certainty.smallest_count),
                        round(tracts.population_moe.iloc[row]),
                    ],
                    "people": [told(number, certainty.smallest_count) for number in people[row]],
                    "margins": margins[row].round().astype(int).tolist(),
                    "reliability": "".join(word[0] for word in sure[row]),
                    "classes": classes[row].tolist(),
                    "most": groups.index(most) if most in groups else -1,
                    "rival": int(rivals[row]),
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
    smallest = scores.campaign.certainty.smallest_count
    for row in plan.placements.itertuples(index=False):
        low, high = bounds.loc[(row.unit_id, row.language)]
        posters.setdefault(row.unit_id, []).append(
            {
                "language": positions[row.language],
                "buses": int(row.buses),
                "of": int(row.vehicles),
                "rank": int(scores.assigned.at[row.unit_id, "rank"]),
                "low": told(low, smallest),
                "high": told(high, smallest),
                "largest": percent(row.largest_probability),
                "runnerUp": positions.get(row.runner_up, -1),
                "differs": bool(row.differs),
                "reason": row.reason,
            }
        )
    columns = [language.column for language in scores.languages]
    for route, carried in posters.items():  # the language that it calls for, then the other of a pair
        group = scores.assigned.at[route, "group"]
        carried.sort(key=lambda poster: columns[poster["language"]] != group)
    # people as in routes.csv; percentages to one decimal of the unrounded share
    table["share"], table["share_moe"] = 100 * plan.routes["share"], 100 * plan.routes["share_moe"]
    table["largest_probability"] = plan.routes["largest_probability"]  # "over 99%" before rounding
    figures = table.groupby("route_id", sort=False)
    streets = {route: one_line_per_street(line) for route, line in lines.items()}
    order = [*posters, *(route for route in lines.index if route not in posters)]
    badges = badge_places([streets[route] for route in order])
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
                "figures": _figures(figures.get_group(route), positions, smallest),
                "lines": [
                    [[round(y, 5), round(x, 5)] for x, y in part.coords]
                    for part in shapely.get_parts(drawn.iloc[number])
                ],
                "badge": [round(places.iloc[number].y, 5), round(places.iloc[number].x, 5)],
            }
        )
    return rows


def _figures(
    rows: pd.DataFrame, positions: dict[str, int], smallest: float
) -> list[list[float | str | None]]:
    """Return a route's figures: language, served, margin, percent of residents, its margin, certainty.

    The last two are the probability that the language is the largest, and its reliability.
    """
    return [
        [
            positions[row.language],
            told(row.served, smallest),
            int(row.served_moe),
            *(None if pd.isna(value) else round(float(value), 1) for value in (row.share, row.share_moe)),
            percent(row.largest_probability),
            row.reliability,
        ]
        for row in rows.itertuples(index=False)
    ]


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
            center = clear_place(inside, streets)
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


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def deep(value: Any) -> Any:
        return round(value, 5) if isinstance(value, float) else [deep(item) for item in value]

    return {"type": geometry["type"], "coordinates": deep(geometry["coordinates"])}
