"""Which services run on which days: calendar.txt and calendar_dates.txt together.

Helpers that read one of the two calendars miss half the feeds.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from targeting.errors import FeedError
from targeting.feed_files import FeedFiles
from targeting.notices import Notices
from targeting.text_columns import Column, numbered

if TYPE_CHECKING:
    import pandas as pd

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SERVICES_AT_ONCE = 20_000  # times ten years of days: 70 MB
LONGEST = 5 * 366  # days around the last change of service among which a week is looked for


@dataclass(frozen=True)
class ServiceCalendar:
    """Which services run on which days, in one feed.

    Attributes
    ----------
    label : str
        The feed's short name.
    service_ids : list of str
    service : ndarray of int, shape (rules,)
        For each usable row of calendar.txt the position of its service …
    start, end : ndarray of datetime64[D], shape (rules,)
        … its first and last day …
    runs : ndarray of bool, shape (rules, 7)
        … and the weekdays on which it runs, Monday first.
    exceptions : dict of day to (added, removed)
        Positions of services by calendar_dates.txt.
    period : (date, date)
        First and last day for which the feed speaks, both included.
    last_change : date
        The day after which no service begins any more: many feeds end in 2099.
    """

    label: str
    service_ids: list[str]
    service: npt.NDArray[np.int64]
    start: npt.NDArray[np.datetime64]
    end: npt.NDArray[np.datetime64]
    runs: npt.NDArray[np.bool_]
    exceptions: dict[date, tuple[list[int], list[int]]]
    period: tuple[date, date]
    last_change: date

    def days_in_week(self, first_day: date) -> npt.NDArray[np.bool_]:
        """Return which services run on the seven days from `first_day`, shape (services, 7)."""
        week = np.zeros((len(self.service_ids), 7), bool)
        for offset in range(7):
            day = first_day + timedelta(days=offset)
            now = np.datetime64(day)
            active = (self.start <= now) & (now <= self.end) & self.runs[:, day.weekday()]
            week[self.service[active], offset] = True
            added, removed = self.exceptions.get(day, ([], []))
            week[added, offset] = True
            week[removed, offset] = False
        return week

    def trips_by_service(
        self, service: npt.NDArray[np.int64], runs: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return how many trips each service runs on a day it is active.

        Parameters
        ----------
        service, runs : ndarray, shape (trips,)
            Of each trip its service, and how often it runs on a day of it.
        """
        return np.bincount(service, runs, minlength=len(self.service_ids)).astype(float)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that name days of service."""
        named = (("calendar.txt", len(self.service)), ("calendar_dates.txt", len(self.exceptions)))
        return tuple(table for table, rows in named if rows)

    def trips_by_day(self, trips: npt.NDArray[np.float64]) -> "pd.Series[float]":
        """Return the trips of every day of the period, or of five years around the last change.

        Parameters
        ----------
        trips : ndarray, shape (services,)
            Trips that each service runs on a day it is active.

        Returns
        -------
        Series indexed by day (DatetimeIndex)
        """
        first = np.datetime64(max(self.period[0], shifted(self.last_change, -LONGEST)), "D")
        last = np.datetime64(min(self.period[1], shifted(self.last_change, LONGEST)), "D")
        days = np.arange(first, last + 1)
        weekday = (days.astype(np.int64) + 3) % 7  # day 0 was a Thursday
        total = np.zeros(len(days))
        running = np.flatnonzero(trips > 0)
        for start in range(0, len(running), SERVICES_AT_ONCE):
            some = running[start : start + SERVICES_AT_ONCE]
            row = np.full(len(self.service_ids), -1)
            row[some] = np.arange(len(some))
            runs = np.zeros((len(some), len(days)), bool)
            for rule in np.flatnonzero(row[self.service] >= 0):
                active = (self.start[rule] <= days) & (days <= self.end[rule])
                runs[row[self.service[rule]]] |= active & self.runs[rule][weekday]
            for day, (added, removed) in self.exceptions.items():
                at = int((np.datetime64(day, "D") - first).astype(np.int64))
                if 0 <= at < len(days):
                    for services, run in ((added, True), (removed, False)):
                        rows = row[services]
                        runs[rows[rows >= 0], at] = run
            total += trips[some] @ runs
        import pandas as pd  # slow to load, and not every reader of feeds needs it

        return pd.Series(total, index=pd.DatetimeIndex(days), dtype=float)


def read_calendar(files: FeedFiles, notices: Notices) -> ServiceCalendar:
    """Read calendar.txt and calendar_dates.txt of a feed.

    Raises
    ------
    FeedError
        When neither names a single day of service.
    """
    regular = files.columns("calendar", ["service_id", "start_date", "end_date", *WEEKDAYS])
    special = files.columns("calendar_dates", ["service_id", "date", "exception_type"])
    starts, ends = _days(regular["start_date"]), _days(regular["end_date"])
    dates = _days(special["date"])
    runs = np.column_stack([regular[name].parsed(lambda text: text == "1", bool) for name in WEEKDAYS])
    usable = ~(np.isnat(starts) | np.isnat(ends)) & (ends >= starts)
    _say_unusable(files.label, int((~usable).sum()), int(np.isnat(dates).sum()), notices)

    service_ids = list(dict.fromkeys([*regular["service_id"].texts(), *special["service_id"].texts()]))
    running = usable & runs.any(axis=1)
    kind = special["exception_type"].texts()
    added = (kind == "1") & ~np.isnat(dates)
    if not (running.any() or added.any()):
        raise FeedError(
            f"{files.label}: calendar.txt and calendar_dates.txt name no day of service; "
            "ask the agency for a current feed."
        )
    begins = np.concatenate([starts[running], dates[added]])
    ends_of = np.concatenate([ends[running], dates[added]])
    exceptions: dict[date, tuple[list[int], list[int]]] = {}
    service_at = numbered(service_ids)
    of_service = special["service_id"].positions_in(service_at)
    for row in np.flatnonzero(~np.isnat(dates) & np.isin(kind, ["1", "2"])):
        lists = exceptions.setdefault(_date(dates[row]), ([], []))
        lists[0 if added[row] else 1].append(int(of_service[row]))
    return ServiceCalendar(
        label=files.label,
        service_ids=service_ids,
        service=regular["service_id"].positions_in(service_at)[running].astype(np.int64),
        start=starts[running],
        end=ends[running],
        runs=runs[running],
        exceptions=exceptions,
        period=_period(files, _date(begins.min()), _date(ends_of.max())),
        last_change=_date(begins.max()),
    )


def shifted(day: date, days: int) -> date:
    """Return the day so many days later, or the first or last day there is."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal() - 7))


