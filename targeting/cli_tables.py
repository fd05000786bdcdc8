"""The commands of a single table: where languages concentrate, and how many vehicles routes have."""

from pathlib import Path

import click

from targeting.cli_options import FILE, cache_option, campaign_options, chosen_cache
from targeting.cli_output import print_json, published, records
from targeting.progress import progress


@click.command(epilog="\b\nExample:\n  targeting hotspots campaign.toml --gpkg hotspots.gpkg")
@campaign_options
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
                "languages": records(summary),
                "tracts": records(rows),
                "notices": notices.as_dicts(),
            }
        )
    elif not quiet:
        from targeting.terminal import print_hotspots, print_notices

        print_hotspots(campaign, tracts, summary, rows, {lang.tag: lang.english_name for lang in languages})
        print_notices(notices)
        if gpkg is not None:
            click.echo(f"\nLayer: {gpkg.resolve()}")


@click.command(epilog="\b\nExample:\n  targeting vehicles campaign.toml --csv vehicles.csv")
@campaign_options
@cache_option
@click.option("--csv", "table", type=FILE, help="Write the table to this CSV file.")
def vehicles(
    file: Path,
    settings: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    no_cache: bool,
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
        feed, rows, totals = read_vehicles(campaign, notices, step, chosen_cache(no_cache))
    source = service_line(campaign, feed)
    if table is not None:
        write_vehicles(table, rows, source)
    if as_json:
        print_json({"routes": published(rows), "totals": asdict(totals), "notices": notices.as_dicts()})
    elif not quiet:
        from targeting.terminal import print_notices
        from targeting.terminal_vehicles import print_vehicles

        print_vehicles(feed, rows, totals, source)
        print_notices(notices)
        if table is not None:
            click.echo(f"\nTable: {table.resolve()}")
