"""What people write in the installers' sheets: understood where it has one meaning, else told how to mend."""

from datetime import date

import pandas as pd
import pytest

from targeting.languages import catalogue
from targeting.left_out import UnusableError
from targeting.postings_cells import day_of, languages_by_name, places

UNITS = pd.DataFrame(
    {
        "unit": ["route", "route", "route", "route", "venue", "venue"],
        "unit_name": ["87 Airport Way", "FX2 Division", "Line 9", "9 Powell", "Library", "31"],
        "called": [("87 Airport Way", "87"), ("FX2",), ("Line 9",), ("9",), ("Library",), ("31",)],
    },
    index=["r87", "2", "blue", "r9", "venue:1", "venue:2"],
)
CODES = pd.Series(["R87", "RFX2", "RLine-9", "R9", "V1", "V2"], index=UNITS.index)


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-08", "2025-12-8", "2025/12/08", "20251208", "2025-12-08 00:00:00", "2025-12-08T00:00",
        "12/8/2025", "12/08/25", "12/8/2025 0:00", "12/8/2025 12:00:00 AM",
        "8 Dec 2025", "8-Dec-25", "08-DEC-2025", "8 December 2025", "8 dec. 2025",
        "Dec 8, 2025", "Dec. 8, 2025", "December 8 2025", "December 8, 2025", "Dec-8-25",
        "Monday, December 8, 2025", "Mon 8 Dec 2025",
    ],
)  # fmt: skip
def test_a_day_is_understood_as_spreadsheets_and_people_write_it(text: str) -> None:
    assert day_of(text, "date_up") == date(2025, 12, 8)


@pytest.mark.parametrize(
    ("month", "name"),
    [(3, "Mar"), (5, "May"), (6, "June"), (7, "jul"), (9, "Sept"), (9, "September"), (1, "JANUARY")],
)
def test_every_month_has_its_names(month: int, name: str) -> None:
    assert day_of(f"{name} 2, 2026", "date_up") == day_of(f"2-{name}-26", "date_up") == date(2026, month, 2)


@pytest.mark.parametrize(
    "text",
    [
        "8 Dec", "Dec-25", "Dec 2025", "8-De-25", "8 Foo 2025", "31 Nov 2025", "Decem8er 8, 2025",
        "8.12.2025", "8-12-2025", "12/8", "Tuesday, December 8, 2025", "8 Dec 1925", "8 Dec 0025", "Dec 825",
        "2025-12/08", "2025-12-08 13:00", "45999", "soon", "Dec", "",
    ],
)  # fmt: skip
def test_what_is_no_day_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(UnusableError) as fault:
        day_of(text, "date_down")
    assert (fault.value.kind, fault.value.column) == ("date", "date_down")
    assert fault.value.why == f"{text!r} is no day"
    assert fault.value.mend.startswith("write year-month-day")


def test_a_day_written_day_first_is_shown_month_first_and_not_taken() -> None:
    with pytest.raises(UnusableError) as fault:
        day_of("13/12/2025", "date_up")
    assert fault.value.mend == "the month comes first: 12/13/2025, if that is what is meant."


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("87", "r87"), ("Line 87", "r87"), ("line 87", "r87"), ("Route 87", "r87"), ("ROUTE #87", "r87"),
        ("Rte. 87", "r87"), ("rt 87", "r87"), ("Line 87 Airport Way", "r87"), ("Route FX2", "2"),
        ("Line 2", "2"),
        ("Line 9", "blue"),  # one is called so, and that goes before route 9
        ("Route 9", "r9"), ("R87", "r87"), ("Library", "venue:1"),
    ],
)  # fmt: skip
def test_a_route_is_found_with_the_word_before_its_number(name: str, unit: str) -> None:
    found, tag = places(UNITS, CODES)("route", name)
    assert (UNITS.index[found], tag) == (unit, "")


@pytest.mark.parametrize(
    ("code", "unit", "tag"),
    [
        ("R87-es", "r87", "es"), ("r87-ZH-hant", "r87", "zh-Hant"), ("R87.Merlo", "r87", ""),
        ("R87.Merlo-es", "r87", "es"), ("R87.Merlo-zh-Hant", "r87", "zh-Hant"), ("W2.R87-vi", "r87", "vi"),
        ("W12.R87.Center-vi", "r87", "vi"), ("RLine-9", "blue", ""), ("W2.RLine-9", "blue", ""),
        ("RLine-9-es", "blue", "es"), ("RLine-9.Merlo-es", "blue", "es"), ("V1-ru", "venue:1", "ru"),
    ],
)  # fmt: skip
def test_every_code_on_the_sheets_is_understood(code: str, unit: str, tag: str) -> None:
    found, ordered = places(UNITS, CODES)("order", code)
    assert (UNITS.index[found], ordered) == (unit, tag)


@pytest.mark.parametrize(
    "name", ["Line 31", "Route Library", "Line 99", "Line", "Lines 87", "Bus 87", "Blueline 87"]
)
def test_what_is_no_route_of_the_plan_is_not_guessed(name: str) -> None:
    with pytest.raises(UnusableError) as fault:
        places(UNITS, CODES)("order", name)
    assert (fault.value.kind, fault.value.column) == ("place_unknown", "order")
    assert f"{name!r}" in fault.value.why


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("Arab", "ar"), ("Viet", "vi"), ("vietn", "vi"), ("Kor", "ko"), ("Spanisch", "es"),
        ("Sp", ""),  # two letters are too few
        ("Ma", ""), ("klingon", ""),
    ],
)  # fmt: skip
def test_a_language_cut_short_is_suggested_and_not_guessed(name: str, likely: str) -> None:
    campaign = [catalogue()[tag] for tag in ("es", "vi", "zh", "ru", "ko", "ar")]
    with pytest.raises(UnusableError) as fault:
        languages_by_name(campaign)(name)
    assert fault.value.likely == likely
    said = f"did you mean {catalogue()[likely].english_name!r}?" if likely else "see docs/languages.md."
    assert fault.value.mend == said


def test_a_start_that_two_languages_share_is_no_suggestion() -> None:
    both = [catalogue()[tag] for tag in ("mr", "mh")]  # Marathi, Marshallese
    with pytest.raises(UnusableError) as fault:
        languages_by_name(both)("Mar")
    assert fault.value.likely == ""
