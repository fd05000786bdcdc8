"""Work orders to print and hang up: the print order, then what to hang in which buses, garage by garage.

One HTML file without scripts and without requests. An installer who cannot read a card matches it by the
language's own name in large letters.
"""

from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2
import pandas as pd

from targeting.order_packing import REST
from targeting.orders import Orders
from targeting.waves import days_between
from targeting.wording import listed
from targeting.write.orders_sheets import day_of, number, packing, sheets_of
from targeting.write.record import source_line

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.scores import Scores


def orders_html(plan: "Plan", orders: Orders) -> str:
    """Return the work orders as one HTML page."""
    scores = plan.scores
    package = files("targeting.write")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(package.joinpath("orders.html").read_text(encoding="utf-8"))
    settings, posters = scores.campaign.orders, scores.campaign.posters
    named = {language.tag: language for language in scores.languages}
    rows = orders.prints.iloc[:-1]
    sent, rest = _sent(scores, orders)
    return template.render(
        css=package.joinpath("orders.css").read_text(encoding="utf-8"),
        name=scores.campaign.name,
        agency=", ".join(dict.fromkeys(scores.feed.routes["agency"])),
        source=source_line(scores),
        settings=settings,
        weeks=f"{posters.weeks:g} week{'' if posters.weeks == 1 else 's'}",
        days=number(settings.delivery_days, "working day"),
        delivery=day_of(orders.dates.delivery),
        up=day_of(orders.dates.up),
        down=day_of(orders.dates.down),
        earlier_down=_earlier_down(scores, orders),
        days_apart=number(days_between(scores.inputs.earlier, orders.dates.up), "day"),
        languages=named,
        rows=[row for row in rows.to_dict("records") if row["copies"]],
        total=orders.prints.iloc[-1].to_dict(),
        money=lambda amount: money(amount, settings.currency),
        notes=_notes(rows),
        sent=sent,
        rest=rest,
        sheets=sheets_of(scores, orders),
    )


def money(amount: Decimal, currency: str) -> str:
    """Return "$1,234.50", or "EUR 1,234.50" where the sign is a word."""
    return f"{currency}{' ' if currency[-1:].isalpha() else ''}{amount:,.2f}"


def _sent(scores: "Scores", orders: Orders) -> tuple[list[tuple[str, str, int]], str]:
    """Return what is sent to each place (in words, and how many copies), and what is sent to nobody."""
    names = {language.tag: language.english_name for language in scores.languages}
    sent = packing(scores, orders)
    rest = [f"{row.copies:,} {names[str(row.language)]}" for row in sent[sent["place"] == REST].itertuples()]
    return [
        (
            str(place),
            ", ".join(
                f"{names[row.language]} {row.cards:,}\u00a0+\u00a0{row.spares:,}" for row in rows.itertuples()
            ),
            int(rows["copies"].sum()),
        )
        for place, rows in sent[sent["place"] != REST].groupby("place", sort=False)
    ], listed(rest)


def _notes(rows: pd.DataFrame) -> list[str]:
    """Return what to know about the print order."""
    notes = [f"{row.language_name}: {row.note}." for row in rows.itertuples() if row.note]
    none = rows.loc[rows["copies"] == 0, "language_name"].tolist()
    if none:
        notes.append(f"Nothing to print: {listed(none)}.")
    before = int(rows["hanging_already"].sum())
    if before:
        stay = "stays up and is" if before == 1 else "stay up and are"
        notes.append(f"{number(before, 'card')} of an earlier wave {stay} not printed again.")
    return notes


def _earlier_down(scores: "Scores", orders: Orders) -> str:
    """Return the day on which the earlier wave's own sheets take its cards down, where that is too early."""
    earlier, down = scores.inputs.earlier, orders.dates.down
    if earlier is None or earlier.down is None or down is None or earlier.down >= down:
        return ""
    return day_of(earlier.down)
