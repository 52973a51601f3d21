"""Several levels searched as one, against every allocation of tiny problems."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import prod
from random import Random

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general import engine as together
from nle_optimizer.engines.general.levels import amounts_of, most_of_sum
from nle_optimizer.engines.general.program_from_problem import draft_of
from nle_optimizer.engines.general.solving import LevelRun
from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers
from support.general_problems import best_allocations, every_allocation, random_problem


def begun(problem: Problem, allocation: Integers, budget: float) -> LevelRun:
    return LevelRun(problem, "cpsat", Stopping(), budget, draft_of(problem), allocation)


def cases(seed: str, count: int) -> Iterator[tuple[Problem, list[Integers], Integers]]:
    rng = Random(seed)
    while count:
        problem = random_problem(rng, kinds=("sum", "presences"), depth=3)
        if allocations := every_allocation(problem):
            count -= 1
            yield problem, allocations, rng.choice(allocations)


def test_a_search_for_all_levels_finds_the_best_and_shows_of_each_that_it_is_the_most() -> None:
    for problem, allocations, start in cases("together", 60):
        run = begun(problem, start, 1000)
        joint = together.search(run, problem.levels)
        _, best = best_allocations(problem, allocations)
        assert [level.value(problem, run.matched) for level in problem.levels] == best
        assert [joint.most_after(best[:n]) for n in range(len(best))] == best


def test_cut_short_it_never_shows_less_than_there_is() -> None:
    for problem, allocations, start in cases("cut short", 60):
        run = begun(problem, start, 1e-6)
        joint = together.search(run, problem.levels)
        _, best = best_allocations(problem, allocations)
        for n, most in enumerate(best):
            known = joint.most_after(best[:n])
            assert known is None or known >= most


def test_levels_go_together_in_order_as_long_as_their_sum_has_few_values() -> None:
    rng = Random("groups")
    for _ in range(60):
        problem = random_problem(rng, depth=3)
        levels = [replace(level, amounts=level.amounts * rng.choice([1, 1000])) for level in _sums(problem)]
        levels += [replace(level, amounts=level.amounts * 1000 + 1) for level in _sums(problem)]
        rng.shuffle(levels)
        problem = replace(problem, levels=tuple(levels))
        groups = list(together.groups(problem, problem.levels))
        assert [level for group in groups for level in group] == levels
        counted = [[_values(problem, level) for level in group] for group in groups]
        assert all(len(group) == 1 or prod(group) <= together.LARGEST_JOINT for group in counted)
        for group, after in pairwise(counted):
            assert prod(group) * after[0] > together.LARGEST_JOINT


def test_a_level_of_which_something_may_be_given_up_or_that_is_no_sum_is_searched_alone() -> None:
    rng = Random("alone")
    for _ in range(60):
        problem = random_problem(rng, depth=4)
        for group in together.groups(problem, problem.levels):
            assert len(group) == 1 or all(isinstance(level, Level) and level.within is None for level in group)


def test_a_level_that_is_always_nought_is_not_searched_with_one_that_is_no_sum() -> None:
    problem = random_problem(Random("nought"))
    nought = Level("nought", 1, 1, np.zeros(problem.size, np.int64))
    every = np.ones(problem.size, bool)
    for other in (LeastFit("least", nought.amounts + 1, every), Leximin("leximin", nought.amounts + 1, every)):
        for levels in ((nought, other), (other, nought)):
            assert list(together.groups(problem, levels)) == [[level] for level in levels]


def _sums(problem: Problem) -> list[Level]:
    return [level for level in problem.levels if isinstance(level, Level) and level.within is None]


def _values(problem: Problem, level: Level) -> int:
    """How many multiples of what the amounts share lie between the least and the most that they can sum to."""
    amounts = amounts_of(level)
    unit = int(np.gcd.reduce(amounts)) or 1
    return (most_of_sum(problem, level) - int(amounts[amounts < 0].sum())) // unit + 1
