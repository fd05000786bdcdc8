"""Measure `targeting plan` as a whole process: wall time, processor time and peak memory.

    python benchmarks/plan.py                 the sample region
    python benchmarks/plan.py campaign.toml   any campaign

Prints the median of five runs after one that is not counted.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5


def measure(campaign: Path) -> tuple[float, float, float]:
    """Return wall seconds, processor seconds and peak memory (MB) of one plan."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "targeting", "plan", campaign, "--out", f"{folder}/plan", "--quiet"]
        started = time.monotonic()
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    if status:
        sys.exit(f"the plan of {campaign} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Print one line a campaign."""
    campaigns = [Path(name) for name in sys.argv[1:]] or [Path(__file__).parent.parent / "data/sample.toml"]
    print("| campaign | wall s | processor s | peak MB |\n|---|---|---|---|")
    for campaign in campaigns:
        measure(campaign)
        runs = [measure(campaign) for _ in range(RUNS)]
        wall, processor, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"| {campaign.name} | {wall:.1f} | {processor:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
