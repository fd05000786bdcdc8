"""The commands that score routes and place posters: plan, routes and explain."""

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from targeting.cli_options import FILE, cache_option, campaign_options, chosen_cache
from targeting.cli_output import print_json, published
from targeting.errors import CampaignError
from targeting.progress import progress
from targeting.whole import alone

if TYPE_CHECKING:
    from targeting.campaign import Campaign
    from targeting.notices import Notices
    from targeting.plan import Plan
    from targeting.scores import Scores

NAME_COLUMNS = ("route_short_name", "route_long_name", "route_name")


@click.command(epilog="\b\nExample:\n  targeting plan campaign.toml --set buses=50 --out maps/fifty")
@campaign_options
@cache_option
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
    no_cache: bool,
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
    plan_into(campaign, folder, quiet, as_json, no_cache, report=report, audience=audience)


@click.command(epilog="\b\nExample:\n  targeting routes campaign.toml --json > routes.json")
@campaign_options
@cache_option
def routes(file: Path, settings: tuple[str, ...], quiet: bool, as_json: bool, no_cache: bool) -> None:
    """Score the routes: which language each calls for, without placing a single bus."""
    scores = _scores(file, settings, quiet or as_json, no_cache)
    if as_json:
        print_json({"routes": published(scores.routes), "notices": scores.notices.as_dicts()})
    elif not quiet:
        from targeting.terminal import print_notices, print_routes

        print_routes(scores)
        print_notices(scores.notices)


@click.command(epilog="\b\nExample:\n  targeting explain campaign.toml 72")
@campaign_options
@cache_option
@click.argument("route")
def explain(
    file: Path, route: str, settings: tuple[str, ...], quiet: bool, as_json: bool, no_cache: bool
) -> None:
    """Explain ROUTE (its number or id): what the plan hangs there and why, and what predominates along it."""
    from targeting.campaign import read_campaign
    from targeting.placement_reasons import placed_on, what_hangs, what_predominates
    from targeting.plan import make_plan
    from targeting.reasons import tracts_behind

    campaign = read_campaign(file, settings)
    with progress(len(campaign.region.gtfs) + 6, quiet or as_json) as step:
        made = make_plan(campaign, step, chosen_cache(no_cache))
    route_id = _find_route(made.scores, route)
    tracts = tracts_behind(made.scores, route_id)
    if as_json:
        print_json(
            {
                "route_id": route_id,
                "plan": {
                    "strategy": campaign.placement.strategy,
                    "because": what_hangs(made, route_id),
                    "placements": published(placed_on(made, route_id)),
                },
                "predominant": what_predominates(made, route_id),
                "languages": published(made.routes[made.routes["route_id"] == route_id]),
                "tracts": json.loads(tracts.to_json(orient="records")),
            }
        )
    elif not quiet:
        from targeting.terminal import print_explanation

        print_explanation(made, route_id, tracts)


def plan_into(
    campaign: "Campaign",
    folder: Path,
    quiet: bool,
    as_json: bool,
    no_cache: bool,
    *,
    report: bool = False,
    audience: Literal["staff", "public"] = "staff",
) -> None:
    """Make a plan, write it, and say what it does."""
    from targeting.plan import make_plan
    from targeting.write import RECORD, write_plan

    with alone(folder), progress(len(campaign.region.gtfs) + 7, quiet or as_json) as step:
        replaced, cache = (folder / RECORD).exists(), chosen_cache(no_cache)
        made = make_plan(campaign, step, cache)
        step("writing map and tables")
        files = write_plan(made, folder, report=report, audience=audience, cache=cache)
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


def _scores(file: Path, settings: tuple[str, ...], quiet: bool, no_cache: bool) -> "Scores":
    from targeting.campaign import read_campaign
    from targeting.scoring import score_routes

    campaign = read_campaign(file, settings)
    with progress(len(campaign.region.gtfs) + 4, quiet) as step:
        return score_routes(campaign, step, chosen_cache(no_cache))


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
        "placements": published(made.placements),
        "strategies": published(made.strategies),
        "coverage": published(made.coverage),
        "notices": [
            *made.scores.notices.as_dicts(),
            *_of_the_day(made).as_dicts(),
        ],
    }


def _slug(name: str) -> str:
    """Return a campaign's name as a folder name."""
    return re.sub(r"\W+", "-", name.lower()).strip("-") or "plan"
