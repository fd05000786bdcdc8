"""Vehicles in use at once, by hand: blocks, layovers, interlining, midnight, headways."""

from datetime import date
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from conftest import TINY, read_feed, tiny, write_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.design_week import DesignWeek
from targeting.service import block_hours, design_weekday, vehicles_in_use

MONDAY = DesignWeek(date(2025, 1, 6), "a test asks for it")
WEEKDAYS = 0b0011111


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def trips(*rows: str, days: int = WEEKDAYS) -> pd.DataFrame:
    """Trips from "route block start end", the block "-" where there is none."""
    parts = [row.split() for row in rows]
    return pd.DataFrame(
        {
            "route_id": [part[0] for part in parts],
            "block_id": ["" if part[1] == "-" else part[1] for part in parts],
            "start_s": [clock(part[2]) for part in parts],
            "end_s": [clock(part[3]) for part in parts],
            "days": [days] * len(parts),
        }
    )


def vehicles(table: pd.DataFrame, day: int = 0) -> tuple[dict[str, int], int]:
    by_route, fleet = vehicles_in_use(table, day)
    return by_route.to_dict(), fleet


def test_two_buses_that_overlap() -> None:
    assert vehicles(trips("R b1 08:00 09:00", "R b2 08:30 09:30")) == ({"R": 2}, 2)


def test_one_bus_that_goes_out_and_back_is_one() -> None:
    assert vehicles(trips("R b1 08:00 09:00", "R b1 09:10 10:10")) == ({"R": 1}, 1)


def test_a_bus_on_its_layover_is_in_service() -> None:
    # b1 stands from 9:00 to 9:30 while b2 runs: two buses, though no two trips overlap
    assert vehicles(trips("R b1 08:00 09:00", "R b1 09:30 10:30", "R b2 09:05 09:25")) == ({"R": 2}, 2)


def test_a_trip_that_ends_as_another_begins_needs_no_second_bus() -> None:
    # three trips without blocks: 8 to 9, 8:30 to 9:30, 9 to 10; at 9:00 the first has gone
    assert vehicles(trips("R - 08:00 09:00", "R - 08:30 09:30", "R - 09:00 10:00")) == ({"R": 2}, 2)
    assert vehicles(trips("R b1 08:00 09:00", "R b2 09:00 10:00")) == ({"R": 1}, 1)


def test_without_blocks_every_trip_is_a_bus_of_its_own() -> None:
    # one bus could run both, but nothing says so; they do not overlap, so one is enough; two at 8:20
    assert vehicles(trips("R - 08:00 08:30", "R - 08:40 09:00", "R - 08:20 08:50")) == ({"R": 2}, 2)


def test_blocks_and_trips_without_one_mix() -> None:
    assert vehicles(trips("R b1 08:00 09:00", "R b1 09:30 10:00", "R - 09:10 09:20", "R - 09:15 09:40")) == (
        {"R": 3},
        3,
    )  # b1 on its layover and both others at 9:15


def test_an_interlined_bus_counts_on_the_route_it_is_running() -> None:
    # b1 runs A, then B, then A again; while it is on B, b2 runs A. A never has two buses at once
    # (from the first to the last A trip of b1 it would seem so); the fleet is two.
    table = trips(
        "A b1 08:00 09:00", "B b1 09:10 10:00", "A b1 10:10 11:00", "A b2 09:05 10:05"
    )  # fmt: skip
    assert vehicles(table) == ({"A": 1, "B": 1}, 2)


def test_the_fleet_is_not_the_sum_of_the_routes() -> None:
    # the same bus is A's in the morning and B's in the afternoon
    assert vehicles(trips("A b1 06:00 09:00", "B b1 15:00 18:00")) == ({"A": 1, "B": 1}, 1)
    # and the peaks of two routes need not come at the same time
    assert vehicles(
        trips("A b1 07:00 08:00", "A b2 07:30 08:30", "B b3 17:00 18:00", "B b4 17:30 18:30")
    ) == ({"A": 2, "B": 2}, 2)


