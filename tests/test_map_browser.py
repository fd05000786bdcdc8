"""The page as its readers use it: offline, by keyboard, on a telephone, on paper, and by its address."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from map_page import Visit, chromium, embedded, unpacked
from PIL import Image

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan
from targeting.proofs import proofs
from targeting.wording import percent
from targeting.write.map import map_html
from targeting.write.map_geometry import clear_places
from targeting.write.map_routes import place_names
from targeting.write.tables import tables_csv

ROOT = Path(__file__).parent.parent
VENUES = [f'venues.file="{ROOT / "data" / "sample_venues.csv"}"', "venues.cards=8"]
SIZES = [(1400, 900), (1024, 700), (360, 740)]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_campaign(ROOT / "data" / "sample.toml", VENUES))


@pytest.fixture(scope="module")
def families() -> Plan:
    """Return a plan of whole families, several languages on each."""
    more = [*VENUES, 'placement.unit="family"', "posters.slots=4"]
    return make_plan(read_campaign(ROOT / "data" / "sample.toml", more))


@pytest.fixture(scope="module")
def file(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "map.html"
    path.write_text(map_html(plan), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(file: Path) -> dict[str, Any]:
    return unpacked(embedded(file.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Any, file: Path) -> Iterator[Visit]:
    opened = Visit(browser, file)
    yield opened
    assert opened.complaints == []
    assert len(opened.requests) == 1
    opened.context.close()


def position(data: dict[str, Any], tag: str) -> int:
    return [language["tag"] for language in data["languages"]].index(tag)


# --- what a placement says ----------------------------------------------------------------------------


def test_cards_say_what_the_table_of_placements_says(visit: Visit, plan: Plan, data: dict[str, Any]) -> None:
    table = pd.read_csv(io.StringIO(tables_csv(plan)["placements.csv"]), dtype=str, keep_default_na=False)
    rows = visit.page.locator("#placements tbody tr")
    assert rows.count() == len(table)
    visit.page.get_by_role("button", name="All placements as a table").click()

    def told(line: dict[str, str], name: str) -> str:
        few = not line[name].isdigit()
        return line[name] if few else f"{int(line[name]):,} ± {int(line[f'{name}_moe']):,}"

    for at, line in enumerate(table.to_dict("records")):
        rows.nth(at).locator("th button").click()
        card = visit.page.locator("#card")
        assert card.locator("h3").inner_text() == line["unit_name"]
        text = card.inner_text()
        assert line["reason"] in card.locator(".reason").all_inner_texts()
        said = f"Served {told(line, 'served')} · reach {told(line, 'reach')} · rank {line['rank']}"
        assert said in card.locator(".reached").all_inner_texts()
        if line["certainty"]:
            assert f"Certainty: {percent(float(line['certainty']))} of redraws" in text
        hung = (
            f"{line['cards']} card"
            if line["unit"] == "venue"
            else f"{line['buses']} of {line['vehicles']} bus"
        )
        assert hung in text
        assert rows.nth(at).get_attribute("aria-current") == "true"
        away = float(line["elsewhere"] or 0)
        assert (f"spend {percent(away)} of their hours" in text) == (away >= 0.005)


def test_the_card_of_a_route_draws_its_figures(visit: Visit, data: dict[str, Any]) -> None:
    visit.page.locator("#routes .route-row").first.click()
    figures = data["routes"][0]["figures"]
    bars = visit.page.locator(".route-popup tbody .spark")
    assert bars.count() == len(figures)
    widths = [
        bars.nth(at).locator(".spark-fill").bounding_box()["width"] if served else 0
        for at, (_, served, *_) in enumerate(figures)
    ]
    largest = max(range(len(figures)), key=lambda at: figures[at][1] or 0)
    assert max(widths) == widths[largest]
    for at, (_, served, *_) in enumerate(figures):
        if served:
            assert widths[at] / widths[largest] == pytest.approx(served / figures[largest][1], abs=0.03)


def test_what_is_proven_stands_in_the_panel(visit: Visit, plan: Plan) -> None:
    said = visit.page.locator(".proofs li").all_inner_texts()
    assert said == proofs(plan)
    assert said[0].startswith("Proven: ")


# --- several languages on one route -------------------------------------------------------------------


def test_a_route_wears_every_language_it_carries(browser: Any, families: Plan, tmp_path: Path) -> None:
    page = map_html(families)
    (tmp_path / "map.html").write_text(page, encoding="utf-8")
    data = embedded(page)
    visit = Visit(browser, tmp_path / "map.html")
    several = [r for r in data["routes"] if len({p["language"] for p in r["posters"]}) > 2]
    assert several
    route = several[0]
    carried = list(dict.fromkeys(poster["language"] for poster in route["posters"]))
    colors = [data["languages"][at]["color"] for at in carried]
    visit.page.get_by_role("searchbox").fill(route["short"])
    visit.page.locator("#found .route-row").first.click()
    drawn = visit.page.evaluate(
        "() => { const found = []; map_plan.eachLayer((l) => {"
        " if (l.options.lineCap === 'butt' && l.options.opacity > 0.5)"
        " found.push([l.options.color, l.options.dashArray]); });"
        " return found; }"
    )
    assert [color for color, _ in drawn] == colors
    assert drawn[0][1] is None
    covered = [[int(part) for part in dash.split(" ")] for _, dash in drawn[1:]]
    period = {dash + gap for dash, gap in covered}
    assert len(period) == 1  # all dashes keep in step, each shorter than the one below it
    assert [dash for dash, _ in covered] == sorted((dash for dash, _ in covered), reverse=True)
    ink = visit.page.locator("#found .number").first.evaluate(
        "(node) => getComputedStyle(node).backgroundImage"
    )
    for color in colors:
        assert "rgb({}, {}, {})".format(*(int(color[at : at + 2], 16) for at in (1, 3, 5))) in ink
    assert "more colours in turn" in visit.page.locator("#legend-body").inner_text()
    card = visit.page.locator(".route-popup").inner_text()
    assert all(data["languages"][at]["english"] in card for at in carried)
    unit = next(poster["unit"] for poster in route["posters"])
    if unit:
        assert f"Ordered for {unit}" in card
    assert visit.complaints == []
    visit.context.close()


# --- venues and stops ---------------------------------------------------------------------------------


def test_venues_are_marked_listed_and_open(visit: Visit, plan: Plan, data: dict[str, Any]) -> None:
    hung = plan.placements[plan.placements["unit"] == "venue"]
    assert visit.page.locator(".venue").count() == hung["unit_id"].nunique() == len(data["venues"])
    assert "Venues with posters" in visit.page.locator("#legend-body").inner_text()
    visit.page.locator(".venue .sign").first.dispatch_event("click")
    venue = next(
        each for each in data["venues"] if each["name"] == visit.page.locator(".card h3").inner_text()
    )
    assert venue["kind"] in visit.page.locator(".venue-popup").inner_text()
    assert visit.page.locator("#venues .marked").count() == 1
    visit.page.keyboard.press("Escape")
    visit.page.locator("[data-layer=venues]").uncheck()
    assert visit.page.locator(".venue").count() == 0
    language = venue["posters"][0]["language"]
    visit.page.locator(f"input[value={data['languages'][language]['tag']}]").check()
    listed = visit.page.locator("#venues .route-row").count()
    assert listed == sum(language in [p["language"] for p in each["posters"]] for each in data["venues"])


def test_a_stop_is_found_by_name_with_its_routes(visit: Visit, plan: Plan) -> None:
    feed = plan.scores.feed
    name = "Eastfield Transit Center"
    ids = feed.stops.index[feed.stops["stop_name"] == name]
    calls = feed.departures[feed.departures["stop_id"].isin(ids)]["route_id"].unique()
    assert len(calls)
    box = visit.page.get_by_role("searchbox")
    box.fill("eastfield transit")
    row = visit.page.locator("#found .stop-row")
    assert name in row.inner_text()
    box.press("Enter")
    assert visit.page.locator(".stop-popup h3").inner_text() == name
    shown = visit.page.locator(".stop-popup .number").all_inner_texts()
    assert sorted(shown) == sorted(feed.routes.loc[calls, "route_short_name"])
    center = visit.page.evaluate("() => map_plan.getZoom()")
    assert center >= 13
    visit.page.locator(".stop-popup .route-row").first.click()
    assert visit.page.locator(".route-popup").count() == 1


def test_search_puts_whole_words_before_pieces_and_busier_stops_first(visit: Visit) -> None:
    routes = [
        {"name": f"{n} Bus", "short": str(n), "trips": trips} for n, trips in ((7, 900), (8, 50), (9, 10))
    ]
    stops = {
        "SE 182nd & Division": [0, 1, 2],
        "SE 82nd & Division": [0],
        "SE Division & 82nd": [0, 1],
        "Gateway TC (drop off only stop)": [0],
        "Gateway Transit Center": [1, 2],
        "Broadgateway": [0, 1, 2],
        "Gateways & 9th": [0, 1, 2],
        "Quiet & Main": [2],
        "Busy & Main": [0],
        "Main": [],
    }

    def found(text: str) -> list[str]:
        names: list[str] = visit.page.evaluate(
            "([routes, stops, text]) => planSearch({ routes, leftOut: [], words: { unit: 'route' } },"
            " { stops: Object.entries(stops).map(([name, routes]) => ({ name, routes })), byId: () => null }"
            ")(text).stops.map((stop) => stop.name)",
            [routes, stops, text],
        )
        return names

    assert found("82nd & division") == ["SE 82nd & Division", "SE Division & 82nd"]
    assert found("2nd & div") == ["SE 182nd & Division", "SE 82nd & Division"], "no word begins so"
    assert found("se 82nd division")[0] == "SE 82nd & Division"  # exact, though fewer routes call
    assert found("gateway") == [
        "Gateway Transit Center", "Gateway TC (drop off only stop)", "Gateways & 9th",
    ]  # fmt: skip
    assert sorted(found("gatewa")) == sorted(found("gateway")), "beginnings of words"
    assert found("adgat") == ["Broadgateway"], "a piece, where nothing else fits"
    # other words for the same, or none at all
    crossing = ["SE 82nd & Division", "SE Division & 82nd"]
    assert found("82nd at Division") == found("Southeast 82nd and Division") == crossing
    assert found("82nd Avenue & Division Street") == crossing
    assert found("NE Division & 82nd") == crossing[::-1], "the order wanted first"
    assert found("stop Division, 82nd")[0] == "SE Division & 82nd"
    assert found("gateway transit centre")[0] == "Gateway Transit Center"
    assert found("main") == ["Main", "Busy & Main", "Quiet & Main"]  # exact; then the one with most trips
    assert found("82") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Line 20", "20 Laurel Ave"), ("route 20", "20 Laurel Ave"), ("#20", "20 Laurel Ave"),
        ("Bus 4", "4 8th St"), ("LAUREL AVENUE", "20 Laurel Ave"),
        ("West 16th Street North", "31 West 16th St North"),
        ("1006", "Iris Ave & West 2nd St"), ("Stop ID 1006", "Iris Ave & West 2nd St"),
        ("stop 1006", "Iris Ave & West 2nd St"), ("West 2nd and Iris", "Iris Ave & West 2nd St"),
        ("W 2nd Street at Iris Avenue", "Iris Ave & West 2nd St"),
    ],
)  # fmt: skip
def test_search_forgives_the_words_about_a_name(visit: Visit, file: Path, text: str, name: str) -> None:
    visit.page.get_by_role("searchbox").fill(text)
    visit.page.get_by_role("searchbox").press("Enter")
    assert visit.page.locator("#card h3").inner_text() == name
    assert "No route" not in visit.page.locator("#found-note").inner_text()
    if "1006" in text:
        stops = embedded(file.read_text(encoding="utf-8"))["stops"]
        assert stops["ids"].count(1006) == 1
        at = stops["ids"].index(1006)
        assert stops["names"][stops["name"][at]] == name
        assert "Stop ID 1006" in visit.page.locator("#card").inner_text()
        assert visit.page.locator("#card .route-row").count() == len(stops["routes"][at])


@pytest.mark.parametrize("text", ["nowhere at all", "Blue Line", "Line 1006", "999999"])
def test_a_search_that_finds_nothing_leaves_nothing_open(visit: Visit, text: str) -> None:
    box = visit.page.get_by_role("searchbox")
    box.fill("20")
    box.press("Enter")
    assert visit.page.locator("#card").is_visible()
    box.fill(text)
    note = visit.page.locator("#found-note.missed")
    assert note.is_visible()
    assert ("tram" if text == "Blue Line" else "No route of that name") in note.inner_text()
    box.press("Enter")
    assert not visit.page.locator("#card").is_visible()
    assert visit.page.evaluate("() => document.activeElement.id") == "find"


def test_a_route_left_out_is_meant_rather_than_a_stop_that_begins_so(visit: Visit) -> None:
    found = visit.page.evaluate(
        "() => { const data = { routes: [], words: { unit: 'route', modes: 'bus' },"
        " leftOut: [{ name: 'WES Commuter Rail', short: '', mode: 'rail', counted: false }] };"
        " const stop = { name: 'SE Woodstock & 94th (West End)', routes: [] };"
        " const { first, stops, note, plainly } = planSearch(data,"
        " { stops: [stop], byId: () => null })('WES');"
        " return [first, stops.length, note, plainly]; }"
    )
    assert found == [
        None, 1, "WES Commuter Rail is a rail route; this campaign uses bus routes only.", True,
    ]  # fmt: skip


def test_water_is_drawn_where_it_is_given(browser: Any, plan: Plan, tmp_path: Path) -> None:
    west, south, east, north = plan.scores.tracts.geometry.total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    river = [shapely.box(x - 0.01, south - 1, x + 0.01, north + 1), shapely.Point(x, y).buffer(1e-4)]
    gpd.GeoSeries(river, crs=4326).to_file(tmp_path / "water.gpkg")
    wet = make_plan(
        read_campaign(ROOT / "data" / "sample.toml", [f'region.water="{tmp_path / "water.gpkg"}"'])
    )
    assert wet.placements.equals(
        make_plan(read_campaign(ROOT / "data" / "sample.toml")).placements
    )  # it changes no figure
    for audience in ("staff", "public"):
        page = map_html(wet, audience)
        assert len(embedded(page)["water"]) == 1  # the river, cut at the region; no pond
        (tmp_path / "map.html").write_text(page, encoding="utf-8")
        visit = Visit(browser, tmp_path / "map.html")
        drawn = visit.page.evaluate(
            "() => { let n = 0; map_plan.eachLayer((l) => {"
            " if (l.options.fillColor === '#c9dbe8') n += 1; }); return n; }"
        )
        assert drawn == 1
        assert "water" in visit.page.locator("#legend-body").inner_text()
        assert visit.complaints == []
        visit.context.close()


def test_names_on_the_ground_are_where_routes_meet(plan: Plan, data: dict[str, Any]) -> None:
    feed = plan.scores.feed
    routes: dict[str, set[str]] = {}
    for row in feed.departures.itertuples():
        routes.setdefault(feed.stops.at[row.stop_id, "stop_name"], set()).add(row.route_id)
    named = [name for *_, name in data["places"]]
    met = [("Transit Center" in name and len(routes[name]) > 1, len(routes[name])) for name in named]
    assert met == sorted(met, reverse=True)
    assert met[0] == max(
        ("Transit Center" in name and len(found) > 1, len(found)) for name, found in routes.items()
    )


def test_no_place_is_called_by_a_block_or_a_stop_where_nobody_boards(plan: Plan) -> None:
    feed = plan.scores.feed
    busiest = place_names(plan)
    twisted = {
        busiest[0][2]: "16400 Block SW Langer",
        busiest[1][2]: "Gateway TC (drop off only stop)",
        busiest[2][2]: "Main & 3rd",
    }
    for name in feed.stops["stop_name"].unique()[:2]:
        twisted.setdefault(name, f"{name} Block")  # a street of that name is a name
    stops = feed.stops.assign(stop_name=feed.stops["stop_name"].replace(twisted))
    inputs = replace(plan.scores.inputs, feed=replace(feed, stops=stops))
    renamed = [name for *_, name in place_names(replace(plan, scores=replace(plan.scores, inputs=inputs)))]
    assert len(renamed) > 2
    assert not any("16400" in name or "drop off" in name for name in renamed)
    assert "Main & 3rd" in renamed


def test_the_name_of_a_county_takes_the_first_spot_that_nothing_covers(
    browser: Any, file: Path, data: dict[str, Any], tmp_path: Path
) -> None:
    """A route's number lies on the first spot, the second is far outside the map: it takes the third."""
    county = next(each for each in data["counties"] if each["spots"])
    third = county["spots"][0]
    spots = [data["routes"][0]["badge"], [third[0] + 5, third[1]], third]
    html = file.read_text(encoding="utf-8")
    given, turned = (json.dumps(each, separators=(",", ":")) for each in (county["spots"], spots))
    assert html.count(given) == 1
    changed = tmp_path / "map.html"
    changed.write_text(html.replace(given, turned), encoding="utf-8")
    places = []
    for each in (file, changed):
        opened = Visit(browser, each)
        name = opened.page.locator(".county", has_text=county["name"])
        assert name.evaluate("element => element.style.opacity") == "1"
        places.append(
            name.evaluate("element => [element.style.transform, element.firstChild.style.marginTop]")
        )
        opened.context.close()
    assert places[0] == places[1]


