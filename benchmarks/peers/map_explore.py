"""A map of tracts and routes: `GeoDataFrame.explore`, the three lines that most analysts would write.

    python benchmarks/peers/map_explore.py folder map.html

Shows what `map_folium.py` shows. The folder is `prepared.py`'s.
"""

import sys
from pathlib import Path

import geopandas as gpd

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    page = gpd.read_file(folder / "tracts.gpkg").explore(column="leading", name="tracts")
    page = gpd.read_file(folder / "routes.gpkg").explore(m=page, color="#084c8d", name="routes")
    page.save(sys.argv[2])
