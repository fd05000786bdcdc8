"""The files of a GTFS feed: find them in a zip or a folder, and read the columns asked for.

Every value comes back as plain text without blanks around it; what the text means is decided in
:mod:`targeting.feed`. Columns are dictionary-encoded, so that three million stop times cost
a few integers each and a value is parsed once however often it occurs.
"""

import csv
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv

from targeting.archives import DAMAGED, opened_member
from targeting.csv_blocks import POOL, TEXTS, T, parse_csv
from targeting.errors import FeedError, UnsafeFileError
from targeting.feed_members import find_tables
from targeting.feed_slips import (
    NEEDED,
    mended_rows,
    refuse_decimal_commas,
    refuse_no_row,
    refuse_one_column,
    unreadable,
)
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.plain_text import plain
from targeting.text_columns import Column, Figures, Parse, blank_column, plain_column, usual_column
from targeting.text_files import MOST_LINES_IN_VALUE, Watched, check_columns, check_file, check_quotes

HEADER_BYTES = 1 << 16
LARGE_TABLES = ("stop_times", "shapes")
Digest: TypeAlias = Callable[[dict[str, Column], dict[str, Figures]], T]


@dataclass(frozen=True)
class _Read(Generic[T]):
    """What was made of a table's blocks, its rows of other widths, and how many lines it has."""

    parts: list[T]
    uneven: list[str]
    lines: int


