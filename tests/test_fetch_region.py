"""`targeting fetch` as a user runs it: our own client and fetchers, every source in its true shape."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner, Result
from region_server import COUNTIES, KEY, TERMS, YEAR, RegionServer
from servers import HASTY, Answer, html, serving

from targeting.birthplaces import read_birthplaces
from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.controls import read_controls, read_pumas
from targeting.notices import Notices

QUICK = ("--set", "strategy=predominant", "--set", "redraws=0")
FILES = [
    "acs/b05006_2023.csv", "acs/b16001_2023_puma.csv", "acs/c16001_2023.csv", "campaign.toml",
    "geo/counties_2023.gpkg", "geo/points_block.gpkg", "geo/pumas_2023.csv", "geo/tracts_2023.gpkg",
    "geo/water_2023.gpkg", "gtfs/city-lines.zip", "sources.json",
]  # fmt: skip


class Desk:
    """Runs commands in a folder of its own, against the server."""

    def __init__(self, nation: RegionServer, folder: Path) -> None:
        self.nation = nation
        self.folder = folder
        self.out = folder / "city"

    def run(self, *arguments: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in arguments])

    def fetch(self, *arguments: object, out: Path | None = None) -> Result:
        feed = ("--gtfs", "City Lines", "--counties", ",".join(COUNTIES))
        return self.run(
            "fetch", *feed, "--cache", self.folder / "cache", "--out", out or self.out, *arguments
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CENSUS_API_KEY", raising=False)
    for module in ("settings", "regions"):
        monkeypatch.setattr(f"targeting.fetch.{module}.config_folder", lambda: tmp_path / "config")
    monkeypatch.setattr("targeting.fetch.http.Patience", lambda: HASTY)
    with serving() as server:
        nation = RegionServer(server, tmp_path)
        monkeypatch.setattr("targeting.fetch.http.Sources", lambda: nation.sources)
        yield Desk(nation, tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("key", [KEY, None])
def test_everything_comes_and_a_plan_is_made_of_it_offline(
    desk: Desk, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key:
        monkeypatch.setenv("CENSUS_API_KEY", key)
    said = desk.fetch()
    assert said.exit_code == 0, said.output
    assert list(files(desk.out)) == FILES
    asked = len(desk.nation.paths())
    api = [path for path in desk.nation.paths() if path.startswith("/data/")]
    assert bool(api) == bool(key), "the API is asked with a key only"
    assert ("No Census key: tables are read from files of the whole nation" in said.stdout) != bool(key)
    region = read_campaign(desk.out / "campaign.toml").region
    assert (region.acs, region.controls) == (["acs/c16001_2023.csv"], ["acs/b16001_2023_puma.csv"])
    assert (region.tracts, region.water) == ("geo/tracts_2023.gpkg", "geo/water_2023.gpkg")
    assert (region.pumas, region.birthplaces) == ("geo/pumas_2023.csv", "acs/b05006_2023.csv")
    assert region.acs_release == "2019-2023 5-year"
    planned = desk.run("plan", desk.out / "campaign.toml", "--out", desk.folder / "plan", *QUICK)
    assert planned.exit_code == 0, planned.output
    record = json.loads((desk.folder / "plan" / "run.json").read_text(encoding="utf-8"))
    assert "named_by_split" in [notice["code"] for notice in record["notices"]], "the controls were used"
    examined = desk.run("doctor", desk.out / "campaign.toml", "--today", "2025-09-20")
    assert examined.exit_code == 0, examined.output
    assert len(desk.nation.paths()) == asked, "nothing but fetch asks the network"
    written = "".join(content.decode("latin1") for content in files(desk.folder).values())
    assert KEY not in said.output + planned.output + written


def test_the_files_hold_what_was_published(desk: Desk) -> None:
    desk.fetch("--key", KEY)
    tables, out = desk.nation.tables, desk.out
    tracts = gpd.read_file(out / "geo" / "tracts_2023.gpkg")
    assert {f"1400000US{geoid}" for geoid in tracts["GEOID"]} == tables["C16001"].keys()
    controls = read_controls([out / "acs" / "b16001_2023_puma.csv"], measure="lep", notices=Notices())
    assert controls.estimates.index.tolist() == ["4100100", "4100300"]
    spanish = sum(
        float(row["C16001_005E"]) for geo_id, row in tables["C16001"].items() if geo_id[9:14] == "41001"
    )
    assert controls.estimates.loc["4100100", "spanish"] == pytest.approx(spanish)
    births = read_birthplaces(out / "acs" / "b05006_2023.csv", Notices())
    assert births["ukraine"].to_dict() == {
        geo_id[9:]: float(row["B05006_003E"]) for geo_id, row in tables["B05006"].items()
    }
    assert set(read_pumas(out / "geo" / "pumas_2023.csv")) == {"4100100", "4100300"}
    assert gpd.read_file(out / "geo" / "counties_2023.gpkg")["NAME"].tolist() == [
        "Ansel County",
        "Birk County",
    ]
    assert gpd.read_file(out / "geo" / "water_2023.gpkg")["NAME"].tolist() == ["Long Lk", "Long Lk"]
    points = gpd.read_file(out / "geo" / "points_block.gpkg")
    real = gpd.read_file(desk.folder / "sample" / "acs" / "sample_points.geojson")
    real = real[real["population"] > 0].sort_values("GEOID")
    assert points["population"].tolist() == real["population"].tolist()
    assert points.geometry.x.tolist() == pytest.approx(real.geometry.x.tolist(), abs=1e-6)


def test_with_and_without_a_key_the_same_files(desk: Desk) -> None:
    desk.fetch("--key", KEY, out=desk.folder / "keyed")
    desk.fetch(out=desk.folder / "keyless")
    keyed, keyless = files(desk.folder / "keyed"), files(desk.folder / "keyless")
    assert keyed.pop("sources.json") != keyless.pop("sources.json"), "the addresses differ"
    births = [each.pop("acs/b05006_2023.csv").splitlines() for each in (keyed, keyless)]
    assert keyed == keyless
    # the second row says which country each line counts: with all that is above it, or alone
    assert births[0][1].endswith(b"Total:!!Asia:!!Korea")
    assert births[1][1].endswith(b"Margin of Error!!Korea")
    assert [row for row in births[0] if b"!!" not in row] == [row for row in births[1] if b"!!" not in row]


def test_the_latest_release_is_found_and_an_older_outline_stands_in(desk: Desk) -> None:
    rules = desk.nation.server.rules
    newer = f"/programs-surveys/acs/summary_file/{YEAR + 1}/table-based-SF"
    for path in [path for path in rules if "/summary_file/" in path]:
        rules[path.replace(str(YEAR), str(YEAR + 1))] = rules[path]
    assert desk.fetch().exit_code == 0
    assert f"{newer}/data/5YRData/acsdt5y2024-c16001.dat" in desk.nation.paths()
    record = json.loads((desk.out / "sources.json").read_text(encoding="utf-8"))["sources"]
    assert record["census table C16001"]["file"] == "acs/c16001_2024.csv"
    assert "GENZ2023" in record["tract outlines"]["url"]
    assert read_campaign(desk.out / "campaign.toml").region.acs_release == "2020-2024 5-year"


def test_each_kind_of_trouble_is_said_and_the_rest_comes(desk: Desk) -> None:
    rules = desk.nation.server.rules
    tracts, water = (
        f"/geo/tiger/GENZ{YEAR}/shp/cb_{YEAR}_41_tract_500k.zip",
        f"/geo/tiger/TIGER{YEAR}/AREAWATER/tl_{YEAR}_41003_areawater.zip",
    )
    pumas = "/geo/docs/maps-data/data/rel2020/2020_Census_Tract_to_2020_PUMA.txt"
    good = {path: rules[path] for path in (tracts, water, pumas)}
    rules[tracts] = Answer(b"PK" * 5000, headers={"ETag": '"x"'}, cut=100)
    rules[water] = html("Request Rejected")
    rules[pumas] = Answer(b"", 503)
    said = desk.fetch("--key", "wrong-key-0123456789")
    assert said.exit_code == 2
    errors = [line.removeprefix("Error: ") for line in said.stderr.splitlines()]
    for error, (source, words) in zip(
        errors,
        [
            ("tract outlines", "broke off 3 times, last after"),
            ("census table C16001", "does not know the key: check CENSUS_API_KEY"),
            ("rivers and lakes", "came as a web page instead of the file"),
            ("language controls (table B16001)", "is out of order (503), 3 times"),
            ("countries of birth (table B05006)", "does not know the key"),
            ("tracts of each PUMA", "is out of order (503), 3 times"),
            (
                "A plan still lacks census table C16001 and the tracts' outlines",
                "only what is missing is fetched",
            ),
        ],
        strict=True,
    ):
        assert error.startswith(source)
        assert words in error
    assert "wrong-key" not in said.output
    assert {"geo/points_block.gpkg", "gtfs/city-lines.zip"} <= files(desk.out).keys()
    rules |= good
    desk.nation.server.asked.clear()
    assert desk.fetch("--key", KEY).exit_code == 0
    assert list(files(desk.out)) == FILES
    assert not any("TABBLOCK" in path or "gtfs" in path for path in desk.nation.paths()), "that was there"


def test_a_tract_file_that_breaks_off_goes_on_and_a_busy_api_is_waited_for(desk: Desk) -> None:
    rules = desk.nation.server.rules
    api = rules[f"/data/{YEAR}/acs/acs5"]
    assert callable(api)
    busy = iter([Answer(b"", 429, {"Retry-After": "0"}), Answer(b"", 503)])
    rules[f"/data/{YEAR}/acs/acs5"] = lambda asked: next(busy, None) or api(asked)
    said = desk.fetch("--key", KEY, "--no-controls")
    assert said.exit_code == 0, said.output


def test_licences_are_shown_and_recorded(desk: Desk) -> None:
    said = desk.fetch("--no-controls")
    assert f"Terms of the timetable of City Lines: {TERMS}\n" in said.stdout
    assert "Terms of the census data: public domain (a work of the U.S. Census Bureau)\n" in said.stdout
    record = json.loads((desk.out / "sources.json").read_text(encoding="utf-8"))["sources"]
    feed = record["timetable City Lines"]
    assert (feed["licence"], feed["sha256"]) == (TERMS, hashlib.sha256(desk.nation.feed).hexdigest())
    assert "public domain" in record["rivers and lakes"]["licence"]


@pytest.mark.parametrize("key", [KEY, None])
def test_offline_after_one_fetch(desk: Desk, key: str | None) -> None:
    given = ("--key", key) if key else ()
    assert desk.fetch(*given).exit_code == 0
    asked = len(desk.nation.paths())
    named = () if key else ("--year", YEAR)  # with a key, the answer that told the latest release is kept
    said = desk.fetch(*given, *named, "--offline", out=desk.folder / "again")
    assert said.exit_code == 0, said.output
    first, again = files(desk.out), files(desk.folder / "again")
    assert first == again
    assert len(desk.nation.paths()) == asked


def test_a_key_that_is_refused_does_not_hide_the_latest_release(desk: Desk) -> None:
    """The release is found in the summary files, so that outlines and points come for the right year."""
    said = desk.fetch("--key", "wrong-key-0123456789")
    assert "geo/tracts_2023.gpkg" in files(desk.out)
    assert "could not be asked" not in said.stdout


def test_offline_keeps_to_the_year_that_the_folder_has(desk: Desk) -> None:
    assert desk.fetch().exit_code == 0
    before = files(desk.out)
    said = desk.fetch("--offline")
    assert said.exit_code == 0, said.output
    assert files(desk.out) == before
    assert "which the folder has" in said.stdout
