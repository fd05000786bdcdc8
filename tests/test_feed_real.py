"""Real feeds: each is read, or refused for the right reason, and its departures are exact.

"Exact" is against a count made here with nothing of `targeting.feed`: the tables read as plain text,
the two calendars expanded day by day with datetime, and calls added up trip by trip.
"""

import csv
import functools
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import partridge
import pytest
from conftest import read_feed, write_feed

from targeting.errors import FeedError, TargetingError
from targeting.feed import Feed
from targeting.notices import Notices
from targeting.service import design_weekday, vehicles_in_use

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_MODE = (
    "bus", "coach", "tram", "subway", "rail", "ferry", "cable_tram", "aerial", "funicular", "other",
)  # fmt: skip
Count = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def gtfs(real_data: Path) -> Path:
    return real_data / "gtfs"


def load(path: Path, modes: tuple[str, ...] = ("bus",)) -> tuple[Feed, Notices]:
    """Return the feed with the week it chooses; the large ones are read once for all tests."""
    return load_once(path, modes)


@functools.cache
def load_once(path: Path, modes: tuple[str, ...]) -> tuple[Feed, Notices]:
    # DOMAIN.md gives the figures of TriMet for this week
    week = date(2025, 1, 13) if path.name == "trimet-2024-12-composite.zip" else None
    return read_feed(path, modes=modes, week=week)


# --- the independent count ------------------------------------------------------------------------


