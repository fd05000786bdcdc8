"""Work orders: what is printed, what is hung where, when, and what it costs; the files that say so."""

import csv
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path

import holidays
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.campaign import read_campaign
from targeting.campaign_sections import Orders as Settings
from targeting.campaign_sections import Posters
from targeting.errors import CampaignError
from targeting.languages import find_languages
from targeting.order_costs import cost_columns
from targeting.order_fittings import arrange
from targeting.orders import Dates, copies_to_print, dates_of, make_orders, order_codes, print_rows
from targeting.plan import Plan, make_plan
from targeting.wishes import hanging_copies, spare_cards
from targeting.working_days import federal_holidays, working_day_before
from targeting.write import write_plan
from targeting.write.orders import orders_csv, orders_workbook
from targeting.write.orders_page import money, orders_html
from targeting.write.tables import tables_csv

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
GARAGES = "placement.garages=gtfs/sample_garages.csv"
VENUES = ("venues.file=sample_venues.csv", "venues.cards=8")
OTHERS_HOLIDAYS = sorted(
    day for day in holidays.country_holidays("US", years=range(1978, 2101)) if day.weekday() < 5
)
PRICED = ("posting_date=2025-12-08", "pack_size=5", "card_price=4.35", "installation_price=12")


def sample(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["redraws=0", *settings]))


@pytest.fixture(scope="module")
def plain() -> Plan:
    return sample(*PRICED)


@pytest.fixture(scope="module")
def shared() -> Plan:
    """Two cards a bus, garages known, and venues."""
    return sample("slots=2", "buses=18", GARAGES, *VENUES, "posting_date=2025-12-08")


# --- dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        # Friday 5 … Monday 1 December are five, Friday 28 November the sixth; Thanksgiving is none
        ("2025-12-08", 10, "2025-11-21"),
        ("2025-12-08", 6, "2025-11-28"),
        ("2025-12-08", 7, "2025-11-26"),
        ("2025-12-08", 0, "2025-12-08"),
        ("2025-12-07", 1, "2025-12-05"),  # a Sunday
        ("2022-01-03", 1, "2021-12-30"),  # New Year's Day, a Saturday, is kept on Friday
        ("2022-06-21", 1, "2022-06-17"),  # Juneteenth, a Sunday, is kept on Monday
        ("2019-06-20", 1, "2019-06-19"),  # and was no holiday before 2021
    ],
)
def test_working_days(day: str, count: int, before: str) -> None:
    assert working_day_before(date.fromisoformat(day), count) == date.fromisoformat(before)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(1, 250))
def test_working_days_are_those_of_an_independent_calendar(day: date, count: int) -> None:
    expected = np.busday_offset(
        np.datetime64(day), -count, roll="forward", holidays=np.array(OTHERS_HOLIDAYS, "datetime64[D]")
    )
    assert working_day_before(day, count) == expected.astype(object)


def test_holidays_are_those_of_an_independent_calendar() -> None:
    assert sorted(federal_holidays(date(1978, 1, 1), date(2100, 12, 31))) == OTHERS_HOLIDAYS
    for day in (date(2021, 12, 31), date(2010, 12, 31)):  # New Year's Day of the year after
        assert federal_holidays(day, day) == {day}


def test_holidays_of_years_that_nobody_knows() -> None:
    assert federal_holidays(date(1900, 1, 1), date(1950, 1, 1)) == set()
    assert federal_holidays(date(9999, 12, 1), date(9999, 12, 31)) == set()


def test_dates_of_a_campaign() -> None:
    settings = Settings(posting_date=date(2025, 12, 8))
    assert dates_of(settings, 4.0) == Dates(date(2025, 11, 21), date(2025, 12, 8), date(2026, 1, 5))
    assert dates_of(settings, 0.5).down == date(2025, 12, 12)  # three days and a half end on the fourth
    assert dates_of(Settings(), 4.0) == Dates(None, None, None)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("posting_date='8 December'", "write the first day on which posters hang as year-month-day"),
        ("posting_date=1999-12-31", "must be a day from 2000 to 2099"),
        ("pack_size=0", "orders.pack_size = 0: must be at least 1"),
        ("card_price=-1", "orders.card_price = -1: must be at least 0"),
        ("card_price=inf", "must be a finite number"),
        ("currency=''", "must not be empty"),
    ],
)
def test_what_is_refused(setting: str, words: str) -> None:
    with pytest.raises(CampaignError) as fault:
        read_campaign(SAMPLE, [setting])
    assert words in str(fault.value)
    assert "\n" not in str(fault.value)


