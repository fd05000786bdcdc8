"""The tables of a plan as CSV: tidy, one header row, UTF-8, documented in docs/columns.md.

People and their margins are whole numbers, shares have four decimals. The last column says where
the figures come from, so that a pasted row can still be traced.
"""

from typing import TYPE_CHECKING

import pandas as pd

from targeting.write.record import source_line

if TYPE_CHECKING:
    from targeting.plan import Plan

SHARES = (
    "largest_probability",
    "second_probability",
    "enough_probability",
    "cv",
    "share",
    "share_moe",
    "served_posted_share",
    "served_posted_share_moe",
)
PEOPLE = (
    "served", "served_low", "served_high", "served_area", "lep", "served_any", "served_posted",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def tables_csv(plan: "Plan") -> dict[str, str]:
    """Return the text of each CSV file by its name."""
    source = source_line(plan.scores)
    tables = {
        "routes.csv": plan.routes,
        "placements.csv": plan.placements,
        "coverage.csv": plan.coverage,
        "languages.csv": plan.languages,
    }
    smallest = plan.scores.campaign.certainty.smallest_count
    return {
        name: as_csv(told(rounded(table), smallest).assign(source=source)) for name, table in tables.items()
    }


def told(table: pd.DataFrame, smallest: float) -> pd.DataFrame:
    """Return the table with people counts below `smallest` as "under 10": a sample cannot tell them."""
    table = table.copy()
    for name in table.columns.intersection(PEOPLE):
        few = ((table[name] > 0) & (table[name] < smallest)).fillna(False).to_numpy(bool)
        if few.any():
            words = table[name].astype(object)
            words[few] = f"under {smallest:,.0f}"
            table[name] = words
    return table


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is published: whole people, shares to four decimals."""
    table = table.copy()
    for name in table.select_dtypes("float").columns:
        if name in SHARES:
            table[name] = table[name].round(4)
        elif name == "concentration":
            table[name] = table[name].round(2)
        else:
            table[name] = table[name].round().astype("Int64")
    return table


def as_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV; a text that a spreadsheet would run as a formula gets a ' before it."""
    table = table.copy()
    for name in table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]:
        table[name] = [
            f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
            for value in table[name]
        ]
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text
