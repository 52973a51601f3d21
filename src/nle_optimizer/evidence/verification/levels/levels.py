"""One level of the ordered objectives: whole numbers per pair, and once for each supported recipient."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.exact import LARGEST, exact_sum
from nle_optimizer.evidence.verification.levels.fairness import AnyFairness
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Level:
    """One level: per pair the sum of its parts, times the recipient's factor, rounded down to a step.

    Attributes:
        name: the objective's name.
        minimised: whether less is better.
        scale: units of the whole number in one of what people read.
        parts: each measure and its whole coefficient.
        factor: what each recipient's amounts are multiplied by; None for 1.
        step: the multiple that amounts are rounded down to; 1 for none.
        weighted: whether a column weighs the recipients, so that a finer scale says the same.
        once: what counts once for each supported recipient, however many NLEs it has, before factor and step.
        within: what later levels may give up, in what people read or as a percentage; None for nothing.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    minimised: bool
    scale: int
    parts: tuple[tuple[str, int], ...]
    factor: NDArray[Any] | None
    step: int
    weighted: bool = False
    once: int = 0
    within: Decimal | str | None = None
    engine: str = "auto"

    def on_scale(self, scale: object) -> "Level":
        """The same level on a finer scale, where it may be stated on any; else unchanged."""
        if not self.weighted or not isinstance(scale, int) or scale <= 0 or scale % self.scale:
            return self
        times = scale // self.scale
        factor = None if self.factor is None else safe_factor(self.factor * times, self.parts)
        return replace(self, scale=scale, factor=factor, step=self.step * times if self.step != 1 else 1)

    def amounts(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount in the level's own sense, as if it were its recipient's only one."""
        amounts = self.of_pairs(pairs, measures)
        return amounts + self.of_supported(pairs.rows) if self.once else amounts

    def of_pairs(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount in the level's own sense, without what its recipient counts once."""
        total: Any = 0
        for name, coefficient in self.parts:
            measure = measures.of(name, pairs)
            total = total + (measure if coefficient == 1 else coefficient * measure)
        return self._finished(total, pairs.rows)

    def _finished(self, total: Any, rows: Integers) -> NDArray[Any]:
        if self.factor is not None:
            total = total * self.factor[rows]
        if self.step != 1:
            total = total // self.step * self.step
        return np.broadcast_to(np.asarray(total), (len(rows),))

    def value(self, matched: Pairs, measures: Measures) -> int:
        """The level over matched pairs, in its own sense."""
        return exact_sum(self.of_pairs(matched, measures)) + exact_sum(self.of_supported(np.unique(matched.rows)))

    def of_supported(self, rows: Integers) -> NDArray[Any]:
        """What supported recipients add, however many NLEs each has, in the level's own sense."""
        return self._finished(self.once, rows)

    def is_sum(self, crowded: Flags) -> bool:
        """Whether it is the sum of `amounts`, where only these recipients could be matched more than once."""
        return not self.of_supported(np.flatnonzero(crowded)).any()

    def least(self, value: int) -> int:
        """The least value, in the maximising orientation, that still holds the level at a value of it."""
        if isinstance(self.within, str):
            return value - int(abs(value) * Fraction(self.within.rstrip("%")) / 100)
        return value - int(Fraction(self.within or 0) * self.scale)

    def to_maximise(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount, more being better."""
        amounts = self.amounts(pairs, measures)
        return -amounts if self.minimised else amounts


AnyLevel = Level | AnyFairness


def safe_factor(factor: Integers | None, parts: tuple[tuple[str, int], ...]) -> NDArray[Any] | None:
    """The factor as Python integers where products might not fit 64 bits."""
    if factor is None:
        return None
    greatest = int(factor.max(initial=0)) * sum(abs(coefficient) for _, coefficient in parts)
    return factor.astype(object) if greatest >= LARGEST // 2**30 else factor
