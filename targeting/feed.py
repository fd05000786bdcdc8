"""GTFS feeds to one `Feed`: routes, stops and weekly departures in the design week.

A *departure* is one scheduled call of a trip at a stop on one day, the last call of the trip
included: riders who get off there have seen the card too. Calls at which nobody may board or
alight are left out. The count misleads where a feed lists trips that do not run (school holidays
kept in the calendar) or where the same bus is sold under two routes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.campaign_sections import DEFAULT_LIMITS, Limits
from targeting.design_week import DesignWeek, choose_week
from targeting.errors import CampaignError, FeedError
from targeting.feed_files import open_feed
from targeting.notices import Notices
from targeting.plain_text import plain
from targeting.route_lines import lines_by_route
from targeting.timetable import Timetable, read_timetable

LOST_DEPARTURES_ALLOWED = 0.05


@dataclass(frozen=True)
class FeedSource:
    """Where a feed came from, and of which days it speaks.

    Attributes
    ----------
    path, sha256, version : str
    agencies : tuple of str
    period : (date, date)
        First and last day for which the feed speaks, both included.
    service_tables : tuple of str
        Which of calendar.txt and calendar_dates.txt name days of service.
    trips_by_day : Series indexed by day
        Trips of the wanted modes on every day of the period.
    """

    path: str
    sha256: str
    agencies: tuple[str, ...]
    version: str
    period: tuple[date, date]
    service_tables: tuple[str, ...]
    trips_by_day: "pd.Series[float]" = field(repr=False, compare=False)


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
        `route_id`, `direction_id` (0 or 1), `stop_id`, `departures_week`, and `trips_week` of the
        route in that direction (fewer than the departures at a stop that a trip calls at twice).
    trips : DataFrame
        One row a trip (a run, where frequencies.txt gives headways: those of one trip share its
        `trip_id`): `trip_id`, `route_id`, `block_id` (empty where the feed has none), `start_s`,
        `end_s` (seconds after midnight of the service day, may exceed 86,400), `days` (seven bits,
        the lowest is the first day of the week).
    links : DataFrame
        `from_trip`, `to_trip`: trips of the week that one vehicle runs one after the other on the
        days on which both run (in-seat transfers of transfers.txt).
    lines : GeoSeries indexed by route_id
        EPSG:4326, from shapes.txt, or straight lines between stops.
    left_out : DataFrame indexed by route_id
        `route_short_name`, `route_long_name`, `route_name`, `mode` of the feeds' other routes: of
        another mode, or without service in the design week.
    """

    sources: tuple[FeedSource, ...]
    week: DesignWeek
    routes: pd.DataFrame
    stops: pd.DataFrame
    departures: pd.DataFrame
    trips: pd.DataFrame
    links: pd.DataFrame
    lines: "pd.Series[shapely.Geometry]"
    left_out: pd.DataFrame

    @property
    def prefixes(self) -> list[str]:
        """What stands before the ids of each source; nothing where there is only one."""
        return _prefixes([Path(source.path) for source in self.sources])


