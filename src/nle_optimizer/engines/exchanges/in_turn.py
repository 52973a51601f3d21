"""One place more after another in a group of NLEs: the most that so many places can add, wherever they go.

As a function of the places of the NLEs the optimum of a network is M-natural-concave (Murota, Discrete Convex Analysis,
2003, chapters 6 and 9), so that the best way to add k + 1 places extends the best way to add k. Each place is worth a
best way through the residual network, which the one before has changed along its way alone (successive best paths with
potentials: Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np

from nle_optimizer.engines.exchanges.graph import NONE, Circulation, ExchangeGraph, staying
from nle_optimizer.engines.exchanges.paths import TupleColumns
from nle_optimizer.records import Flags, Integers

BITS = 80
"""Bits that keep apart what the columns of a value hold, where they are one whole number of any size."""
FAR = 1 << 400

Step = tuple[int, int]
"""Where a step of a way leads, and what it stands for: pair p is matched in place of its recipient's own; -1 - r lets
recipient r leave; beyond the pairs, arc n carries one more (2 n) or one fewer (2 n + 1)."""


@dataclass(frozen=True)
class Turn:
    """One place more.

    Attributes:
        nle: where it goes.
        values: by how much each level changes, in its maximising orientation; better than nothing.
        joined, left: the recipients that have an NLE more, and those that have one fewer, as often as they do.
    """

    nle: int
    values: tuple[int, ...]
    joined: tuple[int, ...]
    left: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Optimum:
    """An optimal allocation of a network problem, and what makes questions about it quick.

    Attributes:
        at: the allocation.
        graph: along which arcs it can be changed.
        columns: how values are packed.
        worth: shape (pairs + 1, columns): what each pair is worth; last 0, for none.
        price: shape (nodes, columns): potentials under which no arc gains, a step being worth -1 in the last column.
    """

    at: Circulation
    graph: ExchangeGraph
    columns: TupleColumns
    worth: Integers
    price: Integers

    @cached_property
    def arcs(self) -> Integers:
        """The arcs of the network between nodes that stay."""
        return staying(self.at)

    @cached_property
    def ends(self) -> tuple[Integers, Integers]:
        """The nodes at which these begin and end."""
        network = self.at.network
        return self.graph.node_of[network.tail[self.arcs]], self.graph.node_of[network.head[self.arcs]]

    @cached_property
    def nle_at(self) -> dict[int, int]:
        """The NLE of each node that is one."""
        nodes = self.graph.node_of[self.at.network.nle_nodes].tolist()
        return {node: nle for nle, node in enumerate(nodes)}

    def more_places(self, nles: Sequence[int], most: Sequence[int], count: int) -> list[Turn]:
        """Give so many places to some NLEs, one after the other where each adds most, while one is worth something.

        Args:
            nles: the NLEs.
            most: how many each may get.
            count: how many in all.
        """
        market, left = _Market(self), dict(zip(nles, most, strict=True))
        turns: list[Turn] = []
        while len(turns) < count and (turn := market.turn([nle for nle in nles if left[nle] > 0])) is not None:
            turns.append(turn)
            left[turn.nle] -= 1
        return turns


class _Market:
    """An allocation that changes place by place."""

    def __init__(self, optimum: Optimum):
        at, graph = optimum.at, optimum.graph
        network = at.network
        self._at, self._optimum, self._node_of = at, optimum, graph.node_of
        self._arcs, (self._tail, self._head), self._nle_at = optimum.arcs, optimum.ends, optimum.nle_at
        self._price, self._own = optimum.price.copy(), graph.own.copy()
        self._place = np.where(at.single, graph.node_of[1 : 1 + network.recipients], NONE)
        self._outside = np.where(at.single, graph.node_of[network.tail[network.recipient_arcs]], NONE)
        self._flow, self._upper = at.flow.copy(), network.upper.copy()

    def turn(self, nles: Sequence[int]) -> Turn | None:
        """Give one place to whichever of some NLEs makes most of it; None where it is worth nothing at any."""
        network, arcs = self._at.network, self._at.network.nle_arcs.start + np.array(nles, dtype=np.int64)
        sources = self._node_of[network.head[arcs]]
        found: list[tuple[int, int, _Search]] = []
        for source in np.unique(sources).tolist():
            at = self._node_of[network.tail[arcs[sources == source]]]
            ways = _Search(self, at.tolist(), source)
            if ways.is_found:
                found.append((_whole(self._value(ways.way).tolist()), -len(found), ways))
        if not found:
            return None
        *_, best = max(found, key=lambda each: each[:2])
        values = self._optimum.columns.unpack(self._value(best.way))[:-1].tolist()
        if tuple(values) <= (0,) * len(values):
            return None
        joined, left = self._carry_out(best)
        return Turn(self._nle_at[best.target], tuple(values), joined, left)

    def into(self, node: int) -> tuple[Integers, Integers, Integers]:
        """The arcs into a node: where each begins, what it is worth, and what it stands for as in a `Step`."""
        network, worth = self._at.network, self._optimum.worth
        rising = np.flatnonzero((self._head == node) & (self._flow[self._arcs] < self._upper[self._arcs]))
        falling = np.flatnonzero((self._tail == node) & (self._flow[self._arcs] > network.lower[self._arcs]))
        none = len(worth) - 1
        of_rising, of_falling = (np.minimum(self._arcs[which], none) for which in (rising, falling))
        leaving = np.flatnonzero((self._outside == node) & (self._own != NONE) & (self._place != NONE))
        pairs = self._pairs_of(node)
        theirs = self._at.problem.recipient[pairs]
        parts = (
            (self._tail[rising], worth[of_rising], network.pairs + 2 * self._arcs[rising]),
            (self._head[falling], -worth[of_falling], network.pairs + 2 * self._arcs[falling] + 1),
            (self._place[leaving], -worth[self._own[leaving]], -1 - leaving),
            (self._place[theirs], worth[pairs] - worth[self._own[theirs]], pairs),
        )
        tail, value, meaning = (np.concatenate(column) for column in zip(*parts, strict=True))
        value[:, -1] -= 1
        return tail, value, meaning

    def _pairs_of(self, node: int) -> Integers:
        """The pairs by which recipients of one supporter could come to an NLE."""
        nle, problem = self._nle_at.get(node), self._at.problem
        if nle is None:
            return np.zeros(0, dtype=np.int64)
        pairs = np.arange(*np.searchsorted(problem.nle, (nle, nle + 1)))
        place = self._place[problem.recipient[pairs]]
        return pairs[(place != NONE) & (place != node)]

    def losses(self, node: int, tail: Integers, value: Integers) -> Integers:
        """What arcs into a node lose under the prices, shape (arcs, columns)."""
        return np.asarray(self._price[node] - self._price[tail] - value)

    def price_of(self, node: int) -> int:
        """The price of a node as one number."""
        return _whole(self._price[node].tolist())

    def _value(self, way: Sequence[Step]) -> Integers:
        """What a way adds, packed, but for its steps."""
        pairs, worth = self._at.network.pairs, self._optimum.worth
        total = np.zeros(worth.shape[1], dtype=np.int64)
        for _, meaning in way:
            if meaning < 0:
                total = total - worth[self._own[-1 - meaning]]
            elif meaning < pairs:
                total = total + worth[meaning] - worth[self._own[self._at.problem.recipient[meaning]]]
            else:
                arc, falls = divmod(meaning - pairs, 2)
                total = total + (-1 if falls else 1) * worth[min(arc, pairs)]
        return total

    def _carry_out(self, ways: "_Search") -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Change the allocation along a way, and the prices, so that no arc gains again: who joins and who leaves."""
        problem, pairs = self._at.problem, self._at.network.pairs
        joined: list[int] = []
        left: list[int] = []
        for node, meaning in ways.way:
            if meaning < 0:
                recipient = -1 - meaning
                left.append(recipient)
                self._own[recipient], self._place[recipient] = NONE, self._outside[recipient]
            elif meaning < pairs:
                recipient = int(problem.recipient[meaning])
                joined += [recipient] if self._own[recipient] == NONE else []
                self._own[recipient], self._place[recipient] = meaning, node
            else:
                arc, falls = divmod(meaning - pairs, 2)
                self._flow[arc] += -1 if falls else 1
                if arc < pairs:
                    (left if falls else joined).append(int(problem.recipient[arc]))
        arc = self._at.network.nle_arcs.start + self._nle_at[ways.target]
        self._flow[arc] += 1
        self._upper[arc] += 1
        for node, loss in ways.loss.items():
            if loss < ways.most:
                self._price[node] += _columns(loss - ways.most, self._price.shape[1])
        return tuple(joined), tuple(left)


