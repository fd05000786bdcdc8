"""What the fetchers of census data share: counties, years, zipped layers, files written whole."""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from targeting.errors import NOT_CACHED, FetchError, OutputError
from targeting.fetch.client import Client
from targeting.fetch.sources import Fetched
from targeting.layer_faults import written_as_a_file
from targeting.whole import whole_file

LICENCE = "public domain (a work of the U.S. Census Bureau)"
FIRST_2020_TRACTS = 2020  # ACS 2016-2020 and later count 2020 tracts, those before 2010 tracts
FIRST_PLANNING_REGIONS = 2022  # Connecticut's county equivalents
CONNECTICUT = "09"
COUNTIES_OF_CONNECTICUT = {
    "09001": "Fairfield",
    "09003": "Hartford",
    "09005": "Litchfield",
    "09007": "Middlesex",
    "09009": "New Haven",
    "09011": "New London",
    "09013": "Tolland",
    "09015": "Windham",
}
PLANNING_REGIONS = {
    "09110": "Capitol",
    "09120": "Greater Bridgeport",
    "09130": "Lower Connecticut River Valley",
    "09140": "Naugatuck Valley",
    "09150": "Northeastern Connecticut",
    "09160": "Northwest Hills",
    "09170": "South Central Connecticut",
    "09180": "Southeastern Connecticut",
    "09190": "Western Connecticut",
}
UNREADABLE = (pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError, pyogrio.errors.GeometryError)
WRITTEN = "1970-01-01T00:00:00.000Z"  # a GeoPackage holds when it was written: always the same


def period(year: int) -> str:
    """Return the five years of an ACS release: "2019-2023"."""
    return f"{year - 4}-{year}"


def tract_vintage(year: int) -> int:
    """Return the census whose tracts the ACS release of a year counts: 2010 or 2020."""
    return 2020 if year >= FIRST_2020_TRACTS else 2010


def wanted_counties(counties: Sequence[str], year: int) -> tuple[str, ...]:
    """Return the counties in order, each once.

    Raises
    ------
    FetchError
        When there is none, one is no 5-digit code, or the year knows Connecticut by other counties.
    """
    if not counties:
        raise FetchError(
            "no county was given; name each by its five digits, such as 41051 (Multnomah, Oregon)."
        )
    for code in counties:
        if not re.fullmatch(r"[0-9]{5}", code):
            raise FetchError(
                f"county {code!r} is no county code: it has five digits, two of the state and three of the "
                "county, such as 41051 (Multnomah, Oregon)."
            )
        if year >= FIRST_PLANNING_REGIONS and code in COUNTIES_OF_CONNECTICUT:
            raise FetchError(
                f"county {code} ({COUNTIES_OF_CONNECTICUT[code]}) is in no data of {year}: from "
                f"{FIRST_PLANNING_REGIONS} on Connecticut is counted by planning regions; use "
                f"{_listed(PLANNING_REGIONS)}, or a year up to {FIRST_PLANNING_REGIONS - 1}."
            )
        if year < FIRST_PLANNING_REGIONS and code in PLANNING_REGIONS:
            raise FetchError(
                f"planning region {code} ({PLANNING_REGIONS[code]}) is in no data of {year}: before "
                f"{FIRST_PLANNING_REGIONS} Connecticut is counted by counties; use "
                f"{_listed(COUNTIES_OF_CONNECTICUT)}, or year {FIRST_PLANNING_REGIONS} or later."
            )
    return tuple(sorted(set(counties)))


def refuse_missing(counties: Iterable[str], found: Iterable[str], what: str) -> None:
    """Refuse when some county has no row; `found` are its GEOIDs or longer ones."""
    have = {geoid[:5] for geoid in found}
    missing = [county for county in counties if county not in have]
    if missing:
        those = "this county is" if len(missing) == 1 else "these counties are"
        raise FetchError(
            f"{what} has no county {', '.join(missing)}: check the five-digit code (state, then county), or "
            f"whether {those} called otherwise in that year."
        )


def first_published(client: Client, urls: Sequence[str], *, what: str, most_bytes: int) -> tuple[Path, str]:
    """Return the first of several files that is published, and its address; `urls` is newest first."""
    for url in urls:
        try:
            return client.file(url, most_bytes=most_bytes), url
        except FetchError as fault:
            if fault.status not in (404, NOT_CACHED):
                raise
            last = fault
    if last.status == NOT_CACHED:
        raise last
    raise FetchError(
        f"{what} is not published at {' or '.join(urls)}; use another year, or check the county codes.",
        status=404,
    ) from last


def read_zipped(
    path: Path,
    url: str,
    *,
    columns: Sequence[str],
    only: Sequence[str] = (),
    of: str = "COUNTYFP",
    geometry: bool = True,
) -> pd.DataFrame:
    """Read some columns and rows of the one shapefile in a zip, without unpacking it.

    Parameters
    ----------
    path : Path
    url : str
        Where it came from, for messages.
    columns : sequence of str
        Those that the file lacks are left out.
    only : sequence of str
        Codes, digits only: of the rows those that have one of them in column `of`; none means all rows.
    of : str
    geometry : bool
        Whether shapes are wanted too.

    Raises
    ------
    FetchError
        When the zip is broken off, holds no shapefile, or its rows cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".shp")]
        if len(names) != 1:
            raise FetchError(f"{url}: holds {len(names)} shapefiles, one is needed; use another year.")
        inside = f"/vsizip/{{{path.resolve()}}}/{names[0]}"
        has = set(pyogrio.read_info(inside)["fields"])
        if only and of not in has:
            raise FetchError(f"{url}: lacks column {of}; use another year.")
        codes = ", ".join(f"'{code}'" for code in only)
        return pyogrio.read_dataframe(
            inside,
            columns=[
                name for name in dict.fromkeys((*columns, of)) if name in has
            ],  # the filter's must be read
            where=f"{of} IN ({codes})" if only else None,
            read_geometry=geometry,
        )
    except (zipfile.BadZipFile, OSError, ValueError, *UNREADABLE) as fault:
        raise FetchError(
            f"{url}: what came is no whole zipped shapefile ({fault}); remove {path} and fetch it again."
        ) from fault


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Yield a path to write; what stands there at the end takes the place of `out`, or nothing does.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as part, written_as_a_file(part):
            yield part
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written ({fault.strerror}); choose another place.") from fault


def write_layer(frame: gpd.GeoDataFrame, out: Path, *, layer: str, kind: str) -> None:
    """Write one layer as a GeoPackage in EPSG:4326, the same bytes for the same rows.

    `kind` is the type of its shapes: "MultiPolygon" or "Point".
    """
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        with whole(out) as part:
            pyogrio.write_dataframe(
                frame.to_crs(4326),
                part,
                layer=layer,
                driver="GPKG",
                geometry_type=kind,
                promote_to_multi=kind.startswith("Multi"),
            )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def fetched(out: Path, what: str, urls: Iterable[str]) -> Fetched:
    """Return what is to be told of a written file; several addresses are put one after another."""
    with out.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(path=out, what=what, url=" ".join(dict.fromkeys(urls)), sha256=digest, licence=LICENCE)


def _listed(counties: dict[str, str]) -> str:
    return ", ".join(f"{code} {name}" for code, name in counties.items())
