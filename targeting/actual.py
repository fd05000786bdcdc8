"""Whom the cards that hung have served and reached, by the same curve as the plan's.

A card that hung for half of the plan's days makes half the rides: it counts as half a card. Where everything
hung as ordered the figures are those of the plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.actual_table import actual_rows, orders_of
from targeting.campaign_sections import Campaign
from targeting.coverage_table import covered_rows, everyone
from targeting.errors import OutputError
from targeting.hung import Hung, Period, by_place, cards_a_day, reported
from targeting.left_out import NOT_TOLD, LeftOut, left_out_rows
from targeting.notices import Notices
from targeting.orders import dates_of, order_codes
from targeting.posting import audience_of
from targeting.postings_file import read_postings
from targeting.reach import Floats, Ints
from targeting.scores import Scores
from targeting.wishes import find_unit


@dataclass(frozen=True)
class Actual:
    """What hung, and whom that served and reached.

    Attributes
    ----------
    table : DataFrame
        The rows of actual.csv (docs/columns.md).
    coverage, planned : DataFrame
        The rows of coverage.csv, and one of all languages in the region (its language is empty): of what
        hung, and of the plan.
    most : DataFrame
        The same of what hung, if the cards on rows that are left out hung as ordered.
    left_out : DataFrame
        The rows of postings_left_out.csv.
    no_order : int
        Cards on those rows of which nothing tells where they were ordered.
    period : Period
    notices : Notices
        On the file.
    file : Path
    rows : int
        How many of the file are filled in.
    """

    table: pd.DataFrame
    coverage: pd.DataFrame
    planned: pd.DataFrame
    most: pd.DataFrame
    left_out: pd.DataFrame
    no_order: int
    period: Period
    notices: Notices
    file: Path
    rows: int


def actual(scores: Scores, placements: pd.DataFrame, path: Path, lines: pd.DataFrame | None = None) -> Actual:
    """Hold what the installers wrote down against a plan.

    Parameters
    ----------
    scores : Scores
        Of the plan.
    placements : DataFrame
        The plan's: `unit_id`, `language`, `cards`.
    path : Path
        `targeting.postings_file.read_postings`.
    lines : DataFrame, optional
        The plan's orders.csv, for the code and garage of each order.

    Raises
    ------
    TargetingError
        When the file cannot be used, or the plan has other units than the scores.
    """
    campaign, units, notices = scores.campaign, scores.postable.table, Notices()
    tags = [language.tag for language in scores.languages]
    planned = planned_cards(placements, units, tags)
    period, left_out, codes = period_of(campaign), LeftOut(path.name), orders_of(lines)
    file = read_postings(
        path, units, order_codes(units, scores.feed.routes), scores.languages, left_out, notices,
        campaign.limits,
    )  # fmt: skip
    said = reported(
        file, planned, tags, units["venue"].to_numpy(bool), campaign.posters.slots, period, left_out, notices
    )
    left_out.tell(notices)
    known, not_told = share_of_plan(said.hung, units, tags, period, notices)
    elsewhere = np.outer(share_of_hours(scores), not_told)
    _note_no_figures(said.hung, tags, path.name, notices)
    table = actual_rows(said, planned, tags, units, period, codes)
    unread = table[table["left_out"] > 0]
    at_most = known + planned_cards(unread.assign(cards=unread["left_out"]), units, tags)
    coverage = _covered(scores, known + elsewhere, known)
    return Actual(
        table=table,
        coverage=coverage,
        planned=_covered(scores, planned.astype(float), planned),
        most=coverage if unread.empty else _covered(scores, at_most + elsewhere, at_most),
        left_out=left_out_rows(left_out, said.unread, units, codes),
        no_order=said.unread.no_order,
        period=period,
        notices=notices,
        file=path,
        rows=file.count,
    )


def period_of(campaign: Campaign) -> Period:
    """Return the days for which a campaign's plan is made."""
    weeks = campaign.posters.weeks
    return Period(ceil(weeks * 7 - 1e-9), dates_of(campaign.orders, weeks).up)


