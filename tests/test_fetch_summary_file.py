"""The keyless summary file: which rows are kept, what is refused, and that memory stays small."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from census_server import CensusServer, FreshClient

from targeting.errors import FetchError
from targeting.fetch.client import Selection
from targeting.fetch.sources import Sources
from targeting.fetch.summary_file import labels_url, names_url, read_labels, read_summary, table_url

Census = tuple[CensusServer, FreshClient]
TABLE = "/programs-surveys/acs/summary_file/2023/table-based-SF/data/5YRData/acsdt5y2023-c16001.dat"
NAMES = "/programs-surveys/acs/summary_file/2023/table-based-SF/documentation/Geos20235YR.txt"
SHELLS = "/programs-surveys/acs/summary_file/2023/table-based-SF/documentation/ACS20235YR_Table_Shells.txt"
HEAD = "GEO_ID|C16001_E001|C16001_M001|C16001_E002|C16001_M002"
ROWS = [
    "0100000US|312000000|-555555555|240000000|9000",
    "0500000US41051|760424|-555555555|600000|2000",
    "0500001US41051|740000|100|590000|2000",
    "0500000US410510|1|1|1|1",
    "1400000US41051000100|1000|100|900|90",
    "1400000US41051000202|2000|200|1800|-222222222",
    "1400000US41067000100|3000|300|2700|70",
    "1500000US410510001001|10|1|9|9",
    "7950000US4101314|5|5|5|5",
    "795P200US4105114|6|6|6|6",
]
GEOS = [
    "FILEID|STUSAB|SUMLEVEL|GEO_ID|NAME|TL_GEO_ID",
    "ACSSF|US|010|0100000US|United States|",
    "ACSSF|OR|050|0500000US41051|Multnomah County, Oregon|41051",
    "ACSSF|OR|140|1400000US41051000100|Census Tract 1; Multnomah County; Oregon|41051000100",
]


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def read(
    census: Census, geography: str = "tract", areas: tuple[str, ...] = ("41051",), year: int = 2023
) -> Any:
    return read_summary(census[1], "C16001", year=year, geography=geography, areas=areas)


@pytest.fixture
def published(census: Census) -> Census:
    census[0].pages |= {TABLE: text(HEAD, *ROWS), NAMES: text(*GEOS)}
    return census


@pytest.mark.parametrize(
    ("geography", "areas", "kept"),
    [
        ("tract", ("41051",), ["41051000100", "41051000202"]),
        ("tract", ("41051", "41067"), ["41051000100", "41051000202", "41067000100"]),
        ("county", ("41051",), ["41051"]),
        ("puma", ("4101314", "4105114"), ["4101314", "4105114"]),
        ("tract", ("53011",), []),
    ],
)
def test_only_the_wanted_areas_are_kept_whole_and_not_their_parts(
    published: Census, geography: str, areas: tuple[str, ...], kept: list[str]
) -> None:
    assert list(read(published, geography, areas).rows) == kept


def test_values_stay_as_published_under_the_names_of_the_api(published: Census) -> None:
    found = read(published)
    assert found.rows["41051000202"] == {
        "C16001_001E": "2000", "C16001_001M": "200", "C16001_002E": "1800", "C16001_002M": "-222222222",
    }  # fmt: skip
    assert found.names == {
        "41051000100": "Census Tract 1; Multnomah County; Oregon",
        "41051000202": "Census Tract 2.02, county 051, state 41",  # the list lacks it
    }
    assert read(published, "county").rows["41051"]["C16001_001M"] == "-555555555"


def test_a_missing_or_strange_list_of_names_leaves_plain_names(published: Census) -> None:
    for page in (404, b"<html>Not here</html>\n"):
        published[0].pages[NAMES] = page
        assert read(published).names["41051000100"] == "Census Tract 1, county 051, state 41"
    published[0].pages[NAMES] = 503
    with pytest.raises(FetchError, match=r"is out of order \(503\), 3 times"):
        read(published)


def test_the_list_of_names_may_be_latin_text(published: Census) -> None:
    published[0].pages[NAMES] = text(*GEOS[:1]) + "A|PR|050|0500000US41051|Añasco Municipio|\n".encode(
        "cp1252"
    )
    assert read(published, "county").names == {"41051": "Añasco Municipio"}


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (404, "ACS 2019-2023 table C16001 is not published"),
        (b"<!DOCTYPE html>\n<title>Request Rejected</title>\n", "is not the summary file of table C16001"),
        (text(HEAD.replace("C16001", "B01001"), *ROWS), "is not the summary file of table C16001"),
        (b"", "is not the summary file of table C16001"),
        (text(HEAD, *ROWS)[:-15], "broke off or is damaged"),
        (text(HEAD, ROWS[4] + "|7", ROWS[5]), "broke off or is damaged"),
        (text(HEAD), "broke off or is damaged"),
    ],
)
def test_another_file_or_a_broken_one_is_refused(published: Census, page: object, said: str) -> None:
    published[0].pages[TABLE] = page
    with pytest.raises(FetchError, match=said) as fault:
        read(published)
    assert "\n" not in str(fault.value)


def test_years_before_the_file_by_table_ask_for_a_key(census: Census) -> None:
    with pytest.raises(FetchError, match=r"key_signup\.html.*year 2020 or later"):
        read(census, year=2019)
    assert census[0].asked == []


def test_the_first_year_lies_elsewhere_and_lists_areas_with_commas(census: Census) -> None:
    folder = "/programs-surveys/acs/summary_file/2020/prototype"
    census[0].pages = {
        f"{folder}/5YRData/acsdt5y2020-c16001.dat": text(HEAD, *ROWS),
        f"{folder}/Geos20205YR.csv": text(
            "FILEID,STUSAB,DADSID,GEOID,NAME",
            'ACSSF,OR,0500000US41051,05000US41051,"Multnomah County, Oregon"',
        ),
        f"{folder}/ACS2020_Table_Shells.csv": text(
            "Table ID,Line,Unique ID,Stub,Data Release",
            "C16001,,,LANGUAGE SPOKEN AT HOME,5",
            "C16001,1,C16001_001,Total:,5",
            'C16001,6,C16001_006,"French, Haitian, or Cajun:",5',
        ),
    }
    assert read(census, "county", year=2020).names == {"41051": "Multnomah County, Oregon"}
    labels = read_labels(census[1], "C16001", year=2020)
    assert labels == {"C16001_001": "Total:", "C16001_006": "French, Haitian, or Cajun:"}


def test_labels_of_lines(census: Census) -> None:
    census[0].pages[SHELLS] = text(
        "Table ID|Line|Indent|Unique ID|Label|Title|Universe|Type",
        "B05006|1.0|0|B05006_001|Total:|Place of Birth|Foreign-born population|int",
        "B05006|47.0|3|B05006_047|Ukraine|Place of Birth|Foreign-born population|int",
        "C16001|1.0|0|C16001_001|Total:|Language|Population 5 years and over|int",
    )
    assert read_labels(census[1], "B05006", year=2023) == {"B05006_001": "Total:", "B05006_047": "Ukraine"}
    with pytest.raises(FetchError, match="names no line of table B16001"):
        read_labels(census[1], "B16001", year=2023)
    census[0].pages[SHELLS] = b"<html>\n"
    with pytest.raises(FetchError, match="is no list of table lines"):
        read_labels(census[1], "B05006", year=2023)


def test_addresses() -> None:
    files = "https://www2.census.gov/programs-surveys/acs/summary_file/2024/table-based-SF"
    assert table_url(Sources(), 2024, "B16001") == f"{files}/data/5YRData/acsdt5y2024-b16001.dat"
    assert names_url(Sources(), 2024) == f"{files}/documentation/Geos20245YR.txt"
    assert labels_url(Sources(), 2024) == f"{files}/documentation/ACS20245YR_Table_Shells.txt"


class Nation:
    """A client whose table has 120,000 lines of some 2,300 bytes, each made as it is read."""

    sources = Sources()
    sent = 0

    def json(self, *_: object, **__: object) -> None:
        raise AssertionError

    file = json

    def lines(self, url: str, *, only: Selection | None = None) -> Iterator[bytes]:
        if url.endswith(".txt"):
            raise FetchError("no names", status=404)
        assert only is not None
        columns = [f"B16001_{kind}{line:03d}" for line in range(1, 129) for kind in "EM"]
        yield "|".join(["GEO_ID", *columns]).encode() + b"\n"
        values = b"|12345678" * len(columns) + b"\n"
        for number in range(120_000):
            level = (b"1400000US", b"1500000US", b"1600000US", b"0500000US")[number % 4]
            line = b"%b%011d%b" % (level, 41_000_000_000 + number * 20_000, values)
            self.sent += len(line)
            if only.holds(line):
                yield line


def test_a_file_of_the_nation_is_read_in_little_memory() -> None:
    client = Nation()
    tracemalloc.start()
    found = read_summary(client, "B16001", year=2023, geography="tract", areas=["41051", "41067"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert client.sent > 270e6
    assert {geoid[:5] for geoid in found.rows} == {"41051", "41067"}
    assert peak < 20e6


def test_a_real_summary_file(census: Census, real_data: Path) -> None:
    body = (real_data / "acs" / "acsdt5y2020-b16001.dat").read_bytes()
    body = body.replace(
        b"5001600US0101|", b"7950000US4101301|", 1
    )  # the real one has congressional districts
    census[0].pages["/programs-surveys/acs/summary_file/2020/prototype/5YRData/acsdt5y2020-b16001.dat"] = body
    found = read_summary(census[1], "B16001", year=2020, geography="puma", areas=["4101301"])
    real = pd.read_csv(
        real_data / "acs" / "acsdt5y2020-b16001.dat", sep="|", dtype=str, keep_default_na=False
    )
    row = real[real["GEO_ID"] == "5001600US0101"].iloc[0]
    assert found.rows["4101301"] == {
        f"B16001_{line:03d}{kind}": row[f"B16001_{kind}{line:03d}"] for line in range(1, 129) for kind in "EM"
    }
