"""Trips that would have to be faster than any vehicle: ways and times worked by hand."""

import math
from datetime import date
from pathlib import Path

import pytest
from conftest import TINY, tiny, write_feed

from targeting.doctor import examine
from targeting.findings import Finding

KM_A_DEGREE = 6371 * math.pi / 180


def found_in(path: Path, **tables: object) -> list[Finding]:
    feed = write_feed(path / "f.zip", tiny(**tables))  # type: ignore[arg-type]
    return [f for f in examine(feed, today=date(2025, 1, 7)) if f.code == "impossible_speed"]


def north(*km: float) -> list[str]:
    """Return stops a, b, c, … so many kilometres north of the first."""
    rows = [
        f"{stop},Stop {stop},{45 + way / KM_A_DEGREE:.8f},-122.6"
        for stop, way in zip("abcd", km, strict=False)
    ]
    return [TINY["stops"][0], *rows]


def calls(*rows: str) -> list[str]:
    """Return the calls of trip "out", each "stop time" or, without a time, "stop"."""
    made = [TINY["stop_times"][0], *TINY["stop_times"][4:]]
    for place, row in enumerate(rows, start=1):
        stop, _, time = row.partition(" ")
        made.append(f"out,{time},{time},{stop},{place}")
    return made


@pytest.mark.parametrize(
    ("km", "arrives", "fast"),
    [
        (14.9, "08:05:00", False),  # 5 minutes and one for rounding at 150 km/h: 15 km
        (15.1, "08:05:00", True),
        (12.5, "08:05:01", False),  # 301 s, not rounded: 12.54 km
        (12.6, "08:05:01", True),
        (2.4, "08:00:00", False),  # no time at all is a minute: 2.5 km
        (2.6, "08:00:00", True),
        (90.0, "07:59:00", False),  # a time that runs backwards says nothing about places
    ],
)
def test_the_limit_of_a_bus(tmp_path: Path, km: float, arrives: str, fast: bool) -> None:
    stop_times = [TINY["stop_times"][0], "out,08:00:00,08:00:00,a,1", f"out,{arrives},{arrives},b,2"]
    found = found_in(tmp_path, stops=north(0, km, 0), stop_times=stop_times)
    assert bool(found) == fast
    if fast:
        assert f"{km:.1f} km" in found[0].message


@pytest.mark.parametrize(("kind", "km_h"), [(0, 100), (1, 150), (2, 500), (3, 150), (4, 80), (200, 150)])
def test_each_mode_has_a_limit_of_its_own(tmp_path: Path, kind: int, km_h: int) -> None:
    routes = [TINY["routes"][0], f"R,A,1,Main,{kind},00AA00"]
    for share, fast in ((0.99, False), (1.01, True)):
        stop_times = [
            TINY["stop_times"][0], "out,08:00:00,08:00:00,a,1", "out,08:30:30,08:30:30,b,2"
        ]  # fmt: skip
        stops = north(0, km_h * 30.5 / 60 * share)
        assert bool(found_in(tmp_path, stops=stops, routes=routes, stop_times=stop_times)) == fast


def test_between_timed_calls_the_whole_way_counts(tmp_path: Path) -> None:
    """There and back again over an untimed stop: 28 km in 10 minutes and one, where 27.5 km can be driven."""
    there = calls("a 08:00:00", "b", "c 08:10:00")
    assert found_in(tmp_path, stops=north(0, 14, 0), stop_times=there)
    assert not found_in(tmp_path, stops=north(0, 13.7, 0), stop_times=there)
    assert not found_in(tmp_path, stops=north(0, 14, 0), stop_times=calls("a 08:00:00", "b", "c 08:11:00"))


def test_rows_out_of_order_and_dwelling_at_a_stop(tmp_path: Path) -> None:
    """The bus waits at b from 8:01 to 8:20, so that it is too slow for nothing; rows stand anyhow."""
    head = TINY["stop_times"][0]
    rows = ["out,08:26:00,08:26:00,c,9", "out,08:00:00,08:00:00,a,2", "out,08:01:00,08:20:00,b,4"]
    assert not found_in(tmp_path, stops=north(0, 4, 21), stop_times=[head, *rows])
    (found,) = found_in(tmp_path, stops=north(0, 4, 22), stop_times=[head, *rows])
    assert "from stop b (Stop b) at 8:20 to stop c (Stop c) at 8:26, 18.0 km)" in found.message


def test_what_is_said(tmp_path: Path) -> None:
    """The middle of three stops stands 50 km off, in both trips of route 1: two ways each."""
    (found,) = found_in(tmp_path, stops=north(0, 50, 1))
    assert found.message == (
        "f.zip: 2 of 2 trips, on route 1, would have to be faster than 150 km/h (bus) between two calls "
        "(first: trip out from stop a (Stop a) at 8:00 to stop b (Stop b) at 8:05, 50.0 km): the place of a "
        "stop is wrong, or a time."
    )
    assert (found.severity, found.count, found.ids) == ("warning", 2, ("b", "a", "c"))


def test_stops_without_a_place_are_passed_over(tmp_path: Path) -> None:
    stops = [*north(0, 5, 10)[:2], "b,Nowhere,,", *north(0, 5, 10)[3:]]
    head = TINY["stop_times"][0]
    many = [f"out,08:0{n}:00,08:0{n}:00,a,{n}" for n in range(1, 6)] * 12
    rows = [*many, "out,08:06:00,08:06:00,b,7", "out,08:09:00,08:09:00,c,8"]
    assert not found_in(tmp_path, stops=stops, stop_times=[head, *rows])
    rows[-1] = "out,08:08:00,08:08:00,c,8"
    late = found_in(tmp_path, stops=[*stops[:3], "c,Far,45.1,-122.6"], stop_times=[head, *rows])
    assert "to stop c (Far) at 8:08, 11.1 km" in late[0].message
