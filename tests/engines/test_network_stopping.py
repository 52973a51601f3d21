"""What the network engine returns when it is stopped before every level is optimised."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.network.engine import NetworkEngine, trivial_bound
from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.model.problem import Problem
from support.nested import nested_problem, with_threshold_level
from support.problems import as_allocation, best_allocations, every_allocation


def problems(count: int = 150) -> list[Problem]:
    rng = Random("stopping")
    made = [nested_problem(rng, depth=3, required=1, most_supporters=2) for _ in range(count)]
    return [problem for problem in made if len(every_allocation(problem))]


def stopping_after(questions: int) -> Stopping:
    """A stopping that strikes when it has been asked so many times."""
    left = iter(range(questions))
    return Stopping(interrupted=lambda: next(left, None) is None)


@pytest.mark.parametrize("questions", [0, 1])
def test_the_levels_before_are_proved_and_the_rest_have_bounds_that_hold(questions: int) -> None:
    for problem in problems():
        every = every_allocation(problem)
        solution = NetworkEngine().solve(problem, 0, stopping_after(questions))
        assert (every == as_allocation(problem, solution)).all(axis=1).any()
        done = min(questions + 1, len(problem.levels))
        optima, best = best_allocations(problem, every, problem.levels[:done])
        assert [level.value for level in solution.levels[:done]] == best
        assert all(level.proved and level.proof == "prices" for level in solution.levels[:done])
        if done == len(problem.levels):
            assert solution.stopped is None
            continue
        assert (solution.stopped, solution.in_every_optimum) == ("interrupt", None)
        assert len(solution.steps) == done
        for level, outcome in zip(problem.levels[done:], solution.levels[done:], strict=True):
            assert outcome.proof == "trivial"
            assert outcome.bound >= max(level.value(problem, np.flatnonzero(row)) for row in optima)


@pytest.mark.parametrize("kind", [LeastFit, Leximin])
def test_a_level_of_thresholds_that_is_broken_off_leaves_no_steps(kind: type[LeastFit] | type[Leximin]) -> None:
    rng = Random("broken off")
    for _ in range(60):
        problem = with_threshold_level(rng, nested_problem(rng, most_rows=0, most_pairs=12), kind)
        solution = NetworkEngine().solve(problem, 0, stopping_after(1))
        allocations = every_allocation(problem)
        assert (allocations == as_allocation(problem, solution)).all(axis=1).any()
        if solution.stopped:
            assert {step.of for step in solution.steps} <= {0, 1}
            assert all(outcome.value <= outcome.bound for outcome in solution.levels)


def test_a_leximin_that_was_not_reached_is_called_proved_only_where_it_is_best() -> None:
    rng = Random("not reached")
    stopped = 0
    for _ in range(150):
        problem = with_threshold_level(
            rng, nested_problem(rng, depth=1, most_rows=0, most_pairs=8), Leximin, before=False, most=1
        )
        some = Level("some", 1, 1, np.array([rng.randint(0, 1) for _ in range(problem.size)], dtype=np.int64))
        problem = replace(problem, levels=(some, problem.levels[0]))
        solution = NetworkEngine().solve(problem, 0, stopping_after(0))
        stopped += solution.stopped is not None
        if solution.levels[1].proved:
            best, _ = best_allocations(problem, every_allocation(problem), problem.levels)
            assert (best == as_allocation(problem, solution)).all(axis=1).any()
    assert stopped > 100


def test_a_trivial_bound_is_never_below_what_an_allocation_has() -> None:
    for problem in problems(80):
        every = every_allocation(problem)
        for level in problem.levels:
            assert trivial_bound(problem, level) >= max(level.value(problem, np.flatnonzero(row)) for row in every)
