"""The ground: stops, tracts and population points on one plane in metres.

A local projection (UTM) serves; a feed and tracts of different places are refused here, before they
make an empty plan.
"""

from dataclasses import replace
from functools import partial

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.catchment import Catchment, make_catchment, walking_distances
from targeting.cells import grid_cells, point_cells
from targeting.errors import TractError
from targeting.feed import Feed
from targeting.notices import Notices
from targeting.tracts import Tracts


def find_catchment(
    feed: Feed,
    tracts: Tracts,
    points: pd.DataFrame | None,
    *,
    bus_walk_m: float,
    rail_walk_m: float,
    notices: Notices,
) -> Catchment:
    """Return the catchments of the feed's routes over the tracts.

    Parameters
    ----------
    feed : Feed
    tracts : Tracts
    points : DataFrame or None
        Population points of `targeting.tracts.read_points`; None to spread people by area.
    bus_walk_m, rail_walk_m : float
        Walking distance to stops of buses and coaches, and of everything else, metres.
    notices : Notices

    Raises
    ------
    TractError
        When no stop is within walking distance of any tract.
    """
    walk_m = walking_distances(feed.routes["mode"], bus_walk_m=bus_walk_m, rail_walk_m=rail_walk_m)
    crs = tracts.geometry.estimate_utm_crs()
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    stops = _metres(feed.stops["lon"], feed.stops["lat"], crs)
    _refuse_apart(stops, feed, tracts, polygons, walk_m, notices)
    by_area = grid_cells(polygons, stops, float(walk_m.max()))
    departures = feed.departures
    catchment_of = partial(
        make_catchment,
        polygons=polygons,
        stops_xy=stops,
        stop=feed.stops.index.get_indexer(departures["stop_id"]).astype(np.int64),
        route=feed.routes.index.get_indexer(departures["route_id"]).astype(np.int64),
        direction=departures["direction_id"].to_numpy(np.int64),
        # a trip that calls twice at a stop, as loops do, is one bus passing
        departures=departures[["departures_week", "trips_week"]].min(axis=1).to_numpy(float),
        routes=feed.routes.index,
        walk_m=walk_m,
    )
    if points is None:
        return catchment_of(by_area)
    by_points = point_cells(points, _metres(points["lon"], points["lat"], crs), by_area)
    return replace(catchment_of(by_points), share_by_area=catchment_of(by_area).share())


def _metres(lon: "pd.Series[float]", lat: "pd.Series[float]", crs: object) -> npt.NDArray[np.float64]:
    projected = gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(crs)
    return np.column_stack([projected.x, projected.y])


def _refuse_apart(
    stops: npt.NDArray[np.float64],
    feed: Feed,
    tracts: Tracts,
    polygons: npt.NDArray[np.object_],
    walk_m: npt.NDArray[np.float64],
    notices: Notices,
) -> None:
    """Refuse a feed and tracts of different places; say how much service lies beyond the tracts."""
    tree = shapely.STRtree(polygons)
    by_stop = pd.Series(walk_m, feed.routes.index)[feed.departures["route_id"]].to_numpy()
    farthest = pd.Series(by_stop).groupby(feed.departures["stop_id"].to_numpy()).max()
    distance = farthest.reindex(feed.stops.index).to_numpy()
    near = np.unique(tree.query(shapely.points(stops), predicate="dwithin", distance=distance)[0])
    if not len(near):
        _, distance = tree.query_nearest(shapely.points(stops), return_distance=True, all_matches=False)
        west, south, east, north = tracts.geometry.total_bounds
        turned = feed.stops["lat"].between(west, east) & feed.stops["lon"].between(south, north)
        hint = (
            "; latitude and longitude look swapped in stops.txt"
            if turned.any()
            else "; check that both are of one region"
        )
        raise TractError(
            f"The feed's stops and the census tracts lie apart: the nearest stop is "
            f"{distance.min() / 1000:,.0f} km from the nearest tract{hint}."
        )
    beyond = ~np.isin(np.arange(len(stops)), near)
    weekly = feed.departures.groupby("stop_id")["departures_week"].sum().reindex(feed.stops.index)
    share = weekly[beyond].sum() / weekly.sum()
    if share > 0.001:
        notices.add(
            "stops_beyond_tracts",
            f"{int(beyond.sum()):,} of {len(stops):,} stops, with {share:.1%} of weekly departures, lie "
            "beyond the census tracts; people who live near them cannot be counted"
            + ("." if share < 0.05 else ": the census table covers only part of the service area."),
            count=int(beyond.sum()),
        )
