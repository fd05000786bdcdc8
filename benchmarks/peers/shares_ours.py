"""Share of each tract within 400 m of a stop of each route: ours.

    python benchmarks/peers/shares_ours.py folder shares.csv alone
    python benchmarks/peers/shares_ours.py folder shares.csv catchments

The folder is `prepared.py`'s. Prints the seconds between reading and writing. `alone` finds the shares, as a
plan does beside population points; `catchments` is the whole step of a plan without points: it also merges
cells into atoms, averages departures and finds the bounds of every share.
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.area_shares import area_shares
from targeting.catchment import make_catchment
from targeting.cells import cells_of, make_squares

WALK_M = 400.0


def shares(tracts: gpd.GeoDataFrame, calls: pd.DataFrame, *, alone: bool) -> pd.DataFrame:
    """Return one row a route and tract near it: `route_id`, `GEOID`, `share`."""
    route, routes = pd.factorize(calls["route_id"])
    stop, _ = pd.factorize(calls["stop_id"])
    places = calls.drop_duplicates("stop_id")[["x", "y"]].to_numpy()
    polygons = tracts.geometry.to_numpy()
    squares = make_squares(polygons, places, WALK_M)
    service = {"stops_xy": places, "stop": stop, "route": route, "walk_m": np.full(len(routes), WALK_M)}
    if alone:
        found = area_shares(squares, polygons, **service).tocoo()
    else:
        catchment = make_catchment(
            cells_of(squares),
            polygons=polygons,
            direction=calls["direction_id"].to_numpy(),
            departures=calls["departures_week"].to_numpy(float),
            routes=pd.Index(routes),
            **service,
        )
        found = catchment.share().tocoo()
    return pd.DataFrame(
        {"route_id": routes[found.row], "GEOID": tracts["GEOID"].to_numpy()[found.col], "share": found.data}
    )


if __name__ == "__main__":
    tracts = gpd.read_file(Path(sys.argv[1]) / "tracts.gpkg")
    calls = pd.read_csv(Path(sys.argv[1]) / "stops.csv", dtype={"route_id": str, "stop_id": str})
    began = time.perf_counter()
    found = shares(tracts, calls, alone=sys.argv[3] == "alone")
    print(time.perf_counter() - began)
    found.to_csv(sys.argv[2], index=False)
