"""After posting: what hung is counted by hand, and whom it reached follows the plan's own curve."""

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from html import unescape
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from targeting.actual import Actual, actual, planned_cards, share_of_hours
from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import PostingsError
from targeting.meanings import MEANINGS
from targeting.orders import make_orders
from targeting.plan import Plan, make_plan
from targeting.plan_folder import read_plan_folder
from targeting.posting import audience_of
from targeting.write import workbook_columns as columns_of
from targeting.write.report_content import report_content
from targeting.write.sheets import NUMBER_FORMATS
from targeting.write.tables import published
from targeting.write.workbook_again import workbook_again

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
POSTING_DATE, WEEKS_LATER = "2025-12-08", "2026-01-05"  # four weeks apart
HEADER = "bus,route,language,date_up,date_down"
BY_GARAGE = ("unit=garage", "garages=gtfs/sample_garages.csv")
SETTINGS = (f"posting_date={POSTING_DATE}", "redraws=0", "buses=10")


@cache
def plan(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, [*SETTINGS, *settings]))


def check(folder: Path, rows: Sequence[str], made: Plan | None = None, header: str = HEADER) -> Actual:
    made = made or plan()
    file = folder / "postings.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return actual(made.scores, published(made)["placements"], file)


def as_ordered(made: Plan, up: str = POSTING_DATE, down: str = WEEKS_LATER) -> list[str]:
    """A row for each card of the work orders, each in a bus of its own."""
    lines = make_orders(made).lines
    buses = iter(range(2101, 9999))
    return [
        f"{next(buses) if row.unit != 'venue' else ''},{row.order},,{up},{down}"
        for row in lines.itertuples(index=False)
        for _ in range(row.cards)
    ]


ORDERED = "bus,order,language,date_up,date_down"


def region(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["area_kind"] == "region"].set_index("language")


def line(found: Actual, name: str, language: str) -> "pd.Series[object]":
    table = found.table
    (row,) = table[(table["unit_name"] == name) & (table["language"] == language)].index
    return table.loc[row]


def codes(found: Actual) -> dict[str, str]:
    return {notice.code: notice.message for notice in found.notices}


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("slots=2",),
        ("file=sample_venues.csv", "cards=6"),
        ("unit=family",),
        ("strategy=predominant",),
        BY_GARAGE,
    ],
)
def test_what_hung_as_ordered_reaches_whom_the_plan_reaches(
    tmp_path: Path, settings: tuple[str, ...]
) -> None:
    made = plan(*settings)
    rows = make_orders(made).lines
    found = check(
        tmp_path,
        [f"{row.order},{row.date_up},{row.date_down},{row.cards}" for row in rows.itertuples(index=False)],
        made,
        "order,date_up,date_down,cards",
    )
    pd.testing.assert_frame_equal(found.coverage, found.planned)
    pd.testing.assert_frame_equal(
        found.planned[found.planned["language"] != ""].reset_index(drop=True),
        made.coverage,
        check_dtype=False,
    )
    own = made.strategies[made.strategies["chosen"] & (made.strategies["language"] == "")].iloc[0]
    everyone = region(found.coverage).loc[""]
    assert everyone["reach"] == pytest.approx(own["reach"], abs=1e-9)
    assert everyone["reach_moe"] == pytest.approx(own["reach_moe"], abs=1e-9)
    assert everyone["served_posted"] == pytest.approx(own["served"], abs=1e-9)
    assert (found.table["finding"] == "As ordered.").all()
    assert not found.table[["missing", "late", "short", "extra", "wrong_language"]].to_numpy().any()
    assert len(found.notices) == 0


