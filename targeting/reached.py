"""Reach with its margin: which share of each tract's people a placement reaches, and adds up to."""

import numpy as np
import pandas as pd

from targeting.catchment import Catchment
from targeting.reach import Audience, Floats, Ints
from targeting.served import margins_of_sums
from targeting.tracts import Tracts


def reached_by_tract(audience: Audience, cards: Ints | Floats, tracts: int) -> Floats:
    """Return the share of each tract's people who are reached by each column of cards.

    Parameters
    ----------
    audience : Audience
    cards : ndarray, shape (units, columns)
    tracts : int
        How many tracts there are.

    Returns
    -------
    ndarray, shape (columns, tracts)
    """
    shares = audience.reached_shares(cards) * audience.weight[:, None]
    return np.array(
        [np.bincount(audience.tract, column, minlength=tracts) for column in shares.T], dtype=float
    ).reshape(shares.shape[1], tracts)


def with_margins(shares: Floats, tracts: Tracts, keys: list[str]) -> tuple[Floats, Floats]:
    """Return people and their 90% margins, one for each row of shares and its key.

    Parameters
    ----------
    shares : ndarray, shape (rows, tracts)
        Shares of the tracts' people.
    keys : list of str, one a row
        Columns of `tracts.estimates`.
    """
    people, margins = np.zeros(len(keys)), np.zeros(len(keys))
    names = np.array(keys, dtype=object)
    for key in dict.fromkeys(keys):
        rows = np.flatnonzero(names == key)
        people[rows] = shares[rows] @ tracts.estimates[key].to_numpy(float)
        margins[rows] = margins_of_sums(shares[rows], tracts, [key]).ravel()
    return people, margins


def near_by_tract(near: Catchment, cards: Ints | Floats) -> Floats:
    """Return the share of each tract's people near a unit that carries a card, shape (columns, tracts)."""
    return np.array([near.share_of_any(column > 0) for column in cards.T]).reshape(
        cards.shape[1], near.tracts
    )


def total_of(people: Floats, margins: Floats) -> tuple[float, float]:
    """Return the sum over groups that have nobody in common, and its 90% margin."""
    return float(people.sum()), float(np.sqrt((margins**2).sum()))


def alone_and_added(audience: Audience, cards: Ints) -> pd.DataFrame:
    """Return what each placement reaches by itself, and what the plan would lose without it.

    Returns
    -------
    DataFrame
        One row a placement (unit and group with cards), by unit: `unit`, `group` (positions), `cards`,
        `alone`, `added` (people).
    """
    all_rides = audience.rides @ cards
    rides = audience.rides.tocsc()
    rows = []
    for unit, group in zip(*np.nonzero(cards), strict=True):
        begin, end = rides.indptr[unit], rides.indptr[unit + 1]
        atoms, met = rides.indices[begin:end], rides.data[begin:end] * cards[unit, group]
        others = np.maximum(all_rides[atoms, group] - met, 0.0)
        people = audience.people[atoms, group]
        rows.append(
            {
                "unit": int(unit),
                "group": int(group),
                "cards": int(cards[unit, group]),
                "alone": float(people @ -np.expm1(-met)),
                "added": float((people * np.exp(-others)) @ -np.expm1(-met)),
            }
        )
    return pd.DataFrame(rows, columns=["unit", "group", "cards", "alone", "added"])
