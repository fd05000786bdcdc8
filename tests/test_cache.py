"""What is taken from the cache is what would be made anew, and what cannot be is made anew."""

import dataclasses
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from click.testing import CliRunner
from conftest import tiny, write_feed

from targeting import cache as module
from targeting import derived
from targeting.cache import Cache, key_of
from targeting.campaign import read_campaign
from targeting.catchment import Catchment
from targeting.cli import main
from targeting.derived import (
    derive_catchments,
    derive_certainty,
    derive_families,
    derive_feed,
    derive_points,
)
from targeting.feed import Feed
from targeting.inputs import Inputs, read_inputs
from targeting.languages import find_languages
from targeting.limits import Limits
from targeting.notices import Notices

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
WALKS = {"bus_walk_m": 400.0, "rail_walk_m": 800.0, "venue_walk_m": 300.0}
REPEATED = tiny(
    frequencies=["trip_id,start_time,end_time,headway_secs", "out,07:00:00,08:00:00,900"],
    transfers=["from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type", "c,c,back,later,4"],
    trips=[
        "route_id,service_id,trip_id,direction_id,block_id,shape_id",
        "R,wk,out,0,,", "R,wk,back,1,b,", "R,wk,later,0,,",
    ],
    stop_times=[
        *tiny()["stop_times"],
        "later,10:00:00,10:00:00,c,1", "later,25:05:00,never,a,2",
    ],
)  # fmt: skip


def never(*_: object, **__: object) -> None:
    raise AssertionError("it was in the cache")


def same_feed(one: Feed, other: Feed) -> None:
    for field in dataclasses.fields(Feed):
        mine, its = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, its)
        elif field.name == "lines":
            assert mine.index.equals(its.index)
            assert mine.index.dtype == its.index.dtype
            assert [line.wkb for line in mine] == [line.wkb for line in its]
        else:
            assert mine == its
    for mine, its in zip(one.sources, other.sources, strict=True):
        pd.testing.assert_series_equal(mine.trips_by_day, its.trips_by_day, check_freq=False)


def same_catchment(one: Catchment, other: Catchment) -> None:
    assert one.routes.equals(other.routes)
    for name in ("tract", "weight", "xy"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    for name in ("departures", "touched", "wholly", "share_by_area"):
        mine, its = getattr(one, name), getattr(other, name)
        assert (mine is None) == (its is None)
        if mine is not None:
            assert mine.dtype == its.dtype
            assert mine.toarray().tobytes() == its.toarray().tobytes()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "derived")


@pytest.mark.parametrize("feeds", ["one", "two"])
def test_a_feed_from_the_cache_is_the_feed(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, feeds: str
) -> None:
    paths = [write_feed(tmp_path / "odd.zip", REPEATED)]
    if feeds == "two":
        paths.append(write_feed(tmp_path / "folder", tiny()))
    first, second = Notices(), Notices()
    read = derive_feed(cache, paths, notices=first)
    assert "bad_time" in {notice.code for notice in first}  # what was odd is told again
    assert len(read.links) > 0
    monkeypatch.setattr(derived, "read_feeds", never)
    steps: list[str] = []
    same_feed(read, derive_feed(cache, paths, notices=second, step=steps.append))
    assert second.as_dicts() == first.as_dicts()
    assert steps == [*(f"reading {path.name}" for path in paths), "counting departures"]


@pytest.mark.parametrize(
    "change",
    [
        {"week": date(2025, 1, 6)},
        {"modes": ("bus", "tram")},
        {"limits": Limits(members=77)},
    ],
)  # fmt: skip
def test_other_settings_are_another_entry(tmp_path: Path, cache: Cache, change: dict[str, object]) -> None:
    paths = [write_feed(tmp_path / "tiny.zip", tiny())]
    derive_feed(cache, paths, notices=Notices())
    derive_feed(cache, paths, notices=Notices(), **change)  # type: ignore[arg-type]
    assert len(list(cache.folder.iterdir())) == 2


