"""One knapsack for each NLE, all at once, by dynamic programming over a whole capacity.

V_i(c) = max over sets of NLE i's items of weight at most c of the sum of their values. Items of all NLEs are taken in
step: the k-th item of every NLE in one array operation. Items of one NLE and weight are of one kind, and of a kind only
the most valuable are looked at, as many as there is room for. See Kellerer, Pferschy and Pisinger (2004), Knapsack
Problems, doi:10.1007/978-3-540-24777-7.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import Flags, Integers

Numbers = NDArray[Any]
"""Whole numbers or floats."""


class Knapsacks:
    """The knapsacks of one table of items.

    Attributes:
        nle: shape (items,): whose item it is, ascending.
        weight: shape (items,): whole weights, from 0 up.
    """

    def __init__(self, nle: Integers, weight: Integers, nles: int) -> None:
        self.nle = nle
        self.weight = weight
        self.nles = nles
        heaviest = int(weight.max(initial=0))
        kinds, kind, count = np.unique(nle * (heaviest + 1) + weight, return_inverse=True, return_counts=True)
        self._kind = kind.astype(np.min_scalar_type(len(kinds)))  # small integers sort fast
        self._owner, weighs = np.divmod(kinds, heaviest + 1)
        self._count = np.where(weighs > 0, count, 0)
        self._weighs = np.maximum(1, weighs)

    def best(self, value: Numbers, capacity: Integers, allowed: Flags | None = None) -> tuple[Numbers, Integers]:
        """The best sets.

        Args:
            value: shape (items,): whole numbers are summed exactly; items of value 0 or less are left out.
            capacity: shape (nles,), from 0 up.
            allowed: shape (items,): the items that may be taken; None for all.

        Returns:
            The value of the best set of each NLE, and the indices of the items in the best sets, ascending.
        """
        useful = (value > 0) & (self.weight <= capacity[self.nle])
        if allowed is not None:
            useful &= allowed
        items = self._best_of_each_kind(np.flatnonzero(useful), value, capacity)
        total = np.zeros(self.nles, dtype=value.dtype)
        if not len(items):
            return total, items
        counts = np.bincount(self.nle[items], minlength=self.nles)
        order = np.argsort(-counts, kind="stable")
        order = order[: np.count_nonzero(counts)]
        position = np.empty(self.nles, dtype=np.int64)
        position[order] = np.arange(len(order))
        table, chosen = self._fill(items, counts, position, value, capacity)
        room = capacity[order]
        total[order] = table[np.arange(len(order)), table.shape[1] - 1 - (int(capacity[order].max()) - room)]
        return total, np.sort(_trace(chosen, room))

    def _best_of_each_kind(self, items: Integers, value: Numbers, capacity: Integers) -> Integers:
        """Of items of one NLE and weight the most valuable, as many as there is room for: a best set needs no other."""
        most = capacity[self._owner] // self._weighs
        if (self._count <= most).all():
            return items
        kind = self._kind[items]
        crowded = np.flatnonzero((np.minimum(np.bincount(kind, minlength=len(most)), self._count) > most)[kind])
        order = crowded[np.argsort(-value[items[crowded]], kind="stable")]
        order = order[np.argsort(kind[order], kind="stable")]
        first = np.flatnonzero(np.diff(kind[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
        kept = np.ones(len(items), dtype=bool)
        kept[order] = rank < most[kind[order]]
        return items[kept]

    def _fill(
        self, items: Integers, counts: Integers, position: Integers, value: Numbers, capacity: Integers
    ) -> tuple[Numbers, list[tuple[Integers, Integers, NDArray[np.bool_]]]]:
        """The table V, padded on the left by what no capacity below 0 is worth, and what each step took."""
        starts = np.cumsum(counts) - counts
        rank = np.arange(len(items)) - starts[self.nle[items]]
        items = items[np.lexsort((position[self.nle[items]], rank))]
        steps = np.bincount(rank)
        ends = np.cumsum(steps)
        pad = int(self.weight[items].max())
        width = pad + int(capacity[counts > 0].max()) + 1
        table: Numbers = np.zeros((int(steps[0]), width), dtype=value.dtype)
        table[:, :pad] = np.iinfo(np.int64).min // 2 if value.dtype == np.int64 else -np.inf
        flat = table.reshape(-1)
        columns = np.arange(pad, width)
        rows = np.arange(len(table)) * width
        chosen = []
        for end, size in zip(ends.tolist(), steps.tolist(), strict=True):
            own = items[end - size : end]
            weight = self.weight[own]
            with_item = flat.take((rows[:size] - weight)[:, None] + columns)
            with_item += value[own][:, None]
            current = table[:size, pad:]
            take = with_item > current
            np.copyto(current, with_item, where=take)
            chosen.append((own, weight, take))
        return table, chosen


def _trace(chosen: list[tuple[Integers, Integers, NDArray[np.bool_]]], room: Integers) -> Integers:
    """The items of the best sets, read back from the last step to the first."""
    left = room.copy()
    taken = []
    for own, weight, take in reversed(chosen):
        size = len(own)
        hit = take[np.arange(size), left[:size]]
        left[:size] -= np.where(hit, weight, 0)
        taken.append(own[hit])
    return np.concatenate(taken)
