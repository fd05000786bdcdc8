"""Measure `targeting plan` by size of input: the sample, TriMet, Manhattan's buses, and four times those.

    python benchmarks/ladder.py [folder of the real data]

Prints a table for README.md: wall time, processor time and peak memory of the whole process, the least of two
runs (on a shared machine the least is the nearest to the truth). The tracts around Manhattan are invented.
"""

import sys
import tempfile
from pathlib import Path

from plan import measure
from regions import DATA, count_rows, region

from targeting.campaign import read_campaign

TITLES = ("sample", "TriMet", "Manhattan", "Manhattan × 4")


def main(data: Path) -> None:
    """Print one row a region."""
    print("| region | routes in the feed | stop times | tracts | wall s | processor s | peak MB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for title in TITLES:
            place = region(title, data, Path(name))
            runs = [measure(place.campaign) for _ in range(2)]
            wall, processor, memory = (min(values) for values in zip(*runs, strict=True))
            routes, calls = count_rows(place.feed, "routes"), count_rows(place.feed, "stop_times")
            print(
                f"| {title} | {routes:,} | {calls:,} | {_tracts(place.campaign):,} "
                f"| {wall:.1f} | {processor:.1f} | {memory:.0f} |",
                flush=True,
            )


def _tracts(campaign: Path) -> int:
    """Return how many tracts a campaign's table has."""
    wanted = read_campaign(campaign)
    tables = [wanted.path(table).read_text(encoding="utf-8-sig") for table in wanted.region.acs]
    return sum(len(text.splitlines()) - 1 for text in tables)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
