"""The layer of atoms: the smallest parts in which a plan counts people, to be added up over any area.

An atom is the part of a tract with one set of routes near it. It is drawn as a point, at the cell of it
nearest to its middle: the parts that it is made of lie scattered, and their outlines would promise more
than is known of where people live.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse
import shapely

from targeting.catchment import walking_distances
from targeting.ground import plane
from targeting.plan import Plan
from targeting.reach import Floats
from targeting.write.layer_titles import column_of

WEIGHT_DECIMALS, PEOPLE_DECIMALS = 6, 3


def atom_layer(plan: Plan) -> gpd.GeoDataFrame:
    """Return the atoms with their share of each tract's people, served and reached.

    Returns
    -------
    GeoDataFrame
        One row an atom, by tract: `GEOID`, `county`, `weight` (share of the tract's people), `population`,
        `routes` and `venues` (ids of those near it, "20, 72"), `departures_week` (of all routes near it,
        mean over its cells), and for each language `<tag>_people`, `<tag>_served` (near a unit that
        carries it) and `<tag>_reached`. People are fractions of the tract's estimate, for adding up: empty
        where that itself is too few to be told.
    """
    scores = plan.scores
    tracts, near, smallest = scores.tracts, scores.catchment, scores.campaign.certainty.smallest_count
    cards, audience = plan.posting.by_language, plan.posting.problem.audience
    served = scores.postable.catchment.departures @ (cards > 0).astype(float) > 0
    reached: Floats = np.zeros(served.shape)
    reached[audience.atom] = audience.reached_shares(cards)

    def people(estimates: "pd.Series[float]") -> Floats:
        told = estimates.mask((estimates.round() > 0) & (estimates.round() < smallest)).to_numpy(float)
        return np.asarray(told[near.tract] * near.weight)

    venues = scores.near_venues
    table: dict[str, object] = {
        "GEOID": tracts.names.index[near.tract].astype(str),
        "county": tracts.county.to_numpy()[near.tract],
        "weight": near.weight.round(WEIGHT_DECIMALS),
        "population": people(tracts.population).round(PEOPLE_DECIMALS),
        "routes": _ids(near.departures, near.routes),
        "venues": "" if venues is None else _ids(venues.departures, venues.routes),
        "departures_week": np.asarray(near.departures.sum(axis=1)).ravel().round(1),
    }
    for number, language in enumerate(scores.languages):
        start, everyone = column_of(language.tag), people(tracts.estimates[language.column])
        table |= {
            f"{start}_people": everyone.round(PEOPLE_DECIMALS),
            f"{start}_served": (everyone * served[:, number]).round(PEOPLE_DECIMALS),
            f"{start}_reached": (everyone * reached[:, number]).round(PEOPLE_DECIMALS),
        }
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=_places(plan), crs=4326)


def _ids(departures: scipy.sparse.csr_matrix, names: pd.Index) -> list[str]:
    """Return the ids of the columns that each row has an entry for."""
    known = names.astype(str).to_numpy()
    departures.sort_indices()
    return [
        ", ".join(known[departures.indices[begin:end]])
        for begin, end in zip(departures.indptr[:-1], departures.indptr[1:], strict=True)
    ]


def _places(plan: Plan) -> gpd.GeoSeries:
    """Return where each atom is drawn, EPSG:4326."""
    scores = plan.scores
    tracts, near = scores.tracts, scores.catchment
    crs = plane(scores.feed)  # that of the cells
    xy = near.xy.copy()
    beyond = np.flatnonzero(~np.isfinite(xy[:, 0]))
    if len(beyond):
        shapes = tracts.geometry.iloc[near.tract[beyond]].to_crs(crs).to_numpy()
        xy[beyond] = _away_from_service(plan, shapes, crs)
    return gpd.GeoSeries(shapely.points(xy), crs=crs).to_crs(4326)


def _away_from_service(plan: Plan, tracts: "np.typing.NDArray[np.object_]", crs: object) -> Floats:
    """Return a place in each tract that lies beyond walking distance of every stop and venue.

    Parameters
    ----------
    tracts : ndarray of polygons
        Such as have one, in metres.
    """
    scores, region = plan.scores, plan.scores.campaign.region
    walk_m = walking_distances(
        scores.feed.routes["mode"], bus_walk_m=region.bus_walk_m, rail_walk_m=region.rail_walk_m
    ).max()
    around = [(scores.feed.stops, walk_m)]
    if scores.inputs.venues is not None and scores.campaign.venues is not None:
        around.append((scores.inputs.venues, scores.campaign.venues.walk_m))
    places = np.concatenate(
        [gpd.GeoSeries.from_xy(where["lon"], where["lat"], crs=4326).to_crs(crs) for where, _ in around]
    )
    distance = np.concatenate([np.full(len(where), metres) for where, metres in around])
    left = tracts.copy()
    for tract, place in zip(*shapely.STRtree(tracts).query(places, "dwithin", distance)[::-1], strict=True):
        left[tract] = shapely.difference(left[tract], shapely.buffer(places[place], distance[place]))
    left = np.where(shapely.is_empty(left), tracts, left)
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(left)))
