"""The quick placement: one bus after the other, always the one that adds most, with its own bound.

Reach has diminishing returns (a bus adds less where others already run), so the greedy placement is
close to the best, and what any placement could add bounds how close. Because the curve is an
exponential, what one more bus of any unit adds is a sparse product for each language; a card that is
placed changes it only by what it takes from the places that it reaches, so that nothing has to be kept
lazily (as CELF does: Leskovec et al. 2007) to be quick.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse

from targeting.problem import ENOUGH, LEAST_REACH, Problem
from targeting.reach import Floats, Ints

Truths = npt.NDArray[np.bool_]

NOTHING = 1e-12
ROUNDING = 1e-12  # share of what the first card would add; less is left by the rounding of differences
LARGE = 60_000  # meetings of atoms and units from which differences are quicker than whole products
TIE = 1e-9  # worth of a person of a language without weight, where a floor asks for it


@dataclass(frozen=True)
class Greedy:
    """A quick placement.

    Attributes
    ----------
    cards : ndarray of int, shape (units, groups)
    value : float
        The objective.
    bound : float
        No placement can be worth more.
    """

    cards: Ints
    value: float
    bound: float


class Meetings:
    """The rides of an audience by unit and by atom, for the quick placement of many problems with the same.

    Parameters
    ----------
    rides : csr_matrix, shape (atoms, units)
        `Audience.rides`.
    """

    def __init__(self, rides: scipy.sparse.csr_matrix) -> None:
        self.by_unit = rides.tocsc()
        met = self.by_unit.T  # a view, units by rows
        self.shares = scipy.sparse.csr_matrix((-np.expm1(-met.data), met.indices, met.indptr), met.shape)
        self.large = bool(met.nnz > LARGE)
        self.by_atom = self.shares.T.tocsr()

    def of_unit(self, unit: int) -> tuple[Ints, Floats]:
        """Return the atoms that a unit reaches, and its rides there."""
        begin, end = self.by_unit.indptr[unit], self.by_unit.indptr[unit + 1]
        return self.by_unit.indices[begin:end], self.by_unit.data[begin:end]

    def of_some(self, atoms: Ints, people: Floats) -> Floats:
        """Return how many of the people in some atoms one card of each unit reaches, shape (units,)."""
        return np.asarray(self.by_atom[atoms].T @ people)


def greedy_cards(problem: Problem, meetings: Meetings | None = None) -> Ints:
    """Return the quick placement alone, shape (units, groups).

    What is settled comes first, then the floors, each language on its best unit, those first that have
    the fewest places to choose from; floors that cannot be met are left (`targeting.feasibility` says
    why).

    Parameters
    ----------
    problem : Problem
    meetings : Meetings, optional
        Of the problem's rides; made where not given.
    """
    state = _State(problem, meetings)
    for _ in _steps(state):
        pass
    return state.cards


def greedy_placement(problem: Problem) -> Greedy:
    """Return the placement that adds the best bus, or venue card, again and again, with its bound."""
    state = _State(problem)
    bound = np.inf
    for _ in _steps(state):
        bound = min(bound, state.bound())
    return Greedy(state.cards, problem.worth(state.reach), float(min(bound, state.bound())))


def greedy_path(problem: Problem, record: Callable[[int, Ints, Floats], None]) -> None:
    """Tell `record` (buses, cards, reach) each time the quick placement has posted another bus.

    And once more at the end where cards in venues or empty slots came after the last bus.
    """
    state = _State(problem)
    told, cards = -1, 0
    for _ in _steps(state):
        if state.posted != told:
            record(state.posted, state.cards.copy(), state.reach.copy())
            told, cards = state.posted, int(state.hung.sum())
    if cards != state.hung.sum():
        record(state.posted, state.cards.copy(), state.reach.copy())


def _steps(state: "_State") -> Iterator[None]:
    """Place everything, and stop after each card or bus for the caller to look."""
    state.settle()
    yield
    while state.place_for_floors():
        yield
    while state.fill_slots():
        pass
    yield
    while state.place_best():
        yield


class _State:
    """Cards placed so far, and what one more of each would add."""

    def __init__(self, problem: Problem, meetings: Meetings | None = None) -> None:
        audience = problem.audience
        self.problem = problem
        self.cards = np.zeros((len(problem.units), len(problem.groups)), np.int64)
        self.buses = np.zeros(len(problem.units), np.int64)
        self.hanging = np.zeros(len(problem.units), np.int64)  # cards of each unit
        self.hung = np.zeros(len(problem.groups), np.int64)  # cards of each group
        self.posted = 0  # buses
        self.in_venues = 0  # cards
        self.has_venues = bool(problem.venue.any())
        self.left = audience.people.copy(order="F")  # people whom nothing has reached yet
        self.meetings = meetings or Meetings(audience.rides)
        self.most = np.where(problem.allowed, problem.vehicles[:, None], 0)
        self.held = np.where(problem.venue, 1, problem.slots)  # languages that one more card or bus brings
        self.one_each = bool((self.held == 1).all())
        self.reach = np.zeros(len(problem.groups))
        self.adds = np.asarray(self.meetings.shares @ self.left)  # people that one more card would reach
        self.least_adds = ROUNDING * self.adds

    def settle(self) -> None:
        """Place what is settled before any choice."""
        for unit, group in zip(*np.nonzero(self.problem.least), strict=True):
            self._put(int(unit), int(group), int(self.problem.least[unit, group]))

    def place_for_floors(self) -> bool:
        """Place one card of a language below its floor; False where nothing is left to do."""
        problem = self.problem
        room = self._open()
        few = (self.hung < problem.floors) & room.any(axis=0)
        if few.any():
            spare = np.maximum(problem.vehicles - self.buses, 1)
            choice = spare @ room - (problem.floors - self.hung)
            room &= few & (choice == choice[few].min())
        else:
            far = self.reach < problem.floor_people * (1 - ENOUGH)
            room &= far & (self.adds > NOTHING)
        return self._put_best(np.where(room, self._worth() + TIE * self.adds, -1.0), least=0.0)

    def fill_slots(self) -> bool:
        """Use one empty slot of a bus that is posted already; False where none is left."""
        free = ~self.problem.venue & (self.hanging < self.problem.slots * self.buses)
        if not free.any():
            return False
        room = self._open() & free[:, None] & (self.cards < self.buses[:, None])
        return self._put_best(np.where(room, self._worth(), -1.0), least=NOTHING)

    def place_best(self) -> bool:
        """Post the bus, with as many languages as it holds, or the venue card that adds most."""
        problem = self.problem
        open_ = (self.cards < self.most) & (self.hung < problem.copies)
        open_ &= self._another()[:, None]
        worth = np.where(open_, self._worth(), 0.0)
        if self.one_each:
            return self._put_best(worth, least=NOTHING)
        best = _bundles(worth, self.held)
        unit = int(best.argmax()) if len(best) else 0
        if not len(best) or best[unit] <= NOTHING:
            return False
        for group in np.argsort(-worth[unit], kind="stable")[: self.held[unit]]:
            if worth[unit, group] > NOTHING:
                self._put(unit, int(group), 1)
        return True

    def bound(self) -> float:
        """Return what the best of all placements could be worth at the most.

        Diminishing returns: the best placement is worth no more than this one and the best one's cards
        on top, each at what it would add now (Minoux 1978; Leskovec et al. 2007). Settled buses take no
        further card, unless they have more than one slot.
        """
        problem = self.problem
        gains = _bundles(np.where(problem.allowed, self._worth(), 0.0), self.held)
        settled = np.where(problem.slots == 1, problem.buses_used(problem.least), 0)
        total = problem.worth(self.reach)
        room = np.maximum(np.where(problem.venue, problem.slots, problem.vehicles - settled), 0)
        for rows, budget in (
            (~problem.venue, problem.buses - int(settled.sum())),
            (problem.venue, problem.cards),
        ):
            order = np.flatnonzero(rows)[np.argsort(-gains[rows], kind="stable")]
            taken = np.minimum(np.cumsum(room[order]), max(budget, 0))
            total += float((np.diff(taken, prepend=0) * gains[order]).sum())
        return total

    def _another(self) -> Truths:
        """Return which units one more bus may be posted of, and which venues take one more card."""
        problem = self.problem
        bus = (self.buses < problem.vehicles) & (self.posted < problem.buses)
        if not self.has_venues:
            return np.asarray(bus)
        card = (self.hanging < problem.slots) & (self.in_venues < problem.cards)
        return np.where(problem.venue, card, bus)

    def _open(self) -> Truths:
        """Return where one more card may go, in a posted bus or another."""
        problem = self.problem
        slot = ~problem.venue & (self.hanging < problem.slots * self.buses)
        room = self._another()[:, None] | (slot[:, None] & (self.cards < self.buses[:, None]))
        room &= (self.cards < self.most) & (self.hung < problem.copies)
        return np.asarray(room)

    def _worth(self) -> Floats:
        """Return what one more card of each group is worth, shape (units, groups)."""
        if self.problem.weights is not None:
            return np.asarray(self.adds * self.problem.weights)
        return np.asarray(np.log1p(np.maximum(self.adds, 0.0) / np.maximum(self.reach, LEAST_REACH)))

    def _put_best(self, worth: Floats, *, least: float) -> bool:
        best = int(worth.argmax()) if worth.size else 0
        if not worth.size or worth.flat[best] < least:
            return False
        unit, group = divmod(best, worth.shape[1])
        self._put(unit, group, 1)
        return True

    def _put(self, unit: int, group: int, count: int) -> None:
        problem = self.problem
        self.cards[unit, group] += count
        self.hanging[unit] += count
        self.hung[group] += count
        if problem.venue[unit]:
            self.in_venues += count
        else:
            held = -(-int(self.hanging[unit]) // int(problem.slots[unit]))
            needed = max(int(self.buses[unit]), int(self.cards[unit].max()), held)
            self.posted += needed - int(self.buses[unit])
            self.buses[unit] = needed
        atoms, rides = self.meetings.of_unit(unit)
        left = self.left[atoms, group]
        kept = left * np.exp(-count * rides)
        self.left[atoms, group] = kept
        self.reach[group] += float((left - kept).sum())
        if not self.meetings.large:
            self.adds[:, group] = self.meetings.shares @ self.left[:, group]
            return
        adds = self.adds[:, group] - self.meetings.of_some(atoms, left - kept)
        self.adds[:, group] = np.where(adds > self.least_adds[:, group], adds, 0.0)


def _bundles(worth: Floats, held: Ints) -> Floats:
    """Return what the best filling of one more bus of each unit is worth (of a venue: one card)."""
    most = int(held.max(initial=1))
    if most == 1 or worth.shape[1] < 2:
        return np.asarray(worth.max(axis=1, initial=0.0))
    ranked = np.sort(worth, axis=1)[:, ::-1][:, :most]
    return np.asarray((ranked * (np.arange(ranked.shape[1]) < held[:, None])).sum(axis=1))
