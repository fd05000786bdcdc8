"""What the map draws: tracts, routes, stops and counties as small numbers, ready for JSON.

Shapes are simplified for drawing; every figure comes from the plan unchanged but for rounding.
"""

from typing import Any, Literal

import geopandas as gpd
import numpy as np

from targeting import reasons
from targeting.cache import Cache
from targeting.ground import plane
from targeting.languages import told_apart
from targeting.plan import Plan
from targeting.scores import Scores
from targeting.wording import count
from targeting.write.map_ground import derive_ground
from targeting.write.map_hotspots import hot_tracts, title
from targeting.write.map_posters import UNIT_ONE, UNIT_WORDS, posted_routes, unit_rows
from targeting.write.map_routes import (
    place_names,
    placement_places,
    route_rows,
    stop_columns,
    venue_rows,
)
from targeting.write.map_style import language_style
from targeting.write.map_tracts import class_breaks, classify, densities, tract_columns

Audience = Literal["staff", "public"]
RAMP = ("#eee8dd", "#dccfba", "#c3ae90", "#a38a69", "#7d6547")  # no language's colour


def map_data(plan: Plan, audience: Audience = "staff", cache: Cache | None = None) -> dict[str, Any]:
    """Return everything that the page draws and shows, without a single not-a-number.

    Parameters
    ----------
    plan : Plan
    audience : {"staff", "public"}
        For the public nothing that was made from counts of people is in it, but the posters.
    cache : Cache, optional
        Of grounds that were drawn before.

    Returns
    -------
    dict
        `languages`, `topology` (TopoJSON of counties, and for staff of tracts), `tracts` (their figures,
        column by column), `water` (areas, in steps) where given,
        `routes` (posted first, in the plan's order), `units` (families or garages with posters, where cards
        are ordered for these), `placements` (which routes or
        venue each row of the table is), `venues`, `leftOut` (routes of the feeds that the plan does not
        count), `stops`, `places` (names of busy stops), `counties`, `bounds` of the posted routes,
        `network` of all, and `words` for what was counted. People too few to be told are null: they
        are not in the page at all.
    """
    scores, public = plan.scores, audience == "public"
    crs = plane(scores.feed)
    ground = derive_ground(cache, scores.feed, scores.tracts, scores.inputs.water, public=public)
    names = sorted(set(scores.tracts.county))
    lines = gpd.GeoSeries(scores.feed.lines, crs=4326).to_crs(crs)
    posted = lines[lines.index.isin(posted_routes(plan))]
    data: dict[str, Any] = {
        "audience": audience,
        "words": {
            "vehicles": vehicle_word(scores),
            "modes": mode_words(scores.campaign.region.modes),
            "unit": UNIT_ONE[scores.units.kind],
            "units": UNIT_WORDS[scores.units.kind],
            **({} if public else _words(plan)),
        },
        "languages": _languages(scores),
        "groups": [
            {"name": _either(members), "color": language_style(members[0].tag)["color"]}
            for members in told_apart(scores.languages).values()
        ],
        "routes": route_rows(plan, ground.streets, public=public),
        "units": unit_rows(plan, public=public),
        "placements": placement_places(plan),
        "venues": venue_rows(plan, public=public),
        "stops": stop_columns(plan),
        "places": place_names(plan),
        "counties": [
            {"name": county.split(",")[0], "spots": spots}
            for county, spots in zip(names, ground.spots, strict=True)
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
    if ground.water is not None:
        data["water"] = ground.water
    if not public:
        density = densities(scores, scores.tracts.geometry.to_crs(crs).to_numpy())
        breaks = [class_breaks(density[:, column]) for column in range(density.shape[1])]
        classes = np.column_stack([classify(density[:, at], ends) for at, ends in enumerate(breaks)])
        data["tracts"] = tract_columns(scores, classes, hot_tracts(scores), names)
        for language, ends in zip(data["languages"], breaks, strict=True):
            shades = np.linspace(0, len(RAMP) - 1, len(ends) + 1).round().astype(int)
            language |= {"breaks": ends, "ramp": [RAMP[shade] for shade in shades]}
    return data | {"topology": ground.topology}


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


def _bounds(lines: gpd.GeoSeries) -> list[list[float]]:
    west, south, east, north = lines.to_crs(4326).total_bounds
    return [[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]]
