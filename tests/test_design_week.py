"""The design week: the campaign's, or the one with the most service, and why it was taken.

The tiny feed of conftest.py runs 2 trips a weekday from Monday 2025-01-06 to Sunday 2025-02-02: four
whole weeks of 10 trips, of which the third (20 January, Martin Luther King Day) holds a holiday.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY, departures, read_feed, tiny, write_feed

from targeting.design_week import DesignWeek, choose_week
from targeting.errors import CampaignError, FeedError
from targeting.feed_files import open_feed
from targeting.notices import Notices
from targeting.service_calendar import ServiceCalendar, read_calendar

CALENDAR_HEAD = TINY["calendar"][0]
DATES_HEAD = "service_id,date,exception_type"


def calendar(days: str, start: str, end: str) -> list[str]:
    return [CALENDAR_HEAD, f"wk,{','.join(days)},{start},{end}"]


def extra(*dates: str) -> list[str]:
    """Exceptions that add a day of service (2 trips) each."""
    return [DATES_HEAD, *(f"wk,{day},1" for day in dates)]


def chosen(path: Path, **tables: list[str] | None) -> DesignWeek:
    return read_feed(write_feed(path, tiny(**tables)))[0].week


def test_of_equal_weeks_the_first_is_taken_and_the_reason_given(tmp_path: Path) -> None:
    week = chosen(tmp_path / "f.zip")
    assert week.first_day == date(2025, 1, 6)
    assert week.last_day == date(2025, 1, 12)
    assert str(week) == "2025-01-06 to 2025-01-12"
    # 4 whole weeks less the one of the holiday
    assert week.reason == (
        "it has the most trips (10) of the 3 whole weeks without a US federal holiday inside the "
        "feed's period (2025-01-06 to 2025-02-02); the first of 3 with as many"
    )


def test_the_week_with_the_most_service_is_taken(tmp_path: Path) -> None:
    week = chosen(tmp_path / "f.zip", calendar_dates=extra("20250118"))
    assert week.first_day == date(2025, 1, 13)
    assert "the most trips (12)" in week.reason


def test_a_busy_week_with_a_holiday_is_avoided(tmp_path: Path) -> None:
    week = chosen(tmp_path / "f.zip", calendar_dates=extra("20250125", "20250126", "20250201"))
    # the week of Martin Luther King Day would have 14 trips, the one after it 12
    assert week.first_day == date(2025, 1, 27)


def test_the_busiest_week_counts_not_the_busiest_day(tmp_path: Path) -> None:
    # Wednesday 15 January has 2 + 3 trips, the most of any day: its week 13. The last week runs on
    # Saturday and Sunday too: 14, and no day of it has more than 2.
    trips = [*TINY["trips"], *(f"R,special,x{n},0,," for n in range(3))]
    calls = [f"x{n},10:00:00,10:00:00,{stop},{k}" for n in range(3) for k, stop in enumerate("ab")]
    week = chosen(
        tmp_path / "f.zip",
        trips=trips,
        stop_times=[*TINY["stop_times"], *calls],
        calendar_dates=[*extra("20250201", "20250202"), "special,20250115,1"],
    )
    assert week.first_day == date(2025, 1, 27)
    assert "the most trips (14)" in week.reason


def test_only_trips_of_the_wanted_modes_decide(tmp_path: Path) -> None:
    tables = tiny(
        routes=[*TINY["routes"], "T,A,Red,,0,"],
        trips=[TINY["trips"][0], "R,wk,out,0,,", "T,rail,back,1,,"],
        calendar=[*TINY["calendar"], "rail,1,1,1,1,1,0,0,20250127,20250202"],
        calendar_dates=extra("20250118"),
    )
    path = write_feed(tmp_path / "f.zip", tables)
    assert read_feed(path)[0].week.first_day == date(2025, 1, 13)  # 6 buses
    both, _ = read_feed(path, modes=("bus", "tram"))
    assert both.week.first_day == date(2025, 1, 27)  # 5 buses and 5 trams


@pytest.mark.parametrize(
    ("holiday", "monday_before"),
    [
        ("2024-11-28", "2024-11-25"),  # Thanksgiving
        ("2025-06-19", "2025-06-16"),  # Juneteenth
        ("2025-11-11", "2025-11-10"),  # Veterans Day
        ("2026-07-03", "2026-06-29"),  # 4 July 2026 is a Saturday, observed on Friday
    ],
)
def test_federal_holidays_are_known(tmp_path: Path, holiday: str, monday_before: str) -> None:
    first = date.fromisoformat(monday_before)
    assert first <= date.fromisoformat(holiday) <= first + timedelta(days=6)
    last = first + timedelta(days=13)
    days = calendar("1111100", f"{first:%Y%m%d}", f"{last:%Y%m%d}")
    assert chosen(tmp_path / "f.zip", calendar=days).first_day == first + timedelta(weeks=1)


def test_only_weeks_wholly_inside_the_calendar_count(tmp_path: Path) -> None:
    # Tuesday 7 to Sunday 19 January: of the weeks of the 6th and the 13th only the second is whole,
    # although the first has more trips (Saturday and Sunday added)
    week = chosen(
        tmp_path / "f.zip",
        calendar=calendar("1111100", "20250107", "20250119"),
        calendar_dates=extra("20250111", "20250112"),
    )
    assert week.first_day == date(2025, 1, 13)
    assert "of the 1 whole weeks" in week.reason


def test_a_week_that_lacks_its_last_day_is_not_whole(tmp_path: Path) -> None:
    # the feed ends on Saturday 8 February, one day short: the week of the 3rd, with 12 trips, does not
    # count, and the one before it, with two days taken away, has to do
    week = chosen(
        tmp_path / "f.zip",
        calendar=calendar("1111110", "20250127", "20250208"),
        calendar_dates=[DATES_HEAD, "wk,20250129,2", "wk,20250130,2"],
    )
    assert week.first_day == date(2025, 1, 27)
    assert "of the 1 whole weeks" in week.reason


def test_feed_info_narrows_the_period(tmp_path: Path) -> None:
    # calendars speak for 6 January on, but the publisher vouches only for 14 January to 2 February:
    # the week of the 13th is not whole, that of the 20th has a holiday
    info = ["feed_publisher_name,feed_start_date,feed_end_date", "P,20250114,20250202"]
    feed, _ = read_feed(
        write_feed(tmp_path / "f.zip", tiny(feed_info=info, calendar_dates=extra("20250118")))
    )
    assert feed.week.first_day == date(2025, 1, 27)
    assert feed.sources[0].period == (date(2025, 1, 14), date(2025, 2, 2))


@pytest.mark.parametrize("dates", ["20300101,20301231", ",", "soon,later"])
def test_feed_info_that_contradicts_the_calendars_is_passed_over(tmp_path: Path, dates: str) -> None:
    info = ["feed_publisher_name,feed_start_date,feed_end_date", f"P,{dates}"]
    assert chosen(tmp_path / "f.zip", feed_info=info).first_day == date(2025, 1, 6)


def test_where_every_week_holds_a_holiday_one_is_taken_all_the_same(tmp_path: Path) -> None:
    week = chosen(tmp_path / "f.zip", calendar=calendar("1111100", "20250120", "20250126"))
    assert week.first_day == date(2025, 1, 20)
    assert "every week with service holds a US federal holiday" in week.reason


def test_a_feed_without_a_whole_week_gives_the_best_seven_days(tmp_path: Path) -> None:
    # Tuesday 7 to Tuesday 14 January: 7 to 13 has Tu We Th Fr Mo, all five weekdays; 6 to 12 only
    # four, as the feed does not speak for Monday the 6th
    path = write_feed(tmp_path / "f.zip", tiny(calendar=calendar("1111100", "20250107", "20250114")))
    feed, notices = read_feed(path)
    assert feed.week.first_day == date(2025, 1, 7)
    assert "no Monday-to-Sunday week lies inside it" in feed.week.reason
    assert departures(feed)["R", 0, "a"] == 5
    # bits count from the first day of the week, Tuesday: Tu We Th Fr - - Mo
    assert set(feed.trips["days"]) == {0b1001111}
    assert notices.warnings == []


def test_a_feed_of_three_days_is_used_but_warned_of(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny(calendar=calendar("1111100", "20250107", "20250109")))
    feed, notices = read_feed(path)
    assert departures(feed)["R", 0, "a"] == 3
    (warning,) = notices.warnings
    assert warning.code == "no_whole_week"
    assert "understate" in warning.message


# --- the campaign's own week --------------------------------------------------------------------


def test_the_campaigns_week_is_taken_holiday_or_not(tmp_path: Path) -> None:
    path = write_feed(tmp_path / "f.zip", tiny(calendar_dates=[DATES_HEAD, "wk,20250120,2"]))
    feed, _ = read_feed(path, week=date(2025, 1, 20))
    assert feed.week == DesignWeek(date(2025, 1, 20), "the campaign file asks for it")
    assert departures(feed)["R", 0, "a"] == 4  # no service on the holiday


def test_the_campaigns_week_may_begin_on_any_day(tmp_path: Path) -> None:
    # Thursday 9 to Wednesday 15 January: Th Fr - - Mo Tu We, so bits 0, 1, 4, 5, 6
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny()), week=date(2025, 1, 9))
    assert set(feed.trips["days"]) == {0b1110011}
    assert feed.week.last_day == date(2025, 1, 15)
    assert departures(feed)["R", 0, "a"] == 5


def test_a_week_that_reaches_beyond_the_feed_has_only_the_days_inside(tmp_path: Path) -> None:
    # Thursday 30 January to Wednesday 5 February; the feed ends on 2 February: Thursday, Friday
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny()), week=date(2025, 1, 30))
    assert departures(feed)["R", 0, "a"] == 2
    # and before its beginning: Thursday 2 to Wednesday 8 January: Monday, Tuesday, Wednesday
    feed, _ = read_feed(write_feed(tmp_path / "g.zip", tiny()), week=date(2025, 1, 2))
    assert departures(feed)["R", 0, "a"] == 3


@pytest.mark.parametrize("week", [date(2024, 12, 30), date(2025, 2, 3), date(2031, 1, 6)])
def test_a_week_without_service_is_refused(tmp_path: Path, week: date) -> None:
    with pytest.raises(CampaignError, match=r"f\.zip: no trip runs in the campaign's week") as error:
        read_feed(write_feed(tmp_path / "f.zip", tiny()), week=week)
    assert str(week) in str(error.value)
    assert "2025-01-06 to 2025-02-02" in str(error.value)


def test_a_week_in_which_one_of_two_feeds_rests_is_refused_by_name(tmp_path: Path) -> None:
    summer = tiny(calendar=calendar("1111100", "20250602", "20250831"))
    paths = write_feed(tmp_path / "city.zip", tiny()), write_feed(tmp_path / "lake.zip", summer)
    with pytest.raises(CampaignError, match=r"^lake\.zip: no trip runs"):
        read_feed(*paths, week=date(2025, 1, 6))


# --- several feeds --------------------------------------------------------------------------------


def test_several_feeds_share_the_best_week_of_their_common_period(tmp_path: Path) -> None:
    # the first feed is busiest in its first week (14), but the second begins on 13 January; of the
    # weeks inside both, that of the 13th (10 + 10) beats 27 January (10 + 8, one day removed)
    first = tiny(calendar_dates=extra("20250111", "20250112"))
    second = tiny(
        calendar=calendar("1111100", "20250113", "20250209"),
        calendar_dates=[DATES_HEAD, "wk,20250128,2"],
    )
    feed, _ = read_feed(write_feed(tmp_path / "one.zip", first), write_feed(tmp_path / "two.zip", second))
    assert feed.week.first_day == date(2025, 1, 13)
    assert feed.week.reason == (
        "it has the most trips (20) of the 2 whole weeks without a US federal holiday inside all "
        "the feeds' periods (2025-01-13 to 2025-02-02)"
    )


def test_feeds_of_different_seasons_are_refused(tmp_path: Path) -> None:
    summer = tiny(calendar=calendar("1111100", "20250602", "20250831"))
    paths = write_feed(tmp_path / "city.zip", tiny()), write_feed(tmp_path / "lake.zip", summer)
    with pytest.raises(CampaignError, match="The feeds share no week") as error:
        read_feed(*paths)
    assert "city.zip 2025-01-06 to 2025-02-02" in str(error.value)
    assert "lake.zip 2025-06-02 to 2025-08-31" in str(error.value)


def test_a_week_in_which_one_feed_rests_is_not_chosen_for_all(tmp_path: Path) -> None:
    # "two" speaks for 5 January on, but rests in the week of the 6th: just when "one" has 40 trips
    # more than ever. A plan of that week would leave the second city out without a word.
    busy = tiny(
        trips=[*TINY["trips"], *(f"R,special,x{n},0,," for n in range(40))],
        stop_times=[*TINY["stop_times"], *(f"x{n},10:00:00,10:00:00,a,1" for n in range(40))],
        calendar_dates=[DATES_HEAD, "special,20250108,1"],
    )
    resting = tiny(
        calendar=calendar("1111100", "20250113", "20250202"),
        calendar_dates=extra("20250105"),
    )
    feed, _ = read_feed(write_feed(tmp_path / "one.zip", busy), write_feed(tmp_path / "two.zip", resting))
    assert feed.week.first_day == date(2025, 1, 13)
    assert set(feed.routes.index) == {"one:R", "two:R"}


# --- the calendar itself --------------------------------------------------------------------------


@pytest.mark.parametrize("day", range(7))
def test_each_column_of_calendar_is_its_own_weekday(tmp_path: Path, day: int) -> None:
    days = "".join("1" if n == day else "0" for n in range(7))
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=calendar(days, "20250106", "20250112"))))
    assert set(feed.trips["days"]) == {1 << day}  # Monday 6 January is bit 0


def test_weekdays_hold_across_leap_days_and_years(tmp_path: Path) -> None:
    # every Thursday of 2023 and 2024; asked for the week of 29 February 2024, a Thursday
    feed, _ = read_feed(
        write_feed(tmp_path / "f.zip", tiny(calendar=calendar("0001000", "20230101", "20241231"))),
        week=date(2024, 2, 29),
    )
    assert set(feed.trips["days"]) == {1}


@pytest.mark.parametrize("end", ["20991231", "29991231", "99991231"])
def test_an_end_that_means_for_ever_is_read(tmp_path: Path, end: str) -> None:
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=calendar("1111100", "20250106", end))))
    assert feed.week.first_day == date(2025, 1, 6)
    assert departures(feed)["R", 0, "a"] == 5


def test_a_beginning_that_means_always_is_read(tmp_path: Path) -> None:
    days = calendar("1111100", "00010101", "20250202")
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=days)), week=date(2025, 1, 6))
    assert departures(feed)["R", 0, "a"] == 5


@pytest.mark.parametrize("year", ["1066", "2250", "2500"])
def test_a_feed_of_another_age_is_read(tmp_path: Path, year: str) -> None:
    days = calendar("1111100", f"{year}0101", f"{year}1231")
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=days)))
    assert feed.week.first_day.year == int(year)
    assert departures(feed)["R", 0, "a"] == 5


def test_no_day_of_service_at_all_is_refused(tmp_path: Path) -> None:
    for days in ("0000000", "1111100"):
        backwards = calendar(days, "20250202", "20250106") if days[0] == "1" else None
        table = backwards or calendar(days, "20250106", "20250202")
        with pytest.raises(FeedError, match="name no day of service"):
            read_feed(write_feed(tmp_path / "f.zip", tiny(calendar=table)))


def test_trips_that_never_run_in_the_period_are_refused(tmp_path: Path) -> None:
    # service exists on paper, but every day of it is taken away again, but for another's single day
    tables = tiny(
        calendar=calendar("1000000", "20250106", "20250112"),
        calendar_dates=[DATES_HEAD, "wk,20250106,2", "other,20250107,1"],
    )
    with pytest.raises(FeedError, match="no trip of the wanted modes runs"):
        read_feed(write_feed(tmp_path / "f.zip", tables))


def read(path: Path, *rows: str, dates: tuple[str, ...] = ()) -> ServiceCalendar:
    tables = tiny(calendar=[CALENDAR_HEAD, *rows], calendar_dates=[DATES_HEAD, *dates])
    notices = Notices()
    return read_calendar(open_feed(write_feed(path, tables), notices), notices)


def test_choose_week_weighs_services_by_their_trips(tmp_path: Path) -> None:
    # two services over two weeks from Monday 3 March 2025: "few" runs daily with 1 trip, "many" on
    # one day of the second week with 5: 7 against 12 trips. Each has more days or trips than the other.
    days = read(tmp_path / "f", "few,1,1,1,1,1,1,1,20250303,20250316", dates=("many,20250312,1",))
    weight = {"few": 1.0, "many": 5.0}
    trips = np.array([weight[service] for service in days.service_ids])
    week = choose_week([days], [trips], week=None, notices=Notices())
    assert week.first_day == date(2025, 3, 10)
    assert "(12)" in week.reason


def test_days_in_week_outside_the_calendar_are_idle(tmp_path: Path) -> None:
    # Wednesday 5 to Friday 7 March 2025
    days = read(tmp_path / "f", "x,1,1,1,1,1,1,1,20250305,20250307")
    assert days.period == (date(2025, 3, 5), date(2025, 3, 7))
    assert days.days_in_week(date(2025, 3, 3)).tolist() == [[False] * 2 + [True] * 3 + [False] * 2]
    assert days.days_in_week(date(2025, 3, 7)).tolist() == [[True] + [False] * 6]
    assert not days.days_in_week(date(2025, 4, 1)).any()
