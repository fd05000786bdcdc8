"""Transit feeds: by address, by id in the catalogue, by words, or from a file; checked before they are kept.

A feed's own dates say for which days it speaks: one that ended is often only a failed download job
of the agency's, and a plan made of it shows last year's buses. So every feed is held against today.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import chain, count
from pathlib import Path
from urllib.parse import urlsplit

from targeting.errors import FeedError, FetchError
from targeting.fetch.catalogue import Box, Catalogue, Listed, read_catalogue
from targeting.fetch.client import Client
from targeting.fetch.redact import redacted
from targeting.fetch.sources import Fetched
from targeting.notices import Notices
from targeting.whole import whole_file

MOST_FEED_BYTES = 1 << 30
MOST_CATALOGUE_BYTES = 100 << 20
_ID = re.compile(r"(?i)(mdb|tld|ntd|tfs|jbda)-[\w-]+")
_COMMON = {
    "www", "www3", "developer", "developers", "data", "api", "gtfs", "feed", "feeds", "files", "file", "cdn",
    "google", "transit", "googletransit", "googletransitupload", "zip", "php", "current", "latest",
    "application", "download", "2fzip", "gitlab", "github", "s3", "amazonaws", "storage", "googleapis",
    "prod",
}  # fmt: skip
_ENDS = {"com", "org", "net", "gov", "edu", "us", "info", "io"}


@dataclass(frozen=True)
class Offer:
    """A feed that can be downloaded: from one of some addresses, by a title, under terms."""

    title: str
    urls: tuple[str, ...]
    licence: str = ""
    file: Path | None = None


class Feeds:
    """Finds feeds; the catalogue is fetched when it is first needed, and once.

    Parameters
    ----------
    client : Client
    today : date
    notices : Notices
        Where warnings go.
    """

    def __init__(self, client: Client, *, today: date, notices: Notices) -> None:
        self._client = client
        self._today = today
        self._notices = notices
        self._catalogue: Catalogue | FetchError | None = None

    def catalogue(self) -> Catalogue:
        """Return the catalogue.

        Raises
        ------
        FetchError
            When it cannot be had; the same every time, without asking again.
        """
        if self._catalogue is None:
            try:
                path = self._client.file(self._client.sources.catalogue, most_bytes=MOST_CATALOGUE_BYTES)
                self._catalogue = read_catalogue(path)
            except FetchError as fault:
                self._catalogue = FetchError(f"the catalogue of feeds, {fault}", unreached=fault.unreached)
        if isinstance(self._catalogue, FetchError):
            raise self._catalogue
        return self._catalogue

    def find(self, wanted: str, box: Box | None = None) -> Offer:
        """Return the feed that is wanted.

        Parameters
        ----------
        wanted : str
            An address, an id of the catalogue, "provider:" and words, plain words, or a path.
        box : tuple of float, optional
            The area it should touch, to choose among several.

        Raises
        ------
        FetchError
            When there is none, or none that is open.
        """
        wanted = wanted.strip()
        if "://" in wanted:
            return self._by_address(wanted)
        if Path(wanted).is_file():
            return Offer(Path(wanted).stem, (), file=Path(wanted))
        if _ID.fullmatch(wanted):
            listed = self.catalogue().by_id(wanted)
            if listed.id != wanted.lower():
                self._warn("feed_replaced", f"{wanted} was replaced by {listed.id} ({listed.title}).")
        elif wanted.lower().endswith((".zip", ".txt")) or wanted.startswith((".", "/")):
            raise FetchError(f"{wanted}: no such file; give a path, an address, or an id of the catalogue.")
        else:
            words = wanted.removeprefix("provider:").replace("_", " ")
            listed = self.catalogue().by_words(words, box)
        if listed.status not in ("", "active"):
            self._warn("feed_inactive", f"{listed.title}: the catalogue marks this feed as {listed.status}.")
        return _offer(listed)

    def fetch(self, offer: Offer, out: Path) -> Fetched:
        """Bring a feed to `out`, whole and checked; the first of its addresses that has a sound one.

        Raises
        ------
        FetchError
            When no address has a usable feed.
        """
        if offer.file is not None:
            return self._keep(offer, offer.file, str(offer.file), out)
        faults: list[FetchError] = []
        for url in offer.urls:
            try:
                path = self._client.file(url, most_bytes=MOST_FEED_BYTES)
            except FetchError as fault:
                faults.append(fault)
                continue
            try:
                fetched = self._keep(offer, path, redacted(url), out)
            except FetchError as fault:
                faults.append(fault)
                path.unlink(missing_ok=True)  # what is no feed must not be found in the cache next time
            else:
                if faults:
                    self._warn(
                        "feed_elsewhere", f"{offer.title}: taken from {redacted(url)}, since {faults[0]}"
                    )
                return fetched
        unreached = faults[0].unreached if all(fault.unreached for fault in faults) else ""
        raise FetchError(" ".join(map(str, faults)), unreached=unreached)

    def _by_address(self, url: str) -> Offer:
        """Return the feed at an address, with what the catalogue knows of it where it can be had."""
        try:
            listed = self.catalogue().by_url(url)
        except FetchError:
            listed = None
        if listed is None:
            return Offer(feed_name(url), (url,))
        copy = (listed.latest,) if listed.latest else ()
        return Offer(listed.provider or feed_name(url), (url, *copy), listed.licence)

    def _keep(self, offer: Offer, path: Path, url: str, out: Path) -> Fetched:
        period = check_feed(path, url)
        self.hold_against_today(offer.title, period)
        start, end = period
        content = path.read_bytes()
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as partial:
            partial.write_bytes(content)
        return Fetched(
            path=out,
            what=f"timetable of {offer.title}, {start} to {end}",
            url=url,
            sha256=hashlib.sha256(content).hexdigest(),
            licence=offer.licence,
        )

    def hold_against_today(self, title: str, period: tuple[date, date]) -> None:
        """Warn where a feed's days are over, or have not begun."""
        start, end = period
        if end < self._today:
            self._warn(
                "feed_expired",
                f"{title}: its timetable ended on {end}, before today ({self._today}); try --refresh, or ask "
                "the agency for a current one.",
            )
        elif start > self._today:
            self._warn(
                "feed_not_begun",
                f"{title}: its timetable begins only on {start}, after today ({self._today}).",
            )

    def _warn(self, code: str, sentence: str) -> None:
        self._notices.add(code, sentence)


