"""Transit regions by name: their counties and feeds, from a table that users extend."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from targeting.errors import FetchError
from targeting.fetch.settings import config_folder

COLUMNS = ("name", "title", "states", "counties", "feeds", "note")
STATES = {
    "AL": "01", "AK": "02", "AZ": "04", "AR": "05", "CA": "06", "CO": "08", "CT": "09", "DE": "10",
    "DC": "11", "FL": "12", "GA": "13", "HI": "15", "ID": "16", "IL": "17", "IN": "18", "IA": "19",
    "KS": "20", "KY": "21", "LA": "22", "ME": "23", "MD": "24", "MA": "25", "MI": "26", "MN": "27",
    "MS": "28", "MO": "29", "MT": "30", "NE": "31", "NV": "32", "NH": "33", "NJ": "34", "NM": "35",
    "NY": "36", "NC": "37", "ND": "38", "OH": "39", "OK": "40", "OR": "41", "PA": "42", "RI": "44",
    "SC": "45", "SD": "46", "TN": "47", "TX": "48", "UT": "49", "VT": "50", "VA": "51", "WA": "53",
    "WV": "54", "WI": "55", "WY": "56", "PR": "72",
}  # fmt: skip


@dataclass(frozen=True)
class Region:
    """A region that can be fetched by name.

    Attributes
    ----------
    name : str
        As it is typed: "portland".
    title : str
        As it is printed: "Portland, Oregon".
    states : tuple of str
        Postal abbreviations.
    counties : tuple of str
        Five digits: state and county.
    feeds : tuple of str
        Addresses, ids of the catalogue, or "provider:" and words (underscores for blanks).
    note : str
        The counties' names, and what to know.
    """

    name: str
    title: str
    states: tuple[str, ...]
    counties: tuple[str, ...]
    feeds: tuple[str, ...]
    note: str


def read_regions(more: Sequence[Path] = ()) -> dict[str, Region]:
    """Return all regions by name: ours, those of the config folder, those of the files given.

    A region of a later file takes the place of one of the same name.

    Raises
    ------
    FetchError
        When a file of the user's cannot be used.
    """
    own = config_folder() / "regions.csv"
    files = [Path(__file__).with_name("regions.csv"), *([own] if own.is_file() else []), *more]
    return {region.name: region for file in files for region in _read(file)}


def find_region(name: str, regions: dict[str, Region]) -> Region:
    """Return a region by its name or title.

    Raises
    ------
    FetchError
        When there is none; with what comes near.
    """
    wanted = "-".join(name.lower().replace(",", " ").split())
    titles = {"-".join(r.title.lower().replace(",", " ").split()): r.name for r in regions.values()}
    found = regions.get(wanted) or regions.get(titles.get(wanted, ""))
    if found:
        return found
    close = get_close_matches(wanted, [*regions, *titles], n=1, cutoff=0.6)
    hint = f"did you mean {titles.get(close[0], close[0])}? " if close else ""
    raise FetchError(
        f"no region {name!r}; {hint}'targeting regions' lists them, and any other is fetched with --counties "
        "and --gtfs."
    )


def checked_counties(counties: Sequence[str], where: str) -> tuple[str, ...]:
    """Return counties' codes, each once.

    Raises
    ------
    FetchError
        When one is not five digits, or of no state.
    """
    for county in counties:
        if len(county) != 5 or not county.isdigit() or county[:2] not in STATES.values():
            raise FetchError(
                f"{where}: {county!r} is no county; write its five digits, state and county, such as 41051."
            )
    return tuple(dict.fromkeys(counties))


def _read(file: Path) -> list[Region]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(line for line in stream if not line.startswith("#"))
            rows = list(table)
            header = table.fieldnames or []
    except FileNotFoundError as fault:
        raise FetchError(f"{file}: no such file of regions; check --regions.") from fault
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise FetchError(f"{file}: cannot be read as a table ({fault}); save it as CSV in UTF-8.") from fault
    for column in ("name", "counties", "feeds"):
        if column not in header:
            raise FetchError(f"{file}: has no column {column!r}; a file of regions has {', '.join(COLUMNS)}.")
    return [
        _region(row, f"{file.name}, region {row['name']!r}") for row in rows if (row["name"] or "").strip()
    ]


def _region(row: dict[str, str | None], where: str) -> Region:
    def text(name: str) -> str:
        return (row.get(name) or "").strip()

    counties = checked_counties(text("counties").split(), where)
    if not counties:
        raise FetchError(f"{where}: names no county; write their codes with blanks between them.")
    letters = {code: state for state, code in STATES.items()}
    states = tuple(text("states").upper().split()) or tuple(
        dict.fromkeys(letters[county[:2]] for county in counties)
    )
    odd = [county for county in counties if letters[county[:2]] not in states]
    if odd:
        raise FetchError(
            f"{where}: county {odd[0]} is not in {' '.join(states)}; check its first two digits."
        )
    name = "-".join(text("name").lower().split())
    return Region(name, text("title") or name, states, counties, tuple(text("feeds").split()), text("note"))
