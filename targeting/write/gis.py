"""GIS files of a plan: GeoPackage layers, the same bytes for the same input.

A GeoPackage holds the time at which each layer was written; GDAL's option OGR_CURRENT_DATE sets it.
What is left of the machine in the file is the version of its SQLite library.
"""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from targeting.errors import OutputError

if TYPE_CHECKING:
    from targeting.tracts import Tracts

HOTSPOTS = "hotspots"
WRITTEN = "1970-01-01T00:00:00.000Z"  # the true time stands in run.json alone


def hotspots_gpkg(path: Path, tracts: "Tracts", rows: pd.DataFrame) -> None:
    """Write hot spots as layer `hotspots` of a GeoPackage, whole or not at all.

    Parameters
    ----------
    path : Path
        An earlier file of hot spots is replaced.
    tracts : Tracts
    rows : DataFrame
        Result of `targeting.hotspots.hotspot_rows`: one feature a row, EPSG:4326.

    Raises
    ------
    OutputError
        When the file cannot be written, or exists and is something else than hot spots.
    """
    _refuse_other(path)
    shapes = tracts.geometry[rows["GEOID"]].to_numpy()
    layer = gpd.GeoDataFrame(rows, geometry=shapes, crs=tracts.geometry.crs)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            whole = Path(folder) / f"{HOTSPOTS}.gpkg"
            write_layer(layer, whole, HOTSPOTS, "MultiPolygon")
            whole.replace(path)
    except (OSError, pyogrio.errors.DataSourceError) as fault:
        raise OutputError(f"{path}: cannot be written ({fault}); choose another --gpkg.") from fault


def write_layer(layer: gpd.GeoDataFrame, path: Path, name: str, shapes: str) -> None:
    """Write one layer into a GeoPackage, beside the layers that it holds.

    Parameters
    ----------
    layer : GeoDataFrame
    path : Path
    name : str
        What the layer is called.
    shapes : {"MultiPolygon", "MultiLineString", "Point"}
    """
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        pyogrio.write_dataframe(
            layer,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=shapes,
            promote_to_multi=shapes.startswith("Multi"),
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _refuse_other(path: Path) -> None:
    """Refuse a path that holds anything but hot spots, and a folder that is not there."""
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path}: {path.parent} is no writable folder; choose another --gpkg.")
    if not path.exists():
        return
    try:
        layers = [str(layer) for layer in pyogrio.list_layers(path)[:, 0]]
    except (OSError, pyogrio.errors.DataSourceError):
        layers = []
    if layers != [HOTSPOTS]:
        holds = f"holds the layers {', '.join(layers)}" if layers else "is no GeoPackage"
        raise OutputError(f"{path}: {holds}, and the file of hot spots replaces it; choose another --gpkg.")
