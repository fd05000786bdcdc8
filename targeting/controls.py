"""Controls: how many speak each language of table B16001 in a PUMA, county, state or the nation.

Table C16001 counts twelve groups by tract; table B16001 counts 42 *categories* of language, each
part of one group, but for large areas only. `targeting.disaggregate` uses the proportions of the
second to split the first. Country of birth by tract (B05006) says where each part is likelier.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.census_tables import GEOID_COLUMNS, JAM_CONTROLLED, JAM_VALUES, no_people
from targeting.errors import TractError
from targeting.languages import CATEGORIES, GROUPS, Group, catalogue
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.text_tables import text_table

LAST_LINE = 128  # B16001 from the 2012-2016 release on; before, 119 lines and other languages
TIDY = ("stcofips", "year", "langc42", "lep_1_is_less_than_very_well", "n")
NATION = "US"


@dataclass(frozen=True)
class ControlledCategory:
    """One language category of ACS table B16001 (42 of them, from the 2012-2016 release on).

    Attributes
    ----------
    key, name : str
        Ours and the Census Bureau's.
    group : Group
        The group of table C16001 that holds it.
    first_line : int
        Line of all its speakers; the LEP line is two further.
    code : str
        Portland State University's short code (`langc42`).
    alone : str
        Tag of the one poster language that the category is; empty where it is several.
    tags : tuple of str
        The poster languages within it.
    countries : tuple of str
        Countries of birth that point to it, named as in table B05006.
    """

    key: str
    name: str
    group: Group
    first_line: int
    code: str
    alone: str
    tags: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True)
class Controls:
    """People of the wanted measure by area and category.

    Attributes
    ----------
    estimates, margins : DataFrame
        Index: state (2 digits), county (5), PUMA (7) or "US"; a column a category key. Not a
        number where the source has none.
    vintages : dict of str to str
        Of each area: the file, and the year where the file holds several.
    """

    estimates: pd.DataFrame
    margins: pd.DataFrame
    vintages: dict[str, str]


@cache
def categories() -> dict[str, ControlledCategory]:
    """Return every category by its key, in the order of the table."""
    text = files("targeting").joinpath("controls.csv").read_text(encoding="utf-8")
    languages = catalogue().values()
    found = {}
    for row in csv.DictReader(text.splitlines()):
        category = CATEGORIES[row["key"]]
        members = [language for language in languages if language.category == category.key]
        found[category.key] = ControlledCategory(
            key=category.key,
            name=category.name,
            group=GROUPS[category.group],
            first_line=category.first_line,
            code=row["code"],
            alone=next((language.tag for language in members if language.alone), ""),
            tags=tuple(language.tag for language in members),
            countries=tuple(filter(None, (name.strip() for name in row["countries"].split(";")))),
        )
    return found


def read_controls(
    paths: Sequence[Path],
    *,
    measure: str,
    notices: Notices,
    year: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Controls:
    """Read table B16001, from one file or several that hold different areas.

    Parameters
    ----------
    paths : sequence of Path
        The Census API's columns (CSV or JSON), the table-based summary file (`.dat`), or a tidy CSV
        with the columns stcofips, year, langc42, lep_1_is_less_than_very_well and n.
    measure : {"lep", "speakers"}
    year : int, optional
        Of a tidy CSV that holds several; otherwise the latest of each area.

    Raises
    ------
    TractError
        When a file cannot be used, or an area stands in two rows.
    """
    estimates: list[pd.DataFrame] = []
    margins: list[pd.DataFrame] = []
    vintages: dict[str, str] = {}
    for path in paths:
        table = read_table(path, notices, limits)
        if set(TIDY) <= set(table):
            speakers, people, years = _from_tidy(table, path.name, measure, year)
            moes = pd.DataFrame(np.nan, index=people.index, columns=people.columns)
            _drop_suppressed(people, speakers, path.name, notices)
        else:
            people, moes = _from_census(table, path.name, measure)
            years = {}
            _check_sums(table, people, path.name, notices)
        estimates.append(people)
        margins.append(moes)
        vintages |= {area: f"{path.name}{years.get(area, '')}" for area in people.index}
    areas = pd.Index([area for frame in estimates for area in frame.index])
    if areas.has_duplicates:
        raise TractError(
            f"{', '.join(path.name for path in paths)}: area {areas[areas.duplicated()][0]} stands in "
            "two rows; each area may have one control: remove the others."
        )
    return Controls(pd.concat(estimates).sort_index(), pd.concat(margins).sort_index(), vintages)


def read_pumas(
    path: Path, notices: Notices | None = None, limits: Limits = DEFAULT_LIMITS
) -> "pd.Series[str]":
    """Read the Bureau's tract-to-PUMA file: 7-digit PUMA by 11-digit tract."""
    table = read_table(path, Notices() if notices is None else notices, limits)
    needed = ("STATEFP", "COUNTYFP", "TRACTCE", "PUMA5CE")
    absent = [name for name in needed if name not in table]
    if absent:
        raise TractError(
            f"{path.name}: lacks column {absent[0]}; use the Census Bureau's tract-to-PUMA relationship "
            "file (2020_Census_Tract_to_2020_PUMA.txt)."
        )
    state, county, tract, puma = (table[name] for name in needed)
    state = state.str.zfill(2)
    geoid = state + county.str.zfill(3) + tract.str.zfill(6)
    return pd.Series((state + puma.str.zfill(5)).to_numpy(), index=pd.Index(geoid, name="GEOID"))


