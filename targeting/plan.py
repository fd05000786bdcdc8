"""The straight line: a campaign in, a plan out.

`score_routes` joins people to routes and gives each route its language; `make_plan` deals the
buses and adds up who sees a poster. Files are read here through `feed` and `tracts`; nothing is
written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from targeting import moe, reasons
from targeting.campaign import Campaign
from targeting.catchment import Catchment, make_catchment, walking_distances
from targeting.cells import grid_cells, point_cells
from targeting.errors import CampaignError, TractError
from targeting.feed import Feed, read_feeds
from targeting.languages import (
    GROUPS,
    Language,
    catalogue,
    find_languages,
    largest_languages,
    told_apart,
)
from targeting.notices import Notices
from targeting.placement import assign_groups, deal_buses, predominant_groups
from targeting.served import coverage, exposure_by_group, people_served
from targeting.service import design_weekday, vehicles_in_use
from targeting.tracts import Tracts, read_points, read_tracts

Step = Callable[[str], None]
SAFE_HARBOR_PEOPLE = 1000.0
SAFE_HARBOR_SHARE = 0.05


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
        `group`, `score`, `rank` of every route that passes a place where a language predominates.
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
    tracts = read_tracts(
        [campaign.path(path) for path in region.acs],
        campaign.path(region.tracts),
        measure=region.measure,
        notices=notices,
    )
    languages = _campaign_languages(campaign, tracts, notices)
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
    catchment = _catchment(campaign, feed, tracts, points, notices)

    step("scoring routes")
    groups = list(told_apart(languages))
    predominant = predominant_groups(
        tracts.estimates[groups],
        tracts.population,
        least_people=campaign.placement.tract_people,
        least_share=campaign.placement.tract_share,
    )
    where = pd.DataFrame({key: predominant == key for key in groups})
    predominant_exposure = exposure_by_group(catchment, tracts.estimates[groups] * where)
    assigned = assign_groups(
        exposure_by_group(catchment, tracts.estimates[groups]), predominant_exposure
    )
    served = people_served(catchment, tracts, languages)
    vehicles, fleet = vehicles_in_use(feed.trips, design_weekday(feed.trips, feed.week))
    return Scores(
        campaign=campaign,
        feed=feed,
        tracts=tracts,
        catchment=catchment,
        notices=notices,
        languages=languages,
        routes=_route_rows(served, feed, languages, assigned, predominant_exposure),
        assigned=assigned,
        predominant=predominant,
        predominant_exposure=predominant_exposure,
        vehicles=vehicles.reindex(feed.routes.index, fill_value=0),
        fleet=fleet,
    )


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
    dealt = deal_buses(
        scores.assigned, scores.vehicles.to_dict(), told_apart(scores.languages), buses
    )
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
    for language in scores.languages:
        if not posted[language.tag].any():
            scores.notices.add(
                "language_not_posted",
                f"No bus carries {language.english_name}: it predominates along no route that gets a "
                "bus under the strategy 'predominant'.",
            )
    measured_as = {language.tag: language.measured_as for language in scores.languages}
    covered = coverage(scores.catchment, scores.tracts, scores.languages, posted)
    return Plan(
        scores=scores,
        placements=_placement_rows(scores, dealt),
        coverage=covered.assign(measured_as=covered["language"].map(measured_as)),
        languages=_language_rows(scores),
    )


def _campaign_languages(campaign: Campaign, tracts: Tracts, notices: Notices) -> list[Language]:
    """Return the campaign's languages, and say where a figure counts more than the language."""
    count = campaign.posters.automatic
    totals = tracts.estimates.sum()
    if count is None:
        languages = find_languages(campaign.posters.languages)
    else:
        languages = largest_languages(count, totals.to_dict())
        if not languages:
            raise CampaignError(
                "posters.languages: nobody in the region's tables speaks a language that a poster can "
                "be printed in; check region.acs."
            )
        leftover = sum(totals[key] for key in totals.index if GROUPS[key].kind == "leftover")
        chosen = ", ".join(f"{lang.english_name} ({lang.tag})" for lang in languages)
        notices.add(
            "languages_chosen",
            f"posters.languages = {campaign.posters.languages!r} chose {chosen}; {leftover:,.0f} people "
            "are in groups that are no language, which no poster can be printed in.",
            severity="info",
        )
    for key, members in told_apart(languages).items():
        names = " and ".join(language.english_name for language in members)
        if key not in tracts.estimates:
            line = GROUPS[key].first_line + (2 if campaign.region.measure == "lep" else 0)
            raise TractError(
                f"posters.languages: {names} needs column C16001_{line:03d}E ({GROUPS[key].name}), which "
                "the census table lacks; add the column or drop the language."
            )
        if len(members) > 1:
            notices.add(
                "not_told_apart",
                f"{names} cannot be told apart: the census table counts them together as "
                f"{GROUPS[key].name!r}; each shows the group's figures, and the group's buses go to them "
                "in turn.",
            )
        elif members[0].measured_as != members[0].english_name:
            notices.add(
                "measured_by_group",
                f"{names} is measured by the census group {GROUPS[key].name!r}, which counts more than "
                f"{names}.",
            )
    return languages


