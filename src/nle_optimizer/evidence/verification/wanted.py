"""Pairs that are looked for among others as those come by."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nle_optimizer.records import Integers


class Wanted:
    """Pairs that are looked for.

    Args:
        rows: how many recipients there are.
        nle, row: the pairs, in ascending order of NLE and recipient.
    """

    def __init__(self, rows: int, nle: Integers, row: Integers):
        self._rows = rows
        self._keys = nle * rows + row
        self._is_found = np.zeros(len(self._keys), dtype=bool)

    @classmethod
    def of(cls, rows: int, by_nle: Mapping[int, Sequence[int]]) -> "Wanted":
        """Pairs given as recipients by NLE."""
        pairs = sorted((nle, row) for nle, own in by_nle.items() for row in own)
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return cls(rows, columns[:, 0], columns[:, 1])

    def find(self, nle: Integers, row: Integers) -> tuple[Integers, Integers]:
        """Where some of them stand among pairs in ascending order, and which they are; they count as found."""
        keys = nle * self._rows + row
        some = np.arange(*np.searchsorted(self._keys, (keys[0], keys[-1] + 1)))
        at = np.searchsorted(keys, self._keys[some])
        here = keys[at] == self._keys[some]
        self._is_found[some[here]] = True
        return at[here], some[here]

    def has(self, nle: int, row: int) -> bool:
        """Whether a pair is one of them."""
        key = nle * self._rows + row
        at = int(np.searchsorted(self._keys, key))
        return at < len(self._keys) and int(self._keys[at]) == key

    def missing(self) -> Iterator[tuple[int, int]]:
        """NLE and recipient of each that was not found."""
        yield from self._pairs(~self._is_found)

    def found(self) -> Iterator[tuple[int, int]]:
        """NLE and recipient of each that was found."""
        yield from self._pairs(self._is_found)

    def _pairs(self, which: Integers) -> Iterator[tuple[int, int]]:
        for key in self._keys[which].tolist():
            yield divmod(key, self._rows)
