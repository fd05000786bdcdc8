"""Census tracts: who lives there, by language group, with margins and polygons.

Table C16001 counts people of 5 years and over by the language spoken at home. *LEP* people speak
English less than "very well". Figures are five-year averages of a sample: a tract's zero is seldom
a true zero, and its largest group is often not really the largest. Work with sums.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.errors import TractError
from targeting.languages import GROUPS
from targeting.notices import Notices
from targeting.vintage import looks_like

LOST_PEOPLE_ALLOWED = 0.05
JAM_CONTROLLED = -555555555.0  # the estimate is controlled to a fixed value: its margin is 0
JAM_VALUES = (
    JAM_CONTROLLED, -222222222.0, -333333333.0, -666666666.0, -888888888.0, -999999999.0,
)  # fmt: skip
SMALLEST_MARGIN = 12.0  # the margin that ACS 5-year tables give to the zeros of small tracts
GEOID_COLUMNS = ("GEOID", "GEOID20", "GEOID10", "GEO_ID", "GEOIDFQ", "AFFGEOID")


@dataclass(frozen=True)
class Tracts:
    """Estimates, 90 % margins and polygons of the tracts; all frames share one index of GEOIDs.

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
    sources : tuple of (path, vintage)
        The files and what vintage each looks like.
    """

    names: "pd.Series[str]"
    county: "pd.Series[str]"
    population: "pd.Series[float]"
    population_moe: "pd.Series[float]"
    estimates: pd.DataFrame
    margins: pd.DataFrame
    geometry: gpd.GeoSeries
    sources: tuple[tuple[str, str], ...]


def read_tracts(
    tables: Sequence[Path],
    geometry: Path,
    *,
    measure: Literal["lep", "speakers"],
    notices: Notices,
) -> Tracts:
    """Read census tables and join them to their polygons.

    Parameters
    ----------
    tables : sequence of Path
        CSV or Census API JSON with the API's column names; several are put one below the other.
    geometry : Path
        Any file GeoPandas reads, with a GEOID column and a coordinate system.
    measure : {"lep", "speakers"}
        Lines 5, 8, … (speak English less than "very well") or lines 3, 6, … (all speakers).

    Raises
    ------
    TractError
        When a file cannot be used, or more than 5 % of the people have no polygon.
    """
    table = pd.concat([_read_table(path) for path in tables])
    repeated = table.index.duplicated()
    if repeated.any():
        raise TractError(
            f"{_names(tables)}: GEOID {table.index[repeated][0]} stands in {int(repeated.sum()) + 1} "
            "rows; each tract may appear once: remove the repeated rows."
        )
    lines = _lines(table, measure, _names(tables))
    population, population_moe = _estimates(table, "C16001_001", tables, notices)
    pairs = {key: _estimates(table, line, tables, notices) for key, line in lines.items()}
    polygons = _read_polygons(geometry, notices)
    kept = _match(table, population, polygons, (_names(tables), tables[0]), geometry, notices)
    names = table["NAME"] if "NAME" in table else pd.Series("", index=table.index)
    names = names.where(names != "", "Tract " + table.index.to_series())[kept]
    return Tracts(
        names=names,
        county=pd.Series([_county(name, geoid) for geoid, name in names.items()], index=kept),
        population=population[kept],
        population_moe=population_moe[kept],
        estimates=pd.DataFrame({key: pair[0][kept] for key, pair in pairs.items()}),
        margins=pd.DataFrame({key: pair[1][kept] for key, pair in pairs.items()}),
        geometry=polygons[kept],
        sources=(
            *((str(path), looks_like(path, list(table.columns), table.index)) for path in tables),
            (str(geometry), polygons.attrs["vintage"]),
        ),
    )


def read_points(path: Path, tracts: Tracts, notices: Notices) -> pd.DataFrame:
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
    frame = _read_geometry(path, "population points").to_crs(4326)
    names = frame.columns[frame.columns.str.fullmatch(r"(?i)pop(ulation)?_?(\d{2,4})?")]
    if len(names) != 1:
        raise TractError(
            f"{path.name}: needs one column 'population' (or POP20, pop2010 …), it has "
            f"{', '.join(map(str, frame.columns.drop('geometry')))}; rename the right one."
        )
    people = pd.to_numeric(frame[names[0]], errors="coerce").to_numpy(float)
    if (people < 0).any() or np.isnan(people).any():
        row = int(np.flatnonzero(~(people >= 0))[0]) + 1
        raise TractError(
            f"{path.name}: column {names[0]}, feature {row}: {frame[names[0]].iloc[row - 1]!r} is no "
            "count of people; correct or remove it."
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
    if len(bare):
        notices.add(
            "tract_without_points",
            f"{path.name}: {len(bare)} tracts with people have no population point (first: "
            f"{tracts.names.iloc[bare[0]]}); their people are spread over the tract's area.",
            file=path.name,
            count=len(bare),
        )
    return result


def _read_table(path: Path) -> pd.DataFrame:
    """Return one table as text, indexed by 11-digit GEOID; attrs hold nothing."""
    try:
        if path.suffix.lower() == ".json":
            rows = json.loads(path.read_text(encoding="utf-8-sig"))
            if not (isinstance(rows, list) and rows and all(isinstance(r, list) for r in rows)):
                raise TractError(
                    f"{path.name}: is not the Census API's JSON (a list of rows, names first)."
                )
            table = pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        else:
            table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as fault:
        raise TractError(
            f"{path}: no such file; check region.acs in the campaign file."
        ) from fault
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as fault:
        raise TractError(f"{path.name}: cannot be read as a table ({fault}).") from fault
    table = table.map(lambda value: "" if value is None else str(value).strip())
    table.columns = [str(name).strip() for name in table.columns]
    table.index = _geoids(table, path)
    return table


def _geoids(table: pd.DataFrame, path: Path) -> pd.Index:
    if {"state", "county", "tract"} <= set(table.columns) and "GEOID" not in table:
        geoid = table["state"].str.zfill(2) + table["county"].str.zfill(3) + table["tract"].str.zfill(6)
    else:
        column = next((name for name in GEOID_COLUMNS if name in table), None)
        if column is None:
            raise TractError(
                f"{path.name}: has no GEOID column (it has {', '.join(table.columns[:8])}); tracts are "
                "known by their 11-digit GEOID."
            )
        geoid = _eleven_digits(table[column])
    wrong = ~geoid.str.fullmatch(r"\d{11}")
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TractError(
            f"{path.name}: row {row + 2}: {table.iloc[row].get('GEOID', geoid.iloc[row])!r} is no "
            "11-digit tract GEOID; a spreadsheet may have changed it: format the column as text."
        )
    return pd.Index(geoid, name="GEOID")


def _eleven_digits(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Return GEOIDs without "1400000US", a leading zero that a spreadsheet dropped put back."""
    geoid = texts.astype(str).str.replace(r"^1400000US", "", regex=True)
    return geoid.where(~geoid.str.fullmatch(r"\d{10}"), "0" + geoid)


