"""The command line: parse, call, print, exit code. Heavy libraries load only inside commands."""

import gc
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from targeting import __version__
from targeting.cli_batch import batch
from targeting.cli_doctor import doctor
from targeting.cli_fetch import fetch, regions
from targeting.cli_folder import compare, layers, picture, report
from targeting.cli_output import print_json, print_what_there_is
from targeting.errors import CampaignError, TargetingError
from targeting.plain_text import hidden_character, plain
from targeting.progress import progress
from targeting.whole import alone

if TYPE_CHECKING:
    from targeting.cache import Cache
    from targeting.campaign import Campaign
    from targeting.notices import Notices
    from targeting.plan import Plan
    from targeting.scores import Scores

FILE = click.Path(path_type=Path)
NAME_COLUMNS = ("route_short_name", "route_long_name", "route_name")
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
        gc.set_threshold(20_000)  # what a command makes lives to its end: less looking for what does not
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


def _campaign_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options shared by all commands that read a campaign file."""
    for option in reversed(
        [
            click.argument("file", type=FILE),
            click.option(
                "--set",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                help="Change a setting of the campaign file, for example --set buses=50. Repeatable.",
            ),
            click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors."),
            click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        ]
    ):
        command = option(command)
    return command


def _cache_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that has everything read and computed anew."""

    def chosen(_: click.Context, __: click.Parameter, without: bool) -> "Cache | None":
        from targeting.cache import user_cache

        return None if without else user_cache()

    return click.option(
        "--no-cache",
        "cache",
        is_flag=True,
        callback=chosen,
        help="Read and compute everything anew; by default feeds that have not changed are not read twice.",
    )(command)


@click.group(cls=_Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="targeting")
def main() -> None:
    """Decide which languages a poster campaign should carry on which buses.

    Joins census tracts (who speaks what, how well they speak English) to a transit agency's GTFS
    schedule, places languages on whole buses so that the most people are reached, and writes an
    interactive map and coverage tables with margins of error.
    """


main.add_command(batch)
main.add_command(fetch)
main.add_command(regions)


@main.command(epilog="\b\nExample:\n  targeting plan campaign.toml --set buses=50 --out maps/fifty")
@_campaign_options
@_cache_option
@click.option("--out", type=FILE, help="Folder to write, by default maps/<campaign name>.")
@click.option("--report", is_flag=True, help="Write report.html and report.docx too: summary and appendix.")
@click.option(
    "--audience",
    type=click.Choice(["staff", "public"]),
    default="staff",
    help="public: only where posters hang and in which languages, no figure of people.",
)
def plan(
    file: Path,
    settings: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    cache: "Cache | None",
    out: Path | None,
    report: bool,
    audience: Literal["staff", "public"],
) -> None:
    """Plan a campaign: write its map, tables and record into a folder."""
    from targeting.campaign import read_campaign
    from targeting.write import check_out

    if report and audience == "public":
        raise click.UsageError("--report is full of figures of people; leave it out for the public.")
    campaign = read_campaign(file, settings)
    folder = out or Path("maps") / (_slug(campaign.name) + ("-public" if audience == "public" else ""))
    check_out(folder)
    _plan_into(campaign, folder, quiet, as_json, cache, report=report, audience=audience)


@main.command(epilog="\b\nExample:\n  targeting routes campaign.toml --json > routes.json")
@_campaign_options
@_cache_option
def routes(file: Path, settings: tuple[str, ...], quiet: bool, as_json: bool, cache: "Cache | None") -> None:
    """Score the routes: which language each calls for, without placing a single bus."""
    scores = _scores(file, settings, quiet or as_json, cache)
    if as_json:
        print_json({"routes": _rows(scores.routes), "notices": scores.notices.as_dicts()})
    elif not quiet:
        from targeting.terminal import print_notices, print_routes

        print_routes(scores)
        print_notices(scores.notices)


