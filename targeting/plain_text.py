"""Plain text: what files say, without what could change how a line of it is read.

Names come from feeds and tables of anybody, and go to a terminal, pages and spreadsheets. Control
characters could command the terminal (escape sequences), end a line, or be refused by XML; marks of
writing direction could make a line read backwards. They are taken out where a text enters the program,
and once more from every error and notice, which also name files.
"""

import re

_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # marks of direction, and formats long deprecated
    "\u2028\u2029\ufeff\ufff9-\ufffb\ufffe\uffff"  # ends of lines, byte order marks, no characters
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters, invisible tags
)
_BLANKS = frozenset("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\u2028\u2029")
_PASSWORD = re.compile(
    r"(?i)\b([a-z][a-z0-9+.-]*:/{1,2})"
    r"(?:[^\s/?#@:'\"<>]*:(?!\d*[/?#])[^\s'\"<>]*@"  # a password may hold / and @; digits are a port
    r"|[^\s/?#'\"<>]*@)"  # and an @ in a path is none of a user
)
HIDDEN = "[hidden]"


def plain(text: str) -> str:
    """Return a text without control characters and marks of writing direction.

    Ends of lines and tabs become blanks. A code from 80 to 9F becomes what Windows means by it, since
    that is where it comes from: 92 is an apostrophe, ’.
    """
    return text if text.isprintable() else _FORBIDDEN.sub(_harmless, text)


def hidden_character(text: str) -> str:
    """Return the first character that `plain` would change, as "U+202E"; empty where there is none."""
    found = None if text.isprintable() else _FORBIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def without_passwords(text: str) -> str:
    """Return a text without the users and passwords of the addresses in it."""
    return _PASSWORD.sub(rf"\1{HIDDEN}@", text)


def shortened(text: str, longest: int = 120) -> str:
    """Return a text cut with … where it is longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _harmless(found: "re.Match[str]") -> str:
    character = found[0]
    if character in _BLANKS:
        return " "
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if "\x80" <= character <= "\x9f":
        return character.encode("latin-1").decode("cp1252", errors="ignore")
    return ""
