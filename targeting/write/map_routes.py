"""The routes, stops and venues as the map draws them, with what hangs there and why."""

import re
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting import reasons
from targeting.plan import Plan
from targeting.wording import percent
from targeting.write.map_geometry import badge_places
from targeting.write.map_posters import own_routes, positions, posters_of_routes, route_order, told_poster
from targeting.write.map_topology import STEPS, steps
from targeting.write.map_tracts import told
from targeting.write.tables import rounded

PLACES = 12  # stops whose names say where on the ground one is
NUMBER = re.compile("0|[1-9][0-9]{0,14}")  # that a script reads and writes as it stands
APART = 0.11  # of the network's extent: the least distance between two of them
NO_PLACE = r"(?i)^\s*\d+\s+block\b|\bdrop[\s-]*off\b"  # house numbers; stops where nobody boards
CENTRE = r"(?i)\b(?:transit|bus)\s+(?:center|centre|station|terminal|hub|plaza)\b|\bTC$"


def route_rows(plan: Plan, streets: gpd.GeoSeries, *, public: bool) -> list[dict[str, Any]]:
    """Return every route with its lines and posters; unless public with reasons and figures too.

    Parameters
    ----------
    streets : GeoSeries
        The lines of all routes, each street once, in metres.
    """
    scores, order = plan.scores, route_order(plan)
    streets = streets[order]
    badges = gpd.GeoSeries(badge_places(list(streets)), crs=streets.crs).to_crs(4326)
    places = zip(badges.y.tolist(), badges.x.tolist(), strict=True)
    posters = posters_of_routes(plan, public=public)
    figures = {} if public else _figures(plan)
    away = plan.vehicles.set_index("route_id")[["elsewhere", "elsewhere_routes", "garage"]].to_dict("index")
    known = scores.feed.routes[["route_name", "route_short_name", "mode", "departures_week"]].to_dict("index")
    rows = []
    for route, street, place in zip(order, streets.to_crs(4326), places, strict=True):
        info = known[route]
        row = {
            "name": info["route_name"],
            "short": info["route_short_name"] or info["route_name"][:8],
            "mode": info["mode"].replace("_", " "),
            "trips": round(info["departures_week"]),
            "posters": posters.get(route, []),
            "lines": steps(street),
            "badge": [round(degrees, 5) for degrees in place],
        }
        if not public:
            goes = away.get(route, {"elsewhere": np.nan, "elsewhere_routes": "", "garage": ""})
            elsewhere = goes["elsewhere"]
            row |= {
                "verdict": "" if route in posters else reasons.verdict(scores, route),
                "figures": figures[route],
                "elsewhere": "" if pd.isna(elsewhere) or elsewhere < 0.005 else percent(elsewhere),
                "elsewhereRoutes": goes["elsewhere_routes"],
                "garage": goes["garage"],
            }
        rows.append(row)
    return rows


def placement_places(plan: Plan) -> list[dict[str, Any]]:
    """Return where on the map each row of the placements is: its routes and unit of several, or its venue."""
    position = {route: number for number, route in enumerate(route_order(plan))}
    languages = positions(plan)
    units = list(dict.fromkeys(plan.placements.loc[plan.placements["unit"] != "venue", "unit_id"]))
    named = plan.scores.units.kind != "route"
    venues = {venue: number for number, venue in enumerate(_hung(plan)["unit_id"].unique())}
    return [
        {"venue": venues[row.unit_id], "language": languages[row.language]}
        if row.unit == "venue"
        else {
            "routes": [position[route] for route in own_routes(plan, row.unit_id)],
            "language": languages[row.language],
            **({"unit": units.index(row.unit_id)} if named else {}),
        }
        for row in plan.placements.itertuples(index=False)
    ]


def venue_rows(plan: Plan, *, public: bool) -> list[dict[str, Any]]:
    """Return the venues with posters: place, name, languages, and unless public whom they serve and why."""
    venues, languages = plan.scores.inputs.venues, positions(plan)
    if venues is None:
        return []
    rows = []
    for venue, hung in _hung(plan).groupby("unit_id", sort=False):
        posters = []
        for row in hung.itertuples(index=False):
            poster = {"language": languages[row.language], "cards": int(row.cards)}
            posters.append(poster if public else poster | told_poster(plan, row))
        rows.append(
            {
                "at": [round(venues.at[venue, "lat"], 5), round(venues.at[venue, "lon"], 5)],
                "name": hung["unit_name"].iloc[0],
                "kind": venues.at[venue, "kind"],
                "posters": posters,
            }
        )
    return rows


