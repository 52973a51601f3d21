"""Prices that a certificate names, and the pairs that those who judge it are shown.

The certificate: prices that prove that no allocation is better, level by level. Candidate pairs, as those who judge a
certificate are shown them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import LARGEST, Findings
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.records import Flags, Integers

FILE = "certificate.json"
UNMATCHED, FREE, MATCHED = 1, 0, -1
"""What the sign of a pair's amount less its prices is multiplied by, so that above 0 is a fault."""


@dataclass(frozen=True, eq=False)
class ClaimedPrices:
    """Prices in the maximising orientation.

    Attributes:
        takers: shape (levels, recipients).
        givers: shape (levels, NLEs or trusts).
        rows: by level, the prices of constraints by label.
        levels: the levels as the certificate has them.
    """

    takers: Integers
    givers: Integers
    rows: Sequence[Mapping[str, int]]
    levels: Sequence[Mapping[str, Any]]


def read_prices(
    levels: Any, takers: Mapping[str, int], givers: Mapping[str, int], givers_key: str, findings: Findings
) -> ClaimedPrices | None:
    """The prices of a certificate as arrays; None, with the reason noted, where they are no such thing."""
    if not isinstance(levels, list) or not all(isinstance(level, dict) for level in levels):
        findings.add(FILE, f"{FILE}: levels is not a list of levels")
        return None
    before = len(findings.sentences())
    of_takers = [_array(level, n, "recipients", takers, findings) for n, level in enumerate(levels, start=1)]
    of_givers = [_array(level, n, givers_key, givers, findings) for n, level in enumerate(levels, start=1)]
    of_rows = [_row_prices(level.get("constraints", {}), n, findings) for n, level in enumerate(levels, start=1)]
    if len(findings.sentences()) > before or not levels:
        return None
    return ClaimedPrices(np.stack(of_takers), np.stack(of_givers), of_rows, levels)


def _row_prices(prices: Any, n: int, findings: Findings) -> Mapping[str, int]:
    if isinstance(prices, dict) and all(is_whole(price) and abs(price) < LARGEST // 4 for price in prices.values()):
        return prices
    findings.add(FILE, f"{FILE}: level {n}: constraints is not a mapping of prices")
    return {}


def _array(level: Mapping[str, Any], n: int, key: str, position: Mapping[str, int], findings: Findings) -> Integers:
    result = np.zeros(len(position), dtype=np.int64)
    prices = level.get(key)
    if not isinstance(prices, dict):
        findings.add(FILE, f"{FILE}: level {n}: {key} is not a mapping of prices")
        return result
    for identifier, price in prices.items():
        if identifier not in position:
            findings.add(FILE, f"{FILE}: level {n}: {key}: {identifier} is priced and cannot be matched")
        elif not is_whole(price) or abs(price) >= LARGEST // 4:
            findings.add(FILE, f"{FILE}: level {n}: {key}: {identifier}: the price {price} is no whole number")
        else:
            result[position[identifier]] = price
    return result


def is_whole(value: Any) -> bool:
    """Whether a value of a JSON document is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def faults(
    difference: Callable[[int, Integers | None], NDArray[Any]], signs: Integers, depth: int
) -> tuple[Integers, Integers]:
    """The pairs whose tuple of amount less prices has the wrong sign, and those for whom it is 0.

    Args:
        difference: the amounts less prices of a level, for all pairs (None) or those at some indices.
        signs: UNMATCHED, FREE or MATCHED for each pair.
        depth: the number of levels.
    """
    wrong: list[Integers] = []
    left: Integers | None = None
    tied = np.arange(len(signs))
    for level in range(depth):
        turned = difference(level, left) * (signs if left is None else signs[left])
        bad, even = np.flatnonzero(turned > 0), np.flatnonzero(turned == 0)
        wrong.append(bad if left is None else left[bad])
        left = tied = even if left is None else left[even]
        if not len(left):
            break
    return np.concatenate(wrong), tied


def leading(tuple_: Sequence[int]) -> int:
    """The first of some numbers that is not 0, which decides whether a tuple is above 0 or below; else 0."""
    return next((value for value in tuple_ if value), 0)


def check_signs(prices: Integers, has_room: Flags, names: Sequence[str], what: str, findings: Findings) -> None:
    """Note prices whose tuple is below 0, or is not 0 although there is room."""
    some = np.flatnonzero(prices.any(axis=0))
    for at in some.tolist():
        price = prices[:, at].tolist()
        if has_room[at]:
            findings.add(
                f"{FILE}: room",
                f"{FILE}: {what} {names[at]} has room left, and its prices are {price}, not 0",
            )
        elif leading(price) < 0:
            findings.add(f"{FILE}: below 0", f"{FILE}: {what} {names[at]}: the prices {price} are below 0")


@dataclass(frozen=True, eq=False)
class Shown:
    """Candidate pairs.

    Attributes:
        signs: MATCHED, UNMATCHED, or FREE for one that is required.
        matched: whether each is.
        fits: whether the NLE, had it nobody else, could take the recipient.
    """

    pairs: Pairs
    signs: Integers
    matched: Flags
    fits: Flags

    def fitting(self) -> "Shown":
        """Those that fit."""
        if self.fits.all():
            return self
        at = self.fits
        return Shown(self.pairs.keep(at), self.signs[at], self.matched[at], at[at])


def signs_of(matched: Flags, required: Integers) -> Integers:
    """What each pair's tuple must not be: of matched ones, of those at the places `required`, of others."""
    signs = np.where(matched, MATCHED, UNMATCHED)
    signs[required] = FREE
    return signs
