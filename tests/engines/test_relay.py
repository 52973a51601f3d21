"""Levels that ask for different engines: each does its part, and all together are as good as one alone."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.errors import InfeasibleError, InputError
from nle_optimizer.model.levels import EngineAsked, LeastFit, Leximin, Spread
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Integers
from support.general_problems import KINDS, best_allocations, every_allocation, random_level, random_problem
from support.nested import nested_problem, with_threshold_level

GENERAL = ("cp-sat", "highs")


def asking(problem: Problem, names: Sequence[str]) -> Problem:
    """The problem whose levels ask for these engines."""
    levels = zip(problem.levels, names, strict=True)
    return replace(
        problem,
        levels=tuple(replace(level, engine=EngineAsked(name, f"objectives.{name}")) for level, name in levels),
    )


def solve(problem: Problem, asked: str = "auto", stop: Stopping | None = None) -> Solution:
    return next(engines_for(problem, asked)).solve(problem, 0, stop or Stopping())


def mixed(seed: str, count: int, kinds: Sequence[str] = KINDS) -> list[tuple[Problem, list[Integers]]]:
    """Problems of several levels of every kind, each for one general engine or the other, with all allocations."""
    rng, found = Random(seed), []
    while len(found) < count:
        problem = random_problem(rng, kinds=kinds, depth=4)
        if len(problem.levels) > 1 and (allocations := every_allocation(problem)):
            found.append((asking(problem, [rng.choice(GENERAL) for _ in problem.levels]), allocations))
    return found


def begun_by_network(seed: str, count: int) -> list[tuple[Problem, list[Integers]]]:
    """Problems whose first levels are a network's, and whose last are not, with all allocations."""
    rng, found = Random(seed), []
    while len(found) < count:
        first = nested_problem(rng, depth=2, most_supporters=2, most_pairs=9)
        if rng.random() < 0.5:
            first = with_threshold_level(rng, first, rng.choice([LeastFit, Leximin]))
        kinds = [rng.choice(["within", "least", "spread", "leximin"]) for _ in range(rng.randint(1, 2))]
        last = [random_level(rng, kind, first.size, first.presences) for kind in kinds]
        problem = replace(first, levels=(*first.levels, *last), tie_break=())
        if first.size and (allocations := every_allocation(problem)):
            asked = ["network"] * len(first.levels) + [rng.choice(GENERAL) for _ in last]
            found.append((asking(problem, asked), allocations))
    return found


def is_one_of(allocations: Sequence[Integers], found: Solution) -> bool:
    return any(np.array_equal(found.matched, own) for own in allocations)


def assert_best(problem: Problem, allocations: list[Integers]) -> Solution:
    """The solution is one of the best allocations level by level, and every level is proved to be so."""
    optima, best = best_allocations(problem, allocations)
    found = solve(problem)
    assert is_one_of(optima, found)
    for level, outcome, most in zip(problem.levels, found.levels, best, strict=True):
        assert outcome.proved
        assert outcome.value == level.value(problem, found.matched)
        assert isinstance(level, Leximin) or outcome.bound == most
    return found


def test_two_general_engines_in_turn_find_what_is_best_level_by_level() -> None:
    for problem, allocations in mixed("two general engines", 90):
        found = assert_best(problem, allocations)
        asked = [level.engine.name for level in problem.levels]
        assert [found.engine_of(n) for n in range(len(asked))] == asked
        assert found.engine == ", ".join(dict.fromkeys(asked))


def test_a_general_engine_takes_over_from_the_network_with_its_prices_and_levels_held() -> None:
    for problem, allocations in begun_by_network("network first", 70):
        found = assert_best(problem, allocations)
        of_network = [n for n, level in enumerate(problem.levels) if level.engine.name == "network"]
        assert [found.levels[n].proof for n in of_network] == ["prices"] * len(of_network)
        assert found.prices is not None
        assert {step.of for step in found.steps} <= {*of_network}
        assert all(found.trees[n] is None for n in of_network)


