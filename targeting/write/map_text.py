"""The texts of the map page around the map: header, language cards, placements, sources."""

from pathlib import Path
from typing import Any

import pandas as pd

import targeting
from targeting import reasons
from targeting.catchment import walking_distances
from targeting.orders import dates_of
from targeting.plan import Plan
from targeting.proofs import proofs
from targeting.scores import Scores
from targeting.wording import OF_LOW, count, listed, natural, percent, period, with_margin
from targeting.write.map_data import Audience, mode_words, ranked_by, vehicle_word
from targeting.write.map_posters import UNIT_WORDS, count_units, posted_units, run_at_once
from targeting.write.map_style import language_style
from targeting.write.record import placed_line
from targeting.write.tables import rounded

FEW = 12  # routes left out that are told by name


def page_text(plan: Plan, audience: Audience = "staff") -> dict[str, Any]:
    """Return the texts of the page around the map, for its template."""
    scores = plan.scores
    agencies = ", ".join(dict.fromkeys(scores.feed.routes["agency"]))
    named = agencies + " ".join(name for source in scores.feed.sources for name in source.agencies)
    vehicles = vehicle_word(scores)
    venues = plan.placements.loc[plan.placements["unit"] == "venue", "unit_id"].nunique()
    page = {
        "audience": audience,
        "public": audience == "public",
        "name": scores.campaign.name,
        "agency": agencies,
        "posting": _posting(plan),
        "week": period(scores.feed.week.first_day, scores.feed.week.last_day),
        "counted": _counted_modes(scores),
        "invented": "invented" in named.lower(),
        "lead": _lead(plan, vehicles, venues),
        "unit": {"route": "Route", "family": "Family of routes", "garage": "Garage"}[scores.units.kind],
        "units": UNIT_WORDS[scores.units.kind],
        "vehicles": vehicles.capitalize() + (" or cards" if venues else ""),
    }
    if audience == "public":
        return page | {
            "defined": "Choose a language to see where its posters hang.",
            "languages": _posted_rows(plan, vehicles),
            "placements": _posted_placements(plan),
            "source": [_service(scores), *_left_out(scores), *_drawn(scores)],
        }
    languages, limit = _language_rows(plan, vehicles), scores.campaign.certainty.cv_limits[1]
    return page | {
        "defined": _definition(scores),
        "languages": languages,
        "notes": _spread(plan, vehicles)
        + [
            f"{language.english_name} is counted as: {language.measured_as}."
            for language in scores.languages
            if language.measured_as != language.english_name
        ]
        + (
            [f"{OF_LOW} Low reliability: coefficient of variation above {limit:.0%}."]
            if any(OF_LOW in row["served"] + row["reach"] for row in languages)
            else []
        ),
        "placements": _placement_rows(plan),
        "garages": scores.units.garages is not None and scores.units.kind != "garage",
        "table_note": f"{ranked_by(plan)} Of: the most {vehicles} that {run_at_once(scores.units.kind)} at "
        f"once; the others do not carry the poster. Served: {reasons.people_word(scores)} within "
        f"walking distance, ± 90% margin of error. Reach: those of them expected to ride such a "
        f"{'bus' if vehicles == 'buses' else 'vehicle'} in {scores.campaign.posters.weeks:g} weeks. "
        "Certainty: how often redraws of the census figures place it there again.",
        "proofs": proofs(plan),
        "warnings": [notice.message for notice in scores.notices.warnings],
        "urgent": any(notice.code == "language_not_posted" for notice in scores.notices.warnings),
        "source": _source(scores),
    }


def _lead(plan: Plan, vehicles: str, venues: int) -> str:
    """Return "36 buses on 18 routes and 6 venues carry posters in 6 languages".

    Of a family or a garage it is its buses that do, and not its routes.
    """
    kind, buses = plan.scores.units.kind, _count(plan.posting.posted_buses, vehicles)
    units = count_units(posted_units(plan), kind)
    where = " and ".join([units, *([_count(venues, "venues")] if venues else [])])
    languages = _count(plan.placements["language"].nunique(), "languages")
    if kind == "route":
        return f"{buses} on {where} carry posters in {languages}"
    one = "bus" if vehicles == "buses" else "vehicle"
    return (
        f"{buses} of {where} carry posters in {languages}. On which routes of a {kind} such a {one} "
        "runs on a day is not known."
    )


def _posting(plan: Plan) -> str:
    """Return "Posters hang December 8, 2025 – January 5, 2026"; "" where the campaign gives no first day."""
    dates = dates_of(plan.scores.campaign.orders, plan.scores.campaign.posters.weeks)
    return f"Posters hang {period(dates.up, dates.down)}" if dates.up and dates.down else ""


