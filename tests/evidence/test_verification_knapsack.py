"""The verifier's own knapsack against every subset of small instances."""

from itertools import combinations

import numpy as np
import pytest

from nle_optimizer.evidence.verification.proofs import leaves as knapsack
from nle_optimizer.evidence.verification.proofs.leaves import best_sums

CASES = range(60)


def _best_subset(weights: list[int], values: list[int], room: int) -> int:
    items = range(len(weights))
    fits = (
        sum(values[n] for n in chosen)
        for size in range(len(weights) + 1)
        for chosen in combinations(items, size)
        if sum(weights[n] for n in chosen) <= max(room, 0)
    )
    return max(fits)


def _instance(seed: int, largest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    knapsacks, items = int(rng.integers(1, 5)), int(rng.integers(0, 17))
    owner = rng.integers(0, knapsacks, items)
    weights = (
        rng.choice([0, 250_000, 3_000_000, 5_000_000, 7_000_000], items) if seed % 2 else rng.integers(0, 60, items)
    )
    rooms = rng.integers(-2, 20, knapsacks) * (1_000_000 if seed % 2 else 10)
    return owner, weights, rng.integers(-largest // 4, largest, items), rooms


def _expected(owner: np.ndarray, weights: np.ndarray, values: np.ndarray, rooms: np.ndarray) -> list[int]:
    items = [np.flatnonzero(owner == one) for one in range(len(rooms))]
    return [
        _best_subset(weights[at].tolist(), [int(value) for value in values[at]], int(room))
        for at, room in zip(items, rooms.tolist(), strict=True)
    ]


@pytest.mark.parametrize("seed", CASES)
def test_no_subset_is_better_and_one_is_as_good(seed: int) -> None:
    owner, weights, values, rooms = _instance(seed, 50)
    assert best_sums(owner, weights, values, rooms).tolist() == _expected(owner, weights, values, rooms)


@pytest.mark.parametrize("seed", CASES)
def test_without_a_table_the_answer_is_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MOST_STEPS", 0)
    owner, weights, values, rooms = _instance(seed, 50)
    assert best_sums(owner, weights, values, rooms).tolist() == _expected(owner, weights, values, rooms)


@pytest.mark.parametrize("seed", range(10))
def test_values_beyond_64_bits_are_summed_exactly(seed: int) -> None:
    owner, weights, values, rooms = _instance(seed, 50)
    huge = values.astype(object) * 2**70
    assert best_sums(owner, weights, huge, rooms).tolist() == [
        best * 2**70 for best in _expected(owner, weights, values, rooms)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_many_small_tables_are_as_good_as_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, weights, values, rooms = _instance(seed, 50)
    together = best_sums(owner, weights, values, rooms).tolist()
    monkeypatch.setattr(knapsack, "MOST_CELLS", 1)
    assert best_sums(owner, weights, values, rooms).tolist() == together
