"""The general engines: every problem as whole-number programs, level by level, by CP-SAT or by HiGHS."""

import time
from collections.abc import Iterator
from dataclasses import replace
from math import ceil

import numpy as np

from nle_optimizer.engines.general import additive, spreads, thresholds, together
from nle_optimizer.engines.general.alone import stands_alone
from nle_optimizer.engines.general.clash import any_allocation, clash_of
from nle_optimizer.engines.general.counts import add_counts
from nle_optimizer.engines.general.draft import Draft, draft_of
from nle_optimizer.engines.general.held import hold_all
from nle_optimizer.engines.general.run import Run
from nle_optimizer.engines.general.solving import LARGEST
from nle_optimizer.engines.general.start import first_allocation
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin, Spread
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Leaf, LevelOutcome, Solution

_NO_OBJECTIVE = np.zeros(0, dtype=np.int64)

_FIRST_WORK = 3_000.0
"""Tenths of a deterministic second that CP-SAT, which both engines ask, may look for a first allocation."""

_TIE_SHARE = 0.02
"""Of what is left of the work, what deciding between equals may take at each level."""


class _GeneralEngine:
    """What both engines do; they differ in the solver."""

    name: str
    summary: str
    solver: str
    work: int
    counts: bool
    """Whether numbers to branch on help the solver."""

    def refuses(self, problem: Problem) -> str | None:
        """Why the engine cannot solve the problem, in words; None if it can."""
        draft = draft_of(problem)
        for level in problem.levels:
            amounts = additive.amounts_of(level) if isinstance(level, Level) else _NO_OBJECTIVE
            if draft.program(amounts).reach >= LARGEST:
                return f"the amounts of a constraint or of {level.name} can sum to more than 2^53; use rounder ones"
        return None

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:  # noqa: ARG002
        """Optimise the levels in order; see `Engine.solve`. Ties are left as the solver leaves them."""
        run = self._begin(problem, stop)
        if isinstance(run, str):
            return Solution(self.name, np.zeros(0, np.int64), (), stopped=run)
        return self._finished(run, Solution(self.name, run.matched, ()))

    def solve_after(self, problem: Problem, seed: int, stop: Stopping, before: Solution) -> Solution:  # noqa: ARG002
        """Optimise the levels after those optimised before; see `TakesOver.solve_after`."""
        run = Run(problem, self.solver, stop, self._budget(stop), self._draft(problem), before.matched)
        run.stopped = before.stopped
        hold_all(run, before.levels)
        return self._finished(run, before)

    def _finished(self, run: Run, before: Solution) -> Solution:
        """Optimise the levels that have no outcome yet, and add what was found to what was before."""
        levels = run.problem.levels[len(before.levels) :]
        found = [each for group in together.groups(run.problem, levels) for each in _optimise(run, group)]
        if run.stopped is None:
            _break_ties(run)
        outcomes = zip(run.problem.levels, (*before.levels, *(outcome for outcome, _ in found)), strict=True)
        return replace(
            before,
            engine=self.name,
            matched=run.matched,
            levels=tuple(_in_the_end(run, level, outcome) for level, outcome in outcomes),
            trees=(*(before.trees or [None] * len(before.levels)), *(leaf for _, leaf in found)),
            in_every_optimum=None,
            stopped=run.stopped,
            work=ceil(run.spent),
        )

    def _begin(self, problem: Problem, stop: Stopping) -> Run | str:
        """Find any allocation; or why none was found."""
        stop.tell("looking for a first allocation")
        draft, budget = self._draft(problem), self._budget(stop)
        first = first_allocation(problem)
        if first is not None:
            return Run(problem, self.solver, stop, budget, draft, first)
        answer = any_allocation(problem, min(budget, _FIRST_WORK), stop)
        if answer.status == "infeasible":
            clash = clash_of(problem, stop)
            raise InfeasibleError(clash.sentences, clash)
        if answer.values is None:
            return "solver" if answer.status == "died" else stop.reason() or "work"
        run = Run(problem, self.solver, stop, budget, draft, np.zeros(0, np.int64))
        run.adopt(answer.values)
        return run

    def _draft(self, problem: Problem) -> Draft:
        draft = draft_of(problem)
        if self.counts:
            add_counts(draft, problem)
        return draft

    def _budget(self, stop: Stopping) -> float:
        return float(self.work if stop.work is None else stop.work)


