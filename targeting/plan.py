"""The straight line: a campaign in, a plan out.

`score_routes` joins people to routes and gives each route its language; `make_plan` deals the
buses and adds up who sees a poster. Files are read here through `feed` and `tracts`; nothing is
written.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.campaign import Campaign
from targeting.certainty import certainty_of, reliability
from targeting.errors import CampaignError
from targeting.feed import read_feeds
from targeting.ground import find_catchment
from targeting.hotspots import HotspotRule, hot_table, hotspots_of
from targeting.languages import Language, find_languages, told_apart
from targeting.notices import Notices
from targeting.people import read_people
from targeting.placement import assign_groups, deal_buses, predominant_groups, settle_groups
from targeting.plan_tables import language_rows, placement_rows, route_rows
from targeting.scores import Scores
from targeting.served import coverage, exposure_by_group, people_served
from targeting.service import design_weekday, vehicles_in_use
from targeting.tracts import Tracts, read_points

Step = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """All placements with whom they serve, and why.

    Attributes
    ----------
    scores : Scores
    placements, coverage, languages : DataFrame
        The columns of placements.csv, coverage.csv and languages.csv (docs/columns.md).
    """

    scores: Scores
    placements: pd.DataFrame
    coverage: pd.DataFrame
    languages: pd.DataFrame

    @property
    def routes(self) -> pd.DataFrame:
        """One row a route × language, the columns of routes.csv."""
        return self.scores.routes


def score_routes(campaign: Campaign, step: Step = lambda _: None) -> Scores:
    """Join people to routes and give each route the language it calls for.

    Parameters
    ----------
    campaign : Campaign
    step : callable
        Told in a few words what is being done, for a progress bar.

    Raises
    ------
    TargetingError
        When an input cannot be used.
    """
    notices = Notices()
    region = campaign.region
    if campaign.posters.automatic is None:
        find_languages(campaign.posters.languages)  # a wrong tag must not cost minutes of reading
    step("reading census tracts")
    tracts, languages = read_people(campaign, notices)
    points = None
    if region.points is not None:
        step("reading population points")
        points = read_points(campaign.path(region.points), tracts, notices)
    feed = read_feeds(
        [campaign.path(path) for path in region.gtfs],
        notices=notices,
        week=region.week,
        modes=region.modes,
        step=step,
    )
    step("finding who lives near each route")
    catchment = find_catchment(
        feed,
        tracts,
        points,
        bus_walk_m=region.bus_walk_m,
        rail_walk_m=region.rail_walk_m,
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
    sure = certainty_of(served, languages, min_served=trust.min_served, cv_limits=trust.cv_limits)
    served = served.join(sure)
    assigned = settle_groups(
        assign_groups(exposure, predominant_exposure),
        exposure,
        _by_group(served, languages, "largest_probability"),
        tracts.estimates[groups].sum(),
        post_at=trust.post_at,
        unsure=trust.unsure,
    )
    in_use, fleet = vehicles_in_use(feed.trips, design_weekday(feed.trips, feed.week))
    vehicles = in_use.reindex(feed.routes.index, fill_value=0)
    return Scores(
        campaign=campaign,
        feed=feed,
        tracts=tracts,
        catchment=catchment,
        notices=notices,
        languages=languages,
        routes=route_rows(served, feed, languages, assigned, predominant_exposure, vehicles),
        assigned=assigned,
        predominant=predominant,
        predominant_exposure=predominant_exposure,
        vehicles=vehicles,
        fleet=fleet,
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


def make_plan(campaign: Campaign, step: Step = lambda _: None) -> Plan:
    """Make a plan: which language hangs on how many buses of which route, and who it serves.

    Raises
    ------
    TargetingError
        When an input cannot be used, or more buses are asked for than run.
    """
    scores = score_routes(campaign, step)
    buses = campaign.placement.buses
    if buses > scores.fleet:
        raise CampaignError(
            f"placement.buses = {buses:,}: the timetable never has more than {scores.fleet:,} vehicles "
            f"of the wanted modes ({', '.join(campaign.region.modes)}) out at once; ask for at most "
            f"{scores.fleet:,}."
        )
    step("dealing buses")
    dealt = deal_buses(scores.assigned, scores.vehicles.to_dict(), told_apart(scores.languages), buses)
    placed = int(dealt["buses"].sum())
    if placed < buses:
        scores.notices.add(
            "buses_left",
            f"{buses - placed} of {buses} buses could not be placed: every route that passes a place "
            "where a campaign language predominates has all the vehicles it runs.",
            count=buses - placed,
        )
    step("adding up who sees a poster")
    posted = {
        language.tag: np.asarray(
            scores.catchment.routes.isin(dealt.loc[dealt["language"] == language.tag, "route_id"])
        )
        for language in scores.languages
    }
    _say_not_posted(scores, posted)
    names = {language.tag: language.english_name for language in scores.languages}
    measured_as = {language.tag: language.measured_as for language in scores.languages}
    limits = campaign.certainty.cv_limits
    covered = coverage(scores.catchment, scores.tracts, scores.languages, posted)
    return Plan(
        scores=scores,
        placements=placement_rows(scores, dealt),
        coverage=covered.assign(
            **{
                f"{name}_reliability": reliability(covered[name], covered[f"{name}_moe"], limits)
                for name in ("lep", "served_any", "served_posted")
            },
            language_name=covered["language"].map(names),
            measured_as=covered["language"].map(measured_as),
        ),
        languages=language_rows(scores),
    )


def _say_not_posted(scores: Scores, posted: "dict[str, npt.NDArray[np.bool_]]") -> None:
    """Name the languages that no bus carries, and what would give each of them one."""
    bare = [language for language in scores.languages if not posted[language.tag].any()]
    if not bare:
        return
    first = scores.assigned.groupby("group")["rank"].min()
    second = scores.assigned[scores.assigned["second"] != ""].groupby("second")["rank"].min()
    first = pd.concat([first, second]).groupby(level=0).min()
    hints = [
        f"{language.english_name} at rank {first[language.column]} of the routes"
        if language.column in first
        else f"{language.english_name} on no route whatever the number"
        for language in bare
    ]
    scores.notices.add(
        "language_not_posted",
        f"No bus carries {', '.join(language.english_name for language in bare)}: the strategy "
        "'predominant' posts what predominates along a route, and no route that gets a bus calls for "
        f"{'it' if len(bare) == 1 else 'them'} ({'; '.join(hints)}).",
        count=len(bare),
    )
