"""Collects the presences of a problem: equal ones are one."""

import numpy as np

from nle_optimizer.model.problem import Presences
from nle_optimizer.records import Integers


class PresenceBook:
    """Presences in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._place: dict[bytes, int] = {}
        self._pairs: list[Integers] = []

    def __len__(self) -> int:
        return len(self._pairs)

    def of_each(self, units: Integers, pairs: Integers) -> Integers:
        """The presence of each distinct unit, ascending: that any of its pairs is matched.

        Args:
            units: shape (n,): the unit of each pair.
            pairs: shape (n,): candidate pairs, ascending.
        """
        order = np.argsort(units, kind="stable")
        starts = np.flatnonzero(np.diff(units[order], prepend=-1))
        groups = np.split(pairs[order], starts[1:]) if len(starts) else []
        return np.array([self._of(group) for group in groups], dtype=np.int64)

    def _of(self, pairs: Integers) -> int:
        place = self._place.setdefault(pairs.tobytes(), len(self._pairs))
        if place == len(self._pairs):
            self._pairs.append(pairs)
        return place

    def presences(self) -> Presences:
        """All of them."""
        if not self._pairs:
            return Presences()
        sizes = [len(pairs) for pairs in self._pairs]
        return Presences(len(sizes), np.repeat(np.arange(len(sizes)), sizes), np.concatenate(self._pairs))
