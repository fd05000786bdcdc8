"""Fetch a region without a network, for `interrupted`: every file says the same mark."""

import json
import tomllib
from datetime import date
from errno import EACCES, ENOSPC
from pathlib import Path
from typing import Any

from targeting import whole
from targeting.errors import TargetingError
from targeting.fetch import assemble
from targeting.fetch.census_files import fetched
from targeting.fetch.census_files import whole as whole_source
from targeting.notices import Notices

YEAR = 2023


def write(place: Path, mark: str) -> None:
    """Fetch anew into a folder."""

    def bring(*_: object, out: Path, **__: object) -> Any:
        with whole_source(out) as part:
            part.write_text(mark)
        return fetched(out, "what", ["https://census.example"])

    def feeds(*given: Any) -> list[str]:
        found = given[-1].source("timetable x", "gtfs/x.zip", {}, lambda out: bring(out=out))
        return [found] if found else []

    assemble._feeds = feeds
    assemble._box = lambda tracts: None
    how = assemble.Fetchers(lambda *_: YEAR, *[bring] * 6)
    wanted = assemble.Wanted(
        f"city {mark}", ("41051",), ("x",), place, YEAR, points=None, controls=False, refresh=True
    )
    client: Any = None
    try:
        with whole.alone(place):
            done = assemble.fetch_region(wanted, client, how, today=date(2025, 1, 1), notices=Notices())
        failed = list(done.failed.values())
    except TargetingError as fault:
        failed = [str(fault)]
    if failed:
        assert all("cannot be written" in sentence for sentence in failed), failed
        raise OSError(ENOSPC if "No space" in failed[0] else EACCES, failed[0])


def states(place: Path) -> set[str]:
    """Return what the files say; the campaign names none that is missing, the record none that differs."""
    if not place.exists():
        return set()
    said = {path.read_text() for folder in ("acs", "geo", "gtfs") for path in place.glob(f"{folder}/[!.]*")}
    record, campaign = place / "sources.json", place / "campaign.toml"
    if record.exists():
        json.loads(record.read_text())
    if campaign.exists():
        told = tomllib.loads(campaign.read_text())
        said.add(told["name"].removeprefix("Posters for city "))
        region = told["region"]
        for path in (region["acs"], region["tracts"], region["gtfs"]):
            assert (place / (path if isinstance(path, str) else path[0])).is_file()
    return said
