"""Tuples of whole numbers in few columns of 64 bits, whose sums keep the order of the tuples.

The entries of a tuple are digits of one number, in a base so wide that no sum that occurs carries from one digit to
the next; where they do not all fit below 2^60, they go into several columns, which are compared one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Flags, Integers

LARGEST = 2**60
"""Every sum that occurs is below this in each column, so that three of them stay within 64 bits."""


@dataclass(frozen=True)
class TupleColumns:
    """How the entries of a tuple lie in columns.

    Attributes:
        bases: for each column the bases of its entries, first entry first; an entry is a digit from -b/2 to b/2.
    """

    bases: tuple[tuple[int, ...], ...]

    def pack(self, tuples: Integers) -> Integers:
        """Tuples in columns, shape (..., entries) to (..., columns)."""
        packed = np.zeros((*tuples.shape[:-1], len(self.bases)), dtype=np.int64)
        entry = 0
        for column, bases in enumerate(self.bases):
            for base in bases:
                packed[..., column] = packed[..., column] * base + tuples[..., entry]
                entry += 1
        return packed

    def unpack(self, packed: Integers) -> Integers:
        """The tuples again, shape (..., columns) to (..., entries)."""
        entries: list[Integers] = []
        for column, bases in reversed(list(enumerate(self.bases))):
            rest = packed[..., column].copy()
            for base in bases[:0:-1]:
                digit = (rest + base // 2) % base - base // 2
                entries.append(digit)
                rest = (rest - digit) // base
            entries.append(rest)
        return np.stack(entries[::-1], axis=-1)


def tuple_columns(greatest: Sequence[int], summands: int) -> TupleColumns | None:
    """Columns for tuples of which so many are ever added up; None where an entry alone is too large.

    Args:
        greatest: the greatest absolute value of each entry of a summand.
        summands: the most that are added up.
    """
    bases: list[list[int]] = []
    reach = LARGEST
    for most in greatest:
        base = 2 * most * summands + 1
        if base > LARGEST:
            return None
        reach *= base
        if not bases or reach > LARGEST:
            bases.append([])
            reach = base
        bases[-1].append(base)
    return TupleColumns(tuple(tuple(own) for own in bases))


def is_less(one: Integers, other: Integers) -> Flags:
    """Where the first tuples are lexicographically below the second, shape (n, columns) to (n,)."""
    less, equal = one[:, 0] < other[:, 0], one[:, 0] == other[:, 0]
    for column in range(1, one.shape[1]):
        less |= equal & (one[:, column] < other[:, column])
        equal &= one[:, column] == other[:, column]
    return less
