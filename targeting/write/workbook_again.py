"""The workbook made again from a plan folder, once it is known what hung.

Tables come back as the CSV files have them, tracts from the layer, so that but for what hung the workbook is
the one that `targeting plan` wrote.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.languages import Language
from targeting.plan_folder import QUOTED_FORMULA, PlanFolder
from targeting.write import LAYERS
from targeting.write import workbook_columns as columns_of
from targeting.write.report_content import ReportContent
from targeting.write.sheets import NUMBER_FORMATS, Column
from targeting.write.workbook import workbook

TRUTHS = {"True": True, "False": False}
TABLES: dict[str, Mapping[str, Column]] = {
    "coverage": columns_of.COVERAGE,
    "placements": columns_of.PLACEMENTS,
    "routes": columns_of.ROUTES,
    "languages": columns_of.LANGUAGES,
    "strategies": columns_of.STRATEGIES,
}
OF_HUNG: dict[str, Mapping[str, Column]] = {
    "coverage_actual": columns_of.COVERAGE_ACTUAL,
    "actual": columns_of.HUNG,
}


def workbook_again(
    plan: PlanFolder, content: ReportContent, languages: Sequence[Language], hung: Path
) -> bytes:
    """Return the workbook of a plan folder.

    Parameters
    ----------
    content : ReportContent
        Of the plan.
    languages : sequence of Language
        The campaign's.
    hung : Path
        The folder of the tables on what hung.
    """
    tables = {name: typed(plan.path / f"{name}.csv", columns) for name, columns in TABLES.items()}
    if content.hung is not None:
        tables |= {name: typed(hung / f"{name}.csv", columns) for name, columns in OF_HUNG.items()}
    tracts = gpd.read_file(plan.path / LAYERS, layer="tracts").drop(columns="geometry")
    return workbook(tables, pd.DataFrame(tracts), content, languages)


def typed(path: Path, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return a published table with its numbers as numbers, words such as "under 10" as words."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for name in table.columns:
        kind = columns[name].kind if name in columns else "text"
        cells = [_cell(text, kind) for text in table[name]]
        table[name] = pd.Series(cells, index=table.index, dtype=object)
    return table


def _cell(text: str, kind: str) -> Any:
    if kind == "flag":
        return TRUTHS.get(text)
    if kind not in NUMBER_FORMATS or kind == "date":
        return re.sub(QUOTED_FORMULA, "", text)
    try:
        return float(text) if text else None
    except ValueError:
        return text
