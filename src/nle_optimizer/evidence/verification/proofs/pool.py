"""The candidate pairs of all NLEs together, as columns of whole numbers."""

from collections.abc import Callable

import numpy as np

from nle_optimizer.evidence.verification.pairs.listed import join
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.proofs.linear import LinearRows
from nle_optimizer.evidence.verification.proofs.prices import FREE
from nle_optimizer.evidence.verification.proofs.shown import Shown
from nle_optimizer.evidence.verification.proofs.trees import Ground
from nle_optimizer.evidence.verification.sweep import Sweep

Prover = Callable[[Shown], object]
"""Is shown the candidate pairs of an NLE."""


class Pool:
    """Collects what it is shown."""

    def __init__(self, instance: Instance):
        self._instance = instance
        self._parts: list[Shown] = []

    def collect(self, shown: Shown) -> None:
        """Keep the candidate pairs of an NLE."""
        self._parts.append(shown)

    def ground(self, sweep: Sweep) -> Ground:
        """The collected pairs as columns."""
        instance, pairs = self._instance, join([shown.pairs for shown in self._parts])
        return Ground(
            pairs,
            np.concatenate([np.zeros(0, dtype=bool), *(shown.signs == FREE for shown in self._parts)]),
            np.concatenate([np.zeros(0, dtype=bool), *(shown.fits for shown in self._parts)]),
            instance.measures.usage.of(pairs),
            instance.supply.capacity,
            instance.supporters,
            instance.resources,
            instance.position,
            instance.nle_position,
            LinearRows(instance.families, pairs, instance.supporters, sweep.places),
        )
