"""What the figures of all regions together are made from, and what to know before they are cited.

Regions whose people are invented are left out of them. That service of different years is added up, or
that one agency's rides may count twice, cannot be seen in a sum: notices say so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

import targeting
from targeting.batch_ground import read_ground
from targeting.batch_region import Record
from targeting.batch_union import Planned
from targeting.notices import Notices
from targeting.wording import listed, natural, routes_named

YEARS_APART = 2  # of design weeks: agencies redraw their networks within a few years
NAMED = 6  # of many regions or agencies
COUNTED = {
    "lep": "people of 5 years and over who speak English less than very well",
    "speakers": "people of 5 years and over who speak the language at home",
}


def of_real_people(regions: Iterable[Planned]) -> list[Planned]:
    """Return the regions that are added up: all but those whose people are invented."""
    return [region for region in regions if not region.record.invented]


def national_notices(regions: Sequence[Planned]) -> Notices:
    """Return what to know of the figures of all regions together.

    Parameters
    ----------
    regions : sequence of Planned
        All that have a plan, those that are left out as well.
    """
    notices, real = Notices(), of_real_people(regions)
    invented = [region.name for region in regions if region.record.invented]
    if invented:
        notices.add(
            "invented_regions",
            "Left out of the figures of all regions together, for their people are invented (sample data): "
            f"{_some(invented)}.",
            count=len(invented),
            ids=tuple(invented[:NAMED]),
        )
    _note_years(real, notices)
    _note_agencies(real, notices)
    return notices


def national_source(
    records: Sequence[Record], regions: int, measures: Iterable[str], notices: Iterable[str] = ()
) -> str:
    """Return where the figures of all regions together come from, to be cited with them.

    Parameters
    ----------
    records : sequence of Record
        Of the regions that are added up.
    regions : int
        How many the list names.
    measures : iterable of {"lep", "speakers"}
        How people are counted in these figures.
    notices : iterable of str
        Sentences of `national_notices`.
    """
    made = f"Made by targeting {targeting.__version__}."
    if not records:
        return made
    counted = listed([COUNTED[measure] for measure in sorted(measures)])
    return " ".join(
        [
            f"People: ACS {_releases(records)}, {counted}, 90% margins of sampling error{_split(records)}.",
            f"Service: {_feeds(records)}, {_weeks(records)}.",
            f"Added up over the plans of {len(records):,} of {regions:,} regions; people near several "
            "agencies count once where their regions share a census tract.",
            *notices,
            f"Each region's own sources: summary.csv. {made}",
        ]
    )


def _releases(records: Sequence[Record]) -> str:
    named = sorted({record.release.removeprefix("ACS ") for record in records if record.release})
    without = sum(not record.release for record in records)
    if not named:
        return "table C16001 (the campaign files name no release)"
    unnamed = (
        f" ({without:,} {_either(without, 'region names', 'regions name')} no release)" if without else ""
    )
    return f"{listed(named)} table C16001{unnamed}"


def _split(records: Sequence[Record]) -> str:
    split = sum(record.controls for record in records)
    if not split:
        return ""
    return (
        f"; in {split:,} {_either(split, 'region', 'regions')} named languages split from groups by "
        "proportional fitting to B16001"
    )


def _feeds(records: Sequence[Record]) -> str:
    feeds = len({feed for record in records for feed in record.feeds})
    agencies = sorted({name for record in records for name in record.routes_of if name})
    names = sorted({_same(name): name for name in agencies}.values(), key=natural)
    said = f"{feeds:,} GTFS {_either(feeds, 'feed', 'feeds')}"
    if not names:
        return said
    of = listed(names) if len(names) <= NAMED else f"{len(names):,} agencies"
    return f"{said} of {of}"


def _weeks(records: Sequence[Record]) -> str:
    weeks = sorted({(record.first_day, record.last_day) for record in records})
    years = sorted({first[:4] for first, _ in weeks})
    span = f"{weeks[0][0]} to {max(last for _, last in weeks)}"
    return f"design week {span}" if len(weeks) == 1 else f"design weeks of {listed(years)}, {span}"


def _note_years(regions: Sequence[Planned], notices: Notices) -> None:
    """Note design weeks that are more than two years apart."""
    if not regions:
        return
    ordered = sorted(regions, key=lambda region: (region.record.first_day, region.name))
    first, last = (pd.Timestamp(ordered[end].record.first_day) for end in (0, -1))
    years = last.year - first.year
    years -= first + pd.DateOffset(years=years) >= last
    if years >= YEARS_APART:
        notices.add(
            "weeks_far_apart",
            f"The timetables lie more than {years} years apart, from the week of {first:%Y-%m-%d} (region "
            f"{ordered[0].name!r}) to that of {last:%Y-%m-%d} ({ordered[-1].name!r}): service is added up "
            "that never ran at the same time. Plan all regions on timetables of one year.",
        )


def _note_agencies(regions: Sequence[Planned], notices: Notices) -> None:
    """Note agencies that stand in several regions near the same people, whose rides then add up."""
    stands: dict[str, list[tuple[str, Planned]]] = {}
    for region in regions:
        for name in filter(None, region.record.routes_of):
            stands.setdefault(_same(name), []).append((name, region))
    for its in stands.values():
        near = _sharing_tracts([region for _, region in its])
        if not near:
            continue
        regions_of = Counter(
            route for name, region in its if region in near for route in set(region.record.routes_of[name])
        )
        twice = sorted((route for route, number in regions_of.items() if number > 1), key=natural)
        notices.add(
            "agency_in_several_regions",
            f"{its[0][0]} runs in {len(near)} regions that share census tracts "
            f"({_some([region.name for region in near])}): the reach counts rides with a route's posters "
            f"once in each region that has the route; by their numbers {_which(twice)} in several. Plan all "
            "that an agency runs there as one region.",
            count=len(near),
            ids=tuple(twice[:NAMED]),
        )


def _sharing_tracts(regions: Sequence[Planned]) -> list[Planned]:
    """Return those regions of which a tract stands in another of them too."""
    if len(regions) < 2:
        return []
    tracts = pd.concat(
        read_ground(region.folder, "tracts", columns=["geoid"]).assign(region=number)
        for number, region in enumerate(regions)
    )
    shared = tracts.loc[tracts["geoid"].duplicated(keep=False), "region"]
    return [regions[number] for number in sorted(set(shared))]


def _which(routes: Sequence[str]) -> str:
    if not routes:
        return "no route is"
    return f"{routes_named(routes)} {_either(len(routes), 'is', 'are')}"


def _same(agency: str) -> str:
    """Return an agency's name without what tells no agencies apart: capitals and spaces."""
    return "".join(agency.casefold().split())


def _some(names: Sequence[str]) -> str:
    """Return "'a', 'b' and 'c'", the first few of many."""
    quoted = [repr(name) for name in names]
    if len(quoted) > NAMED:
        quoted[NAMED:] = [f"{len(quoted) - NAMED:,} more"]
    return listed(quoted)


def _either(number: int, one: str, several: str) -> str:
    return one if number == 1 else several
