"""Many regions: the list, one region's outcome, workers that die, and what is written of them all."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from batch_workers import plan_here, plan_or_die
from click.testing import CliRunner, Result
from two_agencies import write_east, write_west

import targeting
import targeting.batch
from targeting.batch import plan_regions, start_workers
from targeting.batch_ground import outline_of
from targeting.batch_list import Region, read_regions
from targeting.batch_region import Outcome, plan_region, read_record
from targeting.cli import main
from targeting.errors import CampaignError
from targeting.write.batch_map import region_map
from targeting.write.batch_summary import summary_table, write_summary
from targeting.write.svg import text_width


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two agencies, a region as fetched, and one whose campaign file is broken."""
    folder = tmp_path_factory.mktemp("batch")
    for name, write in (("west", write_west), ("east", write_east)):
        write(folder / name)
    (folder / "broken.toml").write_text("name = ", encoding="utf-8")
    return folder


def write_list(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8-sig")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


# --- the list ---------------------------------------------------------------------------------


def test_a_list(folder: Path) -> None:
    path = write_list(
        folder / "regions.csv",
        "name,campaign,region,buses,posters.languages,certainty.seed",
        'west,west/campaign.toml,,,"[""es"", ""ko""]",7',
        "",
        " east , ,east, 1",
    )
    assert read_regions(path) == [
        Region("west", folder / "west/campaign.toml", ('posters.languages=["es", "ko"]', "certainty.seed=7")),
        Region("east", folder / "east/campaign.toml", ("placement.buses=1",)),
    ]


def test_a_campaign_that_cannot_be_used_is_no_fault_of_the_list(folder: Path) -> None:
    path = write_list(folder / "broken.csv", "name,campaign,buses", "x,broken.toml,3")
    assert [region.name for region in read_regions(path)] == ["x"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([""], "is empty"),
        (["name,campaign"], "names no region"),
        (["campaign", "west/campaign.toml"], "no column 'name'"),
        (["name,buses", "west,3"], "neither a column 'campaign'"),
        (["name,campaign,campaign", "west,a,b"], "column 'campaign' twice"),
        (["name,campaign,buss", "west,west/campaign.toml,3"], "column 'buss': .*did you mean 'buses'"),
        (
            ["name,campaign,buses,placement.buses", "w,west/campaign.toml,1,1"],
            "two columns are placement.buses",
        ),
        (["name,campaign", ",west/campaign.toml"], "row 2, column name: is empty"),
        (["name,campaign", "../up,west/campaign.toml"], "row 2, column name: '../up' is no safe name.*'up'"),
        (["name,campaign", "a.,west/campaign.toml"], "row 2, column name: 'a.' is no safe name"),
        (["name,campaign", "con.x,west/campaign.toml"], "row 2, column name: 'con.x' cannot be"),
        (["name,campaign", "Summary.html,west/campaign.toml"], "row 2, column name: .* cannot be"),
        (["name,campaign", f"{'x' * 81},west/campaign.toml"], "row 2, column name: is longer than 80"),
        (
            ["name,campaign", "west,west/campaign.toml", "", "WEST,west/campaign.toml"],
            "row 4, column name: 'WEST' is taken by row 2",
        ),
        (["name,campaign,region", "west,west/campaign.toml,west"], "row 2: has both"),
        (["name,campaign,region", "west,,"], "row 2: has neither"),
        (["name,campaign", "x,nowhere.toml"], "row 2, column campaign: there is no campaign file nowhere"),
        (["name,region", "x,nowhere"], "row 2, column region: there is no campaign.toml in nowhere"),
        (["name,campaign,seed,buses", "x,west/campaign.toml,1,many"], "row 2, column buses: .*'many'"),
        (["name,campaign,weights", "x,west/campaign.toml,[1]"], "row 2, column weights: "),
        (["name,campaign", "x,west/campaign.toml,3"], "row 2 has 3 cells and the header 2"),
        (
            ["name;campaign", "x;west/campaign.toml"],
            "has one column only .name;campaign.; save it with commas",
        ),
        (["name,campaign", '"x,west/campaign.toml'], "is not a CSV table"),
    ],
)
def test_faults_of_a_list(folder: Path, tmp_path: Path, lines: list[str], said: str) -> None:
    path = write_list(folder / f"{tmp_path.name}.csv", *lines)
    with pytest.raises(CampaignError, match=said) as caught:
        read_regions(path)
    assert str(caught.value).startswith(path.name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\n", "is a PDF; the list of regions is a CSV: save the table as CSV in UTF-8."),
        ("name\nDoña".encode("latin-1"), "cannot be read as text (invalid continuation byte); save the list"),
        ("name,campaign".encode("utf-16"), "is UTF-16 text, as some spreadsheets save it; save it as CSV"),
    ],
)
def test_a_list_that_is_no_text_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "regions.csv"
    path.write_bytes(content)
    result = run("batch", path, "--out", tmp_path / "nothing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(rf"Error: [^\n]*regions\.csv: {re.escape(said)}[^\n]*\n", result.stderr)


def test_a_list_that_is_not_there(folder: Path) -> None:
    result = run("batch", folder / "no.csv", "--out", folder / "nothing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"Error: .*no\.csv: no such list; [^\n]+\n", result.stderr)
    assert not (folder / "nothing").exists()


# --- one region -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def east(folder: Path) -> tuple[Region, Path, Outcome]:
    """The eastern agency planned, in a folder that tests may only look at."""
    region = Region("east", folder / "east/campaign.toml")
    return region, folder / "planned", plan_region(region, folder / "planned")


@pytest.fixture
def copied(east: tuple[Region, Path, Outcome], folder: Path, tmp_path: Path) -> tuple[Region, Path]:
    """Inputs and plan of the eastern agency, to be spoilt."""
    region, out, _ = east
    shutil.copytree(folder / "east", tmp_path / "east")
    shutil.copytree(out, tmp_path / "out")
    return replace(region, campaign=tmp_path / "east/campaign.toml"), tmp_path / "out"


def test_a_region_and_its_record(east: tuple[Region, Path, Outcome]) -> None:
    _, out, outcome = east
    assert (outcome.region, outcome.status, outcome.error) == ("east", "planned", ""), outcome.error
    record = outcome.record
    assert record is not None
    assert (record.buses_asked, record.buses_placed, record.tracts, record.routes) == (2, 2, 2, 2)
    assert record.bounds == (-122.6, 45.5, -122.565, 45.5)
    assert record.seconds > 0
    assert record.processor_seconds > 0
    assert record.memory_mb > 50
    assert read_record("east", out) == record
    coverage = pd.read_csv(out / "east/coverage.csv")
    whole = coverage[coverage["area_kind"] == "region"]
    assert [round(row["served_posted"]) for row in record.coverage] == whole["served_posted"].tolist()


def test_what_stands_there_is_not_planned_again(copied: tuple[Region, Path]) -> None:
    """Neither where the inputs lie nor notes in the campaign file make another plan."""
    region, out = copied
    region.campaign.write_text("# a note\n" + region.campaign.read_text(), encoding="utf-8")
    before = (out / "east/run.json").stat().st_mtime_ns
    assert plan_region(region, out).status == "unchanged"
    assert (out / "east/run.json").stat().st_mtime_ns == before


def test_what_has_changed_is_planned_again(
    copied: tuple[Region, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    region, out = copied
    planned = []
    monkeypatch.setattr("targeting.batch_region._plan", lambda *_: planned.append(1))

    def again(wanted: Region) -> bool:
        planned.clear()
        plan_region(wanted, out)
        return bool(planned)

    assert not again(region)
    assert again(replace(region, settings=("rides_per_week=2",)))
    run_json = out / "east/run.json"
    kept = run_json.read_text()
    run_json.write_text(kept + " ")  # somebody planned into the folder since
    assert again(region)
    run_json.write_text(kept)
    table = region.campaign.parent / "c16001.csv"
    figures = table.read_bytes()
    table.write_bytes(figures.replace(b"1000,100", b"1001,100"))
    assert again(region)
    table.write_bytes(figures)
    assert not again(region)
    monkeypatch.setattr(targeting, "__version__", "9.9")
    planned.clear()
    assert plan_region(region, out, "9.9").status == "planned"
    assert planned


def test_faults_are_values(copied: tuple[Region, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    region, out = copied
    too_many = plan_region(replace(region, settings=("buses=7",)), out)
    assert (too_many.status, too_many.record) == ("failed", None)
    assert too_many.error.startswith("placement.buses = 7: the timetable never has more than 2")
    assert (out / "east/map.html").exists()  # the earlier plan is left as it was
    other = plan_region(region, out, "0.0.1")
    assert other.error.startswith(f"the worker runs targeting {targeting.__version__} and the command 0.0.1")

    def fails(*_: object) -> None:
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr("targeting.plan.make_plan", fails)
    odd = plan_region(replace(region, name="odd"), out)
    assert re.fullmatch(
        r"the program has a fault .* in test_batch\.py, line \d+ \(ZeroDivisionError: by nothing\); .*",
        odd.error,
    )
    assert not (out / "odd").exists()


# --- workers ----------------------------------------------------------------------------------


def deaths(regions: list[Region], out: Path) -> tuple[dict[str, Outcome], list[Outcome]]:
    """Plan regions with two workers, then the first of them again on the same cluster by its address."""
    with start_workers(None, 2, 4) as workers:
        assert workers.at_once == 2
        outcomes = {each.region: each for each in plan_regions(workers, regions, out, plan_or_die)}
        # a cluster that runs already is joined by its address, and left running
        with start_workers(workers.client.scheduler.address, None, 1) as joined:
            again = list(plan_regions(joined, regions[:1], out))
            assert joined.map(str.upper, ["a", "b"]) == ["A", "B"]
        assert workers.map(str.upper, ["c"]) == ["C"]
    return outcomes, again


def test_workers_that_die(folder: Path) -> None:
    """Who dies once is planned after all, who dies always fails, and nobody else does."""
    out = folder / "deaths"
    out.mkdir()
    campaign = folder / "west/campaign.toml"
    names = ["dies-once", "dies-always", "west", "east"]
    regions = [Region(name, campaign) for name in names]
    regions[2] = replace(regions[2], settings=("buses=9",))
    with socket.socket() as usual:
        with suppress(OSError):  # the port that Dask would take; where it is taken that is as well
            usual.bind(("127.0.0.1", 8787))
            usual.listen()
        outcomes, again = deaths(regions, out)
    assert {name: outcomes[name].status for name in names} == {
        "dies-once": "planned", "dies-always": "failed", "west": "failed", "east": "planned",
    }  # fmt: skip
    assert outcomes["dies-always"].error.startswith("its worker process was killed both times")
    assert outcomes["west"].error.startswith("placement.buses = 9")
    tried = {path.stem: path.read_text().count("tried") for path in out.glob("*.tried")}
    assert tried == {"dies-once": 1, "dies-always": 2}
    assert [each.status for each in again] == ["unchanged"]
    # each folder whole or absent
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == [".batch", "dies-once", "east"]
    assert (out / "east/map.html").exists()


def test_no_scheduler_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targeting.batch, "CONNECT_S", 0.3)
    path = write_list(folder / "one.csv", "name,region", "west,west")
    result = run("batch", path, "--out", folder / "unplanned", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.match(r"Error: --scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers", result.stderr)
    result = run("batch", path, "--out", folder / "unplanned", "--scheduler", "tcp://x:1", "--workers", "2")
    assert (result.exit_code, "--workers is for this machine" in result.stderr) == (2, True)


def test_without_dask(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    path = write_list(folder / "one.csv", "name,region", "west,west")
    result = run("batch", path, "--out", folder / "unplanned")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: targeting batch needs Dask; install it in the checkout with: pip install '.[batch]'.\n"
    )
    assert not (folder / "unplanned").exists()


# --- the command ------------------------------------------------------------------------------


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    plan_here(monkeypatch)


def test_the_command(folder: Path, tmp_path: Path) -> None:
    path = write_list(
        folder / "all.csv",
        "name,campaign,buses",
        "west,west/campaign.toml,",
        "x,broken.toml,",
        "east,east/campaign.toml,",
        "crowded,east/campaign.toml,50",
    )
    out = tmp_path / "out"
    result = run("batch", path, "--out", out, "--workers", "1")
    assert result.exit_code == 1
    assert "4 regions: 2 planned, 0 unchanged, 2 failed." in result.stdout
    failed = result.stderr.splitlines()
    assert [line.split(":")[0] for line in failed] == ["x failed", "crowded failed"]
    assert "is not valid TOML" in failed[0]
    files = {"summary.csv", "summary.parquet", "summary.html", "national.csv"}
    assert {each.name for each in out.iterdir()} == {".batch", "west", "east", *files}

    with (out / "national.csv").open(encoding="utf-8") as file:
        national = {row["language"]: row for row in csv.DictReader(file)}
    assert list(national) == ["es", "vi"]
    assert national["es"]["served_posted"] == "800"  # 1,000 if people near both counted twice
    assert national["es"]["reach"] == "762"
    assert "2 of 4 regions" in national["es"]["source"]

    with (out / "summary.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["region"], row["status"], row["language"], row["served_posted"]) for row in rows] == [
        ("west", "planned", "es", "500"),
        ("x", "failed", "", ""),
        ("east", "planned", "es", "500"),
        ("east", "planned", "vi", "150"),
        ("crowded", "failed", "", ""),
    ]
    table = pd.read_parquet(out / "summary.parquet")
    assert table["served_posted"].dtype == "Int64"
    assert table["served_posted"].sum() == 1150
    assert table["error"].tolist()[1] == rows[1]["error"] != ""

    page = (out / "summary.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://(?!www\.w3\.org)|<script|src=", page)
    assert "refresh" not in page
    assert page.count('class="dot"') == page.count('class="ground"') == 2
    assert "800 ± 67" in page

    same = {name: (out / name).read_bytes() for name in ("national.csv", "east/map.html")}
    result = run("batch", path, "--out", out, "--workers", "1", "--json")
    assert result.exit_code == 1
    assert [each["status"] for each in json.loads(result.stdout)["regions"]] == [
        "unchanged", "failed", "unchanged", "failed",
    ]  # fmt: skip
    assert {name: (out / name).read_bytes() for name in same} == same


@pytest.mark.usefixtures("here")
def test_ctrl_c(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned stays, and the summary says what was not."""

    def stopped(_: object, regions: list[Region], out: Path) -> Iterator[Outcome]:
        yield plan_region(regions[0], out)
        raise KeyboardInterrupt

    monkeypatch.setattr(targeting.batch, "plan_regions", stopped)
    path = write_list(folder / "two.csv", "name,region", "west,west", "east,east")
    result = run("batch", path, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "Stopped: 1 of 2 regions have a plan; run the same command to go on.\n"
    with (tmp_path / "out/summary.csv").open(encoding="utf-8") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["planned", "waiting"]
    assert "refresh" not in (tmp_path / "out/summary.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups")
def test_ctrl_c_in_a_terminal_reaches_all_processes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = write_list(folder / "two.csv", "name,region", "west,west", "east,east")
    command = [sys.executable, "-m", "targeting", "batch", path, "--out", out, "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run_apart:
        until = time.monotonic() + 60
        while not (out / ".batch").exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(run_apart.pid, signal.SIGINT)
        said = run_apart.communicate(timeout=60)[1]
    assert run_apart.returncode == 130
    assert said.splitlines()[-1].startswith("Stopped: ")
    assert "Traceback" not in said


@pytest.mark.usefixtures("here")
def test_ctrl_c_before_a_plan_is_heard_of(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that was written counts, though nobody had told of it yet; one of an earlier run does not."""
    out = tmp_path / "out"
    path = write_list(folder / "two.csv", "name,region", "west,west", "east,east")
    east, west = read_regions(path)[1], read_regions(path)[0]
    plan_region(east, out)
    os.utime(out / ".batch/east/record.json", (1e9, 1e9))

    def stopped(_: object, regions: list[Region], out: Path) -> Iterator[Outcome]:
        plan_region(west, out)
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(targeting.batch, "plan_regions", stopped)
    result = run("batch", path, "--out", out)
    assert result.stderr == "Stopped: 1 of 2 regions have a plan; run the same command to go on.\n"
    with (out / "summary.csv").open(encoding="utf-8") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["planned", "waiting"]


@pytest.mark.usefixtures("here")
def test_regions_that_cannot_be_added_up(folder: Path, tmp_path: Path) -> None:
    """The plans are written, the national table is not, and an earlier one goes."""
    write_east(tmp_path / "east", tracts={"41051000200": (9000, 500, 1111, 100, 500, 80)})
    path = write_list(tmp_path / "list.csv", "name,region", f"west,{folder / 'west'}", "east,east")
    out = tmp_path / "out"
    (out / ".batch").mkdir(parents=True)
    (out / "national.csv").write_text("of an earlier run")
    result = run("batch", path, "--out", out, "--quiet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("national.csv is not written: tract 41051000200 has other census figures")
    assert not (out / "national.csv").exists()
    assert "They cannot be added up: tract 41051000200" in (out / "summary.html").read_text(encoding="utf-8")


def test_a_folder_of_something_else(folder: Path, tmp_path: Path) -> None:
    path = write_list(folder / "one.csv", "name,region", "west,west")
    (tmp_path / "thesis.doc").write_text("")
    for out, said in ((tmp_path, "holds files that are no batch"), (path, "is a file")):
        result = run("batch", path, "--out", out)
        assert (result.exit_code, said in result.stderr) == (2, True)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.doc"]


# --- what is written --------------------------------------------------------------------------


def test_counts_too_small_to_be_told(east: tuple[Region, Path, Outcome], tmp_path: Path) -> None:
    region, _, outcome = east
    assert outcome.record is not None
    few = [{**row, "reach": 4.2} for row in outcome.record.coverage]
    outcomes = {"east": replace(outcome, record=replace(outcome.record, coverage=few))}
    assert summary_table([region], outcomes)["reach"].tolist() == ["under 10", "under 10"]
    write_summary(tmp_path, [region], outcomes)
    assert pd.read_parquet(tmp_path / "summary.parquet")["reach"].isna().all()
    assert "under 10</td>" in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_names_on_the_page_are_text(tmp_path: Path) -> None:
    region = Region("a", Path("a.toml"))
    write_summary(tmp_path, [region], {"a": Outcome("a", "failed", "<script>alert(1)</script>, =1+1")})
    assert "<script" not in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_the_map_places_regions() -> None:
    """Portland lies west of Tampa and north of it; a degree of longitude is shorter than one of latitude."""
    drawn = region_map({"Portland": (-123.1, 45.2, -122.3, 45.7), "Tampa": (-82.7, 27.7, -82.2, 28.2)})
    assert drawn is not None
    portland, tampa = drawn.spots
    assert portland.x < tampa.x
    assert portland.y < tampa.y
    lon, lat = (-82.45 + 122.7, 45.45 - 27.95)
    ratio = (tampa.x - portland.x) / lon / ((tampa.y - portland.y) / lat)
    assert ratio == pytest.approx(0.80, abs=0.01)  # the cosine of 36.7 degrees
    assert [words for _, words in drawn.meridians] == ["120° W", "110° W", "100° W", "90° W", "80° W"]
    assert region_map({}) is None


def test_the_map_draws_the_ground_where_its_degrees_are() -> None:
    drawn = region_map({"one": (0.0, 0.0, 8.0, 8.0)}, [[[[2.0, 4.0], [6.0, 4.0], [6.0, 6.0], [2.0, 4.0]]]])
    assert drawn is not None
    x = {words: at for at, words in drawn.meridians}
    y = {words: at for at, words in drawn.parallels}
    corners = [(x["2° E"], y["4° N"]), (x["6° E"], y["4° N"]), (x["6° E"], y["6° N"]), (x["2° E"], y["4° N"])]
    assert drawn.ground == ("M" + " ".join(f"{at:g},{down:g}" for at, down in corners) + "Z",)


def test_the_ground_of_a_region_is_that_of_its_tracts() -> None:
    """Nine squares with a small gap between them and one far away; the lake in their middle is filled."""
    side = 0.1
    near = [
        shapely.box(east * side, north * side, (east + 0.99) * side, (north + 0.99) * side)
        for east in range(3) for north in range(3) if (east, north) != (1, 1)
    ]  # fmt: skip
    rings = outline_of(np.array([*near, shapely.box(2, 2, 2.1, 2.1)], dtype=object))
    areas = sorted(shapely.Polygon(ring).area for ring in rings)
    assert areas == pytest.approx([side**2, 9 * side**2], rel=0.02)
    assert sum(len(ring) for ring in rings) < 40


def test_labels_of_the_map_keep_clear_of_each_other() -> None:
    places = {f"region-{n}": (-100 + n / 50, 40.0, -100 + n / 50, 40.0) for n in range(60)}
    drawn = region_map(places)
    assert drawn is not None
    labels = [spot.label for spot in drawn.spots if spot.label]
    assert 2 <= len(labels) < 60
    wide = text_width("region-1", 12) / 2  # half of the least that any of the names takes
    offset = {"start": wide, "middle": 0.0, "end": -wide}
    middles = [(label.x + offset[label.anchor], label.y) for label in labels]
    for number, (x, y) in enumerate(middles):
        for other_x, other_y in middles[number + 1 :]:
            assert abs(x - other_x) > 1.9 * wide or abs(y - other_y) > 10
