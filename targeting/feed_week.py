"""One feed's service in the design week: its departures added up, its trips, its routes' lines."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.departures import departures_at_stops
from targeting.design_week import DesignWeek
from targeting.feed_tables import Routes
from targeting.notices import Notices
from targeting.route_lines import lines_by_route
from targeting.timetable import Timetable


@dataclass(frozen=True)
class WeekService:
    """What `targeting.feed.Feed` holds, of one feed."""

    routes: pd.DataFrame
    stops: pd.DataFrame
    departures: pd.DataFrame
    trips: pd.DataFrame
    links: pd.DataFrame
    lines: "pd.Series[shapely.Geometry]"
    left_out: pd.DataFrame


def service_in_week(timetable: Timetable, week: DesignWeek, prefix: str, notices: Notices) -> WeekService:
    """Return the routes, stops and departures of one feed in the design week.

    Parameters
    ----------
    timetable : Timetable
    week : DesignWeek
    prefix : str
        To stand before every id.
    notices : Notices

    Raises
    ------
    FeedError
        When more than 5% of its departures are at stops without a known place.
    """
    routes, stops, trips = timetable.routes, timetable.stops, timetable.trips
    days = timetable.calendar.days_in_week(week.first_day)[trips.service]
    weekly = days.sum(axis=1) * timetable.runs
    way = trips.route * 2 + trips.direction  # a route in one direction
    by_way = np.bincount(way, weekly, minlength=2 * len(routes.ids))
    label = timetable.files.label
    group, stop, total = departures_at_stops(timetable.calls, way, weekly, stops, label, notices)
    departures = pd.DataFrame(
        {
            "route_id": prefix + routes.ids[group // 2],
            "direction_id": group % 2,
            "stop_id": prefix + stops.ids[stop],
            "departures_week": total,
            "trips_week": by_way[group],
        }
    )
    served_routes = np.unique(group // 2)
    by_route = np.bincount(trips.route, weekly, minlength=len(routes.ids))
    table = _routes_table(routes, served_routes).assign(departures_week=by_route[served_routes])
    idle = sorted(set(np.unique(trips.route)) - set(served_routes))
    if idle:
        notices.add(
            "route_without_service",
            f"{label}: {len(idle):,} route{'s' if len(idle) > 1 else ''} with trips "
            f"{'do' if len(idle) > 1 else 'does'} not run in the design week "
            f"(first: {routes.names[idle[0]]}).",
            file=label,
            severity="info",
            count=len(idle),
        )
    drawn = lines_by_route(
        timetable.files, trips.route, trips.shapes, weekly, timetable.calls, stops.lonlat, notices
    )
    lines = pd.Series([drawn[r] for r in served_routes], index=table.index, dtype=object)
    used = np.unique(stop)
    places = pd.DataFrame(
        {"stop_name": stops.names[used], "lon": stops.lonlat[used, 0], "lat": stops.lonlat[used, 1]},
        index=pd.Index(stops.ids[used], name="stop_id"),
    )
    rest = np.setdiff1d(np.arange(len(routes.ids)), served_routes)
    left_out = _routes_table(routes, rest)[["route_short_name", "route_long_name", "route_name", "mode"]]
    for frame in (table, places, lines, left_out):
        frame.index = pd.Index(prefix + frame.index.to_numpy().astype(object), name=frame.index.name)
    bits = days @ (1 << np.arange(7))
    kept = (bits > 0) & (timetable.end >= 0) & (timetable.runs > 0)
    runs, links = _runs(timetable, bits, kept, prefix), _links(timetable, kept, prefix)
    return WeekService(table, places, departures, runs, links, lines, left_out)


def _routes_table(routes: Routes, rows: npt.NDArray[np.int64]) -> pd.DataFrame:
    columns = {
        "route_short_name": routes.short_names,
        "route_long_name": routes.long_names,
        "route_name": routes.names,
        "mode": routes.modes,
        "agency": routes.agencies,
        "color": routes.colors,
    }
    table = {name: texts[rows] for name, texts in columns.items()}
    return pd.DataFrame(table, index=pd.Index(routes.ids[rows], name="route_id"), dtype="str")


def _runs(
    timetable: Timetable, bits: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_], prefix: str
) -> pd.DataFrame:
    """Return one row a run of each trip that is kept: route, block, start, end and days."""
    trips, end = timetable.trips, timetable.end
    table = pd.DataFrame(
        {
            "trip_id": prefix + trips.ids,
            "route_id": prefix + timetable.routes.ids[trips.route],
            "block_id": np.where(trips.blocks == "", "", prefix + trips.blocks),
            "start_s": timetable.start,
            "end_s": end,
            "days": bits,
        }
    )
    repeated = np.zeros(len(trips.ids), bool)
    repeated[list(timetable.run_starts)] = True
    parts = [table[kept & ~repeated]]
    for trip, times in timetable.run_starts.items():
        if kept[trip]:
            row = table.iloc[[trip] * len(times)].copy()
            row["start_s"], row["end_s"] = times, times + (end[trip] - timetable.start[trip])
            row["block_id"] = ""  # one block cannot run them all
            parts.append(row)
    return pd.concat(parts, ignore_index=True)


def _links(timetable: Timetable, kept: npt.NDArray[np.bool_], prefix: str) -> pd.DataFrame:
    """Return the links between trips that are kept; a trip that headways repeat has none."""
    single = kept.copy()
    single[list(timetable.run_starts)] = False
    ids = timetable.trips.ids[timetable.links[single[timetable.links].all(axis=1)]]
    return pd.DataFrame(prefix + ids, columns=["from_trip", "to_trip"], dtype=str)
