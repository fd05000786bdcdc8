"""One region of a batch: its plan is written, and what became of it is returned, faults too.

A region that was planned leaves a record beside the plans, in the hidden folder `.batch`, with the
fingerprint of all that the plan was made from: while that is the same the region is not planned again.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import targeting
from targeting.batch_list import Region
from targeting.campaign import Campaign, read_campaign
from targeting.errors import OutputError, TargetingError
from targeting.plain_text import plain, shortened
from targeting.whole import whole_folder

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.scores import Scores

RECORDS = ".batch"
RECORD = "record.json"
PLAN_RECORD = "run.json"
SAMPLED_S = 0.05
Status = Literal["planned", "unchanged", "failed"]


@dataclass(frozen=True)
class Record:
    """What is known of a region that was planned.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of settings, input files and version.
    plan : str
        SHA-256 of the plan's run.json.
    campaign : str
        The campaign's name.
    file : str
        The campaign file.
    bounds : tuple of float
        West, south, east and north of its stops, degrees.
    outline : list of rings
        The border of its tracts, coarse: longitude and latitude of each point.
    invented : bool
        Whether its agencies, feeds or tracts say that they are.
    source : str
        Where its figures come from, as its tables say.
    feeds : list of str
        SHA-256 of each.
    routes_of : mapping of str to list of str
        By agency the numbers of its routes.
    first_day, last_day : str
        Of the design week, ISO 8601.
    tracts, routes, buses_asked, buses_placed, venue_cards, warnings : int
    smallest_count : float
        Counts of people below it are shown as "under 10".
    measure, release : str
        The campaign's `region.measure` and `region.acs_release`.
    controls : bool
        Whether languages are split from groups by table B16001.
    points : bool
        Whether population points were used.
    weeks, rides_per_week, elasticity, visits_per_week, mean_service : float
        Of the curve of reach; `mean_service` is D̄.
    coverage : list of dict
        The rows of coverage.csv for the whole region, not rounded.
    seconds, processor_seconds, memory_mb : float
        What planning and writing took; the most memory that the worker held meanwhile.
    """

    fingerprint: str
    plan: str
    campaign: str
    file: str
    bounds: tuple[float, float, float, float]
    outline: list[list[list[float]]]
    invented: bool
    source: str
    feeds: list[str]
    routes_of: dict[str, list[str]]
    first_day: str
    last_day: str
    tracts: int
    routes: int
    buses_asked: int
    buses_placed: int
    venue_cards: int
    warnings: int
    smallest_count: float
    measure: str
    release: str
    controls: bool
    points: bool
    weeks: float
    rides_per_week: float
    elasticity: float
    visits_per_week: float
    mean_service: float
    coverage: list[dict[str, Any]]
    seconds: float = 0.0
    processor_seconds: float = 0.0
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a region.

    Attributes
    ----------
    region : str
    status : {"planned", "unchanged", "failed"}
    error : str
        The sentence that says why it failed.
    record : Record or None
        None where it failed.
    """

    region: str
    status: Status
    error: str = ""
    record: Record | None = None


def plan_region(region: Region, out: Path, version: str = targeting.__version__) -> Outcome:
    """Plan a region and write its folder and record, unless both stand there for the same inputs.

    Whatever goes wrong is returned, not raised. A plan of an earlier run is then left as it is.

    Parameters
    ----------
    region : Region
    out : Path
        Folder of the batch.
    version : str
        Of the program that asks; another one here would make another plan.
    """
    if version != targeting.__version__:
        return Outcome(
            region.name,
            "failed",
            f"the worker runs targeting {targeting.__version__} and the command {version}; install the same "
            "on both.",
        )
    try:
        campaign = read_campaign(region.campaign, region.settings)
        mark = fingerprint(campaign)
        known = read_record(region.name, out)
        if known is not None and known.fingerprint == mark:
            return Outcome(region.name, "unchanged", record=known)
        return Outcome(region.name, "planned", record=_plan(campaign, region.name, out, mark))
    except TargetingError as fault:
        sentence = str(fault)
    except MemoryError:
        sentence = "the worker ran out of memory; run fewer of them with --workers, or on a larger machine."
    except Exception as fault:  # noqa: BLE001 - a fault of the program must not stop the other regions
        sentence = _unexpected(fault)
    return Outcome(region.name, "failed", sentence)


def read_record(name: str, out: Path) -> Record | None:
    """Return the record of a region; None where it or the plan that it is of does not stand there."""
    try:
        content = json.loads((out / RECORDS / name / RECORD).read_text(encoding="utf-8"))
        record = Record(**{**content, "bounds": tuple(content["bounds"])})
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return record if record.plan == _digest(out / name / PLAN_RECORD) else None


