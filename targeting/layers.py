"""Map layers from anybody: tract outlines, population points, venues, water.

GDAL reads a hundred formats, and some of them are instructions to read other files, ask addresses or run
calculations. Only four are let through, told by what a file begins with, and only such as say nothing
but shapes: a GeoPackage whose layer is a view could calculate for ever.
"""

import json
import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely

from targeting.archives import DAMAGED, opened_member, sound_members
from targeting.errors import TractError, UnsafeFileError
from targeting.geopackages import FORMATS, GEOPACKAGE_IDS, check_geopackage
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.plain_text import plain, shortened
from targeting.text_files import CHUNK, check_cells, check_columns, check_file

Shapes = TypeVar("Shapes", gpd.GeoDataFrame, gpd.GeoSeries)
DRIVERS = {
    ".gpkg": ("GPKG",),
    ".shp": ("ESRI Shapefile",),
    ".geojson": ("GeoJSON", "GeoJSONSeq"),
    ".json": ("GeoJSON", "GeoJSONSeq"),
    ".fgb": ("FlatGeobuf",),
}
TABLES = (".csv", ".tsv", ".txt", ".dat", ".xlsx", ".xls", ".ods")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MOST_CELLS = 7_000_000  # features times columns, as texts 1.3 GB; all tracts of the nation have 1 million
FEWEST_FEATURES = 100_000  # for which there is room whatever a file says of their number
_BEGINNINGS = {".gpkg": b"SQLite format 3\0", ".shp": b"\0\0\x27\x0a", ".fgb": b"fgb"}
_INSTRUCTIONS = b"gdal_streamed_alg"  # GDAL runs a JSON file with this in it
# the key "crs", however it is spelt
_COORDINATE_SYSTEM = re.compile(rb"""["'](?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)["']""")
_LONGEST_SYSTEM = 4096
_ROUNDED = 1e-6  # degrees beyond the edge of the world that are rounding


def read_layer(path: Path, what: str, limits: Limits = DEFAULT_LIMITS) -> gpd.GeoDataFrame:
    """Return a file's shapes, which have a coordinate system; texts are plain.

    Parameters
    ----------
    path : Path
        GeoPackage, shapefile, GeoJSON or FlatGeobuf, or a zip with one of them.
    what : str
        What messages say the file is for.
    limits : Limits

    Raises
    ------
    TractError
        When it is missing, is no map layer or more than that, is empty or has no coordinate system.
    """
    if not path.exists():
        raise TractError(f"{path}: no such file; check the {what} in the campaign file.")
    if path.is_dir():
        raise TractError(f"{path.name}: is a folder; give the file with the {what} in it.")
    if path.suffix.lower() in TABLES:
        raise TractError(
            f"{path.name}: cannot be read as a map layer: it is a table, which has no shapes; give the file "
            f"with the {what}, as a GeoPackage, a shapefile or GeoJSON."
        )
    try:
        with _single_layer(path, limits) as file:
            frame = _read(file)
    except UnsafeFileError as fault:
        raise TractError(f"{path.name}: {fault}") from fault
    except DAMAGED as fault:
        raise TractError(f"{path.name}: the zip is damaged; download it again.") from fault
    except Exception as fault:  # pyogrio raises many kinds; all mean the same to a user
        reason = shortened(next(iter(str(getattr(fault, "strerror", None) or fault).splitlines()), ""))
        raise TractError(f"{path.name}: cannot be read as a map layer ({reason}).") from fault
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        raise TractError(f"{path.name}: holds no shapes; give the file with the {what}.")
    if frame.crs is None:
        raise TractError(
            f"{path.name}: has no coordinate system (CRS), so its place on earth is unknown; save it "
            "with one (EPSG:4326 for longitude and latitude)."
        )
    return _plain(frame)


def in_degrees(shapes: Shapes, path: Path) -> Shapes:
    """Return shapes in EPSG:4326, each of them on earth.

    Raises
    ------
    TractError
        When their coordinate system has no place on earth, or a shape lies outside of it.
    """
    try:
        moved = shapes.to_crs(4326)
    except pyproj.exceptions.ProjError as fault:
        raise TractError(
            f"{path.name}: its coordinate system ({shortened(shapes.crs.name)}) has no known place on earth; "
            "save it in EPSG:4326, longitude and latitude."
        ) from fault
    geometries = moved.geometry.to_numpy()
    points, of_shape = shapely.get_coordinates(geometries, return_index=True)
    with np.errstate(invalid="ignore"):
        outside = ~(np.abs(points) <= np.array([180.0, 90.0]) + _ROUNDED).all(axis=1)
    if outside.any():
        raise TractError(
            f"{path.name}: feature {of_shape[outside][0] + 1} lies outside the world (longitude, latitude "
            f"{points[outside][0][0]:g}, {points[outside][0][1]:g}); its coordinates are wrong, or not in "
            f"the system that the file names ({shortened(shapes.crs.name)})."
        )
    return moved