# --- copies -------------------------------------------------------------------------------------


def test_a_print_order_by_hand() -> None:
    """40 cards for 12 weeks: spares 15% twice, 12; with 52 needed and packs of 25, three packs."""
    languages = find_languages(["es", "vi", "ko"])
    posters = Posters(languages=["es", "vi", "ko"], weeks=12.0, copies={"vi": 20})
    rows = print_rows(
        languages, np.array([40, 14, 0]), np.array([0, 2, 0]), posters, Settings(pack_size=25), Dates()
    )
    assert rows["order"].tolist() == ["PRINT-es", "PRINT-vi", "PRINT-ko"]
    assert rows["own_name"].tolist() == ["Español", "Tiếng Việt", "한국어"]
    assert rows["spares"].tolist() == [12, 4, 0]  # 30% of 12 new Vietnamese cards is 3.6
    assert rows["copies"].tolist() == [75, 20, 0]
    assert rows["note"].tolist() == ["", "posters.copies = 20 is not a whole number of packs of 25", ""]
    assert set(rows["artwork_size"]) == {"11 × 28 in"}


@pytest.mark.parametrize(
    ("needed", "pack", "most", "copies"),
    [(46, 1, None, 46), (46, 10, None, 50), (50, 10, None, 50), (46, 10, 50, 50), (46, 10, 48, 48),
     (46, 10, 46, 46), (46, 1, 40, 40), (0, 10, None, 0)],
)  # fmt: skip
def test_packs_and_copies(needed: int, pack: int, most: int | None, copies: int) -> None:
    found, note = copies_to_print(needed, pack, most)
    assert found == copies
    assert bool(note) == (copies % pack != 0 or copies < needed)


@given(st.integers(0, 500), st.floats(0, 1), st.floats(0.1, 60))
def test_spares_are_those_that_the_placement_leaves(copies: int, spares: float, weeks: float) -> None:
    hang = hanging_copies(copies, spares, weeks)
    assert hang + spare_cards(hang, spares, weeks) <= copies


def test_copies_are_never_more_than_the_campaign_prints() -> None:
    plan = sample("copies={es = 10, vi = 2, zh = 7, ru = 5, ko = 5, ar = 5}", "pack_size=4", "buses=20")
    prints = make_orders(plan).prints.set_index("language")
    most = {"es": 10, "vi": 2, "zh": 7, "ru": 5, "ko": 5, "ar": 5}
    assert all(prints.at[tag, "copies"] <= limit for tag, limit in most.items())
    assert (prints["copies"] >= prints["cards"] + prints["spares"]).all()
    assert prints.at["es", "cards"] == 8  # and 1.2 spares, rounded up, are 10
    assert prints.at["es", "copies"] == 10


# --- costs --------------------------------------------------------------------------------------


def costs(settings: Settings, cards: list[int], copies: list[int], reach: list[float]) -> pd.DataFrame:
    table = pd.DataFrame({"cards": cards, "hanging_already": 0, "copies": copies, "reach": reach})
    table = table.assign(reach_moe=table["reach"] / 10)
    total = table.sum().to_frame().T.astype({"cards": int, "hanging_already": int, "copies": int})
    return cost_columns(pd.concat([table, total], ignore_index=True), settings, 10.0)


