"""The record of a run, `run.json`: what a plan was made from and how, so that it can be defended."""

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import targeting
from targeting.feed_checks import notices_of_the_day
from targeting.proofs import apportioned, assumption, evenly, proofs, travels
from targeting.reasons import people_word
from targeting.strategies import comparable
from targeting.units import short_name

if TYPE_CHECKING:
    from targeting.campaign import Campaign
    from targeting.feed import Feed
    from targeting.plan import Plan
    from targeting.scores import Scores
    from targeting.tracts import Tracts

LIBRARIES = (
    "geopandas", "shapely", "pyproj", "pandas", "numpy", "scipy", "pyarrow", "folium", "networkx",
    "highspy",
)  # fmt: skip


def source_line(scores: "Scores") -> str:
    """Return one line that says where the figures come from, for tables and pages."""
    region = scores.campaign.region
    return (
        f"{people_line(scores.campaign, scores.tracts)}, {placed_line(scores.campaign)}; outlines "
        f"{Path(region.tracts).name}. {_service(scores.campaign, scores.feed)}; walk {region.bus_walk_m:g} m "
        f"to buses, {region.rail_walk_m:g} m to other stops. Made by targeting {targeting.__version__}."
    )


def service_line(campaign: "Campaign", feed: "Feed") -> str:
    """Return one line that says where figures come from that need the timetable alone."""
    return f"{_service(campaign, feed)}. Made by targeting {targeting.__version__}."


def placed_line(campaign: "Campaign") -> str:
    """Return where in their tracts people are taken to live."""
    points = campaign.region.points
    return f"placed on the points of {Path(points).name}" if points else "placed evenly over tracts"


def _service(campaign: "Campaign", feed: "Feed") -> str:
    feeds = "; ".join(
        f"{' and '.join(source.agencies) or Path(source.path).name} ("
        + (f"{source.version}, " if source.version else "")
        + f"timetable of {source.period[0]} to {source.period[1]})"
        for source in feed.sources
    )
    return f"Service: GTFS of {feeds}, week {feed.week}, {', '.join(campaign.region.modes)}"


def people_line(campaign: "Campaign", tracts: "Tracts") -> str:
    """Return where the figures of people come from."""
    region = campaign.region
    tables = " and ".join(Path(path).name for path in tracts.tables)
    release = f" {region.acs_release}" if region.acs_release else ""
    counted = (
        "people of 5 years and over who speak English less than very well"
        if region.measure == "lep"
        else "people of 5 years and over who speak the language at home"
    )
    line = f"People: ACS{release} table C16001 ({tables}), {counted}, 90% margins of sampling error"
    if region.controls:
        fitted = ", ".join(Path(path).name for path in region.controls)
        births = f" and B05006 ({Path(region.birthplaces).name})" if region.birthplaces else ""
        line += f"; named languages split from groups by proportional fitting to B16001 ({fitted}){births}"
    return line


def record_json(plan: "Plan") -> str:
    """Return the record of a plan; the only output that carries the time of the run."""
    return json.dumps(record(plan), indent=2, ensure_ascii=False, default=str) + "\n"


def public_record_json(plan: "Plan") -> str:
    """Return the record of a plan made for the public: what it was made from, and nothing of people.

    Files are called by their names: the folders that they are in may tell who made the plan.
    """
    whole = record(plan)
    of_people = {"placement", "notices", "figures", "report"}
    counted = {
        name: whole["figures"][name]
        for name in ("routes", "stops", "trips_in_design_week", "buses_placed", "venue_cards_placed")
    }
    public = {name: part for name, part in whole.items() if name not in of_people}
    whole["campaign"]["settings"].pop("orders")  # prices are between the agency and its suppliers
    settings, named = public["campaign"]["settings"], ("path", "file", "garages", "keep")
    for part in (public["campaign"], *public["feeds"], *public["census"], *public["other_files"]):
        part |= {key: Path(part[key]).name for key in named if part.get(key)}
    for section in (settings["placement"], settings["venues"] or {}):
        section |= {key: Path(section[key]).name for key in named if section.get(key)}
    settings["region"] = {key: _names(value) for key, value in settings["region"].items()}
    public |= {"audience": "public", "figures": counted}
    return json.dumps(public, indent=2, ensure_ascii=False, default=str) + "\n"


def _names(value: Any) -> Any:
    """Return paths as names of files; other words have no folder."""
    if isinstance(value, list):
        return [_names(each) for each in value]
    return Path(value).name if isinstance(value, str) else value


