"""A plan's scores made again, from the settings in its record and the files that it was made from.

Whoever holds what hung against a plan needs the plan's own inputs: each is checked by its SHA-256, so that
no figure comes from other files than the plan's.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from targeting.campaign_sections import Campaign
from targeting.errors import OutputError
from targeting.inputs import Step
from targeting.plan_folder import PlanFolder
from targeting.scores import Scores
from targeting.scoring import score_routes

AGAIN = "make the plan again with 'targeting plan'"


def scores_again(plan: PlanFolder, step: Step = lambda _: None) -> Scores:
    """Return the scores from which a plan was made.

    Relative paths of the record are looked for where the command runs, then in the folders above the plan.

    Raises
    ------
    TargetingError
        When an input is gone or is another than it was, or the record is of another version.
    """
    root = _root(plan)
    for path, digest in _files(plan.record):
        _check(root / path, digest, plan)
    try:
        campaign = Campaign(**plan.settings, file=root / plan.record["campaign"].get("file", "campaign.toml"))
    except (ValidationError, TypeError) as fault:
        raise OutputError(
            f"{plan.path}: its settings are those of another version of targeting; {AGAIN}."
        ) from fault
    scores = score_routes(campaign, step)
    recorded = [source.get("sha256") for source in plan.record["feeds"]]
    for source, digest in zip(scores.feed.sources, recorded, strict=False):
        if source.sha256 != digest:
            raise _changed(Path(source.path), plan)
    return scores


def _files(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and SHA-256 of every file that the plan was made from."""
    for part in ("feeds", "census", "other_files"):
        for source in record.get(part, ()):
            yield source["path"], source.get("sha256") or ""


def _root(plan: PlanFolder) -> Path:
    """Return the folder in which the record's relative paths begin: the first that has all of them."""
    paths = [path for path, _ in _files(plan.record)]
    for root in (Path(), *plan.path.resolve().parents):
        if all((root / path).exists() for path in paths):
            return root
    return Path()


def _check(path: Path, digest: str, plan: PlanFolder) -> None:
    if not path.exists():
        raise OutputError(
            f"{path}: is not there, and whom the posters reached is counted from the files that the plan in "
            f"{plan.path} was made from; put it back, or run the command from the folder where the plan was "
            "made."
        )
    if path.is_file():
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != digest:
            raise _changed(path, plan)


def _changed(path: Path, plan: PlanFolder) -> OutputError:
    return OutputError(
        f"{path}: is another file than the one that the plan in {plan.path} was made from (its SHA-256 "
        f"differs from that in run.json); put the old one back, or {AGAIN}."
    )
