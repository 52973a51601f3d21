"""The network engine against solvers that share nothing with it: values only, never one of several optima."""

from itertools import pairwise
from random import Random

import highspy
import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from nle_optimizer.model.problem import Problem
from support.prices import price_faults
from support.problems import Pair, problem_of, random_problem, room_of, solve, values_of


@pytest.mark.parametrize("part", range(4))
def test_a_dense_assignment_has_the_value_that_scipy_finds(part: int) -> None:
    rng = np.random.default_rng(part)
    for _ in range(1000):
        shape = rng.integers(1, 8, size=2)
        fits = rng.integers(0, rng.choice([3, 1000, 1_000_000]), size=shape)
        problem = problem_of(
            {(i, j): [int(fits[i, j])] for i in range(shape[0]) for j in range(shape[1])},
            [1] * shape[0],
            [1] * shape[1],
        )
        assert values_of(solve(problem)) == [int(fits[linear_sum_assignment(fits, maximize=True)].sum())]


def test_a_larger_dense_assignment_with_places_has_the_value_that_scipy_finds() -> None:
    rng = np.random.default_rng(99)
    for _ in range(10):
        fits = rng.integers(0, 1000, size=(12, 40))
        places = rng.integers(0, 4, size=12)
        problem = problem_of(
            {(i, j): [int(fits[i, j])] for i in range(12) for j in range(40)}, places.tolist(), [1] * 40
        )
        copies = np.repeat(fits, places, axis=0)
        assert values_of(solve(problem)) == [int(copies[linear_sum_assignment(copies, maximize=True)].sum())]


class LexicographicProgram:
    """A linear program that optimises one level after the other, each held as a row."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.program = highspy.Highs()
        self.program.silent()
        for n in range(problem.size):
            least = 0 if problem.required is None else float(problem.required[n])
            self.program.addVar(least, 1.0)
        for of_pair, limits in ((problem.nle, room_of(problem)), (problem.recipient, problem.supporters)):
            for n, limit in enumerate(limits):
                self._at_most(np.flatnonzero(of_pair == n), float(limit))

    def _at_most(self, pairs: np.ndarray, limit: float) -> None:
        self.program.addRow(-highspy.kHighsInf, limit, len(pairs), pairs, np.ones(len(pairs)))

    def values(self) -> list[int]:
        every = np.arange(self.problem.size)
        found = []
        for level in self.problem.levels:
            worth = level.amounts.astype(float)
            self.program.changeColsCost(len(every), every, worth)
            self.program.changeObjectiveSense(highspy.ObjSense.kMaximize)
            self.program.run()
            assert self.program.getModelStatus() == highspy.HighsModelStatus.kOptimal
            found.append(round(self.program.getObjectiveValue()))
            self.program.addRow(found[-1] - 1e-6, highspy.kHighsInf, len(every), every, worth)
        return found


@pytest.mark.parametrize("part", range(4))
def test_every_level_has_the_value_that_a_linear_program_finds(part: int) -> None:
    rng = Random(f"highs {part}")
    for _ in range(100):
        problem = random_problem(rng, nles=6, recipients=12, most_pairs=40, depth=3, low=-3, high=9, most_supporters=2)
        if problem.size:
            assert values_of(solve(problem)) == LexicographicProgram(problem).values()


def test_a_blend_of_millions_has_the_value_that_networkx_finds() -> None:
    rng = Random("networkx")
    for _ in range(60):
        problem = random_problem(
            rng, nles=5, recipients=9, most_pairs=30, depth=1, low=-1_000_000, high=2_000_000, most_supporters=2
        )
        graph = nx.DiGraph()
        for n, place in enumerate(room_of(problem).tolist()):
            graph.add_edge(("nle", n), "hub", capacity=place, weight=0)
        for n, most in enumerate(problem.supporters.tolist()):
            graph.add_edge("hub", ("school", n), capacity=most, weight=0)
        for n in range(problem.size):
            ends = ("school", int(problem.recipient[n])), ("nle", int(problem.nle[n]))
            graph.add_edge(*ends, capacity=1, weight=-int(problem.levels[0].amounts[n]))
        cost, _ = nx.network_simplex(graph)
        assert values_of(solve(problem)) == [-cost]


def test_prices_prove_every_larger_random_problem() -> None:
    rng = Random("prices")
    for _ in range(150):
        problem = random_problem(
            rng, nles=8, recipients=20, most_pairs=100, depth=4, low=-1, high=3, most_supporters=3, least_supporters=0
        )
        assert price_faults(problem, solve(problem)) == []


def test_a_chain_of_many_schools_is_rearranged_from_end_to_end() -> None:
    """One more place at the far end of a chain moves everybody by one."""
    length = 300
    chain: dict[Pair, list[int]] = {(i, i): [10] for i in range(length)}
    chain |= {(i, j): [9] for i, j in pairwise(range(length))}
    places = [1] * length
    assert values_of(solve(problem_of(chain, places, [1] * length))) == [10 * length]
    places[0] = 0
    assert values_of(solve(problem_of(chain, places, [1] * length))) == [10 * (length - 1)]
