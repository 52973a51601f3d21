"""Numbers to branch on say nothing new of whole allocations."""

from itertools import product
from random import Random

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.general.program_from_problem import Draft, add_counts, draft_of, keeps_limits
from nle_optimizer.engines.general.solving import LevelRun
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Resource, Row
from nle_optimizer.records import Integers
from support.general_problems import random_problem

ALL = np.arange(4)


def counted(problem: Problem) -> Draft:
    draft = draft_of(problem)
    add_counts(draft, problem)
    return draft


def test_with_counts_the_same_allocations_keep_the_program_and_no_others() -> None:
    rng, seen = Random("counts"), 0
    for _ in range(60):
        problem = random_problem(rng, kinds=("sum",))
        run = LevelRun(problem, "highs", Stopping(), 1.0, counted(problem), np.zeros(0, np.int64))
        program = run.draft.program(np.zeros(0, np.int64))
        seen += len(run.draft.counts)
        for chosen in product((0, 1), repeat=problem.size):
            matched = np.flatnonzero(chosen)
            values = run.variables(matched, len(program.lower))
            assert program.holds(values) == keeps_limits(problem, matched)
    assert seen > 30


def columns(problem: Problem) -> list[list[int]]:
    return [own.tolist() for _, own in counted(problem).counts]


def problem_of(rows: tuple[Row, ...], supporters: int) -> Problem:
    """Two schools and two NLEs, all pairs."""
    return Problem(
        np.array(["S0", "S1"], object),
        np.array(["N0", "N1"], object),
        np.array([0, 1, 0, 1]),
        np.array([0, 0, 1, 1]),
        np.array([supporters, 1]),
        (Resource("placements", np.ones(4, np.int64), np.full(2, 2)),),
        None,
        (Level("schools", 1, 1, np.ones(4, np.int64)),),
        (),
        rows,
    )


def row(amounts: list[int]) -> Row:
    own: Integers = np.array(amounts, np.int64)
    return Row("row", "row", ALL, own, None, 0)


def test_a_school_of_one_supporter_has_a_count_and_one_of_several_has_none() -> None:
    assert columns(problem_of((), 1)) == [[0, 2], [1, 3]]
    assert columns(problem_of((), 2)) == [[1, 3]]


def test_a_share_has_a_count_of_each_of_its_two_kinds_and_a_budget_of_many_amounts_has_none() -> None:
    share, budget = row([85, -15, -15, 85]), row([1, 2, 3, 4])
    assert columns(problem_of((share,), 1))[2:] == [[1, 2], [0, 3]]
    assert columns(problem_of((budget,), 1))[2:] == []
