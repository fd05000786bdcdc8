"""The smallest regions there can be: every command gives a sensible answer, or says why not.

One street with one bus (`conftest.TINY`) crosses one tract, a square of 7.8 by 11.1 km. Nobody lives at
known points, so people are spread evenly, and the three stops are within a walk of 1.74% of them.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas
import openpyxl
import pytest
from click.testing import CliRunner, Result
from conftest import Table, tiny, write_feed

from targeting.cli import main

ONE, TWO = "41051000100", "41051000200"
SPANISH = (1000, 100, 120, 60, 0, 12)  # people of 5 and over, LEP Spanish, LEP Vietnamese, with margins
NOBODY = (0, 12, 0, 12, 0, 12)
ANYBODY = "[certainty]\nmin_served = 0\nenough_at = 0\n"
ONE_STOP: dict[str, Table] = {
    "stops": ["stop_id,stop_name,stop_lat,stop_lon", "a,East,45.50,-122.60"],
    "trips": ["route_id,service_id,trip_id,direction_id,block_id,shape_id", "R,wk,out,0,b1,"],
    "stop_times": [
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "out,08:00:00,08:00:00,a,1",
        "out,08:10:00,08:10:00,a,2",
    ],
}
ONE_DAY: dict[str, Table] = {
    "calendar": [
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
        "wk,0,0,1,0,0,0,0,20250108,20250108",
    ]
}


def write_region(
    folder: Path,
    tracts: Mapping[str, Sequence[int]],
    languages: Sequence[str] = ("es",),
    feed: Mapping[str, Table] | None = None,
    more: str = "",
) -> Path:
    folder.mkdir()
    write_feed(folder / "feed.zip", tiny(**(feed or {})))
    names = [f"C16001_{line}{kind}" for line in ("001", "005", "026") for kind in "EM"]
    rows = [["GEOID", *names], *([geoid, *map(str, figures)] for geoid, figures in tracts.items())]
    (folder / "c16001.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    boxes = []
    for place, geoid in enumerate(tracts):
        west, east = -122.65 + 0.1 * place, -122.55 + 0.1 * place
        ring = [[west, 45.45], [east, 45.45], [east, 45.55], [west, 45.55], [west, 45.45]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        boxes.append({"type": "Feature", "properties": {"GEOID": geoid}, "geometry": shape})
    (folder / "tracts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": boxes}))
    campaign = folder / "campaign.toml"
    campaign.write_text(
        'name = "Smallest"\n[region]\ngtfs = "feed.zip"\nacs = "c16001.csv"\ntracts = "tracts.geojson"\n'
        f"[posters]\nlanguages = {json.dumps(list(languages))}\n[placement]\nbuses = 1\n{more}"
    )
    return campaign


def run(*words: object) -> Result:
    """Run a command that must neither fail nor be refused."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, (words, result.output)
    return result


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def everything(campaign: Path) -> Path:
    """Run every command on a campaign and look for figures that are none; return the plan's folder."""
    out = campaign.parent / "plan"
    said = [
        run("plan", campaign, "--out", out, "--report", "--set", "redraws=10"),
        run("routes", campaign),
        run("explain", campaign, "1"),
        run("hotspots", campaign),
        run("vehicles", campaign),
        run("layers", out, "--format", "geojson"),
        run("compare", out, out),
        run("plan", campaign, "--out", out.with_name("public"), "--audience", "public", "--set", "redraws=2"),
    ]
    texts = [each.output for each in said]
    texts += [path.read_text(encoding="utf-8") for path in out.iterdir() if path.suffix in {".csv", ".json"}]
    page = (out / "report.html").read_text(encoding="utf-8")
    texts.append(re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL))
    for text in texts:
        assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", text), text
    for name in ("coverage.xlsx", "orders.xlsx"):
        for sheet in openpyxl.load_workbook(out / name):
            cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
            assert not {"nan", "NaN", "inf", "None", "#NUM!", "#DIV/0!"} & set(map(str, filter(None, cells)))
    for layer in ("routes", "tracts", "stops"):
        assert len(geopandas.read_file(out / f"{layer}.geojson"))
    for name in ("map.html", "map.pdf", "map.png", "report.docx", "orders.html"):
        assert (out / name).stat().st_size > 5000
    return out


