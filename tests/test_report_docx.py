"""The report from a plan folder: both files say what the tables say, to everyone, and always alike."""

import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import docx
import pandas as pd
import pytest
from click.testing import CliRunner
from docx.oxml.ns import qn
from map_page import chromium

from targeting.cli import main
from targeting.errors import OutputError
from targeting.sample import write_sample
from targeting.write import picture as picture_module
from targeting.write.report import report

ROOT = Path(__file__).parent.parent
WRITTEN = {"report.html", "report.docx", "map.png", "map.pdf"}
HOSTILE = '<script>alert(1)</script> & "7" {{ 7 }} $x^2$ \x07\u202e=cmd'


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's plan with its report, sent to somebody who has not the inputs."""
    folder = tmp_path_factory.mktemp("made")
    write_sample(folder / "inputs")
    command = ["plan", folder / "inputs" / "sample.toml", "--out", folder / "plan", "--report", "--set"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_module, "DPI", 20)
        result = CliRunner().invoke(main, [*map(str, command), "redraws=10"])
    assert result.exit_code == 0, result.output
    assert f"Report: {folder / 'plan' / 'report.html'}" in result.output
    shutil.rmtree(folder / "inputs")
    return folder / "plan"


@pytest.fixture
def copy(plan: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to spoil, without its report; its pictures are there."""
    return shutil.copytree(plan, tmp_path / "copy", ignore=shutil.ignore_patterns("report.*"))


def words(folder: Path) -> str:
    """Return the page's text as a reader has it."""
    body = (folder / "report.html").read_text(encoding="utf-8").split("</style>")[1]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def tables(folder: Path) -> dict[str, list[list[str]]]:
    """Return the cells of the Word file's tables by their captions."""
    body = docx.Document(str(folder / "report.docx")).element.body
    found, caption = {}, ""
    for child in body.iterchildren():
        if child.tag == qn("w:p") and child.style == "Caption":
            caption = "".join(text.text or "" for text in child.iter(qn("w:t")))
        elif child.tag == qn("w:tbl"):
            table = docx.table.Table(child, None)
            found[caption] = [[cell.text.replace("\n", " ") for cell in row.cells] for row in table.rows]
    return found


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def said(row: dict[str, str], name: str) -> str:
    """Return a figure of a table as the report words it."""
    value = row[name]
    return value if value.startswith("under") else f"{int(value):,} ± {int(row[f'{name}_moe']):,}"


def share(row: dict[str, str], name: str) -> str:
    return f"{float(row[name]):.1%} ± {float(row[f'{name}_moe']):.1%}"


def test_the_folder_alone_makes_the_same_report(plan: Path, copy: Path) -> None:
    code = "import sys; from targeting.cli import main; main(['report', sys.argv[1]])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, copy],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert {Path(line).name for line in done.stdout.splitlines()} == WRITTEN
    for name in ("report.html", "report.docx"):
        assert (copy / name).read_bytes() == (plan / name).read_bytes(), name
    assert not list(copy.glob(".report-*"))


def test_neither_file_has_the_time_of_day(plan: Path) -> None:
    with zipfile.ZipFile(plan / "report.docx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "thumbnail" in name]
    properties = docx.Document(str(plan / "report.docx")).core_properties
    assert (properties.title, properties.created.year) == ("Red Means Help (sample)", 2000)
    made = json.loads((plan / "run.json").read_text(encoding="utf-8"))["made"]
    assert made[:10] not in words(plan)


@pytest.mark.usefixtures("quick")
def test_pictures_are_made_where_they_are_missing(copy: Path) -> None:
    for path in copy.glob("map*.p*"):
        path.unlink()
    assert {path.name for path in report(copy)} > WRITTEN
    assert (copy / "map-es.png").is_file()
    (copy / "map.png").write_bytes(b"of the user's own")
    report(copy)
    assert (copy / "map.png").read_bytes() == b"of the user's own"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "DPI", 20)


def test_the_figures_of_the_word_file_are_those_of_the_tables(plan: Path) -> None:
    found = tables(plan)
    region = [row for row in rows_of(plan, "coverage.csv") if row["area_kind"] == "region"]
    assert found["People in the region, served and reached, by language"][1:-1] == [
        [
            f"■ {row['language_name']}" + (" †" if row["measured_as"] != row["language_name"] else ""),
            *(said(row, name) + ("*" if row[f"{name}_reliability"] == "low" else "")
              for name in ("lep", "served_any", "served_posted")),
            share(row, "served_posted_share"),
            said(row, "reach") + ("*" if row["reach_reliability"] == "low" else ""),
            share(row, "reach_share"),
        ]
        for row in region
    ]  # fmt: skip
    placements = rows_of(plan, "placements.csv")
    assert [row[2:] for row in found["Where each language hangs, how sure the choice is, and why"][1:]] == [
        [row["cards"], said(row, "served"), said(row, "reach"),
         "over 99%" if float(row["certainty"]) == 1 else f"{float(row['certainty']):.0%}", row["reason"]]
        for row in placements
    ]  # fmt: skip
    total = next(
        row for row in rows_of(plan, "strategies.csv") if row["chosen"] == "True" and not row["language"]
    )
    assert found["Buses and cards by language"][-1][:4] == [
        "All campaign languages", total["buses"], total["cards"], said(total, "reach"),
    ]  # fmt: skip
    sensitivity = [row for row in rows_of(plan, "sensitivity.csv") if row["setting"] == "bus_walk_m"]
    everyone = [row for row in sensitivity if not row["language"]]
    assert [row[:4] for row in found["How far people walk to a bus stop"][2:]] == [
        [f"{float(row['value']):g} m", f"{float(row['same_buses']):.0%}", f"{int(row['served']):,}",
         f"{int(row['reach']):,}"]
        for row in everyone
    ]  # fmt: skip
    assert [row["value"] for row in everyone] == ["300.0", "400.0", "600.0"]


def test_page_and_word_file_say_the_same(plan: Path) -> None:
    page = words(plan)
    file = docx.Document(str(plan / "report.docx"))
    for line in file.paragraphs:
        text = re.sub(r"^\d\.\t", "", line.text).strip()
        if text and line.style.name not in ("Kind", "Key Figure"):
            assert re.sub(r"\s+", " ", text) in page, text
    for caption, cells in tables(plan).items():
        assert caption in page
        for row in cells:
            for cell in row:
                assert cell.removeprefix("■ ") in page, (caption, cell)


def test_prose_is_rounded_as_the_census_bureau_asks(plan: Path) -> None:
    total = next(
        row for row in rows_of(plan, "strategies.csv") if row["chosen"] == "True" and not row["language"]
    )
    value, margin = int(total["served"]), int(total["served_moe"])
    unit = 10 ** (len(str(margin)) - 2)
    assert unit == 10
    sentence = (
        f"About {round(value / unit) * unit:,} ± {round(margin / unit) * unit:,} LEP speakers live within"
    )
    assert sentence in words(plan)
    assert str(value) not in words(plan).split("Coverage by language")[0].replace(",", "")


def test_headings_are_headings_and_heads_repeat(plan: Path) -> None:
    file = docx.Document(str(plan / "report.docx"))
    titles = [(line.style.name, line.text) for line in file.paragraphs if "Heading" in line.style.name]
    assert [text for style, text in titles if style == "Heading 1"] == [
        "What the campaign reaches", "Coverage by language", "What another number of buses would buy",
        "How far to trust these figures", "Sources", "Appendix",
    ]  # fmt: skip
    page = (plan / "report.html").read_text(encoding="utf-8")
    assert [text for _, text in titles] == [
        unescape(text) for text in re.findall(r"<h[23][^>]*>([^<]+)</h", page)
    ]
    assert [line.text for line in file.paragraphs if line.style.name == "Title"] == [
        "Red Means Help (sample)"
    ]
    for table in file.tables:
        marks = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows]
        assert marks[0]
        assert not marks[-1]
        assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)
    footer = file.sections[0].footer.paragraphs[0]._p
    assert [mark.text.strip() for mark in footer.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]
    assert (file.sections[0].page_width.inches, file.sections[0].page_height.inches) == (8.5, 11)


