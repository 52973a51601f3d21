"""Constraints that have a price: what they take off each pair, and whether their prices are sound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.limits.family import BY_NLE, BY_PAIR, BY_SCHOOL, Family, Limits
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.prices import FILE, Prices, leading
from nle_optimizer.records import Integers


@dataclass(frozen=True, eq=False)
class StandingRow:
    """A priced row: its prices by step, and its limits in pairs."""

    label: str
    prices: Sequence[int]
    count: int
    lower: int | None
    upper: int | None

    def limit(self, sign: int) -> int | None:
        """The limit that a price of this sign stands for."""
        return self.upper if sign > 0 else self.lower


@dataclass(eq=False)
class PricedRows:
    """The constraints of which any row has a price in any step."""

    families: Sequence[Family]
    prices: Prices
    supporters: Integers
    _amounts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    _nles: set[int] = field(default_factory=set)
    _schools: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.labels = sorted({label for prices in self.prices.rows for label in prices})
        names = {label.partition("[")[0] for label in self.labels}
        self.families = [family for family in self.families if family.constraint.name in names]

    def look_at(self, pairs: Pairs) -> list[Integers]:
        """The row of each candidate pair, by family; -1 for none."""
        return [self._look_at(n, family, pairs) for n, family in enumerate(self.families)]

    def _look_at(self, n: int, family: Family, pairs: Pairs) -> Integers:
        codes, amounts = family.codes(pairs), family.amounts(pairs)
        if family.once != BY_PAIR:
            inside = codes >= 0
            self._nles.update(np.unique(np.asarray(pairs.nle)[inside]).tolist() if family.once == BY_NLE else ())
            self._schools.update(np.unique(pairs.rows[inside]).tolist() if family.once == BY_SCHOOL else ())
            return codes
        codes = np.where(amounts == 0, -1, codes)
        for code in np.unique(codes[codes >= 0]).tolist():
            here = amounts[codes == code]
            least, most = self._amounts.get((n, code), (int(here[0]), int(here[0])))
            self._amounts[n, code] = min(least, int(here.min())), max(most, int(here.max()))
        return codes

    def subtract(self, less: NDArray[Any], codes: Sequence[Integers], step: int, left: Integers | None) -> NDArray[Any]:
        """Take the prices of the rows off each pair's amount."""
        prices = self.prices.rows[step]
        for family, of_pairs in zip(self.families if prices else (), codes, strict=False):
            by_code = np.array(
                [*(prices.get(label, 0) for label in map(family.label, range(len(family.labels)))), 0], dtype=np.int64
            )
            less = less - by_code[of_pairs if left is None else of_pairs[left]]
        return less

    def standing(self, matched: Pairs, places: Integers, findings: Findings) -> list[StandingRow]:
        """Every priced row as it stands, in pairs; those that no price could be of are noted."""
        found = dict(self._standing(matched, places))
        for label in self.labels:
            if label not in found:
                findings.add(
                    FILE, f"{FILE}: constraints: {label} is priced, and it is no row that prices can stand for"
                )
        return list(found.values())

    def _standing(self, matched: Pairs, places: Integers) -> Iterator[tuple[str, StandingRow]]:
        for n, family in enumerate(self.families):
            counts = family.counts(matched)
            for row in family.rows():
                label, limits = family.label(row), family.limits(row)
                least, most = self._amounts.get((n, row), (1, 1))
                if label not in self.labels or least != most or not self._counts_pairs(family, places):
                    continue
                lower, upper = _in_pairs(limits, most)
                if lower is None and upper is None:
                    continue
                prices = [each.get(label, 0) for each in self.prices.rows]
                yield label, StandingRow(label, prices, counts[row] // most, lower, upper)

    def _counts_pairs(self, family: Family, places: Integers) -> bool:
        """Whether what the rows count once can be made up of one pair only."""
        if family.once == BY_NLE:
            return bool((places[sorted(self._nles)] <= 1).all())
        return family.once == BY_PAIR or bool((self.supporters[sorted(self._schools)] <= 1).all())


def _in_pairs(limits: Limits, amount: int) -> tuple[int | None, int | None]:
    lower = None if limits.lower is None else -(-limits.lower // amount)
    return lower, None if limits.upper is None else limits.upper // amount


def check_row_signs(rows: Sequence[StandingRow], held: Sequence[int], findings: Findings) -> None:
    """Note prices that do not go with where a row stands between its limits."""
    for row in rows:
        prices = [row.prices[n] for n in held]
        sign = leading(prices)
        if sign and row.count != row.limit(sign):
            side = "upper" if sign > 0 else "lower"
            what = f"the prices {prices} need it at its {side} limit {row.limit(sign)}, and it stands at {row.count}"
            findings.add(f"{FILE}: constraints", f"{FILE}: constraint {row.label}: {what} (in pairs)")
