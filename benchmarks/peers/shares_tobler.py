"""Share of each tract within 400 m of a stop of each route: tobler's areal interpolation.

    python benchmarks/peers/shares_tobler.py folder shares.csv

Which route's surroundings a place belongs to is a categorical variable: tobler gives the share of each
tract's area in each category, for all routes at once, from areas that it finds once. With
`allocate_total=False`, as always where circles reach beyond the tracts. The folder is `prepared.py`'s.
Prints the seconds between reading and writing.
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
from tobler.area_weighted import area_interpolate

WALK_M = 400.0


def shares(tracts: gpd.GeoDataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Return one row a route and tract near it: `route_id`, `GEOID`, `share`."""
    stops = calls.drop_duplicates(["route_id", "stop_id"])
    circles = gpd.GeoSeries.from_xy(stops["x"], stops["y"], crs=tracts.crs).buffer(WALK_M)
    near = gpd.GeoDataFrame({"route_id": stops["route_id"]}, geometry=circles)
    near = near.dissolve("route_id").reset_index()
    found = area_interpolate(near, tracts, categorical_variables=["route_id"], allocate_total=False)
    wide = found.drop(columns="geometry").assign(GEOID=tracts["GEOID"])
    long = wide.melt(id_vars="GEOID", var_name="route_id", value_name="share")
    long["route_id"] = long["route_id"].str.removeprefix("route_id_")
    return long[long["share"] > 0]


if __name__ == "__main__":
    tracts = gpd.read_file(Path(sys.argv[1]) / "tracts.gpkg")
    calls = pd.read_csv(Path(sys.argv[1]) / "stops.csv", dtype={"route_id": str, "stop_id": str})
    began = time.perf_counter()
    found = shares(tracts, calls)
    print(time.perf_counter() - began)
    found.to_csv(sys.argv[2], index=False)
