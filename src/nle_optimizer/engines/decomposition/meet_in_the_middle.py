"""Good allocations to few NLEs: near-best choices for each half of the recipients, and any two that fill the limits.

All the choices that some recipients can make between them and forgo little. What each recipient's options forgo at
the prices of the linear relaxation; to stay unmatched is one of them.

Good allocations to few NLEs: near-best choices for each half of the recipients, and any two that fill the limits.

At the prices of the linear relaxation an allocation is worth the bound, less what its recipients forgo, less the
price of what it leaves of the limits. Few choices forgo little: they are listed for either half of the recipients,
and of every two, those that leave next to nothing are found by binary search over what they use.

Horowitz and Sahni (1974), Computing partitions with applications to the knapsack problem, doi:10.1145/321812.321823.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from nle_optimizer.engines.decomposition.case import OPEN, Floats, KnapsackCase
from nle_optimizer.engines.decomposition.patterns import relaxed_prices
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


def options_of(case: KnapsackCase, current: int) -> Options | None:
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


def _limits(case: KnapsackCase, prices: Floats) -> tuple[Integers, Integers, Floats]:
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


MOST = 600_000
"""Choices listed at most."""


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices for some recipients: the first takes everybody's best option, each other replaces one in its parent.

    Attributes:
        best: options of the first.
        parent, option: shape (choices,): the choice it is made from, and the option that it takes instead.
        loss, value: shape (choices,).
        use: shape (limits, choices).
    """

    best: Integers
    parent: Integers
    option: Integers
    loss: Integers
    value: Integers
    use: Integers

    def options(self, choice: int, recipient: Integers) -> list[int]:
        """The options that a choice takes, given the recipient of every option."""
        taken = dict(zip(recipient[self.best].tolist(), self.best.tolist(), strict=True))
        while choice:
            own = int(self.option[choice])
            taken[int(recipient[own])] = own
            choice = int(self.parent[choice])
        return list(taken.values())


def choices_of(options: Options, own: Integers) -> Choices:
    """The choices that forgo least, so many losses deep as keeps them few enough.

    Args:
        own: the options of some recipients, ascending.
    """
    first = np.diff(options.recipient[own], prepend=-1) > 0
    best, others = own[first], own[~first]
    starts = np.flatnonzero(np.diff(options.recipient[others], prepend=-1))
    groups = [group.tolist() for group in np.split(others, starts[1:])]
    most, size = _depth([options.loss[group] for group in groups])
    instead = np.empty(len(options.pair), dtype=np.int64)
    instead[own] = best[np.cumsum(first) - 1]
    parent, option, loss, value = (np.zeros(size, dtype=np.int64) for _ in range(4))
    use = np.zeros((len(options.limit), size), dtype=np.int64)
    value[0], use[:, 0], end = options.value[best].sum(), options.use[:, best].sum(axis=1), 1
    for group in groups:
        known = end
        for other in group:
            made = np.flatnonzero(loss[:known] <= most - options.loss[other])
            new = slice(end, end + len(made))
            parent[new], option[new], loss[new] = made, other, loss[made] + options.loss[other]
            value[new] = value[made] + (options.value[other] - options.value[instead[other]])
            use[:, new] = use[:, made] + (options.use[:, other] - options.use[:, instead[other]])[:, None]
            end = new.stop
    return Choices(best, parent, option, loss, value, use)


def _depth(losses: list[Integers]) -> tuple[int, int]:
    """The greatest loss at which there are at most `MOST` choices, and how many there are; -1 and 1 for none."""
    counts = np.zeros(STEPS + 1)
    counts[0] = 1.0
    for group in losses:
        counts = counts + sum(np.concatenate([np.zeros(loss), counts[: len(counts) - loss]]) for loss in group.tolist())
    upto = np.cumsum(counts)
    most = int(np.searchsorted(upto, MOST, side="right")) - 1
    return most, int(upto[most]) if most >= 0 else 1


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


def meet(case: KnapsackCase, current: int) -> Integers | None:
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
