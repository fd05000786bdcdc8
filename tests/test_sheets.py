"""Worksheets: cells by their type, names that Excel takes, the same bytes, read back with openpyxl."""

import time
import zipfile
from datetime import date
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from targeting.write.sheet_text import clean, in_footer, lines, sheet_name
from targeting.write.sheets import Column, Heading, Workbook

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "http://x.example",
    "{=1}",
    "_x0041_",
    "a\x00\x0bb\ud800",
]
COLUMNS = {
    "name": Column("Name"),
    "people": Column("People", "people", "sure"),
    "moe": Column("± people", "margin", "sure"),
    "sure": Column("Reliability"),
    "share": Column("Share", "share"),
    "chance": Column("Chance", "probability"),
    "price": Column("Price", "money"),
    "day": Column("Day", "date"),
    "yes": Column("Posted", "flag"),
    "why": Column("Why", "prose"),
    "absent": Column("Not in the table", "people"),
}
HEADER_ROW = 4
ROWS = 4


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["72 Killingsworth", "=1+1", "", "90"],
            "people": pd.Series([1267, "under 10", None, 0], dtype=object),
            "moe": pd.array([255, 9, None, 12], dtype="Int64"),
            "sure": ["medium", "low", None, "high"],
            "share": [0.1234, np.nan, 0.5, 1.0],
            "chance": [0.999, 0.004, 0.83, np.nan],
            "price": [12.5, 0.0, 1.0, 2.0],
            "day": [date(2025, 3, 1), None, date(2025, 3, 2), date(2025, 3, 3)],
            "yes": pd.Series([True, False, None, np.True_], dtype=object),
            "why": ["because " * 60, "so", "so", "so"],
            "unused": 1,
        }
    )


