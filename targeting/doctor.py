"""The doctor: what is wrong with a campaign's feed, tables and wishes before a plan is built on them.

Every file is read by itself, so that a broken feed does not hide a broken census table. What readers
note is taken from them; what they do not look for is looked for in `targeting.doctor_feed` and
`targeting.doctor_census`. A feed can be examined alone; then all its modes are.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

from targeting.campaign import Campaign, read_campaign
from targeting.campaign_sections import MODES, Region
from targeting.doctor_census import (
    check_area,
    check_certainty,
    examine_controls,
    examine_points,
    examine_tracts,
)
from targeting.doctor_feed import examine_feeds
from targeting.errors import CampaignError, TargetingError
from targeting.feed import Feed
from targeting.findings import Findings
from targeting.garages import read_garages
from targeting.greedy import greedy_cards
from targeting.inputs import Inputs, read_kept
from targeting.languages import find_languages, told_apart
from targeting.notices import Notices
from targeting.people import read_people
from targeting.posting import (
    best_placement,
    campaign_problem,
    decide,
    refuse_contradictions,
    refuse_too_many,
)
from targeting.scores import Scores
from targeting.scoring import score
from targeting.units import note_no_blocks
from targeting.venues import read_venues
from targeting.waves import check_waves, read_earlier
from targeting.wording import listed

Step = Callable[[str], None]


def examine(
    path: Path, settings: Sequence[str] = (), *, today: date, step: Step = lambda _: None
) -> Findings:
    """Examine a campaign file, or a feed alone.

    Parameters
    ----------
    path : Path
        A campaign file, or a GTFS zip or folder.
    settings : sequence of str
        "key=value" from the command line; for a campaign file only.
    today : date
        The day on which the feed should run.
    step : callable
        Told in a few words what is being done, for a progress bar.
    """
    findings, notices = Findings(), Notices()
    path = path if path.name not in ("", "..") else path.resolve()  # messages call it by its name
    try:
        campaigns = sorted(path.glob("*.toml"))
        if campaigns and not any(path.glob("*.txt")):
            raise CampaignError(
                f"{path.name}: is a folder without a feed's tables; give the campaign file in it, "
                f"{campaigns[0]}, or a feed."
            )
        if is_feed(path):
            if settings:
                raise CampaignError("--set changes a campaign file, and a feed was given; leave it out.")
            _examine_feed_alone(path, today, findings, notices, step)
        else:
            _examine_campaign(read_campaign(path, settings), today, findings, notices, step)
    except TargetingError as fault:
        findings.add_fault(fault, path.name)
    for notice in notices:
        findings.add_notice(notice)
    return findings


def is_feed(path: Path) -> bool:
    """Return whether a path is a feed rather than a campaign file."""
    return path.suffix.lower() == ".zip" or path.is_dir()


def _examine_feed_alone(path: Path, today: date, findings: Findings, notices: Notices, step: Step) -> None:
    feed = examine_feeds(
        [path], modes=MODES, week=None, today=today, findings=findings, notices=notices, step=step
    )
    if feed is None:
        return
    note_no_blocks(feed, "route", Region.model_fields["layover_minutes"].default * 60, notices)
    found = sorted(set(feed.routes["mode"]))
    if "bus" not in found:
        findings.add(
            "warning",
            "no_bus",
            f"{path.name}: no buses run in the design week, only {listed(found)}.",
            file=path.name,
        )


def _examine_campaign(
    campaign: Campaign, today: date, findings: Findings, notices: Notices, step: Step
) -> None:
    """Read every file by itself; then the plan's own steps, as far as they can go."""
    region = campaign.region
    findings.attempt(partial(refuse_contradictions, campaign))
    if campaign.posters.automatic is None:
        findings.attempt(partial(find_languages, campaign.posters.languages))
    step("reading census tracts")
    raw = examine_tracts(campaign, findings, notices)
    people = None if raw is None else findings.attempt(partial(read_people, campaign, notices))
    if people is None:
        examine_controls(campaign, findings, notices)
    points = None
    if raw is not None and region.points is not None:
        step("reading population points")
        place = findings.attempt(partial(campaign.path, region.points))
        points = None if place is None else examine_points(place, raw, findings, notices, campaign.limits)
    kept = findings.attempt(partial(read_kept, campaign))
    if kept is not None:
        check_waves(campaign, read_earlier(campaign), notices)
    venues = None
    if campaign.venues is not None:
        file = campaign.venues.file
        venues = findings.attempt(lambda: read_venues(campaign.path(file), notices, campaign.limits))
    feed = _feeds_of(campaign, today, findings, notices, step)
    garages = None
    if feed is not None and campaign.placement.garages is not None:
        table = campaign.placement.garages
        garages = findings.attempt(lambda: read_garages(campaign.path(table), feed, notices, campaign.limits))
    if people is not None:
        check_certainty(*people, findings)
    if findings.of("fault") or people is None or feed is None or kept is None:
        return
    inputs = Inputs(
        tracts=people[0],
        languages=people[1],
        points=points,
        feed=feed,
        garages=garages,
        venues=venues,
        kept=kept,
    )
    scores = findings.attempt(partial(score, campaign, inputs, notices, step))
    if scores is None:
        return
    check_area(feed, people[0], campaign, findings)
    _check_wishes(scores, findings)


def _feeds_of(
    campaign: Campaign, today: date, findings: Findings, notices: Notices, step: Step
) -> Feed | None:
    """Return the campaign's feeds as one; a feed listed twice is a fault."""
    region = campaign.region
    paths: list[Path] = []
    for name in region.gtfs:
        path = findings.attempt(partial(campaign.path, name))
        if path is not None and path.resolve() in {each.resolve() for each in paths}:
            findings.add_fault(
                CampaignError(f"region.gtfs: {path} is listed twice, which would double its service.")
            )
        elif path is not None:
            paths.append(path)
    return examine_feeds(
        paths,
        modes=region.modes,
        week=region.week,
        today=today,
        findings=findings,
        notices=notices,
        posting_date=campaign.orders.posting_date,
        limits=campaign.limits,
        step=step,
    )


def _check_wishes(scores: Scores, findings: Findings) -> None:
    """Add wishes that cannot be met, and languages that may hang nowhere; no plan is made."""
    try:
        refuse_too_many(scores)
    except TargetingError as fault:
        findings.add_fault(fault)
        return
    if scores.campaign.placement.strategy == "predominant":
        findings.attempt(partial(decide, scores))
        return
    problem = findings.attempt(partial(campaign_problem, scores, scores.notices))
    if problem is None:
        return
    if problem.missing(greedy_cards(problem)).any():  # the quick method missed a floor: is there any way?
        findings.attempt(partial(best_placement, problem, scores))
    groups = told_apart(scores.languages)
    nowhere = ~problem.allowed.any(axis=0) & ~problem.least.any(axis=0)
    trust = scores.campaign.certainty
    for key in np.array(list(groups), dtype=object)[nowhere]:
        names = listed([language.english_name for language in groups[key]])
        if any(notice.code == "language_not_posted" and names in notice.message for notice in scores.notices):
            continue
        findings.add(
            "warning",
            "language_nowhere",
            f"{names}: no {scores.units.kind} serves {trust.min_served:,.0f} of its people with the "
            f"{trust.enough_at:.0%} asked for (certainty.min_served, enough_at).",
            ids=tuple(language.tag for language in groups[key]),
        )
