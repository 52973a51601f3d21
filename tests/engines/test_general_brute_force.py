"""The general engines against every allocation of tiny problems that have everything a problem can have."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.engine import CpSatEngine, HighsEngine
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.levels import Level, Leximin
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Integers
from support import problems as network_problems
from support.general_problems import KINDS, best_allocations, every_allocation, random_problem

ENGINES = (CpSatEngine(), HighsEngine())
named = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def solve(engine: CpSatEngine | HighsEngine, problem: Problem, stop: Stopping | None = None) -> Solution:
    return engine.solve(problem, 0, stop or Stopping())


def feasible(seed: str, count: int, **settings: object) -> list[tuple[Problem, list[Integers]]]:
    """Random problems that have allocations, with all of them."""
    rng, found = Random(seed), []
    while len(found) < count:
        problem = random_problem(rng, **settings)
        if allocations := every_allocation(problem):
            found.append((problem, allocations))
    return found


@named
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_one_of_the_best_allocations_level_by_level(engine: CpSatEngine | HighsEngine, kind: str) -> None:
    for problem, allocations in feasible(f"{kind} general", 30, kinds=(kind, "sum", kind)):
        best, _ = best_allocations(problem, allocations)
        solution = solve(engine, problem)
        assert any(np.array_equal(solution.matched, matched) for matched in best)


@named
def test_every_level_is_proved_at_the_best_that_there_is(engine: CpSatEngine | HighsEngine) -> None:
    for problem, allocations in feasible("bounds", 60):
        _, best = best_allocations(problem, allocations)
        solution = solve(engine, problem)
        assert solution.stopped is None
        for level, found, most in zip(problem.levels, solution.levels, best, strict=True):
            assert found.proved
            assert found.value == level.value(problem, solution.matched)
            assert isinstance(level, Leximin) or found.bound == most


@named
def test_no_multipliers_prove_less_than_what_there_is(engine: CpSatEngine | HighsEngine) -> None:
    proofs: set[str] = set()
    for problem, allocations in feasible("multipliers", 80, kinds=("sum", "within"), depth=2):
        _, best = best_allocations(problem, allocations)
        for found, leaf, most in zip(*_levels(solve(engine, problem)), best, strict=True):
            proofs.add(found.proof)
            assert leaf is None or leaf.bound >= most
            assert found.proof != "multipliers" or leaf.bound == found.bound
    assert {"multipliers", "solver"} <= proofs


def _levels(solution: Solution) -> tuple:
    return solution.levels, solution.trees


@named
def test_what_has_no_allocation_is_infeasible(engine: CpSatEngine | HighsEngine) -> None:
    rng, infeasible = Random("infeasible"), 0
    for _ in range(40):
        problem = random_problem(rng, tight=True, depth=1)
        if every_allocation(problem):
            continue
        infeasible += 1
        with pytest.raises(InfeasibleError):
            solve(engine, problem)
    assert infeasible > 15


@named
def test_the_network_engine_agrees_where_it_applies(engine: CpSatEngine | HighsEngine) -> None:
    rng = Random("agree")
    for _ in range(40):
        problem = network_problems.random_problem(rng, most_supporters=2, depth=3, recipients=6, most_pairs=16)
        values = [level.value for level in solve(engine, problem).levels]
        assert values == [level.value for level in NetworkEngine().solve(problem, 0, Stopping()).levels]


@named
def test_a_tie_break_decides_between_optimal_allocations(engine: CpSatEngine | HighsEngine) -> None:
    rng = Random("tie-break")
    for problem, allocations in feasible("ties", 30, kinds=("sum",), depth=1):
        tie = Level("tie", 1, 1, np.array([rng.randint(0, 2) for _ in range(problem.size)], np.int64))
        best, _ = best_allocations(replace(problem, levels=(*problem.levels, tie)), allocations)
        matched = solve(engine, replace(problem, tie_break=(tie,))).matched
        assert any(np.array_equal(matched, own) for own in best)


@named
def test_nothing_is_given_up_of_a_level_for_nothing(engine: CpSatEngine | HighsEngine) -> None:
    for problem, allocations in feasible("within", 30, kinds=("within",), depth=2):
        best, _ = best_allocations(problem, allocations)
        for level in problem.levels:
            most = max(level.value(problem, matched) for matched in best)
            best = [matched for matched in best if level.value(problem, matched) == most]
        matched = solve(engine, problem).matched
        assert any(np.array_equal(matched, own) for own in best)


@named
def test_a_problem_without_levels_has_any_allocation(engine: CpSatEngine | HighsEngine) -> None:
    for problem, allocations in feasible("none", 10, depth=1):
        solution = solve(engine, replace(problem, levels=()))
        assert solution.levels == ()
        assert any(np.array_equal(solution.matched, matched) for matched in allocations)


@named
def test_the_same_problem_has_the_same_answer_every_time(engine: CpSatEngine | HighsEngine) -> None:
    for problem, _ in feasible("again", 10):
        first, second = solve(engine, problem), solve(engine, problem)
        assert first.matched.tolist() == second.matched.tolist()
        assert [(level.value, level.bound, level.proof) for level in first.levels] == [
            (level.value, level.bound, level.proof) for level in second.levels
        ]


@named
def test_amounts_too_large_to_be_exact_are_refused_in_words(engine: CpSatEngine | HighsEngine) -> None:
    problem, _ = feasible("large", 1, kinds=("sum",), depth=1)[0]
    large = Level("fit", 1, 1, np.full(problem.size, 2**55, np.int64))
    assert "2^53" in (engine.refuses(replace(problem, levels=(large,))) or "")
    assert engine.refuses(problem) is None
