"""Text tables, watched while they are read: their size, their lines, their encoding, their quotes.

A file may claim any size, hold one line without end, or open a quotation mark that swallows the rest of
its rows: each is noticed before it fills the memory or loses people or departures in silence.
"""

import codecs
import csv
import io
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from targeting.errors import NoTextError, UnsafeFileError
from targeting.geopackages import GEOPACKAGE_IDS
from targeting.notices import Notices

LONGEST_LINE = 1_000_000  # bytes; the longest header of a census table has some 20,000
MOST_COLUMNS = 2000
MOST_LINES_IN_VALUE = 20  # stop descriptions have three or four
SMALL = 10_000_000  # bytes that any file may unpack to, however small it was packed
CHUNK = 1 << 20
_NAMES_BYTES = 1 << 16
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZIP = b"PK\x03\x04"
_PACKED = (_ZIP, b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
_DATABASE, _OLD_OFFICE, _PDF = b"SQLite format 3\0", b"\xd0\xcf\x11\xe0", b"%PDF-"
_WEB_PAGE = (b"<!doctype html", b"<html")
_UNPACK = "unpack it and give the file inside"
_SAVE = "save the table as CSV in UTF-8"
_UNCLOSED = (
    "has a quotation mark that is not closed where its value ends ({where}), so that it swallows the rows "
    "after it; close or remove it."
)


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


class Watched(io.BufferedIOBase):
    """A stream that refuses to go on where it holds what no table holds.

    Parameters
    ----------
    stream : Readable
    most_bytes : int
        It may hold.
    limit : str
        The key of the campaign file that sets that, for the sentence.
    packed_bytes : int, optional
        What it was unpacked from.
    ratio : float
        How many times more it may be than that.
    as_text : bool
        Whether its lines must have ends and its bytes be text.

    Attributes
    ----------
    size : int
        Bytes read so far.
    """

    def __init__(
        self,
        stream: Readable,
        most_bytes: int,
        limit: str,
        *,
        packed_bytes: int | None = None,
        ratio: float = 1.0,
        as_text: bool = True,
    ) -> None:
        self._stream, self._most, self._limit = stream, most_bytes, limit
        self._packed, self._ratio, self._as_text = packed_bytes, ratio, as_text
        self.size = 0
        self._feeds = self._returns = self._unfinished = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._between_letters = True

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes, or all of them, a piece at a time.

        Raises
        ------
        UnsafeFileError
            When there are too many of them, or they are no text.
        """
        if size is not None and size >= 0:
            return self._seen(self._stream.read(size))
        return b"".join(iter(lambda: self.read(CHUNK), b""))

    def read1(self, size: int = -1) -> bytes:
        """Read what comes at once."""
        return self.read(size if size >= 0 else CHUNK)

    def must_be_utf8(self) -> None:
        """Let reading on raise a UnicodeDecodeError where the bytes are no UTF-8."""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def decoded(self, encoding: str) -> Iterator[str]:
        """Yield its lines as text, with their ends."""
        buffer: Any = self
        yield from io.TextIOWrapper(buffer, encoding, errors="replace", newline="")

    @property
    def lines(self) -> int:
        """How many lines were read, with the last though it may have no end."""
        return max(self._feeds, self._returns) + (self._unfinished > 0)

    def _seen(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self.size > self._most:
            raise UnsafeFileError(too_large(self._most, self._limit))
        if self._packed is not None and self.size > max(SMALL, self._ratio * self._packed):
            raise UnsafeFileError(
                f"unpacks to more than {self._ratio:,.0f} times what it is in the zip, which only a zip bomb "
                "does; get the file from its publisher, or raise limits.ratio in the campaign file."
            )
        if self._as_text:
            self._check_lines(chunk)
        if self._decoder is not None and not (chunk and self._between_letters and chunk.isascii()):
            self._decoder.decode(chunk, final=not chunk)
            self._between_letters = not self._decoder.getstate()[0]
        return chunk

    def _check_lines(self, chunk: bytes) -> None:
        if b"\x00" in chunk:
            raise UnsafeFileError(
                "holds NUL bytes, which no text has: it is damaged, or saved as UTF-16; save it as CSV in "
                "UTF-8."
            )
        self._feeds += _count(chunk, b"\n")
        self._returns += _count(chunk, b"\r") if b"\r" in chunk else 0
        start = 0
        while True:
            stop = start + LONGEST_LINE - self._unfinished
            last = max(chunk.rfind(b"\n", start, stop), chunk.rfind(b"\r", start, stop))
            if stop >= len(chunk):
                self._unfinished = (
                    len(chunk) - last - 1 if last >= 0 else self._unfinished + len(chunk) - start
                )
                return
            if last < 0:
                raise UnsafeFileError(
                    f"has a line of more than {LONGEST_LINE / 1e6:g} MB, which no table has; get it from its "
                    "publisher again."
                )
            start, self._unfinished = last + 1, 0


def _count(chunk: bytes, letter: bytes) -> int:
    """Return how often a byte occurs, faster than bytes.count where it is frequent."""
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord(letter)))


@dataclass(frozen=True)
class TextFile:
    """What is known of a text file before it is parsed.

    Attributes
    ----------
    path : Path
    encoding : str
        "utf-8-sig" or "latin-1".
    lines : int
    """

    path: Path
    encoding: str
    lines: int


def examine_text(path: Path, most_bytes: int, *, in_lines: bool = True) -> TextFile:
    """Read a text file through once, without keeping it, and return what it is.

    Parameters
    ----------
    path : Path
    most_bytes : int
        It may hold (limits.file_mb).
    in_lines : bool
        Whether lines must have ends; JSON may be a single one.

    Raises
    ------
    UnsafeFileError
        When it is too large or no text table.
    OSError
        When it cannot be read.
    """
    check_file(path, most_bytes, "limits.file_mb")
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    with path.open("rb") as file:
        start = file.read(72)
        _check_is_text(start, file)
        if start.startswith(_UTF_16):
            raise UnsafeFileError("is UTF-16 text, as some spreadsheets save it; save it as CSV in UTF-8.")
        file.seek(0)
        stream = Watched(file, most_bytes, "limits.file_mb", as_text=in_lines)
        while chunk := stream.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                encoding = "latin-1"
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        encoding = "latin-1"
    return TextFile(path, encoding, stream.lines)


def _check_is_text(start: bytes, file: IO[bytes]) -> None:
    """Refuse what is known to be no text by how it begins, and say what it is."""
    if start.startswith(_ZIP):
        file.seek(-min(file.seek(0, io.SEEK_END), _NAMES_BYTES), io.SEEK_END)
        if b"xl/workbook" in file.read():  # the names of a zip's members stand at its end
            raise NoTextError("an Excel workbook", _SAVE)
        raise NoTextError("a zip file", _UNPACK)
    if start.startswith(_PACKED):
        raise NoTextError("packed", _UNPACK)
    if start.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_WEB_PAGE):
        raise NoTextError("a web page", "get the file itself: the download failed or asked for a sign-in")
    if start.startswith(_DATABASE):
        raise NoTextError("a GeoPackage" if start[68:72] in GEOPACKAGE_IDS else "a database", _SAVE)
    if start.startswith(_OLD_OFFICE):
        raise NoTextError("an Excel workbook or another Office file", _SAVE)
    if start.startswith(_PDF):
        raise NoTextError("a PDF", _SAVE)


def check_file(path: Path, most_bytes: int, limit: str) -> None:
    """Refuse what is no file (a device or a pipe never ends) or too large.

    Raises
    ------
    UnsafeFileError
        When it is to be refused.
    OSError
        When it cannot be looked at.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnsafeFileError("is a folder; give the file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFileError("is a device or a pipe and no file; save its content into a file.")
    if status.st_size > most_bytes:
        raise UnsafeFileError(too_large(most_bytes, limit))


def too_large(most_bytes: int, limit: str) -> str:
    """Return that something is larger than a limit of the campaign file allows."""
    return f"is larger than {most_bytes / 1e6:,.6g} MB; if that is right, raise {limit} in the campaign file."


def note_latin_1(text: TextFile, notices: Notices) -> None:
    """Note that a file had to be read as Latin-1."""
    if text.encoding == "latin-1":
        label = text.path.name
        notices.add("not_utf8", f"{label}: is not UTF-8; it was read as Latin-1.", file=label)


def check_columns(names: Iterable[str]) -> None:
    """Refuse more columns than any table has.

    Raises
    ------
    UnsafeFileError
        When there are more.
    """
    number = len(list(names))
    if number > MOST_COLUMNS:
        raise UnsafeFileError(
            f"has {number:,} columns, more than the {MOST_COLUMNS:,} that any table has; leave out those "
            "that are not needed."
        )


def check_cells(cells: int, most: int) -> None:
    """Refuse more cells than fit the memory.

    Raises
    ------
    UnsafeFileError
        When there are more.
    """
    if cells > most:
        raise UnsafeFileError(
            f"has more than {most:,} cells (rows times columns); leave out the rows and columns that are not "
            "needed."
        )


def check_quotes(lines: Iterable[str], most_lines: int = MOST_LINES_IN_VALUE, separator: str = ",") -> None:
    """Refuse a table of which one record runs over many lines: a quotation mark is not closed.

    Parameters
    ----------
    lines : iterable of str
        With their ends.
    most_lines : int
        A record may have.

    Raises
    ------
    UnsafeFileError
        When a record has more.
    """
    reader = csv.reader(lines, delimiter=separator)
    before = 0
    try:
        for _ in reader:
            if reader.line_num - before > most_lines:
                break
            before = reader.line_num
        else:
            return
    except csv.Error:  # a value longer than 128 kB
        pass
    raise unclosed_quote(before + 1)


def unclosed_quote(line: int) -> UnsafeFileError:
    """Return the error of a quotation mark that swallows the rows after a line."""
    return UnsafeFileError(_UNCLOSED.format(where=f"line {line:,}"))
