"""The sample region: the same bytes every time, and figures that behave as real ones do."""

import csv
import io
import json
import math
import tomllib
import zipfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely

from targeting.errors import OutputError
from targeting.sample import write_sample

COMMITTED = Path(__file__).parent.parent / "data"
LEP_LINES = range(5, 39, 3)
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="module")
def feed(sample: Path) -> dict[str, Rows]:
    with zipfile.ZipFile(sample / "gtfs/sample.zip") as archive:
        return {
            name.removesuffix(".txt"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode(), newline=""))
            )
            for name in archive.namelist()
        }


@pytest.fixture(scope="module")
def census(sample: Path) -> dict[str, dict[str, str]]:
    with (sample / "acs/sample_c16001.csv").open(newline="") as file:
        return {row["GEOID"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def polygons(sample: Path) -> dict[str, Any]:
    features = json.loads((sample / "acs/sample_tracts.geojson").read_text())["features"]
    return {f["properties"]["GEOID"]: shapely.geometry.shape(f["geometry"]) for f in features}


def test_every_stop_is_named_after_two_streets_or_a_place(feed: dict[str, Rows]) -> None:
    assert [row for row in feed["stops"] if not row["stop_name"][0].isalnum()] == []
    assert [row for row in feed["trips"] if not row["trip_headsign"][0].isalnum()] == []


def figure(row: dict[str, str], line: int, kind: str = "E") -> int:
    return int(row[f"C16001_{line:03d}{kind}"])


def minutes(clock: str) -> float:
    hours, mins, seconds = (int(part) for part in clock.split(":"))
    return 60 * hours + mins + seconds / 60


def members(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


# --- files ------------------------------------------------------------------------------------


def test_committed_files_are_what_the_module_writes(sample: Path) -> None:
    names = sorted(path.relative_to(sample) for path in sample.rglob("*") if path.is_file())
    assert len(names) == 8
    for name in names:
        if name.suffix == ".zip":  # compressed bytes depend on the zlib that Python was built with
            assert members(COMMITTED / name) == members(sample / name)
        else:
            assert (COMMITTED / name).read_bytes() == (sample / name).read_bytes(), name


def test_two_writes_give_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    written = write_sample(tmp_path / "new" / "folder")
    assert len(written) == 8
    for path in written:
        twin = sample / path.relative_to(tmp_path / "new" / "folder")
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_zip_members_carry_no_time_of_writing(sample: Path) -> None:
    with zipfile.ZipFile(sample / "gtfs/sample.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr for info in archive.infolist()} == {0o644 << 16}


def test_small_enough_to_ship(sample: Path) -> None:
    assert sum(path.stat().st_size for path in sample.rglob("*") if path.is_file()) < 1_000_000


def test_every_file_says_that_it_is_invented(sample: Path, feed: dict[str, Rows]) -> None:
    for path in sample.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            assert "invented" in path.read_text(encoding="utf-8"), path.name
    assert "invented" in feed["agency"][0]["agency_name"]
    assert "invented" in feed["feed_info"][0]["feed_publisher_name"]


def test_campaign_file_points_at_files_that_are_there(sample: Path) -> None:
    campaign = tomllib.loads((sample / "sample.toml").read_text())
    assert campaign["name"] == "Red Means Help (sample)"
    assert campaign["posters"]["languages"] == ["es", "vi", "zh", "ru", "ko", "ar"]
    assert campaign["placement"] == {"buses": 24}
    assert set(campaign["region"]) == {"gtfs", "acs", "tracts", "points"}
    for name in campaign["region"].values():
        assert (sample / name).is_file()


# --- people -----------------------------------------------------------------------------------


def test_census_lines_add_up(census: dict[str, dict[str, str]]) -> None:
    assert len(census) == 120
    for row in census.values():
        assert len(row) == 2 + 2 * 38
        for line in range(3, 39, 3):
            assert figure(row, line) == figure(row, line + 1) + figure(row, line + 2)
        speakers = sum(figure(row, line) for line in range(3, 39, 3))
        assert figure(row, 1) == figure(row, 2) + speakers
        assert min(figure(row, line) for line in range(1, 39)) >= 0


def test_size_and_share_of_the_region(census: dict[str, dict[str, str]]) -> None:
    people = sum(figure(row, 1) for row in census.values())
    lep = sum(figure(row, line) for row in census.values() for line in LEP_LINES)
    assert 3_700 < people / len(census) < 4_300
    assert 0.08 < lep / people < 0.09
    assert {geoid[:5] for geoid in census} == {"99001", "99003"}
    for geoid, row in census.items():
        county = {"99001": "Ansel", "99003": "Brook"}[geoid[:5]]
        number = int(geoid[5:9]) + int(geoid[9:]) / 100
        label = f"{number:.2f}" if int(geoid[9:]) else str(int(number))
        assert row["NAME"] == f"Census Tract {label}, {county} County, Halvern (invented)"


def test_uncertainty_is_that_of_a_survey(census: dict[str, dict[str, str]]) -> None:
    cells = [
        (figure(row, line), figure(row, line, "M"), figure(row, 1))
        for row in census.values()
        for line in LEP_LINES
    ]
    zeros = [(margin, people) for estimate, margin, people in cells if estimate == 0]
    assert 0.55 <= len(zeros) / len(cells) <= 0.70
    assert {margin for margin, _ in zeros} == {12, 17}
    mean_size = {
        wanted: sum(people for margin, people in zeros if margin == wanted)
        / sum(margin == wanted for margin, _ in zeros)
        for wanted in (12, 17)
    }
    assert mean_size[12] < 4_200 < mean_size[17]
    variations = [margin / 1.645 / estimate for estimate, margin, _ in cells if estimate]
    assert 0.80 <= sum(cv > 0.40 for cv in variations) / len(variations) < 1
    assert 0.12 < min(variations) < 0.40  # the big clusters are known rather well, none exactly


def test_languages_gather_in_different_places(census: dict[str, dict[str, str]]) -> None:
    """Each poster language has tracts of its own, or no plan could tell the routes apart."""
    for line in (5, 26, 23, 14, 20, 35):  # es, vi, zh, ru, ko, ar
        counts = sorted((figure(row, line) for row in census.values()), reverse=True)
        assert sum(counts[:18]) > 0.45 * sum(counts)
        others = [other for other in (26, 23, 14, 20, 35) if other != line]
        leads = [
            row for row in census.values() if figure(row, line) > max(figure(row, other) for other in others)
        ]
        assert len(leads) >= 3


def test_one_empty_tract_and_one_controlled_total(census: dict[str, dict[str, str]]) -> None:
    empty = [row for row in census.values() if figure(row, 1) == 0]
    assert len(empty) == 1
    assert {figure(empty[0], line, "M") for line in range(1, 39)} == {12}
    margins = [figure(row, line, "M") for row in census.values() for line in range(1, 39)]
    assert [margin for margin in margins if margin < 0] == [-555_555_555]
    assert sum(figure(row, 1, "M") == -555_555_555 for row in census.values()) == 1


def test_tracts_cover_the_city_without_gap_or_overlap(
    polygons: dict[str, Any], census: dict[str, dict[str, str]]
) -> None:
    assert set(polygons) == set(census)
    shapes = list(polygons.values())
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in shapes)
    assert all(shape.exterior.is_ccw for shape in shapes)
    assert shapely.coverage_is_valid(shapes)
    city = shapely.union_all(shapes)
    assert city.geom_type == "Polygon"
    assert len(city.interiors) == 0
    west, south, east, north = city.bounds
    assert -129.6 < west < east < -129.2
    assert 44.9 < south < north < 45.1


def test_central_tracts_are_small_and_outer_ones_large(sample: Path) -> None:
    features = json.loads((sample / "acs/sample_tracts.geojson").read_text())["features"]
    areas = sorted(feature["properties"]["ALAND"] for feature in features)
    assert areas[-10] > 5 * areas[10]
    assert 200e6 < sum(areas) < 320e6
    for feature in features:  # square metres as measured in the degrees that were written
        shape = shapely.geometry.shape(feature["geometry"])
        measured = shape.area * 78_847 * 111_132
        assert measured == pytest.approx(feature["properties"]["ALAND"], rel=0.01)


def test_population_points(sample: Path, polygons: dict[str, Any], census: dict[str, dict[str, str]]) -> None:
    features = json.loads((sample / "acs/sample_points.geojson").read_text())["features"]
    assert 1_000 < len(features) < 1_400
    by_tract: dict[str, int] = defaultdict(int)
    for feature in features:
        geoid, people = feature["properties"]["GEOID"], feature["properties"]["population"]
        assert len(geoid) == 15
        assert people > 0
        assert polygons[geoid[:11]].contains(shapely.Point(feature["geometry"]["coordinates"]))
        by_tract[geoid[:11]] += people
    assert len({feature["properties"]["GEOID"] for feature in features}) == len(features)
    assert set(by_tract) == {geoid for geoid, row in census.items() if figure(row, 1)}
    ratios = [people / figure(census[geoid], 1) for geoid, people in by_tract.items()]
    assert 0.85 < min(ratios) < max(ratios) < 1.30  # the survey's total has noise of its own
    assert 1.04 < sum(by_tract.values()) / sum(figure(r, 1) for r in census.values()) < 1.08


def test_venues_stand_where_people_live(
    sample: Path, polygons: dict[str, Any], census: dict[str, dict[str, str]]
) -> None:
    with (sample / "sample_venues.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {row["kind"] for row in rows} == {"fire station", "library", "clinic", "legal clinic"}
    assert {row["note"] for row in rows} == {"invented"}
    assert len({row["name"] for row in rows}) == 12
    features = json.loads((sample / "acs/sample_points.geojson").read_text())["features"]
    for row in rows:
        place = shapely.Point(float(row["lon"]), float(row["lat"]))
        (geoid,) = [geoid for geoid, shape in polygons.items() if shape.contains(place)]
        assert figure(census[geoid], 1) > 0
        near = sum(
            feature["properties"]["population"]
            for feature in features
            for lon, lat in [feature["geometry"]["coordinates"]]
            if math.dist((78_847 * lon, 111_132 * lat), (78_847 * place.x, 111_132 * place.y)) <= 800
        )
        assert near > 500, row["name"]


# --- buses ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calls(feed: dict[str, Rows]) -> dict[str, Rows]:
    by_trip: dict[str, Rows] = defaultdict(list)
    for row in feed["stop_times"]:
        by_trip[row["trip_id"]].append(row)
    return by_trip


@pytest.fixture(scope="module")
def blocks(feed: dict[str, Rows], calls: dict[str, Rows]) -> dict[tuple[str, str], Rows]:
    """Trips of each (service, block), in order of departure."""
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for trip in feed["trips"]:
        found[trip["service_id"], trip["block_id"]].append(trip)
    for trips in found.values():
        trips.sort(key=lambda trip: minutes(calls[trip["trip_id"]][0]["departure_time"]))
    return found


def test_every_id_is_known(feed: dict[str, Rows]) -> None:
    def ids(table: str, column: str) -> set[str]:
        return {row[column] for row in feed[table]}

    stops = {row["stop_id"] for row in feed["stops"] if row["location_type"] == "0"}
    assert ids("stop_times", "stop_id") == stops
    assert ids("stop_times", "trip_id") == ids("trips", "trip_id")
    assert ids("trips", "route_id") == ids("routes", "route_id")
    assert ids("trips", "shape_id") == ids("shapes", "shape_id")
    services = ids("calendar", "service_id")
    assert ids("trips", "service_id") == ids("calendar_dates", "service_id") | services
    assert ids("routes", "agency_id") == ids("agency", "agency_id")
    assert len(ids("trips", "trip_id")) == len(feed["trips"])
    assert len(ids("stops", "stop_id")) == len(feed["stops"])


def test_size_of_the_feed(feed: dict[str, Rows]) -> None:
    modes = [row["route_type"] for row in feed["routes"]]
    assert modes.count("3") == 21
    assert modes.count("0") == 1
    assert len({row["route_long_name"] for row in feed["routes"]}) == 22
    assert 40_000 < len(feed["stop_times"]) < 62_000


def test_times_run_forward_and_past_midnight(calls: dict[str, Rows]) -> None:
    blank_trips, latest = 0, 0.0
    for rows in calls.values():
        assert [int(row["stop_sequence"]) for row in rows] == list(range(1, len(rows) + 1))
        clocks = [row["departure_time"] for row in rows]
        assert clocks[0]
        assert clocks[-1]
        times = [minutes(clock) for clock in clocks if clock]
        assert times == sorted(times)
        assert times[-1] > times[0]
        assert all(row["arrival_time"] == row["departure_time"] for row in rows)
        assert all(row["departure_time"] for row in rows if row["timepoint"] == "1")
        blank_trips += "" in clocks
        latest = max(latest, times[-1])
    assert 0.1 < blank_trips / len(calls) < 0.5
    assert 24 * 60 < latest < 26 * 60


def test_a_vehicle_is_in_one_place_at_a_time(
    feed: dict[str, Rows], calls: dict[str, Rows], blocks: dict[tuple[str, str], Rows]
) -> None:
    at = {row["stop_id"]: (float(row["stop_lon"]), float(row["stop_lat"])) for row in feed["stops"]}
    turns = 0
    for trips in blocks.values():
        for first, second in pairwise(trips):
            end, start = calls[first["trip_id"]][-1], calls[second["trip_id"]][0]
            assert minutes(start["departure_time"]) > minutes(end["arrival_time"])
            (x0, y0), (x1, y1) = at[end["stop_id"]], at[start["stop_id"]]
            assert math.dist((78_847 * x0, 111_132 * y0), (78_847 * x1, 111_132 * y1)) < 60
            turns += 1
    assert turns > 1_000


def test_a_quarter_of_the_vehicles_serve_several_routes(
    feed: dict[str, Rows], blocks: dict[tuple[str, str], Rows]
) -> None:
    bus = {row["route_id"] for row in feed["routes"] if row["route_type"] == "3"}
    routes = {key: {trip["route_id"] for trip in trips} for key, trips in blocks.items()}
    assert all(some <= bus or len(some) == 1 for some in routes.values())  # no bus becomes a train
    weekday = [some for (service, _), some in routes.items() if service == "WEEKDAY"]
    for group in (weekday, list(routes.values())):
        assert 0.15 < sum(len(some) > 1 for some in group) / len(group) < 0.40


def test_interlined_routes_share_a_garage(
    sample: Path, feed: dict[str, Rows], blocks: dict[tuple[str, str], Rows]
) -> None:
    with (sample / "gtfs/sample_garages.csv").open(newline="") as file:
        garage = {row["route"]: row["garage"] for row in csv.DictReader(file)}
    assert set(garage.values()) == {"Harbor", "Northside"}
    assert set(garage) == {r["route_id"] for r in feed["routes"] if r["route_type"] == "3"}
    for trips in blocks.values():
        assert len({garage.get(trip["route_id"]) for trip in trips}) == 1


def test_vehicles_out_at_the_weekday_peak(
    calls: dict[str, Rows], blocks: dict[tuple[str, str], Rows]
) -> None:
    spans = [
        (
            minutes(calls[trips[0]["trip_id"]][0]["departure_time"]),
            minutes(calls[trips[-1]["trip_id"]][-1]["arrival_time"]),
        )
        for (service, _), trips in blocks.items()
        if service == "WEEKDAY"
    ]
    out = [sum(start <= now <= end for start, end in spans) for now in range(0, 1_560, 5)]
    assert 80 <= max(out) <= 120
    assert out[12 * 12] < 0.8 * max(out)  # fewer at noon


def test_holidays_run_as_sundays(feed: dict[str, Rows]) -> None:
    days = {(row["date"], row["service_id"], row["exception_type"]) for row in feed["calendar_dates"]}
    assert days == {
        (day, service, kind)
        for day in ("20250901", "20251127")
        for service, kind in (("WEEKDAY", "2"), ("SUNDAY", "1"))
    }
    assert {(row["start_date"], row["end_date"]) for row in feed["calendar"]} == {("20250901", "20251214")}
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    assert ["".join(row[day] for day in week) for row in feed["calendar"]] == [
        "1111100",
        "0000010",
        "0000001",
    ]


def test_stops_stand_beside_the_line_on_opposite_kerbs(feed: dict[str, Rows], calls: dict[str, Rows]) -> None:
    def metres(lon: str, lat: str) -> tuple[float, float]:
        return 78_847 * (float(lon) + 129.4), 111_132 * (float(lat) - 45)

    at = {row["stop_id"]: metres(row["stop_lon"], row["stop_lat"]) for row in feed["stops"]}
    lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in feed["shapes"]:
        lines[row["shape_id"]].append(metres(row["shape_pt_lon"], row["shape_pt_lat"]))
    used: dict[str, list[str]] = {}
    for trip in feed["trips"]:
        used[trip["shape_id"]] = [row["stop_id"] for row in calls[trip["trip_id"]]]
    assert len(used) == 2 * 22
    spacing = []
    for shape, stops in used.items():
        line = shapely.LineString(lines[shape])
        points = [shapely.Point(at[stop]) for stop in stops]
        assert all(4 < line.distance(point) < 20 for point in points)
        assert not set(stops) & set(used[f"{shape[:-1]}{1 - int(shape[-1])}"])
        if shape[:-2] not in ("Blue", "91", "96"):
            spacing += [a.distance(b) for a, b in pairwise(points)]
    spacing.sort()
    assert 250 < spacing[len(spacing) // 2] < 350
    shared = [stop for stop in at if sum(stop in stops for stops in used.values()) > 1]
    assert len(shared) > 20


def test_rail_platforms_belong_to_stations(feed: dict[str, Rows], calls: dict[str, Rows]) -> None:
    stations = {row["stop_id"] for row in feed["stops"] if row["location_type"] == "1"}
    parents = {row["stop_id"]: row["parent_station"] for row in feed["stops"]}
    rail = {row["trip_id"] for row in feed["trips"] if row["route_id"] == "Blue"}
    platforms = {row["stop_id"] for trip in rail for row in calls[trip]}
    assert len(stations) >= 15
    assert {parents[stop] for stop in platforms} == stations
    assert {stop for stop, parent in parents.items() if parent} == platforms


def test_what_was_changed_is_not_written_over(tmp_path: Path) -> None:
    write_sample(tmp_path)
    write_sample(tmp_path)
    campaign = tmp_path / "sample.toml"
    mine = campaign.read_text(encoding="utf-8").replace("buses = 24", "buses = 30")
    campaign.write_text(mine, encoding="utf-8")
    (tmp_path / "sample_venues.csv").unlink()
    with pytest.raises(OutputError, match=r"sample\.toml: is there and holds something else"):
        write_sample(tmp_path)
    assert campaign.read_text(encoding="utf-8") == mine
    assert not (tmp_path / "sample_venues.csv").exists()
