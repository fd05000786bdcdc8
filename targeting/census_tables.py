"""Census tables as files: the API's CSV or JSON, its codes for missing values, its GEOIDs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.errors import TractError
from targeting.languages import GROUPS
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.text_tables import text_table
from targeting.vintage import looks_like

JAM_CONTROLLED = -555555555.0  # the estimate is controlled to a fixed value: its margin is 0
JAM_VALUES = (
    JAM_CONTROLLED, -222222222.0, -333333333.0, -666666666.0, -888888888.0, -999999999.0,
)  # fmt: skip
MOST_PEOPLE = 1e10  # more than live on earth
LEAST_PEOPLE = 1e-3  # less than a thousandth of a person is a slip of the exponent
SMALLEST_MARGIN = 12.0  # the margin that ACS 5-year tables give to the zeros of small tracts
GEOID_COLUMNS = ("GEOID", "GEOID20", "GEOID10", "GEO_ID", "GEOIDFQ", "AFFGEOID")


@dataclass(frozen=True)
class CensusTable:
    """Estimates and 90% margins by tract; all share one index of 11-digit GEOIDs.

    Attributes
    ----------
    names : Series of str
        The Census Bureau's name of each tract, empty where the table gives none.
    population, population_moe : Series
        People of 5 years and over.
    estimates, margins : DataFrame
        People of the wanted measure, a column a group key.
    vintages : tuple of str
        What vintage of tracts each file looks like.
    """

    names: "pd.Series[str]"
    population: "pd.Series[float]"
    population_moe: "pd.Series[float]"
    estimates: pd.DataFrame
    margins: pd.DataFrame
    vintages: tuple[str, ...]


def read_census(
    paths: Sequence[Path], *, measure: str, notices: Notices, limits: Limits = DEFAULT_LIMITS
) -> CensusTable:
    """Read table C16001 from one file, or from several put one below the other.

    Raises
    ------
    TractError
        When a file cannot be used, or a tract stands in two rows.
    """
    tables = [_read_file(path, notices, limits) for path in paths]
    groups = {key: None for table, path in zip(tables, paths, strict=True)
              for key in _lines(table, measure, path.name)}  # fmt: skip
    estimates, margins = [], []
    for table, path in zip(tables, paths, strict=True):
        lines = {"total": "C16001_001"} | {key: _line(key, measure) for key in groups}
        pairs = {key: _estimates(table, line, path.name, notices) for key, line in lines.items()}
        estimates.append(pd.DataFrame({key: pair[0] for key, pair in pairs.items()}, index=table.index))
        _check_parts(estimates[-1], path.name)
        margins.append(pd.DataFrame({key: pair[1] for key, pair in pairs.items()}, index=table.index))
    people, moes = pd.concat(estimates), pd.concat(margins)
    repeated = people.index[people.index.duplicated()]
    if len(repeated):
        rows = int((people.index == repeated[0]).sum())
        raise TractError(
            f"{label_of(paths)}: GEOID {repeated[0]} stands in {rows} rows; "
            "each tract may appear once: remove the repeated rows."
        )
    names = [table.get("NAME", pd.Series("", index=table.index)) for table in tables]
    return CensusTable(
        names=pd.concat(names),
        population=people["total"],
        population_moe=moes["total"],
        estimates=people.drop(columns="total"),
        margins=moes.drop(columns="total"),
        vintages=tuple(
            looks_like(path, list(table.columns), table.index)
            for path, table in zip(paths, tables, strict=True)
        ),
    )


def _check_parts(people: pd.DataFrame, label: str) -> None:
    """Refuse a table of which some tract has more people in its languages than people."""
    together = people.drop(columns="total").sum(axis=1)
    over = (together > people["total"] + 0.5).to_numpy()
    if over.any():
        at = int(np.flatnonzero(over)[0])
        raise TractError(
            f"{label}: tract {people.index[at]} has {together.iloc[at]:,.0f} people in its languages "
            f"together and {people['total'].iloc[at]:,.0f} in all (C16001_001E, of 5 years and over); its "
            "columns may be shifted: get the table again."
        )


def label_of(paths: Sequence[Path]) -> str:
    """Return what messages call these tables."""
    return paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"


def _read_file(path: Path, notices: Notices, limits: Limits) -> pd.DataFrame:
    """Return one table as text, indexed by 11-digit GEOID."""
    table = text_table(path, "region.acs", notices, limits)
    geography = table.columns.intersection(GEOID_COLUMNS)
    if len(geography) and table[geography[0]].iloc[0] == "Geography":
        table = table.iloc[1:]  # data.census.gov writes a second header with the columns' labels
    table.index = _geoids(table, path)
    return table


def _geoids(table: pd.DataFrame, path: Path) -> pd.Index:
    if {"state", "county", "tract"} <= set(table.columns) and "GEOID" not in table:
        geoid = table["state"].str.zfill(2) + table["county"].str.zfill(3) + table["tract"].str.zfill(6)
    else:
        column = next((name for name in GEOID_COLUMNS if name in table), None)
        if column is None and len(table.columns) == 1:
            raise TractError(
                f"{path.name}: has one column only ({table.columns[0][:40]}…); save it with commas "
                "between the values."
            )
        if column is None:
            raise TractError(
                f"{path.name}: has no GEOID column (it has {', '.join(table.columns[:8])}); tracts are "
                "known by their 11-digit GEOID."
            )
        geoid = eleven_digits(table[column])
    wrong = ~geoid.str.fullmatch(r"\d{11}")
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TractError(
            f"{path.name}: row {row + 2}: {table.iloc[row].get('GEOID', geoid.iloc[row])!r} is no "
            "11-digit tract GEOID; a spreadsheet may have changed it: format the column as text."
        )
    return pd.Index(geoid, name="GEOID")


def eleven_digits(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Return GEOIDs without "1400000US", a leading zero that a spreadsheet dropped put back."""
    geoid = texts.astype(str).str.replace(r"^1400000US", "", regex=True)
    return geoid.where(~geoid.str.fullmatch(r"\d{10}"), "0" + geoid)


