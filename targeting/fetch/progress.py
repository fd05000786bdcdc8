"""Bars with size and rate while files arrive; nothing where nobody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(name: str, *, total: int | None, done: int = 0, show: bool = True) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many more bytes came.

    Parameters
    ----------
    name : str
        What arrives, in a few words.
    total : int or None
        Its size in bytes, where known.
    done : int
        Bytes that an earlier download left.
    show : bool
        False for no bar, as there is none where standard error is no terminal.
    """
    if not show or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=total, completed=done)
        yield lambda count: bars.update(task, advance=count)
