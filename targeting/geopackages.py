"""GeoPackages from anybody: databases, which can calculate whatever they are asked for, and for ever."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from targeting.errors import UnsafeFileError
from targeting.plain_text import shortened

FORMATS = "save it as a GeoPackage, a shapefile or GeoJSON."
GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")  # bytes 68 to 71 of the file
_GEOPACKAGE_TABLES = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
_SPATIAL_INDEX = re.compile(r'(?i)CREATE VIRTUAL TABLE\s+("([^"]|"")*"|\w+)\s+USING\s+rtree\s*\(')
_STEPS = 10_000_000  # that SQLite may take to list the tables of a GeoPackage


def check_geopackage(path: Path) -> None:
    """Refuse a GeoPackage that calculates when it is read.

    Raises
    ------
    UnsafeFileError
        When it does, or is none.
    OSError
        When it cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.set_progress_handler(lambda: 1, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            _check_tables(database)
    except sqlite3.Error as fault:
        raise UnsafeFileError(f"cannot be read as a GeoPackage ({fault}); {FORMATS}") from fault


def _check_tables(database: sqlite3.Connection) -> None:
    every = "SELECT lower(name), type FROM sqlite_master WHERE type IN ('table', 'view')"
    kinds = dict(database.execute(every))
    virtual = "SELECT sql FROM sqlite_master WHERE type = 'table' AND rootpage = 0"
    if not all(_SPATIAL_INDEX.match(str(text)) for (text,) in database.execute(virtual)):
        raise UnsafeFileError(f"holds a table that is calculated when it is read; {FORMATS}")
    if any(kinds.get(name, "table") != "table" for name in _GEOPACKAGE_TABLES):
        raise UnsafeFileError(f"is no sound GeoPackage; {FORMATS}")
    for (name,) in database.execute("SELECT table_name FROM gpkg_contents"):
        calculated = database.execute("SELECT 1 FROM pragma_table_xinfo(?) WHERE hidden > 1", (name,))
        if kinds.get(str(name).lower(), "table") != "table" or calculated.fetchone():
            raise UnsafeFileError(
                f"its layer {shortened(str(name))!r} is calculated when it is read (a view, or columns that "
                "are generated); save it as a layer of its own."
            )