def _whole(columns: Sequence[int]) -> int:
    """The columns of a value as one number, of the same order."""
    number = 0
    for column in columns:
        number = (number << BITS) + column
    return number


def _columns(number: int, count: int) -> Integers:
    """The columns of which one number was made."""
    found = []
    for _ in range(count - 1):
        low = (number + (1 << BITS - 1)) % (1 << BITS) - (1 << BITS - 1)
        found.append(low)
        number = number - low >> BITS
    return np.array([number, *reversed(found)], dtype=np.int64)


class _Search:
    """The best way from a node to whichever of some others makes most of it, sought from these backwards (Dijkstra).

    Attributes:
        is_found: whether there is one.
        target, way: where it ends, and its steps.
        loss: what the best way from each node that was looked at loses, `most` or more where it is not known.
        most: what the way found loses.
    """

    def __init__(self, market: _Market, targets: Sequence[int], source: int):
        highest = max(market.price_of(node) for node in targets)
        self.loss = {node: highest - market.price_of(node) for node in targets}
        onwards: dict[int, Step] = {}
        waiting = sorted((loss, node) for node, loss in self.loss.items())
        done: set[int] = set()
        while waiting:
            loss, node = heappop(waiting)
            if node in done:
                continue
            if node == source:
                break
            done.add(node)
            tails, value, meanings = market.into(node)
            losses = market.losses(node, tails, value)
            near = _within(losses, self.loss.get(source, FAR) - loss)
            parts = (tails[near].tolist(), losses[near].tolist(), meanings[near].tolist())
            for tail, columns, meaning in zip(*parts, strict=True):
                offered = loss + _whole(columns)
                if offered < self.loss.get(tail, FAR):
                    self.loss[tail], onwards[tail] = offered, (node, meaning)
                    heappush(waiting, (offered, tail))
        self.is_found, self.most = source in self.loss, self.loss.get(source, FAR)
        self.way: list[Step] = []
        self.target = source
        while self.is_found and self.target in onwards:
            self.way.append(onwards[self.target])
            self.target = onwards[self.target][0]


def _within(losses: Integers, most: int) -> Flags:
    """Which losses, shape (n, columns), may be within one number, by their first column."""
    first = most >> BITS * (losses.shape[1] - 1)
    return np.asarray(losses[:, 0] <= min(first, 2**62), dtype=bool)
