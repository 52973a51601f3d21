"""Ways through a graph, arc by arc."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.groups import stretches
from nle_optimizer.records import Integers


@dataclass(frozen=True, eq=False)
class Walks:
    """Some ways.

    Attributes:
        walk, arc: shapes (arcs of all of them,): which way each arc is of, ascending, and which it is, as given.
    """

    walk: Integers
    arc: Integers

    def along(self, numbers: Integers) -> "Walks":
        """Some of the ways, in that order."""
        first, end = (np.searchsorted(self.walk, numbers, side=side) for side in ("left", "right"))
        walk, place = stretches(first, end)
        return Walks(walk, self.arc[place])


def stepped(walk: Sequence[Integers], arc: Sequence[Integers]) -> Walks:
    """Ways from the arcs that some of them take at each step."""
    none = np.zeros(0, dtype=np.int64)
    of, taken = np.concatenate([none, *walk]), np.concatenate([none, *arc])
    order = np.argsort(of, kind="stable")
    return Walks(of[order], taken[order])
