"""The command `targeting doctor`."""

from datetime import date, datetime
from pathlib import Path

import click

from targeting.cli_output import print_json
from targeting.progress import progress


@click.command(epilog="\b\nExamples:\n  targeting doctor campaign.toml\n  targeting doctor trimet.zip --json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting of the campaign file, for example --set buses=50. Repeatable.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day on which the feed should run, for example the campaign's first; by default today.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing; the exit code tells.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor(file: Path, settings: tuple[str, ...], today: datetime | None, quiet: bool, as_json: bool) -> int:
    """Examine FILE, a campaign file or a feed alone: what is wrong, and what it does to a plan.

    The exit code is 0 where all is fine, 1 where there are warnings, and 2 where no plan can be made.
    """
    from targeting.doctor import examine

    day = date.today() if today is None else today.date()
    with progress(6, quiet or as_json) as step:
        findings = examine(file, settings, today=day, step=step)
    if as_json:
        content = {
            "file": str(file),
            "today": day.isoformat(),
            "verdict": findings.verdict,
            "exit_code": findings.exit_code,
            "findings": findings.as_dicts(),
        }
        print_json(content)
    elif not quiet:
        from targeting.terminal_doctor import print_findings

        print_findings(findings)
    return findings.exit_code
