"""Measure `targeting batch` over a folder of feeds: one worker against two, a killed worker, a second run.

    python benchmarks/batch.py DATA FOLDER

DATA holds gtfs/, acs/ and geo/ (CONTRIBUTING.md says where tests look for them). Feeds around Portland get
the real census tables there, all others invented tracts (`invented_tracts.py`) in a county of their own.
Inputs and plans are written into FOLDER; prints the tables of docs/scale.md.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil
from invented_tracts import invent
from regions import PORTLAND_CAMPAIGN

from targeting.errors import TargetingError

PORTLAND = ("trimet", "ctran")
BUSES = {"trimet-2024": 36, "nyc-mta": 36, "hart": 20, "lane": 20, "arlington": 8}
MODES = '"[""bus"", ""coach"", ""tram"", ""subway"", ""rail"", ""ferry""]"'


@dataclass(frozen=True)
class Run:
    """What a run took; `peak_mb` is of the largest of its processes."""

    wall: float
    processor: float
    peak_mb: float
    status: int


def prepare(data: Path, folder: Path) -> Path:
    """Write a campaign for each feed, and the list of all of them; return the list."""
    lines = ["name,campaign,buses,modes"]
    for number, feed in enumerate(sorted((data / "gtfs").glob("*.zip")), start=1):
        name = feed.stem
        place = folder / name
        campaign = place / "campaign.toml"
        place.mkdir(parents=True, exist_ok=True)
        if name.startswith(PORTLAND):
            campaign.write_text(PORTLAND_CAMPAIGN.format(name=name, feed=feed, data=data), encoding="utf-8")
        else:
            try:
                invent([feed], place)
            except TargetingError:  # the feed cannot be read, as its plan will say
                campaign.write_text(
                    PORTLAND_CAMPAIGN.format(name=name, feed=feed, data=data), encoding="utf-8"
                )
            for file in place.glob("*[!l]"):
                file.write_text(file.read_text().replace("99001", f"99{number:03d}"), encoding="utf-8")
        buses = next((buses for start, buses in BUSES.items() if name.startswith(start)), 1)
        lines.append(f"{name},{name}/campaign.toml,{buses},{MODES}")
    path = folder / "regions.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(listed: Path, out: Path, workers: int, *, kill: bool = False) -> Run:
    """Run a batch as a whole process; if asked kill the largest of its workers midway."""
    command = [sys.executable, "-m", "targeting", "batch", listed, "--out", out, "--workers", str(workers)]
    started = time.monotonic()
    process = subprocess.Popen([*command, "--quiet"], stderr=subprocess.DEVNULL)
    if kill:
        # the largest feed is being planned by then, and others wait
        while len(list((out / ".batch").glob("*/record.json"))) < 8:
            time.sleep(0.1)
        alive = psutil.Process(process.pid).children(recursive=True)
        victim = max(alive, key=lambda each: each.memory_info().rss)
        print(f"killed worker {victim.pid} of {victim.memory_info().rss / 1e6:.0f} MB", file=sys.stderr)
        victim.send_signal(signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    return Run(
        wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
    )


def main() -> None:
    """Print one row a run and one a region."""
    data, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    listed = prepare(data, folder / "inputs")
    print("| run | wall s | processor s | largest process MB | exit code |\n|---|---|---|---|---|")

    def row(what: str, out: str, workers: int, *, kill: bool = False) -> None:
        took = run(listed, folder / out, workers, kill=kill)
        print(
            f"| {what} | {took.wall:.1f} | {took.processor:.1f} | {took.peak_mb:.0f} | {took.status} |",
            flush=True,
        )

    row("1 worker", "one", 1)
    row("2 workers", "two", 2)
    row("2 workers, again on what stands there", "two", 2)
    row("2 workers, one killed midway", "killed", 2, kill=True)
    row("1 worker, second time", "one-again", 1)
    row("2 workers, second time", "two-again", 2)
    national = {(folder / out / "national.csv").read_bytes() for out in ("one", "two", "killed")}
    print(f"\nnational.csv of all runs alike: {len(national) == 1}\n")
    columns = ["region", "status", "routes", "tracts", "seconds", "processor_seconds", "memory_mb", "error"]
    table = pd.read_parquet(folder / "two/summary.parquet").drop_duplicates("region")[columns]
    print("|".join(["", *columns, ""]) + "\n" + "|---" * len(columns) + "|")
    for row_of_region in table.astype(object).fillna("").astype(str).to_numpy():
        print("|".join(["", *row_of_region, ""]))


if __name__ == "__main__":
    main()
