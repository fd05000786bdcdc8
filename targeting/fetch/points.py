"""Population points: where people live inside a tract, by the census of 2020.

Blocks are the finest the Bureau publishes, some dozens of people each; the file of a state is large
(Oregon about 100 MB, Texas more than 500). Block groups are about forty blocks: their centres of
population are a small text file, and coarse against a walk of some hundred metres.

A point is told by its place, not by its tract: points of 2020 serve the tracts of 2010 as well.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.errors import FetchError
from targeting.fetch.census_files import (
    CONNECTICUT,
    FIRST_PLANNING_REGIONS,
    fetched,
    first_published,
    read_zipped,
    refuse_missing,
    wanted_counties,
    write_layer,
)
from targeting.fetch.client import Client
from targeting.fetch.sources import Fetched

FIRST_WITH_POPULATION = 2022  # earlier files of 2020 blocks may come without POP20
MOST_BYTES = 2_000_000_000
BLOCK = ("GEOID20", "POP20", "INTPTLON20", "INTPTLAT20")
CENTRE = ("STATEFP", "COUNTYFP", "TRACTCE", "BLKGRPCE", "POPULATION", "LATITUDE", "LONGITUDE")


def fetch_points(
    client: Client, *, year: int, counties: Sequence[str], out: Path, detail: Literal["block", "block group"]
) -> Fetched:
    """Fetch population points into a GeoPackage with the columns GEOID and population.

    Parameters
    ----------
    client : Client
    year : int
        Of the ACS release they are for: it tells how Connecticut's counties are named.
    counties : sequence of str
        Five digits each. For planning regions of Connecticut all points of the state are written,
        because the census of 2020 knows its blocks by the former counties.
    out : Path
    detail : {"block", "block group"}
        Where the blocks of a state are not published, its block groups are taken.

    Raises
    ------
    FetchError
        When the points are not published, a county has none, or a file is damaged.
    OutputError
        When `out` cannot be written.
    """
    wanted = wanted_counties(counties, year)
    parts, urls, kinds = [], [], []
    for state in sorted({county[:2] for county in wanted}):
        codes = [county for county in wanted if county[:2] == state]
        if state == CONNECTICUT and year >= FIRST_PLANNING_REGIONS:
            codes = []
        part, url, kind = _points(client, state, codes, year, detail)
        refuse_missing(codes, part["GEOID"], f"the list of population points ({url})")
        parts.append(part)
        urls.append(url)
        kinds.append(kind)
    points = pd.concat(parts, ignore_index=True)
    points = points[points["population"] > 0].sort_values("GEOID", ignore_index=True)
    shapes = gpd.points_from_xy(points["lon"], points["lat"], crs=4269)
    frame = gpd.GeoDataFrame(points[["GEOID", "population"]], geometry=shapes)
    write_layer(frame, out, layer="points", kind="Point")
    what = f"2020 population by {' and '.join(dict.fromkeys(kinds))}, counties {', '.join(wanted)}"
    return fetched(out, what, urls)


def _points(
    client: Client, state: str, counties: Sequence[str], year: int, detail: str
) -> tuple[pd.DataFrame, str, str]:
    """Return points of some counties of a state (none named: of all), their address and their kind."""
    if detail == "block":
        try:
            return *_blocks(client, state, counties, year), "block"
        except FetchError as fault:
            if fault.status != 404:
                raise
    return *_centres(client, state, counties), "block group"


def _blocks(client: Client, state: str, counties: Sequence[str], year: int) -> tuple[pd.DataFrame, str]:
    first = max(year, FIRST_WITH_POPULATION)
    urls = [
        f"{client.sources.census}/geo/tiger/TIGER{each}/TABBLOCK20/tl_{each}_{state}_tabblock20.zip"
        for each in dict.fromkeys((first, max(first - 1, FIRST_WITH_POPULATION)))
    ]
    path, url = first_published(
        client, urls, what=f"the file of blocks of state {state}", most_bytes=MOST_BYTES
    )
    codes = [county[2:] for county in counties]
    frame = read_zipped(path, url, columns=BLOCK, only=codes, of="COUNTYFP20", geometry=False)
    return _checked(frame, BLOCK, url, frame.get("GEOID20")), url


def _centres(client: Client, state: str, counties: Sequence[str]) -> tuple[pd.DataFrame, str]:
    url = f"{client.sources.census}/geo/docs/reference/cenpop2020/blkgrp/CenPop2020_Mean_BG{state}.txt"
    what = f"the file of block-group centres of state {state}"
    path, url = first_published(client, [url], what=what, most_bytes=MOST_BYTES)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as fault:
        raise FetchError(f"{url}: cannot be read ({fault}); remove {path} and fetch it again.") from fault
    if set(CENTRE) <= set(frame):
        geoid = (
            frame["STATEFP"].str.zfill(2)
            + frame["COUNTYFP"].str.zfill(3)
            + frame["TRACTCE"].str.zfill(6)
            + frame["BLKGRPCE"]
        )
        here = geoid.str[:5].isin(list(counties)) if counties else geoid == geoid
        frame, geoid = frame[here], geoid[here]
    else:
        geoid = None
    return _checked(frame, (*CENTRE[:4], *CENTRE[4:5], "LONGITUDE", "LATITUDE"), url, geoid), url


def _checked(
    frame: pd.DataFrame, columns: Sequence[str], url: str, geoid: "pd.Series[str] | None"
) -> pd.DataFrame:
    """Return GEOID, population, lon and lat; the last three are the last of `columns`."""
    absent = [column for column in columns if column not in frame]
    if absent or geoid is None:
        raise FetchError(f"{url}: lacks column {absent[0]}; use another year, or the other detail of points.")
    people, lon, lat = (pd.to_numeric(frame[column], errors="coerce") for column in columns[-3:])
    wrong = ~(np.isfinite(lon) & np.isfinite(lat) & (people >= 0) & (abs(lat) <= 90) & (abs(lon) <= 180))
    if wrong.any():
        raise FetchError(
            f"{url}: {geoid[wrong].iloc[0]} has no population or no place, as has each of {int(wrong.sum())} "
            "rows; the file may have broken off: remove it from the cache and fetch it again."
        )
    return pd.DataFrame({"GEOID": geoid, "population": people.astype(int), "lon": lon, "lat": lat})
