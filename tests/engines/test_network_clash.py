"""What the network engine says where no allocation exists, against every allocation of tiny problems."""

import re
from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest

from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.build import overfull
from nle_optimizer.model.problem import Clash, Leaf, Problem, Row
from support.nested import nested_problem
from support.problems import every_allocation, problem_of, solve


def clash_of(problem: Problem) -> Clash:
    with pytest.raises(InfeasibleError) as caught:
        solve(problem)
    assert isinstance(caught.value.clash, Clash)
    return caught.value.clash


def infeasible(count: int = 700) -> list[Problem]:
    rng = Random("clashes")
    made = [nested_problem(rng, lowers=0.8, required=2, most_supporters=2) for _ in range(count)]
    return [problem for problem in made if not overfull(problem) and not len(every_allocation(problem))]


def only(problem: Problem, requirements: tuple[str, ...]) -> Problem:
    """The problem with no other rows and required pairs than the named ones."""
    pairs = [
        f"pair {problem.nle_ids[i]}, {problem.recipient_ids[j]}"
        for i, j in zip(problem.nle, problem.recipient, strict=True)
    ]
    required = np.array([label in requirements for label in pairs], dtype=bool)
    if problem.required is not None:
        required &= problem.required
    return replace(problem, required=required, rows=tuple(row for row in problem.rows if row.label in requirements))


def test_the_named_requirements_clash_and_without_any_one_of_them_they_do_not() -> None:
    problems = infeasible()
    assert len(problems) > 100
    for problem in problems:
        named = clash_of(problem).requirements
        assert not len(every_allocation(only(problem, named)))
        for left_out in named:
            assert len(every_allocation(only(problem, tuple(label for label in named if label != left_out))))


def bound_of(problem: Problem, leaf: Leaf) -> int:
    """The bound that the multipliers of a leaf prove, by trying every set of pairs of every NLE."""
    at, resource = leaf.multipliers, problem.resources[leaf.multipliers.knapsack]
    price = -at.recipient[problem.recipient]
    total = int(problem.supporters @ at.recipient)
    for row, own in zip(problem.rows, at.row.tolist(), strict=True):
        price[row.pairs] -= own * row.amounts
        limit = row.upper if own > 0 else row.lower
        assert not own or limit is not None
        total += own * (limit or 0)
    required = set(problem.required_pairs().tolist())
    for nle in range(len(problem.nle_ids)):
        own_pairs = np.flatnonzero(problem.nle == nle).tolist()
        sets = [set(chosen) for size in range(len(own_pairs) + 1) for chosen in combinations(own_pairs, size)]
        total += max(
            int(sum(price[pair] for pair in chosen))
            for chosen in sets
            if required & set(own_pairs) <= chosen
            and sum(resource.use[pair] for pair in chosen) <= resource.capacity[nle]
        )
    return total


def test_multipliers_prove_that_there_is_no_allocation() -> None:
    told = 0
    for problem in infeasible():
        clash = clash_of(problem)
        if clash.proof == "multipliers":
            told += 1
            assert isinstance(clash.tree, Leaf)
            assert (clash.tree.multipliers.recipient >= 0).all()
            assert bound_of(problem, clash.tree) == clash.tree.bound < 0
        else:
            assert any(row.amounts[0] > 1 for row in problem.rows if len(row.amounts))
    assert told > 100


REPAIR = re.compile(r"(lower|raise) the (minimum|maximum) of (.+) from (\S+) to (\S+?)( \(other .*)?$")


def repaired(problem: Problem, label: str, which: str, to: str) -> Problem:
    side = "lower" if which == "minimum" else "upper"
    limit = round(float(to) * 1_000_000) if "." in to else int(to)
    rows = [replace(row, **{side: limit}) if row.label == label else row for row in problem.rows]
    return replace(problem, rows=tuple(rows))


def test_a_repair_makes_an_allocation_possible_unless_other_requirements_clash_beside() -> None:
    tried = 0
    for problem in infeasible():
        clash = clash_of(problem)
        for repair in clash.repairs:
            if found := REPAIR.match(repair):
                tried += 1
                which, label, to, beside = found[2], found[3], found[5], found[6]
                whole = repaired(problem, label, which, to)
                assert len(every_allocation(only(whole, clash.requirements)))
                assert bool(len(every_allocation(whole))) == (beside is None)
    assert tried > 100


def test_one_minimum_is_told_with_what_it_could_have_at_most() -> None:
    problem = problem_of({(0, j): [1] for j in range(4)}, [2], [1] * 4)
    row = Row("north", "north", np.arange(4), np.ones(4, np.int64), 3, None)
    clash = clash_of(replace(problem, rows=(row,)))
    assert clash.requirements == ("north",)
    assert clash.sentences == (
        "the minimum of north (3) cannot be met: of the candidate pairs of its 4 schools with 1 NLE at most 2 can be "
        "matched together",
    )
    assert clash.repairs == ("lower the minimum of north from 3 to 2", "give NLE N000 room for 1 more")


def test_a_minimum_within_a_maximum_is_told_with_how_far_they_are_apart() -> None:
    problem = problem_of({(i, j): [1] for i in range(2) for j in range(4)}, [4, 4], [1] * 4)
    ones = np.ones(8, np.int64)
    rows = (
        Row("all", "all", np.arange(8), ones, None, 1),
        Row("some", "some", np.arange(4), ones[:4], 3, None),
    )
    clash = clash_of(replace(problem, rows=rows))
    assert clash.requirements == ("all", "some")
    assert clash.sentences == (
        "the maximum of all (1) and the minimum of some (3) cannot all be met: they are 2 pairs apart",
    )
    assert clash.repairs == (
        "raise the maximum of all from 1 to 3",
        "lower the minimum of some from 3 to 1",
    )


def test_limits_between_which_no_number_of_pairs_lies_clash_by_themselves() -> None:
    problem = problem_of({(0, j): [1] for j in range(4)}, [4], [1] * 4)
    row = Row("days", "days", np.arange(4), np.full(4, 3_000_000), 4_000_000, 5_000_000)
    clash = clash_of(replace(problem, rows=(row,)))
    assert clash.requirements == ("days",)
    assert clash.sentences == ("days is to be from 4 to 5, and no number of pairs that take 3 each comes to that",)
