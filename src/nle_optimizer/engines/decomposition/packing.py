"""The whole of a small case: patterns packed under cuts, and branch and bound over them.

The best choice among patterns, by branch and bound: cuts, patterns ruled out by their prices, dives, the solver.

Whatever is within the gap of a bound is among the patterns, so what is best among them is best of all. Ruling out
patterns by prices after the patterns were listed follows Baldacci, Christofides and Mingozzi (2008), An exact
algorithm for the vehicle routing problem based on the set partitioning formulation, doi:10.1007/s10107-007-0178-5.

The whole of a small case: its patterns within the gap, and branch and bound over them in several processes.

The open cases are dealt out in two hands, whatever the number of processes, and gathered after so many nodes: what is
found does not depend on who works at it.
"""

import heapq
import time
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix, vstack

from nle_optimizer.engines.decomposition.bound import Pricing
from nle_optimizer.engines.decomposition.branching import improve
from nle_optimizer.engines.decomposition.case import Floats, KnapsackCase
from nle_optimizer.engines.decomposition.master import Master, PatternPool
from nle_optimizer.engines.decomposition.patterns import Patterns, ProgrammeAnswer, enumerate_patterns, solve_pairs
from nle_optimizer.engines.decomposition.relaxation import Relaxation, RelaxationPoint, cut_rows
from nle_optimizer.engines.decomposition.search import Workers, within
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.records import Flags, Integers

FEW = 400
"""Patterns that the solver is given as a whole."""

SOLVER_NODES = 1000
"""Nodes of the solver for all patterns that are left."""

ROUNDS = 8
"""Rounds of cuts in one case."""

GAIN = 0.01
"""A round of cuts is worth another where it closes this share of the gap."""

CANDIDATES = 6
"""Pairs of which the one that divides best is branched on."""

WHOLE = 1e-6
"""How near to a whole number counts as one."""


@dataclass(order=True)
class Node:
    """A case left to look at: those of the greatest bound come first, the earliest of equals."""

    order: float
    number: int
    master: Master = field(compare=False)