def fingerprint(campaign: Campaign) -> str:
    """Return a hash of all that a plan is made from: settings, the contents of its files, the version.

    Where the files lie and how the campaign file is written does not count.
    """
    made_from = {
        "version": targeting.__version__,
        "settings": campaign.model_dump(mode="json"),
        "files": {setting: _digest(path) for setting, path in _inputs(campaign).items()},
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _inputs(campaign: Campaign) -> dict[str, Path]:
    """Return the files and folders that a campaign names."""
    region, placement = campaign.region, campaign.placement
    named: dict[str, Sequence[str | None]] = {
        "gtfs": region.gtfs,
        "acs": region.acs,
        "tracts": [region.tracts],
        "points": [region.points],
        "water": [region.water],
        "controls": region.controls,
        "birthplaces": [region.birthplaces],
        "pumas": [region.pumas],
        "garages": [placement.garages],
        "keep": [placement.keep],
        "venues": [campaign.venues.file if campaign.venues else None],
    }
    return {
        f"{setting}:{number}": campaign.path(path)
        for setting, paths in named.items()
        for number, path in enumerate(paths)
        if path is not None
    }


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, with those that belong to it, or of a folder; empty where it is gone."""
    if path.is_dir():
        parts = sorted(part for part in path.rglob("*") if part.is_file())
    elif path.suffix.lower() == ".shp":
        parts = sorted(path.parent.glob(f"{path.stem}.*"))
    else:
        parts = [path] if path.is_file() else []
    found = []
    for part in parts:
        with part.open("rb") as stream:
            found.append(f"{part.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(found).encode()).hexdigest() if found else ""


def _plan(campaign: Campaign, name: str, out: Path, mark: str) -> Record:
    """Plan, write the plan's folder, then the record: one without the other is planned anew."""
    from targeting.batch_ground import ground_of
    from targeting.plan import make_plan
    from targeting.write import write_plan

    with _measured() as used:
        plan = make_plan(campaign)
        ground = ground_of(plan)
        write_plan(plan, out / name)
    record = replace(
        _record(plan, mark, _digest(out / name / PLAN_RECORD)),
        seconds=used["seconds"],
        processor_seconds=used["processor_seconds"],
        memory_mb=used["memory_mb"],
    )
    folder = out / RECORDS / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(folder) as partial:
            ground.write(partial)
            text = json.dumps(asdict(record), indent=1, ensure_ascii=False)
            (partial / RECORD).write_text(text, encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"{folder}: cannot be written ({fault.strerror}).") from fault
    return record


def _record(plan: "Plan", mark: str, written: str) -> Record:
    from targeting.batch_ground import mean_service, outline_of
    from targeting.units import short_name
    from targeting.write.record import source_line

    scores = plan.scores
    campaign, feed, stops = scores.campaign, scores.feed, scores.feed.stops
    region = plan.coverage[plan.coverage["area_kind"] == "region"]
    bounds = (stops["lon"].min(), stops["lat"].min(), stops["lon"].max(), stops["lat"].max())
    placed = plan.placements
    west, south, east, north = (round(float(edge), 5) for edge in bounds)
    return Record(
        fingerprint=mark,
        plan=written,
        campaign=campaign.name,
        file=str(campaign.file),
        bounds=(west, south, east, north),
        outline=outline_of(scores.tracts.geometry.to_numpy()),
        invented=_invented(scores),
        source=source_line(scores),
        feeds=[source.sha256 for source in feed.sources],
        routes_of={
            agency: [short_name(route, feed.routes) for route in its.index]
            for agency, its in feed.routes.groupby("agency")
        },
        first_day=feed.week.first_day.isoformat(),
        last_day=feed.week.last_day.isoformat(),
        tracts=len(scores.tracts.names),
        routes=len(feed.routes),
        buses_asked=campaign.placement.buses,
        buses_placed=plan.posting.posted_buses,
        venue_cards=int(placed.loc[placed["unit"] == "venue", "cards"].sum()),
        warnings=len(scores.notices.warnings),
        smallest_count=campaign.certainty.smallest_count,
        measure=campaign.region.measure,
        release=campaign.region.acs_release,
        controls=bool(campaign.region.controls),
        points=campaign.region.points is not None,
        weeks=campaign.posters.weeks,
        rides_per_week=campaign.placement.rides_per_week,
        elasticity=campaign.placement.elasticity,
        visits_per_week=campaign.venues.visits_per_week if campaign.venues else 0.0,
        mean_service=mean_service(plan),
        coverage=json.loads(region.to_json(orient="records", double_precision=10)),
    )


def _invented(scores: "Scores") -> bool:
    """Return whether timetable or people are a sample's: it says so in its names."""
    named = [*scores.feed.routes["agency"], *scores.tracts.names]
    for source in scores.feed.sources:
        named += [*source.agencies, source.version]
    return any("invented" in name.lower() for name in named)


@contextmanager
def _measured() -> Iterator[dict[str, float]]:
    """Yield where seconds and memory are told at the end; memory is looked at twenty times a second."""
    import psutil

    process, done, most = psutil.Process(), threading.Event(), [0]

    def watch() -> None:
        while not done.wait(SAMPLED_S):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    used: dict[str, float] = {}
    wall, processor = time.monotonic(), time.process_time()
    watcher.start()
    try:
        yield used
    finally:
        done.set()
        watcher.join()
    used["seconds"] = round(time.monotonic() - wall, 2)
    used["processor_seconds"] = round(time.process_time() - processor, 2)
    used["memory_mb"] = round(max(most[0], process.memory_info().rss) / 1e6, 1)


def _unexpected(fault: Exception) -> str:
    """Return the sentence for a fault that nobody foresaw, with where it came up."""
    place = fault.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" in {Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno}" if place else ""
    said = shortened(plain(f"{type(fault).__name__}: {fault}"), 300)
    return f"the program has a fault that this region brings up{where} ({said}); please report it."
