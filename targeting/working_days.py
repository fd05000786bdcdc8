"""Working days: Monday to Friday, but for the US federal holidays.

A holiday on a Saturday or Sunday counts on the weekday beside it, on which federal offices keep it.
Single days off that a president grants are not known.
"""

from datetime import date, timedelta

from pandas.tseries.holiday import USFederalHolidayCalendar

KNOWN = date(1978, 1, 1), date(2100, 12, 31)  # before, Veterans Day was kept on other days
SATURDAY = 5


def federal_holidays(start: date, end: date) -> set[date]:
    """Return the weekdays from one day to another, both included, on which a US federal holiday is kept.

    None are known outside the years 1978 to 2100.
    """
    start, end = max(start, KNOWN[0]), min(end, KNOWN[1])
    if start > end:
        return set()
    found = USFederalHolidayCalendar().holidays(start, end)
    return {day.date() for day in found if day.weekday() < SATURDAY}


def working_day_before(day: date, count: int) -> date:
    """Return the working day that lies `count` working days before a day; the day itself for 0.

    Parameters
    ----------
    day : date
        Itself not counted, whether or not it is a working day.
    count : int
    """
    off = federal_holidays(day - timedelta(days=2 * count + 30), day)
    while count:
        day -= timedelta(days=1)
        if day.weekday() < SATURDAY and day not in off:
            count -= 1
    return day
