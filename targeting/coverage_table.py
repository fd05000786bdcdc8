"""The rows of coverage.csv: whom a plan serves and reaches, in the region, by county and by agency.

An agency's figures count its own routes alone: a card whose bus also runs for another agency is seen there
too, by other people or the same, so that the rows of agencies may overlap and do not add up.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from targeting.catchment import Catchment
from targeting.certainty import reliability
from targeting.languages import told_apart
from targeting.postable import unit_catchment
from targeting.posting import Posting, audiences_on, following_audience
from targeting.reach import Audience, Floats, Ints
from targeting.reached import near_by_tract, reached_by_tract, total_of, with_margins
from targeting.scores import Scores
from targeting.served import coverage
from targeting.wording import natural

UNNAMED = "Unnamed agency"
Cards = Ints | Floats


def coverage_rows(scores: Scores, posting: Posting) -> pd.DataFrame:
    """Return the rows of coverage.csv (docs/columns.md)."""
    return covered_rows(scores, posting.problem.audience, posting.by_language, posting.by_language)


def covered_rows(scores: Scores, audience: Audience, cards: Cards, near: Cards) -> pd.DataFrame:
    """Return the rows of coverage.csv for some cards.

    Parameters
    ----------
    audience : Audience
        Of all units and venues (`targeting.posting.audience_of`).
    cards : ndarray, shape (units, languages)
        Cards, or parts of them, that people can see: whom they reach.
    near : ndarray, shape (units, languages)
        Where it is above 0 the unit counts as posted: whom that serves.
    """
    tracts = len(scores.tracts.names)
    shares: dict[str, Floats] = {
        "served_posted": near_by_tract(scores.postable.catchment, near),
        "reach": reached_by_tract(audience, cards, tracts),
        "reach_following": reached_by_tract(following_audience(scores), cards, tracts),
    }
    near_any = scores.catchment.share_of_any(np.ones(len(scores.catchment.routes), bool))
    agencies = {
        agency: (scores.catchment.share_of_any(its), _shares_on(scores, cards, near, its))
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


def everyone(
    scores: Scores, audience: Audience, catchment: Catchment, cards: Cards, near: Cards
) -> dict[str, tuple[float, float]]:
    """Return people `served` and people to `reach` of all languages with their margins, each counted once.

    Parameters
    ----------
    catchment : Catchment
        Of the units of `audience`.
    cards, near : ndarray, shape (units, languages)
        As in `covered_rows`.
    """
    groups = list(told_apart(scores.languages))
    belongs = np.array([[language.column == group for group in groups] for language in scores.languages])
    seen, posted = cards @ belongs.astype(cards.dtype), near @ belongs.astype(near.dtype)
    tracts = len(scores.tracts.names)
    return {
        "served": total_of(*with_margins(near_by_tract(catchment, posted), scores.tracts, groups)),
        "reach": total_of(*with_margins(reached_by_tract(audience, seen, tracts), scores.tracts, groups)),
    }


def _routes_by_agency(scores: Scores) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which routes each agency runs, by its name; nothing where there is one agency only."""
    runs = scores.feed.routes["agency"].where(scores.feed.routes["agency"] != "", UNNAMED)
    agencies = sorted(set(runs), key=natural)
    return {agency: (runs == agency).to_numpy(bool) for agency in agencies} if len(agencies) > 1 else {}


def _shares_on(scores: Scores, cards: Cards, near: Cards, routes: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """Return the shares of tracts that cards serve and reach on some routes alone."""
    units, tracts = scores.units, len(scores.tracts.names)
    cards, near = (each[: len(units.table)] for each in (cards, near))  # venues belong to no agency
    some = scipy.sparse.diags(routes.astype(float))
    on_these = replace(scores.catchment, departures=(scores.catchment.departures @ some).tocsr())
    trips = scores.feed.routes["departures_week"].to_numpy(float)
    stay, follow = audiences_on(scores, routes)
    return {
        "served_posted": near_by_tract(unit_catchment(on_these, units, trips), near),
        "reach": reached_by_tract(stay, cards, tracts),
        "reach_following": reached_by_tract(follow, cards, tracts),
    }
