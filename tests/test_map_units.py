"""The map where cards are ordered for garages or families: the unit is told, and no route given its cards."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from map_page import Visit, chromium, embedded

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan
from targeting.write.map import map_html
from targeting.write.map_posters import own_routes, posted_routes
from targeting.write.map_text import page_text
from targeting.write.plan_layers import route_layer

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
GARAGES = {
    "Northside": ["2", "6", "12", "17", "21", "33", "35", "42"],
    "Harbor": ["4", "9", "10", "14", "15", "20", "28", "31", "38", "55", "91"],
    "Depot": ["24", "96"],  # gets no card; buses that mostly run 35 run 24 too
}


def planned(folder: Path, *settings: str) -> Plan:
    file = folder / "garages.csv"
    rows = [f"{route},{garage}" for garage, routes in GARAGES.items() for route in routes]
    file.write_text("\n".join(["route,garage", *rows]), encoding="utf-8")
    return make_plan(read_campaign(SAMPLE, [f'placement.garages="{file}"', *settings]))


@pytest.fixture(scope="module")
def garages(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    more = [
        'placement.unit="garage"',
        'placement.forbidden=[{unit="Depot"}]',
        "orders.posting_date=2025-12-08",
    ]
    return planned(tmp_path_factory.mktemp("garages"), *more)


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planned(tmp_path_factory.mktemp("routes"), "orders.posting_date=2025-12-08")


@pytest.fixture(scope="module")
def families() -> Plan:
    return make_plan(read_campaign(SAMPLE, ['placement.unit="family"']))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def files(
    garages: Plan, routes: Plan, families: Plan, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {"garages": map_html(garages), "routes": map_html(routes), "families": map_html(families)}
    pages["public"] = map_html(garages, "public")
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


def data_of(file: Path) -> dict[str, Any]:
    return embedded(file.read_text(encoding="utf-8"))


def drawn(visit: Visit) -> dict[str, tuple[str, float]]:
    """Return the colour and width of each route's line."""
    found: dict[str, tuple[str, float]] = visit.page.evaluate(
        "() => { const found = {}; map_plan.eachLayer((layer) => {"
        " if (layer.options.lineCap === 'butt') {"
        " const { color, weight } = layer.options; found[L.stamp(layer)] = [color, weight]; } });"
        " return found; }"
    )
    return found


# --- garages ------------------------------------------------------------------------------------------


def test_layers_too_give_a_garages_cards_to_its_own_routes_alone(garages: Plan, families: Plan) -> None:
    layer = route_layer(garages).set_index("route_short_name")
    depot = layer.loc[GARAGES["Depot"]]
    assert (depot["languages"] == "").all()
    assert (depot["buses"] == 0).all()
    for garage in ("Northside", "Harbor"):
        placed = garages.placements[garages.placements["unit_name"] == f"{garage} garage"]
        own = layer.loc[[name for name in GARAGES[garage] if name in layer.index]]
        assert set(own["buses"]) == {placed["buses"].sum()}
        assert {*own["languages"].iloc[0].split(", ")} == {*placed["language"]}
    assert (route_layer(families)["buses"] > 0).sum() == len(posted_routes(families))


def test_what_is_ordered_for_a_garage_is_the_garages_and_no_routes(
    garages: Plan, files: dict[str, Path]
) -> None:
    data = data_of(files["garages"])
    short = [route["short"] for route in data["routes"]]
    assert [route["posters"] for route in data["routes"]] == [[]] * len(short)
    table = garages.placements
    assert [unit["name"] for unit in data["units"]] == list(dict.fromkeys(table["unit_name"]))
    for unit in data["units"]:
        rows = table[table["unit_name"] == unit["name"]]
        tags = [data["languages"][poster["language"]]["tag"] for poster in unit["posters"]]
        assert tags == list(rows["language"])
        assert [poster["buses"] for poster in unit["posters"]] == list(rows["buses"])
        assert unit["buses"] == rows["vehicles"].iloc[0]
        name = unit["name"].removesuffix(" garage")
        assert sorted(short[at] for at in unit["routes"]) == sorted(GARAGES[name])
    passed = {short[at] for unit in data["units"] for at in unit["routes"]}
    assert passed == {*GARAGES["Northside"], *GARAGES["Harbor"]} == set(short[: len(passed)])
    visits = {unit["name"]: [short[at] for at in unit["visits"]] for unit in data["units"]}
    assert "24" in visits["Northside garage"], "which the plan's numbers know, and the map only tells"


