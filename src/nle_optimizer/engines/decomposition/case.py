"""One additive level of a problem as generalised assignment: pairs, limits and what each pair is worth.

A part of a problem (some pairs already matched, others out of the question) is a case again: what the matched pairs
use is taken off every limit. Neighbourhoods and branches are such parts.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers

Floats = NDArray[np.float64]

OPEN = 2**61
"""A side's limit that is none; its negative below."""

TINY = 500
"""Pairs up to which a case is tiny: a few branches settle most, and no child is started before it is needed."""

MOST_CELLS = 4_000_000
"""Most cells of a knapsack table, NLEs times capacity; a coarser grid is taken above."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Limits over many pairs: lower <= sum of amounts over matched pairs <= upper. Rows first, then held levels.

    Attributes:
        side, pair, amount: shape (entries,): entry by entry; `pair` is an index into the case's pairs.
        lower, upper: shape (sides,); -OPEN and OPEN for none.
    """

    side: Integers
    pair: Integers
    amount: Integers
    lower: Integers
    upper: Integers

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.lower)

    def totals(self, taken: Integers, pairs: int) -> Integers:
        """What each side sums to where these of so many pairs are taken, each as often as it is listed."""
        times = np.bincount(taken, minlength=pairs)
        total = np.zeros(self.count, dtype=np.int64)
        np.add.at(total, self.side, self.amount * times[self.pair])
        return total

    def kept_by(self, taken: Integers, pairs: int) -> bool:
        """Whether these pairs keep every limit."""
        total = self.totals(taken, pairs)
        return bool((total >= self.lower).all() and (total <= self.upper).all())


@dataclass(frozen=True, eq=False)
class KnapsackCase:
    """What is to be matched, and within which limits.

    Attributes:
        pair: shape (pairs,): the problem's index of each pair, ascending; NLE by NLE.
        recipient, nle: shape (pairs,): the problem's indices.
        value: shape (pairs,): whole amounts of the level.
        supporters: shape (recipients,): how many each may still have, from 0 up.
        use: shape (resources, pairs).
        capacity: shape (resources, nles): what is left, from 0 up.
        sides: limits over many pairs.
        knapsack: index of the resource that stays a limit where the others are priced.
        grid: its unit in the dynamic programme; uses and capacities are rounded down to it.
    """

    pair: Integers
    recipient: Integers
    nle: Integers
    value: Integers
    supporters: Integers
    use: Integers
    capacity: Integers
    sides: Sides
    knapsack: int
    grid: int

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.pair)

    @property
    def weight(self) -> Integers:
        """Shape (pairs,): use of the knapsack's resource in whole steps of the grid, rounded down."""
        return self.use[self.knapsack] // self.grid

    @property
    def room(self) -> Integers:
        """Shape (nles,): capacity in whole steps of the grid, rounded down."""
        return self.capacity[self.knapsack] // self.grid

    def worth(self, taken: Integers) -> int:
        """The level's sum over the pairs at these positions."""
        return int(self.value[taken].sum())

    def used(self, taken: Integers) -> Integers:
        """Shape (resources, nles): what these pairs use."""
        used = np.zeros_like(self.capacity)
        for resource, use in enumerate(self.use):
            np.add.at(used[resource], self.nle[taken], use[taken])
        return used

    def within_limits(self, taken: Integers) -> bool:
        """Whether these pairs keep the limits of recipients and NLEs; sides aside."""
        counts = np.bincount(self.recipient[taken], minlength=len(self.supporters))
        return bool((counts <= self.supporters).all() and (self.used(taken) <= self.capacity).all())

    def allows(self, taken: Integers) -> bool:
        """Whether these pairs keep every limit."""
        return self.within_limits(taken) and self.sides.kept_by(taken, self.size)

    def positions(self, pairs: Integers) -> Integers:
        """The positions here of pairs of the problem; every one must be here."""
        return np.searchsorted(self.pair, pairs)

    def part(self, keep: Flags, matched: Integers) -> "KnapsackCase":
        """The case of the pairs kept, where the pairs at `matched` (not kept) are matched already.

        Limits must have room for the pairs matched, and none is wider than the pairs kept could fill.
        """
        kept = np.flatnonzero(keep)
        counts = np.bincount(self.recipient[matched], minlength=len(self.supporters))
        total = self.sides.totals(matched, self.size)
        at = np.full(self.size, -1, dtype=np.int64)
        at[kept] = np.arange(len(kept))
        entry = at[self.sides.pair] >= 0
        sides = Sides(
            self.sides.side[entry],
            at[self.sides.pair[entry]],
            self.sides.amount[entry],
            np.where(self.sides.lower == -OPEN, -OPEN, self.sides.lower - total),
            np.where(self.sides.upper == OPEN, OPEN, self.sides.upper - total),
        )
        return replace(
            self,
            pair=self.pair[kept],
            recipient=self.recipient[kept],
            nle=self.nle[kept],
            value=self.value[kept],
            supporters=np.minimum(
                self.supporters - counts, np.bincount(self.recipient[kept], minlength=len(self.supporters))
            ),
            use=self.use[:, kept],
            capacity=np.minimum(self.capacity - self.used(matched), self.used(kept)),
            sides=sides,
        )


