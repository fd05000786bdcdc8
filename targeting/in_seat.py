"""In-seat transfers: trips that one vehicle runs one after the other, as transfers.txt says.

Riders may stay on board (transfer_type 4) or must get off (5): the vehicle goes on either way. Few
feeds say so, and those that do often have blocks too.
"""

import numpy as np
import numpy.typing as npt

from targeting.feed_files import FeedFiles
from targeting.text_columns import numbered

SAME_VEHICLE = ("4", "5")  # GTFS reference, transfers.txt: linked trips


def read_links(files: FeedFiles, trip_ids: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Return the pairs of trips that one vehicle runs.

    Rows that name a trip of another mode, or none that the feed has, are passed over.

    Parameters
    ----------
    files : FeedFiles
    trip_ids : ndarray of str
        The trips of the wanted modes.

    Returns
    -------
    ndarray of int64, shape (links, 2)
        Positions in `trip_ids` of the trip that ends and of the one that follows; each pair once.
    """
    columns = files.columns("transfers", ["from_trip_id", "to_trip_id", "transfer_type"])
    linked = columns["transfer_type"].parsed(SAME_VEHICLE.__contains__, bool)
    if not linked.any():
        return np.empty((0, 2), np.int64)
    trip_at = numbered(trip_ids)
    pairs = np.column_stack(
        [columns[name].positions_in(trip_at).astype(np.int64) for name in ("from_trip_id", "to_trip_id")]
    )[linked]
    return np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
