"""The file to fill in: a row for each card, read back as it is, and never lost to a new plan."""

import csv
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from test_postings import BY_GARAGE, POSTING_DATE, WEEKS_LATER, check, plan

from targeting.actual import actual
from targeting.actual_table import orders_of
from targeting.cli import main
from targeting.hung_words import by_garage
from targeting.orders import make_orders
from targeting.postings_file import filled_in
from targeting.write import FORM, write_plan
from targeting.write.postings_form import postings_form
from targeting.write.tables import published

COLUMNS = ["order", "garage", "unit_name", "language", "card", "bus", "date_up", "date_down", "note"]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def filled(rows: list[dict[str, str]], path: Path) -> Path:
    """A copy of the form with the first bus from 2101 on, and the plan's days, in every row."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for number, row in enumerate(rows):
            venue = row["order"].startswith("V")
            bus = "" if venue else str(2101 + number)
            writer.writerow(row | {"bus": bus, "date_up": POSTING_DATE, "date_down": WEEKS_LATER})
    return path


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("unit=family",),
        BY_GARAGE,
        ("garages=gtfs/sample_garages.csv",),
        ("file=sample_venues.csv", "cards=6"),
    ],
)
def test_filled_in_as_ordered_it_is_the_plan(tmp_path: Path, settings: tuple[str, ...]) -> None:
    made = plan(*settings)
    lines = make_orders(made).lines
    rows = rows_of(postings_form(lines))
    assert [row["order"] for row in rows] == [
        line.order for line in lines.itertuples() for _ in range(line.cards)
    ]
    assert {row["bus"] + row["date_up"] + row["date_down"] + row["note"] for row in rows} == {""}
    assert [row["card"] for row in rows if row["order"] == rows[0]["order"]] == [
        str(card + 1) for card in range(int(lines["cards"].iloc[0]))
    ]
    found = actual(made.scores, published(made)["placements"], filled(rows, tmp_path / "filled.csv"))
    assert (found.table["finding"] == "As ordered.").all()
    assert found.table["cards_up"].sum() == lines["cards"].sum() == len(rows)
    assert len(found.notices) == 0


def test_rows_that_stay_blank_are_not_reported_and_counted_by_garage(tmp_path: Path) -> None:
    made = plan("garages=gtfs/sample_garages.csv")
    rows = rows_of(postings_form(make_orders(made).lines))
    garages = sorted({row["garage"] for row in rows})
    assert len(garages) > 1
    path = filled(rows, tmp_path / "filled.csv")
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    blank = [row["garage"] == garages[1] for row in rows]
    empty = [
        ",".join([*line.split(",")[:5], "", "", "", "bus was in the shop"]) if left else line
        for line, left in zip(lines, blank, strict=True)
    ]
    found = check(tmp_path, empty, made, header)
    assert found.table["missing"].sum() == sum(blank)
    assert not found.table["left_out"].any()
    (notice,) = found.notices
    assert f"neither a bus nor a day ({garages[1]} {sum(blank)}); a card on" in notice.message


def test_cards_that_hang_already_are_marked(tmp_path: Path) -> None:
    lines = make_orders(plan()).lines.assign(hanging_already=0)
    two = lines.index[lines["cards"] == 2][0]
    lines.loc[two, "hanging_already"] = 1
    rows = rows_of(postings_form(lines))
    assert [row["note"] for row in rows if row["order"] == lines.at[two, "order"]] == ["hangs already", ""]
    assert sum(bool(row["note"]) for row in rows) == 1


def test_what_is_filled_in_is_not_lost_to_a_new_plan(tmp_path: Path) -> None:
    assert run("sample", tmp_path).exit_code == 0
    words = ("plan", tmp_path / "sample.toml", "--set", "redraws=0", "--out", tmp_path / "plan", "-q")
    assert run(*words).exit_code == 0
    form = tmp_path / "plan" / FORM
    with form.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == COLUMNS
    record = json.loads((tmp_path / "plan" / "run.json").read_text(encoding="utf-8"))
    assert len(rows) == record["campaign"]["settings"]["placement"]["buses"]
    untouched = form.read_bytes()
    assert run(*words).exit_code == 0, "nobody has written into it"
    assert form.read_bytes() == untouched
    result = run("report", tmp_path / "plan", "--postings", form)
    assert result.exit_code == 2
    assert "postings_to_fill_in.csv: no row is filled in; write bus and days" in result.output
    assert not (tmp_path / "plan" / "actual.csv").exists()
    filled(rows[:3], form)
    kept = form.read_bytes()
    result = run(*words)
    assert result.exit_code == 2
    assert "postings_to_fill_in.csv is filled in, and a new plan would replace it; move it" in result.output
    assert form.read_bytes() == kept
    assert run("report", tmp_path / "plan", "--postings", form).exit_code == 0
    form.write_bytes(untouched.replace(b",,,,\n", b",,,,bus in the shop\n", 1))
    assert run(*words).exit_code == 2, "a note is somebody's work, too"
    form.write_bytes(untouched.replace(b",,,,\n", b",,,,hangs already\n", 1))
    assert not filled_in(form)
    form.write_bytes(b"PK\x03\x04 a workbook under the wrong name")
    assert run(*words).exit_code == 2
    form.unlink()
    assert run(*words).exit_code == 0


def test_the_public_gets_no_form(tmp_path: Path) -> None:
    write_plan(plan(), tmp_path / "public", audience="public")
    assert not (tmp_path / "public" / FORM).exists()


def test_each_row_tells_its_order_and_the_garage_that_owes_the_card(tmp_path: Path) -> None:
    """By hand: what the orders of each garage have, less the cards that were filled in."""
    assert run("sample", tmp_path).exit_code == 0
    settings = ("redraws=0", "buses=30", "garages=gtfs/sample_garages.csv")
    words = [word for each in settings for word in ("--set", each)]
    out = tmp_path / "plan"
    assert run("plan", tmp_path / "sample.toml", *words, "--out", out, "-q").exit_code == 0
    with (out / "orders.csv").open(encoding="utf-8", newline="") as stream:
        ordered = {row["order"]: row for row in csv.DictReader(stream)}
    rows = rows_of((out / FORM).read_text(encoding="utf-8"))
    owed = Counter(row["garage"] for row in rows[5:])
    assert len(owed) > 1
    result = run("report", out, "--postings", filled(rows[:5], tmp_path / "sheets.csv"))
    assert result.exit_code == 0, result.output
    said = ", ".join(f"{garage} {owed[garage]}" for garage in sorted(owed))
    assert f"Not reported, by garage: {said}." in " ".join(result.output.split())
    with (out / "actual.csv").open(encoding="utf-8", newline="") as stream:
        hung = list(csv.DictReader(stream))
    assert {row["order"] for row in hung} == set(ordered), "the sample's routes have one garage each"
    for row in hung:
        line = ordered[row["order"]]
        assert all(row[name] == line[name] for name in ("garage", "unit_id", "language"))
        assert row["cards_ordered"] == line["cards"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"Not reported, by garage: {said}." in " ".join(page.split())


def test_an_order_of_several_garages_names_them_all() -> None:
    lines = pd.DataFrame(
        {
            "order": ["R9.Center-es", "R9.Merlo-es", "R9-es", "R9.Center-vi", "V1-es"],
            "unit_id": ["9", "9", "9", "9", "venue:1"],
            "language": ["es", "es", "es", "vi", "es"],
            "garage": ["Center", "Merlo", "", "Center", ""],
        }
    )
    assert orders_of(lines) == {
        ("9", "es"): ("R9.Center-es; R9.Merlo-es; R9-es", "Center; Merlo"),
        ("9", "vi"): ("R9.Center-vi", "Center"),
        ("venue:1", "es"): ("V1-es", ""),
    }
    table = pd.DataFrame(
        {"garage": ["Merlo; Center", "Merlo", "", "Center", "Center"], "missing": [1, 2, 4, 0, 3]}
    )
    assert by_garage(table, "missing") == "Center 3, Merlo 2, Merlo or Center 1, garage not known 4"
    assert by_garage(table[table["garage"] == ""], "missing") == ""
