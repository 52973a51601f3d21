"""The network engine against every allocation of tiny problems."""

from random import Random

import numpy as np
import pytest

from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.problem import Problem
from support.prices import price_faults
from support.problems import (
    as_allocation,
    best_allocations,
    every_allocation,
    problem_of,
    random_problem,
    solve,
    values_of,
)

KINDS = {
    "single": {"most_supporters": 1},
    "three-levels": {"depth": 3, "low": -1, "high": 1},
    "several": {"most_supporters": 3, "least_supporters": 0},
    "required": {"required": 3, "most_supporters": 2},
    "places-of-none": {"most_places": 1, "least_supporters": 0, "low": -5},
    "large": {"low": -(2**47), "high": 2**47},
}


def problems(kind: str, count: int = 150) -> list[Problem]:
    rng = Random(f"{kind} brute force")
    return [random_problem(rng, **KINDS[kind]) for _ in range(count)]


def feasible(kind: str) -> list[Problem]:
    return [problem for problem in problems(kind) if len(every_allocation(problem))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_has_the_best_value_given_the_levels_before(kind: str) -> None:
    for problem in feasible(kind):
        _, best = best_allocations(problem, every_allocation(problem), problem.levels)
        assert values_of(solve(problem)) == best


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_equals_its_bound_and_the_prices_prove_it(kind: str) -> None:
    for problem in feasible(kind):
        solution = solve(problem)
        assert price_faults(problem, solution) == []
        assert all(level.proved for level in solution.levels)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pairs_said_to_stand_in_every_optimum_are_those_of_the_enumeration(kind: str) -> None:
    for problem in feasible(kind):
        optima, _ = best_allocations(problem, every_allocation(problem), problem.levels)
        solution = solve(problem)
        assert solution.in_every_optimum.tolist() == optima.all(axis=0)[solution.matched].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_one_of_the_optimal_allocations(kind: str) -> None:
    for problem in feasible(kind):
        optima, _ = best_allocations(problem, every_allocation(problem), problem.levels)
        assert (optima == as_allocation(problem, solve(problem))).all(axis=1).any()


def test_a_tie_break_decides_between_optimal_allocations_and_nothing_else() -> None:
    rng = Random("tie-break")
    for _ in range(150):
        problem = random_problem(rng, tied=True, low=0, high=1)
        levels = (*problem.levels, *problem.tie_break)
        best, _ = best_allocations(problem, every_allocation(problem), levels)
        assert (best == as_allocation(problem, solve(problem))).all(axis=1).any()


def test_a_pair_that_only_the_tie_break_settles_is_not_said_to_stand_in_every_optimum() -> None:
    problem = problem_of({(0, 0): [1], (1, 0): [1]}, [1, 1], [1], tie_break={(0, 0): 5, (1, 0): 0})
    solution = solve(problem)
    assert solution.matched.tolist() == [0]
    assert solution.in_every_optimum.tolist() == [False]


def test_required_pairs_that_cannot_all_be_met_are_infeasible() -> None:
    infeasible = 0
    for problem in problems("required"):
        if len(every_allocation(problem)):
            continue
        infeasible += 1
        with pytest.raises(InfeasibleError):
            solve(problem)
    assert infeasible > 20


def test_required_pairs_are_matched_even_at_a_loss() -> None:
    problem = problem_of({(0, 0): [-9], (0, 1): [7]}, [1], [1, 1], required=[(0, 0)])
    solution = solve(problem)
    assert solution.matched.tolist() == [0]
    assert price_faults(problem, solution) == []


@pytest.mark.parametrize("supporters", [0, 1, 2])
def test_a_problem_without_a_single_pair_has_the_value_nought(supporters: int) -> None:
    solution = solve(problem_of({}, [1, 0], [supporters] * 3))
    assert values_of(solution) == [0]
    assert len(solution.matched) == 0


def test_an_nle_whose_pairs_take_nothing_takes_everybody() -> None:
    problem = problem_of({(0, j): [1] for j in range(5)}, [1], [1] * 5)
    problem.resources[0].use[:] = 0
    assert values_of(solve(problem)) == [5]


def test_the_scarcest_resource_decides_how_many_an_nle_takes() -> None:
    from dataclasses import replace

    from nle_optimizer.model.problem import Resource

    problem = problem_of({(0, j): [1] for j in range(5)}, [4], [1] * 5)
    days = Resource("days", np.full(5, 10), np.array([25]))
    assert values_of(solve(replace(problem, resources=(*problem.resources, days)))) == [2]
