"""Prices of similar problems, from which a search may begin; what it finds does not depend on them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Flags, Integers, Texts


@dataclass(frozen=True, eq=False)
class Side:
    """Prices of the recipients or of the NLEs of a problem.

    Attributes:
        price: in units of the level's amounts; 0 where it is not known. Of a recipient that stays without an NLE it
            may lie below 0: by how much it misses one.
        known: whether there is a price.
    """

    price: Integers
    known: Flags


class KnownPrices:
    """What recipients and NLEs were worth when a level was last optimised; similar cases share one of these."""

    def __init__(self) -> None:
        self._recipients: dict[str, Mapping[str, int]] = {}
        self._nles: dict[str, Mapping[str, int]] = {}

    def of(self, level: str, recipients: Texts, nles: Texts) -> tuple[Side, Side] | None:
        """The prices of recipients and NLEs by their identifiers; None where the level was not optimised yet."""
        if level not in self._nles:
            return None
        return _side(self._recipients[level], recipients), _side(self._nles[level], nles)

    def keep(self, level: str, recipients: Mapping[str, int], nles: Mapping[str, int]) -> None:
        """Keep the price of each."""
        self._recipients[level], self._nles[level] = recipients, nles


def _side(prices: Mapping[str, int], ids: Texts) -> Side:
    found = [prices.get(identifier) for identifier in ids.tolist()]
    known = np.array([price is not None for price in found], dtype=bool)
    return Side(np.array([price or 0 for price in found], dtype=np.int64), known)
