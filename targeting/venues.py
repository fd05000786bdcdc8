"""Venues: places besides buses where posters hang, such as fire stations, clinics and libraries.

A venue is known by its row in the file ("venue:1" is the first), so that a plan can be read beside
it. Where it stands is taken as given: a door or a middle, good to some ten metres.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.errors import TractError, VenueError
from targeting.layers import in_degrees, read_layer
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.text_tables import text_table

REQUIRED = {"lon": ("lon", "longitude", "lng"), "lat": ("lat", "latitude"), "name": ("name",)}
MOST_SLOTS = 1000
SAME_PLACE_DECIMALS = 5  # of a degree: about a metre


def read_venues(path: Path, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> pd.DataFrame:
    """Read venues from a CSV, or from a map layer (`targeting.layers`).

    Parameters
    ----------
    path : Path
        CSV with the columns `lon` and `lat` (degrees), `name`, and where wanted `kind` and `slots`; or
        a map layer with the last three, whose points, or a point on each surface, are the places.
        Names of columns may be in capitals.
    notices : Notices
    limits : Limits
        How large the file may be.

    Returns
    -------
    DataFrame
        Indexed by `venue_id` ("venue:1" for the first row): `name`, `kind` (may be empty), `lon` and
        `lat` (EPSG:4326) and `slots` (int64, how many cards hang there at once). Blank rows and
        repeated venues are left out, and the others keep their number.

    Raises
    ------
    VenueError
        When the file cannot be read, lacks a column, or a row cannot be used.
    """
    try:
        if path.suffix.lower() == ".csv":
            venues = _from_table(path, notices, limits)
        else:
            venues = _from_layer(path, limits)
    except TractError as fault:
        raise VenueError(str(fault)) from fault
    venues["slots"] = _slots(venues, path.name)
    unnamed = venues["name"] == ""
    if unnamed.any():
        raise VenueError(
            f"{path.name}: column name, {venues.loc[unnamed, 'where'].iloc[0]}: is blank; orders and tables "
            "call the venue by its name: give it one."
        )
    _refuse_no_places(venues, path.name)
    return _each_once(venues, path.name, notices)[["name", "kind", "lon", "lat", "slots"]]


def unit_names(venues: pd.DataFrame) -> "pd.Series[str]":
    """Return what each venue is called in a plan, all different, shape (venues,).

    Its name; with its kind where several have the name, and its number where that is no help.
    """
    names = venues["name"]
    for more in (venues["kind"], pd.Series(venues.index, index=venues.index)):
        repeated = names.duplicated(keep=False) & (more != "")
        names = names.where(~repeated, names + " (" + more + ")")
    return names


def _from_table(path: Path, notices: Notices, limits: Limits) -> pd.DataFrame:
    table = text_table(path, "venues.file", notices, limits, by_hand=True)
    columns = _columns(table)
    if len(table.columns) == 1:
        raise VenueError(
            f"{path.name}: has one column only ({table.columns[0][:40]}); save it with commas between the "
            "values."
        )
    for wanted, spellings in REQUIRED.items():
        found = next((columns[name] for name in spellings if name in columns), None)
        if found is None:
            raise _missing(wanted, table, path)
        columns[wanted] = found
    filled = (table != "").any(axis=1).to_numpy()
    numbers = np.arange(len(table))[filled] + 1
    table = table[filled]
    if table.empty:
        raise VenueError(f"{path.name}: all of its rows are blank; list one venue in a row.")
    where = [f"row {number + 1}" for number in numbers]
    return _described(table, columns, numbers, where).assign(
        lon=_degrees(table, columns["lon"], where, path.name),
        lat=_degrees(table, columns["lat"], where, path.name),
    )


def _from_layer(path: Path, limits: Limits) -> pd.DataFrame:
    layer = in_degrees(read_layer(path, "venues", limits), path)
    columns = _columns(layer)
    if "name" not in columns:
        raise _missing("name", layer.drop(columns=layer.geometry.name), path)
    where = [f"feature {row + 1}" for row in range(len(layer))]
    bare = (layer.geometry.isna() | layer.geometry.is_empty).to_numpy()
    if bare.any():
        first = where[int(np.flatnonzero(bare)[0])]
        raise VenueError(f"{path.name}: {first}: has no place on the map; draw it or remove the row.")
    places = shapely.point_on_surface(layer.geometry.to_numpy())
    return _described(layer, columns, np.arange(len(layer)) + 1, where).assign(
        lon=shapely.get_x(places), lat=shapely.get_y(places)
    )


def _columns(table: pd.DataFrame) -> dict[str, str]:
    """Return the table's columns by their names in small letters; of two alike the first."""
    return {str(name).strip().lower(): name for name in reversed(table.columns)}