def rows(path: Path, table: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as the csv module reads them, blanks stripped."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(f"/{table}.txt") or n == f"{table}.txt"]
        names = [n for n in names if "__MACOSX" not in n]
        if not names:
            return
        text = io.StringIO(archive.read(names[0]).decode("utf-8-sig"), newline="")
    reader = csv.reader(text)
    head = [name.strip() for name in next(reader)]
    for row in reader:
        if row:
            yield dict(zip(head, (value.strip() for value in row), strict=False))


def days_of_service(path: Path, first: date, days: int = 7) -> Counter[str]:
    """Return for each service_id on how many of the days from `first` it runs, day by day."""
    count: Counter[str] = Counter()
    regular = list(rows(path, "calendar"))
    exceptions = {(r["service_id"], r["date"]): r["exception_type"] for r in rows(path, "calendar_dates")}
    services = {r["service_id"] for r in regular} | {service for service, _ in exceptions}
    for n in range(days):
        day = first + timedelta(days=n)
        text = f"{day:%Y%m%d}"
        for service in services:
            runs = any(
                r["service_id"] == service
                and r["start_date"] <= text <= r["end_date"]
                and r[WEEKDAYS[day.weekday()]] == "1"
                for r in regular
            )
            runs = {"1": True, "2": False}.get(exceptions.get((service, text), ""), runs)
            count[service] += runs
    return count


def runs_of_trips(path: Path) -> dict[str, int]:
    """Return the runs a day of trips that frequencies.txt repeats."""
    runs: Counter[str] = Counter()
    for row in rows(path, "frequencies"):
        begin, end = (
            sum(int(part) * unit for part, unit in zip(row[name].split(":"), (3600, 60, 1), strict=True))
            for name in ("start_time", "end_time")
        )
        while begin < end:
            runs[row["trip_id"]] += 1
            begin += int(row["headway_secs"])
    return runs


def is_bus(route_type: str) -> bool:
    return route_type == "3" or 700 <= int(route_type) <= 799


def weekly_by_trip(path: Path, first: date, *, buses: bool) -> dict[str, tuple[str, int]]:
    """Return for each trip that runs its route and its runs in the week."""
    wanted = {r["route_id"] for r in rows(path, "routes") if not buses or is_bus(r["route_type"])}
    service, runs = days_of_service(path, first), runs_of_trips(path)
    trips: dict[str, tuple[str, int]] = {}
    for r in rows(path, "trips"):
        weekly = service[r["service_id"]] * runs.get(r["trip_id"], 1)
        trips.setdefault(r["trip_id"], (r["route_id"], weekly))  # of equal ids the first counts
    return {trip: (route, n) for trip, (route, n) in trips.items() if n and route in wanted}


def count_by_hand(path: Path, first: date, *, buses: bool = True) -> Count:
    """Return the weekly departures by (route_id, stop_id), call by call."""
    trips = weekly_by_trip(path, first, buses=buses)
    count: Counter[tuple[str, str]] = Counter()
    for row in rows(path, "stop_times"):
        if row["trip_id"] in trips and row["stop_id"]:
            if row.get("pickup_type") == "1" and row.get("drop_off_type") == "1":
                continue
            route, weekly = trips[row["trip_id"]]
            count[route, row["stop_id"]] += weekly
    return dict(count)


def count_by_pandas(path: Path, first: date, types: dict[str, str]) -> Count:
    """Return the same of a feed of millions of calls, where the csv module would take a minute."""
    trips = weekly_by_trip(path, first, buses=True)
    wanted = ["trip_id", "stop_id", "pickup_type", "drop_off_type"]
    with zipfile.ZipFile(path) as archive, archive.open("stop_times.txt") as file:
        calls = pd.read_csv(file, usecols=wanted, dtype=types, keep_default_na=False)
    closed = (calls["pickup_type"].astype(str) == "1") & (calls["drop_off_type"].astype(str) == "1")
    calls = calls[~closed]
    code, names = pd.factorize(calls["trip_id"])
    of_trip = [trips.get(str(trip), ("", 0)) for trip in names]
    calls = calls.assign(
        route=pd.Categorical([route for route, _ in of_trip])[code],
        weekly=np.array([weekly for _, weekly in of_trip])[code],
    )
    total = calls[calls["weekly"] > 0].groupby(["route", "stop_id"], observed=True)["weekly"].sum()
    return {(route, str(stop)): n for (route, stop), n in total.items()}


def by_route_and_stop(feed: Feed) -> Count:
    return feed.departures.groupby(["route_id", "stop_id"])["departures_week"].sum().to_dict()


# --- every feed that can be read ------------------------------------------------------------------

# feed: modes, first day of the design week, routes with service, trips in that week
READABLE = {
    "albany-or-2018-01.zip": (("bus",), "2018-02-26", 4, 189),
    "amazon-shuttle-2017-08.zip": (("bus",), "2017-08-01", 50, 2_211),
    "arlington-art-2016-12.zip": (("bus",), "2016-11-28", 23, 7_081),
    "broken-samtrans-2017-11.zip": (("bus",), "2017-11-13", 77, 4_052),
    "caltrain-nested-2017-07.zip": (("rail",), "2017-09-04", 2, 24),
    "island-transit-2009-03.zip": (("bus",), "2008-10-27", 23, 1_608),
    "rct-vermont-flex-2017.zip": (("bus",), "2018-02-12", 10, 200),
    "sitka-ride-2015.zip": (("bus",), "2015-01-05", 3, 260),
    "trimet-2018-02-route1-vermont.zip": (("bus",), "2018-02-05", 1, 130),
    "trimet-2021-10-rail-2routes.zip": (("tram",), "2021-10-25", 2, 1_986),
    "lane-transit-district-2023-06.zip": (("bus",), "2023-01-09", 28, 7_687),
    "hart-tampa-2018-02.zip": (("bus",), "2018-07-09", 39, 19_829),
    "nyc-mta-bus-manhattan-2026-09.zip": (("bus",), "2026-09-14", 41, 56_028),
    "trimet-2024-12-composite.zip": (("bus",), "2025-01-13", 72, 31_257),
}
REFUSED = {
    "glendale-beeline-2014-11.zip": (
        r"weekly departures \(21\.\d%\) are at stops without a usable place \([\d,]+ at stop_ids that "
        r"stops\.txt lacks, 0 at stops whose.*more than 5% would be lost"
    ),
    "ctran-the-current-flex-2025-10.zip": r"stop_times\.txt has no call at a stop for any trip",
}
# large feeds, and how pandas shall read their ids: fast where all are plain numbers
LARGE: dict[str, dict[str, str]] = {
    "hart-tampa-2018-02.zip": {},
    "nyc-mta-bus-manhattan-2026-09.zip": {"trip_id": "category"},
    "trimet-2024-12-composite.zip": {},
    "lane-transit-district-2023-06.zip": {"trip_id": "str", "stop_id": "str"},  # "00001"
}


def test_every_feed_of_the_folder_is_covered(gtfs: Path) -> None:
    assert {path.name for path in gtfs.glob("*.zip")} == READABLE.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READABLE)
