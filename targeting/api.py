"""The face of the library: make a plan in Python, look at its tables and its map, write its folder.

It stands at the right end of the straight line, beside the command line: what it returns is the plan of
`targeting.plan`, which knows nothing of files, with the means to show and to write it.
"""

from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Literal

import pandas as pd

from targeting import plan as straight_line
from targeting.cache import user_cache
from targeting.campaign import Campaign, read_campaign, with_settings
from targeting.write import write_plan
from targeting.write.map import map_html
from targeting.write.map_frame import PlanMap

Audience = Literal["staff", "public"]


@dataclass(frozen=True, repr=False)
class Plan(straight_line.Plan):
    """A plan: its tables as attributes, and the means to show and to write it.

    Attributes
    ----------
    placements, coverage, routes, languages, vehicles, strategies, budget, robustness : DataFrame
        One row an observation, the columns of the CSV files (docs/columns.md). Figures are not rounded, and
        counts too small to be told stand as they are.
    notices : DataFrame
        What was odd in the inputs, counted, and what was done about it: `code`, `severity`, `message`,
        `file`, `count`, `ids`.
    """

    @property
    def notices(self) -> pd.DataFrame:
        """What was odd in the inputs, one row a finding."""
        columns = ["code", "severity", "message", "file", "count", "ids"]
        return pd.DataFrame(self.scores.notices.as_dicts(), columns=columns)

    def map(self, audience: Audience = "staff") -> PlanMap:
        """Return the interactive map; a notebook shows it, `.save(path)` writes it.

        Parameters
        ----------
        audience : {"staff", "public"}
            For the public: where posters hang and in which languages, and no figure of people.
        """
        return PlanMap(self.scores.campaign.name, map_html(self, audience))

    def write(self, folder: str | PathLike[str], *, audience: Audience = "staff") -> list[Path]:
        """Write the plan's folder as `targeting plan` does, whole or not at all; return the files.

        Parameters
        ----------
        folder : path
            An earlier plan there is replaced.
        audience : {"staff", "public"}

        Raises
        ------
        OutputError
            When the folder cannot be written, or holds something other than a plan.
        """
        return write_plan(self, Path(folder), audience=audience)

    def __repr__(self) -> str:
        routes = self.placements.loc[self.placements["buses"] > 0, "unit_id"].nunique()
        unit = self.scores.units.kind
        units = {"route": "routes", "family": "families of routes", "garage": "garages"}[unit]
        return (
            f"<plan of {self.scores.campaign.name}: {self.posting.posted_buses} buses on {routes} "
            f"{unit if routes == 1 else units}, {self.placements['language'].nunique()} languages, "
            f"timetable of {self.scores.feed.week}>"
        )


def make_plan(campaign: str | PathLike[str] | Campaign, *, cache: bool = True, **settings: object) -> Plan:
    """Make a plan from a campaign file.

    Parameters
    ----------
    campaign : path or Campaign
        The campaign file (docs/campaign-file.md), or one that was read.
    cache : bool
        Whether what was derived from the same files before may be taken from the user's cache folder.
    **settings
        Settings that win over the file's, by their key: `buses=50`, `languages=["es", "vi"]`.

    Raises
    ------
    TargetingError
        When the file, a setting or an input cannot be used: one sentence that says what is wrong and what to
        do.

    Examples
    --------
    >>> plan = make_plan("campaign.toml", buses=50)  # doctest: +SKIP
    >>> plan.coverage  # doctest: +SKIP
    """
    if isinstance(campaign, Campaign):
        wanted = with_settings(campaign, settings) if settings else campaign
    else:
        wanted = read_campaign(Path(campaign), settings)
    made = straight_line.make_plan(wanted, cache=user_cache() if cache else None)
    return Plan(**{field.name: getattr(made, field.name) for field in fields(made)})
