"""Vehicles that would have to be faster than any is: one of two places is wrong, or a time.

A stop that stands tens of kilometres off has people counted where no bus runs. Nothing in stops.txt shows
it; the timetable does, since nobody can drive there in the minutes between two calls.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.feed_checks import IDS_KEPT
from targeting.feed_tables import Stops
from targeting.findings import Findings
from targeting.text_columns import Column, Figures, numbered
from targeting.times import CALL_TIME
from targeting.timetable import Timetable
from targeting.wording import listed, natural, routes_named

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

EARTH_RADIUS_M = 6_371_000.0
# those of MobilityData's gtfs-validator (fast_travel_between_consecutive_stops)
FASTEST_KMH = {
    "bus": 150.0, "coach": 150.0, "tram": 100.0, "subway": 150.0, "rail": 500.0, "ferry": 80.0,
    "cable_tram": 30.0, "aerial": 50.0, "funicular": 50.0, "monorail": 150.0, "other": 200.0,
}  # fmt: skip
MINUTE_S = 60


def check_speeds(timetable: Timetable, findings: Findings) -> None:
    """Add trips that would have to be faster between two calls than any vehicle of their mode is.

    Of calls without a time the way between the timed ones counts. Times that run backwards say nothing
    about places, and are left out.
    """
    speeds = np.array([FASTEST_KMH[mode] for mode in timetable.routes.modes])[timetable.trips.route] / 3.6
    calls = _calls_of(timetable, _trips_with_long_ways(timetable, speeds))
    if calls.empty:
        return
    fast = _fast_legs(calls, speeds)
    if fast.empty:
        return
    files, stops = timetable.files, timetable.stops
    route = timetable.trips.route[fast["trip"]]
    modes = set(timetable.routes.modes[route])
    limits = listed([f"{FASTEST_KMH[mode]:g} km/h ({mode.replace('_', ' ')})" for mode in sorted(modes)])
    trips = fast["trip"].nunique()
    ends = pd.concat([fast["stop"], fast["next_stop"]]).value_counts()
    often = sorted(ends.index, key=lambda stop: (-ends[stop], natural(str(stops.ids[stop]))))
    first = next(fast.itertuples())
    begin, end = _stop(stops, first.stop), _stop(stops, first.next_stop)
    findings.add(
        "warning",
        "impossible_speed",
        f"{files.label}: {trips:,} of {len(timetable.trips.ids):,} trips, on "
        f"{routes_named(set(route_numbers(timetable)[route]))}, would have to be faster than {limits} "
        f"between two calls (first: trip {timetable.trips.ids[first.trip]} from {begin} at "
        f"{_clock(first.leaves)} to {end} at {_clock(first.arrives)}, {first.metres / 1000:.1f} km): the "
        "place of a stop is wrong, or a time.",
        file=files.label,
        count=trips,
        ids=tuple(stops.ids[often[:IDS_KEPT]]),
    )


def route_numbers(timetable: Timetable) -> npt.NDArray[np.object_]:
    """Return what riders call each route: its number, or its name."""
    routes = timetable.routes
    return np.where(routes.short_names != "", routes.short_names, routes.names)


def distance_m(start: Floats, end: Floats) -> Floats:
    """Return the distance along the ground between places in degrees, shape (places, 2) each."""
    (lon, lat), (to_lon, to_lat) = np.radians(start).T, np.radians(end).T
    half = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half)))


def _trips_with_long_ways(timetable: Timetable, speeds: Floats) -> npt.NDArray[np.bool_]:
    """Return which trips have two calls farther apart than a vehicle gets in a minute.

    The others need no look at their times, which are millions and not kept.
    """
    trip, stop, sequence = timetable.calls.trip, timetable.calls.stop, timetable.calls.sequence
    known = timetable.stops.placed[stop]
    trip, stop, sequence = trip[known], stop[known], sequence[known]
    follows = trip[1:] == trip[:-1]
    apart = (~follows).sum() >= np.count_nonzero(np.bincount(trip))
    if apart or (sequence[1:] < sequence[:-1])[follows].any():
        order = np.lexsort((sequence, trip))
        trip, stop = trip[order], stop[order]
        follows = trip[1:] == trip[:-1]
    stops = len(timetable.stops.ids)
    pair, pairs = pd.factorize(stop[:-1].astype(np.int64)[follows] * stops + stop[1:][follows])
    lonlat = timetable.stops.lonlat
    metres = distance_m(lonlat[pairs // stops], lonlat[pairs % stops])[pair]
    after = trip[1:][follows]
    long = np.zeros(len(timetable.trips.ids), bool)
    long[after[metres > speeds[after] * MINUTE_S]] = True
    return long


def _calls_of(timetable: Timetable, wanted: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return the calls at stops with a place of some trips, in their order.

    Columns are `trip`, `stop` (positions), `arrives`, `leaves` (seconds, -1 where there is no time) and
    `way` (metres from the first call of all, straight from stop to stop, no way between trips).
    """
    if not wanted.any():
        return pd.DataFrame()
    trip_at, stop_at = numbered(timetable.trips.ids), numbered(timetable.stops.ids)
    wanted, placed = np.append(wanted, False), timetable.stops.placed

    def calls_of(columns: dict[str, Column], times: dict[str, Figures]) -> pd.DataFrame:
        """Return the calls that some rows of stop_times.txt tell."""
        trip, stop = columns["trip_id"].positions_in(trip_at), columns["stop_id"].positions_in(stop_at)
        use = wanted[trip] & placed[stop]
        arrives, leaves = times["arrival_time"].rows[use], times["departure_time"].rows[use]
        return pd.DataFrame(
            {
                "trip": trip[use],
                "stop": stop[use],
                "arrives": np.where(arrives < 0, leaves, arrives),
                "leaves": np.where(leaves < 0, arrives, leaves),
                "sequence": _numbers(columns["stop_sequence"])[use],
            }
        )

    parts = timetable.files.digested(
        "stop_times",
        ["trip_id", "stop_id", "stop_sequence"],
        {"arrival_time": CALL_TIME, "departure_time": CALL_TIME},
        calls_of,
        required=["trip_id", "stop_id"],
    )
    calls = pd.concat(parts).sort_values(["trip", "sequence"], kind="stable", ignore_index=True)
    lonlat = timetable.stops.lonlat[calls["stop"]]
    hops = np.append(0.0, distance_m(lonlat[:-1], lonlat[1:]))
    hops[calls["trip"].diff().to_numpy() != 0] = 0
    return calls.assign(way=hops.cumsum())


