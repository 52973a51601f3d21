"""What changes of an allocation are worth, and who moves with each."""

from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from nle_optimizer.engines.exchanges.all_paths import Walks
from nle_optimizer.engines.exchanges.graph import NONE, ExchangeGraph
from nle_optimizer.engines.exchanges.tuple_columns import TupleColumns, is_less
from nle_optimizer.engines.exchanges.ways import Found
from nle_optimizer.groups import least_of_each
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True)
class Move:
    """A recipient that leaves an NLE, joins one, or both; indices, `NONE` for no NLE."""

    recipient: int
    left: int
    joined: int


@dataclass(frozen=True, eq=False)
class Circles:
    """The circles by which an allocation changes: a way through its exchange graph, closed by pairs at its ends.

    Attributes:
        found: best ways.
        way: shape (changes,): where each way stands in `found`; `NONE` where nothing changes but the ends.
        added, removed: shapes (changes,): the pair matched anew and the one given up at the ends, or `NONE`.
    """

    problem: Problem
    graph: ExchangeGraph
    columns: TupleColumns
    found: Found | Walks
    way: Integers
    added: Integers
    removed: Integers

    def take(self, which: Integers) -> "Circles":
        """Some of them, in that order; nothing changes in place of `NONE`."""
        way, added, removed = (
            np.where(which == NONE, NONE, part[which]) for part in (self.way, self.added, self.removed)
        )
        return replace(self, way=way, added=added, removed=removed)


@dataclass(frozen=True, eq=False)
class Changes:
    """Some changes, each with what it is worth and who moves.

    Attributes:
        possible: shape (changes,): whether any allocation has the change.
        worth: shape (changes, columns): the values packed, and how many steps it takes; 0 where not possible.
    """

    possible: Flags
    worth: Integers
    circles: Circles

    def __len__(self) -> int:
        return len(self.possible)

    @property
    def values(self) -> Integers:
        """By how much each level changes, in its maximising orientation, shape (changes, levels)."""
        return self.circles.columns.unpack(self.worth)[:, :-1]

    def take(self, which: Integers) -> "Changes":
        """Some of them, in that order; an impossible one in place of `NONE`."""
        none = which == NONE
        worth = np.where(none[:, None], 0, self.worth[which])
        return Changes(self.possible[which] & ~none, worth, self.circles.take(which))

    def best_of_each(self, owner: Integers, owners: int) -> "Changes":
        """The best possible change of each owner; an impossible one where it has none."""
        possible = np.flatnonzero(self.possible)
        best = possible[least_of_each(owner[possible], list(-self.worth[possible].T))]
        chosen = np.full(owners, NONE, dtype=np.int64)
        chosen[owner[best]] = best
        return self.take(chosen)

    def unless_worse(self) -> "Changes":
        """The same where one need not change: no change is possible, and nought, where one would lose."""
        better = self.possible & is_less(np.zeros_like(self.worth), self.worth)
        kept = self.take(np.where(better, np.arange(len(self)), NONE))
        return replace(kept, possible=np.ones(len(self), dtype=bool))

    def pairs(self, change: int) -> tuple[list[int], list[int]]:
        """The pairs that are matched anew, and those that are given up, ascending; none where it is not possible."""
        circles = self.circles
        if not self.possible[change]:
            return [], []
        way, graph = int(circles.way[change]), circles.graph
        arcs = [] if way == NONE else circles.found.along(way)
        added = [int(circles.added[change]), *(int(graph.added[arc]) for arc in arcs)]
        removed = [int(circles.removed[change]), *(int(graph.removed[arc]) for arc in arcs)]
        return sorted(pair for pair in added if pair != NONE), sorted(pair for pair in removed if pair != NONE)

    def moves(self, change: int, besides: int = NONE) -> list[Move]:
        """Who moves, by recipient, leaving one pair unsaid; a recipient of several NLEs may move more than once."""
        added, removed = self.pairs(change)
        joined, left = self._nles_of([pair for pair in added if pair != besides]), self._nles_of(removed)
        return [
            Move(recipient, *ends)
            for recipient in sorted({*joined, *left})
            for ends in zip_longest(left.get(recipient, ()), joined.get(recipient, ()), fillvalue=NONE)
        ]

    def _nles_of(self, pairs: list[int]) -> dict[int, list[int]]:
        """The NLEs of some pairs by recipient."""
        problem = self.circles.problem
        found: dict[int, list[int]] = {}
        for pair in pairs:
            found.setdefault(int(problem.recipient[pair]), []).append(int(problem.nle[pair]))
        return found
