"""How the columns of the published tables look in the workbook: heading, number format, whose reliability.

The tables are those of docs/columns.md, by the same names; a column that is not named here is in the CSV
file alone.
"""

import re
from collections.abc import Sequence

from targeting.languages import Language
from targeting.write.layer_titles import column_of, titles_of
from targeting.write.sheets import Column, Kind

AREAS = {
    "area": Column("Area"),
    "language_name": Column("Language"),
    "area_kind": Column("Kind of area"),
    "measured_as": Column("Counted as", "phrase"),
    "lep": Column("People in the area", "people", "lep_reliability"),
    "lep_moe": Column("± in the area", "margin", "lep_reliability"),
    "lep_reliability": Column("Reliability in the area"),
    "served_any": Column("Near any route", "people", "served_any_reliability"),
    "served_any_moe": Column("± near any", "margin", "served_any_reliability"),
    "served_any_reliability": Column("Reliability near any"),
}
COVERAGE = AREAS | {
    "served_posted": Column("Near a posted route", "people", "served_posted_reliability"),
    "served_posted_moe": Column("± near posted", "margin", "served_posted_reliability"),
    "served_posted_reliability": Column("Reliability near posted"),
    "served_posted_share": Column("Share near posted", "share"),
    "served_posted_share_moe": Column("± of the share near posted", "share_margin"),
    "reach": Column("Reached", "people", "reach_reliability"),
    "reach_moe": Column("± reached", "margin", "reach_reliability"),
    "reach_reliability": Column("Reliability reached"),
    "reach_share": Column("Share reached", "share"),
    "reach_share_moe": Column("± of the share reached", "share_margin"),
}
# Once it is known what hung: the actual figures beside those of the plan
COVERAGE_ACTUAL = AREAS | {
    "served_posted": Column("Near a posted route, planned", "people", "served_posted_reliability"),
    "served_posted_moe": Column("± near posted, planned", "margin", "served_posted_reliability"),
    "served_posted_reliability": Column("Reliability near posted, planned"),
    "served_posted_share": Column("Share near posted, planned", "share"),
    "served_posted_share_moe": Column("± of the share near posted, planned", "share_margin"),
    "served_posted_actual": Column(
        "Near a posted route, actual", "people", "served_posted_actual_reliability"
    ),
    "served_posted_actual_moe": Column("± near posted, actual", "margin", "served_posted_actual_reliability"),
    "served_posted_actual_reliability": Column("Reliability near posted, actual"),
    "served_posted_actual_share": Column("Share near posted, actual", "share"),
    "served_posted_actual_share_moe": Column("± of the share near posted, actual", "share_margin"),
    "reach": Column("Reached, planned", "people", "reach_reliability"),
    "reach_moe": Column("± reached, planned", "margin", "reach_reliability"),
    "reach_reliability": Column("Reliability reached, planned"),
    "reach_share": Column("Share reached, planned", "share"),
    "reach_share_moe": Column("± of the share reached, planned", "share_margin"),
    "reach_actual": Column("Reached, actual", "people", "reach_actual_reliability"),
    "reach_actual_moe": Column("± reached, actual", "margin", "reach_actual_reliability"),
    "reach_actual_reliability": Column("Reliability reached, actual"),
    "reach_actual_share": Column("Share reached, actual", "share"),
    "reach_actual_share_moe": Column("± of the share reached, actual", "share_margin"),
}
HUNG = {
    "unit_name": Column("Route or place"),
    "language_name": Column("Language"),
    "unit": Column("Kind"),
    "order": Column("Order"),
    "garage": Column("Garage"),
    "cards_ordered": Column("Cards ordered", "number"),
    "cards_up": Column("Cards that hung", "number"),
    "card_days_planned": Column("Card-days planned", "number"),
    "card_days_up": Column("Card-days that hung", "number"),
    "first_up": Column("First day up"),
    "last_down": Column("Last down"),
    "left_out": Column("On rows left out", "number"),
    "missing": Column("Not reported", "number"),
    "late": Column("Late", "number"),
    "short": Column("Short", "number"),
    "extra": Column("Extra", "number"),
    "wrong_language": Column("Wrong language", "number"),
    "finding": Column("What differs", "prose"),
}
PLACEMENTS = {
    "unit_name": Column("Route or place"),
    "language_name": Column("Language"),
    "rank": Column("Rank", "number"),
    "unit": Column("Kind"),
    "buses": Column("Buses", "number"),
    "cards": Column("Cards", "number"),
    "vehicles": Column("Vehicles it has", "number"),
    "measured_as": Column("Counted as", "phrase"),
    "served": Column("People near it", "people", "reliability"),
    "served_moe": Column("± near it", "margin", "reliability"),
    "reliability": Column("Reliability near it"),
    "reach": Column("Reached by itself", "people"),
    "reach_moe": Column("± reached", "margin"),
    "reach_added": Column("Reached by nothing else", "people"),
    "certainty": Column("Certainty of the choice", "probability"),
    "largest_probability": Column("Probability: largest there", "probability"),
    "enough_probability": Column("Probability: enough people", "probability"),
    "elsewhere": Column("Hours on other routes", "share"),
    "reason": Column("Why", "prose"),
}
ROUTES = {
    "route_short_name": Column("Route number"),
    "language_name": Column("Language"),
    "route_long_name": Column("Route name"),
    "mode": Column("Mode"),
    "departures_week": Column("Trips a week", "number"),
    "vehicles": Column("Vehicles", "number"),
    "measured_as": Column("Counted as"),
    "served": Column("People near it", "people", "reliability"),
    "served_moe": Column("± near it", "margin", "reliability"),
    "reliability": Column("Reliability near it"),
    "served_low": Column("Least by tracts", "people"),
    "served_high": Column("Most by tracts", "people"),
    "share": Column("Share of residents", "share"),
    "share_moe": Column("± of the share", "share_margin"),
    "concentration": Column("Times the region's share", "ratio"),
    "exposure": Column("People × trips a week", "number"),
    "rank": Column("Rank", "number"),
    "largest_probability": Column("Probability: largest there", "probability"),
    "enough_probability": Column("Probability: enough people", "probability"),
    "runner_up": Column("Runner-up (tag)"),
    "differs": Column("Differs from runner-up", "flag"),
}
LANGUAGES = {
    "language_name": Column("Language or group"),
    "own_name": Column("Own name"),
    "in_campaign": Column("In this campaign", "flag"),
    "lep": Column("People", "people", "reliability"),
    "lep_moe": Column("± people", "margin", "reliability"),
    "reliability": Column("Reliability"),
    "share": Column("Share of residents", "share_fine"),
    "share_moe": Column("± of the share", "share_fine_margin"),
    "safe_harbor": Column("Meets Safe Harbor", "flag"),
    "safe_harbor_certain": Column("Margin leaves no doubt", "flag"),
    "measured_as": Column("Counted as", "phrase"),
}
STRATEGIES = {
    "strategy": Column("Strategy"),
    "language_name": Column("Language"),
    "chosen": Column("This plan's", "flag"),
    "buses": Column("Buses", "number"),
    "cards": Column("Cards", "number"),
    "served": Column("Near a posted route", "people"),
    "served_moe": Column("± near posted", "margin"),
    "reach": Column("Reached", "people"),
    "reach_moe": Column("± reached", "margin"),
    "floor_regret": Column("Cost of its floor (people)", "people"),
}
TRACT_KINDS: dict[str, Kind] = {
    "population": "people", "population_moe": "margin", "density": "hours",
    "estimate": "people", "moe": "margin", "share_served": "share", "share_reached": "share",
}  # fmt: skip
UNIT_IN_TITLE = re.compile(r" \((?:0–1|people)\)$")


def tract_columns(languages: Sequence[Language]) -> dict[str, Column]:
    """Return the columns of the layer of tracts, those of every language included."""
    titles = titles_of("tracts", languages)
    starts = [f"{column_of(language.tag)}_" for language in languages]
    made = {}
    for name, title in titles.items():
        start = next((start for start in starts if name.startswith(start)), "")
        kind = TRACT_KINDS.get(name.removeprefix(start), "text")
        told_by = f"{start}reliability" if start and kind == "people" else ""
        made[name] = Column(UNIT_IN_TITLE.sub("", title), kind, told_by)
    return made
