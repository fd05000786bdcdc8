"""The layers of a plan: their columns, and figures equal to the tables'."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting.campaign import read_campaign
from targeting.hotspots import HotspotRule, hotspots_of
from targeting.languages import told_apart
from targeting.plan import Plan, make_plan
from targeting.write import LAYERS, write_plan
from targeting.write.layer_titles import column_of
from targeting.write.map_style import language_style
from targeting.write.plan_layers import SHAPES, plan_gpkg

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_campaign(ROOT / "data" / "sample.toml"))


@pytest.fixture(scope="module")
def layers(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], gpd.GeoDataFrame]:
    path = tmp_path_factory.mktemp("layers") / LAYERS
    plan_gpkg(path, plan)
    return lambda name: gpd.read_file(path, layer=name)


@pytest.fixture(scope="module")
def venued() -> Plan:
    settings = ["venues.file=sample_venues.csv", "venues.cards=8", "redraws=0"]
    return make_plan(read_campaign(ROOT / "data" / "sample.toml", settings))


@pytest.fixture(scope="module")
def venued_file(venued: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("venued") / LAYERS
    plan_gpkg(path, venued)
    return path


def documented(layer: str, tags: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return column, alias and unit of a layer as docs/columns.md has them, those of every language."""
    text = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8").split("## plan.gpkg")[1]
    section = text.split("\n## ")[0].split(f"\n### {layer}:")[1].split("\n### ")[0]
    rows = [re.split(r" ?\| ?", line)[1:4] for line in section.splitlines() if line.startswith("| `")]
    once = [(column.strip("`"), alias, unit) for column, alias, unit in rows]
    return [row for row in once if "<tag>" not in row[0]] + [
        (column.replace("<tag>", column_of(tag)), alias.replace("<language>", name), unit)
        for tag, name in tags.items()
        for column, alias, unit in once
        if "<tag>" in column
    ]


UNITS = {
    "people": r"people(?!.*per square mile)|^Residents", "share": r"0–1", "trips": "^Trips",
    "departures": "^Departures", "vehicles": "^Vehicles", "buses": "^Buses", "cards": "^Cards",
    "standard errors": r"\(z\)$", "people per square mile": "per square mile$", "": "",
}  # fmt: skip


@pytest.mark.parametrize("name", list(SHAPES))
def test_layers_hold_what_the_docs_say(name: str, venued: Plan, venued_file: Path) -> None:
    tags = {language.tag: language.english_name for language in venued.scores.languages}
    expected = documented(name, tags)
    layer = gpd.read_file(venued_file, layer=name)
    assert layer.columns.tolist() == [*(column for column, _, _ in expected), "geometry"]
    assert layer.crs.to_epsg() == 4326
    with closing(sqlite3.connect(venued_file)) as tables:
        rows = tables.execute(
            "SELECT column_name, name, title FROM gpkg_data_columns WHERE table_name = ? ORDER BY rowid",
            (name,),
        ).fetchall()
    assert rows == [(column, alias, alias) for column, alias, _ in expected]
    for column, alias, unit in expected:
        assert re.search(UNITS[unit], alias, re.IGNORECASE), (column, alias, unit)


