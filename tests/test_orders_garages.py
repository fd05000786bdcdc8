"""Buses of an order shared out among garages: by hand, by brute force, and in every file that says so."""

import csv
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.campaign import read_campaign
from targeting.left_out import LeftOut
from targeting.notices import Notices
from targeting.order_blocks import Blocks, blocks_of
from targeting.order_fittings import (
    Fitting,
    by_garage,
    hangs_in,
    largest_remainder,
    share_out,
    vehicles_by_garage,
)
from targeting.order_packing import packing_list
from targeting.orders import Orders, garage_codes, make_orders, order_codes
from targeting.plan import Plan, make_plan
from targeting.postings_file import read_postings
from targeting.service import design_weekday
from targeting.units import make_units
from targeting.write.orders import orders_csv, orders_workbook
from targeting.write.orders_page import orders_html
from targeting.write.orders_sheets import fittings_by_sheet

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
GARAGES = ("Harbor", "Northside", "East Yard & Sons")
DATED = ("posting_date=2025-12-08", "pack_size=5", "redraws=0")
VEHICLES = st.dictionaries(st.sampled_from(["", "A", "B", "C", "D"]), st.integers(0, 9), max_size=5)


def garage_of(block: str) -> str:
    """Blocks of each route in turn; the fifth of each has no garage, nor any of route 38."""
    return "" if block.endswith("05") or block.startswith("38") else GARAGES[int(block[-2:]) % 3]


