"""Weekly departures by route and stop: partridge for reading, pandas for counting.

    python benchmarks/peers/feed_partridge.py feed.zip 2025-02-24 departures.csv

partridge knows which services run on which day, and with a view reads only the trips of those.
"""

import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import partridge

BUSES = [3, *range(700, 900)]


def weekly_departures(feed: Path, first_day: date) -> "pd.Series[float]":
    """Return the departures of buses in the week from a Monday, by route_id and stop_id."""
    by_date = partridge.read_service_ids_by_date(str(feed))
    week = [first_day + timedelta(days=offset) for offset in range(7)]
    days = Counter(service for day in week for service in by_date.get(day, ()))
    read = partridge.load_feed(str(feed), view={"trips.txt": {"service_id": list(days)}})
    routes, trips, calls = read.routes, read.trips, read.stop_times
    trips = trips[trips["route_id"].isin(routes.loc[routes["route_type"].isin(BUSES), "route_id"])]
    trips = trips.assign(departures_week=trips["service_id"].map(days))
    if {"pickup_type", "drop_off_type"} <= set(calls):
        drop_off = pd.to_numeric(calls["drop_off_type"])  # partridge leaves this one a text
        calls = calls[(calls["pickup_type"] != 1) | (drop_off != 1)]
    calls = calls[["trip_id", "stop_id"]].merge(
        trips[["trip_id", "route_id", "departures_week"]], on="trip_id"
    )
    return calls.groupby(["route_id", "stop_id"])["departures_week"].sum()


if __name__ == "__main__":
    weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).to_csv(sys.argv[3])
