"""Findings of the doctor: what is wrong, where, and what it does to the plan.

A *fault* is what no plan can be made with; a *warning* can change the plan's numbers; a *note* cannot.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from targeting.errors import CampaignError, FeedError, OutputError, TargetingError, TractError, VenueError
from targeting.meanings import TOUCHES, meaning_of
from targeting.notices import Notice

Read = TypeVar("Read")
Severity = Literal["fault", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")
FAULTS = {
    CampaignError: "campaign_unusable",
    FeedError: "feed_unusable",
    TractError: "census_unusable",
    VenueError: "venues_unusable",
    OutputError: "earlier_plan_unusable",
}


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes
    ----------
    severity : {"fault", "warning", "note"}
    code : str
        Stable snake_case name (docs/doctor.md).
    file, table : str
        Where: the file, and the table of the feed or census; empty where it concerns several.
    ids : tuple of str
        The first few rows or things concerned, where they have ids.
    count : int
        How many they are.
    message : str
        What is wrong, in one sentence.
    effect : str
        What it does to the plan.
    touches : str
        What part of the plan it touches (`targeting.meanings.TOUCHES`).
    """

    severity: Severity
    code: str
    file: str
    table: str
    ids: tuple[str, ...]
    count: int
    message: str
    effect: str
    touches: str


class Findings:
    """The findings of one examination, each once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._effects: dict[tuple[str, str], str] = {}

    def explain(self, code: str, file: str, effect: str) -> None:
        """Say what readers' notices of a code in a file do to the plan, where more is known than usual."""
        self._effects[code, file] = effect

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        *,
        file: str = "",
        count: int = 1,
        ids: tuple[str, ...] = (),
        effect: str = "",
    ) -> None:
        """Keep a finding, unless the very same one is kept already; `effect` is the code's by default."""
        meaning = meaning_of(code)
        effect = effect or meaning.effect
        finding = Finding(severity, code, file, meaning.table, ids, count, message, effect, meaning.touches)
        if finding not in self._found:
            self._found.append(finding)

    def add_fault(self, error: TargetingError, file: str = "") -> None:
        """Keep an error that a reader raised."""
        code = next((FAULTS[kind] for kind in type(error).__mro__ if kind in FAULTS), "unusable")
        if not any(found.message == str(error) for found in self._found):
            self.add("fault", code, str(error), file=file)

    def attempt(self, read: Callable[[], Read]) -> Read | None:
        """Return what a reader reads; a fault and None where it cannot."""
        try:
            return read()
        except TargetingError as fault:
            self.add_fault(fault)
            return None

    def add_notice(self, notice: Notice) -> None:
        """Keep a reader's notice."""
        severity: Severity = "warning" if notice.severity == "warning" else "note"
        if meaning_of(notice.code).always_note:
            severity = "note"
        self.add(
            severity,
            notice.code,
            notice.message,
            file=notice.file,
            count=notice.count,
            ids=notice.ids,
            effect=self._effects.get((notice.code, notice.file), ""),
        )

    def __iter__(self) -> Iterator[Finding]:
        """Yield by severity, then by what they touch, then by how much."""
        return iter(
            sorted(
                self._found,
                key=lambda found: (
                    SEVERITIES.index(found.severity), TOUCHES.index(found.touches), -found.count,
                ),
            )
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._found)

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings of one severity."""
        return [finding for finding in self if finding.severity == severity]

    @property
    def exit_code(self) -> int:
        """0 fine, 1 warnings, 2 unusable."""
        return 2 if self.of("fault") else 1 if self.of("warning") else 0

    @property
    def verdict(self) -> str:
        """Whether a plan can be made, in one sentence."""
        faults, warnings = len(self.of("fault")), len(self.of("warning"))
        if faults:
            return f"Cannot be planned: {faults} {'fault' if faults == 1 else 'faults'}."
        if warnings:
            return f"{warnings} {'warning' if warnings == 1 else 'warnings'}; a plan can be made."
        return "Fine to plan."

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the findings as plain dictionaries, for JSON."""
        return [asdict(finding) for finding in self]