@pytest.fixture(scope="module")
def by_block(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The setting of a file that gives each block of the sample a garage."""
    plan = make_plan(read_campaign(SAMPLE, ["redraws=0"]))
    path = tmp_path_factory.mktemp("garages") / "blocks.csv"
    rows = [f"{block},{garage_of(block)}\n" for block in sorted(set(plan.scores.feed.trips["block_id"]))]
    path.write_text("block,garage\n" + "".join(row for row in rows if not row.endswith(",\n")))
    return f"placement.garages='{path}'"


@pytest.fixture(scope="module")
def several(by_block: str) -> Plan:
    """Routes with buses of three garages, and some of none."""
    return make_plan(read_campaign(SAMPLE, [by_block, "buses=44", *DATED]))


@pytest.fixture(scope="module")
def orders(several: Plan) -> Orders:
    return make_orders(several)


# --- by hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buses", "vehicles", "shares"),
    [
        (6, {"Center": 9, "Merlo": 3}, {"Center": 5, "Merlo": 1}),  # 4.5 and 1.5: the larger goes first…
        (6, {"Center": 3, "Merlo": 9}, {"Center": 1, "Merlo": 5}),  # … wherever it stands
        (7, {"Center": 5, "Merlo": 3, "Powell": 2}, {"Center": 4, "Merlo": 2, "Powell": 1}),  # 3.5, 2.1, 1.4
        (1, {"Merlo": 4, "Center": 4}, {"Center": 1}),  # of equals the first by name
        (1, {"Garage 10": 4, "Garage 9": 4}, {"Garage 9": 1}),
        (5, {"Center": 2, "Merlo": 1}, {"Center": 2, "Merlo": 1, "": 2}),  # no more than there are
        (2, {"Center": 1, "": 9}, {"Center": 1, "": 1}),  # known garages before those not known
        (3, {"": 9}, {"": 3}),
        (3, {}, {"": 3}),
        (0, {"Center": 2}, {}),
    ],
)
def test_sharing_out_by_hand(buses: int, vehicles: dict[str, int], shares: dict[str, int]) -> None:
    assert share_out(buses, vehicles) == shares


@given(st.integers(0, 40), VEHICLES)
def test_no_garage_fits_more_than_its_vehicles(buses: int, vehicles: dict[str, int]) -> None:
    shares = share_out(buses, vehicles)
    assert sum(shares.values()) == buses
    known = {name: count for name, count in vehicles.items() if name}
    assert all(shares[name] <= known[name] for name in shares if name)
    assert shares.get("", 0) == max(0, buses - sum(known.values()))
    assert share_out(buses, dict(sorted(vehicles.items(), reverse=True))) == shares


@given(st.integers(0, 12), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_no_other_sharing_out_is_nearer_to_the_quotas(buses: int, weights: list[int]) -> None:
    """Hamilton's shares have the least sum of squares of what they are off; checked against all others."""
    shares = largest_remainder(buses, {f"g{at}": weight for at, weight in enumerate(weights)})
    total = sum(weights)

    def off(counts: tuple[int, ...]) -> int:
        return sum(
            (count * total - buses * weight) ** 2 for count, weight in zip(counts, weights, strict=True)
        )

    every = [counts for counts in product(range(buses + 1), repeat=len(weights)) if sum(counts) == buses]
    assert off(tuple(shares.values())) == min(map(off, every))


def test_a_unit_is_shared_out_as_a_whole() -> None:
    """Eight buses of a route with 9 + 3 vehicles are 6 and 2, though 6, 1 and 1 alone would be 5, 1 and 1."""
    fittings = [Fitting("57", 6, ("es",)), Fitting("57", 1, ("vi",)), Fitting("57", 1, ("zh",))]
    shared = by_garage(fittings, {"Merlo": 3, "Center": 9})
    assert [(each.hang, each.garage, each.count) for each in shared] == [
        (("es",), "Center", 5), (("es",), "Merlo", 1), (("vi",), "Center", 1), (("zh",), "Merlo", 1),
    ]  # fmt: skip


def test_a_second_wave_leaves_the_first_where_it_hangs() -> None:
    vehicles = {"Center": 9, "Merlo": 3}
    first = by_garage([Fitting("57", 3, ("es",)), Fitting("57", 1, ("vi",))], vehicles)
    assert [(each.garage, each.count) for each in first] == [("Center", 2), ("Merlo", 1), ("Center", 1)]
    second = by_garage(
        [
            Fitting("57", 3, (), ("es",)),
            Fitting("57", 5, ("es",)),
            Fitting("57", 1, (), ("vi",)),
        ],
        vehicles,
    )
    stays = [(each.hanging, each.garage, each.count) for each in second if each.hanging]
    assert stays == [(each.hang, each.garage, each.count) for each in first]
    # six vehicles are left at Center and two at Merlo: 3.75 and 1.25 of five
    new = {each.garage: each.count for each in second if each.hang}
    assert new == {"Center": 4, "Merlo": 1}


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=6), VEHICLES)
def test_whatever_is_shared_out_adds_up(buses: list[tuple[int, bool]], vehicles: dict[str, int]) -> None:
    fittings = [
        Fitting("1", count, () if before else (f"l{at}",), (f"l{at}",) if before else ())
        for at, (count, before) in enumerate(buses)
    ]
    shared = by_garage(fittings, vehicles)
    of_each: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    of_garage: Counter[str] = Counter()
    for each in shared:
        of_each[each.hang, each.hanging] += each.count
        of_garage[each.garage] += each.count
    assert of_each == {(each.hang, each.hanging): each.count for each in fittings}
    assert all(of_garage[name] <= vehicles[name] for name in of_garage if name)
    room = sum(count for name, count in vehicles.items() if name)
    assert of_garage[""] == max(0, sum(count for count, _ in buses) - room)


def test_garage_codes() -> None:
    names = ["Été 2", "ete-2", "", "車庫", "Garage 10", "Garage 9", "A very long name indeed"]
    assert garage_codes(names) == {
        "": "",
        "A very long name indeed": ".Averylongnam",
        "Garage 9": ".Garage9",
        "Garage 10": ".Garage10",
        "ete-2": ".ete2",
        "Été 2": ".Ete2_2",
        "車庫": ".Garage",
    }


# --- of a timetable -----------------------------------------------------------------------------


