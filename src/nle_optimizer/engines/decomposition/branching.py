"""Better prices, branches, and trees evaluated again.

What to look for where a level alone says too little: many allocations of one number of schools are all alike. A first
allocation: every NLE takes its best set at the prices, clashes go to the better pair, and again.

Branch and bound on pairs, each case bounded by multipliers of its own: a tree that anyone can re-evaluate.

Posta, Ferland and Michelon (2012), An exact method with variable fixing for solving the generalized assignment
problem, doi:10.1007/s10589-011-9432-0, bound by Lagrangian multipliers in such a tree too.

Better prices, step by step: subgradients with memory, each step as long as the gap left makes it.

Held, Wolfe and Crowder (1974), Validation of subgradient optimization, doi:10.1007/BF01580223; the memory of earlier
directions after Camerini, Fratta and Maffioli (1975), doi:10.1007/BFb0120697.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.bound import VOID, Pricing, leaf
from nle_optimizer.engines.decomposition.case import OPEN, Floats, KnapsackCase
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Branch, Leaf, Tree
from nle_optimizer.records import Flags, Integers

MEMORY = 0.6
PATIENCE = 6
SHRINK = 0.6
FADING = 0.9
"""How much of what was seen before each step keeps in the record of pairs."""

SMALLEST = 1e-4
"""Once steps are this much shorter than at first, more of them gain nothing."""


@dataclass(frozen=True, eq=False)
class Ascent:
    """Where an ascent ended.

    Attributes:
        prices: the best ones met.
        bound: theirs, nearly.
        often: shape (pairs,): how often each pair was in the best sets of late, from 0 to 1.
        steps: how many were taken.
    """

    prices: Floats
    bound: float
    often: Floats
    steps: int


def improve(
    pricing: Pricing, prices: Floats, least: float, steps: int, stop: Stopping, *, target: float | None = None
) -> Ascent:
    """Lower the bound of a case by better prices.

    Args:
        prices: to start from.
        least: a bound at or below this needs no improving.
        steps: how many to take at most.
        stop: asked between two steps.
        target: the value that the optimum is thought to have; None for 0.1 % below the bound met so far.
    """
    prices = pricing.admissible(prices)
    best, best_prices = np.inf, prices
    direction, length, stalled = np.zeros(len(prices)), 1.0, 0
    often = np.zeros(pricing.case.size)
    for step in range(steps):
        bound, taken = pricing.bound(prices)
        often *= FADING if step else 0.0
        often[taken] += 1 - FADING if step else 1.0
        stalled = 0 if bound < best - 1e-6 * abs(best) else stalled + 1
        if bound < best:
            best, best_prices = bound, prices
        if best <= least or length < SMALLEST or stop.reason():
            return Ascent(best_prices, best, often, step + 1)
        if stalled > PATIENCE:
            length, stalled, prices = length * SHRINK, 0, best_prices
            direction[:] = 0
            continue
        slack = pricing.slack(prices, taken) / pricing.scale
        direction = MEMORY * direction + (1 - MEMORY) * slack if step else slack
        prices = _stepped(pricing, prices, direction, length * _distance(best, target))
        if prices is best_prices:
            break
    return Ascent(best_prices, best, often, steps)


def _distance(best: float, target: float | None) -> float:
    return 1e-3 * max(1.0, abs(best)) if target is None else max(best - target, 1e-6 * max(1.0, abs(best)))


def _stepped(pricing: Pricing, prices: Floats, direction: Floats, distance: float) -> Floats:
    """One step against the direction, leaving alone prices that may not move that way."""
    stuck = ((prices <= pricing.least) & (direction > 0)) | ((prices >= pricing.most) & (direction < 0))
    move = np.where(stuck, 0.0, direction)
    norm = float(move @ move)
    if norm == 0.0:
        return prices
    return pricing.admissible(prices - distance / norm * move / pricing.scale)


STEPS = 50
"""Steps of the ascent in one case."""

BLIND = 10
"""Steps while no allocation is known: bounds close nothing yet."""

DEEPEST = 300
"""Most branches one within the other."""

CLOSE = 0.99
"""Share of the smallest step between two values within which a bound closes its case."""


@dataclass
class Branching:
    """A running branch and bound.

    Attributes:
        root: the case of the whole problem.
        rows: how many of its sides are rows.
        taken: positions of the pairs of the best allocation so far; None for none.
        nodes: how many more cases may be looked at.
        open: whether a case was left that may hold something better.
    """

    root: KnapsackCase
    rows: int
    taken: Integers | None
    nodes: int
    stop: Stopping
    open: bool = False

    def __post_init__(self) -> None:
        self.step = int(np.gcd.reduce(self.root.value)) or 1

    @property
    def best(self) -> int:
        """The value of the best allocation so far; `VOID` for none."""
        return VOID if self.taken is None else self.root.worth(self.taken)

    def tree(self, fixed_in: Integers, fixed_out: Integers, prices: Floats, depth: int = 0) -> Tree:
        """The tree of the case in which some pairs are fixed."""
        own = self.leaf(prices, fixed_in, fixed_out)
        if own.bound <= self.best:
            return own
        part = _part(self.root, fixed_in, fixed_out)
        hopeless = _hopeless(part, self._above(part, fixed_in))
        if hopeless is not None:
            return self.leaf(hopeless, fixed_in, fixed_out)
        if not part.size:
            return self._decided(fixed_in, fixed_out, len(prices))
        if not self._may_go_on(depth):
            self.open = True
            return own
        self.nodes -= 1
        ascent = self._ascent(part, fixed_in, prices)
        own = min(own, self.leaf(ascent.prices, fixed_in, fixed_out), key=lambda found: found.bound)
        if own.bound <= self.best:
            return own
        pair = int(part.pair[_divisive(part, ascent)])
        matched = self.tree(np.append(fixed_in, pair), fixed_out, ascent.prices, depth + 1)
        unmatched = self.tree(fixed_in, np.append(fixed_out, pair), ascent.prices, depth + 1)
        return self._joined(own, Branch(pair, matched, unmatched))

    def _decided(self, fixed_in: Integers, fixed_out: Integers, prices: int) -> Leaf:
        """The case in which nothing is left to decide and every limit is kept."""
        if self.root.worth(fixed_in) > self.best:
            self.taken = np.sort(fixed_in)
        return self.leaf(np.zeros(prices), fixed_in, fixed_out)

    def _above(self, part: KnapsackCase, fixed_in: Integers) -> float:
        """More than what could be gained over the best allocation."""
        most = self.root.worth(fixed_in) + int(np.maximum(part.value, 0).sum())
        return float(1 + max(0, most - self.best if self.taken is not None else most))

    def leaf(self, prices: Floats, fixed_in: Integers, fixed_out: Integers) -> Leaf:
        """What prices prove of a case."""
        return leaf(self.root, self.rows, prices, fixed_in, fixed_out)

    def _may_go_on(self, depth: int) -> bool:
        return self.nodes > 0 and depth < DEEPEST and self.stop.reason() is None

    def _ascent(self, part: KnapsackCase, fixed_in: Integers, prices: Floats) -> Ascent:
        """Better prices for a part; what it shows on the way may be a better allocation."""
        pricing = Pricing.of(part)
        fixed = self.root.worth(fixed_in)
        target = None if self.taken is None else float(self.best - fixed)
        least = -np.inf if target is None else target + CLOSE * self.step
        ascent = improve(pricing, prices, least, STEPS if target is not None else BLIND, self.stop, target=target)
        _, taken = pricing.bound(ascent.prices)
        if part.allows(taken) and part.worth(taken) + fixed > self.best:
            self.taken = np.sort(np.concatenate([fixed_in, part.pair[taken]]))
        return ascent

    def _joined(self, own: Leaf, branch: Branch) -> Tree:
        """The branch, or the leaf in its place where nothing is won by it."""
        return branch if bound_of(branch) < own.bound else own


def bound_of(tree: Tree) -> int:
    """The greatest bound of any leaf."""
    bound, left = VOID, [tree]
    while left:
        node = left.pop()
        if isinstance(node, Leaf):
            bound = max(bound, node.bound)
        else:
            left += [node.matched, node.unmatched]
    return bound


def _part(root: KnapsackCase, fixed_in: Integers, fixed_out: Integers) -> KnapsackCase:
    """What is left to decide: pairs not fixed, of recipients that may still have one, that fit."""
    free: Flags = np.ones(root.size, dtype=bool)
    free[fixed_in] = free[fixed_out] = False
    left = root.supporters - np.bincount(root.recipient[fixed_in], minlength=len(root.supporters))
    free &= left[root.recipient] > 0
    return root.part(free, fixed_in)


def _hopeless(part: KnapsackCase, above: float) -> Floats | None:
    """Prices that close a case none of whose choices keeps some side; None where every side may be kept."""
    sides = part.sides
    most, least = np.zeros(sides.count, dtype=np.int64), np.zeros(sides.count, dtype=np.int64)
    np.add.at(most, sides.side, np.maximum(sides.amount, 0))
    np.add.at(least, sides.side, np.minimum(sides.amount, 0))
    low, high = most < sides.lower, least > sides.upper
    if not (low.any() or high.any()):
        return None
    side = int(np.argmax(low | high))
    prices = np.zeros(len(part.supporters) + part.capacity.size + sides.count)
    prices[len(prices) - sides.count + side] = -above if low[side] else above
    return prices


def _divisive(part: KnapsackCase, ascent: Ascent) -> int:
    """The pair that the best sets could least agree on."""
    return int(np.argmin(np.abs(ascent.often - 0.5) - 1e-9 * part.value / (1 + np.abs(part.value).max())))


FEW = 3
"""Different amounts up to which a level is coarse."""

WEIGHT = 3
"""How much more a coarse level weighs than all that comes after it can be worth for one pair."""


def guide_of(levels: Sequence[Level]) -> Integers | None:
    """Amounts that lead to good allocations of the first of these levels; None where it leads well enough itself.

    The coarse levels that come first are weighed against the first that is not: such a sum finds what is best for a
    coarse level much faster than the level itself, and near what is best for the next. It only guides.
    """
    coarse = 0
    while coarse < len(levels) and len(np.unique(levels[coarse].amounts)) <= FEW:
        coarse += 1
    if coarse in (0, len(levels)):
        return None
    guide = levels[coarse].amounts
    for level in reversed(levels[:coarse]):
        least = int(np.abs(level.amounts[level.amounts != 0]).min(initial=1))
        guide = level.amounts // least * WEIGHT * max(1, int(np.abs(guide).max(initial=0))) + guide
    return guide


ROUNDS = 60
DISCOUNT = 1 / 40
"""By how much of the dearest recipient's price all pairs become more attractive from round to round."""


