"""What must hold of every plan, whatever the region: tried on regions drawn at random, and on broken ones.

Here each property is tried on a few examples, the same ones every time; `make fuzz` (tests/fuzz.py) tries the
same properties on as many as its minutes allow.
"""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from invented_tracts import invent
from strategies import (
    HOSTILE,
    Region,
    as_csv,
    changed_bytes,
    changed_cells,
    pinned,
    regions,
    renamed,
    scaled,
    shuffled,
    split,
    write_region,
)

from targeting.api import Plan, make_plan
from targeting.errors import TargetingError
from targeting.write.tables import PEOPLE, SHARES, published, tables_csv

# an example takes a third of a second: a failure is not made smaller here, as `make fuzz` does
FEW = settings(
    derandomize=True, deadline=None, database=None, phases=[Phase.generate], report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
REAL = ("sitka-ride-2015", "glendale-beeline-2014-11", "island-transit-2009-03", "arlington-art-2016-12")
# what may be empty (docs/columns.md): where nobody lives, nothing was redrawn, or there is nothing to compare
MAY_BE_EMPTY = {
    "share", "share_moe", "concentration", "score", "rank", "cv", "certainty", "regret", "floor_regret",
    "served_posted_share", "served_posted_share_moe", "reach_share", "reach_share_moe",
    "reach_following_share", "reach_following_share_moe", "elsewhere",
}  # fmt: skip
ABOVE_ONE = {"cv", "share_moe", "served_posted_share_moe", "reach_share_moe", "reach_following_share_moe"}


@dataclass(frozen=True)
class Property:
    """A check, what it is tried on, and on how many examples at a time."""

    check: Callable[..., None]
    drawn: dict[str, Any]
    examples: int


PROPERTIES: dict[str, Property] = {}
OUTCOMES: dict[
    str, int
] = {}  # how often a region was planned, and how often refused with which kind of error


def holds(examples: int, **drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Mark a property of plans, tried here on so many examples."""

    def mark(check: Callable[..., None]) -> Any:
        PROPERTIES[check.__name__] = Property(check, drawn, examples)
        return settings(FEW, max_examples=examples)(given(**drawn)(check))

    return mark


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def plan_of(region: Region) -> Plan:
    """Return the plan of a region; refuse the example where the region is refused."""
    with folder() as place:
        try:
            return attempt(write_region(region, place))
        except TargetingError:
            assume(False)
            raise


def attempt(campaign: Path) -> Plan:
    """Return a plan; nothing but a plan or one sentence may come of any file."""
    try:
        made = make_plan(campaign)
    except TargetingError as fault:
        count(type(fault).__name__)
        if not str(fault).strip() or "\n" in str(fault):
            pytest.fail(f"no sentence: {fault!r}")
        raise
    count("planned")
    return made


def count(outcome: str) -> None:
    OUTCOMES[outcome] = OUTCOMES.get(outcome, 0) + 1


def check_tables(made: Plan) -> None:
    """Check every figure that the plan publishes: finite, not negative, and shares in [0, 1]."""
    for name, table in published(made).items():
        for column in table.columns:
            numeric = pd.api.types.is_numeric_dtype(table[column])
            if not (numeric or column in PEOPLE or column.startswith("reach_")):
                continue  # a name may be "-1" or "inf"
            texts = table[column].astype(str)
            assert not texts.str.fullmatch("-?inf").any(), (name, column)
            figures = pd.to_numeric(table[column], errors="coerce").dropna().to_numpy(float)
            assert (figures >= 0).all(), (name, column)
            if column in SHARES and column not in ABOVE_ONE:
                assert (figures <= 1).all(), (name, column)
            if numeric and column not in MAY_BE_EMPTY:
                assert table[column].notna().all(), (name, column)
    check_people(made)


def check_people(made: Plan) -> None:
    """Check that those reached are of those served, and those of the population; that totals are kept."""
    covered, scores = made.coverage, made.scores
    slack = 1e-6 + 1e-9 * covered["lep"]
    assert (covered["reach"] <= covered["served_posted"] + slack).all()
    assert (covered["reach_following"] <= covered["lep"] + slack).all()
    assert (covered["served_any"] <= covered["lep"] + slack).all()
    assert (covered["served_posted"] <= covered["lep"] + slack).all()
    whole = np.bincount(scores.catchment.tract, scores.catchment.weight, minlength=scores.catchment.tracts)
    np.testing.assert_allclose(whole, 1, atol=1e-9)
    region = covered[covered["area_kind"] == "region"].set_index("language")
    counties = covered[covered["area_kind"] == "county"].groupby("language")
    for language in scores.languages:
        everyone = scores.tracts.estimates[language.column].sum()
        assert region.at[language.tag, "lep"] == pytest.approx(everyone)
    for name in ("lep", "served_any", "served_posted", "reach"):
        pd.testing.assert_series_equal(
            counties[name].sum().sort_index(), region[name].sort_index(), check_names=False
        )
    sure = made.routes.drop_duplicates(["route_id", "measured_as"]).groupby("route_id")
    np.testing.assert_allclose(sure["largest_probability"].sum(), 1, atol=1e-9)
    assert (sure["second_probability"].sum() <= 1 + 1e-9).all()


# --- sound regions, odd ones among them ----------------------------------------------------------


@holds(6, region=regions())
def test_every_figure_is_finite_and_shares_are_shares(region: Region) -> None:
    check_tables(plan_of(region))


@holds(2, region=regions())
def test_the_same_region_gives_the_same_bytes(region: Region) -> None:
    with folder() as place:
        campaign = write_region(region, place)
        try:
            plans = [attempt(campaign), attempt(campaign)]
        except TargetingError:
            assume(False)
        files = [plan.write(place / str(number)) for number, plan in enumerate(plans)]
        for one, other in zip(*(sorted(each) for each in files), strict=True):
            assert one.name == other.name
            assert one.name == "run.json" or one.read_bytes() == other.read_bytes(), one.name


@holds(3, region=regions(plain=True, routes=2))
def test_a_set_serves_no_more_than_its_parts_and_no_less_than_the_largest(region: Region) -> None:
    made = plan_of(pinned(region))
    covered = made.coverage[made.coverage["area_kind"] == "region"].set_index("language")
    for tag, parts in made.placements.groupby("language"):
        for name, of_set in (("served", "served_posted"), ("reach", "reach")):
            whole = covered.at[tag, of_set]
            assert parts[name].max() - 1e-6 <= whole <= parts[name].sum() + 1e-6, (tag, name)
    near = made.scores.catchment
    people = made.scores.tracts.estimates.sum(axis=1).to_numpy(float)
    routes = np.arange(len(near.routes))
    alone = np.array([near.share_of_any(routes == route) @ people for route in routes])
    for chosen in range(1, 2 ** len(routes)):
        some = (chosen >> routes) & 1 > 0
        together = near.share_of_any(some) @ people
        assert alone[some].max() - 1e-6 <= together <= alone[some].sum() + 1e-6


@holds(4, region=regions(plain=True))
def test_departures_are_those_of_the_timetable(region: Region) -> None:
    made = plan_of(region)
    tables = region.tables
    days = {"wk": 5, "we": 2}
    expected: dict[str, int] = {}
    for route, service, *_ in tables["trips"][1:]:
        expected[route] = expected.get(route, 0) + days[service]
    assert made.scores.feed.routes["departures_week"].to_dict() == expected


@holds(4, region=regions(routes=2) | regions(plain=True, routes=2), seed=st.integers(0, 999))
def test_the_order_of_rows_means_nothing(region: Region, seed: int) -> None:
    one, other = (published(plan_of(each)) for each in (region, shuffled(region, seed)))
    assert one.keys() == other.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], obj=name)


@holds(3, region=regions(plain=True, routes=2))
def test_ids_mean_nothing(region: Region) -> None:
    other, ids = renamed(region)
    assert_alike(plan_of(pinned(region)), plan_of(replanned(pinned(region), other, ids)), ids)


@holds(3, region=regions(plain=True, routes=2))
def test_a_feed_in_two_parts_is_the_same_service(region: Region) -> None:
    parts, prefixes = split(region)
    ids = {route: f"{prefix}{route}" for route, prefix in prefixes.items()}
    assert_alike(plan_of(pinned(region)), plan_of(replanned(pinned(region), parts, ids)), ids)


@holds(3, region=regions(plain=True, routes=2), factor=st.integers(2, 50))
def test_people_scale(region: Region, factor: int) -> None:
    one, many = plan_of(pinned(region)), plan_of(scaled(pinned(region), factor))
    people = ["lep", "served_any", "served_posted", "reach", "reach_following"]
    for name in [*people, *(f"{each}_moe" for each in people)]:
        np.testing.assert_allclose(many.coverage[name], factor * one.coverage[name], rtol=1e-9, err_msg=name)
    before, after = (plan.routes.set_index(["route_id", "language"]).sort_index() for plan in (one, many))
    for name in ("served", "served_moe", "served_low", "served_high", "exposure"):
        np.testing.assert_allclose(after[name], factor * before[name], rtol=1e-9, err_msg=name)
    for name in ("share", "concentration", "largest_probability"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-3, err_msg=name)


def replanned(region: Region, other: Region, ids: dict[str, str]) -> Region:
    """Return another dress of a region with the same placements, by its own ids."""
    wishes = dict(region.settings)
    for old, new in ids.items():
        wishes["placement.pinned"] = wishes["placement.pinned"].replace(f'"{old}"', f'"{new}"')
    return other.having(**{key.replace(".", "__"): value for key, value in wishes.items()})


def assert_alike(one: Plan, other: Plan, ids: dict[str, str]) -> None:
    """Check that two plans say the same of the same routes."""
    pd.testing.assert_frame_equal(one.coverage, other.coverage)
    keys = ["route_id", "language"]
    routes = one.routes.assign(route_id=one.routes["route_id"].map(ids)).sort_values(keys, ignore_index=True)
    columns = [*keys, "departures_week", "served", "served_moe", "served_low", "served_high", "share",
               "exposure", "vehicles", "largest_probability"]  # fmt: skip
    pd.testing.assert_frame_equal(routes[columns], other.routes.sort_values(keys, ignore_index=True)[columns])


# --- broken regions: a plan that is sound, or one sentence ---------------------------------------


def plan_or_sentence(campaign: Path) -> None:
    try:
        made = attempt(campaign)
    except TargetingError:
        return
    check_tables(made)
    tables_csv(made)


@holds(10, region=regions(), data=st.data())
def test_a_feed_with_faults(region: Region, data: st.DataObject) -> None:
    with folder() as place:
        name = next(iter(region.feeds))
        broken = data.draw(changed_cells(region.tables), "tables")
        campaign = write_region(region, place)
        with zipfile.ZipFile(place / name, "w") as archive:
            for table, rows in broken.items():
                archive.writestr(f"{table}.txt", as_csv(rows).encode("utf-8", "surrogatepass"))
        plan_or_sentence(campaign)


@holds(10, region=regions(), data=st.data())
def test_a_census_table_with_faults(region: Region, data: st.DataObject) -> None:
    with folder() as place:
        campaign = write_region(region, place)
        table = place / "c16001.csv"
        rows = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()]
        broken = data.draw(changed_cells({"c16001": rows}), "table").get("c16001", [])
        table.write_bytes(as_csv(broken).encode("utf-8", "surrogatepass"))
        plan_or_sentence(campaign)


FILES = (
    "feed.zip",
    "c16001.csv",
    "tracts.geojson",
    "campaign.toml",
    "stop_times",
    "stops",
    "calendar",
    "trips",
)


@holds(16, region=regions(), file=st.sampled_from(FILES), data=st.data())
def test_files_with_changed_bytes(region: Region, file: str, data: st.DataObject) -> None:
    assume("." in file or file in region.tables)
    with folder() as place:
        campaign = write_region(region, place)
        if "." in file:
            content = (place / file).read_bytes()
            (place / file).write_bytes(data.draw(changed_bytes(content), file))
        else:
            texts = {name: as_csv(rows).encode() for name, rows in region.tables.items()}
            texts[file] = data.draw(changed_bytes(texts[file]), file)
            with zipfile.ZipFile(place / "feed.zip", "w") as archive:
                for name, text in texts.items():
                    archive.writestr(f"{name}.txt", text)
        plan_or_sentence(campaign)


# --- real files with faults ----------------------------------------------------------------------


@holds(
    3, table=st.sampled_from(["c16001.csv", "tracts.geojson", "points.geojson", "sample.zip"]), data=st.data()
)
def test_the_sample_with_faults(table: str, data: st.DataObject) -> None:
    """The project's own sample, a file of it with changed bytes."""
    sources = {
        "c16001.csv": ROOT / "data/acs/sample_c16001.csv",
        "tracts.geojson": ROOT / "data/acs/sample_tracts.geojson",
        "points.geojson": ROOT / "data/acs/sample_points.geojson",
        "sample.zip": ROOT / "data/gtfs/sample.zip",
    }
    with folder() as place:
        lines = [
            'name = "Sample"\n[placement]\nbuses = 6\n[posters]\nlanguages = ["es", "vi"]\n',
            "[certainty]\nredraws = 0\n[region]\n",
        ]
        for key, name in (("gtfs", "sample.zip"), ("acs", "c16001.csv"), ("tracts", "tracts.geojson"),
                          ("points", "points.geojson")):  # fmt: skip
            source = sources[name]
            if name == table:
                source = place / name
                source.write_bytes(data.draw(changed_bytes(sources[name].read_bytes())))
            lines.append(f'{key} = "{source}"\n')
        (place / "campaign.toml").write_text("".join(lines), encoding="utf-8")
        plan_or_sentence(place / "campaign.toml")


@holds(3, feed=st.sampled_from(REAL), data=st.data())
def test_real_feeds_with_faults(real_data: Path, feed: str, data: st.DataObject) -> None:
    """A small agency's feed, a table of it with changed bytes or cells, over invented tracts."""
    source = real_data / "gtfs" / f"{feed}.zip"
    with folder() as place:
        campaign = around(source, place)
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in archive.namelist() if name.endswith(".txt")}
        used = [name for name in members if Path(name).stem in USED]
        name = data.draw(st.sampled_from(sorted(used)), "table")
        members[name] = data.draw(changed_bytes(members[name]) | changed_lines(members[name]), "bytes")
        broken = place / "feed.zip"
        with zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        plan_or_sentence(campaign)


USED = {
    "agency",
    "calendar",
    "calendar_dates",
    "frequencies",
    "routes",
    "shapes",
    "stop_times",
    "stops",
    "trips",
}


@st.composite
def changed_lines(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw one cell of a text table changed, in one row or in all."""
    lines = content.split(b"\n")
    at = draw(st.integers(0, min(len(lines) - 1, 500)))
    column = draw(st.integers(0, 9))
    value = draw(st.sampled_from(HOSTILE)).encode()
    everywhere = draw(st.sampled_from([False, False, True]))
    for number in range(1, len(lines)) if everywhere else [at]:
        cells = lines[number].split(b",")
        if column < len(cells):
            cells[column] = value
            lines[number] = b",".join(cells)
    return b"\n".join(lines)


def around(source: Path, place: Path) -> Path:
    """Write tracts around a real feed's stops and a campaign whose feed is feed.zip; return its file."""
    campaign = invent([source], place, tracts=16)
    text = campaign.read_text(encoding="utf-8").replace(str(source.resolve()), "feed.zip")
    text = text.replace("buses = 36", "buses = 1") + "[certainty]\nredraws = 0\n"
    campaign.write_text(text, encoding="utf-8")
    return campaign