def book(table: pd.DataFrame | None = None, **options: object) -> bytes:
    made = Workbook(title="R & D", source="American Community Survey & GTFS")
    made.add_prose("Read me", "Title", ["A paragraph.", Heading("Words"), ("LEP", "limited English")])
    made.add_table(
        "Coverage", frame() if table is None else table, COLUMNS, title="People", note="What is counted.",
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    return made.content()


def sheet(content: bytes, name: str = "Coverage") -> Worksheet:
    return openpyxl.load_workbook(BytesIO(content))[name]


def column(page: Worksheet, head: str) -> list[openpyxl.cell.Cell]:
    heads = [cell.value for cell in page[HEADER_ROW]]
    at = heads.index(head) + 1
    return [page.cell(row, at) for row in range(HEADER_ROW + 1, HEADER_ROW + 1 + ROWS)]


def test_cells_have_the_type_and_format_of_their_column() -> None:
    page = sheet(book())
    assert [cell.value for cell in page[HEADER_ROW]] == [
        "Name", "People", "± people", "Reliability", "Share", "Chance", "Price", "Day", "Posted", "Why",
    ]  # fmt: skip
    assert [cell.value for cell in column(page, "People")] == [1267, "under 10", None, 0]
    assert [cell.value for cell in column(page, "± people")] == [255, 9, None, 12]
    assert [cell.value for cell in column(page, "Share")] == [0.1234, None, 0.5, 1]
    assert [cell.value for cell in column(page, "Posted")] == ["yes", "no", None, "yes"]
    assert [cell.value.date() if cell.value else None for cell in column(page, "Day")] == list(frame()["day"])
    formats = {
        "People": "#,##0", "± people": '"±"#,##0', "Share": "0.0%", "Price": '"$"#,##0.00',
        "Day": "yyyy-mm-dd",
        "Name": "General", "Chance": '[>0.99]"over 99%";[<0.01]"under 1%";0%',
    }  # fmt: skip
    for head, number_format in formats.items():
        assert {cell.number_format for cell in column(page, head)} == {number_format}, head
    assert {cell.alignment.horizontal for cell in column(page, "People")} == {"right"}, "words too"
    assert {cell.alignment.wrap_text for cell in column(page, "Why")} == {True}


def test_text_is_never_a_formula_nor_a_link() -> None:
    table = pd.DataFrame({"name": HOSTILE, "people": HOSTILE}, dtype=object)
    content = book(table)
    page = sheet(content)
    cells = [cell for row in page.iter_rows(min_row=HEADER_ROW + 1, max_col=2) for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    # openpyxl reads a carriage return as XML does, as the end of a line
    assert [page.cell(HEADER_ROW + 1 + at, 1).value for at in (0, 1, 2, 3, 4, 6, 7)] == [
        HOSTILE[at] for at in (0, 1, 2, 3, 4, 6, 7)
    ]
    assert page.cell(HEADER_ROW + 10, 1).value == "ab"
    with zipfile.ZipFile(BytesIO(content)) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet2.xml").decode()


def test_header_is_frozen_filtered_and_printed_on_every_page() -> None:
    page = sheet(book(frozen=2, strong=[True, False, False, False]))
    assert page.freeze_panes == "C5"
    (table,) = page.tables.values()
    assert (table.name, table.ref, table.autoFilter.ref) == ("Coverage_table", "A4:J8", "A4:J8")
    assert page.print_title_rows == "$4:$4"
    assert page.print_title_cols == "$A:$B"
    assert page.page_setup.orientation == "landscape"
    assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.oddFooter.left.text == "American Community Survey && GTFS"
    assert page.oddFooter.right.text == "Page &P of &N"
    assert [cell.font.bold for cell in column(page, "People")] == [True, False, False, False]
    assert all(cell.font.bold and cell.alignment.wrap_text for cell in page[HEADER_ROW])
    assert page.row_dimensions[HEADER_ROW + 1].height > 4 * page.row_dimensions[HEADER_ROW + 2].height


def test_unreliable_figures_are_coloured_by_the_column_that_says_so() -> None:
    rules = {
        str(area.sqref): [rule.formula[0] for rule in found]
        for area, found in sheet(book()).conditional_formatting._cf_rules.items()
    }
    assert rules == {
        area: ['$D5="low"', '$D5="medium"'] for area in ("B5:B8", "C5:C8")
    }  # people and margin, by the fourth column


def folded(page: Worksheet) -> list[str]:
    """Return the letters of the columns that are folded away."""
    return [letter for letter, looks in page.column_dimensions.items() if looks.hidden]


def test_columns_of_reliability_are_folded_where_that_brings_a_table_onto_a_letter_page() -> None:
    """Columns of 10, 14, four times 42 and as many characters as are tried; a letter page takes 210."""
    columns = {"people": Column("People", "people", "sure"), "sure": Column("Reliability")}
    columns |= {name: Column(name) for name in ("a", "b", "c", "d", "e")}
    long = {name: ["x" * 60] for name in "abcd"}
    for width, letters, paper in ((18, [], 1), (19, ["B"], 1), (32, ["B"], 1), (33, [], 3)):
        table = pd.DataFrame({"people": [12], "sure": ["low"], **long, "e": ["x" * (width - 2)]})
        made = Workbook(title="T", source="S")
        made.add_table("A", table, columns, title="T", note="What is counted.")
        page = sheet(made.content(), "A")
        assert (folded(page), page.page_setup.paperSize) == (letters, paper), width


def test_long_phrases_are_wrapped_and_low_reliability_is_in_italics_too() -> None:
    made = Workbook(title="T", source="S")
    table = pd.DataFrame(
        {"group": ["Russian, Polish, or other Slavic languages", "Arabic"], "people": [1, 2]}
    )
    columns = {"group": Column("Counted as", "phrase"), "people": Column("People", "people", "group")}
    made.add_table("A", table, columns, title="T")
    page = sheet(made.content(), "A")
    assert page.column_dimensions["A"].width == pytest.approx(22, abs=1)
    assert page["A4"].alignment.wrap_text
    assert page.row_dimensions[4].height == pytest.approx(2 * page.row_dimensions[5].height, abs=1)
    (rules,) = page.conditional_formatting._cf_rules.values()
    assert [bool(rule.dxf.font and rule.dxf.font.i) for rule in rules] == [True, False]


def test_prose_has_its_title_terms_and_texts() -> None:
    page = sheet(book(), "Read me")
    said = [(row[0].value, row[1].value) for row in page.iter_rows() if row[0].value]
    assert said == [("Title", None), ("A paragraph.", None), ("Words", None), ("LEP", "limited English")]


def test_an_empty_table_and_a_wide_one() -> None:
    empty = sheet(book(frame().head(0)))
    (table,) = empty.tables.values()
    assert table.ref == "A4:J5"
    wide = pd.DataFrame({f"c{at}": ["x"] for at in range(100)})
    made = Workbook(title="T", source="S")
    made.add_table("Wide", wide, {name: Column(f"Column {name}") for name in wide}, title="T")
    setup = sheet(made.content(), "Wide").page_setup
    assert setup.fitToWidth == 3, "100 columns of 9 characters"
    assert setup.paperSize == 3, "tabloid"


def test_two_tables_of_one_name_and_two_columns_of_one_heading() -> None:
    made = Workbook(title="T", source="S")
    for name in ("Bad/name", "bad:name", "2025"):
        made.add_table(name, frame(), {"name": Column("A"), "people": Column("a", "people")}, title="T")
    read = openpyxl.load_workbook(BytesIO(made.content()))
    assert read.sheetnames == ["Bad name", "bad name_2", "2025"]
    tables = [table.name for page in read for table in page.tables.values()]
    assert tables == ["Bad_name_table", "bad_name_table_2", "table_2025"]
    assert [cell.value for cell in read["2025"][3]] == ["A", "a_2"]


def test_the_same_tables_give_the_same_bytes() -> None:
    first = book()
    time.sleep(2.1)  # an archive's times have steps of two seconds
    assert book() == first


def test_names_of_sheets_are_valid_and_their_own() -> None:
    taken: set[str] = set()
    names = [sheet_name(name, taken) for name in ("[a]*?", "", "History", "'q'", "x" * 40, "X" * 40, " ")]
    assert names == ["a", "Sheet", "History_", "q", "x" * 31, "X" * 29 + "_2", "Sheet_2"]
    many = [sheet_name("𐀀" * 20, taken) for _ in range(2)]
    assert many == ["𐀀" * 15, "𐀀" * 14 + "_2"], "each counts as two"


def test_texts_are_cleaned_and_kept_short() -> None:
    assert clean("a\x00b\x1f\x7fé\ufffe") == "abé"
    assert clean("a\tb\nc") == "a\tb\nc"
    assert len(clean("x" * 40_000)) == 32_767
    assert in_footer("A & B") == "A && B"
    assert in_footer("word " * 100).endswith("word…")
    assert in_footer("word " * 100).count("\n") == 1
    assert len(in_footer("& " * 300)) <= 220, "Excel refuses a longer one"
    source = f"targeting 0.1.0; {'survey ' * 12}; week; GTFS of Some Long Transportation District"
    assert " ".join(in_footer(source).split()) == " ".join(source.split()), "on two lines nothing is cut"
    assert lines("", 10) == 1
    assert lines("one two three\nfour", 8) == 3


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_any_text_gives_a_workbook_that_can_be_read(texts: list[str]) -> None:
    made = Workbook(title=texts[0], source=texts[-1])
    for text in texts:
        made.add_table(text, pd.DataFrame({"t": texts}), {"t": Column(text)}, title=text, note=text)
    made.add_prose(texts[0], texts[0], [texts[0], (texts[0], texts[0]), Heading(texts[0])])
    read = openpyxl.load_workbook(BytesIO(made.content()))
    assert len(read.sheetnames) == len(texts) + 1
    assert not [cell for page in read for row in page.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_sign_of_a_currency() -> None:
    made = Workbook(title="T", source="S", currency="CAD")
    made.add_table("Costs", frame(), {"price": Column("Price", "money")}, title="T")
    page = sheet(made.content(), "Costs")
    assert page["A4"].number_format == '"CAD "#,##0.00'


def test_what_no_cell_can_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        Workbook(title="T", source="S").add_table(
            "A", pd.DataFrame({"t": [object()]}), {"t": Column("T")}, title="T"
        )
