"""One way to the network for all fetchers: JSON answers, whole files, and lines of large files.

JSON is cached only where it is JSON (a missing key is answered with a web page and status 200). Files
are resumed where they broke off and named once they are whole. Every fault is one `FetchError`.
"""

import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import requests
import urllib3

from targeting.errors import NOT_CACHED, FetchError
from targeting.fetch.answer_parts import (
    arriving,
    conditions,
    continues,
    file_name,
    range_from,
    total_bytes,
    version_of,
)
from targeting.fetch.client import Selection
from targeting.fetch.json_session import JsonSession, open_json_session
from targeting.fetch.progress import bar
from targeting.fetch.redact import hide_in_logs, keep_secret, redacted
from targeting.fetch.shelf import Kept, Partial, Shelf, writable
from targeting.fetch.sources import Sources
from targeting.fetch.transport import Patience, Wire, checked, refused, sending, unreachable

MOST_LINES_BYTES = 8 << 30
JSON_DAYS = 30
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
_PLAIN = {"Accept-Encoding": "identity"}  # sizes and ranges then count the file's own bytes


class HttpClient:
    """A `targeting.fetch.client.Client` on requests, with a cache folder.

    Parameters
    ----------
    cache : Path
        Folder of the cache, made if missing.
    sources : Sources
        Where public data is.
    refresh : bool
        Ask again for what the cache has.
    offline : bool
        Take everything from the cache, and say what it lacks.
    quiet : bool
        Show no progress bars.
    patience : Patience
        Timeouts and tries.
    """

    def __init__(
        self,
        cache: Path,
        *,
        sources: Sources | None = None,
        refresh: bool = False,
        offline: bool = False,
        quiet: bool = False,
        patience: Patience | None = None,
    ) -> None:
        hide_in_logs()
        self.sources = sources or Sources()
        self._cache = cache
        self._shelf = Shelf(cache)
        self._refresh = refresh
        self._offline = offline
        self._quiet = quiet
        self._patience = patience or Patience()
        self._timeout = (self._patience.connect_s, self._patience.read_s)
        self._asked: set[str] = set()
        self._json: JsonSession | None = None
        self._wire = Wire()
        self._wire.prepare_for(self._patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()
        if self._json is not None:
            self._json.close()

    def json(self, url: str, parameters: Mapping[str, str], *, secret: str | None = None) -> Any:
        """Return the parsed answer; `secret` (a key) is sent as `key` but never stored, logged or shown.

        Raises
        ------
        FetchError
            When no answer comes, or it is no JSON.
        """
        url = checked(url)
        keep_secret(secret)
        given = {name: value for name, value in parameters.items() if name != "key"}
        secret = secret or parameters.get("key")
        with writable(self._cache):
            if self._json is None:
                self._json = open_json_session(
                    self._cache / "json", self._patience, timedelta(days=JSON_DAYS)
                )
            session = self._json
            if self._offline:
                response = session.remembered(url, given)
                if response is None:
                    raise self._missing(url)
                return response.json()
            fault = None
            try:
                with sending(secret):
                    response = session.get(
                        url, params=given, timeout=self._timeout, force_refresh=self._refresh
                    )
                return response.json()
            except _BROKEN as broken:
                fault = unreachable(url, broken)
            raise fault

    def file(self, url: str, *, most_bytes: int, sha256: str | None = None) -> Path:
        """Return a whole file in the cache, resumed where an earlier download broke off.

        Raises
        ------
        FetchError
            When it cannot be had whole, is a web page, is larger than `most_bytes`, or has another
            SHA-256 than asked for.
        """
        url = checked(url)
        with writable(self._cache):
            kept = self._found(url, sha256)
            if self._offline:
                if kept is None:
                    raise self._missing(url)
                return self._shelf.path(kept)
            if kept is None or self._stale(url):
                with self._shelf.alone(url):
                    kept = self._found(url, sha256)  # another process may have brought it meanwhile
                    if kept is None or self._stale(url):
                        kept = self._download(url, kept, most_bytes, sha256)
            self._asked.add(url)
            return self._shelf.path(kept)

    def lines(self, url: str, *, only: Selection | None = None) -> Iterator[bytes]:
        """Yield the lines of a large text file as they arrive, without keeping the file.

        With a selection these are its first line, the selected ones and the last; once they were read to
        their end without a fault, they are kept in the cache.

        Raises
        ------
        FetchError
            When it cannot be read to its end.
        """
        url = checked(url)
        name = f"{url}#{only.name}" if only else url
        with writable(self._cache):
            kept = self._shelf.find(name) if only else None
            if kept and not self._stale(name):
                with self._shelf.path(kept).open("rb") as stream:
                    yield from (line.removesuffix(b"\n") for line in stream)
            elif self._offline:
                raise self._missing(url)
            elif only:
                with self._shelf.alone(name):
                    yield from self._selected(url, name, only)
                self._asked.add(name)
            else:
                yield from self._arriving_lines(url)

    def _selected(self, url: str, name: str, only: Selection) -> Iterator[bytes]:
        """Yield a selection as it arrives, and keep it unless who reads it breaks off."""
        partial = self._shelf.begin(name, {})
        try:
            with partial.path.open("wb") as stream:
                left_out = None
                for number, line in enumerate(self._arriving_lines(url)):
                    if number and not only.holds(line):
                        left_out = line
                        continue
                    left_out = None
                    stream.write(line + b"\n")
                    yield line
                if left_out is not None:
                    stream.write(left_out + b"\n")
                    yield left_out
            self._whole(name, partial, None)
        finally:
            self._shelf.drop(partial)

    def _arriving_lines(self, url: str) -> Iterator[bytes]:
        tail = b""
        for piece in self._pieces(url):
            *lines, tail = (tail + piece).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r")
        if tail:
            yield tail

    def _found(self, url: str, sha256: str | None) -> Kept | None:
        kept = self._shelf.find(url)
        return None if kept is None or (sha256 and kept.sha256 != sha256.lower()) else kept

    def _stale(self, url: str) -> bool:
        return self._refresh and url not in self._asked

    def _missing(self, url: str) -> FetchError:
        return FetchError(
            f"{redacted(url)}: is not in the cache; run the same command without --offline.",
            status=NOT_CACHED,
        )

    def _get(self, url: str, headers: Mapping[str, str]) -> Any:
        """Return an answer whose body is still to be read."""
        fault = None
        try:
            return self._wire.get(url, headers={**_PLAIN, **headers}, timeout=self._timeout, stream=True)
        except _BROKEN as broken:
            fault = unreachable(url, broken)
        raise fault

    def _download(self, url: str, kept: Kept | None, most_bytes: int, sha256: str | None) -> Kept:
        """Bring a file whole, in as many pieces as it takes; `kept` is the version we have."""
        for attempt in range(self._patience.tries):
            time.sleep(self._patience.wait_s(attempt))
            partial = self._shelf.partial(url)
            headers = conditions(kept, partial)
            with self._get(url, headers) as response:
                if response.status_code == 304 and kept:
                    kept = replace(kept, fetched=date.today().isoformat())
                    self._shelf.note(url, kept)
                    return kept
                if response.status_code == 416:  # what we have is no beginning of what is there now
                    self._shelf.drop(partial)
                    continue
                self._check(url, response)
                if not continues(response, partial):
                    partial = self._shelf.begin(url, response.headers)
                if self._read(url, response, partial, most_bytes):
                    return self._whole(url, partial, sha256)
        raise FetchError(
            f"{redacted(url)}: broke off {self._patience.tries} times, last after {partial.size:,} bytes; "
            "run the same command again: it goes on from there where the server allows it."
        )

    def _read(self, url: str, response: Any, partial: Partial, most_bytes: int) -> bool:
        """Append the body to a beginning; return whether the file is whole now."""
        size = partial.size
        total = total_bytes(response, size)
        too_large = FetchError(
            f"{redacted(url)}: is larger than {most_bytes / 1e6:,.0f} MB, which this file should never be; "
            "check the address."
        )
        if total is not None and total > most_bytes:
            self._shelf.drop(partial)
            raise too_large
        show = not self._quiet
        with (
            partial.path.open("ab") as stream,
            bar(file_name(url), total=total, done=size, show=show) as moved,
        ):
            try:
                for piece in arriving(response):
                    size += len(piece)
                    if size > most_bytes:
                        break
                    stream.write(piece)
                    moved(len(piece))
            except _BROKEN:
                return False
        if size > most_bytes:
            self._shelf.drop(partial)
            raise too_large
        return total is None or size == total

    def _whole(self, url: str, partial: Partial, sha256: str | None) -> Kept:
        """Check a finished download and keep it."""
        with partial.path.open("rb") as stream:
            beginning = stream.read(512)
            stream.seek(0)
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        fault = ""
        if re.match(rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)", beginning):
            fault = "came as a web page instead of the file; open the address in a browser to see why"
        elif sha256 and found != sha256.lower():
            fault = (
                f"has SHA-256 {found[:12]}… instead of {sha256.lower()[:12]}… and was dropped; it may have "
                "been changed on its way, or replaced: ask whoever gave you the hash"
            )
        if fault:
            self._shelf.drop(partial)
            raise FetchError(f"{redacted(url)}: {fault}.")
        return self._shelf.keep(url, partial, found)

    def _pieces(self, url: str) -> Iterator[bytes]:
        """Yield a body piece by piece, going on behind a broken connection."""
        position, version = 0, Partial(Path())
        for attempt in range(self._patience.tries):
            time.sleep(self._patience.wait_s(attempt))
            with self._get(url, range_from(position, version.validator)) as response:
                self._check(url, response)
                now = version_of(response)
                resumed = response.status_code == 206
                if position and not resumed and (not now.validator or now != version):
                    break  # another version, from its beginning: its lines would not fit
                version = now
                read = position if resumed else 0
                total = total_bytes(response, read)
                with bar(file_name(url), total=total, done=read, show=not self._quiet) as moved:
                    try:
                        for piece in arriving(response):
                            read += len(piece)
                            moved(len(piece))
                            if read > MOST_LINES_BYTES:
                                raise FetchError(f"{redacted(url)}: does not end; check the address.")
                            if read > position:
                                fresh = piece[-(read - position) :]
                                position = read
                                yield fresh
                    except _BROKEN:
                        continue
                if total is None or read >= total:
                    return
        raise FetchError(
            f"{redacted(url)}: broke off after {position:,} bytes; run the same command again later."
        )

    def _check(self, url: str, response: Any) -> None:
        """Refuse what is no file: an error, or a web page where a file was asked for."""
        status = response.status_code
        if status not in (200, 206):
            raise refused(url, status, self._patience.tries)
        if response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
            raise FetchError(
                f"{redacted(url)}: came as a web page instead of the file; open the address in a browser to "
                "see why.",
                status=status,
            )
