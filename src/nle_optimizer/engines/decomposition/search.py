"""Rounds of neighbourhoods: each is solved anew over its good patterns, in children, and the better choice is kept.

Each round looks at a fixed number of disjoint neighbourhoods, whatever the number of children, and takes their
answers in a fixed order: what is found does not depend on how many work at it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.crew import Crew
from nle_optimizer.engines.decomposition.neighbourhoods import Neighbourhoods, shortfall
from nle_optimizer.engines.decomposition.part import Effort, solve_part
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.records import Integers

TOGETHER = 2
"""Neighbourhoods of one round."""

SIZE = 30
"""NLEs of one neighbourhood."""

EFFORTS = (Effort(500, 20), Effort(1000, 20), Effort(2000, 20), Effort(3000, 20))
"""How hard a neighbourhood is worked on, the more often its centre's came to nothing."""


@dataclass
class Search:
    """A running search for better allocations of one case.

    Attributes:
        pricing: the case.
        prices: good prices.
        taken: positions of the pairs of the best allocation so far.
        crew: processes that solve parts.
        rounds: how many were done.
    """

    pricing: Pricing
    prices: Floats
    taken: Integers
    crew: Crew
    rounds: int = 0

    def __post_init__(self) -> None:
        self.near = Neighbourhoods.of(self.pricing.case)
        self.vain = np.zeros(self.pricing.case.capacity.shape[1], dtype=np.int64)

    def run(self, rounds: int, enough: Callable[[int], bool], stop: Stopping) -> None:
        """So many rounds, or fewer where the value is enough or it is time to stop."""
        for _ in range(rounds):
            if enough(self.pricing.case.worth(self.taken)) or stop.reason():
                return
            self.round(stop)

    def round(self, stop: Stopping) -> None:
        """Look at the neighbourhoods that fall shortest, and keep what is better."""
        case = self.pricing.case
        short = shortfall(self.pricing, self.prices, self.taken)
        areas = self.near.choose(short, SIZE, TOGETHER)
        parts = self._parts(areas)
        efforts = [EFFORTS[min(int(np.median(self.vain[area])), len(EFFORTS) - 1)] for area in areas]
        calls = [
            (part, self.prices, self._inside(part), effort, stop.seconds_left)
            for (part, _), effort in zip(parts, efforts, strict=True)
        ]
        found = self.crew.ask(solve_part, calls, stop)
        for area, (part, inside), answer in zip(areas, parts, found, strict=True):
            self.vain[area] += 1
            if answer is None or answer.taken is None:
                continue
            self.vain[area] -= 1
            others = np.setdiff1d(self.taken, inside, assume_unique=True)
            taken = np.sort(np.concatenate([others, part.pair[answer.taken]]))
            if case.worth(taken) > case.worth(self.taken) and case.allows(taken):
                self.taken = taken
        self.rounds += 1

    def _parts(self, areas: list[Integers]) -> list[tuple[Case, Integers]]:
        """Each area as a case whose pairs are positions here, and the pairs taken inside; no recipient is in two."""
        case = replace(self.pricing.case, pair=np.arange(self.pricing.case.size))
        parts = []
        claimed = np.zeros(len(case.supporters), dtype=bool)
        for area in areas:
            own = np.isin(case.nle, area)
            inside = self.taken[own[self.taken]]
            outside = self.taken[~own[self.taken]]
            left = case.supporters - np.bincount(case.recipient[outside], minlength=len(case.supporters))
            keep = own & (left[case.recipient] > 0) & ~claimed[case.recipient]
            claimed[case.recipient[keep]] = True
            parts.append((case.part(keep, outside), inside))
        return parts

    def _inside(self, part: Case) -> Integers:
        """The positions in a part of the pairs taken."""
        return part.positions(self.taken[np.isin(self.taken, part.pair, assume_unique=True)])
