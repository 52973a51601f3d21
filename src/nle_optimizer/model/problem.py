"""The problem in plain integers: pairs, limits, rows and ordered levels. No name of the field, no float."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.records import Flags, Integers, Texts


def _none() -> Integers:
    return np.zeros(0, dtype=np.int64)


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
class Presences:
    """Yes-or-no facts about an allocation: whether any of some pairs is matched.

    A recipient of several supporters is supported, an NLE is used, an NLE works in an authority: each is one
    presence, and counts once however many of its pairs are matched.

    Attributes:
        count: how many there are.
        presence: shape (entries,): the presence of each entry, ascending.
        pair: shape (entries,): a pair that makes it true; ascending within a presence.
    """

    count: int = 0
    presence: Integers = None  # type: ignore[assignment]
    pair: Integers = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for name in ("presence", "pair"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, _none())

    def under(self, pairs: int, matched: Integers) -> Integers:
        """1 for each presence that holds where the given pairs, out of so many, are matched; else 0."""
        on = np.zeros(pairs, dtype=bool)
        on[matched] = True
        holds = np.zeros(self.count, dtype=np.int64)
        holds[self.presence[on[self.pair]]] = 1
        return holds


@dataclass(frozen=True, eq=False)
class Row:
    """A hard limit over many pairs: lower <= sum over matched pairs and present presences <= upper.

    Attributes:
        constraint: the name of the constraint it came from.
        label: what is limited, for people: `london`, `fair[region=London]`.
        pairs: indices of the pairs with an amount other than 0, ascending.
        amounts: shape (row's pairs,): whole amounts.
        lower, upper: limits in the same unit; None for none.
        presences: indices of presences, ascending.
        presence_amounts: shape (row's presences,).
        unit: what is counted, for people.
        scale: how many units of what is counted make 1 of what people read.
        share: where the limit is a share of everything matched, that share: what is counted then enters with its
            denominator, everything with less its numerator, and the limit is 0.
    """

    constraint: str
    label: str
    pairs: Integers
    amounts: Integers
    lower: int | None = None
    upper: int | None = None
    presences: Integers = None  # type: ignore[assignment]
    presence_amounts: Integers = None  # type: ignore[assignment]
    unit: str = ""
    scale: int = 1
    share: Fraction | None = None

    def __post_init__(self) -> None:
        for name in ("presences", "presence_amounts"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, _none())

    def total(self, problem: "Problem", matched: Integers) -> int:
        """What the row sums to for the matched pairs."""
        own = self.amounts[np.isin(self.pairs, matched, assume_unique=True)]
        if not len(self.presences):
            return int(own.sum())
        holds = problem.presences.under(problem.size, matched)
        return int(own.sum()) + int(self.presence_amounts @ holds[self.presences])


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
        rows: hard limits over many pairs.
        presences: what rows and levels count once, however many pairs make it true.
    """

    recipient_ids: Texts
    nle_ids: Texts
    recipient: Integers
    nle: Integers
    supporters: Integers
    resources: tuple[Resource, ...]
    required: Flags | None
    levels: tuple[AnyLevel, ...]
    tie_break: tuple[Level, ...] = ()
    rows: tuple[Row, ...] = ()
    presences: Presences = Presences()

    @property
    def size(self) -> int:
        """Number of candidate pairs."""
        return len(self.nle)

    def required_pairs(self) -> Integers:
        """Indices of the required pairs."""
        return np.zeros(0, np.int64) if self.required is None else np.flatnonzero(self.required)