def test_half_of_the_time_makes_half_of_the_rides(tmp_path: Path) -> None:
    made = plan()
    found = region(check(tmp_path, as_ordered(made, down="12/22/2025"), header=ORDERED).coverage)
    audience = audience_of(made.scores)
    rides = audience.rides @ made.posting.cards
    by_hand = (audience.people * (1 - np.exp(-rides / 2))).sum(axis=0)
    assert found.loc[[each.tag for each in made.scores.languages], "reach"].to_numpy() == pytest.approx(
        by_hand
    )
    assert found.loc["", "reach"] == pytest.approx(by_hand.sum())
    # near is near, however long: only the curve knows of days
    assert found.loc["es", "served_posted"] == region(made.coverage).loc["es", "served_posted"]


def test_a_bus_that_is_missing_is_the_plan_without_it(tmp_path: Path) -> None:
    made = plan()
    rows = as_ordered(made)
    lines = make_orders(made).lines
    found = check(tmp_path, rows[1:], header=ORDERED)
    first = lines.iloc[0]
    tags = [each.tag for each in made.scores.languages]
    without = planned_cards(published(made)["placements"], made.scores.postable.table, tags)
    unit = made.scores.postable.table.index.get_loc(first["unit_id"])
    without[unit, tags.index(first["language"])] -= 1
    expected = audience_of(made.scores).reach(without)
    assert region(found.coverage).loc[tags, "reach"].to_numpy() == pytest.approx(expected)
    assert found.table["missing"].sum() == 1
    held = line(found, first["unit_name"], first["language"])
    assert held["missing"] == 1
    assert held["finding"] == (
        "Not reported."
        if first["cards"] == 1
        else f"{first['cards'] - 1} of {first['cards']} hung, 1 not reported."
    )


def test_every_kind_of_difference_is_counted_as_by_hand(tmp_path: Path) -> None:
    """Ten cards ordered: Vietnamese on 2, Spanish on 9, 15, 28 and twice on 38, and so on."""
    found = check(
        tmp_path,
        [
            "2101,2,vi,2025-12-08,2026-01-05",  # as ordered
            "2102,9 Sandhill Rd,Spanish,12/15/25,1/5/2026",  # a week late
            "2103,R15,Español,2025-12-08,2025-12-22",  # two weeks short, and …
            "2104,R15,español,2025-12-22,2026-01-05",  # … another bus takes its place
            "2105,28,es,2025-12-10,2025-12-29",  # late and short: 19 days
            "2106,28,ko,2025-12-08,2026-01-05",  # Korean on a route for Spanish and Arabic
            "2107,38,es,2025-12-08,2026-01-05",
            "2108,38,es,2025-12-08,2026-01-05",
            "2109,38,es,2025-12-08,2026-01-05",  # one too many
            "2110,33,es,2025-12-08,",  # route 33 is not in the plan; still hanging
            "2111,35,ru,2025-12-08,2025-12-08",  # no day at all
        ],
    )
    expected = {
        ("2 Iris Ave", "vi"): (1, 1, 28, 28, 0, 0, 0, 0, 0, "As ordered."),
        ("9 Sandhill Rd", "es"): (1, 1, 28, 21, 0, 1, 0, 0, 0, "1 up after 2025-12-08."),
        ("15 Alder Ave West", "es"): (1, 1, 28, 28, 0, 0, 0, 0, 0, "As ordered."),
        ("21 Slate Ave", "zh"): (1, 0, 28, 0, 1, 0, 0, 0, 0, "Not reported."),
        ("28 West 16th St", "es"): (
            1, 1, 28, 19, 0, 1, 1, 0, 0, "1 up after 2025-12-08. 1 down before 2026-01-05.",
        ),
        ("28 West 16th St", "ko"): (
            0, 1, 0, 28, 0, 0, 0, 0, 1, "Not ordered here: the plan has Spanish and Arabic.",
        ),
        ("28 West 16th St", "ar"): (1, 0, 28, 0, 1, 0, 0, 0, 0, "Not reported."),
        ("31 West 16th St North", "ko"): (1, 0, 28, 0, 1, 0, 0, 0, 0, "Not reported."),
        ("33 West 5th St", "es"): (
            0, 1, 0, 28, 0, 0, 0, 1, 0, "Not ordered here, nor any other language.",
        ),
        ("35 34th St", "ru"): (1, 0, 28, 0, 1, 0, 0, 0, 0, "Not hung."),  # a row says so
        ("38 Quince Ave", "es"): (2, 3, 56, 84, 0, 0, 0, 1, 0, "1 more than ordered."),
    }  # fmt: skip
    columns = [
        "cards_ordered", "cards_up", "card_days_planned", "card_days_up", "missing", "late", "short", "extra",
        "wrong_language", "finding",
    ]  # fmt: skip
    told = {
        (row["unit_name"], row["language"]): tuple(row[column] for column in columns)
        for row in found.table.to_dict("records")
    }
    assert told == expected
    assert list(told) == list(expected), "by route as people sort them, then by the campaign's languages"
    assert line(found, "28 West 16th St", "es")["first_up"] == date(2025, 12, 10)
    assert line(found, "28 West 16th St", "es")["last_down"] == date(2025, 12, 29)
    assert set(codes(found)) == {"posting_still_up", "posting_no_days"}
    assert codes(found)["posting_still_up"].startswith("postings.csv: Row 11: without date_down; the cards")
    assert "until 2026-01-05" in codes(found)["posting_still_up"]


