"""Many regions on Dask Distributed: worker processes of this machine, or any cluster that already runs.

Regions are planned one by one, each in one process. What is wrong with a region, or kills the process that
plans it, is its own outcome: a region whose process dies is planned once more, then reported as failed.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting.batch_list import Region
from targeting.batch_region import RECORD, RECORDS, Outcome, plan_region, read_record
from targeting.errors import CampaignError
from targeting.plain_text import plain, shortened

if TYPE_CHECKING:
    from distributed import Client

MEMORY_PER_WORKER = 2e9  # what a large metro needs with room to spare (docs/scale.md)
CONNECT_S = 20
DIED = (
    "its worker process was killed both times that it was tried, most often because memory ran out; run "
    "fewer workers at once (--workers 1), or on a larger machine."
)
LOCAL = {
    # whose process has died is tried once more, but alone (`plan_regions`)
    "distributed.scheduler.allowed-failures": 0,
    # a plan's memory is none of Dask's to spill; a worker that pauses for it would wait for ever
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    # nobody looks at their pages
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
# Dask opens a port for its pages in any case: a free one, on this machine alone, for each batch
NO_PAGES = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
# a terminal sends Ctrl-C to all processes; this one ends the workers
DEAF_TO_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


@dataclass(frozen=True)
class Workers:
    """The workers of a batch.

    Attributes
    ----------
    client : Client
    at_once : int or None
        How many regions are handed out at a time: one a worker of this machine, so that a dying process
        takes no other region with it; None for a cluster, which may grow with what waits.
    """

    client: "Client"
    at_once: int | None

    def map(self, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Apply a function to each item, on the workers."""
        found: list[Any] = self.client.gather(self.client.map(work, items, pure=False, retries=1))
        return found


@contextmanager
def start_workers(scheduler: str | None, workers: int | None, regions: int) -> "Iterator[Workers]":
    """Start worker processes, or join the cluster at an address; end or leave them at the end.

    Parameters
    ----------
    scheduler : str or None
        Address of a Dask scheduler, such as "tcp://10.0.0.5:8786".
    workers : int or None
        How many processes; by default as many as there are processors and memory for.
    regions : int
        How many regions there are: no more processes than these are started.

    Raises
    ------
    CampaignError
        When Dask is not installed, or no scheduler answers there.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as fault:
        raise CampaignError(
            "targeting batch needs Dask; install it in the checkout with: pip install '.[batch]'."
        ) from fault
    if scheduler is not None:
        try:
            client = Client(scheduler, set_as_default=False, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as fault:
            said = shortened(plain(str(fault)), 200)
            raise CampaignError(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({said})."
            ) from fault
        with client:
            yield Workers(client, None)
        return
    count = workers or max(1, min(_processors(), int(_memory() // MEMORY_PER_WORKER), regions))
    with (
        dask.config.set(LOCAL),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs=NO_PAGES,
            silence_logs=logging.CRITICAL,
            memory_limit=int(_memory() / count),
            preload=[DEAF_TO_CTRL_C],
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield Workers(client, count)


def plan_regions(
    workers: Workers,
    regions: Iterable[Region],
    out: Path,
    work: Callable[[Region, Path], Outcome] = plan_region,
) -> Iterator[Outcome]:
    """Plan regions and yield what became of each as soon as it is known.

    Parameters
    ----------
    workers : Workers
    regions : iterable of Region
    out : Path
        Folder of the batch, which the workers see under the same path.
    work : callable
        What plans a region.
    """
    suspects: list[Region] = []
    for region, fault, outcome in _tried(workers, regions, out, work, workers.at_once):
        if _died(fault):
            suspects.append(region)  # or its process died of another region's fault: each is tried alone
        else:
            yield outcome or Outcome(region.name, "failed", _sentence(fault))
    for region, fault, outcome in _tried(workers, suspects, out, work, 1):
        yield outcome or Outcome(region.name, "failed", DIED if _died(fault) else _sentence(fault))


def planned_since(name: str, out: Path, began: float) -> Outcome | None:
    """Return the outcome of a region planned after a time (seconds since 1970), None if it was not."""
    record = read_record(name, out)
    if record is None or (out / RECORDS / name / RECORD).stat().st_mtime < began:
        return None
    return Outcome(name, "planned", record=record)


def _tried(
    workers: Workers,
    regions: Iterable[Region],
    out: Path,
    work: Callable[[Region, Path], Outcome],
    at_once: int | None,
) -> Iterator[tuple[Region, BaseException | None, Outcome | None]]:
    """Yield each region as it is done, with its outcome or what befell the worker."""
    from distributed import as_completed

    waiting, handed_out = iter(regions), {}
    running = as_completed(loop=workers.client.loop)

    def hand_out() -> None:
        for region in waiting:
            future = workers.client.submit(work, region, out, pure=False, retries=0)
            handed_out[future] = region
            running.add(future)
            if at_once is not None and len(handed_out) >= at_once:
                return

    hand_out()
    for future in running:
        region, fault = handed_out.pop(future), future.exception()
        outcome = future.result() if fault is None else None
        future.release()
        yield region, fault, outcome
        hand_out()


def _died(fault: BaseException | None) -> bool:
    from distributed.scheduler import KilledWorker

    return isinstance(fault, KilledWorker)


def _sentence(fault: BaseException | None) -> str:
    """Return why a region has no outcome of its own."""
    said = shortened(plain(f"{type(fault).__name__}: {fault}"), 300)
    return f"the workers could not plan it ({said})."


def _processors() -> int:
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


def _memory() -> float:
    """Return the bytes of memory that this process may use, of the machine or of its container."""
    from distributed.system import MEMORY_LIMIT

    return float(MEMORY_LIMIT)