def test_week_routes_and_trips(gtfs: Path, name: str) -> None:
    modes, first, routes, trips = READABLE[name]
    feed, _ = load(gtfs / name, modes)
    assert str(feed.week.first_day) == first
    assert len(feed.routes) == routes
    assert feed.routes["departures_week"].sum() == trips
    if name != "trimet-2024-12-composite.zip":
        assert f"it has the most trips ({trips:,}) of the" in feed.week.reason
    assert set(feed.routes["mode"]) == set(modes)


@pytest.mark.parametrize("name", READABLE)
def test_departures_by_route_and_stop_are_exact(gtfs: Path, name: str) -> None:
    modes, first, _, _ = READABLE[name]
    feed, _ = load(gtfs / name, modes)
    if name in LARGE:
        expected = count_by_pandas(gtfs / name, date.fromisoformat(first), LARGE[name])
    else:
        expected = count_by_hand(gtfs / name, date.fromisoformat(first), buses=modes == ("bus",))
    if modes == ("rail",):  # the buses of Caltrain aside
        expected = {key: n for key, n in expected.items() if key[0] in feed.routes.index}
    assert by_route_and_stop(feed) == expected


@pytest.mark.parametrize("name", READABLE)
def test_what_is_read_hangs_together(gtfs: Path, name: str) -> None:
    feed, _ = load(gtfs / name, READABLE[name][0])
    assert feed.routes.index.is_unique
    assert feed.stops.index.is_unique
    assert set(feed.departures["route_id"]) == set(feed.routes.index) == set(feed.lines.index)
    assert set(feed.departures["stop_id"]) == set(feed.stops.index)
    assert set(feed.departures["direction_id"]) <= {0, 1}
    assert not feed.departures.duplicated(["route_id", "direction_id", "stop_id"]).any()
    assert (feed.departures["departures_week"] > 0).all()
    assert feed.stops[["lon", "lat"]].notna().all(axis=None)
    assert (feed.trips["end_s"] >= feed.trips["start_s"]).all()
    assert feed.trips["days"].between(1, 127).all()
    for line, (west, south, east, north) in zip(feed.lines, feed.lines.map(lambda g: g.bounds), strict=True):
        assert not line.is_empty
        assert -180 < west <= east < -60
        assert 17 < south <= north < 72


@pytest.mark.parametrize("name", REFUSED)
def test_refused_for_the_right_reason(gtfs: Path, name: str) -> None:
    with pytest.raises(FeedError, match=REFUSED[name]) as error:
        read_feed(gtfs / name, modes=EVERY_MODE)
    assert str(error.value).startswith(f"{name}: ")


def test_glendale_by_hand(gtfs: Path) -> None:
    # the share in the refusal: calls at stop_ids that stops.txt lacks, of all calls in a week of five
    # weekdays, Saturday and Sunday. (Three trip_ids are given twice there, and many rows too.)
    path = gtfs / "glendale-beeline-2014-11.zip"
    known = {r["stop_id"] for r in rows(path, "stops")}
    count = count_by_hand(path, date(2014, 12, 1))
    lost = sum(n for (_, stop), n in count.items() if stop not in known)
    assert lost / sum(count.values()) == pytest.approx(0.214, abs=0.0005)


# --- the TriMet extract, once more and wholly by hand -----------------------------------------------


