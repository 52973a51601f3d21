"""Changes of an allocation along a path or a circle, and who moves with them.

What changes of an allocation are worth, and who moves with each. The best ways from nodes to others, many at once,
sought no further than a way by the hub would lead.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nle_optimizer.engines.exchanges.graph import NONE, ExchangeGraph
from nle_optimizer.engines.exchanges.paths import FAR, Arcs, Paths, TupleColumns, Walks, is_less, paths_to, turned
from nle_optimizer.engines.network.graph import HUB
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, least_of_each


@dataclass(frozen=True, eq=False)
class BestWays:
    """The best ways between some nodes.

    Attributes:
        value: shape (n, columns): what each is worth; it means nothing where there is none.
        exists: shape (n,).
        group, node: shapes (n,): where each stands in `paths`.
    """

    value: Integers
    exists: Flags
    group: Integers
    node: Integers
    paths: Paths

    def along(self, numbers: Integers) -> Walks:
        """The arcs of some of the ways, as they were numbered when they were priced."""
        return self.paths.along(self.group[numbers], self.node[numbers])


class Ways:
    """Ways along some arcs."""

    def __init__(self, arcs: Arcs) -> None:
        """Find the ways to the hub and from it."""
        self._onwards, self._backwards = arcs, turned(arcs)
        self._to_hub, self._from_hub = (paths_to(each, np.array([HUB])) for each in (self._onwards, self._backwards))

    @property
    def arcs(self) -> Arcs:
        """The arcs, by head."""
        return self._onwards

    def between(self, start: Integers, end: Integers) -> BestWays:
        """The best way from each start to the end beside it, shapes (n,)."""
        ends, starts = np.unique(end), np.unique(start)
        if len(ends) <= len(starts):
            return self._grouped(self._to_hub, ends, end, start, self.most(start, end))
        return self._grouped(self._from_hub, starts, start, end, self.most(start, end))

    def most(self, start: Integers, end: Integers) -> Integers:
        """A loss, in the first column, that the best way does not exceed; `FAR` or more where there may be none."""
        return self._to_hub.loss[0, start, 0] + self._from_hub.loss[0, end, 0]

    def _grouped(self, by_hub: Paths, targets: Integers, target: Integers, node: Integers, most: Integers) -> BestWays:
        group = np.searchsorted(targets, target)
        limits = np.zeros(len(targets), dtype=np.int64)
        np.maximum.at(limits, group, np.minimum(most, FAR - 1))
        paths = by_hub if targets.tolist() == [HUB] else paths_to(by_hub.arcs, targets, limits)
        return BestWays(paths.value(group, node), paths.exists(group, node), group, node, paths)


@dataclass(frozen=True, eq=False)
class Moves:
    """Recipients that leave an NLE, join one, or both; by change, then recipient, shapes (moves,).

    Attributes:
        change: which change each is part of.
        recipient, left, joined: indices; `NONE` for no NLE.
    """

    change: Integers
    recipient: Integers
    left: Integers
    joined: Integers


@dataclass(frozen=True, eq=False)
class Turns:
    """Pairs that changes match anew, or pairs that they give up; by change, then pair, shapes (pairs,)."""

    change: Integers
    pair: Integers


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
    found: BestWays | Walks
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
class Exchanged:
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

    def take(self, which: Integers) -> "Exchanged":
        """Some of them, in that order; an impossible one in place of `NONE`."""
        none = which == NONE
        worth = np.where(none[:, None], 0, self.worth[which])
        return Exchanged(self.possible[which] & ~none, worth, self.circles.take(which))

    def best_of_each(self, owner: Integers, owners: int) -> "Exchanged":
        """The best possible change of each owner; an impossible one where it has none."""
        possible = np.flatnonzero(self.possible)
        best = possible[least_of_each(owner[possible], list(-self.worth[possible].T))]
        chosen = np.full(owners, NONE, dtype=np.int64)
        chosen[owner[best]] = best
        return self.take(chosen)

    def unless_worse(self) -> "Exchanged":
        """The same where one need not change: no change is possible, and nought, where one would lose."""
        better = self.possible & is_less(np.zeros_like(self.worth), self.worth)
        kept = self.take(np.where(better, np.arange(len(self)), NONE))
        return replace(kept, possible=np.ones(len(self), dtype=bool))

    @cached_property
    def added(self) -> Turns:
        """The pairs that are matched anew; none by a change that is not possible."""
        return self._turns(self.circles.added, self.circles.graph.added)

    @cached_property
    def removed(self) -> Turns:
        """The pairs that are given up; none by a change that is not possible."""
        return self._turns(self.circles.removed, self.circles.graph.removed)

    def _turns(self, ends: Integers, along: Integers) -> Turns:
        change = np.concatenate([np.arange(len(self)), self._walks.walk])
        pair = np.concatenate([ends, along[self._walks.arc]])
        some = np.flatnonzero(self.possible[change] & (pair != NONE))
        some = some[np.lexsort((pair[some], change[some]))]
        return Turns(change[some], pair[some])

    @cached_property
    def _walks(self) -> Walks:
        """The arcs of the way of each change."""
        walking = np.flatnonzero(self.possible & (self.circles.way != NONE))
        found = self.circles.found.along(self.circles.way[walking])
        return Walks(walking[found.walk], found.arc)

    def moves(self, besides: Integers | None = None) -> Moves:
        """Who moves; a recipient of several NLEs may move more than once in one change.

        Args:
            besides: shape (changes,): a pair of each change that is left unsaid, and with it that its recipient, where
                it may have no other NLE, gives up the one that it has.
        """
        problem, added = self.circles.problem, self.added
        unsaid = np.full(len(self), NONE)
        if besides is not None:
            said = np.flatnonzero(added.pair != besides[added.change])
            added = Turns(added.change[said], added.pair[said])
            single = problem.supporters[problem.recipient[besides]] == 1
            unsaid = np.where(single, problem.recipient[besides], NONE)
        left, joined = self._by_recipient(self.removed), self._by_recipient(added)
        turns = 1 + max(left[1].max(initial=0), joined[1].max(initial=0))
        keys = [who * turns + turn for who, turn, _ in (left, joined)]
        moves = np.union1d(*keys)
        ends = [np.full(len(moves), NONE) for _ in keys]
        for end, key, (_, _, nle) in zip(ends, keys, (left, joined), strict=True):
            end[np.searchsorted(moves, key)] = nle
        change, recipient = np.divmod(moves // turns, len(problem.recipient_ids))
        kept = np.flatnonzero(recipient != unsaid[change])
        return Moves(change[kept], recipient[kept], ends[0][kept], ends[1][kept])

    def _by_recipient(self, turns: Turns) -> tuple[Integers, Integers, Integers]:
        """Of pairs by recipient of a change one number for both, the number among them of each pair, and its NLE."""
        problem = self.circles.problem
        who = turns.change * len(problem.recipient_ids) + problem.recipient[turns.pair]
        order = np.argsort(who, kind="stable")
        who = who[order]
        return who, np.arange(len(who)) - np.searchsorted(who, who), problem.nle[turns.pair[order]]
