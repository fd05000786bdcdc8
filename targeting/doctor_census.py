"""What the doctor sees in census tables, outlines and population points."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from targeting.birthplaces import read_birthplaces
from targeting.campaign import Campaign
from targeting.catchment import walking_distances
from targeting.census_tables import label_of, read_census
from targeting.controls import read_controls, read_pumas
from targeting.errors import TargetingError
from targeting.feed import Feed
from targeting.findings import Findings
from targeting.ground import plane
from targeting.languages import GROUPS, Language
from targeting.layers import in_degrees, read_layer
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.moe import Z90
from targeting.notices import Notices
from targeting.tracts import Tracts, read_points, read_polygons, read_tracts
from targeting.wording import listed

UNSURE_CV = 0.40
MUCH_BEYOND = 0.05  # share of the area near stops: less is water, parks, and the edge of the map
LITTLE_BEYOND = 0.01
IDS_KEPT = 5


def examine_tracts(campaign: Campaign, findings: Findings, notices: Notices) -> Tracts | None:
    """Read census tables and outlines, each by itself where they fail together, and add what is odd.

    Returns
    -------
    Tracts or None
        Groups as the tables have them, before any split; None where they cannot be used.
    """
    region = campaign.region
    try:
        paths = [campaign.path(path) for path in region.acs]
        outlines = campaign.path(region.tracts)
    except TargetingError as fault:
        findings.add_fault(fault)
        return None
    try:
        tracts = read_tracts(paths, outlines, measure=region.measure, notices=notices, limits=campaign.limits)
    except TargetingError as fault:
        findings.add_fault(fault)
        for path in paths:
            findings.attempt(
                partial(read_census, [path], measure=region.measure, notices=notices, limits=campaign.limits)
            )
        findings.attempt(partial(read_polygons, outlines, notices, campaign.limits))
        return None
    label = label_of(paths)
    _check_vintages(tracts, findings)
    _check_people(tracts, label, findings)
    if campaign.posters.automatic is None:  # otherwise the choice of languages says so
        _check_missing(tracts, label, findings)
    _check_margins(tracts, label, findings)
    return tracts


def examine_controls(campaign: Campaign, findings: Findings, notices: Notices) -> None:
    """Read each of the files that split groups by itself, and add what is wrong with it."""
    region = campaign.region
    births, pumas = region.birthplaces, region.pumas
    if region.controls:
        findings.attempt(
            lambda: read_controls(
                [campaign.path(path) for path in region.controls],
                measure=region.measure,
                notices=notices,
                year=region.controls_year,
                limits=campaign.limits,
            )
        )
    if births:
        findings.attempt(lambda: read_birthplaces(campaign.path(births), notices, campaign.limits))
    if pumas:
        findings.attempt(lambda: read_pumas(campaign.path(pumas), notices, campaign.limits))


def examine_points(
    path: Path, tracts: Tracts, findings: Findings, notices: Notices, limits: Limits = DEFAULT_LIMITS
) -> pd.DataFrame | None:
    """Read population points, and add those that lie in no tract."""
    points = findings.attempt(partial(read_points, path, tracts, notices, limits))
    if points is None:
        return None
    crs = tracts.zone
    layer = in_degrees(read_layer(path, "population points", limits), path)
    places = shapely.point_on_surface(layer.to_crs(crs).geometry.to_numpy())
    tree = shapely.STRtree(tracts.geometry.to_crs(crs).to_numpy())
    outside = np.setdiff1d(np.arange(len(places)), tree.query(places, predicate="intersects")[0])
    if len(outside):
        _, metres = tree.query_nearest(places[outside], return_distance=True, all_matches=False)
        far = f" (the farthest {metres.max() / 1000:,.1f} km away)" if len(metres) else ""
        findings.add(
            "note",
            "points_beyond_tracts",
            f"{path.name}: {len(outside):,} of {len(places):,} points lie in no tract of the table{far}.",
            file=path.name,
            count=len(outside),
        )
    return points


def check_area(feed: Feed, tracts: Tracts, campaign: Campaign, findings: Findings) -> None:
    """Add how much of the ground within a walk of stops belongs to no tract of the table."""
    share = share_beyond(
        feed, tracts, bus_walk_m=campaign.region.bus_walk_m, rail_walk_m=campaign.region.rail_walk_m
    )
    if share < LITTLE_BEYOND:
        return
    counties = sorted(set(tracts.county))
    names = listed(counties) if len(counties) <= IDS_KEPT else f"{len(counties)} counties"
    findings.add(
        "warning" if share >= MUCH_BEYOND else "note",
        "area_beyond_tracts",
        f"{share:.1%} of the ground within walking distance of stops, weighted by departures, lies in no "
        f"tract of the census table, which covers {names}.",
        file=label_of([Path(path) for path in tracts.tables]),
    )


def share_beyond(feed: Feed, tracts: Tracts, *, bus_walk_m: float, rail_walk_m: float) -> float:
    """Return the share of the stops' walking circles outside all tracts, weighted by departures."""
    crs = plane(feed)
    polygons = tracts.geometry.to_crs(crs).to_numpy()
    walk_m = pd.Series(
        walking_distances(feed.routes["mode"], bus_walk_m=bus_walk_m, rail_walk_m=rail_walk_m),
        feed.routes.index,
    )
    by_stop = feed.departures.assign(walk_m=feed.departures["route_id"].map(walk_m)).groupby("stop_id")
    far, weekly = by_stop["walk_m"].max(), by_stop["departures_week"].sum()
    stops = feed.stops.loc[far.index]
    places = tracts.geometry.iloc[:0].from_xy(stops["lon"], stops["lat"], crs=4326).to_crs(crs)
    circles = shapely.buffer(places.to_numpy(), far.to_numpy(float), quad_segs=8)
    tree = shapely.STRtree(polygons)
    inside = np.zeros(len(circles))
    whole = np.unique(tree.query(circles, predicate="within")[0])
    area = shapely.area(circles)
    inside[whole] = area[whole]
    rest = np.setdiff1d(np.arange(len(circles)), whole)
    circle, tract = tree.query(circles[rest], predicate="intersects")
    np.add.at(
        inside, rest[circle], shapely.area(shapely.intersection(circles[rest[circle]], polygons[tract]))
    )
    beyond = np.clip(1 - inside / area, 0, 1)
    return float(np.average(beyond, weights=weekly.to_numpy(float)))


