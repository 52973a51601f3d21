"""Branch and bound over patterns: what is best among them is best of all, and no cut or price takes it away."""

from random import Random

import numpy as np
import pytest

from nle_optimizer.engines.decomposition import packing
from nle_optimizer.engines.decomposition.case import KnapsackCase, case_of
from nle_optimizer.engines.decomposition.master import Master, PatternPool
from nle_optimizer.engines.decomposition.packing import Packing
from nle_optimizer.engines.decomposition.patterns import Patterns, enumerate_patterns
from nle_optimizer.engines.decomposition.relaxation import cut_rows
from support.assignments import days_problem, every_assignment


def cases(words: str, count: int = 40) -> list[tuple[KnapsackCase, Patterns, list[np.ndarray]]]:
    rng, made = Random(words), []
    for _ in range(count):
        problem = days_problem(rng, rows=1, most_supporters=2)
        allocations = [np.flatnonzero(row) for row in every_assignment(problem)]
        case = case_of(problem, problem.levels[0].amounts, [])
        patterns = enumerate_patterns(case, case.value.astype(np.float64), 1e9, 10**6)
        assert patterns is not None
        if allocations and patterns.count:
            made.append((case, patterns, allocations))
    assert len(made) > count // 4
    return made


@pytest.mark.parametrize("few", [0, 400])
def test_the_best_choice_of_patterns_is_the_best_allocation(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", few)
    for case, patterns, allocations in cases("packing"):
        best = max(case.worth(taken) for taken in allocations)
        found = Packing(case, min(allocations, key=case.worth))
        found.push(Master.of(PatternPool.of(case, patterns), np.zeros(patterns.count)), np.inf)
        found.run(10_000, None)
        assert found.best == best == case.worth(found.taken) == found.bound
        assert case.allows(found.taken)


def test_hands_put_together_again_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", 0)
    for case, patterns, allocations in cases("hands"):
        found = Packing(case, min(allocations, key=case.worth))
        found.push(Master.of(PatternPool.of(case, patterns), np.zeros(patterns.count)), np.inf)
        while found.left:
            hands = found.dealt(2)
            for hand in hands:
                hand.run(1, None)
            found = found.gathered(hands)
        assert found.best == max(case.worth(taken) for taken in allocations) == found.bound


def test_no_allocation_breaks_a_cut() -> None:
    for case, patterns, allocations in cases("cuts"):
        pool = PatternPool.of(case, patterns)
        single = pool.single
        if len(single) < 3:
            continue
        triples = np.array(
            [(single[a], single[b], single[c]) for c in range(len(single)) for b in range(c) for a in range(b)]
        )
        cuts = cut_rows(pool.rows, triples)
        of_pattern = {
            tuple(np.sort(patterns.position[patterns.pattern == n]).tolist()): n for n in range(patterns.count)
        }
        for taken in allocations:
            chosen = np.zeros(patterns.count)
            for nle in np.unique(case.nle[taken]):
                chosen[of_pattern[tuple(taken[case.nle[taken] == nle].tolist())]] = 1
            assert ((cuts @ chosen) <= 1).all()
