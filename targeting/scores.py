"""Scores: what each route serves and calls for, with all that it was made from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import scipy.sparse

from targeting.campaign import Campaign
from targeting.catchment import Catchment
from targeting.feed import Feed
from targeting.hotspots import HotspotRule, hotspots_of
from targeting.inputs import Inputs
from targeting.languages import Language, told_apart
from targeting.notices import Notices
from targeting.postable import Postable
from targeting.tracts import Tracts
from targeting.units import Units


@dataclass(frozen=True)
class Scores:
    """What each route serves, and the language it calls for.

    Attributes
    ----------
    campaign, inputs, notices
        What the scores were made from.
    catchment : Catchment
        Of the routes.
    near_venues : Catchment or None
        Of the venues, on the same atoms.
    units : Units
        What cards can be ordered for in buses, with vehicles and leakage.
    postable : Postable
        Units with buses, then venues, and whom they serve.
    routes : DataFrame
        One row a route × language, the columns of routes.csv (docs/columns.md).
    assigned : DataFrame indexed by route_id
        `group`, `score`, `rank`, `second`, `rule`, `rival` of every route that passes a place where a
        language predominates (`targeting.placement.settle_groups`).
    predominant : Series indexed by GEOID
        The group that predominates in each tract, empty where none does.
    predominant_exposure : DataFrame, shape (routes, groups)
        Exposure in the tracts where the group predominates.
    """

    campaign: Campaign
    inputs: Inputs
    catchment: Catchment
    near_venues: Catchment | None
    notices: Notices
    units: Units
    postable: Postable
    routes: pd.DataFrame
    assigned: pd.DataFrame
    predominant: "pd.Series[str]"
    predominant_exposure: pd.DataFrame

    @cached_property
    def hotspots(self) -> dict[str, pd.DataFrame]:
        """Where each group concentrates (`hotspots_of`), by the campaign's thresholds."""
        rule = HotspotRule(**self.campaign.hotspots.model_dump())
        return hotspots_of(self.tracts, list(told_apart(self.languages)), rule)

    @cached_property
    def near_share(self) -> scipy.sparse.csr_matrix:
        """Share of each tract's people near each route, shape (routes, tracts)."""
        return self.catchment.share()

    @cached_property
    def figures(self) -> dict[str, dict[str, dict[str, float]]]:
        """By route_id and language tag `served`, `served_moe` and `largest_probability`, as in `routes`."""
        names = ["served", "served_moe", "largest_probability"]
        found: dict[str, dict[str, dict[str, float]]] = {}
        for route, language, *values in self.routes[["route_id", "language", *names]].itertuples(index=False):
            found.setdefault(route, {})[language] = dict(zip(names, values, strict=True))
        return found

    @cached_property
    def decisions(self) -> dict[str, dict[str, Any]]:
        """The rows of `assigned`, by route_id."""
        rows: dict[str, dict[str, Any]] = self.assigned.to_dict("index")
        return rows

    @cached_property
    def exposures(self) -> dict[str, dict[str, float]]:
        """The rows of `predominant_exposure`, by route_id."""
        rows: dict[str, dict[str, float]] = self.predominant_exposure.to_dict("index")
        return rows

    @property
    def feed(self) -> Feed:
        """The service of the wanted modes in the design week."""
        return self.inputs.feed

    @property
    def tracts(self) -> Tracts:
        """The census tracts."""
        return self.inputs.tracts

    @property
    def languages(self) -> list[Language]:
        """The poster languages, in the campaign's order."""
        return self.inputs.languages

    @property
    def vehicles(self) -> "pd.Series[int]":
        """Most vehicles in service at once on the design weekday, by route_id."""
        return self.units.route_vehicles

    @property
    def fleet(self) -> int:
        """The same for all routes together."""
        return self.units.fleet
