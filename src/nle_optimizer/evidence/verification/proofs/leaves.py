"""Trees of multipliers, read: every leaf with the pairs that lie fixed on the way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nle_optimizer.evidence.verification.exact import LARGEST
from nle_optimizer.evidence.verification.proofs.prices import is_whole


class UnsoundTreeError(Exception):
    """A tree that is no proof of anything, and why."""


@dataclass(frozen=True)
class Leaf:
    """One case.

    Attributes:
        matched, unmatched: indices of the pairs that are fixed in and out.
        content: what the certificate says; None where it says that the case is impossible.
    """

    matched: frozenset[int]
    unmatched: frozenset[int]
    content: Mapping[str, Any] | None


def leaves_of(tree: Any, pairs: Mapping[tuple[str, str], int]) -> list[Leaf]:
    """Every leaf of a tree; the cases leave nothing out, as each branch asks about one pair.

    Args:
        tree: as the certificate has it.
        pairs: the index of each candidate pair by NLE and school.

    Raises:
        UnsoundTreeError: it is no such tree.
    """
    leaves: list[Leaf] = []
    waiting: list[tuple[Any, frozenset[int], frozenset[int]]] = [(tree, frozenset(), frozenset())]
    while waiting:
        node, inside, outside = waiting.pop()
        if not isinstance(node, dict):
            raise UnsoundTreeError(f"{node} is neither a leaf nor a branch")
        if "pair" not in node:
            leaves.append(Leaf(inside, outside, None if node == {"void": True} else node))
            continue
        pair = _pair(node["pair"], pairs)
        if pair in inside or pair in outside:
            raise UnsoundTreeError(f"{node['pair']} is fixed twice on one way")
        waiting.append((node.get("unmatched"), inside, outside | {pair}))
        waiting.append((node.get("matched"), inside | {pair}, outside))
    return leaves


def _pair(said: Any, pairs: Mapping[tuple[str, str], int]) -> int:
    key = tuple(said) if isinstance(said, list) else ()
    if len(key) != 2 or not all(isinstance(word, str) for word in key) or key not in pairs:
        raise UnsoundTreeError(f"{said} is no candidate pair")
    return pairs[key]


def whole(content: Mapping[str, Any], key: str, least: int) -> int:
    """A whole number of a leaf.

    Raises:
        UnsoundTreeError: it is none, or too small.
    """
    value: Any = content.get(key)
    if not is_whole(value) or not least <= value < LARGEST:
        raise UnsoundTreeError(f"{key} is {value}, and must be a whole number from {least}")
    return int(value)


def multipliers(said: Any, what: str, position: Mapping[str, int], signed: bool = False) -> list[tuple[int, int]]:
    """Place and amount of each multiplier in a mapping by identifier.

    Raises:
        UnsoundTreeError: an identifier that is not known, or no whole number from 0 up (or of any sign).
    """
    if not isinstance(said, dict):
        raise UnsoundTreeError(f"{what} is no mapping of multipliers")
    for name, amount in said.items():
        if name not in position:
            raise UnsoundTreeError(f"{what}: {name} can have no multiplier")
        if not is_whole(amount) or abs(amount) >= LARGEST or (amount < 0 and not signed):
            raise UnsoundTreeError(f"{what}: {name}: {amount} is no whole number{'' if signed else ' from 0 up'}")
    return [(position[name], amount) for name, amount in said.items()]


def held_multipliers(said: Any, levels: Sequence[bool]) -> list[int]:
    """One multiplier for each earlier level; only a level that is a sum over pairs may have one above 0.

    Raises:
        UnsoundTreeError: they are not so many whole numbers from 0 up.
    """
    if not isinstance(said, list) or len(said) != len(levels):
        raise UnsoundTreeError(f"held is {said}, and must be {len(levels)} multipliers")
    for amount, is_sum in zip(said, levels, strict=True):
        if not is_whole(amount) or not 0 <= amount < LARGEST or (amount and not is_sum):
            raise UnsoundTreeError(f"held: {amount} can be no multiplier of its level")
    return said
