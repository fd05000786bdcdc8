"""Run programs as whole processes, in turns, and say what each took.

This module and what imports it stays free of large libraries: Linux counts the memory of the process that
starts another into the peak of the one that it starts.
"""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH_S = 40.0  # a program that has run so long in all is not run again
Command = Sequence[object]
# Python keeps what it compiles, as it does for its users
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Run:
    """One run of a program.

    Attributes
    ----------
    wall_s, processor_s, peak_mb : float
        Of the process and all that it waited for.
    output : str
        What it printed.
    fault : str
        Why it did not end well: the time limit, or the last line of its complaint. Empty where it did.
    """

    wall_s: float
    processor_s: float
    peak_mb: float
    output: str
    fault: str


def run(command: Command, *, limit_s: float = 600.0, environment: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end, or stop it at the time limit.

    Parameters
    ----------
    command : sequence
    limit_s : float
        Seconds.
    environment : mapping, optional
        Variables set for it beside those that are there.
    """
    words = [str(word) for word in command]
    late = threading.Event()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaint:
        started = time.monotonic()
        process = subprocess.Popen(
            words,
            stdout=out,
            stderr=complaint,
            start_new_session=True,
            env={**_ENVIRONMENT, **(environment or {})},
        )

        def stop() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)  # solvers that it started end with it

        timer = threading.Timer(limit_s, stop)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        complaint.seek(0)
        said = complaint.read().decode(errors="replace").strip().splitlines()
        fault = ""
        if late.is_set():
            fault = f"over {limit_s:.0f} s"
        elif status:
            fault = said[-1] if said else f"exit code {process.returncode}"
        return Run(
            wall_s=wall,
            processor_s=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss / 1024,
            output=out.read().decode(errors="replace"),
            fault=fault,
        )


def in_turns(programs: Mapping[str, Command], runs: int, *, limit_s: float = 600.0) -> dict[str, list[Run]]:
    """Run programs one after the other, round after round, so that all meet the same machine.

    A program that failed, or has run long enough in all, sits out the rounds that are left.

    Parameters
    ----------
    programs : mapping of name to command
    runs : int
    limit_s : float
        Seconds, of each run.
    """
    done: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, command in programs.items():
            before = done[name]
            if before and (before[-1].fault or sum(each.wall_s for each in before) > ENOUGH_S):
                continue
            before.append(run(command, limit_s=limit_s))
    return done


def medians(runs: Sequence[Run]) -> tuple[float, float, float]:
    """Return the medians of wall seconds, processor seconds and peak memory (MB)."""
    rows = [(each.wall_s, each.processor_s, each.peak_mb) for each in runs]
    wall, processor, memory = (statistics.median(column) for column in zip(*rows, strict=True))
    return wall, processor, memory


def ratio(runs: Sequence[Run], ours: Sequence[Run]) -> float:
    """Return how many times our wall time a program takes: the median of the rounds that both ran."""
    return statistics.median(theirs.wall_s / our.wall_s for theirs, our in zip(runs, ours, strict=False))
