"""TOML from anybody: bounded before it is parsed, plain text in it, nothing nested without end."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from targeting.errors import CampaignError
from targeting.plain_text import hidden_character, shortened

MOST_BYTES = 100_000  # a campaign file has some 2,000
CURLY = "\u201c\u201d\u201e\u2018\u2019"
LONGEST_LINE = 4_000  # the parser's time grows with the square of a key's parts
LONGEST_TEXT = 1_000
DEEPEST = 8
_TOO_DEEP = "is nested too deep: no setting has a list in a list"


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a campaign file holds.

    Raises
    ------
    CampaignError
        When it is missing, too large or no TOML.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as fault:
        raise CampaignError(
            f"{file}: no such campaign file; 'targeting sample DIR' writes one to start from."
        ) from fault
    except IsADirectoryError as fault:
        raise CampaignError(f"{file}: is a folder; give the campaign file in it.") from fault
    except UnicodeDecodeError as fault:
        if len(data) <= MOST_BYTES:
            raise CampaignError(
                f"{file}: cannot be read as text ({fault.reason}); give a campaign file (TOML), saved in "
                "UTF-8."
            ) from fault
        text = ""
    except OSError as fault:
        raise CampaignError(f"{file}: cannot be read ({fault.strerror}).") from fault
    if len(data) > MOST_BYTES:
        raise CampaignError(
            f"{file.name}: is larger than {MOST_BYTES // 1000} kB, which no campaign file is; check the path."
        )
    lines = text.split("\n")
    longest = max(range(len(lines)), key=lambda number: len(lines[number]))
    if len(lines[longest]) > LONGEST_LINE:
        raise CampaignError(
            f"{file.name}: line {longest + 1} has more than {LONGEST_LINE:,} characters; write a list on "
            "several lines."
        )
    try:
        return parsed(text)
    except ValueError as fault:
        mend = "put text in quotes, and in Windows paths write / or use single quotes"
        if any(mark in text for mark in CURLY):
            mend = 'write straight quotation marks (") instead of the curly ones that word processors make'
        raise CampaignError(f"{file.name}: is not valid TOML: {shortened(str(fault))}; {mend}.") from fault


def parsed(text: str) -> dict[str, Any]:
    """Return what TOML says.

    Raises
    ------
    ValueError
        When it is none, is nested without end, or has a number of thousands of digits.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def refuse_odd(content: dict[str, Any], name: str) -> None:
    """Refuse texts with characters that cannot be seen, endless ones, and what is nested too deep.

    Parameters
    ----------
    content : dict
        Of a campaign file.
    name : str
        Of the file.

    Raises
    ------
    CampaignError
        Names the setting.
    """
    for place, value, depth in _everything(content):
        what = ""
        if depth > DEEPEST:
            what = f"{_TOO_DEEP}."
        elif isinstance(value, str) and hidden_character(value):
            what = (
                f"{shortened(repr(value))} holds a character that cannot be seen "
                f"({hidden_character(value)}); remove it, and write the text anew."
            )
        elif isinstance(value, str) and len(value) > LONGEST_TEXT:
            what = f"is longer than {LONGEST_TEXT:,} characters; shorten it."
        if what:
            raise CampaignError(f"{name}: {shortened(place)}: {what}")


def _everything(content: dict[str, Any]) -> Iterator[tuple[str, object, int]]:
    """Yield all keys and values with where they stand and how deep; nothing below what is too deep."""
    waiting: list[tuple[str, object, int]] = [("", content, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        yield place, value, depth
        if depth > DEEPEST:
            continue
        if isinstance(value, dict):
            for key, each in value.items():
                yield shortened(repr(key)), key, depth
                waiting.append((f"{place}.{key}".lstrip("."), each, depth + 1))
        elif isinstance(value, list):
            waiting += [(place, each, depth + 1) for each in value]
