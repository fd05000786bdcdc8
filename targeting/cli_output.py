"""What the commands print: for people in whatever characters their terminal has, for scripts as JSON."""

import codecs
import json
import sys
import unicodedata
from typing import Any

import click

NEAREST = "targeting.nearest"
SPELT = {
    "±": "+/-", "×": "x", "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "’": "'", "‘": "'", "“": '"',
    "”": '"', "≥": ">=", "≤": "<=", "≈": "~", "→": "->", "•": "*",
    "†": "#",
}  # fmt: skip


def print_json(content: dict[str, Any]) -> None:
    """Print a result as JSON; letters that the output cannot hold are escaped."""
    every_letter = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    click.echo(json.dumps(content, indent=2, ensure_ascii=not every_letter))


def published(table: Any) -> list[dict[str, Any]]:
    """Return a table's rows as they are published, for JSON."""
    from targeting.write.tables import rounded

    return json.loads(rounded(table).to_json(orient="records"))  # type: ignore[no-any-return]


def records(table: Any) -> list[dict[str, Any]]:
    """Return a table's rows to four decimals, for JSON."""
    return json.loads(table.to_json(orient="records", double_precision=4))  # type: ignore[no-any-return]


def print_what_there_is() -> None:
    """Print the nearest letters where a terminal or file lacks the right ones, and ? where there are none."""
    codecs.register_error(NEAREST, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not so for the streams of a notebook
            stream.reconfigure(errors=NEAREST)


def _nearest(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    letters = unicodedata.normalize("NFKD", fault.object[fault.start : fault.end])
    return "".join(
        letter if letter.isascii() else "" if unicodedata.combining(letter) else SPELT.get(letter, "?")
        for letter in letters
    ), fault.end
