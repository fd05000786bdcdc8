"""GIS files of a plan: GeoPackage layers, the same bytes for the same input.

A GeoPackage holds the time at which each layer was written; GDAL's option OGR_CURRENT_DATE sets it.
What is left of the machine in the file is the version of its SQLite library.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from targeting.errors import OutputError
from targeting.layer_faults import written_as_a_file
from targeting.whole import whole_file

if TYPE_CHECKING:
    from targeting.tracts import Tracts
    from targeting.write.layer_styles import Style

HOTSPOTS = "hotspots"
VERSION = "1.2"  # of GeoPackage: the newest that programs of 2020 read without a warning
GEOMETRY = "geom"  # what GDAL calls the column of shapes
WRITTEN = "1970-01-01T00:00:00.000Z"  # the true time stands in run.json alone
# files are renamed into place when they are whole: nothing need wait for the disk
GDAL_OPTIONS = {"OGR_CURRENT_DATE": WRITTEN, "OGR_SQLITE_SYNCHRONOUS": "OFF"}


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
        with whole_file(path) as partial:
            layers = partial.with_name(f"{HOTSPOTS}.gpkg")  # GDAL wants this ending
            write_layer(layer, layers, HOTSPOTS, "MultiPolygon")
            layers.rename(partial)
    except OSError as fault:
        raise OutputError(f"{path}: cannot be written ({fault.strerror}); choose another --gpkg.") from fault


def write_layer(layer: gpd.GeoDataFrame, path: Path, name: str, shapes: str) -> None:
    """Write one layer into a GeoPackage, beside the layers that it holds.

    Parameters
    ----------
    layer : GeoDataFrame
    path : Path
    name : str
        What the layer is called.
    shapes : {"MultiPolygon", "MultiLineString", "Point"}

    Raises
    ------
    OSError
        When it cannot be written.
    """
    before = {name: pyogrio.get_gdal_config_option(name) for name in GDAL_OPTIONS}
    pyogrio.set_gdal_config_options(GDAL_OPTIONS)
    try:
        with written_as_a_file(path):
            pyogrio.write_dataframe(
                layer,
                path,
                layer=name,
                driver="GPKG",
                geometry_type=shapes,
                promote_to_multi=shapes.startswith("Multi"),
                dataset_options={} if path.exists() else {"VERSION": VERSION},
            )
    finally:
        pyogrio.set_gdal_config_options(before)


def write_titles(path: Path, titles: Mapping[str, Mapping[str, str]]) -> None:
    """Give the columns of layers their titles, which a GIS shows in place of their names (OGC 12-128, F.9).

    Parameters
    ----------
    path : Path
    titles : mapping of layer to mapping of column to str
        No two of a layer alike.
    """
    with _tables(path) as tables:
        tables.execute(
            "CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, "
            "title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
            "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), "
            "CONSTRAINT gdc_tn UNIQUE (table_name, name))"
        )
        tables.execute(
            "CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, "
            "constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, "
            "max_is_inclusive BOOLEAN, description TEXT, "
            "CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"
        )
        tables.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', "
            "'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
            [("gpkg_data_columns",), ("gpkg_data_column_constraints",)],
        )
        # GDAL, and so QGIS, shows the name; others show the title
        tables.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)",
            [
                (layer, column, title, title)
                for layer, columns in titles.items()
                for column, title in columns.items()
            ],
        )


def write_styles(path: Path, styles: Iterable["Style"]) -> None:
    """Keep styles beside the layers, in the table where QGIS looks for them."""
    with _tables(path) as tables:
        tables.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
            "f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), "
            "f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, "
            "useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"
        )
        tables.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (WRITTEN,),
        )
        tables.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
            "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', NULL, ?)",
            [
                (each.layer, GEOMETRY, each.name, each.qml, each.default, each.description, WRITTEN)
                for each in styles
            ],
        )


@contextmanager
def _tables(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a GeoPackage as a database; what is done to it is kept as a whole or not at all."""
    try:
        with closing(sqlite3.connect(path)) as tables, tables:
            tables.execute("PRAGMA synchronous = OFF")
            yield tables
    except sqlite3.Error as fault:
        raise OSError(None, str(fault)) from fault


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
