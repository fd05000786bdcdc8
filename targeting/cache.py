"""Derived tables kept between runs, by the hash of all that they were made from.

An entry's name is a SHA-256 of the inputs, of this program's code and of the libraries that compute with
them: where any of these is another, so is the name, and an entry can never be stale. Entries are zips of
plain arrays, tables and JSON, checked by their checksums; a damaged or missing one is made anew. The folder
may be deleted at any time.
"""

import hashlib
import io
import json
import os
import secrets
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache as once
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from targeting import __version__

FOLDER = "derived"
MOST_ENTRIES = 400  # about eight a campaign, of a few megabytes in all
_LIBRARIES = (
    "branca", "folium", "geopandas", "highspy", "jinja2", "networkx", "numpy", "pandas", "pyarrow", "pyproj",
    "scipy", "shapely",
)  # fmt: skip
_DAMAGED = (OSError, EOFError, LookupError, TypeError, ValueError, zipfile.BadZipFile, shapely.GEOSException)
Made = TypeVar("Made")
Content = Mapping[str, Any]


class Cache:
    """Derived tables in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing; where it cannot be written, nothing is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str, made_of: Callable[[dict[str, Any]], Made]) -> Made | None:
        """Return what `made_of` makes of the content kept under a key; None where nothing sound is."""
        path = self.folder / f"{key}.zip"
        try:
            with zipfile.ZipFile(path) as archive:
                content = {Path(name).stem: _decoded(name, archive.read(name)) for name in archive.namelist()}
            made = made_of(content)
            os.utime(path)  # the entry used longest ago is the first to go
        except _DAMAGED:
            return None
        return made

    def put(self, key: str, content: Content) -> None:
        """Keep content under a key: DataFrames, arrays of numbers, and what JSON can hold.

        A folder that is full or cannot be written is no fault.
        """
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / f".{key}-{secrets.token_hex(4)}"
            try:
                with zipfile.ZipFile(partial, "x") as archive:
                    for name, value in content.items():
                        suffix, encoded = _encoded(value)
                        archive.writestr(zipfile.ZipInfo(name + suffix), encoded)
                partial.replace(self.folder / f"{key}.zip")
            finally:
                partial.unlink(missing_ok=True)
            self._make_room()

    def _make_room(self) -> None:
        entries = sorted(self.folder.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
        for entry in entries[MOST_ENTRIES:]:
            entry.unlink(missing_ok=True)


def user_cache() -> Cache | None:
    """Return the cache in the user's cache folder, beside what was downloaded; None without a home."""
    from targeting.errors import FetchError
    from targeting.fetch.settings import cache_folder

    try:
        return Cache(cache_folder() / FOLDER)
    except FetchError:
        return None


def key_of(kind: str, parts: Iterable[object]) -> str:
    """Return the key of what is derived from parts, by their content.

    Parameters
    ----------
    kind : str
        What is derived.
    parts : iterable
        Texts, numbers, dates, None, bytes, arrays of numbers, and DataFrames.
    """
    digest = hashlib.sha256(f"{kind} {_program()}".encode())
    for part in parts:
        content = _bytes_of(part)
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


@once
def _program() -> str:
    """Return what computes: this program by its code, the libraries and Python by their versions."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return " ".join([digest.hexdigest(), *map(version, _LIBRARIES), sys.version])


def _bytes_of(part: object) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, np.ndarray):
        return f"{part.dtype} {part.shape} ".encode() + np.ascontiguousarray(part).tobytes()
    if isinstance(part, pd.DataFrame):
        return _encoded(part)[1]
    return repr(part).encode("utf-8", "surrogatepass")


def _encoded(value: Any) -> tuple[str, bytes]:
    """Return how a value's member ends, and its bytes."""
    if isinstance(value, np.ndarray):
        stream = io.BytesIO()
        np.save(stream, value, allow_pickle=False)
        return ".npy", stream.getvalue()
    if isinstance(value, pd.DataFrame):
        table = pa.Table.from_pandas(value)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return ".arrow", sink.getvalue().to_pybytes()
    return ".json", json.dumps(value).encode()


def _decoded(name: str, content: bytes) -> Any:
    if name.endswith(".npy"):
        return np.load(io.BytesIO(content), allow_pickle=False)
    if name.endswith(".arrow"):
        return pa.ipc.open_stream(content).read_all().to_pandas()
    return json.loads(content)
