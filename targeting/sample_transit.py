"""The buses of Halvern, the invented city: routes, streets with stops, timetable and vehicles.

The ground and the people come from `targeting.sample_city`; `targeting.sample` writes the files.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from targeting import sample_city as city

Row = Sequence[str | int | float]
Windows = tuple[tuple[int, int, int], ...]  # from, until and headway, all in minutes
Heading = tuple[int, int]

DOWNTOWN, WESTGATE, EASTFIELD = (21, 25), (8, 25), (52, 21)
HUBS = {
    DOWNTOWN: "Downtown Transit Mall",
    WESTGATE: "Westgate Transit Center",
    EASTFIELD: "Eastfield Transit Center",
}
# The avenues that run west to east, one for each lattice line, from the south.
STREETS: tuple[str, ...] = (
    *("Agate", "Basalt", "Cobble", "Dolomite", "Flint", "Garnet", "Granite", "Jasper", "Marble"),
    *("Onyx", "Pumice", "Quartz", "Ruby", "Shale", "Slate", "Topaz", "Zircon", "Aster", "Clover"),
    *("Fern", "Heather", "Iris", "Lupine", "Poppy", "Thistle", "Alder", "Birch", "Cedar"),
    *("Dogwood", "Elder", "Filbert", "Hazel", "Juniper", "Laurel", "Madrone", "Nutmeg", "Oak"),
    *("Pine", "Quince", "Rowan", "Spruce", "Tamarack", "Willow", "Yew", "Heron", "Kestrel"),
    *("Loon", "Osprey", "Plover", "Raven", "Swift"),
)

PEAKS = ((390, 540), (930, 1110))  # minutes after midnight when traffic is slow
SERVICES = {"WEEKDAY": "1111100", "SATURDAY": "0000010", "SUNDAY": "0000001"}
FIRST_DAY, LAST_DAY = "20250901", "20251214"
HOLIDAYS = ("20250901", "20251127")  # Labor Day and Thanksgiving run as Sundays
LEVELS: dict[str, dict[str, Windows]] = {
    "frequent": {
        "WEEKDAY": (
            *((300, 390, 30), (390, 540, 12), (540, 930, 20), (930, 1110, 12)),
            *((1110, 1200, 30), (1200, 1480, 60)),
        ),
        "SATURDAY": ((360, 540, 60), (540, 1080, 40), (1080, 1470, 60)),
        "SUNDAY": ((420, 1440, 60),),
    },
    "standard": {
        "WEEKDAY": ((330, 540, 30), (540, 930, 60), (930, 1110, 30), (1110, 1320, 60)),
        "SATURDAY": ((480, 1080, 60),),
        "SUNDAY": ((540, 1020, 60),),
    },
    "hourly": {
        "WEEKDAY": ((360, 1140, 60),),
        "SATURDAY": ((540, 1080, 60),),
        "SUNDAY": (),
    },
    "peak only": {
        "WEEKDAY": ((380, 520, 25), (930, 1080, 25)),
        "SATURDAY": (),
        "SUNDAY": (),
    },
}


@dataclass(frozen=True)
class Route:
    """A route: where it runs, how often, and which other routes share its vehicles."""

    number: str
    level: str
    path: tuple[city.Corner, ...]
    family: str = ""  # routes of one family are interlined wherever they meet at a terminal
    garage: str = "Harbor"
    road: str = ""  # its name, where the longest part does not give it one
    all_times: bool = True  # else only timepoints have times in the feed
    minutes_a_km: float = 4.3
    every: int = 1  # stops at every corner, every second ...
    mode: int = 3  # GTFS route_type

    @property
    def rail(self) -> bool:
        """Whether this is the light-rail line."""
        return self.mode == 0

    @property
    def name(self) -> str:
        """The street that the longest part of the route follows."""
        legs = pairwise(self.path)
        return self.road or _street(*max(legs, key=lambda leg: math.dist(*leg)))


ROUTES = (
    Route("2", "frequent", (DOWNTOWN, (21, 21), (59, 21)), garage="Northside"),
    Route("4", "frequent", ((32, 6), (32, 45)), all_times=False),
    Route("6", "standard", (DOWNTOWN, (21, 30), (28, 30), (28, 47)), "6-17", "Northside"),
    Route(
        "9",
        "standard",
        (DOWNTOWN, (21, 28), (26, 28), (41, 43), (47, 43)),
        "9-10",
        road="Sandhill Rd",
    ),
    Route("10", "standard", (DOWNTOWN, (21, 18), (29, 18), (38, 9), (50, 9)), "9-10", road="Ferry Rd"),
    Route("12", "frequent", ((44, 6), (44, 41)), all_times=False, garage="Northside"),
    Route("14", "frequent", (DOWNTOWN, (50, 25)), "14-15"),
    Route("15", "standard", (DOWNTOWN, (3, 25), (3, 33)), "14-15", road="Alder Ave West"),
    Route("17", "standard", (DOWNTOWN, (21, 9), (16, 9), (16, 3)), "6-17", "Northside"),
    Route("20", "standard", ((17, 33), (54, 33))),
    Route("21", "hourly", ((26, 14), (58, 14)), garage="Northside", all_times=False),
    Route("24", "hourly", (EASTFIELD, (52, 5)), "24-35", "Northside"),
    Route("28", "standard", (WESTGATE, (8, 11), (16, 11)), "28-31", all_times=False),
    Route(
        "31",
        "standard",
        (WESTGATE, (8, 39), (15, 39)),
        "28-31",
        road="West 16th St North",
        all_times=False,
    ),
    Route("33", "hourly", (DOWNTOWN, (19, 25), (19, 41), (14, 46)), garage="Northside"),
    Route("35", "hourly", (EASTFIELD, (52, 18), (58, 18), (58, 32)), "24-35", "Northside"),
    Route("38", "hourly", ((26, 38), (46, 38), (46, 42)), all_times=False),
    Route("42", "hourly", ((24, 9), (38, 9), (38, 20)), garage="Northside", all_times=False),
    Route("55", "hourly", (WESTGATE, (8, 18), (2, 18), (2, 10)), all_times=False),
    Route("91", "peak only", (DOWNTOWN, (21, 23), (60, 23), (60, 28)), minutes_a_km=3.2, every=2),
    Route("96", "peak only", (DOWNTOWN, (21, 36), (5, 36), (5, 42)), minutes_a_km=3.2, every=2),
    Route(
        "Blue",
        "standard",
        ((3, 27), (21, 27), (49, 27), (49, 44)),
        road="Blue Line",
        garage="",
        minutes_a_km=2.3,
        every=3,
        mode=0,
    ),
)


@dataclass(frozen=True)
class Stop:
    """A stop, platform or station."""

    stop_id: str
    name: str
    place: city.LonLat
    station: str = ""  # the station that a platform belongs to
    is_station: bool = False


@dataclass(frozen=True)
class Trip:
    """A trip of the timetable with its vehicle."""

    route: Route
    direction: int
    service: str
    departure: int  # minutes after midnight
    times: tuple[int, ...]  # minutes after midnight at each stop
    block: str


def _street(start: city.Corner, end: city.Corner) -> str:
    """Name the street between two corners."""
    (u0, v0), (u1, _) = start, end
    return f"{STREETS[v0]} Ave" if u0 != u1 else _numbered_street(u0)


def _numbered_street(u: int) -> str:
    """Name a street that runs south to north: counted from the river, both ways."""
    if u == city.RIVER:
        return "River St"
    number = abs(u - city.RIVER)
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    ordinal = f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"
    return f"{ordinal} St" if u > city.RIVER else f"West {ordinal} St"


def _course(route: Route, direction: int) -> list[tuple[float, float, bool]]:
    """List the points of the lattice that a route passes, and whether it stops there."""
    points: list[tuple[float, float]] = [route.path[0]]
    for (u0, v0), (u1, v1) in pairwise(route.path):
        corners = max(abs(u1 - u0), abs(v1 - v0))
        # Diagonals cross blocks the long way: more stops than corners keeps the walk the same.
        parts = corners if u0 == u1 or v0 == v1 else round(corners * 4 / 3)
        points += [
            (u0 + (u1 - u0) * part / parts, v0 + (v1 - v0) * part / parts) for part in range(1, parts + 1)
        ]
    last = len(points) - 1
    course = [
        (u, v, index == last or (index % route.every == 0 and last - index >= route.every))
        for index, (u, v) in enumerate(points)
    ]
    return course[::-1] if direction else course


def _name_stop(route: Route, u: float, v: float, heading: Heading) -> str:
    """Name a stop after the two streets that meet there, the bus's own street first."""
    avenue, street = f"{STREETS[round(v)]} Ave", _numbered_street(round(u))
    hub = HUBS.get((round(u), round(v)))
    if route.rail:
        return f"{hub or f'{avenue} & {street}'} Station"
    if hub:
        return hub
    if heading[0] and heading[1]:
        return f"{route.road or avenue} & {street}"
    return f"{avenue} & {street}" if heading[0] else f"{street} & {avenue}"


