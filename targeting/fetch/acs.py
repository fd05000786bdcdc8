"""ACS five-year tables of language and birthplace, by the Census API or, without a key, the summary file.

Both ways write the same CSV with the API's column names: GEOID, NAME, C16001_001E, C16001_001M, … Values
are kept as published, codes for missing ones such as -555555555 too: the readers know them.
"""

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from census.core import ACS5Client

from targeting.errors import NOT_CACHED, FetchError
from targeting.fetch import summary_file
from targeting.fetch.boundaries import tract_pumas
from targeting.fetch.census_files import fetched, period, refuse_missing, wanted_counties, whole
from targeting.fetch.client import Client
from targeting.fetch.settings import KEYS_FROM
from targeting.fetch.sources import Fetched
from targeting.languages import CATEGORIES, GROUPS

FIRST_YEAR = 2016  # C16001, and today's lines of B16001, begin with ACS 2012-2016
TRIES = 5  # years that are looked at for the latest release
A_CALL = (
    46  # variables besides GEO_ID and NAME: the API takes 50 a call, and a margin stays with its estimate
)
PUMA = "public use microdata area"
TITLES = {"GEOID": "Geography", "NAME": "Geographic Area Name"}  # as data.census.gov heads its files

Geography = Literal["tract", "puma", "county"]


@dataclass(frozen=True)
class _Table:
    """What was read of a table: values by GEOID and column, names by GEOID, labels by line."""

    url: str
    rows: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]
    labels: Mapping[str, str]


def fetch_table(
    client: Client,
    table: str,
    *,
    year: int | None,
    counties: Sequence[str],
    geography: Geography,
    key: str | None,
    out: Path,
) -> Fetched:
    """Fetch one ACS five-year table for some counties into a CSV.

    Parameters
    ----------
    client : Client
    table : {"C16001", "B16001", "B05006"}
        Of the first two come the totals, all speakers and those who speak English less than "very well";
        of B05006 every line, and a second row that says which country each is.
    year : int, optional
        Last of the five years; otherwise the latest that is published.
    counties : sequence of str
        Five digits each.
    geography : {"tract", "puma", "county"}
        B16001 is published for PUMAs: those that hold a tract of the counties are fetched.
    key : str, optional
        Of the Census API; without one the summary file is read.
    out : Path

    Raises
    ------
    FetchError
        When the table is not published so, or cannot be had.
    OutputError
        When `out` cannot be written.
    """
    if table not in ("C16001", "B16001", "B05006"):
        raise FetchError(f"table {table} is not fetched; C16001, B16001 and B05006 are.")
    if table == "B16001" and geography != "puma":
        raise FetchError(f"ACS five-year table B16001 is not published by {geography}; fetch it by PUMA.")
    year = latest_year(client, key) if year is None else year
    if year < FIRST_YEAR:
        raise FetchError(
            f"ACS {period(year)} table {table}: the languages counted today begin with year "
            f"{FIRST_YEAR}; use that year or a later one."
        )
    wanted = wanted_counties(counties, year)
    areas = wanted
    if geography == "puma":
        areas = tuple(sorted(set(tract_pumas(client, year=year, counties=wanted).pumas.values())))
    read = _by_api if key else _by_summary_file
    by = "PUMA" if geography == "puma" else geography
    what = f"ACS {period(year)} table {table} by {by}, counties {', '.join(wanted)}"
    found = read(client, table, year, geography, areas, key or "")
    if geography == "puma":
        _refuse_missing_pumas(areas, found.rows, what)
    else:
        refuse_missing(wanted, found.rows, f"ACS {period(year)} table {table} by {by}")
    _write(found, table, out)
    return fetched(out, what, [found.url])


def latest_year(client: Client, key: str | None, *, today: dt.date | None = None) -> int:
    """Return the last year of the latest ACS five-year release, of the last five years.

    Raises
    ------
    FetchError
        When none of them is published, or one cannot be asked for.
    """
    newest = (today or dt.date.today()).year - 1
    for year in range(newest, newest - TRIES, -1):
        try:
            if key:
                nation = {"get": "NAME", "for": "us:1"}
                _ask(client, _dataset(client, year), nation, key, "the name of the nation", year)
            else:
                # the first line tells; the rest of the file is left where it is
                next(iter(client.lines(summary_file.table_url(client.sources, year, "C16001"))), None)
        except FetchError as fault:
            if fault.status not in (404, NOT_CACHED):
                raise
            last = fault
        else:
            return year
    if last.status == NOT_CACHED:
        raise last
    where = client.sources.api if key else client.sources.census
    raise FetchError(
        f"{where} has no ACS five-year release of {newest - TRIES + 1} to {newest}; give the year, or check "
        "the address."
    )


