"""The tables of a plan as CSV: tidy, one header row, UTF-8, documented in docs/columns.md.

People and their margins are whole numbers, shares have six decimals. The last column says where
the figures come from, so that a pasted row can still be traced.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from targeting.errors import OutputError
from targeting.languages import catalogue
from targeting.sensitivity import sensitivity_rows
from targeting.whole import whole_file
from targeting.wording import natural
from targeting.write.record import service_line, source_line

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
    "elsewhere",
    "reach_share",
    "reach_share_moe",
    "reach_following_share",
    "reach_following_share_moe",
    "certainty",
    "regret",
    "same_buses",
)
SHARE_PLACES = 6  # so that a percentage with one decimal is rounded once
EXACT = ("value",)  # of a setting
HOURS = ("vehicle_hours_week",)
PEOPLE = (
    "served", "served_low", "served_high", "served_area", "lep", "served_any", "served_posted", "reach",
    "reach_added", "reach_following", "reach_mean", "reach_low", "reach_high", "floor_regret",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def published(plan: "Plan") -> dict[str, pd.DataFrame]:
    """Return the tables as every output publishes them, by the names of their files without ".csv"."""
    tables = {
        "routes": plan.routes,
        "placements": plan.placements,
        "coverage": plan.coverage,
        "languages": plan.languages,
        "vehicles": plan.vehicles,
        "strategies": plan.strategies,
        "budget": plan.budget,
        "robustness": plan.robustness,
    }
    return {name: as_published(plan, table) for name, table in tables.items() if table is not None}


def as_published(plan: "Plan", table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the plan with its figures rounded, and those too small to be told in words."""
    return told(rounded(table), plan.scores.campaign.certainty.smallest_count)


def tables_csv(plan: "Plan", tables: Mapping[str, pd.DataFrame] | None = None) -> dict[str, str]:
    """Return the text of each CSV file by its name.

    Parameters
    ----------
    plan : Plan
    tables : mapping of name to DataFrame, optional
        `published` of the plan, made where not given.
    """
    return {f"{name}.csv": _csv(plan, table) for name, table in (tables or published(plan)).items()}


def sensitivity_csv(plan: "Plan") -> str:
    """Return the text of sensitivity.csv; it makes the plan again under other assumptions."""
    return _csv(plan, as_published(plan, sensitivity_rows(plan.scores, plan.posting)))


def _csv(plan: "Plan", table: pd.DataFrame) -> str:
    return as_csv(table.assign(source=source_line(plan.scores)))


def public_placements_csv(plan: "Plan") -> str:
    """Return where posters hang and in which languages, without a figure of people, by unit."""
    columns = ["unit", "unit_name", "language", "language_name", "buses", "cards"]
    table = plan.placements[columns]
    # the plan's own order would tell which unit serves most people
    rows = table.itertuples(index=False)
    named = [(row.unit, natural(row.unit_name), row.language, at) for at, row in enumerate(rows)]
    table = table.iloc[[at for *_, at in sorted(named)]]
    return as_csv(table.assign(source=service_line(plan.scores.campaign, plan.scores.feed)))


def told(table: pd.DataFrame, smallest: float) -> pd.DataFrame:
    """Return the table with people counts below `smallest` as "under 10": a sample cannot tell them."""
    table = table.copy()
    by_language = [f"reach_{tag}" for tag in catalogue()]
    for name in table.columns.intersection([*PEOPLE, *by_language]):
        few = ((table[name] > 0) & (table[name] < smallest)).fillna(False).to_numpy(bool)
        if few.any():
            words = table[name].astype(object)
            words[few] = f"under {smallest:,.0f}"
            table[name] = words
    return table


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is published: whole people, hours to one, shares to six decimals."""
    table = table.copy()
    for name in table.select_dtypes("float").columns:
        if name in EXACT:
            continue
        if name in SHARES:
            table[name] = _to_places(table[name], SHARE_PLACES)
        elif name in HOURS:
            table[name] = _to_places(table[name], 1)
        elif name == "concentration":
            table[name] = _to_places(table[name], 2)
        else:
            table[name] = _to_places(table[name], 0).astype("Int64")
    return table


def _to_places(figures: "pd.Series[float]", places: int) -> "pd.Series[float]":
    """Return figures rounded, first more finely, lest the order of a sum decide where a half is met."""
    return figures.round(places + 5).round(places)


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


def write_vehicles(path: Path, rows: pd.DataFrame, source: str) -> None:
    """Write the table of vehicles, whole or not at all.

    Parameters
    ----------
    path : Path
        An earlier table of vehicles is replaced.
    rows : DataFrame
        Result of `targeting.vehicle_table.vehicle_rows`.
    source : str
        Where the figures come from.

    Raises
    ------
    OutputError
        When the file cannot be written, or exists and is something else than a table of vehicles.
    """
    text = as_csv(rounded(rows).assign(source=source))
    header = text.partition("\n")[0].encode()
    try:
        if path.exists() and not path.read_bytes().startswith(header):
            raise OutputError(f"{path}: is no table of vehicles, and would be lost; choose another --csv.")
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="")
    except OSError as fault:
        raise OutputError(f"{path}: cannot be written ({fault.strerror}); choose another --csv.") from fault
