"""Trees of multipliers: no allocation beats a bound, and a tree that is no proof is refused."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.leaves import UnsoundTreeError
from nle_optimizer.evidence.verification.proofs.trees import Held, LinearRow, LinearRows, TreeInstance, TreeReading

SCHOOLS, NLES = 4, 2


class OneRow(LinearRows):
    """A row `few` over some pairs, at most 2 and at least 1."""

    def __init__(self, amounts: np.ndarray):
        self.amounts = amounts

    def row(self, label: str, upper: bool) -> LinearRow | None:
        """The row for its upper or its lower limit."""
        return LinearRow(self.amounts, 2 if upper else 1) if label == "few" else None


def ground(rng: np.random.Generator) -> TreeInstance:
    """A few pairs with two resources, one recipient of two supporters, and a required pair."""
    rows, nles = (side.ravel() for side in np.meshgrid(np.arange(SCHOOLS), np.arange(NLES)))
    size = len(rows)
    required = np.zeros(size, dtype=bool)
    required[0] = rng.random() < 0.3
    pairs = Pairs(nles, rows, np.zeros(size), None, rng.integers(0, 9, size) * 5)
    use = np.stack([rng.choice([0, 3, 5, 7], size), np.ones(size, dtype=np.int64)])
    capacity = np.stack([rng.integers(7, 14, NLES), rng.integers(1, 4, NLES)])
    names = {f"S{n}": n for n in range(SCHOOLS)}, {f"N{n}": n for n in range(NLES)}
    row = OneRow(rng.integers(0, 2, size))
    return TreeInstance(
        pairs,
        required,
        np.ones(size, dtype=bool),
        use,
        capacity,
        np.array([2, 1, 1, 1]),
        ("days", "places"),
        *names,
        row,
    )


def allocations(at: TreeInstance) -> Iterator[np.ndarray]:
    """Every allocation that keeps the limits of schools, NLEs and the row."""
    nles, rows = np.asarray(at.pairs.nle), at.pairs.rows
    assert isinstance(at.rows, OneRow)
    for bits in product((False, True), repeat=len(at.pairs)):
        chosen = np.array(bits)
        loads = np.stack([np.bincount(nles, weights=use * chosen, minlength=NLES) for use in at.use])
        fits = (loads <= at.capacity).all() and (np.bincount(rows[chosen], minlength=SCHOOLS) <= at.supporters).all()
        if fits and chosen[at.required].all() and 1 <= at.rows.amounts[chosen].sum() <= 2:
            yield chosen


def leaf(rng: np.random.Generator, held: int) -> dict[str, Any]:
    """Multipliers that may be anything."""
    prices = {f"S{n}": int(rng.integers(0, 300)) for n in range(SCHOOLS) if rng.random() < 0.7}
    places = {f"N{n}": int(rng.integers(0, 200)) for n in range(NLES) if rng.random() < 0.7}
    swap = rng.random() < 0.3
    return {
        "divisor": int(rng.integers(1, 12)),
        "recipients": prices,
        "resources": {"days" if swap else "places": places},
        "knapsack": "places" if swap else "days",
        "constraints": {"few": int(rng.integers(-50, 50))},
        "held": [int(rng.integers(0, 9)) for _ in range(held)],
    }


def tree(rng: np.random.Generator, at: TreeInstance, held: int, free: list[int]) -> dict[str, Any]:
    """A random tree; impossible cases are left to their multipliers."""
    if not free or rng.random() < 0.4:
        return leaf(rng, held)
    pair = free.pop(int(rng.integers(0, len(free))))
    name = [f"N{np.asarray(at.pairs.nle)[pair]}", f"S{at.pairs.rows[pair]}"]
    return {"pair": name, "matched": tree(rng, at, held, list(free)), "unmatched": tree(rng, at, held, list(free))}


@pytest.mark.parametrize("seed", range(40))
def test_no_allocation_beats_what_a_tree_proves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = ground(rng)
    amounts, earlier = np.asarray(at.pairs.fit), rng.integers(-3, 9, len(at.pairs))
    possible = list(allocations(at))
    if not possible:
        return
    kept = max(int(earlier[chosen].sum()) for chosen in possible) - 2
    best = max(int(amounts[chosen].sum()) for chosen in possible if earlier[chosen].sum() >= kept)
    reading = TreeReading(at, amounts, [Held(earlier, kept)])
    for _ in range(5):
        bound = reading.bound(tree(rng, at, 1, list(range(len(at.pairs)))))
        assert bound is not None and bound >= best
        assert bound % 5 == 0


@pytest.mark.parametrize("seed", range(20))
def test_numbers_beyond_64_bits_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = ground(rng)
    said = leaf(rng, 0)
    huge = {**said, "divisor": said["divisor"] * 2**58, "constraints": {}}
    huge["recipients"] = {name: price * 2**53 for name, price in said["recipients"].items()}
    huge["resources"] = {}
    plain = {**huge, "divisor": said["divisor"] * 2**5, "recipients": said["recipients"]}
    amounts = np.asarray(at.pairs.fit)
    assert TreeReading(at, amounts).bound(huge) == TreeReading(at, amounts).bound(plain)


UNSOUND: dict[str, Any] = {
    "no tree": None,
    "no divisor": {"divisor": 0},
    "an unknown school": {"recipients": {"S9": 1}},
    "a multiplier below 0": {"recipients": {"S1": -1}},
    "a fraction": {"recipients": {"S1": 0.5}},
    "the knapsack's own resource priced": {"resources": {"days": {"N0": 1}}},
    "an unknown resource": {"knapsack": "money"},
    "a row that is none": {"constraints": {"many": 1}},
    "a level too many": {"held": [0]},
    "a stated bound below what it proves": {"bound": 0},
}


@pytest.mark.parametrize("what", UNSOUND)
def test_what_is_no_proof_is_refused(what: str) -> None:
    at = ground(np.random.default_rng(5))
    sound = {"divisor": 1, "recipients": {}, "resources": {}, "knapsack": "days", "constraints": {}, "held": []}
    reading = TreeReading(at, np.asarray(at.pairs.fit))
    assert reading.bound(sound) is not None
    with pytest.raises(UnsoundTreeError):
        reading.bound({**sound, **UNSOUND[what]} if UNSOUND[what] else None)


def test_a_case_is_impossible_only_where_its_own_pairs_are() -> None:
    at = ground(np.random.default_rng(5))
    sound = {"divisor": 1, "recipients": {}, "resources": {}, "knapsack": "days", "constraints": {}, "held": []}
    reading = TreeReading(at, np.asarray(at.pairs.fit))
    both = {"pair": ["N1", "S1"], "matched": {"void": True}, "unmatched": sound}
    with pytest.raises(UnsoundTreeError, match="can all be matched"):
        reading.bound({"pair": ["N0", "S1"], "matched": sound, "unmatched": {"void": True}})
    once_too_often = {"pair": ["N0", "S1"], "matched": both, "unmatched": sound}
    assert (reading.bound(once_too_often) or 0) < (reading.bound(sound) or 0)
    with pytest.raises(UnsoundTreeError, match="fixed twice"):
        reading.bound({"pair": ["N1", "S1"], "matched": both, "unmatched": sound})
