"""A map of tracts and routes: plain Folium.

    python benchmarks/peers/map_folium.py folder map.html

Tracts shaded by the language that leads there, with people by language in a tooltip, and lines of routes
with their names. The folder is `prepared.py`'s. The page of a plan holds this and more: each language by
itself, margins of error, hot spots, posters by route with reasons, search, and all that it needs without a
network.
"""

import sys
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd

COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#9c755f", "#bab0ac"]


def make_map(tracts: gpd.GeoDataFrame, routes: gpd.GeoDataFrame) -> folium.Map:
    """Return the map; tracts and routes in degrees."""
    leading = sorted(tracts["leading"].unique())
    colour = dict(zip(leading, COLOURS, strict=False))

    def shade(feature: dict[str, Any]) -> dict[str, Any]:
        fill = colour[feature["properties"]["leading"]]
        return {"fillColor": fill, "color": "#888", "weight": 0.5, "fillOpacity": 0.5}

    west, south, east, north = tracts.total_bounds
    page = folium.Map(prefer_canvas=True)
    page.fit_bounds([[south, west], [north, east]])
    shown = [name for name in tracts.columns if name not in {"GEOID", "geometry"}]
    folium.GeoJson(tracts, name="tracts", style_function=shade, tooltip=folium.GeoJsonTooltip(shown)).add_to(
        page
    )
    folium.GeoJson(
        routes,
        name="routes",
        style_function=lambda _: {"color": "#084c8d", "weight": 2},
        tooltip=folium.GeoJsonTooltip(["route_name", "departures_week"]),
    ).add_to(page)
    folium.LayerControl().add_to(page)
    return page


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    tracts = gpd.read_file(folder / "tracts.gpkg").to_crs(4326)
    make_map(tracts, gpd.read_file(folder / "routes.gpkg")).save(sys.argv[2])
