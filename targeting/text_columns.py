"""Columns of text, each distinct text kept once: three million cells cost a few integers each.

Arrow's arrays become NumPy's by DLPack here, since other ways load pandas first, which takes longer than
reading a small feed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from targeting.plain_text import plain


@dataclass(frozen=True)
class Column:
    """One column of a table: ``values[codes[row]]`` is the text in that row.

    Attributes
    ----------
    codes : ndarray of int32 or, where they are few, int8, shape (rows,)
    distinct : StringArray
        The distinct texts, blanks around them removed; empty text where the cell is empty.
    """

    codes: npt.NDArray[np.int32 | np.int8]
    distinct: pa.StringArray

    @cached_property
    def values(self) -> list[str]:
        """The distinct texts."""
        texts: list[str] = self.distinct.to_pylist()
        return texts

    def texts(self) -> npt.NDArray[np.object_]:
        """Return the text of every row."""
        return np.array(self.values, dtype=object)[self.codes]

    def positions_in(self, known: Mapping[str, int]) -> npt.NDArray[np.int32]:
        """Return for every row the position of its text, -1 where it is not known (`numbered`)."""
        return np.array([known.get(text, -1) for text in self.values], np.int32)[self.codes]

    def parsed(self, parse: Any, dtype: Any) -> npt.NDArray[Any]:
        """Return `parse(text)` of every row; each distinct text is parsed once."""
        return np.array([parse(value) for value in self.values], dtype=dtype)[self.codes]

    def followed_by(self, texts: Sequence[str]) -> "Column":
        """Return the column with more rows at its end."""
        values = list(dict.fromkeys([*self.values, *texts]))
        position = {value: i for i, value in enumerate(values)}
        more = np.array([position[text] for text in texts], np.int32)
        return column_of(np.concatenate([self.codes, more]), values)


@dataclass(frozen=True)
class Parse:
    """How to read the texts of a column as figures, where there are many distinct ones.

    Attributes
    ----------
    one : callable
        Returns the figure of a text, whatever it is, blanks around it removed.
    dtype : numpy dtype of the figures
    many : callable
        Returns what `one` says of each text, or None where some of them are not written as they mostly are.
    kind : DataType
        What `many` is given: texts, or what Arrow makes of them.
    """

    one: Callable[[str], Any]
    dtype: Any
    many: Callable[[pa.Array], npt.NDArray[Any] | None]
    kind: pa.DataType = field(default_factory=pa.string)


@dataclass(frozen=True)
class Figures:
    """What the texts of a column say.

    Attributes
    ----------
    rows : ndarray, shape (rows,)
        The figure of each row.
    texts : Column or None
        The texts; None where all of them are empty or written as usual.
    """

    rows: npt.NDArray[Any]
    texts: Column | None = None


def numbered(texts: Iterable[str]) -> dict[str, int]:
    """Return the position of each of some distinct texts."""
    return {text: position for position, text in enumerate(texts)}


def column_of(codes: npt.NDArray[np.int32 | np.int8], values: Sequence[str]) -> Column:
    """Return a column by its distinct texts."""
    return Column(codes, _strings(values))


def blank_column(rows: int) -> Column:
    """Return a column that says nothing."""
    return column_of(np.zeros(rows, np.int32), [""])


def _strings(texts: Iterable[str]) -> pa.StringArray:
    """Return texts as Arrow has them; its own way there would load pandas."""
    cells = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, cells)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(cells), pa.py_buffer(ends), pa.py_buffer(b"".join(cells)))


def usual_column(cells: pa.ChunkedArray) -> Column | None:
    """Return dictionary-encoded cells as texts; None where one of them is no plain text."""
    array = cells.combine_chunks()
    if any(plain(text).strip() != text for text in _perhaps_odd(array.dictionary)):
        return None
    codes: npt.NDArray[Any] = np.from_dlpack(array.indices)
    return Column(codes, array.dictionary)


def _perhaps_odd(distinct: pa.StringArray) -> list[str]:
    """Return all of the texts where one of them may be no plain text, none otherwise."""
    texts: list[str] = [] if only_signs(letters_of(distinct)[1]) else distinct.to_pylist()
    return texts


def letters_of(texts: pa.StringArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return how many bytes each of some texts has, and the bytes of all, one text after the other."""
    _, offsets, content = texts.buffers()
    if not len(texts):
        return np.empty(0, np.int32), np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, offset=4 * texts.offset)
    letters = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]
    return np.diff(ends), letters


def only_signs(letters: npt.NDArray[np.uint8]) -> bool:
    """Return whether all bytes are signs of ASCII: no blanks, nothing that cannot be seen."""
    return bool((letters - np.uint8(ord("!")) <= ord("~") - ord("!")).all())


def plain_column(cells: pa.ChunkedArray, pool: pa.MemoryPool) -> tuple[Column, int]:
    """Return dictionary-encoded cells as plain texts, and how many texts were no plain ones before."""
    array = cells.unify_dictionaries(pool).combine_chunks(pool)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.nulls(0, cells.type)
    codes: npt.NDArray[Any] = np.from_dlpack(array.indices)
    distinct = array.dictionary
    if len(distinct) <= np.iinfo(np.int8).max:  # three of the columns of stop_times.txt
        codes = codes.astype(np.int8)
    values = _perhaps_odd(distinct)
    if not values:
        return Column(codes, distinct), 0
    clean = [plain(value) for value in values]
    changed = sum(after is not before for after, before in zip(clean, values, strict=True))
    stripped = [value.strip() for value in clean]
    once = list(dict.fromkeys(stripped))
    if len(once) < len(stripped):
        position = {value: i for i, value in enumerate(once)}
        codes = np.array([position[value] for value in stripped], np.int32)[codes]
    return column_of(codes, once), changed