def test_names_of_counties_may_stand_in_many_places_of_theirs(plan: Plan, data: dict[str, Any]) -> None:
    tracts = plan.scores.tracts
    for county in data["counties"]:
        area = shapely.union_all(tracts.geometry[tracts.county.str.startswith(county["name"])].to_numpy())
        places = shapely.points([(lon, lat) for lat, lon in county["spots"]])
        assert len(places) >= 4
        assert shapely.contains(shapely.buffer(area, 0.001), places).all()  # its outline is simplified


def test_clear_places_keep_off_streets_and_from_each_other() -> None:
    """A square with a street through its middle: the clearest places are halfway between it and the sides."""
    streets = shapely.STRtree([shapely.LineString([(6000, -1000), (6000, 13_000)])])
    square = shapely.box(0, 0, 12_000, 12_000)
    places = clear_places(square, streets, 5)
    assert abs(places[0].x - 6000) == pytest.approx(3000, abs=160)
    room = [min(abs(at.x - 6000), at.x, 12_000 - at.x, at.y, 12_000 - at.y) for at in places]
    assert room == sorted(room, reverse=True)
    apart = [one.distance(other) for n, one in enumerate(places) for other in places[:n]]
    assert min(apart) >= 2000
    assert len(clear_places(square, streets, 1000)) < 60


