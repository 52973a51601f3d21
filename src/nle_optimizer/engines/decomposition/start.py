"""A first allocation: every NLE takes its best set at the prices, clashes go to the better pair, and again."""

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Case, Floats
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.records import Flags, Integers

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


def taken_in_turn(case: Case, pairs: Integers) -> Integers:
    """Positions of those of some pairs, ascending, that no limit rules out after the ones before them."""
    ledger = _Ledger(case)
    for pair in pairs.tolist():
        ledger.take(pair)
    return np.flatnonzero(ledger.taken)


class _Ledger:
    """What is taken and what is left of every limit."""

    def __init__(self, case: Case) -> None:
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
