"""Good allocations to few NLEs: near-best choices for each half of the recipients, and any two that fill the limits.

At the prices of the linear relaxation an allocation is worth the bound, less what its recipients forgo, less the
price of what it leaves of the limits. Few choices forgo little: they are listed for either half of the recipients,
and of every two, those that leave next to nothing are found by binary search over what they use.

Horowitz and Sahni (1974), Computing partitions with applications to the knapsack problem, doi:10.1145/321812.321823.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.choices import Choices, choices_of
from nle_optimizer.engines.decomposition.options import STEPS, Options, options_of
from nle_optimizer.records import Integers

SEARCHES = 80_000_000
"""Choices that a partner is looked up for, and pairs of them compared, all in all."""

MEETINGS = 2_000_000
"""Pairs of choices compared at once."""

WIDENING = 1.1
"""How much more may be forgone, from one round to the next."""

FIRST = 0.001
"""Share of the gap that may be forgone in the first round."""

KEYS = 3
"""Limits by which choices are looked up."""

WIDEST = 60.0
"""Binary digits of what is looked up."""

LOOKING = 5000
"""What a look-up costs at least."""


def meet(case: Case, current: int) -> Integers | None:
    """Positions of the pairs of an allocation worth more than the present one; None where none was found.

    Args:
        case: recipients have one supporter at most.
        current: what the present allocation is worth.
    """
    options = options_of(case, current)
    if options is None:
        return None
    halves = [choices_of(options, own) for own in _halves(options)]
    meeting = Meeting(options, *halves)
    share = FIRST
    while meeting.found is None and meeting.left > 0 and share < WIDENING:
        meeting.look(min(1.0, share))
        share *= WIDENING
    if meeting.found is None:
        return None
    taken = [
        own
        for half, choice in zip(halves, meeting.found, strict=True)
        for own in half.options(choice, options.recipient)
    ]
    pairs = options.pair[taken]
    return np.sort(pairs[pairs >= 0])


def _halves(options: Options) -> Iterator[Integers]:
    """The options of every other recipient, and of the rest, in the order of what their second best forgoes."""
    second = np.full(int(options.recipient.max()) + 1, STEPS + 1)
    later = np.diff(options.recipient, prepend=-1) == 0
    np.minimum.at(second, options.recipient[later], options.loss[later])
    rank = np.empty(len(second), dtype=np.int64)
    rank[np.argsort(second, kind="stable")] = np.arange(len(second))
    for half in range(2):
        yield np.flatnonzero(rank[options.recipient] % 2 == half)


def _telling(span: Integers, price: Floats) -> Integers:
    """The limits that tell choices apart best: those of which they use most differently, by price; at least one."""
    order = np.argsort(-span * price, kind="stable")
    wide = np.cumsum(np.log2(span[order] + 1.0)) > WIDEST
    return order[: max(1, min(KEYS, int(np.count_nonzero((span * price)[order] * ~wide))))]


class Meeting:
    """A running search for two choices that together keep every limit.

    Attributes:
        found: the best two so far; None for none.
        left: how many choices may still be looked up.
    """

    def __init__(self, options: Options, one: Choices, other: Choices) -> None:
        self.options, self.one, self.other = options, one, other
        self.found: tuple[int, int] | None = None
        self.left = SEARCHES
        self.rest = options.limit[:, None] - one.use
        low, span = other.use.min(axis=1), np.ptp(other.use, axis=1)
        self.keys = _telling(span, options.price)
        self.span = span[self.keys]
        self.used = other.use[self.keys] - low[self.keys, None]
        self.most = np.minimum(self.rest[self.keys] - low[self.keys, None], self.span[:, None])
        self.asking, self.asked = np.lexsort(self.most[::-1]), np.lexsort(self.used[::-1])

    def look(self, share: float) -> None:
        """Find the best two that stay below the bound by no more than a share of the gap."""
        gap, loss = share * self.options.gap, int(share * STEPS)
        self.least = self.options.bound - gap
        asking = self.asking[self.one.loss[self.asking] <= loss]
        asked = self.asked[self.other.loss[self.asked] <= loss]
        key = self._key(self.used[:, asked])
        price = self.options.price[self.keys]
        spare = [int(own) if cost * own <= gap else int(gap / cost) for own, cost in zip(self.span, price, strict=True)]
        for exact in product(*(range(own + 1) for own in spare[:-1])):
            paid = float(price[:-1] @ np.array(exact, dtype=np.float64))
            self.left -= LOOKING
            if paid <= gap:
                fit = asking[self.one.loss[asking] <= loss - int(paid / self.options.gap * STEPS) + 1]
                self.left -= len(fit)
                self._look_up(fit, asked, key, np.array([*exact, 0]), spare[-1])
            if self.left <= 0:
                return

    def _look_up(self, asking: Integers, asked: Integers, key: Integers, exact: Integers, spare: int) -> None:
        """Meet those that leave exactly so much of each limit looked up, and up to `spare` of the last."""
        most = self.most[:, asking] - exact[:, None]
        possible = (most >= 0).all(axis=0)
        most = most[:, possible]
        start = np.searchsorted(key, self._key(np.concatenate([most[:-1], np.maximum(most[-1:] - spare, 0)])), "left")
        self._compare(asking[possible], asked, start, np.searchsorted(key, self._key(most), "right"))

    def _key(self, use: Integers) -> Integers:
        """One number for what choices use of the limits that they are looked up by."""
        key = np.zeros(use.shape[1], dtype=np.int64)
        for own, span in zip(use, self.span, strict=True):
            key = key * (span + 1) + own
        return key

    def _compare(self, asking: Integers, asked: Integers, start: Integers, stop: Integers) -> None:
        """Keep the best of the pairs of choices met; each asked from `start` to before `stop`."""
        count = stop - start
        upto = np.cumsum(count)
        first = 0
        while first < len(asking) and self.left > 0:
            after = max(first + 1, int(np.searchsorted(upto, upto[first] + MEETINGS)))
            own = slice(first, after)
            one = np.repeat(asking[own], count[own])
            offset = np.repeat(upto[own] - count[own] - start[own], count[own])
            other = asked[np.arange(len(one)) + (upto[first] - count[first]) - offset]
            self._keep(one, other)
            self.left -= len(one)
            first = after

    def _keep(self, one: Integers, other: Integers) -> None:
        """Keep the best of some pairs of choices."""
        value = self.one.value[one] + self.other.value[other]
        good = np.flatnonzero(value >= self.least)
        for limit, rest in enumerate(self.rest):
            good = good[self.other.use[limit, other[good]] <= rest[one[good]]]
        if len(good):
            best = good[np.argmax(value[good])]
            self.found, self.least = (int(one[best]), int(other[best])), float(value[best]) + 0.5
