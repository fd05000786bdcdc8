"""The Mobility Database's list of feeds (`feeds_v2.csv`): what it holds, found by id or by place."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from targeting.errors import FetchError

Box = tuple[float, float, float, float]
NEEDED = ("id", "data_type", "provider", "urls.direct_download", "urls.latest", "status")
OPEN = ("", "0")
MOST_REDIRECTS = 5
SHOWN = 8


@dataclass(frozen=True)
class Listed:
    """A feed as the catalogue lists it.

    Attributes
    ----------
    id : str
        "mdb-247", "tld-543".
    kind : str
        "gtfs" for timetables; "gtfs_rt" and others for what is none.
    provider, name, municipality, subdivision, country : str
    contact, access : str
        Whom to ask, and where the producer tells how to get access.
    direct, latest, licence : str
        Addresses: the producer's file, the catalogue's copy of it, its terms.
    authentication : str
        "0" or empty: open.
    status : str
        "active", "inactive", "deprecated" …
    official : bool
    static : str
        For realtime: the id of the timetable it belongs to.
    redirects : tuple of str
        Ids of the feeds that took its place.
    box : tuple of float or None
        West, south, east, north.
    """

    id: str
    kind: str
    provider: str
    name: str
    municipality: str
    subdivision: str
    country: str
    contact: str
    access: str
    direct: str
    latest: str
    licence: str
    authentication: str
    status: str
    official: bool
    static: str
    redirects: tuple[str, ...]
    box: Box | None

    @property
    def title(self) -> str:
        """Provider and name, as a reader tells it from others."""
        place = ", ".join(part for part in (self.municipality, self.subdivision) if part)
        named = f" ({self.name})" if self.name else ""
        return f"{self.provider}{named}" + (f", {place}" if place else "")

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it can be had, the catalogue's copy first: producers' addresses move."""
        return tuple(url for url in dict.fromkeys((self.latest, self.direct)) if url)


@dataclass(frozen=True)
class Catalogue:
    """All feeds of the list."""

    feeds: tuple[Listed, ...]

    def by_id(self, wanted: str) -> Listed:
        """Return the open timetable with an id, or the one that took its place.

        Raises
        ------
        FetchError
            When there is none, it is no timetable, is not open, or was given up.
        """
        known = {feed.id: feed for feed in self.feeds}
        feed = known.get(wanted.lower())
        for _ in range(MOST_REDIRECTS):
            if feed is None or not feed.redirects:
                break
            if len(feed.redirects) > 1:
                raise FetchError(
                    f"{feed.id} ({feed.title}) was split into {', '.join(feed.redirects)}; give the ones "
                    "you want."
                )
            feed = known.get(feed.redirects[0])
        if feed is None:
            raise FetchError(
                f"{wanted}: no such feed in the catalogue; look it up at https://mobilitydatabase.org, or "
                "run with --refresh if it is new."
            )
        return usable(feed)

    def by_url(self, url: str) -> Listed | None:
        """Return the feed whose producer publishes at an address, None where none is known."""
        bare = _bare(url)
        found = [feed for feed in self.feeds if feed.direct and _bare(feed.direct) == bare]
        found = [feed for feed in found if feed.kind == "gtfs" and feed.status != "deprecated"]
        return found[0] if found else None

    def by_words(self, words: str, box: Box | None = None) -> Listed:
        """Return the one timetable that words fit: of its provider, name, town or state.

        Of several the one whose provider is just that, then active ones, then official ones, then
        those whose area touches `box`.

        Raises
        ------
        FetchError
            When none or several fit.
        """
        wanted = _words(words)
        found = [
            feed for feed in self.feeds
            if feed.kind == "gtfs" and feed.status != "deprecated" and feed.country in ("", "US")
            and wanted <= _words(f"{feed.provider} {feed.name} {feed.municipality} {feed.subdivision}")
        ]  # fmt: skip
        for better in (
            [feed for feed in found if _words(re.sub(r"\(.*?\)", "", feed.provider)) == wanted],
            [feed for feed in found if feed.status == "active"],
            [feed for feed in found if feed.official],
            [feed for feed in found if box and feed.box and overlap(feed.box, box)],
            [feed for feed in found if feed.authentication in OPEN],
        ):
            kept = [feed for feed in found if feed in better]
            found = kept or found
        if not found:
            raise FetchError(
                f"{words!r}: no feed of the catalogue fits; look it up at https://mobilitydatabase.org and "
                "give its id or address with --gtfs."
            )
        if len(found) > 1:
            raise FetchError(f"{words!r} fits several feeds; give one with --gtfs: {listing(found)}.")
        return usable(found[0])

    def near(self, box: Box) -> list[Listed]:
        """Return the open timetables of an area, the largest part of it in common first.

        Feeds of intercity buses and trains touch every area; those that reach far beyond it are
        left out.
        """
        around = [
            feed for feed in self.feeds
            if feed.kind == "gtfs" and feed.status not in ("deprecated", "inactive")
            and feed.authentication in OPEN and feed.urls and feed.box
            and overlap(feed.box, box) and _size(feed.box) < 25 * _size(box)
        ]  # fmt: skip
        return sorted(around, key=lambda feed: (-_common(feed.box, box) if feed.box else 0.0, feed.id))


