"""One feed's timetable as arrays: trips, their routes, services and directions, and their calls.

Everything a GTFS feed may leave out is settled here: blank values, extended route types, places of
stops taken from their station, headways instead of trips, missing directions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.calls import WHOLE, read_calls, spans, whole_number
from targeting.design_week import ServiceCalendar, read_calendar
from targeting.directions import infer_directions
from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.in_seat import read_links
from targeting.notices import Notices
from targeting.times import seconds

_BASIC_TYPES = {
    0: "tram", 1: "subway", 2: "rail", 3: "bus", 4: "ferry", 5: "cable_tram", 6: "aerial",
    7: "funicular", 11: "bus", 12: "monorail",
}  # fmt: skip
_EXTENDED_TYPES = {
    1: "rail", 2: "coach", 3: "rail", 4: "subway", 5: "subway", 6: "subway", 7: "bus", 8: "bus",
    9: "tram", 10: "ferry", 12: "ferry", 13: "aerial", 14: "funicular",
}  # fmt: skip


MOST_RUNS = 1_000_000  # in a day


@dataclass(frozen=True)
class Timetable:
    """One feed's tables as arrays; trips, routes and stops are row positions."""

    files: FeedFiles
    calendar: ServiceCalendar
    routes: pd.DataFrame
    stops: pd.DataFrame
    trip_ids: pd.Index
    trip_route: npt.NDArray[np.int64]
    trip_service: npt.NDArray[np.int64]
    trip_direction: npt.NDArray[np.int64]
    trip_block: npt.NDArray[np.object_]
    trip_shape: npt.NDArray[np.object_]
    trip_runs: npt.NDArray[np.float64]
    run_starts: dict[int, npt.NDArray[np.int64]]
    call_trip: npt.NDArray[np.int32]
    call_stop: npt.NDArray[np.int32]
    call_sequence: npt.NDArray[np.int32]
    trip_start: npt.NDArray[np.int64]
    trip_end: npt.NDArray[np.int64]
    links: npt.NDArray[np.int64]

    def trips_by_service(self) -> npt.NDArray[np.float64]:
        """Return how many trips each service runs on a day it is active."""
        services = len(self.calendar.service_ids)
        return np.bincount(self.trip_service, self.trip_runs, minlength=services).astype(float)