def test_whom_it_reached_counts_each_route_with_its_own_days(tmp_path: Path) -> None:
    made = plan()
    found = check(
        tmp_path,
        ["1,9,es,2025-12-15,2026-01-05", "2,33,es,2025-12-08,2026-01-05", "3,28,ko,2025-12-08,2026-02-02"],
    )
    units = list(made.scores.postable.table.index)
    cards = np.zeros((len(units), 6))
    cards[units.index("9"), 0], cards[units.index("33"), 0], cards[units.index("28"), 4] = 21 / 28, 1, 2
    expected = audience_of(made.scores).reach(cards)
    tags = [each.tag for each in made.scores.languages]
    assert region(found.coverage).loc[tags, "reach"].to_numpy() == pytest.approx(expected)
    figures = made.scores.postable.figures.set_index(["unit_id", "language"])["served"]
    assert region(found.coverage).loc["ko", "served_posted"] == pytest.approx(figures["28", "ko"])
    counties = found.coverage[found.coverage["area_kind"] == "county"].groupby("language")["reach"].sum()
    assert counties["es"] == pytest.approx(expected[0])


def test_without_a_posting_date_nothing_is_late_or_short(tmp_path: Path) -> None:
    made = make_plan(read_campaign(SAMPLE, ["redraws=0", "buses=10"]))
    found = check(tmp_path, ["1,9,es,2025-12-15,2025-12-20", "2,9,es,2025-12-30,"], made)
    held = line(found, "9 Sandhill Rd", "es")
    assert held["late"] is pd.NA
    assert held["short"] is pd.NA
    assert held["card_days_up"] == 5 + 28, "a card that still hangs counts for the plan's four weeks"
    assert held["last_down"] == date(2026, 1, 27)
    assert held["finding"] == "As ordered, for 33 instead of 28 card-days."


def test_a_bus_without_route_serves_all_of_them_by_their_hours(tmp_path: Path) -> None:
    made = plan()
    hours = made.vehicles.set_index("route_id")["vehicle_hours_week"]
    shares = pd.Series(share_of_hours(made.scores), index=made.scores.postable.table.index)
    assert (shares - (hours / hours.sum())[shares.index]).abs().max() < 1e-12
    found = check(tmp_path, ["77,,es,2025-12-08,2026-01-05"])
    held = found.table[found.table["unit_name"] == ""].iloc[0]
    assert (held["cards_up"], held["extra"], held["wrong_language"]) == (1, 0, 0)
    cards = np.zeros((len(shares), 6))
    cards[:, 0] = shares
    tags = [each.tag for each in made.scores.languages]
    assert region(found.coverage).loc[tags, "reach"].to_numpy() == pytest.approx(
        audience_of(made.scores).reach(cards)
    )
    assert region(found.coverage).loc["es", "served_posted"] == 0
    assert "in proportion to their vehicle-hours" in codes(found)["posting_route_not_told"]


