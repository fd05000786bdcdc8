"""What a report says, read from a plan folder: figures as they were published, and texts.

Nothing is counted anew, so that the report and the tables beside it agree to the last person. A count that
was too small to be told comes back as half of what it is under: charts draw it as small, and every wording
says "under 10" again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from targeting.errors import OutputError
from targeting.interlining import Interlining
from targeting.plan_folder import FRACTIONS, NUMBERS, OF_LANGUAGES, TRUTHS, PlanFolder
from targeting.wording import period
from targeting.write.report_sources import Found, Source, found_of, printable, sources_of

AGAIN = "make the plan again with 'targeting plan'"


@dataclass(frozen=True)
class WhatHung:
    """What the installers wrote down, and whom it reached.

    Attributes
    ----------
    file, sha256 : str
        Of the installers' sheets.
    rows, left_out : int
        How many the file has, and how many of them are left out.
    no_order : int
        Cards on those rows of which nothing tells where they were ordered.
    days : int
        For how many the plan is made.
    first : date or None
        The posting date; None where the campaign gives none.
    notes : tuple of str
        On the file: what was left out, and what was taken to be so.
    table : DataFrame
        The columns of actual.csv.
    coverage : DataFrame
        The columns of coverage_actual.csv, rows of the region alone; the last is of all languages.
    """

    file: str
    sha256: str
    rows: int
    left_out: int
    no_order: int
    days: int
    first: date | None
    notes: tuple[str, ...]
    table: pd.DataFrame
    coverage: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """What the report says; people are counts with 90% margins (`…_moe`), not a number where empty.

    Attributes
    ----------
    name, agency, period, source_line : str
        Of the campaign, the agencies, the design week in words, and where the figures come from.
    settings : mapping
        The campaign's, every default included.
    strategies, placements, coverage, vehicles : DataFrame
        The columns of strategies.csv, placements.csv with `own_name`, coverage.csv (rows of the region
        alone, in the campaign's order) and vehicles.csv with `posted`.
    languages, budget_curve, sensitivity, robustness : DataFrame or None
        The columns of languages.csv, budget.csv, sensitivity.csv and robustness.csv.
    notes : tuple of str
        What to know about this plan: the warnings of the run.
    assumption, travels, apportioned, evenly : str
        On what the reach rests, how far cards travel, and how much hangs on where in a tract people are
        taken to live, for single placements and for the plan; empty where there is nothing to say.
    sources : tuple of Source
    posting, timetable_ends : date or None
        The first day on which posters hang, None where the campaign gives none; the last day of which
        every timetable speaks.
    week_because : str
        Why the design week was taken.
    figures : mapping of str to int
        `tracts`, `routes`, `stops`, `vehicles_at_peak` …
    counties : int
    bare_counties : tuple of str
        Those in which nobody lives near a route.
    invented : bool
        Whether the figures are the sample city's.
    people : str
        Who is counted: "LEP speakers" or "speakers".
    weeks : float
        How long the posters hang.
    unit : str
        What a poster is ordered for: "route", "family" or "garage".
    weights : str
        The objective's weights: "people", or another word where people do not count alike.
    robust : bool
        Whether the plan maximises the mean over the redraws.
    comparable : bool
        Whether the predominant strategy deals the same cards, so that the plan can be held against it.
    smallest : float
        People below which a count is not told.
    cv_limits : (float, float)
        Coefficients of variation up to which a figure is of high, and of medium reliability.
    solution : Found or None
    interlining : Interlining
    families : sequence of sequences of route ids
    route_names : mapping
        Short name of each route by its id.
    version : str
        Of the program that made the plan.
    hung : WhatHung or None
        None before the installers' sheets are in.
    """

    name: str
    agency: str
    period: str
    source_line: str
    settings: Mapping[str, Any]
    strategies: pd.DataFrame
    placements: pd.DataFrame
    coverage: pd.DataFrame
    vehicles: pd.DataFrame
    languages: pd.DataFrame | None = None
    budget_curve: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    robustness: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    assumption: str = ""
    travels: str = ""
    apportioned: str = ""
    evenly: str = ""
    sources: tuple[Source, ...] = ()
    posting: date | None = None
    timetable_ends: date | None = None
    week_because: str = ""
    figures: Mapping[str, int] = field(default_factory=dict)
    counties: int = 1
    bare_counties: tuple[str, ...] = ()
    invented: bool = False
    people: str = "LEP speakers"
    weeks: float = 4.0
    unit: str = "route"
    weights: str = "people"
    robust: bool = False
    comparable: bool = True
    smallest: float = 10.0
    cv_limits: tuple[float, float] = (0.12, 0.40)
    solution: Found | None = None
    interlining: Interlining = field(default_factory=Interlining)
    families: Sequence[Sequence[str]] = ()
    route_names: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    hung: WhatHung | None = None

    @property
    def venues(self) -> bool:
        """Whether cards hang in venues too."""
        return bool((self.placements["unit"] == "venue").any())


def report_content(plan: PlanFolder) -> ReportContent:
    """Return the content of a plan's report.

    Raises
    ------
    OutputError
        When the plan is one for the public or was made before plans kept what a report says, or its
        files do not fit each other.
    """
    if "report" not in plan.record or plan.strategies is None or plan.vehicles is None:
        raise OutputError(f"{plan.path}: does not hold all that a report says; {AGAIN}.")
    try:
        return _content(plan, plan.strategies, plan.vehicles)
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        raise OutputError(
            f"{plan.path}: its tables and record do not fit each other ({type(fault).__name__}: {fault}); "
            f"{AGAIN}."
        ) from fault


def _content(plan: PlanFolder, strategies: pd.DataFrame, vehicles: pd.DataFrame) -> ReportContent:
    record = plan.record
    said, week, settings = record["report"], record["design_week"], plan.settings
    smallest = float(settings["certainty"]["smallest_count"])
    own = {language["tag"]: printable(language["own_name"]) for language in record["languages"]}
    placements = amounts(plan.placements, smallest)
    vehicles = amounts(vehicles, smallest)
    coverage = amounts(plan.coverage, smallest)
    others = {"languages": plan.languages, "sensitivity": plan.sensitivity, "robustness": plan.robustness}
    posting = settings["orders"]["posting_date"]
    named = [*said["agencies"], *(name for feed in record["feeds"] for name in feed["agencies"])]
    return ReportContent(
        name=printable(settings["name"]),
        agency=printable(", ".join(said["agencies"])),
        period=period(*(date.fromisoformat(week[end]) for end in ("first_day", "last_day"))),
        source_line=str(coverage["source"].iloc[0]),
        settings=settings,
        strategies=amounts(strategies, smallest),
        placements=placements.assign(own_name=placements["language"].map(own)),
        coverage=coverage[coverage["area_kind"] == "region"].reset_index(drop=True),
        vehicles=vehicles.assign(posted=vehicles["route_id"].isin(placements["unit_id"])),
        **{name: None if table is None else amounts(table, smallest) for name, table in others.items()},
        budget_curve=None if plan.budget is None else amounts(plan.budget, smallest, OF_LANGUAGES),
        notes=tuple(map(printable, said["warnings"])),
        assumption=printable(said["assumption"]).replace(" (placement.rides_per_week)", ""),
        apportioned=printable(said["apportioned"]),
        evenly=printable(said.get("evenly", "")),
        travels=printable(said["travels"]),
        sources=sources_of(record),
        posting=date.fromisoformat(posting) if posting else None,
        timetable_ends=min((date.fromisoformat(feed["period"][1]) for feed in record["feeds"]), default=None),
        week_because=printable(week["because"]),
        figures=record["figures"],
        counties=int(coverage.loc[coverage["area_kind"] == "county", "area"].nunique()),
        bare_counties=_bare(coverage[coverage["area_kind"] == "county"]),
        invented="invented" in " ".join(named).lower(),
        people=printable(said["counts"]),
        weeks=float(settings["posters"]["weeks"]),
        unit=str(settings["placement"]["unit"]),
        weights=str(settings["placement"]["weights"]),
        robust=bool(settings["placement"]["robust"]),
        comparable=bool(said["comparable"]),
        smallest=smallest,
        cv_limits=(float(said["cv_limits"][0]), float(said["cv_limits"][1])),
        solution=found_of(record["placement"]),
        interlining=_interlining(vehicles, said["shared"]),
        families=tuple(map(tuple, said["families"])),
        route_names={route: printable(name) for route, name in said["route_names"].items()},
        version=printable(record["targeting"]),
        hung=_hung(plan, smallest),
    )


def _bare(counties: pd.DataFrame) -> tuple[str, ...]:
    near = counties.groupby("area", sort=True)["served_any"].sum()
    return tuple(map(str, near.index[near == 0]))


def _hung(plan: PlanFolder, smallest: float) -> WhatHung | None:
    """Return what hung; None where no sheets are in."""
    table, coverage, posted = plan.actual, plan.coverage_actual, plan.posted
    if table is None or coverage is None or not posted:
        return None
    coverage = amounts(coverage, smallest)
    return WhatHung(
        file=printable(posted["file"]),
        sha256=printable(posted["sha256"]),
        rows=int(posted["rows"]),
        left_out=int(posted["left_out"]),
        no_order=int(posted["no_order"]),
        days=int(posted["days"]),
        first=date.fromisoformat(posted["posting_date"]) if posted["posting_date"] else None,
        notes=tuple(printable(notice["message"]) for notice in posted["notices"]),
        table=amounts(table, smallest),
        coverage=coverage[coverage["area_kind"] == "region"].reset_index(drop=True),
    )


def amounts(table: pd.DataFrame, smallest: float, by_language: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table with its counts as numbers, and texts that every file can hold.

    An empty count is not a number; one too small to be told is half of `smallest`.

    Parameters
    ----------
    by_language : tuple of str
        What the names of further columns of counts begin with.
    """
    table = table.copy()
    for name in table.columns:
        cells = list(table[name])
        if name in FRACTIONS:
            continue
        if name in TRUTHS:
            made = pd.Series([bool(cell) for cell in cells], index=table.index, dtype=bool)
        elif name not in NUMBERS and not (by_language and name.startswith(by_language)):
            made = pd.Series([printable(cell) for cell in cells], index=table.index, dtype=object)
        elif all(isinstance(cell, int) for cell in cells):
            made = pd.Series(cells, index=table.index, dtype=int)
        else:
            told = [
                math.nan if cell is None else smallest / 2 if isinstance(cell, str) else cell
                for cell in cells
            ]
            made = pd.Series(told, index=table.index, dtype=float)
        table[name] = made
    return table


def _interlining(vehicles: pd.DataFrame, shared: Mapping[str, Mapping[str, float]]) -> Interlining:
    """Return which routes share vehicles."""
    routes = {
        row.route_id: (float(row.vehicle_hours_week), int(row.vehicles))
        for row in vehicles.itertuples(index=False)
    }
    ties = [
        (one, other, float(hours))
        for one, others in shared.items()
        for other, hours in others.items()
        if one in routes and other in routes
    ]
    return Interlining(routes, ties)
