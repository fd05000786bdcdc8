"""Zips from anybody: which members may be opened, and how much they may unpack to.

What a zip says of itself may be a lie. Its directory is measured before it is read, members that stand
twice, lie over each other, are links or would leave the folder are refused, and bytes are counted while
they are unpacked. A zip inside a zip is never opened.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from isal import igzip_lib, isal_zlib

from targeting.errors import UnsafeFileError
from targeting.limits import Limits
from targeting.text_files import Watched, check_file, too_large

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_END_BYTES, _END_64_BYTES, _LOCATOR_64, _LONGEST_COMMENT = 22, 56, 20, 65535
_MEMBER_BYTES = 1000  # that a member may take in the directory, its name and notes included
_LOCAL_HEADER = 30
_PACKED_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
AGAIN = "get the file from its publisher again."
_NO_DEFLATE: Any = igzip_lib.error
DAMAGED = (
    zipfile.BadZipFile, zlib.error, _NO_DEFLATE, EOFError, ValueError, NotImplementedError, struct.error,
)  # fmt: skip


def sound_members(path: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the files in a zip, each of which can be read by its name.

    Raises
    ------
    UnsafeFileError
        When the zip is made to deceive, or larger than the limits.
    BadZipFile, ValueError, EOFError, NotImplementedError
        When it is damaged or none.
    OSError
        When it cannot be read.
    """
    check_file(path, limits.unpacked_bytes, "limits.unpacked_mb")
    if _directory_bytes(path) > limits.members * _MEMBER_BYTES:
        raise UnsafeFileError(_too_many(limits))
    with zipfile.ZipFile(path) as archive:
        every = archive.infolist()
    if len(every) > limits.members:
        raise UnsafeFileError(_too_many(limits))
    files = [member for member in every if not member.is_dir()]
    _refuse_names(files)
    _refuse_overlaps(files)
    if sum(member.file_size for member in files) > limits.unpacked_bytes:
        raise UnsafeFileError(f"unpacked it {too_large(limits.unpacked_bytes, 'limits.unpacked_mb')}")
    return files


@contextmanager
def opened_member(path: Path, name: str, limits: Limits, room: int, *, as_text: bool) -> Iterator[Watched]:
    """Yield a member's bytes, unpacked and counted while they are read.

    Parameters
    ----------
    path : Path
    name : str
    limits : Limits
    room : int
        Bytes that are left of `limits.unpacked_mb`.
    as_text : bool
        Whether it must be a text table.

    Raises
    ------
    UnsafeFileError
        When it is encrypted, or grows beyond the limits; while it is read, too.
    """
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
        if member.flag_bits & 1 or member.compress_type not in _METHODS:
            raise UnsafeFileError(
                "is encrypted or packed in an unknown way; unpack it and give what is inside instead."
            )
        with archive.open(member) as stream, path.open("rb") as packed:
            deflated = member.compress_type == zipfile.ZIP_DEFLATED
            yield Watched(
                _Inflated(packed, member) if deflated else stream,
                room,
                "limits.unpacked_mb",
                packed_bytes=member.compress_size,
                ratio=limits.ratio,
                as_text=as_text,
            )


class _Inflated:
    """A member's bytes, inflated and checked as zipfile does it, three times as fast.

    Parameters
    ----------
    packed : binary file
        The zip.
    member : ZipInfo
        A deflated one, whose header `zipfile` has looked at.
    """

    def __init__(self, packed: IO[bytes], member: zipfile.ZipInfo) -> None:
        packed.seek(member.header_offset)
        lengths: tuple[int, int] = struct.unpack_from("<HH", packed.read(_LOCAL_HEADER), 26)
        packed.seek(sum(lengths), 1)  # its name, and what else is said of it
        self._packed, self._member, self._left = packed, member, member.compress_size
        self._inflate: Any = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
        self._checksum = 0

    def read(self, size: int) -> bytes:
        """Read at most so many bytes; none at the end."""
        content = b""
        while not content and not self._inflate.eof:
            chunk = b""
            if self._inflate.needs_input:
                chunk = self._packed.read(min(_PACKED_CHUNK, self._left))
                self._left -= len(chunk)
                if not chunk:
                    raise EOFError("it ends too early")
            content = self._inflate.decompress(chunk, size)
            self._checksum = isal_zlib.crc32(content, self._checksum)
        if not content and self._checksum != self._member.CRC:
            raise zipfile.BadZipFile("its checksum is wrong")
        return content


def _directory_bytes(path: Path) -> int:
    """Return how long the list of members is; 0 where it has no end record, so that reading it will fail."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        begin = max(size - _END_BYTES - _LONGEST_COMMENT - _LOCATOR_64 - _END_64_BYTES, 0)
        stream.seek(begin)
        tail = stream.read()
    whole = tail[-_END_BYTES:]  # zipfile looks at the very end first
    at = len(tail) - _END_BYTES if whole[:4] == _END and whole[-2:] == b"\0\0" else tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return 0
    length: int = struct.unpack_from("<L", tail, at + 12)[0]
    record = tail[max(at - _LOCATOR_64 - _END_64_BYTES, 0) : at]
    if record.startswith(_END_64):
        length = max(length % 0xFFFFFFFF, struct.unpack_from("<Q", record, 40)[0])
    return length


def _too_many(limits: Limits) -> str:
    return (
        f"holds more than {limits.members:,} files; give a zip with what is needed alone, or raise "
        "limits.members in the campaign file."
    )


def _refuse_names(files: list[zipfile.ZipInfo]) -> None:
    """Refuse members that are links, stand twice, or whose names lead out of the folder."""
    seen: set[str] = set()
    for member in files:
        name = member.filename
        place = PurePosixPath(name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or PureWindowsPath(name).drive:
            raise UnsafeFileError(f"holds a file whose name leads out of the folder ({name!r}); {AGAIN}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnsafeFileError(
                f"holds a link instead of a file ({name!r}); put the file itself in the zip."
            )
        if str(place) in seen:
            raise UnsafeFileError(
                f"holds {name!r} twice, and nobody can say which of them counts; remove one of them."
            )
        seen.add(str(place))


def _refuse_overlaps(files: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share their packed bytes, as only zip bombs do."""
    end = 0
    for member in sorted(files, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise UnsafeFileError(f"holds files that lie over each other, as only a zip bomb does; {AGAIN}")
        end = member.header_offset + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size
