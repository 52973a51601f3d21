"""A constraint of a scenario with its limits, raised where agreed pairs exceed them.

A constraint of a scenario: what its rows count, and their limits. The limits of a constraint's rows, in the units in
which they count.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np

from nle_optimizer.model.constraints.constraint_types import CONSTRAINTS
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import Tally
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.setting_sections import Constraint


@dataclass(frozen=True)
class Limit:
    """One row's limits.

    Attributes:
        suffix: what the label ends with, where a constraint limits one count by several rows.
        lower, upper: whole limits; None for none, and where `share` says what the count is compared with.
        share: the share of everything matched that the count must reach or may not exceed.
        is_lower: whether the share is a lower limit.
        excess: by how much a share may be exceeded, in count times its denominator: agreed pairs alone do that.
    """

    suffix: str = ""
    lower: int | None = None
    upper: int | None = None
    share: Fraction | None = None
    is_lower: bool = False
    excess: int = 0

    def raised(self, count: int, whole: int) -> "Limit":
        """The limit that agreed pairs alone keep: they stay, and nothing goes beyond them.

        Args:
            count: what the row counts of them.
            whole: what they count in all.
        """
        if self.upper is not None:
            return replace(self, upper=max(self.upper, count))
        if self.share is None or self.is_lower:
            return self
        return replace(self, excess=max(self.share.denominator * count - self.share.numerator * whole, 0))


def limits_of(asked: Constraint, tally: Tally, row: int) -> list[Limit]:
    """The limits of one row: those in numbers together, each share of everything matched apart."""
    of_matched = tally.wholes is None or (asked.share_of != "eligible" and asked.type != "minimum_use")
    shares = [(key, getattr(asked, key)) for key in ("minimum_share", "maximum_share")]
    given = [(key, Fraction(share)) for key, share in shares if share is not None]
    numbers = _in_numbers(asked, tally, [] if of_matched else given, row)
    apart = [Limit(f" {key}", share=share, is_lower=key == "minimum_share") for key, share in given if of_matched]
    limits = [*([numbers] if (numbers.lower, numbers.upper) != (None, None) else []), *apart]
    return limits if len(limits) > 1 else [Limit("", one.lower, one.upper, one.share, one.is_lower) for one in limits]


def _in_numbers(asked: Constraint, tally: Tally, shares: list[tuple[str, Fraction]], row: int) -> Limit:
    """The absolute limits, and shares of a whole that is known beforehand, rounded inward; the narrowest counts."""
    maximum = Decimal(1) if asked.type == "keep_together" and asked.maximum is None else asked.maximum
    lower = [] if asked.minimum is None else [int((asked.minimum * tally.scale).to_integral_value(ROUND_CEILING))]
    upper = [] if maximum is None else [int((maximum * tally.scale).to_integral_value(ROUND_FLOOR))]
    for key, share in shares:
        assert tally.wholes is not None
        whole = share * int(tally.wholes[row])
        if key == "minimum_share":
            lower.append(ceil(whole))
        else:
            upper.append(floor(whole))
    return Limit("", max(lower, default=None), min(upper, default=None))


@dataclass(frozen=True, eq=False)
class Requirement:
    """A constraint with what its rows count, to be stated as rows (`rows.py`) and as counts (`standing.py`).

    Attributes:
        asked: as the scenario states it.
        tally: what its rows count.
        nle, recipient: shapes (pairs,): the two sides of each candidate pair.
        several: shape (recipients,): recipients of whom several pairs may be matched.
        agreed: pairs that are agreed today: no upper limit is below what they count.
    """

    asked: Constraint
    tally: Tally
    nle: Integers
    recipient: Integers
    several: Flags
    agreed: Integers

    @property
    def units(self) -> Integers:
        """The unit that each pair counts as, shape (pairs,)."""
        if self.tally.unit == "pair":
            return np.arange(len(self.nle))
        return self.recipient if self.tally.unit == "recipient" else self.nle

    def limits(self) -> Iterator[tuple[int, str, Limit]]:
        """Every limit: the tally's row that it limits, its label, and itself."""
        row = self.tally.row[self.agreed]
        whole = self._count(self.agreed) if len(self.agreed) else 0
        for n, key in enumerate(self.tally.keys):
            label = f"{self.asked.name}[{key}]" if key else self.asked.name
            own = self.agreed[row == n]
            for limit in limits_of(self.asked, self.tally, n):
                yield n, label + limit.suffix, limit.raised(self._count(own), whole) if len(own) else limit

    def exceeded(self) -> Iterator[tuple[str, Integers]]:
        """The limits that agreed pairs alone exceed, by their label, with those pairs."""
        row = self.tally.row[self.agreed]
        for n, label, limit in self.limits() if len(self.agreed) else ():
            own = self.agreed[row == n]
            bare = next(one for one in limits_of(self.asked, self.tally, n) if one.suffix == limit.suffix)
            if len(own) and (bare.upper, bare.excess) != (limit.upper, limit.excess):
                yield label, own

    def _count(self, pairs: Integers) -> int:
        amounts = self.tally.amounts
        return len(np.unique(self.units[pairs])) if amounts is None else int(amounts[pairs].sum())


def requirement(asked: Constraint, ground: Ground) -> Requirement:
    """A constraint of the scenario, with what its rows count."""
    found = ground.candidates
    agreed = np.zeros(0, np.int64) if found.exempt is None else np.flatnonzero(found.exempt)
    tally = CONSTRAINTS[asked.type].tally(asked, ground)
    return Requirement(asked, tally, found.nle, found.recipient, found.several, agreed)
