"""What the fetchers ask of an HTTP client (`targeting.fetch.http.HttpClient`)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from targeting.fetch.sources import Sources


class Selection(Protocol):
    """Which lines of a large file are wanted."""

    @property
    def name(self) -> str:
        """What is selected: the same name, the same lines."""

    def holds(self, line: bytes) -> bool:
        """Return whether a line is wanted."""


class Client(Protocol):
    """One way to the network, with a cache; faults are `targeting.errors.FetchError` in one sentence.

    Where a server answered, the fault carries its `status` and how its `answer` begins: 404 tells that
    a year is not published yet, and the Census API's page "Invalid Key" comes with status 200.
    """

    sources: Sources

    def json(self, url: str, parameters: Mapping[str, str], *, secret: str | None = None) -> Any:
        """Return the parsed answer; `secret` (a key) is sent but never stored, logged or shown."""

    def file(self, url: str, *, most_bytes: int, sha256: str | None = None) -> Path:
        """Return a whole file in the cache, resumed where an earlier download broke off."""

    def lines(self, url: str, *, only: Selection | None = None) -> Iterator[bytes]:
        """Yield the lines of a large text file as they arrive, without keeping the file.

        With a selection these are its first line, the selected ones and the last; once they were read to
        their end without a fault, they are kept in the cache.
        """