@cache
def _network() -> tuple[dict[tuple[str, int], list[tuple[str, float]]], list[Stop]]:
    """Place the stops: for each route and direction its stops with their distance in km."""
    found: dict[tuple[float, float, Heading, bool], Stop] = {}
    stations: dict[str, Stop] = {}
    calls: dict[tuple[str, int], list[tuple[str, float]]] = {}
    for route in ROUTES:
        for direction in (0, 1):
            course = _course(route, direction)
            metres = [city.place(u, v) for u, v, _ in course]
            km = 0.0
            for index, (u, v, stops_here) in enumerate(course):
                before, after = max(index - 1, 0), max(index, 1)
                way = (course[after][0] - course[before][0], course[after][1] - course[before][1])
                heading = ((way[0] > 0) - (way[0] < 0), (way[1] > 0) - (way[1] < 0))
                (x0, y0), (x1, y1) = metres[before], metres[after]
                length = math.dist((x0, y0), (x1, y1))
                km += length / 1_000 if index else 0
                if not stops_here:
                    continue
                key = (u, v, heading, route.rail)
                if key not in found:
                    name = _name_stop(route, u, v, heading)
                    if route.rail and name not in stations:
                        stations[name] = Stop(
                            f"S{len(stations) + 1:02d}",
                            name,
                            city.lon_lat(metres[index]),
                            is_station=True,
                        )
                    # On the right-hand kerb, just before the crossing street.
                    along = ((x1 - x0) / length, (y1 - y0) / length)
                    x = metres[index][0] - 14 * along[0] + 10 * along[1]
                    y = metres[index][1] - 14 * along[1] - 10 * along[0]
                    station = stations[name].stop_id if route.rail else ""
                    found[key] = Stop(str(1001 + len(found)), name, city.lon_lat((x, y)), station)
                calls.setdefault((route.number, direction), []).append((found[key].stop_id, km))
    return calls, [*found.values(), *stations.values()]


