"""Weekly departures by route and stop: gtfs_kit for reading and for the days of service, pandas for counting.

    python benchmarks/peers/feed_gtfs_kit.py feed.zip 2025-02-24 departures.csv

The quickest way with gtfs_kit to these numbers: its own statistics are by route or by stop, not by both, and
its timetables of routes, which are by both, take longer (`feed_gtfs_kit_timetables.py`).
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
    activity = read.compute_trip_activity(week).set_index("trip_id").sum(axis=1)
    kind = read.routes["route_type"]
    buses = read.routes.loc[(kind == 3) | kind.between(700, 899), "route_id"]
    trips = read.trips.loc[read.trips["route_id"].isin(buses), ["trip_id", "route_id"]]
    trips = trips.assign(departures_week=trips["trip_id"].map(activity))
    calls = read.stop_times
    if {"pickup_type", "drop_off_type"} <= set(calls):
        closed = (calls["pickup_type"] == 1) & (calls["drop_off_type"] == 1)
        calls = calls[~closed.fillna(value=False)]
    calls = calls[["trip_id", "stop_id"]].merge(trips[trips["departures_week"] > 0], on="trip_id")
    return calls.groupby(["route_id", "stop_id"])["departures_week"].sum()


if __name__ == "__main__":
    weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).to_csv(sys.argv[3])
