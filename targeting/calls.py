"""The calls of trips at stops: the millions of rows of stop_times.txt as a few arrays."""

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import Column, Figures, Parse, letters_of, numbered, only_signs
from targeting.times import CALL_TIME, call_times

DIGITS = 9
WHOLE = re.compile(rf"(-?[0-9]{{1,{DIGITS}}})(\.0*)?")  # spreadsheets write 3.0


def whole_number(text: str) -> int:
    """Return the number that a text is, 0 where it is none."""
    found = WHOLE.fullmatch(text)
    return int(found[1]) if found else 0


def _usual_numbers(numbers: pa.Int32Array) -> npt.NDArray[np.int32] | None:
    """Return numbers as they are; None where one is missing or has more than nine digits."""
    if numbers.null_count:
        return None
    found: npt.NDArray[Any] = np.from_dlpack(numbers)
    return found if (np.abs(found) < 10**DIGITS).all() else None


def _usual_closed(texts: pa.StringArray) -> npt.NDArray[np.bool_] | None:
    """Return which texts are "1"; None where one has several letters."""
    length, letters = letters_of(texts)
    if len(letters) == len(length) and (length == 1).all() and only_signs(letters):
        ones: npt.NDArray[np.bool_] = letters == ord("1")
        return ones
    return None if len(letters) else np.zeros(len(length), bool)


CLOSED = Parse("1".__eq__, bool, _usual_closed)
SEQUENCE = Parse(whole_number, np.int32, _usual_numbers, pa.int32())


class Calls(NamedTuple):
    """Calls of trips at stops, of those that anybody may board at or alight at; int32, shape (calls,) each.

    Attributes
    ----------
    trip, stop : ndarray
        Positions; -1 where stops.txt lacks the stop.
    sequence : ndarray
        stop_sequence.
    time : ndarray
        Departure, or arrival: seconds after midnight of the service day, -1 where it is unknown. Empty
        where times are not wanted.
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
        Whether times are wanted.

    Raises
    ------
    FeedError
        When stop_times.txt cannot be used, or holds no call of these trips.
    """
    trip_at, stop_at = numbered(trip_ids), numbered(stop_ids)

    def calls_of(columns: dict[str, Column], figures: dict[str, Figures]) -> tuple[Calls, int]:
        """Return the calls that some rows of stop_times.txt tell, and how many of our rows name no stop."""
        trip = columns["trip_id"].positions_in(trip_at)
        ours = trip >= 0
        flexible = columns["stop_id"].parsed("".__eq__, bool)  # a zone or group of stops, on request
        closed = figures["pickup_type"].rows & figures["drop_off_type"].rows
        use = ours & ~closed & ~flexible
        trip, sequence = trip[use], figures["stop_sequence"].rows[use]
        time = call_times(files, figures, use, (trip, sequence), notices) if timed else trip[:0]
        stop = columns["stop_id"].positions_in(stop_at)[use]
        if (stop < 0).any():
            stop = np.where(stop < 0, columns["stop_id"].parsed(_mark, np.int32)[use], stop)
        return Calls(trip, stop, sequence, time), int((flexible & ours).sum())

    parts = files.digested(
        "stop_times",
        ["trip_id", "stop_id"],
        {"pickup_type": CLOSED, "drop_off_type": CLOSED, "stop_sequence": SEQUENCE}
        | (dict.fromkeys(("arrival_time", "departure_time"), CALL_TIME) if timed else {}),
        calls_of,
        required=["trip_id", "stop_id"],
    )
    on_request = sum(count for _, count in parts)
    if on_request:
        notices.add(
            "flexible_service",
            f"{files.label}: {on_request:,} rows of stop_times.txt name no stop "
            "(service on request); they carry no departures.",
            file=files.label,
            severity="info",
            count=on_request,
        )
    found = [part for part, _ in parts]
    if not any(len(part.trip) for part in found):
        raise FeedError(
            f"{files.label}: stop_times.txt has no call at a stop for any trip of the wanted modes "
            f"({', '.join(sorted(modes))}); check region.modes or ask the agency for a complete feed."
        )
    in_order = _in_order(found)
    if not timed and not in_order:  # times tell whether a call is written twice
        return read_calls(files, trip_ids, stop_ids, modes, notices)
    calls = Calls(*map(np.concatenate, zip(*found, strict=True)))
    if not in_order:
        calls = _each_once(calls, files, notices)
    return calls._replace(stop=np.maximum(calls.stop, -1, out=calls.stop))


def _mark(stop_id: str) -> int:
    """Return a negative number by which a stop that stops.txt lacks is told from others."""
    return -1 - (crc32(stop_id.encode()) >> 1)


def _in_order(parts: Sequence[Calls]) -> bool:
    """Return whether the calls of each trip follow each other, by rising stop_sequence."""
    begun, before = [], None
    for part in parts:
        if not len(part.trip):
            continue
        same = part.trip[1:] == part.trip[:-1]
        if (same & (part.sequence[1:] <= part.sequence[:-1])).any():
            return False
        begun.append(part.trip[1:][~same])
        if before is None or before.trip[-1] != part.trip[0]:
            begun.append(part.trip[:1])
        elif before.sequence[-1] >= part.sequence[0]:
            return False
        before = part
    return len(np.unique(np.concatenate(begun))) == sum(map(len, begun))


def _each_once(calls: Calls, files: FeedFiles, notices: Notices) -> Calls:
    """Return the calls without those that repeat another: same trip, sequence, stop and time."""
    import pandas as pd  # slow to load, and seldom needed

    twice = pd.DataFrame(calls._asdict()).duplicated().to_numpy() & (calls.time >= 0)
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