def test_trimet_route_1_by_direction_stop_and_day(gtfs: Path) -> None:
    path = gtfs / "trimet-2018-02-route1-vermont.zip"
    feed, notices = load(path)
    assert notices.warnings == []
    trips = {r["trip_id"]: r for r in rows(path, "trips")}
    expected: Counter[tuple[str, int, str]] = Counter()
    regular, special = list(rows(path, "calendar")), list(rows(path, "calendar_dates"))
    running = Counter()
    for day in (date(2018, 2, 5) + timedelta(days=n) for n in range(7)):
        services = {
            r["service_id"]
            for r in regular
            if datetime.strptime(r["start_date"], "%Y%m%d").date() <= day
            and day <= datetime.strptime(r["end_date"], "%Y%m%d").date()
            and r[WEEKDAYS[day.weekday()]] == "1"
        }
        for r in special:
            if datetime.strptime(r["date"], "%Y%m%d").date() == day:
                (services.add if r["exception_type"] == "1" else services.discard)(r["service_id"])
        running[day.weekday()] = sum(t["service_id"] in services for t in trips.values())
        for call in rows(path, "stop_times"):
            trip = trips[call["trip_id"]]
            if trip["service_id"] in services:
                expected[trip["route_id"], int(trip["direction_id"]), call["stop_id"]] += 1
    got = feed.departures.set_index(["route_id", "direction_id", "stop_id"])["departures_week"]
    assert got.to_dict() == expected
    # Route 1 runs on weekdays only, 26 trips a day: 130
    assert [running[day] for day in range(7)] == [26] * 5 + [0, 0]
    assert len(feed.stops) == 102


def test_trimet_composite_in_the_week_of_the_domain_notes(gtfs: Path) -> None:
    path = gtfs / "trimet-2024-12-composite.zip"
    feed, notices = load(path)
    assert notices.warnings == []
    by_hand: Counter[str] = Counter()
    for route, weekly in weekly_by_trip(path, date(2025, 1, 13), buses=True).values():
        by_hand[route] += weekly
    assert sum(by_hand.values()) == 31_257
    assert feed.routes["departures_week"].sum() == 31_257
    assert feed.routes["departures_week"].to_dict() == by_hand
    # DOMAIN.md: about 514 buses at the peak, by a prototype
    _, fleet = vehicles_in_use(feed.trips, design_weekday(feed.trips, feed.week))
    assert fleet == pytest.approx(514, rel=0.02)


def test_the_best_week_of_the_composite_by_trying_all(gtfs: Path, tmp_path: Path) -> None:
    # Mondays inside 1 December 2024 to 31 May 2025; weeks of federal holidays left out. The week
    # hangs on trips and calendars alone: one call a trip spares reading three million.
    path = gtfs / "trimet-2024-12-composite.zip"
    with zipfile.ZipFile(path) as archive:
        names = ("stops", "routes", "trips", "calendar", "calendar_dates", "feed_info")
        tables = {name: archive.read(f"{name}.txt") for name in names}
    calls = ["trip_id,stop_id", *(f"{r['trip_id']},2" for r in rows(path, "trips"))]
    light = write_feed(tmp_path / "light.zip", {**tables, "stop_times": calls})
    buses = {r["route_id"] for r in rows(path, "routes") if is_bus(r["route_type"])}
    trips = Counter(r["service_id"] for r in rows(path, "trips") if r["route_id"] in buses)
    mondays = [date(2024, 12, 2) + timedelta(weeks=n) for n in range(25)]
    holidays = {
        date(2024, 12, 25),
        date(2025, 1, 1),
        date(2025, 1, 20),
        date(2025, 2, 17),
        date(2025, 5, 26),
    }
    service = {
        monday: sum(trips[s] * n for s, n in days_of_service(path, monday).items())
        for monday in mondays
        if not any(monday <= holiday <= monday + timedelta(days=6) for holiday in holidays)
    }
    assert len(service) == 21
    assert max(service, key=lambda monday: (service[monday], -monday.toordinal())) == date(2025, 2, 24)
    assert service[date(2025, 2, 24)] == 31_258
    week = read_feed(light)[0].week
    assert week.first_day == date(2025, 2, 24)
    assert "(31,258) of the 21 whole weeks without a US federal holiday" in week.reason


