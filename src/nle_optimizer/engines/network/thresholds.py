"""Greatest least fit and other thresholds, found by cuts.

The steps of a level: itself, where it is a sum over pairs; else one step for every threshold that matters.

The least fit is the first bottleneck: the fit below which nobody need fall, and at which some must stay. Leximin goes
from one bottleneck to the next.

Bottlenecks: fits below which nobody need fall and at which some must stay.

The least fit in use is led around while it can be; where it cannot, the nodes from which its place can be reached are
a cut, which prices the step. The first bottleneck is the greatest least fit; one after the other they are leximin
(Burkard and Rendl 1991, doi:10.1016/0167-6377(91)90018-K, solve the like by bisection).

A circulation that is rerouted one unit at a time, within the bounds of a network.

Each free arc has two residual entries, along it where it has room, and against it where it carries more than it must.
Entries are kept by the node they lead to, so that a search runs backwards from where a unit is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import numpy as np

from nle_optimizer.engines.engine import KnownPrices, Stopping
from nle_optimizer.engines.network.flow import reduced_values
from nle_optimizer.engines.network.graph import HUB, Network
from nle_optimizer.engines.network.prices import Face, FaceOptimum, PriceStep
from nle_optimizer.errors import EngineError, Fault, Place, UnsupportedError
from nle_optimizer.model.levels import LeastFit, Level, Leximin, Threshold
from nle_optimizer.model.problem import Problem, Step
from nle_optimizer.records import Flags, Integers, stretches


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

    def __iter__(self) -> Iterator[tuple[int, FaceOptimum | None]]:
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

    def _stuck(self, pairs: Integers) -> FaceOptimum | None:
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
            return FaceOptimum(amounts, self._residual.flow, int(blocked[HUB]) - blocked.astype(np.int64))
        self.hand_back()
        found = self._face.best(amounts)
        self._face.flow = found.flow
        self._start()
        return found

    def _hold(self, found: FaceOptimum) -> None:
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


def steps_of(face: Face, problem: Problem, number: int, stop: Stopping, known: KnownPrices) -> list[PriceStep] | None:
    """Optimise a level of the problem on the face, hold it, and return its steps; None where it is time to stop.

    A level that is a sum begins from the prices known of it, and keeps its own.

    Raises:
        UnsupportedError: the level is a least fit, and it is not settled whether anybody who counts is matched.
    """
    level = problem.levels[number]
    if isinstance(level, LeastFit):
        return _least_fit(face, level, number)
    if isinstance(level, Leximin):
        return _leximin(face, level, number, stop)
    assert isinstance(level, Level)
    recipients, nles = problem.recipient_ids, problem.nle_ids
    found = face.best(level.amounts, known.of(level.name, recipients, nles))
    recipient, nle = -found.potential[face.network.recipient_nodes], found.potential[face.network.nle_nodes]
    known.keep(level.name, recipients, recipient, nles, nle)
    face.hold(found)
    return [PriceStep(Step(level, number), found.value, found.potential)]


def _least_fit(face: Face, level: LeastFit, number: int) -> list[PriceStep]:
    """A step that shows that the next fit cannot be had by all, and one that holds the least fit."""
    if not _somebody_counts(face, level):
        return []
    before = replace(face)
    bottlenecks = Bottlenecks(face, level.amounts, level.counted)
    value, stuck = next(iter(bottlenecks))
    bottlenecks.hand_back()
    lines = []
    if stuck is not None:
        above = bottlenecks.next_above(value)
        proof = before.best(Threshold(level, above).amounts)
        if not proof.value:
            raise EngineError(f"{level.name} was found to be {value}, and {above} can be had")
        lines.append(_line(level, number, above, proof.value, proof.potential))
    nothing = np.zeros(face.network.nodes, dtype=np.int64)
    face.hold(FaceOptimum(Threshold(level, value).amounts, face.flow, nothing))
    return [*lines, _line(level, number, value, 0, nothing)]


def _line(level: LeastFit | Leximin, number: int, threshold: int, value: int, potential: Integers) -> PriceStep:
    """A line for a threshold; a least fit that cannot do without pairs below it shows so, and is not held."""
    held = value >= 0
    return PriceStep(Step(Threshold(level, threshold), number, threshold, held), value, potential)


def _somebody_counts(face: Face, level: LeastFit) -> bool:
    """Whether every allocation of the face matches somebody who counts; False if none does.

    Raises:
        UnsupportedError: some do, and some do not.
    """
    counted = level.counted.astype(np.int64)
    if face.best(-counted).value:
        return True
    if not face.best(counted).value:
        return False
    what = (
        f"nobody need be matched of those that {level.name} counts: put schools_supported before it, or set a minimum"
    )
    raise UnsupportedError([Fault(Place(), "objectives", what)])


def _leximin(face: Face, level: Leximin, number: int, stop: Stopping) -> list[PriceStep] | None:
    """A step for every threshold at which the number matched is settled, ascending."""
    counted = level.counted & (level.amounts > 0)
    if not counted.any():
        return []
    threshold = int(level.amounts[counted].min())
    first = face.best(Threshold(level, threshold).amounts)
    face.hold(first)
    lines = [_line(level, number, threshold, first.value, first.potential)]
    nothing = np.zeros_like(first.potential)
    bottlenecks = Bottlenecks(face, level.amounts, counted)
    for least, found in bottlenecks:
        if least > threshold:
            lines.append(_change(level, number, threshold, least, 0, nothing))
            threshold = least
        if found is not None:
            above = bottlenecks.next_above(least)
            lines.append(_change(level, number, threshold, above, found.value, found.potential))
            threshold = above
        if stop.reason():
            return None
    return lines


def _change(level: Leximin, number: int, since: int, threshold: int, value: int, potential: Integers) -> PriceStep:
    """A line for the pairs from one threshold up to below the next."""
    return PriceStep(Step(Threshold(level, threshold, since=since), number, threshold), value, potential)
