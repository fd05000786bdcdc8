"""What a report says of its making, from the record of a plan: the files it was made from, and the search."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from targeting.plain_text import plain


@dataclass(frozen=True)
class Found:
    """How the placement was found: its worth, what no other can exceed, and by which method."""

    value: float
    bound: float
    gap: float
    method: str
    status: str


@dataclass(frozen=True)
class Source:
    """A file that the plan was made from: what it is, its name, its vintage or version, its SHA-256."""

    what: str
    file: str
    vintage: str
    sha256: str


def printable(text: Any) -> str:
    """Return a text as one line without what no document can hold, or what turns around the line after it."""
    return " ".join(plain(str(text)).split())


def sources_of(record: Mapping[str, Any]) -> tuple[Source, ...]:
    """Return the files that the plan was made from: timetables, census, others."""
    found = [
        (
            f"GTFS of {' and '.join(feed['agencies'])}" if feed["agencies"] else "GTFS",
            feed,
            ", ".join(
                filter(
                    None,
                    [f"version {feed['version']}" if feed["version"] else "", " to ".join(feed["period"])],
                )
            ),
        )
        for feed in record["feeds"]
    ]
    found += [("Census", source, source["looks_like"]) for source in record["census"]]
    found += [(source["what"].capitalize(), source, "") for source in record["other_files"]]
    return tuple(
        Source(printable(what), printable(Path(source["path"]).name), printable(vintage), source["sha256"])
        for what, source, vintage in found
    )


def found_of(placement: Mapping[str, Any]) -> Found | None:
    """Return how the placement was found; None for the predominant strategy."""
    if not placement:
        return None
    numbers = {name: float(placement[name]) for name in ("value", "bound", "gap")}
    return Found(**numbers, method=placement["method"], status=placement["status"])
