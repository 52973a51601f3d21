"""A circulation that is rerouted one unit at a time, within the bounds of a network.

Each free arc has two residual entries, along it where it has room, and against it where it carries more than it must.
Entries are kept by the node they lead to, so that a search runs backwards from where a unit is missing.
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.network.graph import Network
from nle_optimizer.groups import stretches
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Detour:
    """What became of an attempt to lead a unit around an arc.

    Attributes:
        changed: the arcs whose flow changed; none where there is no way around.
        behind: shape (nodes,): where there is none, whether the arc's head can be reached from each node.
    """

    changed: Integers
    behind: Flags


NOTHING: Integers = np.zeros(0, dtype=np.int64)


class Residual:
    """The residual network of a circulation, which changes with it.

    Attributes:
        flow: shape (arcs,): the circulation at hand.
        fixed: shape (arcs,): arcs whose flow no longer changes.
    """

    def __init__(self, network: Network, flow: Integers) -> None:
        self.flow = flow.copy()
        self.fixed: Flags = network.lower >= network.upper
        self._network = network
        arcs = network.free
        self._size = len(arcs)
        start = np.concatenate([network.tail[arcs], network.head[arcs]])
        end = np.concatenate([network.head[arcs], network.tail[arcs]])
        order = np.argsort(end, kind="stable")
        self._start, self._end = start[order], end[order]
        self._first = np.searchsorted(self._end, np.arange(network.nodes + 1))
        self._arc = np.concatenate([arcs, arcs])[order]
        self._step = np.where(order < len(arcs), 1, -1)
        self._entry = np.full((2, len(flow)), len(order))
        self._entry[np.where(self._step > 0, 0, 1), self._arc] = np.arange(len(order))
        self._open = np.zeros(len(order) + 1, dtype=bool)
        self._reopen(arcs)

    def _reopen(self, arcs: Integers) -> None:
        """Open the entries of free arcs as their flow has it."""
        flow = self.flow[arcs]
        self._open[self._entry[0, arcs]] = flow < self._network.upper[arcs]
        self._open[self._entry[1, arcs]] = flow > self._network.lower[arcs]

    def close(self, arcs: Integers) -> None:
        """Let no unit be rerouted through some arcs for now."""
        self._open[self._entry[0, arcs]] = self._open[self._entry[1, arcs]] = False

    def reopen(self, arcs: Integers) -> None:
        """Undo `close`."""
        self._reopen(arcs[~self.fixed[arcs]])

    def fix(self, arcs: Integers) -> None:
        """Keep some arcs as they are for good."""
        self.close(arcs)
        self.fixed[arcs] = True

    @property
    def sparse(self) -> bool:
        """Whether most arcs have been fixed since the entries were made, so that making them again saves time."""
        return 2 * int((~self.fixed).sum()) < self._size

    def network(self) -> Network:
        """The network with the fixed arcs held."""
        lower = np.where(self.fixed, self.flow, self._network.lower)
        return replace(self._network, lower=lower, upper=np.where(self.fixed, self.flow, self._network.upper))

    def reroute(self, arc: int) -> Detour:
        """Take a unit off an arc and lead it around, where there is a way."""
        source, sink = int(self._network.tail[arc]), int(self._network.head[arc])
        if self.fixed[arc]:
            return Detour(NOTHING, np.zeros(self._network.nodes, dtype=bool))
        own = np.array([arc])
        self.close(own)
        onwards, seen = self._search(source, sink)
        self._reopen(own)
        if not seen[source]:
            return Detour(NOTHING, seen)
        changed, node = [arc], source
        self.flow[arc] -= 1
        while node != sink:
            entry = int(onwards[node])
            changed.append(int(self._arc[entry]))
            self.flow[changed[-1]] += self._step[entry]
            node = int(self._end[entry])
        arcs = np.array(changed)
        self._reopen(arcs)
        return Detour(arcs, seen)

    def _search(self, source: int, sink: int) -> tuple[Integers, Flags]:
        """Search backwards from the sink: the entry that leads on from each node seen, and which nodes were seen."""
        nodes = self._network.nodes
        seen, onwards = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=np.int64)
        seen[sink] = True
        frontier = np.array([sink])
        while len(frontier) and not seen[source]:
            entries = stretches(self._first[frontier], self._first[frontier + 1])[1]
            entries = entries[self._open[entries]]
            entries = entries[~seen[self._start[entries]]]
            reached = self._start[entries]
            seen[reached] = True
            onwards[reached] = entries
            frontier = reached[onwards[reached] == entries]
        return onwards, seen
