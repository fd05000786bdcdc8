"""A file to type what hung into: one row for each card ordered, with room for the bus and the days."""

import pandas as pd

from targeting.postings_file import HANGS_ALREADY
from targeting.write.tables import as_csv

COLUMNS = ["order", "garage", "unit_name", "language", "card", "bus", "date_up", "date_down", "note"]


def postings_form(lines: pd.DataFrame) -> str:
    """Return the text of the file, which `targeting report --postings` reads back (docs/postings.md).

    Parameters
    ----------
    lines : DataFrame
        `targeting.orders.Orders.lines`; cards of an earlier wave come first.
    """
    rows = [
        {
            "order": line.order,
            "garage": line.garage,
            "unit_name": line.unit_name,
            "language": line.language_name,
            "card": card + 1,
            "note": HANGS_ALREADY if card < line.hanging_already else "",
        }
        for line in lines.itertuples(index=False)
        for card in range(line.cards)
    ]
    return as_csv(pd.DataFrame(rows, columns=COLUMNS))
