"""The calls of trips at stops: the millions of rows of stop_times.txt as a few arrays."""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import Parse
from targeting.times import CALL_TIME, call_times

WHOLE = re.compile(r"(-?[0-9]{1,9})(\.0*)?")  # spreadsheets write 3.0


def whole_number(text: str) -> int:
    """Return the number that a text is, 0 where it is none."""
    found = WHOLE.fullmatch(text)
    return int(found[1]) if found else 0


_CLOSED = Parse("1".__eq__, bool)
_SEQUENCE = Parse(whole_number, np.int32)


class Calls(NamedTuple):
    """Calls of trips at stops, of those that anybody may board at or alight at; int32, shape (calls,) each.

    Attributes
    ----------
    trip, stop : ndarray
        Positions; -1 where stops.txt lacks the stop.
    sequence : ndarray
        stop_sequence.
    time : ndarray
        Departure, or arrival: seconds after midnight of the service day, -1 where it is unknown.
    """

    trip: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]
    time: npt.NDArray[np.int32]


def read_calls(
    files: FeedFiles,
    trip_ids: npt.NDArray[np.object_],
    stop_ids: npt.NDArray[np.object_],
    modes: Collection[str],
    notices: Notices,
    *,
    timed: bool = True,
) -> Calls:
    """Return the calls of trips.

    Parameters
    ----------
    files : FeedFiles
    trip_ids : ndarray of str
        The trips of the wanted modes.
    stop_ids : ndarray of str
    modes : collection of str
        The wanted modes, for the sentence of an error.
    notices : Notices
    timed : bool
        Whether times are wanted: where they are not, they may all be unknown.

    Raises
    ------
    FeedError
        When stop_times.txt cannot be used, or holds no call of these trips.
    """
    columns, figures = files.columns_and_figures(
        "stop_times",
        ["trip_id", "stop_id"],
        {"pickup_type": _CLOSED, "drop_off_type": _CLOSED, "stop_sequence": _SEQUENCE}
        | (dict.fromkeys(("arrival_time", "departure_time"), CALL_TIME) if timed else {}),
        required=["trip_id", "stop_id"],
    )
    # a column is let go as soon as it is used: of millions of rows each weighs
    trip = columns.pop("trip_id").positions_in(trip_ids)
    ours = trip >= 0
    closed = figures.pop("pickup_type").rows & figures.pop("drop_off_type").rows
    texts = columns.pop("stop_id")
    flexible = texts.parsed("".__eq__, bool)  # a zone or group of stops, on request
    on_request = int((flexible & ours).sum())
    if on_request:
        notices.add(
            "flexible_service",
            f"{files.label}: {on_request:,} rows of stop_times.txt name no stop "
            "(service on request); they carry no departures.",
            file=files.label,
            severity="info",
            count=on_request,
        )
    use = ours & ~closed & ~flexible
    if not use.any():
        raise FeedError(
            f"{files.label}: stop_times.txt has no call at a stop for any trip of the wanted modes "
            f"({', '.join(sorted(modes))}); check region.modes or ask the agency for a complete feed."
        )
    stop = texts.positions_in(stop_ids)[use]
    trip, sequence = trip[use], figures.pop("stop_sequence").rows[use]
    in_order = _in_order(trip, sequence)
    if not timed:
        if not in_order:  # times tell whether a call is written twice
            return read_calls(files, trip_ids, stop_ids, modes, notices)
        return Calls(trip, stop, sequence, np.broadcast_to(np.int32(-1), trip.shape))
    time = call_times(files, figures, use, (trip, sequence), notices)
    figures.clear()
    found = Calls(trip, stop, sequence, time)
    return found if in_order else _each_once(found, texts.codes[use], files, notices)


def _in_order(trip: npt.NDArray[np.int32], sequence: npt.NDArray[np.int32]) -> bool:
    """Return whether the calls of each trip follow each other, by rising stop_sequence."""
    same = trip[1:] == trip[:-1]
    trips = int((np.bincount(trip) > 0).sum())
    return int((~same).sum()) + 1 == trips and bool((sequence[1:] > sequence[:-1])[same].all())


def _each_once(calls: Calls, stop_code: npt.NDArray[Any], files: FeedFiles, notices: Notices) -> Calls:
    """Return the calls without those that repeat another: same trip, sequence, stop and time.

    `stop_code` tells stops apart that stops.txt lacks.
    """
    import pandas as pd  # slow to load, and seldom needed

    keys = dict(enumerate([stop_code, calls.trip, calls.sequence, calls.time]))
    twice = pd.DataFrame(keys).duplicated().to_numpy() & (calls.time >= 0)
    if not twice.any():
        return calls
    notices.add(
        "duplicate_id",
        f"{files.label}: stop_times.txt lists {int(twice.sum()):,} calls twice (same trip, "
        "sequence, stop and time); each counts once.",
        file=files.label,
        count=int(twice.sum()),
    )
    return Calls(*(each[~twice] for each in calls))


def spans(
    trips: int, call_trip: npt.NDArray[np.int32], call_time: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and last time of each trip, seconds; 0 and -1 where it has none.

    Parameters
    ----------
    trips : int
        How many there are.
    call_trip, call_time : ndarray of int32, shape (calls,)
        As of `read_calls`.
    """
    timed = call_time >= 0
    trip, time = (call_trip, call_time) if timed.all() else (call_trip[timed], call_time[timed])
    start = np.full(trips, np.iinfo(np.int64).max)
    end = np.full(trips, -1)
    if len(trip):
        # calls of a trip mostly follow each other
        run = np.append(0, 1 + np.flatnonzero(trip[1:] != trip[:-1]))
        np.minimum.at(start, trip[run], np.minimum.reduceat(time, run))
        np.maximum.at(end, trip[run], np.maximum.reduceat(time, run))
    return np.where(end < 0, 0, start), end