@dataclass(frozen=True)
class FeedFiles:
    """Where each table of one feed is to be found.

    Attributes
    ----------
    path : Path
        The zip or the folder.
    members : dict of str to str
        Table name ("stops") to the member of the zip, or the file in the folder.
    notices : Notices
    limits : Limits
        How large the tables may be together.
    """

    path: Path
    members: dict[str, str]
    notices: Notices
    limits: Limits = DEFAULT_LIMITS
    _sizes: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def label(self) -> str:
        """The feed's short name in messages: the name of its file or folder."""
        return self.path.name

    def has(self, table: str) -> bool:
        """Return whether the feed holds the table."""
        return table in self.members

    def sha256(self) -> str:
        """Return the SHA-256 of the zip, or of the SHA-256 of the folder's tables."""
        digest = hashlib.sha256()
        if self.path.is_file():
            with self.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256")
        else:
            for table in sorted(self.members):
                digest.update(hashlib.sha256((self.path / self.members[table]).read_bytes()).digest())
        return digest.hexdigest()

    def columns(
        self, table: str, wanted: Collection[str], *, required: Collection[str] = ()
    ) -> dict[str, Column]:
        """Return columns of a table.

        Parameters
        ----------
        table : str
            Name without ".txt"; a table that the feed lacks reads as having no rows.
        wanted : collection of str
            Columns to return; one that the table lacks comes back as empty text in every row.
        required : collection of str
            Columns that the table must have.

        Raises
        ------
        FeedError
            When the table cannot be read or lacks a required column.
        """
        wanted = list(wanted)
        header = self._header(table, required)
        least = 1 + max((header.index(name) for name in required), default=0)
        found, rows = self._texts(table, header, [name for name in wanted if name in header], least)
        if table == "stops":
            refuse_decimal_commas(self.label, found)
        return {name: found.get(name) or blank_column(rows) for name in wanted}

    def digested(
        self,
        table: str,
        wanted: Collection[str],
        parses: Mapping[str, Parse],
        digest: Digest[T],
        *,
        required: Collection[str] = (),
    ) -> list[T]:
        """Return what `digest` makes of the rows of a large table, some of them at a time.

        Parameters
        ----------
        table, wanted, required
            As of `columns`.
        parses : mapping of str to Parse
            Columns of figures.
        digest : callable
            Given the wanted columns and the figures of rows that follow each other, by several threads at
            once; of all rows together where a text is not written as usual, and then texts come with the
            figures.

        Raises
        ------
        FeedError
            When the table cannot be read or lacks a required column.
        """
        header = self._header(table, required)
        types = dict.fromkeys(wanted, TEXTS) | {name: parse.kind for name, parse in parses.items()}
        types = {name: kind for name, kind in types.items() if name in header}

        def usual(cells: pa.Table) -> tuple[int, T] | None:
            """Return the number of rows and what is made of them; None where a text is not as usual."""
            rows, columns, figures = cells.num_rows, {}, {}
            for name in wanted:
                column = usual_column(cells.column(name)) if name in types else blank_column(rows)
                if column is None:
                    return None
                columns[name] = column
            for name, parse in parses.items():
                if name in types:
                    numbers = parse.many(cells.column(name).combine_chunks())
                else:
                    numbers = np.full(rows, parse.one(""), parse.dtype)
                if numbers is None:
                    return None
                figures[name] = Figures(numbers)
            return rows, digest(columns, figures)

        read = self._parsed(table, header, types, usual, "utf8")
        if isinstance(read, _Read) and not read.uneven and None not in read.parts:
            parts = [part for part in read.parts if part]
            if read.lines - 1 > sum(rows for rows, _ in parts):
                self._check_quotes(table, "utf8")
            return [part for _, part in parts]
        texts = self.columns(table, [*wanted, *parses], required=required)
        figures = {
            name: Figures(texts[name].parsed(parse.one, parse.dtype), texts[name])
            for name, parse in parses.items()
        }
        return [digest({name: texts[name] for name in wanted}, figures)]

    def _header(self, table: str, required: Collection[str]) -> list[str]:
        """Return the names of a table's columns; none where the feed lacks it."""
        if not self.has(table):
            return []
        with self._opened(table) as stream:
            header = _names(stream.read(HEADER_BYTES))
            check_columns(header)
        missing = [name for name in required if name not in header]
        if missing:
            refuse_one_column(self.label, table, header)
            raise FeedError(
                f"{self.label}: {table}.txt has no column {missing[0]!r} "
                f"(it has: {', '.join(header[:12])}); ask the agency for a complete feed."
            )
        return header

    def _parsed(
        self,
        table: str,
        header: list[str],
        types: Mapping[str, pa.DataType],
        digest: Callable[[pa.Table], T],
        encoding: str,
    ) -> "_Read[T] | pa.ArrowInvalid | UnicodeDecodeError":
        """Return what `digest` makes of the blocks of a table, or why it is none."""
        uneven: list[str] = []

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            uneven.append(row.text)
            return "skip"

        names = [name if header.index(name) == i else f"{name}#{i}" for i, name in enumerate(header)]
        with self._opened(table) as stream:
            if encoding == "utf8":
                stream.must_be_utf8()  # before `skip` is handed a row that is not
            try:
                parts = parse_csv(
                    stream,
                    names,
                    types,
                    digest,
                    encoding=encoding,
                    in_blocks=table in LARGE_TABLES,
                    uneven=skip,
                )
            except (pa.ArrowInvalid, UnicodeDecodeError) as fault:  # told apart from damage
                return fault
            return _Read(parts, sorted(uneven), stream.lines)

    def _texts(
        self, table: str, header: list[str], wanted: list[str], least: int
    ) -> tuple[dict[str, Column], int]:
        """Return columns of a table, and how many rows there are.

        A row must hold the `least` first values; the rest may be missing.
        """
        if not header:
            return {}, 0
        types, encoding = dict.fromkeys(wanted, TEXTS), "utf8"

        def whole(cells: pa.Table) -> pa.Table:
            return cells

        read = self._parsed(table, header, types, whole, encoding)
        if isinstance(read, pa.ArrowInvalid) and "Empty CSV" in str(read):
            return {}, 0
        if isinstance(read, UnicodeDecodeError):
            encoding = "latin1"
            read = self._parsed(table, header, types, whole, encoding)
            self.notices.add(
                "not_utf8",
                f"{self.label}: {table}.txt is not UTF-8; it was read as Latin-1.",
                file=self.label,
            )
        if not isinstance(read, _Read):
            self._check_quotes(table, encoding)
            raise unreadable(self.label, table, read) from read
        cells, uneven = pa.concat_tables(read.parts), read.uneven
        read.parts.clear()
        rows = cells.num_rows
        if read.lines - 1 > rows + len(uneven):
            self._check_quotes(table, encoding)
        found, hidden = {}, 0
        for name in wanted:
            found[name], changed = plain_column(cells.column(name), POOL)
            hidden += changed
            cells = cells.drop_columns(name)  # millions of rows are not to be held twice
            POOL.release_unused()
        if hidden:
            self.notices.add(
                "hidden_characters",
                f"{self.label}: {hidden:,} texts of {table}.txt held control characters or marks of writing "
                "direction, which were taken out.",
                severity="info",
                file=self.label,
                count=hidden,
            )
        if uneven:
            extra = mended_rows(self.label, table, uneven, header, least, self.notices)
            rows += len(extra)
            refuse_no_row(self.label, table, header, uneven, rows)
            found = {
                name: column.followed_by([plain(row[header.index(name)]).strip() for row in extra])
                for name, column in found.items()
            }
        return found, rows

    def _check_quotes(self, table: str, encoding: str) -> None:
        """Refuse a table of which a quotation mark, never closed, swallows rows."""
        most = 1 if table in LARGE_TABLES else MOST_LINES_IN_VALUE
        with self._opened(table) as stream:
            check_quotes(stream.decoded(encoding), most)

    @contextmanager
    def _opened(self, table: str) -> Iterator[Watched]:
        """Yield the table's bytes as a stream, unpacked and watched while it is read."""
        member = self.members[table]
        room = self.limits.unpacked_bytes - sum(size for name, size in self._sizes.items() if name != table)
        try:
            if self.path.is_dir():
                place = self.path / member
                check_file(place, room, "limits.unpacked_mb")
                with place.open("rb") as file:
                    stream = Watched(file, room, "limits.unpacked_mb")
                    yield stream
            else:
                with opened_member(self.path, member, self.limits, room, as_text=True) as stream:
                    yield stream
            self._sizes[table] = max(stream.size, self._sizes.get(table, 0))
        except UnsafeFileError as fault:
            raise FeedError(f"{self.label}: {table}.txt {fault}") from fault
        except DAMAGED as fault:
            raise FeedError(
                f"{self.label}: {table}.txt inside the zip is damaged; download the feed again."
            ) from fault
        except OSError as fault:
            raise FeedError(f"{self.path}: cannot be read ({fault.strerror}).") from fault


