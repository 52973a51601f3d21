"""The candidate pairs of all NLEs together, as columns of whole numbers."""

from collections.abc import Callable

import numpy as np

from nle_optimizer.evidence.verification.instance import Instance
from nle_optimizer.evidence.verification.linear import LinearRows
from nle_optimizer.evidence.verification.listed import Pairs, join
from nle_optimizer.evidence.verification.prices import FREE
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.evidence.verification.trees import Ground
from nle_optimizer.records import Flags, Integers

Prover = Callable[[Pairs, Integers, Integers], object]
"""Is shown the candidate pairs of an NLE that fit its capacity, their signs, and which are matched."""


class Pool:
    """Collects what it is shown."""

    def __init__(self, instance: Instance):
        self._instance = instance
        self._parts: list[Pairs] = []
        self._required: list[Flags] = []

    def collect(self, pairs: Pairs, signs: Integers, _: Integers) -> None:
        """Keep the candidate pairs of an NLE."""
        self._parts.append(pairs)
        self._required.append(np.asarray(signs == FREE))

    def ground(self, sweep: Sweep) -> Ground:
        """The collected pairs as columns."""
        instance, pairs = self._instance, join(self._parts)
        return Ground(
            pairs,
            np.concatenate([np.zeros(0, dtype=bool), *self._required]),
            instance.measures.usage.of(pairs),
            instance.supply.capacity,
            instance.supporters,
            instance.resources,
            instance.position,
            instance.nle_position,
            LinearRows(instance.families, pairs, instance.supporters, sweep.places),
        )
