"""Best paths between nodes of an exchange graph, for many ends at once, in whole numbers.

Prices of the nodes make every arc a loss of at least nothing. From each target the losses are then led back along the
arcs, round by round (Bellman and Ford), those of all targets together, and none further than asked.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.exchanges.tuple_columns import LARGEST, is_less
from nle_optimizer.engines.exchanges.walks import Walks, stepped
from nle_optimizer.errors import EngineError
from nle_optimizer.groups import least_of_each, stretches
from nle_optimizer.records import Flags, Integers

FAR = 2 * LARGEST
"""A loss beyond every real one."""

NOWHERE = -1

MOST_AT_ONCE = 4_000_000
"""Arcs times targets that are looked at together, for the sake of memory."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """Arcs sorted by head, with what each loses, never lexicographically below 0.

    Attributes:
        price: shape (nodes, columns): what the arcs' values were reduced by.
        origin: shape (arcs,): which of the arcs given each one is.
        first: shape (nodes + 1,): where the arcs into each node begin.
    """

    price: Integers
    tail: Integers
    head: Integers
    loss: Integers
    origin: Integers
    first: Integers

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.price)


def priced(nodes: int, tail: Integers, head: Integers, value: Integers) -> Arcs:
    """Arcs with their losses under the best prices; of several between the same nodes only the best.

    Raises:
        EngineError: a circle of positive value exists: the allocation is not optimal.
    """
    best = least_of_each(tail * nodes + head, list(-value.T))
    best = best[np.argsort(head[best], kind="stable")]
    tail, head, value = tail[best], head[best], value[best]
    price = _prices(nodes, tail, head, value)
    loss = price[head] - price[tail] - value
    return Arcs(price, tail, head, loss, best, np.searchsorted(head, np.arange(nodes + 1)))


def _prices(nodes: int, tail: Integers, head: Integers, value: Integers) -> Integers:
    """The greatest value of any path that ends in each node (Bellman 1958)."""
    price = np.zeros((nodes, value.shape[1]), dtype=np.int64)
    arcs = np.arange(len(head))
    for _ in range(nodes + 1):
        offered = price[tail[arcs]] + value[arcs]
        best = least_of_each(head[arcs], list(-offered.T))
        best = best[is_less(price[head[arcs[best]]], offered[best])]
        if not len(best):
            return price
        risen = np.zeros(nodes, dtype=bool)
        risen[head[arcs[best]]] = True
        price[head[arcs[best]]] = offered[best]
        arcs = np.flatnonzero(risen[tail])
    raise EngineError("the allocation is not optimal: an exchange gains value")


@dataclass(frozen=True, eq=False)
class Paths:
    """The best paths from every node to each of some targets.

    Attributes:
        loss: shape (targets, nodes, columns): what the best path loses, `FAR` where there is none.
        onwards: shape (targets, nodes): the arc that the best path begins with; `NOWHERE` at its end, or without one.
    """

    arcs: Arcs
    targets: Integers
    loss: Integers
    onwards: Integers

    def value(self, target: Integers, node: Integers) -> Integers:
        """The value of the best path from each node to the target of that number, shape (n, columns).

        It means nothing where there is no path.
        """
        price = self.arcs.price
        return price[self.targets[target]] - price[node] - self.loss[target, node]

    def exists(self, target: Integers, node: Integers) -> Flags:
        """Whether there is a path."""
        return np.asarray(self.loss[target, node, 0] < FAR, dtype=bool)

    def along(self, target: Integers, node: Integers) -> Walks:
        """The arcs, as they were given, of the best path from each node to the target of that number."""
        node, left = node.copy(), np.arange(len(node))
        walk: list[Integers] = []
        found: list[Integers] = []
        while len(left):
            arc = self.onwards[target[left], node[left]]
            left, arc = left[arc != NOWHERE], arc[arc != NOWHERE]
            walk.append(left)
            found.append(self.arcs.origin[arc])
            node[left] = self.arcs.head[arc]
        return stepped(walk, found)


def paths_to(arcs: Arcs, targets: Integers, most: Integers | None = None) -> Paths:
    """The best paths from every node to each target.

    Args:
        arcs: with their losses.
        targets: shape (targets,): nodes.
        most: shape (targets,): the most that a path may lose in the first column; None for any.
    """
    limits = np.full(len(targets), FAR - 1) if most is None else most
    at_once = max(1, MOST_AT_ONCE // max(1, len(arcs.tail)))
    loss = np.full((len(targets), arcs.nodes, arcs.loss.shape[1]), FAR, dtype=np.int64)
    onwards = np.full((len(targets), arcs.nodes), NOWHERE, dtype=np.int64)
    for start in range(0, len(targets), at_once):
        some = slice(start, start + at_once)
        _lead_back(arcs, targets[some], limits[some], loss[some], onwards[some])
    return Paths(arcs, targets, loss, onwards)


def _lead_back(arcs: Arcs, targets: Integers, limits: Integers, loss: Integers, onwards: Integers) -> None:
    """Fill in losses, shape (targets, nodes, columns), and first arcs, shape (targets, nodes)."""
    flat, arc_of = loss.reshape(-1, loss.shape[2]), onwards.reshape(-1)
    active = np.arange(len(targets)) * arcs.nodes + targets
    flat[active] = 0
    while len(active):
        node = active % arcs.nodes
        owner, taken = stretches(arcs.first[node], arcs.first[node + 1])
        source = active[owner]
        reached = (active - node)[owner] + arcs.tail[taken]
        most = np.minimum(flat[reached, 0], limits[active // arcs.nodes][owner])
        near = np.flatnonzero(flat[source, 0] + arcs.loss[taken, 0] <= most)
        reached, taken, offered = reached[near], taken[near], flat[source[near]] + arcs.loss[taken[near]]
        gains = np.flatnonzero(is_less(offered, flat[reached]))
        gains = gains[least_of_each(reached[gains], list(offered[gains].T))]
        active = reached[gains]
        flat[active] = offered[gains]
        arc_of[active] = taken[gains]


def turned(arcs: Arcs) -> Arcs:
    """The same arcs the other way round, so that paths to a node are those from it."""
    order = np.argsort(arcs.tail, kind="stable")
    head = arcs.tail[order]
    first = np.searchsorted(head, np.arange(arcs.nodes + 1))
    return Arcs(-arcs.price, arcs.head[order], head, arcs.loss[order], arcs.origin[order], first)
