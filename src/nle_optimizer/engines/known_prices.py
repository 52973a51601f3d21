"""Prices of similar problems, from which a search may begin; what it finds does not depend on them."""

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
        self._of_level: dict[str, tuple[_Priced, _Priced]] = {}

    def of(self, level: str, recipients: Texts, nles: Texts) -> tuple[Side, Side] | None:
        """The prices of recipients and NLEs by their identifiers; None where the level was not optimised yet."""
        if level not in self._of_level:
            return None
        of_recipient, of_nle = self._of_level[level]
        return of_recipient.among(recipients), of_nle.among(nles)

    def keep(self, level: str, recipients: Texts, of_recipient: Integers, nles: Texts, of_nle: Integers) -> None:
        """Keep the price of each."""
        self._of_level[level] = _Priced(recipients, of_recipient), _Priced(nles, of_nle)


@dataclass(frozen=True, eq=False)
class _Priced:
    ids: Texts
    price: Integers

    def among(self, ids: Texts) -> Side:
        if ids is self.ids:
            return Side(self.price, np.ones(len(ids), dtype=bool))
        prices = dict(zip(self.ids.tolist(), self.price.tolist(), strict=True))
        found = [prices.get(identifier) for identifier in ids.tolist()]
        known = np.array([price is not None for price in found], dtype=bool)
        return Side(np.array([price or 0 for price in found], dtype=np.int64), known)
