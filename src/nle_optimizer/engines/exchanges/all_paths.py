"""What the best paths between all nodes lose (Floyd 1962, doi:10.1145/367766.368168), and those of some of them."""

import numpy as np

from nle_optimizer.engines.exchanges.best_paths import FAR, Arcs, turned
from nle_optimizer.engines.exchanges.walks import Walks, stepped
from nle_optimizer.groups import stretches
from nle_optimizer.records import Integers


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
