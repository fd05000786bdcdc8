"""What takes longest to make of a campaign's files, taken from a cache where it was made before.

All functions return exactly what they would make anew, and add the same notices.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
import shapely

from targeting.cache import Cache, key_of
from targeting.catchment import Catchment
from targeting.certainty import certainty_of
from targeting.design_week import DesignWeek
from targeting.feed import Feed, FeedSource, read_feeds
from targeting.feed_checks import check_feed
from targeting.feed_files import open_feed
from targeting.ground import find_catchments
from targeting.interlining import SharedHours, families
from targeting.languages import Language
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.tracts import Tracts, read_points

ONE_FILE = (".gpkg", ".geojson", ".json", ".fgb", ".zip")
_FRAMES = ("routes", "stops", "departures", "trips", "links", "left_out")
_SPARSE = ("departures", "touched", "wholly", "share_by_area")


def derive_feed(
    cache: Cache | None,
    paths: Sequence[Path],
    *,
    notices: Notices,
    week: date | None = None,
    modes: Collection[str] = ("bus",),
    limits: Limits = DEFAULT_LIMITS,
    step: Callable[[str], None] = lambda _: None,
) -> Feed:
    """Return the feed of `targeting.feed.read_feeds`, with what `check_feed` finds odd noted.

    Parameters
    ----------
    cache : Cache or None
        None to read it in any case.
    paths, notices, week, modes, limits, step
        As for `read_feeds`, which says what is raised, too.
    """
    settings: dict[str, Any] = {"week": week, "modes": modes, "limits": limits, "step": step}
    if cache is None:
        feed = read_feeds(paths, notices=notices, **settings)
        check_feed(feed, notices)
        return feed
    contents = [open_feed(path, Notices(), limits).sha256() for path in paths]
    key = key_of("feed", [*map(str, paths), *contents, week, sorted(modes), repr(limits)])
    kept = cache.get(key, lambda content: (_feed_from(content), content["notices"]))
    if kept is not None:
        for path in paths:
            step(f"reading {path.name}")
        step("counting departures")
        notices.extend(kept[1])
        return kept[0]
    found = Notices()
    feed = read_feeds(paths, notices=found, **settings)
    check_feed(feed, found)
    notices.extend(found.as_dicts())
    cache.put(key, {**_content_of_feed(feed), "notices": found.as_dicts()})
    return feed


def derive_points(
    cache: Cache | None, path: Path, tracts: Tracts, notices: Notices, limits: Limits = DEFAULT_LIMITS
) -> pd.DataFrame:
    """Return the population points of `targeting.tracts.read_points`.

    Parameters
    ----------
    cache : Cache or None
        None to read them in any case, as is done with what is not a single file.
    path, tracts, notices, limits
        As for `read_points`, which says what is raised, too.
    """
    beside = path.with_name(f"{path.name}-wal")  # changes that a GeoPackage does not hold yet
    if cache is None or path.suffix.lower() not in ONE_FILE or not path.is_file() or beside.exists():
        return read_points(path, tracts, notices, limits)
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").digest()
    outlines = shapely.to_wkb(tracts.geometry.to_numpy())
    people = tracts.population.to_numpy(float)
    place = [path.name, content, repr(limits)]
    key = key_of("points", [*place, people, list(tracts.names), str(tracts.geometry.crs), *outlines])
    kept = cache.get(key, lambda content: (content["points"], content["notices"]))
    if kept is not None:
        notices.extend(kept[1])
        return kept[0]
    found = Notices()
    points = read_points(path, tracts, found, limits)
    notices.extend(found.as_dicts())
    cache.put(key, {"points": points, "notices": found.as_dicts()})
    return points


def derive_catchments(
    cache: Cache | None,
    feed: Feed,
    tracts: Tracts,
    points: pd.DataFrame | None,
    venues: pd.DataFrame | None,
    *,
    notices: Notices,
    **distances: float,
) -> tuple[Catchment, Catchment | None]:
    """Return the catchments of `targeting.ground.find_catchments`.

    Parameters
    ----------
    cache : Cache or None
        None to find them in any case.
    feed, tracts, points, venues, notices, **distances
        As for `find_catchments`, which says what is raised, too.
    """
    if cache is None:
        return find_catchments(feed, tracts, points, venues, notices=notices, **distances)
    outlines = shapely.to_wkb(tracts.geometry.to_numpy())
    key = key_of(
        "catchments",
        [
            feed.routes, feed.stops, feed.departures, str(tracts.geometry.crs), *outlines,
            np.flatnonzero(tracts.population.to_numpy() > 0), points, venues, *sorted(distances.items()),
        ],
    )  # fmt: skip
    kept = cache.get(
        key,
        lambda content: (
            _catchment_from("routes_", content, feed.routes.index),
            None if venues is None else _catchment_from("venues_", content, venues.index),
            content["notices"],
        ),
    )
    if kept is not None:
        notices.extend(kept[2])
        return kept[0], kept[1]
    found = Notices()
    of_routes, of_venues = find_catchments(feed, tracts, points, venues, notices=found, **distances)
    notices.extend(found.as_dicts())
    content = {**_content_of_catchment("routes_", of_routes), "notices": found.as_dicts()}
    if of_venues is not None:
        content |= _content_of_catchment("venues_", of_venues)
    cache.put(key, content)
    return of_routes, of_venues


def derive_families(
    cache: Cache | None,
    route_leakage: scipy.sparse.csr_matrix,
    routes: pd.Index,
    shared: SharedHours,
    share: float,
) -> list[tuple[str, ...]]:
    """Return the families of routes of `targeting.interlining.families`.

    Parameters
    ----------
    cache : Cache or None
        None to find them in any case.
    route_leakage, routes, shared, share
        As for `families`.
    """
    if cache is None:
        return families(route_leakage, routes, shared, share)
    leaks = (route_leakage.data, route_leakage.indices, route_leakage.indptr)
    key = key_of("families", [*leaks, list(routes), sorted(shared.items()), share])
    kept = cache.get(key, lambda content: [tuple(family) for family in content["families"]])
    if kept is not None:
        return kept
    found = families(route_leakage, routes, shared, share)
    cache.put(key, {"families": found})
    return found


def derive_certainty(
    cache: Cache | None,
    served: pd.DataFrame,
    languages: Sequence[Language],
    *,
    min_served: float,
    cv_limits: tuple[float, float],
) -> pd.DataFrame:
    """Return how sure the figures are: the table of `targeting.certainty.certainty_of`.

    Parameters
    ----------
    cache : Cache or None
        None to compute it in any case.
    served, languages, min_served, cv_limits
        As for `certainty_of`.
    """
    if cache is None:
        return certainty_of(served, languages, min_served=min_served, cv_limits=cv_limits)
    figures = served[["route_id", "language", "served", "served_moe"]]
    names = [(language.tag, language.column) for language in languages]
    key = key_of("certainty", [figures, names, min_served, cv_limits])
    kept = cache.get(key, lambda content: pd.DataFrame(content["certainty"]))
    if kept is None:
        kept = certainty_of(served, languages, min_served=min_served, cv_limits=cv_limits)
        cache.put(key, {"certainty": kept})
    return kept


def _content_of_feed(feed: Feed) -> dict[str, Any]:
    content: dict[str, Any] = {name: getattr(feed, name) for name in _FRAMES}
    content["lines"] = pd.DataFrame({"line": shapely.to_wkb(feed.lines.to_numpy())}, index=feed.lines.index)
    content["week"] = [feed.week.first_day.isoformat(), feed.week.reason]
    content["sources"] = [
        [
            source.path, source.sha256, source.agencies, source.version,
            [day.isoformat() for day in source.period], source.service_tables,
        ]
        for source in feed.sources
    ]  # fmt: skip
    for number, source in enumerate(feed.sources):
        content[f"trips_by_day_{number}"] = source.trips_by_day.to_frame("trips")
    return content


def _feed_from(kept: dict[str, Any]) -> Feed:
    first_day, reason = kept["week"]
    sources = []
    for number, (path, sha256, agencies, version, period, tables) in enumerate(kept["sources"]):
        begin, end = map(date.fromisoformat, period)
        by_day = kept[f"trips_by_day_{number}"]["trips"].rename(None)
        sources.append(
            FeedSource(path, sha256, tuple(agencies), version, (begin, end), tuple(tables), by_day)
        )
    lines = kept["lines"]["line"]
    frames = {name: kept[name] for name in _FRAMES}
    return Feed(
        sources=tuple(sources),
        week=DesignWeek(date.fromisoformat(first_day), reason),
        lines=pd.Series(shapely.from_wkb(lines.to_numpy(object)), index=lines.index, dtype=object),
        **frames,
    )


def _content_of_catchment(prefix: str, catchment: Catchment) -> dict[str, Any]:
    content: dict[str, Any] = {"tracts": catchment.tracts}
    content |= {name: getattr(catchment, name) for name in ("tract", "weight", "xy")}
    for name in _SPARSE:
        matrix = getattr(catchment, name)
        if matrix is not None:
            content |= {f"{name}-{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
            content[f"{name}-shape"] = list(matrix.shape)
    return {prefix + name: value for name, value in content.items()}


def _catchment_from(prefix: str, kept: dict[str, Any], routes: pd.Index) -> Catchment:
    def sparse(name: str) -> scipy.sparse.csr_matrix | None:
        if f"{prefix}{name}-data" not in kept:
            return None
        arrays = tuple(kept[f"{prefix}{name}-{part}"] for part in ("data", "indices", "indptr"))
        return scipy.sparse.csr_matrix(arrays, shape=tuple(kept[f"{prefix}{name}-shape"]))

    parts: dict[str, Any] = {name: kept[prefix + name] for name in ("tracts", "tract", "weight", "xy")}
    parts |= {name: sparse(name) for name in _SPARSE}
    return Catchment(routes=routes, **parts)
