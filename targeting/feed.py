"""GTFS feeds to one `Feed`: routes, stops and weekly departures in the design week.

A *departure* is one scheduled call of a trip at a stop on one day, the last call of the trip
included: riders who get off there have seen the card too. Calls at which nobody may board or
alight are left out. The count misleads where a feed lists trips that do not run (school holidays
kept in the calendar) or where the same bus is sold under two routes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.design_week import DesignWeek, ServiceCalendar, choose_week, read_calendar
from targeting.errors import FeedError
from targeting.feed_files import FeedFiles, open_feed
from targeting.notices import Notices
from targeting.route_lines import lines_by_route

LOST_DEPARTURES_ALLOWED = 0.05
_BASIC_TYPES = {
    0: "tram", 1: "subway", 2: "rail", 3: "bus", 4: "ferry", 5: "cable_tram", 6: "aerial",
    7: "funicular", 11: "bus", 12: "monorail",
}  # fmt: skip
_EXTENDED_TYPES = {
    1: "rail", 2: "coach", 3: "rail", 4: "subway", 5: "subway", 6: "subway", 7: "bus", 8: "bus",
    9: "tram", 10: "ferry", 12: "ferry", 13: "aerial", 14: "funicular",
}  # fmt: skip


@dataclass(frozen=True)
class FeedSource:
    """Where a feed came from, for the record of a plan."""

    path: str
    sha256: str
    agencies: tuple[str, ...]
    version: str
    period: tuple[date, date]


@dataclass(frozen=True)
class Feed:
    """The service of the wanted modes in the design week.

    Attributes
    ----------
    sources : tuple of FeedSource
    week : DesignWeek
    routes : DataFrame indexed by route_id
        `route_short_name`, `route_long_name`, `route_name` (the two joined), `mode`, `agency`,
        `color` (six hex digits or empty), `departures_week` (trips in the design week, both
        directions). Only routes with trips in the design week.
    stops : DataFrame indexed by stop_id
        `stop_name`, `lon`, `lat`; only stops with departures and a place.
    departures : DataFrame
        `route_id`, `direction_id` (0 or 1), `stop_id`, `departures_week`.
    trips : DataFrame
        One row a trip (a run, where frequencies.txt gives headways): `route_id`, `block_id`
        (empty where the feed has none), `start_s`, `end_s` (seconds after midnight of the service
        day, may exceed 86,400), `days` (seven bits, the lowest is the first day of the week).
    lines : GeoSeries indexed by route_id
        EPSG:4326, from shapes.txt, or straight lines between stops.
    """

    sources: tuple[FeedSource, ...]
    week: DesignWeek
    routes: pd.DataFrame
    stops: pd.DataFrame
    departures: pd.DataFrame
    trips: pd.DataFrame
    lines: "pd.Series[shapely.Geometry]"


@dataclass(frozen=True)
class _Timetable:
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
    call_trip: npt.NDArray[np.int64]
    call_stop: npt.NDArray[np.int64]
    call_sequence: npt.NDArray[np.int64]
    call_time: npt.NDArray[np.int64]


def read_feeds(
    paths: Sequence[Path],
    *,
    notices: Notices,
    week: date | None = None,
    modes: Collection[str] = ("bus",),
    step: Callable[[str], None] = lambda _: None,
) -> Feed:
    """Read one feed or several as one.

    Parameters
    ----------
    paths : sequence of Path
        Zips or folders. With several, ids are prefixed with the file's name ("ctran:1").
    week : date, optional
        First day of the design week; chosen where not given.
    modes : collection of str
        Modes to keep, of `targeting.campaign.MODES`.
    step : callable
        Told in a few words what is being read, for a progress bar.

    Raises
    ------
    FeedError
        When a feed cannot be read, holds no trips of the wanted modes, or more than 5 % of its
        departures are at stops without a known place.
    CampaignError
        When a feed has no service in the wanted week.
    """
    timetables = []
    for path in paths:
        step(f"reading {path.name}")
        timetables.append(_read_timetable(open_feed(path, notices), set(modes), notices))
    chosen = choose_week(
        [t.calendar for t in timetables],
        [
            np.bincount(t.trip_service, t.trip_runs, minlength=len(t.calendar.service_ids))
            for t in timetables
        ],
        week=week,
        notices=notices,
    )
    step("counting departures")
    prefixes = _prefixes(paths)
    parts = [
        _in_week(t, chosen, prefix, notices) for t, prefix in zip(timetables, prefixes, strict=True)
    ]
    return Feed(
        sources=tuple(_source(t) for t in timetables),
        week=chosen,
        routes=pd.concat([p.routes for p in parts]),
        stops=pd.concat([p.stops for p in parts]),
        departures=pd.concat([p.departures for p in parts], ignore_index=True),
        trips=pd.concat([p.trips for p in parts], ignore_index=True),
        lines=pd.concat([p.lines for p in parts]),
    )


def mode_of(route_type: str) -> str:
    """Return the mode of a GTFS route_type, basic or extended; "other" where it is unknown."""
    try:
        number = int(route_type)
    except ValueError:
        return "other"
    return _BASIC_TYPES.get(number) or _EXTENDED_TYPES.get(number // 100, "other")


def seconds(text: str) -> int:
    """Return H:MM:SS as seconds after midnight of the service day, -1 where it is no time."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        return -1
    hours, minutes, secs = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + secs


