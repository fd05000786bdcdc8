"""The command that plans many regions."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from targeting.cli_output import print_json

if TYPE_CHECKING:
    import pandas as pd

    from targeting.batch import Workers
    from targeting.batch_list import Region
    from targeting.batch_region import Outcome
    from targeting.notices import Notices

SUMMARY_EVERY_S = 5.0
SUMMARY_SHARE = 10  # no more than one part in ten of the time goes into writing it


@click.command(epilog="\b\nExample:\n  targeting batch regions.csv --out maps/all --workers 4")
@click.argument("regions", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write, a folder in it a region."
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster that runs, such as tcp://10.0.0.5:8786.")
@click.option(
    "--workers", type=click.IntRange(1, 1000), help="How many regions to plan at once on this machine."
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def batch(
    context: click.Context,
    regions: Path,
    out: Path,
    scheduler: str | None,
    workers: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Plan many regions: one row of REGIONS (a CSV file) each, on all processors or on a cluster.

    A region that fails stops none of the others. Run it again to plan what is missing or has changed.
    Exit code 0: all have a plan; 1: some failed; 2: the list cannot be used.
    """
    from targeting.batch import planned_since, start_workers
    from targeting.batch_list import read_regions
    from targeting.notices import Notices
    from targeting.whole import alone

    if scheduler is not None and workers is not None:
        raise click.UsageError("--workers is for this machine; a cluster at --scheduler has its own.")
    listed = read_regions(regions)
    _refuse_other(out)
    outcomes: dict[str, Outcome] = {}
    began = time.time()
    try:
        with alone(out), start_workers(scheduler, workers, len(listed)) as found:
            _run(found, listed, out.absolute(), outcomes, quiet or as_json)
            national, notices, refused = _add_up(found, listed, out.absolute(), outcomes)
            _write(out, listed, outcomes, national, notices, refused)
    except KeyboardInterrupt:
        for region in listed:  # a plan may be written before it is heard of
            if region.name not in outcomes and (late := planned_since(region.name, out, began)):
                outcomes[region.name] = late
        if outcomes:
            _write(out, listed, outcomes, None, Notices(), "")
        done = sum(outcome.status != "failed" for outcome in outcomes.values())
        click.echo(
            f"Stopped: {done} of {len(listed)} regions have a plan; run the same command to go on.", err=True
        )
        context.exit(130)
    failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
    _report(out, listed, outcomes, notices, refused, quiet, as_json)
    context.exit(1 if failed or refused else 0)


def _run(
    workers: "Workers", listed: "list[Region]", out: Path, outcomes: "dict[str, Outcome]", quiet: bool
) -> None:
    """Plan all regions; what became of each is put into `outcomes`, and the summary is kept up to date."""
    from targeting.batch import plan_regions
    from targeting.write.batch_summary import write_summary

    out.mkdir(parents=True, exist_ok=True)
    (out / ".batch").mkdir(exist_ok=True)
    write_summary(out, listed, outcomes, running=True)
    next_at = time.monotonic() + SUMMARY_EVERY_S
    with _progress(len(listed), quiet) as step:
        for outcome in plan_regions(workers, listed, out):
            outcomes[outcome.region] = outcome
            step(outcome)
            began = time.monotonic()
            if began >= next_at:
                write_summary(out, listed, outcomes, running=True)
                took = time.monotonic() - began
                next_at = began + max(SUMMARY_EVERY_S, SUMMARY_SHARE * took)


def _add_up(
    workers: "Workers", listed: "list[Region]", out: Path, outcomes: "dict[str, Outcome]"
) -> "tuple[pd.DataFrame | None, Notices, str]":
    """Return the national table and what to know of it, or why there can be none."""
    from targeting.batch_national import national_rows
    from targeting.batch_sources import national_notices, of_real_people
    from targeting.batch_union import planned
    from targeting.errors import TractError
    from targeting.notices import Notices

    done = [
        planned(region.name, record, out)
        for region in listed
        if (record := outcomes[region.name].record) is not None
    ]
    notices, real = national_notices(done), of_real_people(done)
    if not real:
        return None, notices, ""
    try:
        return national_rows(real, workers.map), notices, ""
    except TractError as fault:
        return None, Notices(), str(fault)


def _write(
    out: Path,
    listed: "list[Region]",
    outcomes: "dict[str, Outcome]",
    national: "pd.DataFrame | None",
    notices: "Notices",
    refused: str,
) -> None:
    from targeting.write.batch_summary import write_summary

    told = [notice.message for notice in notices]
    write_summary(out, listed, outcomes, national=national, notices=told, refused=refused)


def _refuse_other(out: Path) -> None:
    """Refuse a folder that holds something else than a batch, before any work is done."""
    from targeting.batch_region import RECORDS
    from targeting.errors import OutputError

    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: is a file; choose a folder with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / RECORDS).is_dir():
        raise OutputError(f"{out}: holds files that are no batch; choose another --out.")


def _watched(quiet: bool) -> bool:
    return not quiet and sys.stderr.isatty()


@contextmanager
def _progress(regions: int, quiet: bool) -> "Iterator[Callable[[Outcome], None]]":
    """Yield a function that tells of a region that is done: a live bar, and a line where it failed."""
    if not _watched(quiet):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"),
        TimeElapsedColumn(), TimeRemainingColumn(compact=True),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, failed = bar.add_task("regions", total=regions), [0]

        def step(outcome: "Outcome") -> None:
            if outcome.status == "failed":
                failed[0] += 1
                bar.console.print(
                    f"{escape(outcome.region)} failed: {escape(outcome.error)}", highlight=False
                )
            said = f"regions, {failed[0]} failed" if failed[0] else "regions"
            bar.update(task, advance=1, description=f"{said}; last {escape(outcome.region)}")

        yield step


def _report(
    out: Path,
    listed: "list[Region]",
    outcomes: "dict[str, Outcome]",
    notices: "Notices",
    refused: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Say what became of the regions; what failed goes to stderr even when quiet, if not told already."""
    from targeting.terminal import print_notices

    told = [outcomes[region.name] for region in listed]
    failed = [outcome for outcome in told if outcome.status == "failed"]
    if as_json:
        print_json(
            {
                "out": str(out.resolve()),
                "regions": [
                    {"region": each.region, "status": each.status, "error": each.error} for each in told
                ],
                "national_refused": refused,
                "notices": notices.as_dicts(),
            }
        )
    for outcome in [] if _watched(quiet or as_json) else failed:
        click.echo(f"{outcome.region} failed: {outcome.error}", err=True)
    if refused:
        click.echo(f"national.csv is not written: {refused}", err=True)
    if as_json or quiet:
        return
    counts = {status: sum(each.status == status for each in told) for status in ("planned", "unchanged")}
    click.echo(
        f"{len(told)} {'region' if len(told) == 1 else 'regions'}: {counts['planned']} planned, "
        f"{counts['unchanged']} unchanged, {len(failed)} failed."
    )
    print_notices(notices)
    click.echo(f"\nSummary: {(out / 'summary.html').resolve()}\nTables and plans: {out.resolve()}")
