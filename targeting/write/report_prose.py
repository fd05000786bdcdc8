"""The report's running text beside its figures: limits, sources and language access rules."""

import re
from collections.abc import Sequence

from targeting.legal_basis import LegalBasis
from targeting.wording import listed
from targeting.write.report_content import ReportContent
from targeting.write.report_sources import Source
from targeting.write.report_words import counted, day, near

FEEDS_NAMED = 3


def limits(content: ReportContent) -> list[str]:
    """Return what the figures cannot tell, in plain words, what weighs most first."""
    region = content.settings["region"]
    placed = (
        "People are placed in their tract by population points"
        if region["points"]
        else "People are spread evenly over their tract, which is known to be off by about a fifth"
    )
    said = [
        "The census asked a sample of households; ± is the 90% margin of that error alone, by the Census "
        f"Bureau's rules.{_redrawn(content)}",
        f"{placed}, and taken to walk up to {region['bus_walk_m']:g} m in a straight line to a bus stop. "
        f"{content.apportioned}",
        _region(content),
        f"Departures are those of the design week, {content.period}; {_since(content)}. Reach counts "
        "residents, not riders who live elsewhere.",
        f"A route counts as posted as soon as one of its buses carries the language. {content.travels}",
    ]
    return [each.strip() for each in said if each]


def _since(content: ReportContent) -> str:
    """Return how far the posting is from the time of which the timetable speaks."""
    posting, ends = content.posting, content.timetable_ends
    if posting is None or ends is None or posting <= ends:
        return "service may have changed since"
    days = (posting - ends).days
    return (
        f"posters go up on {day(posting)}, {counted(days, 'day', 'days')} after this timetable ends "
        f"({day(ends)}), so on other service than is counted here"
    )


def _region(content: ReportContent) -> str:
    """Return which counties the region is, and in which of them nobody lives near a route."""
    bare = listed([county.split(",")[0] for county in content.bare_counties])
    counties = "the county" if content.counties == 1 else f"the {content.counties} counties"
    said = f"The region is {counties} of the census table"
    if not bare:
        return f"{said}."
    return f"{said}; of those counted, nobody in {bare} lives near a route of this timetable."


def _redrawn(content: ReportContent) -> str:
    if content.robustness is None:
        return ""
    total = content.robustness[content.robustness["language"] == ""].iloc[0]
    low, high = (near(total[name], content.smallest) for name in ("reach_low", "reach_high"))
    return (
        f" When the census figures are redrawn within their margins, this plan reaches {low} to {high} "
        "people in nine of ten redraws."
    )


def table_source(content: ReportContent) -> str:
    """Return where a table's figures come from, short enough to be pasted with it."""
    release = content.settings["region"]["acs_release"]
    feeds = [source for source in content.sources if source.what.startswith("GTFS")]
    named = "; ".join(
        f"{feed.what} ({feed.vintage})" if feed.vintage else feed.what for feed in feeds[:FEEDS_NAMED]
    )
    more = f" and {len(feeds) - FEEDS_NAMED:,} more" if len(feeds) > FEEDS_NAMED else ""
    return (
        f"Source: American Community Survey{f' {release}' if release else ''}, table C16001; "
        f"{named or f'GTFS of {content.agency}'}{more}, week of {content.period}."
    )


def sources(content: ReportContent, basis: LegalBasis) -> list[str]:
    """Return where the figures come from, with vintages, and the texts that are cited."""
    region = content.settings["region"]
    census = [source for source in content.sources if source.what == "Census"]
    tables = {re.split(r"[\\/]", path)[-1] for path in region["acs"]}
    release = f" {region['acs_release']}" if region["acs_release"] else " (release not stated)"
    others = _files([source for source in census if source.file not in tables])
    return [
        f"U.S. Census Bureau, American Community Survey{release}, table C16001, Language Spoken at Home for "
        f"the Population 5 Years and Over: {_files([source for source in census if source.file in tables])}."
        + (f" Outlines, points and other tables: {others}." if others else ""),
        *(
            f"{source.what}: {source.file} ({source.vintage}); design week {content.period}."
            for source in content.sources
            if source.what.startswith("GTFS")
        ),
        f"{listed([f'{each.name}, {each.citation}' for each in basis.standing])}; as of {day(basis.as_of)}.",
    ]


def _files(sources: Sequence[Source]) -> str:
    return "; ".join(
        source.file + (f" ({source.vintage})" if not source.vintage.startswith("no ") else "")
        for source in sources
    )


def safe_harbor_words(content: ReportContent, basis: LegalBasis) -> str:
    """Return which of the campaign's languages pass the Safe Harbor test; empty where it says nothing."""
    table = content.languages
    if table is None or content.settings["region"]["measure"] != "lep":
        return ""
    rows = table[table["in_campaign"]]
    sure, above = rows["safe_harbor_certain"], rows["safe_harbor"]
    groups = {
        "above it in this region": sure & above,
        "below it": sure & ~above,
        "not beyond doubt": ~sure,
    }
    said = [
        f"{words}: {listed(list(rows.loc[chosen, 'language_name']))}"
        for words, chosen in groups.items()
        if chosen.any()
    ]
    harbor = basis.safe_harbor
    others = table[~table["in_campaign"] & table["safe_harbor"] & (table["language"] != "")]
    beside = f" Above it too, but not in this campaign: {listed(list(others['language_name']))}."
    return (
        f"Safe Harbor threshold ({harbor.rule}; {harbor.citation}), of the campaign's languages: "
        f"{'; '.join(said)}.{beside if len(others) else ''}"
    )


def access_words(basis: LegalBasis) -> list[str]:
    """Return how to read the legal basis, and what the Safe Harbor test means."""
    harbor = basis.safe_harbor
    return [
        f"As of {day(basis.as_of)}; rules change, so check what holds on the day you write.",
        f"Safe Harbor: {harbor.rule} ({harbor.citation}). {harbor.meaning}",
    ]
