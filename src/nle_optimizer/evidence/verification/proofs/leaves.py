"""Leaves of a proof, and the knapsacks that bound them.

Trees of multipliers, read: every leaf with the pairs that lie fixed on the way to it. Many knapsack problems at once,
exactly: the greatest sum of whole values within whole capacities. What no knapsack holds together, though fractions do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import LARGEST, Floats
from nle_optimizer.evidence.verification.proofs.prices import is_whole
from nle_optimizer.records import Flags, Integers


class UnsoundTreeError(Exception):
    """A tree that is no proof of anything, and why."""


@dataclass(frozen=True)
class ClaimedLeaf:
    """One case.

    Attributes:
        matched, unmatched: indices of the pairs that are fixed in and out.
        content: what the certificate says; None where it says that the case is impossible.
    """

    matched: frozenset[int]
    unmatched: frozenset[int]
    content: Mapping[str, Any] | None


def leaves_of(tree: Any, pairs: Mapping[tuple[str, str], int]) -> list[ClaimedLeaf]:
    """Every leaf of a tree; the cases leave nothing out, as each branch asks about one pair.

    Args:
        tree: as the certificate has it.
        pairs: the index of each candidate pair by NLE and school.

    Raises:
        UnsoundTreeError: it is no such tree.
    """
    leaves: list[ClaimedLeaf] = []
    waiting: list[tuple[Any, frozenset[int], frozenset[int]]] = [(tree, frozenset(), frozenset())]
    while waiting:
        node, inside, outside = waiting.pop()
        if not isinstance(node, dict):
            raise UnsoundTreeError(f"{node} is neither a leaf nor a branch")
        if "pair" not in node:
            leaves.append(ClaimedLeaf(inside, outside, None if node == {"void": True} else node))
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


MOST_CELLS = 300_000
"""Entries of the table of partial sums that is kept at a time: few, to stay in a processor's own memory."""
MOST_STEPS = 20_000
"""Steps of capacity beyond which one knapsack is solved by its undominated sums instead."""

Values = NDArray[Any]
"""Whole numbers, of 64 bits or of any size."""


def best_sums(owner: Integers, weights: Integers, values: Values, rooms: Integers) -> Values:
    """For each knapsack the greatest sum of values of items of it that fit, 0 for none of them.

    Args:
        owner: the knapsack of each item.
        weights: of the items, from 0 up.
        values: of the items, of any sign; Python integers where sums might not fit 64 bits.
        rooms: the capacity of each knapsack; below 0 is as 0.
    """
    rooms = np.maximum(rooms, 0)
    useful = np.flatnonzero((values > 0) & (weights <= rooms[owner]))
    useful = useful[np.argsort(owner[useful], kind="stable")]
    owner, weights, values = owner[useful], weights[useful], values[useful]
    result: Values = np.zeros(len(rooms), dtype=values.dtype)
    load = np.zeros(len(rooms), dtype=np.int64)
    np.add.at(load, owner, weights)
    easy = load <= rooms
    np.add.at(result, owner[easy[owner]], values[easy[owner]])
    hard = np.flatnonzero(~easy)
    if not len(hard):
        return result
    tight = ~easy[owner]
    owner, weights, values = owner[tight], weights[tight], values[tight]
    unit = int(np.gcd.reduce(weights))
    weights, steps = weights // unit, rooms // unit
    small = hard[steps[hard] <= MOST_STEPS]
    for part in _parts(small, steps):
        inside = slice(*np.searchsorted(owner, [part[0], part[-1] + 1]))
        local = np.searchsorted(part, owner[inside])
        mine = part[np.minimum(local, len(part) - 1)] == owner[inside]
        result[part] = _by_table(local[mine], weights[inside][mine], values[inside][mine], steps[part])
    for one in hard[steps[hard] > MOST_STEPS].tolist():
        inside = slice(*np.searchsorted(owner, [one, one + 1]))
        result[one] = _by_sums(weights[inside].tolist(), [int(value) for value in values[inside]], int(steps[one]))
    return result


def _parts(knapsacks: Integers, steps: Integers) -> Iterator[Integers]:
    """Knapsacks in ascending order, as many at a time as the table may hold."""
    if not len(knapsacks):
        return
    at_once = max(1, MOST_CELLS // (int(steps[knapsacks].max()) + 1))
    for start in range(0, len(knapsacks), at_once):
        yield knapsacks[start : start + at_once]


def _by_table(owner: Integers, weights: Integers, values: Values, rooms: Integers) -> Values:
    """Dynamic programming over capacity, all knapsacks together (Bellman 1957)."""
    best: Values = np.zeros((len(rooms), int(rooms.max()) + 1), dtype=values.dtype)
    for rows, weight, gains in _rounds(owner, weights, values, rooms):
        if weight == 0:
            best[rows] += gains[:, None]
            continue
        before = best[rows]
        before[:, weight:] = np.maximum(before[:, weight:], before[:, :-weight] + gains[:, None])
        best[rows] = before
    return np.asarray(best[np.arange(len(rooms)), rooms])


def _rounds(
    owner: Integers, weights: Integers, values: Values, rooms: Integers
) -> Iterator[tuple[Integers, int, Values]]:
    """Items in rounds of one weight and at most one item a knapsack, without those that are never among the best."""
    order = np.lexsort((-values, owner, weights)) if values.dtype != object else _sorted(owner, weights, values)
    owner, weights, values = owner[order], weights[order], values[order]
    starts = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(weights, prepend=-1))
    rank = np.arange(len(owner)) - np.repeat(starts, np.diff(starts, append=len(owner)))
    within = (rank + 1) * weights <= rooms[owner]
    owner, weights, values, rank = owner[within], weights[within], values[within], rank[within]
    order = np.lexsort((owner, rank, weights))
    owner, weights, values, rank = owner[order], weights[order], values[order], rank[order]
    cuts = np.flatnonzero(np.diff(weights) | np.diff(rank)) + 1
    for part in np.split(np.arange(len(owner)), cuts):
        if len(part):
            yield owner[part], int(weights[part[0]]), values[part]


