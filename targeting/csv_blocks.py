"""Text tables parsed block by block, by several threads, while they are unpacked.

A table of millions of rows is never held as text: a few blocks of it are under way at a time.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from targeting.text_columns import Parse
from targeting.text_files import Readable

BLOCK = 1 << 20
POOL = pa.system_memory_pool()
_TEXTS = pa.dictionary(pa.int32(), pa.string())
Skip = Callable[[pyarrow.csv.InvalidRow], str]
_Block = tuple[pa.Table, dict[str, npt.NDArray[Any] | None]]


def parse_csv(
    stream: Readable,
    names: Sequence[str],
    wanted: Sequence[str],
    *,
    encoding: str,
    in_blocks: bool,
    uneven: Skip,
    parses: Mapping[str, Parse] | None = None,
) -> tuple[pa.Table, dict[str, npt.NDArray[Any] | None]]:
    """Return columns of a table as dictionary-encoded text, and others as figures.

    Parameters
    ----------
    stream : Readable
        The table with its header, which is left out.
    names, wanted : sequence of str
        Its columns, and those to return as text.
    encoding : {"utf8", "latin1"}
    in_blocks : bool
        Whether no value runs over an end of line, so that the table may be cut at any.
    uneven : callable
        Told of every row that has more or fewer values than there are columns.
    parses : mapping of str to Parse, optional
        Columns of which the figures are wanted: None where some text is not as usual.

    Raises
    ------
    ArrowInvalid
        When it is no table.
    """
    parse_options = pyarrow.csv.ParseOptions(newlines_in_values=not in_blocks, invalid_row_handler=uneven)
    parses = parses or {}
    types = dict.fromkeys(wanted, _TEXTS) | {
        name: pa.string() if parse.many else _TEXTS for name, parse in parses.items()
    }
    convert_options = pyarrow.csv.ConvertOptions(
        include_columns=list(types),
        column_types=types,
        check_utf8=False,  # the stream was watched for it, and Latin-1 is made of it
    )

    def parse_block(block: bytes, header: int) -> _Block:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names,
                skip_rows=header,
                block_size=len(block) + 1,
                encoding=encoding,
                use_threads=False,
            ),
            parse_options=parse_options,
            convert_options=convert_options,
            memory_pool=POOL,
        )
        figures = {name: parse.usual(table.column(name).combine_chunks()) for name, parse in parses.items()}
        return table.select(wanted), figures

    tables: list[pa.Table] = []
    rows: dict[str, bytearray | None] = {name: bytearray() for name in parses}

    def add(parsed: _Block) -> None:
        tables.append(parsed[0])
        for name, figures in parsed[1].items():
            whole = rows[name]
            if figures is None or whole is None:
                rows[name] = None
            else:
                whole += figures.data  # grows where it stands, and no block's memory is kept

    blocks = _blocks(stream) if in_blocks else iter([b"".join(iter(lambda: stream.read(BLOCK), b""))])
    add(parse_block(next(blocks, b""), 1))
    workers = os.cpu_count() or 1
    under_way = deque[Future[_Block]]()
    with ThreadPoolExecutor(workers) as pool:
        for block in blocks:
            under_way.append(pool.submit(parse_block, block, 0))
            if len(under_way) > workers:
                add(under_way.popleft().result())
        for each in under_way:
            add(each.result())
    return pa.concat_tables(tables), {
        name: None if whole is None else np.frombuffer(whole, parses[name].dtype)
        for name, whole in rows.items()
    }


def _blocks(stream: Readable) -> Iterator[bytes]:
    """Yield the bytes of a table, cut where lines end."""
    pieces: list[bytes] = []
    size = 0
    while chunk := stream.read(BLOCK):
        pieces.append(chunk)
        size += len(chunk)
        if size < BLOCK:
            continue
        end = 1 + max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        if end:
            pieces[-1], rest = chunk[:end], chunk[end:]
            yield b"".join(pieces)
            pieces, size = [rest], len(rest)
    if any(pieces):
        yield b"".join(pieces)
