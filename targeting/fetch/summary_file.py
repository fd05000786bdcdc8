"""ACS tables without a key: the Census Bureau's summary file, one file a table.

A file holds every area of the nation, hundreds of megabytes for C16001. It is read as it arrives, a
line at a time; only the rows of the wanted areas are kept, in the cache too.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from targeting.errors import FetchError
from targeting.fetch.census_files import period
from targeting.fetch.client import Client, Selection
from targeting.fetch.settings import KEYS_FROM
from targeting.fetch.sources import Sources

FIRST_YEAR = 2020  # before, five-year tables are only published by state and sequence number
LEVELS = {"tract": b"140", "county": b"050", "puma": b"795"}
WHOLE_AREA = b"00US"  # other components are parts, such as the urban part of a county


@dataclass(frozen=True)
class SummaryRows:
    """Rows of one table.

    Attributes
    ----------
    url : str
    rows : dict of str to dict of str to str
        By GEOID (without "1400000US"): the values by the API's column names, as the file writes them.
    names : dict of str to str
        The Bureau's name of each area; made of its codes where the Bureau's list is not published.
    """

    url: str
    rows: dict[str, dict[str, str]]
    names: dict[str, str]


def table_url(sources: Sources, year: int, table: str) -> str:
    """Return the address of a table's file."""
    folder = "prototype" if year == FIRST_YEAR else "table-based-SF/data"
    return f"{_base(sources, year)}/{folder}/5YRData/acsdt5y{year}-{table.lower()}.dat"


def names_url(sources: Sources, year: int) -> str:
    """Return the address of the list of areas."""
    file = (
        f"prototype/Geos{year}5YR.csv"
        if year == FIRST_YEAR
        else f"table-based-SF/documentation/Geos{year}5YR.txt"
    )
    return f"{_base(sources, year)}/{file}"


def labels_url(sources: Sources, year: int) -> str:
    """Return the address of the list of all tables' lines."""
    if year == FIRST_YEAR:
        return f"{_base(sources, year)}/prototype/ACS{year}_Table_Shells.csv"
    return f"{_base(sources, year)}/table-based-SF/documentation/ACS{year}5YR_Table_Shells.txt"


def read_summary(
    client: Client, table: str, *, year: int, geography: str, areas: Sequence[str]
) -> SummaryRows:
    """Read the rows of some areas as the file of a table arrives.

    Parameters
    ----------
    client : Client
    table : str
        "C16001", "B16001" or "B05006".
    year : int
        Last of the five years.
    geography : {"tract", "county", "puma"}
    areas : sequence of str
        Counties (5 digits) for tracts and counties, PUMAs (7 digits) for PUMAs.

    Raises
    ------
    FetchError
        When the file is not published, is something else, or broke off.
    """
    if year < FIRST_YEAR:
        raise FetchError(
            f"ACS {period(year)} table {table} cannot be had without a key: the summary file by table begins "
            f"with year {FIRST_YEAR}; ask for a key at {KEYS_FROM} and set "
            f"CENSUS_API_KEY, or use year {FIRST_YEAR} or later."
        )
    url = table_url(client.sources, year, table)
    wanted = _Wanted(geography, areas)
    lines = _lines(client, url, f"ACS {period(year)} table {table}", wanted)
    header = _header(next(lines, b""), table, url)
    rows: dict[str, dict[str, str]] = {}
    values: list[str] = []
    for line in lines:
        values = _split(line, len(header), url)  # the last one too: a broken file ends in the middle of it
        if wanted.holds(line):
            rows[values[0].partition("US")[2]] = dict(zip(header[1:], values[1:], strict=True))
    if not values:
        raise FetchError(f"{url}: broke off or is damaged (it ends with its first line); try again.")
    return SummaryRows(url, rows, _names(client, year, wanted, geography, areas, rows))


def read_labels(client: Client, table: str, *, year: int) -> dict[str, str]:
    """Return what each line of a table counts, by the API's name of the line ("B05006_002")."""
    url = labels_url(client.sources, year)
    ours = _Mentioning(f"lines of {table}", (table.encode(),))
    lines = _lines(client, url, f"the list of lines of ACS {period(year)}", ours)
    labels: dict[str, str] = {}
    columns: dict[str, int] = {}
    for row in _records(lines, url):
        if not columns:
            columns = {name.strip().lower().replace(" ", ""): place for place, name in enumerate(row)}
            if "uniqueid" not in columns or not {"label", "stub"} & set(columns):
                raise FetchError(
                    f"{url}: is no list of table lines (it begins {','.join(row)[:60]!r}); use another year."
                )
        elif len(row) == len(columns) and row[columns["uniqueid"]].startswith(f"{table}_"):
            label = row[columns["label" if "label" in columns else "stub"]].strip()
            labels[row[columns["uniqueid"]].strip()] = label
    if not labels:
        raise FetchError(f"{url}: names no line of table {table}; use another year.")
    return labels


