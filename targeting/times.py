"""Times of a timetable: H:MM:SS, past midnight too, and what is written where a time should be."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import Figures, Parse, letters_of

_FIRST, _ABOVE, _TOP_BITS = np.frombuffer(b"00:00:00" + b"vv\x7fvv\x7fvv" + b"\x80" * 8, "<u8")
_TIME = re.compile(r"([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2})")


def seconds(text: str) -> int:
    """Return H:MM:SS as seconds after midnight of the service day, -1 where it is no time of a week."""
    found = _TIME.fullmatch(text)
    if not found:
        return -1
    hours, minutes, secs = (int(part) for part in found.groups())
    return hours * 3600 + minutes * 60 + secs if hours < 168 else -1


def usual_seconds(texts: pa.StringArray) -> npt.NDArray[np.int32] | None:
    """Return `seconds` of every text, -1 of an empty one; None where one is neither H:MM:SS nor empty."""
    length, _ = letters_of(texts)
    if (length == len("HH:MM:SS")).all():
        return _seconds_of_eight(texts)
    if not np.isin(length, [0, len("H:MM:SS"), len("HH:MM:SS")]).all():
        return None
    import pyarrow.compute as pc  # slow to load, and seldom needed

    found = np.full(len(texts), -1, np.int32)
    some = length > 0
    times = _seconds_of_eight(pc.ascii_lpad(texts.filter(pa.array(some)), len("HH:MM:SS"), "0"))
    if times is None:
        return None
    found[some] = times
    return found


def _seconds_of_eight(texts: pa.StringArray) -> npt.NDArray[np.int32] | None:
    """Return `seconds` of texts of eight bytes; None where one is not HH:MM:SS."""
    if not len(texts):
        return np.empty(0, np.int32)
    _, offsets, content = texts.buffers()
    start = np.frombuffer(offsets, np.int32)[texts.offset]
    letters = np.frombuffer(content, "<u8", offset=start, count=len(texts))
    digits = letters - _FIRST
    if ((digits | digits + _ABOVE) & _TOP_BITS).any():  # below "0", or above 9
        return None
    pairs = digits * 10 + (digits >> 8)  # its bytes 0, 3 and 6 are the hours, minutes and seconds
    parts: npt.NDArray[np.uint64] = (pairs & 255) * 3600 + (pairs >> 24 & 255) * 60 + (pairs >> 48 & 255)
    return parts.astype(np.int32)


CALL_TIME = Parse(seconds, np.int32, usual_seconds)


def call_times(
    files: FeedFiles,
    figures: dict[str, Figures],
    use: npt.NDArray[np.bool_],
    order: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    notices: Notices,
) -> npt.NDArray[Any]:
    """Return the departure (int32) of each row of stop_times.txt in `use`, or its arrival; -1 unknown.

    Parameters
    ----------
    files : FeedFiles
    figures : dict
        `departure_time` and `arrival_time` of stop_times.txt, by `CALL_TIME`.
    use : ndarray of bool, shape (rows,)
        Rows of the wanted trips.
    order : two ndarrays of int
        Trip and stop_sequence of the rows in `use`.
    notices : Notices
        Told of texts that are no times, a warning where a trip begins or ends with one; blanks are as
        GTFS wants them.
    """
    both = figures["arrival_time"], figures["departure_time"]
    arrival, departure = (each.rows[use] for each in both)
    texts = [each.texts for each in both if each.texts]
    wrong = np.zeros(len(departure), bool)
    for each in both:
        if each.texts:
            wrong |= (each.rows[use] < 0) & each.texts.parsed(bool, bool)[use]
    times = np.where(departure >= 0, departure, arrival)
    if wrong.any():
        lost = wrong & (times < 0)  # an arrival stands in for a departure
        row = int(np.flatnonzero(use)[np.argmax(wrong)])
        written = (column.values[column.codes[row]] for column in texts)
        text = next(text for text in written if text and seconds(text) < 0)
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