class CpSatEngine(_GeneralEngine):
    """CP-SAT of OR-Tools: exact in whole numbers."""

    name = "cp-sat"
    summary = "CP-SAT for every problem: proved where it can be, else the solver's bound"
    solver = "cpsat"
    work = 3_000
    """Tenths of a deterministic second of CP-SAT, where the scenario names no work."""
    counts = False


class HighsEngine(_GeneralEngine):
    """HiGHS, a branch-and-bound solver in floating point, whose solutions are rounded and checked."""

    name = "highs"
    summary = "HiGHS for every problem: a solver in floating point whose answers are checked in whole numbers"
    solver = "highs"
    work = 20_000
    """Nodes of branch and bound where the scenario names no work."""
    counts = True


def _optimise(run: Run, levels: list[AnyLevel]) -> Iterator[tuple[LevelOutcome, Leaf | None]]:
    """Optimise levels that may be searched together, or where it is time to stop take them as they stand.

    What the search for all takes counts as the first one's time.
    """
    started = time.monotonic()
    joint: together.Joint | None = None
    held: list[int] = []
    for level in levels:
        run.stop.tell(f"matching: {level.name}")
        if not run.over and run.stop.reason():
            run.leave()
        alone = stands_alone(run, level)
        if not held and len(levels) > 1 and not run.over and not run.stop.gap and not alone:
            joint = together.search(run, [each for each in levels if isinstance(each, Level)])
        known = None if joint is None else joint.most_after(held)
        known = level.value(run.problem, run.matched) if alone else known
        outcome, leaf = (_as_it_stands(run, level, known), None) if run.over else _searched(run, level, known)
        held.append(outcome.value)
        yield replace(outcome, seconds=time.monotonic() - started), leaf
        started = time.monotonic()


def _searched(run: Run, level: AnyLevel, known: int | None) -> tuple[LevelOutcome, Leaf | None]:
    if isinstance(level, Level):
        return additive.optimise(run, level, known)
    if run.alone:
        value = level.value(run.problem, run.matched)
        run.held.append((None, value))
        return LevelOutcome(value, value, "solver"), None
    if isinstance(level, Spread):
        return spreads.optimise(run, level), None
    if isinstance(level, LeastFit):
        return thresholds.optimise_least(run, level), None
    return thresholds.optimise_leximin(run, level), None


def _as_it_stands(run: Run, level: AnyLevel, known: int | None) -> LevelOutcome:
    """The value of the allocation, with the bound that a solver has shown or one that needs no search."""
    value = level.value(run.problem, run.matched)
    if isinstance(level, Level):
        most = additive.most_of(run.problem, level)
    elif isinstance(level, Spread):
        most = 0
    elif isinstance(level, LeastFit):
        most = thresholds.most_of(level)
    else:
        most = thresholds.most_of(level) + 1
    if known is not None and known < most:
        return LevelOutcome(value, known, "solver")
    return LevelOutcome(value, most, "trivial")


def _in_the_end(run: Run, level: AnyLevel, outcome: LevelOutcome) -> LevelOutcome:
    """A level's outcome with the value of the last allocation, which later levels may have changed within limits."""
    value = level.value(run.problem, run.matched)
    if isinstance(level, Leximin):
        return replace(outcome, value=value, bound=value if outcome.proved else outcome.bound)
    given_up = 0
    if isinstance(level, Level) and level.within is not None:
        given_up = outcome.bound - level.within.least(outcome.bound)
    elif value < outcome.value:
        raise EngineError(f"the level {level.name} fell from {outcome.value} while a later one was optimised")
    return replace(outcome, value=value, given_up=given_up)


def _break_ties(run: Run) -> None:
    """Take back what a `within` gave up for nothing, then optimise the levels that decide between equals."""
    given_up = [level for level in run.problem.levels if isinstance(level, Level) and level.within is not None]
    left = [*given_up, *run.problem.tie_break]
    for level in left if left and not stands_alone(run, left[0]) else ():
        amounts = additive.amounts_of(level)
        answer = run.solve(run.draft, amounts, share=_TIE_SHARE)
        if answer.values is not None:
            run.adopt_better(answer.values, amounts)
        run.draft.add_row(amounts, level.value(run.problem, run.matched), None)