def brute_vehicles(plan: Plan, route: str, garage: str) -> int:
    """Count minute by minute how many blocks of a garage are between two trips, or on one, of a route."""
    trips, day = plan.scores.feed.trips, design_weekday(plan.scores.feed.trips, plan.scores.feed.week)
    today = trips[(trips["days"].to_numpy() >> day & 1) == 1]
    out = np.zeros(40 * 60, int)
    for block, run in today.groupby("block_id"):
        if garage_of(str(block)) != garage:
            continue
        run = run.sort_values(["start_s", "end_s"])
        busy = np.zeros(len(out), bool)
        spell: list[int] = []
        for trip in run.itertuples():
            if trip.route_id != route:
                spell = []
                continue
            spell = [spell[0] if spell else trip.start_s, trip.end_s]
            busy[spell[0] // 60 : -(-spell[1] // 60)] = True
        out += busy
    return int(out.max())


def test_vehicles_by_garage_are_those_of_a_count_minute_by_minute(several: Plan) -> None:
    vehicles = vehicles_by_garage(several.scores.feed, several.scores.units, 600.0)
    assert set(vehicles) == set(several.scores.feed.routes.index)
    for route in ("2", "4", "9", "10", "38"):
        counted = {name: brute_vehicles(several, route, name) for name in ("", *GARAGES)}
        assert vehicles[route] == {name: count for name, count in counted.items() if count}
        assert sum(vehicles[route].values()) >= several.scores.units.table.at[route, "vehicles"]


def test_every_order_is_shared_out_whole(several: Plan, orders: Orders) -> None:
    key = ["unit_id", "language"]
    for column in ("buses", "cards"):
        mine = orders.lines.groupby(key)[column].sum().sort_index()
        placed = several.placements.set_index(key)[column].sort_index()
        pd.testing.assert_series_equal(mine, placed, check_dtype=False)
    assert (orders.lines["cards"] > 0).all()
    assert orders.lines["order"].str.lower().is_unique
    vehicles = vehicles_by_garage(several.scores.feed, several.scores.units, 600.0)
    of_garage = orders.lines.groupby(["unit_id", "garage"])["buses"].sum()
    assert len(of_garage) > len(set(orders.lines["unit_id"]))
    for (unit, garage), count in of_garage.items():
        assert garage == "" or count <= vehicles[unit][garage]
    for unit, counts in of_garage.groupby(level=0):
        expected = share_out(int(counts.sum()), vehicles[unit])
        assert counts.droplevel(0).to_dict() == expected


def test_garages_change_nothing_of_the_plan(several: Plan) -> None:
    without = make_plan(read_campaign(SAMPLE, ["buses=44", *DATED]))
    pd.testing.assert_frame_equal(several.placements, without.placements)
    pd.testing.assert_frame_equal(several.coverage, without.coverage)
    one = make_orders(without)
    assert set(one.lines["garage"]) == {""}
    assert one.lines["order"].str.fullmatch(r"R\w+-[a-z]{2}").all()
    pd.testing.assert_frame_equal(one.prints, make_orders(several).prints)


def test_a_code_names_the_garage_where_a_route_has_several(several: Plan, orders: Orders) -> None:
    vehicles = vehicles_by_garage(several.scores.feed, several.scores.units, 600.0)
    codes = {"Harbor": ".Harbor", "Northside": ".Northside", "East Yard & Sons": ".EastYardSons", "": ""}
    for row in orders.lines.itertuples():
        garage = codes[row.garage] if len(vehicles[row.unit_id]) > 1 else ""
        assert row.order == f"R{row.unit_id}{garage}-{row.language}"


def test_a_sheet_that_comes_back_is_understood(several: Plan, orders: Orders, tmp_path: Path) -> None:
    """Codes of garages, and of a second wave, lead back to the unit and language of their row."""
    path, units = tmp_path / "sheets.csv", several.scores.postable.table
    rows = [f"{at},{wave}{row.order},2025-12-08,2026-01-05" for wave in ("", "W2.") for at, row in
            enumerate(orders.lines.itertuples(), start=1)]  # fmt: skip
    path.write_text("\n".join(["bus,order,date_up,date_down", *rows]), encoding="utf-8")
    left_out = LeftOut(path.name)
    codes = order_codes(units, several.scores.feed.routes)
    found = read_postings(path, units, codes, several.scores.languages, left_out, Notices())
    read = [(units.index[row.unit], row.tag) for row in found.rows if row.unit is not None]
    assert read == 2 * list(zip(orders.lines["unit_id"], orders.lines["language"], strict=True))


def test_garages_as_units_and_families_of_blocks(by_block: str) -> None:
    plan = make_plan(read_campaign(SAMPLE, [by_block, 'placement.unit="garage"', *DATED]))
    lines = make_orders(plan).lines
    assert lines["unit_id"].tolist() == [f"garage:{name}" for name in lines["garage"]]
    assert not lines["order"].str.contains(".", regex=False).any()
    assert lines["buses"].sum() == 24
    plan = make_plan(read_campaign(SAMPLE, [by_block, 'placement.unit="family"', "buses=44", *DATED]))
    lines = make_orders(plan).lines
    placed = plan.placements.groupby("unit_id")["buses"].sum()
    assert lines.groupby("unit_id")["buses"].sum().to_dict() == placed.to_dict()
    assert lines["order"].is_unique
    vehicles = vehicles_by_garage(plan.scores.feed, plan.scores.units, 600.0)
    for (unit, garage), count in lines.groupby(["unit_id", "garage"])["buses"].sum().items():
        assert garage == "" or count <= vehicles[unit][garage]


def brute_blocks(plan: Plan, unit: str, garage: str | None) -> tuple[dict[str, float], set[str]]:
    """Return the hours of each block of the weekday on a route, and the blocks that serve nothing else."""
    trips, day = plan.scores.feed.trips, design_weekday(plan.scores.feed.trips, plan.scores.feed.week)
    hours: dict[str, float] = defaultdict(float)
    routes: dict[str, set[str]] = defaultdict(set)
    for trip in trips[(trips["days"].to_numpy() >> day & 1) == 1].itertuples():
        routes[trip.block_id].add(trip.route_id)
        hours[trip.block_id] += (trip.end_s - trip.start_s) / 3600 * (trip.route_id == unit)
    mine = {
        block: out
        for block, out in hours.items()
        if unit in routes[block] and (garage is None or garage_of(block) == garage)
    }
    return mine, {block for block in mine if routes[block] == {unit}}


def test_blocks_that_stay_on_a_route(several: Plan, orders: Orders) -> None:
    plain = make_plan(read_campaign(SAMPLE, ["buses=44", *DATED]))
    interlined = 0
    for plan, made in ((several, orders), (plain, make_orders(plain))):
        found = blocks_of(plan.scores.feed, plan.scores.units, made.fittings)
        assert set(found) == {(each.unit_id, each.garage) for each in made.fittings}
        for (unit, garage), blocks in found.items():
            hours, stay = brute_blocks(plan, unit, garage if plan is several else None)
            assert blocks.count == len(hours)
            assert set(blocks.stay) == stay
            out = [round(hours[block], 6) for block in blocks.stay]
            assert out == sorted(out, reverse=True)
            assert bool(blocks.longest) != bool(stay)
            assert set(blocks.longest) <= set(hours)
            interlined += len(stay) < blocks.count
    assert interlined


def test_blocks_on_the_sheets(several: Plan, orders: Orders) -> None:
    html = orders_html(several, orders)
    found = blocks_of(several.scores.feed, several.scores.units, orders.fittings)
    told = {key: blocks for key, blocks in found.items() if len(blocks.stay) < blocks.count}
    assert html.count('<span class="what blocks">') == len(told)
    for blocks in told.values():
        if blocks.stay:
            stay = "stays" if len(blocks.stay) == 1 else "stay"
            assert f"{len(blocks.stay)} of {blocks.count} {stay} on this route all day" in html
            assert re.search(rf"longest out first: blocks? {blocks.stay[0]}\b", html)
    day = design_weekday(several.scores.feed.trips, several.scores.feed.week)
    assert {each.day for each in found.values()} == {several.scores.feed.week.first_day + timedelta(days=day)}


def test_none_of_the_blocks_stays(several: Plan) -> None:
    """Two blocks spend half their hours on route 1, one a third; the fourth is of another day."""
    runs = [
        ("a", "1", 0, 2, 1), ("a", "2", 2, 4, 1), ("b", "1", 0, 1, 1), ("b", "2", 1, 3, 1),
        ("c", "1", 0, 1, 1), ("c", "2", 1, 2, 1), ("d", "1", 0, 1, 2), ("e", "2", 0, 9, 1),
    ]  # fmt: skip
    trips = pd.DataFrame(runs, columns=["block_id", "route_id", "start_s", "end_s", "days"])
    trips[["start_s", "end_s"]] *= 3600
    whole = several.scores.feed
    feed = replace(
        whole,
        trips=trips.assign(trip_id=[f"t{at}" for at in range(len(runs))]),
        links=whole.links.iloc[:0],
        routes=whole.routes.iloc[:2].set_axis(["1", "2"]),
    )
    day = whole.week.first_day

    def found(kind: Literal["route", "family"], *ids: str) -> dict[str, Blocks]:
        units = make_units(feed, kind=kind, garages=None, family_share=0.1, layover_s=0.0, notices=Notices())
        blocks = blocks_of(feed, units, [Fitting(each, 1, ("es",)) for each in ids])
        return {unit: each for (unit, _), each in blocks.items()}

    assert found("route", "1", "2") == {
        "1": Blocks(day, 3, (), ("a", "c")),
        "2": Blocks(day, 4, ("e",)),
    }
    assert found("family", "family:1+2") == {"family:1+2": Blocks(day, 4, ("e", "a", "b", "c"))}


# --- files --------------------------------------------------------------------------------------


def sections(html: str) -> dict[str, str]:
    """Return the page's text by garage."""
    found = {}
    for part in re.findall(r'<section class="garage.*?(?=<section class="garage|</main>)', html, re.S):
        found[re.search(r"<h2[^>]*>Fitting list: (.*?)</h2>", part)[1]] = part  # type: ignore[index]
    return found


def test_each_garage_has_a_sheet_with_its_own_numbers(several: Plan, orders: Orders) -> None:
    found = sections(orders_html(several, orders))
    assert list(found) == [
        "East Yard &amp; Sons garage",
        "Harbor garage",
        "Northside garage",
        "Garage not known",
    ]
    for (garage, sheet), (_, lines) in zip(
        found.items(), orders.lines.groupby(orders.lines["garage"].replace("", "~"), sort=True), strict=True
    ):
        assert set(re.findall(r'<span class="code">(.*?)</span>', sheet)) == set(lines["order"]), garage
        fitted = re.findall(r"<b>([^<]*)</b> Fit (\d+) bus", sheet)
        assert sorted((name, int(count)) for name, count in fitted) == sorted(
            zip(lines["unit_name"], lines["buses"], strict=True)
        )
        assert len(re.findall(r'<span class="tick">', sheet)) == lines["cards"].sum()
    every = orders.lines.groupby(["unit_id", "language"])["buses"].agg(["sum", "size"])
    several_garages = orders.lines.merge(every[every["size"] > 1], on=["unit_id", "language"])
    text = " ".join(found.values())
    said = re.findall(r"(\d+) of (\d+) buses with this card; the rest: ([^<]*?)\.", text)
    assert Counter((int(mine), int(all_)) for mine, all_, _ in said) == Counter(
        zip(several_garages["buses"], several_garages["sum"], strict=True)
    )
    for mine, all_, others in said:  # what the others fit is the rest
        assert int(mine) + sum(map(int, re.findall(r"(\d+)(?:,| and|$)", others))) == int(all_)


def test_one_card_a_bus_is_said(several: Plan, orders: Orders, by_block: str) -> None:
    html = orders_html(several, orders)
    assert html.count("each card hangs in a bus of its own, that carries no other card of this campaign") == 4
    assert html.count("Any bus that runs the route on that day will do; best is one that stays on it") == 4
    plan = make_plan(read_campaign(SAMPLE, [by_block, "slots=2", "buses=18", *DATED]))
    html = orders_html(plan, make_orders(plan))
    assert "in a bus of its own, that carries no other" not in html
    assert "2 cards a bus at the most, each in another language" in html
    plan = make_plan(read_campaign(SAMPLE, ["venues.file=sample_venues.csv", "venues.cards=8", *DATED]))
    found = sections(orders_html(plan, make_orders(plan)))
    assert "One card a bus" in found["Buses"]
    assert "One card a bus" not in found["Venues"]
    assert "Any bus" not in found["Venues"]


def test_the_same_words_where_the_garage_is_not_known(several: Plan, orders: Orders) -> None:
    book = openpyxl.load_workbook(BytesIO(orders_workbook(several, orders)))
    rows = list(book["Fitting list"].iter_rows(min_row=4, values_only=True))
    head = rows[0]
    names = [row[head.index("Garage")] for row in rows[1 : len(orders.lines) + 1]]
    assert names == [garage or "Garage not known" for garage in orders.lines["garage"]]
    assert "Garage not known" in names
    buses = [row[head.index("Buses")] for row in rows[1 : len(orders.lines) + 1]]
    assert buses == orders.lines["buses"].tolist()
    table = csv.DictReader(StringIO(orders_csv(several, orders)["orders.csv"]))
    assert [row["garage"] for row in table] == orders.lines["garage"].tolist()


def test_a_packing_list_by_hand() -> None:
    """31 Spanish cards with 5 spares are two packs of 25: 17, 13 and 1 get 3, 2 and 0 spares; 14 stay."""
    prints = pd.DataFrame(
        [("es", 31, 5, 50), ("ko", 2, 3, 4), ("vi", 0, 0, 0), ("", 33, 8, 54)],
        columns=["language", "cards", "spares", "copies"],
    )
    places = {
        "Center": [Fitting("57", 16, ("es",)), Fitting("72", 1, ("es",), ("vi",))],
        "Merlo": [Fitting("20", 12, ("es",)), Fitting("47", 1, ("es", "ko"))],
        "Venues": [Fitting("v", 1, ("ko", "es"))],
    }
    found = packing_list(prints, places)
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("Center", "es", 17, 3, 20),  # 2.74
        ("Merlo", "es", 13, 2, 15),  # 2.10
        ("Merlo", "ko", 1, 1, 2),  # of 4 copies 2 are left for spares, one fewer than planned
        ("Venues", "es", 1, 0, 1),  # 0.16
        ("Venues", "ko", 1, 1, 2),
        ("", "es", 0, 0, 14),
    ]