class _Wanted:
    """Tells the lines of wanted areas from all others, fast: nearly all lines are others."""

    def __init__(self, geography: str, areas: Sequence[str]) -> None:
        self.name = f"{geography} {' '.join(areas)}"
        self.level = LEVELS[geography]
        self.areas = tuple(area.encode() + (b"" if geography == "tract" else b"|") for area in areas)

    def holds(self, line: bytes) -> bool:
        # 1400000US…, 0500000US…, 7950000US… or, for the PUMAs of 2020, 795P200US…
        return line.startswith(self.level) and line[5:9] == WHOLE_AREA and line.startswith(self.areas, 9)


@dataclass(frozen=True)
class _Mentioning:
    """Selects the lines that hold one of some texts."""

    name: str
    texts: tuple[bytes, ...]

    def holds(self, line: bytes) -> bool:
        return any(text in line for text in self.texts)


def _base(sources: Sources, year: int) -> str:
    return f"{sources.census}/programs-surveys/acs/summary_file/{year}"


def _lines(client: Client, url: str, what: str, only: Selection) -> Iterator[bytes]:
    try:
        yield from client.lines(url, only=only)
    except FetchError as fault:
        if fault.status != 404:
            raise
        raise FetchError(
            f"{what} is not published at {url}; use another year, or leave the year out to take the latest.",
            status=404,
        ) from fault


def _header(line: bytes, table: str, url: str) -> list[str]:
    """Return GEO_ID and the other columns by the API's names: C16001_E001 is C16001_001E."""
    names = _text(line).split("|")
    if names[0] != "GEO_ID" or f"{table}_E001" not in names:
        raise FetchError(
            f"{url}: is not the summary file of table {table} (it begins {_text(line)[:40]!r}); try again "
            "later, or use another year."
        )
    split = [name.partition("_") for name in names[1:]]
    return ["GEO_ID", *(f"{group}_{rest[1:]}{rest[:1]}" for group, _, rest in split)]


def _split(line: bytes, columns: int, url: str) -> list[str]:
    values = _text(line).split("|")
    if len(values) != columns:
        raise FetchError(
            f"{url}: broke off or is damaged (a line has {len(values)} values for {columns} columns, and "
            f"begins {values[0][:40]!r}); try again."
        )
    return values


def _names(
    client: Client,
    year: int,
    wanted: _Wanted,
    geography: str,
    areas: Sequence[str],
    rows: Mapping[str, object],
) -> dict[str, str]:
    names = {geoid: _plain_name(geoid, geography) for geoid in rows}
    id_at = name_at = -1
    url = names_url(client.sources, year)
    ours = _Mentioning(f"names of {wanted.name}", tuple(b"US" + area.encode() for area in areas))
    try:
        for record in _records(client.lines(url, only=ours), url):
            if id_at < 0:
                id_at = record.index("GEO_ID" if "GEO_ID" in record else "DADSID")
                name_at = record.index("NAME")
            elif len(record) > max(id_at, name_at):
                code, _, geoid = record[id_at].partition("US")
                if geoid in names and code[:3].encode() == wanted.level and code[5:] == "00":
                    names[geoid] = record[name_at].strip()
    except FetchError as fault:
        if fault.status != 404:
            raise
    except ValueError:  # another list than expected: the plain names serve
        pass
    return names


def _plain_name(geoid: str, geography: str) -> str:
    if geography == "tract":
        number = f"{int(geoid[5:9])}.{geoid[9:]}".removesuffix(".00")
        return f"Census Tract {number}, county {geoid[2:5]}, state {geoid[:2]}"
    return f"{'County' if geography == 'county' else 'PUMA'} {geoid[2:]}, state {geoid[:2]}"


def _records(lines: Iterable[bytes], url: str) -> Iterator[list[str]]:
    """Yield the values of each line, commas or bars between them, as the first line has it."""
    separator = ""
    for line in lines:
        if not separator:
            separator = "|" if b"|" in line else ","
        text = _text(line)
        try:
            yield text.split("|") if separator == "|" else next(csv.reader([text]), [])
        except csv.Error as fault:
            raise FetchError(f"{url}: has a line that cannot be read ({fault}); use another year.") from fault


def _text(line: bytes) -> str:
    line = line.rstrip(b"\r\n")
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")  # the lists of 2020 and 2021: Añasco, Doña Ana
