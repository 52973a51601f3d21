"""The network engine with nested limits on groups of schools and of NLEs, against every allocation of tiny problems."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer.engines.network import flow
from nle_optimizer.engines.network import flow as core
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Integers
from support.nested import nested_problem
from support.prices import price_faults
from support.problems import as_allocation, best_allocations, every_allocation, firm_pairs, solve, values_of

KINDS: dict[str, dict[str, Any]] = {
    "limits": {},
    "upper-only": {"lowers": 0.0, "most_rows": 6},
    "minima": {"lowers": 1.0, "low": -5, "high": 1},
    "several": {"most_supporters": 3, "least_supporters": 0},
    "required": {"required": 3, "most_supporters": 2},
    "three-levels": {"depth": 3, "low": -1, "high": 1},
    "large": {"low": -(2**47), "high": 2**47},
}


def problems(kind: str, count: int = 250) -> list[Problem]:
    rng = Random(f"{kind} nested")
    return [nested_problem(rng, **KINDS[kind]) for _ in range(count)]


def feasible(kind: str) -> list[Problem]:
    return [problem for problem in problems(kind) if len(every_allocation(problem))]


@pytest.mark.parametrize("kind", KINDS)
def test_nested_limits_are_kept_and_every_level_is_best(kind: str) -> None:
    for problem in feasible(kind):
        optima, best = best_allocations(problem, every_allocation(problem), problem.levels)
        solution = solve(problem)
        assert values_of(solution) == best
        assert (optima == as_allocation(problem, solution)).all(axis=1).any()
        assert solution.in_every_optimum.tolist() == optima.all(axis=0)[solution.matched].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_prices_of_nested_limits_prove_every_level(kind: str) -> None:
    for problem in feasible(kind):
        assert price_faults(problem, solve(problem)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_allocation_meets_is_infeasible(kind: str) -> None:
    for problem in problems(kind):
        if not len(every_allocation(problem)):
            with pytest.raises(InfeasibleError):
                solve(problem)


MEDIUM = {"nles": 6, "recipients": 14, "most_pairs": 50, "depth": 3, "low": -1, "high": 3, "lowers": 0.25}


def medium(name: str, count: int = 120, **shape: Any) -> list[Problem]:
    """Problems too large to enumerate, with an allocation."""
    rng = Random(name)
    return [problem for _ in range(count) if _solvable(problem := nested_problem(rng, **{**MEDIUM, **shape}))]


def _solvable(problem: Problem) -> bool:
    try:
        solve(replace(problem, levels=()))
    except InfeasibleError:
        return False
    return True


def test_prices_prove_every_larger_random_problem() -> None:
    for problem in medium("prices", most_supporters=3, required=2):
        assert price_faults(problem, solve(problem)) == []


def test_a_limit_more_never_helps_the_first_objective() -> None:
    for problem in medium("one limit less"):
        for n in range(len(problem.rows)):
            rows = (*problem.rows[:n], *problem.rows[n + 1 :])
            assert values_of(solve(replace(problem, rows=rows)))[0] >= values_of(solve(problem))[0]


def test_one_more_place_never_hurts_the_first_objective_under_nested_limits() -> None:
    for n, problem in enumerate(medium("one place more")):
        resource = problem.resources[0]
        capacity = resource.capacity.copy()
        capacity[n % len(capacity)] += MILLION
        more = replace(problem, resources=(Resource(resource.name, resource.use, capacity),))
        assert values_of(solve(more))[0] >= values_of(solve(problem))[0]


def test_the_answer_does_not_depend_on_the_order_of_the_rows() -> None:
    rng = Random("order of rows")
    for problem in medium("order", 60):
        order = rng.sample(range(len(problem.rows)), len(problem.rows))
        before, after = solve(problem), solve(replace(problem, rows=tuple(problem.rows[n] for n in order)))
        assert before.prices is not None and after.prices is not None
        assert (after.matched == before.matched).all()
        assert (after.prices.recipient == before.prices.recipient).all()


def test_the_scarcest_of_several_resources_counts_under_nested_limits() -> None:
    for problem in medium("two resources", 60):
        places = problem.resources[0]
        days = Resource("days", 3 * places.use, 2 * places.capacity)
        fewer = replace(places, capacity=2 * places.capacity // 3 // MILLION * MILLION)
        try:
            expected = values_of(solve(replace(problem, resources=(fewer,))))
        except InfeasibleError:
            continue
        assert values_of(solve(replace(problem, resources=(places, days)))) == expected


def test_solving_on_a_core_gives_the_same_as_solving_whole_under_nested_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [problem for problem in medium("core", 150, required=1) if problem.size]
    whole = [solve(problem) for problem in problems]
    for name, size in (("SMALL", 0), ("FEW", 0), ("BEST_OF_RECIPIENT", 1), ("BEST_OF_NLE", 0)):
        monkeypatch.setattr(core, name, size)
    for problem, before in zip(problems, whole, strict=True):
        after = solve(problem)
        assert values_of(after) == values_of(before)
        assert (after.matched == before.matched).all()
        assert firm_pairs(problem, after) == firm_pairs(problem, before)
        assert price_faults(problem, after) == []


def test_the_answer_does_not_depend_on_which_optimum_the_solver_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = medium("which optimum", 80)
    before = [solve(problem) for problem in problems]
    shuffles = np.random.default_rng(5)
    straight = flow.best_circulation

    def shuffled(network: Network, values: Integers, arcs: Integers, start: Integers | None) -> Integers:
        return straight(network, values, shuffles.permutation(arcs), start)

    monkeypatch.setattr(core, "best_circulation", shuffled)
    for problem, first in zip(problems, before, strict=True):
        second = solve(problem)
        assert first.prices is not None and second.prices is not None
        assert second.matched.tolist() == first.matched.tolist()
        assert (second.prices.row == first.prices.row).all()
        assert (second.prices.nle == first.prices.nle).all()
