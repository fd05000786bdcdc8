"""What `targeting doctor` prints: findings by severity, and whether a plan can be made."""

from rich.console import Console
from rich.markup import escape

from targeting.findings import SEVERITIES, Findings

HEADINGS = {
    "fault": ("Faults: no plan can be made with these", "red"),
    "warning": ("Warnings: these can change the plan's numbers", "yellow"),
    "note": ("Notes", "dim"),
}


def print_findings(findings: Findings) -> None:
    """Print the findings grouped by severity, each with what it does to the plan, and the verdict."""
    console = Console()
    for severity in SEVERITIES:
        found = findings.of(severity)
        if not found:
            continue
        heading, style = HEADINGS[severity]
        console.print(f"\n{heading}", style=f"bold {style}")
        for finding in found:
            console.print(f"  [bold]{finding.code}[/bold]  {escape(finding.message)}", highlight=False)
            console.print(f"    → {escape(finding.effect)}", style="dim", highlight=False)
    if len(findings):
        console.print(
            "\nWhat each means and what to do about it: docs/doctor.md", style="dim", highlight=False
        )
    style = {0: "green", 1: "yellow", 2: "red"}[findings.exit_code]
    console.print(findings.verdict, style=f"bold {style}", highlight=False)
