"""What pairs measure: the parts that objectives are made of, in whole numbers."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.pairs.usage import Usage
from nle_optimizer.evidence.verification.stages.current import Current
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.scenario.columns import AREAS

SUPPORTED, KEPT = "schools_supported", "kept_pairs"
SCALES = {
    SUPPORTED: 1,
    "fit": MILLION,
    **{f"fit_{area}": MILLION for area in AREAS},
    "distance": 1000,
    "travel_minutes": MILLION,
    "cost": MILLION,
    KEPT: 1,
}
"""Units of each objective's whole number in one of what people read (a kilometre has 1000 metres)."""

MINIMISED = frozenset({"distance", "travel_minutes", "cost"})


@dataclass(frozen=True, eq=False)
class Measures:
    """What pairs measure in each objective."""

    geography: Geography
    fitness: Fitness
    usage: Usage
    listed: Listed
    current: Current

    def of(self, name: str, pairs: Pairs) -> Integers | int:
        """Whole numbers per pair, in the units of SCALES; 0 where nothing is known."""
        if name == SUPPORTED:
            return 1
        if name == KEPT:
            return self.current.kept(pairs).astype(np.int64)
        if name == "fit":
            assert pairs.fit is not None
            return pairs.fit
        if name == "distance":
            return self.geography.metres(pairs)
        if name == "cost":
            return self.usage.cost(pairs)
        if name == "travel_minutes":
            told = self.listed.cells(pairs, name)
            return 0 if told is None else np.where(told[1], told[0], 0)
        return np.maximum(self.fitness.area(pairs, name.removeprefix("fit_")), 0)
