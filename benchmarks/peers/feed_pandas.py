"""Weekly departures by route and stop: plain pandas, as an able analyst would write it.

    python benchmarks/peers/feed_pandas.py feed.zip 2025-02-24 departures.csv

Categories make it quick: pandas keeps each text once, and maps a trip to its weight once a trip.
"""

import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd


def weekly_departures(feed: Path, first_day: date) -> "pd.Series[float]":
    """Return the departures of buses in the week from a Monday, by route_id and stop_id."""
    with zipfile.ZipFile(feed) as archive:
        routes, trips, stops, calendar, special = (
            pd.read_csv(archive.open(f"{table}.txt"), dtype=str)
            for table in ("routes", "trips", "stops", "calendar", "calendar_dates")
        )
        kinds = {
            "trip_id": pd.CategoricalDtype(trips["trip_id"]),
            "stop_id": pd.CategoricalDtype(stops["stop_id"]),
            "pickup_type": pd.CategoricalDtype(["0", "1", "2", "3"]),
            "drop_off_type": pd.CategoricalDtype(["0", "1", "2", "3"]),
        }
        calls = pd.read_csv(archive.open("stop_times.txt"), usecols=lambda name: name in kinds, dtype=kinds)
    kind = routes["route_type"].astype(int)
    buses = routes.loc[(kind == 3) | kind.between(700, 899), "route_id"]
    trips = trips[trips["route_id"].isin(buses)].set_index("trip_id")
    days = trips["service_id"].map(_days_of_service(calendar, special, first_day))
    if {"pickup_type", "drop_off_type"} <= set(calls):
        calls = calls[(calls["pickup_type"] != "1") | (calls["drop_off_type"] != "1")]
    counted = pd.DataFrame(
        {
            "route_id": calls["trip_id"].map(trips["route_id"]).astype("category"),
            "stop_id": calls["stop_id"],
            "departures_week": calls["trip_id"].map(days).astype(float),
        }
    )
    total = counted.groupby(["route_id", "stop_id"], observed=True)["departures_week"].sum()
    return total[total > 0]


def _days_of_service(calendar: pd.DataFrame, special: pd.DataFrame, first_day: date) -> "pd.Series[int]":
    """Return on how many days of the week each service runs."""
    services = pd.Index(calendar["service_id"]).union(special["service_id"].unique())
    days = pd.Series(0, index=services)
    for offset in range(7):
        day = first_day + timedelta(days=offset)
        text = f"{day:%Y%m%d}"
        regular = calendar[
            (calendar["start_date"] <= text)
            & (text <= calendar["end_date"])
            & (calendar[f"{day:%A}".lower()] == "1")
        ]
        today = special[special["date"] == text]
        runs = services.isin(regular["service_id"])
        runs |= services.isin(today.loc[today["exception_type"] == "1", "service_id"])
        runs &= ~services.isin(today.loc[today["exception_type"] == "2", "service_id"])
        days += runs.astype(np.int64)
    return days


if __name__ == "__main__":
    weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).to_csv(sys.argv[3])
