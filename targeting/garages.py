"""Which garage runs what: a planner's CSV of `route,garage` or `block,garage`.

Advertising is mostly sold by garage: its buses rotate over all of its blocks. GTFS knows no garages.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.errors import CampaignError, UnsafeFileError
from targeting.feed import Feed
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.service import BlockHours
from targeting.text_files import examine_text, note_latin_1
from targeting.text_tables import rows_by_hand

By = Literal["route", "block"]
SETTING = "placement.garages"


@dataclass(frozen=True)
class Garages:
    """The garage of each route, or of each block.

    Attributes
    ----------
    by : {"route", "block"}
    garage : Series indexed by route_id or block_id
        Name of the garage; only what the feed runs in the design week.
    """

    by: By
    garage: "pd.Series[str]"

    def of_vehicles(self, block_hours: BlockHours) -> npt.NDArray[np.object_]:
        """Return the garage of each vehicle-day, empty where the file does not say.

        By route, a vehicle-day belongs to the garage of the route on which it has most hours (the
        first route_id of equals).
        """
        if self.by == "block":
            keys = block_hours.blocks["block_id"]
        else:
            entries = block_hours.hours.tocoo()
            order = np.lexsort((entries.col, -entries.data, entries.row))
            most = order[np.flatnonzero(np.diff(entries.row[order], prepend=-1))]
            keys = pd.Series(block_hours.routes.to_numpy()[entries.col[most]])
        garage = self.garage.to_dict()
        return np.array([garage.get(key, "") for key in keys], dtype=object)


def garage_title(name: str) -> str:
    """Return what a garage is called in a plan: "Harbor garage"."""
    return name if "garage" in name.lower() else f"{name} garage"


def read_garages(path: Path, feed: Feed, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> Garages:
    """Read which garage runs which route or block.

    Parameters
    ----------
    path : Path
        CSV with the columns `route,garage` or `block,garage` (`block` wins where all three are there);
        others are passed over. Routes stand there by route_id or short name; what stands before the
        ids of several feeds ("ctran:1") may be left out where no two feeds share the id.

    Raises
    ------
    CampaignError
        When the file cannot be used, names something twice with different garages, or holds nothing
        that the feed runs.
    """
    by, rows = _read_rows(path, notices, limits)
    find = _finder(by, feed, path)
    idle = _idle_routes(feed) if by == "route" else set()
    garages: dict[str, str] = {}
    unknown: list[str] = []
    for number, name, garage in rows:
        found = find(number, name)
        if found is None:
            if name.lower() not in idle:
                unknown.append(name)
            continue
        before = garages.setdefault(found, garage)
        if before != garage:
            remedy = (
                "if both run it, write a file with the columns block,garage."
                if by == "route"
                else "a block has one garage: remove one of the rows."
            )
            raise CampaignError(
                f"{SETTING}: {path.name}, row {number}: {by} {name!r} has the garage {garage!r} here and "
                f"{before!r} above; {remedy}"
            )
    known = feed.routes.index if by == "route" else _blocks(feed)
    if not garages:
        what = "route numbers or route_ids" if by == "route" else "block_ids"
        remedy = f"write the feed's {what}, such as {', '.join(known[:3])}"
        if by == "block" and not len(known):
            remedy = "the feed has no block_ids: write a file with the columns route,garage"
        raise CampaignError(
            f"{SETTING}: {path.name}: none of its {len(rows)} rows names a {by} that runs in the design "
            f"week; {remedy}."
        )
    _note(path, by, unknown, [name for name in known if name not in garages], len(known), feed, notices)
    return Garages(by, pd.Series(garages, dtype=object, name="garage"))


def _read_rows(path: Path, notices: Notices, limits: Limits) -> tuple[By, list[tuple[int, str, str]]]:
    """Return what the file names, and its rows: line number, route or block, garage."""
    try:
        text = examine_text(path, limits.file_bytes)
        with path.open(encoding=text.encoding, newline="") as stream:
            lines = rows_by_hand(stream)
    except FileNotFoundError as fault:
        raise CampaignError(
            f"{SETTING}: {path}: no such file; write a CSV with the columns route,garage (or block,garage)."
        ) from fault
    except UnsafeFileError as fault:
        raise CampaignError(f"{SETTING}: {path.name}: {fault}") from fault
    except OSError as fault:
        raise CampaignError(
            f"{SETTING}: {path}: cannot be read ({fault}); save it as CSV in UTF-8."
        ) from fault
    note_latin_1(text, notices)
    header = [cell.lower() for cell in lines[0][1]] if lines else []
    if "garage" not in header or not {"route", "block"} & set(header):
        raise CampaignError(
            f"{SETTING}: {path.name} must have the columns route,garage (or block,garage), and its first "
            f"row has {', '.join(filter(None, header)) or 'nothing'}; add them."
        )
    by: By = "block" if "block" in header else "route"
    rows = []
    for number, cells in lines[1:]:
        row = dict(zip(header, cells, strict=False))
        for column in (by, "garage"):
            if not row.get(column):
                raise CampaignError(
                    f"{SETTING}: {path.name}, row {number}: the column {column} is blank; fill it in or "
                    "remove the row."
                )
        rows.append((number, row[by], row["garage"]))
    return by, rows


def _finder(by: By, feed: Feed, path: Path) -> Callable[[int, str], str | None]:
    """Return how the feed's id is found for what a planner writes in a row."""
    ids = set(feed.routes.index if by == "route" else _blocks(feed))
    bare = _without_prefix(sorted(ids), feed)
    short: dict[str, list[str]] = {}
    if by == "route":
        for route, name in feed.routes["route_short_name"].items():
            short.setdefault(name.lower(), []).append(str(route))

    def find(number: int, name: str) -> str | None:
        found = [name] if name in ids else bare.get(name) or short.get(name.lower(), [])
        if len(found) > 1:
            raise CampaignError(
                f"{SETTING}: {path.name}, row {number}: {name!r} is the name of {len(found)} {by}s; give "
                f"one of the ids {', '.join(found)}."
            )
        return found[0] if found else None

    return find


