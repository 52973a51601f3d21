"""What a rule may look at: the problem, who stands where in the line, and who prefers whom."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.model.build import waiting
from nle_optimizer.model.lots import Lots, identities, lots
from nle_optimizer.model.preferences import Preferences, preferences_of
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import Candidates

LAST = np.iinfo(np.int64).max
"""Where a blank priority or arrival stands: after all others."""


@dataclass(frozen=True, eq=False)
class Agenda:
    """A case as a rule sees it.

    Attributes:
        problem: in integers.
        candidates: the same pairs with distance, fit and both tables.
        settings: seed, engine and preferences.
        stop: when a search is to stop.
        stated: the orders to go by; None for those that the settings ask for.
    """

    problem: Problem
    candidates: Candidates
    settings: Settings
    stop: Stopping = field(default_factory=Stopping)
    stated: Preferences | None = None

    @cached_property
    def priority(self) -> Integers:
        """The priority of each recipient, 1 first; `LAST` where it has none."""
        return np.asarray(self.candidates.recipients.column("priority").or_else(LAST), dtype=np.int64)

    @cached_property
    def waiting(self) -> Integers:
        """Days that each recipient has waited; -1 where that is not known."""
        return np.asarray(waiting(self.candidates.recipients).or_else(-1), dtype=np.int64)

    @cached_property
    def recipients(self) -> Lots:
        """The identities by which recipients draw lots."""
        return identities(self.problem.recipient_ids, "recipient", self.settings.seed)

    @cached_property
    def need(self) -> Integers:
        """The weighted sum of the needs of each recipient, in whole units; -1 where one with a weight is not known."""
        needs = self.candidates.needs
        weights = np.array(needs.weights, dtype=np.int64)
        known = needs.need_known[weights > 0].all(axis=0)
        return np.where(known, weights @ needs.need, -1)

    @cached_property
    def by_need(self) -> Integers:
        """Recipients by the greatest need; the tie-break decides between equals."""
        arrived = [-self.waiting] if "arrived" in self.settings.tie_break else []
        return np.lexsort((lots(self.recipients, 0), *arrived, -self.need))

    @cached_property
    def by_arrival(self) -> Integers:
        """Recipients in the order in which they came; lots decide between those of one day, unknown days are last."""
        return np.lexsort((lots(self.recipients, 0), -self.waiting))

    @cached_property
    def by_priority(self) -> Integers:
        """Recipients by priority, then arrival; lots decide between those alike in both."""
        return np.lexsort((lots(self.recipients, 0), -self.waiting, self.priority))

    def by_lot(self, draw: int) -> Integers:
        """Recipients in an order drawn by lot."""
        return np.argsort(lots(self.recipients, 1 + draw))

    @cached_property
    def preferences(self) -> Preferences:
        """Who prefers whom."""
        return self.stated or preferences_of(self.problem, self.candidates, self.settings)
