"""The problem in plain integers: pairs, limits and ordered levels. No name of the field, no float."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from nle_optimizer.records import Flags, Integers, Texts


@dataclass(frozen=True, eq=False)
class Level:
    """One objective: the sum over matched pairs of `amounts`, to be maximised.

    Attributes:
        name: the objective's name.
        sense: 1 where the planner maximises it, -1 where the planner minimises it; `amounts` of a
            minimised objective are negative already.
        scale: how many units of `amounts` make 1 of what people read.
        amounts: shape (pairs,).
        parts: of a blend, its parts and their weights as the planner wrote them.
    """

    name: str
    sense: int
    scale: int
    amounts: Integers
    parts: Mapping[str, Decimal] = field(default_factory=dict)

    def total(self, matched: Integers) -> int:
        """The level's value for the matched pairs, in the maximising orientation."""
        return int(self.amounts[matched].sum())


@dataclass(frozen=True, eq=False)
class Resource:
    """What limits an NLE.

    Attributes:
        name: the resource.
        use: shape (pairs,): what a pair takes, in millionths.
        capacity: shape (nles,): what an NLE has, in millionths.
    """

    name: str
    use: Integers
    capacity: Integers


@dataclass(frozen=True, eq=False)
class Problem:
    """Who may be matched with whom, within which limits, and what is better.

    Attributes:
        recipient_ids, nle_ids: identifiers, ascending.
        recipient, nle: shapes (pairs,): indices; pairs are sorted by NLE, then recipient.
        supporters: shape (recipients,): how many distinct NLEs each may have.
        resources: what limits the NLEs.
        required: pairs that must be matched; None where there are none.
        levels: the ordered objectives.
        tie_break: levels that decide between optimal allocations, before the lottery.
    """

    recipient_ids: Texts
    nle_ids: Texts
    recipient: Integers
    nle: Integers
    supporters: Integers
    resources: tuple[Resource, ...]
    required: Flags | None
    levels: tuple[Level, ...]
    tie_break: tuple[Level, ...] = ()

    @property
    def size(self) -> int:
        """Number of candidate pairs."""
        return len(self.nle)

    def required_pairs(self) -> Integers:
        """Indices of the required pairs."""
        return np.zeros(0, np.int64) if self.required is None else np.flatnonzero(self.required)


@dataclass(frozen=True, eq=False)
class LevelOutcome:
    """What an engine found for one level, in its maximising orientation."""

    value: int
    bound: int
    proved: bool


@dataclass(frozen=True, eq=False)
class Prices:
    """Whole prices of the limits, one row a level: the evidence of a network solution.

    Attributes:
        recipient: shape (levels, recipients).
        nle: shape (levels, nles).
    """

    recipient: Integers
    nle: Integers


@dataclass(frozen=True, eq=False)
class Solution:
    """An allocation of a problem's pairs, with what is known of its quality.

    Attributes:
        engine: the engine's name.
        matched: indices of the matched pairs, ascending.
        levels: the outcome of each objective.
        prices: the certificate; None where the engine gives another.
        in_every_optimum: shape (matched,): whether the pair stands in every optimal allocation.
        places: shape (nles,): how many recipients each NLE could take, as the engine counted.
    """

    engine: str
    matched: Integers
    levels: tuple[LevelOutcome, ...]
    prices: Prices | None
    in_every_optimum: Flags
    places: Integers