def mode_of(route_type: str) -> str:
    """Return the mode of a GTFS route_type, basic or extended; "other" where it is unknown."""
    found = WHOLE.fullmatch(route_type)
    if not found:
        return "other"
    number = int(found[1])
    return _BASIC_TYPES.get(number) or _EXTENDED_TYPES.get(number // 100, "other")


def read_timetable(files: FeedFiles, modes: set[str], notices: Notices) -> Timetable:
    """Read a feed's trips of the wanted modes and their calls at stops.

    Raises
    ------
    FeedError
        When a table cannot be used, or the feed has no calls of trips of the wanted modes.
    """
    calendar = read_calendar(files, notices)
    routes = _read_routes(files, notices)
    stops = _read_stops(files, notices)
    trips = _read_trips(files, routes, calendar, modes, notices)
    trip_ids = pd.Index(trips["trip_id"])
    call_trip, call_stop, call_sequence, call_time = read_calls(files, trip_ids, stops, modes, notices)
    span = spans(len(trip_ids), call_trip, call_time)
    runs, starts = _headways(files, trip_ids, span[1] - span[0], notices)
    called = np.bincount(call_trip, minlength=len(trip_ids)) > 0
    if not called.all():
        notices.add(
            "trip_without_stops",
            f"{files.label}: {int((~called).sum()):,} of {len(trip_ids):,} trips have no stop_times "
            "and were left out.",
            file=files.label,
            count=int((~called).sum()),
        )
    direction = trips["direction"].to_numpy()
    unknown = int((direction < 0).sum())
    if unknown:
        notices.add(
            "direction_inferred",
            f"{files.label}: {unknown:,} trips have no direction_id; directions were taken from where "
            "the trips begin and end.",
            file=files.label,
            severity="info",
            count=unknown,
        )
    return Timetable(
        files=files,
        calendar=calendar,
        routes=routes,
        stops=stops,
        trip_ids=trip_ids,
        trip_route=trips["route"].to_numpy(),
        trip_service=trips["service"].to_numpy(),
        trip_direction=infer_directions(
            direction,
            trips["route"].to_numpy(),
            (call_trip, call_sequence, call_stop),
            stops[["lon", "lat"]].to_numpy(),
        ),
        trip_block=trips["block_id"].to_numpy(object),
        trip_shape=trips["shape_id"].to_numpy(object),
        trip_runs=np.where(called, runs, 0.0),
        run_starts=starts,
        call_trip=call_trip,
        call_stop=call_stop,
        call_sequence=call_sequence,
        trip_start=span[0],
        trip_end=span[1],
        links=read_links(files, trip_ids),
    )


def _read_trips(
    files: FeedFiles, routes: pd.DataFrame, calendar: ServiceCalendar, modes: set[str], notices: Notices
) -> pd.DataFrame:
    """Return the trips of the wanted modes; `route` and `service` are positions, -1 is unknown."""
    columns = files.columns(
        "trips",
        ["trip_id", "route_id", "service_id", "direction_id", "block_id", "shape_id"],
        required=["trip_id", "route_id", "service_id"],
    )
    trips = pd.DataFrame(
        {
            "trip_id": columns["trip_id"].texts(),
            "route": columns["route_id"].positions_in(routes.index),
            "service": columns["service_id"].positions_in(calendar.service_ids),
            "direction": columns["direction_id"].parsed(_direction, np.int64),
            "block_id": columns["block_id"].texts(),
            "shape_id": columns["shape_id"].texts(),
        }
    )  # fmt: skip
    for column, what in (
        ("route", "a route_id that routes.txt lacks"),
        ("service", "a service_id without any calendar"),
    ):
        lost = int((trips[column] < 0).sum())
        if lost:
            notices.add(
                "trip_without_reference",
                f"{files.label}: {lost:,} trips name {what} and were left out.",
                file=files.label,
                count=lost,
            )
    trips = trips[(trips["route"] >= 0) & (trips["service"] >= 0)]
    trips = _unique(trips.set_index("trip_id"), "trips.txt", files, notices).reset_index()
    mode = routes["mode"].to_numpy()[trips["route"]]
    wanted = trips[np.isin(mode, list(modes))].reset_index(drop=True)
    if wanted.empty:
        found = ", ".join(sorted(set(mode)))
        raise FeedError(
            f"{files.label}: no trips of the wanted modes ({', '.join(sorted(modes))}); the feed has "
            f"{found or 'no usable trips at all'}: change region.modes."
        )
    return wanted


def _read_routes(files: FeedFiles, notices: Notices) -> pd.DataFrame:
    columns = files.columns(
        "routes",
        [
            "route_id", "agency_id", "route_short_name", "route_long_name", "route_type",
            "route_color",
        ],
        required=["route_id", "route_type"],
    )  # fmt: skip
    table = pd.DataFrame({name: column.texts() for name, column in columns.items()})
    agencies = files.columns("agency", ["agency_id", "agency_name"])
    names = dict(zip(agencies["agency_id"].texts(), agencies["agency_name"].texts(), strict=True))
    # a route may leave its agency out where there is one; of several nobody can say which it is
    only = {0: files.path.stem, 1: next(iter(names.values()), "")}.get(len(names), "")
    table["agency"] = [names.get(agency, only) for agency in table["agency_id"]]
    table["mode"] = [mode_of(kind) for kind in table["route_type"]]
    short, long = table["route_short_name"], table["route_long_name"]
    table["route_name"] = (short + " " + long.where(long != short, "")).str.strip()
    table["route_name"] = table["route_name"].where(table["route_name"] != "", table["route_id"])
    table["color"] = table["route_color"].where(table["route_color"].str.fullmatch("[0-9A-Fa-f]{6}"), "")
    # in the order of their ids, not of their rows: equals must not be told apart by where they stand
    return _unique(table.set_index("route_id"), "routes.txt", files, notices).sort_index()


def _read_stops(files: FeedFiles, notices: Notices) -> pd.DataFrame:
    """Return stops with a place; one without takes its parent station's."""
    columns = files.columns(
        "stops",
        ["stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station"],
        required=["stop_id"],
    )
    lat = columns["stop_lat"].parsed(_number, float)
    lon = columns["stop_lon"].parsed(_number, float)
    outside = (np.abs(lat) > 90) | (np.abs(lon) > 180)
    swapped = outside & (np.abs(lon) <= 90) & (np.abs(lat) <= 180)
    swapped |= (lat < -60) & (lon > 0)  # no bus runs in Antarctica: an eastern US city, turned
    if swapped.sum() > len(lat) / 2:
        raise FeedError(
            f"{files.label}: stops.txt seems to have latitude and longitude swapped (the first such "
            f"stop is {columns['stop_id'].texts()[swapped][0]!r}); ask the agency for a sound feed."
        )
    nowhere = outside | swapped | ((lat == 0) & (lon == 0))
    lat[nowhere], lon[nowhere] = np.nan, np.nan
    table = pd.DataFrame(
        {
            "stop_name": columns["stop_name"].texts(),
            "lon": lon,
            "lat": lat,
            "parent": columns["parent_station"].texts(),
        },
        index=pd.Index(columns["stop_id"].texts(), name="stop_id"),
    )
    table = _unique(table, "stops.txt", files, notices).sort_index()
    placed = table.loc[table["lon"].notna() & table["lat"].notna()]
    parent = table["parent"].map(placed["lon"]), table["parent"].map(placed["lat"])
    unplaced = table["lon"].isna() | table["lat"].isna()
    table["lon"] = table["lon"].where(~unplaced, parent[0])
    table["lat"] = table["lat"].where(~unplaced, parent[1])
    return table.drop(columns="parent")


def _headways(
    files: FeedFiles, trip_ids: pd.Index, span: npt.NDArray[np.int64], notices: Notices
) -> tuple[npt.NDArray[np.float64], dict[int, npt.NDArray[np.int64]]]:
    """Return the runs of each trip on a day of service, and the start times of repeated trips.

    `span` is each trip's time from first to last call, seconds.
    """
    runs = np.ones(len(trip_ids))
    rows = files.columns("frequencies", ["trip_id", "start_time", "end_time", "headway_secs"])
    starts: dict[int, list[npt.NDArray[np.int64]]] = {}
    trip = rows["trip_id"].positions_in(trip_ids)
    begin = rows["start_time"].parsed(seconds, np.int64)
    end = rows["end_time"].parsed(seconds, np.int64)
    headway = rows["headway_secs"].parsed(whole_number, np.int64)
    sound = (trip >= 0) & (begin >= 0) & (end > begin) & (headway > 0)
    repeats_itself = sound & (span[trip] >= end - begin) & (end - begin > headway)
    for bad, what in (
        ((trip >= 0) & ~sound, "cannot be used; their trips run once, as stop_times.txt has them"),
        (
            repeats_itself,
            "repeat a trip that itself lasts the whole period; its departures may be counted twice",
        ),
    ):
        if bad.any():
            notices.add(
                "headway",
                f"{files.label}: {int(bad.sum())} rows of frequencies.txt {what}.",
                file=files.label,
                count=int(bad.sum()),
            )
    departures = int(np.ceil((end - begin)[sound] / headway[sound]).sum())
    if departures > MOST_RUNS:
        raise FeedError(
            f"{files.label}: frequencies.txt makes {departures:,} trips a day of its headways, more than the "
            f"{MOST_RUNS:,} that any agency runs; ask the agency for a sound feed."
        )
    for row in np.flatnonzero(sound):
        # the last run leaves before end_time: GTFS reference, frequencies.txt
        times = np.arange(begin[row], end[row], headway[row], dtype=np.int64)
        starts.setdefault(int(trip[row]), []).append(times)
    joined = {position: np.concatenate(times) for position, times in starts.items()}
    for position, times in joined.items():
        runs[position] = len(times)
    return runs, joined


def _unique(table: pd.DataFrame, name: str, files: FeedFiles, notices: Notices) -> pd.DataFrame:
    repeated = table.index.duplicated()
    if repeated.any():
        notices.add(
            "duplicate_id",
            f"{files.label}: {name} lists {int(repeated.sum()):,} ids twice (first: "
            f"{table.index[repeated][0]!r}); the first row of each was kept.",
            file=files.label,
            count=int(repeated.sum()),
        )
    return table[~repeated]


def _direction(text: str) -> int:
    return {"0": 0, "1": 1, "0.0": 0, "1.0": 1}.get(text, -1)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
