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
    """

    asked: Constraint
    tally: Tally
    nle: Integers
    recipient: Integers
    several: Flags

    @property
    def units(self) -> Integers:
        """The unit that each pair counts as, shape (pairs,)."""
        if self.tally.unit == "pair":
            return np.arange(len(self.nle))
        return self.recipient if self.tally.unit == "recipient" else self.nle

    def limits(self) -> Iterator[tuple[int, str, Limit]]:
        """Every limit: the tally's row that it limits, its label, and itself."""
        for n, key in enumerate(self.tally.keys):
            label = f"{self.asked.name}[{key}]" if key else self.asked.name
            for limit in limits_of(self.asked, self.tally, n):
                yield n, label + limit.suffix, limit


def requirement(asked: Constraint, ground: Ground) -> Requirement:
    """A constraint of the scenario, with what its rows count."""
    found = ground.candidates
    several = np.asarray(found.recipients.column("supporters").or_else(1) > 1, dtype=bool)
    return Requirement(asked, CONSTRAINTS[asked.type].tally(asked, ground), found.nle, found.recipient, several)
