"""The sheets of a plan's work orders: who gets which of them, and what each says to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from targeting.garages import garage_title
from targeting.order_blocks import Blocks, blocks_of
from targeting.order_fittings import Fitting
from targeting.order_packing import packing_list
from targeting.orders import Orders
from targeting.wording import listed

if TYPE_CHECKING:
    from targeting.scores import Scores

VENUES = "Venues"
NOT_KNOWN = "Garage not known"
BUSES = "Buses"
BLOCKS_NAMED = 10
UNITS = {"route": "this route", "family": "these routes", "garage": "buses of this garage"}


@dataclass(frozen=True)
class Card:
    """A card in one language, as the installer sees it named."""

    own_name: str
    english_name: str
    tag: str
    direction: str
    order: str = ""


@dataclass(frozen=True)
class Packed:
    """Copies of a language that a garage, or the venues, are sent."""

    card: Card
    cards: int
    spares: int
    copies: int


@dataclass(frozen=True)
class Job:
    """Buses of a unit that get the same cards, or a venue; and what to know of them."""

    unit_name: str
    count: int
    venue: bool
    cards: tuple[Card, ...]
    hanging: tuple[Card, ...]
    notes: tuple[str, ...] = ()
    blocks: str = ""

    @property
    def words(self) -> str:
        """What to do, in one line."""
        cards = number(len(self.cards), "card")
        if self.venue:
            return f"Hang {cards}"
        return f"Fit {number(self.count, 'bus', 'buses')}, {cards}{' in each' if self.count > 1 else ''}"


@dataclass(frozen=True)
class Sheet:
    """What one garage gets: its jobs unit by unit, and which copies are sent to it."""

    title: str
    jobs: tuple[Job, ...]
    packed: tuple[Packed, ...]
    stays: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def units(self) -> list[list[Job]]:
        """The jobs of each unit."""
        return [list(jobs) for _, jobs in groupby(self.jobs, key=lambda job: job.unit_name)]

    @property
    def words(self) -> str:
        """How much there is to do, in one line."""
        buses = sum(job.count for job in self.jobs if not job.venue)
        venues = len({job.unit_name for job in self.jobs if job.venue})
        where = [number(buses, "bus", "buses")] if buses else []
        where += [number(venues, "venue")] if venues else []
        return f"{number(sum(each.cards for each in self.packed), 'card')} in {listed(where)}"


def fittings_by_sheet(scores: "Scores", orders: Orders) -> dict[str, list[Fitting]]:
    """Return the fittings of each garage, of no known garage (all, without any), and of the venues."""
    venue = scores.postable.table["venue"]
    known = any(each.garage for each in orders.fittings)
    sheets: dict[str, list[Fitting]] = {}
    for each in orders.fittings:
        title = VENUES if venue[each.unit_id] else _garage(each.garage) if known else BUSES
        sheets.setdefault(title, []).append(each)
    return sheets


def packing(scores: "Scores", orders: Orders) -> pd.DataFrame:
    """Return what is sent to whom: `targeting.order_packing.packing_list` of the sheets."""
    return packing_list(orders.prints, fittings_by_sheet(scores, orders))


def sheets_of(scores: "Scores", orders: Orders) -> list[Sheet]:
    """Return a sheet for each garage, for buses of no known garage (all, without any), and for venues."""
    units = scores.postable.table
    languages = {language.tag: language for language in scores.languages}
    codes = orders.lines.set_index(["unit_id", "garage", "language"])["order"]
    sent = packing(scores, orders)
    blocks = blocks_of(scores.feed, scores.units, orders.fittings)

    def card(tag: str, order: str = "") -> Card:
        language = languages[tag]
        return Card(language.own_name, language.english_name, tag, language.direction, order)

    def job(fitting: Fitting) -> Job:
        return Job(
            unit_name=str(units.at[fitting.unit_id, "unit_name"]),
            count=fitting.count,
            venue=bool(units.at[fitting.unit_id, "venue"]),
            cards=tuple(
                card(tag, str(codes[(fitting.unit_id, fitting.garage, tag)])) for tag in fitting.hang
            ),
            hanging=tuple(card(tag) for tag in fitting.hanging),
            notes=(
                *_elsewhere(fitting, orders.fittings),
                *_other_buses(fitting, orders.fittings, scores.units.kind),
            ),
            blocks=_blocks(blocks.get((fitting.unit_id, fitting.garage)), scores.units.kind),
        )

    made = []
    for title, fittings in fittings_by_sheet(scores, orders).items():
        jobs = [job(each) for each in fittings]
        made.append(
            Sheet(
                title=title,
                jobs=tuple(each for each in jobs if each.cards),
                packed=tuple(
                    Packed(card(str(row.language)), int(row.cards), int(row.spares), int(row.copies))
                    for row in sent[sent["place"] == title].itertuples(index=False)
                ),
                stays=tuple(_stays(each) for each in jobs if not each.cards),
                rules=() if title == VENUES else _rules(scores),
            )
        )
    return made


def _garage(name: str) -> str:
    return garage_title(name) if name else NOT_KNOWN


def _rules(scores: "Scores") -> tuple[str, ...]:
    """Return how many cards a bus gets, and which buses will do."""
    slots = scores.campaign.posters.slots
    cards = (
        "One card a bus: each card hangs in a bus of its own, that carries no other card of this campaign."
        if slots == 1
        else "Each line is another bus. It gets one of each card that its box names, and carries no other "
        f"card of this campaign: {slots} cards a bus at the most, each in another language."
    )
    where = {
        "route": "Any bus that runs the route on that day will do; best is one that stays on it all day.",
        "family": "Any bus that runs one of the routes on that day will do; best is one that stays on them "
        "all day.",
        "garage": "Any bus that the garage sends out on that day will do.",
    }[scores.units.kind]
    return cards, where


def _elsewhere(fitting: Fitting, fittings: Iterable[Fitting]) -> list[str]:
    """Return which garages fit the rest of the buses of the same unit with the same cards."""
    same = [
        each
        for each in fittings
        if (each.unit_id, each.hang, each.hanging) == (fitting.unit_id, fitting.hang, fitting.hanging)
    ]
    if len(same) < 2 or not fitting.hang:
        return []
    others = [f"{_garage(each.garage)} {each.count:,}" for each in same if each.garage != fitting.garage]
    every = sum(each.count for each in same)
    return [f"{fitting.count:,} of {every:,} buses with {_these(fitting)}; the rest: {listed(others)}."]


def _other_buses(fitting: Fitting, fittings: Iterable[Fitting], kind: str) -> list[str]:
    """Return how many buses of the unit carry cards of an earlier wave, where these must be others."""
    before = sum(each.count for each in fittings if each.unit_id == fitting.unit_id and each.hanging)
    if not before or fitting.hanging:
        return []
    carry = "bus carries" if before == 1 else "buses carry"
    which = "another bus" if fitting.count == 1 else "other buses"
    return [f"{before:,} {carry} a card of an earlier wave on {UNITS[kind]} already: take {which}."]


def _blocks(blocks: Blocks | None, kind: str) -> str:
    """Return which blocks stay on the unit; nothing where all do, or none is known."""
    if blocks is None or len(blocks.stay) == blocks.count:
        return ""
    where = f"on {UNITS[kind]} all day (timetable of {day_of(blocks.day)})"
    named = blocks.stay or blocks.longest
    more = len(named) - BLOCKS_NAMED
    names = listed([*named[:BLOCKS_NAMED], f"{more:,} more"] if more > 1 else named)
    which = f"{'block' if len(named) == 1 else 'blocks'} {names}."
    if not blocks.stay:
        return f"None of {number(blocks.count, 'block')} stays {where}. Longest there: {which}"
    stay = "stays" if len(named) == 1 else "stay"
    return f"Best, longest out first: {which} {len(named):,} of {blocks.count:,} {stay} {where}."


def day_of(day: date | None) -> str:
    """Return "Friday, November 21, 2025"; empty without a day."""
    return "" if day is None else f"{day:%A, %B} {day.day}, {day.year}"


def _these(fitting: Fitting) -> str:
    return "this card" if len(fitting.hang) == 1 else "these cards"


def _stays(job: Job) -> str:
    names = listed([card.english_name for card in job.hanging])
    return f"{job.unit_name}: {names}" + ("" if job.venue else f" in {number(job.count, 'bus', 'buses')}")


def number(count: Any, one: str, several: str = "") -> str:
    """Return "1 bus" or "2 buses"."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
