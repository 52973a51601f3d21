"""Deferred acceptance in places: the algorithm alone, on lists of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace


@dataclass(frozen=True, eq=False)
class Proposals:
    """Two sides, as deferred acceptance sees them.

    Attributes:
        lists: for each proposer the pairs that it proposes, best first; each to another receiver.
        proposer, receiver: of each pair.
        place: of each pair in its receiver's order, 0 being the best.
        wanted: how many pairs each proposer may have.
        places: how many pairs each receiver may have.
    """

    lists: Sequence[Sequence[int]]
    proposer: Sequence[int]
    receiver: Sequence[int]
    place: Sequence[int]
    wanted: Sequence[int]
    places: Sequence[int]


def deferred(market: Proposals) -> list[int]:
    """The stable matching that every proposer likes best (Gale and Shapley 1962, doi:10.2307/2312726).

    Proposers propose to receiver after receiver; a receiver holds the best so far and turns the others down. Whose
    turn it is does not matter for the result (McVitie and Wilson 1971, doi:10.1145/362619.362631). O(pairs log places).
    """
    lists, receiver, place, places = market.lists, market.receiver, market.place, market.places
    wanted, reached = list(market.wanted), [0] * len(market.lists)
    held: list[list[tuple[int, int]]] = [[] for _ in places]
    waiting = [proposer for proposer, most in enumerate(wanted) if most > 0]
    while waiting:
        proposer = waiting.pop()
        own, at, wants = lists[proposer], reached[proposer], wanted[proposer]
        while wants and at < len(own):
            pair = own[at]
            at += 1
            heap = held[receiver[pair]]
            entry = (-place[pair], pair)
            if len(heap) < places[receiver[pair]]:
                heappush(heap, entry)
                wants -= 1
            elif heap and entry > heap[0]:
                _, dropped = heapreplace(heap, entry)
                wants -= 1
                loser = market.proposer[dropped]
                wanted[loser] += 1
                waiting.append(loser)
        reached[proposer], wanted[proposer] = at, wants
    return sorted(pair for heap in held for _, pair in heap)
