"""What the report of a plan holds: its tables, put together for `targeting.write.report`."""

from typing import TYPE_CHECKING

import pandas as pd

from targeting.proofs import assumption, travels
from targeting.reasons import people_word
from targeting.sensitivity import sensitivity_rows
from targeting.strategies import comparable
from targeting.units import short_name
from targeting.write.map_text import period
from targeting.write.record import source_line
from targeting.write.report import ReportContent

if TYPE_CHECKING:
    from targeting.plan import Plan


def report_content(plan: "Plan") -> ReportContent:
    """Return the content of a plan's report; it makes the plan again under other assumptions."""
    scores = plan.scores
    own = {language.tag: language.own_name for language in scores.languages}
    agencies = ", ".join(dict.fromkeys(scores.feed.routes["agency"]))
    named = agencies + " ".join(name for source in scores.feed.sources for name in source.agencies)
    week = scores.feed.week
    optimal = plan.posting.solution is not None
    return ReportContent(
        name=scores.campaign.name,
        agency=agencies,
        period=period(week.first_day, week.last_day),
        source_line=source_line(scores),
        strategies=plan.strategies,
        placements=plan.placements.assign(own_name=plan.placements["language"].map(own)),
        notes=tuple(
            filter(
                None,
                [assumption(plan), travels(plan), *(notice.message for notice in scores.notices.warnings)],
            )
        ),
        comparable=comparable(scores.campaign),
        invented="invented" in named.lower(),
        people=people_word(scores),
        weeks=scores.campaign.posters.weeks,
        unit=scores.units.kind,
        weights=str(scores.campaign.placement.weights),
        smallest=scores.campaign.certainty.smallest_count,
        budget_curve=plan.budget,
        sensitivity=sensitivity_rows(scores, plan.posting) if optimal else None,
        robustness=plan.robustness,
        solution=plan.posting.solution,
        vehicles=plan.vehicles.assign(posted=plan.vehicles["route_id"].isin(plan.placements["unit_id"])),
        interlining=scores.units.graph,
        families=scores.units.families,
        route_names=pd.Series(
            {route: short_name(route, scores.feed.routes) for route in scores.feed.routes.index}
        ).to_dict(),
    )
