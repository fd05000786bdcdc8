"""The record of a run, `run.json`: what a plan was made from and how, so that it can be defended."""

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import targeting

if TYPE_CHECKING:
    from targeting.campaign import Campaign
    from targeting.plan import Plan
    from targeting.scores import Scores
    from targeting.tracts import Tracts

LIBRARIES = ("geopandas", "shapely", "pyproj", "pandas", "numpy", "scipy", "pyarrow", "folium", "esda")


def source_line(scores: "Scores") -> str:
    """Return one line that says where the figures come from, for tables and pages."""
    feeds = "; ".join(
        f"{' and '.join(source.agencies) or Path(source.path).name}"
        + (f" ({source.version})" if source.version else "")
        for source in scores.feed.sources
    )
    region = scores.campaign.region
    placed = f"on the points of {Path(region.points).name}" if region.points else "evenly over tracts"
    return (
        f"{people_line(scores.campaign, scores.tracts)}, placed {placed}; outlines "
        f"{Path(region.tracts).name}. Service: GTFS of {feeds}, week {scores.feed.week}, "
        f"{', '.join(region.modes)}; walk {region.bus_walk_m:g} m to buses, {region.rail_walk_m:g} m to "
        f"other stops. Made by targeting {targeting.__version__}."
    )


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


def record(plan: "Plan") -> dict[str, Any]:
    """Return inputs with SHA-256 and vintage, settings, versions, notices and the main figures."""
    scores = plan.scores
    campaign = scores.campaign
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "targeting": targeting.__version__,
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
            "buses_placed": int(plan.placements["buses"].sum()),
        },
        "notices": scores.notices.as_dicts(),
        "versions": {
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
    }  # fmt: skip


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it is a folder or gone."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
