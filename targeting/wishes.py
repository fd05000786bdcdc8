"""Wishes: what the campaign asks of a placement, as a problem to be solved.

Floors that nobody asked for in so many words (one bus for every language, since a poster printed and
hung nowhere is a mistake) give way where they cannot be met; asked-for ones are an error there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pandas as pd

from targeting.campaign import Campaign
from targeting.campaign_sections import Posters, floor_of
from targeting.errors import CampaignError
from targeting.feasibility import affordable_floors, plain_fights
from targeting.languages import Language
from targeting.notices import Notices
from targeting.problem import Problem
from targeting.reach import Audience, Floats, Ints
from targeting.wording import percent

NO_LIMIT = 10**9
SPARES_PERIOD_WEEKS = 8.0  # spares are a share for every eight weeks (OAAA king-size specification)


def problem_of(
    campaign: Campaign,
    groups: Mapping[str, Sequence[Language]],
    table: pd.DataFrame,
    served: Floats,
    enough: Floats,
    audience: Audience,
    totals: Floats,
    kept: pd.DataFrame,
    notices: Notices,
) -> Problem:
    """Return the placement problem of a campaign.

    Parameters
    ----------
    campaign : Campaign
    groups : mapping of group to its languages
    table : DataFrame indexed by unit_id
        `targeting.postable.Postable.table`: what cards can be ordered for.
    served, enough : ndarray, shape (units, groups)
        People served, and the probability that they are at least `min_served`.
    audience : Audience
        Its units are the rows of `table`.
    totals : ndarray, shape (groups,)
        People of each group in the region.
    kept : DataFrame
        `unit_id`, `language`, `buses` of an earlier wave that stays.

    Raises
    ------
    CampaignError
        When a wish names what is not there, or wishes fight each other.
    """
    placement, posters = campaign.placement, campaign.posters
    keys = list(groups)
    shape = (len(table), len(keys))
    group_of = {language.tag: n for n, key in enumerate(keys) for language in groups[key]}
    forbidden = _forbidden(campaign, table, group_of, shape)
    least = np.zeros(shape, np.int64)
    for wish in placement.pinned:
        unit = find_unit(wish.unit, table, "placement.pinned")
        least[unit, _group(wish.language, group_of, "placement.pinned")] += wish.buses
    stays = np.zeros(shape, np.int64)
    for row in kept.itertuples(index=False):
        unit = find_unit(row.unit_id, table, "placement.keep")
        stays[unit, _group(row.language, group_of, "placement.keep")] += int(row.buses)
    least = np.maximum(least, stays)
    _refuse_both(least, forbidden, table, groups, keys)
    possible = (served > 0) & ~forbidden & (table["vehicles"].to_numpy() > 0)[:, None]
    sure = possible & (enough >= campaign.certainty.enough_at)
    floors, shares, asked = _floors(campaign, groups, group_of)
    problem = Problem(
        audience=audience,
        units=tuple(table.index),
        groups=tuple(keys),
        vehicles=table["vehicles"].to_numpy(np.int64),
        slots=table["slots"].to_numpy(np.int64),
        venue=table["venue"].to_numpy(bool),
        buses=placement.buses,
        cards=campaign.venues.cards if campaign.venues else 0,
        allowed=sure,
        least=least,
        floors=floors,
        floor_people=shares * totals,
        copies=_copies(campaign, groups, group_of),
        weights=_weights(campaign, groups, totals, group_of),
    )
    places, cards = problem.buses * posters.slots + problem.cards, int(problem.copies.sum())
    if cards < places:
        notices.add(
            "few_copies",
            f"posters.copies, less the spares, are {cards:,} cards for {places:,} places; some stay empty.",
        )
    names = _names(table, groups)
    if not asked.all():
        problem = _give_way(problem, asked, possible, enough, table["unit"], names, campaign, notices)
    fights = plain_fights(problem, names)
    if fights:
        raise CampaignError(f"The wishes fight each other: {fights}.")
    return problem


def find_unit(name: str, table: pd.DataFrame, key: str) -> int:
    """Return the row of the unit that a planner calls by id, number or name.

    Raises
    ------
    CampaignError
        When there is none, or there are several.
    """
    if name in table.index:
        return int(table.index.get_loc(name))
    wanted = name.strip().lower()
    called = [{str(each).lower() for each in names} for names in table["called"]]
    found = [row for row, names in enumerate(called) if wanted in names]
    kinds = " or ".join(dict.fromkeys(table["unit"]))
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(table.index[found])
        raise CampaignError(f"{key}: {name!r} names {len(found)} units; give one of the ids {ids}.")
    written = {str(each).lower(): str(each) for names in table["called"] for each in names}
    close = [written[each] for each in get_close_matches(wanted, sorted(written), n=2, cutoff=0.5)]
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see 'targeting vehicles FILE'."
    raise CampaignError(f"{key}: no {kinds} {name!r} in service; {hint}")


def _group(tag: str, group_of: Mapping[str, int], key: str) -> int:
    if tag not in group_of:
        raise CampaignError(
            f"{key}: {tag!r} is no language of the campaign; posters.languages has {', '.join(group_of)}."
        )
    return group_of[tag]


def _forbidden(
    campaign: Campaign, table: pd.DataFrame, group_of: Mapping[str, int], shape: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    forbidden = np.zeros(shape, bool)
    for wish in campaign.placement.forbidden:
        unit = find_unit(wish.unit, table, "placement.forbidden")
        if wish.language is None:
            forbidden[unit] = True
        else:
            forbidden[unit, _group(wish.language, group_of, "placement.forbidden")] = True
    return forbidden


def _refuse_both(
    least: Ints,
    forbidden: npt.NDArray[np.bool_],
    table: pd.DataFrame,
    groups: Mapping[str, Sequence[Language]],
    keys: list[str],
) -> None:
    for unit, group in zip(*np.nonzero((least > 0) & forbidden), strict=True):
        raise CampaignError(
            f"placement.forbidden rules out {groups[keys[group]][0].english_name} on "
            f"{table['unit_name'].iloc[unit]}, and placement.pinned or keep puts it there; drop one."
        )


def _floors(
    campaign: Campaign, groups: Mapping[str, Sequence[Language]], group_of: Mapping[str, int]
) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Return the floors of each group as cards and as a share of its people, and if they were asked for."""
    wished = campaign.placement.floors
    cards, shares = np.zeros(len(groups), np.int64), np.zeros(len(groups))
    asked = np.full(len(groups), wished is not None and not isinstance(wished, dict))
    if isinstance(wished, dict):
        for tag in wished:
            asked[_group(tag, group_of, "placement.floors")] = True
    for tag, group in group_of.items():
        buses, share = _floor(campaign, tag)
        cards[group] += buses
        shares[group] = max(shares[group], share)
    return cards, shares, asked


