"""What a worksheet can hold: texts that XML and Excel allow, the room that they take, figures of nobody."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd

LONGEST_TEXT, LONGEST_FOOTER, LONGEST_SHEET = 32767, 100, 31
FOOTER_LINES, FOOTER_ROOM = 2, 220  # characters: Excel takes 255, with what else stands there
WRAPPED = {"phrase": 22, "prose": 100}  # characters on a line
LONGEST_WORDS = 42
ROOM = 1.08  # letters are narrower than the digits in which Excel measures a column
NOT_IN_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def clean(text: str) -> str:
    """Return a text that a cell can hold: no characters that XML forbids, and not too long."""
    kept = NOT_IN_XML.sub("", text)
    return kept if _cut(kept, LONGEST_TEXT) == kept else f"{_cut(kept, LONGEST_TEXT - 1)}…"


def sheet_name(name: str, taken: set[str]) -> str:
    """Return a valid name of a worksheet that is none of those `taken`, and add it to them.

    At most 31 characters, no brackets, colon, asterisk, question mark or slash of either kind, no
    apostrophe at either end, and not "History", which Excel keeps for itself; upper and lower case count
    alike.
    """
    valid = _cut(re.sub(r"[\[\]:*?/\\\t\r\n]", " ", clean(name)), LONGEST_SHEET).strip(" '") or "Sheet"
    return other_than(taken, f"{valid}_" if valid.lower() == "history" else valid, LONGEST_SHEET)


def other_than(taken: set[str], name: str, longest: int = 200) -> str:
    """Return the name, numbered where it is taken already, and add it to those `taken`."""
    free, number = _cut(name, longest), 2
    while free.lower() in taken:
        end = f"_{number}"
        free, number = f"{_cut(name, longest - len(end))}{end}", number + 1
    taken.add(free.lower())
    return free


def _cut(text: str, longest: int) -> str:
    """Return what fits of a text; Excel counts a character beyond the basic ones as two."""
    return text.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")


def unique(heads: Sequence[str]) -> list[str]:
    """Return the headings of a table, numbered where two are alike, which Excel refuses."""
    taken: set[str] = set()
    return [other_than(taken, head) for head in heads]


def in_footer(text: str) -> str:
    """Return a text for a printed header or footer, on at most two lines; & begins a command there."""
    for most in range(FOOTER_LINES, 0, -1):
        wrapped = textwrap.wrap(text, LONGEST_FOOTER, max_lines=most, placeholder="…")
        escaped = "\n".join(wrapped).replace("&", "&&")
        if len(escaped) <= FOOTER_ROOM:
            break
    return escaped


def lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a cell so many characters wide."""
    return sum(len(textwrap.wrap(part, max(int(width * ROOM), 4))) or 1 for part in text.split("\n"))


def width_of(head: str, kind: str, values: "pd.Series[Any]") -> float:
    """Return the width of a column in characters: its cells, and its heading on at most three lines."""
    words = max((len(word) for word in head.split()), default=0) + 3  # room for the filter's arrow
    headed = max(words, -(-len(head) // 3) + 3)
    if kind == "prose":
        return float(max(headed, WRAPPED[kind]))
    if kind in ("text", "phrase", "flag"):
        longest = max((len(value) for value in values if isinstance(value, str)), default=0)
        return float(min(max(headed, longest + 2), WRAPPED.get(kind, LONGEST_WORDS)))
    return float(max(headed, 10))


def nothing_there(table: pd.DataFrame, name: str) -> list[bool]:
    """Return where a figure and its margin are both 0: not so of a sample's zero, which has a margin."""
    figure = name.removesuffix("_moe")
    margin = f"{figure}_moe"
    if figure not in table or margin not in table:
        return [False] * len(table)
    people, apart = (pd.to_numeric(table[each], errors="coerce") for each in (figure, margin))
    return [bool(bare) for bare in people.eq(0) & (apart.eq(0) | apart.isna())]
