"""Least fit and leximin in the network engine, against every allocation of tiny problems."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.network import flow as core
from nle_optimizer.model.levels import LeastFit, Level, Leximin, Threshold
from nle_optimizer.model.problem import Problem
from support.nested import nested_problem, with_threshold_level
from support.prices import price_faults
from support.problems import as_allocation, best_allocations, every_allocation, solve, values_of

KINDS = (LeastFit, Leximin)


def problems(kind: type[LeastFit] | type[Leximin], count: int = 300) -> list[Problem]:
    rng = Random(f"{kind.__name__} thresholds")
    made = (nested_problem(rng, most_rows=1, required=1, recipients=5, low=-1, high=1) for _ in range(count))
    every = [with_threshold_level(rng, problem, kind) for problem in made]
    return [problem for problem in every if len(every_allocation(problem))]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_exhaustive_search_finds(kind: type[LeastFit] | type[Leximin]) -> None:
    for problem in problems(kind):
        optima, best = best_allocations(problem, every_allocation(problem), problem.levels)
        solution = solve(problem)
        assert values_of(solution) == best
        assert (optima == as_allocation(problem, solution)).all(axis=1).any()
        assert solution.in_every_optimum.tolist() == optima.all(axis=0)[solution.matched].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_its_prices_prove_every_step(kind: type[LeastFit] | type[Leximin]) -> None:
    for problem in problems(kind):
        assert price_faults(problem, solve(problem)) == []


def medium(kind: type[LeastFit] | type[Leximin], name: str, count: int = 80) -> list[Problem]:
    """Problems too large to enumerate, with few distinct fits or many."""
    rng = Random(name)
    shape = {"nles": 7, "recipients": 16, "most_pairs": 70, "low": -1, "high": 1, "lowers": 0.0}
    return [
        with_threshold_level(rng, nested_problem(rng, most_rows=2, **shape), kind, most=rng.choice([3, 8, 40, 1000]))
        for _ in range(count)
    ]


def test_leximin_is_the_number_at_every_threshold_one_after_the_other() -> None:
    for problem in medium(Leximin, "one by one"):
        number, leximin, *rest = problem.levels
        assert isinstance(leximin, Leximin)
        fits = [int(fit) for fit in np.unique(leximin.amounts) if fit > 0]
        counts = [Level(f"from {fit}", 1, 1, Threshold(leximin, fit).amounts) for fit in fits]
        whole = solve(problem)
        spelt = solve(replace(problem, levels=(number, *counts, *rest)))
        assert (whole.matched == spelt.matched).all()
        assert values_of(whole)[-1] == values_of(spelt)[-1]


def test_a_least_fit_is_the_greatest_below_which_nobody_is_needed() -> None:
    for problem in medium(LeastFit, "avoidable"):
        number, least, *_ = problem.levels
        assert isinstance(least, LeastFit)
        value = values_of(solve(problem))[1]
        for fit in np.unique(least.amounts).tolist():
            avoiding = Level("avoiding", 1, 1, Threshold(least, fit).amounts)
            avoidable = values_of(solve(replace(problem, levels=(number, avoiding))))[1] == 0
            assert avoidable == (fit <= value or not values_of(solve(problem))[0])


@pytest.mark.parametrize("kind", KINDS)
def test_prices_prove_every_step_of_larger_problems(kind: type[LeastFit] | type[Leximin]) -> None:
    for problem in medium(kind, "larger", 40):
        assert price_faults(problem, solve(problem)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_solving_on_a_core_gives_the_same(
    kind: type[LeastFit] | type[Leximin], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = [problem for problem in medium(kind, "core", 40) if problem.size]
    whole = [solve(problem) for problem in problems]
    for name, size in (("SMALL", 0), ("BEST_OF_RECIPIENT", 1), ("BEST_OF_NLE", 0)):
        monkeypatch.setattr(core, name, size)
    for problem, before in zip(problems, whole, strict=True):
        after = solve(problem)
        assert (after.matched == before.matched).all()
        assert price_faults(problem, after) == []
