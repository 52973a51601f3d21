"""Prices held against every candidate pair: no allocation is lexicographically better (complementary slackness)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.exact import exact_sum
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.proofs.priced_rows import PricedRows
from nle_optimizer.evidence.verification.proofs.prices import (
    FILE,
    FREE,
    MATCHED,
    UNMATCHED,
    Prices,
    faults,
)
from nle_optimizer.evidence.verification.proofs.shown import Shown
from nle_optimizer.evidence.verification.proofs.steps import Step
from nle_optimizer.records import Integers, Texts

UNLIMITED = 2**40
"""Places of an NLE whom nothing limits."""


@dataclass(eq=False)
class PriceProof:
    """Looks at all candidate pairs, some at a time.

    Attributes:
        steps, prices, rows: what the certificate says.
        ids, nle_ids: identifiers of recipients and NLEs.
        tied: recipients and NLEs of the unmatched pairs that could be matched at no loss.
        surplus: for each step that is not held, the tuple summed over the pairs that are above their prices.
        own: by held step, the sum over matched pairs that are required or of several supporters.
    """

    steps: Sequence[Step]
    prices: Prices
    rows: PricedRows
    measures: Measures
    supporters: Integers
    ids: Texts
    nle_ids: Texts
    findings: Findings
    tied: list[tuple[Integers, Integers]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = [n for n, step in enumerate(self.steps) if step.held]
        self.surplus = {n: [0] * len(self.prefix(n)) for n, step in enumerate(self.steps) if not step.held}
        self.own = [0] * len(self.steps)

    def prefix(self, n: int) -> list[int]:
        """The held steps before a step, and itself."""
        return [*(held for held in self.held if held < n), n]

    def add(self, shown: Shown) -> None:
        """Look at some candidate pairs."""
        shown = shown.fitting()
        pairs, signs, matched = shown.pairs, shown.signs, shown.matched
        priced = self.rows.look_at(pairs)

        def difference(step: int, left: Integers | None) -> NDArray[Any]:
            some = pairs if left is None else pairs.keep(left)
            amounts = self.steps[step].to_maximise(some, self.measures)
            less = amounts - self.prices.takers[step][some.rows] - self.prices.givers[step][some.nle]
            return np.asarray(self.rows.subtract(less, priced, step, left))

        wrong, tied = faults(lambda n, left: difference(self.held[n], left), signs, len(self.held))
        loose = tied[signs[tied] == UNMATCHED]
        self.tied.append((pairs.rows[loose], np.asarray(pairs.nle)[loose]))
        self._note(pairs, signs, wrong)
        free = np.flatnonzero(matched & ((signs == FREE) | (self.supporters[pairs.rows] > 1)))
        for step in self.held if len(free) else ():
            self.own[step] += exact_sum(difference(step, free))
        for step, sums in self.surplus.items():
            tuples = np.stack([difference(n, None) for n in self.prefix(step)])
            counted = _is_above_zero(tuples) | (signs == FREE)
            for n, line in enumerate(tuples):
                sums[n] += exact_sum(line[counted])

    def _note(self, pairs: Pairs, signs: Integers, wrong: Integers) -> None:
        nles = np.asarray(pairs.nle)
        for at in wrong.tolist():
            label = f"{FILE}: school {self.ids[pairs.rows[at]]}, NLE {self.nle_ids[nles[at]]}"
            word = "is matched although its prices exceed" if signs[at] == MATCHED else _BELOW
            self.findings.add(f"{FILE}: pairs", f"{label}: the pair {word} what it adds")


_BELOW = "is not matched although its prices are below"


def _is_above_zero(tuples: NDArray[Any]) -> NDArray[Any]:
    """Which columns have a first number other than 0 that is above 0."""
    above = np.zeros(tuples.shape[1], dtype=bool)
    open_ = ~above
    for line in tuples:
        above |= open_ & (line > 0)
        open_ &= line == 0
    return above
