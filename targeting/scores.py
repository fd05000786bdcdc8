"""Scores: what each route serves and calls for, with all that it was made from."""

from dataclasses import dataclass

import pandas as pd

from targeting.campaign import Campaign
from targeting.catchment import Catchment
from targeting.feed import Feed
from targeting.languages import Language
from targeting.notices import Notices
from targeting.tracts import Tracts


@dataclass(frozen=True)
class Scores:
    """What each route serves, and the language it calls for.

    Attributes
    ----------
    campaign, feed, tracts, catchment, notices
        What the scores were made from.
    languages : list of Language
        The poster languages, in the campaign's order.
    routes : DataFrame
        One row a route × language, the columns of routes.csv (docs/columns.md).
    assigned : DataFrame indexed by route_id
        `group`, `score`, `rank`, `second`, `rule`, `rival` of every route that passes a place where a
        language predominates (`targeting.placement.settle_groups`).
    predominant : Series indexed by GEOID
        The group that predominates in each tract, empty where none does.
    predominant_exposure : DataFrame, shape (routes, groups)
        Exposure in the tracts where the group predominates.
    vehicles : Series indexed by route_id
        Most vehicles in service at once on the design weekday.
    fleet : int
        The same for all routes together.
    """

    campaign: Campaign
    feed: Feed
    tracts: Tracts
    catchment: Catchment
    notices: Notices
    languages: list[Language]
    routes: pd.DataFrame
    assigned: pd.DataFrame
    predominant: "pd.Series[str]"
    predominant_exposure: pd.DataFrame
    vehicles: "pd.Series[int]"
    fleet: int
