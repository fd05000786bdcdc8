"""Rows of the installers' sheets that cannot be used: each is listed, and their cards are counted apart."""

import csv
import re
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from test_postings import (
    HEADER,
    ORDERED,
    POSTING_DATE,
    SETTINGS_OF_SAMPLE,
    as_ordered,
    check,
    line,
    plan,
    region,
)

from targeting.actual import Actual
from targeting.cli import main
from targeting.orders import make_orders

UP = "2025-12-08,2026-01-05"


def total(found: Actual) -> tuple[int, int, int]:
    """Cards that hung of those ordered, on rows left out, and not reported."""
    sums = found.table[["cards_ordered", "left_out", "missing"]].sum()
    return int(sums.iloc[0] - sums.iloc[1] - sums.iloc[2]), int(sums.iloc[1]), int(sums.iloc[2])


def seems(found: Actual) -> list[tuple[int, str, str]]:
    table = found.left_out
    return list(zip(table["row"], table["unit_name"], table["language_name"], strict=True))


def test_cards_on_rows_that_cannot_be_used_are_told_apart_from_those_of_which_no_row_tells(
    tmp_path: Path,
) -> None:
    """Ten cards are ordered: Spanish on 9, 15, 28 and twice on 38, Arabic on 28, and four others."""
    found = check(
        tmp_path,
        [
            f"1,9,es,{UP}",
            "2,15,es,8 Decembre 2025,2026-01-05",  # 15 Spanish: the day cannot be read
            "3,35,Russ,2025-12-08,2026-01-05",  # 35 has Russian alone
            "4,28,Arab,2025-12-08,2026-01-05",  # 28 has Spanish and Arabic: the likely one
            f"5,38,es,{UP}",
            "6,38,es,2025-12-08,2025-01-05",
            f"7,MAX Blue Line,es,{UP}",  # no order can be told
            "8,33,es,soon,",  # route 33 has no order: nothing is missing there
        ],
    )
    assert total(found) == (2, 4, 4)
    assert found.no_order == 1
    assert seems(found) == [
        (3, "15 Alder Ave West", "Spanish"),
        (4, "35 34th St", "Russian"),
        (5, "28 West 16th St", "Arabic"),
        (7, "38 Quince Ave", "Spanish"),
        (8, "", ""),
        (9, "33 West 5th St", "Spanish"),
    ]
    told = {(row["unit_name"], row["language"]): row["finding"] for row in found.table.to_dict("records")}
    assert told["15 Alder Ave West", "es"] == "Reported on a row that was left out."
    assert told["38 Quince Ave", "es"] == "1 of 2 hung, 1 reported on rows left out."
    assert told["28 West 16th St", "es"] == "Not reported."
    assert told["2 Iris Ave", "vi"] == "Not reported."
    assert ("33 West 5th St", "es") not in told


def test_each_row_left_out_is_listed_with_what_is_written_why_and_how_to_mend_it(tmp_path: Path) -> None:
    found = check(tmp_path, [f"1,9,es,{UP}", "2,999,es,2025-12-08,", "A.0,9,es,13/12/2025,2026-01-05"] * 2)
    assert list(found.left_out["row"]) == [3, 4, 6, 7]
    row = found.left_out.iloc[1].to_dict()
    assert row == {
        "row": 4, "bus": "A.0", "place": "9", "language": "es", "date_up": "13/12/2025",
        "date_down": "2026-01-05", "column": "date_up", "written": "13/12/2025",
        "why": "'13/12/2025' is no day",
        "mend": "the month comes first: 12/13/2025, if that is what is meant.",
        "unit_name": "9 Sandhill Rd", "language_name": "Spanish", "order": "", "garage": "",
    }  # fmt: skip
    assert found.left_out["why"].iloc[0] == "no route '999' among those of the plan"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the same bus, once readable: it is the same card
        (["1,38,es,2025-12-08,2025-12-20", "1,38,es,20 Dez 2025,"], (1, 0, 9)),
        # the same bus twice, neither readable
        (["1,38,es,soon,", "1,38,es,later,", f"9,9,es,{UP}"], (1, 1, 8)),
        # two buses, and never more than are missing: 38 has two cards
        (["1,38,es,soon,", "2,38,es,soon,", "3,38,es,soon,", f"9,9,es,{UP}"], (1, 2, 7)),
        # no bus: rows stand for as many cards as they say
        ([",38,es,soon,,2", f"9,9,es,{UP}"], (1, 2, 7)),
        # another row tells the route of the bus; the plan has Russian on one route only
        (["1,38,es,2025-12-08,2025-12-09", "2,,ru,soon,"], (1, 1, 8)),
        # the bus is full
        ([f"1,9,es,{UP}", f"1,35,ru,{UP}"], (1, 1, 8)),
    ],
)
def test_a_card_is_counted_once(tmp_path: Path, rows: list[str], expected: tuple[int, int, int]) -> None:
    assert total(check(tmp_path, rows, header=f"{HEADER},cards")) == expected