def test_by_block_all_routes_of_its_blocks_are_a_garages(tmp_path: Path, garages: Plan) -> None:
    blocks = sorted(set(garages.scores.feed.trips["block_id"]) - {""})
    file = tmp_path / "blocks.csv"
    file.write_text("block,garage\n" + "\n".join(f"{block},North" for block in blocks[:40]), encoding="utf-8")
    plan = make_plan(read_campaign(SAMPLE, ['placement.unit="garage"', f'placement.garages="{file}"']))
    trips = plan.scores.feed.trips
    run = set(trips.loc[trips["block_id"].isin(blocks[:40]), "route_id"])
    assert set(own_routes(plan, "garage:North")) == set(posted_routes(plan)) == run
    assert 1 < len(run) < len(plan.scores.feed.routes)


def test_the_heading_names_the_garages_and_the_days(garages: Plan, families: Plan) -> None:
    text = page_text(garages)
    assert text["lead"] == (
        "24 buses of 2 garages carry posters in 6 languages. On which routes of a garage such a bus runs on "
        "a day is not known."
    )
    assert (
        text["posting"]
        == page_text(garages, "public")["posting"]
        == ("Posters hang December 8, 2025 – January 5, 2026")
    )
    assert garages.scores.campaign.orders.posting_date == date(2025, 12, 8)
    assert page_text(families)["posting"] == ""
    number = families.placements["unit_id"].nunique()
    assert page_text(families)["lead"].startswith(f"24 buses of {number} families of routes carry posters")


@pytest.mark.parametrize("page", ["garages", "public"])
def test_no_route_is_said_to_carry_what_a_garage_carries(
    browser: Any, files: dict[str, Path], page: str
) -> None:
    visit, data = Visit(browser, files[page]), data_of(files[page])
    unit = data["units"][0]
    assert visit.page.locator("#units-title").inner_text().lower() == "garages with posters"
    assert not visit.page.locator("#routes").is_visible()
    first = visit.page.locator("#units .route-row").first.inner_text()
    assert unit["name"] in first
    poster = unit["posters"][0]
    of = f" of {unit['buses']} buses" if page == "garages" else " buses"
    assert f"{data['languages'][poster['language']]['english']} · {poster['buses']}{of}" in first
    inks = {language["color"] for language in data["languages"]}
    assert not inks & {color for color, _ in drawn(visit).values()}, "no line in the colour of a language"
    for route in data["routes"]:
        visit.page.get_by_role("searchbox").fill(route["name"])
        visit.page.get_by_role("searchbox").press("Enter")
        card = visit.page.locator(".route-popup")
        assert card.locator("h3").inner_text() == route["name"]
        row = visit.page.locator("#found .route-row").first.inner_text()
        garage = next(name for name, routes in GARAGES.items() if route["short"] in routes)
        may_pass = f"Buses of {garage} garage may pass here"
        assert (may_pass in row) == (may_pass in card.inner_text()) == (garage != "Depot")
        assert ("No poster" in row) == ("No poster in this plan" in card.inner_text()) == (garage == "Depot")
        assert not re.search(r"\d+ of \d+ buses", row)
        if page == "garages":
            assert f"garage: {garage}" in card.inner_text()
    assert visit.complaints == []
    visit.context.close()


def test_a_language_shows_the_routes_of_the_garages_that_carry_it(
    browser: Any, files: dict[str, Path]
) -> None:
    data = data_of(files["garages"])
    at = next(p["language"] for p in data["units"][1]["posters"] if p["buses"] == 1)
    carrying = [unit for unit in data["units"] if at in [poster["language"] for poster in unit["posters"]]]
    assert len(carrying) == 1
    language = data["languages"][at]
    visit = Visit(browser, files["garages"], address=f"#lang={language['tag']}")
    lines = [width for color, width in drawn(visit).values() if color == language["color"]]
    assert len(lines) == len(carrying[0]["routes"])
    assert max(lines) < 3, "faint: a route that carries a card is drawn at twice this width"
    title = visit.page.locator(".layer-posted > label").inner_text()
    assert title == f"Where buses with {language['english']} may pass"
    heading = visit.page.locator("#units-title").inner_text().lower()
    assert heading == f"1 garage carries {language['english']}".lower()
    visit.context.close()


def test_a_row_of_the_table_opens_the_garage_and_its_address_brings_it_back(
    browser: Any, files: dict[str, Path]
) -> None:
    visit, data = Visit(browser, files["garages"]), data_of(files["garages"])
    unit = data["units"][0]
    visit.page.get_by_role("button", name="All placements as a table").click()
    visit.page.locator("#placements tbody th button").first.click()
    card = visit.page.locator(".unit-popup")
    assert card.locator("h3").inner_text() == unit["name"]
    assert card.locator(".route-row").count() == len(unit["routes"])
    address = visit.page.evaluate("() => location.hash")
    again = Visit(browser, files["garages"], address=address)
    assert again.page.locator(".unit-popup h3").inner_text() == unit["name"]
    again.page.get_by_role("searchbox").fill("depot garage")
    again.page.get_by_role("searchbox").press("Enter")
    assert not again.page.locator("#card").is_visible(), "no such garage among those with posters"
    assert visit.complaints == again.complaints == []
    visit.context.close()
    again.context.close()


