"""A sum over matched pairs and present presences."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.constraints.presences import PresenceBook
from nle_optimizer.model.constraints.tally import Tally
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Sum:
    """Whole amounts of some pairs and presences.

    Attributes:
        pairs, amounts: shape (n,): pairs, ascending, and what each adds.
        presences, presence_amounts: shape (m,): likewise, ascending.
    """

    pairs: Integers
    amounts: Integers
    presences: Integers
    presence_amounts: Integers

    def less(self, share: tuple[int, int], whole: "Sum") -> "Sum":
        """denominator * self - numerator * whole, for a share of (numerator, denominator)."""
        numerator, denominator = share
        return Sum(
            *_difference(denominator, self.pairs, self.amounts, numerator, whole.pairs, whole.amounts),
            *_difference(
                denominator,
                self.presences,
                self.presence_amounts,
                numerator,
                whole.presences,
                whole.presence_amounts,
            ),
        )

    @property
    def size(self) -> float:
        """The sum of all amounts without their signs, about."""
        return sum(float(np.abs(amounts).sum(dtype=np.float64)) for amounts in (self.amounts, self.presence_amounts))


def _difference(
    times: int, these: Integers, amounts: Integers, less: int, those: Integers, others: Integers
) -> tuple[Integers, Integers]:
    at = np.union1d(these, those)
    total = np.zeros(len(at), dtype=np.int64)
    total[np.searchsorted(at, these)] += times * amounts
    total[np.searchsorted(at, those)] -= less * others
    return at[total != 0], total[total != 0]


def sum_of(tally: Tally, pairs: Integers, side: Integers, several: Flags, book: PresenceBook) -> Sum:
    """What a tally counts of some pairs.

    A unit of which at most one pair can be matched counts through its pairs, any other through a presence.

    Args:
        tally: what is counted.
        pairs: shape (n,): the pairs that count, ascending.
        side: shape (pairs,): the unit of every pair.
        several: shape (units,): units of which several pairs can be matched.
        book: takes the presences.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if tally.unit == "pair":
        amounts = np.ones(len(pairs), np.int64) if tally.amounts is None else tally.amounts[pairs]
        return Sum(pairs[amounts != 0], amounts[amounts != 0], nothing, nothing)
    shared = several[side[pairs]]
    plain, rest = pairs[~shared], pairs[shared]
    presences = np.sort(book.of_each(side[rest], rest))
    return Sum(plain, np.ones(len(plain), np.int64), presences, np.ones(len(presences), np.int64))
