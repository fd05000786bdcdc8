"""Census tracts: who lives there, by language group, with margins and polygons.

Table C16001 counts people of 5 years and over by the language spoken at home. *LEP* people speak
English less than "very well". Figures are five-year averages of a sample: a tract's zero is seldom
a true zero, and its largest group is often not really the largest. Work with sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from targeting.census_tables import (
    GEOID_COLUMNS,
    CensusTable,
    eleven_digits,
    label_of,
    no_people,
    read_census,
)
from targeting.errors import TractError
from targeting.layers import in_degrees, read_layer
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.outlines import sound_outlines
from targeting.vintage import looks_like

LOST_PEOPLE_ALLOWED = 0.05
FEW_POINTS = 5  # points a tract; census blocks give dozens, block groups two or three


@dataclass(frozen=True)
class Tracts:
    """Estimates, 90% margins and polygons of the tracts; all frames share one index of GEOIDs.

    Attributes
    ----------
    names : Series of str
    county : Series of str
        "Multnomah County, Oregon", or the five-digit code where the table has no names.
    population, population_moe : Series
        People of 5 years and over.
    estimates, margins : DataFrame
        People of the wanted measure, a column a group key (`targeting.languages.GROUPS`).
    geometry : GeoSeries
        EPSG:4326.
    tables : tuple of str
        The census tables' paths.
    sources : tuple of (path, vintage)
        Tables and boundaries, and what vintage each looks like.
    split_margins, split_areas : DataFrame or None
        Where groups were split into named languages: the margin that the split adds to each figure, and
        the area whose control it comes from (one error for all of an area's tracts), shaped as
        `estimates`.
    """

    names: "pd.Series[str]"
    county: "pd.Series[str]"
    population: "pd.Series[float]"
    population_moe: "pd.Series[float]"
    estimates: pd.DataFrame
    margins: pd.DataFrame
    geometry: gpd.GeoSeries
    tables: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    split_margins: pd.DataFrame | None = None
    split_areas: pd.DataFrame | None = None

    @cached_property
    def zone(self) -> pyproj.CRS:
        """The UTM zone of the middle tract."""
        bounds = self.geometry.bounds
        lon, lat = bounds[["minx", "maxx"]].mean(axis=1), bounds[["miny", "maxy"]].mean(axis=1)
        return utm_zone(float(lon.median()), float(lat.median()))


def utm_zone(lon: float, lat: float) -> pyproj.CRS:
    """Return the UTM zone of a place, a projection in metres that is true to about 0.1% there."""
    number = int((lon + 180) // 6) % 60 + 1
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + number)


def read_tracts(
    tables: Sequence[Path],
    geometry: Path,
    *,
    measure: Literal["lep", "speakers"],
    notices: Notices,
    limits: Limits = DEFAULT_LIMITS,
) -> Tracts:
    """Read census tables and join them to their polygons.

    Parameters
    ----------
    tables : sequence of Path
        CSV or Census API JSON with the API's column names; several are put one below the other.
    geometry : Path
        A map layer (`targeting.layers`) with a GEOID column.
    measure : {"lep", "speakers"}
        Lines 5, 8, … (speak English less than "very well") or lines 3, 6, … (all speakers).

    Raises
    ------
    TractError
        When a file cannot be used, or more than 5% of the people have no polygon.
    """
    census = read_census(tables, measure=measure, notices=notices, limits=limits)
    polygons = read_polygons(geometry, notices, limits)
    kept = _match(census, polygons, label_of(tables), geometry, notices)
    names = pd.Series([name or f"Tract {geoid}" for geoid, name in census.names[kept].items()], index=kept)
    return Tracts(
        names=names,
        county=pd.Series([_county(name, geoid) for geoid, name in names.items()], index=kept),
        population=census.population[kept],
        population_moe=census.population_moe[kept],
        estimates=census.estimates.loc[kept],
        margins=census.margins.loc[kept],
        geometry=polygons[kept],
        tables=tuple(str(path) for path in tables),
        sources=(
            *zip(map(str, tables), census.vintages, strict=True),
            (str(geometry), polygons.attrs["vintage"]),
        ),
    )


def read_points(
    path: Path, tracts: Tracts, notices: Notices, limits: Limits = DEFAULT_LIMITS
) -> pd.DataFrame:
    """Read population points (blocks, block groups) and find the tract of each.

    Returns
    -------
    DataFrame
        `lon`, `lat`, `population` and `tract`, the position of the tract in `tracts`. Points
        outside every tract or without people are left out.

    Raises
    ------
    TractError
        When the file cannot be read or has no single population column.
    """
    frame = in_degrees(read_layer(path, "population points", limits), path)
    names = frame.columns[frame.columns.str.fullmatch(r"(?i)pop(ulation)?_?(\d{2,4})?")]
    if len(names) != 1:
        raise TractError(
            f"{path.name}: needs one column 'population' (or POP20, pop2010 …), it has "
            f"{', '.join(map(str, frame.columns.drop('geometry')))}; rename the right one."
        )
    people = pd.to_numeric(frame[names[0]], errors="coerce").to_numpy(float)
    wrong = ~(people >= 0) | no_people(people)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value = frame[names[0]].iloc[row]
        raise TractError(
            f"{path.name}: column {names[0]}, feature {row + 1}: "
            f"{repr(value) if isinstance(value, str) else value} is no count of people; correct or "
            "remove it."
        )
    places = shapely.point_on_surface(frame.geometry.to_numpy())
    point, tract = shapely.STRtree(tracts.geometry.to_numpy()).query(places, predicate="intersects")
    found = pd.DataFrame({"tract": tract}, index=point).groupby(level=0).first()
    result = pd.DataFrame(
        {
            "lon": shapely.get_x(places)[found.index],
            "lat": shapely.get_y(places)[found.index],
            "population": people[found.index],
            "tract": found["tract"].to_numpy(),
        }
    )
    result = result[result["population"] > 0].reset_index(drop=True)
    bare = np.setdiff1d(np.flatnonzero(tracts.population.to_numpy() > 0), result["tract"])
    if len(bare) == (tracts.population > 0).sum():
        raise TractError(
            f"{path.name}: none of its points lies in a tract; check that both are of one region."
        )
    by_tract = len(result) / max(result["tract"].nunique(), 1)
    if by_tract < FEW_POINTS:
        notices.add(
            "coarse_points",
            f"{path.name}: has only {by_tract:.1f} points a tract; each counts wholly or not at all, which "
            "is coarse against a walk of some hundred metres: use census blocks where you can.",
            file=path.name,
        )
    if len(bare):
        people = tracts.population.iloc[bare].sum()
        notices.add(
            "tract_without_points",
            f"{path.name}: {len(bare)} tracts with {people:,.0f} people have no population point (first: "
            f"{tracts.names.iloc[bare[0]]}); their people are spread over the tract's area.",
            file=path.name,
            count=len(bare),
        )
    return result


def read_polygons(path: Path, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> gpd.GeoSeries:
    """Return tract polygons in EPSG:4326 by GEOID; `attrs` carries the vintage they look like.

    Raises
    ------
    TractError
        When the file cannot be used, or a shape is none of a tract.
    """
    frame = read_layer(path, "tract boundaries", limits)
    columns = set(frame.columns)
    if "GEOID" not in columns and {"STATEFP", "COUNTYFP", "TRACTCE"} <= columns:
        geoid = (
            frame["STATEFP"].astype(str).str.zfill(2)
            + frame["COUNTYFP"].astype(str).str.zfill(3)
            + frame["TRACTCE"].astype(str).str.zfill(6)
        )
    else:
        column = next((name for name in GEOID_COLUMNS if name in columns), None)
        if column is None:
            raise TractError(
                f"{path.name}: has no GEOID column (it has {', '.join(sorted(map(str, columns))[:8])}); "
                "use the Census Bureau's tract boundaries."
            )
        geoid = eleven_digits(frame[column])
    vintage = looks_like(path, list(frame.columns), pd.Index(geoid))
    flat = shapely.force_2d(frame.geometry.to_numpy())
    shapes = gpd.GeoSeries(flat, index=pd.Index(geoid, name="GEOID"), crs=frame.crs)
    shapes = sound_outlines(shapes, path, notices)
    repeated = shapes.index.duplicated()
    if repeated.any():
        raise TractError(
            f"{path.name}: GEOID {shapes.index[repeated][0]} has {int(repeated.sum()) + 1} polygons; "
            "each tract may appear once: dissolve or remove the repeated ones."
        )
    shapes.attrs["vintage"] = vintage
    return shapes


def _match(
    census: CensusTable, polygons: gpd.GeoSeries, label: str, geometry: Path, notices: Notices
) -> pd.Index:
    """Return the GEOIDs that have a polygon; refuse when more than 5% of people have none."""
    geoids, population = census.population.index, census.population
    matched = geoids.isin(polygons.index)
    if matched.all():
        return geoids.sort_values()
    lost_people = float(population[~matched].sum())
    share = lost_people / max(float(population.sum()), 1.0)
    message = (
        f"{int((~matched).sum())} of {len(geoids)} GEOIDs of {label} (looks like "
        f"{census.vintages[0]}) have no polygon in "
        f"{geometry.name} (looks like {polygons.attrs['vintage']}); the first is "
        f"{geoids[~matched][0]}; {lost_people:,.0f} people ({share:.1%}) "
    )
    if share > LOST_PEOPLE_ALLOWED or not matched.any():
        raise TractError(
            f"{message}would be lost, more than {LOST_PEOPLE_ALLOWED:.0%}: use boundaries of the "
            "table's vintage (2010 tracts up to ACS 2019, 2020 tracts from ACS 2020)."
        )
    notices.add(
        "tract_without_polygon",
        f"{message}were left out.",
        severity="warning" if lost_people else "info",
        file=label,
        count=int((~matched).sum()),
    )
    return geoids[matched].sort_values()


def _county(name: str, geoid: str) -> str:
    """Return "Multnomah County, Oregon" out of a tract's name, which separates by , or ;."""
    parts = [part.strip() for part in name.replace(";", ",").split(",")]
    return ", ".join(parts[1:]) if len(parts) >= 3 else geoid[:5]
