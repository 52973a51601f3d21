"""Deferred acceptance in places: the algorithm alone, on numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

import numpy as np

from nle_optimizer.records import Integers

FREE = 2**62
"""The worst that a receiver holds while it has room: it takes anybody."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Two sides, as deferred acceptance sees them.

    Attributes:
        pairs: what is proposed, proposer by proposer, best first; each of a proposer's to another receiver.
        ends: shape (proposers + 1,): where each proposer's begin in `pairs`.
        receiver: of each pair, shape (all pairs,).
        place: of each pair in its receiver's order, 0 being the best, shape (all pairs,).
        wanted: how many pairs each proposer may have.
        places: how many pairs each receiver may have.
    """

    pairs: Integers
    ends: Integers
    receiver: Integers
    place: Integers
    wanted: Sequence[int]
    places: Sequence[int]


def deferred(market: Proposals) -> Integers:
    """The stable matching that every proposer likes best, ascending (Gale and Shapley 1962, doi:10.2307/2312726).

    Proposers propose to receiver after receiver; a receiver holds the best so far and turns the others down. Whose
    turn it is does not matter for the result (McVitie and Wilson 1971, doi:10.1145/362619.362631). O(pairs log places).
    """
    places, size = market.places, len(market.pairs) + 1
    receiver = market.receiver[market.pairs].tolist()
    keys = (market.place[market.pairs] * size + np.arange(size - 1)).tolist()  # the place, then which proposal it is
    following, ends = market.ends[:-1].tolist(), market.ends[1:].tolist()
    proposer = np.repeat(np.arange(len(ends)), np.diff(market.ends))
    held: list[list[int]] = [[] for _ in places]
    worst = [FREE if count else 0 for count in places]
    waiting = [whose for whose, most in enumerate(market.wanted) for _ in range(most)]
    while waiting:
        whose = waiting.pop()
        for proposal in range(following[whose], ends[whose]):
            at, key = receiver[proposal], keys[proposal]
            if key >= worst[at]:
                continue
            heap = held[at]
            if worst[at] == FREE:
                heappush(heap, -key)
                if len(heap) == places[at]:
                    worst[at] = -heap[0]
            else:
                dropped = -heapreplace(heap, -key) % size
                worst[at] = -heap[0]
                waiting.append(int(proposer[dropped]))
            following[whose] = proposal + 1
            break
        else:
            following[whose] = ends[whose]
    kept = np.array([-key % size for heap in held for key in heap], dtype=np.int64)
    return np.sort(market.pairs[kept])
