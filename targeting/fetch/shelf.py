"""The cache's files: whole ones under host, date and hash, unfinished ones apart, a note on each.

A file gets its name only when it is whole; downloads before it stay. What is noted of an address
holds no key: the note's name is a hash of the address without it.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from targeting.errors import FetchError
from targeting.fetch.redact import redacted


@dataclass(frozen=True)
class Kept:
    """A whole file in the cache.

    Attributes
    ----------
    file : str
        Its path below the cache's `files`.
    url : str
        Where it came from, without any key.
    sha256 : str
    size : int
        In bytes.
    etag, last_modified : str
        What the server said of its version; empty where it said nothing.
    fetched : str
        The day on which it was last known to be current.
    """

    file: str
    url: str
    sha256: str
    size: int
    etag: str
    last_modified: str
    fetched: str


@dataclass(frozen=True)
class Partial:
    """The beginning of a file and the version it belongs to."""

    path: Path
    etag: str = ""
    last_modified: str = ""

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def validator(self) -> str:
        """What If-Range may carry: a strong ETag, else the date; empty where neither is known."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class Shelf:
    """The files of a cache folder."""

    def __init__(self, cache: Path) -> None:
        self.files = cache / "files"
        self._partial = cache / "partial"

    def path(self, kept: Kept) -> Path:
        """Return where a file lies."""
        return self.files / kept.file

    def find(self, url: str) -> Kept | None:
        """Return the last whole file of an address; None where there is none, or it was damaged."""
        try:
            kept = Kept(**json.loads(self._note(url).read_text(encoding="utf-8")))
            with self.path(kept).open("rb") as stream:
                sound = hashlib.file_digest(stream, "sha256").hexdigest() == kept.sha256
        except (OSError, ValueError, TypeError):
            return None
        return kept if sound else None

    def partial(self, url: str) -> Partial:
        """Return what an earlier download left; a beginning of unknown version is thrown away."""
        path = self._partial / f"{_slug(url)}.part"
        try:
            noted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            left = Partial(path, str(noted["etag"]), str(noted["last_modified"]))
        except (OSError, ValueError, TypeError, KeyError):
            left = Partial(path)
        if not left.validator:
            path.unlink(missing_ok=True)
        return left

    def begin(self, url: str, headers: Mapping[str, str]) -> Partial:
        """Return an empty beginning of the version that the headers tell of."""
        partial = Partial(
            self._partial / f"{_slug(url)}.part", headers.get("ETag", ""), headers.get("Last-Modified", "")
        )
        partial.path.parent.mkdir(parents=True, exist_ok=True)
        partial.path.write_bytes(b"")
        note = {"etag": partial.etag, "last_modified": partial.last_modified}
        write_whole(partial.path.with_suffix(".json"), json.dumps(note).encode())
        return partial

    def drop(self, partial: Partial) -> None:
        """Throw a beginning away."""
        partial.path.unlink(missing_ok=True)
        partial.path.with_suffix(".json").unlink(missing_ok=True)

    def keep(self, url: str, partial: Partial, sha256: str) -> Kept:
        """Give a finished download its name; a file of the same content keeps the name it has."""
        host = _host(url)
        name = re.sub(r"[^\w.-]+", "-", unquote(urlsplit(url).path).rsplit("/", 1)[-1])[-80:].strip("-.")
        folder = self.files / host
        folder.mkdir(parents=True, exist_ok=True)
        ending = f"-{sha256[:8]}-{redacted(name) or 'file'}"
        same = sorted(path for path in folder.iterdir() if path.name.endswith(ending))
        path = same[0] if same else folder / f"{date.today().isoformat()}{ending}"
        size = partial.size
        partial.path.replace(path)
        self.drop(partial)
        kept = Kept(
            f"{host}/{path.name}", redacted(url), sha256, size, partial.etag, partial.last_modified,
            date.today().isoformat(),
        )  # fmt: skip
        self.note(url, kept)
        return kept

    def note(self, url: str, kept: Kept) -> None:
        """Note which file is an address's last."""
        write_whole(self._note(url), json.dumps(asdict(kept), indent=1).encode())

    @contextmanager
    def alone(self, url: str) -> Iterator[None]:
        """Let one process at a time download an address; others wait and find it done."""
        self._partial.mkdir(parents=True, exist_ok=True)
        with (self._partial / f"{_slug(url)}.lock").open("w") as stream:
            try:
                import fcntl
            except ImportError:  # Windows: two downloads at once are then the user's to avoid
                yield
                return
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _note(self, url: str) -> Path:
        return self.files / _host(url) / ".notes" / f"{_slug(url)}.json"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn a full or closed disk into one sentence."""
    try:
        yield
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        raise FetchError(
            f"{folder}: cannot be written ({why}); make room, or give another with --cache."
        ) from fault


def _host(url: str) -> str:
    return re.sub(r"[^\w.-]+", "_", urlsplit(url).netloc.lower())


def _slug(url: str) -> str:
    return hashlib.sha256(redacted(url).encode()).hexdigest()[:16]