@main.command(epilog="\b\nExample:\n  targeting explain campaign.toml 72")
@_campaign_options
@_cache_option
@click.argument("route")
def explain(
    file: Path, route: str, settings: tuple[str, ...], quiet: bool, as_json: bool, cache: "Cache | None"
) -> None:
    """Explain ROUTE (its number or id): what the plan hangs there and why, and what predominates along it."""
    from targeting.campaign import read_campaign
    from targeting.placement_reasons import placed_on, what_hangs, what_predominates
    from targeting.plan import make_plan
    from targeting.reasons import tracts_behind

    campaign = read_campaign(file, settings)
    with progress(len(campaign.region.gtfs) + 6, quiet or as_json) as step:
        made = make_plan(campaign, step, cache)
    route_id = _find_route(made.scores, route)
    tracts = tracts_behind(made.scores, route_id)
    if as_json:
        print_json(
            {
                "route_id": route_id,
                "plan": {
                    "strategy": campaign.placement.strategy,
                    "because": what_hangs(made, route_id),
                    "placements": _rows(placed_on(made, route_id)),
                },
                "predominant": what_predominates(made, route_id),
                "languages": _rows(made.routes[made.routes["route_id"] == route_id]),
                "tracts": json.loads(tracts.to_json(orient="records")),
            }
        )
    elif not quiet:
        from targeting.terminal import print_explanation

        print_explanation(made, route_id, tracts)


@main.command(epilog="\b\nExample:\n  targeting hotspots campaign.toml --gpkg hotspots.gpkg")
@_campaign_options
@click.option("--gpkg", type=FILE, help="Write the tracts and their six statistics to this GeoPackage.")
def hotspots(file: Path, settings: tuple[str, ...], quiet: bool, as_json: bool, gpkg: Path | None) -> None:
    """Find where each language concentrates: hot spots by the City of Portland's rule."""
    from targeting.campaign import read_campaign
    from targeting.hotspots import HotspotRule, hotspot_rows, hotspot_summary, hotspots_of
    from targeting.languages import told_apart
    from targeting.notices import Notices
    from targeting.people import read_people

    campaign, notices = read_campaign(file, settings), Notices()
    tracts, languages = read_people(campaign, notices)
    rule = HotspotRule(**campaign.hotspots.model_dump())
    spots = hotspots_of(tracts, list(told_apart(languages)), rule)
    rows, summary = hotspot_rows(tracts, languages, spots), hotspot_summary(tracts, languages, spots)
    if gpkg is not None:
        from targeting.write.gis import hotspots_gpkg

        # a layer of single tracts is where a handful of people must not look exact
        people = rows["people"].round()
        few = (people > 0) & (people < campaign.certainty.smallest_count)
        hotspots_gpkg(gpkg, tracts, rows.assign(people=rows["people"].mask(few)))
    if as_json:
        print_json(
            {
                "languages": _records(summary),
                "tracts": _records(rows),
                "notices": notices.as_dicts(),
            }
        )
    elif not quiet:
        from targeting.terminal import print_hotspots, print_notices

        print_hotspots(campaign, tracts, summary, rows, {lang.tag: lang.english_name for lang in languages})
        print_notices(notices)
        if gpkg is not None:
            click.echo(f"\nLayer: {gpkg.resolve()}")


@main.command(epilog="\b\nExample:\n  targeting vehicles campaign.toml --csv vehicles.csv")
@_campaign_options
@_cache_option
@click.option("--csv", "table", type=FILE, help="Write the table to this CSV file.")
def vehicles(
    file: Path,
    settings: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    cache: "Cache | None",
    table: Path | None,
) -> None:
    """Count vehicles: how many each route has, and on which other routes its cards are seen."""
    from dataclasses import asdict

    from targeting.campaign import read_campaign
    from targeting.notices import Notices
    from targeting.vehicle_table import read_vehicles
    from targeting.write.record import service_line
    from targeting.write.tables import write_vehicles

    campaign, notices = read_campaign(file, settings), Notices()
    with progress(len(campaign.region.gtfs) + 2, quiet or as_json) as step:
        feed, rows, totals = read_vehicles(campaign, notices, step, cache)
    source = service_line(campaign, feed)
    if table is not None:
        write_vehicles(table, rows, source)
    if as_json:
        print_json({"routes": _rows(rows), "totals": asdict(totals), "notices": notices.as_dicts()})
    elif not quiet:
        from targeting.terminal import print_notices
        from targeting.terminal_vehicles import print_vehicles

        print_vehicles(feed, rows, totals, source)
        print_notices(notices)
        if table is not None:
            click.echo(f"\nTable: {table.resolve()}")


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
    _plan_into(read_campaign(folder / "sample.toml"), folder / "plan", quiet, as_json, None)


main.add_command(doctor)
main.add_command(compare)
main.add_command(picture)
main.add_command(report)
main.add_command(layers)


