"""What tests have the workers of a batch do: plan here, or die at a region as a killed process does."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import targeting.batch
from targeting.batch_list import Region
from targeting.batch_region import Outcome, plan_region


def plan_or_die(region: Region, out: Path) -> Outcome:
    """Plan a region; the worker dies at the first try of "dies-once", and at each of "dies-always"."""
    mark = out / f"{region.name}.tried"
    if region.name == "dies-always" or (region.name == "dies-once" and not mark.exists()):
        with mark.open("a") as file:
            file.write("tried\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return plan_region(region, out)


class _Here:
    """Workers that work in this process, one region after the other."""

    at_once = 1

    def map(self, work: object, items: object) -> list[object]:
        return list(map(work, items))  # type: ignore[call-overload]


def plan_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan in this process, in the order of the list."""

    @contextmanager
    def start(*_: object) -> Iterator[_Here]:
        yield _Here()

    def plan(_: object, regions: Sequence[Region], out: Path) -> Iterator[Outcome]:
        return (plan_region(region, out) for region in regions)

    monkeypatch.setattr(targeting.batch, "start_workers", start)
    monkeypatch.setattr(targeting.batch, "plan_regions", plan)
