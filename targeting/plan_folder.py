"""Read a plan folder back: its record and its tables (docs/columns.md), but for the routes.

Figures come back as they were published: people as whole numbers, and a count too small to be told
("under 10") as its words.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from targeting.campaign_sections import MOST_PEOPLE
from targeting.errors import OutputError, UnsafeFileError
from targeting.geopackages import check_geopackage
from targeting.limits import DEFAULT_LIMITS
from targeting.plain_text import plain
from targeting.text_files import check_file, examine_text
from targeting.text_tables import csv_rows, table_of

NUMBERS = (
    "buses", "cards", "vehicles", "lep", "lep_moe", "served", "served_moe", "served_any", "served_any_moe",
    "served_posted", "served_posted_moe", "reach", "reach_moe", "reach_added", "reach_mean", "reach_low",
    "reach_high", "floor_regret", "served_posted_actual", "served_posted_actual_moe",
    "served_posted_actual_most", "served_posted_actual_most_moe", "reach_actual", "reach_actual_moe",
    "reach_actual_most", "reach_actual_most_moe", "cards_ordered", "cards_up", "card_days_planned",
    "card_days_up", "left_out", "missing", "late", "short", "extra", "wrong_language",
)  # fmt: skip
FRACTIONS = (
    "share", "share_moe", "served_posted_share", "served_posted_share_moe", "reach_share", "reach_share_moe",
    "served_posted_actual_share", "served_posted_actual_share_moe", "reach_actual_share",
    "reach_actual_share_moe", "certainty", "elsewhere", "regret", "same_buses", "value", "vehicle_hours_week",
    "safe_harbor_threshold",
)  # fmt: skip
TRUTHS = ("chosen", "in_campaign", "safe_harbor", "safe_harbor_certain")
OF_LANGUAGES = ("reach_", "buses_")  # columns of budget.csv, one a language each
# The ' that keeps a spreadsheet from running a text as a formula
QUOTED_FORMULA = r"^'(?=[=+\-@\t\r])"
NEEDED: dict[str, tuple[str, ...]] = {
    "placements.csv": ("unit", "unit_id", "unit_name", "language", "language_name", "buses"),
    "coverage.csv": ("area", "area_kind", "language", "language_name", "served_posted", "served_posted_moe"),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "languages": ("language", "language_name", "lep", "lep_moe", "in_campaign", "safe_harbor"),
    "vehicles": ("route_id", "route_name", "vehicles", "vehicle_hours_week", "elsewhere", "elsewhere_routes"),
    "strategies": ("strategy", "language", "language_name", "buses", "cards", "served", "reach", "chosen"),
    "budget": ("buses", "reach", "chosen"),
    "robustness": ("language", "language_name", "reach", "reach_mean", "reach_low", "reach_high", "regret"),
    "sensitivity": ("setting", "value", "chosen", "language", "served", "reach", "same_buses"),
    "orders": ("order", "unit_id", "language", "garage"),
    "actual": ("unit_name", "language", "language_name", "cards_ordered", "cards_up", "finding"),
    "coverage_actual": ("area_kind", "language", "served_posted_actual", "reach", "reach_actual"),
}
POSTED = "actual.json"
NEEDED |= {f"{name}.csv": columns for name, columns in OPTIONAL.items()}


@dataclass(frozen=True)
class PlanFolder:
    """A plan as its folder tells it.

    Attributes
    ----------
    path : Path
    record : dict
        `run.json`.
    placements, coverage : DataFrame
        The tables of docs/columns.md. Identifiers are texts; counts and margins are numbers, None
        where the cell is empty, or the words "under 10"; shares are numbers, not a number where the cell
        is empty.
    languages, vehicles, strategies, budget, robustness, sensitivity, orders : DataFrame or None
        More of them; None where the folder has no such table.
    actual, coverage_actual : DataFrame or None
        What hung and whom it reached, once the installers' sheets are in.
    posted : dict
        `actual.json`: of those sheets; empty without.
    """

    path: Path
    record: dict[str, Any]
    placements: pd.DataFrame
    coverage: pd.DataFrame
    languages: pd.DataFrame | None = None
    vehicles: pd.DataFrame | None = None
    strategies: pd.DataFrame | None = None
    budget: pd.DataFrame | None = None
    robustness: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    orders: pd.DataFrame | None = None
    actual: pd.DataFrame | None = None
    coverage_actual: pd.DataFrame | None = None
    posted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """The campaign's settings, every default included."""
        return self.record["campaign"]["settings"]  # type: ignore[no-any-return]


