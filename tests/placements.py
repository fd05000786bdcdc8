"""Small placement problems for the tests, and an independent look at what may hang where."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import exp, log

import numpy as np
import numpy.typing as npt
import scipy.sparse
from hypothesis import strategies as st

from targeting.problem import Problem
from targeting.reach import Audience

MANY = 10**6


def audience(people: npt.ArrayLike, rides: npt.ArrayLike) -> Audience:
    """Return an audience of atoms that are a tract each."""
    count = len(np.asarray(people))
    return Audience(
        np.asarray(people, float), scipy.sparse.csr_matrix(np.asarray(rides, float)), np.arange(count),
        np.ones(count), np.arange(count),
    )  # fmt: skip


def problem(
    people: npt.ArrayLike,
    rides: npt.ArrayLike,
    buses: int = 1,
    vehicles: list[int] | None = None,
    **changes: object,
) -> Problem:
    """Return a problem: people (atoms, groups), rides (atoms, units), and wishes where not plain."""
    heard = audience(people, rides)
    units, groups = heard.rides.shape[1], heard.people.shape[1]
    plain = Problem(
        audience=heard,
        units=tuple(f"unit{n}" for n in range(units)),
        groups=tuple(f"group{n}" for n in range(groups)),
        vehicles=np.array(vehicles or [1] * units),
        slots=np.ones(units, np.int64),
        venue=np.zeros(units, bool),
        buses=buses,
        cards=0,
        allowed=np.ones((units, groups), bool),
        least=np.zeros((units, groups), np.int64),
        floors=np.zeros(groups, np.int64),
        floor_people=np.zeros(groups),
        copies=np.full(groups, MANY),
        weights=np.ones(groups),
    )
    arrays = {key: np.asarray(each) if isinstance(each, list) else each for key, each in changes.items()}
    return replace(plain, **arrays)  # type: ignore[arg-type]


def broken(p: Problem, cards: npt.ArrayLike) -> list[str]:
    """Return which rules a placement breaks, each checked by itself in plain Python."""
    rows = [[int(n) for n in row] for row in np.asarray(cards)]
    found: list[str] = []
    posted = hung_in_venues = 0
    for unit, row in enumerate(rows):
        room = int(p.vehicles[unit])
        if any(n < least for n, least in zip(row, p.least[unit], strict=True)):
            found.append("pinned")
        if any(
            n > (least if not may else MANY)
            for n, may, least in zip(row, p.allowed[unit], p.least[unit], strict=True)
        ):
            found.append("forbidden")
        if any(n < 0 for n in row):
            found.append("negative")
        if p.venue[unit]:
            hung_in_venues += sum(row)
            if max(row) > 1 or sum(row) > p.slots[unit]:
                found.append("venue")
            continue
        # the fewest buses that hold these cards, no language twice in one
        needed = next(b for b in range(MANY) if max(row) <= b and sum(row) <= b * int(p.slots[unit]))
        if needed > room:
            found.append("vehicles")
        posted += needed
    if posted > p.buses:
        found.append("buses")
    if hung_in_venues > p.cards:
        found.append("cards")
    for group in range(len(p.groups)):
        hung = sum(row[group] for row in rows)
        if hung > p.copies[group]:
            found.append("copies")
        if hung < p.floors[group]:
            found.append("floor")
        if reach_of(p, rows, group) < float(p.floor_people[group]) * (1 - 1e-6):
            found.append("floor of people")
    return found


def reach_of(p: Problem, cards: list[list[int]], group: int) -> float:
    """Return people reached, atom by atom."""
    rides = p.audience.rides.toarray().tolist()
    people = p.audience.people.tolist()
    return sum(
        each[group] * (1 - exp(-sum(rate * row[group] for rate, row in zip(near, cards, strict=True))))
        for each, near in zip(people, rides, strict=True)
    )


def worth_of(p: Problem, cards: list[list[int]]) -> float:
    """Return the objective of a placement, atom by atom."""
    reached = [reach_of(p, cards, group) for group in range(len(p.groups))]
    if p.weights is not None:
        return sum(float(w) * each for w, each in zip(p.weights, reached, strict=True))
    near = p.audience.rides.toarray() > 0
    able = [
        any(
            p.allowed[u, g] and p.vehicles[u] > 0 and (near[:, u] & (p.audience.people[:, g] > 0)).any()
            for u in range(len(p.units))
        )
        for g in range(len(p.groups))
    ]
    return sum(log(max(each, 1e-6)) for each, may in zip(reached, able, strict=True) if may)


def every_placement(p: Problem) -> Iterator[npt.NDArray[np.int64]]:
    """Yield every placement that keeps all the rules."""
    most = np.where(p.allowed, p.vehicles[:, None], p.least)
    for flat in product(*(range(int(n) + 1) for n in most.ravel())):
        cards = np.array(flat, np.int64).reshape(most.shape)
        if not broken(p, cards):
            yield cards


def best_of_all(p: Problem) -> float | None:
    """Return the worth of the best placement, None where there is none."""
    return max((worth_of(p, cards.tolist()) for cards in every_placement(p)), default=None)


@st.composite
def problems(draw: st.DrawFn, *, plain: bool = False) -> Problem:
    """Draw a problem small enough to try everything."""
    units, groups = draw(st.sampled_from([(2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (2, 3)]))
    atoms = draw(st.integers(1, 4))

    def table(rows: int, columns: int, each: st.SearchStrategy[float]) -> npt.NDArray[np.float64]:
        return np.array(
            draw(st.lists(st.lists(each, min_size=columns, max_size=columns), min_size=rows, max_size=rows)),
            float,
        ).reshape(rows, columns)

    people = table(atoms, groups, st.sampled_from([0, 1, 7, 40, 100, 333]))
    rides = table(atoms, units, st.sampled_from([0, 0, 0.05, 0.3, 1.0, 3.0]))
    vehicles = np.array([draw(st.integers(0, 2)) for _ in range(units)])
    venue = np.array([not plain and draw(st.sampled_from([False, False, True])) for _ in range(units)])
    vehicles[venue] = 1
    fleet = int(vehicles[~venue].sum())
    wishes: dict[str, object] = {
        "slots": np.array([draw(st.integers(1, 2)) for _ in range(units)]),
        "venue": venue,
        "cards": draw(st.integers(0, 2)),
        "weights": draw(st.sampled_from([np.ones(groups), np.array([1.0, 0.0, 2.5])[:groups], None])),
    }
    if not plain:
        least = np.zeros((units, groups), np.int64)
        if draw(st.booleans()):
            unit, group = draw(st.integers(0, units - 1)), draw(st.integers(0, groups - 1))
            least[unit, group] = min(int(vehicles[unit]), draw(st.integers(1, 2)))
        total = people.sum(axis=0)
        wishes |= {
            "least": least,
            "allowed": table(units, groups, st.sampled_from([1, 1, 1, 0])) > 0,
            "floors": np.array([draw(st.sampled_from([0, 0, 1, 2])) for _ in range(groups)]),
            "floor_people": total
            * np.array([draw(st.sampled_from([0, 0, 0, 0.04, 0.3])) for _ in range(groups)]),
            "copies": np.array([draw(st.sampled_from([MANY, MANY, 1, 2])) for _ in range(groups)]),
        }
    return problem(people, rides, draw(st.integers(0, max(fleet, 1))), vehicles.tolist(), **wishes)
