"""The files of a GTFS feed: find them in a zip or a folder, and read the columns asked for.

Every value comes back as plain text without blanks around it; what the text means is decided in
:mod:`targeting.feed`. Columns are dictionary-encoded, so that three million stop times cost
a few integers each and a value is parsed once however often it occurs.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from targeting.archives import DAMAGED, opened_member
from targeting.csv_blocks import POOL, parse_csv
from targeting.errors import FeedError, UnsafeFileError
from targeting.feed_members import find_tables
from targeting.feed_slips import NEEDED, refuse_decimal_commas, refuse_no_row, refuse_one_column
from targeting.limits import DEFAULT_LIMITS, Limits
from targeting.notices import Notices
from targeting.plain_text import plain
from targeting.text_columns import Column, Figures, Parse, column_of, plain_column
from targeting.text_files import MOST_LINES_IN_VALUE, Watched, check_columns, check_file, check_quotes

HEADER_BYTES = 1 << 16
LARGE_TABLES = ("stop_times", "shapes")
_Read: TypeAlias = tuple[pa.Table, dict[str, npt.NDArray[Any] | None]] | pa.ArrowInvalid | UnicodeDecodeError


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
        self, table: str, wanted: Iterable[str], *, required: Iterable[str] = ()
    ) -> dict[str, Column]:
        """Return columns of a table.

        Parameters
        ----------
        table : str
            Name without ".txt"; a table that the feed lacks reads as having no rows.
        wanted : iterable of str
            Columns to return; one that the table lacks comes back as empty text in every row.
        required : iterable of str
            Columns that the table must have.

        Raises
        ------
        FeedError
            When the table cannot be read or lacks a required column.
        """
        return self.columns_and_figures(table, wanted, {}, required=required)[0]

    def columns_and_figures(
        self,
        table: str,
        wanted: Iterable[str],
        parses: Mapping[str, Parse],
        *,
        required: Iterable[str] = (),
    ) -> tuple[dict[str, Column], dict[str, Figures]]:
        """Return columns of a table, and the figures that others hold.

        Of a large table, figures take less time and room than texts.

        Parameters
        ----------
        table, wanted, required
            As of `columns`.
        parses : mapping of str to Parse
            Columns of figures.

        Raises
        ------
        FeedError
            When the table cannot be read or lacks a required column.
        """
        wanted = list(wanted)
        if not self.has(table):
            empty = column_of(np.empty(0, np.int32), [])
            none = {name: Figures(np.empty(0, parse.dtype)) for name, parse in parses.items()}
            return dict.fromkeys(wanted, empty), none
        with self._opened(table) as stream:
            header = _header(stream.read(HEADER_BYTES))
            check_columns(header)
        required = list(required)
        missing = [name for name in required if name not in header]
        if missing:
            refuse_one_column(self.label, table, header)
            raise FeedError(
                f"{self.label}: {table}.txt has no column {missing[0]!r} "
                f"(it has: {', '.join(header[:12])}); ask the agency for a complete feed."
            )
        present = [name for name in wanted if name in header]
        least = 1 + max((header.index(name) for name in required), default=0)
        there = {name: parse for name, parse in parses.items() if name in header}
        found, figures, rows = self._read(table, header, present, there, least)
        if table == "stops":
            refuse_decimal_commas(self.label, found)
        blank = column_of(np.zeros(rows, np.int32), [""])
        return {name: found.get(name, blank) for name in wanted}, {
            name: figures.get(name) or Figures(np.full(rows, parse.one(""), parse.dtype))
            for name, parse in parses.items()
        }

    def _read(
        self, table: str, header: list[str], wanted: list[str], parses: dict[str, Parse], least: int
    ) -> tuple[dict[str, Column], dict[str, Figures], int]:
        """Return the wanted columns, the figures, and how many rows there are.

        A row must hold the `least` first values; the rest may be missing.
        """
        uneven: list[str] = []

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            uneven.append(row.text)
            return "skip"

        names = [name if header.index(name) == i else f"{name}#{i}" for i, name in enumerate(header)]
        lines = 0

        def read(encoding: str, texts: list[str], parses: dict[str, Parse]) -> _Read:
            nonlocal lines
            uneven.clear()
            with self._opened(table) as stream:
                if encoding == "utf8":
                    stream.must_be_utf8()  # before `skip` is handed a row that is not
                try:
                    whole = parse_csv(
                        stream,
                        names,
                        texts,
                        encoding=encoding,
                        in_blocks=table in LARGE_TABLES,
                        uneven=skip,
                        parses=parses,
                    )
                except (pa.ArrowInvalid, UnicodeDecodeError) as fault:  # told apart from damage
                    return fault
                lines = stream.lines
            return whole

        encoding = "utf8"
        texts = wanted
        result = read(encoding, texts, parses)
        if parses and not (isinstance(result, tuple) and _as_usual(result[1], uneven)):
            texts = [*wanted, *parses]
            result = read(encoding, texts, {})
        if isinstance(result, pa.ArrowInvalid) and "Empty CSV" in str(result):
            none = {name: Figures(np.empty(0, parse.dtype)) for name, parse in parses.items()}
            return {name: column_of(np.empty(0, np.int32), []) for name in wanted}, none, 0
        if isinstance(result, UnicodeDecodeError):
            encoding = "latin1"
            result = read(encoding, texts, {})
            self.notices.add(
                "not_utf8",
                f"{self.label}: {table}.txt is not UTF-8; it was read as Latin-1.",
                file=self.label,
            )
        if isinstance(result, pa.ArrowInvalid | UnicodeDecodeError):
            self._check_quotes(table, encoding)
            raise self._unreadable(table, result) from result
        cells, usual = result
        if lines - 1 > cells.num_rows + len(uneven):
            self._check_quotes(table, encoding)
        found, hidden = {}, 0
        rows = cells.num_rows
        for name in texts:
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
            extra = self._mend(table, sorted(uneven), header, least)
            rows += len(extra)
            refuse_no_row(self.label, table, header, uneven, rows)
            found = {
                name: column.followed_by([plain(row[header.index(name)]).strip() for row in extra])
                for name, column in found.items()
            }
        figures = {name: Figures(each) for name, each in usual.items() if each is not None}
        for name in texts[len(wanted) :]:
            column, parse = found.pop(name), parses[name]
            figures[name] = Figures(column.parsed(parse.one, parse.dtype), column)
        return found, figures, rows

    def _mend(self, table: str, uneven: list[str], header: list[str], least: int) -> list[list[str]]:
        """Return rows of other widths than the header's as rows of its width.

        Values missing at the end are empty and empty ones too many are dropped. A row that lacks a
        required value is left out, and so is one with too many values that say something, since nobody
        knows which column they belong to.
        """
        kept, skipped = [], 0
        for text in uneven:
            try:
                row = next(csv.reader(io.StringIO(text, newline="")), [])
            except csv.Error as fault:
                raise self._unreadable(table, fault) from fault
            if row and (len(row) < least or any(value.strip() for value in row[len(header) :])):
                skipped += 1
            elif row:
                kept.append(row[: len(header)] + [""] * (len(header) - len(row)))
        if skipped:
            self.notices.add(
                "row_width",
                f"{self.label}: {skipped:,} rows of {table}.txt have too few or too many values for the "
                f"{len(header)} columns of the header and were skipped.",
                file=self.label,
                count=skipped,
            )
        return kept

    def _check_quotes(self, table: str, encoding: str) -> None:
        """Refuse a table of which a quotation mark, never closed, swallows rows."""
        most = 1 if table in LARGE_TABLES else MOST_LINES_IN_VALUE
        with self._opened(table) as stream:
            check_quotes(stream.decoded(encoding), most)

    def _unreadable(self, table: str, fault: Exception) -> FeedError:
        reason = str(fault).splitlines()[0]
        return FeedError(
            f"{self.label}: {table}.txt cannot be read as a table ({reason}); ask the agency for a "
            "sound feed."
        )

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


def _as_usual(figures: dict[str, npt.NDArray[Any] | None], uneven: list[str]) -> bool:
    """Return whether every text of a table could be taken as it is."""
    return not uneven and all(each is not None for each in figures.values())


def _header(data: bytes) -> list[str]:
    """Return the column names in the first line, in lower case, blanks around them removed."""
    lines = data.decode("utf-8-sig", errors="replace").splitlines()
    if len(data) == HEADER_BYTES and len(lines) == 1:
        raise UnsafeFileError(f"has a first line of more than {HEADER_BYTES // 1024} kB, which is no header.")
    names = next(csv.reader(lines[:1]), [])
    return [plain(name).strip().lower() for name in names]
