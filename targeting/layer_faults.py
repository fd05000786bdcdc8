"""What goes wrong while GDAL writes a layer, told as the system tells it of any file."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from os import strerror
from pathlib import Path

import pyogrio

FULL_BYTES = 1 << 20  # less than the layers of a plan take: what had been written is gone by now


@contextmanager
def written_as_a_file(path: Path) -> Iterator[None]:
    """Raise what GDAL says of a layer that it cannot write as OSError; of a full disk it says little."""
    try:
        yield
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as fault:
        if shutil.disk_usage(path.parent).free < FULL_BYTES:
            raise OSError(ENOSPC, strerror(ENOSPC), str(path)) from fault
        raise OSError(None, str(fault)) from fault
