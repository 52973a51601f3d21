"""The decomposition engine against every allocation of tiny problems."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.levels import Allowance
from nle_optimizer.model.problem import Problem
from support.assignments import bound_of, days_problem, every_assignment, solve_days
from support.problems import as_allocation, best_allocations, values_of

KINDS = {
    "days": {},
    "days-and-placements": {"resources": 2},
    "three-resources": {"resources": 3},
    "losses": {"low": -10, "high": 10},
    "levels": {"depth": 3, "high": 3},
    "supporters": {"most_supporters": 2},
    "required": {"required": 2},
    "rows": {"rows": 2},
    "everything": {"resources": 2, "depth": 2, "high": 4, "most_supporters": 2, "required": 1, "rows": 1},
    "large": {"low": -(2**40), "high": 2**40, "unit": 1},
    "odd-decimals": {"unit": 1_234_567, "resources": 2, "depth": 2},
}


def problems(kind: str, count: int = 40) -> list[Problem]:
    rng = Random(f"{kind} decomposition")
    return [days_problem(rng, **KINDS[kind]) for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_is_proved_to_have_the_best_value_and_its_leaves_prove_it(kind: str) -> None:
    for problem in problems(kind):
        allocations = every_assignment(problem)
        if not len(allocations):
            with pytest.raises(InfeasibleError):
                solve_days(problem)
            continue
        _, best = best_allocations(problem, allocations, problem.levels)
        solution = solve_days(problem)
        assert values_of(solution) == best
        assert (allocations == as_allocation(problem, solution)).all(axis=1).any()
        assert [bound_of(problem, solution, n) for n in range(len(best))] == best
        assert all(level.proved and level.proof in ("multipliers", "leaves") for level in solution.levels)


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_has_the_best_value_from_any_start(kind: str) -> None:
    lot = Random(f"{kind} starts")
    for problem in problems(kind, 20):
        allocations = every_assignment(problem)
        starts = [
            np.array(sorted(lot.sample(range(problem.size), lot.randint(0, problem.size))), dtype=np.int64),
            np.arange(problem.size),
        ]
        for start in starts:
            if not len(allocations):
                with pytest.raises(InfeasibleError):
                    solve_days(problem, start=start)
                continue
            solution = solve_days(problem, start=start)
            assert values_of(solution) == best_allocations(problem, allocations, problem.levels)[1]
            assert all(level.proved for level in solution.levels)
            assert (allocations == as_allocation(problem, solution)).all(axis=1).any()


def test_a_level_is_held_only_to_what_its_allowance_leaves() -> None:
    rng = Random("allowance")
    for _ in range(40):
        problem = days_problem(rng, depth=2, allowance=Allowance(units=1, share=Fraction(1, 10)))
        allocations = every_assignment(problem)
        first, second = (allocations @ level.amounts for level in problem.levels)
        solution = solve_days(problem)
        assert solution.levels[0].bound == first.max()
        assert solution.levels[0].proved
        assert first[(allocations == as_allocation(problem, solution)).all(axis=1)] == solution.levels[0].value
        kept = first >= problem.levels[0].within.least(int(first.max()))
        assert solution.levels[1].value == second[kept].max()
        assert bound_of(problem, solution, 1) == second[kept].max()