def _line(key: str, measure: str) -> str:
    return f"C16001_{GROUPS[key].first_line + (2 if measure == 'lep' else 0):03d}"


def _lines(table: pd.DataFrame, measure: str, label: str) -> list[str]:
    """Return the groups that the table has."""
    found = [key for key in GROUPS if f"{_line(key, measure)}E" in table]
    if "C16001_001E" not in table:
        raise TractError(
            f"{label}: lacks column C16001_001E (people of 5 years and over); ask for table C16001 "
            "with its total."
        )
    if not found:
        other = "lep" if measure == "speakers" else "speakers"
        raise TractError(
            f"{label}: has no column for measure = {measure!r} (such as {_line('spanish', measure)}E); "
            f'use region.measure = "{other}" or a table with those lines.'
        )
    return found


def _estimates(
    table: pd.DataFrame, line: str, label: str, notices: Notices
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return estimates and margins of a line, the Census Bureau's jam values resolved."""
    if f"{line}E" not in table:
        raise TractError(
            f"{label}: lacks column {line}E, which another of the tables has; all must have the same."
        )
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
    return estimate, margin


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
        (no_people(numbers), "is no count of people"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise TractError(
                f"{label}: column {column}, row {row + 2} (tract {table.index[row]}): "
                f"{texts.iloc[row]!r} {what}; correct the table."
            )
    controlled = column.endswith("M") & (numbers == JAM_CONTROLLED)
    return np.where(controlled, 0.0, np.where(jam, np.nan, numbers))


def no_people(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which numbers above zero are too large or too small to count people."""
    return (numbers > MOST_PEOPLE) | ((numbers > 0) & (numbers < LEAST_PEOPLE))
