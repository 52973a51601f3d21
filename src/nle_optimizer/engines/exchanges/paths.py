"""Best paths in a residual network, to some nodes or between all.

What the best paths between all nodes lose (Floyd 1962, doi:10.1145/367766.368168), and those of some of them. Ways
through a graph, arc by arc.

Best paths between nodes of an exchange graph, for many ends at once, in whole numbers.

Prices of the nodes make every arc a loss of at least nothing. From each target the losses are then led back along the
arcs, round by round (Bellman and Ford), those of all targets together, and none further than asked.

Tuples of whole numbers in few columns of 64 bits, whose sums keep the order of the tuples.

The entries of a tuple are digits of one number, in a base so wide that no sum that occurs carries from one digit to
the next; where they do not all fit below 2^60, they go into several columns, which are compared one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.errors import EngineError
from nle_optimizer.records import Flags, Integers, least_of_each, stretches


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


def all_losses(arcs: Arcs) -> Integers:
    """What the best path between any two nodes loses, shape (columns, nodes, nodes).

    Where there is none, the first column is `FAR`. One column after the other: the later ones only look at paths that
    are best in those before.
    """
    nodes, columns = arcs.nodes, arcs.loss.shape[1]
    loss = np.full((columns, nodes, nodes), FAR, dtype=np.int64)
    every = np.arange(nodes)
    for n in range(columns):
        best = np.flatnonzero((loss[:n, arcs.tail, arcs.head] == arcs.loss[:, :n].T).all(axis=0))
        loss[n, arcs.tail[best], arcs.head[best]] = arcs.loss[best, n]
        loss[n, every, every] = 0
        for middle in range(nodes):
            if n:
                _among_equals(loss[: n + 1], middle)
            else:
                np.minimum(loss[0], loss[0, :, middle, None] + loss[0, middle], out=loss[0])
    return loss


def _among_equals(loss: Integers, middle: int) -> None:
    """Take the way through the middle where it is as good in all columns but the last, and better there."""
    first = loss[0]
    start, end = np.divmod(np.flatnonzero(first[:, middle, None] + first[middle] == first), len(first))
    for column in loss[1:-1]:
        same = column[start, middle] + column[middle, end] == column[start, end]
        start, end = start[same], end[same]
    last = loss[-1]
    last[start, end] = np.minimum(last[start, end], last[start, middle] + last[middle, end])


def walks(arcs: Arcs, loss: Integers, start: Integers, end: Integers) -> Walks:
    """The arcs of the best path from each start to the end beside it; all of them have one, shapes (n,).

    Every arc takes a step more, so that a path that loses the least never comes back to a node.
    """
    beside = turned(arcs)
    at, left = start.copy(), np.flatnonzero(start != end)
    walk: list[Integers] = []
    found: list[Integers] = []
    while len(left):
        arc, owner = _on_the_way(beside, loss, at[left], end[left])
        walk.append(left[owner])
        found.append(beside.origin[arc])
        at[left[owner]] = beside.tail[arc]
        left = left[at[left] != end[left]]
    return stepped(walk, found)


def _on_the_way(beside: Arcs, loss: Integers, at: Integers, end: Integers) -> tuple[Integers, Integers]:
    """For each path an arc on from where it is, arcs given by where they begin; and which path it is of."""
    owner, arc = stretches(beside.first[at], beside.first[at + 1])
    after = beside.loss[arc] + loss[:, beside.tail[arc], end[owner]].T
    fits = np.flatnonzero((after == loss[:, at[owner], end[owner]].T).all(axis=1))
    firsts = np.diff(owner[fits], prepend=-1) != 0
    return arc[fits[firsts]], owner[fits[firsts]]


def ranks(groups: Integers, tuples: Integers, *further: Integers) -> Integers:
    """The place of each entry among those of its group, from 0: least tuple first, then by further keys.

    Args:
        groups: shape (n,).
        tuples: shape (n, columns).
        further: shapes (n,): what decides between equals, in order.
    """
    order = np.lexsort((*further[::-1], *tuples.T[::-1], groups))
    sorted_groups = groups[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - np.searchsorted(sorted_groups, sorted_groups)
    return place