def test_a_block_that_crosses_midnight_goes_on() -> None:
    # b1 from 23:30 to 25:20 with a layover at 24:20; b2 overlaps it after midnight; b3 runs in the
    # small hours that begin the service day (0:30), a whole day earlier: never more than two
    table = trips(
        "N b1 23:30 24:20", "N b1 24:30 25:20", "N b2 24:22 24:28", "N b3 00:30 01:00"
    )  # fmt: skip
    assert vehicles(table) == ({"N": 2}, 2)


def test_midnight_itself_is_no_boundary() -> None:
    # 23:50 to 24:10 and 24:05 to 24:25 overlap; after a cut at midnight they would not
    assert vehicles(trips("N b1 23:50 24:10", "N b2 24:05 24:25")) == ({"N": 2}, 2)


def test_only_trips_of_the_day_count() -> None:
    table = pd.concat(
        [trips("R b1 08:00 09:00"), trips("R b2 08:00 09:00", "S b3 08:00 09:00", days=0b0100000)],
        ignore_index=True,
    )
    assert vehicles(table, 0) == ({"R": 1}, 1)
    assert vehicles(table, 5) == ({"R": 1, "S": 1}, 2)
    assert vehicles(table, 6) == ({}, 0)


def test_order_of_rows_does_not_matter() -> None:
    table = trips("A b1 10:10 11:00", "A b2 09:05 10:05", "B b1 09:10 10:00", "A b1 08:00 09:00")
    for _ in range(4):
        table = table.iloc[[1, 2, 3, 0]].reset_index(drop=True)
        assert vehicles(table) == ({"A": 1, "B": 1}, 2)


TIMES = st.integers(0, 30)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(TIMES, st.integers(1, 8)), min_size=1, max_size=12))
def test_trips_without_blocks_against_counting_by_the_minute(spans: list[tuple[int, int]]) -> None:
    rows = [f"R - 10:{start:02} 10:{start + length:02}" for start, length in spans]
    most = max(sum(s <= minute < s + n for s, n in spans) for minute in range(40))
    assert vehicles(trips(*rows)) == ({"R": most}, most)


# --- the design weekday -------------------------------------------------------------------------


def week_of(*trips_per_day: int) -> pd.DataFrame:
    """Return trips of which so many run on each day of the week."""
    rows = [1 << day for day, count in enumerate(trips_per_day) for _ in range(count)]
    return pd.DataFrame({"days": rows})


def test_the_weekday_with_the_most_trips() -> None:
    assert design_weekday(week_of(3, 4, 6, 5, 4, 0, 0), MONDAY) == 2


def test_the_first_of_equal_weekdays() -> None:
    assert design_weekday(week_of(3, 5, 4, 5, 5, 2, 2), MONDAY) == 1


def test_a_busier_weekend_does_not_count() -> None:
    assert design_weekday(week_of(0, 0, 1, 0, 0, 9, 9), MONDAY) == 2


def test_the_weekend_where_no_weekday_has_service() -> None:
    assert design_weekday(week_of(0, 0, 0, 0, 0, 2, 3), MONDAY) == 6


def test_days_count_from_the_first_day_of_the_week_whatever_it_is() -> None:
    # from Thursday 9 January: positions 2 and 3 are Saturday and Sunday
    thursday = DesignWeek(date(2025, 1, 9), "a test asks for it")
    assert design_weekday(week_of(1, 2, 9, 8, 3, 1, 1), thursday) == 4


# --- from a feed --------------------------------------------------------------------------------

HEADS = {name: table[0] for name, table in TINY.items()}


def feed_vehicles(path: Path, trip_rows: list[str], spans: dict[str, str], **tables: list[str]) -> tuple:
    """Write trips that run from a to b (`spans`: trip to "start end") and count their vehicles."""
    calls = []
    for trip, span in spans.items():
        start, end = span.split()
        calls += [f"{trip},{start}:00,{start}:00,a,1", f"{trip},{end}:00,{end}:00,b,2"]
    feed, _ = read_feed(
        write_feed(
            path,
            tiny(
                trips=[HEADS["trips"], *trip_rows],
                stop_times=[HEADS["stop_times"], *calls],
                **tables,
            ),
        )
    )
    return vehicles(feed.trips, design_weekday(feed.trips, feed.week))