@contextmanager
def _single_layer(path: Path, limits: Limits) -> Iterator[Path]:
    """Yield a file that GDAL may open: the one given, or the one in a zip, unpacked for as long."""
    if path.is_dir() or path.suffix.lower() != ".zip":
        parts = [path.with_suffix(each) for each in SHAPEFILE_PARTS] if path.suffix == ".shp" else [path]
        for part in parts:
            if part == path or part.exists():
                check_file(part, limits.file_bytes, "limits.file_mb")
        yield path
        return
    names = [member.filename for member in sound_members(path, limits)]
    layers = [name for name in names if _suffix(name) in DRIVERS and "__MACOSX" not in name]
    if len(layers) != 1:
        raise UnsafeFileError(
            f"holds {len(layers) or 'no'} map layers ({', '.join((layers or names)[:4])}); give a zip with "
            "one."
        )
    stem = layers[0][: -len(_suffix(layers[0]))]
    parts_in_zip = layers
    if _suffix(layers[0]) == ".shp":
        parts_in_zip = [n for n in names if _suffix(n) in SHAPEFILE_PARTS and n[: -len(_suffix(n))] == stem]
    room = limits.unpacked_bytes
    with TemporaryDirectory() as folder:
        for name in parts_in_zip:
            place = Path(folder) / f"layer{_suffix(name)}"
            with opened_member(path, name, limits, room, as_text=False) as stream, place.open("wb") as file:
                while chunk := stream.read(CHUNK):
                    file.write(chunk)
                room -= stream.size
        yield Path(folder) / f"layer{_suffix(layers[0])}"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _read(path: Path) -> gpd.GeoDataFrame:
    """Read the only layer of a file after a look at what it is."""
    suffix = path.suffix.lower()
    _check_format(path, suffix)
    if suffix == ".gpkg":
        check_geopackage(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote the file, and go to the terminal as they are
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if len(layers) > 1:
            raise UnsafeFileError(
                f"holds {len(layers)} layers ({', '.join(map(shortened, layers[:5]))}); save the one that is "
                "meant as a file of its own."
            )
        if not layers:
            return gpd.GeoDataFrame()
        (layer,) = layers
        information = pyogrio.read_info(path, layer=layer)
        if information["driver"] not in DRIVERS[suffix]:
            raise UnsafeFileError(_other_format())
        check_columns(information["fields"])
        frame = _all_features(path, layer, information)
    coordinates, of_shape = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    wrong = ~np.isfinite(coordinates).all(axis=1)
    if wrong.any():
        raise UnsafeFileError(
            f"has coordinates that are no numbers in feature {of_shape[wrong][0] + 1}; draw it again."
        )
    return frame


def _all_features(path: Path, layer: str, information: dict[str, Any]) -> gpd.GeoDataFrame:
    """Read a layer to its end: what a file says of the number of its features may lie.

    GDAL is given room for so many features before it reads, and stops there.
    """
    fields = max(len(information["fields"]), 1)
    check_cells(information["features"] * fields, MOST_CELLS)
    room = max(information["features"], FEWEST_FEATURES) + 1
    frame = gpd.read_file(path, layer=layer, rows=room)
    if len(frame) == room:
        frame = gpd.read_file(path, layer=layer, rows=MOST_CELLS // fields + 1)
        check_cells(len(frame) * fields, MOST_CELLS)
    return frame


def _check_format(path: Path, suffix: str) -> None:
    """Refuse a file that does not begin as one of the four formats does, or tells GDAL what to do."""
    if suffix not in DRIVERS:
        raise UnsafeFileError(_other_format())
    with path.open("rb") as stream:
        start = stream.read(CHUNK)
        if suffix in _BEGINNINGS:
            if not start.startswith(_BEGINNINGS[suffix]):
                raise UnsafeFileError(f"cannot be read as a map layer: it is no {suffix} file; {FORMATS}")
            if suffix == ".gpkg" and start[68:72] not in GEOPACKAGE_IDS:
                raise UnsafeFileError(f"is a database but no GeoPackage; {FORMATS}")
            return
        if not start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            raise UnsafeFileError(f"cannot be read as a map layer: it is no GeoJSON; {FORMATS}")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            _check_geojson(text)


def _check_geojson(text: mmap.mmap) -> None:
    """Refuse GeoJSON that GDAL would run, or for whose coordinate system it would ask an address."""
    if text.find(_INSTRUCTIONS) >= 0:
        raise UnsafeFileError(f"is no map layer but instructions to make one; {FORMATS}")
    for found in _COORDINATE_SYSTEM.finditer(text):
        after = text[found.end() : found.end() + _LONGEST_SYSTEM].lstrip()
        value = after.removeprefix(b":").lstrip()
        if not after.startswith(b":") and after[:1] in (b",", b"}", b"]"):
            continue  # a text that says "crs", and no key
        if value[:1] in (b'"', b"n", b"t", b"f", b"-", b"[") or value[:1].isdigit():
            continue  # a column of that name: GDAL takes nothing but an object
        try:
            kind, _ = json.JSONDecoder().raw_decode(value.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            kind = None
        if not isinstance(kind, dict) or str(kind.get("type")).lower() not in ("name", "epsg"):
            raise UnsafeFileError(
                "does not name its coordinate system but says where to ask for it; save it with one "
                "(EPSG:4326 for longitude and latitude)."
            )


def _other_format() -> str:
    return f"cannot be read as a map layer: its format is none that holds shapes and nothing else; {FORMATS}"


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the shapes with plain texts in their columns and names."""
    shapes = frame.geometry.name
    for name in frame.columns.drop(shapes):
        values = frame[name].tolist() if frame[name].dtype.kind == "O" else []
        if any(isinstance(value, str) for value in values):
            frame[name] = [plain(value) if isinstance(value, str) else value for value in values]
    return frame.rename(columns={name: plain(str(name)) for name in frame.columns.drop(shapes)})