def open_feed(path: Path, notices: Notices, limits: Limits = DEFAULT_LIMITS) -> FeedFiles:
    """Find the tables of the feed at `path`, a zip or a folder, nested or not.

    Raises
    ------
    FeedError
        When the path is missing, is no zip, is cut short or made to deceive, or holds no stops.txt.
    """
    members = find_tables(path, limits)
    for table in NEEDED:
        if table not in members:
            raise FeedError(
                f"{path.name}: holds no {table}.txt, which every GTFS feed must have; "
                "check that it is a transit schedule (GTFS) and complete."
            )
    if "calendar" not in members and "calendar_dates" not in members:
        raise FeedError(
            f"{path.name}: holds neither calendar.txt nor calendar_dates.txt, "
            "so no day of service is known; ask the agency for a complete feed."
        )
    return FeedFiles(path=path, members=members, notices=notices, limits=limits)


def _names(data: bytes) -> list[str]:
    """Return the column names in the first line, in lower case, blanks around them removed."""
    lines = data.decode("utf-8-sig", errors="replace").splitlines()
    if len(data) == HEADER_BYTES and len(lines) == 1:
        raise UnsafeFileError(f"has a first line of more than {HEADER_BYTES // 1024} kB, which is no header.")
    names = next(csv.reader(lines[:1]), [])
    return [plain(name).strip().lower() for name in names]