def test_pictures_have_alternative_text_in_both_forms(plan: Path) -> None:
    file = docx.Document(str(plan / "report.docx"))
    told = [shape._inline.docPr.get("descr") for shape in file.inline_shapes]
    assert len(told) == 4
    assert told[0].startswith("Map of the routes that carry posters. Spanish on ")
    placements = rows_of(plan, "placements.csv")
    assert all(row["unit_name"] in told[0] for row in placements)
    region = [row for row in rows_of(plan, "coverage.csv") if row["area_kind"] == "region"]
    assert all(row["language_name"] in told[1] for row in region)
    page = unescape((plan / "report.html").read_text(encoding="utf-8"))
    assert all(part in page for text in told for part in text.split(". ", 1))
    assert len((plan / "report.html").read_bytes()) < 1_500_000


def test_the_page_has_no_barrier(plan: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with chromium() as browser:
        page = browser.new_page()
        page.goto((plan / "report.html").as_uri())
        found = axe.Axe().run(page).response["violations"]
        narrow = browser.new_page(viewport={"width": 360, "height": 800})
        narrow.goto((plan / "report.html").as_uri())
        wide = narrow.evaluate("document.documentElement.scrollWidth")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert wide <= 360


def spoil(folder: Path, name: str, **columns: Any) -> None:
    table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    table.assign(**columns).to_csv(folder / name, index=False)


def test_hostile_names_are_words(copy: Path) -> None:
    spoil(copy, "placements.csv", unit_name=HOSTILE, reason=HOSTILE)
    spoil(copy, "vehicles.csv", route_name=HOSTILE, elsewhere_routes=HOSTILE)
    spoil(copy, "coverage.csv", source=HOSTILE, measured_as=HOSTILE)
    record = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    record["campaign"]["settings"]["name"] = HOSTILE
    record["feeds"][0]["agencies"] = record["report"]["agencies"] = [HOSTILE]
    record["report"]["warnings"] = [HOSTILE]
    record["report"]["route_names"] = dict.fromkeys(record["report"]["route_names"], HOSTILE)
    (copy / "run.json").write_text(json.dumps(record), encoding="utf-8")
    report(copy)
    page = (copy / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    shown = '<script>alert(1)</script> & "7" {{ 7 }} $x^2$ =cmd'
    found = tables(copy)["Where each language hangs, how sure the choice is, and why"]
    assert {row[0] for row in found[1:]} == {shown} == {row[-1] for row in found[1:]}
    file = docx.Document(str(copy / "report.docx"))
    assert [line.text for line in file.paragraphs if line.style.name == "Title"] == [shown]
    assert shown in words(copy)
    assert not re.search("[\x00-\x08\u202e]", page)


def test_counts_too_small_to_be_told_stay_words(copy: Path) -> None:
    for name in ("coverage.csv", "strategies.csv", "robustness.csv", "sensitivity.csv", "placements.csv"):
        table = pd.read_csv(copy / name, dtype=str, keep_default_na=False)
        few = table["language"] == "ar"
        for column in table.columns.intersection(
            ["served", "served_posted", "reach", "reach_low", "reach_high"]
        ):
            table.loc[few, column] = "under 10"
        table.to_csv(copy / name, index=False)
    spoil(copy, "budget.csv", reach_ar="under 10")
    report(copy)
    row = next(
        row
        for row in tables(copy)["People in the region, served and reached, by language"]
        if row[0] == "■ Arabic"
    )
    assert (row[3], row[5]) == ("under 10", "under 10")
    assert "Arabic under 10" in words(copy)
    arabic = tables(copy)["Reach over redraws of the census figures"][6]
    assert arabic[1] == "under 10"
    assert arabic[3] == "under 10 to under 10"


def test_without_optional_tables_their_sections_are_left_out(copy: Path) -> None:
    for name in ("sensitivity.csv", "budget.csv", "robustness.csv", "languages.csv"):
        (copy / name).unlink()
    report(copy)
    said = words(copy)
    for title in (
        "If the assumptions",
        "another number of buses",
        "How sure this is",
        "Safe Harbor threshold (",
    ):
        assert title not in said
    assert "whoever made the plan can add it (plan --report)." in said


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "settings",
    [
        ["strategy=predominant", "redraws=0"],
        ["venues.file=sample_venues.csv", "venues.cards=8", "redraws=0", "buses=0"],
        ["measure=speakers", "redraws=2", "unit=family"],
        ['languages=["es", "vi", "ru", "uk"]', "redraws=2", "weights=proportional"],
    ],
)
def test_plans_of_every_kind_have_a_report(tmp_path: Path, settings: list[str]) -> None:
    options = [word for setting in settings for word in ("--set", setting)]
    command = ["plan", str(ROOT / "data" / "sample.toml"), "--out", str(tmp_path / "plan"), *options]
    result = CliRunner().invoke(main, [*command, "--quiet"])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(main, ["report", str(tmp_path / "plan")])
    assert result.exit_code == 0, result.output
    assert not re.search(r"\b(nan|NaN|none|None|inf)\b", words(tmp_path / "plan"))
    assert tables(tmp_path / "plan")


def refusal(folder: Path) -> str:
    result = CliRunner().invoke(main, ["report", str(folder)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert not (folder / "report.html").exists()
    return result.stderr


def test_what_is_no_plan_is_refused_in_one_sentence(copy: Path, tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")
    record = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    for spoilt, part in (
        ({name: each for name, each in record.items() if name != "report"}, "does not hold all"),
        (record | {"report": {}}, "do not fit each other (KeyError"),
        (record | {"report": record["report"] | {"warnings": 3}}, "do not fit each other (TypeError"),
    ):
        (copy / "run.json").write_text(json.dumps(spoilt), encoding="utf-8")
        assert part in refusal(copy)
    (copy / "run.json").write_text(json.dumps(record), encoding="utf-8")
    spoil(copy, "strategies.csv", chosen="perhaps")
    assert "'perhaps' in the column 'chosen' is neither True nor False" in refusal(copy)
    (copy / "strategies.csv").unlink()
    assert "does not hold all that a report says; make the plan again" in refusal(copy)


def test_a_plan_for_the_public_has_none(tmp_path: Path) -> None:
    command = ["plan", str(ROOT / "data" / "sample.toml"), "--audience", "public", "--set", "redraws=0"]
    result = CliRunner().invoke(main, [*command, "--out", str(tmp_path / "plan")])
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "plan" / "run.json").read_text(encoding="utf-8"))
    assert "report" not in record
    assert "holds no figures of people" in refusal(tmp_path / "plan")


def test_a_folder_that_cannot_be_written_is_an_error(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("targeting.write.report.whole_files", full)
    with pytest.raises(OutputError, match="cannot be written there \\(No space left on device\\)"):
        report(copy)


def test_no_output_rests_on_the_revoked_order(plan: Path) -> None:
    said = words(plan)
    assert said.count("13166") == 2
    assert "was revoked on March 1, 2025 by Executive Order 14224. Nothing here rests on it." in said
    for path in plan.iterdir():
        if path.suffix in {".csv", ".json"} or path.name == "map.html":
            assert "13166" not in path.read_text(encoding="utf-8"), path.name
