"""The table of coverage in the report: people in the region, near routes, served and reached, by language."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from targeting import moe
from targeting.wording import ALL_LANGUAGES, OF_GROUP, OF_LOW, with_margin
from targeting.write.document import Head, Table
from targeting.write.map_style import language_style
from targeting.write.report_content import ReportContent
from targeting.write.report_groups import group_note, groups, marked
from targeting.write.report_prose import table_source
from targeting.write.report_words import total_of_plan


def coverage(content: ReportContent) -> Table:
    """Return people in the region, near any route, served and reached, by language, with shares.

    Once it is known what hung, the figures of that stand beside those of the plan.
    """
    rows = content.coverage
    hung = "route or venue" if content.venues else "route"
    near = "bus route" if set(content.settings["region"]["modes"]) == {"bus"} else "route"
    note = (
        f"{content.people}, ± 90% margins of sampling error. Served: near a {hung} with a poster in their "
        f"language{_or_group(content)}, each person counted once. Reached: of those, expected to ride a bus "
        "with one"
        + (" or go to such a venue." if content.venues else ".")
        + " Shares are of the people in the region."
    )
    heads = [
        [
            Head(word)
            for word in (
                "Language", "In the region", f"Near any {near}", "Served", "Share", "Reached", "Share",
            )
        ]
    ]  # fmt: skip
    figures = ["lep", "served_any", "served_posted", "served_posted_share", "reach", "reach_share"]
    if content.hung is not None:
        actual = content.hung.coverage.set_index("language").filter(like="_actual")
        rows = rows.join(actual, on="language")
        heads = [
            [Head(word, rows=2) for word in ("Language", "In the region", f"Near any {near}")]
            + [Head("Served", span=2), Head("Reached", span=2), Head("Share, actual", rows=2)],
            [Head(word) for word in ("Planned", "Actual") * 2],
        ]
        figures = [
            "lep", "served_any", "served_posted", "served_posted_actual", "reach", "reach_actual",
            "reach_actual_share",
        ]  # fmt: skip
    if rows[[name for name in rows.columns if name.endswith("_reliability")]].eq("low").any(axis=None):
        note += f" {OF_LOW} Of low reliability: coefficient of variation above {content.cv_limits[1]:.0%}."
    everyone = _told(content)
    return Table(
        caption="People in the region, served and reached, by language"
        + ("" if content.hung is None else ", as planned and as it hung"),
        heads=heads,
        rows=[
            *(
                [
                    marked(content, row.language, row.language_name),
                    *(_figure(row, name, content.smallest) for name in figures),
                ]
                for row in rows.itertuples(index=False)
            ),
            [ALL_LANGUAGES, *(everyone[name] for name in figures)],
        ],
        strong=[len(rows)],
        swatches=[*(language_style(tag)["color"] for tag in rows["language"]), ""],
        stacked=content.hung is not None,
        notes=[" ".join([*group_note(content), note, table_source(content)])],
    )


def _or_group(content: ReportContent) -> str:
    return f" (or, where marked{OF_GROUP}, in one counted together with it)" if groups(content) else ""


def all_languages(content: ReportContent) -> dict[str, tuple[float, float]]:
    """Return figures and margins of all languages: the sum over those that have nobody in common.

    Not a number where a term is too small to be told; less than the smallest count where the sum is.
    """
    rows = content.coverage[~content.coverage["measured_as"].duplicated()]
    total = total_of_plan(content.strategies)
    figures = {
        name: _sum(rows[name], rows[f"{name}_moe"], content.smallest) for name in ("lep", "served_any")
    }
    figures |= {
        name: (float(total[of]), float(total[f"{of}_moe"]))
        for name, of in {"served_posted": "served", "reach": "reach"}.items()
    }
    if content.hung is not None:
        everyone = content.hung.coverage.iloc[-1]
        figures |= {
            name: (float(everyone[name]), float(everyone[f"{name}_moe"]))
            for name in ("served_posted_actual", "reach_actual")
        }
    return figures


def share_of(figures: Mapping[str, tuple[float, float]], name: str, smallest: float) -> tuple[float, float]:
    """Return a figure's share of the people in the region and its margin; not a number if that would tell."""
    people, figure = figures["lep"], figures[name]
    if 0 < figure[0] < smallest or not people[0] > 0:
        return math.nan, math.nan
    return figure[0] / people[0], float(moe.of_proportion(*figure, *people))


def _told(content: ReportContent) -> dict[str, str]:
    """Return the figures of all languages in words, with their shares."""
    figures = all_languages(content)
    told = {
        name: "–" if math.isnan(pair[0]) else with_margin(*pair, content.smallest)
        for name, pair in figures.items()
    }
    shares = {
        f"{name}_share": share_words(*share_of(figures, name, content.smallest))
        for name in figures
        if name not in ("lep", "served_any")
    }
    return told | shares


def _sum(people: "pd.Series[float]", margins: "pd.Series[float]", smallest: float) -> tuple[float, float]:
    """Return a sum and its margin; not a number where a term is too small to be told, or all are nobody."""
    if ((people > 0) & (people < smallest)).any() or not people.any():
        return math.nan, math.nan
    return float(people.sum()), float(np.sqrt((margins**2).sum()))


def _figure(row: Any, name: str, smallest: float) -> str:
    """Return a share or a figure with its margin, with * where it is of low reliability."""
    value, margin = getattr(row, name), getattr(row, f"{name}_moe")
    if name.endswith("_share"):
        return share_words(value, margin)
    if not value and not margin > 0:
        return "–"
    told = with_margin(value, margin, smallest)
    return told + (OF_LOW if getattr(row, f"{name}_reliability") == "low" and " ± " in told else "")


def share_words(share: float, margin: float) -> str:
    """Return "29.6% ± 2.3%", or a dash where there is nobody, or no share of nobody."""
    if math.isnan(share) or (not share and not margin > 0):
        return "–"
    digits = 1 if margin >= 0.0005 else 2  # no margin is 0.0%
    return f"{share:.{digits}%} ± {margin:.{digits}%}"
