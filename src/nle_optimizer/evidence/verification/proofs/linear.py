"""The candidate pairs as columns of whole numbers: what trees of multipliers are evaluated on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.limits.family import BY_NLE, BY_PAIR, Family
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.records import Integers


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
