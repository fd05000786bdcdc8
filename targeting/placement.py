"""Placement: which language hangs on which route's buses.

Strategy *predominant* is what TriMet did for "Red Means Help": find the places where a language
other than English predominates, follow them to the routes, and align each route's poster with its
language. It takes the estimates as they are and knows nothing of overlaps between routes.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Literal

import numpy as np
import pandas as pd

from targeting.languages import Language


def predominant_groups(
    people: pd.DataFrame,
    population: "pd.Series[float]",
    *,
    least_people: float,
    least_share: float,
) -> "pd.Series[str]":
    """Return for every tract the group with the most people, empty where none predominates.

    Parameters
    ----------
    people : DataFrame, shape (tracts, groups)
        The groups that the campaign prints for, and no others.
    population : Series
        People of 5 years and over.
    least_people : float
        The group must have at least so many people in the tract …
    least_share : float
        … and at least this share of its population.

    Notes
    -----
    Of equal groups the one with more people in the region wins, then the one first in `people`.
    """
    ranked = people[people.sum().sort_values(ascending=False, kind="stable").index]
    largest = ranked.max(axis=1)
    enough = (largest > 0) & (largest >= least_people) & (largest >= least_share * population)
    return ranked.idxmax(axis=1).where(enough, "")


def assign_groups(exposure: pd.DataFrame, predominant_exposure: pd.DataFrame) -> pd.DataFrame:
    """Give each route the group with the most exposure in the tracts where it predominates.

    Parameters
    ----------
    exposure : DataFrame, shape (routes, groups)
        People × weekly departures near them, everywhere along the route.
    predominant_exposure : DataFrame, shape (routes, groups)
        The same in the tracts where the group predominates.

    Returns
    -------
    DataFrame indexed by route_id
        `group`, `score` (exposure of the group along the whole route) and `rank` (1 = highest
        score); only routes that pass such a tract. Equal scores keep the order of route_ids.
    """
    order = exposure.sum().sort_values(ascending=False, kind="stable").index
    ranked = predominant_exposure[order]
    passes = ranked.max(axis=1) > 0
    group = ranked[passes].idxmax(axis=1)
    score = pd.Series(
        [exposure.at[route, key] for route, key in group.items()], index=group.index, dtype=float
    )
    table = pd.DataFrame({"group": group, "score": score})
    table = table.sort_index(kind="stable").sort_values("score", ascending=False, kind="stable")
    return table.assign(rank=np.arange(1, len(table) + 1))


def settle_groups(
    assigned: pd.DataFrame,
    exposure: pd.DataFrame,
    largest: pd.DataFrame,
    regional: "pd.Series[float]",
    *,
    post_at: float,
    unsure: Literal["pair", "regional"],
) -> pd.DataFrame:
    """Decide what a route carries where it is not sure that its group is the largest.

    Parameters
    ----------
    assigned, exposure
        As returned by, and given to, `assign_groups`.
    largest : DataFrame, shape (routes, groups)
        Probability that the group is the largest that the route serves.
    regional : Series
        People of each group in the region.
    post_at : float
        At or above this probability the group is posted alone.
    unsure : {"pair", "regional"}
        Below it: post the group and its strongest rival on different buses, or the one of the two that
        has more people in the region.

    Returns
    -------
    DataFrame indexed by route_id
        `group`, `score` and `rank` as before, `second` (the other group of a pair, else empty),
        `rule` ("certain", "pair" or "regional") and `rival` (the strongest other group, else empty).
    """
    rows = []
    for route, group in assigned["group"].items():
        chances = largest.loc[route]
        rival = max((other for other in largest if other != group), key=chances.__getitem__, default="")
        second, rule = "", "certain"
        if rival and largest.at[route, group] < post_at:
            rule = unsure
            if unsure == "pair":
                second = rival
            elif regional[rival] > regional[group]:
                group, rival = rival, group
        rows.append((route, group, float(exposure.at[route, group]), second, rule, rival))
    table = pd.DataFrame(rows, columns=["route_id", "group", "score", "second", "rule", "rival"])
    table = table.set_index("route_id").sort_index(kind="stable")
    table = table.sort_values("score", ascending=False, kind="stable")
    return table.assign(rank=np.arange(1, len(table) + 1))


def deal_buses(
    assigned: pd.DataFrame,
    vehicles: Mapping[str, int],
    languages: Mapping[str, Sequence[Language]],
    buses: int,
) -> pd.DataFrame:
    """Deal the buses from the top: one to each route in rank order, round after round.

    A route that carries a pair takes two in a round, one for each of its groups.

    Parameters
    ----------
    assigned : DataFrame
        Result of `settle_groups`.
    vehicles : mapping of route_id to int
        No route gets more buses than it runs at once.
    languages : mapping of group to languages
        Languages of one group cannot be told apart, so the group's buses go to them in turn.
    buses : int

    Returns
    -------
    DataFrame
        `route_id`, `language`, `buses`; the routes in rank order. Fewer buses than asked for are
        dealt when every assigned route has all it runs.
    """
    turn = {group: cycle([language.tag for language in members]) for group, members in languages.items()}
    groups = {
        route: [each for each in pair if each]
        for route, *pair in assigned[["group", "second"]].itertuples(name=None)
    }
    dealt: dict[tuple[str, str], int] = {}
    on_route = dict.fromkeys(groups, 0)
    left = buses
    while left:
        open_routes = [r for r in groups if on_route[r] < vehicles.get(r, 0)]
        if not open_routes:
            break
        for route in open_routes:
            for group in groups[route]:
                if left and on_route[route] < vehicles.get(route, 0):
                    language = next(turn[group])
                    dealt[route, language] = dealt.get((route, language), 0) + 1
                    on_route[route] += 1
                    left -= 1
    rows = [(route, language, count) for (route, language), count in dealt.items()]
    table = pd.DataFrame(rows, columns=["route_id", "language", "buses"])
    # dealt in the order of the rounds, so the group that a route calls for comes before its rival
    table = table.assign(rank=table["route_id"].map(assigned["rank"])).sort_values("rank", kind="stable")
    return table.drop(columns="rank").reset_index(drop=True)
