"""The inputs as far as pairs rest on them: who may be matched, what measures a pair, and every limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.verification.constraints import ConstraintReader, Family
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import AnyLevel, Measures
from nle_optimizer.evidence.verification.limits import Agreed, agreed_of
from nle_optimizer.evidence.verification.objective_levels import objectives_of
from nle_optimizer.evidence.verification.pairs.candidates import PairSources, ground_of
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.usage import PairColumns, Usage
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import (
    AFTER_PLACE,
    Current,
    DerivedSupply,
    read_current,
    supply_of,
)
from nle_optimizer.memory import Memory, through
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import Objective


@dataclass(frozen=True, eq=False)
class PairReading:
    """A scenario read for its pairs.

    Attributes:
        scenario: settings and tables.
        recipients: who may be matched.
        placed: how many of them, the first, have a place.
        ground: the pairs table, distances and filters.
        current: what stands today.
        usage: what pairs take of each resource.
        agreed: agreed pairs, and what NLEs have.
        measures: what pairs measure.
    """

    scenario: Scenario
    recipients: Recipients
    placed: int
    ground: PairSources
    current: Current
    usage: Usage
    agreed: Agreed
    measures: Measures

    @property
    def supply(self) -> DerivedSupply:
        """The NLEs, with what they have."""
        return self.agreed.supply

    @cached_property
    def nle_position(self) -> dict[str, int]:
        """Where each NLE stands."""
        return {identifier: n for n, identifier in enumerate(self.scenario.nles.ids.tolist())}

    @cached_property
    def asked(self) -> list[Family]:
        """The constraints as they are asked for."""
        columns = PairColumns(self.scenario, self.recipients, self.ground.geography)
        return ConstraintReader(columns, self.ground.listed, self.current, self.supply, self.usage).families()

    @cached_property
    def objectives(self) -> Sequence[Objective]:
        """The objectives in force."""
        return objectives_of(self.scenario, self.recipients, self._every_distance())

    def instance(self, levels: Sequence[AnyLevel], claimed: Pairs, findings: Findings) -> Instance:
        """What is claimed of some pairs, held against every limit beside what is agreed."""
        return Instance(
            self.recipients,
            self.scenario.nles.ids,
            self.scenario.resources,
            self.supply,
            self.measures,
            levels,
            self.agreed.beside(self.asked),
            claimed,
            findings,
        )

    def _every_distance(self) -> bool:
        """Whether nobody would be left out for want of a distance; only asked where objectives are left to us."""
        if self.scenario.settings.objectives is not None:
            return False
        geography, listed, supply = self.ground.geography, self.ground.listed, self.supply
        nowhere = np.isin(supply.reason.astype(str), ("", *AFTER_PLACE)) & ~geography.nle_placed
        if any(not listed.any_with(nle, "distance_km") for nle in np.flatnonzero(nowhere).tolist()):
            return False
        return all(geography.tells_every_distance(nle, listed) for nle in np.flatnonzero(supply.available).tolist())


def reading_of(scenario: Scenario, recipients: Recipients, placed: int, memory: Memory | None) -> PairReading:
    """Read a scenario for the pairs of its recipients, the first `placed` of which have a place.

    Raises:
        RefusedError: the inputs are of a sort that a run must refuse.
    """
    ground = through(memory, ground_of, scenario, recipients, placed, memory)
    listed, geography, candidates = ground.listed, ground.geography, ground.candidates
    current = read_current(scenario, recipients.position)
    supply = supply_of(scenario, listed, geography.is_limited, current.taken)
    current.refuse_unknown(supply.available)
    usage = Usage(scenario, recipients, listed)
    agreed = agreed_of(scenario, candidates, supply, usage, current.taken)
    measures = Measures(geography, candidates.fitness, usage, listed, current)
    return PairReading(scenario, recipients, placed, ground, current, usage, agreed, measures)