def test_costs_by_hand() -> None:
    """Three copies at 0.10 are 0.30, which binary fractions miss; half cents go up."""
    found = costs(Settings(card_price=0.1, installation_price=1.15), [2, 1], [3, 2], [400.4, 9.0])
    assert found["print_cost"].tolist() == [Decimal("0.30"), Decimal("0.20"), Decimal("0.50")]
    assert found["installation_cost"].tolist() == [Decimal("2.30"), Decimal("1.15"), Decimal("3.45")]
    assert found["cost"].tolist() == [Decimal("2.60"), Decimal("1.35"), Decimal("3.95")]
    assert found["cost_per_card"].tolist() == [Decimal("1.30"), Decimal("1.35"), Decimal("1.32")]
    # 2.60 / 400 = 0.0065; by 40 of 400, a tenth. 9 people are too few to be told
    assert found["cost_per_person_reached"].tolist() == [Decimal("0.007"), None, Decimal("0.010")]
    assert found["cost_per_person_reached_moe"].tolist() == [Decimal("0.001"), None, Decimal("0.001")]
    half = costs(Settings(card_price=0.125), [1, 1], [1, 1], [100.0, 100.0])
    assert half["cost"].tolist() == [Decimal("0.13"), Decimal("0.13"), Decimal("0.26")]
    assert half["installation_cost"].isna().all()
    large = costs(Settings(card_price=1234.56), [1, 1], [99_999, 1], [100.0, 100.0])
    assert large["cost"].iloc[2] == Decimal("123456000.00")


def test_no_price_no_cost() -> None:
    found = costs(Settings(), [2, 1], [3, 2], [400.0, 100.0])
    assert found[["print_cost", "cost", "cost_per_card", "cost_per_person_reached"]].isna().all(axis=None)


def test_costs_of_a_plan(plain: Plan) -> None:
    prints = make_orders(plain).prints
    each, total = prints.iloc[:-1], prints.iloc[-1]
    assert [row.print_cost for row in each.itertuples()] == [
        Decimal("4.35") * row.copies for row in each.itertuples()
    ]
    assert total["cost"] == each["print_cost"].sum() + 12 * each["cards"].sum()
    region = plain.coverage[plain.coverage["area"] == "Region"].set_index("language")["reach"]
    assert each["reach"].tolist() == region[each["language"]].tolist()
    chosen = plain.strategies[plain.strategies["chosen"] & (plain.strategies["language"] == "")]
    assert total["reach"] == chosen["reach"].item()
    assert float(total["cost_per_person_reached"]) == pytest.approx(
        float(total["cost"]) / total["reach"], abs=0.0006
    )


@pytest.mark.parametrize(
    ("sign", "text"), [("$", "$1,234.50"), ("EUR", "EUR 1,234.50"), ("US$", "US$1,234.50")]
)
def test_money(sign: str, text: str) -> None:
    assert money(Decimal("1234.5"), sign) == text


# --- buses to fit -------------------------------------------------------------------------------


def test_which_languages_share_a_bus() -> None:
    # three buses, four cards: the fourth shares the first bus
    assert arrange(np.array([2, 2]), np.array([0, 0]), 3, ["a", "b"]) == [
        ((0, 1), ()), ((0,), ()), ((1,), ()),
    ]  # fmt: skip
    # those that hang already are the first of their language
    assert arrange(np.array([2, 2]), np.array([1, 0]), 2, ["a", "b"]) == [((1,), (0,)), ((0, 1), ())]
    # the first and third language are one group, whose cards hang in different buses
    assert arrange(np.array([1, 1, 1]), np.zeros(3, int), 2, ["a", "b", "a"]) == [
        ((0, 1), ()), ((2,), ()),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 5), min_size=2, max_size=5), st.integers(1, 4), st.data())
