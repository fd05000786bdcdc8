"""The people of a campaign: its tracts, their groups split where controls are given, its languages."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from targeting.birthplaces import read_birthplaces
from targeting.campaign import Campaign
from targeting.controls import read_controls, read_pumas
from targeting.disaggregate import Split, enclosing_areas, named, split_groups
from targeting.errors import CampaignError, TractError
from targeting.languages import (
    CATEGORIES,
    GROUPS,
    Language,
    find_languages,
    largest_languages,
    told_apart,
)
from targeting.notices import Notices
from targeting.tracts import Tracts, read_tracts
from targeting.wording import listed


def read_people(campaign: Campaign, notices: Notices) -> tuple[Tracts, list[Language]]:
    """Read the campaign's tracts, and decide which languages it prints.

    Raises
    ------
    TargetingError
        When the census data or the languages cannot be used.
    """
    region = campaign.region
    tracts = read_tracts(
        [campaign.path(path) for path in region.acs],
        campaign.path(region.tracts),
        measure=region.measure,
        notices=notices,
        limits=campaign.limits,
    )
    if not region.controls:
        for key in ("birthplaces", "pumas", "controls_year"):
            if getattr(region, key) is not None:
                raise CampaignError(f"region.{key} does nothing without region.controls; add those.")
        return tracts, _campaign_languages(campaign, tracts, None, notices)
    split = _split(campaign, tracts, notices)
    group_of = {column: CATEGORIES[column].group for column in split.estimates if column in CATEGORIES}
    areas = {column: split.control_area[group_of.get(column, column)] for column in split.estimates}
    languages = _campaign_languages(campaign, tracts, split, notices)
    return replace(
        tracts,
        estimates=split.estimates,
        margins=split.margins,
        split_margins=split.split_margins,
        split_areas=pd.DataFrame(areas),
        sources=(*tracts.sources, *_control_sources(campaign)),
    ), languages


def _split(campaign: Campaign, tracts: Tracts, notices: Notices) -> Split:
    """Return the tracts' groups split into named languages by the campaign's controls."""
    region = campaign.region
    controls = read_controls(
        [campaign.path(path) for path in region.controls],
        measure=region.measure,
        notices=notices,
        year=region.controls_year,
        limits=campaign.limits,
    )
    births = pumas = None
    if region.birthplaces:
        births = read_birthplaces(campaign.path(region.birthplaces), notices, campaign.limits)
    if region.pumas:
        pumas = read_pumas(campaign.path(region.pumas), notices, campaign.limits)
    return split_groups(
        tracts.estimates,
        tracts.margins,
        areas=enclosing_areas(tracts.estimates.index, pumas),
        controls=controls,
        notices=notices,
        seeds=births,
    )


def _control_sources(campaign: Campaign) -> list[tuple[str, str]]:
    region = campaign.region
    named = [*((path, "language controls (B16001)") for path in region.controls)]
    named += [(region.birthplaces, "country of birth (B05006)")] if region.birthplaces else []
    named += [(region.pumas, "tracts by PUMA")] if region.pumas else []
    return [(str(campaign.path(path)), what) for path, what in named]


def _campaign_languages(
    campaign: Campaign, tracts: Tracts, split: Split | None, notices: Notices
) -> list[Language]:
    """Return the campaign's languages, and say where a figure counts more than the language."""
    count = campaign.posters.automatic
    if count is None:
        languages = find_languages(campaign.posters.languages)
    else:
        languages = _largest(count, tracts, split, notices)
        chosen = ", ".join(f"{lang.english_name} ({lang.tag})" for lang in languages)
        totals = (tracts if split is None else split).estimates.sum()
        leftover = sum(
            totals[key] for key in totals.index if key in GROUPS and GROUPS[key].kind == "leftover"
        )
        notices.add(
            "languages_chosen",
            f"posters.languages = {campaign.posters.languages!r} chose {chosen}; {leftover:,.0f} people "
            "are in groups that are no language, which no poster can be printed in.",
            severity="info",
        )
    if split is not None:
        languages = [named(language, split) for language in languages]
    for key, members in told_apart(languages).items():
        names = " and ".join(language.english_name for language in members)
        group = members[0].group
        counted = members[0].split_name or group.name
        if group.key not in tracts.estimates:
            line = group.first_line + (2 if campaign.region.measure == "lep" else 0)
            raise TractError(
                f"posters.languages: {names} needs column C16001_{line:03d}E ({group.name}), "
                f"which {listed([Path(path).name for path in campaign.region.acs])} lacks; see whether it is "
                "there under another name, add it or drop the language."
            )
        if len(members) > 1:
            notices.add(
                "not_told_apart",
                f"{names} cannot be told apart: the census counts them together as {counted!r}; each shows "
                "the same figures, and their buses go to them in turn.",
            )
        elif members[0].measured_as != members[0].english_name:
            notices.add(
                "measured_by_group",
                f"{names} is measured by the census group {counted!r} and cannot be told apart from the rest "
                "of it.",
            )
        elif key in CATEGORIES and members[0].split:
            notices.add(
                "named_by_split",
                f"{names} is told apart from the rest of {group.name!r} by proportional fitting: an estimate "
                "of a model, good for sums over many tracts.",
                severity="info",
            )
    return languages


def _largest(count: int, tracts: Tracts, split: Split | None, notices: Notices) -> list[Language]:
    """Return the largest languages that can be printed."""
    totals = tracts.estimates.sum()
    finer = None
    if split is not None:
        sums = split.estimates.sum()
        finer = {key: float(sums[key]) for key in sums.index if key in CATEGORIES}
    languages = largest_languages(count, totals.to_dict(), finer)
    if not languages:
        raise CampaignError(
            "posters.languages: nobody in the region's tables speaks a language that a poster can "
            "be printed in; check region.acs."
        )
    missing = [group.name for key, group in GROUPS.items() if key not in totals.index]
    if missing:
        notices.add(
            "groups_missing",
            f"The census table has no columns for {'; '.join(missing)}: languages of these groups could "
            "not be chosen.",
            count=len(missing),
        )
    return languages
