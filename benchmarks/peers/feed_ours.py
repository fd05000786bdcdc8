"""Weekly departures by route and stop: ours, through the library.

    python benchmarks/peers/feed_ours.py feed.zip 2025-02-24 departures.csv

Does more than the others: it checks the feed, and counts calls that are written twice once.
"""

import csv
import sys
from datetime import date
from pathlib import Path

from targeting.departures import weekly_departures
from targeting.limits import Limits

WIDE = Limits(file_mb=20_000, unpacked_mb=20_000)  # sixteen TriMets are 2.7 GB

if __name__ == "__main__":
    found = weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), limits=WIDE)
    names = ("route_id", "stop_id", "departures_week")
    with Path(sys.argv[3]).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(names)
        table.writerows(zip(*(found[name].tolist() for name in names), strict=True))
