"""Work orders to print and hang up: the print order, then what to hang in which buses, garage by garage.

One HTML file without scripts and without requests. An installer who cannot read a card matches it by the
language's own name in large letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from targeting.garages import garage_title
from targeting.orders import Fitting, Orders, hangs_in
from targeting.wording import listed, natural
from targeting.write.record import source_line

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.scores import Scores

VENUES = "Venues"
NOT_KNOWN = "Garage not known"
BUSES = "Buses"


@dataclass(frozen=True)
class Card:
    """A card in one language, as the installer sees it named."""

    own_name: str
    english_name: str
    tag: str
    direction: str
    order: str


@dataclass(frozen=True)
class Job:
    """Buses of a unit that get the same cards, or a venue."""

    unit_name: str
    count: int
    venue: bool
    cards: tuple[Card, ...]
    hanging: tuple[Card, ...]

    @property
    def words(self) -> str:
        """What to do, in one line."""
        cards = _number(len(self.cards), "card")
        if self.venue:
            return f"Hang {cards}"
        return f"Fit {_number(self.count, 'bus', 'buses')}, {cards}{' in each' if self.count > 1 else ''}"


@dataclass(frozen=True)
class Sheet:
    """What one garage gets: its jobs unit by unit, and how many cards of each language to take along."""

    title: str
    jobs: tuple[Job, ...]
    take: tuple[tuple[Card, int], ...]
    stays: tuple[str, ...]

    @property
    def units(self) -> list[list[Job]]:
        """The jobs of each unit."""
        return [list(jobs) for _, jobs in groupby(self.jobs, key=lambda job: job.unit_name)]

    @property
    def words(self) -> str:
        """How much there is to do, in one line."""
        buses = sum(job.count for job in self.jobs if not job.venue)
        venues = len({job.unit_name for job in self.jobs if job.venue})
        where = [_number(buses, "bus", "buses")] if buses else []
        where += [_number(venues, "venue")] if venues else []
        return f"{_number(sum(count for _, count in self.take), 'card')} in {listed(where)}"


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
    return template.render(
        css=package.joinpath("orders.css").read_text(encoding="utf-8"),
        name=scores.campaign.name,
        agency=", ".join(dict.fromkeys(scores.feed.routes["agency"])),
        source=source_line(scores),
        settings=settings,
        weeks=f"{posters.weeks:g} week{'' if posters.weeks == 1 else 's'}",
        days=_number(settings.delivery_days, "working day"),
        delivery=_day(orders.dates.delivery),
        up=_day(orders.dates.up),
        down=_day(orders.dates.down),
        languages=named,
        rows=[row for row in rows.to_dict("records") if row["copies"]],
        total=orders.prints.iloc[-1].to_dict(),
        money=lambda amount: money(amount, settings.currency),
        notes=_notes(rows),
        sheets=_sheets(scores, orders),
    )


def money(amount: Decimal, currency: str) -> str:
    """Return "$1,234.50", or "EUR 1,234.50" where the sign is a word."""
    return f"{currency}{' ' if currency[-1:].isalpha() else ''}{amount:,.2f}"


def _sheets(scores: "Scores", orders: Orders) -> list[Sheet]:
    """Return a sheet for each garage, for buses of no known garage (all, without any), and for venues."""
    units = scores.postable.table
    known = any(orders.garages.values())
    languages = {language.tag: language for language in scores.languages}
    codes = orders.lines.set_index(["unit_id", "language"])["order"]

    def title(fitting: Fitting) -> str:
        if units.at[fitting.unit_id, "venue"]:
            return VENUES
        garages = [garage_title(name) for name in orders.garages[fitting.unit_id]]
        return listed(garages) if garages else NOT_KNOWN if known else BUSES

    def cards(fitting: Fitting, tags: Sequence[str]) -> tuple[Card, ...]:
        return tuple(
            Card(
                languages[tag].own_name,
                languages[tag].english_name,
                tag,
                languages[tag].direction,
                str(codes[(fitting.unit_id, tag)]),
            )
            for tag in tags
        )

    sheets: dict[str, list[Fitting]] = {}
    for fitting in orders.fittings:
        sheets.setdefault(title(fitting), []).append(fitting)
    order = {BUSES: 1, NOT_KNOWN: 2, VENUES: 3}
    made = []
    for heading in sorted(sheets, key=lambda each: (order.get(each, 0), natural(each))):
        jobs = [
            Job(
                unit_name=str(units.at[each.unit_id, "unit_name"]),
                count=each.count,
                venue=bool(units.at[each.unit_id, "venue"]),
                cards=cards(each, each.hang),
                hanging=cards(each, each.hanging),
            )
            for each in sheets[heading]
        ]
        counts = hangs_in(sheets[heading])
        made.append(
            Sheet(
                title=heading,
                jobs=tuple(job for job in jobs if job.cards),
                take=tuple(
                    (Card(lang.own_name, lang.english_name, tag, lang.direction, ""), counts[tag])
                    for tag, lang in languages.items()
                    if tag in counts
                ),
                stays=tuple(_stays(job) for job in jobs if not job.cards),
            )
        )
    return made


def _stays(job: Job) -> str:
    names = listed([card.english_name for card in job.hanging])
    return f"{job.unit_name}: {names}" + ("" if job.venue else f" in {_number(job.count, 'bus', 'buses')}")


def _notes(rows: pd.DataFrame) -> list[str]:
    """Return what to know about the print order."""
    notes = [f"{row.language_name}: {row.note}." for row in rows.itertuples() if row.note]
    none = rows.loc[rows["copies"] == 0, "language_name"].tolist()
    if none:
        notes.append(f"Nothing to print: {listed(none)}.")
    before = int(rows["hanging_already"].sum())
    if before:
        notes.append(f"{_number(before, 'card')} of an earlier wave stay up and are not printed again.")
    return notes


def _day(day: date | None) -> str:
    """Return "Friday, November 21, 2025"; empty without a day."""
    return "" if day is None else f"{day:%A, %B} {day.day}, {day.year}"


def _number(count: Any, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