def test_the_public_page_says_no_more_of_garages_than_where_posters_hang(files: dict[str, Path]) -> None:
    data = data_of(files["public"])
    assert {key for unit in data["units"] for key in unit} == {"name", "posters", "routes", "visits"}
    assert {key for unit in data["units"] for poster in unit["posters"] for key in poster} == {
        "language",
        "buses",
    }
    assert not any("garage" in route for route in data["routes"])


# --- families -----------------------------------------------------------------------------------------


def test_the_number_of_a_family_is_not_said_of_its_route(browser: Any, files: dict[str, Path]) -> None:
    data = data_of(files["families"])
    position, route = next(
        (at, each)
        for at, each in enumerate(data["routes"])
        if any(poster["unit"] for poster in each["posters"])
    )
    family = next(unit for unit in data["units"] if position in unit["routes"])
    assert len(family["routes"]) > 1
    poster = family["posters"][0]
    visit = Visit(browser, files["families"], address=f"#route={route['short']}")
    told = f"{poster['buses']} of the {family['buses']} buses of {family['name']}"
    assert told in visit.page.locator(".route-popup").inner_text()
    assert "Runner-up" not in visit.page.locator(".route-popup").inner_text(), "it would be the family's"
    listed = visit.page.locator("#units .route-row")
    assert listed.count() == len(data["units"])
    assert (
        f"{poster['buses']} of {family['buses']} buses" in listed.filter(has_text=family["name"]).inner_text()
    )
    alone = [unit for unit in data["units"] if len(unit["routes"]) == 1]
    assert alone
    assert all(
        not poster["unit"] for unit in alone for poster in data["routes"][unit["routes"][0]]["posters"]
    )
    assert visit.complaints == []
    visit.context.close()


# --- the garage of a route ----------------------------------------------------------------------------


def test_the_table_names_the_garage_of_each_route(routes: Plan, browser: Any, files: dict[str, Path]) -> None:
    visit = Visit(browser, files["routes"])
    visit.page.get_by_role("button", name="All placements as a table").click()
    rows = visit.page.locator("#placements tbody tr")
    home = {route: garage for garage, routes in GARAGES.items() for route in routes}
    shown = [rows.nth(at).locator("td").last.inner_text() for at in range(rows.count())]
    assert shown == [home[route] for route in routes.placements["unit_id"]]
    assert visit.page.locator("#placements thead th").last.inner_text() == "Garage"
    visit.context.close()
    assert not page_text(make_plan(read_campaign(SAMPLE)))["garages"]


@pytest.mark.parametrize("page", ["routes", "garages"])
@pytest.mark.parametrize("width", [1400, 1024, 860])
def test_no_number_of_the_table_is_cut_or_broken(
    browser: Any, files: dict[str, Path], page: str, width: int
) -> None:
    visit = Visit(browser, files[page], width, 700)
    visit.page.get_by_role("button", name="All placements as a table").click()
    panel = visit.page.locator(".panel").evaluate("(panel) => panel.scrollWidth - panel.clientWidth")
    assert panel == 0
    broken = visit.page.locator("#placements tbody td").evaluate_all(
        "(cells) => cells.filter((cell) => /^[0-9]+$/.test(cell.textContent)).filter((cell) => {"
        " const range = document.createRange(); range.selectNodeContents(cell);"
        " return new Set([...range.getClientRects()].map((box) => box.top)).size > 1; }).length"
    )
    assert broken == 0
    visit.context.close()


# --- what is left out ---------------------------------------------------------------------------------


def test_the_public_legend_explains_the_dotted_ground(browser: Any, files: dict[str, Path]) -> None:
    for page, said in (("public", True), ("garages", False)):
        visit = Visit(browser, files[page])
        legend = visit.page.locator("#legend-body").inner_text()
        assert ("outside the area of this plan" in legend) == said
        assert visit.page.locator("#legend-body .patch.beyond").count() == 1
        visit.context.close()


def test_few_routes_left_out_are_told_by_name(routes: Plan) -> None:
    for audience in ("staff", "public"):
        assert "Left out: Blue Blue Line." in page_text(routes, audience)["source"]
    left_out = routes.scores.feed.left_out
    many = pd.concat([left_out.assign(route_name=f"Line {number}") for number in range(13)])
    feed = replace(routes.scores.feed, left_out=many)
    scores = replace(routes.scores, inputs=replace(routes.scores.inputs, feed=feed))
    text = page_text(replace(routes, scores=scores))
    assert not any(line.startswith("Left out") for line in text["source"])
    assert text["counted"] == "Bus routes only; 13 tram routes left out"
