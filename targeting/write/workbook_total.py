"""The row of all languages on the sheet Coverage: the figures of the report's first page."""

import math

import numpy as np
import pandas as pd

from targeting.certainty import reliability
from targeting.wording import ALL_LANGUAGES, count
from targeting.write.report_content import ReportContent
from targeting.write.report_coverage import all_languages, share_of
from targeting.write.tables import SHARE_PLACES

PEOPLE = ("lep", "served_any")  # of which no share is told


def with_all_languages(coverage: pd.DataFrame, content: ReportContent) -> pd.DataFrame:
    """Return the rows of coverage with one of all languages after those of the region."""
    region = (coverage["area_kind"] == "region").to_numpy()
    table = coverage.astype(object)
    one_each = region & (table["language"] != "").to_numpy()  # what hung has such a row, not so full
    after = int(np.flatnonzero(one_each)[-1]) + 1
    row = pd.DataFrame([_row(content)]).reindex(columns=table.columns).astype(object)
    rest = table.iloc[after:][~(region & ~one_each)[after:]]
    return pd.concat([table.iloc[:after], row, rest], ignore_index=True)


def _row(content: ReportContent) -> dict[str, object]:
    figures, smallest = all_languages(content), content.smallest
    row: dict[str, object] = {
        "area": "Region",
        "area_kind": "region",
        "language": "",
        "language_name": ALL_LANGUAGES,
        "measured_as": "",
    }
    for name, (people, margin) in figures.items():
        if math.isnan(people):
            continue
        told = not 0 < people < smallest
        row[name] = round(people) if told else count(people, smallest)
        row[f"{name}_moe"] = round(margin)
        by_cv = reliability(np.array([people]), np.array([margin]), content.cv_limits)
        row[f"{name}_reliability"] = str(by_cv[0])
        if name not in PEOPLE:
            shares = share_of(figures, name, smallest)
            row |= dict(zip((f"{name}_share", f"{name}_share_moe"), map(_rounded, shares), strict=True))
    return row


def _rounded(share: float) -> float | None:
    return None if math.isnan(share) else round(share, SHARE_PLACES)
