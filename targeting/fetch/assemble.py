"""A region's inputs and its campaign file in one go: each source by itself, what fails is named.

The functions that fetch are given, so that what is done with what they bring can be tried without them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from targeting.errors import FetchError, TargetingError
from targeting.fetch.campaign_text import campaign_text, release
from targeting.fetch.catalogue import Box, listing
from targeting.fetch.client import Client
from targeting.fetch.feeds import Feeds, Offer, check_feed, free_name
from targeting.fetch.inputs_folder import InputsFolder
from targeting.fetch.redact import redacted
from targeting.fetch.sources import Fetched
from targeting.notices import Notices

LAST_KNOWN_YEAR = 2024  # the latest release known when this was written, where nobody can be asked
Detail = Literal["block", "block group"]


class FetchTable(Protocol):
    """`targeting.fetch.acs.fetch_table`."""

    def __call__(
        self,
        client: Client,
        table: str,
        *,
        year: int | None,
        counties: Sequence[str],
        geography: Literal["tract", "puma", "county"],
        key: str | None,
        out: Path,
    ) -> Fetched:
        """Fetch a table."""


class FetchLayer(Protocol):
    """`fetch_tracts`, `fetch_counties`, `fetch_water` and `fetch_pumas` of `targeting.fetch.boundaries`."""

    def __call__(self, client: Client, *, year: int, counties: Sequence[str], out: Path) -> Fetched:
        """Fetch a layer."""


class FetchPoints(Protocol):
    """`targeting.fetch.points.fetch_points`."""

    def __call__(
        self, client: Client, *, year: int, counties: Sequence[str], out: Path, detail: Detail
    ) -> Fetched:
        """Fetch points."""


@dataclass(frozen=True)
class Fetchers:
    """The functions that fetch each kind of source."""

    latest_year: Callable[[Client, str | None], int]
    table: FetchTable
    tracts: FetchLayer
    counties: FetchLayer
    water: FetchLayer
    pumas: FetchLayer
    points: FetchPoints


def fetchers() -> Fetchers:
    """Return the functions that fetch from the Census Bureau."""
    from targeting.fetch.acs import fetch_table, latest_year
    from targeting.fetch.boundaries import fetch_counties, fetch_pumas, fetch_tracts, fetch_water
    from targeting.fetch.points import fetch_points

    return Fetchers(
        latest_year, fetch_table, fetch_tracts, fetch_counties, fetch_water, fetch_pumas, fetch_points
    )


@dataclass(frozen=True)
class Wanted:
    """What to fetch.

    Attributes
    ----------
    title : str
        Of the region, for the campaign's name.
    counties, feeds : tuple of str
    out : Path
        The folder to fill.
    year : int, optional
        Last year of the ACS release; the latest one where not given.
    key : str, optional
        Census key.
    languages : str or tuple of str
        "auto:6", or tags.
    buses : int
    points : str, optional
        "block" or "block group"; None for none.
    controls : bool
        Tables B16001 and B05006 too, for named languages.
    refresh : bool
        Ask again for what the folder has.
    """

    title: str
    counties: tuple[str, ...]
    feeds: tuple[str, ...]
    out: Path
    year: int | None = None
    key: str | None = field(default=None, repr=False)
    languages: str | tuple[str, ...] = "auto:6"
    buses: int = 36
    points: Detail | None = "block"
    controls: bool = True
    refresh: bool = False


@dataclass
class Outcome:
    """What came of it.

    Attributes
    ----------
    fetched : dict of str to Fetched
        By the source's name.
    failed : dict of str to str
        The sentence of each source that failed.
    unreached : dict of str to str
        Of those, the ones whose server could not be reached, with its host.
    lacking : list of str
        What a plan cannot do without and has not got.
    campaign : Path or None
        The campaign file; None where a plan cannot be made.
    """

    year: int
    fetched: dict[str, Fetched] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unreached: dict[str, str] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    campaign: Path | None = None


def fetch_region(
    wanted: Wanted,
    client: Client,
    how: Fetchers,
    *,
    today: date,
    notices: Notices,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Fetch everything that a plan of a region needs, and write its campaign file.

    Parameters
    ----------
    say : callable
        Told of each source that is there: "Fetched …", or "Kept …" where the folder had it.

    Returns
    -------
    Outcome
        What failed is in it: a source's fault ends that source, not the run.
    """
    work = _Work(wanted, say)
    year = _year(wanted, client, how, work.folder.year(), notices)
    counties, key = wanted.counties, wanted.key
    done = work.done = Outcome(year)
    span = {"year": year, "counties": list(counties)}

    tracts = work.source(
        "tract outlines", f"geo/tracts_{year}.gpkg", span,
        lambda out: how.tracts(client, year=year, counties=counties, out=out),
    )  # fmt: skip
    table = work.source(
        "census table C16001", f"acs/c16001_{year}.csv", span | {"geography": "tract"},
        lambda out: how.table(
            client, "C16001", year=year, counties=counties, geography="tract", key=key, out=out
        ),
    )  # fmt: skip
    box = _box(wanted.out / tracts) if tracts else None
    gtfs = _feeds(wanted, Feeds(client, today=today, notices=notices), box, work)
    points = None
    if wanted.points is not None:
        detail = wanted.points
        points = work.source(
            "population points", f"geo/points_{detail.replace(' ', '')}.gpkg", span | {"detail": detail},
            lambda out: how.points(client, year=year, counties=counties, out=out, detail=detail),
        )  # fmt: skip
    water = work.source(
        "rivers and lakes", f"geo/water_{year}.gpkg", span,
        lambda out: how.water(client, year=year, counties=counties, out=out),
    )  # fmt: skip
    work.source(
        "county outlines", f"geo/counties_{year}.gpkg", span,
        lambda out: how.counties(client, year=year, counties=counties, out=out),
    )  # fmt: skip
    controls = births = pumas = None
    if wanted.controls:
        controls = work.source(
            "language controls (table B16001)", f"acs/b16001_{year}_puma.csv", span | {"geography": "puma"},
            lambda out: how.table(
                client, "B16001", year=year, counties=counties, geography="puma", key=key, out=out
            ),
        )  # fmt: skip
        births = work.source(
            "countries of birth (table B05006)", f"acs/b05006_{year}.csv", span | {"geography": "tract"},
            lambda out: how.table(
                client, "B05006", year=year, counties=counties, geography="tract", key=key, out=out
            ),
        )  # fmt: skip
        pumas = work.source(
            "tracts of each PUMA", f"geo/pumas_{year}.csv", span,
            lambda out: how.pumas(client, year=year, counties=counties, out=out),
        )  # fmt: skip
    needed = {"the timetable": gtfs, "census table C16001": table, "the tracts' outlines": tracts}
    done.lacking = [what for what, have in needed.items() if not have]
    if not done.lacking:
        if not (controls and pumas):  # a table of birthplaces says nothing without them
            controls = births = pumas = None
        text = campaign_text(wanted.title, year, wanted.languages, wanted.buses, [
            ("gtfs", gtfs), ("acs", table), ("tracts", tracts), ("points", points), ("water", water),
            ("controls", controls), ("pumas", pumas), ("birthplaces", births),
        ])  # fmt: skip
        done.campaign = work.folder.write_campaign(text)
    return done


