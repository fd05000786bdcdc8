"""The work orders of a plan as tables: CSV for programs and a workbook for people."""

from typing import TYPE_CHECKING

import pandas as pd

from targeting.order_packing import REST
from targeting.orders import Orders
from targeting.write.orders_sheets import NOT_KNOWN, packing
from targeting.write.record import source_line
from targeting.write.sheets import Column, Heading, Workbook
from targeting.write.tables import as_csv, as_published

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.scores import Scores

PRINT = {
    "order": Column("Order"),
    "own_name": Column("Language, as on the card"),
    "language_name": Column("In English"),
    "artwork_size": Column("Artwork size"),
    "to_hang": Column("Cards to hang", "number"),
    "spares": Column("Spares", "number"),
    "copies": Column("Copies to print", "number"),
    "pack_size": Column("Cards in a pack", "number"),
    "delivery_date": Column("Deliver by", "date"),
    "print_cost": Column("Price", "money"),
    "note": Column("To know", "prose"),
}
COSTS = {
    "order": Column("Order"),
    "language_name": Column("Language"),
    "copies": Column("Copies to print", "number"),
    "to_hang": Column("Cards to hang", "number"),
    "print_cost": Column("Printing", "money"),
    "installation_cost": Column("Hanging", "money"),
    "cost": Column("Cost", "money"),
    "cost_per_card": Column("Cost per card hung", "money"),
    "reach": Column("People reached", "people"),
    "reach_moe": Column("Margin (90%)", "margin"),
    "cost_per_person_reached": Column("Cost per person reached", "price"),
    "cost_per_person_reached_moe": Column("Margin of that cost", "price"),
    "measured_as": Column("People counted"),
}
FITTING = {
    "order": Column("Order"),
    "unit_name": Column("Where"),
    "garage": Column("Garage"),
    "own_name": Column("Language, as on the card"),
    "language_name": Column("In English"),
    "buses": Column("Buses", "number"),
    "cards_each": Column("Cards in each", "number"),
    "cards": Column("Cards", "number"),
    "hanging_already": Column("Up already", "number"),
    "shared_buses": Column("Buses with another card too", "number"),
    "shared_with": Column("Which"),
    "date_up": Column("Date up", "date"),
    "date_down": Column("Date down", "date"),
}
PACKING = {
    "place": Column("Sent to"),
    "own_name": Column("Language, as on the card"),
    "language_name": Column("In English"),
    "cards": Column("Cards to hang", "number"),
    "spares": Column("Spares", "number"),
    "copies": Column("Copies", "number"),
}
NEEDED = ("order", "own_name", "language_name", "to_hang", "spares", "copies", "cards")


def orders_csv(plan: "Plan", orders: Orders) -> dict[str, str]:
    """Return the text of each CSV file by its name."""
    source = source_line(plan.scores)
    tables = {"orders.csv": orders.lines, "orders_print.csv": orders.prints}
    return {name: as_csv(as_published(plan, table).assign(source=source)) for name, table in tables.items()}