def _read_timetable(files: FeedFiles, modes: set[str], notices: Notices) -> _Timetable:
    calendar = read_calendar(files, notices)
    routes = _read_routes(files, notices)
    stops = _read_stops(files, notices)
    trips = files.columns(
        "trips",
        ["trip_id", "route_id", "service_id", "direction_id", "block_id", "shape_id"],
        required=["trip_id", "route_id", "service_id"],
    )
    route = trips["route_id"].positions_in(routes.index)
    service = trips["service_id"].positions_in(calendar.service_ids)
    all_ids = trips["trip_id"].texts()
    kept = (route >= 0) & (service >= 0) & routes["mode"].isin(modes).to_numpy()[route]
    kept &= ~pd.Index(all_ids).duplicated()
    _say_lost_trips(files.label, int((route < 0).sum()), int((service < 0).sum()), notices)
    if not kept.any():
        found = ", ".join(sorted(set(routes["mode"].iloc[np.unique(route[route >= 0])])))
        raise FeedError(
            f"{files.label}: no trips of the wanted modes ({', '.join(sorted(modes))}); the feed "
            f"has {found or 'no trips at all'}: change region.modes."
        )
    trip_ids = pd.Index(all_ids[kept])
    direction = trips["direction_id"].parsed({"0": 0, "1": 1}.get, object)[kept]

    calls = files.columns(
        "stop_times",
        [
            "trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time",
            "pickup_type", "drop_off_type",
        ],
        required=["trip_id", "stop_id"],
    )  # fmt: skip
    closed = calls["pickup_type"].parsed("1".__eq__, bool) & calls["drop_off_type"].parsed(
        "1".__eq__, bool
    )
    call_trip = calls["trip_id"].positions_in(trip_ids)
    flexible = calls["stop_id"].parsed("".__eq__, bool)  # a zone or group of stops, on request
    use = (call_trip >= 0) & ~closed & ~flexible
    if flexible[call_trip >= 0].any():
        notices.add(
            "flexible_service",
            f"{files.label}: {int(flexible[call_trip >= 0].sum()):,} rows of stop_times.txt name no "
            "stop (service on request); they carry no departures.",
            file=files.label,
            severity="info",
        )
    if not use.any():
        raise FeedError(
            f"{files.label}: stop_times.txt has no call at a stop for any trip of the wanted modes "
            f"({', '.join(sorted(modes))}); check region.modes or ask the agency for a complete feed."
        )
    departure = calls["departure_time"].parsed(seconds, np.int64)[use]
    arrival = calls["arrival_time"].parsed(seconds, np.int64)[use]
    runs, starts = _headways(files, trip_ids)
    call_trip = call_trip[use]
    called = np.bincount(call_trip, minlength=len(trip_ids)) > 0
    if not called.all():
        notices.add(
            "trip_without_stops",
            f"{files.label}: {int((~called).sum()):,} of {len(trip_ids):,} trips have no stop_times "
            "and were left out.",
            file=files.label,
            count=int((~called).sum()),
        )
    timetable = _Timetable(
        files=files,
        calendar=calendar,
        routes=routes,
        stops=stops,
        trip_ids=trip_ids,
        trip_route=route[kept],
        trip_service=service[kept],
        trip_direction=np.array([-1 if d is None else d for d in direction], np.int64),
        trip_block=trips["block_id"].texts()[kept],
        trip_shape=trips["shape_id"].texts()[kept],
        trip_runs=np.where(called, runs, 0.0),
        run_starts=starts,
        call_trip=call_trip,
        call_stop=calls["stop_id"].positions_in(stops.index)[use],
        call_sequence=calls["stop_sequence"].parsed(_whole_number, np.int64)[use],
        call_time=np.where(departure >= 0, departure, arrival),
    )
    _infer_directions(timetable, notices)
    return timetable


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
    first_agency = next(iter(names.values()), files.path.stem)
    table["agency"] = [names.get(agency, first_agency) for agency in table["agency_id"]]
    table["mode"] = [mode_of(kind) for kind in table["route_type"]]
    short, long = table["route_short_name"], table["route_long_name"]
    table["route_name"] = (short + " " + long.where(long != short, "")).str.strip()
    table["route_name"] = table["route_name"].where(table["route_name"] != "", table["route_id"])
    table["color"] = table["route_color"].where(
        table["route_color"].str.fullmatch("[0-9A-Fa-f]{6}"), ""
    )
    return _unique(table.set_index("route_id"), "routes.txt", files, notices)


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
    if swapped.sum() > len(lat) / 2:
        raise FeedError(
            f"{files.label}: stops.txt seems to have latitude and longitude swapped (the first such "
            f"stop is {columns['stop_id'].texts()[swapped][0]!r}); ask the agency for a sound feed."
        )
    nowhere = outside | ((lat == 0) & (lon == 0))
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
    table = _unique(table, "stops.txt", files, notices)
    placed = table.loc[table["lon"].notna() & table["lat"].notna()]
    parent = table["parent"].map(placed["lon"]), table["parent"].map(placed["lat"])
    unplaced = table["lon"].isna() | table["lat"].isna()
    table["lon"] = table["lon"].where(~unplaced, parent[0])
    table["lat"] = table["lat"].where(~unplaced, parent[1])
    return table.drop(columns="parent")