def read_table(path: Path, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> pd.DataFrame:
    """Return a table as text, the names of a summary file's columns put as the API has them."""
    table = text_table(path, "region.controls and region.birthplaces", notices, limits)
    table.columns = [re.sub(r"^(B\d{5})_([EM])(\d{3})$", r"\1_\3\2", name) for name in table.columns]
    return table


def numbers(table: pd.DataFrame, column: str, label: str, first_row: int = 2) -> "pd.Series[float]":
    """Return a column of counts; blanks and jam values become not-a-number, a controlled margin 0."""
    texts = table[column]
    counts = pd.to_numeric(texts, errors="coerce").astype(float)
    jam = counts.isin(JAM_VALUES)
    wrong = (counts.isna() & (texts != "")) | no_people(counts.to_numpy()) | ((counts < 0) & ~jam)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TractError(
            f"{label}: column {column}, row {row + first_row}: {texts.iloc[row]!r} is no count of "
            "people; correct the table."
        )
    controlled = (counts == JAM_CONTROLLED) & column.endswith("M")
    return counts.mask(jam).mask(controlled, 0.0)


def _from_census(table: pd.DataFrame, label: str, measure: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return estimates and margins by area out of a table with the Bureau's columns."""
    if "B16001_119E" in table and f"B16001_{LAST_LINE}E" not in table:
        raise TractError(
            f"{label}: has the lines of B16001 before the 2012-2016 release, which count other "
            "languages; use a later one."
        )
    lines = {
        key: f"B16001_{category.first_line + (2 if measure == 'lep' else 0):03d}"
        for key, category in categories().items()
    }
    if not any(f"{line}E" in table for line in lines.values()):
        raise TractError(
            f"{label}: has no column of table B16001 for measure = {measure!r} (such as "
            f"{lines['russian']}E); it has {', '.join(table.columns[:6])}."
        )
    areas = _areas(table, label)
    table = table[(areas != "").to_numpy()]
    blank = pd.Series(np.nan, index=table.index)
    index = pd.Index(areas[areas != ""], name="area")
    pair = [
        pd.DataFrame(
            {
                key: numbers(table, f"{line}{end}", label) if f"{line}{end}" in table else blank
                for key, line in lines.items()
            }
        ).set_axis(index)
        for end in "EM"
    ]
    return pair[0], pair[1]


def _areas(table: pd.DataFrame, label: str) -> "pd.Series[str]":
    """Return the area of each row, empty where it is neither PUMA, county, state nor nation."""
    puma = "public use microdata area"
    column = next((name for name in GEOID_COLUMNS if name in table), None)
    if column is not None:
        geo = table[column].str.replace(r"^(010|040|050|795)\w{2}00US", "", regex=True)
        geo = geo.mask(geo == "", NATION)
    elif "state" in table:
        state = table["state"].str.zfill(2)
        rest = table["county"].str.zfill(3) if "county" in table else pd.Series("", index=table.index)
        geo = state + (table[puma].str.zfill(5) if puma in table else rest)
    elif "us" in table:
        geo = pd.Series(NATION, index=table.index)
    else:
        raise TractError(f"{label}: has no GEOID column (it has {', '.join(table.columns[:6])}).")
    geo = geo.where(geo.str.fullmatch(rf"\d{{2}}|\d{{5}}|\d{{7}}|{NATION}"), "")
    if (geo == "").all():
        first = table[column].iloc[0] if column is not None else geo.iloc[0]
        raise TractError(
            f"{label}: holds no PUMA, county or state among its {len(table)} rows (the first is "
            f"{first}); ask for table B16001 by one of those."
        )
    return geo


def _from_tidy(
    table: pd.DataFrame, label: str, measure: str, year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Return all speakers, people of the measure, and the year of each area."""
    key_of = {category.code: key for key, category in categories().items()}
    for column, good in (
        ("langc42", table["langc42"].isin(list(key_of))),
        ("lep_1_is_less_than_very_well", table["lep_1_is_less_than_very_well"].isin(["0", "1"])),
        ("year", table["year"].str.fullmatch(r"\d{4}")),
        ("stcofips", table["stcofips"].str.fullmatch(r"\d{2}|\d{5}")),
    ):
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise TractError(
                f"{label}: column {column}, row {row + 2}: {table[column].iloc[row]!r} is not known "
                "there; correct the table."
            )
    people = numbers(table, "n", label)
    years = table["year"].astype(int)
    if year is not None and not (years == year).any():
        raise TractError(f"{label}: holds no year {year}, only {years.min()} to {years.max()}.")
    wanted = years == (year if year is not None else years.groupby(table["stcofips"]).transform("max"))
    line = ["stcofips", "langc42", "lep_1_is_less_than_very_well"]
    repeated = table[wanted].duplicated(line)
    if repeated.any():
        row = int(table[wanted].index[repeated][0])
        raise TractError(f"{label}: row {row + 2} repeats an area, year and language; remove one.")
    long = pd.DataFrame({"area": table["stcofips"], "key": table["langc42"].map(key_of), "n": people})
    is_lep = table["lep_1_is_less_than_very_well"] == "1"
    every, lep = (
        long[wanted & choice].groupby(["area", "key"])["n"].sum(min_count=1).unstack()
        for choice in (is_lep | ~is_lep, is_lep)
    )
    every = every.reindex(columns=list(categories()))
    lep = lep.reindex(index=every.index, columns=list(categories()))
    latest = years[wanted].groupby(table["stcofips"]).max()
    return every, lep if measure == "lep" else every.copy(), {a: f" ({y})" for a, y in latest.items()}


def _drop_suppressed(people: pd.DataFrame, speakers: pd.DataFrame, label: str, notices: Notices) -> None:
    """Blank a county's categories without any speaker that its state has: suppressed, not empty.

    A tidy table carries no totals to add up to, so nothing tells a suppressed cell from a true zero
    but the state; a blank takes the state's share of the group, which is small in either case.
    """
    dropped: list[str] = []
    for area in people.index[people.index.str.len() == 5]:
        if area[:2] not in people.index:
            continue
        empty = (speakers.loc[area] == 0) & (speakers.loc[area[:2]] > 0)
        people.loc[area, empty] = np.nan
        dropped += [f"{categories()[key].name} in {area}" for key in empty.index[empty]]
    if dropped:
        notices.add(
            "suppressed_control",
            f"{label}: {len(dropped)} categories have no speaker in a county though the state has some "
            f"(first: {dropped[0]}); they are taken as suppressed and get the state's share.",
            file=label,
            count=len(dropped),
        )


def _check_sums(table: pd.DataFrame, people: pd.DataFrame, label: str, notices: Notices) -> None:
    """Blank the zeros of areas whose categories do not add up to those who speak another language."""
    lines = [f"B16001_{category.first_line:03d}E" for category in categories().values()]
    if not {"B16001_001E", "B16001_002E", *lines} <= set(table):
        return
    areas = _areas(table, label)
    counts = {line: numbers(table, line, label) for line in ("B16001_001E", "B16001_002E", *lines)}
    others = counts["B16001_001E"] - counts["B16001_002E"]
    every = pd.DataFrame({key: counts[line] for key, line in zip(categories(), lines, strict=True)})
    short = (every.sum(axis=1) < others - 0.5) & (areas != "")
    for row in np.flatnonzero(short):
        area = areas.iloc[row]
        people.loc[area, (every.iloc[row] == 0).to_numpy()] = np.nan
    if short.any():
        notices.add(
            "suppressed_control",
            f"{label}: in {int(short.sum())} areas the languages add up to fewer people than speak "
            f"another language than English (first: {areas[short].iloc[0]}); their zeros are taken as "
            "suppressed and get the share of the next larger area.",
            file=label,
            count=int(short.sum()),
        )