def _idle_routes(feed: Feed) -> set[str]:
    """Return the names of routes that the feed has, but not of a wanted mode or not in the week."""
    idle = feed.left_out
    names = [*idle.index, *_without_prefix(idle.index, feed), *idle["route_short_name"]]
    return {name.lower() for name in names}


def _blocks(feed: Feed) -> list[str]:
    return sorted(set(feed.trips["block_id"]) - {""})


def _without_prefix(ids: Iterable[str], feed: Feed) -> dict[str, list[str]]:
    """Return the ids by what is left of them without the name of their feed; {} with one feed."""
    found: dict[str, list[str]] = {}
    for prefix in filter(None, feed.prefixes):
        for name in ids:
            if name.startswith(prefix):
                found.setdefault(name.removeprefix(prefix), []).append(name)
    return found


def _note(
    path: Path,
    by: By,
    unknown: list[str],
    without: list[str],
    known: int,
    feed: Feed,
    notices: Notices,
) -> None:
    """Say which rows the feed does not know, and what it runs that has no garage."""
    if unknown:
        notices.add(
            "garage_row_unknown",
            f"{path.name}: {len(unknown)} rows name a {by} that the feed does not run in the design week "
            f"(first: {unknown[0]}); they were left out.",
            severity="info" if by == "block" else "warning",  # blocks of other weeks are no mistake
            file=path.name,
            count=len(unknown),
        )
    if without:
        first = feed.routes.at[without[0], "route_name"] if by == "route" else without[0]
        notices.add(
            f"{by}_without_garage",
            f"{path.name}: {len(without)} of {known} {by}s have no garage (first: {first}); their buses "
            "cannot be ordered by garage.",
            file=path.name,
            count=len(without),
        )