def test_two_services_in_one_block_on_one_day_are_one_bus(tmp_path: Path) -> None:
    # b1's first trip runs on weekdays (wk), its second on Mondays only (mo): one bus, 8:00 to 10:30,
    # standing from 9:00 to 9:30. b2 runs meanwhile: two. Kept apart by service_id b1 would be
    # two short spells, neither of which overlaps b2.
    result = feed_vehicles(
        tmp_path / "f.zip",
        ["R,wk,t1,0,b1,", "R,mo,t2,0,b1,", "R,wk,t3,0,b2,"],
        {"t1": "08:00 09:00", "t2": "09:30 10:30", "t3": "09:05 09:25"},
        calendar=[*TINY["calendar"], "mo,1,0,0,0,0,0,0,20250106,20250202"],
    )
    assert result == ({"R": 2}, 2)


def test_one_block_of_two_services_on_different_days_is_one_bus_each_day(tmp_path: Path) -> None:
    # block b1 of Monday to Thursday and block b1 of Friday overlap only on paper
    result = feed_vehicles(
        tmp_path / "f.zip",
        ["R,wk,t1,0,b1,", "R,fr,t2,0,b1,", "R,fr,t3,0,b2,"],
        {"t1": "08:00 09:00", "t2": "09:30 10:30", "t3": "09:05 09:25"},
        calendar=[
            HEADS["calendar"],
            "wk,1,1,1,1,0,0,0,20250106,20250202",
            "fr,0,0,0,0,1,0,0,20250106,20250202",
        ],
    )
    # Friday has the most trips (2): b1 at 9:30 has not yet begun when b2 is done
    assert result == ({"R": 1}, 1)


def test_a_block_past_midnight_from_a_feed(tmp_path: Path) -> None:
    result = feed_vehicles(
        tmp_path / "f.zip",
        ["R,wk,t1,0,b1,", "R,wk,t2,1,b1,", "R,wk,t3,0,b2,"],
        {"t1": "23:30 24:20", "t2": "24:30 25:20", "t3": "24:22 24:28"},
    )
    assert result == ({"R": 2}, 2)


FREQUENCIES = "trip_id,start_time,end_time,headway_secs"


@pytest.mark.parametrize("block", ["", "b1"])
def test_headways_put_as_many_buses_out_as_run_at_once(tmp_path: Path, block: str) -> None:
    # a 50-minute trip every 20 minutes from 6:00: at 6:40 those of 6:00, 6:20 and 6:40 are under
    # way, and that of 6:00 is done at 6:50, before 7:00. One block cannot be one bus here.
    result = feed_vehicles(
        tmp_path / "f.zip",
        [f"R,wk,t1,0,{block},"],
        {"t1": "08:00 08:50"},
        frequencies=[FREQUENCIES, "t1,06:00:00,09:00:00,1200"],
    )
    assert result == ({"R": 3}, 3)


def test_headways_as_long_as_the_trip_need_one_bus(tmp_path: Path) -> None:
    result = feed_vehicles(
        tmp_path / "f.zip",
        ["R,wk,t1,0,,"],
        {"t1": "08:00 08:20"},
        frequencies=[FREQUENCIES, "t1,06:00:00,09:00:00,1200"],
    )
    assert result == ({"R": 1}, 1)


def test_feed_without_a_block_column(tmp_path: Path) -> None:
    trips_table = ["route_id,service_id,trip_id,direction_id", "R,wk,out,0", "R,wk,back,1"]
    rows = [line.replace("09:", "08:") for line in TINY["stop_times"]]  # both at 8:00
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(trips=trips_table, stop_times=rows)))
    assert vehicles(feed.trips, 0) == ({"R": 2}, 2)


