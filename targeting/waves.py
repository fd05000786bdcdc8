"""Waves: the earlier plan whose cards stay up (`placement.keep`), and whether the next one joins it.

A plan counts on the cards of the earlier wave for all its weeks. Garages hold that wave's own work orders,
which name an earlier day on which its cards come down.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from pathlib import Path

from targeting.campaign import Campaign
from targeting.errors import TargetingError
from targeting.notices import Notices
from targeting.plan_folder import PlanFolder, read_plan_folder

MOST_WAVES = 100  # a plan that keeps itself would go on for ever


@dataclass(frozen=True)
class EarlierWave:
    """The wave before this one.

    Attributes
    ----------
    number : int
        1 where it kept no wave itself.
    down : date or None
        The day on which its cards come down by its own work orders; None where it had no posting date.
    """

    number: int
    down: date | None = None


def down_on(up: date, weeks: float) -> date:
    """Return the day on which cards come down that hang for some weeks."""
    return up + timedelta(days=ceil(weeks * 7 - 1e-9))


def read_earlier(campaign: Campaign) -> EarlierWave | None:
    """Return the wave that the campaign keeps; None where it keeps none.

    Waves are counted back as far as the folders of their plans are found.

    Raises
    ------
    TargetingError
        When the plan that the campaign keeps cannot be read.
    """
    if campaign.placement.keep is None:
        return None
    plan = read_plan_folder(campaign.path(campaign.placement.keep))
    number, at, before = 1, plan.path, _kept_by(plan)
    while before and number < MOST_WAVES:
        number += 1
        found = _plan_in(before, at)
        if found is None:
            break
        at, before = found.path, _kept_by(found)
    return EarlierWave(number, _down(plan))


def _kept_by(plan: PlanFolder) -> str:
    return str(plan.settings["placement"].get("keep") or "")


def _plan_in(keep: str, plan: Path) -> PlanFolder | None:
    """Return the plan that another kept, if it can still be read.

    The path of its folder begins where the command runs, or above the other's folder.
    """
    roots = (Path(), *plan.resolve().parents)
    folder = next((root / keep for root in roots if (root / keep / "run.json").is_file()), None)
    try:
        return None if folder is None else read_plan_folder(folder)
    except TargetingError:
        return None


def _down(plan: PlanFolder) -> date | None:
    try:
        up = date.fromisoformat(plan.settings["orders"]["posting_date"])
        return down_on(up, float(plan.settings["posters"]["weeks"]))
    except (LookupError, TypeError, ValueError, OverflowError):
        return None


def days_between(earlier: EarlierWave | None, up: date | None) -> int:
    """Return for how many days before a wave goes up the one before it is down by its own work orders."""
    if earlier is None or earlier.down is None or up is None:
        return 0
    return max((up - earlier.down).days, 0)


def check_waves(campaign: Campaign, earlier: EarlierWave | None, notices: Notices) -> None:
    """Note an earlier wave whose cards come down before this one goes up."""
    up = campaign.orders.posting_date
    days = days_between(earlier, up)
    if days and earlier is not None and up is not None:
        notices.add(
            "waves_apart",
            f"placement.keep: by its own work orders the cards of the plan in {campaign.placement.keep} come "
            f"down on {earlier.down}, {days} {'day' if days == 1 else 'days'} before this wave goes up on "
            f"{up} (orders.posting_date), and this plan counts on them: tell the garages to leave them up "
            f"until {down_on(up, campaign.posters.weeks)}, or choose a posting date by {earlier.down}.",
        )