def _lines(table: pd.DataFrame, measure: str, label: str) -> dict[str, str]:
    """Return the table's line for each group that it has: {"spanish": "C16001_005", …}."""
    offset = 2 if measure == "lep" else 0
    wanted = {key: f"C16001_{group.first_line + offset:03d}" for key, group in GROUPS.items()}
    lines = {key: line for key, line in wanted.items() if f"{line}E" in table}
    if "C16001_001E" not in table:
        raise TractError(
            f"{label}: lacks column C16001_001E (people of 5 years and over); ask for table C16001 "
            "with its total."
        )
    if not lines:
        other = "lep" if measure == "speakers" else "speakers"
        raise TractError(
            f"{label}: has no column for measure = {measure!r} (such as {wanted['spanish']}E); use "
            f'region.measure = "{other}" or a table with those lines.'
        )
    return lines


def _estimates(
    table: pd.DataFrame, line: str, tables: Sequence[Path], notices: Notices
) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """Return estimates and margins of a line, the Census Bureau's jam values resolved."""
    label = _names(tables)
    estimate = _counts(table, f"{line}E", label)
    absent = np.isnan(estimate)
    if absent.any():
        notices.add(
            "no_estimate",
            f"{label}: {int(absent.sum())} tracts have no estimate in {line}E (first: "
            f"{table.index[absent][0]}); they count as 0 people.",
            file=label,
            count=int(absent.sum()),
        )
        estimate = np.where(absent, 0.0, estimate)
    if f"{line}M" not in table:
        raise TractError(
            f"{label}: lacks column {line}M, the margins of {line}E; without margins no figure can be "
            "defended: ask for the columns that end in M too."
        )
    margin = _counts(table, f"{line}M", label)
    absent = np.isnan(margin)
    if absent.any():
        notices.add(
            "no_margin",
            f"{label}: {int(absent.sum())} tracts have no margin in {line}M (first: "
            f"{table.index[absent][0]}); the estimate itself, at least {SMALLEST_MARGIN:.0f}, is "
            "taken as its margin.",
            file=label,
            count=int(absent.sum()),
        )
        margin = np.where(absent, np.maximum(estimate, SMALLEST_MARGIN), margin)
    return pd.Series(estimate, index=table.index), pd.Series(margin, index=table.index)


