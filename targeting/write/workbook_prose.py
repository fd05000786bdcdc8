"""What the workbook says in words: where it comes from, how to cite it, what its words mean, its methods."""

from collections.abc import Sequence

from targeting.legal_basis import LegalBasis
from targeting.wording import about
from targeting.write import report_hung, report_methods
from targeting.write.report_content import ReportContent
from targeting.write.report_prose import limits
from targeting.write.report_sources import Source
from targeting.write.report_words import day, languages_of_plan, lead, people_words
from targeting.write.sheets import Heading

Blocks = list[str | Heading | tuple[str, str]]
INVENTED = "The figures are those of an invented city: a sample to learn from, not to be cited."


def title(content: ReportContent) -> str:
    """Return the title of the workbook."""
    return f"{content.name}: whom the posters reach"


def in_short(content: ReportContent) -> str:
    """Return where the figures come from, short enough for the foot of a page."""
    release = content.settings["region"]["acs_release"]
    survey = f"American Community Survey{f' {release}' if release else ''}, table C16001"
    return f"targeting {content.version}; {survey}; {content.period}; GTFS of {content.agency}"


def read_me(content: ReportContent, sheets: Sequence[tuple[str, str]]) -> Blocks:
    """Return what a reader has to know first.

    Parameters
    ----------
    sheets : sequence of (name, title)
        The other sheets.
    """
    counties = f" of {content.counties:,} counties" if content.counties > 1 else ""
    return [
        *([] if content.hung is None else [report_hung.lead(content, content.hung)]),
        lead(content),
        *([f"{content.evenly} See Limits on the sheet Methods."] if content.evenly else []),
        *([INVENTED] if content.invented else []),
        Heading("This plan"),
        ("Agency", content.agency),
        ("Design week", f"{content.period}. Why this week: {content.week_because}."),
        ("Area", f"{content.figures['tracts']:,} census tracts{counties}, served or not"),
        ("People", people_words(content)),
        ("Made by", f"targeting {content.version}; run.json beside this file has the time and every setting"),
        Heading("Sheets"),
        *sheets,
        ("Methods", "How the figures are made, their limits, the rules on language access, and references"),
        Heading("How to cite"),
        (
            "The tables",
            f"“{content.name}”, coverage of a poster campaign on {content.agency}. {content.source_line}",
        ),
        ("A figure", _how_to_word(content)),
        Heading("Words"),
        *_words(content),
        Heading("Sources"),
        *((source.what, _source(source)) for source in content.sources),
        *_notes(content),
    ]


def _notes(content: ReportContent) -> Blocks:
    plan: Blocks = [Heading("To know about this plan"), *content.notes] if content.notes else []
    if content.hung is None or not content.hung.notes:
        return plan
    return [*plan, Heading("To know about what hung"), *content.hung.notes]


def _how_to_word(content: ReportContent) -> str:
    """Return how the Census Bureau asks for a figure to be told, by an example of this plan."""
    first = languages_of_plan(content.strategies).iloc[0]
    figure = about(first["reach"], first["reach_moe"], content.smallest)
    return (
        "Give every figure with its margin and no finer than the margin allows, and say that it is an "
        f"estimate: “{figure} {content.people} of {first['language_name']} reached (American Community "
        "Survey estimates, 90% margin of error)”. Leave out, or mark, what is of low reliability."
    )


def _words(content: ReportContent) -> list[tuple[str, str]]:
    region = content.settings["region"]
    high, medium = content.cv_limits
    return [
        (
            "Near (served)",
            f"lives within {region['bus_walk_m']:g} m of a bus stop ({region['rail_walk_m']:g} m of other "
            "stops), in a straight line. Near a posted route: near one on which at least one bus carries a "
            "poster in the person's language.",
        ),
        (
            "Reached",
            f"expected to ride a posted bus at least once in the {content.weeks:g} weeks of posting: an "
            "estimate of behaviour, which rests on how often people ride. It is a part of those near, never "
            "to be added to them.",
        ),
        (
            "±",
            "the margin of error at the 90% level, of the census sample alone: of many samples, nine in ten "
            "would have the true figure within it.",
        ),
        (
            "Reliability",
            "by the coefficient of variation (standard error over estimate): high up to "
            f"{high:.0%}, medium up to {medium:.0%}, low above. Where these columns make a table too wide to "
            "print they are folded away: the + above the sheet shows them, and colours say the same.",
        ),
        (f"under {content.smallest:,.0f}", "a count above 0 that a sample is too small to tell."),
        (
            "Counted as",
            "what the census counted: the language itself, or the group that holds it and others. A figure "
            "of a group is of all its languages together.",
        ),
    ]


def _source(source: Source) -> str:
    vintage = f", {source.vintage}" if source.vintage else ""
    return f"{source.file}{vintage}; SHA-256 {source.sha256[: report_methods.HASH_SHOWN] or 'not known'}"


def methods(content: ReportContent, basis: LegalBasis) -> Blocks:
    """Return how the figures are made, what they cannot tell, and what the rules are."""
    harbor = basis.safe_harbor
    return [
        *map(_term, report_methods.methods(content)),
        Heading("Limits"),
        *limits(content),
        Heading(f"Rules on language access, as of {day(basis.as_of)}"),
        "Rules change: check what holds on the day you write.",
        *((each.name, f"{each.text} ({each.citation}; {each.status}.)") for each in basis.standing),
        ("Safe Harbor", f"{harbor.rule[:1].upper()}{harbor.rule[1:]} ({harbor.citation}). {harbor.meaning}"),
        *((each.name, each.text) for each in basis.changed),
        Heading("References"),
        *((f"[{at}]", text) for at, text in enumerate(report_methods.PUBLICATIONS, start=1)),
    ]


def _term(paragraph: str) -> tuple[str, str]:
    """Return a paragraph as its first word and the rest."""
    term, _, text = paragraph.partition(". ")
    return term, text
