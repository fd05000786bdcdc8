"""The inputs of a campaign: all the files that it names, read and checked."""

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from targeting.cache import Cache
from targeting.campaign import Campaign
from targeting.derived import derive_feed, derive_points
from targeting.errors import CampaignError
from targeting.feed import Feed
from targeting.feed_checks import check_posting
from targeting.garages import Garages, read_garages
from targeting.languages import Language, find_languages
from targeting.layers import in_degrees, read_layer
from targeting.notices import Notices
from targeting.people import read_people
from targeting.plan_folder import read_plan_folder
from targeting.tracts import Tracts
from targeting.venues import read_venues
from targeting.waves import EarlierWave, check_waves, read_earlier

Step = Callable[[str], None]


@dataclass(frozen=True)
class Inputs:
    """What a plan is made from.

    Attributes
    ----------
    tracts : Tracts
    languages : list of Language
        The poster languages, in the campaign's order.
    points : DataFrame or None
        Population points (`targeting.tracts.read_points`).
    feed : Feed
    garages : Garages or None
    venues : DataFrame or None
        `targeting.venues.read_venues`.
    kept : DataFrame
        `unit_id`, `language`, `buses` of an earlier wave whose posters stay; buses are cards at venues.
    water : GeoSeries or None
        Areas that the map draws, EPSG:4326.
    earlier : EarlierWave or None
        The wave of `kept`.
    """

    tracts: Tracts
    languages: list[Language]
    points: pd.DataFrame | None
    feed: Feed
    garages: Garages | None
    venues: pd.DataFrame | None
    kept: pd.DataFrame
    water: gpd.GeoSeries | None = None
    earlier: EarlierWave | None = None


def read_inputs(
    campaign: Campaign, notices: Notices, step: Step = lambda _: None, cache: Cache | None = None
) -> Inputs:
    """Read all the files of a campaign.

    Parameters
    ----------
    campaign : Campaign
    notices : Notices
    step : callable
        Told in a few words what is being read, for a progress bar.
    cache : Cache, optional
        Of feeds read before.

    Raises
    ------
    TargetingError
        When an input cannot be used.
    """
    region, placement = campaign.region, campaign.placement
    if campaign.posters.automatic is None:
        find_languages(campaign.posters.languages)  # a wrong tag must not cost minutes of reading
    kept, earlier = read_kept(campaign), read_earlier(campaign)
    venues = None
    if campaign.venues is not None:
        venues = read_venues(campaign.path(campaign.venues.file), notices, campaign.limits)
    water = None
    if region.water is not None:
        place = campaign.path(region.water)
        water = in_degrees(read_layer(place, "water", campaign.limits).geometry, place)
    step("reading census tracts")
    tracts, languages = read_people(campaign, notices)
    points = None
    if region.points is not None:
        step("reading population points")
        points = derive_points(cache, campaign.path(region.points), tracts, notices, campaign.limits)
    feed = derive_feed(
        cache,
        [campaign.path(path) for path in region.gtfs],
        notices=notices,
        week=region.week,
        modes=region.modes,
        limits=campaign.limits,
        step=step,
    )
    check_posting(feed.sources, campaign.orders.posting_date, notices)
    check_waves(campaign, earlier, notices)
    garages = None
    if placement.garages:
        garages = read_garages(campaign.path(placement.garages), feed, notices, campaign.limits)
    return Inputs(
        tracts=tracts,
        languages=languages,
        points=points,
        feed=feed,
        garages=garages,
        venues=venues,
        kept=kept,
        water=water,
        earlier=earlier,
    )


def read_kept(campaign: Campaign) -> pd.DataFrame:
    """Return the placements of the earlier wave that the campaign keeps.

    Raises
    ------
    TargetingError
        When that plan cannot be read, or was ordered otherwise.
    """
    columns = ["unit_id", "language", "buses"]
    if campaign.placement.keep is None:
        return pd.DataFrame(columns=columns)
    earlier = read_plan_folder(campaign.path(campaign.placement.keep)).placements
    kinds = set(earlier["unit"]) - {"venue"}
    if kinds - {campaign.placement.unit}:
        raise CampaignError(
            f"placement.keep: the plan in {campaign.placement.keep} was ordered by {kinds.pop()}, and this "
            f"one by {campaign.placement.unit}; use the same placement.unit."
        )
    hanging = earlier["cards"] if "cards" in earlier else earlier["buses"]
    return earlier.assign(buses=hanging)[columns]
