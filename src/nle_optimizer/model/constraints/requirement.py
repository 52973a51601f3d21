"""A constraint of a scenario: what its rows count, and their limits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.limits import Limit, limits_of
from nle_optimizer.model.constraints.registry import CONSTRAINTS
from nle_optimizer.model.constraints.tally import Tally
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.constraint_setting import Constraint


@dataclass(frozen=True, eq=False)
class Requirement:
    """A constraint with what its rows count, to be stated as rows (`rows.py`) and as counts (`standing.py`).

    Attributes:
        asked: as the scenario states it.
        tally: what its rows count.
        nle, recipient: shapes (pairs,): the two sides of each candidate pair.
        several: shape (recipients,): recipients that may have several NLEs.
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
    several = np.asarray(found.recipients.column("supporters").or_else(1) > 1, dtype=bool)
    agreed = np.zeros(0, np.int64) if found.exempt is None else np.flatnonzero(found.exempt)
    tally = CONSTRAINTS[asked.type].tally(asked, ground)
    return Requirement(asked, tally, found.nle, found.recipient, several, agreed)