def _plan_into(
    campaign: "Campaign",
    folder: Path,
    quiet: bool,
    as_json: bool,
    cache: "Cache | None",
    *,
    report: bool = False,
    audience: Literal["staff", "public"] = "staff",
) -> None:
    """Make a plan, write it, and say what it does."""
    from targeting.plan import make_plan
    from targeting.write import RECORD, write_plan

    with alone(folder), progress(len(campaign.region.gtfs) + 7, quiet or as_json) as step:
        replaced = (folder / RECORD).exists()
        made = make_plan(campaign, step, cache)
        step("writing map and tables")
        files = write_plan(made, folder, report=report, audience=audience)
    if as_json:
        print_json(_summary(made, folder, files))
    elif not quiet:
        from targeting.terminal import print_notices, print_plan

        print_plan(made)
        print_notices(made.scores.notices)
        print_notices(_of_the_day(made))
        click.echo(f"\nMap: {(folder / 'map.html').resolve()}")
        if report:
            click.echo(f"Report: {(folder / 'report.html').resolve()}")
        click.echo(
            f"For the public, without figures of people: {folder.resolve()}"
            if audience == "public"
            else f"Tables and record: {folder.resolve()}"
        )
        if replaced:
            click.echo("They replaced the plan that was there; --out keeps plans apart.")


def _scores(file: Path, settings: tuple[str, ...], quiet: bool, cache: "Cache | None") -> "Scores":
    from targeting.campaign import read_campaign
    from targeting.scoring import score_routes

    campaign = read_campaign(file, settings)
    with progress(len(campaign.region.gtfs) + 4, quiet) as step:
        return score_routes(campaign, step, cache)


def _find_route(scores: "Scores", name: str) -> str:
    """Return the route_id of a route given by id, number or name.

    Raises
    ------
    CampaignError
        When no route or several have that name.
    """
    from difflib import get_close_matches

    routes = scores.feed.routes
    if name in routes.index:
        return name
    wanted = name.strip().lower()
    for column in NAME_COLUMNS:
        found = routes.index[routes[column].str.lower() == wanted]
        if len(found) == 1:
            return str(found[0])
        if len(found) > 1:
            raise CampaignError(
                f"{name!r} is the name of {len(found)} routes; give one of the ids {', '.join(found)}."
            )
    other = scores.feed.left_out
    for column in (other.index.to_series(), *(other[name] for name in NAME_COLUMNS)):
        found = column.index[column.str.lower() == wanted]
        if len(found):
            title, mode = other.loc[found[0], ["route_name", "mode"]]
            counted = scores.campaign.region.modes
            if mode in counted:
                raise CampaignError(f"{title} has no trips in the design week {scores.feed.week}.")
            raise CampaignError(
                f"{title} is a {mode} route, and the plan counts {', '.join(counted)} only; add it with "
                f"--set 'modes={json.dumps([*counted, mode])}'."
            )
    names = [*routes["route_short_name"], *routes["route_name"], *other["route_name"]]
    close = [each for each in names if wanted in each.lower().split()][:3]
    close = close or get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see 'targeting routes FILE'."
    raise CampaignError(f"no route {name!r} in the feed; {hint}")


def _of_the_day(made: "Plan") -> "Notices":
    """Return what is odd about the plan's feeds and its posting date today."""
    from targeting.feed_checks import notices_of_the_day

    return notices_of_the_day(
        made.scores.feed.sources, date.today(), made.scores.campaign.orders.posting_date
    )


def _summary(made: "Plan", folder: Path, files: list[Path]) -> dict[str, Any]:
    return {
        "out": str(folder.resolve()),
        "files": [path.name for path in files],
        "design_week": {
            "week": str(made.scores.feed.week),
            "because": made.scores.feed.week.reason,
        },
        "placements": _rows(made.placements),
        "strategies": _rows(made.strategies),
        "coverage": _rows(made.coverage),
        "notices": [
            *made.scores.notices.as_dicts(),
            *_of_the_day(made).as_dicts(),
        ],
    }


def _rows(table: Any) -> list[dict[str, Any]]:
    """Return a table's rows as they are published, for JSON."""
    from targeting.write.tables import rounded

    return json.loads(rounded(table).to_json(orient="records"))  # type: ignore[no-any-return]


def _records(table: Any) -> list[dict[str, Any]]:
    """Return a table's rows to four decimals, for JSON."""
    return json.loads(table.to_json(orient="records", double_precision=4))  # type: ignore[no-any-return]


def _slug(name: str) -> str:
    """Return a campaign's name as a folder name."""
    return re.sub(r"\W+", "-", name.lower()).strip("-") or "plan"