# --- the table ----------------------------------------------------------------------------------------


def test_placements_sort_by_any_column_by_keyboard(visit: Visit, plan: Plan) -> None:
    visit.page.get_by_role("button", name="All placements as a table").click()
    assert visit.page.locator("#placements").is_visible()
    assert not visit.page.locator("#routes").is_visible()
    heads = visit.page.locator("#placements thead th")
    assert heads.first.get_attribute("aria-sort") == "ascending"
    served = heads.filter(has_text="Served")
    served.locator("button").focus()
    visit.page.keyboard.press("Enter")
    assert served.get_attribute("aria-sort") == "ascending"
    visit.page.keyboard.press("Enter")
    assert served.get_attribute("aria-sort") == "descending"
    assert visit.page.locator("#placements [aria-sort]").count() == 1
    column = visit.page.locator("#placements tbody td:nth-child(6)")
    numbers = [
        5 if "under" in text else int(text.split(" ±")[0].replace(",", ""))
        for text in column.all_inner_texts()
    ]
    assert numbers == sorted(numbers, reverse=True)
    heads.filter(has_text="Route").locator("button").click()
    names = visit.page.locator("#placements tbody th").all_inner_texts()
    lines = [int(name.split(" ")[0]) for name in names if name.split(" ")[0].isdigit()]
    assert lines == sorted(lines)
    visit.page.get_by_role("radio", name="Spanish").check()
    shown = visit.page.locator("#placements tbody tr:visible").count()
    assert shown == (plan.placements["language"] == "es").sum()