def floor_in_buses(campaign: Campaign, tag: str) -> int:
    """Return how many buses (and venue cards) a language gets at the least; 0 for a share of speakers."""
    return _floor(campaign, tag)[0]


def _floor(campaign: Campaign, tag: str) -> tuple[int, float]:
    wished = campaign.placement.floors
    return floor_of(wished.get(tag, 1) if isinstance(wished, dict) else 1 if wished is None else wished)


def _copies(
    campaign: Campaign, groups: Mapping[str, Sequence[Language]], group_of: Mapping[str, int]
) -> Ints:
    """Return how many cards of each group can hang: the copies printed less the spares."""
    posters = campaign.posters
    most = np.zeros(len(groups), np.int64)
    if isinstance(posters.copies, dict):
        for tag in posters.copies:
            _group(tag, group_of, "posters.copies")
    for tag, group in group_of.items():
        most[group] = min(most[group] + copies_that_hang(campaign, tag), NO_LIMIT)
    return most


def copies_of(posters: Posters, tag: str) -> int | None:
    """Return how many copies of a language are printed; None for no limit."""
    return posters.copies.get(tag) if isinstance(posters.copies, dict) else posters.copies


def copies_that_hang(campaign: Campaign, tag: str) -> int:
    """Return how many cards of a language can hang at the most; `NO_LIMIT` where nothing is said."""
    posters = campaign.posters
    copies = copies_of(posters, tag)
    return NO_LIMIT if copies is None else hanging_copies(copies, posters.spares, posters.weeks)