def read_plan_folder(path: Path) -> PlanFolder:
    """Read a folder that `targeting plan` wrote.

    Raises
    ------
    OutputError
        When it is no plan folder, is one for the public, or one of its files is missing or cannot be read.
    """
    if not path.is_dir():
        raise OutputError(f"{path}: no such folder; give one that 'targeting plan' wrote.")
    if not (path / "run.json").is_file():
        raise OutputError(
            f"{path}: holds no plan (there is no run.json); give one that 'targeting plan' wrote."
        )
    record = _record(path / "run.json")
    if record.get("audience") == "public":
        raise OutputError(
            f"{path}: is a plan for the public and holds no figures of people; give the one for staff."
        )
    layers = path / "plan.gpkg"
    if layers.is_file():
        try:
            check_geopackage(layers)
        except UnsafeFileError as fault:
            raise OutputError(f"{layers}: {fault}") from fault
    return PlanFolder(
        path=path,
        record=record,
        placements=_table(path / "placements.csv"),
        coverage=_table(path / "coverage.csv"),
        **{name: _table(path / f"{name}.csv") for name in OPTIONAL if (path / f"{name}.csv").is_file()},
        posted=_posted(path / POSTED),
    )


def with_actual(plan: PlanFolder, folder: Path) -> PlanFolder:
    """Return a plan with what hung, read from another folder.

    Raises
    ------
    OutputError
        When a file is missing or cannot be read.
    """
    return replace(
        plan,
        actual=_table(folder / "actual.csv"),
        coverage_actual=_table(folder / "coverage_actual.csv"),
        posted=_posted(folder / POSTED),
    )


def _posted(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        posted = _json(path)
    except (OSError, ValueError) as fault:
        raise OutputError(
            f"{path}: cannot be read ({fault}); remove it, and give --postings again."
        ) from fault
    return posted if isinstance(posted, dict) else {}


def _json(path: Path) -> Any:
    """Return what a file of the folder says, its texts plain.

    Raises
    ------
    ValueError
        When it is no JSON, too large, or nested without end.
    """
    try:
        check_file(path, DEFAULT_LIMITS.file_bytes, "")
        return _plain(json.loads(path.read_text(encoding="utf-8")))
    except (UnsafeFileError, RecursionError) as fault:
        raise ValueError(str(fault)) from fault


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return plain(value) if isinstance(value, str) else value


def _record(path: Path) -> dict[str, Any]:
    try:
        record = _json(path)
        sound = isinstance(record["campaign"]["settings"]["placement"], dict) and all(
            isinstance(source["path"], str) for part in ("feeds", "census") for source in record.get(part, [])
        )
    except OSError as fault:
        raise OutputError(f"{path}: cannot be read ({fault.strerror}).") from fault
    except (ValueError, LookupError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise OutputError(f"{path}: is not the record of a plan; make the plan again with 'targeting plan'.")
    return record  # type: ignore[no-any-return]


def _table(path: Path) -> pd.DataFrame:
    """Read a table as texts, then its counts and margins as numbers."""
    if not path.is_file():
        raise OutputError(f"{path}: is missing from the plan; make the plan again with 'targeting plan'.")
    try:
        examine_text(path, DEFAULT_LIMITS.file_bytes)
        with path.open(encoding="utf-8", newline="") as stream:
            table = table_of(csv_rows(stream))
    except OSError as fault:
        raise OutputError(f"{path}: cannot be read ({fault.strerror}).") from fault
    except (ValueError, UnsafeFileError):
        raise OutputError(
            f"{path}: is not a table that can be read; make the plan again with 'targeting plan'."
        ) from None
    lacking = [name for name in NEEDED[path.name] if name not in table.columns]
    if lacking:
        raise OutputError(
            f"{path}: has no column {lacking[0]!r}, so it is not a plan's; make the plan again with "
            "'targeting plan'."
        )
    many = path.name == "budget.csv"
    for name in table.columns:
        if name in NUMBERS or (many and name.startswith(OF_LANGUAGES)):
            table[name] = pd.Series(
                [_number(cell, path, name) for cell in table[name]], index=table.index, dtype=object
            )
        elif name in FRACTIONS:
            table[name] = [_fraction(cell, path, name) for cell in table[name]]
            table[name] = table[name].astype(float)
        elif name in TRUTHS:
            table[name] = pd.Series(
                [_truth(cell, path, name) for cell in table[name]], index=table.index, dtype=object
            )
        else:
            table[name] = table[name].str.replace(QUOTED_FORMULA, "", regex=True)
    if any(not isinstance(buses, int) for buses in table.get("buses", ())):
        raise OutputError(f"{path}: a number of buses is not a whole number.")
    return table


def _number(cell: str, path: Path, column: str) -> int | str | None:
    if cell == "" or cell.startswith("under "):
        return cell or None
    try:
        return round(_finite(cell))
    except ValueError:
        raise OutputError(f"{path}: {cell!r} in the column {column!r} is not a number.") from None


def _fraction(cell: str, path: Path, column: str) -> float:
    try:
        return _finite(cell) if cell else float("nan")
    except ValueError:
        raise OutputError(f"{path}: {cell!r} in the column {column!r} is not a number.") from None


def _finite(cell: str) -> float:
    number = float(cell)
    if not abs(number) <= MOST_PEOPLE:  # not a number, either
        raise ValueError(cell)
    return number


def _truth(cell: str, path: Path, column: str) -> bool | None:
    known = {"True": True, "False": False, "": None}
    if cell not in known:
        raise OutputError(f"{path}: {cell!r} in the column {column!r} is neither True nor False.")
    return known[cell]
