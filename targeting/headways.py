"""Trips that frequencies.txt repeats: every so many seconds, instead of once."""

import numpy as np
import numpy.typing as npt

from targeting.calls import whole_number
from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import numbered
from targeting.times import seconds

MOST_RUNS = 1_000_000  # in a day


def read_headways(
    files: FeedFiles, trip_ids: npt.NDArray[np.object_], span: npt.NDArray[np.int64], notices: Notices
) -> tuple[npt.NDArray[np.float64], dict[int, npt.NDArray[np.int64]]]:
    """Return the runs of each trip on a day of service, and the start times of repeated trips.

    Parameters
    ----------
    files : FeedFiles
    trip_ids : ndarray of str, shape (trips,)
    span : ndarray of int, shape (trips,)
        Each trip's time from first to last call, seconds.
    notices : Notices

    Returns
    -------
    runs : ndarray of float, shape (trips,)
        One where headways do not repeat the trip.
    starts : dict of int to ndarray of int
        By the position of a repeated trip, when its runs start: seconds after midnight.

    Raises
    ------
    FeedError
        When headways make more trips than any agency runs.
    """
    runs = np.ones(len(trip_ids))
    rows = files.columns("frequencies", ["trip_id", "start_time", "end_time", "headway_secs"])
    starts: dict[int, list[npt.NDArray[np.int64]]] = {}
    trip = rows["trip_id"].positions_in(numbered(trip_ids))
    begin = rows["start_time"].parsed(seconds, np.int64)
    end = rows["end_time"].parsed(seconds, np.int64)
    headway = rows["headway_secs"].parsed(whole_number, np.int64)
    sound = (trip >= 0) & (begin >= 0) & (end > begin) & (headway > 0)
    repeats_itself = sound & (span[trip] >= end - begin) & (end - begin > headway)
    for bad, what in (
        ((trip >= 0) & ~sound, "cannot be used; their trips run once, as stop_times.txt has them"),
        (
            repeats_itself,
            "repeat a trip that itself lasts the whole period; its departures may be counted twice",
        ),
    ):
        if bad.any():
            notices.add(
                "headway",
                f"{files.label}: {int(bad.sum())} rows of frequencies.txt {what}.",
                file=files.label,
                count=int(bad.sum()),
            )
    departures = int(np.ceil((end - begin)[sound] / headway[sound]).sum())
    if departures > MOST_RUNS:
        raise FeedError(
            f"{files.label}: frequencies.txt makes {departures:,} trips a day of its headways, more than the "
            f"{MOST_RUNS:,} that any agency runs; ask the agency for a sound feed."
        )
    for row in np.flatnonzero(sound):
        # the last run leaves before end_time: GTFS reference, frequencies.txt
        times = np.arange(begin[row], end[row], headway[row], dtype=np.int64)
        starts.setdefault(int(trip[row]), []).append(times)
    joined = {position: np.concatenate(times) for position, times in starts.items()}
    for position, times in joined.items():
        runs[position] = len(times)
    return runs, joined