def test_a_route_opened_on_the_map_is_marked_in_the_lists(visit: Visit, data: dict[str, Any]) -> None:
    visit.page.locator(".badge").first.dispatch_event("click")
    name = visit.page.locator(".card h3").inner_text()
    row = visit.page.locator("#routes .marked")
    assert row.count() == 1
    assert name.endswith(row.locator(".name").inner_text())
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".marked").count() == 0


# --- the address --------------------------------------------------------------------------------------


def test_the_address_restores_a_view(browser: Any, file: Path, data: dict[str, Any]) -> None:
    route = next(r for r in data["routes"] if r["posters"])
    tag = data["languages"][route["posters"][0]["language"]]["tag"]
    visit = Visit(browser, file, address=f"#lang={tag}&route={route['short']}")
    assert visit.page.locator(f"input[value={tag}]").is_checked()
    assert visit.page.locator(".card h3").inner_text() == route["name"]
    visit.page.keyboard.press("Escape")
    assert visit.page.url.endswith(f"#lang={tag}")
    visit.page.get_by_role("radio", name="The plan").check()
    assert "#" not in visit.page.url
    visit.page.locator("#venues .route-row").first.click()
    where = visit.page.url
    assert "#venue=" in where
    name = visit.page.locator(".card h3").inner_text()
    visit.page.goto("about:blank")
    visit.page.goto(where)
    assert visit.page.locator(".card h3").inner_text() == name
    visit.page.evaluate("() => { location.hash = '#lang=vi'; }")
    visit.page.wait_for_function("() => document.querySelector('input[value=vi]').checked")
    assert not visit.page.locator("#card").is_visible()
    assert visit.complaints == []
    visit.context.close()


