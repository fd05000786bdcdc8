"""Notices: what was odd in the input, counted, and what was done about it.

Bad data is reported and counted; it stops a run (an error) only when nothing sound is left.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from targeting.plain_text import plain

Severity = Literal["info", "warning"]


@dataclass(frozen=True)
class Notice:
    """One finding about an input.

    Attributes
    ----------
    code : str
        Stable snake_case name of the finding, for scripts.
    severity : {"info", "warning"}
        A warning can change the plan's numbers; an info cannot.
    message : str
        One sentence: what was found, where, and what was done.
    file : str
        The file it was found in, empty where it concerns several.
    count : int
        How many rows or things are concerned.
    ids : tuple of str
        The first few of them, where they have ids.
    """

    code: str
    severity: Severity
    message: str
    file: str = ""
    count: int = 1
    ids: tuple[str, ...] = ()


class Notices:
    """The notices of one run, in the order in which they were found, each once."""

    def __init__(self) -> None:
        self._found: list[Notice] = []

    def add(
        self,
        code: str,
        message: str,
        *,
        severity: Severity = "warning",
        file: str = "",
        count: int = 1,
        ids: tuple[str, ...] = (),
    ) -> None:
        """Keep a notice, unless the very same one is kept already; what it quotes becomes plain text."""
        ids = tuple(map(plain, ids))
        notice = Notice(code, severity, plain(message), plain(file), count, ids)
        if notice not in self._found:
            self._found.append(notice)

    def extend(self, notices: Iterable[dict[str, Any]]) -> None:
        """Keep notices that `as_dicts` has returned."""
        for notice in notices:
            self.add(**{**notice, "ids": tuple(notice["ids"])})

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def warnings(self) -> list[Notice]:
        """The notices that can change the plan's numbers."""
        return [notice for notice in self._found if notice.severity == "warning"]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the notices as plain dictionaries, for ``run.json``."""
        return [asdict(notice) for notice in self._found]
