"""Directions of trips where the feed gives none.

Without direction_id the two sides of a street would count as one direction, and people beside them
would seem to have half the service.
"""

import numpy as np
import numpy.typing as npt

from targeting.calls import Calls

Ints = npt.NDArray[np.int64]


def infer_directions(
    direction: Ints, route: Ints, calls: Calls, stop_lonlat: npt.NDArray[np.float64]
) -> Ints:
    """Return the direction of every trip, the unknown ones filled in.

    Parameters
    ----------
    direction : ndarray of int, shape (trips,)
        0, 1, or -1 where it is unknown.
    route : ndarray of int, shape (trips,)
    calls : Calls
    stop_lonlat : ndarray, shape (stops, 2)

    Returns
    -------
    ndarray of int, shape (trips,)
        A trip that runs against its route's main axis (its longest way from first to last stop) is
        1, or whatever the known trips that way are; loops go with the axis.
    """
    unknown = direction < 0
    if not unknown.any():
        return direction
    way = _ways(len(direction), calls, stop_lonlat)
    filled = direction.copy()
    for one in np.unique(route[unknown]):
        trips = np.flatnonzero(route == one)
        longest = np.lexsort((way[trips, 1], way[trips, 0], np.round((way[trips] ** 2).sum(axis=1), 12)))
        along = way[trips] @ way[trips[longest[-1]]]
        known = ~unknown[trips]
        if (np.where(direction[trips] == 0, along, -along) * known).sum() < 0:
            along = -along
        filled[trips] = np.where(known, direction[trips], along < 0)
    return filled


def _ways(trips: int, calls: Calls, stop_lonlat: npt.NDArray[np.float64]) -> "npt.NDArray[np.float64]":
    """Return the way from first to last placed stop of every trip, in degrees, shape (trips, 2)."""
    first, last = trip_ends(trips, calls, stop_lonlat)
    return np.nan_to_num(last - first)


def trip_ends(
    trips: int, calls: Calls, stop_lonlat: npt.NDArray[np.float64]
) -> "tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]":
    """Return the first and the last placed stop of every trip.

    Parameters
    ----------
    trips : int
        How many trips there are.
    calls : Calls
    stop_lonlat : ndarray, shape (stops, 2)

    Returns
    -------
    two ndarrays, shape (trips, 2)
        Longitude and latitude, not-a-number where a trip has no placed stop.
    """
    trip, sequence, stop = calls.trip, calls.sequence, calls.stop
    placed = stop >= 0
    placed[placed] = ~np.isnan(stop_lonlat[stop[placed]]).any(axis=1)
    trip, sequence, stop = trip[placed], sequence[placed], stop[placed]
    order = np.lexsort((sequence, trip))
    trip, stop = trip[order], stop[order]
    first = np.flatnonzero(np.diff(trip, prepend=-1))
    last = np.append(first[1:], len(trip))[: len(first)] - 1
    begin, end = np.full((2, trips, 2), np.nan)
    begin[trip[first]] = stop_lonlat[stop[first]]
    end[trip[first]] = stop_lonlat[stop[last]]
    return begin, end