def record(plan: "Plan") -> dict[str, Any]:
    """Return inputs with SHA-256 and vintage, settings, versions, notices and the main figures."""
    scores = plan.scores
    campaign, made = scores.campaign, datetime.now(UTC)
    return {
        "made": made.isoformat(timespec="seconds"),
        "targeting": targeting.__version__,
        "audience": "staff",
        "campaign": {
            "file": str(campaign.file),
            "sha256": _sha256(campaign.file),
            "settings": campaign.model_dump(mode="json"),
        },
        "feeds": [
            {
                "path": source.path,
                "sha256": source.sha256,
                "agencies": list(source.agencies),
                "version": source.version,
                "period": [day.isoformat() for day in source.period],
            }
            for source in scores.feed.sources
        ],
        "design_week": {
            "first_day": scores.feed.week.first_day.isoformat(),
            "last_day": scores.feed.week.last_day.isoformat(),
            "because": scores.feed.week.reason,
        },
        "census": [
            {"path": path, "sha256": _sha256(Path(path)), "looks_like": vintage}
            for path, vintage in scores.tracts.sources
        ]
        + [
            {"path": str(path), "sha256": _sha256(path), "looks_like": "population points"}
            for path in map(campaign.path, filter(None, [campaign.region.points]))
        ],
        "other_files": [
            {"path": str(path), "sha256": _sha256(path), "what": what}
            for what, path in _other_files(campaign)
        ],
        "languages": [
            {
                "tag": language.tag,
                "english_name": language.english_name,
                "own_name": language.own_name,
                "measured_as": language.measured_as,
            }
            for language in scores.languages
        ],
        "figures": {
            "tracts": len(scores.tracts.names),
            "routes": len(scores.feed.routes),
            "stops": len(scores.feed.stops),
            "trips_in_design_week": int(scores.feed.routes["departures_week"].sum()),
            "vehicles_at_peak": scores.fleet,
            "buses_asked_for": campaign.placement.buses,
            "buses_placed": plan.posting.posted_buses,
            "venue_cards_placed": int(
                plan.placements.loc[plan.placements["unit"] == "venue", "cards"].sum()
            ),
        },
        "placement": _how_placed(plan),
        "report": _for_report(plan),
        # what hangs on the day of the run stands here alone, so that map and tables never change with it
        "notices": [
            *scores.notices.as_dicts(),
            *notices_of_the_day(
                scores.feed.sources, made.date(), campaign.orders.posting_date
            ).as_dicts(),
        ],
        "versions": {
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
    }  # fmt: skip


def _how_placed(plan: "Plan") -> dict[str, Any]:
    """Return what is proven and sure of the placement; empty for the predominant one."""
    found, survived = plan.posting.solution, plan.posting.survival
    if found is None:
        return {}
    return {
        "value": round(found.value, 4),
        "bound": round(found.bound, 4),
        "gap": round(found.gap, 6),
        "method": found.method,
        "status": found.status,
        "seconds": round(found.seconds, 2),
        "mean_loss_over_redraws": None if survived is None else round(survived.regret, 4),
    }


def _for_report(plan: "Plan") -> dict[str, Any]:
    """Return what a report of the plan says and no table holds.

    `shared` are the vehicle-hours of the week that two routes' vehicles have in common, by the one and
    the other route; `families` are routes that are best ordered together.
    """
    scores = plan.scores
    routes = scores.feed.routes
    shared: dict[str, dict[str, float]] = {}
    for (one, other), hours in sorted(scores.units.shared.items()):
        shared.setdefault(one, {})[other] = round(hours, 1)
    return {
        "agencies": list(dict.fromkeys(routes["agency"])),
        "counts": people_word(scores),
        "comparable": comparable(scores.campaign),
        "cv_limits": list(scores.campaign.certainty.cv_limits),
        "proofs": proofs(plan),
        "assumption": assumption(plan),
        "travels": travels(plan),
        "apportioned": apportioned(plan),
        "evenly": evenly(plan),
        "warnings": [notice.message for notice in scores.notices.warnings],
        "route_names": {route: short_name(route, routes) for route in routes.index},
        "shared": shared,
        "families": [list(family) for family in scores.units.families if len(family) > 1],
    }


def _other_files(campaign: "Campaign") -> list[tuple[str, Path]]:
    """Return the files besides feeds and census: garages, venues, an earlier wave, water."""
    keep = campaign.placement.keep
    files = [
        ("garages", campaign.placement.garages),
        ("venues", campaign.venues.file if campaign.venues else None),
        ("water", campaign.region.water),
        ("earlier wave", f"{keep}/placements.csv" if keep else None),
    ]
    return [(what, campaign.path(path)) for what, path in files if path is not None]


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it is a folder or gone."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
