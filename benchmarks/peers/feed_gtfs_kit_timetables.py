"""Weekly departures by route and stop: what gtfs_kit offers ready made, the timetable of each route.

    python benchmarks/peers/feed_gtfs_kit_timetables.py feed.zip 2025-02-24 departures.csv

Every timetable joins all trips with all stop times again; `feed_gtfs_kit.py` goes round that.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import gtfs_kit
import pandas as pd


def weekly_departures(feed: Path, first_day: date) -> "pd.Series[float]":
    """Return the departures of buses in the week from a Monday, by route_id and stop_id."""
    read = gtfs_kit.read_feed(feed, dist_units="km")
    week = [f"{first_day + timedelta(days=offset):%Y%m%d}" for offset in range(7)]
    kind = read.routes["route_type"]
    buses = read.routes.loc[(kind == 3) | kind.between(700, 899), "route_id"]
    counts = []
    for route in buses[buses.isin(read.trips["route_id"])]:
        calls = read.build_route_timetable(route, week)
        if {"pickup_type", "drop_off_type"} <= set(calls):
            closed = (calls["pickup_type"] == 1) & (calls["drop_off_type"] == 1)
            calls = calls[~closed.fillna(value=False)]
        counts.append(calls.groupby(["route_id", "stop_id"]).size().rename("departures_week"))
    return pd.concat(counts)


if __name__ == "__main__":
    weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).to_csv(sys.argv[3])