@dataclass
class Packing:
    """A running branch and bound over patterns.

    Attributes:
        case: the case of the patterns.
        taken: positions of the pairs of the best choice so far.
        left: the cases to look at.
        unsettled: the greatest bound of the cases that were given up.
        deadline: of the monotonic clock; None for none.
    """

    case: KnapsackCase
    taken: Integers
    left: list[Node] = field(default_factory=list)
    unsettled: float = -np.inf
    deadline: float | None = None

    def __post_init__(self) -> None:
        self.step = int(np.gcd.reduce(self.case.value)) or 1
        self.best = self.case.worth(self.taken)
        self.made = len(self.left)

    def run(self, nodes: int, seconds: float | None) -> None:
        """Look at so many cases, for so many seconds (None for as long as they take)."""
        self.deadline = None if seconds is None else time.monotonic() + seconds
        while self.left and nodes > 0 and not self._late():
            node = heapq.heappop(self.left)
            if -node.order >= self._enough():
                nodes -= 1
                self._look(node.master)

    @property
    def bound(self) -> int | None:
        """No choice is worth more; None where nothing is known."""
        bound = max(self.best, self.unsettled, *(-node.order for node in self.left))
        return int(bound) if np.isfinite(bound) else None

    def dealt(self, hands: int) -> list["Packing"]:
        """The cases left in so many hands, the most promising in turn."""
        order = sorted(self.left)
        return [Packing(self.case, self.taken, order[hand::hands]) for hand in range(hands)]

    def gathered(self, hands: list["Packing"]) -> "Packing":
        """The hands put together again: the best of their choices, and all cases left."""
        best = max([self, *hands], key=lambda hand: hand.best)
        left = sorted((node for hand in hands for node in hand.left), key=lambda node: node.order)
        left = [Node(node.order, number, node.master) for number, node in enumerate(left)]
        unsettled = max(self.unsettled, *(hand.unsettled for hand in hands))
        return Packing(self.case, best.taken, left, unsettled)

    def _enough(self) -> float:
        """Bounds below this hold nothing better."""
        return self.best + 0.99 * self.step

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def push(self, master: Master, bound: float) -> None:
        """Add a case to look at, of which a bound is known."""
        self.made += 1
        heapq.heappush(self.left, Node(-bound, self.made, master))

    def _look(self, master: Master) -> None:
        """Bound a case; close it, give it to the solver, or branch."""
        if not self._bounded(master):
            return
        if master.pool.count > FEW and self._dive(master) and not self._bounded(master):
            return
        if master.pool.count <= FEW:
            self._settle(master)
        else:
            self._branch(master)

    def _bounded(self, master: Master) -> bool:
        """Cut while it helps; whether the case may hold something better."""
        for _ in range(ROUNDS):
            before = master.bound
            if not master.solve() or master.bound < self._enough():
                return False
            self._notice(master)
            gap = master.bound - self._enough()
            if gap < 0:
                return False
            master.keep(master.short <= gap)
            master.forget(gap / 2)
            if master.pool.count <= FEW or before - master.bound < GAIN * gap or self._late() or not master.cut():
                break
        return True

    def _notice(self, master: Master) -> None:
        """Where the solution is whole, it is an allocation."""
        chosen = np.flatnonzero(master.chosen > WHOLE)
        if (master.chosen[chosen] > 1 - WHOLE).all():
            self._accept(master, chosen)

    def _accept(self, master: Master, chosen: Integers) -> None:
        taken = np.sort(master.pool.pairs[:, chosen].indices.astype(np.int64))
        if self.case.allows(taken) and self.case.worth(taken) > self.best:
            self.best, self.taken = self.case.worth(taken), taken

    def _dive(self, master: Master) -> bool:
        """Take the pattern that is chosen most, and again, until the choice is whole; whether it is a better one."""
        programme, own = master.programme()
        pool, before = master.pool.at(own), self.best
        for _ in range(self.case.capacity.shape[1] + 1):
            point = programme.solve(dual=True)
            if point is None or point.value * master.unit < self._enough():
                break
            open_ = np.flatnonzero((point.chosen > WHOLE) & (point.chosen < 1 - WHOLE))
            if not len(open_):
                self._accept(master, own[point.chosen > 0.5])
                break
            taken = int(open_[np.argmax(point.chosen[open_])])
            programme.hold(np.flatnonzero(pool.barred_by(taken)), self._row(int(pool.nle[taken])))
        return self.best > before

    def _row(self, nle: int) -> int:
        """The row of an NLE."""
        return len(self.case.supporters) + nle

    def _settle(self, master: Master) -> None:
        bound = self._solver(master)
        if bound >= self._enough():
            self.unsettled = max(self.unsettled, min(bound, master.bound))

    def _solver(self, master: Master) -> float:
        """Give all patterns left to the solver; its bound."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        pool = master.pool
        if not pool.count:
            self._accept(master, np.zeros(0, dtype=np.int64))
            return 0.0 if (pool.limit >= 0).all() else -np.inf
        unit = max(1.0, float(np.abs(pool.value).max(initial=0.0)) / 1000)
        matrix = vstack([pool.rows, cut_rows(pool.rows, master.cuts), csr_matrix(-pool.value / unit)])
        limit = np.concatenate([pool.limit, np.ones(len(master.cuts)), [-self._enough() / unit]])
        options: dict[str, float] = {"node_limit": SOLVER_NODES, "mip_rel_gap": 0.0}
        if self.deadline is not None:
            options["time_limit"] = max(0.0, self.deadline - time.monotonic())
        answer = milp(
            -pool.value / unit,
            constraints=LinearConstraint(matrix, -np.inf, limit),
            integrality=np.ones(pool.count),
            bounds=Bounds(0, 1),
            options=options,
        )
        if answer.x is not None:
            self._accept(master, np.flatnonzero(answer.x > 0.5))
        if answer.status == 2:
            return -np.inf
        return np.inf if answer.mip_dual_bound is None else float(-answer.mip_dual_bound * unit)

    def _branch(self, master: Master) -> None:
        """Two cases: a pair is matched, or not."""
        share = master.pool.pairs @ master.chosen
        nearest = np.argsort(np.abs(share - 0.5), kind="stable")[:CANDIDATES]
        open_ = nearest[(share[nearest] > WHOLE) & (share[nearest] < 1 - WHOLE)]
        if not len(open_):
            self._settle(master)
            return
        programme, own = master.programme()
        point = programme.solve(dual=True)
        gains = [] if point is None else [self._gain(master, programme, own, point, int(pair)) for pair in open_]
        pair = int(open_[int(np.argmax(gains))]) if gains else int(open_[0])
        held, barred = self._divided(master, pair)
        self.push(master.holding(held | ~barred, pair), master.bound)
        self.push(master.among(~held), master.bound)

    def _gain(self, master: Master, programme: Relaxation, own: Integers, point: RelaxationPoint, pair: int) -> float:
        """How much the bounds of the two cases of a pair fall, about: the product."""
        held, barred = self._divided(master, pair)
        gain = 1.0
        for out, full in (((barred & ~held)[own], self._row(int(self.case.nle[pair]))), (held[own], None)):
            programme.begin(point.basis)
            programme.hold(np.flatnonzero(out), full)
            found = programme.solve(dual=True)
            programme.release(np.flatnonzero(out), full)
            fall = np.inf if found is None else master.bound - found.value * master.unit
            gain *= max(fall, 1e-6 * self.step)
        return gain

    def _divided(self, master: Master, pair: int) -> tuple[Flags, Flags]:
        """The patterns that hold a pair, and those that do so or cannot be chosen with one that does."""
        own, recipient = self.case.nle[pair], int(self.case.recipient[pair])
        held = master.pool.pairs[[pair]].toarray().ravel() > 0
        barred = master.pool.nle == own
        if self.case.supporters[recipient] == 1:
            barred |= master.pool.rows[[recipient]].toarray().ravel() > 0
        return held, barred


STEPS = 300
"""Steps of the ascent."""

FEW_PATTERNS = 15_000
"""Patterns of a first look, which may better the allocation and so narrow the gap."""

MOST = 2_000_000
"""Partial patterns above which the solver is given pairs."""

PAIR_NODES = 2000
"""Nodes of the solver where it is given pairs."""

HANDS = 2
"""Hands that open cases are dealt out in."""

EARLY = 1.0
"""Seconds before the deadline at which a child ends its work."""


@dataclass(frozen=True)
class SearchLimits:
    """How hard to work.

    Attributes:
        nodes: cases looked at in all.
        slice: cases that a hand looks at before all are gathered.
    """

    nodes: int
    slice: int


def solve_whole(
    case: KnapsackCase, prices: Floats, taken: Integers, limits: SearchLimits, crew: Workers, stop: Stopping
) -> ProgrammeAnswer | None:
    """The best of all allocations; None where a child died or it was time to stop.

    Args:
        case: of few pairs.
        prices: to start from, as `Pricing` orders them.
        taken: positions of the pairs of the present allocation.
        limits: how hard to work.
        crew: the processes at work.
        stop: when to end.
    """
    (opened,) = crew.ask(open_whole, [(case, prices, taken, _seconds(stop))], stop)
    if opened is None or isinstance(opened, ProgrammeAnswer):
        return opened
    done = 0
    while opened.left and done < limits.nodes and not stop.reason():
        hands = opened.dealt(HANDS)
        played = crew.ask(played_hand, [(hand, limits.slice, _seconds(stop)) for hand in hands], stop)
        opened = opened.gathered([hand for hand in played if hand is not None])
        done += HANDS * limits.slice
        if any(hand is None for hand in played):
            return ProgrammeAnswer(opened.taken, None, False)
    return ProgrammeAnswer(opened.taken, opened.bound, False)


def open_whole(case: KnapsackCase, prices: Floats, taken: Integers, seconds: float | None) -> Packing | ProgrammeAnswer:
    """The branch and bound with its first case looked at; the solver's answer where there are too many patterns."""
    pricing, current = Pricing.of(case), case.worth(taken)
    ascent = improve(pricing, prices, current, STEPS, Stopping(), target=float(current))
    reduced, gap = pricing.reduced(ascent.prices), max(0.0, ascent.bound - current)
    patterns = enumerate_patterns(case, reduced, gap, MOST)
    if patterns is None or patterns.count > FEW_PATTERNS:
        first = _looked(pricing, reduced, within(case, reduced, gap, FEW_PATTERNS), taken, seconds)
        if first.best > current:
            taken, gap = first.taken, max(0.0, ascent.bound - first.best)
            patterns = enumerate_patterns(case, reduced, gap, MOST)
    if patterns is not None:
        return _looked(pricing, reduced, patterns, taken, seconds)
    answer = solve_pairs(case, PAIR_NODES, seconds)
    bound = None if answer.bound is None else max(answer.bound, case.worth(taken))
    return ProgrammeAnswer(taken if answer.taken is None else answer.taken, bound, False)


def played_hand(packing: Packing, nodes: int, seconds: float | None) -> Packing:
    """The branch and bound after so many cases."""
    packing.run(nodes, seconds)
    return packing


def _looked(pricing: Pricing, reduced: Floats, patterns: Patterns, taken: Integers, seconds: float | None) -> Packing:
    best, _ = pricing.knapsacks.best(reduced, pricing.case.room)
    worth = np.bincount(patterns.pattern, weights=reduced[patterns.position], minlength=patterns.count)
    nles, own = np.unique(pricing.case.nle[taken], return_inverse=True)
    pool = PatternPool.of(pricing.case, patterns.joined(Patterns(nles, own, taken)))
    short = np.concatenate([best[patterns.nle] - worth, np.zeros(len(nles))])
    packing = Packing(pricing.case, taken)
    packing.push(Master.of(pool, short), np.inf)
    packing.run(1, seconds)
    return packing


def _seconds(stop: Stopping) -> float | None:
    return None if stop.seconds_left is None else max(0.0, stop.seconds_left - EARLY)
