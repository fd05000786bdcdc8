"""One feed's service in the design week: its departures added up, its trips, its routes' lines."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting.design_week import DesignWeek
from targeting.errors import FeedError
from targeting.notices import Notices
from targeting.route_lines import lines_by_route
from targeting.timetable import Timetable

LOST_DEPARTURES_ALLOWED = 0.05


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
    return WeekService(table, used, departures, trips, links, lines, left_out)


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