def _catchment(
    campaign: Campaign,
    feed: Feed,
    tracts: Tracts,
    points: pd.DataFrame | None,
    notices: Notices,
) -> Catchment:
    """Return the catchments of the feed's routes over the tracts, in a local metric projection."""
    region = campaign.region
    walk_m = walking_distances(
        feed.routes["mode"], bus_walk_m=region.bus_walk_m, rail_walk_m=region.rail_walk_m
    )
    crs = tracts.geometry.estimate_utm_crs()
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    stops = _metres(feed.stops["lon"], feed.stops["lat"], crs)
    _refuse_apart(stops, feed, tracts, polygons, float(walk_m.max()), notices)
    cells = grid_cells(polygons, stops, float(walk_m.max()))
    if points is not None:
        cells = point_cells(points, _metres(points["lon"], points["lat"], crs), cells)
    departures = feed.departures
    return make_catchment(
        cells,
        polygons=polygons,
        stops_xy=stops,
        stop=feed.stops.index.get_indexer(departures["stop_id"]).astype(np.int64),
        route=feed.routes.index.get_indexer(departures["route_id"]).astype(np.int64),
        direction=departures["direction_id"].to_numpy(np.int64),
        departures=departures["departures_week"].to_numpy(float),
        routes=feed.routes.index,
        walk_m=walk_m,
    )


def _metres(
    lon: "pd.Series[float]", lat: "pd.Series[float]", crs: object
) -> npt.NDArray[np.float64]:
    projected = gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(crs)
    return np.column_stack([projected.x, projected.y])


def _refuse_apart(
    stops: npt.NDArray[np.float64],
    feed: Feed,
    tracts: Tracts,
    polygons: npt.NDArray[np.object_],
    walk_m: float,
    notices: Notices,
) -> None:
    """Refuse a feed and tracts of different places; say how much service lies beyond the tracts."""
    tree = shapely.STRtree(polygons)
    near = np.unique(tree.query(shapely.points(stops), predicate="dwithin", distance=walk_m)[0])
    if not len(near):
        _, distance = tree.query_nearest(
            shapely.points(stops), return_distance=True, all_matches=False
        )
        west, south, east, north = tracts.geometry.total_bounds
        turned = feed.stops["lat"].between(west, east) & feed.stops["lon"].between(south, north)
        hint = (
            "; latitude and longitude look swapped in stops.txt"
            if turned.any()
            else "; check that both are of one region"
        )
        raise TractError(
            f"The feed's stops and the census tracts lie apart: the nearest stop is "
            f"{distance.min() / 1000:,.0f} km from the nearest tract{hint}."
        )
    beyond = ~np.isin(np.arange(len(stops)), near)
    weekly = feed.departures.groupby("stop_id")["departures_week"].sum().reindex(feed.stops.index)
    share = weekly[beyond].sum() / weekly.sum()
    if share > 0.001:
        notices.add(
            "stops_beyond_tracts",
            f"{int(beyond.sum()):,} of {len(stops):,} stops, with {share:.1%} of weekly departures, lie "
            "beyond the census tracts; people who live near them cannot be counted.",
            count=int(beyond.sum()),
        )