# --- the network --------------------------------------------------------------------------------------


def test_nothing_is_asked_for_until_the_base_map_is_ticked(browser: Any, file: Path) -> None:
    visit = Visit(browser, file, offline=False)
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.abort()

    visit.context.route(re.compile("^https?:"), answer)
    visit.page.get_by_role("radio", name="Spanish").check()
    visit.page.locator("#routes .route-row").first.click()
    visit.page.keyboard.press("Escape")
    visit.page.evaluate("() => { map_plan.setZoom(13, { animate: false }); }")
    visit.page.wait_for_timeout(300)
    assert asked == []
    assert visit.requests == [file.as_uri()]
    assert visit.page.locator(".leaflet-control-attribution").count() == 0
    visit.page.locator("[data-layer=tiles]").check()
    visit.page.wait_for_timeout(300)
    assert asked
    assert all(re.fullmatch(r"https://tile\.openstreetmap\.org/\d+/\d+/\d+\.png", url) for url in asked)
    assert "OpenStreetMap contributors" in visit.page.locator(".leaflet-control-attribution").inner_text()
    visit.page.locator("[data-layer=tiles]").uncheck()
    before = len(asked)
    visit.page.evaluate("() => { map_plan.setZoom(12, { animate: false }); }")
    visit.page.wait_for_timeout(200)
    assert len(asked) == before
    # whatever else a script asked for, the browser would refuse
    blocked = visit.page.evaluate(
        "() => fetch('https://tile.openstreetmap.org/x').then(() => 'sent', () => 'refused')"
    )
    assert blocked == "refused"
    assert len(asked) == before
    visit.context.close()


