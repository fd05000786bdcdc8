"""Packing: how many copies of each language go to which garage, and how many stay behind."""

from collections.abc import Mapping, Sequence

import pandas as pd

from targeting.order_fittings import Fitting, hangs_in, largest_remainder

COLUMNS = ["place", "language", "cards", "spares", "copies"]
REST = ""  # of copies that nobody is sent: what is left of whole packs


def packing_list(prints: pd.DataFrame, places: Mapping[str, Sequence[Fitting]]) -> pd.DataFrame:
    """Return what is sent to each place, one row a place × language, and what stays behind.

    The spares of a language are shared out in proportion to the cards that each place hangs. Where fewer
    copies are printed than planned, fewer spares are sent.

    Parameters
    ----------
    prints : DataFrame
        `targeting.orders.Orders.prints`.
    places : mapping of str to sequence of Fitting
        What is fitted from each garage, and hung at the venues.

    Returns
    -------
    DataFrame
        `place`, `language`, `cards` to hang, `spares`, `copies` (both together), in the order of places,
        then of languages. Copies of a language that are left over stand under the place `REST`. The copies
        of a language add up to those that are printed.
    """
    hangs = {place: hangs_in(fittings) for place, fittings in places.items()}
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for row in prints[prints["language"] != ""].itertuples(index=False):
        tag, copies = str(row.language), int(row.copies)
        cards = {place: counts[tag] for place, counts in hangs.items() if tag in counts}
        sent = largest_remainder(min(int(row.spares), copies - sum(cards.values())), cards)
        for place, count in cards.items():
            found[place, tag] = count, sent[place], count + sent[place]
        rest = copies - sum(cards.values()) - sum(sent.values())
        if rest:
            found[REST, tag] = 0, 0, rest
    tags = prints["language"].tolist()
    rows = [
        (place, tag, *found[place, tag]) for place in [*places, REST] for tag in tags if (place, tag) in found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
