"""The decomposition engine: ordered levels of a generalised assignment problem, found by patterns, bounded by prices."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nle_optimizer.engines.decomposition.case import case_of
from nle_optimizer.engines.decomposition.crew import Crew
from nle_optimizer.engines.decomposition.stage import Stage, Work
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import LevelOutcome, Solution, Step, Tree

Watch = Callable[[float, int, int], None]
"""Told seconds since the start, value and bound of the level being optimised whenever either changes."""

MOST_CHILDREN = 2
"""Processes at work; what is found does not depend on how many there are."""


class DecompositionEngine:
    """Column generation for days: bounded by whole multipliers that anyone can re-evaluate."""

    name = "decomposition"
    summary = "patterns and prices where schools take different amounts of an NLE's capacity, such as days"

    def __init__(self, watch: Watch | None = None, children: int | None = None) -> None:
        self._watch = watch or (lambda seconds, value, bound: None)
        self._children = children or min(MOST_CHILDREN, os.cpu_count() or 1)

    def refuses(self, problem: Problem) -> str | None:
        """Why the problem is no generalised assignment, in words; None if it is."""
        for level in problem.levels:
            if not isinstance(level, Level):
                return f"the objective {level.name} is no sum over pairs"
            if level.presence_amounts is not None and level.presence_amounts.any():
                return f"the objective {level.name} counts schools or NLEs once, however many of their pairs are matched"
        for row in problem.rows:
            if len(row.presences):
                return f"the constraint {row.constraint} counts schools or NLEs once, whatever their number of pairs"
        return None

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:
        """Optimise the levels in order; see `Engine.solve`."""
        required = problem.required_pairs()
        levels = [level for level in problem.levels if isinstance(level, Level)]
        root = case_of(problem, np.zeros(problem.size, dtype=np.int64), [])
        if not root.within_limits(required):
            raise InfeasibleError(["the required pairs take more than an NLE has or a school may have"])
        work = Work(stop.work)
        held: list[tuple[Level, int]] = []
        outcomes, trees, stopped = [], [], None
        matched = None
        started = time.monotonic()
        with Crew(self._children) as crew:
            for number, level in enumerate(levels or [_nothing(problem)]):
                began = time.monotonic()
                case = case_of(problem, level.amounts, held)
                share = _share(stop, len(levels) - number)
                told = lambda value, bound: self._watch(time.monotonic() - started, value, bound)  # noqa: E731
                stage = Stage(case, len(problem.rows), required, crew, work, share, told)
                result = stage.optimise(matched)
                if result is None:
                    return Solution(self.name, np.zeros(0, np.int64), (), stopped=stage.stopped, work=work.done)
                matched, tree, outcome = result
                outcomes.append(replace(outcome, seconds=time.monotonic() - began))
                trees.append(tree)
                stopped = stopped or stage.stopped
                value = outcome.value
                held.append((level, value if level.within is None else level.within.least(value)))
        assert matched is not None
        _assert_sound(problem, matched, held)
        return Solution(
            self.name,
            matched,
            tuple(outcomes[: len(levels)]),
            steps=tuple(Step(level, number) for number, level in enumerate(levels)),
            trees=tuple(trees[: len(levels)]),
            stopped=stopped,
            work=work.done,
        )


def _nothing(problem: Problem) -> Level:
    return Level("nothing", 1, 1, np.zeros(problem.size, dtype=np.int64))


def _share(stop: Stopping, left: int) -> Stopping:
    """What a level may have of the time left: an equal share."""
    if stop.seconds_left is None:
        return stop
    return replace(stop, deadline=time.monotonic() + stop.seconds_left / max(1, left))


def _assert_sound(problem: Problem, matched: np.ndarray, held: list[tuple[Level, int]]) -> None:
    case = case_of(problem, np.zeros(problem.size, dtype=np.int64), held)
    if not case.allows(matched) or not np.isin(problem.required_pairs(), matched).all():
        raise EngineError("the allocation found breaks a limit")
