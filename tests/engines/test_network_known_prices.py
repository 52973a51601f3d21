"""Prices of similar problems save time, and change nothing."""

from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.engine import KnownPrices, Stopping
from nle_optimizer.engines.network import flow as core
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Integers
from support.nested import nested_problem
from support.problems import problem_of, random_problem, solve, values_of

MEDIUM = {"nles": 6, "recipients": 12, "most_pairs": 45, "depth": 3, "low": -1, "high": 3, "most_supporters": 2}


@pytest.fixture(autouse=True)
def hardly_any_arcs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cores near known prices are used however small a problem is, and begin with few pairs."""
    for name, size in (("TINY", 0), ("ENOUGH_OF_RECIPIENT", 1), ("NEXT_OF_RECIPIENT", 0)):
        monkeypatch.setattr(core, name, size)


def problems(name: str, count: int) -> list[Problem]:
    rng = Random(name)
    return [problem for _ in range(count) if (problem := random_problem(rng, **MEDIUM)).size]


def near(problem: Problem, known: KnownPrices) -> Solution:
    return NetworkEngine().solve_near(problem, 0, Stopping(), known)


def assert_the_same(problem: Problem, known: KnownPrices) -> None:
    plain, found = solve(problem), near(problem, known)
    assert values_of(found) == values_of(plain)
    assert found.matched.tolist() == plain.matched.tolist()
    assert plain.prices is not None and found.prices is not None
    for side in ("recipient", "nle", "row"):
        assert getattr(found.prices, side).tolist() == getattr(plain.prices, side).tolist()
    assert plain.in_every_optimum is not None and found.in_every_optimum is not None
    assert found.in_every_optimum.tolist() == plain.in_every_optimum.tolist()


def test_prices_of_any_other_problem_leave_the_solution_as_it_is() -> None:
    known = KnownPrices()  # what it keeps of one problem, the next begins from, however little they share
    for problem in problems("after one another", 200):
        assert_the_same(problem, known)


@pytest.mark.parametrize("greatest", [3, 2**47])
def test_prices_of_other_nested_problems_leave_the_solution_as_it_is(greatest: int) -> None:
    known, rng = KnownPrices(), Random("nested")
    for _ in range(150):
        problem = nested_problem(rng, low=-greatest, high=greatest, most_supporters=2)
        try:
            solve(problem)
        except InfeasibleError:
            continue
        assert_the_same(problem, known)


def test_prices_out_of_thin_air_leave_the_solution_as_it_is() -> None:
    rng = Random("thin air")
    for problem in problems("thin air", 200):
        known = KnownPrices()
        for level in problem.levels:
            ids = [
                np.array([name for name in names if rng.random() < 0.8], dtype=object)
                for names in (problem.recipient_ids, problem.nle_ids)
            ]
            recipient, nle = (np.array([rng.randint(-5, 5) for _ in names], dtype=np.int64) for names in ids)
            known.keep(level.name, ids[0], recipient, ids[1], nle)
        assert_the_same(problem, known)


def test_a_problem_is_solved_on_few_arcs_from_its_own_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "ENOUGH_OF_RECIPIENT", 3)
    arcs: list[int] = []
    best = core.best_circulation

    def counted(network: Network, values: Integers, some: Integers, flow: Integers | None) -> Integers:
        arcs.append(len(some))
        return best(network, values, some, flow)

    monkeypatch.setattr(core, "best_circulation", counted)
    for n in range(20):
        rng = Random(n)
        every = {(i, j): [rng.randrange(10**6)] for i in range(20) for j in range(20)}
        problem, known = problem_of(every, [1] * 20, [1] * 20), KnownPrices()
        near(problem, known)
        arcs.clear()
        near(problem, known)
        assert len(arcs) == 1
        assert arcs[0] <= 3 * 20 + 20 + 20 < problem.size


def test_a_level_that_was_not_optimised_yet_has_no_prices() -> None:
    known = KnownPrices()
    ids = np.array(["A", "B"], dtype=object)
    assert known.of("fit", ids, ids) is None
    known.keep("fit", ids[:1], np.array([3]), ids[1:], np.array([4]))
    found = known.of("fit", ids, ids)
    assert found is not None
    recipients, nles = found
    assert (recipients.price.tolist(), recipients.known.tolist()) == ([3, 0], [True, False])
    assert (nles.price.tolist(), nles.known.tolist()) == ([0, 4], [False, True])