def _headways(
    files: FeedFiles, trip_ids: pd.Index
) -> tuple[npt.NDArray[np.float64], dict[int, npt.NDArray[np.int64]]]:
    """Return the runs of each trip on a day of service, and the start times of repeated trips."""
    runs = np.ones(len(trip_ids))
    rows = files.columns("frequencies", ["trip_id", "start_time", "end_time", "headway_secs"])
    starts: dict[int, list[npt.NDArray[np.int64]]] = {}
    trip = rows["trip_id"].positions_in(trip_ids)
    begin = rows["start_time"].parsed(seconds, np.int64)
    end = rows["end_time"].parsed(seconds, np.int64)
    headway = rows["headway_secs"].parsed(_whole_number, np.int64)
    sound = (trip >= 0) & (begin >= 0) & (end > begin) & (headway > 0)
    for row in np.flatnonzero(sound):
        # the last run leaves before end_time: GTFS reference, frequencies.txt
        times = np.arange(begin[row], end[row], headway[row], dtype=np.int64)
        starts.setdefault(int(trip[row]), []).append(times)
    joined = {position: np.concatenate(times) for position, times in starts.items()}
    for position, times in joined.items():
        runs[position] = len(times)
    return runs, joined


def _infer_directions(timetable: _Timetable, notices: Notices) -> None:
    """Give trips without direction_id one, in place: 1 where they run against the route's main axis.

    Without it the two sides of a street would count as one direction and lose half their service.
    """
    unknown = timetable.trip_direction < 0
    if not unknown.any():
        return
    order = np.lexsort((timetable.call_sequence, timetable.call_trip))
    trip = timetable.call_trip[order]
    first = np.flatnonzero(np.diff(trip, prepend=-1))
    last = np.append(first[1:], len(trip)) - 1
    xy = timetable.stops[["lon", "lat"]].to_numpy()
    path = np.zeros((len(timetable.trip_ids), 2))
    stop = timetable.call_stop[order]
    known = (stop[first] >= 0) & (stop[last] >= 0)
    path[trip[first[known]]] = xy[stop[last[known]]] - xy[stop[first[known]]]
    path = np.nan_to_num(path)
    for route in np.unique(timetable.trip_route[unknown]):
        trips = np.flatnonzero(timetable.trip_route == route)
        axis = path[trips[0]]
        opposite = path[trips] @ axis < 0
        timetable.trip_direction[trips] = np.where(unknown[trips], opposite, timetable.trip_direction[trips])
    notices.add(
        "direction_inferred",
        f"{timetable.files.label}: {int(unknown.sum()):,} trips have no direction_id; directions "
        "were taken from where the trips begin and end.",
        file=timetable.files.label,
        severity="info",
        count=int(unknown.sum()),
    )


