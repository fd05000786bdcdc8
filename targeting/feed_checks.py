"""Cheap checks of a feed: they run before every plan, and in the doctor.

What hangs on the day on which somebody looks (a feed that has ended) is kept apart, so that the same
inputs always make the same map and tables.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.design_week import DesignWeek
from targeting.feed import Feed, FeedSource
from targeting.notices import Notices
from targeting.service_calendar import WEEKDAYS
from targeting.wording import listed
from targeting.working_days import federal_holidays

SOON_DAYS = 30  # a feed that ends within so many days will end under the campaign
FEW_DAYS = 5  # fewer weekdays without service are days off that the calendar does not know
ROUNDING_S = 60  # trips of one block that overlap by no more are rounded times
IDS_KEPT = 5


def check_feed(feed: Feed, notices: Notices) -> None:
    """Note what is odd in the service of a feed: its days, its calendars, its blocks."""
    for source in feed.sources:
        check_days(source, notices, week=feed.week)
    _check_overlaps(feed, notices)


def check_days(source: FeedSource, notices: Notices, *, week: DesignWeek | None = None) -> None:
    """Note weekdays without service, and service that stands in only one of the calendars.

    Parameters
    ----------
    source : FeedSource
    notices : Notices
    week : DesignWeek, optional
        Days without service inside it change the plan.
    """
    label = Path(source.path).name
    bare = weekdays_without_service(source)
    within = [day for day in bare if week is not None and week.first_day <= day <= week.last_day]
    if bare:
        where = f", {len(within)} of them in the design week" if within else ""
        notices.add(
            "days_without_service",
            f"{label}: no trip runs on {len(bare)} {'weekday' if len(bare) == 1 else 'weekdays'} of its "
            f"period that {'is' if len(bare) == 1 else 'are'} no US federal holiday (first: {bare[0]})"
            f"{where}.",
            severity="warning" if within or len(bare) >= FEW_DAYS else "info",
            file=label,
            count=len(bare),
            ids=tuple(day.isoformat() for day in bare[:IDS_KEPT]),
        )
    if len(source.service_tables) == 1:
        (table,) = source.service_tables
        lacking = "calendar_dates.txt" if table == "calendar.txt" else "calendar.txt"
        consequence = (
            "holidays run as ordinary days in it"
            if table == "calendar.txt"
            else "each day of service is listed by itself"
        )
        notices.add(
            "one_calendar",
            f"{label}: all service is in {table}, none in {lacking}: {consequence}.",
            severity="info",
            file=label,
        )


def weekdays_without_service(source: FeedSource) -> list[date]:
    """Return the days without a trip, of those weekdays on which trips run at all.

    Saturdays, Sundays and US federal holidays are left out.
    """
    trips = source.trips_by_day
    first, last = trips.index[0].date(), trips.index[-1].date()
    off = federal_holidays(first, last)
    weekday = trips.index.day_of_week
    served = [bool((trips[weekday == day] > 0).any()) and day < 5 for day in range(7)]
    bare = trips.index[(trips.to_numpy() == 0) & np.array(served)[weekday]]
    return [day.date() for day in bare if day.date() not in off]


def check_posting(sources: Sequence[FeedSource], posting_date: date | None, notices: Notices) -> None:
    """Note feeds that do not speak for the first day on which posters hang.

    Parameters
    ----------
    sources : sequence of FeedSource
    posting_date : date or None
        `orders.posting_date`; nothing is noted without one.
    notices : Notices
    """
    for source in sources:
        start, end = source.period
        if posting_date is None or start <= posting_date <= end:
            continue
        label = Path(source.path).name
        where = (
            f"{_days((posting_date - end).days)} after the feed's period ends ({end})"
            if posting_date > end
            else f"{_days((start - posting_date).days)} before the feed's period begins ({start})"
        )
        notices.add(
            "posting_outside_feed",
            f"{label}: posters go up on {posting_date} (orders.posting_date), {where}: the plan counts "
            "service of other days.",
            file=label,
        )


def notices_of_the_day(
    sources: Sequence[FeedSource], today: date, posting_date: date | None = None
) -> Notices:
    """Return what is odd about a campaign on a day: its feeds have ended, end soon, or begin later.

    So is a posting date (`orders.posting_date`) that has gone by. For the record and the screen only: maps
    and tables must not change with the day they are made.
    """
    notices = Notices()
    if posting_date is not None and posting_date < today:
        notices.add(
            "posting_date_past",
            f"Posters were to go up on {posting_date} (orders.posting_date), "
            f"{_days((today - posting_date).days)} before {today}; where they are not up yet, give the new "
            "day.",
        )
    for source in sources:
        label = Path(source.path).name
        start, end = source.period
        if end < today:
            notices.add(
                "feed_expired",
                f"{label}: the feed's period ended on {end}, {_days((today - end).days)} before {today}.",
                file=label,
            )
        elif start > today:
            notices.add(
                "feed_not_begun",
                f"{label}: the feed's period begins on {start}, {_days((start - today).days)} after {today}.",
                file=label,
            )
        elif end <= today + timedelta(days=SOON_DAYS):
            notices.add(
                "feed_ends_soon",
                f"{label}: the feed's period ends on {end}, {_days((end - today).days)} after {today}.",
                file=label,
            )
    return notices


def trips_in_blocks(trips: pd.DataFrame) -> pd.DataFrame:
    """Return each trip of a block on each day, with the trip that its vehicle runs before.

    Parameters
    ----------
    trips : DataFrame
        `targeting.feed.Feed.trips`.

    Returns
    -------
    DataFrame
        `block_id`, `day` (0 to 6 of the design week), `before`, `after` (row positions in `trips`) and
        `gap_s`, from the end of the one to the start of the other, negative where they overlap.
    """
    in_block = np.flatnonzero(trips["block_id"].to_numpy(object) != "")
    codes, names = pd.factorize(trips["block_id"].to_numpy(object)[in_block])
    start = trips["start_s"].to_numpy()[in_block]
    end = trips["end_s"].to_numpy()[in_block]
    order = np.lexsort((end, start, codes))
    days = trips["days"].to_numpy()[in_block][order]
    parts: list[tuple[int, npt.NDArray[np.int64]]] = [
        (day, order[(days >> day & 1) == 1]) for day in range(7)
    ]
    tables = []
    for day, rows in parts:
        follows = codes[rows[1:]] == codes[rows[:-1]]
        before, after = rows[:-1][follows], rows[1:][follows]
        tables.append(
            pd.DataFrame(
                {
                    "block_id": np.asarray(names, object)[codes[after]],
                    "day": day,
                    "before": in_block[before],
                    "after": in_block[after],
                    "gap_s": start[after] - end[before],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _check_overlaps(feed: Feed, notices: Notices) -> None:
    """Note blocks of which two trips are under way at once."""
    pairs = trips_in_blocks(feed.trips)
    overlaps = pairs[pairs["gap_s"] < -ROUNDING_S]
    if overlaps.empty:
        return
    blocks, every = overlaps["block_id"].unique(), feed.trips["block_id"].replace("", np.nan).nunique()
    first = overlaps.iloc[0]
    one, other = (feed.trips["trip_id"].iloc[first[name]] for name in ("before", "after"))
    notices.add(
        "block_overlap",
        f"{len(blocks):,} of {every:,} blocks have trips that overlap in time on one day (first: block "
        f"{first['block_id']}, trips {one} and {other} on {day_name(feed.week, int(first['day']))}); each "
        "block is taken as one vehicle.",
        file=listed([Path(source.path).name for source in feed.sources]),
        count=len(blocks),
        ids=tuple(str(block) for block in blocks[:IDS_KEPT]),
    )


def day_name(week: DesignWeek, day: int) -> str:
    """Return the weekday's name of a day of the design week."""
    return WEEKDAYS[(week.first_day.weekday() + day) % 7].capitalize()


def _days(number: int) -> str:
    return f"{number:,} day" if number == 1 else f"{number:,} days"
