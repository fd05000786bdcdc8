"""The layers of a plan, `plan.gpkg`: routes, tracts, stops, venues, atoms, hot spots (EPSG:4326).

Shapes are those of the inputs, not simplified. Route lines are for drawing: who is served is decided by
stops. A tract's estimate below `certainty.smallest_count` is left empty, as a layer of single tracts is
where a handful of people must not look exact.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.certainty import reliability
from targeting.hotspots import hotspot_rows
from targeting.languages import told_apart
from targeting.plan import Plan
from targeting.reached import near_by_tract, reached_by_tract
from targeting.scores import Scores
from targeting.tracts import Tracts
from targeting.write.atom_layer import atom_layer
from targeting.write.gis import write_layer, write_styles, write_titles
from targeting.write.layer_styles import styles_of
from targeting.write.layer_titles import column_of, titles_of
from targeting.write.map_posters import own_routes
from targeting.write.map_tracts import densities

SHARE_DECIMALS = 4
GI_DECIMALS = 3
SHAPES = {
    "routes": "MultiLineString", "tracts": "MultiPolygon", "stops": "Point", "venues": "Point",
    "atoms": "Point", "hot_spots": "MultiPolygon",
}  # fmt: skip


def plan_gpkg(path: Path, plan: Plan) -> None:
    """Write the layers of a plan: the same bytes for the same plan.

    Parameters
    ----------
    path : Path
        Must not exist.
    plan : Plan

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    scores = plan.scores
    layers = plan_layers(plan)
    for name, layer in layers.items():
        write_layer(layer, path, name, SHAPES[name])
    write_titles(path, {name: titles_of(name, scores.languages) for name in layers})
    write_styles(path, styles_of(layers, scores.languages))


def plan_layers(plan: Plan) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a plan by name, venues only where the campaign has any."""
    venues = plan.scores.inputs.venues
    return {
        "routes": route_layer(plan),
        "tracts": tract_layer(plan),
        "stops": stop_layer(plan),
        **({} if venues is None else {"venues": venue_layer(plan, venues)}),
        "atoms": atom_layer(plan),
        "hot_spots": hot_spot_layer(plan),
    }


def route_layer(plan: Plan) -> gpd.GeoDataFrame:
    """Return the routes with what hangs on them.

    Returns
    -------
    GeoDataFrame
        One row a route in the feed's order: `route_id`, `route_name`, `route_short_name`, `mode`,
        `departures_week` (trips, both directions), `vehicles`, `languages` (tags of what hangs there, most
        buses first, "es, vi"), `buses` (that carry them). Routes of one unit share its languages and buses;
        a route whose own garage gets no card has none, though buses of others may pass there.
    """
    scores, routes = plan.scores, plan.scores.feed.routes
    hung: dict[str, dict[str, int]] = {}
    for unit, tag, buses in plan.placements[["unit_id", "language", "buses"]].itertuples(index=False):
        for route in own_routes(plan, unit):
            carried = hung.setdefault(route, {})
            carried[tag] = carried.get(tag, 0) + int(buses)
    carried_by = [hung.get(route, {}) for route in routes.index]
    table = pd.DataFrame(
        {
            "route_id": routes.index.astype(str),
            **{name: routes[name].to_numpy() for name in ("route_name", "route_short_name", "mode")},
            "departures_week": routes["departures_week"].round().astype("int64").to_numpy(),
            "vehicles": scores.vehicles.loc[routes.index].astype("int64").to_numpy(),
            "languages": [", ".join(sorted(buses, key=lambda tag: -buses[tag])) for buses in carried_by],
            "buses": [sum(buses.values()) for buses in carried_by],
        }
    )
    return gpd.GeoDataFrame(table, geometry=scores.feed.lines.loc[routes.index].to_numpy(), crs=4326)


def tract_layer(plan: Plan) -> gpd.GeoDataFrame:
    """Return the tracts with their people, and the shares of them that the plan serves and reaches.

    Returns
    -------
    GeoDataFrame
        One row a tract by GEOID: `GEOID`, `name`, `county`, `population` (5 years and over),
        `population_moe`, `density` (people of all the languages per square mile), and for each language
        `<tag>_estimate` (empty where too few to be told), `<tag>_moe`, `<tag>_reliability`,
        `<tag>_share_served` and `<tag>_share_reached`.
    """
    scores, tracts = plan.scores, plan.scores.tracts
    limits, smallest = scores.campaign.certainty.cv_limits, scores.campaign.certainty.smallest_count
    cards = plan.posting.by_language
    near = near_by_tract(scores.postable.catchment, cards)
    reached = reached_by_tract(plan.posting.problem.audience, cards, len(tracts.names))
    columns = {
        "GEOID": tracts.names.index.astype(str),
        "name": tracts.names.to_numpy(),
        "county": tracts.county.to_numpy(),
        "population": _whole(tracts.population, smallest),
        "population_moe": tracts.population_moe.round().astype("int64").to_numpy(),
        "density": _density(scores),
    }
    for number, language in enumerate(scores.languages):
        people, margin = tracts.estimates[language.column], _margins(tracts, language.column)
        start = column_of(language.tag)
        columns |= {
            f"{start}_estimate": _whole(people, smallest),
            f"{start}_moe": margin.round().astype("int64").to_numpy(),
            f"{start}_reliability": reliability(people, margin, limits),
            f"{start}_share_served": near[number].round(SHARE_DECIMALS),
            f"{start}_share_reached": reached[number].round(SHARE_DECIMALS),
        }
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=tracts.geometry.to_numpy(), crs=4326)


def stop_layer(plan: Plan) -> gpd.GeoDataFrame:
    """Return the stops: `stop_id`, `stop_name`, `departures_week` of all routes together."""
    feed = plan.scores.feed
    departures = feed.departures.groupby("stop_id")["departures_week"].sum()
    table = pd.DataFrame(
        {
            "stop_id": feed.stops.index.astype(str),
            "stop_name": feed.stops["stop_name"].to_numpy(),
            "departures_week": departures.reindex(feed.stops.index, fill_value=0.0)
            .round()
            .astype("int64")
            .to_numpy(),
        }
    )
    return _points(table, feed.stops)


def venue_layer(plan: Plan, venues: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the venues: `venue_id`, `name`, `kind`, `slots`, `languages` and `cards` that hang there."""
    hung = plan.placements[plan.placements["unit"] == "venue"].groupby("unit_id", sort=False)
    tags, cards = hung["language"].agg(", ".join), hung["cards"].sum()
    table = pd.DataFrame(
        {
            "venue_id": venues.index.astype(str),
            **{name: venues[name].to_numpy() for name in ("name", "kind", "slots")},
            "languages": tags.reindex(venues.index, fill_value="").to_numpy(),
            "cards": cards.reindex(venues.index, fill_value=0).astype("int64").to_numpy(),
        }
    )
    return _points(table, venues)


