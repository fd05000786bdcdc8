"""The ground: stops, venues, tracts and population points on one plane in metres.

A local projection (UTM, the zone of the stops) serves; a feed, venues and tracts of different places are
refused here, before they make an empty plan.
"""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from targeting.area_shares import area_shares
from targeting.catchment import Catchment, make_catchment, walking_distances
from targeting.cells import cells_of, make_squares, point_cells
from targeting.errors import TractError, VenueError
from targeting.feed import Feed
from targeting.notices import Notices
from targeting.tracts import Tracts, utm_zone

Floats = npt.NDArray[np.float64]


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
    of_routes, _ = find_catchments(
        feed,
        tracts,
        points,
        None,
        bus_walk_m=bus_walk_m,
        rail_walk_m=rail_walk_m,
        venue_walk_m=0.0,
        notices=notices,
    )
    return of_routes


def find_catchments(
    feed: Feed,
    tracts: Tracts,
    points: pd.DataFrame | None,
    venues: pd.DataFrame | None,
    *,
    bus_walk_m: float,
    rail_walk_m: float,
    venue_walk_m: float,
    notices: Notices,
    coarser: float = 1.0,
) -> tuple[Catchment, Catchment | None]:
    """Return the catchments of the feed's routes and of the venues, on the same atoms.

    Parameters
    ----------
    feed : Feed
    tracts : Tracts
    points : DataFrame or None
        Population points of `targeting.tracts.read_points`; None to spread people by area.
    venues : DataFrame or None
        Venues of `targeting.venues.read_venues`; None where posters hang in buses only.
    bus_walk_m, rail_walk_m, venue_walk_m : float
        Distance to stops of buses and coaches, of everything else, and to venues, metres.
    notices : Notices
    coarser : float
        How many times as wide as usual the squares of people spread by area are (`make_squares`).

    Returns
    -------
    of_routes : Catchment
        A column a route of the feed.
    of_venues : Catchment or None
        A column a venue, with the very `tract` and `weight` of `of_routes`. `departures` is 1 where
        the venue is near.

    Raises
    ------
    TractError
        When no stop is within walking distance of any tract.
    VenueError
        When no venue is.
    """
    walk_m = walking_distances(feed.routes["mode"], bus_walk_m=bus_walk_m, rail_walk_m=rail_walk_m)
    crs = plane(feed)
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    places = metres(feed.stops["lon"], feed.stops["lat"], crs)
    _refuse_apart(places, feed, tracts, polygons, walk_m, notices)
    place_walk_m = np.full(len(places), walk_m.max())
    calls = weekly_calls(feed)
    columns = feed.routes.index
    if venues is not None:
        doors = metres(venues["lon"], venues["lat"], crs)
        _refuse_venues_apart(doors, venues, tracts, polygons, venue_walk_m, notices)
        position = np.arange(len(venues))
        once = {"place": len(places) + position, "route": len(columns) + position}
        calls = pd.concat([calls, pd.DataFrame({**once, "direction": 0, "weekly": 1.0})])
        places = np.vstack([places, doors])
        place_walk_m = np.append(place_walk_m, np.full(len(venues), venue_walk_m))
        walk_m = np.append(walk_m, np.full(len(venues), venue_walk_m))
        columns = columns.append(venues.index)
    squares = make_squares(polygons, places, place_walk_m, coarser=coarser)
    cells, share_by_area = cells_of(squares), None
    service: dict[str, Any] = {
        "stops_xy": places,
        "stop": calls["place"].to_numpy(np.int64),
        "route": calls["route"].to_numpy(np.int64),
        "walk_m": walk_m,
    }
    if points is not None:
        cells = point_cells(points, metres(points["lon"], points["lat"], crs), cells)
        share_by_area = area_shares(squares, polygons, **service)
    catchment = make_catchment(
        cells,
        polygons=polygons,
        direction=calls["direction"].to_numpy(np.int64),
        departures=calls["weekly"].to_numpy(float),
        routes=columns,
        **service,
    )
    catchment = replace(catchment, share_by_area=share_by_area)
    if venues is None:
        return catchment, None
    routes = len(feed.routes)
    of_venues = catchment.part(slice(routes, None), venues.index)
    return (
        catchment.part(slice(routes), feed.routes.index),
        # the mean of ones over an atom's cells can miss 1 by a rounding
        replace(of_venues, departures=of_venues.departures.sign()),
    )