def _slowness(minute: int) -> float:
    """Say how much longer than at midday a trip takes that leaves at a minute of the day."""
    if any(start <= minute < end for start, end in PEAKS):
        return 1.15
    return 0.92 if minute < 360 or minute >= 1_200 else 1.0


def _departures(windows: Windows, offset: int) -> Iterable[int]:
    """List the departures of a timetable, starting so many minutes into it."""
    minute = 0
    for start, end, headway in windows:
        if minute < start:
            minute = start + offset
        while minute < end:
            yield minute
            minute += headway


def _unblocked(service: str) -> list[Trip]:
    """Make the timetable of a service, still without vehicles, in order of departure."""
    calls, _ = _network()
    made = []
    for route in ROUTES:
        windows = LEVELS[route.level][service]
        for direction in (0, 1):
            kms = [km for _, km in calls[route.number, direction]]
            # The way back starts when a vehicle that came the first way is ready.
            turn = round(kms[-1] * route.minutes_a_km * 1.12)
            offset = turn % windows[0][2] if windows and direction else 0
            for minute in _departures(windows, offset):
                pace = route.minutes_a_km * _slowness(minute)
                times = tuple(minute + round(km * pace) for km in kms)
                made.append(Trip(route, direction, service, minute, times, ""))
    return sorted(made, key=lambda trip: trip.departure)


