"""The program that HiGHS solves for the exact placement: columns, budgets and tangent planes.

Atoms share columns of people reached, and with them planes: a plane of many atoms is the sum of one plane
for each. That keeps the program small, however many places and units there are, and loses nothing of what is
proven: each plane lies above the true curve, and touches it where it was laid.
"""

from dataclasses import dataclass
from typing import NamedTuple

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse

from targeting.problem import LEAST_REACH, Problem
from targeting.reach import Floats, Ints

TOUCHES = 1e-7  # share of a language's reach; a plane that cuts off less is not laid
COLUMNS = 1000  # of people reached: more make the bound tighter in fewer rounds, and each round slower
SEED = 1
_DONE = highspy.HighsModelStatus


@dataclass(frozen=True)
class Answer:
    """A placement, whole or in pieces, and the most that any placement could be worth."""

    cards: Floats
    bound: float


class PlacementModel:
    """The program: columns for cards, buses and reach; rows for budgets and tangent planes."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.solver = _quiet_solver()
        self.infinity = highspy.kHighsInf
        self.known: list[Floats] = []  # reach in the last answer
        self.known_logs: Floats = np.empty(0)
        self.place = np.full(problem.allowed.shape, -1)  # column of cards, -1 where not allowed
        open_ = problem.allowed & (problem.vehicles > 0)[:, None]
        open_ |= problem.least > 0
        self.place[open_] = np.arange(open_.sum())
        audience = problem.audience
        self.alone = audience.rides.tocsr(copy=True)  # share that one card reaches by itself
        self.alone.data = -np.expm1(-self.alone.data)
        self.slopes = scipy.sparse.vstack([audience.rides, self.alone], format="csr")
        one = np.where(open_, self.alone.T @ audience.people, 0.0)
        least = np.where(one > 0, one, np.inf).min(axis=0, initial=np.inf)
        self.least_reach: Floats = np.maximum(least, 10 * LEAST_REACH)
        self._card_columns(open_)
        self._bus_columns()
        self._reach_columns(one)
        self._budget_rows()

    def lay_first(self) -> None:
        """Lay the planes through no cards at all, as steep as one whole card is worth.

        With whole cards people reached never exceed the sum of what each card would reach alone; the
        tangent in that point is steeper, and lets the program gain by cutting a card in pieces.
        """
        self._lay_planes(np.zeros(self.place.shape), all_of_them=True)
        if self.problem.weights is None:
            self._first_log_rows()

    def lay(self, cards: Floats, *, all_of_them: bool = False) -> int:
        """Lay planes on the true curve at a placement, and return how many.

        Parameters
        ----------
        cards : ndarray, shape (units, groups)
            The last answer, or any placement before there is one.
        all_of_them : bool
            Also those that cut off next to nothing.
        """
        laid = self._lay_planes(cards, all_of_them=all_of_them or not self.known)
        if self.problem.weights is None:
            laid += self._log_rows(self.problem.audience.reach(cards))
        return laid

    def most(self, cards: Floats) -> float:
        """Return the least that planes can ever allow a placement, in pieces or whole, to be worth."""
        audience = self.problem.audience
        shares = np.minimum(audience.reached_shares(cards), self.alone @ cards)
        return self.problem.worth((audience.people * shares).sum(axis=0))

    @property
    def impossible(self) -> bool:
        """Whether the last run proved that there is no placement at all."""
        status = self.solver.getModelStatus()
        return bool(status in (_DONE.kInfeasible, _DONE.kUnboundedOrInfeasible))

    def run(self, *, relaxed: bool, gap: float, seconds: float, start: Ints | None = None) -> Answer | None:
        """Solve, and return the best placement and bound; None where time ran out before either."""
        solver, count = self.solver, int(self.whole)
        kind = highspy.HighsVarType.kContinuous if relaxed else highspy.HighsVarType.kInteger
        solver.changeColsIntegrality(count, np.arange(count, dtype=np.int32), np.array([kind] * count))
        solver.setOptionValue("time_limit", float(max(seconds, 0.01)) + solver.getRunTime())
        if self.problem.weights is None:
            number = max(int(self.problem.attainable.sum()), 1)
            solver.setOptionValue("mip_abs_gap", float(-number * np.log1p(-gap)) if gap else 1e-9)
            solver.setOptionValue("mip_rel_gap", 0.0)
        else:
            solver.setOptionValue("mip_rel_gap", float(gap))
        if start is not None:
            solver.setSolution(self._solution_of(start))
        solver.run()
        info, solution = solver.getInfo(), solver.getSolution()
        values = np.asarray(solution.col_value)
        if relaxed:
            if solver.getModelStatus() != _DONE.kOptimal:
                return None
            bound = info.objective_function_value
        else:
            bound = info.mip_dual_bound
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                return None
        cards = np.zeros(self.place.shape)
        there = self.place >= 0
        cards[there] = values[self.place[there]]
        self.known = [values[columns] for columns in self.reach_columns]
        if self.problem.weights is None:
            self.known_logs = values[self.log_columns]
        return Answer(cards, float(bound))

    def _card_columns(self, open_: npt.NDArray[np.bool_]) -> None:
        problem = self.problem
        least = problem.least[open_].astype(float)
        most = np.broadcast_to(problem.vehicles[:, None], open_.shape)[open_].astype(float)
        most = np.where(problem.allowed[open_], most, least)
        self._add_columns(np.zeros(open_.sum()), least, most)

    def _bus_columns(self) -> None:
        """Add a column for the posted buses of each unit on whose buses several languages can ride."""
        problem = self.problem
        self.several = np.flatnonzero(~problem.venue & (problem.slots > 1) & (self.place >= 0).any(axis=1))
        first = self.solver.getNumCol()
        self.bus_column = dict(
            zip(self.several.tolist(), range(first, first + len(self.several)), strict=True)
        )
        most = problem.vehicles[self.several].astype(float)
        self._add_columns(np.zeros(len(most)), np.zeros(len(most)), most)
        self.whole = self.solver.getNumCol()

    def _reach_columns(self, one: Floats) -> None:
        """Add columns for people reached of each group, in the atoms that meet the same leading unit most.

        Leading are the units of which one card by itself reaches most, shape (units, groups).
        """
        problem, audience = self.problem, self.problem.audience
        rides = audience.rides.tocsc()
        leading = max(COLUMNS // max(len(problem.groups), 1), 1)
        self.members: list[_Members] = []
        self.reach_columns: list[Ints] = []
        for group in range(len(problem.groups)):
            atoms = np.flatnonzero(audience.people[:, group] > 0)
            units = np.sort(np.argsort(-one[:, group], kind="stable")[:leading])
            kept, row = np.unique(_most_met(rides[:, units].tocsr()[atoms]), return_inverse=True)
            self.members.append(_Members(atoms, row, len(kept)))
            most = np.bincount(row, audience.people[atoms, group], minlength=len(kept)).astype(float)
            worth = 0.0 if problem.weights is None else float(problem.weights[group])
            first = self.solver.getNumCol()
            self._add_columns(np.full(len(kept), worth), np.zeros(len(kept)), most)
            self.reach_columns.append(np.arange(first, first + len(kept)))
        self.log_columns = np.arange(self.solver.getNumCol(), self.solver.getNumCol() + len(problem.groups))
        if problem.weights is None:
            counted = problem.attainable.astype(float)
            total = np.maximum(audience.people.sum(axis=0), LEAST_REACH)
            self._add_columns(counted, np.full(len(counted), np.log(LEAST_REACH)), np.log(total))

    def _budget_rows(self) -> None:
        problem, place = self.problem, self.place
        buses: dict[int, float] = {}
        for unit in np.flatnonzero((place >= 0).any(axis=1)):
            columns = place[unit][place[unit] >= 0].tolist()
            if problem.venue[unit] or unit not in self.bus_column:
                room = problem.slots[unit] if problem.venue[unit] else problem.vehicles[unit]
                self._row(dict.fromkeys(columns, 1.0), most=float(room))
                if not problem.venue[unit]:
                    buses |= dict.fromkeys(columns, 1.0)
                continue
            bus = self.bus_column[int(unit)]
            buses[bus] = 1.0
            for column in columns:  # a bus carries a language once …
                self._row({column: 1.0, bus: -1.0}, most=0.0)
            self._row(dict.fromkeys(columns, 1.0) | {bus: -float(problem.slots[unit])}, most=0.0)
        self._row(buses, most=float(problem.buses))
        venue = place[problem.venue]
        self._row(dict.fromkeys(venue[venue >= 0].tolist(), 1.0), most=float(problem.cards))
        for group in range(len(problem.groups)):
            columns = place[:, group][place[:, group] >= 0].tolist()
            self._row(
                dict.fromkeys(columns, 1.0),
                least=float(problem.floors[group]),
                most=float(min(problem.copies[group], 10**9)),
            )
            if problem.floor_people[group] > 0:
                reached = dict.fromkeys(self.reach_columns[group].tolist(), 1.0)
                self._row(reached, least=float(problem.floor_people[group]))

    def _lay_planes(self, cards: Floats, *, all_of_them: bool) -> int:
        """Add reach ≤ at + slope · cards for the columns of people reached; return how many.

        Each atom gives the lower of two planes: the tangent in these cards, and the one through no cards.
        """
        audience = self.problem.audience
        rides, summed = audience.rides @ cards, self.alone @ cards
        curve = -np.expm1(-rides)
        first = (summed < curve) | (rides == 0)
        share, steep = np.where(first, summed, curve), np.where(first, 1.0, np.exp(-rides))
        laid = 0
        for group, (atoms, row, columns) in enumerate(self.members):
            people = audience.people[atoms, group]
            reached = np.bincount(row, people * share[atoms, group], minlength=columns)
            chosen = np.arange(columns)
            if not all_of_them:  # a plane above the last answer cuts nothing off
                chosen = chosen[self.known[group] - reached > TOUCHES * reached.sum() / max(columns, 1)]
            if not len(chosen):
                continue
            source = atoms + len(rides) * first[atoms, group]  # rows of rides, below them those of `alone`
            weights = scipy.sparse.csr_matrix(
                (people * steep[atoms, group], (row, source)), (columns, self.slopes.shape[0])
            )
            slope = weights[chosen] @ self.slopes
            self._plane_rows(group, chosen, slope, reached[chosen] - slope @ cards[:, group])
            laid += len(chosen)
        return laid

    def _plane_rows(self, group: int, rows: Ints, slope: scipy.sparse.csr_matrix, at: Floats) -> None:
        """Add reach ≤ at + slope · cards for some columns of people reached."""
        entries = slope.tocoo()
        column = self.place[entries.col, group]
        usable = column >= 0
        table = scipy.sparse.csr_matrix(
            (
                np.concatenate([np.ones(len(rows)), -entries.data[usable]]),
                (
                    np.concatenate([np.arange(len(rows)), entries.row[usable]]),
                    np.concatenate([self.reach_columns[group][rows], column[usable]]),
                ),
            ),
            (len(rows), self.solver.getNumCol()),
        )
        self.solver.addRows(
            len(rows),
            np.full(len(rows), -self.infinity),
            at,
            table.nnz,
            table.indptr[:-1].astype(np.int32),
            table.indices.astype(np.int32),
            table.data,
        )

    def _first_log_rows(self) -> None:
        """Add the chord from nobody to what one card reaches at the least.

        With whole cards no reach lies between, and the logarithm bends below the chord beyond; a
        tangent would let the program take a language that nobody sees for one that a few see.
        """
        for group in np.flatnonzero(self.problem.attainable):
            least = float(self.least_reach[group])
            slope = np.log(least / LEAST_REACH) / least
            entries = dict.fromkeys(self.reach_columns[group].tolist(), -float(slope))
            self._row(entries | {int(self.log_columns[group]): 1.0}, most=float(np.log(LEAST_REACH)))

    def _log_rows(self, reach: Floats) -> int:
        """Add log(reach) ≤ log(here) + (reach − here) / here where it cuts anything off; say how many."""
        laid = 0
        for group in np.flatnonzero(self.problem.attainable):
            here = max(float(reach[group]), float(self.least_reach[group]))
            known = self.known_logs[group] if len(self.known_logs) else np.inf
            if known - np.log(here) <= TOUCHES:
                continue
            entries = dict.fromkeys(self.reach_columns[group].tolist(), -1.0 / here)
            self._row(entries | {int(self.log_columns[group]): 1.0}, most=float(np.log(here) - 1.0))
            laid += 1
        return laid

    def _add_columns(self, worth: Floats, least: Floats, most: Floats) -> None:
        empty = np.empty(0, np.int32)
        self.solver.addCols(
            len(worth), np.asarray(worth, float), np.asarray(least, float), np.asarray(most, float), 0,
            empty, empty, np.empty(0),
        )  # fmt: skip

    def _row(
        self, entries: dict[int, float], *, least: float | None = None, most: float | None = None
    ) -> None:
        low = -self.infinity if least is None else least
        high = self.infinity if most is None else most
        if entries or low > 0 or high < 0:
            columns = np.array(list(entries), np.int32)
            self.solver.addRow(low, high, len(columns), columns, np.array(list(entries.values()), float))

    def _solution_of(self, cards: Ints) -> highspy.HighsSolution:
        """Return a placement as the solver's first solution, with its true reach."""
        problem, audience = self.problem, self.problem.audience
        values = np.zeros(self.solver.getNumCol())
        there = self.place >= 0
        values[self.place[there]] = cards[there]
        used = problem.buses_used(cards)
        for unit, column in self.bus_column.items():
            values[column] = used[unit]
        reached = audience.people * audience.reached_shares(cards)
        for group, (atoms, row, columns) in enumerate(self.members):
            values[self.reach_columns[group]] = np.bincount(row, reached[atoms, group], minlength=columns)
        if problem.weights is None:
            values[self.log_columns] = np.log(np.maximum(reached.sum(axis=0), LEAST_REACH))
        solution = highspy.HighsSolution()
        solution.col_value = values.tolist()
        return solution


class _Members(NamedTuple):
    """The atoms where a group lives, and the column of people reached that each belongs to."""

    atoms: Ints
    row: Ints
    columns: int


def _most_met(rides: scipy.sparse.csr_matrix) -> Ints:
    """Return the unit that each atom meets most often, the first of equals; one past the last for none."""
    met = np.full(rides.shape[0], rides.shape[1])
    some = np.flatnonzero(np.diff(rides.indptr))
    if len(some):
        most = np.maximum.reduceat(rides.data, rides.indptr[some])
        row = np.repeat(np.arange(len(some)), np.diff(rides.indptr)[some])
        equal = np.flatnonzero(rides.data == most[row])[::-1]
        met[some[row[equal]]] = rides.indices[equal]
    return met


class _QuietSolver(highspy.Highs):
    """HiGHS without a word on standard output, which belongs to the user."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        """Be silent before the library greets."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _quiet_solver() -> highspy.Highs:
    solver = _QuietSolver()  # type: ignore[no-untyped-call]
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", SEED)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver
