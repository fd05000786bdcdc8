"""Weekly departures by themselves: of every feed that other tests read they are a plan's (`read_feed`)."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import TINY, read_feed, tiny, write_feed

import targeting
from targeting.errors import CampaignError, FeedError
from targeting.notices import Notices

WEEK = date(2025, 1, 13)


def test_what_each_row_says(tmp_path: Path) -> None:
    found = targeting.weekly_departures(write_feed(tmp_path / "f.zip", tiny()), WEEK)
    assert pd.DataFrame(found).to_dict("records") == [
        {
            "route_id": "R",
            "route_name": "1 Main",
            "stop_id": stop,
            "stop_name": name,
            "lon": lon,
            "lat": 45.5,
            "departures_week": 10.0,
        }
        for stop, name, lon in (("a", "East", -122.6), ("b", "Middle", -122.61), ("c", "West", -122.62))
    ]


def test_the_week_is_chosen_as_a_plan_chooses_it(tmp_path: Path) -> None:
    extra = ["service_id,date,exception_type", "wk,20250125,1", "wk,20250201,1", "wk,20250202,1"]
    path = write_feed(tmp_path / "f.zip", tiny(calendar_dates=extra))
    feed, _ = read_feed(path)
    assert feed.week.first_day == date(2025, 1, 27)
    assert set(targeting.weekly_departures(str(path))["departures_week"]) == {14.0}


def test_a_trip_without_calls_decides_no_week(tmp_path: Path) -> None:
    idle = [*TINY["trips"], *(f"R,idle,x{trip},0,," for trip in range(9))]
    calendar = [*TINY["calendar"], "idle,1,1,1,1,1,1,1,20250127,20250202"]
    path = write_feed(tmp_path / "f.zip", tiny(trips=idle, calendar=calendar))
    notices = Notices()
    targeting.weekly_departures(path, notices=notices)
    assert read_feed(path)[0].week.first_day == date(2025, 1, 6)
    with pytest.raises(CampaignError, match="no trip runs in the campaign's week"):
        targeting.weekly_departures(path, date(2025, 6, 2))


def test_calls_at_unknown_stops_are_told_apart(tmp_path: Path) -> None:
    # the first two calls are at two stops that stops.txt lacks, at the same time: two departures, not one
    calls = list(TINY["stop_times"])
    calls[1:1] = ["out,08:00:00,08:00:00,x,1", "out,08:00:00,08:00:00,y,1", "out,08:00:00,08:00:00,y,1"]
    path = write_feed(tmp_path / "f.zip", tiny(stop_times=calls))
    for read in (read_feed, targeting.weekly_departures):
        with pytest.raises(FeedError, match=r"10 of 40 weekly departures \(25\.0%\).*\(10 at stop_ids"):
            read(path)


@pytest.mark.parametrize("name", ["feed.zip", "no such.zip"])
def test_what_cannot_be_read_is_said_as_of_a_plan(tmp_path: Path, name: str) -> None:
    write_feed(tmp_path / "feed.zip", tiny(stop_times=TINY["stop_times"][:1]))
    with pytest.raises(FeedError) as of_plan:
        read_feed(tmp_path / name)
    with pytest.raises(FeedError) as alone:
        targeting.weekly_departures(tmp_path / name)
    assert str(alone.value) == str(of_plan.value)


def test_no_large_library_is_loaded(tmp_path: Path) -> None:
    # half the time of a small feed: pandas comes with a plan only, pydantic with a campaign file
    code = (
        "import json, sys, datetime, targeting; "
        f"targeting.weekly_departures({str(write_feed(tmp_path / 'f.zip', tiny()))!r}, "
        "datetime.date(2025, 1, 13)); print(json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pandas", "pydantic", "pyarrow.compute", "scipy", "shapely"}.isdisjoint(json.loads(run.stdout))
