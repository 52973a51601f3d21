"""A programme solved in a process of its own, level after level.

Programs solved in the solvers' own process; every answer is checked in whole numbers before it is returned. One
process for solvers, which lives as long as the program does. Where a general engine stands: the limits and the levels
held so far, the best allocation, what was spent.
"""

import atexit
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.child_process import Child, wait
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.program import Effort, Program, SolverAnswer
from nle_optimizer.engines.general.program_from_problem import Draft, keeps_limits
from nle_optimizer.errors import EngineError, SolverDiedError
from nle_optimizer.model.levels import Level, Spread
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers

T = TypeVar("T")

GRACE = 3.0
"""Seconds after the deadline or an interrupt at which a solver that does not stop is ended."""


class Service:
    """A process for solvers, started when it is first needed and started again when it has died."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="nle-optimizer-")
        self._calls = 0

    def call(self, function: Callable[..., T], *args: Any, stop: Stopping) -> T:
        """A function's result, called in the process with the name of its stop file after the other arguments.

        Where the process dies, another is asked once more.

        Raises:
            SolverDiedError: that one died too.
            EngineError: the function raised.
            TimeoutError: the deadline and the grace are over, or the planner's interrupt was not heard.
        """
        try:
            return self._call(function, *args, stop=stop)
        except SolverDiedError as death:
            stop.tell(f"{death}; trying once more")
            return self._call(function, *args, stop=stop)

    def _call(self, function: Callable[..., T], *args: Any, stop: Stopping) -> T:
        self._child = self._child or Child()
        self._calls += 1
        stop_file = Path(self._folder.name) / str(self._calls)
        seconds = None if stop.seconds_left is None else stop.seconds_left + GRACE
        future = self._child.submit(function, *args, str(stop_file))
        try:
            try:
                return wait(future, seconds=seconds, interrupted=stop.interrupted)
            except TimeoutError:
                stop_file.touch()
                return wait(future, seconds=GRACE)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process; the next call starts another."""
        if self._child is not None:
            self._child.close()
        self._child = None

    def end(self) -> None:
        """End the process and leave nothing behind."""
        self.close()
        self._folder.cleanup()


@cache
def service() -> Service:
    """The one service of this program; it ends with it."""
    only = Service()
    atexit.register(only.end)
    return only


EXACT = "cpsat"
"""The solver that reckons in whole numbers."""

_CLOSING = 20.0
"""What CP-SAT may spend, in its deterministic seconds, where HiGHS's answer is a rounding away from its bound."""

LARGEST = 2**53
"""Sums up to this are exact in the floating point in which solvers tell their bounds."""


def solve(solver: str, program: Program, effort: Effort, stop: Stopping) -> SolverAnswer:
    """Solve a program.

    HiGHS reckons in floating point: where its answer does not hold in whole numbers, CP-SAT is asked instead; where
    it is said to be the best and its bound says otherwise, CP-SAT goes on from it.

    Args:
        solver: `cpsat` or `highs`.
        program: what is to be solved.
        effort: what may be spent on it.
        stop: the deadline, and the planner's interrupt.

    Returns:
        The answer; its values keep every limit, and its bound is a multiple of the greatest common divisor of the
        objective's amounts, and not below the value.

    Raises:
        EngineError: the answer breaks a limit or contradicts its bound.
    """
    if program.impossible():
        return SolverAnswer("infeasible", None, None, 0.0)
    if program.reach >= LARGEST:
        raise EngineError("the amounts are too large for a general solver: their sums can exceed 2^53")
    divisor = int(np.gcd.reduce(program.objective)) or 1
    small = program.divided(divisor)
    try:
        answer = service().call(_solve, solver, small, effort, stop=stop)
        if solver != EXACT and why_not(small, answer) is not None:
            solver, spent = EXACT, answer.work
            answer = service().call(_solve, solver, small, effort, stop=stop)
            answer = replace(answer, work=answer.work + spent)
        elif solver != EXACT and _is_ajar(small, answer, effort):
            answer = _closed(small, answer, replace(effort, work=_CLOSING, seconds=stop.seconds_left), stop)
    except TimeoutError:
        return SolverAnswer("unknown", None, None, 0.0)
    except SolverDiedError:
        return SolverAnswer("died", None, None, 0.0)
    check(solver, small, answer)
    bound = None if answer.bound is None else answer.bound * divisor
    return SolverAnswer(answer.status, answer.values, bound, answer.work)


def _is_ajar(program: Program, answer: SolverAnswer, effort: Effort) -> bool:
    """Whether a solver says that it is done, and its bound lies above what its values are worth in whole numbers."""
    if answer.status != "optimal" or effort.gap or answer.values is None or answer.bound is None:
        return False
    return int(program.objective @ answer.values) < answer.bound


def _closed(program: Program, answer: SolverAnswer, effort: Effort, stop: Stopping) -> SolverAnswer:
    """The better of an answer and what the exact solver finds from there."""
    assert answer.values is not None
    exact = service().call(_solve, EXACT, replace(program, hint=answer.values), effort, stop=stop)
    check(EXACT, program, exact)
    bounds = [each.bound for each in (answer, exact) if each.bound is not None]
    tried = [each for each in (answer.values, exact.values) if each is not None]
    best = max(tried, key=lambda values: int(program.objective @ values))
    return replace(answer, values=best, bound=min(bounds))


def _solve(solver: str, program: Program, effort: Effort, stop_file: str) -> SolverAnswer:
    """Called in the solvers' process, the only one that needs to import them."""
    answer: SolverAnswer = import_module(f"{__package__}.{solver}").solve(program, effort, stop_file)
    return answer


