"""Share of each tract within 400 m of a stop of each route: GeoPandas, by overlay.

    python benchmarks/peers/shares_geopandas.py folder shares.csv by_route
    python benchmarks/peers/shares_geopandas.py folder shares.csv together

The stops' circles are dissolved by route and laid over the tracts, each route by itself or all in one
overlay. The folder is `prepared.py`'s. Prints the seconds between reading and writing.
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd

WALK_M = 400.0


def shares(tracts: gpd.GeoDataFrame, calls: pd.DataFrame, *, by_route: bool) -> pd.DataFrame:
    """Return one row a route and tract near it: `route_id`, `GEOID`, `share`."""
    stops = calls.drop_duplicates(["route_id", "stop_id"])
    circles = gpd.GeoSeries.from_xy(stops["x"], stops["y"], crs=tracts.crs).buffer(WALK_M)
    near = gpd.GeoDataFrame({"route_id": stops["route_id"]}, geometry=circles)
    near = near.dissolve("route_id").reset_index()
    ground = tracts[["GEOID", "geometry"]].assign(whole=tracts.area)
    if by_route:
        parts = pd.concat(
            gpd.overlay(ground, near.iloc[[position]], how="intersection") for position in range(len(near))
        )
    else:
        parts = gpd.overlay(ground, near, how="intersection")
    return parts.assign(share=parts.area / parts["whole"])[["route_id", "GEOID", "share"]]


if __name__ == "__main__":
    tracts = gpd.read_file(Path(sys.argv[1]) / "tracts.gpkg")
    calls = pd.read_csv(Path(sys.argv[1]) / "stops.csv", dtype={"route_id": str, "stop_id": str})
    began = time.perf_counter()
    found = shares(tracts, calls, by_route=sys.argv[3] == "by_route")
    print(time.perf_counter() - began)
    found.to_csv(sys.argv[2], index=False)
