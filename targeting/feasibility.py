"""Feasibility: which wishes of a campaign fight each other, and by how much."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from targeting.greedy import greedy_cards
from targeting.problem import ENOUGH, Problem
from targeting.reach import Floats, Ints


def plain_fights(problem: Problem, names: Mapping[str, str]) -> str:
    """Return which wishes cannot be met whatever is placed, in one sentence; empty where none.

    Parameters
    ----------
    problem : Problem
    names : mapping
        Unit ids and groups to what the planner calls them.
    """
    return _settled_fights(problem, names) or _floor_fights(problem, names)


def floors_fight(problem: Problem, names: Mapping[str, str]) -> str:
    """Return by how much the floors are too much, for a problem that has no placement at all."""
    return _share_fights(problem, names) or _joint_fights(problem, names)


def affordable_floors(problem: Problem, asked: npt.NDArray[np.bool_]) -> Ints:
    """Return the floors that can be met, shape (groups,): of what cannot, the largest groups first.

    For floors nobody asked for in so many words; asked-for floors stay, and are an error where they
    cannot be met.

    Parameters
    ----------
    problem : Problem
    asked : ndarray of bool, shape (groups,)
    """
    floors = np.where(asked, problem.floors, 0)
    if _unmet(replace(problem, floors=floors)).any():
        return floors
    people = problem.audience.people.sum(axis=0)
    for group in np.argsort(-people, kind="stable"):
        for _ in range(int(problem.floors[group] - floors[group])):
            more = floors.copy()
            more[group] += 1
            if not _unmet(replace(problem, floors=more)).any():
                floors = more
    return floors


def _settled_fights(problem: Problem, names: Mapping[str, str]) -> str:
    """Return what is wrong with pinned placements and those of an earlier wave."""
    used = problem.buses_used(problem.least)
    over = np.flatnonzero(~problem.venue & (used > problem.vehicles))
    if len(over):
        unit = int(over[0])
        return (
            f"placement.pinned and placement.keep put {used[unit]:,} buses on {names[problem.units[unit]]}, "
            f"which has {problem.vehicles[unit]:,}: {used[unit] - problem.vehicles[unit]:,} too many"
        )
    total = int(used.sum())
    if total > problem.buses:
        return (
            f"placement.pinned and placement.keep need {total:,} buses, and placement.buses = "
            f"{problem.buses:,}: {total - problem.buses:,} too few"
        )
    cards = problem.least[problem.venue].sum(axis=1)
    room = np.minimum((problem.least[problem.venue] > 0).sum(axis=1), problem.slots[problem.venue])
    for venue in np.flatnonzero(cards > room):
        unit = int(np.flatnonzero(problem.venue)[venue])
        return (
            f"placement.pinned and placement.keep hang {cards[venue]:,} cards in "
            f"{names[problem.units[unit]]}, which takes {problem.slots[unit]:,}, one of each language: "
            f"{cards[venue] - room[venue]:,} too many"
        )
    if cards.sum() > problem.cards:
        return (
            f"placement.pinned and placement.keep need {cards.sum():,} cards in venues, and venues.cards = "
            f"{problem.cards:,}: {cards.sum() - problem.cards:,} too few"
        )
    hanging = problem.least.sum(axis=0)
    for group in np.flatnonzero(hanging > problem.copies):
        return (
            f"placement.pinned and placement.keep hang {hanging[group]:,} cards of "
            f"{names[problem.groups[group]]}, and posters.copies, less the spares, allow "
            f"{problem.copies[group]:,}: {hanging[group] - problem.copies[group]:,} too few"
        )
    return ""


def _floor_fights(problem: Problem, names: Mapping[str, str]) -> str:
    """Return what is wrong with each floor by itself."""
    places = np.maximum(np.where(problem.allowed, problem.vehicles[:, None], 0), problem.least)
    room = places[~problem.venue].sum(axis=0) + np.minimum(places[problem.venue].sum(axis=0), problem.cards)
    for group in np.flatnonzero(problem.floors > 0):
        floor, name = int(problem.floors[group]), names[problem.groups[group]]
        if floor > problem.copies[group]:
            return (
                f"placement.floors ask for {_buses(floor)} of {name}, and posters.copies, less the "
                f"spares, allow {problem.copies[group]:,}: {floor - problem.copies[group]:,} too few"
            )
        if floor > room[group]:
            return (
                f"placement.floors ask for {_buses(floor)} of {name}, and the units where it may hang "
                f"have {room[group]:,}: {floor - room[group]:,} too few (certainty.min_served and "
                "enough_at, or placement.forbidden, rule out the others)"
            )
    return ""


def _share_fights(problem: Problem, names: Mapping[str, str]) -> str:
    """Return which share of a language's speakers is out of reach even with every bus."""
    for group in np.flatnonzero(problem.floor_people > 0):
        alone = np.zeros_like(problem.floors)
        wanted = np.zeros_like(problem.floor_people)
        wanted[group] = np.inf
        only = replace(problem, floors=alone, floor_people=wanted)
        reached = float(problem.audience.reach(greedy_cards(only))[group])
        if reached < problem.floor_people[group] * (1 - ENOUGH):
            return (
                f"placement.floors ask that {problem.floor_people[group]:,.0f} speakers of "
                f"{names[problem.groups[group]]} be reached, and all the buses together reach about "
                f"{reached:,.0f}: {problem.floor_people[group] - reached:,.0f} too few"
            )
    return ""


def _joint_fights(problem: Problem, names: Mapping[str, str]) -> str:
    """Return by how many buses the floors together are too much."""
    short = _unmet(problem)
    listed = ", ".join(
        names[problem.groups[group]]
        for group in np.flatnonzero((problem.floors > 0) | (problem.floor_people > 0))
    )
    fleet = int(problem.vehicles[~problem.venue].sum())
    counts = range(problem.buses + 1, fleet + 1)
    more = bisect_left(counts, True, key=lambda buses: not _unmet(replace(problem, buses=buses)).any())
    if more < len(counts):
        return (
            f"placement.floors ({listed}){' with what is settled' if problem.least.any() else ''} need about "
            f"{counts[more]:,} buses, and placement.buses = {problem.buses:,}: about "
            f"{counts[more] - problem.buses:,} too few"
        )
    lacking = ", ".join(
        f"{names[problem.groups[group]]} by {short[group]:,.0f}" for group in np.flatnonzero(short)
    )
    return (
        "placement.floors cannot all be met on the units where the languages may hang, however many buses "
        f"there are ({lacking} short)"
    )


def _unmet(problem: Problem) -> Floats:
    """Return by how many cards, or people, the quick placement misses each floor."""
    return problem.missing(greedy_cards(problem))


def _buses(number: int) -> str:
    return f"{number:,} bus" if number == 1 else f"{number:,} buses"
