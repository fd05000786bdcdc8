"""The commands on a folder that `targeting plan` wrote."""

from pathlib import Path
from typing import Literal

import click

from targeting.cli_options import FILE
from targeting.cli_output import print_json
from targeting.whole import alone, restore


@click.command(epilog="\b\nExample:\n  targeting compare maps/red-means-help maps/fifty")
@click.argument("before", type=FILE, metavar="PLAN")
@click.argument("after", type=FILE, metavar="PLAN")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def compare(before: Path, after: Path, as_json: bool) -> None:
    """Compare two plan folders: which placements changed, for whom, and why."""
    from targeting.compare import compare as compare_plans
    from targeting.plan_folder import read_plan_folder

    for plan in (before, after):
        restore(plan)
    plans = read_plan_folder(before), read_plan_folder(after)
    found = compare_plans(*plans)
    if as_json:
        changed = found.placements[found.placements["change"] != "same"]
        tables = {
            "settings": found.settings, "inputs": found.inputs, "placements": changed,
            "languages": found.languages,
        }  # fmt: skip
        print_json(
            {
                "before": str(before.resolve()),
                "after": str(after.resolve()),
                **{name: table.to_dict("records") for name, table in tables.items()},
                "total": found.total,
                "same_census": found.same_census,
                "why": list(found.why),
            }
        )
    else:
        from targeting.terminal_compare import print_comparison

        print_comparison(found, *plans)


@click.command(
    epilog="\b\nExamples:\n  targeting report maps/red-means-help\n"
    "  targeting report maps/red-means-help --postings postings.csv"
)
@click.argument("plan", type=FILE)
@click.option(
    "--postings",
    type=FILE,
    help="What the installers wrote down (docs/postings.md): report and workbook show what hung, too.",
)
def report(plan: Path, postings: Path | None) -> None:
    """Write the report of a plan folder: report.html and report.docx, for an application or a file."""
    from targeting.write.report import report as write

    if postings is None:
        with alone(plan):
            written = write(plan)
        _say(written)
        return
    from targeting.plan_folder import read_plan_folder
    from targeting.progress import progress
    from targeting.terminal_hung import print_hung
    from targeting.write.actual import posted_files

    with alone(plan):
        folder = read_plan_folder(plan)
        with progress(len(folder.settings["region"]["gtfs"]) + 6, quiet=False) as step:
            posted = posted_files(folder, postings, step)
            step("writing report and workbook")
            written = write(plan, posted)
    print_hung(posted.found, posted.scores.campaign.certainty.smallest_count)
    _say(written)


@click.command(epilog="\b\nExample:\n  targeting picture maps/red-means-help --paper a4")
@click.argument("plan", type=FILE)
@click.option(
    "--paper",
    type=click.Choice(["letter", "a4"]),
    default="letter",
    show_default=True,
    help="Size of the paper, landscape.",
)
def picture(plan: Path, paper: str) -> None:
    """Draw a plan folder for print: map.pdf with a page a language, and as PNG at 300 dpi."""
    from targeting.write.picture import picture as draw

    with alone(plan):
        written = draw(plan, paper)
    _say(written)


@click.command(epilog="\b\nExample:\n  targeting layers maps/red-means-help --format geojson --out layers")
@click.argument("plan", type=FILE)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["geoparquet", "geojson"]),
    required=True,
    help="GeoParquet, or GeoJSON with six decimals.",
)
@click.option("--out", type=FILE, help="Folder to write, by default the plan's own.")
def layers(plan: Path, kind: Literal["geoparquet", "geojson"], out: Path | None) -> None:
    """Write the layers of a plan folder as files of their own: routes, tracts, stops, atoms and more."""
    from targeting.write.layer_files import layer_files

    with alone(plan), alone(out or plan):
        written = layer_files(plan, kind, out)
    _say(written)


def _say(written: list[Path]) -> None:
    for path in written:
        click.echo(path.resolve())