def hanging_copies(copies: int, spares: float, weeks: float) -> int:
    """Return how many of the printed copies hang when the rest are spares for each eight weeks begun.

    Parameters
    ----------
    copies : int
    spares : float
        Spare cards as a share of those that hang, for every eight weeks.
    weeks : float
    """
    hang = int(copies / (1 + _spares_share(spares, weeks)) + 1e-9)
    while hang and hang + spare_cards(hang, spares, weeks) > copies:
        hang -= 1
    return hang


def spare_cards(hang: int, spares: float, weeks: float) -> int:
    """Return how many spares belong to the cards that hang: a share of them for each eight weeks begun.

    Parameters
    ----------
    hang : int
    spares : float
        Spare cards as a share of those that hang, for every eight weeks.
    weeks : float
    """
    return math.ceil(hang * _spares_share(spares, weeks) - 1e-9)


def _spares_share(spares: float, weeks: float) -> float:
    return spares * math.ceil(weeks / SPARES_PERIOD_WEEKS)


def _weights(
    campaign: Campaign,
    groups: Mapping[str, Sequence[Language]],
    totals: Floats,
    group_of: Mapping[str, int],
) -> Floats | None:
    """Return the worth of one person of each group, on average about 1; None for proportional."""
    wished = campaign.placement.weights
    if wished == "proportional":
        return None
    if wished == "languages":
        return equal_weights(totals)
    weights = np.ones(len(groups))
    if isinstance(wished, dict):
        given: dict[int, list[float]] = {}
        for tag, weight in wished.items():
            given.setdefault(_group(tag, group_of, "placement.weights"), []).append(weight)
        for group, each in given.items():
            weights[group] = sum(each) / len(each)
    return weights


def equal_weights(totals: Floats) -> Floats:
    """Return weights under which reaching the same share of any language is worth the same."""
    some = totals > 0
    return np.asarray(
        np.divide(totals[some].mean() if some.any() else 1.0, totals, out=np.zeros(len(totals)), where=some)
    )


def _give_way(
    problem: Problem,
    asked: npt.NDArray[np.bool_],
    possible: npt.NDArray[np.bool_],
    enough: Floats,
    kinds: "pd.Series[str]",
    names: Mapping[str, str],
    campaign: Campaign,
    notices: Notices,
) -> Problem:
    """Return the problem with floors that nobody asked for made possible, and say what gave way."""
    trust = campaign.certainty
    allowed, copies = problem.allowed.copy(), problem.copies.copy()
    usable = np.where(problem.venue, problem.cards > 0, problem.buses > 0)
    kind = " or ".join(dict.fromkeys(kinds[usable]))
    possible = possible & usable[:, None]
    bare = (problem.floors > problem.least.sum(axis=0)) & ~(allowed & usable[:, None]).any(axis=0) & ~asked
    for group in np.flatnonzero(bare & possible.any(axis=0)):
        chance = np.where(possible[:, group], enough[:, group], -1.0)
        unit = int(chance.argmax())
        allowed[unit, group] = True
        copies[group] = min(copies[group], problem.floors[group])  # its one card, and no more on doubt
        notices.add(
            "floor_unsure",
            f"{names[problem.groups[group]]}: no {kind} serves "
            f"{trust.min_served:,.0f} people with the {trust.enough_at:.0%} asked for "
            f"(certainty.min_served, enough_at); its one card may hang on {names[problem.units[unit]]}, the "
            f"likeliest ({percent(chance[unit])}).",
        )
    problem = replace(problem, allowed=allowed, copies=copies)
    floors = affordable_floors(problem, asked)
    without = [names[problem.groups[group]] for group in np.flatnonzero(floors < problem.floors)]
    if without:
        cards = f" with venues.cards = {problem.cards:,}" if problem.cards else ""
        notices.add(
            "language_not_posted",
            f"No bus{' or card' if problem.cards else ''} is left for {', '.join(without)}: "
            f"placement.buses = {problem.buses:,}{cards} is too few for one of every language, or the "
            f"language lives along no {kind} that may carry it.",
            count=len(without),
        )
    return replace(problem, floors=floors)


def _names(table: pd.DataFrame, groups: Mapping[str, Sequence[Language]]) -> dict[str, str]:
    """Return what the planner calls units and groups."""
    named = {key: " or ".join(lang.english_name for lang in members) for key, members in groups.items()}
    return {**table["unit_name"].to_dict(), **named}
