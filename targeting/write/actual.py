"""What hung as files of the plan folder: actual.csv, coverage_actual.csv and the record of the sheets."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import targeting
from targeting.actual import Actual, actual
from targeting.errors import OutputError
from targeting.plan_again import scores_again
from targeting.plan_folder import POSTED, PlanFolder
from targeting.scores import Scores
from targeting.write.record import source_line
from targeting.write.report_hung import LEFT_OUT
from targeting.write.tables import as_csv, rounded, told

FIGURES = ("served_posted", "reach")  # that the plan has, and what hung
AREA = ["area", "area_kind", "language", "language_name", "lep", "lep_moe", "lep_reliability"]
SHOWN_HASH = 12  # characters of a SHA-256


@dataclass(frozen=True)
class Posted:
    """What hung, with the files that say so.

    Attributes
    ----------
    scores : Scores
        Of the plan.
    found : Actual
    files : dict of name to text
    """

    scores: Scores
    found: Actual
    files: dict[str, str]


def posted_files(plan: PlanFolder, postings: Path, step: Callable[[str], None] = lambda _: None) -> Posted:
    """Hold the installers' sheets against a plan.

    Raises
    ------
    TargetingError
        When the sheets cannot be used, an input of the plan is gone or changed, or this version counts
        otherwise than the one that made the plan.
    """
    scores = scores_again(plan, step)
    step("adding up who saw a poster")
    found = actual(scores, plan.placements, postings, plan.orders)
    smallest = scores.campaign.certainty.smallest_count
    planned = told(rounded(found.planned), smallest)
    _refuse_another_count(plan, planned)
    digest = hashlib.sha256(postings.read_bytes()).hexdigest()
    source = f"{source_line(scores)} Hung: {postings.name} (SHA-256 {digest[:SHOWN_HASH]})."
    tables = {
        "actual.csv": found.table,
        "coverage_actual.csv": beside(
            planned, *(told(rounded(rows), smallest) for rows in (found.coverage, found.most))
        ),
        LEFT_OUT: found.left_out,
    }
    files = {name: as_csv(table.assign(source=source)) for name, table in tables.items()}
    first = found.period.first
    files[POSTED] = json.dumps(
        {
            "file": postings.name,
            "sha256": digest,
            "rows": found.rows,
            "left_out": len(found.left_out),
            "no_order": found.no_order,
            "posting_date": "" if first is None else first.isoformat(),
            "days": found.period.days,
            "notices": found.notices.as_dicts(),
            "targeting": targeting.__version__,
        },
        indent=2,
        ensure_ascii=False,
    )
    return Posted(scores, found, {**files, POSTED: f"{files[POSTED]}\n"})


def beside(planned: pd.DataFrame, hung: pd.DataFrame, most: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of coverage_actual.csv: each figure of the plan, and of what hung after it.

    Parameters
    ----------
    most : DataFrame
        What hung, if the cards on rows that are left out hung as ordered.
    """
    made = planned[AREA].copy()
    for figure in FIGURES:
        ends = ("", "_moe", "_share", "_share_moe", "_reliability")
        for end in ends:
            made[f"{figure}{end}"] = planned[f"{figure}{end}"]
        for end in ends:
            made[f"{figure}_actual{end}"] = hung[f"{figure}{end}"]
        for end in ends[:2]:
            made[f"{figure}_actual_most{end}"] = most[f"{figure}{end}"]
    return made.assign(measured_as=planned["measured_as"])


def _refuse_another_count(plan: PlanFolder, planned: pd.DataFrame) -> None:
    """Refuse where the plan, counted again, has other figures than its folder."""
    again = planned[planned["language"] != ""]
    for figure in FIGURES:
        now, then = ([str(cell) for cell in table[figure]] for table in (again, plan.coverage))
        if now != then:
            raise OutputError(
                f"{plan.path}: this version of targeting ({targeting.__version__}) counts otherwise than the "
                f"one that made the plan ({plan.record['targeting']}); make the plan again with 'targeting "
                "plan'."
            )