def _missing(wanted: str, table: pd.DataFrame, path: Path) -> VenueError:
    return VenueError(
        f"{path.name}: has no column {wanted} (it has {', '.join(map(str, table.columns[:8]))}); give each "
        f"venue {'a name' if wanted == 'name' else 'lon and lat in degrees (-122.67, 45.52), and a name'}."
    )


def _described(
    table: pd.DataFrame, columns: dict[str, str], numbers: npt.NDArray[np.int64], where: list[str]
) -> pd.DataFrame:
    """Return names, kinds and slots as text, with the row that messages name."""
    index = pd.Index([f"venue:{number}" for number in numbers], name="venue_id")
    texts = {
        wanted: ["" if pd.isna(value) else str(value).strip() for value in table[columns[wanted]]]
        if wanted in columns
        else ""
        for wanted in ("name", "kind", "slots")
    }
    return pd.DataFrame({**texts, "where": where}, index=index)


def _degrees(table: pd.DataFrame, column: str, where: list[str], label: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers."""
    numbers: npt.NDArray[np.float64] = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise VenueError(
            f"{label}: column {column}, {where[row]}: {table[column].iloc[row]!r} is no number; write "
            "degrees with a point, such as -122.67."
        )
    return numbers


def _slots(venues: pd.DataFrame, label: str) -> "pd.Series[int]":
    """Return how many cards hang at each venue at once; 1 where the file does not say."""
    texts = venues["slots"].mask(venues["slots"] == "", "1")
    slots = pd.to_numeric(texts, errors="coerce")
    wrong = ~(slots.between(1, MOST_SLOTS) & (slots % 1 == 0))
    if wrong.any():
        raise VenueError(
            f"{label}: column slots, {venues.loc[wrong, 'where'].iloc[0]}: {texts[wrong].iloc[0]!r} is no "
            f"number of cards; write a whole number from 1 to {MOST_SLOTS:,}, or leave it blank for 1."
        )
    return slots.astype(np.int64)


def _refuse_no_places(venues: pd.DataFrame, label: str) -> None:
    """Refuse coordinates that are out of the world, and say what may be wrong."""
    lon, lat = venues["lon"], venues["lat"]
    wrong = ~(lon.between(-180, 180) & lat.between(-90, 90))
    if not wrong.any():
        return
    first = venues[wrong].iloc[0]
    if abs(first["lat"]) <= 180 and abs(first["lon"]) <= 90:
        hint = "latitude and longitude look swapped: exchange the columns"
    else:
        hint = "give degrees, lon in -180 to 180 and lat in -90 to 90, not metres or feet"
    raise VenueError(
        f"{label}: {first['where']} ({first['name']}): lon {first['lon']:g}, lat {first['lat']:g} is no "
        f"place on earth; {hint}."
    )


def _each_once(venues: pd.DataFrame, label: str, notices: Notices) -> pd.DataFrame:
    """Return the venues without those that repeat the name and place of an earlier one."""
    key = pd.DataFrame(
        {
            "name": venues["name"].str.casefold(),
            "lon": venues["lon"].round(SAME_PLACE_DECIMALS),
            "lat": venues["lat"].round(SAME_PLACE_DECIMALS),
        }
    )
    repeated = key.duplicated()
    if repeated.any():
        first = venues[repeated].iloc[0]
        notices.add(
            "venue_repeated",
            f"{label}: {int(repeated.sum())} rows repeat the name and place of an earlier venue (first: "
            f"{first['where']}, {first['name']}); each venue counts once.",
            file=label,
            count=int(repeated.sum()),
        )
    return venues[~repeated]