def test_a_changed_feed_is_read_anew(tmp_path: Path, cache: Cache) -> None:
    path = write_feed(tmp_path / "feed", tiny())
    before = derive_feed(cache, [path], notices=Notices())
    write_feed(path, tiny(stops=[*tiny()["stops"][:3], "c,Far West,45.50,-122.62"]))
    after = derive_feed(cache, [path], notices=Notices())
    assert before.stops.at["c", "stop_name"] == "West"
    assert after.stops.at["c", "stop_name"] == "Far West"


@pytest.fixture(scope="module")
def sample() -> Inputs:
    return read_inputs(read_campaign(SAMPLE), Notices())


@pytest.mark.parametrize("with_venues", [True, False])
def test_catchments_from_the_cache_are_the_catchments(
    cache: Cache, sample: Inputs, monkeypatch: pytest.MonkeyPatch, with_venues: bool
) -> None:
    middle = sample.feed.stops.iloc[[10, 200]]
    venues = pd.DataFrame(
        {"name": ["Clinic", "Library"], "lon": middle["lon"].to_numpy(), "lat": middle["lat"].to_numpy()},
        index=pd.Index(["venue:1", "venue:2"], name="venue_id"),
    )
    where = (sample.feed, sample.tracts, sample.points, venues if with_venues else None)
    first, second = Notices(), Notices()
    found = derive_catchments(cache, *where, notices=first, **WALKS)
    monkeypatch.setattr(derived, "find_catchments", never)
    kept = derive_catchments(cache, *where, notices=second, **WALKS)
    same_catchment(found[0], kept[0])
    assert first.as_dicts() == second.as_dicts()
    if with_venues:
        assert found[1] is not None
        assert kept[1] is not None
        same_catchment(found[1], kept[1])
    else:
        assert kept[1] is None


def moved(inputs: Inputs) -> Inputs:
    assert inputs.points is not None
    points = inputs.points.assign(
        population=inputs.points["population"].to_numpy() + np.eye(1, len(inputs.points))[0]
    )
    return dataclasses.replace(inputs, points=points)


def shrunk(inputs: Inputs) -> Inputs:
    outlines = inputs.tracts.geometry.copy()
    outlines.iloc[3] = outlines.iloc[3].buffer(-1e-5)
    return dataclasses.replace(inputs, tracts=dataclasses.replace(inputs.tracts, geometry=outlines))


def busier(inputs: Inputs) -> Inputs:
    departures = inputs.feed.departures.copy()
    departures.loc[0, "departures_week"] += 1
    return dataclasses.replace(inputs, feed=dataclasses.replace(inputs.feed, departures=departures))


@pytest.mark.parametrize("change", [moved, shrunk, busier])
def test_any_other_input_is_another_entry(
    cache: Cache, sample: Inputs, monkeypatch: pytest.MonkeyPatch, change: Callable[[Inputs], Inputs]
) -> None:
    def find(inputs: Inputs, **walks: float) -> None:
        where = (inputs.feed, inputs.tracts, inputs.points, None)
        derive_catchments(cache, *where, notices=Notices(), **{**WALKS, **walks})

    find(sample)
    find(change(sample))
    assert len(list(cache.folder.iterdir())) == 2
    find(sample, bus_walk_m=401.0)
    assert len(list(cache.folder.iterdir())) == 3
    monkeypatch.setattr(module, "_program", lambda: "a later release")
    find(sample)
    assert len(list(cache.folder.iterdir())) == 4


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "pickle", "lacks"])
def test_a_damaged_entry_is_made_anew(tmp_path: Path, cache: Cache, damage: str) -> None:
    path = write_feed(tmp_path / "tiny.zip", tiny())
    read = derive_feed(cache, [path], notices=Notices())
    (entry,) = cache.folder.iterdir()
    whole = entry.read_bytes()
    if damage == "pickle":
        stream = io.BytesIO()
        np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with zipfile.ZipFile(entry, "a") as archive:
            archive.writestr("more.npy", stream.getvalue())
    elif damage == "lacks":
        with zipfile.ZipFile(entry, "w") as archive:
            archive.writestr("week.json", '["2025-01-06", "it is"]')
    else:
        middle = len(whole) // 2
        changed = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
        entry.write_bytes({"cut": whole[:middle], "changed": changed, "empty": b""}[damage])
    same_feed(read, derive_feed(cache, [path], notices=Notices()))
    assert entry.read_bytes() == whole