def test_no_multipliers_of_a_later_engine_prove_less_than_what_there_is() -> None:
    proofs: set[str] = set()
    for problem, allocations in mixed("multipliers", 60, kinds=("sum", "within")):
        _, best = best_allocations(problem, allocations)
        found = solve(problem)
        for outcome, leaf, most in zip(found.levels, found.trees, best, strict=True):
            proofs.add(outcome.proof)
            assert leaf is None or leaf.bound >= most
    assert "multipliers" in proofs


def test_the_same_problem_has_the_same_answer_every_time() -> None:
    for problem, _ in [*mixed("again", 6), *begun_by_network("again", 6)]:
        first, second = solve(problem), solve(problem)
        assert first.matched.tolist() == second.matched.tolist()
        assert [(level.value, level.bound, level.proof) for level in first.levels] == [
            (level.value, level.bound, level.proof) for level in second.levels
        ]


def test_an_interrupt_of_the_first_engine_leaves_the_levels_of_the_next_as_they_stand() -> None:
    stopped = 0
    for problem, allocations in [*mixed("stopped", 40), *begun_by_network("stopped", 20)]:
        found = solve(problem, stop=Stopping(interrupted=lambda: True))
        if not found.levels:
            continue
        assert is_one_of(allocations, found)
        assert found.stopped == "interrupt"
        for level, outcome in zip(problem.levels, found.levels, strict=True):
            assert outcome.value == level.value(problem, found.matched)
            assert outcome.value <= outcome.bound
        stopped += problem.levels[0].engine.name == "network" or found.levels[-1].value < found.levels[-1].bound
        assert found.levels[-1].proof == "trivial"
    assert stopped > 20


def test_a_gap_that_will_do_ends_no_later_stretch() -> None:
    for problem, allocations in mixed("gap", 30, kinds=("sum", "within")):
        found = solve(problem, stop=Stopping(gap=Fraction(1, 4)))
        assert is_one_of(allocations, found)
        assert all(outcome.value <= outcome.bound for outcome in found.levels)


def test_what_asks_for_no_engine_goes_on_with_the_one_before_where_that_can() -> None:
    rng = Random("auto")
    problem = nested_problem(rng, depth=2, most_pairs=9)
    while len(problem.levels) < 2:
        problem = nested_problem(rng, depth=2, most_pairs=9)
    assert next(engines_for(asking(problem, ["network", "auto"]), "auto")).name == "network"
    assert next(engines_for(asking(problem, ["auto", "cp-sat"]), "auto")).name == "network, cp-sat"
    assert next(engines_for(asking(problem, ["auto", "cp-sat"]), "highs")).name == "highs, cp-sat"
    assert next(engines_for(asking(problem, ["auto", "highs"]), "highs")).name == "highs"
    spread = replace(problem, levels=(*problem.levels, Spread("gap", ())))
    assert next(engines_for(asking(spread, ["network", "auto", "auto"]), "auto")).name == "network, highs"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["highs", "network"], "the network engine cannot solve this: it can only begin, and highs solves the levels"),
        (["cp-sat", "decomposition"], "cp-sat and highs solve levels of every kind, after any other engine"),
        (["highs", "netwrok"], "objectives.netwrok: unknown engine; got netwrok; did you mean network?"),
    ],
)
def test_what_an_engine_cannot_do_is_refused_before_anything_is_solved(names: list[str], words: str) -> None:
    problem = next(problem for problem, _ in mixed("refused", 20, kinds=("sum",)) if len(problem.levels) == 2)
    with pytest.raises(InputError) as refused:
        next(engines_for(asking(problem, names), "auto"))
    assert words in str(refused.value)


def test_what_has_no_allocation_is_infeasible_whoever_is_asked() -> None:
    rng, infeasible = Random("infeasible"), 0
    while infeasible < 5:
        problem = random_problem(rng, tight=True, depth=3)
        if len(problem.levels) > 1 and not every_allocation(problem):
            infeasible += 1
            asked = asking(problem, [GENERAL[n % 2] for n in range(len(problem.levels))])
            with pytest.raises(InfeasibleError):
                solve(asked)
