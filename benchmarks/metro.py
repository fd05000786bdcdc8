"""Measure `targeting plan` for a metro: fourteen agencies, 1,000 bus routes, and points like census blocks.

    python benchmarks/metro.py [folder of the real data] [folder]

Prints a table; the metro's files stay in the second folder where it is given. There is no such metro at
hand, so one is made of TriMet's feed: at each of seven places round a centre the whole network is laid down,
turned, and two agencies share it. One runs every second vehicle block, the other the rest, each with stop and
route ids of its own, so that two agencies call at each place. Tracts and population points are invented. The
same files always come out.
"""

import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from invented_tracts import invent
from plan import run_plan

FEED = "gtfs/trimet-2024-12-composite.zip"
SERVICES = ".686"  # those of January and February 2025
PLACES, SHARED_BY = 7, 2
RADIUS_M = 12_000.0
CENTRE = (-122.68, 45.52)  # degrees
METRES_A_DEGREE = 111_195.0
TRACTS, POINTS = 900, 40_000
BUSES = 200
IDS = ("stop_id", "parent_station", "route_id", "trip_id", "block_id", "service_id", "shape_id", "agency_id")


def write_metro(feed: Path, folder: Path) -> Path:
    """Write feeds, tracts, points and a campaign; return the campaign's file."""
    tables = _one_season(feed)
    folder.mkdir(parents=True, exist_ok=True)
    feeds: list[Path] = []
    for place in range(PLACES):
        for agency in range(SHARED_BY):
            path = folder / f"agency{len(feeds) + 1:02}.zip"
            _write_agency(tables, path, place=place, agency=agency)
            feeds.append(path)
    campaign = invent(feeds, folder, TRACTS)
    _write_points(folder / "tracts.geojson", folder / "points.geojson")
    text = campaign.read_text(encoding="utf-8").replace("buses = 36", f"buses = {BUSES}")
    text = text.replace("[posters]", 'points = "points.geojson"\n[posters]')
    campaign.write_text(text, encoding="utf-8")
    return campaign


def _one_season(feed: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of the feed's services in one season, all texts."""
    names = ("agency", "calendar", "stops", "routes", "trips", "stop_times", "shapes")
    with zipfile.ZipFile(feed) as archive:
        tables = {name: pd.read_csv(archive.open(f"{name}.txt"), dtype=str) for name in names}
    trips = tables["trips"]
    tables["trips"] = trips[trips["service_id"].str.endswith(SERVICES) & trips["block_id"].notna()]
    return tables


def _write_agency(tables: dict[str, pd.DataFrame], path: Path, *, place: int, agency: int) -> None:
    """Write the feed of one agency: every second block, at one of the places."""
    ours = dict(tables)
    blocks = {block: number for number, block in enumerate(sorted(tables["trips"]["block_id"].unique()))}
    trips = tables["trips"]
    ours["trips"] = trips = trips[trips["block_id"].map(blocks) % SHARED_BY == agency]
    calls = tables["stop_times"]
    ours["stop_times"] = calls[calls["trip_id"].isin(trips["trip_id"])].drop(columns="shape_dist_traveled")
    shapes = tables["shapes"]
    ours["shapes"] = shapes[shapes["shape_id"].isin(trips["shape_id"])]
    for name, axes in (("stops", ("stop_lon", "stop_lat")), ("shapes", ("shape_pt_lon", "shape_pt_lat"))):
        there = [ours[name][axis].to_numpy(float) for axis in axes]
        lon, lat = _moved(there[0], there[1], place)
        ours[name] = ours[name].assign(**{axes[0]: lon.round(6), axes[1]: lat.round(6)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, table in ours.items():
            prefixed = {column: f"{path.stem}." + table[column] for column in IDS if column in table}
            with archive.open(f"{name}.txt", "w", force_zip64=True) as stream:
                table.assign(**prefixed).to_csv(stream, index=False, lineterminator="\n")


def _moved(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], place: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return places turned about the centre, and moved with it to one of the places round it."""
    angle = 2 * np.pi * place / PLACES
    narrow = np.cos(np.radians(CENTRE[1]))  # a degree of longitude in degrees of latitude
    east, north = (lon - CENTRE[0]) * narrow, lat - CENTRE[1]
    away = RADIUS_M / METRES_A_DEGREE
    turned_east = np.cos(angle) * (east + away) - np.sin(angle) * north
    turned_north = np.sin(angle) * (east + away) + np.cos(angle) * north
    return CENTRE[0] + turned_east / narrow, CENTRE[1] + turned_north


def _write_points(tracts: Path, path: Path) -> None:
    """Write about as many points as a metro has census blocks, each in a tract."""
    boxes = [each["geometry"]["coordinates"][0] for each in json.loads(tracts.read_text())["features"]]
    drawn = np.random.default_rng(2020)
    features = []
    for number in range(POINTS):
        (west, south), _, (east, north) = boxes[number % len(boxes)][:3]
        place = [round(float(drawn.uniform(west, east)), 6), round(float(drawn.uniform(south, north)), 6)]
        people = {"population": int(drawn.gamma(1.2, 60.0)) + 1}
        shape = {"type": "Point", "coordinates": place}
        features.append({"type": "Feature", "properties": people, "geometry": shape})
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content), encoding="utf-8")


def main(data: Path, folder: Path) -> None:
    """Write the metro, plan it from cold start, and print what it took and what is proven."""
    campaign = write_metro(data / FEED, folder)
    taken = run_plan(campaign, folder / "plan", folder / "cache")
    if taken.fault:
        sys.exit(f"the plan of {campaign} failed: {taken.fault}")
    record = json.loads((folder / "plan/run.json").read_text(encoding="utf-8"))
    found = record["placement"]
    print("| agencies | population points | wall s | processor s | peak MB | placement s | gap | status |")
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {PLACES * SHARED_BY} | {POINTS:,} | {taken.wall_s:.1f} | {taken.processor_s:.1f} "
        f"| {taken.peak_mb:,.0f} | {found['seconds']:.1f} | {found['gap']:.2%} | {found['status']} |"
    )


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent.parent / "shared/data"
    if len(sys.argv) > 2:
        main(source, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(source, Path(name))
