"""An allocation as the metrics see it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.preferences import Preferences, preferences_of
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Measured:
    """The matched pairs of a case.

    Attributes:
        case: the case.
        matched: indices of the matched pairs, ascending.
        preferences: who prefers whom; worked out once for all allocations of a case.
    """

    case: Case
    matched: Integers
    preferences: Preferences

    @cached_property
    def count(self) -> Integers:
        """How many NLEs each recipient has."""
        return self.per_recipient(np.ones(len(self.matched), dtype=np.int64))

    @property
    def served(self) -> Flags:
        """Which recipients have at least one NLE."""
        return np.asarray(self.count > 0, dtype=bool)

    @cached_property
    def fit(self) -> Integers:
        """The fit of each recipient in millionths, summed over its NLEs; 0 where it has none."""
        return self.per_recipient(self.case.candidates.fit[self.matched])

    def per_recipient(self, amounts: Integers) -> Integers:
        """Amounts of the matched pairs summed by recipient."""
        total = np.zeros(len(self.case.recipients), dtype=np.int64)
        np.add.at(total, self.case.candidates.recipient[self.matched], amounts)
        return total


def preferences_in(case: Case) -> Preferences:
    """Who prefers whom in a case."""
    return preferences_of(case.problem, case.candidates, case.scenario.settings)