def relax(program: Program, stop: Stopping) -> NDArray[np.float64] | None:
    """What a unit more of each row's limit is worth in the relaxation to fractions; None where that is not found."""
    try:
        return service().call(_relax, program, stop.seconds_left, stop=stop)
    except (TimeoutError, SolverDiedError):
        return None


def _relax(program: Program, seconds: float | None, _: str) -> NDArray[np.float64] | None:
    """Called in the solvers' process."""
    prices: NDArray[np.float64] | None = import_module(f"{__package__}.highs").relax(program, seconds)
    return prices


def check(solver: str, program: Program, answer: SolverAnswer) -> None:
    """Raise EngineError where the answer's values break a limit, or are worth more than its bound."""
    why = why_not(program, answer)
    if why is not None:
        raise EngineError(f"the answer of {solver} {why}")


def why_not(program: Program, answer: SolverAnswer) -> str | None:
    """What is wrong with an answer in whole numbers; None where nothing is."""
    if answer.values is None:
        return None
    if not program.holds(answer.values):
        return "breaks a limit of its own program"
    value = int(program.objective @ answer.values)
    if answer.bound is not None and value > answer.bound:
        return f"is worth {value}, and says that at most {answer.bound} can be had"
    return None


_LEAST_WORK = 1e-3

_FINE = 1_000
"""Of a level whose amounts are so many units, hardly two allocations have the same sum."""


@dataclass
class LevelRun:
    """One solution in the making.

    Attributes:
        problem: what is solved.
        solver: `cpsat` or `highs`.
        stop: when to stop.
        budget: units of work that may be spent in all.
        draft: the problem's limits, and what holds the levels so far.
        matched: the best allocation so far, indices of pairs; it keeps the draft's limits.
        spreads: the columns of greatest and least share of each spread in the draft.
        held: for each level so far the pairs' amounts, where it is a sum over pairs, and the least value that holds it.
        settled: whether a level is held of which hardly two allocations have the same sum.
        fine: where that is the level held last, proved at its value: the draft before it was held, and its amounts.
        alone: whether a solver has shown that no other allocation comes into question.
        spent: units of work that were spent.
        stopped: why something was left unproved; None while nothing was.
    """

    problem: Problem
    solver: str
    stop: Stopping
    budget: float
    draft: Draft
    matched: Integers
    spreads: list[tuple[Spread, Integers]] = field(default_factory=list)
    held: list[tuple[Integers | None, int]] = field(default_factory=list)
    settled: bool = False
    fine: tuple[Draft, Integers] | None = None
    alone: bool = False
    spent: float = 0.0
    stopped: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more can be asked of the solver."""
        return self.stopped in ("time", "interrupt", "work", "solver")

    def solve(self, draft: Draft, objective: Integers, *, gap: float = 0.0, share: float = 1.0) -> SolverAnswer:
        """Maximise an objective within a draft, from the best allocation so far.

        Args:
            draft: the limits.
            objective: over the first variables; none where any allocation will do.
            gap: a relative gap that will do.
            share: how much of what is left of the budget may be spent on it.
        """
        work = share * (self.budget - self.spent)
        hint = self.variables(self.matched, len(draft.lower))
        effort = Effort(max(work, _LEAST_WORK), self.stop.seconds_left, gap, self.settled)
        answer = solve(self.solver, draft.program(objective, hint), effort, self.stop)
        self.spent += answer.work
        if answer.status == "died":
            self.stopped = "solver"
        return answer

    def adopt(self, values: Integers) -> None:
        """Take the allocation of a solver's answer for the best one."""
        matched = np.flatnonzero(values[: self.problem.size])
        if not keeps_limits(self.problem, matched):
            raise EngineError(f"the answer of {self.solver} breaks a limit of the problem")
        self.matched = matched

    def adopt_better(self, values: Integers, objective: Integers) -> None:
        """Take the allocation of a solver's answer where it is worth more than the best one so far."""
        before = self.matched
        self.adopt(values)
        size = len(objective)
        if objective @ self.variables(self.matched, size) < objective @ self.variables(before, size):
            self.matched = before

    def hold(self, level: Level, amounts: Integers, value: int, *, proved: bool) -> None:
        """Keep a level at its value, or within what later ones may give up of it, while they are optimised."""
        least = value if level.within is None else level.within.least(value)
        divisor = int(np.gcd.reduce(amounts)) or 1
        fine = level.within is None and int(np.abs(amounts).max(initial=0)) >= _FINE * divisor
        self.settled |= fine
        self.fine = (self.draft.copy(), amounts // divisor) if fine and proved else None
        self.draft.add_row(amounts, least, value if level.within is None else None)
        priced = level.presence_amounts is None and (level.within is None or proved)
        self.held.append((level.amounts if priced else None, least))

    def leave(self, *, exact: bool = False) -> None:
        """Note why something is left unproved."""
        if self.stopped == "solver":
            return
        by_gap = self.stop.gap > 0 and not exact and self.spent < self.budget
        self.stopped = self.stop.reason() or ("gap" if by_gap else "work")

    def variables(self, matched: Integers, size: int) -> Integers:
        """The first `size` variables for an allocation."""
        values = np.zeros(max(size, len(self.draft.lower)), dtype=np.int64)
        values[matched] = 1
        pairs, presences = self.problem.size, self.problem.presences
        values[pairs : pairs + presences.count] = presences.under(pairs, matched)
        for column, counted in self.draft.counts:
            values[column] = values[counted].sum()
        for spread, columns in self.spreads:
            values[columns] = spread.ends(self.problem, matched)
        return values[:size]
