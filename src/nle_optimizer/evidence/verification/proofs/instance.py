"""What a certificate is about: the candidate pairs as they come, the claimed ones, limits and levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.fairness import Fairness, Spread, spread
from nle_optimizer.evidence.verification.levels.levels import AnyLevel, Level
from nle_optimizer.evidence.verification.limits.family import Family
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import Supply
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import Integers, Texts


@dataclass(frozen=True, eq=False)
class Instance:
    """Everything but the candidate pairs.

    Attributes:
        recipients: who may be matched, in the order in which they are numbered here.
        nle_ids: identifiers of all NLEs.
        resources: names, in order.
        levels: the objectives.
        families: the constraints.
        claimed: the claimed pairs, in order of NLE.
    """

    recipients: Recipients
    nle_ids: Texts
    resources: Sequence[str]
    supply: Supply
    measures: Measures
    levels: Sequence[AnyLevel]
    families: Sequence[Family]
    claimed: Pairs
    findings: Findings

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Where each recipient stands."""
        return {identifier: n for n, identifier in enumerate(self.recipients.ids.tolist())}

    @cached_property
    def nle_position(self) -> Mapping[str, int]:
        """Where each NLE stands."""
        return {identifier: n for n, identifier in enumerate(self.nle_ids.tolist())}

    @cached_property
    def matched(self) -> Pairs:
        """The claimed pairs, with the fit that they have if they are candidates."""
        return self.claimed.with_fit(self.measures.fitness.fits(self.claimed))

    @property
    def supporters(self) -> Integers:
        """How many NLEs each recipient may have."""
        return self.recipients.supporters

    def values(self, sweep: Sweep) -> list[int]:
        """The value of each level over the matched pairs that are candidates, in its own sense."""
        matched = sweep.matching.pairs.with_fit(sweep.fit).keep(sweep.fit >= 0)
        return [self._value(level, matched, sweep) for level in self.levels]

    def _value(self, level: AnyLevel, matched: Pairs, sweep: Sweep) -> int:
        if isinstance(level, Level):
            return level.value(matched, self.measures)
        if isinstance(level, Fairness):
            return level.value(matched)
        return spread(*self._shares(level, matched, sweep))

    def _shares(self, level: Spread, matched: Pairs, sweep: Sweep) -> tuple[list[int], list[int]]:
        """Parts and wholes of what a spread lies between."""
        if level.region is not None:
            return level.of_regions(matched)
        shown = sweep.active & self.supply.available
        return sweep.used[0][shown].tolist(), self.supply.capacity[0][shown].tolist()

    def is_sum(self, level: AnyLevel, sweep: Sweep) -> bool:
        """Whether sums over pairs can stand for a level; of a spread, whether it is always the same."""
        if isinstance(level, Level):
            return level.is_sum((sweep.choices > 1) & (self.supporters > 1))
        if isinstance(level, Fairness):
            return True
        return not sweep.choices.any() or sum(whole > 0 for whole in self._shares(level, self.matched, sweep)[1]) < 2
