"""What people write in the cells of the installers' sheets: days, routes, languages, numbers of cards.

Whatever has one meaning only is understood; a guess is told as one, and the row left out.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches
from unicodedata import normalize

import pandas as pd

from targeting.campaign_sections import MOST_BUSES
from targeting.errors import CampaignError
from targeting.languages import Language, catalogue
from targeting.left_out import UnusableError
from targeting.plain_text import shortened
from targeting.service_calendar import WEEKDAYS
from targeting.wishes import find_unit

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
SHORTEST_NAME = 3  # letters of a month, a weekday, or a language
US_DATE = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})")
# What spreadsheets make of a day: 8-Dec-25; December 8, 2025; Monday, December 8, 2025
WORDED_DATES = (
    re.compile(r"(?P<day>\d{1,2})[ -]*(?P<name>[a-z]+)\.?,?[ -]*(?P<year>\d{4}|\d{2})"),
    re.compile(r"(?P<name>[a-z]+)\.?[ -]*(?P<day>\d{1,2})(?:, *|[ -]+)(?P<year>\d{4}|\d{2})"),
)
WEEKDAY = re.compile(r"(?P<weekday>[a-z]+)\.?,? +(?=[a-z\d])")
YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})")
MIDNIGHT = re.compile(r"[ T](0{1,2}:00(:00(\.0+)?)?|12:00(:00)? ?am)$", re.IGNORECASE)
ROUTE_WORD = re.compile(r"(?:line|route|rte\.?|rt\.?)[ #]+", re.IGNORECASE)
IN_SERVICE = " in service"
WAVE = re.compile(r"^w\d+\.")  # of a second wave
FindPlace = Callable[[str, str], tuple[int, str]]
FindLanguage = Callable[[str], str]


def day_of(text: str, column: str) -> date:
    """Return a day written as 2026-12-31, 12/31/2026, 31-Dec-26 or December 31, 2026.

    Raises
    ------
    UnusableError
        When it is none, or has no year.
    """
    try:
        when = _day(MIDNIGHT.sub("", text))
    except ValueError:
        when = None
    if when is None or not 2000 <= when.year < 2100:
        mend = "write year-month-day (2026-12-31), or month/day/year (12/31/2026)."
        swapped = US_DATE.fullmatch(text)
        if swapped and int(swapped["month"]) > 12 >= int(swapped["day"]):
            day, month, year = swapped.groups()
            mend = f"the month comes first: {month}/{day}/{year}, if that is what is meant."
        raise UnusableError("date", column, f"{shortened(text, 40)!r} is no day", mend)
    return when


def _day(text: str) -> date | None:
    """Return a day; None, or a ValueError, where it is none."""
    numbers = US_DATE.fullmatch(text) or YEAR_FIRST.fullmatch(text)
    if numbers:
        return date(_year(numbers["year"]), int(numbers["month"]), int(numbers["day"]))
    said = text.casefold()
    named = WEEKDAY.match(said)
    weekday = _place_in(WEEKDAYS, named["weekday"]) if named else None
    if named and weekday is not None:
        said = said[named.end() :]
    for form in WORDED_DATES:
        worded = form.fullmatch(said)
        month = _place_in(MONTHS, worded["name"]) if worded else None
        if worded and month is not None:
            when = date(_year(worded["year"]), month + 1, int(worded["day"]))
            return when if weekday in (None, when.weekday()) else None
    return date.fromisoformat(text)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _place_in(names: tuple[str, ...], start: str) -> int | None:
    """Return which of some names begins so."""
    if len(start) < SHORTEST_NAME:
        return None
    return next((at for at, name in enumerate(names) if name.startswith(start)), None)


def cards_of(text: str, bus: str) -> int:
    """Return a number of cards; 1 where nothing is written.

    Raises
    ------
    UnusableError
        When it is no number, or a bus would carry several cards of one language.
    """
    if not text:
        return 1
    number = text.removesuffix(".0")
    cards = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else -1
    if not 0 <= cards <= MOST_BUSES:
        raise UnusableError(
            "cards", "cards", f"{shortened(text, 40)!r} is no number of cards", "write 1, 2, 3 …"
        )
    if bus and cards > 1:
        raise UnusableError(
            "cards",
            "cards",
            f"bus {bus} carries {cards:,} cards of one language, and counts once",
            "give each bus a row of its own, or leave its number blank.",
        )
    return cards


def places(units: pd.DataFrame, codes: "pd.Series[str]") -> FindPlace:
    """Return how the row of a unit, and the language of a work order, are found for what is written.

    Parameters
    ----------
    units : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.
    codes : Series
        `targeting.orders.order_codes` of the units.
    """
    by_code = {str(code).casefold(): row for row, code in enumerate(codes)}
    tags = {tag.casefold(): tag for tag in catalogue()}

    def ordered(name: str) -> tuple[int, str] | None:
        """Return unit and language of "R57", "R57-es", "R57.Merlo-es" (of one garage), "W2.R57-es"."""
        code = WAVE.sub("", name)
        unit, _, garage = code.partition(".")
        if unit in by_code and "-" not in garage:
            return by_code[unit], ""
        parts = [(code[:at].partition(".")[0], code[at + 1 :]) for at, sign in enumerate(code) if sign == "-"]
        return next(
            ((by_code[stem], tags[end]) for stem, end in parts if stem in by_code and end in tags), None
        )

    def route(name: str) -> int | None:
        """Return the unit of "Line 87"."""
        word = ROUTE_WORD.match(name)
        try:
            unit = find_unit(name[word.end() :], units, "") if word else None
        except CampaignError:
            return None
        return unit if unit is not None and units["unit"].iloc[unit] in ("route", "family") else None

    def find(column: str, name: str) -> tuple[int, str]:
        order = ordered(name.casefold())
        if column == "order" and order is not None:  # a route may be called what another's code is
            return order
        try:
            return find_unit(name, units, ""), ""
        except CampaignError as fault:
            if order is not None:
                return order
            if (unit := route(name)) is not None:
                return unit, ""
            why, _, mend = str(fault).removeprefix(": ").rpartition("; ")
            if why.endswith(IN_SERVICE):  # it may run all the same, in a mode that the plan leaves out
                why = f"{why.removesuffix(IN_SERVICE)} among those of the plan"
            raise UnusableError("place_unknown", column, why, mend) from fault

    return find


def languages_by_name(languages: Iterable[Language]) -> FindLanguage:
    """Return how a language's tag is found for its tag, its English or its own name.

    Parameters
    ----------
    languages : iterable of Language
        The campaign's; a name that several languages have is theirs.
    """
    campaign = list(languages)
    known: dict[str, str] = {}
    for language in [*campaign, *catalogue().values()]:
        for name in (language.tag, language.english_name, language.own_name):
            known.setdefault(_folded(name), language.tag)

    def meant(name: str) -> str:
        """Return the tag of the language that may be meant; empty where none is like it."""
        if len(name) < SHORTEST_NAME:
            return ""
        for some in (campaign, catalogue().values()):
            begin = [each.tag for each in some if _folded(each.english_name).startswith(name)]
            if len(begin) == 1:
                return begin[0]
        names = [each for each in known if len(each) >= SHORTEST_NAME]
        close = get_close_matches(name, names, n=1, cutoff=0.7)
        return known[close[0]] if close else ""

    def find(name: str) -> str:
        if not name:
            raise UnusableError(
                "language_unknown", "language", "is blank", "say which language the card has."
            )
        if _folded(name) not in known:
            likely = meant(_folded(name))
            raise UnusableError(
                "language_unknown",
                "language",
                f"{shortened(name, 40)!r} is no language that posters are printed in",
                f"did you mean {catalogue()[likely].english_name!r}?" if likely else "see docs/languages.md.",
                likely,
            )
        return known[_folded(name)]

    return find


def _folded(name: str) -> str:
    return normalize("NFC", name.strip()).casefold().replace("_", "-")
