"""A lock file by which processes that write the same place keep out of each other's way.

The system frees a lock when the process that holds it ends, however it ends: a file left behind locks
nobody out.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lock:
    """What came of asking for a lock.

    Attributes
    ----------
    ours : bool
        Whether this process holds it. Neither this nor `other` where there can be no lock: the folder
        cannot be written, or the file system knows none.
    other : str
        Who holds it, as "process 1234"; empty where nobody else does.
    """

    ours: bool = False
    other: str = ""


@contextmanager
def locked(path: Path) -> Iterator[Lock]:
    """Hold a lock file where nobody else does, without waiting, and remove it at the end."""
    try:
        found = _taken(path)
    except OSError:
        found = None
    if not isinstance(found, int):
        yield Lock(other=found or "")
        return
    try:
        yield Lock(ours=True)
    finally:
        _leave(path, found)


def _taken(path: Path) -> int | str:
    """Return the descriptor of the file, locked; or who has locked it."""
    while True:
        # no link is followed: whoever may write in the same folder could have laid one
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            if not _lock(descriptor):
                holder = os.read(descriptor, 20).decode("ascii", "replace")
                os.close(descriptor)
                return f"process {holder}" if holder.isdecimal() else "another process"
            os.ftruncate(descriptor, 0)
            with suppress(OSError):  # a full disk: who holds the lock is then not told
                os.write(descriptor, str(os.getpid()).encode())
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:  # its holder removed it just now: ask anew
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    BEYOND = 1 << 30  # a lock there leaves what the file says readable

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _leave(path: Path, descriptor: int) -> None:
        os.close(descriptor)
        with suppress(OSError):  # another process has it open
            path.unlink()

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _leave(path: Path, descriptor: int) -> None:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)