def check_feed(path: Path, url: str) -> tuple[date, date]:
    """Return the days for which a feed speaks.

    Raises
    ------
    FetchError
        When the file is no zip, or lacks a table that every feed must have.
    """
    from targeting.feed_files import open_feed
    from targeting.service_calendar import read_calendar

    notices = Notices()  # what is odd in it is the plan's to say
    try:
        return read_calendar(open_feed(path, notices), notices).period
    except FeedError as fault:
        why = str(fault).removeprefix(f"{path.name}: ")
    raise FetchError(f"{url}: {why}")


def feed_name(text: str) -> str:
    """Return a short file name for a feed's address or provider.

    Examples
    --------
    >>> feed_name("https://developer.trimet.org/schedule/gtfs.zip")
    'trimet'
    >>> feed_name("https://www3.septa.org/developer/google_bus.zip")
    'septa-bus'
    >>> feed_name("Metro Transit (Minneapolis)")
    'metro-transit'
    """
    if "://" in text:
        parts = urlsplit(text)
        hosts = [part for part in (parts.hostname or "").split(".") if part not in _ENDS | _COMMON]
        file = re.split(r"[^a-z0-9]+", parts.path.lower().rsplit("/", 1)[-1])
        words = [word for word in file if word and word not in _COMMON | set(hosts)]
        text = " ".join([*[host for host in hosts if not host.isdigit()][-1:], *words])
    text = re.sub(r"\(.*?\)", "", text).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:40].strip("-") or "feed"


def free_name(title: str, taken: Collection[str]) -> str:
    """Return a file name for a feed that no other has."""
    base = feed_name(title)
    numbered = (f"{base}-{number}" for number in count(2))
    return next(name for name in chain([base], numbered) if name not in taken)


def _offer(listed: Listed) -> Offer:
    return Offer(listed.provider or listed.id, listed.urls, listed.licence)
