"""ACS tables by the Census API and by the summary file: the same CSV, read by our own readers."""

import csv
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from census_server import INVALID_KEY, MISSING_KEY, CensusServer, FreshClient, Query

from targeting.birthplaces import read_birthplaces
from targeting.controls import read_controls
from targeting.errors import FetchError
from targeting.fetch.acs import A_CALL, fetch_table, latest_year, lines_of
from targeting.languages import GROUPS
from targeting.notices import Notices
from targeting.tracts import read_tracts

Census = tuple[CensusServer, FreshClient]
API = "/data/2023/acs/acs5"
FILES = "/programs-surveys/acs/summary_file/2023/table-based-SF"
PUMAS = "/geo/docs/maps-data/data/rel2020/2020_Census_Tract_to_2020_PUMA.txt"
TRACTS = ["1400000US41051000100", "1400000US41051000202"]
TRACTS_OF_MULTNOMAH = {"tract:* state:41 county:051": TRACTS}
SECRET = "s3cret-key"  # noqa: S105 - of nobody
LABELS = {1: "Total:", 2: "Total:!!Europe:", 3: "Total:!!Europe:!!Ukraine", 4: "Total:!!Asia:!!Korea"}


def value(question: str) -> str:
    """Return a number that is its own for each area and variable, a jam value for some margins."""
    geo_id, name = question.split()
    if name in ("GEO_ID", "NAME"):
        return geo_id if name == "GEO_ID" else f"Census Tract {geo_id[-6:]}; Multnomah County; Oregon"
    if name == "C16001_001M":
        return "-555555555"
    return str(int(geo_id[-3:]) * 10 + int(name[-4:-1]) + (500 if name.endswith("M") else 0))


def fetch(census: Census, out: Path, table: str = "C16001", **settings: Any) -> pd.DataFrame:
    settings = {"year": 2023, "counties": ["41051"], "geography": "tract", "key": SECRET} | settings
    fetch_table(census[1], table, out=out, **settings)
    return pd.read_csv(out, dtype=str, keep_default_na=False)


def summary_file(table: str, geo_ids: list[str], lines: int) -> bytes:
    names = [f"{table}_{number:03d}{kind}" for number in range(1, lines + 1) for kind in "EM"]
    head = "|".join(["GEO_ID", *(f"{table}_{name[-1]}{name[-4:-1]}" for name in names)])
    rows = ["|".join([geo_id, *(value(f"{geo_id} {name}") for name in names)]) for geo_id in geo_ids]
    return "\n".join([head, *rows, ""]).encode()


def test_both_ways_give_the_same_table(census: Census, tmp_path: Path) -> None:
    server, _ = census
    server.serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    names = [f"A|{geo_id}|{value(f'{geo_id} NAME')}" for geo_id in TRACTS]
    server.pages |= {
        f"{FILES}/data/5YRData/acsdt5y2023-c16001.dat": summary_file(
            "C16001", [*TRACTS, "0500000US41051"], 38
        ),
        f"{FILES}/documentation/Geos20235YR.txt": "\n".join(["FILEID|GEO_ID|NAME", *names]).encode(),
    }
    by_api = fetch(census, tmp_path / "api.csv")
    fetch(census, tmp_path / "file.csv", key=None)
    assert (tmp_path / "api.csv").read_bytes() == (tmp_path / "file.csv").read_bytes()
    assert by_api["GEOID"].tolist() == ["41051000100", "41051000202"]
    assert by_api["NAME"][0] == "Census Tract 000100; Multnomah County; Oregon"
    assert by_api["C16001_001M"].tolist() == ["-555555555"] * 2
    assert len(by_api.columns) == 2 + 2 * (2 + 2 * 12)
    # two calls for 52 variables, and no other question
    asked = [(path, query["key"]) for path, query in server.asked if path.startswith("/data")]
    assert asked == [(API, SECRET)] * 2


def test_what_is_said_of_the_file(census: Census, tmp_path: Path) -> None:
    census[0].serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    found = fetch_table(
        census[1],
        "C16001",
        year=2023,
        counties=["41051"],
        geography="tract",
        key=SECRET,
        out=tmp_path / "t.csv",
    )
    assert found.what == "ACS 2019-2023 table C16001 by tract, counties 41051"
    assert found.url == f"{census[0].address}{API}"
    assert SECRET not in repr(found)
    assert re.fullmatch(r"[0-9a-f]{64}", found.sha256)


