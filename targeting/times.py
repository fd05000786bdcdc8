"""Times of a timetable: H:MM:SS, past midnight too, and what is written where a time should be."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import Column

_TIME = re.compile(r"([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2})")


def seconds(text: str) -> int:
    """Return H:MM:SS as seconds after midnight of the service day, -1 where it is no time of a week."""
    found = _TIME.fullmatch(text)
    if not found:
        return -1
    hours, minutes, secs = (int(part) for part in found.groups())
    return hours * 3600 + minutes * 60 + secs if hours < 168 else -1


def seconds_of(texts: pa.StringArray) -> npt.NDArray[np.int32]:
    """Return `seconds` of every text; those written HH:MM:SS, as nearly all are, at once."""
    eight = pc.equal(pc.binary_length(texts), len("HH:MM:SS"))
    usual = eight.to_numpy(zero_copy_only=False)
    letters = b"".join(texts.filter(eight).cast(pa.binary()).to_pylist())
    digits = np.frombuffer(letters, np.uint8).reshape(-1, 8).astype(np.int64) - ord("0")
    colon = np.array([2, 5])
    sound = ((digits >= 0) & (digits <= 9)).sum(axis=1) == 6
    sound &= (digits[:, colon] == ord(":") - ord("0")).all(axis=1)
    found = np.full(len(texts), -1, np.int32)
    found[usual] = digits @ [36000, 3600, 0, 600, 60, 0, 10, 1]
    usual[usual] = sound
    for row in np.flatnonzero(~usual).tolist():
        found[row] = seconds(texts[row].as_py())
    return found


def call_times(
    files: FeedFiles,
    columns: dict[str, Column],
    use: npt.NDArray[np.bool_],
    order: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    notices: Notices,
) -> npt.NDArray[Any]:
    """Return the departure (int32) of each row of stop_times.txt in `use`, or its arrival; -1 unknown.

    Parameters
    ----------
    files : FeedFiles
    columns : dict
        `departure_time` and `arrival_time` of stop_times.txt.
    use : ndarray of bool, shape (rows,)
        Rows of the wanted trips.
    order : two ndarrays of int
        Trip and stop_sequence of the rows in `use`.
    notices : Notices
        Told of texts that are no times, a warning where a trip begins or ends with one; blanks are as
        GTFS wants them.
    """
    departure, arrival = (
        seconds_of(columns[name].distinct)[columns[name].codes[use]]
        for name in ("departure_time", "arrival_time")
    )
    wrong = np.zeros(len(departure), bool)
    for name, each in (("departure_time", departure), ("arrival_time", arrival)):
        if (each < 0).any():
            wrong |= (each < 0) & columns[name].parsed(bool, bool)[use]
    times = np.where(departure >= 0, departure, arrival)
    if wrong.any():
        lost = wrong & (times < 0)  # an arrival stands in for a departure
        row = int(np.flatnonzero(use)[np.argmax(wrong)])
        texts = (columns[name].values[columns[name].codes[row]] for name in columns)
        text = next(text for text in texts if text and seconds(text) < 0)
        notices.add(
            "bad_time",
            f"{files.label}: {int(wrong.sum()):,} rows of stop_times.txt hold a text that is no time "
            f"(first: {text!r} in row {row + 2:,}); they count as blank.",
            severity="warning" if (lost & _at_ends(*order)).any() else "info",
            file=files.label,
            count=int(wrong.sum()),
        )
    return times


def _at_ends(trip: npt.NDArray[Any], sequence: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which calls are the first or the last of their trip."""
    order = np.lexsort((sequence, trip))
    change = np.append(True, np.diff(trip[order]) != 0)
    ends = np.zeros(len(trip), bool)
    ends[order] = change | np.append(change[1:], True)
    return ends
