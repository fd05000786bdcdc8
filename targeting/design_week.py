"""The design week: the seven consecutive service days that a plan is computed on.

The week is the campaign's, or else the week (Monday to Sunday) with the most trips among those that lie
wholly inside the period of every feed and hold no US federal holiday. A busiest *date* would mislead: it
says nothing of evenings and weekends.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from targeting.errors import CampaignError, FeedError
from targeting.notices import Notices
from targeting.service_calendar import LONGEST, ServiceCalendar, shifted


@dataclass(frozen=True)
class DesignWeek:
    """Seven consecutive days and why they were taken.

    Attributes
    ----------
    first_day : date
    reason : str
        A clause that completes "the design week is …, because …".
    """

    first_day: date
    reason: str

    @property
    def last_day(self) -> date:
        """The seventh day."""
        return self.first_day + timedelta(days=6)

    def __str__(self) -> str:
        return f"{self.first_day.isoformat()} to {self.last_day.isoformat()}"


def choose_week(
    calendars: list[ServiceCalendar],
    trips_by_service: list[npt.NDArray[np.float64]],
    *,
    week: date | None,
    notices: Notices,
) -> DesignWeek:
    """Return the design week shared by all feeds.

    Parameters
    ----------
    calendars : list of ServiceCalendar
        One a feed.
    trips_by_service : list of ndarray
        For each feed, the trips that each of its services runs on a day it is active.
    week : date or None
        First day of the campaign's own week; None to choose.

    Raises
    ------
    CampaignError
        When a feed has no trip in the campaign's week, or the feeds share no week.
    """
    from targeting.working_days import federal_holidays  # pandas, which not every reader of feeds needs

    if week is not None:
        for calendar, trips in zip(calendars, trips_by_service, strict=True):
            refuse_no_service(calendar, trips, week)
        within = sorted(federal_holidays(week, week + timedelta(days=6)))
        if within:
            notices.add(
                "holiday_in_week",
                f"The campaign's week {week} to {week + timedelta(days=6)} holds a US federal holiday "
                f"({within[0]}): its service may not be typical.",
            )
        return DesignWeek(week, "the campaign file asks for it")

    start = max(calendar.period[0] for calendar in calendars)
    end = min(calendar.period[1] for calendar in calendars)
    period = start, end
    changes = [calendar.last_change for calendar in calendars]
    start = max(start, shifted(min(changes), -LONGEST))
    end = min(end, shifted(max(changes), LONGEST))
    monday = start + timedelta(days=-start.weekday() % 7)
    whole = [monday + timedelta(weeks=n) for n in range(max(0, ((end - monday).days + 1) // 7))]
    days_off = federal_holidays(start, end)
    plain = [day for day in whole if not days_off & {day + timedelta(days=n) for n in range(7)}]
    partial = [start + timedelta(days=n) for n in range(-6, (end - start).days + 1)]
    where = "all the feeds' periods" if len(calendars) > 1 else "the feed's period"
    where += f" ({period[0]} to {period[1]})"
    if (start, end) != period:
        where += ", of which five years around the last change of service were searched"
    for candidates, what in (
        (plain, f"whole weeks without a US federal holiday inside {where}"),
        (whole, f"whole weeks inside {where}; every week with service holds a US federal holiday"),
        (partial, f"seven-day spans that touch {where}; no Monday-to-Sunday week lies inside it"),
    ):
        service = [_trips_in_week(calendars, trips_by_service, day) for day in candidates]
        best = int(np.argmax(service)) if service else 0
        if service and service[best] > 0:
            if not start <= candidates[best] <= end - timedelta(days=6):
                notices.add(
                    "no_whole_week",
                    f"Fewer than seven days with service lie inside {where}: the figures for a "
                    "week understate the service.",
                )
            equal = sum(trips == service[best] for trips in service)
            first = f"; the first of {equal} with as many" if equal > 1 else ""
            reason = f"it has the most trips ({service[best]:,.0f}) of the {len(service)} {what}{first}"
            return DesignWeek(candidates[best], reason)
    if not partial or len(calendars) > 1:
        periods = "; ".join(f"{c.label} {c.period[0]} to {c.period[1]}" for c in calendars)
        raise CampaignError(
            f"The feeds share no week ({periods}); use feeds of the same season, or name one week "
            "in region.week."
        )
    raise FeedError(
        f"{calendars[0].label}: no trip of the wanted modes runs in {where}; check region.modes, or "
        "ask the agency for a current feed."
    )


def refuse_no_service(calendar: ServiceCalendar, trips: npt.NDArray[np.float64], week: date) -> None:
    """Refuse a week of the campaign in which no trip of a feed runs.

    Parameters
    ----------
    calendar : ServiceCalendar
    trips : ndarray, shape (services,)
        Trips that each service runs on a day it is active.
    week : date
        Its first day.

    Raises
    ------
    CampaignError
        When none runs.
    """
    if not (trips @ calendar.days_in_week(week)).sum():
        start, end = calendar.period
        raise CampaignError(
            f"{calendar.label}: no trip runs in the campaign's week {week} to "
            f"{week + timedelta(days=6)}; the feed speaks for {start} to {end}: change "
            "region.week or leave it out."
        )


def _trips_in_week(
    calendars: list[ServiceCalendar], trips_by_service: list[npt.NDArray[np.float64]], day: date
) -> float:
    """Return the trips of all feeds in the week from `day`; 0 where one of them rests."""
    trips = [
        float((per_service @ calendar.days_in_week(day)).sum())
        for calendar, per_service in zip(calendars, trips_by_service, strict=True)
    ]
    return sum(trips) if all(trips) else 0.0