def test_what_cannot_be_kept_is_no_fault(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "tiny.zip", tiny())
    (tmp_path / "file").write_text("no folder")
    read = derive_feed(Cache(tmp_path / "file" / "derived"), [path], notices=Notices())
    same_feed(read, derive_feed(None, [path], notices=Notices()))


def test_entries_used_longest_ago_go_first(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)
    ticks = iter(range(100, 200))
    real = Path.stat
    for name in ("a", "b"):
        cache.put(name, {"x": [name]})
        module.os.utime(cache.folder / f"{name}.zip", (tick := next(ticks), tick))
    assert real(cache.folder / "a.zip").st_mtime == 100
    assert cache.get("a", dict) == {"x": ["a"]}  # used now
    cache.put("c", {"x": ["c"]})
    assert sorted(path.name for path in cache.folder.iterdir()) == ["a.zip", "c.zip"]


def test_parts_that_run_together_are_other_keys() -> None:
    texts = [["ab", "c"], ["a", "bc"], [b"ab", "c"], [np.array([1, 2])], [np.array([1.0, 2.0])], [None], []]
    assert len({key_of("kind", parts) for parts in texts} | {key_of("other", [])}) == len(texts) + 1


def test_the_command_without_a_cache_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of the user"))
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "of the user" / "targeting" / "derived"

    def routes(*options: str) -> str:
        result = CliRunner().invoke(main, ["routes", str(SAMPLE), "--json", *options])
        assert result.exit_code == 0
        return result.output

    without = routes("--no-cache")
    assert not kept.exists()
    assert routes() == without
    assert len(list(kept.glob("*.zip"))) == 5
    monkeypatch.setattr(derived, "read_feeds", never)
    assert routes() == without


