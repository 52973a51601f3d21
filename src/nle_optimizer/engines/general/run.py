"""Where a general engine stands: the limits and the levels held so far, the best allocation, what was spent."""

from dataclasses import dataclass, field

import numpy as np

from nle_optimizer.engines.general.answer import Answer, Effort
from nle_optimizer.engines.general.draft import Draft
from nle_optimizer.engines.general.limits import keeps_limits
from nle_optimizer.engines.general.solving import solve
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError
from nle_optimizer.model.levels import Level, Spread
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers

_LEAST_WORK = 1e-3

_FINE = 1_000
"""Of a level whose amounts are so many units, hardly two allocations have the same sum."""


@dataclass
class Run:
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

    def solve(self, draft: Draft, objective: Integers, *, gap: float = 0.0, share: float = 1.0) -> Answer:
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