def _sorted(owner: Integers, weights: Integers, values: Values) -> Integers:
    keys = list(zip(weights.tolist(), owner.tolist(), (-values).tolist(), strict=True))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _by_sums(weights: list[int], values: list[int], room: int) -> int:
    """All sums that no other beats in weight and value, item by item (Nemhauser and Ullmann 1969)."""
    free = sum(value for weight, value in zip(weights, values, strict=True) if weight == 0)
    items = [item for item in zip(weights, values, strict=True) if item[0]]
    items.sort(key=lambda item: Fraction(-item[1], item[0]))
    floor = _greedy(items, room)
    sums = [(0, 0)]
    for n, (weight, value) in enumerate(items):
        more = [(load + weight, total + value) for load, total in sums if load + weight <= room]
        merged = sorted([*sums, *more], key=lambda entry: (entry[0], -entry[1]))
        sums, best = [], -1
        for load, total in merged:
            if total > best:
                best = total
                if total + _could_add(items, n + 1, room - load) >= floor:
                    sums.append((load, total))
    return free + max(total for _, total in sums)


def _greedy(items: list[tuple[int, int]], room: int) -> int:
    total = 0
    for weight, value in items:
        if weight <= room:
            room, total = room - weight, total + value
    return total


def _could_add(items: list[tuple[int, int]], start: int, room: int) -> int:
    """At most what the items from one on add, if the last could be cut (Dantzig 1957)."""
    total = 0
    for weight, value in items[start:]:
        if weight > room:
            return total + -(-value * room // weight)
        room, total = room - weight, total + value
    return total


def covers_of(
    rows: Integers, limits: Integers, values: Floats, lower: Integers, upper: Integers, group: Integers
) -> list[tuple[Integers, int]]:
    """Variables of which not so many can be 1 as the values have it, by one row each, and how many can.

    Balas 1975, doi:10.1007/BF01580440.

    Args:
        rows, limits: sums that are at most a limit.
        values: of the variables, with fractions.
        lower, upper: of each variable.
        group: of each variable; of one group one can be 1 at most.
    """
    found = []
    for row, limit in zip(rows, limits.tolist(), strict=True):
        at = np.flatnonzero(row)
        if not len(at) or (row[at] < 0).any() or (row[at] == row[at[0]]).all():
            continue
        free = at[(lower[at] == 0) & (upper[at] == 1)]
        cover = _cover_of(row[free], limit - int(row[at] @ lower[at]), values[free], group[free])
        found += [] if cover is None else [(free[cover[0]], cover[1])]
    return found


def _cover_of(weights: Integers, room: int, values: Floats, group: Integers) -> tuple[Flags, int] | None:
    """The members of a cover and all that are as heavy: of them fewer than the cover has parts can be 1.

    Of each group one can be 1 at most; it is a part, and weighs what its lightest member does.
    """
    _, part = np.unique(group, return_inverse=True)
    weight, value = np.full(part.max(initial=-1) + 1, LARGEST), np.zeros(part.max(initial=-1) + 1)
    np.minimum.at(weight, part, weights)
    np.add.at(value, part, values)
    order = np.lexsort((-weight, -value))
    over = np.flatnonzero(np.cumsum(weight[order]) > room)
    if not len(over):
        return None
    cover = order[: over[0] + 1]
    for one in cover[np.argsort(value[cover], kind="stable")].tolist():
        rest = cover[cover != one]
        if int(weight[rest].sum()) > room:
            cover = rest
    members = weight >= weight[cover].max()
    members[cover] = True
    return (members[part], len(cover) - 1) if value[members].sum() > len(cover) - 1 + 1e-4 else None


def groups_of(rows: Integers, limits: Integers) -> Integers:
    """For each variable the first row by which one of several can be 1 at most; else a number of its own."""
    group = len(rows) + np.arange(rows.shape[1])
    for n in np.flatnonzero((limits == 1) & (rows >= 0).all(axis=1) & (rows.max(axis=1, initial=0) == 1))[::-1]:
        group[rows[n] == 1] = n
    return group
