"""Weekly departures: how often the buses of each route call at each stop."""

from collections.abc import Collection
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from targeting.calls import Calls, read_calls, spans
from targeting.design_week import choose_week, refuse_no_service
from targeting.errors import FeedError
from targeting.feed_files import open_feed
from targeting.feed_tables import Stops, read_routes, read_stops, read_trips
from targeting.headways import read_headways
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.service_calendar import read_calendar

LOST_DEPARTURES_ALLOWED = 0.05
CALLS_AT_ONCE = 1 << 20
Positions = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def weekly_departures(
    feed: str | PathLike[str],
    week: date | None = None,
    *,
    modes: Collection[str] = ("bus",),
    limits: Limits = DEFAULT_LIMITS,
    notices: Notices | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Return how often each route calls at each stop in a week: what a plan counts, and nothing else.

    Times are not read where they cannot matter.

    Parameters
    ----------
    feed : path
        A GTFS zip or folder.
    week : date, optional
        Its first day; chosen as a plan chooses it where not given.
    modes : collection of str
        Modes to count, of `targeting.campaign.MODES`.
    limits : Limits
        How large its files may be.
    notices : Notices, optional
        Told what was odd in the feed.

    Returns
    -------
    dict of str to ndarray, shape (pairs,)
        Columns of a table, one row for each route and stop with departures in the order of their ids:
        `route_id`, `route_name`, `stop_id`, `stop_name`, `lon`, `lat`, `departures_week` (both directions).

    Raises
    ------
    FeedError
        When the feed cannot be used, or more than 5% of its departures are at stops without a place.
    CampaignError
        When it has no service in the week.
    """
    notices = Notices() if notices is None else notices
    files = open_feed(Path(feed), notices, limits)
    calendar = read_calendar(files, notices)
    routes, stops = read_routes(files, notices), read_stops(files, notices)
    trips = read_trips(files, routes, calendar, modes, notices)
    repeated = files.has("frequencies")
    calls = read_calls(files, trips.ids, stops.ids, modes, notices, timed=repeated)
    runs = np.ones(len(trips.ids))
    if repeated:
        start, end = spans(len(trips.ids), calls.trip, calls.time)
        runs, _ = read_headways(files, trips.ids, end - start, notices)
    runs[np.bincount(calls.trip, minlength=len(runs)) == 0] = 0
    by_service = calendar.trips_by_service(trips.service, runs)
    if week is None:
        week = choose_week([calendar], [by_service], week=None, notices=notices).first_day
    else:
        refuse_no_service(calendar, by_service, week)
    weekly = calendar.days_in_week(week).sum(axis=1)[trips.service] * runs
    route, stop, departures = departures_at_stops(calls, trips.route, weekly, stops, files.label, notices)
    return {
        "route_id": routes.ids[route],
        "route_name": routes.names[route],
        "stop_id": stops.ids[stop],
        "stop_name": stops.names[stop],
        "lon": stops.lonlat[stop, 0],
        "lat": stops.lonlat[stop, 1],
        "departures_week": departures,
    }


def departures_at_stops(
    calls: Calls, group: Positions, weekly: Numbers, stops: Stops, label: str, notices: Notices
) -> tuple[Positions, Positions, Numbers]:
    """Return the weekly departures of groups of trips, such as routes, at each stop.

    Parameters
    ----------
    calls : Calls
    group : ndarray of int, shape (trips,)
        Of each trip, from 0.
    weekly : ndarray, shape (trips,)
        How often each trip runs in the week.
    stops : Stops
    label : str
        The feed's, for messages.
    notices : Notices

    Returns
    -------
    group, stop : ndarray of int, shape (pairs,)
        In their order; only stops with a place.
    departures : ndarray of float, shape (pairs,)
        Above 0.

    Raises
    ------
    FeedError
        When more than 5% of the departures are at stops without a place.
    """
    places = len(stops.ids) + 1  # of one group; the first is that of the unknown stops
    first = group * places + 1  # of each trip's group
    possible = (int(group.max(initial=0)) + 1) * places
    if possible <= 4 * len(calls.trip) + 1000:  # a place for every pair is quicker than sorting
        total = np.zeros(possible)
        for start in range(0, len(calls.trip), CALLS_AT_ONCE):
            some = slice(start, start + CALLS_AT_ONCE)
            trip = calls.trip[some]
            total += np.bincount(first[trip] + calls.stop[some], weekly[trip], minlength=possible)
        keys = np.flatnonzero(total)
        total = total[keys]
    else:
        runs = weekly[calls.trip] > 0
        keys, pair = np.unique((first[calls.trip] + calls.stop)[runs], return_inverse=True)
        total = np.bincount(pair, weekly[calls.trip][runs]).astype(float)
    of_group, stop = np.divmod(keys, places)
    stop -= 1
    placed = stops.placed[stop]
    _refuse_lost(label, total, stop, placed, notices)
    return of_group[placed], stop[placed], total[placed]


def _refuse_lost(
    label: str, departures: Numbers, stop: Positions, placed: npt.NDArray[np.bool_], notices: Notices
) -> None:
    """Say how many departures are at stops without a place; refuse above the limit."""
    all_calls, gone = departures.sum(), departures[~placed].sum()
    if not gone:
        return
    unknown = departures[stop < 0].sum()
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
