"""Regions by name: the table that ships, and what users add to it."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from targeting.cli import main
from targeting.errors import FetchError
from targeting.fetch.regions import STATES, Region, find_region, read_regions


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setattr("targeting.fetch.regions.config_folder", lambda: folder)
    folder.mkdir()
    return folder


def test_portland_and_at_least_25_more() -> None:
    regions = read_regions()
    assert len(regions) >= 26
    portland = regions["portland"]
    assert portland.counties == ("41051", "41067", "41005", "53011")
    assert portland.feeds == (
        "https://developer.trimet.org/schedule/gtfs.zip",
        "https://www.c-tran.com/images/Google/GoogleTransitUpload.zip",
    )


@pytest.mark.parametrize("region", read_regions().values(), ids=lambda region: region.name)
def test_every_region_is_complete(region: Region) -> None:
    """Codes are of the states named, each county has its name in the note, feeds can be looked for."""
    assert {county[:2] for county in region.counties} == {STATES[state] for state in region.states}
    assert len(set(region.counties)) == len(region.counties)
    counties = region.note.split(";")[0].split(", ")
    assert len(counties) == len(region.counties)
    assert all(name.strip() for name in counties)
    assert region.feeds
    for feed in region.feeds:
        named = feed.startswith("provider:") and len(feed) > 10
        assert named or (urlsplit(feed).scheme in ("http", "https") and urlsplit(feed).hostname)
    assert region.title.split(", ")[-1][0].isupper()


def test_no_county_is_in_two_regions() -> None:
    counties = [county for region in read_regions().values() for county in region.counties]
    assert len(set(counties)) == len(counties)


def test_regions_of_the_user(config: Path, tmp_path: Path) -> None:
    (config / "regions.csv").write_text(
        'name,title,states,counties,feeds,note\nEugene,"Eugene, Oregon",OR,41039,mdb-1,Lane\n'
    )
    more = tmp_path / "more.csv"
    more.write_text(
        "# ours\nname,counties,feeds\nportland,41051,https://example.org/g.zip\n", encoding="utf-8-sig"
    )
    regions = read_regions([more])
    assert regions["eugene"].title == "Eugene, Oregon"
    assert regions["portland"] == Region(
        "portland", "portland", ("OR",), ("41051",), ("https://example.org/g.zip",), ""
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,feeds\nx,y\n", "has no column 'counties'; a file of regions has name, title, states"),
        ("name,counties,feeds\nx,4105,y\n", "'4105' is no county; write its five digits"),
        ("name,counties,feeds\nx,99001,y\n", "region 'x': '99001' is no county"),
        ("name,counties,feeds\nx,,y\n", "region 'x': names no county"),
        ("name,states,counties,feeds\nx,WA,41051,y\n", "county 41051 is not in WA"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "regions.csv"
    file.write_text(text)
    with pytest.raises(FetchError) as caught:
        read_regions([file])
    assert words in str(caught.value)
    with pytest.raises(FetchError, match="no such file of regions"):
        read_regions([tmp_path / "none.csv"])


def test_finding_a_region() -> None:
    regions = read_regions()
    assert find_region("Portland", regions) == find_region("Portland, Oregon", regions) == regions["portland"]
    assert find_region("St Louis".replace(" ", "-"), regions).name == "st-louis"
    with pytest.raises(FetchError, match="no region 'portlnd'; did you mean portland"):
        find_region("portlnd", regions)
    with pytest.raises(FetchError, match="'targeting regions' lists them"):
        find_region("zzz", regions)


def test_the_command_lists_them(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["regions", "--json"])
    listed = json.loads(said.stdout)["regions"]
    assert [region["name"] for region in listed] == sorted(read_regions())
    assert CliRunner().invoke(main, ["regions"]).stdout.count("\n") > 26
    refused = CliRunner().invoke(main, ["regions", "--regions", str(tmp_path / "none.csv")])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: ")
