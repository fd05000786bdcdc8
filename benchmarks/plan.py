"""Measure `targeting plan` as a whole process: wall time, processor time and peak memory.

    python benchmarks/plan.py                 the sample region
    python benchmarks/plan.py campaign.toml   any campaign

Prints the median of five runs after one that is not counted. Each starts cold, with an empty cache folder.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from processes import Run, run

RUNS = 5


def measure(campaign: Path) -> tuple[float, float, float]:
    """Return wall seconds, processor seconds and peak memory (MB) of one plan from cold start."""
    with tempfile.TemporaryDirectory() as folder:
        taken = run_plan(campaign, Path(folder) / "plan", Path(folder) / "cache")
    if taken.fault:
        sys.exit(f"the plan of {campaign} failed: {taken.fault}")
    return taken.wall_s, taken.processor_s, taken.peak_mb


def run_plan(campaign: Path, out: Path, cache: Path, *options: str) -> Run:
    """Plan a campaign with a cache folder of its own; `options` are more of the command line.

    Matplotlib keeps its list of fonts where it always does: making it anew is no part of a plan.
    """
    command = [sys.executable, "-m", "targeting", "plan", campaign, "--out", out, "--quiet", *options]
    fonts = Path.home() / ".cache/matplotlib"
    return run(command, environment={"XDG_CACHE_HOME": str(cache), "MPLCONFIGDIR": str(fonts)})


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