def usable(feed: Listed) -> Listed:
    """Return a feed that anybody may download.

    Raises
    ------
    FetchError
        When it is none, with the sentence whom to ask.
    """
    who = feed.contact or feed.access or feed.provider or "the agency"
    if feed.kind != "gtfs":
        hint = f"; its timetable is {feed.static}" if feed.static else ""
        raise FetchError(f"{feed.id} ({feed.title}) is {feed.kind}, no timetable{hint}; give a GTFS feed.")
    if feed.status == "deprecated":
        raise FetchError(
            f"{feed.id} ({feed.title}) was given up and nothing named in its place; look for another at "
            "https://mobilitydatabase.org."
        )
    if feed.authentication not in OPEN:
        raise FetchError(
            f"{feed.id} ({feed.title}) is not open: ask {who} for access, download the zip yourself and give "
            "its path with --gtfs."
        )
    if not feed.urls:
        raise FetchError(f"{feed.id} ({feed.title}) has no address in the catalogue; ask {who} for the file.")
    return feed


def read_catalogue(path: Path) -> Catalogue:
    """Read the list.

    Raises
    ------
    FetchError
        When it is not the table that it should be.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.DictReader(stream)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise FetchError(
                f"the catalogue of feeds has no column {missing[0]!r}, so it has changed its form; give "
                "feeds by address with --gtfs, and tell the authors of this program."
            )
        try:
            feeds = tuple(_listed(row) for row in rows)
        except csv.Error as fault:
            raise FetchError(
                f"the catalogue of feeds is damaged ({fault}); run the same command with --refresh."
            ) from fault
    return Catalogue(feeds)


def listing(feeds: Sequence[Listed]) -> str:
    """Return feeds as a short list in one line."""
    more = f" and {len(feeds) - SHOWN} more" if len(feeds) > SHOWN else ""
    return ", ".join(f"{feed.id} ({feed.title})" for feed in feeds[:SHOWN]) + more


def overlap(one: Box, other: Box) -> bool:
    """Return whether two boxes have a point in common."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _listed(row: Mapping[str, str | None]) -> Listed:
    def text(name: str) -> str:
        return (row.get(name) or "").strip()

    return Listed(
        id=text("id").lower(),
        kind=text("data_type").lower(),
        provider=text("provider"),
        name=text("name"),
        municipality=text("location.municipality"),
        subdivision=text("location.subdivision_name"),
        country=text("location.country_code").upper(),
        contact=text("feed_contact_email"),
        access=text("urls.authentication_info"),
        direct=text("urls.direct_download"),
        latest=text("urls.latest"),
        licence=text("urls.license"),
        authentication=text("urls.authentication_type").removesuffix(".0"),
        status=text("status").lower(),
        official=text("is_official").lower() == "true",
        static=text("static_reference"),
        redirects=tuple(part.lower() for part in re.split(r"[|,;\s]+", text("redirect.id")) if part),
        box=_box([
            text(f"location.bounding_box.{side}")
            for side in ("minimum_longitude", "minimum_latitude", "maximum_longitude", "maximum_latitude")
        ]),
    )  # fmt: skip


def _box(sides: Sequence[str]) -> Box | None:
    try:
        west, south, east, north = (float(side) for side in sides)
    except ValueError:
        return None
    return (west, south, east, north) if west <= east and south <= north else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _bare(url: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", url.strip().lower()).rstrip("/")


def _size(box: Box) -> float:
    return max(box[2] - box[0], 0.01) * max(box[3] - box[1], 0.01)


def _common(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0) / _size(one)