def read_feeds(
    paths: Sequence[Path],
    *,
    notices: Notices,
    week: date | None = None,
    modes: Collection[str] = ("bus",),
    limits: Limits = DEFAULT_LIMITS,
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
    limits : Limits
        How large the files of each feed may be.
    step : callable
        Told in a few words what is being read, for a progress bar.

    Raises
    ------
    FeedError
        When a feed cannot be read, holds no trips of the wanted modes, or more than 5% of its
        departures are at stops without a known place.
    CampaignError
        When a feed has no service in the wanted week.
    """
    repeated = {path for path in paths if [p.resolve() for p in paths].count(path.resolve()) > 1}
    if repeated:
        raise CampaignError(
            f"region.gtfs: {repeated.pop()} is listed twice, which would double its service; remove one."
        )
    timetables = []
    for path in paths:
        step(f"reading {path.name}")
        timetables.append(read_timetable(open_feed(path, notices, limits), set(modes), notices))
    step("counting departures")
    return feed_of(timetables, notices=notices, week=week)


def feed_of(timetables: Sequence[Timetable], *, notices: Notices, week: date | None = None) -> Feed:
    """Return the service of timetables in one design week.

    Parameters
    ----------
    timetables : sequence of Timetable
        One a feed.
    week : date, optional
        First day of the design week; chosen where not given.

    Raises
    ------
    FeedError
        When more than 5% of the departures of a feed are at stops without a known place.
    CampaignError
        When a feed has no service in the wanted week.
    """
    chosen = choose_week(
        [t.calendar for t in timetables],
        [t.trips_by_service() for t in timetables],
        week=week,
        notices=notices,
    )
    prefixes = _prefixes([t.files.path for t in timetables])
    parts = [_in_week(t, chosen, prefix, notices) for t, prefix in zip(timetables, prefixes, strict=True)]
    return Feed(
        sources=tuple(source_of(t, p.routes["agency"]) for t, p in zip(timetables, parts, strict=True)),
        week=chosen,
        routes=pd.concat([p.routes for p in parts]),
        stops=pd.concat([p.stops for p in parts]),
        departures=pd.concat([p.departures for p in parts], ignore_index=True),
        trips=pd.concat([p.trips for p in parts], ignore_index=True),
        links=pd.concat([p.links for p in parts], ignore_index=True),
        lines=pd.concat([p.lines for p in parts]),
        left_out=pd.concat([p.left_out for p in parts]),
    )


@dataclass(frozen=True)
class _Part:
    routes: pd.DataFrame
    stops: pd.DataFrame
    departures: pd.DataFrame
    trips: pd.DataFrame
    links: pd.DataFrame
    lines: "pd.Series[shapely.Geometry]"
    left_out: pd.DataFrame


def _in_week(timetable: Timetable, week: DesignWeek, prefix: str, notices: Notices) -> _Part:
    """Return the routes, stops and departures of one feed in the design week."""
    days = timetable.calendar.days_in_week(week.first_day)[timetable.trip_service]
    weekly = days.sum(axis=1) * timetable.trip_runs
    routes, stops = timetable.routes, timetable.stops
    trip_direction = timetable.trip_route * 2 + timetable.trip_direction
    by_direction = np.bincount(trip_direction, weekly, minlength=2 * len(routes))
    direction, stop, total = _departures(timetable, trip_direction, weekly)
    placed = np.append(stops[["lon", "lat"]].notna().all(axis=1).to_numpy(), False)[stop]
    _refuse_lost(timetable, total, stop, placed, notices)
    direction, stop, total = direction[placed], stop[placed], total[placed]
    departures = pd.DataFrame(
        {
            "route_id": prefix + routes.index.to_numpy()[direction // 2],
            "direction_id": direction % 2,
            "stop_id": prefix + stops.index.to_numpy()[stop],
            "departures_week": total,
            "trips_week": by_direction[direction],
        }
    )
    served_routes = np.unique(direction // 2)
    by_route = np.bincount(timetable.trip_route, weekly, minlength=len(routes))
    table = routes.iloc[served_routes][
        ["route_short_name", "route_long_name", "route_name", "mode", "agency", "color"]
    ].assign(departures_week=by_route[served_routes])
    idle = sorted(set(np.unique(timetable.trip_route)) - set(served_routes))
    if idle:
        notices.add(
            "route_without_service",
            f"{timetable.files.label}: {len(idle):,} route{'s' if len(idle) > 1 else ''} with trips "
            f"{'do' if len(idle) > 1 else 'does'} not run in the design week "
            f"(first: {routes['route_name'].iloc[idle[0]]}).",
            file=timetable.files.label,
            severity="info",
            count=len(idle),
        )
    lines = lines_by_route(timetable.files, timetable.trip_route, timetable.trip_shape, weekly,
                           (timetable.call_trip, timetable.call_sequence, timetable.call_stop),
                           stops[["lon", "lat"]].to_numpy(), notices)  # fmt: skip
    lines = pd.Series([lines[r] for r in served_routes], index=table.index, dtype=object)
    used = stops.iloc[np.unique(stop)]
    left_out = routes.drop(index=table.index)[["route_short_name", "route_long_name", "route_name", "mode"]]
    for frame in (table, used, lines, left_out):
        frame.index = pd.Index(prefix + frame.index.to_numpy().astype(object), name=frame.index.name)
    bits = days @ (1 << np.arange(7))
    kept = (bits > 0) & (timetable.trip_end >= 0) & (timetable.trip_runs > 0)
    trips, links = _runs(timetable, bits, kept, prefix), _links(timetable, kept, prefix)
    return _Part(table, used, departures, trips, links, lines, left_out)


def _departures(
    timetable: Timetable, trip_direction: npt.NDArray[np.int64], weekly: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the weekly departures of each direction of a route (twice the route, or one more) at each stop.

    Three arrays, in the order of directions and stops: direction, stop (-1 where unknown), departures.
    """
    places = len(timetable.stops) + 1  # of one direction; the first is that of the unknown stops
    key = (trip_direction * places + 1)[timetable.call_trip] + timetable.call_stop
    possible = 2 * len(timetable.routes) * places
    keys, total = _added_up(key, weekly[timetable.call_trip], possible)
    direction, stop = np.divmod(keys, places)
    return direction, stop - 1, total


def _added_up(
    key: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], possible: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the distinct keys, ascending, and the sum of the weights of each, where it is above 0."""
    if possible <= 4 * len(key) + 1000:  # a place for every key that there may be is quicker than sorting
        total = np.bincount(key, weight, minlength=possible).astype(float)
        keys = np.flatnonzero(total).astype(np.int64)
        return keys, total[keys]
    keys, position = np.unique(key[weight > 0], return_inverse=True)
    weight = weight[weight > 0]
    return keys, np.bincount(position, weight).astype(float)


def _runs(
    timetable: Timetable, bits: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_], prefix: str
) -> pd.DataFrame:
    """Return one row a run of each trip that is kept: route, block, start, end and days."""
    count = len(timetable.trip_ids)
    end = timetable.trip_end
    block = timetable.trip_block
    table = pd.DataFrame(
        {
            "trip_id": prefix + timetable.trip_ids.to_numpy().astype(object),
            "route_id": prefix + timetable.routes.index.to_numpy()[timetable.trip_route],
            "block_id": np.where(block == "", "", prefix + block),
            "start_s": timetable.trip_start,
            "end_s": end,
            "days": bits,
        }
    )
    repeated = np.zeros(count, bool)
    repeated[list(timetable.run_starts)] = True
    parts = [table[kept & ~repeated]]
    for trip, times in timetable.run_starts.items():
        if kept[trip]:
            row = table.iloc[[trip] * len(times)].copy()
            row["start_s"], row["end_s"] = times, times + (end[trip] - timetable.trip_start[trip])
            row["block_id"] = ""  # one block cannot run them all
            parts.append(row)
    return pd.concat(parts, ignore_index=True)


def _links(timetable: Timetable, kept: npt.NDArray[np.bool_], prefix: str) -> pd.DataFrame:
    """Return the links between trips that are kept; a trip that headways repeat has none."""
    single = kept.copy()
    single[list(timetable.run_starts)] = False
    ids = timetable.trip_ids.to_numpy().astype(object)[timetable.links[single[timetable.links].all(axis=1)]]
    return pd.DataFrame(prefix + ids, columns=["from_trip", "to_trip"], dtype=str)


def _refuse_lost(
    timetable: Timetable,
    departures: npt.NDArray[np.float64],
    stop: npt.NDArray[np.int64],
    placed: npt.NDArray[np.bool_],
    notices: Notices,
) -> None:
    """Say how many departures are at stops without a place; refuse above the limit."""
    all_calls, gone = departures.sum(), departures[~placed].sum()
    if not gone:
        return
    unknown = departures[stop < 0].sum()
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


def source_of(timetable: Timetable, agencies: "pd.Series[str]") -> FeedSource:
    """Return where a timetable came from; `agencies` are those of its routes."""
    files = timetable.files
    version = files.columns("feed_info", ["feed_version"])["feed_version"].values
    return FeedSource(
        path=str(files.path),
        sha256=files.sha256(),
        agencies=tuple(sorted({name for name in agencies if name})),
        version=version[0] if version else "",
        period=timetable.calendar.period,
        service_tables=timetable.calendar.tables,
        trips_by_day=timetable.calendar.trips_by_day(timetable.trips_by_service()),
    )


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """Return a prefix for the ids of each feed; none where there is only one feed."""
    if len(paths) == 1:
        return [""]
    stems = [plain(path.stem) for path in paths]
    return [
        f"{stem}:" if stems.count(stem) == 1 else f"{stem}-{stems[: i + 1].count(stem)}:"
        for i, stem in enumerate(stems)
    ]
