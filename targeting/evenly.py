"""Whom a plan would serve and reach if people lived evenly over their tracts, and not where points say.

Where in a tract people live is no part of a margin: the same cards, counted the other way, say how much
hangs on it.
"""

from dataclasses import replace

from targeting.cache import Cache
from targeting.coverage_table import everyone
from targeting.derived import derive_catchments
from targeting.notices import Notices
from targeting.postable import postable_catchment
from targeting.posting import Posting, audience_of
from targeting.scores import Scores

COARSER = 2.0  # a quarter of the squares are enough for a sum over a region: it differs by some 0.3%


def spread_evenly(scores: Scores, posting: Posting, cache: Cache | None = None) -> dict[str, float] | None:
    """Return people `served` and people to `reach` of all languages by the same cards, spread by area.

    Each person counts once, as in `targeting.coverage_table.everyone`.

    Parameters
    ----------
    cache : Cache, optional
        Of catchments that were found before.

    Returns
    -------
    dict or None
        None where no population points are used: people are then spread evenly in any case.
    """
    inputs, region, venues = scores.inputs, scores.campaign.region, scores.campaign.venues
    if inputs.points is None:
        return None
    near, near_venues = derive_catchments(
        cache,
        scores.feed,
        scores.tracts,
        None,
        inputs.venues,
        bus_walk_m=region.bus_walk_m,
        rail_walk_m=region.rail_walk_m,
        venue_walk_m=venues.walk_m if venues else 0.0,
        coarser=COARSER,
        notices=Notices(),  # the scores have them already
    )
    audience = audience_of(replace(scores, catchment=near, near_venues=near_venues))
    joined = postable_catchment(scores.feed, scores.units, near, near_venues)
    found = everyone(scores, audience, joined, posting.by_language, posting.by_language)
    return {name: people for name, (people, _) in found.items()}
