"""What each finding does to a plan, by its code: the one place that says it (docs/doctor.md)."""

from dataclasses import dataclass

# what a finding touches, the most of a plan first
TOUCHES = ("everything", "people", "service", "vehicles", "languages", "placements", "map", "nothing")


@dataclass(frozen=True)
class Meaning:
    """What a code means for the plan.

    Attributes
    ----------
    touches : str
        One of `TOUCHES`.
    effect : str
        What the finding does to the plan, in one sentence.
    table : str
        The table that the finding is about, where it is always the same.
    always_note : bool
        Whether it is no reason to hold a plan back, though the plan itself has to say it.
    """

    touches: str
    effect: str
    table: str = ""
    always_note: bool = False


UNKNOWN = Meaning("nothing", "The sentence says what was done.")
_NO_PLAN = "No plan can be made until this is mended."
_FEWER_PEOPLE = "People near these places are missing from every figure of the plan."
_STALE = "Posters would ride on service that may run no more: routes and frequencies can be wrong."

MEANINGS = {
    # what no plan can be made with
    "campaign_unusable": Meaning("everything", _NO_PLAN),
    "feed_unusable": Meaning("everything", _NO_PLAN),
    "census_unusable": Meaning("everything", _NO_PLAN),
    "venues_unusable": Meaning("everything", _NO_PLAN),
    "earlier_plan_unusable": Meaning("everything", _NO_PLAN),
    "unusable": Meaning("everything", _NO_PLAN),
    # the feed as a whole
    "feed_expired": Meaning("service", _STALE),
    "feed_not_begun": Meaning(
        "service", "The plan counts service that does not run yet: posters hung today ride on other service."
    ),
    "feed_ends_soon": Meaning(
        "service", "Service may change while the posters hang: get the next feed before you print."
    ),
    "posting_outside_feed": Meaning(
        "service", "The plan counts service of other days than those on which posters hang."
    ),
    "posting_date_past": Meaning(
        "nothing", "Places and people stay as they are; the days of delivery in the orders have gone by."
    ),
    "no_bus": Meaning("service", "A campaign on it is refused unless region.modes names what runs."),
    "days_without_service": Meaning(
        "service",
        "Days without service inside the design week make every route look less frequent than it is; outside "
        "it they change nothing, but a calendar with holes may have others.",
        "calendar.txt",
    ),
    "one_calendar": Meaning("nothing", "Nothing: both calendars are read, and one is enough."),
    "bad_date": Meaning(
        "service", "The services of these rows do not run on the days they were meant for.", "calendar.txt"
    ),
    "no_whole_week": Meaning("service", "All departures a week, and so all scores, are too low."),
    "holiday_in_week": Meaning("service", "Departures are those of a week with less service than usual."),
    "route_without_service": Meaning(
        "service", "These routes are in no table of the plan; name another region.week if they should be.",
        "routes.txt",
    ),
    # its tables
    "not_utf8": Meaning("map", "Names with accents may look wrong on the map and in tables."),
    "hidden_characters": Meaning("nothing", "Nothing: the texts are shown without them."),
    "row_width": Meaning("service", "Whatever these rows said counts for nothing."),
    "duplicate_id": Meaning("service", "Should the rows left out differ, their service counts for nothing."),
    "trip_without_reference": Meaning(
        "service", "These trips count for nothing: their routes look less frequent than they are.",
        "trips.txt",
    ),
    "trip_without_stops": Meaning(
        "service", "These trips count for nothing: their routes look less frequent than they are.",
        "stop_times.txt",
    ),
    "unknown_stop": Meaning(
        "people", "These calls count for nobody: people near the stops that are meant seem to have no bus.",
        "stop_times.txt",
    ),
    "stop_without_place": Meaning("people", _FEWER_PEOPLE, "stops.txt"),
    "bad_time": Meaning(
        "vehicles",
        "Departures count all the same; a trip that begins or ends with such a time looks shorter than it "
        "is, so its route may be given fewer vehicles than it has.",
    ),
    "flexible_service": Meaning(
        "service", "Service on request has no stops to live near: it carries no posters in the plan.",
        "stop_times.txt",
    ),
    "headway": Meaning("service", "The frequency of these trips may be far off.", "frequencies.txt"),
    "direction_inferred": Meaning(
        "nothing", "Departures are counted by direction all the same.", "trips.txt"
    ),
    "route_without_shape": Meaning("map", "The map draws them as straight lines; figures do not change.",
                                   "shapes.txt"),
    "no_blocks": Meaning(
        "vehicles", "Numbers of buses are estimates, and cards cannot be followed from route to route.",
        "trips.txt",
    ),
    "block_overlap": Meaning(
        "vehicles",
        "One vehicle cannot run both: the plan counts fewer vehicles than there are, and may refuse a number "
        "of buses that could be posted.",
        "trips.txt",
    ),
    "block_jump": Meaning(
        "vehicles",
        "One vehicle can hardly run both: vehicles may be too few, and cards seem to reach routes on which "
        "their bus never runs.",
        "trips.txt",
    ),
    "impossible_speed": Meaning(
        "people",
        "People near a stop that stands in the wrong place are counted for its routes, and those near the "
        "right one are not.",
    ),
    # census tables and outlines
    "vintage_mismatch": Meaning(
        "people", "Tracts that were split or merged between the two have no people, or the wrong ones."
    ),
    "no_estimate": Meaning("people", "People of these groups are too few in these tracts."),
    "no_margin": Meaning("people", "Margins there are guessed; certainties lean on them."),
    "margins_zero": Meaning(
        "people", "Estimates look exact: every certainty of these groups is too high, and margins too narrow."
    ),
    "groups_missing": Meaning("languages", "Languages of these groups cannot be posted."),
    "empty_tracts": Meaning("nothing", "Nobody lives there, so nobody is missed."),
    "tracts_without_speakers": Meaning(
        "people", "The sample met none there; a zero of a sample is seldom a true zero."
    ),
    "unsure_figures": Meaning(
        "people", "Trust sums over routes, not single tracts; the plan's margins and certainties say how far."
    ),
    "tract_without_polygon": Meaning("people", "Their people count for no route."),
    "empty_polygon": Meaning("people", "Their people count for no route."),
    "invalid_polygon": Meaning("nothing", "They were mended; areas may change by a little."),
    "coarse_points": Meaning("people", "Who is near a route is decided in large lumps of people."),
    "tract_without_points": Meaning("people", "Their people are spread evenly, fields and lakes included."),
    "points_beyond_tracts": Meaning("nothing", "They are left out; points of other regions do no harm."),
    "stops_beyond_tracts": Meaning("people", _FEWER_PEOPLE),
    "area_beyond_tracts": Meaning(
        "people",
        "People who live there cannot be counted: routes that run there look as if they served fewer. Water "
        "and other land without people does no harm; add the tables of the next county otherwise.",
    ),
    "suppressed_control": Meaning(
        "languages", "Named languages are split by the shares of a larger area there."
    ),
    "group_not_split": Meaning("languages", "Named languages have no people there."),
    "control_without_margin": Meaning("languages", "Margins of named languages are too narrow."),
    "no_birthplace": Meaning("languages", "Named languages are spread there as their whole group is."),
    # the campaign
    "latest_year_unknown": Meaning("nothing", "Newer census figures may be published."),
    "languages_chosen": Meaning("nothing", "It says which languages the plan will print."),
    "not_told_apart": Meaning("languages", "They share one figure; posters go to them in turn.", "", True),
    "measured_by_group": Meaning("languages", "Its figure counts speakers of other languages too.", "", True),
    "named_by_split": Meaning("languages", "Its figures are a model's."),
    "language_nowhere": Meaning(
        "languages", "No poster of it is placed; lower certainty.min_served or enough_at, or drop it."
    ),
    "language_not_posted": Meaning("languages", "Posters of it would be printed and hung nowhere."),
    "floor_unsure": Meaning("placements", "Its poster hangs where it may serve fewer people than asked for."),
    "waves_apart": Meaning(
        "placements", "Cards of the earlier wave count as hanging, and come down unless somebody is told."
    ),
    "few_copies": Meaning("placements", "Some places carry no poster."),
    "time_limit": Meaning("placements", "A better placement may exist."),
    "buses_left": Meaning("placements", "Fewer buses or venues carry posters than were asked for."),
    "garage_row_unknown": Meaning("placements", "These rows of the garages' file do nothing."),
    "route_without_garage": Meaning("placements", "Their buses get no cards when ordering by garage."),
    "block_without_garage": Meaning("placements", "Their buses get no cards when ordering by garage."),
    "venue_repeated": Meaning("placements", "Cards are not hung twice in one place."),
    "venues_beyond_tracts": Meaning("people", "Cards there seem to reach nobody."),
    # of many regions together
    "invented_regions": Meaning("people", "The figures of all regions together do not hold them."),
    "weeks_far_apart": Meaning("service", "Service is added up that never ran at the same time."),
    "agency_in_several_regions": Meaning("service", "The reach of all regions counts its rides twice."),
    # what the installers wrote down
    **dict.fromkeys(
        (
            "posting_place_unknown", "posting_language_unknown", "posting_without_place",
            "posting_without_date", "posting_date", "posting_dates_reversed", "posting_cards",
            "posting_too_many_cards",
        ),
        Meaning(
            "placements",
            "Cards on these rows are told apart, and reach nobody: fewer people seem to be reached.",
        ),
    ),
    "posting_not_filled_in": Meaning("placements", "A card on such a row counts as not reported."),
    "posting_repeated": Meaning("nothing", "Each day of a bus and language counts once."),
    "posting_route_told": Meaning("placements", "The card counts on that route."),
    "posting_route_not_told": Meaning("placements", "The card counts a little on every route."),
    "posting_still_up": Meaning("placements", "The card counts until the plan's last day."),
    "posting_no_days": Meaning("placements", "The card reaches nobody."),
    "posting_long": Meaning("placements", "If a year is wrong, far too many people seem to be reached."),
    "posting_early": Meaning("nothing", "The days count like any other."),
    "posting_more_than_vehicles": Meaning("placements", "The cards beyond that reach nobody more."),
    "posting_other_language": Meaning("languages", "Whom the card reaches was never counted."),
}  # fmt: skip


def meaning_of(code: str) -> Meaning:
    """Return what a code means for the plan."""
    return MEANINGS.get(code, UNKNOWN)
