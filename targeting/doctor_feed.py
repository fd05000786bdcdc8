"""What the doctor sees in transit feeds: all that the readers note, and what they do not look for."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.directions import trip_ends
from targeting.doctor_speed import check_speeds, distance_m, route_numbers
from targeting.errors import FeedError, TargetingError
from targeting.feed import Feed, FeedSource, feed_of, source_of
from targeting.feed_checks import (
    IDS_KEPT,
    ROUNDING_S,
    check_days,
    check_feed,
    check_posting,
    day_name,
    notices_of_the_day,
    trips_in_blocks,
)
from targeting.feed_files import FeedFiles, open_feed
from targeting.findings import Findings
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.service_calendar import read_calendar
from targeting.text_columns import numbered
from targeting.timetable import Timetable, read_timetable
from targeting.wording import listed, routes_named

JUMP_M = 2000.0
FASTEST_KMH = 60.0


def examine_feeds(
    paths: Sequence[Path],
    *,
    modes: Collection[str],
    week: date | None,
    today: date,
    findings: Findings,
    notices: Notices,
    posting_date: date | None = None,
    limits: Limits = DEFAULT_LIMITS,
    step: Callable[[str], None] = lambda _: None,
) -> Feed | None:
    """Read feeds and add what is wrong with each; return the service of those that can be used.

    Parameters
    ----------
    paths : sequence of Path
    modes : collection of str
        Modes to keep.
    week : date or None
        First day of the design week; None to choose.
    today : date
    findings : Findings
        Gets faults, and what the readers do not look for.
    notices : Notices
        Gets what the readers note.
    posting_date : date, optional
        First day on which posters hang.
    limits : Limits
        How large the files of each feed may be.
    step : callable
        Told in a few words what is being read.

    Returns
    -------
    Feed or None
        None where no feed can be used.
    """
    timetables: list[Timetable] = []
    dated: list[FeedSource] = []
    for path in paths:
        step(f"reading {path.name}")
        try:
            files = open_feed(path, notices, limits)
            timetable = read_timetable(files, modes, notices)
        except TargetingError as fault:
            findings.add_fault(fault, path.name)
            dated += _dates_alone(path, limits)
            continue
        timetables.append(timetable)
        _explain_lost_trips(timetable, findings)
        _check_unknown_stops(timetable, findings)
        check_speeds(timetable, findings)
    feed = None
    if timetables:
        step("counting departures")
        try:
            feed = feed_of(timetables, notices=notices, week=week)
        except TargetingError as fault:
            label = timetables[0].files.label if len(timetables) == 1 else ""
            findings.add_fault(fault, label)
    if feed is not None:
        dated += feed.sources
        check_feed(feed, notices)
        _check_jumps(feed, timetables, findings)
    else:
        read = [source_of(timetable, timetable.routes.agencies) for timetable in timetables]
        for source in read:
            check_days(source, notices)
        dated += read
    check_posting(dated, posting_date, notices)
    for notice in notices_of_the_day(dated, today, posting_date):
        findings.add_notice(notice)
    return feed


def _dates_alone(path: Path, limits: Limits) -> list[FeedSource]:
    """Return the period of a feed of which nothing else can be used; none where that is broken too."""
    try:
        files = open_feed(path, Notices(), limits)
        calendar = read_calendar(files, Notices())
    except FeedError:
        return []
    every = np.ones(len(calendar.service_ids))
    return [FeedSource(str(path), "", (), "", calendar.period, calendar.tables, calendar.trips_by_day(every))]


def _explain_lost_trips(timetable: Timetable, findings: Findings) -> None:
    """Say which routes look less frequent for trips without calls."""
    called = timetable.runs > 0
    if called.all():
        return
    # by number: several route_ids can share one
    numbers = route_numbers(timetable)
    left = set(numbers[timetable.trips.route[called]])
    gone = set(numbers[timetable.trips.route[~called]]) - left
    poorer = set(numbers[timetable.trips.route[~called]]) & left
    parts = []
    if poorer:
        looks = "looks less frequent than it is" if len(poorer) == 1 else "look less frequent than they are"
        parts.append(f"{routes_named(poorer)} {looks}")
    if gone:
        parts.append(f"{routes_named(gone)} {'has' if len(gone) == 1 else 'have'} no trip left")
    lost = int((~called).sum())
    findings.explain(
        "trip_without_stops",
        timetable.files.label,
        f"{'This trip counts' if lost == 1 else f'These {lost:,} trips count'} for nothing: "
        f"{'; '.join(parts)}.",
    )


def _check_unknown_stops(timetable: Timetable, findings: Findings) -> None:
    """Name the stop_ids that stops.txt lacks."""
    if (timetable.calls.stop >= 0).all():
        return
    files: FeedFiles = timetable.files
    columns = files.columns("stop_times", ["trip_id", "stop_id"])
    stop = columns["stop_id"]
    unknown = (stop.positions_in(numbered(timetable.stops.ids)) < 0) & ~stop.parsed("".__eq__, bool)
    trip = columns["trip_id"].positions_in(numbered(timetable.trips.ids))
    unknown &= trip >= 0
    ids = [stop.values[code] for code in np.unique(stop.codes[unknown])]
    routes = routes_named(set(route_numbers(timetable)[timetable.trips.route[trip[unknown]]]))
    findings.add(
        "warning",
        "unknown_stop",
        f"{files.label}: stops.txt lacks {len(ids):,} stop_ids that {int(unknown.sum()):,} rows of "
        f"stop_times.txt name (first: {ids[0]!r}), on {routes}.",
        file=files.label,
        count=len(ids),
        ids=tuple(ids[:IDS_KEPT]),
    )


def _check_jumps(feed: Feed, timetables: Sequence[Timetable], findings: Findings) -> None:
    """Add blocks whose vehicle would have to be elsewhere faster than it can drive."""
    pairs = trips_in_blocks(feed.trips)
    pairs = pairs[pairs["gap_s"] >= -ROUNDING_S]
    if pairs.empty:
        return
    ends = _ends_of_trips(feed, timetables)
    before = ends.reindex(feed.trips["trip_id"].iloc[pairs["before"]])[["last_lon", "last_lat"]].to_numpy()
    after = ends.reindex(feed.trips["trip_id"].iloc[pairs["after"]])[["first_lon", "first_lat"]].to_numpy()
    metres = distance_m(before, after)
    needed_s = metres / (FASTEST_KMH / 3.6)
    jumps = pairs[(metres > JUMP_M) & (pairs["gap_s"].to_numpy() < needed_s)]
    if jumps.empty:
        return
    blocks, every = jumps["block_id"].unique(), feed.trips["block_id"].replace("", np.nan).nunique()
    first = jumps.iloc[0]
    one, other = (feed.trips["trip_id"].iloc[first[name]] for name in ("before", "after"))
    far = metres[pairs.index.get_loc(jumps.index[0])] / 1000
    minutes = round(max(first["gap_s"], 0) / 60)
    findings.add(
        "warning",
        "block_jump",
        f"{len(blocks):,} of {every:,} blocks jump: their next trip begins more than {JUMP_M / 1000:g} km "
        f"away, sooner than {FASTEST_KMH:g} km/h allows (first: block {first['block_id']}, {far:.1f} km in "
        f"{minutes} {'minute' if minutes == 1 else 'minutes'} between trips {one} and {other} on "
        f"{day_name(feed.week, int(first['day']))}).",
        file=listed([timetable.files.label for timetable in timetables]),
        count=len(blocks),
        ids=tuple(str(block) for block in blocks[:IDS_KEPT]),
    )


def _ends_of_trips(feed: Feed, timetables: Sequence[Timetable]) -> pd.DataFrame:
    """Return where each trip begins and ends, by the feed's trip_id."""
    parts = []
    for prefix, timetable in zip(feed.prefixes, timetables, strict=True):
        ids = timetable.trips.ids
        first, last = trip_ends(len(ids), timetable.calls, timetable.stops.lonlat)
        parts.append(
            pd.DataFrame(
                np.hstack([first, last]),
                index=prefix + ids,
                columns=["first_lon", "first_lat", "last_lon", "last_lat"],
            )
        )
    return pd.concat(parts)