def hot_spot_layer(plan: Plan) -> gpd.GeoDataFrame:
    """Return the tracts where a language concentrates, one row a language and tract.

    Returns
    -------
    GeoDataFrame
        Columns of `hotspot_rows` for the hot tracts; people too few to be told are empty.
    """
    scores, tracts = plan.scores, plan.scores.tracts
    rows = hotspot_rows(tracts, scores.languages, scores.hotspots)
    rows = rows[rows["hot"]].drop(columns="hot").reset_index(drop=True)
    place = tracts.names.index.get_indexer(rows["GEOID"])
    margins = np.column_stack([_margins(tracts, language.column) for language in scores.languages])
    column = pd.Index([language.tag for language in scores.languages]).get_indexer(rows["language"])
    gi = [name for name in rows if name.startswith("gi_")]
    rows = rows.assign(
        people=_whole(rows["people"], scores.campaign.certainty.smallest_count),
        people_moe=margins[place, column].round().astype("int64"),
        **{name: rows[name].round(GI_DECIMALS) for name in gi},
    )
    return gpd.GeoDataFrame(rows, geometry=tracts.geometry.to_numpy()[place], crs=4326)


def _density(scores: Scores) -> "np.ndarray":
    """Return people a square mile, shape (tracts,); languages of one group are the same people."""
    shapes = scores.tracts.geometry
    by_language = densities(scores, shapes.to_crs(scores.tracts.zone).to_numpy())
    first = [scores.languages.index(members[0]) for members in told_apart(scores.languages).values()]
    return np.asarray(by_language[:, first].sum(axis=1).round(1))


def _margins(tracts: Tracts, key: str) -> "pd.Series[float]":
    """Return the 90% margins of a group's estimates, that of splitting it included."""
    margins = tracts.margins[key]
    return margins if tracts.split_margins is None else np.hypot(margins, tracts.split_margins[key])


def _points(table: pd.DataFrame, places: pd.DataFrame) -> gpd.GeoDataFrame:
    shapes = gpd.points_from_xy(places["lon"], places["lat"])
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def _whole(people: "pd.Series[float]", smallest: float) -> "pd.api.extensions.ExtensionArray":
    """Return whole people, empty where they are too few to be told."""
    whole = people.round()
    return whole.mask((whole > 0) & (whole < smallest)).astype("Int64").array
