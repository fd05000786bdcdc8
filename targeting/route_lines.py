"""The line of each route on the map: its shapes, or straight lines between its stops.

A route whose buses stay in one place, or whose only stops stand at one, is a short mark there.

Lines are for drawing only. Who is served is decided by stops, never by lines.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.calls import Calls
from targeting.feed_files import FeedFiles
from targeting.notices import Notices

MARK_DEGREES = 0.0003  # some 25 m: short, and long enough to be seen


def lines_by_route(
    files: FeedFiles,
    trip_route: npt.NDArray[np.int64],
    trip_shape: npt.NDArray[np.object_],
    weekly: npt.NDArray[np.float64],
    calls: Calls,
    stop_lonlat: npt.NDArray[np.float64],
    notices: Notices,
) -> dict[int, shapely.Geometry]:
    """Return the line (longitude, latitude) of every route with service in the design week.

    Parameters
    ----------
    trip_route, trip_shape, weekly : ndarray, shape (trips,)
        Route position, shape_id and weekly departures of each trip.
    calls : Calls
    stop_lonlat : ndarray, shape (stops, 2)
    """
    shapes = _shapes(files)
    running = weekly > 0
    pairs = pd.DataFrame({"route": trip_route[running], "shape": trip_shape[running]}).drop_duplicates()
    lines: dict[int, list[shapely.Geometry]] = {int(route): [] for route in np.unique(pairs["route"])}
    for route, shape in pairs.itertuples(index=False):
        if shape in shapes:
            lines[route].append(shapes[shape])
    bare = [route for route, parts in lines.items() if not parts]
    if bare:
        lines |= _between_stops(bare, trip_route, running, calls, stop_lonlat)
        notices.add(
            "route_without_shape",
            f"{files.label}: "
            + (
                "1 route has no shape; it is drawn as straight lines between its stops."
                if len(bare) == 1
                else f"{len(bare):,} routes have no shape; they are drawn as straight lines between stops."
            ),
            file=files.label,
            severity="info",
            count=len(bare),
        )
    return {route: shapely.MultiLineString(parts) for route, parts in lines.items()}


def _shapes(files: FeedFiles) -> dict[str, shapely.Geometry]:
    """Return the shapes of shapes.txt that have at least two distinct points."""
    columns = files.columns("shapes", ["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"])
    codes = columns["shape_id"].codes
    lon, lat, order = (
        pd.to_numeric(pd.Series(columns[name].texts()), errors="coerce").to_numpy(float)
        for name in ("shape_pt_lon", "shape_pt_lat", "shape_pt_sequence")
    )
    sound = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((lon == 0) & (lat == 0))
    codes, lon, lat, order = codes[sound], lon[sound], lat[sound], order[sound]
    if not len(codes):
        return {}
    ranked = np.lexsort((order, codes))
    codes, lonlat = codes[ranked], np.column_stack([lon, lat])[ranked]
    long_enough = np.bincount(codes)[codes] >= 2
    codes, lonlat = codes[long_enough], lonlat[long_enough]
    present, index = np.unique(codes, return_inverse=True)
    geometries = shapely.linestrings(lonlat, indices=index)
    names = columns["shape_id"].values
    return {names[code]: line for code, line in zip(present, geometries, strict=True) if line.length}


def _between_stops(
    routes: list[int],
    trip_route: npt.NDArray[np.int64],
    running: npt.NDArray[np.bool_],
    calls: Calls,
    stop_lonlat: npt.NDArray[np.float64],
) -> dict[int, list[shapely.Geometry]]:
    """Return straight lines between consecutive stops of each route, each pair once."""
    trip, sequence, stop = calls.trip, calls.sequence, calls.stop
    wanted = np.isin(trip_route, routes) & running
    use = wanted[trip] & (stop >= 0)
    use[use] = ~np.isnan(stop_lonlat[stop[use]]).any(axis=1)
    trip, sequence, stop = trip[use], sequence[use], stop[use]
    order = np.lexsort((sequence, trip))
    trip, stop = trip[order], stop[order]
    following = (trip[1:] == trip[:-1]) & (stop[1:] != stop[:-1])
    pairs = pd.DataFrame(
        {
            "route": trip_route[trip[1:][following]],
            "a": np.minimum(stop[1:], stop[:-1])[following],
            "b": np.maximum(stop[1:], stop[:-1])[following],
        }
    ).drop_duplicates()
    found: dict[int, list[shapely.Geometry]] = {route: [] for route in routes}
    ends = stop_lonlat[pairs[["a", "b"]].to_numpy(np.int64)].reshape(-1, 2, 2)
    for route, line in zip(pairs["route"], shapely.linestrings(ends), strict=True):
        if line.length:
            found[int(route)].append(line)
    stays = pd.Series(stop, trip_route[trip], dtype=np.int64).groupby(level=0).min()
    for route, place in stays.items():
        if not found[int(route)]:
            lon, lat = stop_lonlat[place]
            found[int(route)].append(shapely.LineString([(lon, lat), (lon + MARK_DEGREES, lat)]))
    return found
