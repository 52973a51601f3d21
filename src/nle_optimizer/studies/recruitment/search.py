"""The best choice of so many recruits: one after the other, then branching while a bound leaves something open.

One after the other is at least 1 - 1/e of the best gain where gains are submodular (Nemhauser, Wolsey and Fisher 1978,
doi:10.1007/BF01588971). Branching takes recruits in a fixed order; what a choice can still gain is bounded by the
greatest gains of those left (submodular), so that what is not looked at is worth no more than the bound told.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import combinations
from math import comb

from nle_optimizer.studies.recruitment.market import Choice, Market


@dataclass(frozen=True, eq=False)
class Found:
    """The best choice found.

    Attributes:
        order: the chosen in the order in which they add most.
        bound: no choice of so many is worth more on the first level.
        searches: how many choices were worked out.
    """

    order: tuple[int, ...]
    bound: int
    searches: int

    @property
    def choice(self) -> Choice:
        """The chosen, ascending."""
        return tuple(sorted(self.order))


def best_choice(market: Market, count: int, most_searches: int, tell: Callable[[str], None]) -> Found:
    """The best choice of so many recruits.

    Args:
        market: what choices are worth.
        count: how many, from 1 up to those there are.
        most_searches: how many choices may be worked out beyond those of the greedy one.
        tell: told of each choice.
    """
    order = _greedy(market, count, dict.fromkeys(range(len(market.recruits)), market.repeats), tell)
    if market.is_submodular:
        choice, bound = _branched(market, count, tuple(sorted(order)), most_searches, tell)
    else:
        choice, bound = _compared(market, count, tuple(sorted(order)), most_searches, tell)
    if choice != tuple(sorted(order)):
        order = _greedy(market, count, Counter(choice), lambda _: None)
    return Found(order, bound, len(market.known))


def _greedy(market: Market, count: int, most: Mapping[int, int], tell: Callable[[str], None]) -> tuple[int, ...]:
    """Take the recruit that adds most, again and again, each at most so often; the lowest number among equals."""
    chosen: list[int] = []
    for n in range(count):
        tell(f"recruit {n + 1} of {count}")
        now = tuple(sorted(chosen))
        chosen.append(_best_next(market, now, [n for n, times in most.items() if now.count(n) < times]))
    return tuple(chosen)


def _best_next(market: Market, chosen: Choice, left: list[int]) -> int:
    """Whoever adds most on the levels in order; where gains are bounded, only those are tried that could."""
    now = market.worth(chosen)
    if now.at_most is not None:
        left.sort(key=lambda n: (-now.at_most[n], n))  # type: ignore[index]
    best, values = left[0], market.worth(_with(chosen, left[0])).values
    for n in left[1:]:
        if now.at_most is not None and now.values[0] + now.at_most[n] < values[0]:
            break
        others = market.worth(_with(chosen, n)).values
        if (others, -n) > (values, -best):
            best, values = n, others
    return best


def _with(chosen: Choice, one: int) -> Choice:
    return tuple(sorted((*chosen, one)))


def _branched(
    market: Market, count: int, best: Choice, most_searches: int, tell: Callable[[str], None]
) -> tuple[Choice, int]:
    """Branch over who is added next in order, the greatest bound first."""
    values = market.worth(best).values
    limit = len(market.known) + most_searches
    waiting: list[tuple[int, Choice]] = [(-_reach(market, (), count), ())]
    while waiting and -waiting[0][0] > values[0] and len(market.known) < limit:
        _, chosen = heappop(waiting)
        tell(f"choices still open: {len(waiting) + 1}")
        for n in range(_next(market, chosen), len(market.recruits)):
            if _gain_bound(market, chosen, n, count) <= values[0]:
                continue
            longer = (*chosen, n)
            if len(longer) == count:
                others = market.worth(longer).values
                if others > values:
                    best, values = longer, others
            elif (reach := _reach(market, longer, count)) > values[0]:
                heappush(waiting, (-reach, longer))
    return best, max(values[0], -waiting[0][0] if waiting else values[0])


def _gain_bound(market: Market, chosen: Choice, n: int, count: int) -> int:
    """At most so much a choice is worth that adds `n` next and later ones after it."""
    now = market.worth(chosen)
    assert now.at_most is not None
    return (
        now.values[0]
        + now.at_most[n]
        + _most(market, now.at_most, _next(market, (*chosen, n)), count - len(chosen) - 1)
    )


def _reach(market: Market, chosen: Choice, count: int) -> int:
    """At most so much a choice is worth that begins with those chosen."""
    now = market.worth(chosen)
    assert now.at_most is not None
    return now.values[0] + _most(market, now.at_most, _next(market, chosen), count - len(chosen))


def _next(market: Market, chosen: Choice) -> int:
    """The first recruit that may be added to a choice in order."""
    if not chosen:
        return 0
    return chosen[-1] if chosen.count(chosen[-1]) < market.repeats else chosen[-1] + 1


def _most(market: Market, gains: Sequence[int], first: int, count: int) -> int:
    """At most so much is gained by so many more from one up; hopeless where they are too few."""
    left = gains[first:]
    if count == 0:
        return 0
    if len(left) * market.repeats < count:
        return -(2**62)
    return count * max(left) if market.repeats > 1 else sum(sorted(left, reverse=True)[:count])


def _compared(
    market: Market, count: int, best: Choice, most_searches: int, tell: Callable[[str], None]
) -> tuple[Choice, int]:
    """Compare every choice where they are few; elsewhere all recruits at once bound what some of them can add."""
    every = range(len(market.recruits))
    if comb(len(every), count) > most_searches:
        return best, market.worth(tuple(every)).bound
    values, bound = market.worth(best).values, market.worth(best).bound
    for n, choice in enumerate(combinations(every, count), start=1):
        tell(f"choice {n} of {comb(len(every), count)}")
        found = market.worth(choice)
        bound = max(bound, found.bound)
        if found.values > values:
            best, values = choice, found.values
    return best, bound
