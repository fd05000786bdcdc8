"""Outlines of tracts, counties and water, and which PUMA holds each tract, for an ACS year.

Tracts are those that the ACS release counts: of 2010 up to ACS 2019, of 2020 after. Outlines are the
Census Bureau's cartographic ones, generalised for maps at 1:500,000 and clipped to the shore.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from targeting.errors import FetchError
from targeting.fetch.census_files import (
    CONNECTICUT,
    FIRST_2020_TRACTS,
    FIRST_PLANNING_REGIONS,
    fetched,
    first_published,
    period,
    read_zipped,
    refuse_missing,
    tract_vintage,
    wanted_counties,
    whole,
    write_layer,
)
from targeting.fetch.client import Client
from targeting.fetch.sources import Fetched

OLDEST = 2014  # before, the Bureau's files are laid out otherwise; 2010 tracts hardly changed meanwhile
FIRST_2020_PUMAS = 2022  # ACS 2020 and 2021 count 2020 tracts but still the PUMAs of 2010
MOST_BYTES = 500_000_000
OUTLINE = ("GEOID", "NAME", "NAMELSAD")
RELATIONS = "geo/docs/maps-data/data"
PUMAS_2010 = f"{RELATIONS}/rel/2010_Census_Tract_to_2010_PUMA.txt"
PUMAS_2020 = f"{RELATIONS}/rel2020/2020_Census_Tract_to_2020_PUMA.txt"
TRACTS_2020_2010 = f"{RELATIONS}/rel2020/tract/tab20_tract20_tract10_natl.txt"


@dataclass(frozen=True)
class TractPumas:
    """Which PUMA holds each tract of some counties.

    Attributes
    ----------
    pumas : dict of str to str
        7-digit PUMA by 11-digit tract, in order.
    urls : tuple of str
        Where that is from.
    """

    pumas: dict[str, str]
    urls: tuple[str, ...]


def fetch_tracts(client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
    """Fetch the outlines of census tracts into a GeoPackage with the columns GEOID and NAME.

    Parameters
    ----------
    client : Client
    year : int
        Of the ACS release they are for; one before 2014 takes the outlines of 2014.
    counties : sequence of str
        Five digits each.
    out : Path

    Raises
    ------
    FetchError
        When they are not published, a county is not among them, or a file is damaged.
    OutputError
        When `out` cannot be written.
    """
    wanted = wanted_counties(counties, year)
    parts, urls = [], []
    for state in _states(wanted):
        path, url = _cartographic(client, year, f"{state}_tract", _oldest_alike(year, wanted))
        parts.append(read_zipped(path, url, columns=OUTLINE, only=_within(wanted, state)))
        urls.append(url)
    what = f"outlines of {tract_vintage(year)} tracts for ACS {period(year)}"
    return _write_outlines(parts, urls, wanted, what, out, layer="tracts", name="Census Tract ")


def fetch_counties(client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
    """Fetch the outlines of counties into a GeoPackage; for all else see `fetch_tracts`."""
    wanted = wanted_counties(counties, year)
    path, url = _cartographic(client, year, "us_county", _oldest_alike(year, wanted))
    parts = [read_zipped(path, url, columns=OUTLINE, only=wanted, of="GEOID")]
    what = f"outlines of counties for ACS {period(year)}"
    return _write_outlines(parts, [url], wanted, what, out, layer="counties", name="")


def fetch_water(client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
    """Fetch rivers and lakes that have an area into a GeoPackage.

    Its columns are GEOID (the county's), NAME (empty for most) and HYDROID; for all else see
    `fetch_tracts`.
    """
    wanted = wanted_counties(counties, year)
    parts, urls = [], []
    for county in wanted:
        addresses = [
            f"{client.sources.census}/geo/tiger/TIGER{each}/AREAWATER/tl_{each}_{county}_areawater.zip"
            for each in _years(year, _oldest_alike(year, wanted))
        ]
        what = f"water of county {county} for year {year}"
        path, url = first_published(client, addresses, what=what, most_bytes=MOST_BYTES)
        part = read_zipped(path, url, columns=["HYDROID", "FULLNAME"])
        parts.append(part.assign(GEOID=county))
        urls.append(url)
    frame = pd.concat(parts, ignore_index=True).sort_values(["GEOID", "HYDROID"], ignore_index=True)
    frame["NAME"] = frame["FULLNAME"].fillna("")
    write_layer(frame[["GEOID", "NAME", "HYDROID", "geometry"]], out, layer="water", kind="MultiPolygon")
    return fetched(out, f"water, counties {', '.join(wanted)}, for year {year}", urls)


def fetch_pumas(client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
    """Fetch which PUMA holds each tract into a CSV as the Bureau's relationship file has it.

    Parameters
    ----------
    client : Client
    year : int
        Of the ACS release that counts them.
    counties : sequence of str
    out : Path
        With the columns STATEFP, COUNTYFP, TRACTCE and PUMA5CE.

    Raises
    ------
    FetchError
        When the relationship is not published, or a county is not in it.
    OutputError
        When `out` cannot be written.
    """
    wanted = wanted_counties(counties, year)
    found = tract_pumas(client, year=year, counties=wanted)
    with whole(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["STATEFP", "COUNTYFP", "TRACTCE", "PUMA5CE"])
        writer.writerows((tract[:2], tract[2:5], tract[5:], puma[2:]) for tract, puma in found.pumas.items())
    vintage = 2020 if year >= FIRST_2020_PUMAS else 2010
    what = f"{vintage} PUMAs of {tract_vintage(year)} tracts, counties {', '.join(wanted)}"
    return fetched(out, what, found.urls)


def tract_pumas(client: Client, *, year: int, counties: Sequence[str]) -> TractPumas:
    """Return which PUMA holds each tract, both as the ACS release of the year counts them.

    ACS 2020 and 2021 count 2020 tracts in 2010 PUMAs, which no file of the Bureau relates: a tract
    is given the PUMA of the 2010 tract that has most of its land.
    """
    new = year >= FIRST_2020_PUMAS
    path, url = _relation(client, PUMAS_2020 if new else PUMAS_2010)
    table = _text_table(path, url, ["STATEFP", "COUNTYFP", "TRACTCE", "PUMA5CE"])
    puma_of = {f"{s:>02}{c:>03}{t:>06}": f"{s:>02}{p:>05}" for s, c, t, p in table}
    urls = [url]
    wanted = tuple(county for county in counties if not (new and county.startswith(CONNECTICUT)))
    found: dict[str, str] = {}
    if FIRST_2020_TRACTS <= year < FIRST_2020_PUMAS:
        path, url = _relation(client, TRACTS_2020_2010)
        parts = _text_table(path, url, ["GEOID_TRACT_20", "GEOID_TRACT_10", "AREALAND_PART"])
        urls.append(url)
        largest: dict[str, int] = {}
        for tract, old, land in parts:
            if tract[:5] in wanted and old in puma_of and int(land) > largest.get(tract, -1):
                largest[tract], found[tract] = int(land), puma_of[old]
    else:
        found = {tract: puma for tract, puma in puma_of.items() if tract[:5] in wanted}
    regions = [county for county in counties if county not in wanted]
    if regions:
        more, url = _planning_region_pumas(client, year, regions, puma_of)
        found |= more
        urls.append(url)
    refuse_missing(counties, found, f"the list of PUMAs for ACS {period(year)} ({urls[0]})")
    return TractPumas(dict(sorted(found.items())), tuple(urls))


def _planning_region_pumas(
    client: Client, year: int, regions: Sequence[str], puma_of: dict[str, str]
) -> tuple[dict[str, str], str]:
    """Return the PUMAs of tracts in Connecticut's planning regions.

    The relationship file still has the former counties; a tract kept its last six digits, which are
    its own within the state but for tracts of water.
    """
    path, url = _cartographic(client, year, f"{CONNECTICUT}_tract", FIRST_PLANNING_REGIONS)
    codes = _within(regions, CONNECTICUT)
    tracts = read_zipped(path, url, columns=["GEOID"], only=codes, geometry=False)["GEOID"]
    by_code: dict[str, set[str]] = {}
    for tract, puma in puma_of.items():
        if tract.startswith(CONNECTICUT):
            by_code.setdefault(tract[5:], set()).add(puma)
    pumas = {tract: by_code.get(tract[5:], set()) for tract in tracts}
    return {tract: next(iter(puma)) for tract, puma in pumas.items() if len(puma) == 1}, url


def _write_outlines(
    parts: Sequence[gpd.GeoDataFrame],
    urls: Sequence[str],
    wanted: Sequence[str],
    what: str,
    out: Path,
    *,
    layer: str,
    name: str,
) -> Fetched:
    frame = pd.concat(parts, ignore_index=True)
    refuse_missing(wanted, frame["GEOID"], f"the list of {what} ({urls[0]})")
    short = name + frame["NAME"].astype(str)
    frame["NAME"] = frame["NAMELSAD"].fillna(short) if "NAMELSAD" in frame else short
    frame = frame.sort_values("GEOID", ignore_index=True)
    write_layer(frame[["GEOID", "NAME", "geometry"]], out, layer=layer, kind="MultiPolygon")
    return fetched(out, f"{what}, counties {', '.join(wanted)}", urls)


def _cartographic(client: Client, year: int, name: str, oldest: int) -> tuple[Path, str]:
    urls = [
        f"{client.sources.census}/geo/tiger/GENZ{each}/shp/cb_{each}_{name}_500k.zip"
        for each in _years(year, oldest)
    ]
    what = f"the file of outlines for year {year} ({name})"
    return first_published(client, urls, what=what, most_bytes=MOST_BYTES)


def _years(year: int, oldest: int) -> list[int]:
    """Return the years whose outlines serve: the year's own, else the year before's if they are alike."""
    own = max(year, OLDEST)
    return [own, own - 1] if own - 1 >= oldest else [own]


def _oldest_alike(year: int, counties: Sequence[str]) -> int:
    """Return the oldest year that has the same tracts and counties as the given one."""
    if year >= FIRST_PLANNING_REGIONS and any(county.startswith(CONNECTICUT) for county in counties):
        return FIRST_PLANNING_REGIONS
    return FIRST_2020_TRACTS if year >= FIRST_2020_TRACTS else OLDEST


def _relation(client: Client, name: str) -> tuple[Path, str]:
    url = f"{client.sources.census}/{name}"
    return first_published(client, [url], what="the list of PUMAs by tract", most_bytes=MOST_BYTES)


def _text_table(path: Path, url: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return some columns of a text table, commas or bars between its values."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline().rstrip("\r\n")
        separator = "|" if "|" in header else ","
        names = [name.strip().strip('"') for name in header.split(separator)]
        absent = [column for column in columns if column not in names]
        if absent:
            raise FetchError(
                f"{url}: lacks column {absent[0]} (it begins {header[:60]!r}); remove {path} and "
                "fetch it again."
            )
        places = [names.index(column) for column in columns]
        rows = [row for row in csv.reader(file, delimiter=separator) if row]
    short = next((row for row in rows if len(row) != len(names)), None)
    if short is not None:
        raise FetchError(
            f"{url}: broke off (a line is {separator.join(short)[:60]!r}); remove {path} and fetch it again."
        )
    return [tuple(row[place].strip() for place in places) for row in rows]


def _states(counties: Iterable[str]) -> list[str]:
    return sorted({county[:2] for county in counties})


def _within(counties: Iterable[str], state: str) -> list[str]:
    return [county[2:] for county in counties if county.startswith(state)]
