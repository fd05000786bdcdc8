"""The layers of a plan: their columns, and figures equal to the tables'."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan
from targeting.write import LAYERS, write_plan
from targeting.write.plan_layers import column_of, plan_gpkg

ROOT = Path(__file__).parent.parent
FIGURES = ("estimate", "moe", "reliability", "share_served", "share_reached")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_campaign(ROOT / "data" / "sample.toml"))


@pytest.fixture(scope="module")
def layers(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], gpd.GeoDataFrame]:
    path = tmp_path_factory.mktemp("layers") / LAYERS
    plan_gpkg(path, plan)
    return lambda name: gpd.read_file(path, layer=name)


def test_layers_hold_what_the_docs_say(layers: Callable[[str], gpd.GeoDataFrame], plan: Plan) -> None:
    text = (
        (ROOT / "docs" / "columns.md").read_text(encoding="utf-8").split("## plan.gpkg")[1].split("\n## ")[0]
    )
    for name in ("routes", "tracts", "stops"):
        section = text.split(f"### {name}")[1].split("\n### ")[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        documented = [word.strip("`") for row in rows for word in row.replace(",", " ").split()]
        expected: list[str] = []
        for column in documented:
            tags = [column_of(lang.tag) for lang in plan.scores.languages] if "<tag>" in column else [""]
            expected += [column.replace("<tag>", tag) for tag in tags]
        layer = layers(name)
        assert sorted(layer.columns) == sorted([*expected, "geometry"]), name
        assert layer.crs.to_epsg() == 4326


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


def test_venues_are_a_layer_where_there_are_any(tmp_path: Path) -> None:
    settings = ["venues.file=sample_venues.csv", "venues.cards=8"]
    made = make_plan(read_campaign(ROOT / "data" / "sample.toml", settings))
    plan_gpkg(tmp_path / LAYERS, made)
    venues = gpd.read_file(tmp_path / LAYERS, layer="venues").set_index("venue_id")
    hung = made.placements[made.placements["unit"] == "venue"]
    assert len(venues) == 12
    assert venues["cards"].sum() == hung["cards"].sum() == 8
    for venue, rows in hung.groupby("unit_id"):
        assert venues.at[venue, "languages"] == ", ".join(rows["language"])
    assert gpd.read_file(tmp_path / LAYERS, layer="routes")["buses"].sum() == made.placements["buses"].sum()


def test_the_same_plan_has_the_same_bytes_and_stands_in_the_folder(plan: Plan, tmp_path: Path) -> None:
    plan_gpkg(tmp_path / "alone.gpkg", plan)
    files = write_plan(plan, tmp_path / "plan")
    assert tmp_path / "plan" / LAYERS in files
    assert (tmp_path / "plan" / LAYERS).read_bytes() == (tmp_path / "alone.gpkg").read_bytes()
    assert list(pyogrio.list_layers(tmp_path / "alone.gpkg")[:, 0]) == ["routes", "tracts", "stops"]


def test_tags_with_a_hyphen_make_plain_columns() -> None:
    assert column_of("zh-Hant") == "zh_Hant"


def test_hostile_names_come_back_as_they_were(plan: Plan, tmp_path: Path) -> None:
    feed = plan.scores.feed
    names = ["'; DROP TABLE routes; --\n" + "x" * 10_000] * len(feed.routes)
    hostile = replace(feed, routes=feed.routes.assign(route_name=names))
    scores = replace(plan.scores, inputs=replace(plan.scores.inputs, feed=hostile))
    plan_gpkg(tmp_path / LAYERS, replace(plan, scores=scores))
    assert list(gpd.read_file(tmp_path / LAYERS, layer="routes")["route_name"]) == names