def test_a_bus_without_route_is_of_some_garage() -> None:
    """Each route of the sample has one garage, so that a garage has the hours of its routes."""
    made = plan(*BY_GARAGE)
    shares = pd.Series(share_of_hours(made.scores), index=made.scores.postable.table.index)
    with (SAMPLE.parent / "gtfs" / "sample_garages.csv").open(encoding="utf-8", newline="") as stream:
        garages = {row["route"]: f"garage:{row['garage']}" for row in csv.DictReader(stream)}
    hours = made.vehicles.set_index("route_id")["vehicle_hours_week"].groupby(garages).sum()
    assert shares.sum() == pytest.approx(1)
    assert (shares - (hours / hours.sum())[shares.index]).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("rows", "unit"),
    [
        (["88,9,es,2025-12-08,2025-12-15", "88,,es,2025-12-15,2026-01-05"], "9 Sandhill Rd"),
        (["88,,ru,2025-12-08,2026-01-05"], "35 34th St"),  # the plan has Russian there alone
    ],
)
def test_other_rows_or_the_plan_tell_a_bus_its_route(tmp_path: Path, rows: list[str], unit: str) -> None:
    found = check(tmp_path, rows)
    held = found.table[found.table["cards_up"] > 0]
    assert list(held["unit_name"]) == [unit]
    assert held["card_days_up"].sum() == 28
    assert set(codes(found)) == {"posting_route_told"}


def test_a_bus_on_two_routes_tells_nothing_of_a_third_row(tmp_path: Path) -> None:
    rows = ["88,9,es,2025-12-08,2025-12-10", "88,38,es,2025-12-10,2025-12-12", "88,,es,2025-12-12,2025-12-14"]
    assert "posting_route_not_told" in codes(check(tmp_path, rows))


def test_days_that_two_rows_tell_count_once(tmp_path: Path) -> None:
    found = check(
        tmp_path,
        ["5,9,es,2025-12-10,2025-12-20", "5,9,es,2025-12-08,2025-12-25", "5,9,es,2025-12-08,2025-12-25"],
    )
    assert line(found, "9 Sandhill Rd", "es")["card_days_up"] == 17
    assert line(found, "9 Sandhill Rd", "es")["cards_up"] == 1
    assert codes(found)["posting_repeated"].startswith("postings.csv: 2 rows (first: row 3)")


def test_more_cards_than_a_bus_holds_are_left_out(tmp_path: Path) -> None:
    rows = ["5,9,es,2025-12-08,2025-12-20", "5,9,ko,2025-12-20,2026-01-05", "5,9,vi,2025-12-19,2025-12-21"]
    found = check(tmp_path, rows)
    message = codes(found)["posting_too_many_cards"]
    assert message == (
        "Row 4 was left out. postings.csv, row 4: bus 5 carries Vietnamese while it carries Spanish by row "
        "2, and a bus holds 1 card at a time; correct the number of the bus or the dates."
    )
    assert set(found.table[found.table["cards_up"] > 0]["language"]) == {"es", "ko"}
    assert "posting_too_many_cards" in codes(
        check(tmp_path, [*rows, "5,9,ar,2025-12-19,2025-12-21"], plan("slots=2"))
    )
    assert "posting_too_many_cards" not in codes(check(tmp_path, [rows[0], rows[2]], plan("slots=2")))