def _counts(table: pd.DataFrame, column: str, label: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers; jam values become 0 (controlled margin) or not-a-number."""
    texts = table[column]
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(float)
    blank = (texts == "").to_numpy()
    jam = np.isin(numbers, JAM_VALUES)
    for wrong, what in (
        (np.isnan(numbers) & ~blank, "is no number"),
        (np.isinf(numbers), "is no number"),
        ((numbers < 0) & ~jam, "is negative and none of the Census Bureau's codes"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise TractError(
                f"{label}: column {column}, row {row + 2} (tract {table.index[row]}): "
                f"{texts.iloc[row]!r} {what}; correct the table."
            )
    controlled = column.endswith("M") & (numbers == JAM_CONTROLLED)
    return np.where(controlled, 0.0, np.where(jam, np.nan, numbers))


def _read_geometry(path: Path, what: str) -> gpd.GeoDataFrame:
    if not path.exists():
        raise TractError(f"{path}: no such file; check the {what} in the campaign file.")
    try:
        frame = gpd.read_file(path)
    except Exception as fault:  # pyogrio raises many kinds; all mean the same to a user
        raise TractError(f"{path.name}: cannot be read as a map layer ({fault}).") from fault
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        raise TractError(f"{path.name}: holds no shapes; give the file with the {what}.")
    if frame.crs is None:
        raise TractError(
            f"{path.name}: has no coordinate system (CRS), so its place on earth is unknown; save it "
            "with one (EPSG:4326 for longitude and latitude)."
        )
    return frame


def _read_polygons(path: Path, notices: Notices) -> gpd.GeoSeries:
    """Return tract polygons in EPSG:4326 by GEOID; `attrs` carries the vintage they look like."""
    frame = _read_geometry(path, "tract boundaries")
    columns = set(frame.columns)
    if "GEOID" not in columns and {"STATEFP", "COUNTYFP", "TRACTCE"} <= columns:
        geoid = frame["STATEFP"] + frame["COUNTYFP"] + frame["TRACTCE"]
    else:
        column = next((name for name in GEOID_COLUMNS if name in columns), None)
        if column is None:
            raise TractError(
                f"{path.name}: has no GEOID column (it has {', '.join(sorted(map(str, columns))[:8])}); "
                "use the Census Bureau's tract boundaries."
            )
        geoid = _eleven_digits(frame[column])
    vintage = looks_like(path, list(frame.columns), pd.Index(geoid))
    shapes = gpd.GeoSeries(frame.geometry.to_numpy(), index=pd.Index(geoid, name="GEOID"), crs=frame.crs)
    shapes = shapes[~(shapes.isna() | shapes.is_empty)]
    broken = ~shapes.is_valid
    if broken.any():
        notices.add(
            "invalid_polygon",
            f"{path.name}: {int(broken.sum())} polygons cross themselves (first: "
            f"{shapes.index[broken][0]}) and were mended.",
            file=path.name,
            severity="info",
            count=int(broken.sum()),
        )
        shapes[broken] = shapes[broken].make_valid()
    repeated = shapes.index.duplicated()
    if repeated.any():
        raise TractError(
            f"{path.name}: GEOID {shapes.index[repeated][0]} has {int(repeated.sum()) + 1} polygons; "
            "each tract may appear once: dissolve or remove the repeated ones."
        )
    shapes = shapes.to_crs(4326)
    shapes.attrs["vintage"] = vintage
    return shapes


def _match(
    table: pd.DataFrame,
    population: "pd.Series[float]",
    polygons: gpd.GeoSeries,
    table_label: tuple[str, Path],
    geometry: Path,
    notices: Notices,
) -> pd.Index:
    """Return the GEOIDs that have a polygon; refuse when more than 5 % of people have none."""
    matched = table.index.isin(polygons.index)
    if matched.all():
        return table.index.sort_values()
    lost_people = float(population[~matched].sum())
    share = lost_people / max(float(population.sum()), 1.0)
    message = (
        f"{int((~matched).sum())} of {len(table)} GEOIDs of {table_label[0]} (looks like "
        f"{looks_like(table_label[1], list(table.columns), table.index)}) have no polygon in "
        f"{geometry.name} (looks like {polygons.attrs['vintage']}); the first is "
        f"{table.index[~matched][0]}; {lost_people:,.0f} people ({share:.1%}) "
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
        file=table_label[0],
        count=int((~matched).sum()),
    )
    return table.index[matched].sort_values()


def _county(name: str, geoid: str) -> str:
    """Return "Multnomah County, Oregon" out of a tract's name, which separates by , or ;."""
    parts = [part.strip() for part in name.replace(";", ",").split(",")]
    return ", ".join(parts[1:]) if len(parts) >= 3 else geoid[:5]


def _names(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
