"""Weekly departures by route and stop: ours, with all else that a plan reads of a feed.

    python benchmarks/peers/feed_ours_whole.py feed.zip 2025-02-24 departures.csv

Works out blocks, times and directions, and draws the lines.
"""

import sys
from datetime import date
from pathlib import Path

import pandas as pd

from targeting.feed import read_feeds
from targeting.limits import Limits
from targeting.notices import Notices

WIDE = Limits(file_mb=20_000, unpacked_mb=20_000)  # sixteen TriMets are 2.7 GB


def weekly_departures(feed: Path, first_day: date) -> "pd.Series[float]":
    """Return the departures of buses in the week from a Monday, by route_id and stop_id."""
    found = read_feeds([feed], notices=Notices(), week=first_day, limits=WIDE)
    return found.departures.groupby(["route_id", "stop_id"])["departures_week"].sum()


if __name__ == "__main__":
    weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).to_csv(sys.argv[3])