# --- partridge as an oracle -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "arlington-art-2016-12.zip", "island-transit-2009-03.zip", "lane-transit-district-2023-06.zip",
        "trimet-2018-02-route1-vermont.zip", "trimet-2021-10-rail-2routes.zip", "albany-or-2018-01.zip",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_trips_of_each_day_against_partridge(gtfs: Path, name: str) -> None:
    feed, _ = load(gtfs / name, READABLE[name][0])
    expected = partridge.read_trip_counts_by_date(str(gtfs / name))
    for n in range(7):
        day = feed.week.first_day + timedelta(days=n)
        ours = int((feed.trips["days"].to_numpy() >> n & 1).sum())
        assert ours == expected.get(day, 0), day


@pytest.mark.filterwarnings("ignore")
def test_stops_of_a_day_against_partridge(gtfs: Path) -> None:
    # which stops have service on which routes on one Wednesday of Arlington's design week
    path = gtfs / "arlington-art-2016-12.zip"
    day = date(2016, 11, 30)
    services = partridge.read_service_ids_by_date(str(path))[day]
    oracle = partridge.load_feed(str(path), view={"trips.txt": {"service_id": list(services)}})
    calls = oracle.stop_times.merge(oracle.trips[["trip_id", "route_id"]], on="trip_id")
    assert set(oracle.stops["stop_id"]) >= set(calls["stop_id"])
    feed, _ = load(path)
    pairs = set(map(tuple, feed.departures[["route_id", "stop_id"]].to_numpy().tolist()))
    expected = set(map(tuple, calls[["route_id", "stop_id"]].to_numpy().tolist()))
    assert len(expected) > 900
    assert expected <= pairs


# --- habits, feed by feed ---------------------------------------------------------------------------


def test_sitka_runs_by_headways_alone(gtfs: Path) -> None:
    # 6:30 to 19:30 is 13 hours: hourly makes 13 runs, half-hourly 26; three trips, five weekdays:
    # blue 65, green 130, red 65
    path = gtfs / "sitka-ride-2015.zip"
    feed, notices = load(path)
    assert feed.routes["departures_week"].to_dict() == {"BLUE": 65, "GREEN": 130, "RED": 65}
    # every call of the trip as stop_times.txt has it, in every run
    at_price_street = sum(
        r["trip_id"] == "BLU" and r["stop_id"] == "PRICE_ST" for r in rows(path, "stop_times")
    )
    assert by_route_and_stop(feed)["BLUE", "PRICE_ST"] == 65 * at_price_street
    # no direction_id: the notice says so, and nothing else of the feed suffers
    assert [n.count for n in notices if n.code == "direction_inferred"] == [3]


def test_sitka_repeats_trips_that_last_all_day_and_that_is_said(gtfs: Path) -> None:
    # stop_times.txt already holds the whole day (235 calls of 18 stops, 6:30 to 19:30), and
    # frequencies.txt repeats it 13 times: departures 13-fold, and 52 buses in a town of four
    _, notices = load(gtfs / "sitka-ride-2015.zip")
    assert [n for n in notices.warnings if "frequencies.txt" in n.message]


def test_manhattan_has_41_of_307_routes_with_trips(gtfs: Path) -> None:
    path = gtfs / "nyc-mta-bus-manhattan-2026-09.zip"
    feed, _ = load(path)
    listed = [r["route_id"] for r in rows(path, "routes")]
    assert (len(listed), len(feed.routes)) == (307, 41)
    # blanks stand before the coordinates: "  40.808930, -73.922855"
    assert feed.stops["lat"].between(40.69, 40.90).all()
    assert feed.stops["lon"].between(-74.03, -73.85).all()
    # Select buses and express buses are buses of extended types
    assert {r["route_id"] for r in rows(path, "routes") if r["route_type"] == "711"} & set(listed)