def stop_columns(plan: Plan) -> dict[str, Any]:
    """Return the stops: `names`, each once; `name`, a position in them; `at`, steps; `routes`, positions.

    `ids` are their stop_ids, as numbers where they are written as one.
    """
    feed = plan.scores.feed
    called = feed.stops["stop_name"].tolist()
    names = {name: number for number, name in enumerate(dict.fromkeys(called))}
    position = {route: number for number, route in enumerate(route_order(plan))}
    here = feed.stops.index.get_indexer(feed.departures["stop_id"])
    passing = feed.departures["route_id"].map(position).to_numpy(float)
    known = passing >= 0
    # each pair as one number, which sorts faster
    met = np.unique(here[known] * len(position) + passing[known].astype(int))
    stop, route = np.divmod(met, len(position))
    calls, ends = route.tolist(), np.searchsorted(stop, np.arange(len(feed.stops) + 1)).tolist()
    points = np.round(feed.stops[["lat", "lon"]].to_numpy(float) * STEPS).astype(int)
    return {
        "names": list(names),
        "name": [names[name] for name in called],
        "ids": [int(stop) if NUMBER.fullmatch(stop) else stop for stop in feed.stops.index],
        "at": np.diff(points, axis=0, prepend=0).ravel().tolist(),
        "routes": [calls[begin:end] for begin, end in pairwise(ends)],
    }


def place_names(plan: Plan) -> list[list[Any]]:
    """Return stops far from one another: [latitude, longitude, name].

    Transit centers where several routes meet come first, then other stops, those of most routes first. None
    is called by a block number, or one where riders only get off.
    """
    feed = plan.scores.feed
    # a transit centre has one stop a bay
    centres = feed.stops.groupby("stop_name").agg({"lat": "median", "lon": "median"})
    calls = feed.departures.groupby(feed.departures["stop_id"].map(feed.stops["stop_name"]))
    centres = centres.assign(routes=calls["route_id"].nunique(), calls=calls["departures_week"].sum())
    centres = centres.fillna(0)[~centres.index.str.contains(NO_PLACE)]
    meeting = centres.index.str.contains(CENTRE) & (centres["routes"] > 1)
    centres = centres.assign(meeting=meeting).sort_values(
        ["meeting", "routes", "calls"], ascending=False, kind="stable"
    )
    flat = np.cos(np.radians(centres["lat"].median()))
    xy = np.column_stack([centres["lon"] * flat, centres["lat"]])
    least = APART * float(np.hypot(*(xy.max(axis=0) - xy.min(axis=0)))) if len(xy) else 0.0
    kept: list[int] = []
    for row, point in enumerate(xy):
        if all(np.hypot(*(point - xy[other])) >= least for other in kept):
            kept.append(row)
        if len(kept) == PLACES:
            break
    return [
        [round(lat, 5), round(lon, 5), name]
        for name, lat, lon in centres.iloc[kept][["lat", "lon"]].itertuples()
    ]


def _hung(plan: Plan) -> pd.DataFrame:
    return plan.placements[plan.placements["unit"] == "venue"]


def _figures(plan: Plan) -> dict[str, list[list[float | str | None]]]:
    """Return each route's figures by language, as `routes.csv` has them.

    Language, served, margin, percent of residents, its margin, probability that the language is the
    largest, and the reliability of the figure.
    """
    languages, smallest = positions(plan), plan.scores.campaign.certainty.smallest_count
    table = rounded(plan.routes)
    # percentages to one decimal of the unrounded share, and "over 99%" before rounding
    table["share"], table["share_moe"] = 100 * plan.routes["share"], 100 * plan.routes["share_moe"]
    table["largest_probability"] = plan.routes["largest_probability"]
    columns = [
        "route_id", "language", "served", "served_moe", "share", "share_moe", "largest_probability",
        "reliability",
    ]  # fmt: skip
    figures: dict[str, list[list[float | str | None]]] = {}
    for route, language, served, margin, share, share_moe, largest, reliability in zip(
        *(table[column].tolist() for column in columns), strict=True
    ):
        shares = (None if pd.isna(value) else round(value, 1) for value in (share, share_moe))
        figures.setdefault(route, []).append(
            [
                languages[language],
                told(served, smallest),
                int(margin),
                *shares,
                percent(largest),
                reliability,
            ]
        )
    return figures
