"""What the benchmarks compare: the same departures from programs that share nothing but the feed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, tiny, write_feed
from peers import feed_ours_whole, feed_pandas, feed_partridge
from regions import count_rows, repeated

from targeting.departures import weekly_departures

Count = Callable[[Path, date], "pd.Series[float]"]


def alone(feed: Path, first_day: date) -> "pd.Series[float]":
    """Return what `feed_ours` writes."""
    found = pd.DataFrame(weekly_departures(feed, first_day))
    return found.set_index(["route_id", "stop_id"])["departures_week"]


COUNTS = [
    alone,
    feed_ours_whole.weekly_departures,
    feed_pandas.weekly_departures,
    feed_partridge.weekly_departures,
]
KING_DAY_WEEK = date(2025, 1, 20)


def holiday_feed(path: Path) -> Path:
    """Write the tiny feed without service on the holiday, and with a call that is closed to all."""
    calls = [
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type",
        "out,08:00:00,08:00:00,a,1,0,1",
        "out,08:05:00,08:05:00,b,2,1,1",
        "out,08:10:00,08:10:00,c,3,1,0",
        "back,09:00:00,09:00:00,c,1,0,0",
        "back,09:05:00,09:05:00,b,2,0,0",
        "back,09:10:00,09:10:00,a,3,0,0",
    ]
    special = ["service_id,date,exception_type", "wk,20250120,2"]
    return write_feed(path, tiny(stop_times=calls, calendar_dates=special))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.filterwarnings("ignore")
def test_departures_of_a_week_with_a_holiday(count: Count, tmp_path: Path) -> None:
    # four days, out and back; at b the bus out is closed
    found = count(holiday_feed(tmp_path / "feed.zip"), KING_DAY_WEEK)
    assert dict(found) == {("R", "a"): 8, ("R", "b"): 4, ("R", "c"): 8}


@pytest.mark.filterwarnings("ignore")
def test_departures_of_the_sample() -> None:
    # in the week of Labor Day, whose Monday runs as a Sunday
    ours, *others = (dict(count(ROOT / "data/gtfs/sample.zip", date(2025, 9, 1))) for count in COUNTS)
    assert len(ours) > 1000
    assert all(other == ours for other in others)


def test_a_feed_several_times_over(tmp_path: Path) -> None:
    feed = holiday_feed(tmp_path / "feed.zip")
    large = repeated(feed, tmp_path / "large.zip", 3)
    assert count_rows(large, "stop_times") == 3 * count_rows(feed, "stop_times") == 18
    found = alone(large, KING_DAY_WEEK)
    assert dict(found) == {("R", "a"): 24, ("R", "b"): 12, ("R", "c"): 24}
