"""Work orders: how many cards the print shop prints, and which buses and venues carry them.

What is ordered follows from the plan alone. Cards of an earlier wave that stays (`placement.keep`) hang
already, so that they are neither printed nor hung again.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from targeting.campaign_sections import Orders as Settings
from targeting.campaign_sections import Posters
from targeting.languages import Language
from targeting.order_costs import cost_columns
from targeting.order_fittings import (
    NO_GARAGE,
    Fitting,
    Vehicles,
    arrange,
    by_garage,
    vehicles_by_garage,
)
from targeting.reach import Ints
from targeting.units import short_name
from targeting.waves import down_on
from targeting.wishes import copies_of, find_unit, spare_cards
from targeting.wording import natural
from targeting.working_days import working_day_before

if TYPE_CHECKING:
    from targeting.plan import Plan
    from targeting.scores import Scores

LONGEST_CODE = 12  # characters of an order code that stand for the unit
LETTERS = {"route": "R", "family": "F", "garage": "G", "venue": "V"}
PRINT_COLUMNS = [
    "order", "language", "language_name", "own_name", "artwork_size", "cards", "hanging_already", "spares",
    "copies", "pack_size", "delivery_date", "note",
]  # fmt: skip
LINE_COLUMNS = [
    "order", "unit", "unit_id", "unit_name", "garage", "language", "language_name", "own_name", "buses",
    "cards_each", "cards", "hanging_already", "shared_buses", "shared_with", "date_up", "date_down",
]  # fmt: skip


@dataclass(frozen=True)
class Dates:
    """When cards are delivered, hung and taken down; None without a posting date."""

    delivery: date | None = None
    up: date | None = None
    down: date | None = None


@dataclass(frozen=True)
class Orders:
    """What is printed, and what is hung where.

    Attributes
    ----------
    dates : Dates
    prints : DataFrame
        The columns of orders_print.csv (docs/columns.md), one row a language and one for all.
    lines : DataFrame
        The columns of orders.csv, one row a garage × unit × language, in this order, venues last.
    fittings : tuple of Fitting
        The same as buses that carry the same cards.
    """

    dates: Dates
    prints: pd.DataFrame
    lines: pd.DataFrame
    fittings: tuple[Fitting, ...]


def make_orders(plan: "Plan") -> Orders:
    """Return the work orders of a plan."""
    scores, posting = plan.scores, plan.posting
    settings, posters = scores.campaign.orders, scores.campaign.posters
    dates = dates_of(settings, posters.weeks)
    languages = scores.languages
    units = scores.postable.table
    already = _hanging_already(scores, posting.by_language)
    layover = scores.campaign.region.layover_minutes * 60
    vehicles = vehicles_by_garage(scores.feed, scores.units, layover)
    used = posting.problem.buses_used(posting.cards)
    groups = [language.column for language in languages]
    fittings = []
    for row in np.flatnonzero(posting.by_language.sum(axis=1)).tolist():
        unit_id = str(units.index[row])
        same = Counter(arrange(posting.by_language[row], already[row], max(int(used[row]), 1), groups))
        fittings += by_garage(
            [
                Fitting(unit_id, count, _tags(hang, languages), _tags(hanging, languages))
                for (hang, hanging), count in same.items()
            ],
            vehicles.get(unit_id, {}),
        )
    fittings.sort(key=lambda each: _place(each, units))
    lines = _lines(scores, fittings, vehicles, dates)
    hung, before = posting.by_language.sum(axis=0), already.sum(axis=0)
    return Orders(
        dates=dates,
        prints=_prints(plan, print_rows(languages, hung, before, posters, settings, dates)),
        lines=lines,
        fittings=tuple(fittings),
    )


def _tags(numbers: Iterable[int], languages: Sequence[Language]) -> tuple[str, ...]:
    return tuple(languages[number].tag for number in numbers)


def dates_of(settings: Settings, weeks: float) -> Dates:
    """Return delivery, first day and the day on which cards come down; none without a posting date."""
    up = settings.posting_date
    if up is None:
        return Dates()
    return Dates(working_day_before(up, settings.delivery_days), up, down_on(up, weeks))


def print_rows(
    languages: Sequence[Language],
    cards: Ints,
    already: Ints,
    posters: Posters,
    settings: Settings,
    dates: Dates,
) -> pd.DataFrame:
    """Return the print order, one row a language.

    Parameters
    ----------
    languages : sequence of Language
    cards, already : ndarray of int, shape (languages,)
        Cards that hang in buses and venues, and those of them that hang from an earlier wave.
    """
    rows = []
    for language, hung, before in zip(languages, cards.tolist(), already.tolist(), strict=True):
        new = hung - before
        spares = spare_cards(new, posters.spares, posters.weeks)
        copies, note = copies_to_print(new + spares, settings.pack_size, copies_of(posters, language.tag))
        rows.append(
            {
                "order": f"PRINT-{language.tag}",
                "language": language.tag,
                "language_name": language.english_name,
                "own_name": language.own_name,
                "artwork_size": settings.artwork_size,
                "cards": hung,
                "hanging_already": before,
                "spares": spares,
                "copies": copies,
                "pack_size": settings.pack_size,
                "delivery_date": dates.delivery,
                "note": note,
            }
        )
    return pd.DataFrame(rows, columns=PRINT_COLUMNS)


def copies_to_print(needed: int, pack_size: int, most: int | None) -> tuple[int, str]:
    """Return the copies to order, in whole packs where the copies of the campaign allow, and what to know."""
    packed = -(-needed // pack_size) * pack_size
    if most is None or packed <= most:
        return packed, ""
    if needed <= most:
        return most, f"posters.copies = {most:,} is not a whole number of packs of {pack_size:,}"
    return most, f"posters.copies = {most:,} leaves {needed - most:,} fewer spares than planned"


def order_codes(table: pd.DataFrame, routes: pd.DataFrame) -> "pd.Series[str]":
    """Return a short code of each unit, all different: "R20", "F2", "GCenter", "V3".

    It depends on what can be ordered, not on what is: another plan on the same files has the same codes.
    Letters and digits only, so that any sheet, form or file can hold it.

    Parameters
    ----------
    table : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.
    routes : DataFrame
        `targeting.feed.Feed.routes`.
    """
    taken: set[str] = set()
    codes = []
    for unit_id, unit in table.iterrows():
        name = str(unit_id).partition(":")[2]
        if unit["unit"] in ("route", "family"):
            name = min((short_name(route, routes) for route in unit["routes"]), key=natural)
        stem = LETTERS[unit["unit"]] + (_plain(name) or _plain(str(unit_id)))[:LONGEST_CODE].strip("-")
        code, number = stem, 2
        while code.lower() in taken:
            code, number = f"{stem}_{number}", number + 1
        taken.add(code.lower())
        codes.append(code)
    return pd.Series(codes, index=table.index, dtype=object)


def garage_codes(names: Iterable[str]) -> dict[str, str]:
    """Return what each garage adds to the code of a unit, all different: ".Merlo"; not known, nothing."""
    codes = {NO_GARAGE: ""}
    for name in sorted(set(names) - {NO_GARAGE}, key=natural):
        stem = "." + (_plain(name).replace("-", "")[:LONGEST_CODE] or "Garage")
        taken = {code.lower() for code in codes.values()}
        code, number = stem, 2
        while code.lower() in taken:
            code, number = f"{stem}_{number}", number + 1
        codes[name] = code
    return codes


def _plain(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")


def _prints(plan: "Plan", rows: pd.DataFrame) -> pd.DataFrame:
    """Return the print order with its costs and the row of all languages."""
    region = plan.coverage[plan.coverage["area_kind"] == "region"].set_index("language")
    every = plan.strategies[plan.strategies["chosen"] & (plan.strategies["language"] == "")].iloc[0]
    counted = ["cards", "hanging_already", "spares", "copies"]
    total = dict.fromkeys(PRINT_COLUMNS, "") | {
        "pack_size": plan.scores.campaign.orders.pack_size,
        "artwork_size": plan.scores.campaign.orders.artwork_size,
        "delivery_date": rows["delivery_date"].iloc[0],
        **rows[counted].sum().to_dict(),
    }
    table = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    reach = [*region.loc[rows["language"], "reach"], every["reach"]]
    margin = [*region.loc[rows["language"], "reach_moe"], every["reach_moe"]]
    named = [*region.loc[rows["language"], "measured_as"], ""]
    return cost_columns(
        table.assign(reach=reach, reach_moe=margin),
        plan.scores.campaign.orders,
        plan.scores.campaign.certainty.smallest_count,
    ).assign(measured_as=named)


def _lines(
    scores: "Scores", fittings: Sequence[Fitting], vehicles: Mapping[str, Vehicles], dates: Dates
) -> pd.DataFrame:
    """Return the columns of orders.csv.

    A unit that several garages send vehicles to has a code for each of them, "R57.Merlo-es"; codes of a
    second wave begin with "W2.".
    """
    units = scores.postable.table
    codes = order_codes(units, scores.feed.routes)
    of_garage = garage_codes(name for of_unit in vehicles.values() for name in of_unit)
    earlier = scores.inputs.earlier
    wave = "" if earlier is None else f"W{earlier.number + 1}."
    rows = []
    for (unit_id, garage), same in groupby(fittings, key=lambda each: (each.unit_id, each.garage)):
        unit, together = units.loc[unit_id], list(same)
        code = wave + codes[unit_id] + (of_garage[garage] if len(vehicles.get(unit_id, {})) > 1 else "")
        for language in scores.languages:
            mine = [each for each in together if language.tag in (*each.hang, *each.hanging)]
            if not mine:
                continue
            beside = [{*each.hang, *each.hanging} - {language.tag} for each in mine]
            others = set().union(*beside)
            cards = sum(each.count for each in mine)
            shared = sum(each.count for each, more in zip(mine, beside, strict=True) if more)
            rows.append(
                {
                    "order": f"{code}-{language.tag}",
                    "unit": unit["unit"],
                    "unit_id": unit_id,
                    "unit_name": unit["unit_name"],
                    "garage": garage,
                    "language": language.tag,
                    "language_name": language.english_name,
                    "own_name": language.own_name,
                    "buses": 0 if unit["venue"] else cards,
                    "cards_each": 1,
                    "cards": cards,
                    "hanging_already": sum(each.count for each in mine if language.tag in each.hanging),
                    "shared_buses": 0 if unit["venue"] else shared,
                    "shared_with": ", ".join(each.tag for each in scores.languages if each.tag in others),
                    "date_up": dates.up,
                    "date_down": dates.down,
                }
            )
    return pd.DataFrame(rows, columns=LINE_COLUMNS)


def _hanging_already(scores: "Scores", cards: Ints) -> Ints:
    """Return the cards that hang from an earlier wave, shape (units, languages)."""
    kept = np.zeros_like(cards)
    tags = [language.tag for language in scores.languages]
    for row in scores.inputs.kept.itertuples(index=False):
        unit = find_unit(str(row.unit_id), scores.postable.table, "placement.keep")
        kept[unit, tags.index(str(row.language))] += int(row.buses)
    return np.minimum(kept, cards)


def _place(fitting: Fitting, units: pd.DataFrame) -> tuple[object, ...]:
    """Return a key by garage, those not known after the others and venues last, then by name of the unit."""
    row = units.index.get_loc(fitting.unit_id)
    name, venue = str(units["unit_name"].iloc[row]), bool(units["venue"].iloc[row])
    return (venue, not fitting.garage, natural(fitting.garage), natural(name), row)