def test_hart_has_a_bus_fleet_a_streetcar_and_a_ferry(gtfs: Path) -> None:
    path = gtfs / "hart-tampa-2018-02.zip"
    kinds = Counter(r["route_type"] for r in rows(path, "routes"))
    feed, _ = load(path, ("bus", "tram", "ferry"))
    assert feed.routes["mode"].value_counts().to_dict() == {"bus": 39, "tram": 1, "ferry": 1}
    assert {"0", "3", "4"} <= kinds.keys()
    assert set(load(path)[0].routes["mode"]) == {"bus"}
    # no agency_id in either table
    assert set(feed.routes["agency"]) == {"Hillsborough Area Regional Transit"}


def test_lane_transit_speaks_by_calendar_dates_alone(gtfs: Path) -> None:
    path = gtfs / "lane-transit-district-2023-06.zip"
    assert list(rows(path, "calendar")) == []
    feed, _ = load(path)
    # 68 % of the times are blank: trips still begin and end, and all calls count
    blank = sum(r["departure_time"] == "" for r in rows(path, "stop_times"))
    assert blank > 100_000
    assert (feed.trips["end_s"] > feed.trips["start_s"]).mean() > 0.99
    assert "01" in feed.routes.index  # not 1


def test_island_transit_has_no_shapes_but_lines(gtfs: Path) -> None:
    feed, notices = load(gtfs / "island-transit-2009-03.zip")
    (notice,) = [n for n in notices if n.code == "route_without_shape"]
    assert notice.count == 23
    assert (feed.lines.map(lambda line: line.length) > 0).all()


def test_arlington_reads_through_byte_order_marks(gtfs: Path) -> None:
    feed, notices = load(gtfs / "arlington-art-2016-12.zip")
    assert notices.warnings == []
    assert feed.routes.loc["41", "route_name"] == "41 Columbia Pike-Ballston-Court House"
    assert set(feed.routes["agency"]) == {"Arlington Transit"}
    assert feed.stops.loc["83", "stop_name"] == "Ballston Metro G, Fairfax Dr, EB @ N Stafford, NS"


def test_caltrain_sits_four_folders_deep(gtfs: Path) -> None:
    path = gtfs / "caltrain-nested-2017-07.zip"
    rail, _ = load(path, ("rail",))
    assert sorted(rail.routes["route_name"]) == ["Baby Bullet Bullet", "Local"]
    bus, _ = load(path)
    assert list(bus.routes["mode"]) == ["bus"]
    with pytest.raises(FeedError, match=r"\(ferry\); the feed has bus, rail: change region\.modes"):
        read_feed(path, modes=("ferry",))


def test_amazon_runs_buses_of_type_700(gtfs: Path) -> None:
    path = gtfs / "amazon-shuttle-2017-08.zip"
    assert {r["route_type"] for r in rows(path, "routes")} == {"700"}
    feed, _ = load(path)
    # the feed is seven days long, from a Tuesday: no Monday-to-Sunday week lies inside it
    assert (feed.week.first_day, feed.week.first_day.weekday()) == (date(2017, 8, 1), 1)
    assert "no Monday-to-Sunday week" in feed.week.reason


def test_albany_has_two_agencies(gtfs: Path) -> None:
    feed, _ = load(gtfs / "albany-or-2018-01.zip")
    assert feed.routes["agency"].value_counts().to_dict() == {
        "Albany Transit System": 3, "Linn-Benton Loop": 1,
    }  # fmt: skip
    assert feed.routes.loc["3104", "agency"] == "Linn-Benton Loop"


def test_samtrans_lacks_the_stop_times_of_2898_trips(gtfs: Path) -> None:
    path = gtfs / "broken-samtrans-2017-11.zip"
    feed, notices = load(path)
    (notice,) = notices.warnings
    assert (notice.code, notice.count) == ("trip_without_stops", 2_898)
    with_calls = {r["trip_id"] for r in rows(path, "stop_times")}
    every = {r["trip_id"] for r in rows(path, "trips")}
    assert (len(every - with_calls), len(every)) == (2_898, 3_721)
    assert len(feed.trips) <= len(every & with_calls)