def test_no_bus_gets_a_language_twice_nor_too_many(cards: list[int], slots: int, data: st.DataObject) -> None:
    groups = [data.draw(st.sampled_from("abc")) for _ in cards]
    already = np.array([data.draw(st.integers(0, count)) for count in cards])
    by_group = Counter[str]()
    for group, count in zip(groups, cards, strict=True):
        by_group[group] += count
    buses = max(1, *by_group.values(), -(-sum(cards) // slots))
    found = arrange(np.array(cards), already, buses, groups)
    assert len(found) == buses
    for new, before in found:
        carried = [*new, *before]
        assert len(carried) <= slots
        assert len({groups[each] for each in carried}) == len(carried)
    assert Counter(each for new, _ in found for each in new) == Counter(
        {at: count - already[at] for at, count in enumerate(cards) if count > already[at]}
    )


def test_lines_agree_with_the_placements(plain: Plan, shared: Plan) -> None:
    for plan in (plain, shared):
        orders = make_orders(plan)
        key = ["unit_id", "language"]
        mine = orders.lines.set_index(key)[["buses", "cards", "unit_name"]].sort_index()
        placed = plan.placements.set_index(key)[["buses", "cards", "unit_name"]].sort_index()
        pd.testing.assert_frame_equal(mine, placed, check_dtype=False)
        assert (orders.lines["cards_each"] == 1).all()
        assert orders.lines["order"].is_unique
        assert orders.prints["cards"].iloc[-1] == plan.placements["cards"].sum()
        buses = sum(
            each.count for each in orders.fittings if not plan.scores.postable.table.at[each.unit_id, "venue"]
        )
        assert buses == plan.posting.posted_buses


def test_buses_that_two_languages_share(shared: Plan) -> None:
    lines = make_orders(shared).lines
    in_buses = lines[lines["unit"] != "venue"]
    assert (in_buses["shared_buses"] > 0).any()
    for _, unit in in_buses.groupby("unit_id"):
        if len(unit) == 1:
            assert unit["shared_buses"].item() == 0
            assert unit["shared_with"].item() == ""
        elif len(unit) == 2:  # each of two languages shares the same buses with the other
            assert len(set(unit["shared_buses"])) == 1
            assert unit["shared_with"].tolist() == unit["language"].tolist()[::-1]


def test_garages_of_routes(shared: Plan) -> None:
    lines = make_orders(shared).lines
    with (SAMPLE.parent / "gtfs/sample_garages.csv").open(encoding="utf-8") as file:
        named = {row["route"]: row["garage"] for row in csv.DictReader(file)}
    routes = lines[lines["unit"] == "route"]
    assert routes["garage"].tolist() == [named[route] for route in routes["unit_id"]]
    assert routes["garage"].is_monotonic_increasing
    venues = lines[lines["unit"] == "venue"]
    assert len(venues) == 8
    assert (venues["garage"] == "").all()
    assert (venues["buses"] == 0).all()
    assert venues.index.tolist() == lines.index.tolist()[-8:]


def test_families_and_garages_as_units() -> None:
    by_family = make_orders(sample('placement.unit="family"', GARAGES)).lines
    assert by_family["order"].str.match(r"F\d+-").all()
    assert by_family["garage"].str.contains("Harbor|Northside").all()
    by_garage = make_orders(sample('placement.unit="garage"', GARAGES)).lines
    assert set(by_garage["garage"]) <= {"Harbor", "Northside"}
    assert by_garage["order"].str.match(r"G(Harbor|Northside)-").all()
    assert by_garage["buses"].sum() == 24


def test_an_earlier_wave_is_neither_printed_nor_hung_again(tmp_path: Path) -> None:
    first = sample("buses=10", "slots=2", *VENUES)
    write_plan(first, tmp_path / "first")
    second = sample("buses=16", "slots=2", *VENUES, f"keep='{tmp_path / 'first'}'", "card_price=2")
    orders = make_orders(second)
    before = first.placements.set_index(["unit_id", "language"])["cards"]
    lines = orders.lines.set_index(["unit_id", "language"])
    assert lines["hanging_already"][lines["hanging_already"] > 0].sort_index().to_dict() == before.to_dict()
    prints = orders.prints.set_index("language")
    assert prints.at["", "hanging_already"] == before.sum()
    new = prints["cards"] - prints["hanging_already"]
    assert (prints["copies"] == new + prints["spares"]).all()
    assert prints.loc[prints["hanging_already"] > 0, "cost_per_person_reached"].isna().all()
    page = Page(orders_html(second, orders))
    assert page.ticks == new[""] + (new.drop("") > 0).sum()
    assert "of an earlier wave stay up and are not printed again" in page.text


def test_order_codes() -> None:
    routes = pd.DataFrame(
        {
            "route_short_name": ["1", "1", "", "=1+1", "線", "Very long number indeed", "A&B"],
            "route_name": ["1 Main", "1 Elm", "Blue Line", "=1+1 x", "線 x", "v", "a"],
        },
        index=["a:1", "b:1", "blue", "x", "100", "long", "ab"],
    )
    table = pd.DataFrame(
        {"unit": "route", "routes": [(route,) for route in routes.index]}, index=routes.index
    )
    assert order_codes(table, routes).tolist() == [
        "R1", "R1_2", "RBlue-Line", "R1-1", "R100", "RVery-long-nu", "RA-B",
    ]  # fmt: skip
    other = pd.DataFrame(
        {"unit": ["family", "garage", "venue"], "routes": [("b:1", "blue"), (), ()]},
        index=["family:b:1+blue", "garage:Été 2", "venue:3"],
    )
    assert order_codes(other, routes).tolist() == ["F1", "GEte-2", "V3"]


# --- files --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds: tags, tick boxes, names in their own language, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ticks = 0
        self.names: list[tuple[str, str]] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given_ = dict(attrs)
        self.attributes += attrs
        self.ticks += given_.get("class") == "box"
        if given_.get("class") == "own":
            self.names.append((given_["lang"] or "", given_["dir"] or ""))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_sheets_to_hang_up(shared: Plan) -> None:
    orders = make_orders(shared)
    html = orders_html(shared, orders)
    page = Page(html)
    printed = orders.prints.iloc[:-1]
    # a box for every card, and one for every language to print
    assert page.ticks == orders.lines["cards"].sum() + (printed["copies"] > 0).sum()
    assert ("ar", "rtl") in page.names
    assert ("es", "ltr") in page.names
    assert {tag for tag, way in page.names if way == "rtl"} == {"ar"}
    for words in (
        "Friday, November 21, 2025",
        "Monday, December 8, 2025",
        "Monday, January 5, 2026",
        "Fitting list: Harbor garage",
        "Fitting list: Northside garage",
        "Fitting list: Venues",
        "Invented city: sample data",
    ):
        assert words in page.text
    for row in orders.lines.itertuples():
        assert row.order in page.text
        assert row.unit_name in page.text
        assert row.own_name in page.text
    # a row for each bus and each venue
    assert page.text.count("Date up") == page.text.count("Date down")
    rows = re.findall(r'<th scope="row" class="number">', html)
    assert len(rows) == sum(each.count for each in orders.fittings)
    # offline, without scripts
    assert not page.tags["script"] + page.tags["link"] + page.tags["img"] + page.tags["form"]
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
    assert "default-src 'none'" in html
    assert "url(" not in html


def test_without_a_posting_date_it_is_said_how_to_get_one() -> None:
    plan = sample("buses=8")
    orders = make_orders(plan)
    page = Page(orders_html(plan, orders))
    assert "to be agreed with whoever planned the campaign" in page.text
    assert "Price" not in page.text
    assert "Fitting list: Buses" in page.text
    tables = orders_csv(plan, orders)
    for name, column in (("orders.csv", "date_up"), ("orders_print.csv", "delivery_date")):
        assert {row[column] for row in csv.DictReader(StringIO(tables[name]))} == {""}
    book = openpyxl.load_workbook(BytesIO(orders_workbook(plan, orders)))
    assert book.sheetnames == ["Print order", "Fitting list", "Packing list", "Read me"]
    assert "it is to be agreed with whoever planned" in book["Print order"]["A2"].value


LINK = '=HYPERLINK("http://x.example","20")'


def hostile(plan: Plan) -> Plan:
    """The plan with names of a feed that attack whoever opens its files."""
    table = plan.scores.postable.table.copy()
    bad = [
        '=HYPERLINK("http://x.example","20")',
        "<script>alert(1)</script> & '\"",
        "@SUM(A1)",
        "+1",
        "-2\x0b",
    ]
    posted = list(dict.fromkeys(plan.placements["unit_id"]))
    for unit, name in zip(posted, bad, strict=False):
        table.loc[unit, "unit_name"] = name
    campaign = plan.scores.campaign.model_copy(update={"name": "=1+1 <b>bold</b>"})
    scores = replace(plan.scores, postable=replace(plan.scores.postable, table=table), campaign=campaign)
    return replace(plan, scores=scores)


def test_hostile_names(plain: Plan) -> None:
    plan = hostile(plain)
    orders = make_orders(plan)
    page = Page(orders_html(plan, orders))
    assert not page.tags["script"]
    assert "<script>alert(1)</script>" in page.text  # as words
    assert "=1+1 <b>bold</b>" in page.text
    for text in orders_csv(plan, orders).values():
        for row in csv.reader(StringIO(text)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    content = orders_workbook(plan, orders)
    book = openpyxl.load_workbook(BytesIO(content))
    assert LINK in [cell.value for cell in book["Fitting list"]["B"]]  # a text, as the next lines show
    with zipfile.ZipFile(BytesIO(content)) as parts:
        pages = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert len(pages) >= 4
    assert not [each for each in pages if "<f>" in each or "<hyperlink" in each]


def test_the_workbook(plain: Plan) -> None:
    orders = make_orders(plain)
    book = openpyxl.load_workbook(BytesIO(orders_workbook(plain, orders)))
    assert book.sheetnames == ["Print order", "Fitting list", "Packing list", "Costs", "Read me"]
    rows = list(book["Print order"].iter_rows(min_row=4, values_only=True))
    head, first, last = rows[0], rows[1], rows[-1]
    es, total = orders.prints.iloc[0], orders.prints.iloc[-1]
    assert dict(zip(head, first, strict=True)) == {
        "Order": "PRINT-es",
        "Language, as on the card": "Español",
        "In English": "Spanish",
        "Artwork size": "11 × 28 in",
        "Cards to hang": es["cards"],
        "Spares": es["spares"],
        "Copies to print": es["copies"],
        "Cards in a pack": 5,
        "Deliver by": datetime(2025, 11, 21),
        "Price": float(es["print_cost"]),
    }
    assert last[head.index("Copies to print")] == total["copies"]
    assert last[head.index("In English")] == "All languages"
    fitting = list(book["Fitting list"].iter_rows(min_row=5, values_only=True))
    assert len(fitting) == len(orders.lines)
    costs_sheet = list(book["Costs"].iter_rows(min_row=4))
    heads = [cell.value for cell in costs_sheet[0]]
    cell = costs_sheet[-1][heads.index("Cost")]
    assert cell.value == float(total["cost"])
    assert cell.number_format == '"$"#,##0.00'


def test_the_same_bytes_and_the_same_figures(plain: Plan, tmp_path: Path) -> None:
    paths = write_plan(plain, tmp_path / "one")
    write_plan(plain, tmp_path / "two")
    for name in ("orders.csv", "orders_print.csv", "orders.html", "orders.xlsx"):
        assert tmp_path / "one" / name in paths
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    lines = pd.read_csv(tmp_path / "one" / "orders.csv")
    placed = pd.read_csv(StringIO(tables_csv(plain)["placements.csv"]))
    prints = pd.read_csv(tmp_path / "one" / "orders_print.csv", keep_default_na=False)
    assert lines["cards"].sum() == placed["cards"].sum() == int(prints["cards"].iloc[-1])
    by_language = placed.groupby("language")["cards"].sum()
    assert prints.iloc[:-1].set_index("language")["cards"].astype(int).to_dict() == by_language.to_dict()


def test_nothing_of_orders_is_for_the_public(plain: Plan, tmp_path: Path) -> None:
    write_plan(plain, tmp_path / "public", audience="public")
    assert sorted(path.name for path in (tmp_path / "public").iterdir()) == [
        "map.html", "placements.csv", "run.json",
    ]  # fmt: skip
    record = json.loads((tmp_path / "public" / "run.json").read_text(encoding="utf-8"))
    assert "orders" not in record["campaign"]["settings"]
