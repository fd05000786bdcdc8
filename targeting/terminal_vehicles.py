"""What `targeting vehicles` prints for people."""

from typing import TYPE_CHECKING

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from targeting.vehicle_table import VehicleTotals

if TYPE_CHECKING:
    from targeting.feed import Feed


def print_vehicles(feed: "Feed", rows: pd.DataFrame, totals: VehicleTotals, source: str) -> None:
    """Print each route's vehicles and where its cards go, and one sentence on all of them.

    Parameters
    ----------
    feed : Feed
    rows : DataFrame
        Result of `targeting.vehicle_table.vehicle_rows`.
    totals : VehicleTotals
    source : str
        Where the figures come from.
    """
    console = Console()
    console.print(f"\nDesign week {feed.week}: {feed.week.reason}.", highlight=False)
    garages = bool((rows["garage"] != "").any())
    table = Table(title="Vehicles", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("Route", "Vehicles", "Hours\na week", "A card's hours elsewhere", "Family"):
        number = name in ("Vehicles", "Hours\na week")
        table.add_column(name, justify="right" if number else "left", no_wrap=number)
    if garages:
        table.add_column("Garage")
    for row in rows.itertuples():
        cells = [
            escape(row.route_name),
            f"{row.vehicles:,}",
            f"{row.vehicle_hours_week:,.0f}",
            escape(f"{_share(row.elsewhere)} on {row.elsewhere_routes}") if row.elsewhere else "–",
            escape(row.family.removeprefix("Lines ")) or "–",
        ]
        table.add_row(*cells, *([escape(row.garage) or "–"] if garages else []))
    console.print(table)
    console.print(sentence(totals), highlight=False, markup=False)
    console.print(
        "Vehicles: the most in service at once on the weekday with the most trips. Hours: of all its "
        "vehicles in service, layovers left out. A card's hours elsewhere: the share that a card ordered "
        "for the route spends on other routes, since it stays in its bus. Family: routes that share so "
        "many vehicles that they are best ordered together.",
        style="dim",
    )
    console.print(source, style="dim", highlight=False, markup=False)


def sentence(totals: VehicleTotals) -> str:
    """Return in one sentence what the vehicles of all routes share."""
    shared = totals.shared_blocks / totals.blocks if totals.blocks else 0.0
    return (
        f"{totals.fleet:,} vehicles are out at once at the peak; {totals.shared_blocks:,} of the "
        f"{totals.blocks:,} blocks of the design weekday ({_share(shared)}) serve more than one route, and "
        f"cards ordered by route spend {_share(totals.elsewhere)} of their hours on other routes."
    )


def _share(value: float) -> str:
    return "under 1%" if 0 < value < 0.01 else f"{value:.0%}"
