"""Parts of files: what to ask for, and what an answer's headers say of the whole."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from targeting.errors import FetchError
from targeting.fetch.redact import redacted
from targeting.fetch.shelf import Kept, Partial

PIECE = 1 << 17  # bytes


def arriving(response: Any) -> Iterator[bytes]:
    """Yield a body as it arrives: nothing that came before a connection broke is lost."""
    while piece := response.raw.read1(PIECE, decode_content=True):
        yield piece


def conditions(kept: Kept | None, partial: Partial) -> dict[str, str]:
    """Return the headers that save a download: go on from here, or only if it changed."""
    if partial.size and partial.validator:
        return range_from(partial.size, partial.validator)
    headers = {
        "If-None-Match": kept.etag if kept else "",
        "If-Modified-Since": kept.last_modified if kept else "",
    }
    return {name: value for name, value in headers.items() if value}


def range_from(position: int, validator: str) -> dict[str, str]:
    """Return the headers that ask for what follows a position, of one version."""
    return {"Range": f"bytes={position}-", "If-Range": validator} if position and validator else {}


def version_of(response: Any) -> Partial:
    """Return the version of a file that an answer belongs to; its path stays empty."""
    return Partial(Path(), response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))


def continues(response: Any, partial: Partial) -> bool:
    """Return whether an answer goes on exactly where a beginning ends."""
    if response.status_code != 206:
        return False
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != partial.size:
        raise FetchError(
            f"{redacted(response.url)}: sent another part of the file than asked for; run the same command "
            "again, with another --cache if it happens again."
        )
    return True


def total_bytes(response: Any, before: int) -> int | None:
    """Return the size of the whole file, where the answer tells it in the file's own bytes."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    length = response.headers.get("Content-Length", "")
    return before + int(length) if length.isdigit() else None


def file_name(url: str) -> str:
    """Return what a file is called on the screen."""
    parts = urlsplit(url)
    return redacted(parts.path.rsplit("/", 1)[-1] or parts.netloc)
