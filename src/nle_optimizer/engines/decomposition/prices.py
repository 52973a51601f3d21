"""Prices of the limits that a Lagrangian bound relaxes, as one vector of floats that guides the search.

The vector holds a price for each recipient, for each resource of each NLE, and for each side, in this order, in units
of the level's amounts. A side's price above 0 is that of its upper limit, below 0 that of its lower.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.knapsack import Knapsacks
from nle_optimizer.records import Integers


@dataclass(frozen=True, eq=False)
class Pricing:
    """A case whose limits, but for each NLE's knapsack, are priced.

    Attributes:
        case: the case.
        least, most: shape (prices,): between what a price may be.
        scale: shape (prices,): how many units of a limit make one step of it.
    """

    case: Case
    least: Floats
    most: Floats
    scale: Floats
    knapsacks: Knapsacks

    @staticmethod
    def of(case: Case) -> "Pricing":
        """The pricing of a case."""
        recipients, resources = len(case.supporters), case.capacity.size
        sides = case.sides
        least = np.zeros(recipients + resources + sides.count)
        most = np.full(len(least), np.inf)
        priced = np.ones_like(case.capacity, dtype=bool)
        priced[case.knapsack] = False
        most[recipients : recipients + resources] = np.where(priced, np.inf, 0.0).ravel()
        least[recipients + resources :] = np.where(sides.lower == -OPEN, 0.0, -np.inf)
        most[recipients + resources :] = np.where(sides.upper == OPEN, 0.0, np.inf)
        knapsacks = Knapsacks(case.nle, case.weight, case.capacity.shape[1])
        return Pricing(case, least, most, _scale(case), knapsacks)

    def split(self, prices: Floats) -> tuple[Floats, Floats, Floats]:
        """The prices of recipients, of resources (resources, nles) and of sides."""
        recipients, resources = len(self.case.supporters), self.case.capacity.size
        of_resource = prices[recipients : recipients + resources].reshape(self.case.capacity.shape)
        return prices[:recipients], of_resource, prices[recipients + resources :]

    def admissible(self, prices: Floats) -> Floats:
        """The nearest prices that may be."""
        return np.clip(prices, self.least, self.most)

    def reduced(self, prices: Floats) -> Floats:
        """Shape (pairs,): what each pair is worth beyond the prices of all it uses."""
        case, (of_recipient, of_resource, of_side) = self.case, self.split(prices)
        reduced = case.value - of_recipient[case.recipient]
        for resource, use in enumerate(case.use):
            if resource != case.knapsack:
                reduced -= of_resource[resource][case.nle] * use
        if case.sides.count:
            paid = case.sides.amount * of_side[case.sides.side]
            reduced -= np.bincount(case.sides.pair, weights=paid, minlength=case.size)
        return np.asarray(reduced)

    def constant(self, prices: Floats) -> float:
        """What the limits themselves are worth at these prices."""
        case, (of_recipient, of_resource, of_side) = self.case, self.split(prices)
        limit = np.where(of_side > 0, case.sides.upper, case.sides.lower)
        sides = of_side[of_side != 0] @ limit[of_side != 0]
        return float(of_recipient @ case.supporters + (of_resource * case.capacity).sum() + sides)

    def bound(self, prices: Floats) -> tuple[float, Integers]:
        """The Lagrangian bound, nearly, and the pairs at which it is attained."""
        best, taken = self.knapsacks.best(self.reduced(prices), self.case.room)
        return self.constant(prices) + float(best.sum()), taken

    def slack(self, prices: Floats, taken: Integers) -> Floats:
        """The subgradient of the bound: what these pairs leave of each limit, below 0 where they overdraw it."""
        case, of_side = self.case, self.split(prices)[2]
        left = case.supporters - np.bincount(case.recipient[taken], minlength=len(case.supporters))
        total = case.sides.totals(taken, case.size)
        above, below = case.sides.upper - total, case.sides.lower - total
        side = np.where(of_side > 0, above, np.where(of_side < 0, below, np.minimum(above, 0) + np.maximum(below, 0)))
        resources = np.where(np.arange(len(case.use))[:, None] == case.knapsack, 0, case.capacity - case.used(taken))
        return np.concatenate([left, resources.ravel(), side]).astype(np.float64)


def _scale(case: Case) -> Floats:
    """One for a recipient, a usual use for a resource, and for a side what many pairs may move it by at once."""
    typical = np.ones(case.capacity.shape)
    for resource, use in enumerate(case.use):
        typical[resource] = max(1.0, float(use.mean()) if len(use) else 1.0)
    sides = np.ones(case.sides.count)
    np.maximum.at(sides, case.sides.side, np.abs(case.sides.amount).astype(np.float64))
    touched = np.bincount(case.sides.side, minlength=case.sides.count)
    sides *= np.sqrt(np.maximum(1, np.minimum(touched, len(case.supporters))))
    return np.concatenate([np.ones(len(case.supporters)), typical.ravel(), sides])
