"""Neighbourhoods solved anew in child processes, and the better choice kept.

Which NLEs to look at together: those whose pairs fall furthest short of their bound, with their neighbours. A part of
a case solved anew: prices of its own, its good patterns, and the best choice among them. The children at work for a
solve, each started when it is first needed or before, and kept for the next solve.

Rounds of neighbourhoods: each is solved anew over its good patterns, in children, and the better choice is kept.

Each round looks at a fixed number of disjoint neighbourhoods, whatever the number of children, and takes their
answers in a fixed order: what is found does not depend on how many work at it.
"""

import atexit
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import csr_matrix

from nle_optimizer.engines.child_process import Child, wait
from nle_optimizer.engines.decomposition.bound import Pricing
from nle_optimizer.engines.decomposition.branching import first_allocation, improve
from nle_optimizer.engines.decomposition.case import Floats, KnapsackCase
from nle_optimizer.engines.decomposition.patterns import Patterns, enumerate_patterns, solve_patterns
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import EngineError
from nle_optimizer.records import Flags, Integers

REST = 10
"""Rounds for which the heart of a neighbourhood is left alone after it was looked at."""

HEART = 4
"""One NLE in so many of a neighbourhood is its heart: those nearest to the centre."""


@dataclass
class Neighbourhoods:
    """A running choice of neighbourhoods.

    Attributes:
        shares: shape (nles, recipients): 1 for each pair; NLEs are near that share many recipients.
        waiting: shape (nles,): rounds for which an NLE is not to be a centre.
    """

    shares: csr_matrix
    waiting: Integers

    @staticmethod
    def of(case: KnapsackCase) -> "Neighbourhoods":
        """The neighbourhoods of a case."""
        shape = (case.capacity.shape[1], len(case.supporters))
        shares = csr_matrix((np.ones(case.size), (case.nle, case.recipient)), shape=shape)
        return Neighbourhoods(shares, np.zeros(shape[0], dtype=np.int64))

    def choose(self, shortfall: Floats, size: int, count: int) -> list[Integers]:
        """So many disjoint neighbourhoods of at most `size` NLEs each, those that fall shortest first."""
        self.waiting = np.maximum(self.waiting - 1, 0)
        free = np.asarray(self.shares.sum(axis=1)).ravel() > 0
        chosen = []
        for _ in range(count):
            centre = self._centre(shortfall, free)
            if centre is None:
                break
            near = self._nearest(centre, shortfall, free, size)
            self.waiting[near[: max(1, size // HEART)]] = REST
            free[near] = False
            chosen.append(np.sort(near))
        return chosen

    def _centre(self, shortfall: Floats, free: Flags) -> int | None:
        ready = free & (self.waiting == 0)
        if not ready.any():
            ready = free
        if not ready.any():
            return None
        around = self.shares @ (self.shares.T @ (shortfall * free))
        score = np.where(ready, shortfall + around / np.maximum(self._size, 1.0), -1.0)
        return int(np.argmax(score))

    @property
    def _size(self) -> Floats:
        return np.asarray(self.shares @ np.asarray(self.shares.sum(axis=0)).ravel())

    def _nearest(self, centre: int, shortfall: Floats, free: Flags, size: int) -> Integers:
        common = np.asarray((self.shares @ self.shares[[centre]].T).todense()).ravel()
        usual = float(shortfall.mean()) + 1e-12
        score = common * np.sqrt(shortfall / usual + 0.3)
        score[centre] = np.inf
        near = np.argsort(-score, kind="stable")
        return near[free[near] & (score[near] > 0)][:size]


def shortfall(pricing: Pricing, prices: Floats, taken: Integers) -> Floats:
    """Shape (nles,): how far each NLE's pairs stay below its best at these prices, and its share of who is unserved."""
    case = pricing.case
    reduced = pricing.reduced(prices)
    best, _ = pricing.knapsacks.best(reduced, case.room)
    short = best - np.bincount(case.nle[taken], weights=reduced[taken], minlength=len(best))
    left = case.supporters - np.bincount(case.recipient[taken], minlength=len(case.supporters))
    unserved = left * pricing.split(prices)[0]
    candidates = np.maximum(1, np.bincount(case.recipient, minlength=len(left)))
    short += np.bincount(case.nle, weights=(unserved / candidates)[case.recipient], minlength=len(best))
    return np.maximum(short, 0.0)


STEPS = 60
"""Steps of the ascent."""

NARROWER = 0.75
"""How much the margin shrinks while there are too many patterns."""

MOST_STATES = 20
"""Partial patterns at any time, as a multiple of the patterns wanted."""


@dataclass(frozen=True, eq=False)
class PartEffort:
    """How hard a part is worked on.

    Attributes:
        patterns: the most that enter the integer programme.
        nodes: the most nodes of its tree.
    """

    patterns: int
    nodes: int


@dataclass(frozen=True, eq=False)
class PartOutcome:
    """What became of a part.

    Attributes:
        taken: positions of a better choice of pairs; None where none was found.
        exhausted: whether nothing better exists.
    """

    taken: Integers | None
    exhausted: bool


def solve_part(
    case: KnapsackCase, prices: Floats, taken: Integers, effort: PartEffort, seconds: float | None
) -> PartOutcome:
    """Look for a choice of pairs worth more than those taken.

    Args:
        case: the part.
        prices: to start from, as `Pricing` orders them.
        taken: positions of the pairs of the present choice.
        effort: how hard to work.
        seconds: how long the integer programme may take; None for as long as its nodes do.
    """
    pricing, current = Pricing.of(case), case.worth(taken)
    ascent = improve(pricing, prices, current, STEPS, Stopping(), target=float(current))
    if ascent.bound < current + 1e-6 * max(1.0, abs(current)) * 1e-6:
        return PartOutcome(None, True)
    patterns = within(case, pricing.reduced(ascent.prices), ascent.bound - current, effort.patterns)
    answer = solve_patterns(case, patterns.joined(_of(case, taken)), effort.nodes, seconds)
    if answer.taken is None:
        return PartOutcome(None, False)
    better = first_allocation(pricing, ascent.prices, answer.taken)
    for found in (better, answer.taken):
        if case.worth(found) > current and case.allows(found):
            return PartOutcome(found, False)
    return PartOutcome(None, False)


def _of(case: KnapsackCase, taken: Integers) -> Patterns:
    """The patterns of pairs taken."""
    nles, pattern = np.unique(case.nle[taken], return_inverse=True)
    return Patterns(nles, pattern, taken)


def within(case: KnapsackCase, reduced: Floats, gap: float, most: int) -> Patterns:
    """The patterns within the gap, or within as much of it as keeps them few enough."""
    margin = gap
    while margin > gap * 1e-6:
        patterns = enumerate_patterns(case, reduced, margin, MOST_STATES * most)
        if patterns is not None and patterns.count <= most:
            return patterns
        margin *= NARROWER
    return Patterns(*(np.zeros(0, np.int64) for _ in range(3)))


T = TypeVar("T")

WORK = ("scipy.optimize", "nle_optimizer.engines.decomposition.packing")
"""Modules that a child imports first, and with them most that it is asked for: it takes a second."""


class Workers:
    """A number of children. What they are asked is answered in the order of asking, however many there are."""

    def __init__(self, size: int) -> None:
        self._children: list[Child | None] = [None] * size

    def start(self) -> None:
        """Start all children: they import what they need while nothing is asked of them yet."""
        for number in range(len(self._children)):
            self._child(number)

    def ask(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]], stop: Stopping) -> list[T | None]:
        """The answers to calls of a function; None for one that died, or had no answer when it was time to stop."""
        answers: list[T | None] = []
        size = len(self._children)
        try:
            for first in range(0, len(calls), size):
                batch = calls[first : first + size]
                futures = [self._child(number).submit(function, *args) for number, args in enumerate(batch)]
                answers += [self._answer(number, future, stop) for number, future in enumerate(futures)]
        except BaseException:  # an interrupt: the others are at work for nobody
            self.close()
            raise
        return answers

    def _child(self, number: int) -> Child:
        child = self._children[number]
        if child is None or not child.lives:  # it may have ended since the last solve
            self._dismiss(number)
            child = self._children[number] = Child(*WORK)
        return child

    def _answer(self, number: int, future: "Future[T]", stop: Stopping) -> T | None:
        try:
            return wait(future, seconds=stop.seconds_left, interrupted=stop.interrupted)
        except (TimeoutError, EngineError):
            self._dismiss(number)
            return None

    def _dismiss(self, number: int) -> None:
        child, self._children[number] = self._children[number], None
        if child is not None:
            child.close()

    def close(self) -> None:
        """End the children."""
        for number in range(len(self._children)):
            self._dismiss(number)


_idle: defaultdict[int, list[Workers]] = defaultdict(list)
"""Crews by size, whose children wait for the next solve: each took a second to start."""


@contextmanager
def crew_of(size: int) -> Iterator[Workers]:
    """A crew for one solve, whose children are kept whatever ends it: none is at work then."""
    crew = _idle[size].pop() if _idle[size] else Workers(size)
    try:
        yield crew
    finally:
        _idle[size].append(crew)


@atexit.register
def _close_all() -> None:
    for crews in _idle.values():
        for crew in crews:
            crew.close()


TOGETHER = 2
"""Neighbourhoods of one round."""

SIZE = 30
"""NLEs of one neighbourhood."""

EFFORTS = (PartEffort(500, 20), PartEffort(1000, 20), PartEffort(2000, 20), PartEffort(3000, 20))
"""How hard a neighbourhood is worked on, the more often its centre's came to nothing."""


@dataclass
class Search:
    """A running search for better allocations of one case.

    Attributes:
        pricing: the case.
        prices: good prices.
        taken: positions of the pairs of the best allocation so far.
        crew: processes that solve parts.
        rounds: how many were done.
    """

    pricing: Pricing
    prices: Floats
    taken: Integers
    crew: Workers
    rounds: int = 0

    def __post_init__(self) -> None:
        self.near = Neighbourhoods.of(self.pricing.case)
        self.vain = np.zeros(self.pricing.case.capacity.shape[1], dtype=np.int64)

    def run(self, rounds: int, enough: Callable[[int], bool], stop: Stopping) -> None:
        """So many rounds, or fewer where the value is enough or it is time to stop."""
        for _ in range(rounds):
            if enough(self.pricing.case.worth(self.taken)) or stop.reason():
                return
            self.round(stop)

    def round(self, stop: Stopping) -> None:
        """Look at the neighbourhoods that fall shortest, and keep what is better."""
        case = self.pricing.case
        short = shortfall(self.pricing, self.prices, self.taken)
        areas = self.near.choose(short, SIZE, TOGETHER)
        parts = self._parts(areas)
        efforts = [EFFORTS[min(int(np.median(self.vain[area])), len(EFFORTS) - 1)] for area in areas]
        calls = [
            (part, self.prices, self._inside(part), effort, stop.seconds_left)
            for (part, _), effort in zip(parts, efforts, strict=True)
        ]
        found = self.crew.ask(solve_part, calls, stop)
        for area, (part, inside), answer in zip(areas, parts, found, strict=True):
            self.vain[area] += 1
            if answer is None or answer.taken is None:
                continue
            self.vain[area] -= 1
            others = np.setdiff1d(self.taken, inside, assume_unique=True)
            taken = np.sort(np.concatenate([others, part.pair[answer.taken]]))
            if case.worth(taken) > case.worth(self.taken) and case.allows(taken):
                self.taken = taken
        self.rounds += 1

    def _parts(self, areas: list[Integers]) -> list[tuple[KnapsackCase, Integers]]:
        """Each area as a case whose pairs are positions here, and the pairs taken inside; no recipient is in two."""
        case = replace(self.pricing.case, pair=np.arange(self.pricing.case.size))
        parts = []
        claimed = np.zeros(len(case.supporters), dtype=bool)
        for area in areas:
            own = np.isin(case.nle, area)
            inside = self.taken[own[self.taken]]
            outside = self.taken[~own[self.taken]]
            left = case.supporters - np.bincount(case.recipient[outside], minlength=len(case.supporters))
            keep = own & (left[case.recipient] > 0) & ~claimed[case.recipient]
            claimed[case.recipient[keep]] = True
            parts.append((case.part(keep, outside), inside))
        return parts

    def _inside(self, part: KnapsackCase) -> Integers:
        """The positions in a part of the pairs taken."""
        return part.positions(self.taken[np.isin(self.taken, part.pair, assume_unique=True)])
