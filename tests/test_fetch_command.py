"""`targeting fetch`: a region's inputs and campaign file, whatever some of the sources do."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import geopandas
import pytest
import requests
from click.testing import CliRunner, Result
from servers import HASTY, Answer, Server, catalogue_csv, ranged, serving

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import FetchError
from targeting.fetch.assemble import Fetchers
from targeting.fetch.client import Client
from targeting.fetch.sources import Fetched, Sources
from targeting.fetch.transport import unreachable
from targeting.sample import write_sample

KEY = "f00dfeedc0ffee1234567890"
TERMS = "public domain"


class Bureau:
    """Stands in for the Census Bureau: the sample's tables, by functions of the real ones' forms."""

    def __init__(self, server: Server, sample: Path) -> None:
        self.server = server
        self.sample = sample
        self.down: set[str] = {"B16001"}
        self.calls: list[str] = []
        server.rules["/acs"] = Answer(b'[["NAME"],["x"]]', headers={"Content-Type": "application/json"})

    def _made(self, out: Path, what: str, name: str) -> Fetched:
        self.calls.append(name)
        if name in self.down:
            raise FetchError(f"https://census.example/{name}?key={KEY}: is out of order (503), 3 times.")
        return Fetched(
            out, what, f"https://census.example/{name}", hashlib.sha256(out.read_bytes()).hexdigest(), TERMS
        )

    def table(
        self,
        client: Client,
        table: str,
        *,
        year: int | None,
        counties: Sequence[str],
        geography: str,
        key: str | None,
        out: Path,
    ) -> Fetched:
        client.json(self.server.url("/acs"), {"get": table, "in": ",".join(counties)}, secret=key)
        if table not in self.down:
            out.write_bytes((self.sample / "acs" / "sample_c16001.csv").read_bytes())
        assert year is not None
        return self._made(out, f"ACS {year - 4}-{year} table {table} by {geography}", table)

    def _layer(self, name: str, out: Path) -> None:
        geopandas.read_file(self.sample / "acs" / f"sample_{name}.geojson").to_file(out, driver="GPKG")

    def tracts(self, client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
        self._layer("tracts", out)
        return self._made(out, f"census tracts {year}", "tracts")

    def counties(self, client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
        self._layer("tracts", out)
        return self._made(out, f"counties {year}", "counties")

    def water(self, client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
        self._layer("tracts", out)
        return self._made(out, f"water {year}", "water")

    def pumas(self, client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
        out.write_text("GEOID,PUMA\n")
        return self._made(out, f"PUMAs {year}", "pumas")

    def points(
        self, client: Client, *, year: int, counties: Sequence[str], out: Path, detail: str
    ) -> Fetched:
        assert detail in ("block", "block group")
        self._layer("points", out)
        return self._made(out, f"2020 {detail} populations", "points")

    def latest_year(self, client: Client, key: str | None) -> int:
        self.calls.append("latest")
        if "latest" in self.down:
            raise FetchError("https://census.example: cannot be reached; check the network.")
        return 2023


class Desk:
    """Runs the command in a folder of its own."""

    def __init__(self, server: Server, bureau: Bureau, folder: Path) -> None:
        self.server = server
        self.bureau = bureau
        self.folder = folder
        self.out = folder / "portland"
        self.regions = folder / "regions.csv"
        self.feeds(server.url("/city/gtfs.zip"))

    def feeds(self, *feeds: str) -> None:
        self.regions.write_text(
            "name,title,states,counties,feeds,note\n"
            f'portland,"Portland, Oregon",OR,41051 41067,{" ".join(feeds)},"Multnomah, Washington"\n'
        )

    def run(self, *arguments: object) -> Result:
        words = ["fetch", "--cache", self.folder / "cache", "--regions", self.regions, *arguments]
        if "--out" not in arguments:
            words += ["--out", self.out]
        return CliRunner().invoke(main, [str(word) for word in words])

    def everything(self) -> str:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join(f"{path}\n{path.read_bytes().decode('latin1')}" for path in files)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture
def desk(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CENSUS_API_KEY", raising=False)
    monkeypatch.setattr("targeting.fetch.settings.config_folder", lambda: tmp_path / "config")
    monkeypatch.setattr("targeting.fetch.regions.config_folder", lambda: tmp_path / "config")
    with serving() as server:
        bureau = Bureau(server, sample)
        how = Fetchers(
            bureau.latest_year, bureau.table, bureau.tracts, bureau.counties, bureau.water, bureau.pumas,
            bureau.points,
        )  # fmt: skip
        monkeypatch.setattr("targeting.fetch.assemble.fetchers", lambda: how)
        catalogue = Sources(catalogue=server.url("/feeds_v2.csv"))
        monkeypatch.setattr("targeting.fetch.http.Sources", lambda: catalogue)
        monkeypatch.setattr("targeting.fetch.http.Patience", lambda: HASTY)
        listed = {
            "id": "mdb-7", "provider": "City Lines", "direct_download": server.url("/city/gtfs.zip"),
            "license": "https://city.example/terms", "minimum_latitude": "44.9", "maximum_latitude": "45.1",
            "minimum_longitude": "-129.6", "maximum_longitude": "-129.2",
        }  # fmt: skip
        server.rules["/feeds_v2.csv"] = Answer(catalogue_csv(listed))
        server.rules["/city/gtfs.zip"] = ranged((sample / "gtfs" / "sample.zip").read_bytes())
        yield Desk(server, bureau, tmp_path)


def test_a_region_in_one_command_and_a_plan_without_the_network(desk: Desk) -> None:
    said = desk.run("portland", "--no-controls", "--buses", "24", "--languages", "es,vi,zh,ru")
    assert said.exit_code == 0, said.output
    assert "Fetched ACS 2019-2023 table C16001 by tract (acs/c16001_2023.csv)" in said.stdout
    assert f"Next: targeting plan {desk.out / 'campaign.toml'}" in said.stdout
    names = sorted(path.relative_to(desk.out).as_posix() for path in desk.out.rglob("*") if path.is_file())
    assert names == [
        "acs/c16001_2023.csv", "campaign.toml", "geo/counties_2023.gpkg", "geo/points_block.gpkg",
        "geo/tracts_2023.gpkg", "geo/water_2023.gpkg", "gtfs/city-lines.zip", "sources.json",
    ]  # fmt: skip
    campaign = read_campaign(desk.out / "campaign.toml")
    assert campaign.name == "Posters for Portland, Oregon"
    assert campaign.region.gtfs == ["gtfs/city-lines.zip"]
    assert campaign.region.acs_release == "2019-2023 5-year"
    assert campaign.posters.languages == ["es", "vi", "zh", "ru"]
    asked = len(desk.server.asked)
    quick = ["--set", "strategy=predominant", "--set", "redraws=0"]
    planned = CliRunner().invoke(
        main, ["plan", str(desk.out / "campaign.toml"), "--out", str(desk.folder / "plan"), *quick]
    )
    assert planned.exit_code == 0, planned.output
    assert (desk.folder / "plan" / "map.html").exists()
    assert len(desk.server.asked) == asked


def test_what_the_record_says(desk: Desk) -> None:
    desk.run("portland", "--no-controls")
    record = json.loads((desk.out / "sources.json").read_text())
    feed = record["sources"][f"timetable {desk.server.url('/city/gtfs.zip')}"]
    assert feed == {
        "what": "timetable of City Lines, 2025-09-01 to 2025-12-14",
        "file": "gtfs/city-lines.zip",
        "url": desk.server.url("/city/gtfs.zip"),
        "sha256": hashlib.sha256((desk.out / "gtfs" / "city-lines.zip").read_bytes()).hexdigest(),
        "date": date.today().isoformat(),
        "licence": "https://city.example/terms",
        "asked": {"feed": desk.server.url("/city/gtfs.zip")},
    }
    assert record["sources"]["census table C16001"]["licence"] == TERMS
    assert record["campaign"] == hashlib.sha256((desk.out / "campaign.toml").read_bytes()).hexdigest()


def test_a_feed_that_ended_is_said(desk: Desk) -> None:
    said = desk.run("portland", "--no-controls")
    assert "Note: City Lines: its timetable ended on 2025-12-14, before today" in said.stdout
    again = desk.run("portland", "--no-controls")
    assert "Note: city-lines: its timetable ended on 2025-12-14" in again.stdout


def test_a_source_that_fails_leaves_the_rest_usable_and_is_named(desk: Desk) -> None:
    said = desk.run("portland")
    assert said.exit_code == 2
    errors = said.stderr.strip().splitlines()
    assert errors == [
        "Error: language controls (table B16001): https://census.example/B16001?key=[hidden]: is out of "
        "order (503), 3 times.",
        f"A plan can be made of what came; what came is in {desk.out}. Once the above is mended, run the "
        "command again: only what is missing is fetched.",
    ]
    assert read_campaign(desk.out / "campaign.toml").region.controls == []
    desk.bureau.down.clear()
    desk.bureau.calls.clear()
    said = desk.run("portland")
    assert said.exit_code == 0
    assert desk.bureau.calls == ["latest", "B16001"], "what was there is not fetched again"
    assert "Kept census tracts 2023 (geo/tracts_2023.gpkg)" in said.stdout
    region = read_campaign(desk.out / "campaign.toml").region
    assert (region.controls, region.pumas) == (["acs/b16001_2023_puma.csv"], "geo/pumas_2023.csv")


def test_what_no_server_was_reached_for_is_said_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> Fetched:
        raise unreachable("https://census.example/a.zip", requests.ConnectionError("no route"))

    monkeypatch.setattr(desk.bureau, "_made", nowhere)
    feeds = ["--gtfs", "http://127.0.0.1:9/a.zip", "--gtfs", "http://localhost:9/b.zip"]
    said = desk.run("portland", "--no-controls", "--year", "2023", *feeds)
    assert said.exit_code == 2
    errors = [line for line in said.stderr.splitlines() if line.startswith("Error: ")]
    assert errors == [
        "Error: no network: census.example, 127.0.0.1 and localhost cannot be reached, so that these are "
        "lacking: tract outlines, census table C16001, timetable http://127.0.0.1:9/a.zip, timetable "
        "http://localhost:9/b.zip, population points, rivers and lakes, county outlines; check the network "
        "and the addresses, and run the same command again."
    ]


def test_one_server_that_is_not_reached_is_no_lack_of_network(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object) -> Fetched:
        raise unreachable("https://census.example/a.zip", requests.ConnectionError("no route"))

    monkeypatch.setattr(desk.bureau, "_layer", nowhere)
    said = desk.run("portland", "--no-controls", "--points", "none")
    errors = [line for line in said.stderr.splitlines() if line.startswith("Error: ")]
    assert errors == [
        "Error: census.example cannot be reached, so that these are lacking: tract outlines, rivers and "
        "lakes, county outlines; check the network and the addresses, and run the same command again."
    ]
    assert "Fetched timetable of City Lines" in said.stdout


def test_without_what_a_plan_needs_there_is_no_campaign_file_yet(desk: Desk) -> None:
    desk.bureau.down = {"C16001", "tracts"}
    desk.server.rules["/city/gtfs.zip"] = Answer(b"", 404)
    said = desk.run("portland", "--no-controls")
    assert said.exit_code == 2
    starts = [line.split(":")[1].strip() for line in said.stderr.splitlines() if line.startswith("Error: ")]
    assert starts == ["tract outlines", "census table C16001", "timetable http"]
    assert "A plan still lacks the timetable, census table C16001 and the tracts' outlines" in said.stderr
    assert not (desk.out / "campaign.toml").exists()
    assert (desk.out / "geo" / "points_block.gpkg").exists()


def test_one_of_two_feeds_fails(desk: Desk) -> None:
    desk.feeds(desk.server.url("/city/gtfs.zip"), desk.server.url("/none/gtfs.zip"), "mdb-99")
    said = desk.run("portland", "--no-controls")
    assert said.exit_code == 2
    assert "/none/gtfs.zip: is not there (404); check the address" in said.stderr
    assert "mdb-99: no such feed in the catalogue" in said.stderr
    assert read_campaign(desk.out / "campaign.toml").region.gtfs == ["gtfs/city-lines.zip"]


def test_an_interrupted_fetch_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> Fetched:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("targeting.fetch.feeds.Feeds.fetch", stop)
        said = desk.run("portland", "--no-controls")
    assert said.exit_code == 130
    assert "Stopped; what came is kept: run the same command again to go on." in said.stderr
    desk.bureau.calls.clear()
    assert desk.run("portland", "--no-controls").exit_code == 0
    assert desk.bureau.calls == ["latest", "points", "water", "counties"]


def test_a_campaign_file_that_was_changed_is_left_alone(desk: Desk) -> None:
    desk.run("portland", "--no-controls")
    file = desk.out / "campaign.toml"
    desk.run("portland", "--no-controls", "--buses", "12")
    assert "buses = 12" in file.read_text(), "ours is written anew"
    file.write_text(file.read_text().replace("buses = 12", "buses = 99"))
    said = desk.run("portland", "--no-controls", "--buses", "13")
    assert said.exit_code == 0
    assert "buses = 99" in file.read_text()
    assert "buses = 13" in (desk.out / "campaign.new.toml").read_text()
    assert "was changed by you and left alone" in said.stdout


def test_the_key_is_nowhere(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    first = desk.run("portland", "--key", KEY)
    monkeypatch.setenv("CENSUS_API_KEY", KEY)
    second = desk.run("portland", "--refresh")
    assert {asked.query["key"] for asked in desk.server.asked if asked.path == "/acs"} == {KEY}
    assert KEY not in first.output + second.output + caplog.text + desk.everything()


def test_the_key_of_the_config_file(desk: Desk) -> None:
    config = desk.folder / "config"
    config.mkdir()
    (config / "config.toml").write_text(f'census_api_key = "{KEY}"\n')
    desk.run("portland", "--no-controls")
    assert {asked.query["key"] for asked in desk.server.asked if asked.path == "/acs"} == {KEY}
    (config / "config.toml").write_text(f'census_api_key = {KEY}"\n')
    said = desk.run("portland", "--no-controls")
    assert (said.exit_code, KEY in said.output) == (2, False)
    assert 'cannot be read; write one line in it: census_api_key = "your key"' in said.stderr


def test_offline_everything_comes_from_the_cache(desk: Desk) -> None:
    desk.run("portland", "--no-controls")
    asked = len(desk.server.asked)
    other = desk.folder / "other"
    said = desk.run("portland", "--no-controls", "--offline", "--out", other)
    assert said.exit_code == 0, said.output
    assert (other / "gtfs" / "city-lines.zip").exists()
    missing = desk.run("--counties", "53011", "--gtfs", "mdb-7", "--offline", "--no-controls")
    assert missing.exit_code == 2
    assert "is not in the cache; run the same command without --offline" in missing.stderr
    assert len(desk.server.asked) == asked


def test_counties_and_a_feed_instead_of_a_region(desk: Desk) -> None:
    said = desk.run(
        "--counties", "41051,41067", "--gtfs", "mdb-7", "--year", 2022, "--points", "none", "--no-controls"
    )
    assert said.exit_code == 0, said.output
    region = read_campaign(desk.out / "campaign.toml").region
    assert (region.acs_release, region.points) == ("2018-2022 5-year", None)
    assert "latest" not in desk.bureau.calls


def test_without_a_feed_those_around_are_named(desk: Desk) -> None:
    said = desk.run("--counties", "41051", "--no-controls")
    assert said.exit_code == 2
    assert "around these counties there are mdb-7 (City Lines)" in said.stderr


def test_the_latest_release_cannot_be_asked(desk: Desk) -> None:
    desk.bureau.down.add("latest")
    said = desk.run("portland", "--no-controls")
    assert said.exit_code == 0
    assert "2020-2024 5-year was taken; --year chooses another" in said.stdout


def test_refresh_brings_a_new_feed_and_keeps_the_old_download(desk: Desk, sample: Path) -> None:
    desk.run("portland", "--no-controls")
    content = bytearray((sample / "gtfs" / "sample.zip").read_bytes())
    newer = desk.folder / "newer.zip"
    newer.write_bytes(content)
    with zipfile.ZipFile(newer, "a") as archive:
        archive.writestr("note.txt", "newer")
    desk.server.rules["/city/gtfs.zip"] = ranged(newer.read_bytes(), etag='"two"')
    desk.run("portland", "--no-controls")
    assert (desk.out / "gtfs" / "city-lines.zip").read_bytes() == bytes(content)
    desk.run("portland", "--no-controls", "--refresh")
    assert (desk.out / "gtfs" / "city-lines.zip").read_bytes() == newer.read_bytes()
    assert len(list((desk.folder / "cache" / "files").rglob("*-gtfs.zip"))) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a region ('targeting regions' lists them), or give --counties"),
        (("portlnd",), "no region 'portlnd'; did you mean portland?"),
        (("--counties", "4105"), "--counties: '4105' is no county"),
        (("portland", "--languages", "klingon"), "--languages klingon: klingon is no language tag"),
        (("portland", "--offline", "--refresh"), "give one of them"),
        (("portland", "--buses", "0"), "--buses"),
    ],
)
def test_what_a_user_can_get_wrong(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    said = desk.run(*arguments)
    assert said.exit_code == 2
    assert len(said.stderr.strip().splitlines()) == 1
    assert words in said.stderr
    assert (said.stdout, desk.server.asked, desk.out.exists()) == ("", [], False)


def test_quiet_prints_errors_only(desk: Desk) -> None:
    assert desk.run("portland", "--no-controls", "-q").output == ""


def test_a_folder_that_cannot_be_written(desk: Desk) -> None:
    (desk.folder / "file").write_text("in the way")
    said = desk.run("portland", "--no-controls", "--out", desk.folder / "file" / "x")
    assert said.exit_code == 2
    assert "cannot be written (Not a directory)" in said.stderr
    assert "Traceback" not in said.output