def _route_rows(
    served: pd.DataFrame,
    feed: Feed,
    languages: list[Language],
    assigned: pd.DataFrame,
    predominant_exposure: pd.DataFrame,
) -> pd.DataFrame:
    """Return the rows of routes.csv; score and rank only on the language that a route calls for."""
    by_tag = {language.tag: language for language in languages}
    group = served["language"].map({tag: language.group.key for tag, language in by_tag.items()})
    calls_for = group == served["route_id"].map(assigned["group"])
    info = feed.routes.loc[served["route_id"]].reset_index()
    exposures = predominant_exposure.stack()
    table = pd.DataFrame(
        {
            "route_id": served["route_id"],
            "route_short_name": info["route_short_name"],
            "route_long_name": info["route_long_name"],
            "mode": info["mode"],
            "departures_week": info["departures_week"],
            "language": served["language"],
            "language_name": served["language"].map(lambda tag: by_tag[tag].english_name),
            **{
                name: served[name]
                for name in (
                    "served", "served_moe", "served_low", "served_high", "share", "share_moe",
                    "concentration", "exposure",
                )
            },
            "score": served["route_id"].map(assigned["score"]).where(calls_for),
            "rank": served["route_id"].map(assigned["rank"]).where(calls_for).astype("Int64"),
            "exposure_predominant": exposures.reindex(
                pd.MultiIndex.from_arrays([served["route_id"], group])
            ).to_numpy(),
            "measured_as": served["language"].map(lambda tag: by_tag[tag].measured_as),
        }
    )  # fmt: skip
    order = {tag: position for position, tag in enumerate(by_tag)}
    best = served["route_id"].map(assigned["rank"]).fillna(len(assigned) + 1)
    return (
        table.assign(best=best, order=table["language"].map(order))
        .sort_values(["best", "route_id", "order"], kind="stable")
        .drop(columns=["best", "order"])
        .reset_index(drop=True)
    )


def _placement_rows(scores: Scores, dealt: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of placements.csv."""
    figures = scores.routes.set_index(["route_id", "language"])
    rows = []
    for route, language, buses in dealt.itertuples(index=False):
        row = figures.loc[(route, language)]
        rows.append(
            {
                "unit": "route",
                "unit_id": route,
                "unit_name": scores.feed.routes.at[route, "route_name"],
                "language": language,
                "language_name": row["language_name"],
                "buses": buses,
                "served": row["served"],
                "served_moe": row["served_moe"],
                "score": row["score"],
                "reason": reasons.why(scores, route, language),
                "measured_as": row["measured_as"],
            }
        )
    columns = [
        "unit", "unit_id", "unit_name", "language", "language_name", "buses", "served", "served_moe",
        "score", "reason", "measured_as",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _language_rows(scores: Scores) -> pd.DataFrame:
    """Return the rows of languages.csv: every group of the table, and the Safe Harbor test.

    Safe Harbor: 1,000 persons or 5 % of the population, whichever is less (FTA Circular 4702.1B).
    """
    tracts = scores.tracts
    population = float(tracts.population.sum())
    population_moe = moe.of_sum(tracts.population, tracts.population_moe)
    threshold = min(SAFE_HARBOR_PEOPLE, SAFE_HARBOR_SHARE * population)
    listed = [(language, language.group) for language in scores.languages]
    listed += [
        (catalogue().get(GROUPS[key].leading), GROUPS[key])
        for key in tracts.estimates.columns
        if key not in told_apart(scores.languages)
    ]
    rows = []
    for language, group in listed:
        people = float(tracts.estimates[group.key].sum())
        margin = moe.of_sum(tracts.estimates[group.key], tracts.margins[group.key])
        nameable = language if group.kind == "language" or language in scores.languages else None
        rows.append(
            {
                "language": nameable.tag if nameable else "",
                "language_name": nameable.english_name if nameable else group.name,
                "own_name": nameable.own_name if nameable else "",
                "in_campaign": language in scores.languages,
                "lep": people,
                "lep_moe": margin,
                "share": people / population if population else np.nan,
                "share_moe": float(
                    moe.of_proportion(people, margin, population, population_moe)
                ),
                "safe_harbor": people >= threshold,
                "safe_harbor_certain": bool(abs(people - threshold) > margin),
                "safe_harbor_threshold": threshold,
                "measured_as": group.name,
            }
        )
    table = pd.DataFrame(rows)
    return table.sort_values("lep", ascending=False, kind="stable").reset_index(drop=True)


def read_and_plan(file: Path) -> Plan:
    """Return the plan of a campaign file."""
    from targeting.campaign import read_campaign

    return make_plan(read_campaign(file))