@pytest.mark.parametrize("feed", [{}, ONE_STOP, ONE_DAY], ids=["one route", "one stop", "one day"])
def test_one_route_one_tract_one_language_one_bus(tmp_path: Path, feed: Mapping[str, Table]) -> None:
    out = everything(write_region(tmp_path / "region", {ONE: SPANISH}, feed=feed, more=ANYBODY))
    (placement,) = rows(out / "placements.csv")
    assert (placement["unit_id"], placement["language"], placement["buses"]) == ("R", "es", "1")
    # π · 400² m² round each stop, which hardly overlap, over the tract: 120 people live there
    stops = len(feed["stops"]) - 1 if "stops" in feed else 3
    share = float(rows(out / "coverage.csv")[0]["served_posted_share"])
    area_m2 = geopandas.read_file(tmp_path / "region" / "tracts.geojson").to_crs(32610).area.item()
    assert share == pytest.approx(stops * 3.14159 * 400**2 / area_m2, rel=0.02)
    assert placement["served"] == "under 10"
    (route,) = rows(out / "routes.csv")
    assert float(route["departures_week"]) == (10 if feed == {} else 5 if feed == ONE_STOP else 2)


@pytest.mark.parametrize("strategy", ["optimal", "predominant"])
def test_nobody_speaks_little_english(tmp_path: Path, strategy: str) -> None:
    """Nothing is placed, and the plan says that and why."""
    figures = (1000, 100, *NOBODY[2:])
    settings = f'strategy = "{strategy}"\n'
    out = everything(write_region(tmp_path / "region", {ONE: figures}, ("es", "vi"), more=settings))
    assert rows(out / "placements.csv") == []
    region = rows(out / "coverage.csv")[:2]
    assert [(row["lep"], row["served_posted"], row["reach"]) for row in region] == [("0", "0", "0")] * 2
    notices = json.loads((out / "run.json").read_text(encoding="utf-8"))["notices"]
    assert any("1 of 1 buses could not be placed" in notice["message"] for notice in notices)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "of those counted, nobody in 41051 lives near a route" in page


def test_nobody_lives_there(tmp_path: Path) -> None:
    out = everything(write_region(tmp_path / "region", {ONE: NOBODY}))
    assert rows(out / "placements.csv") == []


def test_a_language_that_nobody_speaks(tmp_path: Path) -> None:
    """The one bus goes to the other, and the plan says that none is left."""
    out = everything(write_region(tmp_path / "region", {ONE: SPANISH}, ("es", "vi"), more=ANYBODY))
    (placement,) = rows(out / "placements.csv")
    assert placement["language"] == "es"
    spanish, vietnamese = rows(out / "coverage.csv")[:2]
    assert (spanish["lep"], vietnamese["lep"], vietnamese["served_any"]) == ("120", "0", "0")
    notices = json.loads((out / "run.json").read_text(encoding="utf-8"))["notices"]
    assert any("No bus is left for Vietnamese" in notice["message"] for notice in notices)


def test_a_tract_where_nobody_lives(tmp_path: Path) -> None:
    """It adds nothing but its margin: sqrt(60² + 12²) = 61."""
    out = everything(write_region(tmp_path / "region", {ONE: SPANISH, TWO: NOBODY}, more=ANYBODY))
    region = rows(out / "coverage.csv")[0]
    assert (region["lep"], region["lep_moe"]) == ("120", "61")
    assert len(geopandas.read_file(out / "tracts.geojson")) == 2


def test_automatic_languages_where_there_are_none(tmp_path: Path) -> None:
    campaign = write_region(tmp_path / "region", {ONE: (1000, 100, *NOBODY[2:])})
    campaign.write_text(campaign.read_text().replace('["es"]', '"auto:6"'))
    result = CliRunner().invoke(main, ["plan", str(campaign), "--out", str(tmp_path / "plan")])
    assert result.exit_code == 2
    assert "nobody in the region's tables speaks a language that a poster can be printed in" in result.stderr
    assert not (tmp_path / "plan").exists()


def test_figures_too_small_to_be_told_stand_nowhere_as_people(tmp_path: Path) -> None:
    """About two of the 120 live near the route: no sentence and no table says two."""
    campaign = write_region(tmp_path / "region", {ONE: SPANISH}, more=ANYBODY)
    out = tmp_path / "plan"
    said = run("plan", campaign, "--out", out, "--report", "--set", "redraws=10").output
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in (said, page, (out / "run.json").read_text(encoding="utf-8")):
        assert not re.search(r"\b(about|reaches|reach) [1-9] (people|to)\b", " ".join(text.split()))
    assert "with half as many this plan would reach under 10 people" in page
    everyone = page[page.index("All campaign languages") :].partition("</tr>")[0]
    assert "under 10" in everyone
    assert "%" not in everyone, "a share of it would tell"
