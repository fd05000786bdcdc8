"""The workbook: every figure is that of the tables beside it, typed, and it can run nothing."""

import csv
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from targeting.campaign import read_campaign
from targeting.coverage_table import coverage_rows
from targeting.plan import Plan, make_plan
from targeting.write import workbook_columns as columns_of
from targeting.write import write_plan
from targeting.write.sheets import NUMBER_FORMATS, Column

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
HEADER_ROW = 4
SHEETS = {
    "Coverage": columns_of.COVERAGE,
    "Placements": columns_of.PLACEMENTS,
    "Routes": columns_of.ROUTES,
    "Languages": columns_of.LANGUAGES,
    "Strategies": columns_of.STRATEGIES,
}
HOSTILE = '=HYPERLINK("http://x.example","win")'


@cache
def plan(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["buses=10", "redraws=10", *settings]))


def written(made: Plan, folder: Path) -> Path:
    write_plan(made, folder)
    return folder


def book(folder: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(folder / "coverage.xlsx")


def words(page: Worksheet) -> str:
    return "\n".join(str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(plan("file=sample_venues.csv", "cards=8"), tmp_path_factory.mktemp("book") / "plan")


@pytest.fixture(scope="module")
def read(folder: Path) -> openpyxl.Workbook:
    return book(folder)


def rows_of(page: Worksheet, columns: Mapping[str, Column]) -> list[dict[str, openpyxl.cell.Cell]]:
    """The cells of a sheet's table by the columns of the published one."""
    heads = {column.head: name for name, column in columns.items()}
    names = [heads[cell.value] for cell in page[HEADER_ROW]]
    return [dict(zip(names, row, strict=True)) for row in page.iter_rows(min_row=HEADER_ROW + 1)]


def test_sheets_are_there_in_order(read: openpyxl.Workbook) -> None:
    assert read.sheetnames == [
        "Read me", "Coverage", "Placements", "Routes", "Languages", "Tracts", "Strategies", "Methods",
    ]  # fmt: skip
    assert read.active.title == "Read me"


@pytest.mark.parametrize("sheet", list(SHEETS))
def test_every_figure_is_that_of_the_csv_file(sheet: str, read: openpyxl.Workbook, folder: Path) -> None:
    with (folder / f"{sheet.lower()}.csv").open(encoding="utf-8", newline="") as stream:
        published = list(csv.DictReader(stream))
    rows = rows_of(read[sheet], SHEETS[sheet])
    if sheet == "Coverage":  # the total is in no row of the file
        rows = [row for row in rows if row["language_name"].value != "All campaign languages"]
    assert len(rows) == len(published) > 5
    compared = 0
    for row, told in zip(rows, published, strict=True):
        for name, cell in row.items():
            kind, text = SHEETS[sheet][name].kind, told[name].removeprefix("'")
            if (sheet, name, text) == ("Strategies", "language_name", ""):
                assert cell.value == "All campaign languages"
            elif text == "":
                assert cell.value is None
            elif kind in NUMBER_FORMATS and not text.startswith("under"):
                assert cell.data_type == "n"
                assert cell.value == float(text), (sheet, name)
                compared += 1
            else:
                assert cell.value == {"True": "yes", "False": "no"}.get(text, text)
    assert compared >= 4 * len(rows)


def test_the_headline_is_a_row_of_the_coverage(read: openpyxl.Workbook, folder: Path) -> None:
    rows = rows_of(read["Coverage"], columns_of.COVERAGE)
    kinds = [row["area_kind"].value for row in rows]
    (at,) = (at for at, row in enumerate(rows) if row["language_name"].value == "All campaign languages")
    assert kinds[: at + 1] == ["region"] * (at + 1)
    assert kinds[at + 1] == "county"
    with (folder / "strategies.csv").open(encoding="utf-8", newline="") as stream:
        total = next(row for row in csv.DictReader(stream) if row["chosen"] == "True" and not row["language"])
    with (folder / "coverage.csv").open(encoding="utf-8", newline="") as stream:
        region = [row for row in csv.DictReader(stream) if row["area_kind"] == "region"]
    row = rows[at]
    for name, of in {"served_posted": "served", "reach": "reach"}.items():
        assert row[name].value == int(total[of])
        assert row[f"{name}_moe"].value == int(total[f"{of}_moe"])
        lep = sum(int(each["lep"]) for each in region)
        assert row[f"{name}_share"].value == pytest.approx(int(total[of]) / lep, abs=1e-6)
    assert row["lep"].value == sum(int(each["lep"]) for each in region)
    margin = sum(int(each["lep_moe"]) ** 2 for each in region) ** 0.5
    assert row["lep_moe"].value == pytest.approx(margin, abs=0.5)
    assert row["lep_reliability"].value == "high"
    assert row["area"].font.bold


def test_nobody_looks_like_a_dash_and_is_a_zero(tmp_path: Path) -> None:
    made = plan()
    coverage = made.coverage.copy()
    county = coverage.index[coverage["area_kind"] == "county"][:2]
    coverage.loc[county, ["reach", "reach_share"]] = 0.0
    coverage.loc[county, ["reach_moe", "reach_share_moe"]] = [[0.0, 0.0], [12.0, 0.004]]
    page = book(written(replace(made, coverage=coverage), tmp_path / "plan"))["Coverage"]
    rows = [row for row in rows_of(page, columns_of.COVERAGE) if row["area_kind"].value == "county"]
    for name in ("reach", "reach_moe", "reach_share", "reach_share_moe"):
        assert rows[0][name].value == 0
        assert rows[0][name].number_format.endswith(';"–"'), name
        assert "–" not in rows[1][name].number_format, "a zero of a sample has a margin"


def test_no_column_is_forgotten_for_want_of_a_name(folder: Path) -> None:
    for sheet, columns in SHEETS.items():
        with (folder / f"{sheet.lower()}.csv").open(encoding="utf-8", newline="") as stream:
            assert set(columns) <= set(next(csv.reader(stream))), sheet


def test_tracts_are_those_of_the_layer(read: openpyxl.Workbook, folder: Path) -> None:
    layer = gpd.read_file(folder / "plan.gpkg", layer="tracts").drop(columns="geometry")
    rows = rows_of(read["Tracts"], columns_of.tract_columns(plan().scores.languages))
    assert len(rows) == len(layer) == 120
    for row, told in zip(rows, layer.to_dict("records"), strict=True):
        assert set(row) == set(told)
        for name, cell in row.items():
            if pd.isna(told[name]) or told[name] == "":
                assert cell.value is None
            else:
                assert cell.value == told[name], name


def test_tracts_add_up_to_the_region(read: openpyxl.Workbook) -> None:
    languages = plan().scores.languages
    tracts = rows_of(read["Tracts"], columns_of.tract_columns(languages))
    region = {
        row["language_name"].value: row
        for row in rows_of(read["Coverage"], columns_of.COVERAGE)
        if row["area_kind"].value == "region"
    }
    for language in languages:
        for column, name in {"share_reached": "reach", "share_served": "served_posted"}.items():
            total = sum(
                (row[f"{language.tag}_estimate"].value or 0) * row[f"{language.tag}_{column}"].value
                for row in tracts
            )
            assert total == pytest.approx(region[language.english_name][name].value, rel=0.03)


def test_cells_have_their_formats_and_tables_their_names(read: openpyxl.Workbook) -> None:
    coverage = rows_of(read["Coverage"], columns_of.COVERAGE)[0]
    assert coverage["lep"].number_format == "#,##0"
    assert coverage["lep_moe"].number_format == '"±"#,##0'
    assert coverage["reach_share"].number_format == "0.0%"
    assert coverage["area"].font.bold, "the region's rows"
    certainty = rows_of(read["Placements"], columns_of.PLACEMENTS)[0]["certainty"]
    assert "over 99%" in certainty.number_format
    for sheet in [*SHEETS, "Tracts"]:
        page = read[sheet]
        (table,) = page.tables.values()
        assert table.name == f"{sheet}_table"
        assert table.ref == f"A4:{page.cell(4, page.max_column).column_letter}{page.max_row}"
        assert page.freeze_panes == "C5"
        assert "Source: People: ACS table C16001" in page["A2"].value
    assert len(read["Coverage"].conditional_formatting) == 8
    assert len(read["Tracts"].conditional_formatting) == 6


def test_read_me_says_where_it_comes_from_and_how_to_cite_it(read: openpyxl.Workbook, folder: Path) -> None:
    said = words(read["Read me"])
    for part in (
        "invented city", "September 8 – 14, 2025", "120 census tracts of 2 counties",
        "Agency\nHalvern Transit", "under 10", "sample.zip, version invented-2025-09",
        "speak English less than “very well”",
    ):  # fmt: skip
        assert part in said, part
    coverage = rows_of(read["Coverage"], columns_of.COVERAGE)
    spanish = next(row for row in coverage if row["language_name"].value == "Spanish")
    reached = int(spanish["reach"].value)
    assert f"about {round(reached, -1):,} ± " in said
    record = (folder / "run.json").read_text(encoding="utf-8")
    (cut,) = {line.rpartition(" ")[2] for line in said.splitlines() if line.startswith("sample.zip")}
    assert len(cut) == 12
    assert f'"sha256": "{cut}' in record


def test_methods_rest_on_no_revoked_order(read: openpyxl.Workbook) -> None:
    said = words(read["Methods"])
    assert "as of July 31, 2025" in said
    assert "FTA Circular 4702.1B" in said
    assert [line for line in said.splitlines() if "13166" in line and "revoked" not in line] == [
        "Executive Order 13166"
    ]


def test_names_that_would_run_stay_texts(tmp_path: Path) -> None:
    made = plan()
    hostile = replace(
        made,
        scores=replace(made.scores, routes=made.scores.routes.assign(route_long_name=HOSTILE)),
        placements=made.placements.assign(unit_name="@SUM(1)", reason="\t=cmd|' /C calc'!A0"),
    )
    pages = book(written(hostile, tmp_path / "plan"))
    cells = [cell for page in pages for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"n", "s"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert rows_of(pages["Routes"], columns_of.ROUTES)[0]["route_long_name"].value == HOSTILE


def test_the_same_plan_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    time.sleep(2.1)
    again = written(plan("file=sample_venues.csv", "cards=8"), tmp_path / "plan")
    assert (again / "coverage.xlsx").read_bytes() == (folder / "coverage.xlsx").read_bytes()
    assert (again / "run.json").read_bytes() != (folder / "run.json").read_bytes()


def test_speakers_are_no_lep_persons(tmp_path: Path) -> None:
    pages = book(written(plan("measure=speakers", "strategy=predominant"), tmp_path / "plan"))
    assert "Safe Harbor test, which is about LEP persons, is left empty" in pages["Languages"]["A2"].value
    assert "factor" not in pages["Languages"]["A1"].value
    rows = rows_of(pages["Languages"], columns_of.LANGUAGES)
    assert {row["safe_harbor"].value for row in rows} == {None}
    placed = rows_of(pages["Placements"], columns_of.PLACEMENTS)
    assert {row["certainty"].value for row in placed} == {None}, "predominant tries no redraws"


def test_agencies_have_rows_and_a_warning(tmp_path: Path) -> None:
    made = plan()
    routes = made.scores.feed.routes
    in_turn = ["AB"[at % 2] for at in range(len(routes))]
    feed = replace(made.scores.feed, routes=routes.assign(agency=in_turn))
    scores = replace(made.scores, inputs=replace(made.scores.inputs, feed=feed))
    both = replace(made, scores=scores, coverage=coverage_rows(scores, made.posting))
    page = book(written(both, tmp_path / "plan"))["Coverage"]
    kinds = [row["area_kind"].value for row in rows_of(page, columns_of.COVERAGE)]
    assert [kinds.count(kind) for kind in ("region", "county", "agency")] == [7, 12, 12], (
        "six languages, and all"
    )
    assert "overlap" in page["A2"].value


def test_the_public_gets_no_workbook(tmp_path: Path) -> None:
    paths = write_plan(plan(), tmp_path / "plan", audience="public")
    assert "coverage.xlsx" not in {path.name for path in paths}
