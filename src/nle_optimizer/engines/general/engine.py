"""The engines `cp-sat` and `highs`; several levels in one question where that is exact, and optima that stand alone.

The general engines: every problem as whole-number programs, level by level, by CP-SAT or by HiGHS.

Levels next to each other that one sum of whole numbers can decide: one search for all of them.

A solver forgets what it has proved of one level when it is asked for the next. Weighted so that a unit of a level
outweighs all that those after it can differ by, they are one level, searched and proved once.

Whether no other allocation comes into question: then the one found is best by every later level.

To prove a later level means to shut out, once more, the other allocations worth as much by the level held last. Here
that is done while this worth is maximised, which a solver is quicker at. With X what is matched, worth V, and D what X
is worth by the next level, w = 1 stands for another allocation::

    maximise 2 worth + w, where worth >= V, next >= D, w <= (pairs of X not matched) + (other pairs matched)

X has 2 V; whatever is as good and not X has 2 V + 1.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.clash import any_allocation, clash_of
from nle_optimizer.engines.general.levels import (
    amounts_of,
    hold_all,
    most_of_sum,
    most_of_threshold,
    optimise_least,
    optimise_leximin,
    optimise_spread,
    optimise_sum,
)
from nle_optimizer.engines.general.program_from_problem import Draft, add_counts, draft_of, first_allocation
from nle_optimizer.engines.general.solving import LARGEST, LevelRun
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin, Spread
from nle_optimizer.model.problem import Leaf, LevelOutcome, Problem, Solution

LARGEST_JOINT = 10**7
"""The sum has at most so many values, which solvers in floating point tell apart."""

_JOINT_SHARE = 1 / 15
"""Of what is left of the work, what a search may take; then each level is searched alone."""


@dataclass(frozen=True)
class Scale:
    """How a level counts in the sum: whatever is matched, its value is a multiple of `unit` from `least` to `most`."""

    unit: int
    least: int
    most: int
    weight: int = 1

    @property
    def values(self) -> int:
        """How many values there are."""
        return (self.most - self.least) // self.unit + 1


@dataclass(frozen=True)
class Joint:
    """What a search for several levels has shown.

    Attributes:
        scales: of each level.
        bound: the weighted sum is at most this; None where nothing is known.
    """

    scales: Sequence[Scale]
    bound: int | None

    def most_after(self, held: Sequence[int]) -> int | None:
        """The most that the level after those held can be, where they have these values; None where not known."""
        if self.bound is None:
            return None
        before, own, after = self.scales[: len(held)], self.scales[len(held)], self.scales[len(held) + 1 :]
        spent = sum(value // scale.unit * scale.weight for value, scale in zip(held, before, strict=True))
        spent += sum(scale.least // scale.unit * scale.weight for scale in after)
        return (self.bound - spent) // own.weight * own.unit


def groups(problem: Problem, levels: Sequence[AnyLevel]) -> Iterator[list[AnyLevel]]:
    """Levels of a problem in order, those together that one sum can decide."""
    group: list[AnyLevel] = []
    values = 1
    for level in levels:
        own = _scale(problem, level).values if isinstance(level, Level) and level.within is None else LARGEST_JOINT + 1
        if group and values * own > LARGEST_JOINT:
            yield group
            group, values = [], 1
        group.append(level)
        values *= own
    if group:
        yield group


def search(run: LevelRun, levels: Sequence[Level]) -> Joint:
    """Look for the best allocation for several levels at once, and take it where it is better."""
    scales: list[Scale] = []
    weight = 1
    for level in reversed(levels):
        scales.insert(0, replace(_scale(run.problem, level), weight=weight))
        weight *= scales[0].values
    amounts = np.zeros(run.problem.size + run.problem.presences.count, np.int64)
    for level, scale in zip(levels, scales, strict=True):
        own = amounts_of(level)
        amounts[: len(own)] += own // scale.unit * scale.weight
    answer = run.solve(run.draft, amounts, share=_JOINT_SHARE)
    if answer.values is not None:
        run.adopt_better(answer.values, amounts)
    return Joint(scales, answer.bound)


def _scale(problem: Problem, level: Level) -> Scale:
    amounts = amounts_of(level)
    unit = int(np.gcd.reduce(amounts)) or 1
    return Scale(unit, int(amounts[amounts < 0].sum()), most_of_sum(problem, level))


_SHARE = 0.05
"""Of what is left of the work, what this question may take."""


def stands_alone(run: LevelRun, after: AnyLevel) -> bool:
    """Whether nothing but what is matched comes into question; asked once after a level of which that is likely.

    Args:
        run: where the engine stands.
        after: the next level.
    """
    if run.fine is not None and not run.alone and not run.over:
        run.alone = _asked(run, after)
    run.fine = None
    return run.alone


def _asked(run: LevelRun, after: AnyLevel) -> bool:
    assert run.fine is not None
    draft, amounts = run.fine[0].copy(), run.fine[1]
    worth = int(amounts @ run.variables(run.matched, len(amounts)))
    draft.add_row(amounts, worth, None)
    if isinstance(after, Level) and after.within is None:
        draft.add_row(amounts_of(after), after.value(run.problem, run.matched), None)
    (another,) = draft.add_variables(np.zeros(1, np.int64), np.ones(1, np.int64))
    differs = np.ones(run.problem.size, np.int64)
    differs[run.matched] = -1
    columns = np.append(np.arange(run.problem.size), another)
    draft.rows.add(columns, np.append(differs, -1), -len(run.matched), None)
    objective = np.zeros(len(draft.lower), np.int64)
    objective[: len(amounts)] = 2 * amounts
    objective[another] = 1
    if draft.program(objective).reach >= LARGEST:
        return False
    run.stop.tell("looking for another allocation that is as good")
    answer = run.solve(draft, objective, share=_SHARE)
    return answer.bound is not None and answer.bound <= 2 * worth


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
            amounts = amounts_of(level) if isinstance(level, Level) else _NO_OBJECTIVE
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
        run = LevelRun(problem, self.solver, stop, self._budget(stop), self._draft(problem), before.matched)
        run.stopped = before.stopped
        hold_all(run, before.levels)
        return self._finished(run, before)

    def _finished(self, run: LevelRun, before: Solution) -> Solution:
        """Optimise the levels that have no outcome yet, and add what was found to what was before."""
        levels = run.problem.levels[len(before.levels) :]
        found = [each for group in groups(run.problem, levels) for each in _optimise(run, group)]
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

    def _begin(self, problem: Problem, stop: Stopping) -> LevelRun | str:
        """Find any allocation; or why none was found."""
        stop.tell("looking for a first allocation")
        draft, budget = self._draft(problem), self._budget(stop)
        first = first_allocation(problem)
        if first is not None:
            return LevelRun(problem, self.solver, stop, budget, draft, first)
        answer = any_allocation(problem, min(budget, _FIRST_WORK), stop)
        if answer.status == "infeasible":
            clash = clash_of(problem, stop)
            raise InfeasibleError(clash.sentences, clash)
        if answer.values is None:
            return "solver" if answer.status == "died" else stop.reason() or "work"
        run = LevelRun(problem, self.solver, stop, budget, draft, np.zeros(0, np.int64))
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


def _optimise(run: LevelRun, levels: list[AnyLevel]) -> Iterator[tuple[LevelOutcome, Leaf | None]]:
    """Optimise levels that may be searched together, or where it is time to stop take them as they stand.

    What the search for all takes counts as the first one's time.
    """
    started = time.monotonic()
    joint: Joint | None = None
    held: list[int] = []
    for level in levels:
        run.stop.tell(f"matching: {level.name}")
        if not run.over and run.stop.reason():
            run.leave()
        alone = stands_alone(run, level)
        if not held and len(levels) > 1 and not run.over and not run.stop.gap and not alone:
            joint = search(run, [each for each in levels if isinstance(each, Level)])
        known = None if joint is None else joint.most_after(held)
        known = level.value(run.problem, run.matched) if alone else known
        outcome, leaf = (_as_it_stands(run, level, known), None) if run.over else _searched(run, level, known)
        held.append(outcome.value)
        yield replace(outcome, seconds=time.monotonic() - started), leaf
        started = time.monotonic()


def _searched(run: LevelRun, level: AnyLevel, known: int | None) -> tuple[LevelOutcome, Leaf | None]:
    if isinstance(level, Level):
        return optimise_sum(run, level, known)
    if run.alone:
        value = level.value(run.problem, run.matched)
        run.held.append((None, value))
        return LevelOutcome(value, value, "solver"), None
    if isinstance(level, Spread):
        return optimise_spread(run, level), None
    if isinstance(level, LeastFit):
        return optimise_least(run, level), None
    return optimise_leximin(run, level), None


def _as_it_stands(run: LevelRun, level: AnyLevel, known: int | None) -> LevelOutcome:
    """The value of the allocation, with the bound that a solver has shown or one that needs no search."""
    value = level.value(run.problem, run.matched)
    if isinstance(level, Level):
        most = most_of_sum(run.problem, level)
    elif isinstance(level, Spread):
        most = 0
    elif isinstance(level, LeastFit):
        most = most_of_threshold(level)
    else:
        most = most_of_threshold(level) + 1
    if known is not None and known < most:
        return LevelOutcome(value, known, "solver")
    return LevelOutcome(value, most, "trivial")


def _in_the_end(run: LevelRun, level: AnyLevel, outcome: LevelOutcome) -> LevelOutcome:
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


def _break_ties(run: LevelRun) -> None:
    """Take back what a `within` gave up for nothing, then optimise the levels that decide between equals."""
    given_up = [level for level in run.problem.levels if isinstance(level, Level) and level.within is not None]
    left = [*given_up, *run.problem.tie_break]
    for level in left if left and not stands_alone(run, left[0]) else ():
        amounts = amounts_of(level)
        answer = run.solve(run.draft, amounts, share=_TIE_SHARE)
        if answer.values is not None:
            run.adopt_better(answer.values, amounts)
        run.draft.add_row(amounts, level.value(run.problem, run.matched), None)
