"""GTFS feeds to one `Feed`: routes, stops and weekly departures in the design week.

A *departure* is one scheduled call of a trip at a stop on one day, the last call of the trip
included: riders who get off there have seen the card too. Calls at which nobody may board or
alight are left out. The count misleads where a feed lists trips that do not run (school holidays
kept in the calendar) or where the same bus is sold under two routes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import shapely

from targeting.design_week import DesignWeek, choose_week
from targeting.errors import CampaignError
from targeting.feed_files import open_feed
from targeting.feed_week import service_in_week
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.plain_text import plain
from targeting.timetable import Timetable, read_timetable


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
        timetables.append(read_timetable(open_feed(path, notices, limits), modes, notices))
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
    parts = [
        service_in_week(t, chosen, prefix, notices) for t, prefix in zip(timetables, prefixes, strict=True)
    ]
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


def source_of(timetable: Timetable, agencies: Iterable[str]) -> FeedSource:
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
