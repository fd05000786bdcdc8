"""The command line: parse, call, print, exit code. Heavy libraries load only inside commands."""

import atexit
import gc
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from targeting import __version__
from targeting.cli_batch import batch
from targeting.cli_campaign import explain, plan, plan_into, routes
from targeting.cli_doctor import doctor
from targeting.cli_fetch import fetch, regions
from targeting.cli_folder import compare, layers, picture, report
from targeting.cli_options import FILE
from targeting.cli_output import print_what_there_is
from targeting.cli_tables import hotspots, vehicles
from targeting.errors import CampaignError, TargetingError
from targeting.plain_text import hidden_character, plain

if TYPE_CHECKING:
    pass

EXAMPLES = """
\b
Examples:
  targeting demo                             try it on an invented city
  targeting sample my-campaign               write files to start from
  targeting fetch portland                   real data for a region, with a campaign file
  targeting doctor campaign.toml             what is wrong with the data, before planning
  targeting plan campaign.toml               plan into maps/<campaign name>/
  targeting plan campaign.toml --set buses=50 --out maps/fifty
  targeting plan campaign.toml --audience public   a map for anyone, without figures of people
  targeting routes campaign.toml             what each route calls for
  targeting explain campaign.toml 72         what hangs on route 72, and why
  targeting compare maps/first maps/second   what differs between two plans, and why
  targeting picture maps/first               the plan as pictures for print
  targeting layers maps/first --format geojson   its GIS layers as files of their own
  targeting report maps/first                the plan as a report: a page and a Word file
  targeting hotspots campaign.toml           where each language concentrates
  targeting vehicles campaign.toml           which routes share their buses
  targeting batch regions.csv --out maps/all   many regions, and all of them together
"""


class _Commands(click.Group):
    """A group that suggests the nearest command and ends user errors in one sentence."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            close = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f", did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"no such command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *more: Any, **kwargs: Any) -> Any:
        """Run, and turn whatever a user can get wrong into one sentence and exit code 2."""
        print_what_there_is()
        gc.set_threshold(500_000)  # what a command makes lives to its end: less looking for what does not
        atexit.register(gc.freeze)  # and none at the end, when all of it goes
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads cost more in waiting than they add
        # where it cannot keep its settings is its own concern
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        try:
            _refuse_unreadable_names(sys.argv[1:] if args is None else args)
            status = super().main(args, *more, **{**kwargs, "standalone_mode": False})
        except TargetingError as fault:
            click.echo(f"Error: {fault}", err=True)
            sys.exit(2)
        except click.UsageError as fault:
            command = fault.ctx.command_path if fault.ctx else "targeting"
            message = " ".join(fault.format_message().split()).rstrip(".")
            click.echo(f"Error: {plain(message)}; see '{command} --help'.", err=True)
            sys.exit(2)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped; nothing is half-written.", err=True)
            sys.exit(130)
        except OSError as fault:
            what = f"{fault.filename}: cannot be used" if fault.filename else "the output cannot be written"
            click.echo(plain(f"Error: {what} ({fault.strerror or fault})."), err=True)
            sys.exit(2)
        sys.exit(status if isinstance(status, int) else 0)


def _refuse_unreadable_names(arguments: Iterable[str]) -> None:
    """Refuse names of files that are no text: libraries and records of a plan cannot hold them.

    Nor may they command the terminal on which they are printed.

    Raises
    ------
    CampaignError
        When an argument, or the folder that relative paths start from, holds such a byte.
    """
    with suppress(FileNotFoundError):  # that folder was removed: paths will say so
        arguments = [*arguments, str(Path.cwd())]
    for text in arguments:
        if any("\udc80" <= letter <= "\udcff" for letter in text):
            raise CampaignError(
                f"{text}: is named in bytes that are no text here; rename it, or set LC_ALL=C.UTF-8 if the "
                "name is right."
            )
        if hidden := hidden_character(text.replace("\n", " ").replace("\t", " ")):
            raise CampaignError(f"{text}: has a character that cannot be seen ({hidden}); rename it.")


@click.group(cls=_Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="targeting")
def main() -> None:
    """Decide which languages a poster campaign should carry on which buses.

    Joins census tracts (who speaks what, how well they speak English) to a transit agency's GTFS
    schedule, places languages on whole buses so that the most people are reached, and writes an
    interactive map and coverage tables with margins of error.
    """


@main.command()
@click.argument("folder", type=FILE)
def sample(folder: Path) -> None:
    """Write the sample region (an invented city) and a campaign file to start from into FOLDER."""
    from targeting.errors import OutputError
    from targeting.sample import write_sample

    try:
        written = write_sample(folder)
    except OSError as fault:
        raise OutputError(f"{folder}: cannot be written ({fault.strerror}).") from fault
    for path in written:
        click.echo(path)
    click.echo(f"\nNext: targeting plan {folder / 'sample.toml'}")


@main.command()
@click.argument("folder", type=FILE, default=Path("targeting-demo"))
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(folder: Path, quiet: bool, as_json: bool) -> None:
    """Try it: write the sample region into FOLDER (targeting-demo) and plan its campaign."""
    from targeting.campaign import read_campaign
    from targeting.errors import OutputError
    from targeting.sample import write_sample
    from targeting.write import check_out

    check_out(folder / "plan")
    try:
        write_sample(folder)
    except OSError as fault:
        raise OutputError(f"{folder}: cannot be written ({fault.strerror}).") from fault
    plan_into(read_campaign(folder / "sample.toml"), folder / "plan", quiet, as_json, no_cache=True)


for command in (
    fetch, regions, doctor, plan, routes, explain, compare, picture, layers, report, hotspots, vehicles,
    batch,
):  # fmt: skip
    main.add_command(command)
