"""Deferred acceptance in places: the algorithm alone, on lists of numbers."""

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
        lists: for each proposer the pairs that it proposes, best first; each to another receiver.
        proposer, receiver: of each pair, shape (pairs,).
        place: of each pair in its receiver's order, 0 being the best, shape (pairs,).
        wanted: how many pairs each proposer may have.
        places: how many pairs each receiver may have.
    """

    lists: Sequence[Sequence[int]]
    proposer: Integers
    receiver: Integers
    place: Integers
    wanted: Sequence[int]
    places: Sequence[int]


def deferred(market: Proposals) -> list[int]:
    """The stable matching that every proposer likes best (Gale and Shapley 1962, doi:10.2307/2312726).

    Proposers propose to receiver after receiver; a receiver holds the best so far and turns the others down. Whose
    turn it is does not matter for the result (McVitie and Wilson 1971, doi:10.1145/362619.362631). O(pairs log places).
    """
    receiver, places, size = market.receiver.tolist(), market.places, len(market.receiver) + 1
    keys = (market.place * size + np.arange(len(market.place))).tolist()
    onward = [iter(own) for own in market.lists]
    held: list[list[int]] = [[] for _ in places]
    worst = [FREE if count else 0 for count in places]
    waiting = [whose for whose, most in enumerate(market.wanted) for _ in range(most)]
    while waiting:
        for pair in onward[waiting.pop()]:
            at, key = receiver[pair], keys[pair]
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
                waiting.append(int(market.proposer[dropped]))
            break
    return sorted(-key % size for heap in held for key in heap)
