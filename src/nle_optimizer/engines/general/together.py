"""Levels next to each other that one sum of whole numbers can decide: one search for all of them.

A solver forgets what it has proved of one level when it is asked for the next. Weighted so that a unit of a level
outweighs all that those after it can differ by, they are one level, searched and proved once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.general.additive import amounts_of, most_of
from nle_optimizer.engines.general.run import Run
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.problem import Problem

LARGEST = 10**7
"""The sum has at most so many values, which solvers in floating point tell apart."""

_SHARE = 1 / 15
"""Of what is left of the work, what a search may take; then each level is searched alone."""


@dataclass(frozen=True)
class Scale:
    """How a level counts in the sum: whatever is matched, its value is a multiple of `unit` from `least` to `most`."""

    unit: int
    least: int
    most: int
    weight: int = 1

    @property
    def values(self) -> int:
        """How many values there are."""
        return (self.most - self.least) // self.unit + 1


@dataclass(frozen=True)
class Joint:
    """What a search for several levels has shown.

    Attributes:
        scales: of each level.
        bound: the weighted sum is at most this; None where nothing is known.
    """

    scales: Sequence[Scale]
    bound: int | None

    def most_after(self, held: Sequence[int]) -> int | None:
        """The most that the level after those held can be, where they have these values; None where not known."""
        if self.bound is None:
            return None
        before, own, after = self.scales[: len(held)], self.scales[len(held)], self.scales[len(held) + 1 :]
        spent = sum(value // scale.unit * scale.weight for value, scale in zip(held, before, strict=True))
        spent += sum(scale.least // scale.unit * scale.weight for scale in after)
        return (self.bound - spent) // own.weight * own.unit


def groups(problem: Problem, levels: Sequence[AnyLevel]) -> Iterator[list[AnyLevel]]:
    """Levels of a problem in order, those together that one sum can decide."""
    group: list[AnyLevel] = []
    values = 1
    for level in levels:
        own = _scale(problem, level).values if isinstance(level, Level) and level.within is None else LARGEST + 1
        if group and values * own > LARGEST:
            yield group
            group, values = [], 1
        group.append(level)
        values *= own
    if group:
        yield group


def search(run: Run, levels: Sequence[Level]) -> Joint:
    """Look for the best allocation for several levels at once, and take it where it is better."""
    scales: list[Scale] = []
    weight = 1
    for level in reversed(levels):
        scales.insert(0, replace(_scale(run.problem, level), weight=weight))
        weight *= scales[0].values
    amounts = np.zeros(run.problem.size + run.problem.presences.count, np.int64)
    for level, scale in zip(levels, scales, strict=True):
        own = amounts_of(level)
        amounts[: len(own)] += own // scale.unit * scale.weight
    answer = run.solve(run.draft, amounts, share=_SHARE)
    if answer.values is not None:
        run.adopt_better(answer.values, amounts)
    return Joint(scales, answer.bound)


def _scale(problem: Problem, level: Level) -> Scale:
    amounts = amounts_of(level)
    unit = int(np.gcd.reduce(amounts)) or 1
    return Scale(unit, int(amounts[amounts < 0].sum()), most_of(problem, level))