def test_packing_adds_up_to_what_is_printed(several: Plan, orders: Orders) -> None:
    places = fittings_by_sheet(several.scores, orders)
    found = packing_list(orders.prints, places)
    prints = orders.prints.set_index("language").drop("")
    assert found.groupby("language")["copies"].sum().to_dict() == prints["copies"].to_dict()
    assert found.groupby("language")["spares"].sum().to_dict() == prints["spares"].to_dict()
    for place, fittings in places.items():
        mine = found[found["place"] == place].set_index("language")
        assert mine["cards"].to_dict() == hangs_in(fittings)
    assert (found["copies"] == found["cards"] + found["spares"])[found["place"] != ""].all()
    page = sections(orders_html(several, orders))
    book = openpyxl.load_workbook(BytesIO(orders_workbook(several, orders)))
    in_book: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for row in list(book["Packing list"].iter_rows(min_row=5, values_only=True))[: len(found)]:
        in_book[str(row[0])].append(row[3:6])
    for place, sheet in page.items():
        rows = re.findall(r"</th><td>\w+</td><td>(\d+)</td><td>(\d+)</td><td><b>(\d+)</b>", sheet)
        mine = found[found["place"] == place.replace("&amp;", "&")][["cards", "spares", "copies"]]
        assert [tuple(map(int, row)) for row in rows] == [tuple(row) for row in mine.to_numpy().tolist()]
        assert in_book[place.replace("&amp;", "&")] == [tuple(row) for row in mine.to_numpy().tolist()]
    rest = found[found["place"] == ""]
    assert in_book["Sent to nobody"] == [(0, 0, copies) for copies in rest["copies"]]


def test_every_printed_page_says_whose_it_is(several: Plan, orders: Orders) -> None:
    """The head of a table is repeated on every page over which it runs."""
    html = orders_html(several, orders)
    heads = re.findall(
        r'<table class="page" role="presentation"><thead aria-hidden="true">(.*?)</thead>', html
    )
    assert len(heads) == html.count("<section aria-labelledby") + html.count('<section class="garage') == 5
    for head, title in zip(
        heads, ["Print order", "East Yard &amp; Sons", "Harbor", "Northside", "Garage not known"], strict=True
    ):
        for words in ("Red Means Help (sample)", title, "December 8, 2025", "January 5, 2026"):
            assert words in head
    css = html[: html.index("</style>")]
    assert ".page > thead { display: table-header-group; }" in css[css.index("@media print") :]
