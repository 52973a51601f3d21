"""The levels in order: each is optimised, then held while the next is."""

import time
from dataclasses import replace

import numpy as np

from nle_optimizer.engines.decomposition.branching import bound_of
from nle_optimizer.engines.decomposition.case import case_of
from nle_optimizer.engines.decomposition.crew import Crew
from nle_optimizer.engines.decomposition.guide import guide_of
from nle_optimizer.engines.decomposition.restating import restated
from nle_optimizer.engines.decomposition.stage import Stage, Work
from nle_optimizer.engines.decomposition.start import taken_in_turn
from nle_optimizer.engines.decomposition.watching import Watch
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import LevelOutcome, Solution, Step, Tree
from nle_optimizer.records import Integers

NAME = "decomposition"

Held = list[tuple[Level, int]]
"""Levels with the least value that each keeps."""


def solve_levels(problem: Problem, crew: Crew, stop: Stopping, watch: Watch, start: Integers | None) -> Solution:
    """The best allocation found, level by level, with the tree that bounds each.

    Args:
        problem: what is solved.
        crew: processes at work.
        stop: when to stop.
        watch: told of every better value and bound.
        start: pairs to begin with, as far as there is room for them; None for nothing.

    Raises:
        InfeasibleError: no allocation meets the hard limits.
        EngineError: a solver's word contradicts what is known.
    """
    levels = [level for level in problem.levels if isinstance(level, Level)]
    work, started = Work(stop.work), time.monotonic()
    held: Held = []
    outcomes: list[LevelOutcome] = []
    trees: list[Tree] = []
    matched = None if start is None else _room_for(problem, levels, start)
    stopped = None
    for number, level in enumerate(levels or [_nothing(problem)]):
        began = time.monotonic()
        case = case_of(problem, level.amounts, held)
        stage = Stage(
            case,
            len(problem.rows),
            _required(problem),
            crew,
            work,
            _share(stop, len(levels) - number),
            lambda value, bound: watch(time.monotonic() - started, value, bound),
            guide_of(levels[number:]),
        )
        found = stage.optimise(matched)
        stopped = stopped or stage.stopped
        if found is None:
            return Solution(NAME, np.zeros(0, dtype=np.int64), (), stopped=stopped, work=work.done)
        matched, tree, outcome = found
        held.append((level, outcome.value if level.within is None else level.within.least(outcome.value)))
        outcomes.append(replace(outcome, seconds=time.monotonic() - began))
        trees.append(tree)
    assert matched is not None
    _assert_sound(problem, matched, held)
    return Solution(
        NAME,
        matched,
        *_in_the_end(problem, levels, matched, held, outcomes, trees),
        stopped=stopped,
        work=work.done,
    )


def _in_the_end(
    problem: Problem,
    levels: list[Level],
    matched: Integers,
    held: Held,
    outcomes: list[LevelOutcome],
    trees: list[Tree],
) -> tuple[tuple[LevelOutcome, ...], tuple[Step, ...], None, tuple[Tree, ...]]:
    """Outcomes, steps, no prices, and trees, with the values of the last allocation.

    Later levels may have changed earlier ones: given up what `within` leaves them, or bettered one that was not
    proved. What an unproved level is held at is then its last value, and the bounds after it are stated anew.
    """
    ends: list[LevelOutcome] = []
    proofs: list[Tree] = []
    kept: Held = []
    for level, outcome, tree in zip(levels, outcomes, trees, strict=False):
        ended, proof = (outcome, tree) if kept == held[: len(kept)] else _restated(problem, level, kept, outcome, tree)
        value = level.value(problem, matched)
        best = ended.bound if ended.proved else value
        least = best if level.within is None else level.within.least(best)
        ends.append(replace(ended, value=value, given_up=best - least if ended.proved else 0))
        proofs.append(proof)
        kept.append((level, least))
    return tuple(ends), tuple(Step(level, number) for number, level in enumerate(levels)), None, tuple(proofs)


def _restated(
    problem: Problem, level: Level, kept: Held, outcome: LevelOutcome, tree: Tree
) -> tuple[LevelOutcome, Tree]:
    case = case_of(problem, level.amounts, kept)
    proof = restated(tree, case, problem.required_pairs(), np.zeros(0, dtype=np.int64))
    return outcome if outcome.proof == "solver" else replace(outcome, bound=bound_of(proof)), proof


def _room_for(problem: Problem, levels: list[Level], start: Integers) -> Integers | None:
    """The pairs of a start that the limits have room for, the best first after those required; None if that breaks one.

    A lower limit may be broken, or the room of a required pair may be taken.
    """
    case = case_of(problem, np.zeros(problem.size, dtype=np.int64), [])
    best_first = start[np.argsort(-levels[0].amounts[start], kind="stable")] if levels else start
    kept = taken_in_turn(case, np.concatenate([problem.required_pairs(), best_first]))
    return kept if case.allows(kept) and np.isin(problem.required_pairs(), kept).all() else None


def _required(problem: Problem) -> Integers:
    """The required pairs, which must fit on their own."""
    required = problem.required_pairs()
    if not case_of(problem, np.zeros(problem.size, dtype=np.int64), []).within_limits(required):
        raise InfeasibleError(["the required pairs take more than an NLE has or a school may have"])
    return required


def _nothing(problem: Problem) -> Level:
    return Level("nothing", 1, 1, np.zeros(problem.size, dtype=np.int64))


def _share(stop: Stopping, levels: int) -> Stopping:
    """What one of so many levels may have of the time left: an equal share."""
    if stop.seconds_left is None:
        return stop
    return replace(stop, deadline=time.monotonic() + stop.seconds_left / max(1, levels))


def _assert_sound(problem: Problem, matched: Integers, held: Held) -> None:
    case = case_of(problem, np.zeros(problem.size, dtype=np.int64), held)
    if not case.allows(matched) or not np.isin(problem.required_pairs(), matched).all():
        raise EngineError("the allocation found breaks a limit")