def weekly_calls(feed: Feed) -> pd.DataFrame:
    """Return which routes call where, and how often a week.

    Returns
    -------
    DataFrame
        One row a route × direction × stop: `place` and `route` (positions in `feed.stops` and
        `feed.routes`), `direction`, `weekly`.
    """
    return pd.DataFrame(
        {
            "place": feed.stops.index.get_indexer(feed.departures["stop_id"]),
            "route": feed.routes.index.get_indexer(feed.departures["route_id"]),
            "direction": feed.departures["direction_id"].to_numpy(np.int64),
            # a trip that calls twice at a stop, as loops do, is one bus passing
            "weekly": feed.departures[["departures_week", "trips_week"]].min(axis=1).to_numpy(float),
        }
    )


def plane(feed: Feed) -> pyproj.CRS:
    """Return the UTM zone of the feed's middle stop.

    Not that of the tracts: they may be the whole nation's, or lie on both sides of the 180th meridian, and
    the middle of their extent is then an ocean away from the stops.
    """
    middle = len(feed.stops) // 2
    lon, lat = (np.sort(feed.stops[axis].to_numpy())[[middle]] for axis in ("lon", "lat"))
    return utm_zone(float(lon[0]), float(lat[0]))


def metres(lon: "pd.Series[float]", lat: "pd.Series[float]", crs: object) -> Floats:
    """Return places in a projection, shape (places, 2), from degrees."""
    projected = gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(crs)
    return np.column_stack([projected.x, projected.y])


def _refuse_apart(
    stops: Floats,
    feed: Feed,
    tracts: Tracts,
    polygons: npt.NDArray[np.object_],
    walk_m: Floats,
    notices: Notices,
) -> None:
    """Refuse a feed and tracts of different places; say how much service lies beyond the tracts."""
    tree = shapely.STRtree(polygons)
    by_stop = pd.Series(walk_m, feed.routes.index)[feed.departures["route_id"]].to_numpy()
    farthest = pd.Series(by_stop).groupby(feed.departures["stop_id"].to_numpy()).max()
    distance = farthest.reindex(feed.stops.index).to_numpy()
    near = np.unique(tree.query(shapely.points(stops), predicate="dwithin", distance=distance)[0])
    if not len(near):
        kilometres, hint = _how_far(stops, feed.stops, tracts, tree, "stops.txt")
        raise TractError(
            f"The feed's stops and the census tracts lie apart: the nearest stop is {kilometres} from the "
            f"nearest tract{hint}."
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


def _refuse_venues_apart(
    doors: Floats,
    venues: pd.DataFrame,
    tracts: Tracts,
    polygons: npt.NDArray[np.object_],
    venue_walk_m: float,
    notices: Notices,
) -> None:
    """Refuse venues and tracts of different places; name the first venue beyond the tracts."""
    tree = shapely.STRtree(polygons)
    near = tree.query(shapely.points(doors), predicate="dwithin", distance=venue_walk_m)[0]
    beyond = ~np.isin(np.arange(len(venues)), near)
    if beyond.all():
        kilometres, hint = _how_far(doors, venues, tracts, tree, "the file of venues")
        raise VenueError(
            f"The venues and the census tracts lie apart: the nearest venue is {kilometres} from the "
            f"nearest tract{hint}."
        )
    if beyond.any():
        notices.add(
            "venues_beyond_tracts",
            f"{int(beyond.sum()):,} of {len(venues):,} venues lie more than {venue_walk_m:,.0f} m beyond the "
            f"census tracts (first: {venues['name'][beyond].iloc[0]}); people who live near them cannot "
            "be counted: check their coordinates.",
            count=int(beyond.sum()),
        )


def _how_far(
    places: Floats, degrees: pd.DataFrame, tracts: Tracts, tree: shapely.STRtree, file: str
) -> tuple[str, str]:
    """Return how far the nearest place is from the nearest tract, and what may be wrong."""
    _, distance = tree.query_nearest(shapely.points(places), return_distance=True, all_matches=False)
    west, south, east, north = tracts.geometry.total_bounds
    turned = degrees["lat"].between(west, east) & degrees["lon"].between(south, north)
    hint = (
        f"; latitude and longitude look swapped in {file}"
        if turned.any()
        else "; check that both are of one region"
    )
    # the projection ends a quarter of the earth away: places beyond have no distance
    kilometres = f"{distance.min() / 1000:,.0f} km" if len(distance) else "thousands of km"
    return kilometres, hint
