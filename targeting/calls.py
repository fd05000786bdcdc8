"""The calls of trips at stops: the millions of rows of stop_times.txt as a few arrays."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

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


def read_calls(
    files: FeedFiles, trip_ids: pd.Index, stops: pd.DataFrame, modes: set[str], notices: Notices
) -> tuple[npt.NDArray[np.int32], ...]:
    """Return the calls of trips at stops, of those that anybody may board at or alight at.

    Parameters
    ----------
    files : FeedFiles
    trip_ids : Index of str
        The trips of the wanted modes.
    stops : DataFrame indexed by stop_id
    modes : set of str
        The wanted modes, for the sentence of an error.
    notices : Notices

    Returns
    -------
    four ndarrays of int32, shape (calls,)
        Trip, stop (-1 unknown), stop_sequence, and time (seconds after midnight of the service day, -1
        unknown).

    Raises
    ------
    FeedError
        When stop_times.txt cannot be used, or holds no call of these trips.
    """
    columns, figures = files.columns_and_figures(
        "stop_times",
        ["trip_id", "stop_id"],
        {
            "pickup_type": _CLOSED,
            "drop_off_type": _CLOSED,
            "stop_sequence": _SEQUENCE,
            "arrival_time": CALL_TIME,
            "departure_time": CALL_TIME,
        },
        required=["trip_id", "stop_id"],
    )
    # a column is let go as soon as it is used: of millions of rows each weighs
    trip = columns.pop("trip_id").positions_in(trip_ids)
    ours = trip >= 0
    closed = figures.pop("pickup_type").rows & figures.pop("drop_off_type").rows
    flexible = columns["stop_id"].parsed("".__eq__, bool)  # a zone or group of stops, on request
    if (flexible & ours).any():
        notices.add(
            "flexible_service",
            f"{files.label}: {int((flexible & ours).sum()):,} rows of stop_times.txt name no stop "
            "(service on request); they carry no departures.",
            file=files.label,
            severity="info",
            count=int((flexible & ours).sum()),
        )
    use = ours & ~closed & ~flexible
    if not use.any():
        raise FeedError(
            f"{files.label}: stop_times.txt has no call at a stop for any trip of the wanted modes "
            f"({', '.join(sorted(modes))}); check region.modes or ask the agency for a complete feed."
        )
    trip = trip[use]
    stop_ids = columns.pop("stop_id")
    stop_code = stop_ids.codes[use]
    sequence = figures.pop("stop_sequence").rows[use]
    time = call_times(files, figures, use, (trip, sequence), notices)
    figures.clear()
    twice = _written_twice(trip, sequence, stop_code, time)
    if twice.any():
        notices.add(
            "duplicate_id",
            f"{files.label}: stop_times.txt lists {int(twice.sum()):,} calls twice (same trip, "
            "sequence, stop and time); each counts once.",
            file=files.label,
            count=int(twice.sum()),
        )
        trip, stop_code, sequence, time = (each[~twice] for each in (trip, stop_code, sequence, time))
    stop = pd.Index(stops.index).get_indexer(pd.Index(stop_ids.values, dtype=object))
    return trip, np.asarray(stop, np.int32)[stop_code], sequence, time


def _written_twice(*keys: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Return which rows repeat an earlier one; quick where trips follow each other in order."""
    trip, sequence = keys[0], keys[1]
    same = trip[1:] == trip[:-1]
    in_order = bool((sequence[1:][same] > sequence[:-1][same]).all())
    distinct = int((np.bincount(trip - trip.min(initial=0)) > 0).sum())
    if in_order and int((~same).sum()) + 1 == distinct:
        return np.zeros(len(trip), bool)
    return np.asarray(pd.DataFrame(dict(enumerate(keys))).duplicated()) & (keys[-1] >= 0)


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
