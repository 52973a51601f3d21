"""The ordered levels of a problem: what each is worth for an allocation, in whole numbers, more being better."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers

if TYPE_CHECKING:
    from nle_optimizer.model.problem import Problem


@dataclass(frozen=True)
class Allowance:
    """How much of a level later ones may give up: so many units, and a share of its value."""

    units: int = 0
    share: Fraction = Fraction(0)

    def least(self, value: int) -> int:
        """The least value, in the maximising orientation, that still holds the level."""
        return value - self.units - int(abs(value) * self.share)


AUTO = "auto"
"""Stands for the engine that suits the structure of a problem."""


@dataclass(frozen=True)
class EngineAsked:
    """Who is to solve a level: an engine's name, or `auto` for whoever solves the problem; and where that is asked."""

    name: str = AUTO
    path: str = "engine"

    def or_else(self, name: str) -> "EngineAsked":
        """The engine of that name where none is asked for here."""
        return EngineAsked(name) if self.name == AUTO else self


@dataclass(frozen=True, eq=False)
class Level:
    """The sum of whole amounts over matched pairs and present presences, to be maximised.

    Attributes:
        name: the objective's name.
        sense: 1 where the planner maximises it, -1 where the planner minimises it; `amounts` of a
            minimised objective are negative already.
        scale: how many units of `amounts` make 1 of what people read.
        amounts: shape (pairs,).
        parts: of a blend, its parts and their weights as the planner wrote them.
        presence_amounts: shape (presences,); None where presences do not count.
        within: what later levels may give up of it; None for nothing.
        engine: who is to solve it.
    """

    name: str
    sense: int
    scale: int
    amounts: Integers
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    presence_amounts: Integers | None = None
    within: Allowance | None = None
    engine: EngineAsked = EngineAsked()

    def value(self, problem: "Problem", matched: Integers) -> int:
        """The level's value for the matched pairs, in the maximising orientation."""
        total = int(self.amounts[matched].sum())
        if self.presence_amounts is None:
            return total
        return total + int(self.presence_amounts @ problem.presences.under(problem.size, matched))


@dataclass(frozen=True, eq=False)
class LeastFit:
    """The least amount of any matched pair among `counted`, to be maximised; `NOTHING` where none is matched.

    Attributes:
        amounts: shape (pairs,): the fit of each pair, in units of 1/scale.
        counted: shape (pairs,): the pairs that count.
        engine: who is to solve it.
    """

    name: str
    amounts: Integers
    counted: Flags
    scale: int = MILLION
    sense: int = 1
    engine: EngineAsked = EngineAsked()

    def value(self, problem: "Problem", matched: Integers) -> int:  # noqa: ARG002
        """The least amount; of nobody, 0."""
        own = self.amounts[matched[self.counted[matched]]]
        return int(own.min()) if len(own) else 0


@dataclass(frozen=True, eq=False)
class Leximin:
    """The worst-off recipient first, then the next, unmatched counting as 0; its value is the least fit above 0.

    Of two allocations the better has, at the first amount at which they differ, more recipients that reach it.

    Attributes:
        amounts: shape (pairs,): the fit of each pair, in units of 1/scale.
        counted: shape (pairs,): the pairs that count.
        engine: who is to solve it.
    """

    name: str
    amounts: Integers
    counted: Flags
    scale: int = MILLION
    sense: int = 1
    engine: EngineAsked = EngineAsked()

    def value(self, problem: "Problem", matched: Integers) -> int:  # noqa: ARG002
        """The least amount above 0 of a matched pair, as a pair of 0 counts as none; of nobody, 0."""
        own = self.amounts[matched[self.counted[matched]]]
        own = own[own > 0]
        return int(own.min()) if len(own) else 0


@dataclass(frozen=True, eq=False)
class Threshold:
    """What a threshold makes of a level, as a sum over pairs to be maximised.

    Of a least fit: -1 for each pair that counts with less than the threshold. Of a leximin: 1 for each that counts
    with at least the first threshold, then -1 for each from one threshold up to below the next.

    Attributes:
        since: of a leximin, the threshold before; None for the first.
    """

    whole: LeastFit | Leximin
    threshold: int
    sense: int = 1
    since: int | None = None

    @property
    def name(self) -> str:
        """The name of the level it serves."""
        return self.whole.name

    @property
    def scale(self) -> int:
        """The scale of the level it serves."""
        return self.whole.scale

    @property
    def amounts(self) -> Integers:
        """The amount of each pair, shape (pairs,)."""
        below = self.whole.amounts < self.threshold
        if isinstance(self.whole, LeastFit):
            return -(self.whole.counted & below).astype(np.int64)
        if self.since is None:
            return (self.whole.counted & ~below).astype(np.int64)
        return -(self.whole.counted & below & (self.whole.amounts >= self.since)).astype(np.int64)

    def value(self, problem: "Problem", matched: Integers) -> int:  # noqa: ARG002
        """The sum over the matched pairs."""
        return int(self.amounts[matched].sum())


@dataclass(frozen=True, eq=False)
class Share:
    """A part of something: what the pairs and presences sum to, out of `whole`."""

    label: str
    pairs: Integers
    amounts: Integers
    presences: Integers
    presence_amounts: Integers
    whole: int


@dataclass(frozen=True, eq=False)
class Spread:
    """Greatest less least of several shares, in millionths, to be minimised: its value is never above 0.

    Each share is taken as a whole number of millionths, the greatest rounded up and the least rounded down, so that
    integers decide.

    Attributes:
        shares: at least one.
        engine: who is to solve it.
    """

    name: str
    shares: tuple[Share, ...]
    scale: int = MILLION
    sense: int = -1
    engine: EngineAsked = EngineAsked()

    def ends(self, problem: "Problem", matched: Integers) -> tuple[int, int]:
        """The greatest share and the least, in millionths."""
        on = np.zeros(problem.size, dtype=np.int64)
        on[matched] = 1
        holds = problem.presences.under(problem.size, matched)
        sums = [
            int(share.amounts @ on[share.pairs]) + int(share.presence_amounts @ holds[share.presences])
            for share in self.shares
        ]
        greatest = max(-(-total * MILLION // share.whole) for total, share in zip(sums, self.shares, strict=True))
        least = min(total * MILLION // share.whole for total, share in zip(sums, self.shares, strict=True))
        return greatest, least

    def value(self, problem: "Problem", matched: Integers) -> int:
        """Least less greatest, in millionths."""
        greatest, least = self.ends(problem, matched)
        return least - greatest


AnyLevel = Level | LeastFit | Leximin | Spread
