"""The rows of coverage.csv: whom a plan serves and reaches, in the region, by county and by agency.

An agency's figures count its own routes alone: a card whose bus also runs for another agency is seen there
too, by other people or the same, so that the rows of agencies may overlap and do not add up.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from targeting.certainty import reliability
from targeting.postable import unit_catchment
from targeting.posting import Posting, audiences_on, following_audience
from targeting.reach import Floats
from targeting.reached import near_by_tract, reached_by_tract
from targeting.scores import Scores
from targeting.served import coverage
from targeting.wording import natural

UNNAMED = "Unnamed agency"


def coverage_rows(scores: Scores, posting: Posting) -> pd.DataFrame:
    """Return the rows of coverage.csv (docs/columns.md)."""
    cards, tracts = posting.by_language, len(scores.tracts.names)
    shares: dict[str, Floats] = {
        "served_posted": near_by_tract(scores.postable.catchment, cards),
        "reach": reached_by_tract(posting.problem.audience, cards, tracts),
        "reach_following": reached_by_tract(following_audience(scores), cards, tracts),
    }
    near_any = scores.catchment.share_of_any(np.ones(len(scores.catchment.routes), bool))
    agencies = {
        agency: (scores.catchment.share_of_any(its), _shares_on(scores, posting, its))
        for agency, its in _routes_by_agency(scores).items()
    }
    covered = coverage(scores.tracts, scores.languages, near_any, shares, agencies)
    limits = scores.campaign.certainty.cv_limits
    names = {language.tag: language.english_name for language in scores.languages}
    measured_as = {language.tag: language.measured_as for language in scores.languages}
    return covered.assign(
        **{
            f"{name}_reliability": reliability(covered[name], covered[f"{name}_moe"], limits)
            for name in ("lep", "served_any", "served_posted", "reach")
        },
        language_name=covered["language"].map(names),
        measured_as=covered["language"].map(measured_as),
    )


def _routes_by_agency(scores: Scores) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which routes each agency runs, by its name; nothing where there is one agency only."""
    runs = scores.feed.routes["agency"].where(scores.feed.routes["agency"] != "", UNNAMED)
    agencies = sorted(set(runs), key=natural)
    return {agency: (runs == agency).to_numpy(bool) for agency in agencies} if len(agencies) > 1 else {}


def _shares_on(scores: Scores, posting: Posting, routes: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """Return the shares of tracts that the plan serves and reaches by cards on some routes alone."""
    units, tracts = scores.units, len(scores.tracts.names)
    cards = posting.by_language[: len(units.table)]  # venues belong to no agency
    some = scipy.sparse.diags(routes.astype(float))
    near = replace(scores.catchment, departures=(scores.catchment.departures @ some).tocsr())
    trips = scores.feed.routes["departures_week"].to_numpy(float)
    stay, follow = audiences_on(scores, routes)
    return {
        "served_posted": near_by_tract(unit_catchment(near, units, trips), cards),
        "reach": reached_by_tract(stay, cards, tracts),
        "reach_following": reached_by_tract(follow, cards, tracts),
    }
