"""Branch and bound on pairs, each case bounded by multipliers of its own: a tree that anyone can re-evaluate.

Posta, Ferland and Michelon (2012), An exact method with variable fixing for solving the generalized assignment
problem, doi:10.1007/s10589-011-9432-0, bound by Lagrangian multipliers in such a tree too.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.ascent import Ascent, improve
from nle_optimizer.engines.decomposition.bound import VOID, leaf
from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.solution import Branch, Leaf, Tree
from nle_optimizer.records import Flags, Integers

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

    root: Case
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

    def _above(self, part: Case, fixed_in: Integers) -> float:
        """More than what could be gained over the best allocation."""
        most = self.root.worth(fixed_in) + int(np.maximum(part.value, 0).sum())
        return float(1 + max(0, most - self.best if self.taken is not None else most))

    def leaf(self, prices: Floats, fixed_in: Integers, fixed_out: Integers) -> Leaf:
        """What prices prove of a case."""
        return leaf(self.root, self.rows, prices, fixed_in, fixed_out)

    def _may_go_on(self, depth: int) -> bool:
        return self.nodes > 0 and depth < DEEPEST and self.stop.reason() is None

    def _ascent(self, part: Case, fixed_in: Integers, prices: Floats) -> Ascent:
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


def _part(root: Case, fixed_in: Integers, fixed_out: Integers) -> Case:
    """What is left to decide: pairs not fixed, of recipients that may still have one, that fit."""
    free: Flags = np.ones(root.size, dtype=bool)
    free[fixed_in] = free[fixed_out] = False
    left = root.supporters - np.bincount(root.recipient[fixed_in], minlength=len(root.supporters))
    free &= left[root.recipient] > 0
    return root.part(free, fixed_in)


def _hopeless(part: Case, above: float) -> Floats | None:
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


def _divisive(part: Case, ascent: Ascent) -> int:
    """The pair that the best sets could least agree on."""
    return int(np.argmin(np.abs(ascent.often - 0.5) - 1e-9 * part.value / (1 + np.abs(part.value).max())))
