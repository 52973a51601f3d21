"""Bottlenecks: fits below which nobody need fall and at which some must stay.

The least fit in use is led around while it can be; where it cannot, the nodes from which its place can be reached are
a cut, which prices the step. The first bottleneck is the greatest least fit; one after the other they are leximin
(Burkard and Rendl 1991, doi:10.1016/0167-6377(91)90018-K, solve the like by bisection).
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np

from nle_optimizer.engines.network.face import Face, Optimum
from nle_optimizer.engines.network.graph import HUB
from nle_optimizer.engines.network.potentials import reduced_values
from nle_optimizer.engines.network.residual import Residual
from nle_optimizer.records import Flags, Integers


class Bottlenecks:
    """The bottlenecks of a face, ascending, each with the optimum that shows how many stay at it: as many -1.

    When the next one is asked for, the number at the one before is held, and all pairs below are avoided. The last
    bottleneck is the greatest fit of all; it needs no proof and comes with None.
    """

    def __init__(self, face: Face, fits: Integers, counted: Flags) -> None:
        """Look for bottlenecks.

        Args:
            face: changed as bottlenecks are held.
            fits: shape (pairs,): the fit of each pair.
            counted: shape (pairs,): the pairs that count.
        """
        self._face, self._fits = face, fits
        pairs = np.flatnonzero(counted)
        self._order = pairs[np.argsort(fits[pairs], kind="stable")]
        self._ascending = fits[self._order]
        self._counted = np.zeros(len(face.network.tail), dtype=bool)
        self._counted[pairs] = True
        self._start()

    def _start(self) -> None:
        """Begin from the circulation of the face."""
        self._residual = Residual(self._face.network, self._face.flow)
        used = self._order[self._face.flow[self._order] > 0]
        self._used = [(int(self._fits[pair]), int(pair)) for pair in used]
        heapify(self._used)

    def __iter__(self) -> Iterator[tuple[int, Optimum | None]]:
        """Each bottleneck with its proof; the face is handed back when the search ends by itself."""
        settled = 0
        while (least := self._least(settled)) is not None:
            first, last = np.searchsorted(self._ascending, [least, least + 1]).tolist()
            self._residual.fix(self._order[settled:first])
            settled, pairs = first, self._order[first:last]
            if last == len(self._order):
                self.hand_back()
                yield least, None
                return
            found = self._stuck(pairs)
            if found is not None:
                yield least, found
                self._hold(found)
                settled = last
        self.hand_back()

    def next_above(self, fit: int) -> int:
        """The least fit of a pair that counts above the one given, which must not be the greatest."""
        return int(self._ascending[np.searchsorted(self._ascending, fit + 1)])

    def _least(self, settled: int) -> int | None:
        """The least fit in use beyond the settled pairs; None where there is none."""
        while self._used and not (
            self._used[0][0] >= self._ascending[settled] and self._residual.flow[self._used[0][1]]
        ):
            heappop(self._used)
        return self._used[0][0] if self._used else None

    def _stuck(self, pairs: Integers) -> Optimum | None:
        """Lead around all of some pairs of one fit; where that fails, the optimum that leaves the fewest."""
        used = pairs[self._residual.flow[pairs] > 0]
        self._residual.close(pairs[self._residual.flow[pairs] == 0])
        blocked: Flags | None = None
        for pair in used.tolist():
            if self._residual.flow[pair]:
                detour = self._residual.reroute(pair)
                if not len(detour.changed):
                    blocked = detour.behind
                    break
                self._note(detour.changed)
            self._residual.close(np.array([pair]))
        if blocked is None:
            return None
        self._residual.reopen(pairs)
        amounts = np.zeros(len(self._fits), dtype=np.int64)
        amounts[pairs] = -1
        if len(used) == 1:
            return Optimum(amounts, self._residual.flow, int(blocked[HUB]) - blocked.astype(np.int64))
        self.hand_back()
        found = self._face.best(amounts)
        self._face.flow = found.flow
        self._start()
        return found

    def _hold(self, found: Optimum) -> None:
        """Keep the number at a bottleneck; make the residual network again where little of it is left."""
        network = self._face.network
        reduced = reduced_values(network, network.with_pair_values(found.amounts), found.potential)
        self._residual.fix(np.flatnonzero(reduced))
        if self._residual.sparse:
            self._residual = Residual(self._residual.network(), self._residual.flow)

    def hand_back(self) -> None:
        """Leave the face with what is held so far, and with the circulation at hand."""
        self._face.network, self._face.flow = self._residual.network(), self._residual.flow

    def _note(self, changed: Integers) -> None:
        for pair in changed[self._counted[changed]].tolist():
            if self._residual.flow[pair]:
                heappush(self._used, (int(self._fits[pair]), pair))
