"""The commands that go to the network: `fetch` and `regions`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from targeting.cli_options import FILE
from targeting.cli_output import print_json
from targeting.errors import CampaignError
from targeting.whole import alone

if TYPE_CHECKING:
    from targeting.fetch.assemble import Detail, Outcome
    from targeting.fetch.regions import Region
    from targeting.notices import Notices


DETAILS = {"block": "block", "blockgroup": "block group", "none": None}
MORE_REGIONS = click.option(
    "--regions",
    "tables",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="A table of your own regions, with columns as the program's. Repeatable.",
)


@click.command(
    epilog="\b\nExamples:\n"
    "  targeting fetch portland\n"
    "  targeting fetch --counties 41051,41067,41005 --gtfs https://developer.trimet.org/schedule/gtfs.zip"
)
@click.argument("region", required=False)
@click.option("--counties", metavar="LIST", help="Five-digit codes, as 41051,41067; instead of a region's.")
@click.option(
    "--gtfs",
    "feeds",
    multiple=True,
    metavar="FEED",
    help="Instead of a region's feeds: an address, an id (mdb-…), an agency's name, or a zip. Repeatable.",
)
@click.option(
    "--year", type=click.IntRange(2016, 2100), help="Last year of the ACS release; else the latest."
)
@click.option("--out", type=FILE, help="Folder to fill, by default one named after the region.")
@click.option("--key", metavar="KEY", help="Census key; better in CENSUS_API_KEY or the config file.")
@click.option("--cache", type=FILE, help="Folder of the downloads, by default the user's cache folder.")
@click.option("--refresh", is_flag=True, help="Ask again for what is there; older downloads are kept.")
@click.option("--offline", is_flag=True, help="Take everything from the cache.")
@click.option(
    "--languages", default="auto:6", show_default=True, metavar="LIST", help="auto:N, or tags: es,vi,zh."
)
@click.option("--buses", type=click.IntRange(1), default=36, show_default=True, help="Buses with a poster.")
@click.option(
    "--points",
    type=click.Choice(list(DETAILS)),
    default="block",
    show_default=True,
    help="Where people live: by block (exact; a large file), by block group, or evenly over the tract.",
)
@click.option(
    "--controls/--no-controls",
    default=True,
    help="Tables B16001 and B05006, which split groups of languages.",
)
@MORE_REGIONS
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
def fetch(
    region: str | None,
    counties: str | None,
    feeds: tuple[str, ...],
    year: int | None,
    out: Path | None,
    key: str | None,
    cache: Path | None,
    refresh: bool,
    offline: bool,
    languages: str,
    buses: int,
    points: str,
    controls: bool,
    tables: tuple[Path, ...],
    quiet: bool,
) -> None:
    """Fetch real data for REGION: timetables, census tables, outlines, and a campaign file beside them.

    'targeting regions' lists the regions; any other is named by its counties and feeds. What was fetched
    before is not fetched again, and an interrupted run goes on where it was.
    """
    from targeting.fetch.assemble import Wanted, fetch_region, fetchers
    from targeting.fetch.http import HttpClient
    from targeting.fetch.redact import keep_secret
    from targeting.fetch.settings import KEYS_FROM, cache_folder, census_key
    from targeting.notices import Notices

    if refresh and offline:
        raise click.UsageError("--refresh asks the network and --offline does not; give one of them")
    place = _place(region, counties, feeds, tables)
    keep_secret(key)
    key = census_key(key)
    keep_secret(key)
    wanted = Wanted(
        title=place.title,
        counties=place.counties,
        feeds=place.feeds,
        out=out or Path(place.name),
        year=year,
        key=key,
        languages=_languages(languages),
        buses=buses,
        points=cast("Detail | None", DETAILS[points]),
        controls=controls,
        refresh=refresh,
    )
    notices = Notices()

    def say(what: str) -> None:
        if not quiet:
            click.echo(what)

    if key is None and not offline:
        say(
            "No Census key: tables are read from files of the whole nation, which takes long. A free key is "
            f"quicker: {KEYS_FROM}"
        )
    try:
        with (
            alone(wanted.out),
            HttpClient(cache or cache_folder(), refresh=refresh, offline=offline, quiet=quiet) as client,
        ):
            how = fetchers()
            done = fetch_region(wanted, client, how, today=date.today(), notices=notices, say=say)
    except KeyboardInterrupt:
        click.echo("Stopped; what came is kept: run the same command again to go on.", err=True)
        raise click.exceptions.Exit(130) from None
    _report(done, wanted.out, notices, quiet)


@click.command(epilog="\b\nExample:\n  targeting regions --json > regions.json")
@MORE_REGIONS
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def regions(tables: tuple[Path, ...], as_json: bool) -> None:
    """List the transit regions that 'targeting fetch' knows by name."""
    from dataclasses import asdict

    from targeting.fetch.regions import read_regions

    known = sorted(read_regions(tables).values(), key=lambda region: region.name)
    if as_json:
        print_json({"regions": [asdict(region) for region in known]})
        return
    from rich.console import Console

    from targeting.fetch.settings import config_folder
    from targeting.terminal_tables import new_table

    table = new_table("", [("name", False), ("region", False), ("counties", True), ("feeds", True)])
    for region in known:
        table.add_row(region.name, region.title, str(len(region.counties)), str(len(region.feeds)))
    Console().print(table)
    click.echo(f"Add your own in {config_folder() / 'regions.csv'}, or with --regions FILE.")


def _place(
    region: str | None, counties: str | None, feeds: tuple[str, ...], tables: tuple[Path, ...]
) -> "Region":
    """Return the region of a name, with the counties and feeds given instead of its own."""
    from dataclasses import replace

    from targeting.fetch.regions import Region, checked_counties, find_region, read_regions

    if region is not None:
        place = find_region(region, read_regions(tables))
    elif counties:
        place = Region("my-region", "my region", (), (), (), "")
    else:
        raise click.UsageError("name a region ('targeting regions' lists them), or give --counties")
    if counties:
        codes = counties.replace(",", " ").split()
        place = replace(place, counties=checked_counties(codes, "--counties"))
    return replace(place, feeds=feeds) if feeds else place


def _languages(text: str) -> str | tuple[str, ...]:
    """Return "auto:N" as it is, and a list as known tags.

    Raises
    ------
    CampaignError
        When a tag is not in the catalogue.
    """
    from targeting.languages import catalogue

    text = text.strip()
    kind, _, number = text.partition(":")
    if kind == "auto" and number.isdigit() and int(number):
        return text
    tags = tuple(dict.fromkeys(text.replace(",", " ").split()))
    unknown = [tag for tag in tags if tag not in catalogue()]
    if unknown or not tags:
        raise CampaignError(
            f"--languages {text}: {unknown[0] if unknown else 'nothing'} is no language tag; write auto:6, "
            "or tags of docs/languages.md such as es,vi,zh."
        )
    return tags


def _terms(done: "Outcome") -> list[str]:
    """Return under which terms each timetable came, and the census data."""
    terms = [
        f"Terms of the {fetched.what.partition(', ')[0]}: "
        f"{fetched.licence or 'not stated; ask the agency before you publish'}"
        for source, fetched in done.fetched.items()
        if source.startswith("timetable ")
    ]
    others = {f.licence for source, f in done.fetched.items() if not source.startswith("timetable ")}
    return terms + [f"Terms of the census data: {licence}" for licence in sorted(others - {""})]


def _errors(done: "Outcome") -> list[str]:
    """Return a sentence for each source that failed, and only one for all whose servers were not reached."""
    from targeting.wording import listed

    together = done.unreached if len(done.unreached) > 1 else {}
    said = [f"{source}: {why}" for source, why in done.failed.items() if source not in together]
    if together:
        hosts = list(dict.fromkeys(together.values()))
        seems = "no network: " if len(hosts) > 1 else ""
        said.insert(
            0,
            f"{seems}{listed(hosts)} cannot be reached, so that these are lacking: {', '.join(together)}; "
            "check the network and the addresses, and run the same command again.",
        )
    return said


def _report(done: "Outcome", out: Path, notices: "Notices", quiet: bool) -> None:
    """Say what failed and what is next.

    Raises
    ------
    Exit
        With code 2, when a source failed.
    """
    from targeting.wording import listed

    if not quiet:
        for notice in notices:
            click.echo(f"Note: {notice.message}")
    for sentence in _errors(done):
        click.echo(f"Error: {sentence}", err=True)
    if not quiet:
        for terms in _terms(done):
            click.echo(terms)
    if done.campaign is not None and not quiet:
        if done.campaign.name != "campaign.toml":
            yours = out / "campaign.toml"
            click.echo(f"\n{yours} was changed by you and left alone; see {done.campaign}.")
        click.echo(f"\nNext: targeting plan {out / 'campaign.toml'}")
    if not done.failed:
        return
    if done.lacking:
        ending = f"A plan still lacks {listed(done.lacking)}"
    else:
        ending = "A plan can be made of what came"
    click.echo(
        f"{ending}; what came is in {out}. Once the above is mended, run the command again: only what is "
        "missing is fetched.",
        err=True,
    )
    raise click.exceptions.Exit(2)