def case_of(problem: Problem, amounts: Integers, held: list[tuple[Level, int]]) -> KnapsackCase:
    """The case of one level's amounts, where each of the levels held keeps at least its value."""
    use = np.array([resource.use for resource in problem.resources], dtype=np.int64)
    use = use.reshape(len(problem.resources), problem.size)
    capacity = np.array([resource.capacity for resource in problem.resources], dtype=np.int64)
    if not len(problem.resources):
        use, capacity = np.zeros((1, problem.size), np.int64), np.zeros((1, len(problem.nle_ids)), np.int64)
    knapsack = _tightest(problem, use, capacity)
    return KnapsackCase(
        np.arange(problem.size),
        problem.recipient,
        problem.nle,
        amounts,
        problem.supporters,
        use,
        np.maximum(capacity, 0),
        _sides(problem, held),
        knapsack,
        _grid(use[knapsack], capacity[knapsack]),
    )


def _sides(problem: Problem, held: list[tuple[Level, int]]) -> Sides:
    pairs = [row.pairs for row in problem.rows] + [np.flatnonzero(level.amounts) for level, _ in held]
    amounts = [row.amounts for row in problem.rows]
    amounts += [level.amounts[own] for (level, _), own in zip(held, pairs[len(amounts) :], strict=True)]
    lower = [-OPEN if row.lower is None else row.lower for row in problem.rows] + [least for _, least in held]
    upper = [OPEN if row.upper is None else row.upper for row in problem.rows] + [OPEN] * len(held)
    nothing = [np.zeros(0, np.int64)]
    return Sides(
        np.repeat(np.arange(len(pairs)), [len(own) for own in pairs]),
        np.concatenate(nothing + pairs),
        np.concatenate(nothing + amounts),
        np.array(lower, dtype=np.int64),
        np.array(upper, dtype=np.int64),
    )


def _tightest(problem: Problem, use: Integers, capacity: Integers) -> int:
    """The resource that the candidate pairs would overdraw most; of those that differ from pair to pair if any does."""

    def demand(resource: int) -> tuple[bool, float]:
        asked = np.bincount(problem.nle, weights=use[resource], minlength=len(problem.nle_ids))
        mixed = bool(len(use[resource]) and use[resource].min() < use[resource].max())
        return mixed, float((asked / np.maximum(capacity[resource], 1)).mean()) if len(asked) else 0.0

    return max(range(len(use)), key=demand)


def _grid(use: Integers, capacity: Integers) -> int:
    """The greatest common divisor of the uses, or the least multiple of it that keeps the tables small."""
    step = int(np.gcd.reduce(use)) or max(1, int(capacity.max(initial=0)))
    cells = (int(capacity.max(initial=0)) // step + 1) * max(1, len(capacity))
    return step * max(1, -(-cells // MOST_CELLS))