def test_every_layer_has_a_style_that_qgis_finds(venued: Plan, venued_file: Path) -> None:
    with closing(sqlite3.connect(venued_file)) as tables:
        tables.row_factory = sqlite3.Row
        rows = [dict(row) for row in tables.execute("SELECT * FROM layer_styles ORDER BY id")]
        kinds = dict(tables.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
        geometry = dict(
            tables.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall()
        )
        assert tables.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert list(rows[0]) == [
        "id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName",
        "styleQML", "styleSLD", "useAsDefault", "description", "owner", "ui", "update_time",
    ]  # fmt: skip
    assert kinds == dict.fromkeys(SHAPES, "features") | {"layer_styles": "attributes"}
    assert sorted(row["f_table_name"] for row in rows if row["useAsDefault"]) == sorted(SHAPES)
    tags = [language.tag for language in venued.scores.languages]
    assert [row["styleName"] for row in rows if not row["useAsDefault"]] == [f"Reached: {t}" for t in tags]
    for row in rows:
        assert (row["f_table_catalog"], row["f_table_schema"]) == ("", "")  # as QGIS asks for them
        assert row["f_geometry_column"] == geometry[row["f_table_name"]]
        assert row["update_time"] == "1970-01-01T00:00:00.000Z"
        page = ET.fromstring(row["styleQML"].split("\n", 1)[1])  # noqa: S314 - our own
        columns = gpd.read_file(venued_file, layer=row["f_table_name"], rows=1).columns.drop("geometry")
        assert [alias.get("field") for alias in page.iter("alias")] == columns.tolist()
        renderer = page.find("renderer-v2")
        assert renderer is not None
        symbols = [symbol.get("name") for symbol in renderer.findall("symbols/symbol")]
        users = [each.get("symbol") for each in [*renderer.iter("range"), *renderer.findall("rules/rule")]]
        assert symbols == users == [str(number) for number in range(len(symbols))]
        asked = " ".join(rule.get("filter", "") for rule in renderer.iter("rule")) + renderer.get("attr", "")
        assert set(re.findall(r'"(\w+)"', asked)) <= set(columns)


def test_routes_are_drawn_in_the_colours_and_dashes_of_the_map(venued: Plan, venued_file: Path) -> None:
    with closing(sqlite3.connect(venued_file)) as tables:
        (qml,) = tables.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'routes'").fetchone()
    page = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own
    rules, symbols = page.findall(".//rule"), page.findall("renderer-v2/symbols/symbol")
    for language, rule, symbol in zip(venued.scores.languages, rules, symbols, strict=False):
        look = language_style(language.tag)
        options = {
            option.get("name"): option.get("value") for option in symbol.findall("layer/Option/Option")
        }
        red, green, blue = (int(look["color"][at : at + 2], 16) for at in (1, 3, 5))
        assert rule.get("label") == language.english_name
        assert f"'{language.tag}'" in rule.get("filter", "")
        assert options["line_color"] == f"{red},{green},{blue},255"
        dashes = [float(length) for length in look["dash"].split()]
        drawn = [float(length) for length in options.get("customdash", "").split(";") if length]
        assert np.allclose(np.array(drawn) / 0.18, dashes, atol=0.03)
    assert rules[-1].get("filter") == "ELSE"


def test_classes_of_density_hold_every_tract_once(venued: Plan, venued_file: Path) -> None:
    with closing(sqlite3.connect(venued_file)) as tables:
        (qml,) = tables.execute("SELECT styleQML FROM layer_styles WHERE styleName = 'Density'").fetchone()
    page = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own
    ends = [(float(each.get("lower", "")), float(each.get("upper", ""))) for each in page.iter("range")]
    assert ends[0] == (0.0, 0.0)
    assert all(upper == lower for (_, upper), (lower, _) in pairwise(ends))
    tracts = gpd.read_file(venued_file, layer="tracts")
    assert ends[-1][1] >= tracts["density"].max() > ends[-1][0]
    square_miles = tracts.to_crs(venued.scores.tracts.geometry.estimate_utm_crs()).area / 2_589_988.110336
    people = venued.scores.tracts.estimates[list(told_apart(venued.scores.languages))].sum(axis=1).to_numpy()
    assert np.allclose(tracts["density"], people / square_miles, atol=0.051)


def test_atoms_add_up_to_the_coverage(venued: Plan, venued_file: Path) -> None:
    atoms, scores = gpd.read_file(venued_file, layer="atoms"), venued.scores
    atoms[["routes", "venues"]] = atoms[["routes", "venues"]].fillna("")
    assert atoms.groupby("GEOID")["weight"].sum().to_numpy() == pytest.approx(1.0, abs=1e-4)
    assert atoms["venues"].str.contains("venue:").any()
    places = {"Region": np.full(len(atoms), True)}
    places |= {county: (atoms["county"] == county).to_numpy() for county in set(atoms["county"])}
    smallest, checked = scores.campaign.certainty.smallest_count, 0
    for language in scores.languages:
        tracts = scores.tracts.estimates[language.column].round()
        few = (tracts > 0) & (tracts < smallest)
        for area, inside in places.items():
            row = venued.coverage.set_index(["area", "language"]).loc[(area, language.tag)]
            here = atoms[inside]
            untold = float(tracts[few & ((scores.tracts.county == area) | (area == "Region"))].sum())
            near = here["routes"] != ""
            sums = {
                "lep": here[f"{language.tag}_people"].sum(),
                "served_any": here.loc[near, f"{language.tag}_people"].sum(),
                "served_posted": here[f"{language.tag}_served"].sum(),
                "reach": here[f"{language.tag}_reached"].sum(),
            }
            for name, figure in sums.items():
                slack = 0.0005 * len(here)
                assert row[name] - untold - slack <= figure <= row[name] + slack, (area, language.tag, name)
            assert sums["lep"] == pytest.approx(row["lep"] - untold, abs=0.0005 * len(here))
            checked += untold == 0
        emptied = atoms[f"{language.tag}_people"].isna()
        assert set(atoms.loc[emptied, "GEOID"]) == set(tracts.index[few])
    assert checked > 5


def test_atoms_stand_where_their_routes_are_near(venued: Plan, venued_file: Path) -> None:
    atoms, feed = gpd.read_file(venued_file, layer="atoms"), venued.scores.feed
    crs = venued.scores.tracts.geometry.estimate_utm_crs()
    stops = gpd.GeoSeries.from_xy(
        feed.stops["lon"], feed.stops["lat"], index=feed.stops.index, crs=4326
    ).to_crs(crs)
    calls = feed.departures.groupby("route_id")["stop_id"].agg(set)
    places, walk_m = atoms.geometry.to_crs(crs), venued.scores.campaign.region.bus_walk_m
    assert (atoms["routes"].fillna("") == "").any()
    for place, routes in zip(places, atoms["routes"].fillna(""), strict=True):
        apart = stops.distance(place)
        near = {route for route, at in calls.items() if apart[list(at)].min() <= walk_m + 0.01}
        assert near == set(filter(None, routes.split(", ")))
    shapes = venued.scores.tracts.geometry.to_crs(crs)[atoms["GEOID"]].to_numpy()
    assert shapely.distance(shapes, places.to_numpy()).max() < 30


def test_hot_spots_are_those_of_the_rule(venued: Plan, venued_file: Path) -> None:
    hot, scores = gpd.read_file(venued_file, layer="hot_spots"), venued.scores
    found = hotspots_of(scores.tracts, list(told_apart(scores.languages)), HotspotRule())
    for language in scores.languages:
        mine = hot[hot["language"] == language.tag]
        table = found[language.column]
        assert list(mine["GEOID"]) == sorted(table.index[table["hot"]])
        people = scores.tracts.estimates[language.column][mine["GEOID"]].to_numpy()
        told = mine["people"].to_numpy(float)
        assert (np.isnan(told) == ((people > 0) & (people < 10))).all()
        assert (told[~np.isnan(told)] == people[~np.isnan(told)]).all()
        assert list(mine["why"]) == list(table.loc[mine["GEOID"], "why"])
    shapes = scores.tracts.geometry[hot["GEOID"]].to_numpy()
    assert shapely.area(shapely.symmetric_difference(hot.geometry.to_numpy(), shapes)).max() < 1e-12


def test_a_plan_without_hot_spots_has_an_empty_layer(plan: Plan, tmp_path: Path) -> None:
    campaign = plan.scores.campaign
    never = campaign.hotspots.model_copy(
        update={"z": 99.0, "dense_estimate": 1e9, "dense_share": 1e9, "dense_density": 1e9}
    )
    cold = replace(plan.scores, campaign=campaign.model_copy(update={"hotspots": never}))
    plan_gpkg(tmp_path / LAYERS, replace(plan, scores=cold))
    layer = gpd.read_file(tmp_path / LAYERS, layer="hot_spots")
    assert len(layer) == 0
    assert pyogrio.read_info(tmp_path / LAYERS, layer="hot_spots")["geometry_type"] == "MultiPolygon"


def test_routes_carry_what_is_placed_on_them(layers: Callable[[str], gpd.GeoDataFrame], plan: Plan) -> None:
    routes = layers("routes").set_index("route_id")
    feed = plan.scores.feed
    assert list(routes.index) == list(feed.routes.index)
    assert routes["departures_week"].sum() == round(feed.routes["departures_week"].sum())
    assert routes["buses"].sum() == plan.placements["buses"].sum()
    for route, rows in plan.placements.groupby("unit_id"):
        most_first = rows.sort_values("buses", ascending=False, kind="stable")["language"]
        assert routes.at[route, "languages"] == ", ".join(most_first)
        assert routes.at[route, "buses"] == rows["buses"].sum()
    bare = routes.loc[~routes.index.isin(plan.placements["unit_id"])]
    assert len(bare)
    assert (bare["languages"].fillna("") == "").all()
    assert (bare["buses"] == 0).all()
    assert all(
        line.equals_exact(shapely.multilinestrings(shapely.get_parts(feed.lines[route])), 1e-9)
        for route, line in routes.geometry.items()
    )


def test_people_of_the_tracts_add_up_to_the_coverage(plan: Plan, tmp_path: Path) -> None:
    campaign = plan.scores.campaign
    every = campaign.model_copy(
        update={"certainty": campaign.certainty.model_copy(update={"smallest_count": 0.0})}
    )
    plan_gpkg(tmp_path / LAYERS, replace(plan, scores=replace(plan.scores, campaign=every)))
    tracts = gpd.read_file(tmp_path / LAYERS, layer="tracts")
    region = plan.coverage[plan.coverage["area"] == "Region"].set_index("language")
    for tag, row in region.iterrows():
        people = tracts[f"{tag}_estimate"]
        slack = 0.00005 * people.sum() + 0.01  # shares have four decimals
        assert people.sum() == row["lep"]
        assert (people * tracts[f"{tag}_share_reached"]).sum() == pytest.approx(row["reach"], abs=slack)
        assert (people * tracts[f"{tag}_share_served"]).sum() == pytest.approx(
            row["served_posted"], abs=slack
        )
        assert (tracts[f"{tag}_share_reached"] <= tracts[f"{tag}_share_served"] + 1e-9).all()
        assert np.hypot.reduce(tracts.loc[people > 0, f"{tag}_moe"]) <= row["lep_moe"] + 1


def test_small_counts_are_empty_and_their_margins_are_not(
    layers: Callable[[str], gpd.GeoDataFrame], plan: Plan
) -> None:
    tracts, smallest = layers("tracts"), plan.scores.campaign.certainty.smallest_count
    emptied = 0
    for language in plan.scores.languages:
        true = plan.scores.tracts.estimates[language.column].round().to_numpy()
        few = (true > 0) & (true < smallest)
        told = tracts[f"{language.tag}_estimate"]
        assert told[few].isna().all()
        assert (told[~few].to_numpy(float) == true[~few]).all()
        assert tracts[f"{language.tag}_moe"].notna().all()
        emptied += int(few.sum())
    assert emptied > 0


def test_stops_and_tracts_are_all_there(layers: Callable[[str], gpd.GeoDataFrame], plan: Plan) -> None:
    stops, feed = layers("stops"), plan.scores.feed
    assert list(stops["stop_id"]) == list(feed.stops.index)
    assert stops["departures_week"].sum() == pytest.approx(
        feed.departures["departures_week"].sum(), abs=len(stops)
    )
    assert np.allclose(shapely.get_x(stops.geometry), feed.stops["lon"])
    assert list(layers("tracts")["GEOID"]) == list(plan.scores.tracts.names.index)
    drawn, given = layers("tracts").geometry, plan.scores.tracts.geometry
    assert shapely.area(drawn).sum() == pytest.approx(shapely.area(given).sum())


def test_a_split_group_widens_the_margin(plan: Plan, tmp_path: Path) -> None:
    tracts = plan.scores.tracts
    split = replace(
        tracts,
        split_margins=pd.DataFrame(30.0, index=tracts.margins.index, columns=tracts.margins.columns),
        split_areas=pd.DataFrame("one", index=tracts.margins.index, columns=tracts.margins.columns),
    )
    scores = replace(plan.scores, inputs=replace(plan.scores.inputs, tracts=split))
    plan_gpkg(tmp_path / LAYERS, replace(plan, scores=scores))
    layer = gpd.read_file(tmp_path / LAYERS, layer="tracts")
    assert (layer["es_moe"] == np.hypot(tracts.margins["spanish"], 30.0).round().to_numpy()).all()


def test_venues_are_a_layer_where_there_are_any(venued: Plan, venued_file: Path) -> None:
    venues = gpd.read_file(venued_file, layer="venues").set_index("venue_id")
    hung = venued.placements[venued.placements["unit"] == "venue"]
    assert len(venues) == 12
    assert venues["cards"].sum() == hung["cards"].sum() == 8
    for venue, rows in hung.groupby("unit_id"):
        assert venues.at[venue, "languages"] == ", ".join(rows["language"])
    assert gpd.read_file(venued_file, layer="routes")["buses"].sum() == venued.placements["buses"].sum()


def test_the_same_plan_has_the_same_bytes_and_stands_in_the_folder(plan: Plan, tmp_path: Path) -> None:
    plan_gpkg(tmp_path / "alone.gpkg", plan)
    files = write_plan(plan, tmp_path / "plan")
    assert tmp_path / "plan" / LAYERS in files
    assert (tmp_path / "plan" / LAYERS).read_bytes() == (tmp_path / "alone.gpkg").read_bytes()
    assert list(pyogrio.list_layers(tmp_path / "alone.gpkg")[:, 0]) == [
        "routes", "tracts", "stops", "atoms", "hot_spots", "layer_styles",
    ]  # fmt: skip


def test_tags_with_a_hyphen_make_plain_columns() -> None:
    assert column_of("zh-Hant") == "zh_Hant"


def test_hostile_names_come_back_as_they_were(plan: Plan, tmp_path: Path) -> None:
    feed = plan.scores.feed
    names = ["'; DROP TABLE routes; --\n" + "x" * 10_000] * len(feed.routes)
    hostile = replace(feed, routes=feed.routes.assign(route_name=names))
    scores = replace(plan.scores, inputs=replace(plan.scores.inputs, feed=hostile))
    plan_gpkg(tmp_path / LAYERS, replace(plan, scores=scores))
    assert list(gpd.read_file(tmp_path / LAYERS, layer="routes")["route_name"]) == names
