"""One matching drawn from shares: each pair with exactly its probability, and no side above its number.

Dependent rounding: Gandhi, Khuller, Parthasarathy and Srinivasan (2006), doi:10.1145/1147954.1147956.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from math import lcm
from random import Random

Node = tuple[str, int]


def rounded(shares: Mapping[int, Fraction], recipient: Sequence[int], nle: Sequence[int], lot: Random) -> list[int]:
    """The pairs of one matching, ascending.

    Along a circle or a longest path of pairs that are undecided, shares are moved from every second pair to the others
    until one is decided; which way is drawn so that every share stays what it is on average. Sums at the nodes within
    stay, and those at the ends of a path only round.

    Args:
        shares: of each pair, above 0.
        recipient, nle: the sides of each pair.
        lot: what is drawn from.
    """
    whole = lcm(*(share.denominator for share in shares.values())) if shares else 1
    parts = {pair: int(share * whole) for pair, share in shares.items()}
    ends = {pair: (("recipient", recipient[pair]), ("nle", nle[pair])) for pair in parts}
    undecided: dict[Node, dict[int, None]] = {}
    for pair, part in parts.items():
        for node in ends[pair] if part < whole else ():
            undecided.setdefault(node, {})[pair] = None
    while undecided:
        path = _path(undecided, ends)
        _move(path, parts, whole, lot)
        for pair in path:
            if parts[pair] in (0, whole):
                for node in ends[pair]:
                    del undecided[node][pair]
                    if not undecided[node]:
                        del undecided[node]
    return sorted(pair for pair, part in parts.items() if part == whole)


def _path(undecided: Mapping[Node, Mapping[int, None]], ends: Mapping[int, tuple[Node, Node]]) -> list[int]:
    """The pairs of a circle, or of a path that goes on at neither end, one after the other."""
    start = next(iter(undecided))
    pairs, last = _walk(undecided, ends, start)
    if last is None:
        return pairs
    pairs, _ = _walk(undecided, ends, last)
    return pairs


def _walk(
    undecided: Mapping[Node, Mapping[int, None]], ends: Mapping[int, tuple[Node, Node]], start: Node
) -> tuple[list[int], Node | None]:
    """Walk until a node comes again, and keep the circle; or until nothing goes on: the pairs and the last node."""
    at = {start: 0}
    pairs: list[int] = []
    node = start
    while True:
        onward = next((pair for pair in undecided[node] if not pairs or pair != pairs[-1]), None)
        if onward is None:
            return pairs, node
        pairs.append(onward)
        one, other = ends[onward]
        node = other if node == one else one
        if node in at:
            return pairs[at[node] :], None
        at[node] = len(pairs)


def _move(path: Sequence[int], parts: dict[int, int], whole: int, lot: Random) -> None:
    signs = [sign for _, sign in zip(path, cycle((1, -1)), strict=False)]
    up, down = (
        min(whole - parts[pair] if sign == way else parts[pair] for pair, sign in zip(path, signs, strict=True))
        for way in (1, -1)
    )
    step = up if lot.randrange(up + down) < down else -down
    for pair, sign in zip(path, signs, strict=True):
        parts[pair] += sign * step