def check_certainty(tracts: Tracts, languages: list[Language], findings: Findings) -> None:
    """Add for each language the share of its tracts' figures that are unsure."""
    shares: dict[str, float] = {}
    for language in languages:
        people = tracts.estimates[language.column]
        some = people > 0
        cv = tracts.margins[language.column][some] / Z90 / people[some]
        if some.any():
            shares[language.english_name] = float((cv > UNSURE_CV).mean())
    if any(shares.values()):
        findings.add(
            "note",
            "unsure_figures",
            f"Tract figures above zero with a coefficient of variation above {UNSURE_CV:.0%}: "
            f"{_percents(shares)}.",
            count=len(shares),
        )


def _percents(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def _check_vintages(tracts: Tracts, findings: Findings) -> None:
    """Add that tables and outlines look like tracts of different decades."""
    *tables, (outlines, drawn) = tracts.sources
    for path, counted in tables:
        if counted != drawn and all(name[:4].isdigit() for name in (counted, drawn)):
            findings.add(
                "warning",
                "vintage_mismatch",
                f"{Path(path).name} looks like {counted} and {Path(outlines).name} like {drawn}.",
                file=Path(path).name,
            )


def _check_people(tracts: Tracts, label: str, findings: Findings) -> None:
    """Add tracts without residents, and those where the sample met no speakers."""
    people, speakers = tracts.population, tracts.estimates.sum(axis=1)
    for where, code, what in (
        (people == 0, "empty_tracts", "without residents"),
        ((people > 0) & (speakers == 0), "tracts_without_speakers",
         "with residents, but nobody in any language group"),
    ):  # fmt: skip
        ids = tuple(people.index[where])
        if ids:
            findings.add(
                "note",
                code,
                f"{label}: tracts {what}: {len(ids):,} of {len(people):,} (first: {ids[0]}).",
                file=label,
                count=len(ids),
                ids=ids[:IDS_KEPT],
            )


def _check_missing(tracts: Tracts, label: str, findings: Findings) -> None:
    """Add groups that the table lacks."""
    missing = [group.name for key, group in GROUPS.items() if key not in tracts.estimates]
    if missing:
        findings.add(
            "note",
            "groups_missing",
            f"{label}: has no columns for {'; '.join(missing)}.",
            file=label,
            count=len(missing),
        )


def _check_margins(tracts: Tracts, label: str, findings: Findings) -> None:
    """Add groups whose margins are all zero."""
    exact = [
        GROUPS[key].name
        for key in tracts.estimates
        if (tracts.estimates[key] > 0).any() and (tracts.margins[key] == 0).all()
    ]
    if exact:
        findings.add(
            "warning",
            "margins_zero",
            f"{label}: all margins of {'; '.join(exact)} are zero, which no sample gives.",
            file=label,
            count=len(exact),
        )
