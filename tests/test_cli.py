"""The command line as its users meet it: what it prints, what it writes, how it refuses."""

import csv
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pytest
from click.testing import CliRunner, Result

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.plan import make_plan
from targeting.reached import alone_and_added
from targeting.sample import write_sample

FILES = {
    "budget.csv", "coverage.csv", "coverage.xlsx", "languages.csv", "map.html", "orders.csv", "orders.html",
    "orders.xlsx", "orders_print.csv", "placements.csv", "plan.gpkg", "postings_to_fill_in.csv",
    "robustness.csv", "routes.csv", "run.json", "strategies.csv", "vehicles.csv",
}  # fmt: skip
QUICK = ("--set", "redraws=10")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture
def region(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that a test may spoil."""
    return shutil.copytree(sample, tmp_path / "region")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(result: Result, *parts: str) -> None:
    """One sentence on stderr that holds the parts, exit code 2, no traceback."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    for part in parts:
        assert part in lines[0]
    assert result.stdout == ""


@pytest.fixture(scope="module")
def planned(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("out") / "plan"
    return out, run("plan", sample / "sample.toml", "--out", out)


def test_plan_writes_the_whole_folder_and_says_where(planned: tuple[Path, Result]) -> None:
    out, result = planned
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == FILES
    assert "report.html" not in result.output
    assert f"Map: {out / 'map.html'}" in result.output
    assert "24 of 24 buses placed" in result.output
    assert "Design week 2025-09-08 to 2025-09-14" in result.output
    assert "Russian is measured by the census group" in result.output.replace("\n", " ")
    said = " ".join(result.output.split())
    assert "Proven: no placement of these buses under the campaign's wishes reaches more than" in said
    assert "Over 200 redraws of the census figures the plan reaches" in said
    assert "People reached (buses), by strategy" in said
    with (out / "placements.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:3]:  # the first placements, as in the table
        assert re.search(
            rf"{re.escape(row['unit_name'])} {row['language_name']} {row['buses']} {row['vehicles']} "
            rf"{int(row['served']):,} ± {row['served_moe']} {int(row['reach']):,} ± {row['reach_moe']}",
            said,
        )
    assert not list(out.parent.glob(".*")), "nothing half-written is left beside the plan"


def test_plan_is_the_same_bytes_every_time(planned: tuple[Path, Result], tmp_path: Path) -> None:
    out, _ = planned
    campaign = json.loads((out / "run.json").read_text())["campaign"]["file"]
    assert run("plan", campaign, "--out", tmp_path / "again", "--quiet").output == ""
    for name in FILES - {"run.json"}:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name


def test_report_is_written_where_it_is_asked_for(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    result = run("plan", sample / "sample.toml", "--out", out, "--report", *QUICK)
    assert result.exit_code == 0, result.output
    report = {"report.html", "report.docx", "sensitivity.csv", "map.png", "map.pdf"}
    assert {path.name for path in out.iterdir()} >= FILES | report
    assert f"Report: {out / 'report.html'}" in result.output
    page = (out / "report.html").read_text(encoding="utf-8")
    for row in json.loads((out / "run.json").read_text(encoding="utf-8"))["languages"]:
        assert row["english_name"] in page


@pytest.mark.parametrize("strategy", ["optimal", "predominant"])
def test_json_holds_the_same_figures_as_the_tables(sample: Path, tmp_path: Path, strategy: str) -> None:
    setting = ("--set", f"strategy={strategy}")
    result = run("plan", sample / "sample.toml", "--out", tmp_path / "p", "--json", *QUICK, *setting)
    said = json.loads(result.stdout)
    assert sum(row["buses"] for row in said["placements"]) == 24
    for name in ("placements", "strategies", "coverage"):
        with (tmp_path / "p" / f"{name}.csv").open(encoding="utf-8") as stream:
            written = list(csv.DictReader(stream))
        for row, told in zip(written, said[name], strict=True):
            for key, value in told.items():
                if row[key] == "under 10":
                    assert 0 < value < 10
                else:
                    assert row[key] == ("" if value is None else str(value)), (name, key)


def test_settings_of_the_command_line_win(sample: Path, tmp_path: Path) -> None:
    run("plan", sample / "sample.toml", "--out", tmp_path / "p", "--set", "buses=3", "--quiet", *QUICK)
    record = json.loads((tmp_path / "p" / "run.json").read_text())
    assert record["campaign"]["settings"]["placement"]["buses"] == 3
    assert record["figures"]["buses_placed"] == 3
    hashes = [feed["sha256"] for feed in record["feeds"]] + [t["sha256"] for t in record["census"]]
    assert [len(text) for text in hashes] == [64] * 4, "feed, table, outlines and points"


def test_default_folder_is_named_after_the_campaign(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plan", sample / "sample.toml", *QUICK)
    assert result.exit_code == 0
    assert (tmp_path / "maps" / "red-means-help-sample" / "map.html").exists()


def test_an_earlier_plan_is_replaced_whole(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    run("plan", sample / "sample.toml", "--out", out, "--quiet", *QUICK)
    (out / "routes.geojson").write_text("x")  # of another command, for the earlier plan
    (out / "report.docx").write_text("x")
    assert run("plan", sample / "sample.toml", "--out", out, "--quiet", *QUICK).exit_code == 0
    assert {path.name for path in out.iterdir()} == FILES


def test_somebody_elses_files_in_a_plan_folder_are_not_deleted(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    run("plan", sample / "sample.toml", "--out", out, "--quiet", *QUICK)
    (out / "notes.txt").write_text("mine")
    (out / "Report, edited.docx").write_text("mine")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = run("plan", sample / "sample.toml", "--out", out, *QUICK)
    refused(again, "holds Report, edited.docx and 1 more, which no command wrote", "move it elsewhere")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_failed_plan_leaves_the_earlier_one(region: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    run("plan", region / "sample.toml", "--out", out, "--quiet", *QUICK)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (region / "gtfs" / "sample.zip").write_bytes(b"spoilt")
    refused(run("plan", region / "sample.toml", "--out", out), "sample.zip", "not a zip")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_fault_while_writing_leaves_the_earlier_plan(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "p"
    run("plan", sample / "sample.toml", "--out", out, "--quiet", *QUICK)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    write_text = Path.write_text

    def fail(self: Path, *args: object, **kwargs: object) -> int:
        if self.name == "languages.csv":
            raise OSError(28, "No space left on device")
        return write_text(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", fail)
    refused(run("plan", sample / "sample.toml", "--out", out, *QUICK), "No space left on device")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_with_other_files_is_never_overwritten(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    refused(run("plan", sample / "sample.toml", "--out", tmp_path), "no plan", "--out")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_that_cannot_be_written_is_refused(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(run("plan", sample / "sample.toml", "--out", tmp_path / "file"), "is a file")
    refused(run("plan", sample / "sample.toml", "--out", tmp_path / "file" / "p"), "not writable")


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("buses=0", ["placement.buses = 0", "at least 1"]),
        ("buses=5000", ["placement.buses = 5,000", "ask for at most"]),
        ("buss=5", ["unknown key 'buss'", "did you mean 'buses'"]),
        ('languages=["es", "xx"]', ["unknown language tag 'xx'"]),
        ('languages=["en"]', ["English cannot be a poster language"]),
        ("week=2031-01-06", ["sample.zip", "no trip runs", "2025-09-01 to 2025-12-14"]),
        ('gtfs="nowhere.zip"', ["nowhere.zip", "no such file"]),
        ('acs="nowhere.csv"', ["nowhere.csv", "no such file"]),
        ('tracts="nowhere.gpkg"', ["nowhere.gpkg", "no such file"]),
        ('points="nowhere.gpkg"', ["nowhere.gpkg", "no such file"]),
        ('gtfs="https://example.com/gtfs.zip"', ["https://", "download"]),
        ('modes=["ferry"]', ["sample.zip", "no trips of the wanted modes (ferry)", "bus, tram"]),
        ('modes=["bsu"]', ["unknown mode 'bsu'"]),
        ('strategy="best"', ["placement.strategy = 'best'"]),
    ],
)
def test_bad_settings_end_in_one_sentence(
    sample: Path, tmp_path: Path, setting: str, parts: list[str]
) -> None:
    out = tmp_path / "p"
    refused(run("plan", sample / "sample.toml", "--out", out, "--set", setting), *parts)
    assert not out.exists()


def replace_member(archive: Path, member: str, change: tuple[str, str] | None) -> None:
    """Rewrite a zip with text replaced in one member, or the member gone."""
    with zipfile.ZipFile(archive) as old:
        contents = {name: old.read(name).decode() for name in old.namelist()}
    if change is None:
        del contents[member]
    else:
        assert change[0] in contents[member]
        contents[member] = contents[member].replace(*change)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in contents.items():
            new.writestr(name, text)


def test_feed_without_stops_is_refused(region: Path, tmp_path: Path) -> None:
    replace_member(region / "gtfs" / "sample.zip", "stops.txt", None)
    refused(run("plan", region / "sample.toml", "--out", tmp_path / "p"), "sample.zip", "no stops.txt")


def test_truncated_feed_is_refused(region: Path, tmp_path: Path) -> None:
    feed = region / "gtfs" / "sample.zip"
    feed.write_bytes(feed.read_bytes()[:200_000])
    refused(run("plan", region / "sample.toml", "--out", tmp_path / "p"), "sample.zip", "cut short")


def test_text_in_a_number_column_names_column_and_row(region: Path, tmp_path: Path) -> None:
    table = region / "acs" / "sample_c16001.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    rows[7]["C16001_005E"] = "n/a"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    refused(
        run("plan", region / "sample.toml", "--out", tmp_path / "p"),
        "sample_c16001.csv",
        "C16001_005E",
        "row 9",
        rows[7]["GEOID"],
        "'n/a'",
    )


def test_tracts_far_from_the_feed_are_refused_with_the_distance(region: Path, tmp_path: Path) -> None:
    file = region / "acs" / "sample_tracts.geojson"
    content = json.loads(file.read_text(encoding="utf-8"))
    for feature in content["features"]:
        for ring in feature["geometry"]["coordinates"]:
            for point in ring:
                point[1] += 3.0  # three degrees of latitude are 333 km
    file.write_text(json.dumps(content), encoding="utf-8")
    refused(
        run("plan", region / "sample.toml", "--out", tmp_path / "p"),
        "none of its points lies in a tract",
    )
    campaign = (region / "sample.toml").read_text(encoding="utf-8")
    without_points = re.sub(r"^points = .*$", "", campaign, flags=re.MULTILINE)
    (region / "sample.toml").write_text(without_points, encoding="utf-8")
    refused(run("plan", region / "sample.toml", "--out", tmp_path / "p"), "lie apart", " 31", "km")


def test_swapped_coordinates_are_named(region: Path, tmp_path: Path) -> None:
    replace_member(region / "gtfs" / "sample.zip", "stops.txt", ("stop_lat,stop_lon", "stop_lon,stop_lat"))
    refused(run("plan", region / "sample.toml", "--out", tmp_path / "p"), "stops.txt", "swapped")


def test_routes_prints_scores_and_writes_nothing(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("routes", sample / "sample.toml")
    assert result.exit_code == 0
    assert "What each route calls for" in result.output
    assert not list(tmp_path.iterdir())
    rows = json.loads(run("routes", sample / "sample.toml", "--json").stdout)["routes"]
    ranks = [row["rank"] for row in rows if row["rank"] is not None]
    assert sorted(set(ranks)) == list(range(1, len(set(ranks)) + 1))
    assert max(map(ranks.count, ranks)) <= 2, "a route calls for one language, or for a pair"


def test_explain_finds_a_route_by_number_and_agrees_with_routes(sample: Path) -> None:
    told = json.loads(run("explain", sample / "sample.toml", "38", "--json").stdout)
    rows = json.loads(run("routes", sample / "sample.toml", "--json").stdout)["routes"]
    assert told["languages"] == [row for row in rows if row["route_id"] == told["route_id"]]
    # the tracts' parts add up to the route: each language's exposure where it predominates
    by_group: dict[str, float] = {}
    for tract in told["tracts"]:
        if tract["predominant"]:
            by_group[tract["language"]] = by_group.get(tract["language"], 0) + tract["exposure"]
    for row in told["languages"]:
        assert by_group.get(row["language_name"], 0.0) == pytest.approx(row["exposure_predominant"], abs=1)
    printed = run("explain", sample / "sample.toml", "38").output
    assert "Quince Ave calls for" in printed.replace("\n", " ")


def explained(sample: Path, route: str, *settings: str) -> tuple[dict[str, Any], str]:
    """What explain says of a route: its JSON, and its print without line ends."""
    options = [part for each in (*settings, "redraws=10") for part in ("--set", each)]
    told = json.loads(run("explain", sample / "sample.toml", route, "--json", *options).stdout)
    return told, " ".join(run("explain", sample / "sample.toml", route, *options).output.split())


@pytest.mark.parametrize(("rule", "limit", "marked"), [("esri", "40%", True), ("psu", "50%", False)])
def test_explain_marks_low_reliability_by_the_rule_asked_for(
    sample: Path, rule: str, limit: str, marked: bool
) -> None:
    told, printed = explained(sample, "38", f'certainty.reliability="{rule}"')
    tract = next(each for each in told["tracts"] if each["name"].startswith("Census Tract 47"))
    assert 0.4 < tract["cv"] < 0.5
    people = f"{tract['people']:,.0f} ± {tract['people_moe']:,.0f}"
    assert f"{people}{'*' if marked else ' '}" in printed
    assert f"* marks a coefficient of variation above {limit};" in printed


def test_explain_says_first_what_the_plan_does_and_then_what_predominates(sample: Path) -> None:
    told, printed = explained(sample, "31")
    planned = json.loads(
        run("plan", sample / "sample.toml", "--json", *QUICK, "--out", sample / "out").stdout
    )
    rows = [row for row in planned["placements"] if row["unit_id"] == told["route_id"]]
    assert {row["language"] for row in rows} == {"ko", "es"}
    assert told["plan"] == {
        "strategy": "optimal", "because": [row["reason"] for row in rows], "placements": rows,
    }  # fmt: skip
    assert told["predominant"].startswith("31 West 16th St North calls for Spanish, in ")
    parts = [
        "What the plan does on it (strategy 'optimal')", *told["plan"]["because"],
        "What predominates along it, by TriMet's manner of rule (strategy 'predominant')",
        told["predominant"],
    ]  # fmt: skip
    places = [printed.index(part) for part in parts]
    assert places == sorted(places)
    assert " of 21 by score (people × departures)." in told["predominant"]


def test_explain_says_that_nothing_hangs_and_what_a_bus_more_would_do(sample: Path) -> None:
    """The route calls for a pair of which the plan hangs neither: nobody may read that both hang."""
    told, printed = explained(sample, "14")
    assert told["plan"]["placements"] == []
    made = make_plan(read_campaign(sample / "sample.toml", ["redraws=10"]))
    row, added = made.scores.postable.table.index.get_loc(told["route_id"]), {}
    for group in made.posting.problem.allowed[row].nonzero()[0]:
        cards = made.posting.cards.copy()
        cards[row, group] += 1
        table = alone_and_added(made.posting.problem.audience, cards).set_index(["unit", "group"])
        added[made.posting.problem.groups[group]] = table.at[(row, group), "added"]
    most = max(added, key=lambda key: added[key])
    assert most == "vietnamese"
    assert told["plan"]["because"] == [
        "The plan hangs nothing on 14 Alder Ave: by the campaign's wishes the 24 buses posted reach more "
        f"people where they are. One bus more, here, would do most in Vietnamese: about {added[most]:,.0f} "
        "LEP speakers whom nothing else of the plan reaches."
    ]
    assert "so the route calls for both" in told["predominant"]
    assert "both hang" not in printed


def test_explain_is_true_of_the_predominant_strategy_too(sample: Path) -> None:
    told, _ = explained(sample, "14", "strategy=predominant")
    assert told["plan"]["because"] == [
        "14 Alder Ave gets Vietnamese in 1 of its 8 buses and Chinese in 1 of its 8 buses: the strategy "
        "'predominant' deals its buses to what predominates along a route, from the highest score down, and "
        "this route has rank 8 of 21 by score."
    ]
    assert "so both hang" in told["predominant"]
    told, _ = explained(sample, "14", "strategy=predominant", "buses=8")
    assert "only one bus was left for the two" in told["predominant"]
    told, _ = explained(sample, "14", "strategy=predominant", "buses=7")
    assert told["plan"]["because"] == [
        "The plan hangs nothing on 14 Alder Ave: the strategy 'predominant' deals its buses from the highest "
        "score down, and all 7 went to routes before this one (rank 8 of 21 by score)."
    ]
    assert "so the route calls for both" in told["predominant"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('forbidden=[{unit="14"}]', "14 Alder Ave: placement.forbidden rules it out."),
        ("min_served=3000", "14 Alder Ave: of no language is it at least 80% probable that 3,000 people"),
    ],
)
def test_explain_says_what_keeps_posters_from_a_route(sample: Path, setting: str, said: str) -> None:
    (sentence,) = explained(sample, "14", setting)[0]["plan"]["because"]
    assert said in sentence


def test_explain_of_a_route_in_a_family_tells_what_the_family_gets(sample: Path) -> None:
    told, _ = explained(sample, "28", "unit=family")
    assert {row["unit_id"] for row in told["plan"]["placements"]} == {"family:28+31"}
    assert told["plan"]["because"] == [row["reason"] for row in told["plan"]["placements"]]


def test_explain_suggests_a_route(sample: Path) -> None:
    refused(run("explain", sample / "sample.toml", "quince"), "no route 'quince'", "did you mean")


def test_demo_and_sample_write_where_they_say(tmp_path: Path) -> None:
    result = run("demo", tmp_path / "demo")
    assert result.exit_code == 0
    assert (tmp_path / "demo" / "plan" / "map.html").exists()
    listed = run("sample", tmp_path / "s").output.splitlines()
    assert str(tmp_path / "s" / "sample.toml") in listed
    assert listed[-1] == f"Next: targeting plan {tmp_path / 's' / 'sample.toml'}"


def test_unknown_command_is_suggested() -> None:
    result = run("pln")
    assert result.exit_code == 2
    assert "did you mean 'plan'?" in result.stderr


def test_help_loads_no_heavy_library() -> None:
    """Start-up stays quick because nothing heavy is imported before a command needs it."""
    code = (
        "import sys; from click.testing import CliRunner; from targeting.cli import main;"
        "r = CliRunner().invoke(main, ['--help']); assert r.exit_code == 0 and 'explain' in r.output;"
        "print([m for m in ('numpy', 'pandas', 'geopandas', 'folium', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_module_runs_as_the_command_does() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "targeting", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("targeting, version ")
    assert time.monotonic() - started < 30, "it ends by itself"


def test_a_route_of_another_mode_says_how_to_add_it(sample: Path) -> None:
    refused(run("explain", sample / "sample.toml", "Blue"), "is a tram route", 'modes=["bus", "tram"]')


def test_the_same_feed_twice_is_refused(sample: Path, tmp_path: Path) -> None:
    twice = 'gtfs=["gtfs/sample.zip", "acs/../gtfs/sample.zip"]'
    refused(
        run("plan", sample / "sample.toml", "--out", tmp_path / "p", "--set", twice), "listed twice", "double"
    )


def test_a_download_of_data_census_gov_is_read_as_it_is(region: Path) -> None:
    """It has GEO_ID with a prefix and a second header row with the columns' labels."""
    table = region / "acs" / "sample_c16001.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    header = lines[0].replace("GEOID", "GEO_ID")
    labels = ",".join(["Geography", "Geographic Area Name", *["Estimate!!Total:"] * 76])
    rows = [f"1400000US{line}" for line in lines[1:]]
    before = run("routes", region / "sample.toml", "--json").stdout
    table.write_text("\n".join([header, labels, *rows]), encoding="utf-8")
    assert run("routes", region / "sample.toml", "--json").stdout == before


def test_hotspots_need_no_feed_and_write_a_layer(region: Path, tmp_path: Path) -> None:
    (region / "gtfs" / "sample.zip").unlink()
    layer = tmp_path / "hot.gpkg"
    told = json.loads(run("hotspots", region / "sample.toml", "--json", "--gpkg", layer).stdout)
    drawn = geopandas.read_file(layer)
    assert not drawn["people"].between(0.5, 9.49).any(), "small counts are left empty"
    assert drawn["people"].isna().any()
    hot = {row["language"]: row["hot_tracts"] for row in told["languages"]}
    for tag, count in hot.items():
        assert sum(row["hot"] for row in told["tracts"] if row["language"] == tag) == count
    assert "Where they concentrate" in run("hotspots", region / "sample.toml").output


def test_hot_spots_can_be_the_meaning_of_predominant(sample: Path) -> None:
    setting = ("--set", 'area="hotspot"')
    rows = json.loads(run("routes", sample / "sample.toml", "--json", *setting).stdout)["routes"]
    usual = json.loads(run("routes", sample / "sample.toml", "--json").stdout)["routes"]
    ours = {(row["route_id"], row["language"]): row["exposure_predominant"] for row in rows}
    theirs = {(row["route_id"], row["language"]): row["exposure_predominant"] for row in usual}
    assert ours.keys() == theirs.keys()
    assert ours != theirs
    text = " ".join(run("explain", sample / "sample.toml", "38", *setting).output.split())
    assert "the most spoken of the languages for which the tract is a hot spot" in text
