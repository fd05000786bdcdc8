"""Files and folders written whole or not at all, by one process at a time.

What is written is written beside its place, under a hidden name, and put there by renaming. A process that
is killed can so leave hidden leftovers, and nothing else: whoever writes the same folder next clears them
away. docs/reliability.md says what is promised.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from errno import EINVAL, ENOSYS, EOPNOTSUPP
from glob import escape
from pathlib import Path

from targeting.errors import OutputError
from targeting.locks import locked

PARTIAL, OLD, LOCK = "partial", "old", "lock"
_WRITTEN: ContextVar[frozenset[Path]] = ContextVar("written", default=frozenset())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time write a folder, and clear away what a killed one has left.

    The folders above it are made, and removed again where nothing came into them. Who already writes the
    folder may ask again. Where the file system has no locks, or the folder above cannot be written, nobody
    is kept out.

    Raises
    ------
    OutputError
        When another process is writing the folder.
    """
    place = folder.resolve()
    missing = [each for each in place.parents if not each.exists()]
    with suppress(OSError):  # whoever writes there says so
        place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _sole_writer(place):
            yield
    finally:
        with suppress(OSError):  # one that holds something stays
            for each in missing:
                each.rmdir()


@contextmanager
def _sole_writer(place: Path) -> Iterator[None]:
    if place in _WRITTEN.get():
        yield
        return
    with locked(_hidden(place, LOCK)) as lock:
        if lock.other:
            raise OutputError(
                f"{place}: {lock.other} is writing it; wait until that is done, or choose another place."
            )
        if lock.ours:
            _mend(place)
        token = _WRITTEN.set(_WRITTEN.get() | {place})
        try:
            yield
        finally:
            _WRITTEN.reset(token)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; at the end it takes the place of `folder`, or nothing does.

    Raises
    ------
    OSError
        When it cannot be written.
    OutputError
        When another process is writing it.
    """
    place = folder.resolve()  # a link stays, and what it leads to is replaced
    with alone(place):
        partial = _hidden(place, PARTIAL, secrets.token_hex(4))
        partial.mkdir()
        try:
            yield partial
            _settle(partial)
            _swap(partial, place)
        finally:
            remove(partial)


@contextmanager
def whole_files(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; at the end each file in it takes its place in `folder`.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    partial = folder / f".{PARTIAL}-{secrets.token_hex(4)}"
    partial.mkdir()
    try:
        yield partial
        _settle(partial)
        for path in sorted(partial.iterdir()):
            path.replace(folder / path.name)
    finally:
        remove(partial)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write; what stands there at the end takes the place of `path`, or nothing does.

    Raises
    ------
    OSError
        When it cannot be written.
    OutputError
        When another process is writing it.
    """
    place = path.resolve()
    with _sole_writer(place):
        partial = _hidden(place, PARTIAL, secrets.token_hex(4))
        partial.mkdir()
        try:
            yield partial / place.name
            _settle(partial)
            (partial / place.name).replace(place)
        finally:
            remove(partial)


def try_place(folder: Path) -> None:
    """Try whether a folder can be written in its place, and leave nothing there.

    Raises
    ------
    OSError
        When it cannot; `filename` is what could not be written.
    """
    place = folder.resolve()
    parent = next(each for each in place.parents if each.exists())
    trial = parent / _hidden(place, PARTIAL, secrets.token_hex(4)).name
    trial.mkdir()
    trial.rmdir()


def restore(folder: Path) -> None:
    """Put a folder back that a process was killed while replacing, where no process is at it."""
    place = folder.resolve()
    if not place.exists() and _beside(place, OLD):
        with alone(folder):
            pass


def remove(folder: Path) -> None:
    """Remove a hidden folder; what cannot be removed, or not now, is cleared away another time."""
    with suppress(KeyboardInterrupt):  # what was asked for is done, or its own fault is under way
        shutil.rmtree(folder, ignore_errors=True)


def _hidden(place: Path, kind: str, mark: str = "") -> Path:
    return place.with_name(f".{place.name}.{kind}{'-' if mark else ''}{mark}")


def _beside(place: Path, kind: str) -> list[Path]:
    return sorted(place.parent.glob(f"{escape(_hidden(place, kind).name)}-*"))


def _mend(place: Path) -> None:
    """Put back the folder that was being replaced, and clear away what was being written."""
    for old in _beside(place, OLD):
        if place.exists():
            remove(old)
        else:
            old.rename(place)
    for partial in (*_beside(place, PARTIAL), *place.glob(f".{PARTIAL}-*")):
        remove(partial)


def _settle(partial: Path) -> None:
    """Have a folder's files on the disk before they take a place: a power cut leaves none of them empty."""
    for path in filter(Path.is_file, partial.iterdir()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _swap(partial: Path, place: Path) -> None:
    """Put the new folder in the place of the old one; what was there is then where the new one was."""
    if not place.exists():
        partial.rename(place)
    elif not _exchange(partial, place):
        old = _hidden(place, OLD, secrets.token_hex(4))
        place.rename(old)
        try:
            partial.rename(place)
        finally:
            if not place.exists():
                old.rename(place)
        with suppress(OSError):  # under this name nobody takes it for a folder that is wanted back
            old.rename(partial)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # an older C library
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of linux/fcntl.h and linux/fs.h
    if rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0:
        return True
    fault = ctypes.get_errno()
    if fault in (EINVAL, ENOSYS, EOPNOTSUPP):
        return False
    raise OSError(fault, os.strerror(fault), str(other))
