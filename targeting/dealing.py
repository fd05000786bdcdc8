"""Dealing: which language of a group each of its cards is printed in.

Languages that the census counts together are placed together, since no figure tells them apart. Their cards
are then dealt evenly, but for what the campaign says of one language by name.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from targeting.languages import told_apart
from targeting.reach import Ints
from targeting.scores import Scores
from targeting.wishes import copies_that_hang, find_unit, floor_in_buses


def settled_cards(scores: Scores) -> Ints:
    """Return the cards that are pinned, or hang from an earlier wave, by shape (units, languages)."""
    table, tags = scores.postable.table, [language.tag for language in scores.languages]
    pinned = np.zeros((len(table), len(tags)), np.int64)
    kept = np.zeros_like(pinned)
    for wish in scores.campaign.placement.pinned:
        pinned[find_unit(wish.unit, table, "placement.pinned"), tags.index(wish.language)] += wish.buses
    for row in scores.inputs.kept.itertuples(index=False):
        kept[find_unit(row.unit_id, table, "placement.keep"), tags.index(row.language)] += int(row.buses)
    return np.maximum(pinned, kept)


def deal_to_languages(scores: Scores, cards: Ints) -> Ints:
    """Return cards by language, shape (units, languages).

    Parameters
    ----------
    cards : ndarray of int, shape (units, groups)
    """
    return dealer(scores)(cards)


def dealer(scores: Scores) -> Callable[[Ints], Ints]:
    """Return the same as a function of the cards alone, for whoever deals many times."""
    position = {language.tag: number for number, language in enumerate(scores.languages)}
    members = [
        [position[language.tag] for language in group] for group in told_apart(scores.languages).values()
    ]
    return partial(
        deal,
        members=members,
        settled=settled_cards(scores),
        floors=[floor_in_buses(scores.campaign, language.tag) for language in scores.languages],
        copies=[copies_that_hang(scores.campaign, language.tag) for language in scores.languages],
    )


def deal(
    cards: Ints,
    members: Sequence[Sequence[int]],
    *,
    settled: Ints,
    floors: Sequence[int],
    copies: Sequence[int],
) -> Ints:
    """Return cards by language: what is settled first, then each card to whom most is owed.

    A card goes to a language of its group that has copies left, first to one below its floor, then to the
    one with fewest cards, then to the first.

    Parameters
    ----------
    cards : ndarray of int, shape (units, groups)
    members : sequence of sequences of int
        The languages of each group.
    settled : ndarray of int, shape (units, languages)
        As far as the unit has cards of the group.
    floors, copies : sequence of int, shape (languages,)
        Cards that a language gets at the least, and that can hang at the most. Where the copies of a whole
        group are too few they do not bind.

    Returns
    -------
    ndarray of int, shape (units, languages)
    """
    dealt = np.zeros((len(cards), len(floors)), np.int64)
    for group, languages in enumerate(members):
        if len(languages) == 1:
            dealt[:, languages[0]] = cards[:, group]
            continue
        left = cards[:, group].copy()
        for language in languages:
            dealt[:, language] = np.minimum(settled[:, language], left)
            left -= dealt[:, language]
        total = {language: int(dealt[:, language].sum()) for language in languages}
        for unit in np.flatnonzero(left):
            for _ in range(int(left[unit])):
                able = [each for each in languages if total[each] < copies[each]] or languages
                language = min(able, key=lambda each: (total[each] >= floors[each], total[each]))
                dealt[unit, language] += 1
                total[language] += 1
    return dealt