def lines_of(table: str) -> list[str]:
    """Return the lines of C16001 or B16001 that are needed, as the API names them ("C16001_001")."""
    firsts = [entry.first_line for entry in (GROUPS if table == "C16001" else CATEGORIES).values()]
    numbers = {1, 2, *firsts, *(first + 2 for first in firsts)}
    return [f"{table}_{number:03d}" for number in sorted(numbers)]


def _write(found: _Table, table: str, out: Path) -> None:
    """Write the table, areas in order; B05006 gets a second row of what each line counts."""
    lines = sorted(found.labels) or lines_of(table)
    columns = [f"{line}{end}" for line in lines for end in "EM"]
    absent = next((name for row in found.rows.values() for name in columns if name not in row), None)
    if absent:
        raise FetchError(f"{found.url}: lacks column {absent} of table {table}; use another year.")
    with whole(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["GEOID", "NAME", *columns])
        if found.labels:
            said = [
                f"{kind}!!{found.labels[line]}" for line in lines for kind in ("Estimate", "Margin of Error")
            ]
            writer.writerow([TITLES["GEOID"], TITLES["NAME"], *said])
        for geoid in sorted(found.rows):
            row = found.rows[geoid]
            writer.writerow([geoid, found.names[geoid], *(row[name] for name in columns)])


def _by_summary_file(
    client: Client, table: str, year: int, geography: Geography, areas: Sequence[str], _: str
) -> _Table:
    found = summary_file.read_summary(client, table, year=year, geography=geography, areas=areas)
    labels = summary_file.read_labels(client, table, year=year) if table == "B05006" else {}
    return _Table(found.url, found.rows, found.names, labels)


def _by_api(
    client: Client, table: str, year: int, geography: Geography, areas: Sequence[str], key: str
) -> _Table:
    """Ask for at most 50 variables at a time, and join the answers by GEO_ID."""
    labels = _api_labels(client, table, year, key) if table == "B05006" else {}
    variables = [f"{line}{end}" for line in sorted(labels) or lines_of(table) for end in "EM"]
    api = _Acs5(client, key, f"table {table}")
    rows: dict[str, dict[str, str]] = {}
    for place in _places(geography, areas):
        asked: set[str] | None = None
        for first in range(0, len(variables), A_CALL):
            fields = ["GEO_ID", "NAME", *variables[first : first + A_CALL]]
            answer = {str(row["GEO_ID"]).partition("US")[2]: row for row in api.get(fields, place, year=year)}
            if asked is not None and set(answer) != asked:
                raise FetchError(
                    f"{_dataset(client, year)}: two answers for table {table} ({place['in']}) "
                    "cover different areas; one broke off: try again."
                )
            asked = set(answer)
            for geoid, row in answer.items():
                rows.setdefault(geoid, {}).update(
                    {name: "" if row[name] is None else str(row[name]) for name in fields}
                )
    return _Table(_dataset(client, year), rows, {geoid: row["NAME"] for geoid, row in rows.items()}, labels)


def _places(geography: Geography, areas: Sequence[str]) -> list[dict[str, str]]:
    """Return what to ask the API for: tracts of one county at a time, all others by state."""
    if geography == "tract":
        return [{"for": "tract:*", "in": f"state:{area[:2]} county:{area[2:]}"} for area in areas]
    level = PUMA if geography == "puma" else "county"
    return [
        {
            "for": f"{level}:{','.join(area[2:] for area in areas if area[:2] == state)}",
            "in": f"state:{state}",
        }
        for state in sorted({area[:2] for area in areas})
    ]