def test_no_call_asks_for_more_than_fifty_variables(census: Census, tmp_path: Path) -> None:
    server, _ = census
    server.pages[PUMAS] = (
        b"\xef\xbb\xbfSTATEFP,COUNTYFP,TRACTCE,PUMA5CE\n41,051,000100,05114\n41,051,000202,05116\n"
    )
    pumas = ["795P200US4105114", "795P200US4105116"]
    server.serve_api(2023, value, {"public use microdata area:05114,05116 state:41": pumas})
    table = fetch(census, tmp_path / "b.csv", "B16001", geography="puma")
    asked = [query["get"].split(",") for path, query in server.asked if path == API]
    assert [len(fields) for fields in asked] == [A_CALL + 2] * 3 + [172 - 3 * A_CALL + 2]
    assert table["GEOID"].tolist() == ["4105114", "4105116"]
    controls = read_controls([tmp_path / "b.csv"], measure="lep", notices=Notices())
    assert controls.estimates.loc["4105116", "russian"] == float(value(f"{pumas[1]} B16001_029E"))
    assert controls.margins.loc["4105116", "russian"] == float(value(f"{pumas[1]} B16001_029M"))
    # from the summary file, whose PUMAs may be written either way
    page = summary_file("B16001", ["7950000US4105114", pumas[1], "795P200US4105199"], 128)
    server.pages[f"{FILES}/data/5YRData/acsdt5y2023-b16001.dat"] = page
    keyless = fetch(census, tmp_path / "k.csv", "B16001", geography="puma", key=None)
    assert keyless.drop(columns="NAME").equals(table.drop(columns="NAME"))


def test_a_puma_that_the_table_lacks_is_named(census: Census, tmp_path: Path) -> None:
    census[0].pages[PUMAS] = b"STATEFP,COUNTYFP,TRACTCE,PUMA5CE\n41,051,000100,05114\n41,051,000202,05116\n"
    page = summary_file("B16001", ["795P200US4105114"], 128)
    census[0].pages[f"{FILES}/data/5YRData/acsdt5y2023-b16001.dat"] = page
    with pytest.raises(FetchError, match="table B16001 by PUMA, counties 41051: has no PUMA 4105116"):
        fetch(census, tmp_path / "b.csv", "B16001", geography="puma", key=None)


def test_lines_that_are_asked_for() -> None:
    assert len(lines_of("C16001")) == 26
    assert len(lines_of("B16001")) == 86
    assert {"C16001_001", "C16001_002", "C16001_003", "C16001_005", "C16001_038"} < set(lines_of("C16001"))
    assert "C16001_004" not in lines_of("C16001")
    assert lines_of("B16001")[-1] == "B16001_128"


def serve_birthplaces(server: CensusServer) -> None:
    """Serve four lines of B05006 and what they count, by both ways."""
    variables = {
        f"B05006_{line:03d}{end}": {"label": f"{kind}!!{label}"}
        for line, label in LABELS.items()
        for end, kind in (("E", "Estimate"), ("M", "Margin of Error"), ("EA", "Annotation of Estimate"))
    }
    server.serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    page = json.dumps({"variables": variables | {"GEO_ID": {"label": "Geography"}}}).encode()
    server.pages[f"{API}/groups/B05006.json"] = page
    shells = [f"B05006|{line}.0|0|B05006_{line:03d}|{said.split('!!')[-1]}" for line, said in LABELS.items()]
    server.pages |= {
        f"{FILES}/data/5YRData/acsdt5y2023-b05006.dat": summary_file("B05006", TRACTS, 4),
        f"{FILES}/documentation/ACS20235YR_Table_Shells.txt": "\n".join(
            ["Table ID|Line|Indent|Unique ID|Label", *shells]
        ).encode(),
    }