def test_where_a_route_has_two_languages_and_none_is_likely_no_order_is_told(tmp_path: Path) -> None:
    found = check(
        tmp_path, [f"1,9,es,{UP}", f"2,28,klingon,{UP}", f",28,klingon,{UP},3"], header=f"{HEADER},cards"
    )
    assert (total(found), found.no_order) == ((1, 0, 9), 4)


def test_the_language_of_an_order_holds_where_the_other_cannot_be_read(tmp_path: Path) -> None:
    found = check(tmp_path, ["1,R28-ar,Klingon,2025-12-08,", f"2,R9-es,,{UP}"], header=ORDERED)
    assert line(found, "28 West 16th St", "ar")["left_out"] == 1


def test_at_most_is_the_plan_where_all_others_hung_as_ordered(tmp_path: Path) -> None:
    """With every card reported, one of them illegibly, the plan's own people are reached at most."""
    made = plan()
    rows = as_ordered(made)
    first = make_orders(made).lines.iloc[0]
    found = check(tmp_path, [rows[0].replace(POSTING_DATE, "13/12/2025"), *rows[1:]], header=ORDERED)
    without = check(tmp_path, rows[1:], header=ORDERED)
    assert line(found, first["unit_name"], first["language"])["left_out"] == 1
    least, most, whole = region(found.coverage), region(found.most), region(found.planned)
    assert (least["reach"] == region(without.coverage)["reach"]).all()
    assert (most["reach"] == whole["reach"]).all()
    assert (most["served_posted"] == whole["served_posted"]).all()
    assert least.at["", "reach"] < most.at["", "reach"]
    assert (region(without.most)["reach"] == least["reach"]).all(), "a card not reported is in neither"


def test_a_row_with_neither_bus_nor_day_is_not_reported(tmp_path: Path) -> None:
    found = check(tmp_path, [f"1,9,es,{UP}", ",15,es,,", ",28,,,", ",Nowhere,xx,,"])
    assert total(found) == (1, 0, 9)
    assert found.left_out.empty
    assert found.rows == 1
    (notice,) = found.notices
    assert (notice.code, notice.severity, notice.count) == ("posting_not_filled_in", "info", 3)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A plan's folder after sheets with a row of each kind, and what the command printed."""
    folder = tmp_path_factory.mktemp("left")
    runner = CliRunner()
    assert runner.invoke(main, ["sample", str(folder)]).exit_code == 0
    settings = [word for each in (*SETTINGS_OF_SAMPLE, "buses=10") for word in ("--set", each)]
    made = runner.invoke(
        main, ["plan", str(folder / "sample.toml"), *settings, "--out", str(folder / "plan"), "-q"]
    )
    assert made.exit_code == 0, made.output
    rows = [f"1,9,es,{UP}", "2,15,es,soon,", "3,28,Arab,2025-12-08,", f"4,Blue Line,es,{UP}", f"5,38,es,{UP}"]
    sheets = folder / "sheets.csv"
    sheets.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    result = runner.invoke(main, ["report", str(folder / "plan"), "--postings", str(sheets)])
    assert result.exit_code == 0, result.output
    return folder / "plan", " ".join(result.output.split())


def test_terminal_report_and_workbook_say_it_alike(reported: tuple[Path, str]) -> None:
    folder, printed = reported
    with (folder / "coverage_actual.csv").open(encoding="utf-8", newline="") as stream:
        (everyone,) = (row for row in csv.DictReader(stream) if not row["language"])
    planned, least, most = (int(everyone[name]) for name in ("reach", "reach_actual", "reach_actual_most"))
    assert least < most < planned
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1])))
    book = openpyxl.load_workbook(folder / "coverage.xlsx")
    read_me = " ".join(str(cell.value) for row in book["Read me"].iter_rows() for cell in row)
    short = (
        "Of 10 cards that the plan ordered, 2 hung, 2 were reported on rows that cannot be used and 6 were "
        "not reported"
    )
    more = "1 more card is reported on a row that cannot be used and does not tell of which order. It may be"
    share = (
        f"at least {least / planned:.0%} of those whom the plan reaches, and {most / planned:.0%} if the "
        "cards on rows that cannot be used hung as ordered"
    )
    for text in (printed, page, read_me):
        assert all(words in text for words in (short, more, share))
    assert "Left out: 2 cards that were reported on rows that cannot be used (Spanish on 15 Alder" in page
    left_out = "Actual figures leave out 3 rows of the installers' sheets that cannot be used"
    assert left_out in str(book["Coverage"]["A2"].value)
    assert "postings_left_out.csv has each of the 3 rows that were left out" in page
    with (folder / "postings_left_out.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["row"] for row in csv.DictReader(stream)] == ["3", "4", "5"]
