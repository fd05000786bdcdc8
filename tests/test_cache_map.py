"""The ground of a map from the cache is the ground, and any other ground is another entry."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from targeting import cache as module
from targeting.cache import Cache
from targeting.campaign import read_campaign
from targeting.inputs import Inputs
from targeting.plan import Plan, make_plan
from targeting.write import map as map_writer
from targeting.write import map_ground
from targeting.write.map import map_html
from targeting.write.map_data import Audience
from targeting.write.map_ground import Ground, derive_ground

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_campaign(SAMPLE, ["redraws=0", "buses=6"]))


@pytest.fixture(scope="module")
def wet(plan: Plan) -> Inputs:
    """The sample's inputs with a lake of a kilometre in the middle."""
    middle = plan.scores.feed.stops[["lon", "lat"]].median()
    lake = shapely.Point(middle["lon"], middle["lat"]).buffer(0.01)
    return dataclasses.replace(plan.scores.inputs, water=gpd.GeoSeries([lake], crs=4326))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "derived")


def ground(cache: Cache | None, inputs: Inputs, *, public: bool = False) -> Ground:
    return derive_ground(cache, inputs.feed, inputs.tracts, inputs.water, public=public)


def never(*_: object, **__: object) -> None:
    raise AssertionError("it was in the cache")


@pytest.mark.parametrize("audience", ["staff", "public"])
def test_a_map_from_the_cache_is_the_map(
    plan: Plan, wet: Inputs, cache: Cache, monkeypatch: pytest.MonkeyPatch, audience: Audience
) -> None:
    flooded = dataclasses.replace(plan, scores=dataclasses.replace(plan.scores, inputs=wet))
    pages = [map_html(each, audience) for each in (plan, flooded)]
    assert pages[0] != pages[1]
    assert [map_html(each, audience, cache) for each in (plan, flooded)] == pages
    monkeypatch.setattr(map_ground, "_drawn", never)
    monkeypatch.setattr(map_writer, "_built", never)
    assert [map_html(each, audience, cache) for each in (plan, flooded)] == pages


def test_another_place_is_another_entry(cache: Cache) -> None:
    here, there = (map_writer._folium_parts((45.5, longitude), cache) for longitude in (-122.5, -122.25))
    assert "-122.5" in here["script"]
    assert there["script"] == here["script"].replace("-122.5", "-122.25")
    assert len(list(cache.folder.iterdir())) == 2


def moved(inputs: Inputs) -> Inputs:
    outlines = inputs.tracts.geometry.copy()
    outlines.iloc[3] = outlines.iloc[3].buffer(-1e-5)
    return dataclasses.replace(inputs, tracts=dataclasses.replace(inputs.tracts, geometry=outlines))


def renamed(inputs: Inputs) -> Inputs:
    county = inputs.tracts.county.copy()
    county.iloc[3] = "Another County"
    return dataclasses.replace(inputs, tracts=dataclasses.replace(inputs.tracts, county=county))


def rerouted(inputs: Inputs) -> Inputs:
    lines = inputs.feed.lines.copy()
    lines.iloc[0] = shapely.transform(lines.iloc[0], lambda points: points + 1e-6)
    return dataclasses.replace(inputs, feed=dataclasses.replace(inputs.feed, lines=lines))


def dried(inputs: Inputs) -> Inputs:
    return dataclasses.replace(inputs, water=None)


def flooded_more(inputs: Inputs) -> Inputs:
    assert inputs.water is not None
    return dataclasses.replace(inputs, water=inputs.water.buffer(1e-3))


@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
@pytest.mark.parametrize("change", [moved, renamed, rerouted, dried, flooded_more])
def test_any_other_ground_is_another_entry(
    wet: Inputs, cache: Cache, monkeypatch: pytest.MonkeyPatch, change: Callable[[Inputs], Inputs]
) -> None:
    def drawn(inputs: Inputs, entries: int, *, public: bool = False) -> None:
        found, anew = ground(cache, inputs, public=public), ground(None, inputs, public=public)
        assert found.topology == anew.topology
        assert (found.water, found.spots) == (anew.water, anew.spots)
        assert found.streets.geom_equals_exact(anew.streets, 0).all()
        assert len(list(cache.folder.iterdir())) == entries

    drawn(wet, 1)
    drawn(change(wet), 2)
    drawn(wet, 2, public=False)
    drawn(wet, 3, public=True)
    monkeypatch.setattr(module, "_program", lambda: "a later release")
    drawn(wet, 4)


def test_the_code_of_the_map_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    module._program.cache_clear()
    before, real = module._program(), Path.read_bytes

    def edited(path: Path) -> bytes:
        return real(path) + (b"#" if path.name == "map_geometry.py" else b"")

    monkeypatch.setattr(Path, "read_bytes", edited)
    module._program.cache_clear()
    assert module._program() != before
    monkeypatch.undo()
    module._program.cache_clear()
    assert module._program() == before