def first_allocation(pricing: Pricing, prices: Floats, taken: Integers | None = None) -> Integers:
    """Positions of pairs, ascending, within every limit but the sides' lower ones; those taken already stay."""
    case = pricing.case
    reduced = pricing.reduced(prices)
    raise_by = DISCOUNT * float(np.abs(pricing.split(prices)[0]).max(initial=0.0))
    ledger = _Ledger(case)
    for pair in [] if taken is None else taken.tolist():
        ledger.take(pair)
    for number in range(ROUNDS):
        worth = reduced + raise_by * number
        allowed = ledger.allowed()
        _, offered = pricing.knapsacks.best(worth, ledger.left[case.knapsack] // case.grid, allowed)
        if not len(offered) and number * DISCOUNT > 1:
            break
        for pair in offered[np.argsort(-worth[offered], kind="stable")].tolist():
            ledger.take(pair)
    return np.flatnonzero(ledger.taken)


def taken_in_turn(case: KnapsackCase, pairs: Integers) -> Integers:
    """Positions of those of some pairs, ascending, that no limit rules out after the ones before them."""
    ledger = _Ledger(case)
    for pair in pairs.tolist():
        ledger.take(pair)
    return np.flatnonzero(ledger.taken)


class _Ledger:
    """What is taken and what is left of every limit."""

    def __init__(self, case: KnapsackCase) -> None:
        self.case = case
        self.taken: Flags = np.zeros(case.size, dtype=bool)
        self.places = case.supporters.copy()
        self.left = case.capacity.copy()
        order = np.argsort(case.sides.pair, kind="stable")
        self.side, self.amount = case.sides.side[order], case.sides.amount[order]
        self.start = np.searchsorted(case.sides.pair[order], np.arange(case.size + 1))
        self.above = np.where(case.sides.upper == OPEN, OPEN, case.sides.upper)

    def allowed(self) -> Flags:
        """Pairs not taken whose recipient and NLE have room."""
        case = self.case
        fits = (case.use <= self.left[:, case.nle]).all(axis=0)
        return np.asarray(fits & ~self.taken & (self.places[case.recipient] > 0))

    def take(self, pair: int) -> None:
        """Take a pair where every limit has room for it."""
        case, nle, recipient = self.case, self.case.nle[pair], self.case.recipient[pair]
        own = slice(self.start[pair], self.start[pair + 1])
        sides, amounts = self.side[own], self.amount[own]
        if self.taken[pair] or not self.places[recipient] or (case.use[:, pair] > self.left[:, nle]).any():
            return
        if ((self.above[sides] < amounts) & (amounts > 0)).any():
            return
        self.taken[pair] = True
        self.places[recipient] -= 1
        self.left[:, nle] -= case.use[:, pair]
        self.above[sides] -= np.where(self.above[sides] == OPEN, 0, amounts)
