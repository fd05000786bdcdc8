"""Country of birth by tract (table B05006): a pointer to languages inside the catch-all groups."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.census_tables import GEOID_COLUMNS, eleven_digits
from targeting.controls import categories, numbers, read_table
from targeting.errors import TractError
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices


def read_birthplaces(path: Path, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> pd.DataFrame:
    """Read people by country of birth and tract (table B05006).

    Parameters
    ----------
    path : Path
        A long CSV with the columns GEOID, variable (the country) and estimate, or a download of
        data.census.gov whose second row names the columns ("Estimate!!Total:!!Asia:!!…!!Japan").
        Bare API columns (B05006_053E) are refused: their numbers mean other countries each vintage.

    Returns
    -------
    DataFrame
        Index: 11-digit GEOID; a column a country that some category is known by, its name in lower
        case and without what stands in brackets.
    """
    table = read_table(path, notices, limits)
    known = {country.lower() for category in categories().values() for country in category.countries}
    if {"variable", "estimate"} <= set(table) and set(table) & set(GEOID_COLUMNS):
        geoid = eleven_digits(table[next(name for name in GEOID_COLUMNS if name in table)])
        country = table["variable"].map(_plain)
        wanted = country.isin(known)
        people = numbers(table, "estimate", path.name)
        repeated = wanted & pd.DataFrame({"g": geoid, "c": country}).duplicated()
        if repeated.any():
            row = int(np.flatnonzero(repeated)[0])
            raise TractError(
                f"{path.name}: column variable, row {row + 2}: {table['variable'].iloc[row]} of tract "
                f"{geoid.iloc[row]} stands in two rows; remove one."
            )
        long = pd.DataFrame({"geoid": geoid, "country": country, "people": people})[wanted]
        wide = long.pivot_table(index="geoid", columns="country", values="people", aggfunc="sum")
    else:
        wide = _labelled(table, path.name, known)
    bad = ~wide.index.str.fullmatch(r"\d{11}")
    if bad.any():
        raise TractError(
            f"{path.name}: {wide.index[bad][0]!r} is no 11-digit tract GEOID; give table B05006 by tract."
        )
    if wide.empty:
        raise TractError(f"{path.name}: names no country that points to a language of table B16001.")
    missing = int(wide.isna().any(axis=1).sum())
    if missing:
        notices.add(
            "no_birthplace",
            f"{path.name}: {missing} tracts lack the count of a country of birth; there its language "
            "is spread as the whole group is.",
            severity="info",
            file=path.name,
            count=missing,
        )
    return wide.sort_index().sort_index(axis=1).rename_axis(index="GEOID", columns=None)


def _plain(country: str) -> str:
    """Return a country's name in lower case, without brackets: "Burma (Karen)" is "burma"."""
    return re.sub(r"\s*\(.*?\)", "", country.split("!!")[-1]).strip(" :").lower()


def _labelled(table: pd.DataFrame, label: str, known: set[str]) -> pd.DataFrame:
    """Return people by tract and country out of a table whose first row says what the columns are."""
    column = next((name for name in GEOID_COLUMNS if name in table), None)
    labels = table.iloc[0]
    named = {
        name: _plain(labels[name])
        for name in table.columns
        if re.fullmatch(r"B05006_\d{3}E", name) and "!!" in labels[name]
    }
    if column is None or not named:
        raise TractError(
            f"{label}: cannot tell the countries of birth; give a CSV with the columns GEOID, variable "
            "and estimate, or a data.census.gov download of table B05006 with its row of labels."
        )
    body = table.iloc[1:].set_index(eleven_digits(table[column].iloc[1:]))
    wanted = {name: country for name, country in named.items() if country in known}
    return pd.DataFrame(
        {country: numbers(body, name, label, first_row=3) for name, country in wanted.items()}
    )
