"""The best ways from nodes to others, many at once, sought no further than a way by the hub would lead."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.exchanges.best_paths import FAR, Arcs, Paths, paths_to, turned
from nle_optimizer.engines.exchanges.walks import Walks
from nle_optimizer.engines.network.graph import HUB
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Found:
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

    def between(self, start: Integers, end: Integers) -> Found:
        """The best way from each start to the end beside it, shapes (n,)."""
        ends, starts = np.unique(end), np.unique(start)
        if len(ends) <= len(starts):
            return self._grouped(self._to_hub, ends, end, start, self.most(start, end))
        return self._grouped(self._from_hub, starts, start, end, self.most(start, end))

    def most(self, start: Integers, end: Integers) -> Integers:
        """A loss, in the first column, that the best way does not exceed; `FAR` or more where there may be none."""
        return self._to_hub.loss[0, start, 0] + self._from_hub.loss[0, end, 0]

    def _grouped(self, by_hub: Paths, targets: Integers, target: Integers, node: Integers, most: Integers) -> Found:
        group = np.searchsorted(targets, target)
        limits = np.zeros(len(targets), dtype=np.int64)
        np.maximum.at(limits, group, np.minimum(most, FAR - 1))
        paths = by_hub if targets.tolist() == [HUB] else paths_to(by_hub.arcs, targets, limits)
        return Found(paths.value(group, node), paths.exists(group, node), group, node, paths)