def test_the_same_block_in_two_feeds_is_two_buses(tmp_path: Path) -> None:
    # `out` at 8 and `back` at 9 are one bus in each feed
    paths = [write_feed(tmp_path / f"{name}.zip", tiny()) for name in ("x", "y")]
    feed, _ = read_feed(*paths)
    assert vehicles(feed.trips, 0) == ({"x:R": 1, "y:R": 1}, 2)


# --- layovers, groups, in-seat transfers ----------------------------------------------------------


def linked(table: pd.DataFrame, *pairs: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trips with ids t0, t1 … and links from "t0 t1"."""
    links = pd.DataFrame([pair.split() for pair in pairs], columns=["from_trip", "to_trip"], dtype=object)
    return table.assign(trip_id=[f"t{row}" for row in range(len(table))]), links


def test_a_layover_keeps_the_bus_of_a_lone_trip_busy() -> None:
    # at 9:05 the first bus is still on its layover of ten minutes; with five it has gone
    table = trips("R - 08:00 09:00", "R - 09:05 10:00")
    assert [vehicles_in_use(table, 0, layover_s=minutes * 60)[1] for minutes in (0, 5, 10)] == [1, 1, 2]
    assert vehicles_in_use(table, 0, layover_s=600)[0].to_dict() == {"R": 2}


def test_a_layover_is_nothing_to_blocks_and_links() -> None:
    blocks = trips("R b1 08:00 09:00", "R b2 09:05 10:00")
    assert vehicles_in_use(blocks, 0, layover_s=600)[1] == 1
    table, links = linked(trips("R - 08:00 08:30", "R - 08:40 09:00", "R b1 09:05 10:00"), "t0 t1")
    assert vehicles_in_use(table, 0, links=links, layover_s=600)[1] == 1


def test_a_link_makes_one_bus_of_two_trips() -> None:
    # t0 and t1 are one bus, on its layover at 9:10 while t2 runs
    table, links = linked(trips("R - 08:00 09:00", "R - 09:20 10:00", "R - 09:05 09:15"), "t0 t1")
    assert vehicles_in_use(table, 0)[1] == 1
    assert vehicles_in_use(table, 0, links=links)[1] == 2


def test_links_chain_blocks_and_trips() -> None:
    table, links = linked(
        trips("A b1 08:00 09:00", "B - 09:10 10:00", "A b2 10:10 11:00", "A b2 11:10 12:00"), "t0 t1", "t1 t2"
    )
    worked = block_hours(table, links)
    assert len(worked.blocks) == 5  # one a day
    assert worked.blocks[["block_id", "start_s", "end_s"]].drop_duplicates().to_numpy().tolist() == [
        ["b1", clock("08:00"), clock("12:00")]
    ]
    assert worked.hours[0].toarray()[0] == pytest.approx([1 + 5 / 6 + 5 / 6, 5 / 6])


def test_a_link_holds_only_on_days_on_which_both_trips_run() -> None:
    table = pd.concat(
        [trips("A - 08:00 09:00", days=0b11), trips("B - 09:10 10:00", days=0b110)], ignore_index=True
    )
    worked = block_hours(*linked(table, "t0 t1"))
    # day 0: t0 alone; day 1: both as one; day 2: t1 alone
    assert worked.blocks["day"].tolist() == [0, 1, 2]
    assert worked.blocks["alone"].tolist() == [True, False, True]
    assert worked.hours.toarray() == pytest.approx(np.array([[1, 0], [1, 5 / 6], [0, 5 / 6]]))


def test_a_trip_that_headways_repeat_is_never_linked() -> None:
    table, links = linked(trips("A - 08:00 09:00", "A - 09:00 10:00", "B - 10:10 11:00"), "t0 t2")
    assert len(block_hours(table.assign(trip_id=["t0", "t0", "t2"]), links).blocks) == 15


def test_vehicles_of_a_group_of_routes() -> None:
    # b1 goes from A to B; the group has b1 from 8:00 to 10:00 and b2 meanwhile, C stands apart
    table = trips("A b1 08:00 09:00", "B b1 09:10 10:00", "B b2 08:30 08:50", "C b3 08:00 09:00")
    groups = pd.Series({"A": "ab", "B": "ab"})
    assert vehicles_in_use(table, 0)[0].to_dict() == {"A": 1, "B": 1, "C": 1}
    by_group, fleet = vehicles_in_use(table, 0, groups=groups)
    assert (by_group.to_dict(), fleet) == ({"ab": 2}, 3)


def test_hours_without_trips_or_durations() -> None:
    worked = block_hours(trips("A b1 08:00 08:00", "B - 09:00 08:00"))
    assert worked.hours.sum() == 0
    assert not worked.blocks.isna().any().any()
    empty = block_hours(trips("A b1 08:00 09:00").iloc[:0])
    assert (empty.hours.shape, len(empty.blocks)) == ((0, 0), 0)


def test_links_from_a_feed(tmp_path: Path) -> None:
    transfers = [
        "from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type",
        ",,out,back,4",
        ",,back,out,5",
        ",,out,back,1",  # a recommended transfer, no vehicle
        ",,out,gone,4",  # no such trip
        "a,b,,,2",
    ]
    one, two = (write_feed(tmp_path / f"{name}.zip", tiny(transfers=transfers)) for name in "xy")
    feed, _ = read_feed(one)
    assert feed.links.to_numpy().tolist() == [["out", "back"], ["back", "out"]]
    assert feed.trips["trip_id"].tolist() == ["out", "back"]
    both, _ = read_feed(one, two)
    assert both.links["from_trip"].tolist() == ["x:out", "x:back", "y:out", "y:back"]
    assert both.trips["trip_id"].tolist() == ["x:out", "x:back", "y:out", "y:back"]


def test_a_feed_links_no_trip_that_does_not_run_or_repeats(tmp_path: Path) -> None:
    transfers = ["from_trip_id,to_trip_id,transfer_type", "out,back,4"]
    headways = [FREQUENCIES, "out,06:00:00,09:00:00,1200"]
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(transfers=transfers, frequencies=headways)))
    assert len(feed.links) == 0
    assert feed.trips["trip_id"].tolist() == ["back", *["out"] * 9]
    weekend = tiny(
        transfers=transfers,
        trips=[HEADS["trips"], "R,wk,out,0,b1,", "R,late,back,1,b1,"],
        calendar=[*TINY["calendar"], "late,1,1,1,1,1,0,0,20250303,20250309"],
    )
    feed, _ = read_feed(write_feed(tmp_path / "g.zip", weekend), week=date(2025, 1, 6))
    assert (len(feed.trips), len(feed.links)) == (1, 0)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["-", "b1", "b2"]), TIMES, st.integers(0, 127)),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=4),
)
def test_vehicle_days_against_joining_by_hand(
    rows: list[tuple[str, str, int, int]], pairs: list[tuple[int, int]]
) -> None:
    table = pd.concat(
        [trips(f"{route} {block} 10:{at:02} 10:{at + 5:02}", days=days) for route, block, at, days in rows],
        ignore_index=True,
    )
    table, links = linked(table, *(f"t{one} t{other}" for one, other in pairs))
    expected = []
    for day in range(7):
        graph = nx.Graph()
        graph.add_nodes_from(row for row in range(len(rows)) if rows[row][3] >> day & 1)
        graph.add_edges_from(
            (i, j) for i in graph for j in graph if rows[i][1] == rows[j][1] != "-" or (i, j) in pairs
        )
        for part in nx.connected_components(graph):
            trips_of = [sum(rows[row][0] == route for row in part) for route in sorted({r[0] for r in rows})]
            expected.append((day, *(5 * count for count in trips_of)))
    worked = block_hours(table, links)
    found = np.column_stack([worked.blocks["day"], np.rint(worked.hours.toarray() * 60)]).astype(int)
    assert sorted(map(tuple, found.tolist())) == sorted(expected)
