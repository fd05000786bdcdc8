"""A feed's routes, stops and trips as arrays: each id once, what may be left out filled in.

Everything that a GTFS feed may leave blank is settled here: names of routes, agencies, extended route types,
places of stops taken from their station.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from targeting.calls import WHOLE
from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.service_calendar import ServiceCalendar
from targeting.text_columns import numbered

_BASIC_TYPES = {
    0: "tram", 1: "subway", 2: "rail", 3: "bus", 4: "ferry", 5: "cable_tram", 6: "aerial",
    7: "funicular", 11: "bus", 12: "monorail",
}  # fmt: skip
_EXTENDED_TYPES = {
    1: "rail", 2: "coach", 3: "rail", 4: "subway", 5: "subway", 6: "subway", 7: "bus", 8: "bus",
    9: "tram", 10: "ferry", 12: "ferry", 13: "aerial", 14: "funicular",
}  # fmt: skip
_COLOR = re.compile("[0-9A-Fa-f]{6}")
Texts = npt.NDArray[np.object_]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Routes:
    """The routes of a feed in the order of their ids, shape (routes,) each.

    Attributes
    ----------
    ids, short_names, long_names : ndarray of str
    names : ndarray of str
        The two joined, or the id where both are empty.
    modes : ndarray of str
    agencies : ndarray of str
        Names; empty where nobody can say which of several it is.
    colors : ndarray of str
        Six hex digits, or empty.
    """

    ids: Texts
    short_names: Texts
    long_names: Texts
    names: Texts
    modes: Texts
    agencies: Texts
    colors: Texts


@dataclass(frozen=True)
class Stops:
    """The stops of a feed in the order of their ids.

    Attributes
    ----------
    ids, names : ndarray of str, shape (stops,)
    lonlat : ndarray, shape (stops, 2)
        Degrees; not-a-number where a stop has no place and its station has none.
    """

    ids: Texts
    names: Texts
    lonlat: npt.NDArray[np.float64]

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """Which have a place, shape (stops + 1,): the last stands for stops that stops.txt lacks."""
        return np.append(~np.isnan(self.lonlat).any(axis=1), False)


@dataclass(frozen=True)
class Trips:
    """The trips of the wanted modes in the order of trips.txt, shape (trips,) each.

    Attributes
    ----------
    ids, blocks, shapes : ndarray of str
    route, service : ndarray of int
        Positions in `Routes` and in `ServiceCalendar.service_ids`.
    direction : ndarray of int
        0 or 1, -1 where it is unknown.
    """

    ids: Texts
    route: Positions
    service: Positions
    direction: Positions
    blocks: Texts
    shapes: Texts


def mode_of(route_type: str) -> str:
    """Return the mode of a GTFS route_type, basic or extended; "other" where it is unknown."""
    found = WHOLE.fullmatch(route_type)
    if not found:
        return "other"
    number = int(found[1])
    return _BASIC_TYPES.get(number) or _EXTENDED_TYPES.get(number // 100, "other")


def read_routes(files: FeedFiles, notices: Notices) -> Routes:
    """Read routes.txt and agency.txt.

    Raises
    ------
    FeedError
        When routes.txt cannot be used.
    """
    columns = files.columns(
        "routes",
        ["route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color"],
        required=["route_id", "route_type"],
    )
    agencies = files.columns("agency", ["agency_id", "agency_name"])
    names = dict(zip(agencies["agency_id"].texts(), agencies["agency_name"].texts(), strict=True))
    # a route may leave its agency out where there is one; of several nobody can say which it is
    only = {0: files.path.stem, 1: next(iter(names.values()), "")}.get(len(names), "")
    ids = columns["route_id"].texts()
    rows = _in_order_of_ids(ids, "routes.txt", files, notices)
    # in the order of their ids, not of their rows: equals must not be told apart by where they stand
    ids = ids[rows]
    text = {name: column.texts()[rows] for name, column in columns.items()}
    short, long = text["route_short_name"], text["route_long_name"]
    both = [f"{a} {'' if a == b else b}".strip() for a, b in zip(short, long, strict=True)]
    return Routes(
        ids=ids,
        short_names=short,
        long_names=long,
        names=_objects([name or route for name, route in zip(both, ids, strict=True)]),
        modes=_objects([mode_of(kind) for kind in text["route_type"]]),
        agencies=_objects([names.get(agency, only) for agency in text["agency_id"]]),
        colors=_objects([color if _COLOR.fullmatch(color) else "" for color in text["route_color"]]),
    )


def read_stops(files: FeedFiles, notices: Notices) -> Stops:
    """Read stops.txt; a stop without a place takes that of its station.

    Raises
    ------
    FeedError
        When stops.txt cannot be used, or its coordinates are swapped.
    """
    columns = files.columns(
        "stops",
        ["stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station"],
        required=["stop_id"],
    )
    ids = columns["stop_id"].texts()
    lat = columns["stop_lat"].parsed(_number, float)
    lon = columns["stop_lon"].parsed(_number, float)
    outside = (np.abs(lat) > 90) | (np.abs(lon) > 180)
    swapped = outside & (np.abs(lon) <= 90) & (np.abs(lat) <= 180)
    swapped |= (lat < -60) & (lon > 0)  # no bus runs in Antarctica: an eastern US city, turned
    if swapped.sum() > len(lat) / 2:
        raise FeedError(
            f"{files.label}: stops.txt seems to have latitude and longitude swapped (the first such "
            f"stop is {ids[swapped][0]!r}); ask the agency for a sound feed."
        )
    lonlat = np.column_stack([lon, lat])
    lonlat[outside | swapped | ((lat == 0) & (lon == 0))] = np.nan
    rows = _in_order_of_ids(ids, "stops.txt", files, notices)
    ids, lonlat = ids[rows], lonlat[rows]
    nowhere = np.isnan(lonlat).any(axis=1)
    lonlat[nowhere] = np.nan
    if nowhere.any():
        place = {ids[stop]: lonlat[stop] for stop in np.flatnonzero(~nowhere)}
        station = columns["parent_station"].texts()[rows]
        for stop in np.flatnonzero(nowhere):
            lonlat[stop] = place.get(station[stop], lonlat[stop])
    return Stops(ids, columns["stop_name"].texts()[rows], lonlat)


def read_trips(
    files: FeedFiles, routes: Routes, calendar: ServiceCalendar, modes: Collection[str], notices: Notices
) -> Trips:
    """Read the trips of the wanted modes.

    Raises
    ------
    FeedError
        When trips.txt cannot be used or holds none of them.
    """
    columns = files.columns(
        "trips",
        ["trip_id", "route_id", "service_id", "direction_id", "block_id", "shape_id"],
        required=["trip_id", "route_id", "service_id"],
    )
    route = columns["route_id"].positions_in(numbered(routes.ids))
    service = columns["service_id"].positions_in(numbered(calendar.service_ids))
    for position, what in (
        (route, "a route_id that routes.txt lacks"),
        (service, "a service_id without any calendar"),
    ):
        lost = int((position < 0).sum())
        if lost:
            notices.add(
                "trip_without_reference",
                f"{files.label}: {lost:,} trips name {what} and were left out.",
                file=files.label,
                count=lost,
            )
    rows = np.flatnonzero((route >= 0) & (service >= 0))
    ids = columns["trip_id"].texts()
    rows = rows[_first_of_each(ids[rows], "trips.txt", files, notices)]
    mode = routes.modes[route[rows]]
    rows = rows[np.isin(mode, list(modes))]
    if not len(rows):
        found = ", ".join(sorted(set(mode)))
        raise FeedError(
            f"{files.label}: no trips of the wanted modes ({', '.join(sorted(modes))}); the feed has "
            f"{found or 'no usable trips at all'}: change region.modes."
        )
    return Trips(
        ids=ids[rows],
        route=route[rows].astype(np.int64),
        service=service[rows].astype(np.int64),
        direction=columns["direction_id"].parsed(_direction, np.int64)[rows],
        blocks=columns["block_id"].texts()[rows],
        shapes=columns["shape_id"].texts()[rows],
    )


def _in_order_of_ids(ids: Texts, name: str, files: FeedFiles, notices: Notices) -> Positions:
    rows = _first_of_each(ids, name, files, notices)
    return rows[np.argsort(ids[rows], kind="stable")]


def _first_of_each(ids: Texts, name: str, files: FeedFiles, notices: Notices) -> Positions:
    """Return the first row of each id; say of how many there are others."""
    if len(set(ids)) == len(ids):
        return np.arange(len(ids))
    first: dict[str, int] = {}
    repeated = [row for row, each in enumerate(ids) if first.setdefault(each, row) != row]
    notices.add(
        "duplicate_id",
        f"{files.label}: {name} lists {len(repeated):,} ids twice (first: {ids[repeated[0]]!r}); the first "
        "row of each was kept.",
        file=files.label,
        count=len(repeated),
    )
    return np.array(list(first.values()))


def _objects(texts: list[str]) -> Texts:
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def _direction(text: str) -> int:
    return {"0": 0, "1": 1, "0.0": 0, "1.0": 1}.get(text, -1)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