@cache
def trips() -> tuple[Trip, ...]:
    """Give every trip with the block (the day's work of one vehicle) that runs it.

    A vehicle goes on with whatever departs next from the terminal where it stands, on its own route
    or on one of the same family; if nothing does within an hour it returns to the garage.
    Block numbers are used again on other services, as agencies do.
    """
    made = []
    for service in SERVICES:
        waiting: dict[tuple[str, city.Corner], list[tuple[int, str]]] = {}
        started: dict[str, int] = {}
        for trip in _unblocked(service):
            route = trip.route
            ends = (route.path[0], route.path[-1])
            family = route.family or route.number
            here = waiting.setdefault((family, ends[trip.direction]), [])
            ready = [at for at in here if trip.departure - 60 <= at[0] <= trip.departure]
            if ready:
                block = min(ready)[1]
                here.remove(min(ready))
            else:
                started[route.number] = started.get(route.number, 0) + 1
                block = f"{route.number}{started[route.number]:02d}"
            layover = max(4, (trip.times[-1] - trip.departure) // 10)
            there = waiting.setdefault((family, ends[1 - trip.direction]), [])
            there.append((trip.times[-1] + layover, block))
            made.append(replace(trip, block=block))
    return tuple(made)


def _clock(minute: int) -> str:
    """Write a minute of the service day as GTFS does: past midnight the hours run on from 24."""
    return f"{minute // 60:02d}:{minute % 60:02d}:00"


def stop_rows() -> list[Row]:
    """Return the rows of stops.txt."""
    return [
        (stop.stop_id, stop.name, stop.place[1], stop.place[0], int(stop.is_station), stop.station)
        for stop in _network()[1]
    ]


def trip_rows() -> tuple[list[Row], list[Row]]:
    """Give the rows of trips.txt and stop_times.txt."""
    calls, stops = _network()
    names = {stop.stop_id: stop.name for stop in stops}
    of_trips: list[Row] = []
    of_times: list[Row] = []
    for number, trip in enumerate(trips()):
        route, trip_id = trip.route, 10_001 + number
        stop_ids = [stop_id for stop_id, _ in calls[route.number, trip.direction]]
        shape = f"{route.number}-{trip.direction}"
        of_trips.append(
            (
                *(route.number, trip.service, trip_id, names[stop_ids[-1]], trip.direction),
                *(trip.block, shape),
            )
        )
        last = len(stop_ids) - 1
        for index, (stop_id, minute) in enumerate(zip(stop_ids, trip.times, strict=True)):
            timepoint = index % 6 == 0 or index == last
            clock = _clock(minute) if timepoint or route.all_times else ""
            of_times.append((trip_id, clock, clock, stop_id, index + 1, int(timepoint)))
    return of_trips, of_times


def shape_rows() -> list[Row]:
    """Return the rows of shapes.txt."""
    rows: list[Row] = []
    for route in ROUTES:
        for direction in (0, 1):
            for index, (u, v, _) in enumerate(_course(route, direction)):
                lon, lat = city.lon_lat(city.place(u, v))
                rows.append((f"{route.number}-{direction}", lat, lon, index + 1))
    return rows