def _api_labels(client: Client, table: str, year: int, key: str) -> dict[str, str]:
    """Return what each line of a table counts: one question; the lines differ between years."""
    url = f"{_dataset(client, year)}/groups/{table}.json"
    answer = _ask(client, url, {}, key, f"table {table}", year)
    variables = answer.get("variables") if isinstance(answer, dict) else None
    if not isinstance(variables, dict):
        raise FetchError(
            f"{url}: does not say what the lines of table {table} count; try again, or use another year."
        )
    return {
        name[:-1]: str(variable.get("label", "")).removeprefix("Estimate!!")
        for name, variable in variables.items()
        if name.startswith(f"{table}_") and name[-4:-1].isdigit() and name.endswith("E")
    }


def _dataset(client: Client, year: int) -> str:
    return f"{client.sources.api}/{year}/acs/acs5"


def _refuse_missing_pumas(areas: Iterable[str], found: Iterable[str], what: str) -> None:
    missing = sorted(set(areas) - set(found))
    if missing:
        raise FetchError(
            f"{what}: has no PUMA {', '.join(missing)}; PUMAs changed with 2022: use another year."
        )


def _ask(client: Client, url: str, parameters: Mapping[str, str], key: str, what: str, year: int) -> Any:
    """Return the API's answer, or say in its own words of fault what to do."""
    try:
        return client.json(url, parameters, secret=key)
    except FetchError as fault:
        if fault.status == 204:
            return None
        sentence = _sentence(fault, f"the Census API, asked for {what} of ACS {period(year)}", year)
        if sentence is None:
            raise
        raise FetchError(sentence, status=fault.status, answer=fault.answer) from fault


def _sentence(fault: FetchError, asked: str, year: int) -> str | None:
    answer, status = fault.answer, fault.status or 0
    keyless = f", or leave the key out to read the summary file (from {summary_file.FIRST_YEAR} on)"
    if "Missing Key" in answer or "Invalid Key" in answer:
        did = "got no key" if "Missing Key" in answer else "does not know the key"
        return f"{asked}, {did}: check CENSUS_API_KEY, ask for a key at {KEYS_FROM}{keyless}."
    if status == 400:
        said = " ".join(answer.split())[:80]
        return f"{asked}, refused ({said or 'status 400'}): use a later year, whose tables have these lines."
    if status == 404:
        return (
            f"{asked}, has no such release: use another year than {year}, or leave it out to take the latest."
        )
    if status == 429:
        return f"{asked}, had too many questions (status 429): wait some minutes and try again{keyless}."
    if status >= 500:
        return f"{asked}, is out of order (status {status}): try again later{keyless}."
    return None


class _Answer:
    """What `census` wants of an HTTP answer."""

    text = ""

    def __init__(self, rows: list[list[str | None]]) -> None:
        self.status_code = 200 if rows else 204
        self._rows = rows

    def json(self) -> list[list[str | None]]:
        return [*self._rows]


class _Session:
    """What `census` takes for a session: its questions go through our client, the key apart."""

    def __init__(self, client: Client, what: str) -> None:
        self.client, self.what = client, what

    def get(self, url: str, params: Mapping[str, str]) -> _Answer:
        parameters = {name: value for name, value in params.items() if name != "key"}
        year = int(url.removeprefix(self.client.sources.api).split("/")[1])
        rows = _ask(self.client, url, parameters, params["key"], self.what, year)
        if rows is None:
            return _Answer([])
        fine = isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows)
        if (
            not fine
            or any(len(row) != len(rows[0]) for row in rows)
            or not (set(parameters["get"].split(",")) <= set(rows[0]))
        ):
            raise FetchError(
                f"{url}: what came for {self.what} ({parameters['for']}) is no table of the columns asked "
                "for; try again later."
            )
        return _Answer(rows)


class _Acs5(ACS5Client):  # type: ignore[misc]
    """The package's client, on our session and address; every value stays the text it came as."""

    def __init__(self, client: Client, key: str, what: str) -> None:
        super().__init__(key, session=_Session(client, what))
        self._api = client.sources.api

    def _switch_endpoints(self, year: int) -> None:
        self.endpoint_url = f"{self._api}/%s/acs/%s"

    def _field_type(self, field: str, year: int) -> Callable[[str], str]:
        return str  # asking the API for each variable's type would cost a request a variable