@pytest.mark.parametrize("key", [SECRET, None])
def test_birthplaces_say_which_country_each_line_counts(
    census: Census, tmp_path: Path, key: str | None
) -> None:
    serve_birthplaces(census[0])
    table = fetch(census, tmp_path / "b05006.csv", "B05006", key=key)
    assert table.columns.tolist() == [
        "GEOID",
        "NAME",
        *(f"B05006_{n:03d}{end}" for n in LABELS for end in "EM"),
    ]
    assert table["B05006_003E"][0].startswith("Estimate!!")
    places = read_birthplaces(tmp_path / "b05006.csv", Notices())
    assert places.columns.tolist() == ["ukraine"]
    assert places["ukraine"].to_dict() == {
        tract[9:]: float(value(f"{tract} B05006_003E")) for tract in TRACTS
    }


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ((200, MISSING_KEY), r"got no key: check CENSUS_API_KEY.*key_signup\.html, or leave the key out"),
        ((200, INVALID_KEY), r"does not know the key: check CENSUS_API_KEY.*key_signup\.html"),
        ((204, b""), "has no county 41051"),
        (
            (400, b"error: unknown variable 'C16001_001E'"),
            "refused .*unknown variable 'C16001_001E'.*use a later year",
        ),
        (404, "has no such release: use another year than 2023"),
        (429, "too many questions .*wait some minutes.*leave the key out"),
        (503, "is out of order .status 503.: try again later"),
        (
            (200, b'[["GEO_ID","NAME"],["1400000US4105'),
            "came as something else than JSON .* perhaps cut short",
        ),
        ((200, b'[["GEO_ID","NAME"],["1400000US41051000100"]]'), "is no table of the columns asked for"),
        (
            (200, b'[["GEO_ID","NAME"],["1400000US41051000100","Tract 1"]]'),
            "is no table of the columns asked for",
        ),
        ((200, b'{"error": "There was an error while running your query."}'), "is no table of the columns"),
        ((200, b"[]"), "is no table of the columns asked for"),
    ],
)
def test_each_answer_that_is_no_table_has_its_sentence(
    census: Census, tmp_path: Path, page: object, said: str
) -> None:
    census[0].pages[API] = page
    with pytest.raises(FetchError, match=said) as fault:
        fetch(census, tmp_path / "t.csv")
    assert "\n" not in str(fault.value)
    assert SECRET not in str(fault.value)
    assert not (tmp_path / "t.csv").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_too_many_questions_and_then_an_answer(census: Census, tmp_path: Path) -> None:
    server, _ = census
    server.serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    server.pages[API] = [429, 503, server.pages[API]]
    assert len(fetch(census, tmp_path / "t.csv")) == 2
    assert server.paths() == [API] * 4, "the first call thrice, and the second"


def test_answers_that_cover_different_tracts_are_refused(census: Census, tmp_path: Path) -> None:
    server, _ = census
    server.serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    whole = server.pages[API]

    def short(query: Query) -> tuple[int, bytes]:
        status, body = whole(query)
        return status, json.dumps(json.loads(body)[:-1]).encode()

    server.pages[API] = [whole, short]
    with pytest.raises(FetchError, match=r"state:41 county:051.*one broke off"):
        fetch(census, tmp_path / "t.csv")