def _period(files: FeedFiles, first: date, last: date) -> tuple[date, date]:
    """Return the days for which calendars and feed_info.txt both speak."""
    info = files.columns("feed_info", ["feed_start_date", "feed_end_date"])
    starts, ends = _days(info["feed_start_date"]), _days(info["feed_end_date"])
    start = max([first, *(_date(day) for day in starts if not np.isnat(day))])
    end = min([last, *(_date(day) for day in ends if not np.isnat(day))])
    return (start, end) if start <= end else (first, last)


def _days(column: Column) -> npt.NDArray[np.datetime64]:
    """Return YYYYMMDD texts as days, not-a-time where they are none."""

    def parse(text: str) -> np.datetime64:
        try:
            return np.datetime64(datetime.strptime(text, "%Y%m%d").date(), "D")
        except ValueError:
            return np.datetime64("NaT", "D")

    return column.parsed(parse, "datetime64[D]")


def _date(day: np.datetime64) -> date:
    return day.astype("datetime64[D]").item()  # type: ignore[no-any-return]


def _say_unusable(label: str, calendar_rows: int, exception_rows: int, notices: Notices) -> None:
    for table, rows in (("calendar.txt", calendar_rows), ("calendar_dates.txt", exception_rows)):
        if rows:
            notices.add(
                "bad_date",
                f"{label}: {rows:,} rows of {table} have no valid date and were skipped.",
                file=label,
                count=rows,
            )