def planned_cards(placements: pd.DataFrame, units: pd.DataFrame, tags: Sequence[str]) -> Ints:
    """Return the cards of a plan's placements, shape (units, languages).

    Raises
    ------
    TargetingError
        When a unit or language is not known.
    """
    cards = np.zeros((len(units), len(tags)), np.int64)
    for row in placements.itertuples(index=False):
        if row.language not in tags:
            raise OutputError(
                f"placements.csv: {row.language!r} is no language of the plan's run.json; make the plan "
                "again with 'targeting plan'."
            )
        cards[find_unit(str(row.unit_id), units, "placements.csv"), tags.index(str(row.language))] += int(
            row.cards
        )
    return cards


def share_of_plan(
    hung: Sequence[Hung], units: pd.DataFrame, tags: Sequence[str], period: Period, notices: Notices
) -> tuple[Floats, Floats]:
    """Return what hung as cards that would hang for all the days of the plan.

    No more cards of a language count at once than the unit has vehicles, for so many ride there at most.

    Parameters
    ----------
    units : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`.

    Returns
    -------
    cards : ndarray, shape (units, languages)
    not_told : ndarray, shape (languages,)
        In buses whose unit nobody wrote down.
    """
    cards, not_told = np.zeros((len(units), len(tags))), np.zeros(len(tags))
    crowded: list[str] = []
    for (unit, tag), those in by_place(hung).items():
        if tag not in tags:
            continue
        first, last = min(each.up for each in those), max(each.down for each in those)
        there = cards_a_day(those, first, (last - first).days)
        if unit == NOT_TOLD:
            not_told[tags.index(tag)] = there.sum() / period.days
            continue
        most = max(int(units["vehicles"].iloc[unit]), 1)
        if (there > most).any():
            crowded.append(f"{units['unit_name'].iloc[unit]} ({there.max():,} of {tag}, {most:,} at once)")
        cards[unit, tags.index(tag)] = np.minimum(there, most).sum() / period.days
    if crowded:
        notices.add(
            "posting_more_than_vehicles",
            f"More cards hung at once than vehicles are ever out: {'; '.join(crowded[:5])}. Some of these "
            "buses must have been elsewhere or idle: people reached count no more cards than vehicles.",
            count=len(crowded),
        )
    return cards, not_told


def share_of_hours(scores: Scores) -> Floats:
    """Return on which units a bus is whose route nobody wrote down, shape (units,); sums to 1.

    In proportion to the vehicle-hours of a unit's routes; where several garages run a route, they share its
    hours by their vehicles. Venues have none.
    """
    units, hours = scores.postable.table, scores.units.hours
    shares = np.zeros(len(units))
    rows = [
        (row, route, max(float(units["vehicles"].iloc[row]), 1.0))
        for row in np.flatnonzero(~units["venue"].to_numpy(bool))
        for route in units["routes"].iloc[row]
    ]
    run_by: dict[str, float] = {}
    for _, route, vehicles in rows:
        run_by[route] = run_by.get(route, 0.0) + vehicles
    for row, route, vehicles in rows:
        shares[row] += float(hours[route]) * vehicles / run_by[route]
    total = shares.sum()
    return np.asarray(shares / total if total else shares)


def _covered(scores: Scores, cards: Floats, near: "Floats | Ints") -> pd.DataFrame:
    """Return the rows of coverage.csv for some cards, and the row of all languages."""
    audience = audience_of(scores)
    rows = covered_rows(scores, audience, cards, near)
    total = everyone(scores, audience, scores.postable.catchment, cards, near)
    everybody = {
        "area": "Region", "area_kind": "region", "language": "", "language_name": "", "measured_as": "",
        **{name: pair[at] for name, key in (("served_posted", "served"), ("reach", "reach"))
           for at, name, pair in ((0, name, total[key]), (1, f"{name}_moe", total[key]))},
    }  # fmt: skip
    here = int((rows["area_kind"] == "region").sum())
    return pd.concat([rows[:here], pd.DataFrame([everybody]), rows[here:]], ignore_index=True)


def _note_no_figures(hung: Sequence[Hung], tags: Sequence[str], label: str, notices: Notices) -> None:
    """Say which languages hang that the plan has no figures of."""
    others = sorted({each.tag for each in hung} - set(tags))
    if others:
        notices.add(
            "posting_other_language",
            f"{label}: cards hang in languages that the campaign does not have ({', '.join(others)}); whom "
            "they reach was never counted.",
            file=label,
            count=len(others),
        )