def test_no_more_cards_count_at_once_than_vehicles_run(tmp_path: Path) -> None:
    """Route 55 has 2 vehicles: of 3 cards at once 2 count; one after another all do."""
    header = "route,language,date_up,date_down,cards"
    many = check(tmp_path, ["55,es,2025-12-08,2026-01-05,3"], header=header)
    two = check(tmp_path, ["55,es,2025-12-08,2026-01-05,2"], header=header)
    assert region(many.coverage).loc["es", "reach"] == region(two.coverage).loc["es", "reach"]
    assert "55 West 22nd St (3 of es, 2 at once)" in codes(many)["posting_more_than_vehicles"]
    assert not codes(two)
    assert line(many, "55 West 22nd St", "es")["cards_up"] == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,999,es,2025-12-08,", "row 3, column route: no route '999' among those of the plan"),
        (
            "1,9,klingon,2025-12-08,",
            "row 3, column language: 'klingon' is no language that posters are printed in",
        ),
        ("1,9,Spanisch,2025-12-08,", "did you mean 'Spanish'?"),
        ("1,9,,2025-12-08,", "row 3, column language: is blank"),
        (
            "1,9,es,2025-12-08,2025-12-07",
            "row 3, column date_down: 2025-12-07 lies before date_up, 2025-12-08",
        ),
        ("1,9,es,13/31/2025,", "row 3, column date_up: '13/31/2025' is no day"),
        ("1,9,es,2025-02-30,", "row 3, column date_up: '2025-02-30' is no day"),
        ("1,9,es,45999,", "row 3, column date_up: '45999' is no day"),
        ("1,9,es,2025-12-08,soon", "row 3, column date_down: 'soon' is no day"),
        ("1,9,es,1925-12-08,", "row 3, column date_up: '1925-12-08' is no day"),
        ("1,9,es,,2025-12-08", "row 3, column date_up: is blank"),
        (",,es,2025-12-08,", "row 3: names neither a bus nor a route"),
        ("1,9,es,2025-12-08,,2", "row 3, column cards: bus 1 carries 2 cards of one language"),
        (",9,es,2025-12-08,,some", "row 3, column cards: 'some' is no number of cards"),
        (",9,es,2025-12-08,,-1", "row 3, column cards: '-1' is no number of cards"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_the_others_count(tmp_path: Path, row: str, said: str) -> None:
    header = f"{HEADER},cards"
    found = check(tmp_path, ["7,38,es,2025-12-08,2026-01-05", row], header=header)
    (notice,) = found.notices
    assert (notice.severity, notice.count, notice.ids) == ("warning", 1, ("3",))
    assert notice.message.startswith("Row 3 was left out. postings.csv, ")
    assert said in notice.message
    assert found.table["cards_up"].sum() == 1
    with pytest.raises(PostingsError, match="No other row of the file can be used"):
        check(tmp_path, ["", row], header=header)


def test_many_wrong_rows_are_counted_in_one_sentence(tmp_path: Path) -> None:
    found = check(tmp_path, ["7,38,es,2025-12-08,"] + ["1,999,es,2025-12-08,"] * 11)
    assert codes(found)["posting_place_unknown"].startswith(
        "11 rows (3, 4, 5, 6, 7, 8, 9, 10 and 3 more) were left out. The first: postings.csv, row 3, column"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "postings.csv: has no column date_up (it has nothing)"),
        ("bus,language\n1,es\n", "has no column date_up (it has bus, language)"),
        ("language,date_up,date_down\nes,2025-12-08,\n", "has neither a column bus nor a column route"),
        ("bus,date_up,date_down\n1,2025-12-08,\n", "has no column language"),
        (f"{HEADER}\n", "holds no rows, only a header"),
        (f"{HEADER},bus\n1,9,es,2025-12-08,,2\n", "has two columns bus"),
        (
            f'{HEADER}\n"1,9,es,2025-12-08,\n' + "2,9,es,2025-12-08,\n" * 30,
            "a quotation mark that is not closed",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "postings.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PostingsError) as fault:
        actual(plan().scores, published(plan())["placements"], file)
    assert said in str(fault.value)
    with pytest.raises(PostingsError, match="no such file"):
        actual(plan().scores, published(plan())["placements"], tmp_path / "other.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spreadsheets_save_as_they_like(tmp_path: Path, encoding: str, separator: str) -> None:
    file = tmp_path / "postings.csv"
    lines = [
        "Bus;Route;Language;Date Up;date-down;Note",
        "2101.0;38;Español;2025-12-08 00:00:00;01/05/2026;=1+1",
        ";;;;;",
    ]
    file.write_bytes("\r\n".join(lines).replace(";", separator).encode(encoding))
    found = actual(plan().scores, published(plan())["placements"], file)
    assert line(found, "38 Quince Ave", "es")["card_days_up"] == 28


def test_a_language_outside_the_campaign_is_told_and_reaches_nobody(tmp_path: Path) -> None:
    found = check(tmp_path, ["1,9,so,2025-12-08,2026-01-05"])
    assert line(found, "9 Sandhill Rd", "so")["wrong_language"] == 1
    assert "(so)" in codes(found)["posting_other_language"]
    assert region(found.coverage).loc["", "reach"] == 0


def test_a_route_called_as_the_code_of_another_is_itself(tmp_path: Path) -> None:
    made = plan()
    units = made.scores.postable.table.copy()
    units.at["33", "called"] = ("R9",)
    scores = replace(made.scores, postable=replace(made.scores.postable, table=units))
    file = tmp_path / "postings.csv"
    for column, name in {"route": "33 West 5th St", "order": "9 Sandhill Rd"}.items():
        file.write_text(
            f"bus,{column},language,date_up,date_down\n1,R9,es,2025-12-08,2026-01-05\n", encoding="utf-8"
        )
        found = actual(scores, published(made)["placements"], file)
        assert list(found.table[found.table["cards_up"] > 0]["unit_name"]) == [name]


def test_cards_in_venues_are_read_too(tmp_path: Path) -> None:
    made = plan("file=sample_venues.csv", "cards=6")
    lines = make_orders(made).lines
    venue = lines[lines["unit"] == "venue"].iloc[0]
    found = check(
        tmp_path,
        [f"{venue['unit_name']},{venue['own_name']},2025-12-08,2025-12-22"],
        made,
        "venue,language,date_up,date_down",
    )
    held = line(found, venue["unit_name"], venue["language"])
    assert (held["cards_up"], held["short"], held["card_days_up"]) == (1, 1, 14)


def test_days_far_apart_cost_no_more_than_a_notice(tmp_path: Path) -> None:
    found = check(tmp_path, ["1,9,es,2001-12-08,2098-01-05"])
    assert set(codes(found)) == {"posting_long", "posting_early"}
    assert line(found, "9 Sandhill Rd", "es")["card_days_up"] == (
        date(2098, 1, 5) - date(2001, 12, 8)
    ) / timedelta(1)


# --- the plan folder ------------------------------------------------------------------------------------


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign with its inputs, and a plan of it in the folder "plan"."""
    folder = tmp_path_factory.mktemp("after")
    assert run("sample", folder).exit_code == 0
    settings = [word for each in SETTINGS_OF_SAMPLE for word in ("--set", each)]
    result = run("plan", folder / "sample.toml", *settings, "--out", folder / "plan", "-q")
    assert result.exit_code == 0, result.output
    return folder


SETTINGS_OF_SAMPLE = (f"posting_date={POSTING_DATE}", "redraws=2")
SHEETS = Path(__file__).parent.parent / "docs" / "sample_postings.csv"


@pytest.fixture
def planned(campaign: Path, tmp_path: Path) -> Path:
    """A copy of the plan, its inputs where they were."""
    return Path(shutil.copytree(campaign / "plan", tmp_path / "plan"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def text_of(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1])))


@pytest.fixture(scope="module")
def reported(campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The plan's folder after the sample sheets, and what the command printed."""
    folder = Path(shutil.copytree(campaign / "plan", tmp_path_factory.mktemp("reported") / "plan"))
    result = run("report", folder, "--postings", SHEETS)
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_the_command_tells_what_hung(reported: tuple[Path, str]) -> None:
    folder, output = reported
    words = " ".join(output.split())
    assert "What hung, by sample_postings.csv" in words
    for code in ("Row 25 was left out", "Row 27 was left out", "Row 24: a bus whose route nothing tells"):
        assert code in words
    record = json.loads((folder / "actual.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(SHEETS.read_bytes()).hexdigest()
    assert (record["rows"], record["days"], record["posting_date"]) == (26, 28, POSTING_DATE)
    assert {notice["code"] for notice in record["notices"]} == {
        "posting_route_not_told", "posting_still_up", "posting_place_unknown", "posting_too_many_cards",
    }  # fmt: skip
    assert all(notice["code"] in MEANINGS for notice in record["notices"])


def test_tables_workbook_and_report_agree(reported: tuple[Path, str]) -> None:
    folder, _ = reported
    actual_csv, coverage = table(folder / "actual.csv"), table(folder / "coverage_actual.csv")
    book = openpyxl.load_workbook(folder / "coverage.xlsx")
    page = text_of((folder / "report.html").read_text(encoding="utf-8"))
    for sheet, rows, columns in (
        ("What hung", actual_csv, columns_of.HUNG),
        ("Coverage", coverage, columns_of.COVERAGE_ACTUAL),
    ):
        heads = {column.head: name for name, column in columns.items()}
        names = [heads[cell.value] for cell in book[sheet][4]]
        assert names == list(columns)
        cells = list(book[sheet].iter_rows(min_row=5, values_only=True))
        assert len(cells) == len(rows)
        compared = 0
        for line_, told in zip(cells, rows, strict=True):
            for name, value in zip(names, line_, strict=True):
                if name not in told or told[name] == "":
                    assert (
                        value in (None, "All campaign languages", "Route not written down")
                        or name not in told
                        or not told["language"]  # people in the region are added up on the sheet
                    )
                elif columns[name].kind in NUMBER_FORMATS and not told[name].startswith("under"):
                    assert value == float(told[name]), (sheet, name)
                    compared += 1
                else:
                    assert value == told[name].removeprefix("'")
        assert compared > 100
    planned = {(row["area"], row["language"]): row for row in table(folder / "coverage.csv")}
    for row in coverage:
        if row["language"]:
            same = planned[row["area"], row["language"]]
            assert all(
                row[name] == same[name]
                for name in ("lep", "served_posted", "reach", "reach_moe", "reach_share")
            )
        if row["area_kind"] == "region":
            for name in ("served_posted", "served_posted_actual", "reach", "reach_actual"):
                assert f"{int(row[name]):,} ± {int(row[f'{name}_moe']):,}" in page
    counted = ("cards_ordered", "left_out", "missing", "late", "card_days_up", "card_days_planned")
    totals = {name: sum(int(row[name]) for row in actual_csv) for name in counted}
    hung = totals["cards_ordered"] - totals["left_out"] - totals["missing"]
    assert f"Of {totals['cards_ordered']} cards that the plan ordered, {hung} hung" in page
    assert f"and {totals['missing']} were not reported, as the installers wrote down" in page
    weeks = totals["card_days_up"] / 7, totals["card_days_planned"] / 7
    assert f"hung for {weeks[0]:.1f} card-weeks; the plan has {weeks[1]:g}" in page
    assert f"Not reported: {totals['missing']} cards" in page
    assert f"Late: {totals['late']} cards" in page
    words = " ".join(
        cell.text
        for part in docx.Document(str(folder / "report.docx")).tables
        for each in part.rows
        for cell in each.cells
    )
    for row in actual_csv:
        assert row["finding"] in words
        assert row["finding"] in page


def test_without_postings_nothing_changes(planned: Path) -> None:
    assert run("report", planned).exit_code == 0
    before = {path.name: path.read_bytes() for path in planned.iterdir()}
    again = workbook_again(
        read_plan_folder(planned), report_content(read_plan_folder(planned)), plan().scores.languages, planned
    )
    assert again == before["coverage.xlsx"]
    assert run("report", planned, "--postings", SHEETS).exit_code == 0
    after = {path.name: path.read_bytes() for path in planned.iterdir()}
    changed = {name for name, content in after.items() if before.get(name) != content}
    assert changed == {
        "actual.csv", "actual.json", "coverage_actual.csv", "postings_left_out.csv", "coverage.xlsx",
        "report.html", "report.docx",
    }  # fmt: skip
    assert run("report", planned).exit_code == 0, "who has the folder alone can make the report of it again"
    assert {path.name: path.read_bytes() for path in planned.iterdir()} == after


def test_a_changed_or_missing_input_is_refused(campaign: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(campaign, tmp_path / "copy"))
    record = json.loads((folder / "plan" / "run.json").read_text(encoding="utf-8"))
    moved = json.dumps(record).replace(json.dumps(str(campaign))[1:-1], json.dumps(str(folder))[1:-1])
    (folder / "plan" / "run.json").write_text(moved, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in (folder / "plan").iterdir()}

    def refused(said: str) -> None:
        result = run("report", folder / "plan", "--postings", SHEETS)
        assert result.exit_code == 2
        assert said in result.output
        assert result.output.count("\n") == 1
        assert {path.name: path.read_bytes() for path in (folder / "plan").iterdir()} == before

    census = folder / "acs" / "sample_c16001.csv"
    text = census.read_text(encoding="utf-8")
    census.write_text(text.replace("\n", "\n\n", 1), encoding="utf-8")
    refused("sample_c16001.csv: is another file than the one that the plan in")
    census.unlink()
    refused("sample_c16001.csv: is not there, and whom the posters reached is counted from")
    census.write_text(text, encoding="utf-8")
    result = run("report", folder / "plan", "--postings", tmp_path / "nowhere.csv")
    assert (result.exit_code, "no such file" in result.output) == (2, True)
    (folder / "sample.toml").unlink()  # its settings stand in the record
    assert run("report", folder / "plan", "--postings", SHEETS).exit_code == 0


def test_a_plan_that_counts_otherwise_is_refused(planned: Path) -> None:
    text = (planned / "coverage.csv").read_text(encoding="utf-8")
    first = text.splitlines()[1].split(",")
    (planned / "coverage.csv").write_text(
        text.replace(f",{first[7]},", f",{int(first[7]) + 1},", 1), encoding="utf-8"
    )
    result = run("report", planned, "--postings", SHEETS)
    assert result.exit_code == 2
    assert "counts otherwise than the one that made the plan" in result.output
    assert not (planned / "actual.csv").exists()


def test_hostile_cells_run_nowhere(planned: Path, tmp_path: Path) -> None:
    sheets = tmp_path / "=cmd|'!A1'<script>.csv"
    rows = [
        f"{HEADER},cards",
        "=1+1,38,es,2025-12-08,2026-01-05,",
        '"=HYPERLINK(""http://x.example"")",<script>alert(1)</script>,es,2025-12-08,2026-01-05,',
        "5,38,\u202e<img src=x>,2025-12-08,2026-01-05,",
        '6,38,es,"=TODAY()\n<b>",2026-01-05,',
        ",38,es,2025-12-08,2026-01-05,@SUM(A1)",
    ]
    sheets.write_text("\n".join(rows), encoding="utf-8")
    result = run("report", planned, "--postings", sheets)
    assert result.exit_code == 0, result.output
    page = (planned / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    for name in ("actual.csv", "coverage_actual.csv", "postings_left_out.csv"):
        for row in table(planned / name):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())
    book = openpyxl.load_workbook(planned / "coverage.xlsx")
    assert not any(cell.data_type == "f" for each in book for row in each.iter_rows() for cell in row)


def test_columns_are_documented_in_their_order(reported: tuple[Path, str]) -> None:
    docs = (SHEETS.parent / "columns.md").read_text(encoding="utf-8")
    for name in ("actual.csv", "coverage_actual.csv", "postings_left_out.csv"):
        section = docs.split(f"## {name}")[1].split("\n## ")[0]
        cells = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
        documented = [column for cell in cells for column in re.findall(r"`(\w+)`", cell)]
        assert [*documented, "source"] == list(table(reported[0] / name)[0])
