"""Seeded draws that come out the same on every machine and with every release of numpy.

Only the raw output of the PCG64 bit generator is used, whose stream numpy guarantees, and only
additions, products, quotients, square roots and comparisons are done with it, which IEEE 754 makes exact
to the last bit. Each stage has a stream of its own, so that asking for more NLEs changes no school.
"""

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import Integers

Floats = NDArray[np.float64]

STAGES = ("places", "schools", "grades", "trusts", "needs", "capacity", "leaders", "sample")


class Stream:
    """The draws of one stage."""

    def __init__(self, seed: int, stage: str):
        child = np.random.SeedSequence(seed, spawn_key=(STAGES.index(stage),))
        self._bits = np.random.PCG64(child)

    def uniform(self, count: int) -> Floats:
        """Numbers from 0 up to but not including 1, shape (count,)."""
        raw = self._bits.random_raw(count)
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def bell(self, count: int) -> Floats:
        """Numbers about 0 with standard deviation 1 and none beyond 3: a sum of three uniform draws."""
        total = self.uniform(count) + self.uniform(count) + self.uniform(count)
        return (total - 1.5) * 2.0

    def whole(self, count: int, below: int) -> Integers:
        """Whole numbers from 0 up to but not including `below`, shape (count,)."""
        return (self.uniform(count) * below).astype(np.int64)

    def chance(self, count: int, share: float) -> NDArray[np.bool_]:
        """True with the given probability, shape (count,)."""
        return self.uniform(count) < share

    def pick(self, weights: Floats, rows: Integers) -> Integers:
        """One choice for each entry of `rows`, by the weights that stand in that row.

        Args:
            weights: shape (kinds, choices), none negative, a positive one in every row that is asked for.
            rows: shape (n,): which row of `weights` each entry draws from.

        Returns:
            Shape (n,): the number of the choice, from 0.
        """
        reach = np.cumsum(weights, axis=1)
        mark = self.uniform(len(rows)) * reach[rows, -1]
        choice = np.zeros(len(rows), dtype=np.int64)
        for column in range(weights.shape[1] - 1):
            choice += mark >= reach[rows, column]
        return choice

    def quantile(self, quantiles: Floats, rows: Integers) -> Integers:
        """A whole number for each entry of `rows`, drawn straight between the quantiles of that row."""
        return between(quantiles, rows, self.uniform(len(rows)))


def between(quantiles: Floats, rows: Integers, share: Floats) -> Integers:
    """The quantile at `share` (0 to 1) of the given rows, rounded down to a whole number."""
    at = share * (quantiles.shape[1] - 1)
    step = np.minimum(at.astype(np.int64), quantiles.shape[1] - 2)
    low = quantiles[rows, step]
    whole_numbers: Integers = (low + (quantiles[rows, step + 1] - low) * (at - step)).astype(np.int64)
    return whole_numbers


def reached(quantiles: Floats, values: Integers) -> Floats:
    """The share (0 to 1) below each value, straight between evenly spaced quantiles that only grow."""
    steps = len(quantiles) - 1
    step = np.clip(np.searchsorted(quantiles, values, side="right") - 1, 0, steps - 1)
    low, high = quantiles[step], quantiles[step + 1]
    return np.clip((step + (values - low) / (high - low)) / steps, 0.0, 1.0)