def _counted_modes(scores: Scores) -> str:
    """Return "Bus routes only; 9 tram and rail routes left out"."""
    wanted = scores.campaign.region.modes
    left_out = scores.feed.left_out
    counted = left_out["mode"].isin(wanted)
    others, idle = left_out[~counted], left_out[counted]
    parts = [f"{mode_words(wanted).capitalize()} routes only"]
    if len(others):
        modes = others["mode"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
        number = (
            f"{len(others):,} {mode_words(list(modes.index))} {'route' if len(others) == 1 else 'routes'}"
        )
        parts.append(f"{number} left out")
    if len(idle):
        parts.append(f"{_count(len(idle), 'routes')} without service in the design week left out")
    return "; ".join(parts)


def _left_out(scores: Scores) -> list[str]:
    """Return "Left out: MAX Blue Line and WES Commuter Rail."; nothing where they are many, or none."""
    names = sorted(set(scores.feed.left_out["route_name"]), key=natural)
    return [f"Left out: {listed(names)}."] if 0 < len(names) <= FEW else []


def counted_people(scores: Scores) -> str:
    """Return who is counted, with LEP defined where it is the measure."""
    if scores.campaign.region.measure == "lep":
        return (
            "people of 5 years and over who speak English less than “very well” (LEP), by the language "
            "they speak at home"
        )
    return "people of 5 years and over, by the language they speak at home"


def _definition(scores: Scores) -> str:
    """Return what the language cards count, and the area of the census table."""
    tracts, counties = len(scores.tracts.names), scores.tracts.county.nunique()
    people = counted_people(scores)
    carried = "that a card in it may travel" if scores.units.kind == "garage" else "that carries it"
    return (
        f"{people[0].upper()}{people[1:]}: how many live near a route "
        f"{carried}, ± 90% margin. The area of the census table: {_count(tracts, 'tracts')} in "
        f"{_count(counties, 'counties')}; the bar is all its people, pale: near any route."
    )


def _language_rows(plan: Plan, vehicles: str) -> list[dict[str, Any]]:
    """Return the card of each language in the list of what can be shown."""
    region = plan.coverage[plan.coverage["area_kind"] == "region"].set_index("language")
    one = "such a bus" if vehicles == "buses" else "one"
    near = "near any bus route" if vehicles == "buses" else "near any route"
    first: dict[str, str] = {}
    smallest = plan.scores.campaign.certainty.smallest_count
    rows = []
    for language in plan.scores.languages:
        row = region.loc[language.tag]
        placed = plan.placements[plan.placements["language"] == language.tag]
        share, margin = row["served_posted_share"], row["served_posted_share_moe"]
        posted = len(placed) > 0 and not pd.isna(share)
        low, high = (max(share - margin, 0.0), min(share + margin, 1.0)) if posted else (0.0, 0.0)
        same_as = first.setdefault(language.measured_as, language.english_name)
        few = 0 < round(row["served_any"]) < smallest
        # venues serve people whom no route does
        whole_of = row["served_posted"] <= row["served_any"] and row["served_any"] and not few
        part = f" ({row['served_posted'] / row['served_any']:.0%})" if whole_of else ""
        whole = {name: count(round(row[name]), smallest) for name in ("lep", "served_any")}
        both = {
            name: with_margin(round(row[name]), row[f"{name}_moe"], smallest)
            + (OF_LOW if row[f"{name}_reliability"] == "low" and round(row[name]) >= smallest else "")
            for name in ("lep", "served_any", "served_posted", "reach")
        }
        rows.append(
            {
                "tag": language.tag,
                "own": language.own_name,
                "english": language.english_name,
                "color": language_style(language.tag)["color"],
                "posted": posted,
                "buses": _share_of_buses(plan, language.tag, vehicles),
                "served": both["served_posted"],
                "width": f"{share:.1%}" if posted else "0",
                "any_width": f"{row['served_any'] / row['lep']:.1%}" if row["lep"] else "0",
                "low": f"{low:.1%}",
                "span": f"{high - low:.1%}",
                "figures": f"of {whole['served_any']} {near}{part}; {whole['lep']} in the area"
                if posted
                else f"No {vehicles}; {whole['served_any']} {near}, {whole['lep']} in the area",
                "exact": f"{near.capitalize()} {both['served_any']}; "
                f"in the area of the census table {both['lep']}"
                + (f"; {share:.1%} ± {100 * margin:.1f} of these served" if posted else ""),
                "reach": f"reach {both['reach']}, expected to ride {one}"
                if posted and placed["buses"].sum()
                else "",
                "note": f"same people as {same_as}" if same_as != language.english_name else "",
            }
        )
    return rows


def _share_of_buses(plan: Plan, tag: str, vehicles: str) -> str:
    """Return "31 of 36 buses": how many of the plan's carry a language; "0 buses" where none does."""
    placed = int(plan.placements.loc[plan.placements["language"] == tag, "buses"].sum())
    every = plan.posting.posted_buses
    return f"{placed:,} of {_count(every, vehicles)}" if placed else _count(placed, vehicles)


def _spread(plan: Plan, vehicles: str) -> list[str]:
    """Return which language most of the buses carry, and why; nothing where none has more than half."""
    buses = plan.placements.groupby("language_name", sort=True)["buses"].sum()
    every = plan.posting.posted_buses
    if len(buses) < 2 or 2 * buses.max() <= every:
        return []
    said = f"{buses.idxmax()} is on {buses.max():,} of the {every:,} {vehicles}"
    if plan.posting.solution is None or plan.scores.campaign.placement.weights != "people":
        return [f"{said}."]
    return [f"{said}: everyone reached counts alike."]


def _placement_rows(plan: Plan) -> list[dict[str, str]]:
    """Return every placement as it stands in the page's table, for paper and without scripts."""
    own = {language.tag: language.own_name for language in plan.scores.languages}
    smallest = plan.scores.campaign.certainty.smallest_count
    garage = plan.vehicles.set_index("route_id")["garage"].to_dict()
    runs = plan.scores.postable.table["routes"]
    return [
        {
            "rank": f"{row.rank:,}",
            "route": row.unit_name,
            "tag": row.language,
            "english": row.language_name,
            "own": own[row.language],
            "buses": f"{row.cards if row.unit == 'venue' else row.buses:,}",
            "of": "" if row.unit == "venue" else f"{row.vehicles:,}",
            "served": with_margin(row.served, row.served_moe, smallest),
            "served_value": _value(row.served, smallest),
            "reach": with_margin(row.reach, row.reach_moe, smallest),
            "reach_value": _value(row.reach, smallest),
            "certainty": "–" if pd.isna(row.certainty) else percent(row.certainty),
            "certainty_value": "-1" if pd.isna(row.certainty) else f"{row.certainty:.2f}",
            "garage": listed(
                sorted({garage[route] for route in runs[row.unit_id] if garage[route]}, key=natural)
            ),
        }
        for row in rounded(plan.placements).itertuples(index=False)
    ]


def _value(people: float, smallest: float) -> str:
    """Return what a count sorts by: too few to be told are alike."""
    return "0.5" if 0 < people < smallest else f"{people:.0f}"


def _posted_rows(plan: Plan, vehicles: str) -> list[dict[str, Any]]:
    """Return the card of each language for the public: where it hangs, and nothing of people."""
    rows = []
    for language in plan.scores.languages:
        placed = plan.placements[plan.placements["language"] == language.tag]
        venues = int((placed["unit"] == "venue").sum())
        units, kind = posted_units(plan, language.tag), plan.scores.units.kind
        where = [
            *([count_units(units, kind)] if units else []),
            *([_count(venues, "venues")] if venues else []),
        ]
        rows.append(
            {
                "tag": language.tag,
                "own": language.own_name,
                "english": language.english_name,
                "color": language_style(language.tag)["color"],
                "posted": len(placed) > 0,
                "buses": _share_of_buses(plan, language.tag, vehicles),
                "figures": f"{'at' if kind == 'garage' else 'on'} {listed(where)}"
                if where
                else "not posted in this plan",
            }
        )
    return rows


def _posted_placements(plan: Plan) -> list[dict[str, str]]:
    """Return the placements as the public page lists them."""
    named = ("route", "tag", "english", "own", "buses")
    return [{name: row[name] for name in named} for row in _placement_rows(plan)]


def _source(scores: Scores) -> list[str]:
    """Return the source line, what is counted and what the map is not."""
    region = scores.campaign.region
    files = "; ".join(f"{Path(path).name} ({vintage})" for path, vintage in scores.tracts.sources)
    people = (
        f"American Community Survey {region.acs_release}, table C16001"
        if region.acs_release
        else f"ACS table C16001, {files}"
    )
    modes = scores.feed.routes["mode"]
    walk = pd.Series(
        walking_distances(modes, bus_walk_m=region.bus_walk_m, rail_walk_m=region.rail_walk_m),
        index=modes.to_numpy(),
    )
    distances = ", ".join(
        f"{metres:,.0f} m ({metres * 3.28084:,.0f} ft) to a {mode.replace('_', ' ')} stop"
        for mode, metres in walk.groupby(level=0).first().items()
    )
    return [
        f"People: {people}, {placed_line(scores.campaign)}. {_service(scores)} "
        "Figures are estimates with 90% margins of error.",
        f"Counted are {counted_people(scores)}. Walking distance: {distances}.",
        *_left_out(scores),
        "Aggregated census estimates; not a map of trafficking and never of persons.",
        *_drawn(scores),
    ]


def _service(scores: Scores) -> str:
    """Return which timetable, of which days, and the week taken."""
    service = "; ".join(
        f"{', '.join(source.agencies) or Path(source.path).stem}, "
        f"{f'feed version {source.version}' if source.version else Path(source.path).name}, "
        f"timetable of {period(*source.period)}"
        for source in scores.feed.sources
    )
    week = period(scores.feed.week.first_day, scores.feed.week.last_day)
    return f"Service: {service}, design week {week}."


def _drawn(scores: Scores) -> list[str]:
    """Return how lines are drawn, and by what."""
    unshaped = any(notice.code == "route_without_shape" for notice in scores.notices)
    return [
        *(["Lines are drawn from stop to stop where the feed gives no shape."] if unshaped else []),
        f"Made by targeting {targeting.__version__}.",
    ]


def _count(number: int, noun: str) -> str:
    """Return "1 bus", "24 buses": the noun is given in the plural."""
    singular = {"buses": "bus", "counties": "county"}.get(noun, noun.removesuffix("s"))
    return f"{number:,} {singular if number == 1 else noun}"
