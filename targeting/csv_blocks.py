"""Text tables parsed block by block, by several threads, while they are unpacked.

A table of millions of rows is never held as text: a few blocks of it are under way at a time.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv

from targeting.text_files import Readable

BLOCK = 2 << 20
POOL = pa.system_memory_pool()
TEXTS = pa.dictionary(pa.int32(), pa.string())  # each distinct text of a block once
Skip = Callable[[pyarrow.csv.InvalidRow], str]
T = TypeVar("T")


def parse_csv(
    stream: Readable,
    names: Sequence[str],
    types: Mapping[str, pa.DataType],
    digest: Callable[[pa.Table], T],
    *,
    encoding: str,
    in_blocks: bool,
    uneven: Skip,
) -> list[T]:
    """Return what `digest` makes of each block of a table, in their order.

    Parameters
    ----------
    stream : Readable
        The table with its header, which is left out.
    names : sequence of str
        Its columns.
    types : mapping of str to DataType
        Those to read, and as what.
    digest : callable
        Called by several threads at once.
    encoding : {"utf8", "latin1"}
    in_blocks : bool
        Whether no value runs over an end of line, so that the table may be cut at any.
    uneven : callable
        Told of every row that has more or fewer values than there are columns.

    Raises
    ------
    ArrowInvalid
        When it is no table.
    """
    parse_options = pyarrow.csv.ParseOptions(newlines_in_values=not in_blocks, invalid_row_handler=uneven)
    convert_options = pyarrow.csv.ConvertOptions(
        include_columns=list(types),
        column_types=dict(types),
        check_utf8=False,  # the stream was watched for it, and Latin-1 is made of it
    )

    def digested(block: bytes, header: int) -> T:
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
        return digest(table)

    blocks = _blocks(stream) if in_blocks else iter([b"".join(iter(lambda: stream.read(BLOCK), b""))])
    found = [digested(next(blocks, b""), 1)]
    workers = os.cpu_count() or 1
    under_way = deque[Future[T]]()
    with ThreadPoolExecutor(workers) as pool:
        for block in blocks:
            under_way.append(pool.submit(digested, block, 0))
            if len(under_way) > 2 * workers:
                found.append(under_way.popleft().result())
        found.extend(each.result() for each in under_way)
    return found


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
