"""The methods of the report: how its figures are made, in the order in which they are."""

from targeting.write.report_content import ReportContent
from targeting.write.report_words import people_words

HASH_SHOWN = 12  # characters of a SHA-256
# Numbered: the text refers to them
PUBLICATIONS = (
    "U.S. Census Bureau: Understanding and Using American Community Survey Data: What All Data Users Need to "
    "Know, chapter 8.",
    "TCRP Report 95, chapter 9: Transit Scheduling and Frequency.",
    "P. A. Zandbergen (2011): Dasymetric mapping using high resolution address point datasets. Transactions "
    "in GIS 15 (s1).",
)


def methods(content: ReportContent) -> list[str]:
    """Return how the figures are made, each step a paragraph."""
    placed = _predominant() if content.solution is None else _optimal(content)
    said = [
        _people(content), _margins(content), _cells(content), _service(content), _served(content),
        _reached(content), placed, _redraws(content), _hung(content), _record(content),
    ]  # fmt: skip
    return [each for each in said if each]


def _people(content: ReportContent) -> str:
    counties = f" of {content.counties:,} counties" if content.counties > 1 else ""
    split = (
        " Groups are split into named languages by iterative proportional fitting to table B16001."
        if content.settings["region"]["controls"]
        else ""
    )
    return (
        f"People. {people_words(content)} They are counted by table C16001 of the American Community Survey "
        f"in {content.figures['tracts']:,} census tracts{counties}. Where the table has a group of several "
        f"languages, the group is what is counted.{split}"
    )


def _margins(content: ReportContent) -> str:
    high, medium = content.cv_limits
    return (
        "Margins. Every ± is at the 90% level and covers sampling error only. Sums take the root of the sum "
        "of squared margins (of the terms that are zero only the largest counts), parts of a tract their "
        "share of its margin, proportions the Bureau's formula [1]. Neighbouring tracts are treated as "
        f"independent. Reliability is high up to a coefficient of variation of {high:.0%}, medium up to "
        f"{medium:.0%}, else low. Counts of people below {content.smallest:g} are not told."
    )


def _cells(content: ReportContent) -> str:
    on = (
        "population points, each with its share of the tract's residents"
        if content.settings["region"]["points"]
        else "a grid as fine as 40 m, evenly over the tract [3]"
    )
    return (
        f"Where people live. Tract figures are laid on {on}. How far that could be off at the very most "
        "stands in routes.csv as bounds, and is never added to a margin."
    )


def _service(content: ReportContent) -> str:
    figures = content.figures
    return (
        f"Service. {figures['trips_in_design_week']:,} trips of {figures['routes']:,} routes at "
        f"{figures['stops']:,} stops in the design week of {content.period}. Why this week: "
        f"{content.week_because}."
    )


def _served(content: ReportContent) -> str:
    region = content.settings["region"]
    return (
        f"Served. A person is served by a route who lives within {region['bus_walk_m']:g} m of a bus stop at "
        f"which it calls ({region['rail_walk_m']:g} m of other stops), in a straight line. However many "
        "posted routes are near, a person counts once."
    )


def _reached(content: ReportContent) -> str:
    placement = content.settings["placement"]
    return (
        f"Reached. People × (1 − exp(−T · r · λ / D)): T the weeks of posting ({content.weeks:g}), D the "
        "weekly departures near home, λ those of them on a bus with the card, r the boardings a week of a "
        f"resident, r₀ · (D / mean of D)^e with r₀ = {placement['rides_per_week']:g} and e = "
        f"{placement['elasticity']:g} [2]. It takes residents of one place to be alike and boardings to be "
        "independent. Compare plans by it; do not take it for a count of riders."
    )


def _predominant() -> str:
    return (
        "Placement. Each route calls for the language with the most people × departures in the tracts where "
        "that language is the most spoken of the campaign's; routes are ranked by it, and one bus a route is "
        "dealt from the top: TriMet's own way."
    )


def _optimal(content: ReportContent) -> str:
    certainty = content.settings["certainty"]
    return (
        "Placement. Whole buses are placed so that the most people are reached, each counted once, by the "
        "campaign's weights and under its floors and wishes. A language hangs only where at least "
        f"{certainty['min_served']:g} people of it live near with a probability of "
        f"{certainty['enough_at']:.0%}."
    )


def _redraws(content: ReportContent) -> str:
    if content.robustness is None:
        return ""
    redraws = content.settings["certainty"]["redraws"]
    return (
        f"Certainty. The tract figures are drawn anew {redraws:,} times within their "
        "margins, each language scaled to its total of the region, and the plan is made again on each: the "
        "certainty of a placement is the share of redraws that make it too. For the interval of the plan's "
        "reach the totals are drawn too."
    )


def _record(content: ReportContent) -> str:
    return (
        f"Record. Made by targeting {content.version}; run.json beside this report names every input with "
        "its SHA-256, and every setting."
    )


def _hung(content: ReportContent) -> str:
    if content.hung is None:
        return ""
    hung = content.hung
    return (
        "Actual. Each card that hung makes rides for the days on which it hung: one that hung half of the "
        f"plan's {hung.days:,} days counts as half a card in the formula of those reached. No more cards "
        "of a language count at once than the route has vehicles. A bus whose route nobody wrote down is "
        "taken to serve all routes in proportion to their vehicle-hours; nobody counts as living near it. "
        f"What hung stands in {hung.file}, SHA-256 {hung.sha256[:HASH_SHOWN]}."
    )
