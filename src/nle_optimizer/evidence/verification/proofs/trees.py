"""Trees of leaves, evaluated over the linear relaxation of all pairs.

The candidate pairs as columns of whole numbers: what trees of multipliers are evaluated on.

What a tree of multipliers proves: a Lagrangian bound for every leaf, re-evaluated exactly.

Geoffrion 1974, doi:10.1007/BFb0120690; Fisher 1981, doi:10.1287/mnsc.27.1.1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.constraints import BY_NLE, BY_PAIR, Family
from nle_optimizer.evidence.verification.findings import LARGEST
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.leaves import (
    ClaimedLeaf,
    UnsoundTreeError,
    best_sums,
    held_multipliers,
    leaves_of,
    multipliers,
    whole,
)
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class LinearRow:
    """A row as a sum over pairs, with one limit.

    Attributes:
        amounts: shape (pairs,).
        limit: what the sum is at most (upper) or at least (lower).
    """

    amounts: NDArray[Any]
    limit: int


class LinearRows:
    """The constraints that count nothing but pairs, each as a row for its upper and one for its lower limit."""

    def __init__(self, families: Sequence[Family], pairs: Pairs, supporters: Integers, places: Integers):
        self._families, self._pairs = families, pairs
        self._supporters, self._places = supporters, places
        self._at: dict[str, tuple[int, int]] = {}
        self._codes: list[Integers] = []
        for n, family in enumerate(families):
            self._codes.append(family.codes(pairs))
            self._at |= {family.label(row): (n, row) for row in family.rows()}
        self._known: dict[tuple[str, bool], LinearRow | None] = {}

    def row(self, label: str, upper: bool) -> LinearRow | None:
        """The row that a multiplier above 0 (upper) or below 0 stands for; None where there is none."""
        if label not in self._at:
            return None
        if (label, upper) not in self._known:
            self._known[label, upper] = self._made(*self._at[label], upper)
        return self._known[label, upper]

    def _made(self, n: int, row: int, upper: bool) -> LinearRow | None:
        family = self._families[n]
        inside = self._codes[n] == row
        if not self._counts_pairs(family, inside):
            return None
        limits = family.limits(row)
        limit = limits.upper if upper else limits.lower
        amounts = family.amounts(self._pairs)
        if limit is not None:
            return LinearRow(np.where(inside, amounts, 0), limit)
        share = limits.upper_share if upper else limits.lower_share
        if share is None or not self._counts_pairs(family, np.ones(len(inside), dtype=bool)):
            return None
        return LinearRow(amounts * (inside * share.denominator - share.numerator), limits.excess if upper else 0)

    def _counts_pairs(self, family: Family, inside: NDArray[np.bool_]) -> bool:
        """Whether whatever the row counts once can have one pair only."""
        if family.once == BY_PAIR:
            return True
        if family.once == BY_NLE:
            return bool((self._places[np.asarray(self._pairs.nle)[inside]] <= 1).all())
        return bool((self._supporters[self._pairs.rows[inside]] <= 1).all())


MOST_ENTRIES = 2_000_000
"""Values of pairs that are held at a time, over several leaves."""


@dataclass(frozen=True, eq=False)
class Held:
    """An earlier level: its amounts in the maximising orientation, and the least value that holds it.

    Attributes:
        amounts: shape (pairs,); None where the level is no sum over pairs.
    """

    amounts: NDArray[Any] | None
    least: int


@dataclass(frozen=True, eq=False)
class TreeInstance:
    """What every tree of a claim is evaluated on.

    Attributes:
        pairs: the candidate pairs.
        required: which of them are required.
        fits: which of them fit the whole capacity of their NLE; no other can be matched.
        use: by resource and pair.
        capacity: by resource and NLE.
        supporters: of each recipient.
        resources: names, in order.
        recipients, nles: positions by identifier.
        rows: the constraints.
    """

    pairs: Pairs
    required: Flags
    fits: Flags
    use: Integers
    capacity: Integers
    supporters: Integers
    resources: Sequence[str]
    recipients: Mapping[str, int]
    nles: Mapping[str, int]
    rows: LinearRows

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """The index of each pair by NLE and school."""
        nles, schools = list(self.nles), list(self.recipients)
        both = zip(np.asarray(self.pairs.nle).tolist(), self.pairs.rows.tolist(), strict=True)
        return {(nles[nle], schools[row]): n for n, (nle, row) in enumerate(both)}


@dataclass(frozen=True, eq=False)
class _Case:
    """A leaf with its multipliers as numbers."""

    leaf: ClaimedLeaf
    divisor: int
    knapsack: int
    recipients: list[tuple[int, int]]
    resources: list[tuple[int, list[tuple[int, int]]]]
    rows: list[tuple[LinearRow, int]]
    held: list[int]
    stated: Any


@dataclass(frozen=True, eq=False)
class TreeReading:
    """Evaluates trees for one level.

    Attributes:
        amounts: of the level, in the maximising orientation.
        held: the levels before it.
    """

    ground: TreeInstance
    amounts: NDArray[Any]
    held: Sequence[Held] = field(default=())

    def bound(self, tree: Any) -> int | None:
        """The greatest bound of any leaf; None where every case is impossible.

        Raises:
            UnsoundTreeError: it is no such tree.
        """
        leaves = leaves_of(tree, self.ground.index)
        cases = [self._case(leaf) for leaf in leaves if not self._is_void(leaf)]
        bounds = [bound for part in self._batches(cases) for bound in self._bounds(part)]
        for case, bound in zip(cases, bounds, strict=True):
            if case.stated is not None and bound is not None and not _is_at_least(case.stated, bound):
                raise UnsoundTreeError(f"a leaf is said to prove {case.stated}, and proves {bound}")
        return max((bound for bound in bounds if bound is not None), default=None)

    def _is_void(self, leaf: ClaimedLeaf) -> bool:
        if leaf.content is not None:
            return False
        ground = self.ground
        inside = ground.required.copy()
        inside[list(leaf.matched)] = True
        if inside[list(leaf.unmatched)].any():
            return True
        nles, rows = np.asarray(ground.pairs.nle)[inside], ground.pairs.rows[inside]
        load = np.zeros_like(ground.capacity)
        for line, use in zip(load, ground.use, strict=True):
            np.add.at(line, nles, use[inside])
        count = np.bincount(rows, minlength=len(ground.supporters))
        if (load > ground.capacity).any() or (count > ground.supporters).any():
            return True
        raise UnsoundTreeError("a leaf is said to be impossible, and the pairs fixed in it can all be matched")

    def _case(self, leaf: ClaimedLeaf) -> _Case:
        content, ground = leaf.content or {}, self.ground
        knapsack = content.get("knapsack")
        if knapsack not in ground.resources:
            raise UnsoundTreeError(f"knapsack is {knapsack}, and must be a resource")
        at = {name: n for n, name in enumerate(ground.resources) if name != knapsack}
        resources = content.get("resources")
        if not isinstance(resources, dict) or not set(resources) <= set(at):
            raise UnsoundTreeError(f"resources are {resources}, and must be mappings by resource other than {knapsack}")
        return _Case(
            leaf,
            whole(content, "divisor", 1),
            ground.resources.index(knapsack),
            multipliers(content.get("recipients"), "recipients", ground.recipients),
            [(at[name], multipliers(prices, name, ground.nles)) for name, prices in resources.items()],
            self._rows(content.get("constraints")),
            held_multipliers(content.get("held"), [level.amounts is not None for level in self.held]),
            content.get("bound"),
        )

    def _rows(self, said: Any) -> list[tuple[LinearRow, int]]:
        names = {name: n for n, name in enumerate(said)} if isinstance(said, dict) else {}
        found = []
        for label, (_, amount) in zip(names, multipliers(said, "constraints", names, signed=True), strict=True):
            row = self.ground.rows.row(label, amount > 0) if amount else None
            if amount and row is None:
                raise UnsoundTreeError(f"constraints: {label} has no such limit that could be priced")
            found += [(row, amount)] if row is not None else []
        return found

    def _batches(self, cases: Sequence[_Case]) -> Iterator[Sequence[_Case]]:
        """Cases of one knapsack resource, as many at a time as fit."""
        at_once = max(1, MOST_ENTRIES // max(1, len(self.ground.pairs)))
        start = 0
        while start < len(cases):
            end = start + 1
            while end < min(start + at_once, len(cases)) and cases[end].knapsack == cases[start].knapsack:
                end += 1
            yield cases[start:end]
            start = end

    def _bounds(self, cases: Sequence[_Case]) -> list[int | None]:
        ground, nles = self.ground, np.asarray(self.ground.pairs.nle)
        values = self._values(cases)
        knapsack, count = cases[0].knapsack, ground.capacity.shape[1]
        use, free = ground.use[knapsack], np.ones(values.shape, dtype=bool)
        rooms = np.tile(ground.capacity[knapsack], (len(cases), 1))
        fixed = []
        for n, case in enumerate(cases):
            inside = ground.required.copy()
            inside[list(case.leaf.matched)] = True
            free[n] = ground.fits & ~inside
            free[n, list(case.leaf.unmatched)] = False
            np.subtract.at(rooms[n], nles[inside], use[inside])
            fixed.append(sum(int(value) for value in values[n, inside].tolist()))
        free &= values > 0
        which, pairs = np.nonzero(free)
        best = best_sums(which * count + nles[pairs], use[pairs], values[which, pairs], rooms.ravel())
        sums = best.reshape(len(cases), count)
        return [
            None
            if (rooms[n] < 0).any()
            else self._rounded(case, fixed[n] + sum(int(each) for each in sums[n].tolist()))
            for n, case in enumerate(cases)
        ]

    def _rounded(self, case: _Case, knapsacks: int) -> int:
        """Constant and knapsacks together, as a value that the level can have."""
        ground = self.ground
        total = knapsacks + sum(int(ground.supporters[row]) * price for row, price in case.recipients)
        for resource, prices in case.resources:
            total += sum(int(ground.capacity[resource, nle]) * price for nle, price in prices)
        total += sum(price * row.limit for row, price in case.rows)
        total -= sum(price * level.least for price, level in zip(case.held, self.held, strict=True))
        bound = total // case.divisor
        return bound // self._unit * self._unit if self._unit else min(bound, 0)

    @cached_property
    def _unit(self) -> int:
        """What every value of the level is a multiple of; 0 where nothing can be matched that counts."""
        amounts = self.amounts[self.ground.fits]
        return int(np.gcd.reduce(amounts)) if len(amounts) else 0

    def _values(self, cases: Sequence[_Case]) -> NDArray[Any]:
        """What each pair is worth in its knapsack, by case and pair."""
        ground, pairs = self.ground, self.ground.pairs
        nles = np.asarray(pairs.nle)
        exact = np.int64 if max(map(self._largest, cases)) * max(1, len(pairs)) < LARGEST else object
        values = np.zeros((len(cases), len(pairs)), dtype=exact)
        for n, case in enumerate(cases):
            line = values[n]
            line += self.amounts.astype(exact) * case.divisor
            line -= _spread_out(case.recipients, len(ground.supporters), exact)[pairs.rows]
            for resource, prices in case.resources:
                line -= _spread_out(prices, ground.capacity.shape[1], exact)[nles] * ground.use[resource].astype(exact)
            for row, price in case.rows:
                line -= row.amounts.astype(exact) * price
            for level, price in zip(self.held, case.held, strict=True):
                if price and level.amounts is not None:
                    line += level.amounts.astype(exact) * price
        return values

    def _largest(self, case: _Case) -> int:
        """More than any value of a pair can be."""
        total = case.divisor * _greatest(self.amounts) + max((price for _, price in case.recipients), default=0)
        for resource, prices in case.resources:
            total += max((price for _, price in prices), default=0) * _greatest(self.ground.use[resource])
        total += sum(abs(price) * _greatest(row.amounts) for row, price in case.rows)
        for level, price in zip(self.held, case.held, strict=True):
            total += price * _greatest(level.amounts) if price and level.amounts is not None else 0
        return total


def _greatest(amounts: NDArray[Any]) -> int:
    return max(abs(int(amounts.max(initial=0))), abs(int(amounts.min(initial=0))))


def _spread_out(prices: Sequence[tuple[int, int]], length: int, exact: Any) -> NDArray[Any]:
    result = np.zeros(length, dtype=exact)
    if prices:
        result[[at for at, _ in prices]] = np.array([price for _, price in prices], dtype=exact)
    return result


def _is_at_least(stated: Any, bound: int) -> bool:
    return isinstance(stated, int) and not isinstance(stated, bool) and stated >= bound
