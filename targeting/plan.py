"""The straight line: a campaign in, a plan out.

The campaign is scored (`targeting.scoring`), its buses are placed (`targeting.posting`), and whom that
serves and reaches is added up here. Nothing is written.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.cache import Cache
from targeting.campaign import Campaign
from targeting.coverage_table import coverage_rows
from targeting.evenly import spread_evenly
from targeting.inputs import Step
from targeting.languages import told_apart
from targeting.placement_table import placement_rows
from targeting.plan_tables import language_rows
from targeting.posting import Posting, decide, refuse_contradictions
from targeting.redraws import with_region_error
from targeting.scores import Scores
from targeting.scoring import score_routes
from targeting.served import margins_of_sums
from targeting.strategies import budget_rows, strategy_rows
from targeting.vehicle_table import vehicle_rows

INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Plan:
    """All placements with whom they serve and reach, and why.

    Attributes
    ----------
    scores : Scores
    posting : Posting
        The decision, as numbers.
    placements, coverage, languages, vehicles, strategies, budget : DataFrame
        The columns of placements.csv, coverage.csv, languages.csv, vehicles.csv, strategies.csv and
        budget.csv (docs/columns.md); no budget for the predominant strategy.
    robustness : DataFrame or None
        One row a language and one for all (language empty): `reach` of the plan, and over the redraws
        `reach_mean`, `reach_low`, `reach_high` (90% interval); `regret` in the last row.
    evenly : dict or None
        People `served` and people to `reach` if they lived evenly over their tracts
        (`targeting.evenly`); None where no population points are used.
    """

    scores: Scores
    posting: Posting
    placements: pd.DataFrame
    coverage: pd.DataFrame
    languages: pd.DataFrame
    vehicles: pd.DataFrame
    strategies: pd.DataFrame
    budget: pd.DataFrame | None
    robustness: pd.DataFrame | None
    evenly: dict[str, float] | None = None

    @property
    def routes(self) -> pd.DataFrame:
        """One row a route × language, the columns of routes.csv."""
        return self.scores.routes


def make_plan(campaign: Campaign, step: Step = lambda _: None, cache: Cache | None = None) -> Plan:
    """Make a plan: which language hangs on how many buses of which unit, and who it serves and reaches.

    Parameters
    ----------
    campaign : Campaign
    step : callable
        Told in a few words what is being done, for a progress bar.
    cache : Cache, optional
        Of what was derived from the same files before.

    Raises
    ------
    TargetingError
        When an input cannot be used, more buses are asked for than run, or the wishes fight each other.
    """
    refuse_contradictions(campaign)
    scores = score_routes(campaign, step, cache)
    step("placing buses")
    posting = decide(scores, cache)
    step("adding up who sees a poster")
    vehicles = vehicle_rows(scores.feed, scores.units)
    _say_not_posted(scores, posting)
    return Plan(
        scores=scores,
        posting=posting,
        placements=placement_rows(scores, posting, vehicles),
        coverage=coverage_rows(scores, posting),
        languages=language_rows(scores),
        vehicles=vehicles,
        strategies=strategy_rows(scores, posting, cache),
        budget=None if posting.solution is None else budget_rows(scores, posting),
        robustness=_robustness(scores, posting),
        evenly=spread_evenly(scores, posting, cache),
    )


def _robustness(scores: Scores, posting: Posting) -> pd.DataFrame | None:
    """Return what the plan reaches over the redraws; None where there are none."""
    survived = posting.survival
    if survived is None:
        return None
    reach = posting.problem.audience.reach(posting.cards)
    groups = list(told_apart(scores.languages))
    redrawn = with_region_error(
        survived.reach,
        scores.tracts.estimates[groups].sum().to_numpy(float),
        margins_of_sums(np.ones((1, len(scores.tracts.names))), scores.tracts, groups).ravel(),
        seed=scores.campaign.certainty.seed,
    )
    rows = []
    for language in scores.languages:
        column = groups.index(language.column)
        rows.append((language.tag, language.english_name, reach[column], redrawn[:, column], np.nan))
    rows.append(("", "", reach.sum(), redrawn.sum(axis=1), survived.regret))
    return pd.DataFrame(
        [
            {
                "language": tag,
                "language_name": name,
                "reach": estimate,
                "reach_mean": drawn.mean(),
                "reach_low": np.quantile(drawn, INTERVAL[0]),
                "reach_high": np.quantile(drawn, INTERVAL[1]),
                "regret": regret,
            }
            for tag, name, estimate, drawn, regret in rows
        ]
    )


def _say_not_posted(scores: Scores, posting: Posting) -> None:
    """Name the languages that no bus carries under the predominant strategy, and what would give one."""
    if posting.solution is not None:
        return
    posted = posting.by_language.sum(axis=0) > 0
    bare = [language for language, hung in zip(scores.languages, posted, strict=True) if not hung]
    if not bare:
        return
    first = scores.assigned.groupby("group")["rank"].min()
    second = scores.assigned[scores.assigned["second"] != ""].groupby("second")["rank"].min()
    first = pd.concat([first, second]).groupby(level=0).min()
    hints = [
        f"{language.english_name} at rank {first[language.column]} of the routes by score"
        if language.column in first
        else f"{language.english_name} on no route whatever the number"
        for language in bare
    ]
    scores.notices.add(
        "language_not_posted",
        f"No bus carries {', '.join(language.english_name for language in bare)}: the strategy "
        "'predominant' posts what predominates along a route, and no route that gets a bus calls for "
        f"{'it' if len(bare) == 1 else 'them'} ({'; '.join(hints)}). The strategy 'optimal' gives every "
        "language a bus.",
        count=len(bare),
    )
