"""What the map draws: tracts, routes, stops and counties as small numbers, ready for JSON.

Shapes are simplified for drawing; every figure comes from the plan unchanged but for rounding.
"""

from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import scale

from targeting import reasons
from targeting.ground import plane
from targeting.languages import told_apart
from targeting.plan import Plan
from targeting.scores import Scores
from targeting.wording import count
from targeting.write.map_geometry import clear_places, simplified
from targeting.write.map_hotspots import hot_tracts, title
from targeting.write.map_routes import (
    place_names,
    placement_places,
    posted_routes,
    route_rows,
    stop_columns,
    venue_rows,
)
from targeting.write.map_style import language_style
from targeting.write.map_topology import steps, topology
from targeting.write.map_tracts import class_breaks, classify, densities, tract_columns

Audience = Literal["staff", "public"]
Geometries = npt.NDArray[np.object_]
WATER_TOLERANCE_M = 25.0
POND_M2 = 50_000.0
NAME_SQUEEZE = 1 / 4  # a name is wide and low: it needs more room beside than above it
SPOTS = 8  # for the name of a county, of which the page takes the first that nothing covers
RAMP = ("#eee8dd", "#dccfba", "#c3ae90", "#a38a69", "#7d6547")  # no language's colour


def map_data(plan: Plan, audience: Audience = "staff") -> dict[str, Any]:
    """Return everything that the page draws and shows, without a single not-a-number.

    Parameters
    ----------
    plan : Plan
    audience : {"staff", "public"}
        For the public nothing that was made from counts of people is in it, but the posters.

    Returns
    -------
    dict
        `languages`, `topology` (TopoJSON of counties, and for staff of tracts), `tracts` (their figures,
        column by column), `water` (areas, in steps) where given,
        `routes` (posted first, in the plan's order), `placements` (which routes or
        venue each row of the table is), `venues`, `leftOut` (routes of the feeds that the plan does not
        count), `stops`, `places` (names of busy stops), `counties`, `bounds` of the posted routes,
        `network` of all, and `words` for what was counted. People too few to be told are null: they
        are not in the page at all.
    """
    scores, public = plan.scores, audience == "public"
    crs = plane(scores.feed)
    polygons = scores.tracts.geometry.to_crs(crs).to_numpy()
    drawn = simplified(polygons)
    names = sorted(set(scores.tracts.county))
    whole = [_joined(drawn[(scores.tracts.county == county).to_numpy()]) for county in names]
    lines = gpd.GeoSeries(scores.feed.lines, crs=4326).to_crs(crs)
    posted = lines[lines.index.isin(posted_routes(plan))]
    shapes = {"counties": np.array(whole, dtype=object)}
    data: dict[str, Any] = {
        "audience": audience,
        "words": {
            "vehicles": vehicle_word(scores),
            "modes": mode_words(scores.campaign.region.modes),
            **({} if public else _words(plan)),
        },
        "languages": _languages(scores),
        "groups": [
            {"name": _either(members), "color": language_style(members[0].tag)["color"]}
            for members in told_apart(scores.languages).values()
        ],
        "routes": route_rows(plan, lines, public=public),
        "placements": placement_places(plan),
        "venues": venue_rows(plan, public=public),
        "stops": stop_columns(plan),
        "places": place_names(plan),
        "counties": [
            {"name": county.split(",")[0], "spots": spots}
            for county, spots in zip(names, _county_spots(names, whole, lines), strict=True)
        ],
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
    if scores.inputs.water is not None:
        data["water"] = _water(scores.inputs.water.to_crs(crs), whole)
    if not public:
        shapes["tracts"] = drawn
        density = densities(scores, polygons)
        breaks = [class_breaks(density[:, column]) for column in range(density.shape[1])]
        classes = np.column_stack([classify(density[:, at], ends) for at, ends in enumerate(breaks)])
        data["tracts"] = tract_columns(scores, classes, hot_tracts(scores), names)
        for language, ends in zip(data["languages"], breaks, strict=True):
            shades = np.linspace(0, len(RAMP) - 1, len(ends) + 1).round().astype(int)
            language |= {"breaks": ends, "ramp": [RAMP[shade] for shade in shades]}
    return data | {"topology": topology(shapes, crs)}


def ranked_by(plan: Plan) -> str:
    """Return what the rank of a placement goes by."""
    if plan.posting.solution is None:
        return "Rank by people × departures."
    return "Rank by people whom nothing else of the plan reaches."


def mode_words(modes: list[str]) -> str:
    """Return "bus", "bus and tram", "bus, tram and rail"."""
    words = [mode.replace("_", " ") for mode in modes]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def vehicle_word(scores: Scores) -> str:
    """Return what carries the posters: "buses", or "vehicles" where other modes are wanted too."""
    return "buses" if set(scores.feed.routes["mode"]) <= {"bus"} else "vehicles"


def _words(plan: Plan) -> dict[str, str]:
    """Return the words for what was counted, and for what predominates in a tract and what it takes."""
    scores = plan.scores
    smallest, placement = scores.campaign.certainty.smallest_count, scores.campaign.placement
    words = {
        "people": reasons.people_word(scores),
        "few": count(smallest / 2, smallest) if smallest else "",
        "hotSpots": title(scores),
        "ranked": ranked_by(plan),
    }
    if placement.area == "hotspot":
        return words | {
            "among": "languages with a hot spot here",
            "none": "None of the campaign's languages has a hot spot here.",
            "predominates": "Predominates: has the most people of the languages with a hot spot there.",
        }
    rule = f"at least {placement.tract_people:,.0f} people and {placement.tract_share:.1%} of the residents"
    return words | {
        "among": "campaign's languages",
        "none": f"None of the campaign's languages has {rule} here.",
        "predominates": f"Predominates: has the most people of these languages, and {rule}.",
    }


def _languages(scores: Scores) -> list[dict[str, Any]]:
    groups = list(told_apart(scores.languages))
    return [
        {
            "tag": language.tag,
            "own": language.own_name,
            "english": language.english_name,
            "measuredAs": language.measured_as,
            "group": groups.index(language.column),
            **language_style(language.tag),
        }
        for language in scores.languages
    ]


def _either(members: Any) -> str:
    return " or ".join(language.english_name for language in members)


def _joined(tracts: Geometries) -> shapely.Geometry:
    """Return the union of tracts with all the points of its border, as the tracts have them."""
    if shapely.coverage_is_valid(tracts):
        return shapely.coverage_union_all(tracts)
    return shapely.union_all(tracts)


def _bounds(lines: gpd.GeoSeries) -> list[list[float]]:
    west, south, east, north = lines.to_crs(4326).total_bounds
    return [[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]]


def _water(areas: gpd.GeoSeries, counties: list[shapely.Geometry]) -> list[list[list[int]]]:
    """Return the rings of the water in and about the counties, part by part; ponds are left out."""
    ground = shapely.box(*shapely.total_bounds(np.array(counties, dtype=object)))
    polygons = areas[areas.geom_type.isin(("Polygon", "MultiPolygon"))].make_valid().to_numpy()
    wet = shapely.simplify(shapely.intersection(shapely.union_all(polygons), ground), WATER_TOLERANCE_M)
    parts = [part for part in shapely.get_parts(wet) if part.area > POND_M2]
    drawn = gpd.GeoSeries(parts, crs=areas.crs).to_crs(4326)
    return [[steps(ring)[0] for ring in shapely.get_rings(part)] for part in drawn]


def _county_spots(
    names: list[str], whole: list[shapely.Geometry], lines: gpd.GeoSeries
) -> list[list[list[float]]]:
    """Return places clear of routes for the name of every county with service, the clearest first."""
    service = scale(shapely.box(*lines.total_bounds), NAME_SQUEEZE, 1, origin=(0, 0))
    streets = scale(
        shapely.geometrycollections(lines.simplify(100).to_numpy()), NAME_SQUEEZE, 1, origin=(0, 0)
    )
    tree = shapely.STRtree(shapely.get_parts(streets))
    found: list[list[list[float]]] = []
    for name, county in zip(names, whole, strict=True):
        inside = shapely.intersection(scale(county, NAME_SQUEEZE, 1, origin=(0, 0)), service)
        spots = [] if name.isdigit() or not inside.area else clear_places(inside, tree, SPOTS)
        wide = [scale(spot, 1 / NAME_SQUEEZE, 1, origin=(0, 0)) for spot in spots]
        places = gpd.GeoSeries(wide, crs=lines.crs).to_crs(4326)
        found.append([[round(spot.y, 5), round(spot.x, 5)] for spot in places])
    return found