@dataclass(frozen=True)
class _Part:
    routes: pd.DataFrame
    stops: pd.DataFrame
    departures: pd.DataFrame
    trips: pd.DataFrame
    lines: "pd.Series[shapely.Geometry]"


def _in_week(timetable: _Timetable, week: DesignWeek, prefix: str, notices: Notices) -> _Part:
    """Return the routes, stops and departures of one feed in the design week."""
    days = timetable.calendar.days_in_week(week.first_day)[timetable.trip_service]
    weekly = days.sum(axis=1) * timetable.trip_runs
    routes, stops = timetable.routes, timetable.stops
    placed = np.append(stops[["lon", "lat"]].notna().all(axis=1).to_numpy(), False)

    weight = weekly[timetable.call_trip]
    lost = ~placed[timetable.call_stop]
    _refuse_lost(timetable, weight, lost, notices)
    sound = (weight > 0) & ~lost
    trip, stop, weight = timetable.call_trip[sound], timetable.call_stop[sound], weight[sound]
    route_direction = timetable.trip_route[trip] * 2 + timetable.trip_direction[trip]
    key = route_direction * len(stops) + stop
    keys, position = np.unique(key, return_inverse=True)
    total = np.bincount(position, weight)
    departures = pd.DataFrame(
        {
            "route_id": prefix + routes.index.to_numpy()[keys // len(stops) // 2],
            "direction_id": keys // len(stops) % 2,
            "stop_id": prefix + stops.index.to_numpy()[keys % len(stops)],
            "departures_week": total,
        }
    )
    served_routes = np.unique(keys // len(stops) // 2)
    by_route = np.bincount(timetable.trip_route, weekly, minlength=len(routes))
    table = routes.iloc[served_routes][
        ["route_short_name", "route_long_name", "route_name", "mode", "agency", "color"]
    ].assign(departures_week=by_route[served_routes])
    idle = sorted(set(np.unique(timetable.trip_route)) - set(served_routes))
    if idle:
        notices.add(
            "route_without_service",
            f"{timetable.files.label}: {len(idle)} routes with trips do not run in the design week "
            f"(first: {routes['route_name'].iloc[idle[0]]}).",
            file=timetable.files.label,
            severity="info",
            count=len(idle),
        )
    lines = lines_by_route(timetable.files, timetable.trip_route, timetable.trip_shape, weekly,
                           (timetable.call_trip, timetable.call_sequence, timetable.call_stop),
                           stops[["lon", "lat"]].to_numpy(), notices)  # fmt: skip
    lines = pd.Series([lines[r] for r in served_routes], index=table.index, dtype=object)
    used = stops.iloc[np.unique(keys % len(stops))]
    for frame in (table, used, lines):
        frame.index = pd.Index(prefix + frame.index.to_numpy().astype(object), name=frame.index.name)
    return _Part(table, used, departures, _runs(timetable, days, prefix), lines)


def _runs(timetable: _Timetable, days: npt.NDArray[np.bool_], prefix: str) -> pd.DataFrame:
    """Return one row a run of each trip of the week: route, block, start, end and days."""
    count = len(timetable.trip_ids)
    timed = timetable.call_time >= 0
    start = np.full(count, np.iinfo(np.int64).max)
    end = np.full(count, -1)
    np.minimum.at(start, timetable.call_trip[timed], timetable.call_time[timed])
    np.maximum.at(end, timetable.call_trip[timed], timetable.call_time[timed])
    bits = days @ (1 << np.arange(7))
    block = timetable.trip_block
    table = pd.DataFrame(
        {
            "route_id": prefix + timetable.routes.index.to_numpy()[timetable.trip_route],
            "block_id": np.where(block == "", "", prefix + block),
            "start_s": start,
            "end_s": end,
            "days": bits,
        }
    )
    repeated = np.zeros(count, bool)
    repeated[list(timetable.run_starts)] = True
    kept = (bits > 0) & (end >= 0) & (timetable.trip_runs > 0)
    parts = [table[kept & ~repeated]]
    for trip, times in timetable.run_starts.items():
        if kept[trip]:
            row = table.iloc[[trip] * len(times)].copy()
            row["start_s"], row["end_s"] = times, times + (end[trip] - start[trip])
            parts.append(row)
    return pd.concat(parts, ignore_index=True)


def _refuse_lost(
    timetable: _Timetable,
    weight: npt.NDArray[np.float64],
    lost: npt.NDArray[np.bool_],
    notices: Notices,
) -> None:
    """Say how many departures are at stops without a place; refuse above the limit."""
    all_calls, gone = weight.sum(), weight[lost].sum()
    if not gone:
        return
    unknown = weight[timetable.call_stop < 0].sum()
    label = timetable.files.label
    what = (
        f"{label}: {gone:,.0f} of {all_calls:,.0f} weekly departures ({gone / all_calls:.1%}) are at "
        f"stops without a usable place ({unknown:,.0f} at stop_ids that stops.txt lacks, "
        f"{gone - unknown:,.0f} at stops whose coordinates are blank, (0, 0) or outside the world)"
    )
    if gone > LOST_DEPARTURES_ALLOWED * all_calls:
        raise FeedError(
            f"{what}; more than {LOST_DEPARTURES_ALLOWED:.0%} would be lost: ask the agency for a "
            "sound stops.txt."
        )
    notices.add("stop_without_place", f"{what}; they were left out.", file=label, count=int(gone))


def _source(timetable: _Timetable) -> FeedSource:
    files = timetable.files
    version = files.columns("feed_info", ["feed_version"])["feed_version"].values
    agencies = files.columns("agency", ["agency_name"])["agency_name"].values
    return FeedSource(
        path=str(files.path),
        sha256=files.sha256(),
        agencies=tuple(name for name in agencies if name),
        version=version[0] if version else "",
        period=timetable.calendar.period,
    )


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """Return a prefix for the ids of each feed; none where there is only one feed."""
    if len(paths) == 1:
        return [""]
    stems = [path.stem for path in paths]
    return [
        f"{stem}:" if stems.count(stem) == 1 else f"{stem}-{stems[: i + 1].count(stem)}:"
        for i, stem in enumerate(stems)
    ]


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


def _say_lost_trips(label: str, without_route: int, without_service: int, notices: Notices) -> None:
    for count, what in (
        (without_route, "a route_id that routes.txt lacks"),
        (without_service, "a service_id without any calendar"),
    ):
        if count:
            notices.add(
                "trip_without_reference",
                f"{label}: {count:,} trips name {what} and were left out.",
                file=label,
                count=count,
            )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
