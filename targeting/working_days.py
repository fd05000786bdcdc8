"""Working days: Monday to Friday, but for the US federal holidays.

A holiday on a Saturday or Sunday counts on the weekday beside it, on which federal offices keep it.
Single days off that a president grants are not known.
"""

from datetime import date, timedelta

KNOWN_YEARS = (1971, 2100)
SATURDAY = 5


def federal_holidays(start: date, end: date) -> set[date]:
    """Return the weekdays from one day to another, both included, on which a US federal holiday is kept.

    None are known outside the years 1971 to 2100.
    """
    import holidays  # takes a while to load, and a plan from the cache asks for none

    first, last = KNOWN_YEARS
    # the year after too: its New Year's Day may be kept on December 31
    years = range(max(start.year, first), min(end.year + 1, last) + 1)
    found = holidays.country_holidays("US", years=years)
    return {day for day in found if start <= day <= end and day.weekday() < SATURDAY}


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
