"""The engine `decomposition`.

The decomposition engine: generalised assignment with ordered levels, found by patterns and bounded by prices. The
levels in order: each is optimised, then held while the next is. What an engine tells whoever watches it: a curve of
value and bound over time. Trees evaluated again where the levels before are held at other values than when the tree
was made.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nle_optimizer.engines.decomposition.bound import VOID, evaluate
from nle_optimizer.engines.decomposition.branching import bound_of, guide_of, taken_in_turn
from nle_optimizer.engines.decomposition.case import TINY, KnapsackCase, case_of
from nle_optimizer.engines.decomposition.one_level import LevelSearch, Work
from nle_optimizer.engines.decomposition.search import Workers
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import EngineError, InfeasibleError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Branch, Leaf, LevelOutcome, Problem, Solution, Step, Tree
from nle_optimizer.records import Integers

Watch = Callable[[float, int, int], None]
"""Told the seconds since the start, and the value and bound of the level being optimised."""


def unwatched(seconds: float, value: int, bound: int) -> None:
    """Nobody watches."""


MOST_CHILDREN = 2
"""Processes at work; what is found does not depend on how many there are."""


class DecompositionEngine:
    """Patterns and prices for days: bounded by whole multipliers that anyone can re-evaluate.

    Args:
        watch: told of every better value and bound.
        children: how many processes work at once; None for as many as there are cores, up to `MOST_CHILDREN`.
    """

    name = "decomposition"
    summary = "patterns and prices where schools take different amounts of an NLE's capacity, such as days"

    def __init__(self, watch: Watch = unwatched, children: int | None = None) -> None:
        self._watch = watch
        self._children = children or min(MOST_CHILDREN, os.cpu_count() or 1)

    def refuses(self, problem: Problem) -> str | None:
        """Why the problem is no generalised assignment, in words; None if it is."""
        for level in problem.levels:
            if not isinstance(level, Level):
                return f"the objective {level.name} is no sum over pairs"
            if level.presence_amounts is not None and level.presence_amounts.any():
                return f"the objective {level.name} counts schools or NLEs once, whatever their number of pairs"
        for row in problem.rows:
            if len(row.presences):
                return f"the constraint {row.constraint} counts schools or NLEs once, whatever their number of pairs"
        return None

    def solve(self, problem: Problem, seed: int, stop: Stopping) -> Solution:  # noqa: ARG002
        """Optimise the levels in order; see `Engine.solve`. Nothing is drawn: the seed does not matter.

        A unit of work is a round of neighbourhoods or a case of branch and bound; see `stage` for how many there
        are where nothing else ends a level.
        """
        return self._solved(problem, stop, None)

    def solve_from(self, problem: Problem, seed: int, stop: Stopping, start: Integers) -> Solution:  # noqa: ARG002
        """The same from an allocation; see `FromAStart`."""
        return self._solved(problem, stop, start)

    def _solved(self, problem: Problem, stop: Stopping, start: Integers | None) -> Solution:
        from nle_optimizer.engines.decomposition.search import crew_of

        with crew_of(self._children) as crew:
            if problem.size > TINY:
                crew.start()
            return solve_levels(problem, crew, stop, self._watch, start)


def restated(tree: Tree, root: KnapsackCase, fixed_in: Integers, fixed_out: Integers) -> Tree:
    """The same multipliers, with the bounds that they prove of another case of the same pairs."""
    if isinstance(tree, Branch):
        matched, unmatched = (
            restated(tree.matched, root, _with(fixed_in, tree.pair), fixed_out),
            restated(tree.unmatched, root, fixed_in, _with(fixed_out, tree.pair)),
        )
        return Branch(tree.pair, matched, unmatched)
    if tree.bound == VOID:
        return tree
    return Leaf(tree.multipliers, evaluate(root, tree.multipliers, fixed_in, fixed_out))


def _with(fixed: Integers, pair: int) -> Integers:
    return np.append(fixed, pair)


NAME = "decomposition"

Held = list[tuple[Level, int]]
"""Levels with the least value that each keeps."""


def solve_levels(problem: Problem, crew: Workers, stop: Stopping, watch: Watch, start: Integers | None) -> Solution:
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
        search = LevelSearch(
            case,
            len(problem.rows),
            _required(problem),
            crew,
            work,
            _share(stop, len(levels) - number),
            lambda value, bound: watch(time.monotonic() - started, value, bound),
            guide_of(levels[number:]),
        )
        found = search.optimise(matched)
        stopped = stopped or search.stopped
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
