"""What each recipient's options forgo at the prices of the linear relaxation; to stay unmatched is one of them."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.programme import relaxed_prices
from nle_optimizer.records import Integers

STEPS = 100_000
"""Steps of the gap in which losses are counted, rounded down."""

ROUNDING = 1e-9
"""What rounding may take off the bound, as a share of it."""


@dataclass(frozen=True, eq=False)
class Options:
    """The options of recipients of one supporter, recipient by recipient, the best first.

    Attributes:
        pair: shape (options,): the position of the pair; -1 for none.
        recipient, value: shape (options,).
        loss: shape (options,): how much less than the best it is worth at the prices, in steps, from 0 to `STEPS`.
        use: shape (limits, options): every limit is an upper one.
        limit, price: shape (limits,).
        bound: of any allocation.
        gap: between the bound and the least value that is better than the present one.
    """

    pair: Integers
    recipient: Integers
    value: Integers
    loss: Integers
    use: Integers
    limit: Integers
    price: Floats
    bound: float
    gap: float


def options_of(case: Case, current: int) -> Options | None:
    """The options that an allocation worth more than the present one may take; None where there are none.

    Args:
        case: recipients have one supporter at most.
        current: what the present allocation is worth.
    """
    prices = relaxed_prices(case)
    if prices is None:
        return None
    recipients = len(case.supporters)
    use, limit, price = _limits(case, prices[recipients:])
    worth = np.concatenate([case.value - price @ use, np.zeros(recipients)])
    pair = np.concatenate([np.arange(case.size), np.full(recipients, -1)])
    recipient = np.concatenate([case.recipient, np.arange(recipients)])
    best = np.zeros(recipients)
    np.maximum.at(best, case.recipient, worth[: case.size])
    bound = float(best.sum() + price @ limit)
    gap = bound - current - (int(np.gcd.reduce(case.value)) or 1) + ROUNDING * max(1.0, abs(bound))
    if gap <= 0:
        return None
    loss = (best[recipient] - worth) / gap * STEPS
    order = np.lexsort((loss, recipient))
    order = order[(loss <= STEPS)[order] & ((pair < 0) | (case.supporters[recipient] > 0))[order]]
    return Options(
        pair[order],
        recipient[order],
        np.concatenate([case.value, np.zeros(recipients, np.int64)])[order],
        loss[order].astype(np.int64),
        np.concatenate([use, np.zeros((len(use), recipients), np.int64)], axis=1)[:, order],
        limit,
        price,
        bound,
        gap,
    )


def _limits(case: Case, prices: Floats) -> tuple[Integers, Integers, Floats]:
    """Every limit of NLEs and sides as an upper one over pairs, in small whole units, with its price."""
    nles, sides = np.arange(case.capacity.shape[1]), case.sides
    amount = np.zeros((sides.count, case.size), dtype=np.int64)
    np.add.at(amount, (sides.side, sides.pair), sides.amount)
    of_side = prices[case.capacity.size :]
    above, below = sides.upper < OPEN, sides.lower > -OPEN
    use = np.concatenate([*(own * (case.nle == nles[:, None]) for own in case.use), amount[above], -amount[below]])
    limit = np.concatenate([case.capacity.ravel(), sides.upper[above], -sides.lower[below]])
    price = np.concatenate(
        [prices[: case.capacity.size], np.maximum(of_side[above], 0), np.maximum(-of_side[below], 0)]
    )
    unit = np.maximum(1, np.gcd.reduce(use, axis=1))
    return use // unit[:, None], limit // unit, np.maximum(price, 0) * unit
