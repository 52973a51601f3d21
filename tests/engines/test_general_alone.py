"""An allocation shown to be the only one of its worth is best by every later level; against every allocation."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.engine import CpSatEngine, HighsEngine, stands_alone
from nle_optimizer.engines.general.program_from_problem import draft_of
from nle_optimizer.engines.general.solving import LevelRun
from nle_optimizer.model.levels import AnyLevel, Level, Leximin
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers
from support.general_problems import KINDS, best_allocations, every_allocation, random_problem

AMOUNTS = (0, 3_000, 3_001, 5_003, 8_003)
"""Fine enough that two sums are seldom the same, with 3,000 and 5,003 as much as 8,003 alone."""


def cases(seed: str, count: int, *, kinds: tuple[str, ...] = ("sum",)) -> Iterator[tuple[Problem, list[Integers]]]:
    """Random problems whose first level is fine, with all their allocations."""
    rng = Random(seed)
    while count:
        problem = random_problem(rng, kinds=kinds, depth=2)
        amounts = np.array([rng.choice(AMOUNTS) for _ in range(problem.size)], np.int64)
        levels: tuple[AnyLevel, ...] = (Level("fine", 1, 1, amounts), *problem.levels)
        if allocations := every_allocation(problem):
            count -= 1
            yield replace(problem, levels=levels), allocations


@pytest.mark.parametrize("solver", ["highs", "cpsat"])
def test_an_allocation_stands_alone_where_no_other_is_as_good_by_this_level_and_the_next(solver: str) -> None:
    found = []
    for problem, allocations in cases("alone", 40):
        level, after = problem.levels[:2]
        assert isinstance(level, Level)
        worth = [(level.value(problem, matched), after.value(problem, matched)) for matched in allocations]
        best = max(range(len(worth)), key=lambda n: worth[n][0])
        as_good = [own for own in worth if own[0] == worth[best][0] and own[1] >= worth[best][1]]
        run = LevelRun(problem, solver, Stopping(), 1_000.0, draft_of(problem), allocations[best])
        run.hold(level, level.amounts, worth[best][0], proved=True)
        fine = run.fine is not None
        found.append(stands_alone(run, after))
        assert found[-1] == (fine and len(as_good) == 1)
    assert {True, False} <= set(found)


def test_it_is_not_asked_of_a_level_that_is_coarse_or_not_proved() -> None:
    for problem, allocations in cases("not asked", 20):
        level = problem.levels[0]
        assert isinstance(level, Level)
        for amounts, proved in ((level.amounts // 1_000, True), (level.amounts, False)):
            run = LevelRun(problem, "highs", Stopping(), 1_000.0, draft_of(problem), allocations[0])
            run.hold(level, amounts, 0, proved=proved)
            assert not stands_alone(run, problem.levels[1])
            assert run.spent == 0


@pytest.mark.parametrize("engine", [CpSatEngine(), HighsEngine()], ids=lambda engine: engine.name)
def test_whatever_levels_follow_the_answer_is_one_of_the_best_and_proved(engine: CpSatEngine | HighsEngine) -> None:
    for problem, allocations in cases("after a fine level", 60, kinds=KINDS):
        best, values = best_allocations(problem, allocations)
        solution = engine.solve(problem, 0, Stopping())
        assert any(np.array_equal(solution.matched, matched) for matched in best)
        for level, found, most in zip(problem.levels, solution.levels, values, strict=True):
            assert found.proved
            assert isinstance(level, Leximin) or found.bound == most


def test_proofs_of_the_levels_that_follow_price_each_level_before_them() -> None:
    depths = set()
    for problem, _ in cases("priced", 60, kinds=("sum", "least", "leximin", "spread")):
        for n, leaf in enumerate(HighsEngine().solve(problem, 0, Stopping()).trees):
            assert leaf is None or len(leaf.multipliers.held) == n
            depths |= {n} if leaf is not None else set()
    assert 2 in depths