def test_an_earlier_file_stays_when_the_fetch_fails(census: Census, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    out.write_text("earlier")
    with pytest.raises(FetchError):
        fetch(census, out)
    assert out.read_text() == "earlier"


def test_a_null_is_left_empty(census: Census, tmp_path: Path) -> None:
    census[0].serve_api(2023, lambda q: None if q.endswith("C16001_005M") else value(q), TRACTS_OF_MULTNOMAH)
    assert fetch(census, tmp_path / "t.csv")["C16001_005M"].tolist() == ["", ""]


@pytest.mark.parametrize("key", [SECRET, None])
def test_a_county_that_the_table_lacks_is_named(census: Census, tmp_path: Path, key: str | None) -> None:
    census[0].serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    page = summary_file("C16001", TRACTS, 38)
    census[0].pages[f"{FILES}/data/5YRData/acsdt5y2023-c16001.dat"] = page
    with pytest.raises(FetchError, match=r"ACS 2019-2023 table C16001 by tract has no county 41999: check"):
        fetch(census, tmp_path / "t.csv", counties=["41999", "41051"], key=key)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"counties": ["4151"]}, "county '4151' is no county code: it has five digits"),
        ({"counties": ["41051' OR 1"]}, "is no county code"),
        ({"counties": []}, "no county was given"),
        ({"counties": ["09001"]}, "09001 .Fairfield.*planning regions; use 09110 Capitol, .*09190 Western"),
        ({"counties": ["09110"], "year": 2021}, "09110 .Capitol.*use 09001 Fairfield, .*year 2022 or later"),
        ({"year": 2015}, "ACS 2011-2015 table C16001.*begin with year 2016"),
        ({"table": "B16001"}, "B16001 is not published by tract; fetch it by PUMA"),
        ({"table": "B01001"}, "table B01001 is not fetched"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_asked(
    census: Census, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(FetchError, match=said):
        fetch(census, tmp_path / "t.csv", **settings)
    assert census[0].asked == []


def test_counties_by_state(census: Census, tmp_path: Path) -> None:
    areas = {
        "county:051,067 state:41": ["0500000US41051", "0500000US41067"],
        "county:011 state:53": ["0500000US53011"],
    }
    census[0].serve_api(2023, value, areas)
    table = fetch(census, tmp_path / "t.csv", geography="county", counties=["53011", "41067", "41051"])
    assert table["GEOID"].tolist() == ["41051", "41067", "53011"]


@pytest.mark.parametrize("key", [SECRET, None])
def test_the_latest_year_is_the_first_that_is_published(
    census: Census, tmp_path: Path, key: str | None
) -> None:
    server, client = census
    server.serve_api(2023, value, {"us:1": ["0100000US"], **TRACTS_OF_MULTNOMAH})
    server.pages[f"{FILES}/data/5YRData/acsdt5y2023-c16001.dat"] = summary_file("C16001", TRACTS, 38)
    assert latest_year(client, key, today=dt.date(2025, 6, 1)) == 2023
    assert ["2024" in path for path in server.paths()] == [True, False]
    with pytest.raises(FetchError, match="no ACS five-year release of 2015 to 2019"):
        latest_year(client, key, today=dt.date(2020, 6, 1))


def test_a_busy_server_is_not_taken_for_a_year_that_is_missing(census: Census) -> None:
    census[0].pages["/data/2024/acs/acs5"] = 503
    with pytest.raises(FetchError, match="out of order"):
        latest_year(census[1], SECRET, today=dt.date(2025, 6, 1))
    census[0].pages["/data/2024/acs/acs5"] = (200, INVALID_KEY)
    with pytest.raises(FetchError, match="does not know the key"):
        latest_year(census[1], SECRET, today=dt.date(2025, 6, 1))


def test_without_a_year_the_latest_is_taken(
    census: Census, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("targeting.fetch.acs.latest_year", lambda *_: 2023)
    census[0].serve_api(2023, value, TRACTS_OF_MULTNOMAH)
    assert len(fetch(census, tmp_path / "t.csv", year=None)) == 2


def real_api(folder: Path, counties: list[str]) -> tuple[Any, dict[str, list[list[str]]]]:
    """Return an API that answers with the real rows of 2019, and those rows by county."""
    real = {
        code: json.loads((folder / f"api_shape_2019_acs5_C16001_lep_tract_{code}.json").read_text())
        for code in counties
    }

    def answer(query: Query) -> tuple[int, bytes]:
        state, county = re.fullmatch(r"state:(\d\d) county:(\d{3})", query["in"]).groups()  # type: ignore[union-attr]
        rows = real[state + county]
        at = {name: place for place, name in enumerate(rows[0])}
        fields = query["get"].split(",")
        body = [[row[at[name]] if name in at else None for name in fields] + row[-3:] for row in rows[1:]]
        return 200, json.dumps([[*fields, *rows[0][-3:]], *body]).encode()

    return answer, real


def test_real_tracts_of_portland(census: Census, tmp_path: Path, real_data: Path) -> None:
    counties = ["41005", "41051", "41067", "53011"]
    census[0].pages["/data/2019/acs/acs5"], real = real_api(real_data / "acs", counties)
    fetch(census, tmp_path / "acs_2019.csv", counties=counties, year=2019)
    with (tmp_path / "acs_2019.csv").open(newline="") as file:
        got = {row["GEOID"]: row for row in csv.DictReader(file)}
    assert len(got) == sum(len(rows) - 1 for rows in real.values())
    for rows in real.values():
        for row in rows[1:]:
            said = dict(zip(rows[0], row, strict=True))
            name = said.pop("GEO_ID").removeprefix("1400000US")
            assert {column: got[name][column] for column in said if column[0] in "CN"} == {
                column: text for column, text in said.items() if column[0] in "CN"
            }
    geometry = real_data / "geo" / "or_wa_tracts_cb2017_500k.gpkg"
    tracts = read_tracts([tmp_path / "acs_2019.csv"], geometry, measure="lep", notices=Notices())
    multnomah = tracts.estimates.index.str[:5] == "41051"
    assert tracts.estimates.loc[multnomah, "spanish"].sum() == 23_319
    assert tracts.population[multnomah].sum() == 760_424
    line = GROUPS["vietnamese"].first_line + 2
    expected = [float(row[f"C16001_{line:03d}M"]) for _, row in sorted(got.items())]
    np.testing.assert_array_equal(tracts.margins["vietnamese"].sort_index(), expected)
    assert isinstance(gpd.GeoSeries(tracts.geometry), gpd.GeoSeries)


def test_real_definitions_name_the_lines_that_are_asked_for(real_data: Path) -> None:
    definitions = json.loads((real_data / "acs" / "api_variables_2019_acs5_C16001.json").read_text())[
        "variables"
    ]
    for line in lines_of("C16001")[2:]:
        label = definitions[f"{line}E"]["label"]
        assert label.endswith('less than "very well"') or label.count("!!") == 2