def _numbers(column: Column) -> Floats:
    return np.asarray(pd.to_numeric(pd.Series(column.values), errors="coerce"), float)[column.codes]


def _fast_legs(calls: pd.DataFrame, speeds: Floats) -> pd.DataFrame:
    """Return the ways between two timed calls that take less time than they can.

    A minute is added where both times are whole minutes, which are rounded, and for no time at all (the
    rule of gtfs-validator).
    """
    timed = calls[calls["leaves"] >= 0]
    legs = timed.assign(
        next_stop=timed["stop"].shift(-1, fill_value=-1),
        arrives=timed["arrives"].shift(-1, fill_value=-1),
        metres=timed["way"].shift(-1) - timed["way"],
    )[(timed["trip"] == timed["trip"].shift(-1))]
    taken = (legs["arrives"] - legs["leaves"]).to_numpy()
    whole = ((legs["arrives"] % MINUTE_S == 0) & (legs["leaves"] % MINUTE_S == 0)).to_numpy()
    allowed = taken + MINUTE_S * (whole | (taken == 0))
    return legs[(taken >= 0) & (legs["metres"].to_numpy() > speeds[legs["trip"]] * allowed)]


def _stop(stops: Stops, position: int) -> str:
    name = stops.names[position]
    return f"stop {stops.ids[position]}" + (f" ({name})" if name else "")


def _clock(time_s: int) -> str:
    hours, rest = divmod(int(time_s), 3600)
    seconds = f":{rest % 60:02d}" if rest % 60 else ""
    return f"{hours}:{rest // 60:02d}{seconds}"
