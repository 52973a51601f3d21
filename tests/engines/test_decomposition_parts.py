"""What the decomposition engine is made of: knapsacks, patterns, prices that bound, and searches that keep limits."""

from random import Random

import numpy as np

from nle_optimizer.engines.decomposition.bound import Knapsacks, Pricing, leaf
from nle_optimizer.engines.decomposition.branching import first_allocation
from nle_optimizer.engines.decomposition.case import KnapsackCase, case_of
from nle_optimizer.engines.decomposition.patterns import enumerate_patterns
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import MILLION
from support.assignments import days_problem, every_assignment

NOTHING = np.zeros(0, dtype=np.int64)


def cases(words: str, count: int = 100, **kind: int) -> list[tuple[Problem, KnapsackCase]]:
    rng = Random(words)
    problems = [days_problem(rng, **kind) for _ in range(count)]
    return [(problem, case_of(problem, problem.levels[0].amounts, [])) for problem in problems]


def sets_of(case: KnapsackCase, nle: int) -> list[list[int]]:
    own = np.flatnonzero(case.nle == nle).tolist()
    return [[pair for n, pair in enumerate(own) if bits >> n & 1] for bits in range(2 ** len(own))]


def test_the_knapsacks_have_the_value_of_the_best_set_and_the_items_that_make_it() -> None:
    for _, case in cases("knapsacks", low=-5):
        knapsacks = Knapsacks(case.nle, case.weight, len(case.room))
        best, taken = knapsacks.best(case.value, case.room)
        for nle, room in enumerate(case.room.tolist()):
            fitting = [chosen for chosen in sets_of(case, nle) if case.weight[chosen].sum() <= room]
            assert best[nle] == max(case.value[chosen].sum() for chosen in fitting)
            own = taken[case.nle[taken] == nle]
            assert case.value[own].sum() == best[nle] and case.weight[own].sum() <= room


def test_no_more_items_of_a_weight_than_there_is_room_for_are_needed() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        nle = np.sort(rng.integers(0, 3, 12))
        weight, value, room = rng.integers(0, 4, 12), rng.integers(-3, 9, 12), rng.integers(0, 7, 3)
        best, taken = Knapsacks(nle, weight, 3).best(value, room)
        for own in range(3):
            items = np.flatnonzero(nle == own)
            sets = [items[[bits >> n & 1 == 1 for n in range(len(items))]] for bits in range(2 ** len(items))]
            assert best[own] == max(value[chosen].sum() for chosen in sets if weight[chosen].sum() <= room[own])
            chosen = taken[nle[taken] == own]
            assert value[chosen].sum() == best[own] and weight[chosen].sum() <= room[own]


def test_every_set_within_the_margin_is_among_the_patterns_and_each_keeps_every_limit() -> None:
    for _, case in cases("patterns", low=-5, resources=2):
        margin = 6.0
        best, _ = Knapsacks(case.nle, case.weight, len(case.room)).best(case.value, case.room)
        patterns = enumerate_patterns(case, case.value.astype(np.float64), margin, 10**6)
        assert patterns is not None
        listed = {tuple(np.sort(patterns.position[patterns.pattern == n]).tolist()) for n in range(patterns.count)}
        expected = {
            tuple(chosen)
            for nle in range(len(case.room))
            for chosen in sets_of(case, nle)
            if chosen
            and (case.use[:, chosen].sum(axis=1) <= case.capacity[:, nle]).all()
            and case.value[chosen].sum() >= best[nle] - margin
        }
        assert listed == expected
        assert len(listed) == patterns.count


def test_any_prices_whatever_bound_every_allocation() -> None:
    rng = np.random.default_rng(1)
    for problem, case in cases("weak duality", resources=2, rows=2, low=-5, most_supporters=2):
        allocations = every_assignment(problem)
        if not len(allocations):
            continue
        best = max(case.worth(np.flatnonzero(row)) for row in allocations)
        pricing = Pricing.of(case)
        for size in (0.0, 1e-6, 1.0, 20.0):
            prices = rng.normal(0, size, len(pricing.least)) / pricing.scale
            assert leaf(case, len(problem.rows), prices, NOTHING, NOTHING).bound >= best


def test_the_bound_in_floats_and_the_bound_in_whole_numbers_agree() -> None:
    rng = np.random.default_rng(2)
    for problem, case in cases("two bounds", resources=2, rows=1):
        pricing = Pricing.of(case)
        prices = pricing.admissible(np.abs(rng.normal(0, 3, len(pricing.least))) / pricing.scale)
        prices[: len(case.supporters)][np.bincount(case.recipient, minlength=len(case.supporters)) == 0] = 0.0
        of_resource = pricing.split(prices)[1]
        of_resource[:, np.bincount(case.nle, minlength=len(case.room)) == 0] = 0.0
        whole = leaf(case, len(problem.rows), prices, NOTHING, NOTHING).bound
        assert whole - 1e-3 <= pricing.bound(prices)[0] <= whole + int(np.gcd.reduce(case.value) or 1) + 1e-3


def test_the_first_allocation_keeps_every_upper_limit() -> None:
    for _, case in cases("first", resources=2, most_supporters=2):
        pricing = Pricing.of(case)
        assert case.allows(first_allocation(pricing, np.zeros(len(pricing.least))))


def test_a_coarser_grid_never_loses_what_fits() -> None:
    for problem, case in cases("grid", unit=MILLION // 3):
        allocations = every_assignment(problem)
        for factor in (1, 2, 7):
            coarse = KnapsackCase(**{**vars(case), "grid": case.grid * factor})
            bound = leaf(coarse, 0, np.zeros(len(Pricing.of(case).least)), NOTHING, NOTHING).bound
            assert bound >= max(case.worth(np.flatnonzero(row)) for row in allocations)