def test_trimet_rail_is_refused_as_bus_but_read_as_tram(gtfs: Path) -> None:
    path = gtfs / "trimet-2021-10-rail-2routes.zip"
    with pytest.raises(FeedError, match=r"no trips of the wanted modes \(bus\); the feed has tram"):
        read_feed(path)
    feed, _ = load(path, ("tram",))
    assert feed.routes["agency"].to_dict() == {"193": "Portland Streetcar", "200": "TriMet"}


def test_two_real_feeds_at_once(gtfs: Path) -> None:
    # TriMet's Route 1 of early 2018 and Albany's buses of the same weeks
    one, two = gtfs / "trimet-2018-02-route1-vermont.zip", gtfs / "albany-or-2018-01.zip"
    feed, _ = read_feed(one, two)
    first = feed.week.first_day
    expected = {
        (f"{path.stem}:{route}", f"{path.stem}:{stop}"): n
        for path in (one, two)
        for (route, stop), n in count_by_hand(path, first).items()
    }
    assert by_route_and_stop(feed) == expected
    assert first >= date(2018, 2, 26)  # Albany's period begins on 23 February
    assert len(feed.routes) == 5


@pytest.mark.parametrize("name", ["lane-transit-district-2023-06.zip", "arlington-art-2016-12.zip"])
def test_vehicles_by_watching_every_minute(gtfs: Path, name: str) -> None:
    """Every block followed through the day: which route it is on, minute by minute."""
    feed, _ = load(gtfs / name)
    day = design_weekday(feed.trips, feed.week)
    today = feed.trips[(feed.trips["days"].to_numpy() >> day & 1) == 1]
    minutes = np.arange(0, 30 * 3600, 30)  # in half minutes; times of these feeds are whole minutes
    buses: dict[str, np.ndarray] = {route: np.zeros(len(minutes), int) for route in feed.routes.index}
    fleet = np.zeros(len(minutes), int)
    for _, block in today.groupby("block_id"):
        out = (minutes >= block["start_s"].min()) & (minutes < block["end_s"].max())
        fleet += out
        spells: list[list] = []  # route, start, end
        for trip in block.sort_values(["start_s", "end_s"]).itertuples():
            if spells and spells[-1][0] == trip.route_id:
                spells[-1][2] = max(spells[-1][2], trip.end_s)
            else:
                spells.append([trip.route_id, trip.start_s, trip.end_s])
        for route, start, end in spells:
            buses[route] += (minutes >= start) & (minutes < end)
    by_route, total = vehicles_in_use(feed.trips, day)
    assert (today["block_id"] != "").all()
    assert total == fleet.max()
    assert by_route.to_dict() == {route: n.max() for route, n in buses.items() if n.max()}


# --- real bytes, cut and spoilt ---------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0.001, 0.3, 0.7, 0.999])
def test_cut_short(gtfs: Path, tmp_path: Path, kept: float) -> None:
    whole = (gtfs / "trimet-2018-02-route1-vermont.zip").read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(FeedError, match=r"^cut\.zip: the zip is cut short or damaged; download"):
        read_feed(path)


@pytest.mark.parametrize("table", ["stops", "stop_times", "shapes", "calendar_dates"])
def test_spoilt_member(gtfs: Path, tmp_path: Path, table: str) -> None:
    whole = bytearray((gtfs / "trimet-2018-02-route1-vermont.zip").read_bytes())
    with zipfile.ZipFile(gtfs / "trimet-2018-02-route1-vermont.zip") as archive:
        info = archive.getinfo(f"{table}.txt")
    middle = info.header_offset + 60 + info.compress_size // 2
    whole[middle] ^= 0x55
    path = tmp_path / "spoilt.zip"
    path.write_bytes(whole)
    with pytest.raises(TargetingError, match=rf"^spoilt\.zip: {table}\.txt inside the zip is damaged"):
        read_feed(path)