class _Work:
    """One run: brings each source unless the folder has it, and remembers what failed."""

    def __init__(self, wanted: Wanted, say: Callable[[str], None]) -> None:
        self.folder = InputsFolder(wanted.out)
        self.done = Outcome(0)
        self._refresh = wanted.refresh
        self._say = say

    def kept(self, name: str, asked: Mapping[str, Any]) -> Fetched | None:
        """Return a source that the folder has from a run before this one."""
        return None if self._refresh else self.folder.reusable(name, asked)

    def fail(self, name: str, fault: TargetingError) -> None:
        """Remember why a source could not be had."""
        self.done.failed[name] = redacted(str(fault))
        if isinstance(fault, FetchError) and fault.unreached:
            self.done.unreached[name] = fault.unreached

    def source(
        self, name: str, file: str, asked: Mapping[str, Any], bring: Callable[[Path], Fetched]
    ) -> str | None:
        """Return the path of a source below the folder, None where it could not be had."""
        out = self.folder.folder / file
        try:
            fetched = self.kept(name, asked)
            verb = "Fetched" if fetched is None else "Kept"
            if fetched is None:
                out.parent.mkdir(parents=True, exist_ok=True)
                fetched = bring(out)
                self.folder.note(name, asked, fetched)
        except TargetingError as fault:
            self.fail(name, fault)
            return None
        except OSError as fault:
            self.done.failed[name] = f"{out}: cannot be written ({fault.strerror or fault})."
            return None
        self.done.fetched[name] = fetched
        file = fetched.path.relative_to(self.folder.folder).as_posix()
        self._say(f"{verb} {fetched.what} ({file})")
        return file