def orders_workbook(plan: "Plan", orders: Orders) -> bytes:
    """Return orders.xlsx: print order, fitting list, costs where prices are given, and how to read them."""
    scores, source = plan.scores, source_line(plan.scores)
    campaign = scores.campaign
    book = Workbook(title=f"{campaign.name}: work orders", source=source, currency=campaign.orders.currency)
    prints = as_published(plan, orders.prints)
    prints = prints.assign(to_hang=prints["cards"] - prints["hanging_already"])
    every = prints["language"] == ""
    prints.loc[every, "language_name"] = "All languages"
    known = {language.tag: language.english_name for language in scores.languages}
    venue = orders.lines["unit"] == "venue"
    known_garages = (orders.lines["garage"] != "").any()
    lines = orders.lines.assign(
        garage=orders.lines["garage"].mask(
            known_garages & ~venue & (orders.lines["garage"] == ""), NOT_KNOWN
        ),
        shared_with=[
            ", ".join(known[tag] for tag in filter(None, tags.split(", ")))
            for tags in orders.lines["shared_with"]
        ],
    )
    book.add_table(
        "Print order",
        prints,
        _with_matter(PRINT, prints),
        title=f"Print order: {campaign.name}",
        note=_deadline(orders, campaign.orders.delivery_days),
        frozen=2,
        strong=every.tolist(),
    )
    book.add_table(
        "Fitting list",
        lines,
        _with_matter(FITTING, lines),
        title=f"Fitting list: {campaign.name}",
        note="One row a garage, unit and language. To hang up, with a line for each bus: orders.html.",
        frozen=2,
    )
    sent = packing(scores, orders)
    book.add_table(
        "Packing list",
        sent.assign(
            place=sent["place"].where(sent["place"] != REST, "Sent to nobody"),
            own_name=sent["language"].map({each.tag: each.own_name for each in scores.languages}),
            language_name=sent["language"].map(known),
        ),
        PACKING,
        title=f"Packing list: {campaign.name}",
        note="Who is sent how many copies. What is left of whole packs is sent to nobody: it stays with "
        "whoever planned the campaign.",
        frozen=1,
    )
    if orders.prints["cost"].notna().any():
        book.add_table(
            "Costs",
            prints,
            _with_matter(COSTS, prints),
            title=f"Costs: {campaign.name}",
            note="By the unit prices of the campaign file.",
            frozen=2,
            strong=every.tolist(),
        )
    book.add_prose("Read me", f"Work orders: {campaign.name}", _read_me(scores, source))
    return book.content()


def _with_matter(columns: dict[str, Column], table: pd.DataFrame) -> dict[str, Column]:
    """Return the columns but for those that are empty, or 0, in every row."""
    return {
        name: column
        for name, column in columns.items()
        if name in NEEDED or (~table[name].isin(["", 0]) & table[name].notna()).any()
    }


def _deadline(orders: Orders, days: int) -> str:
    if orders.dates.delivery is None:
        return (
            "No delivery date: the campaign file gives no posting_date, so it is to be agreed with whoever "
            "planned the campaign."
        )
    return (
        f"Deliver by {orders.dates.delivery}, {days} working days before the posters go up on "
        f"{orders.dates.up}. They come down on {orders.dates.down}."
    )


def _read_me(scores: "Scores", source: str) -> list[str | Heading | tuple[str, str]]:
    posters, settings = scores.campaign.posters, scores.campaign.orders
    return [
        "What the print shop prints, and which buses and venues carry it, as the plan beside this file "
        "places it.",
        Heading("Print order"),
        ("Cards to hang", "one for every bus of the plan that carries the language, and for every venue"),
        (
            "Spares",
            f"{posters.spares:.0%} of the cards to hang for every eight weeks begun, rounded up; the posters "
            f"hang for {posters.weeks:g} weeks",
        ),
        (
            "Copies to print",
            f"cards to hang and spares, rounded up to whole packs of {settings.pack_size:,}, and never more "
            "than posters.copies of the campaign file",
        ),
        (
            "Deliver by",
            f"{settings.delivery_days} working days before the first day up. Saturdays, Sundays and US "
            "federal holidays are no working days",
        ),
        Heading("Fitting list"),
        ("Order", "short code of the row; it stands on the sheets to hang up (orders.html) too"),
        (
            "Garage",
            "which garage sends the buses out: where several do, each has a row and a number of its own",
        ),
        ("Buses", "how many of the garage's buses carry the card; any of those that run there"),
        (
            "Buses with another card too",
            "how many of them carry a card in another language as well, and which",
        ),
        ("Date down", "the day on which the cards come down"),
        Heading("Packing list"),
        (
            "Spares",
            "shared out among garages and venues in proportion to the cards that they hang",
        ),
        Heading("Costs"),
        ("Cost", "copies at the card price, and cards to hang at the installation price, where given"),
        (
            "Cost per person reached",
            "cost over the people expected to see the cards at least once (reach of coverage.csv), with the "
            "margin of the census figures alone",
        ),
        Heading("Source"),
        source,
    ]
