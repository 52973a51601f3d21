"""Prices of recipients and the bound that they prove, a knapsack an NLE.

The bound that anyone can re-evaluate: whole multipliers, and the Lagrangian relaxation in exact integers.

With divisor D, recipients' u_j >= 0, resource prices v_ri >= 0 (every resource r but the knapsack's), row multipliers
w_r (w > 0 prices the upper limit, w < 0 the lower; a limit of none is never priced) and held multipliers h_l >= 0 for
each earlier level l with least value V_l (its value, or what its `within` leaves of it)::

    total = sum_j k_j u_j + sum_{i, r not the knapsack's} Q_ri v_ri
          + sum_r (w_r upper_r if w_r > 0 else w_r lower_r) - sum_l h_l V_l + sum_i KP_i

    KP_i = max over sets of NLE i's candidate pairs, within its capacity in the knapsack's resource, of the sum of
           D c_p - u_j(p) - sum_r v_ri q_rp - sum_r w_r a_rp + sum_l h_l a_lp

where pairs that a branch fixes in are in the set, required pairs too, and pairs that it fixes out are not. The bound
is floor(total / D), rounded down to a multiple of the greatest common divisor of the level's amounts. A leaf whose
pairs fixed in break a limit of a recipient or an NLE on their own is void, and its bound is `VOID`.

Where uses are odd decimals the knapsack is solved on a coarser grid, uses and capacities rounded down: what is stated
here is then never below the formula.

Fisher (1981), The Lagrangian relaxation method for solving integer programming problems, doi:10.1287/mnsc.27.1.1.

Prices of the limits that a Lagrangian bound relaxes, as one vector of floats that guides the search.

The vector holds a price for each recipient, for each resource of each NLE, and for each side, in this order, in units
of the level's amounts. A side's price above 0 is that of its upper limit, below 0 that of its lower.

One knapsack for each NLE, all at once, by dynamic programming over a whole capacity.

V_i(c) = max over sets of NLE i's items of weight at most c of the sum of their values. Items of all NLEs are taken in
step: the k-th item of every NLE in one array operation. Items of one NLE and weight are of one kind, and of a kind only
the most valuable are looked at, as many as there is room for. See Kellerer, Pferschy and Pisinger (2004), Knapsack
Problems, doi:10.1007/978-3-540-24777-7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.decomposition.case import OPEN, Floats, KnapsackCase
from nle_optimizer.model.problem import Leaf, Multipliers
from nle_optimizer.records import Flags, Integers

Numbers = NDArray[Any]
"""Whole numbers or floats."""


class Knapsacks:
    """The knapsacks of one table of items.

    Attributes:
        nle: shape (items,): whose item it is, ascending.
        weight: shape (items,): whole weights, from 0 up.
    """

    def __init__(self, nle: Integers, weight: Integers, nles: int) -> None:
        self.nle = nle
        self.weight = weight
        self.nles = nles
        heaviest = int(weight.max(initial=0))
        kinds, kind, count = np.unique(nle * (heaviest + 1) + weight, return_inverse=True, return_counts=True)
        self._kind = kind.astype(np.min_scalar_type(len(kinds)))  # small integers sort fast
        self._owner, weighs = np.divmod(kinds, heaviest + 1)
        self._count = np.where(weighs > 0, count, 0)
        self._weighs = np.maximum(1, weighs)

    def best(self, value: Numbers, capacity: Integers, allowed: Flags | None = None) -> tuple[Numbers, Integers]:
        """The best sets.

        Args:
            value: shape (items,): whole numbers are summed exactly; items of value 0 or less are left out.
            capacity: shape (nles,), from 0 up.
            allowed: shape (items,): the items that may be taken; None for all.

        Returns:
            The value of the best set of each NLE, and the indices of the items in the best sets, ascending.
        """
        useful = (value > 0) & (self.weight <= capacity[self.nle])
        if allowed is not None:
            useful &= allowed
        items = self._best_of_each_kind(np.flatnonzero(useful), value, capacity)
        total = np.zeros(self.nles, dtype=value.dtype)
        if not len(items):
            return total, items
        counts = np.bincount(self.nle[items], minlength=self.nles)
        order = np.argsort(-counts, kind="stable")
        order = order[: np.count_nonzero(counts)]
        position = np.empty(self.nles, dtype=np.int64)
        position[order] = np.arange(len(order))
        table, chosen = self._fill(items, counts, position, value, capacity)
        room = capacity[order]
        total[order] = table[np.arange(len(order)), table.shape[1] - 1 - (int(capacity[order].max()) - room)]
        return total, np.sort(_trace(chosen, room))

    def _best_of_each_kind(self, items: Integers, value: Numbers, capacity: Integers) -> Integers:
        """Of items of one NLE and weight the most valuable, as many as there is room for: a best set needs no other."""
        most = capacity[self._owner] // self._weighs
        if (self._count <= most).all():
            return items
        kind = self._kind[items]
        crowded = np.flatnonzero((np.minimum(np.bincount(kind, minlength=len(most)), self._count) > most)[kind])
        order = crowded[np.argsort(-value[items[crowded]], kind="stable")]
        order = order[np.argsort(kind[order], kind="stable")]
        first = np.flatnonzero(np.diff(kind[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
        kept = np.ones(len(items), dtype=bool)
        kept[order] = rank < most[kind[order]]
        return items[kept]

    def _fill(
        self, items: Integers, counts: Integers, position: Integers, value: Numbers, capacity: Integers
    ) -> tuple[Numbers, list[tuple[Integers, Integers, NDArray[np.bool_]]]]:
        """The table V, padded on the left by what no capacity below 0 is worth, and what each step took."""
        starts = np.cumsum(counts) - counts
        rank = np.arange(len(items)) - starts[self.nle[items]]
        items = items[np.lexsort((position[self.nle[items]], rank))]
        steps = np.bincount(rank)
        ends = np.cumsum(steps)
        pad = int(self.weight[items].max())
        width = pad + int(capacity[counts > 0].max()) + 1
        table: Numbers = np.zeros((int(steps[0]), width), dtype=value.dtype)
        table[:, :pad] = np.iinfo(np.int64).min // 2 if value.dtype == np.int64 else -np.inf
        flat = table.reshape(-1)
        columns = np.arange(pad, width)
        rows = np.arange(len(table)) * width
        chosen = []
        for end, size in zip(ends.tolist(), steps.tolist(), strict=True):
            own = items[end - size : end]
            weight = self.weight[own]
            with_item = flat.take((rows[:size] - weight)[:, None] + columns)
            with_item += value[own][:, None]
            current = table[:size, pad:]
            take = with_item > current
            np.copyto(current, with_item, where=take)
            chosen.append((own, weight, take))
        return table, chosen


def _trace(chosen: list[tuple[Integers, Integers, NDArray[np.bool_]]], room: Integers) -> Integers:
    """The items of the best sets, read back from the last step to the first."""
    left = room.copy()
    taken = []
    for own, weight, take in reversed(chosen):
        size = len(own)
        hit = take[np.arange(size), left[:size]]
        left[:size] -= np.where(hit, weight, 0)
        taken.append(own[hit])
    return np.concatenate(taken)


@dataclass(frozen=True, eq=False)
class Pricing:
    """A case whose limits, but for each NLE's knapsack, are priced.

    Attributes:
        case: the case.
        least, most: shape (prices,): between what a price may be.
        scale: shape (prices,): how many units of a limit make one step of it.
    """

    case: KnapsackCase
    least: Floats
    most: Floats
    scale: Floats
    knapsacks: Knapsacks

    @staticmethod
    def of(case: KnapsackCase) -> "Pricing":
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


def _scale(case: KnapsackCase) -> Floats:
    """One for a recipient, a usual use for a resource, and for a side what many pairs may move it by at once."""
    typical = np.ones(case.capacity.shape)
    for resource, use in enumerate(case.use):
        typical[resource] = max(1.0, float(use.mean()) if len(use) else 1.0)
    sides = np.ones(case.sides.count)
    np.maximum.at(sides, case.sides.side, np.abs(case.sides.amount).astype(np.float64))
    touched = np.bincount(case.sides.side, minlength=case.sides.count)
    sides *= np.sqrt(np.maximum(1, np.minimum(touched, len(case.supporters))))
    return np.concatenate([np.ones(len(case.supporters)), typical.ravel(), sides])


VOID = -(2**62)
"""The bound of a leaf whose pairs fixed in break a limit on their own."""

SAFE = 2.0**61
"""No sum of the evaluation may exceed it."""

FINEST = 2**44
"""The greatest divisor."""


def leaf(root: KnapsackCase, rows: int, prices: Floats, fixed_in: Integers, fixed_out: Integers) -> Leaf:
    """The leaf of a branch: the prices in whole numbers, and what they prove.

    Args:
        root: the case of the whole problem.
        rows: how many of its sides are rows; the rest are held levels.
        prices: as `Pricing` orders them.
        fixed_in, fixed_out: positions of pairs in `root`.
    """
    pricing = Pricing.of(root)
    prices = pricing.admissible(prices)
    if not root.within_limits(fixed_in):
        return Leaf(_whole(pricing, np.zeros(len(prices)), 1, rows), VOID)
    free = np.ones(root.size, dtype=bool)
    free[fixed_in] = free[fixed_out] = False
    prices = _bettered(pricing, prices, fixed_in, free)
    divisor = _divisor(pricing, prices)
    multipliers = _whole(pricing, prices, divisor, rows)
    return Leaf(multipliers, evaluate(root, multipliers, fixed_in, fixed_out))


def evaluate(root: KnapsackCase, multipliers: Multipliers, fixed_in: Integers, fixed_out: Integers) -> int:
    """The bound that multipliers prove, exactly as stated above."""
    sides = np.concatenate([multipliers.row, -multipliers.held])
    reduced = multipliers.divisor * root.value - multipliers.recipient[root.recipient]
    for resource, use in enumerate(root.use):
        reduced -= multipliers.resource[resource][root.nle] * use
    np.subtract.at(reduced, root.sides.pair, root.sides.amount * sides[root.sides.side])
    limits = np.where(sides > 0, root.sides.upper, root.sides.lower)
    free = np.ones(root.size, dtype=bool)
    free[fixed_in] = free[fixed_out] = False
    room = root.room - np.bincount(root.nle[fixed_in], weights=root.weight[fixed_in], minlength=len(root.room)).astype(
        np.int64
    )
    best, _ = Knapsacks(root.nle, root.weight, len(root.room)).best(reduced, room, free)
    total = (
        int(multipliers.recipient @ root.supporters)
        + int((multipliers.resource * root.capacity).sum())
        + int(sides[sides != 0] @ limits[sides != 0])
        + int(best.sum())
        + int(reduced[fixed_in].sum())
    )
    return rounded_down(root.value, total // multipliers.divisor)


def rounded_down(value: Integers, bound: int) -> int:
    """The greatest sum of the amounts that a bound leaves possible, as far as their common divisor tells."""
    step = int(np.gcd.reduce(value)) or 1
    return bound // step * step


def _bettered(pricing: Pricing, prices: Floats, fixed_in: Integers, free: np.ndarray) -> Floats:
    """Prices that cost nothing to better.

    Recipients that have all their supporters fixed pay whatever keeps their other pairs out; a recipient or an NLE
    without a free pair pays nothing.
    """
    case, prices = pricing.case, prices.copy()
    left = case.supporters - np.bincount(case.recipient[fixed_in], minlength=len(case.supporters))
    served = free & (left[case.recipient] == 0)
    of_recipient, of_resource, _ = pricing.split(prices)
    of_recipient[(left == 0) | (np.bincount(case.recipient[free], minlength=len(left)) == 0)] = 0.0
    of_resource[:, np.bincount(case.nle[free], minlength=of_resource.shape[1]) == 0] = 0.0
    worth = pricing.reduced(prices)
    np.maximum.at(of_recipient, case.recipient[served], worth[served] + 1.0)
    return prices


def _divisor(pricing: Pricing, prices: Floats) -> int:
    """The greatest power of two for which no sum can overflow."""
    case, (of_recipient, of_resource, of_side) = pricing.case, pricing.split(prices)
    limit = np.maximum(
        np.where(case.sides.upper == OPEN, 0, np.abs(case.sides.upper)),
        np.where(case.sides.lower == -OPEN, 0, np.abs(case.sides.lower)),
    )
    magnitude = (
        float(np.abs(case.value).sum())
        + float(of_recipient @ np.maximum(1, case.supporters))
        + float((of_resource * case.capacity).sum())
        + float(of_recipient[case.recipient].sum())
        + float(np.abs(of_side) @ limit.astype(np.float64))
        + float(np.abs(case.sides.amount * of_side[case.sides.side]).sum())
        + sum(float((of_resource[r][case.nle] * use).sum()) for r, use in enumerate(case.use))
    )
    room = int(SAFE / max(1.0, 2 * magnitude))
    return min(FINEST, 1 << max(0, room.bit_length() - 1))


def _whole(pricing: Pricing, prices: Floats, divisor: int, rows: int) -> Multipliers:
    of_recipient, of_resource, of_side = (np.rint(part * divisor).astype(np.int64) for part in pricing.split(prices))
    return Multipliers(divisor, of_recipient, of_resource, of_side[:rows], -of_side[rows:], pricing.case.knapsack)