# --- everybody ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["plan", "language", "route", "table", "venue", "stop", "tract", "found"])
def test_no_barrier_is_found(browser: Any, file: Path, size: tuple[int, int], state: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    addresses = {"language": "#lang=vi", "route": "#lang=es&route=28"}
    visit = Visit(browser, file, *size, address=addresses.get(state, ""))
    if state == "table":
        visit.page.get_by_role("button", name="All placements as a table").click()
    if state == "venue":
        visit.page.locator("#venues .route-row").first.click()
    if state in ("stop", "found"):
        visit.page.get_by_role("searchbox").fill("2" if state == "found" else "transit center")
    if state == "stop":
        visit.page.get_by_role("searchbox").press("Enter")
    if state == "tract":
        visit.page.locator(".leaflet-container").press("Enter")
    assert visit.page.locator("#card").is_visible() == (state in ("route", "venue", "stop", "tract"))
    found = axe.Axe().run(visit.page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
    visit.context.close()


def test_the_page_has_landmarks_and_can_be_enlarged(visit: Visit) -> None:
    for role in ("banner", "main", "complementary"):
        assert visit.page.get_by_role(role).count() == 1
    assert visit.page.get_by_role("table").count() == 0  # until it is wanted
    views = visit.page.locator("meta[name=viewport]")
    assert views.count() == 1
    assert "user-scalable" not in (views.get_attribute("content") or "")
    assert "arrow keys" in (visit.page.locator(".leaflet-container").get_attribute("aria-label") or "")


def test_the_tract_in_the_middle_opens_by_keyboard(visit: Visit, plan: Plan) -> None:
    page, tracts = visit.page, plan.scores.tracts
    for _ in range(100):  # as a reader gets there
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === map_plan.getContainer()"):
            break
    middles = tracts.geometry.representative_point()
    for at in (0, 40, 80):
        place = middles.iloc[at]
        page.evaluate("(at) => { map_plan.setView(at, 13, { animate: false }); }", [place.y, place.x])
        page.keyboard.press("Enter")
        assert page.locator(".tract-popup h3").inner_text() == tracts.names.iloc[at].split(",")[0]
        page.keyboard.press("Escape")
        assert page.evaluate("() => document.activeElement === map_plan.getContainer()")
    assert not page.locator("#card").is_visible()
    page.evaluate("() => { map_plan.setView([44, -129.4], 13, { animate: false }); }")  # no tract
    page.keyboard.press("Enter")
    assert not page.locator("#card").is_visible()


def test_the_focus_on_the_map_is_seen_over_what_it_draws(visit: Visit) -> None:
    def edge() -> tuple[int, ...]:
        box = visit.page.locator(".leaflet-container").bounding_box()
        clip = {"x": box["x"] + 300, "y": box["y"] + 1, "width": 1, "height": 1}
        with Image.open(io.BytesIO(visit.page.screenshot(clip=clip))) as shot:
            return tuple(shot.convert("RGB").getpixel((0, 0)))

    assert edge() != (22, 70, 107)
    visit.page.locator("#find").focus()
    visit.page.keyboard.press("Tab")
    visit.page.locator(".leaflet-container").focus()
    assert edge() == (22, 70, 107)


def test_everything_can_be_done_by_keyboard(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    page.keyboard.type("28")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".card h3").inner_text().startswith("28")
    assert page.evaluate("() => document.activeElement.id") == "card"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "close"
    page.keyboard.press("Enter")
    assert not page.locator("#card").is_visible()
    assert "route-row" in page.evaluate("() => document.activeElement.className")  # back where one was
    page.get_by_role("radio", name="The plan").focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="Spanish").is_checked()
    page.get_by_role("button", name="All placements as a table").focus()
    page.keyboard.press("Enter")
    page.locator("#placements tbody tr:visible th button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#card").is_visible()


def test_heads_of_the_table_are_whole_words(browser: Any, file: Path) -> None:
    for size in SIZES:
        visit = Visit(browser, file, *size)
        visit.page.get_by_role("button", name="All placements as a table").click()
        lines = visit.page.locator("#placements thead button:visible").evaluate_all(
            "(heads) => heads.map((head) => { const range = document.createRange();"
            " range.selectNodeContents(head.firstChild); const text = head.textContent.trim();"
            " const lines = new Set([...range.getClientRects()].map((box) => box.top)).size;"
            " return [text, lines <= text.split(' ').length]; })"
        )
        assert [head for head, whole in lines if not whole] == []
        visit.context.close()


# --- paper --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", ["Letter", "A4"])
@pytest.mark.parametrize("address", ["", "#lang=es"])
def test_the_print_has_one_landscape_page(browser: Any, file: Path, paper: str, address: str) -> None:
    visit = Visit(browser, file, address=address)
    pdf = visit.page.pdf(format=paper, landscape=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    width, height = map(float, re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())
    assert width > height
    visit.page.emulate_media(media="print")
    visit.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    for part in (".map-frame", "#legend-body", ".source", "#printed", "h1"):
        assert visit.page.locator(part).is_visible(), part
    assert visit.page.locator("#printed").inner_text().startswith("Printed ")
    assert "ACS table C16001" in visit.page.locator(".source").inner_text()
    visit.context.close()


def test_a_print_holds_the_route_that_is_open(browser: Any, file: Path, data: dict[str, Any]) -> None:
    route = next(each for each in data["routes"] if each["posters"])
    visit = Visit(browser, file, address=f"#route={route['short']}")
    visit.page.emulate_media(media="print")
    visit.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    chart, card = (visit.page.locator(part).bounding_box() for part in (".map-frame", "#card"))
    assert chart["y"] + chart["height"] <= card["y"]
    for sign in (".leaflet-control-scale", ".north", "#legend-body", ".source"):
        assert visit.page.locator(sign).is_visible(), sign
    for idle in ("#card .close", ".leaflet-control-zoom", ".home", "#placements"):
        assert not visit.page.locator(idle).is_visible(), idle
    whole = visit.page.locator("#card").evaluate("(card) => card.scrollHeight <= card.clientHeight + 1")
    assert whole, "nothing of it is cut off"
    told = visit.page.locator("#card .reason").first.inner_text()
    visit.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    visit.page.emulate_media(media="screen")
    assert visit.page.locator("#card .close").is_visible()
    assert told == route["posters"][0]["reason"]
    visit.context.close()


def test_the_table_prints_on_pages_of_its_own(browser: Any, file: Path, data: dict[str, Any]) -> None:
    visit = Visit(browser, file)
    visit.page.get_by_role("button", name="All placements as a table").click()
    pdf = visit.page.pdf(format="Letter", landscape=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    visit.page.emulate_media(media="print")
    table = visit.page.locator("#placements")
    assert table.is_visible()
    assert visit.page.locator(".all").evaluate("(all) => getComputedStyle(all).breakBefore") == "page"
    for column in range(8):
        assert table.locator("tbody tr").first.locator("th, td").nth(column).is_visible(), column
    visit.page.emulate_media(media="screen")
    visit.page.get_by_role("button", name="Routes as a list").click()
    visit.page.emulate_media(media="print")
    assert not table.is_visible()
    visit.context.close()


def test_the_legend_on_paper_tells_of_what_is_drawn(browser: Any, file: Path) -> None:
    visit = Visit(browser, file, address="#lang=es")
    page = visit.page
    page.evaluate("() => { map_plan.setZoom(14, { animate: false }); }")
    page.locator("[data-layer=stops]").check()
    page.locator("[data-layer=others]").uncheck()
    page.emulate_media(media="print")
    for layer, drawn in (("posted", True), ("others", False), ("hotspots", False), ("stops", True)):
        assert page.locator(f".layer-{layer}").is_visible() == drawn, layer
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")  # the whole region: no stops
    assert not page.locator(".layer-stops").is_visible()
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    page.locator("[data-layer=hotspots]").check()
    page.emulate_media(media="print")
    assert page.locator(".layer-hotspots").is_visible()
    visit.context.close()
