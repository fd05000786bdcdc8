"""Scoring: people joined to routes, and the language that each route calls for.

`score_routes` reads the campaign's files; `score` is pure, so that a plan can be scored again with other
settings on the same inputs.
"""

import pandas as pd

from targeting.cache import Cache
from targeting.campaign import Campaign
from targeting.derived import derive_catchments, derive_certainty
from targeting.hotspots import HotspotRule, hot_table, hotspots_of
from targeting.inputs import Inputs, Step, read_inputs
from targeting.languages import Language, told_apart
from targeting.notices import Notices
from targeting.placement import assign_groups, predominant_groups, settle_groups
from targeting.plan_tables import route_rows
from targeting.postable import make_postable
from targeting.scores import Scores
from targeting.served import exposure_by_group, people_served
from targeting.tracts import Tracts
from targeting.units import make_units


def score_routes(campaign: Campaign, step: Step = lambda _: None, cache: Cache | None = None) -> Scores:
    """Read the campaign's files, join people to routes and give each route the language it calls for.

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
        When an input cannot be used.
    """
    notices = Notices()
    return score(campaign, read_inputs(campaign, notices, step, cache), notices, step, cache)


def score(
    campaign: Campaign,
    inputs: Inputs,
    notices: Notices,
    step: Step = lambda _: None,
    cache: Cache | None = None,
) -> Scores:
    """Join people to routes and give each route the language it calls for.

    Raises
    ------
    TargetingError
        When the inputs do not fit each other, or the campaign.
    """
    region, placement = campaign.region, campaign.placement
    tracts, languages, feed = inputs.tracts, inputs.languages, inputs.feed
    units = make_units(
        feed,
        kind=placement.unit,
        garages=inputs.garages,
        family_share=placement.family_share,
        layover_s=region.layover_minutes * 60,
        notices=notices,
        cache=cache,
    )
    step("finding who lives near each route")
    catchment, near_venues = derive_catchments(
        cache,
        feed,
        tracts,
        inputs.points,
        inputs.venues,
        bus_walk_m=region.bus_walk_m,
        rail_walk_m=region.rail_walk_m,
        venue_walk_m=campaign.venues.walk_m if campaign.venues else 0.0,
        notices=notices,
    )

    step("scoring routes")
    groups = list(told_apart(languages))
    predominant = _predominant(campaign, tracts, groups)
    where = pd.DataFrame({key: predominant == key for key in groups})
    predominant_exposure = exposure_by_group(catchment, tracts.estimates[groups] * where)
    exposure = exposure_by_group(catchment, tracts.estimates[groups])
    served = people_served(catchment, tracts, languages)
    trust = campaign.certainty
    sure = derive_certainty(cache, served, languages, min_served=trust.min_served, cv_limits=trust.cv_limits)
    served = served.join(sure)
    assigned = settle_groups(
        assign_groups(exposure, predominant_exposure),
        exposure,
        _by_group(served, languages, "largest_probability"),
        tracts.estimates[groups].sum(),
        post_at=trust.post_at,
        unsure=trust.unsure,
    )
    return Scores(
        campaign=campaign,
        inputs=inputs,
        catchment=catchment,
        near_venues=near_venues,
        notices=notices,
        units=units,
        postable=make_postable(campaign, inputs, units, served, catchment, near_venues),
        routes=route_rows(served, feed, languages, assigned, predominant_exposure, units.route_vehicles),
        assigned=assigned,
        predominant=predominant,
        predominant_exposure=predominant_exposure,
    )


def _predominant(campaign: Campaign, tracts: Tracts, groups: list[str]) -> "pd.Series[str]":
    """Return the group that predominates in each tract, by the campaign's meaning of the word."""
    placement = campaign.placement
    if placement.area == "predominant":
        return predominant_groups(
            tracts.estimates[groups],
            tracts.population,
            least_people=placement.tract_people,
            least_share=placement.tract_share,
        )
    hot = hot_table(hotspots_of(tracts, groups, HotspotRule(**campaign.hotspots.model_dump())))
    return predominant_groups(
        tracts.estimates[groups] * hot, tracts.population, least_people=0.0, least_share=0.0
    )


def _by_group(served: pd.DataFrame, languages: list[Language], column: str) -> pd.DataFrame:
    """Return a column of route × language rows as a table routes × groups."""
    groups = served["language"].map({language.tag: language.column for language in languages})
    once = served.assign(group=groups).drop_duplicates(["route_id", "group"])
    return once.pivot(index="route_id", columns="group", values=column)