def test_points_from_the_cache_are_the_points(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = read_inputs(read_campaign(SAMPLE), Notices())
    tracts = inputs.tracts
    path = tmp_path / "points.geojson"
    places = tracts.geometry.iloc[1:].representative_point()  # the first tract has none: two notices

    def write(people: float) -> None:
        columns = {"population": [people] * len(places)}
        gpd.GeoDataFrame(columns, geometry=list(places), crs=4326).to_file(path)

    write(7.0)
    found, again = Notices(), Notices()
    points = derive_points(cache, path, tracts, found)
    assert points["population"].sum() == 7 * (len(tracts.geometry) - 1)
    assert {notice["code"] for notice in found.as_dicts()} == {"coarse_points", "tract_without_points"}
    with monkeypatch.context() as patched:
        patched.setattr(derived, "read_points", never)
        pd.testing.assert_frame_equal(derive_points(cache, path, tracts, again), points, check_exact=True)
        assert again.as_dicts() == found.as_dicts()
        path.with_name("points.geojson-wal").touch()  # what is beside it may hold changes
        with pytest.raises(AssertionError, match="in the cache"):
            derive_points(cache, path, tracts, Notices())
        path.with_name("points.geojson-wal").unlink()
    write(8.0)
    assert derive_points(cache, path, tracts, Notices())["population"].iloc[0] == 8
    names = tracts.names.copy()
    names.iloc[0] = "Another name"
    anew = Notices()
    derive_points(cache, path, dataclasses.replace(tracts, names=names), anew)
    assert "Another name" in str(anew.as_dicts())
    moved = dataclasses.replace(tracts, geometry=tracts.geometry.translate(0.001))
    derive_points(cache, path, moved, Notices())
    derive_points(cache, path, dataclasses.replace(tracts, population=tracts.population + 1), Notices())
    assert len(list(cache.folder.iterdir())) == 5


def test_families_from_the_cache_are_the_families(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    # a fifth of the hours of a card for A is spent on B; C keeps to itself
    routes = pd.Index(["A", "B", "C"], name="route_id")
    leaks = sp.csr_matrix([[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]])
    expected = [("A", "B"), ("C",)]
    assert derive_families(cache, leaks, routes, {("A", "B"): 30.0}, 0.2) == expected
    with monkeypatch.context() as patched:
        patched.setattr(derived, "families", never)
        assert derive_families(cache, leaks, routes, {("A", "B"): 30.0}, 0.2) == expected
    assert derive_families(cache, leaks, routes, {("A", "B"): 30.0}, 0.3) == [("A",), ("B",), ("C",)]
    derive_families(cache, leaks, routes, {("A", "B"): 31.0}, 0.2)
    derive_families(cache, leaks * 0.9, routes, {("A", "B"): 30.0}, 0.2)
    derive_families(cache, leaks, pd.Index(["A", "B", "D"]), {("A", "B"): 30.0}, 0.2)
    assert len(list(cache.folder.iterdir())) == 5


def test_certainty_from_the_cache_is_the_certainty(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    languages = find_languages(["es", "vi", "ru"])
    served = pd.DataFrame(
        {
            "route_id": ["1", "1", "1", "2", "2", "2"],
            "language": ["es", "vi", "ru"] * 2,
            "served": [300.0, 200.0, 0.0, 0.0, 1 / 3, 70.0],
            "served_moe": [82.25, 82.25, 16.45, 0.0, 20.0, 30.0],
        }
    )
    given: dict[str, Any] = {"min_served": 250.0, "cv_limits": (0.2, 0.4)}
    sure = derive_certainty(None, served, languages, **given)
    assert sure["runner_up"].tolist() == ["vi", "es", "es", "ru", "ru", "vi"]
    pd.testing.assert_frame_equal(derive_certainty(cache, served, languages, **given), sure)
    with monkeypatch.context() as patched:
        patched.setattr(derived, "certainty_of", never)
        kept = derive_certainty(cache, served, languages, **given)
    pd.testing.assert_frame_equal(kept, sure, check_exact=True)
    others = [
        (served.assign(served=served["served"] + 1), languages, given),
        (served.assign(served_moe=served["served_moe"] + 1), languages, given),
        (served.assign(route_id=served["route_id"].str.cat(["x"] * 6)), languages, given),
        (served, find_languages(["vi", "es", "ru"]), given),
        (served, languages, {**given, "min_served": 251.0}),
        (served, languages, {**given, "cv_limits": (0.2, 0.5)}),
    ]
    for entries, (figures, told, settings) in enumerate(others, start=2):
        anew = derive_certainty(None, figures, told, **settings)
        pd.testing.assert_frame_equal(derive_certainty(cache, figures, told, **settings), anew)
        assert len(list(cache.folder.iterdir())) == entries


def test_a_plan_from_the_cache_loads_no_library_for_what_it_need_not_find(tmp_path: Path) -> None:
    libraries = ["folium", "highspy", "networkx"]
    libraries += ["scipy.linalg", "scipy.spatial", "scipy.special"]
    code = (
        "import sys; from click.testing import CliRunner; from targeting.cli import main;"
        f"r = CliRunner().invoke(main, ['plan', {str(SAMPLE)!r}, '--out', {str(tmp_path / 'plan')!r}, '-q']);"
        "assert r.exit_code == 0, r.output;"
        f"print([name for name in {libraries} if name in sys.modules])"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        ).stdout.strip()
        for _ in range(2)
    ]
    assert outputs == [str(libraries), "[]"]
