"""The bound that anyone can re-evaluate: whole multipliers, and the Lagrangian relaxation in exact integers.

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
"""

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.knapsack import Knapsacks
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.model.solution import Leaf, Multipliers
from nle_optimizer.records import Integers

VOID = -(2**62)
"""The bound of a leaf whose pairs fixed in break a limit on their own."""

SAFE = 2.0**61
"""No sum of the evaluation may exceed it."""

FINEST = 2**44
"""The greatest divisor."""


def leaf(root: Case, rows: int, prices: Floats, fixed_in: Integers, fixed_out: Integers) -> Leaf:
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


def evaluate(root: Case, multipliers: Multipliers, fixed_in: Integers, fixed_out: Integers) -> int:
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