def _feeds(wanted: Wanted, feeds: Feeds, box: Box | None, work: _Work) -> list[str]:
    """Return the paths of the feeds that came."""
    if not wanted.feeds:
        work.done.failed["timetable"] = _suggestion(feeds, box)
        return []
    asked = {name: {"feed": redacted(name)} for name in wanted.feeds}
    kept = {name: work.kept(f"timetable {redacted(name)}", asked[name]) for name in asked}
    taken = {fetched.path.stem for fetched in kept.values() if fetched}
    found = []
    for name in asked:
        source, had = f"timetable {redacted(name)}", kept[name]
        try:
            if had:  # it was checked when it came, but days have passed
                feeds.hold_against_today(had.path.stem, check_feed(had.path, had.url))
                offer, file = Offer(had.path.stem, ()), had.path.stem
            else:
                offer = feeds.find(name, box)
                file = free_name(offer.title, taken)
        except TargetingError as fault:
            work.fail(source, fault)
            continue
        path = work.source(source, f"gtfs/{file}.zip", asked[name], partial(feeds.fetch, offer))
        if path:
            taken.add(file)
            found.append(path)
    return found


def _suggestion(feeds: Feeds, box: Box | None) -> str:
    """Return the sentence for a region without feeds: which there are."""
    ask = "name the timetable with --gtfs: an address, a zip, or an id of https://mobilitydatabase.org"
    if box is None:
        return f"{ask}."
    try:
        near = feeds.catalogue().near(box)
    except FetchError as fault:
        return f"{ask}; {redacted(str(fault))}"
    return f"{ask}; around these counties there are {listing(near)}." if near else f"{ask}."


def _box(tracts: Path | None) -> Box | None:
    """Return west, south, east, north of the tracts, once they are there; None where nobody can tell."""
    if tracts is None:
        return None
    import geopandas

    try:
        frame = geopandas.read_file(tracts)
    except (OSError, RuntimeError, ValueError):  # the plan will say so; here it only helps to choose
        return None
    if frame.empty or frame.crs is None:
        return None
    west, south, east, north = (float(side) for side in frame.to_crs(4326).total_bounds)
    return west, south, east, north


def _year(wanted: Wanted, client: Client, how: Fetchers, kept: int | None, notices: Notices) -> int:
    """Return the release's last year: the one wanted, else the latest there is, else the one kept."""
    if wanted.year is not None:
        return wanted.year
    said = ""
    for key in dict.fromkeys((wanted.key, None)):  # a key that is refused does not hide which year it is
        try:
            return how.latest_year(client, key)
        except TargetingError as fault:
            said = said or redacted(str(fault)).rstrip(".")
    year = kept or LAST_KNOWN_YEAR
    which = f"{release(year)}, which the folder has," if kept else release(year)
    notices.add(
        "latest_year_unknown",
        f"Which census release is the latest could not be asked ({said}); {which} was taken; --year chooses "
        "another.",
    )
    return year
