"""One feed's timetable as arrays: its routes, stops and trips, their calls, and when they run.

Headways instead of trips and missing directions are settled here; the blanks of single tables are in
:mod:`targeting.feed_tables`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from targeting.calls import Calls, read_calls, spans
from targeting.directions import infer_directions
from targeting.feed_files import FeedFiles
from targeting.feed_tables import Routes, Stops, Trips, read_routes, read_stops, read_trips
from targeting.headways import read_headways
from targeting.in_seat import read_links
from targeting.notices import Notices
from targeting.service_calendar import ServiceCalendar, read_calendar


@dataclass(frozen=True)
class Timetable:
    """One feed's tables as arrays; trips, routes and stops are row positions.

    Attributes
    ----------
    files : FeedFiles
    calendar : ServiceCalendar
    routes : Routes
    stops : Stops
    trips : Trips
        Every direction is known.
    calls : Calls
    runs : ndarray of float, shape (trips,)
        Of each trip on a day of service; 0 where it has no calls.
    run_starts : dict of int to ndarray of int
        By the position of a trip that headways repeat, when its runs start.
    start, end : ndarray of int, shape (trips,)
        First and last time of each trip, seconds after midnight of the service day; 0 and -1 where it has
        none.
    links : ndarray of int, shape (links, 2)
        Trips that one vehicle runs one after the other.
    """

    files: FeedFiles
    calendar: ServiceCalendar
    routes: Routes
    stops: Stops
    trips: Trips
    calls: Calls
    runs: npt.NDArray[np.float64]
    run_starts: dict[int, npt.NDArray[np.int64]]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    links: npt.NDArray[np.int64]

    def trips_by_service(self) -> npt.NDArray[np.float64]:
        """Return how many trips each service runs on a day it is active."""
        return self.calendar.trips_by_service(self.trips.service, self.runs)


def read_timetable(files: FeedFiles, modes: Collection[str], notices: Notices) -> Timetable:
    """Read a feed's trips of the wanted modes and their calls at stops.

    Raises
    ------
    FeedError
        When a table cannot be used, or the feed has no calls of trips of the wanted modes.
    """
    calendar = read_calendar(files, notices)
    routes, stops = read_routes(files, notices), read_stops(files, notices)
    trips = read_trips(files, routes, calendar, modes, notices)
    calls = read_calls(files, trips.ids, stops.ids, modes, notices)
    start, end = spans(len(trips.ids), calls.trip, calls.time)
    runs, run_starts = read_headways(files, trips.ids, end - start, notices)
    called = np.bincount(calls.trip, minlength=len(trips.ids)) > 0
    if not called.all():
        notices.add(
            "trip_without_stops",
            f"{files.label}: {int((~called).sum()):,} of {len(called):,} trips have no stop_times "
            "and were left out.",
            file=files.label,
            count=int((~called).sum()),
        )
    unknown = int((trips.direction < 0).sum())
    if unknown:
        notices.add(
            "direction_inferred",
            f"{files.label}: {unknown:,} trips have no direction_id; directions were taken from where "
            "the trips begin and end.",
            file=files.label,
            severity="info",
            count=unknown,
        )
    direction = infer_directions(trips.direction, trips.route, calls, stops.lonlat)
    return Timetable(
        files=files,
        calendar=calendar,
        routes=routes,
        stops=stops,
        trips=replace(trips, direction=direction),
        calls=calls,
        runs=np.where(called, runs, 0.0),
        run_starts=run_starts,
        start=start,
        end=end,
        links=read_links(files, trips.ids),
    )
