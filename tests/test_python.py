"""The library as Python users meet it, and the pages about it: every block of theirs runs."""

import contextlib
import html
import io
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import PACKAGE
from map_page import chromium

import targeting
from targeting.api import make_plan
from targeting.cli import main
from targeting.plan import Plan as PlainPlan
from targeting.sample import write_sample
from targeting.write import write_plan
from targeting.write.map import map_html

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample.toml"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def plan() -> targeting.Plan:
    return targeting.make_plan(str(SAMPLE), redraws=0)


@pytest.mark.parametrize("page", ["tutorial.md", "python.md"])
def test_every_block_of_the_pages_runs_and_prints_what_they_show(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if page == "python.md":
        write_sample(tmp_path)
    names: dict[str, object] = {}
    printed = None
    blocks = BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert {language for language, _ in blocks} <= {"python", "text", "sh"}
    for language, text in blocks:
        if language == "sh":
            for line in text.splitlines():
                result = CliRunner().invoke(main, shlex.split(line)[1:])
                assert result.exit_code == 0, result.output
        elif language == "python":
            assert not printed, f"not shown: {printed}"
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(text, page, "exec"), names)  # noqa: S102 - the project's own pages
            printed = out.getvalue()
        else:
            assert printed == text
            printed = None
    assert not printed


def test_importing_costs_next_to_nothing() -> None:
    code = (
        "import json, sys; before = set(sys.modules); import targeting; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(out.stdout)}
    assert "targeting" in loaded
    assert not loaded & {"pandas", "numpy", "geopandas", "shapely", "pydantic", "folium", "scipy"}
    assert [name for name in json.loads(out.stdout) if name.startswith("targeting.")] == []


def test_the_face_offers_what_it_says() -> None:
    assert set(targeting.__all__) <= set(dir(targeting))
    for name in targeting.__all__:
        assert getattr(targeting, name) is not None
    assert targeting.make_plan is make_plan
    with pytest.raises(AttributeError, match="no attribute 'mak_plan'"):
        _ = targeting.mak_plan  # type: ignore[attr-defined]
    assert (PACKAGE / "py.typed").exists()


def test_a_path_a_text_and_a_campaign_make_the_same_plan(plan: targeting.Plan) -> None:
    campaign = targeting.read_campaign(SAMPLE)
    for given in (SAMPLE, campaign):
        other = targeting.make_plan(given, redraws=0)
        pd.testing.assert_frame_equal(other.coverage, plan.coverage)
        assert other.scores.campaign == plan.scores.campaign
    assert campaign.certainty.redraws == 200  # a copy was changed


def test_settings_are_those_of_the_command_line() -> None:
    given = {"buses": 20, "languages": ("es", "vi"), "redraws": 0, "strategy": "predominant"}
    mine = targeting.make_plan(SAMPLE, **given).scores.campaign
    said = ["buses=20", 'languages=["es", "vi"]', "redraws=0", "strategy=predominant"]
    assert mine == targeting.read_campaign(SAMPLE, said)
    again = targeting.make_plan(targeting.read_campaign(SAMPLE), **given).scores.campaign
    assert again == mine
    venues = {"venues.file": Path("sample_venues.csv"), "venues.cards": 8}
    from_file = targeting.read_campaign(SAMPLE, venues)
    assert from_file.venues is not None
    assert (from_file.venues.file, from_file.venues.cards) == ("sample_venues.csv", 8)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"buss": 3}, "buss=3: unknown key 'buss': did you mean 'buses'?"),
        ({"buses": "many"}, "sample.toml: placement.buses = 'many': write a whole number without quotes."),
        ({"buses": 10_000}, "placement.buses = 10,000"),
        ({"file": "x"}, "file='x'"),
    ],
)
def test_what_a_user_gets_wrong_is_one_sentence(settings: dict[str, object], sentence: str) -> None:
    for campaign in (SAMPLE, targeting.read_campaign(SAMPLE)):
        with pytest.raises(targeting.TargetingError) as fault:
            targeting.make_plan(campaign, **settings)
        if "file" not in settings:
            assert str(fault.value).startswith(sentence)
        assert "\n" not in str(fault.value)


def test_the_plan_is_the_straight_lines_with_its_tables(plan: targeting.Plan) -> None:
    assert isinstance(plan, PlainPlan)
    for field in fields(PlainPlan):
        assert hasattr(plan, field.name)
    tables = ["placements", "coverage", "routes", "languages", "vehicles", "strategies", "budget", "notices"]
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for name in [*tables, "robustness"]:
        assert f"`plan.{name}`" in page
    for name in tables:
        assert isinstance(getattr(plan, name), pd.DataFrame)
    assert plan.notices["message"].tolist() == [notice.message for notice in plan.scores.notices]
    buses = plan.placements["buses"].sum()
    assert repr(plan).startswith(f"<plan of Red Means Help (sample): {buses} buses on ")
    assert len(repr(plan)) < 200


def test_the_map_shows_itself_in_a_notebook(plan: targeting.Plan, tmp_path: Path) -> None:
    page = plan.map()
    shown = page._repr_html_()
    framed = re.fullmatch(r'<iframe title="Map of [^"<>]*" srcdoc="([^"]*)" style="[^"]*"></iframe>', shown)
    assert framed is not None
    assert html.unescape(framed[1]) == page.html
    saved = page.save(str(tmp_path / "one.html"))
    write_plan(plan, tmp_path / "plan")
    assert saved.read_bytes() == (tmp_path / "plan" / "map.html").read_bytes()
    assert "map of Red Means Help" in repr(page)
    assert len(repr(page)) < 200
    assert plan.map("public").html == map_html(plan, "public") != page.html
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(targeting.TargetingError, match=re.escape("cannot be written")):
        page.save(tmp_path / "nowhere" / "map.html")


def test_the_folder_is_that_of_the_command_line(plan: targeting.Plan, tmp_path: Path) -> None:
    mine = {path.name for path in plan.write(tmp_path / "mine")}
    result = CliRunner().invoke(
        main, ["plan", str(SAMPLE), "--set", "redraws=0", "--out", str(tmp_path / "theirs"), "--quiet"]
    )
    assert result.exit_code == 0, result.output
    assert mine == {path.name for path in (tmp_path / "theirs").iterdir()}
    for name in mine - {"run.json"}:
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes(), name
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "diary.txt").write_text("mine")
    with pytest.raises(targeting.TargetingError, match="no plan"):
        plan.write(os.fspath(tmp_path / "other"))


def test_the_framed_map_answers_a_click(plan: targeting.Plan, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><meta charset=utf-8>{plan.map()._repr_html_()}", encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(notebook.as_uri())
        frame = page.frames[1]
        first = plan.placements["unit_name"].iloc[0]
        frame.get_by_role("button", name=first.split(" ", 1)[1]).first.click()
        frame.get_by_role("radio").nth(1).check()
        page.wait_for_timeout(300)
        assert faults == []
        assert page.url == notebook.as_uri()
