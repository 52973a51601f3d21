"""Required pairs that clash with a capacity are named before any engine starts."""

from dataclasses import replace
from random import Random

import numpy as np

from nle_optimizer.model.build import overfull
from nle_optimizer.model.problem import Resource
from support.problems import every_allocation, problem_of, random_problem


def test_they_are_named_exactly_where_nothing_else_stands_in_the_way_of_an_allocation() -> None:
    rng = Random("overfull")
    clashing = 0
    for _ in range(300):
        problem = random_problem(rng, required=3, most_supporters=2)
        assert bool(overfull(problem)) == (not len(every_allocation(problem)))
        clashing += bool(overfull(problem))
    assert clashing > 30


def test_an_nle_is_told_with_what_it_has_and_what_its_required_pairs_take() -> None:
    problem = problem_of({(0, 0): [1], (0, 1): [1]}, [2], [1, 1], required=[(0, 0), (0, 1)])
    days = Resource("days", np.array([2_500_000, 3_000_000]), np.array([5_000_000]))
    (told,) = overfull(replace(problem, resources=(*problem.resources, days)))
    assert told.startswith("NLE N000 has 5 days, and its required pairs take 5.5:")


def test_a_school_is_told_with_the_number_that_it_may_have() -> None:
    problem = problem_of({(0, 0): [1], (1, 0): [1]}, [1, 1], [1], required=[(0, 0), (1, 0)])
    (told,) = overfull(problem)
    assert told.startswith("school R000 may have 1 NLE, and 2 are required for it:")
