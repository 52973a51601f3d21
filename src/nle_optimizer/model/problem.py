"""Who may be matched with whom, within which limits, and what is better; and what an engine answers.

The problem in plain integers: pairs, limits, rows and ordered levels. No name of the field, no float. A solution of a
problem, with what is known of its quality and what proves it. Requirements that cannot all be met, and what would
mend them. Amounts and limits of rows in words, for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from nle_optimizer.model.levels import AnyLevel, Level, Threshold
from nle_optimizer.records import Flags, Integers, Texts, shortest


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


@dataclass(frozen=True, eq=False)
class LevelOutcome:
    """What an engine found for one level, in its maximising orientation.

    Attributes:
        value: of the allocation.
        bound: no allocation that keeps the levels before has more.
        proof: whose word the bound is: `prices`, `multipliers`, `leaves`, `trivial` (anyone can re-evaluate them)
            or `solver`.
        seconds: spent on the level; told in the manifest alone.
        given_up: how much of the bound the level's `within` lets later ones give up.
    """

    value: int
    bound: int
    proof: str = "prices"
    seconds: float = 0.0
    given_up: int = 0

    @property
    def proved(self) -> bool:
        """Whether nothing better exists, but for what later levels may give up."""
        return self.value >= self.bound - self.given_up


@dataclass(frozen=True, eq=False)
class Step:
    """An additive level as it was optimised: a level of the problem, or one that a threshold makes of it.

    Attributes:
        level: what was optimised.
        of: index of the problem's level it serves.
        threshold: the amount from which pairs count, where `level` is made from a threshold.
        held: whether its value was kept for the steps after it; False where it only proves that no
            allocation does without certain pairs.
    """

    level: Level | Threshold
    of: int
    threshold: int | None = None
    held: bool = True


@dataclass(frozen=True, eq=False)
class Prices:
    """Whole prices of the limits, one line a step: the evidence of a network solution.

    Attributes:
        recipient: shape (steps, recipients).
        nle: shape (steps, nles).
        row: shape (steps, rows): above 0 where the upper limit is priced, below 0 where the lower is.
    """

    recipient: Integers
    nle: Integers
    row: Integers


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Whole multipliers of the limits that a Lagrangian bound relaxes, in units of 1/divisor of the level's amounts.

    Attributes:
        divisor: what the multipliers are to be divided by.
        recipient: shape (recipients,), from 0 up.
        resource: shape (resources, nles), from 0 up; 0 throughout for the one of `knapsack`.
        row: shape (rows,): above 0 prices the upper limit, below 0 the lower.
        held: shape (earlier levels,), from 0 up: the price of keeping each at its value.
        knapsack: index of the resource that stays a limit in each NLE's own subproblem.
    """

    divisor: int
    recipient: Integers
    resource: Integers
    row: Integers
    held: Integers
    knapsack: int


VOID = -(2**62)
"""The bound of a case in which nothing is possible."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """One case of a proof: some pairs fixed in or out, and multipliers that bound what is then possible.

    The bound is `VOID` where the pairs fixed, with the required ones, break a limit by themselves.
    """

    multipliers: Multipliers
    bound: int


@dataclass(frozen=True, eq=False)
class Branch:
    """Two cases that leave nothing out: a pair is matched, or it is not."""

    pair: int
    matched: "Tree"
    unmatched: "Tree"


Tree = Leaf | Branch


@dataclass(frozen=True, eq=False)
class Solution:
    """An allocation of a problem's pairs, with what is known of its quality.

    Attributes:
        engine: the engine's name, or those of several; `none` where a rule matched step by step.
        matched: indices of the matched pairs, ascending; nobody where `stopped` and nothing was found.
        levels: the outcome of each of the problem's levels; empty where nothing was found, or
            nothing is said of bounds.
        steps: the additive levels that were optimised, in order; empty where the engine keeps none.
        prices: what proves the levels that the network engine optimised; None where it optimised none.
        trees: for each level the proof of its bound by multipliers; None where there is none. Empty where the
            network engine solved it alone.
        in_every_optimum: shape (matched,): whether the pair stands in every optimal allocation; None where
            that is not known.
        stopped: `time`, `work`, `gap` or `interrupt` where the engine stopped before everything was proved.
        work: units of the engine's own work that were done.
        completed: whether a rule gave it that proves nothing.
        remarks: what a rule has to say of its outcome, in sentences.
        missed: what a rule could not keep to besides capacities and the limits of rows, in sentences.
        by_ranks: whether a rule gave it that goes by the ranks of the pairs table.
        engines: where several engines solved it, the one of each level; empty where there was one.
    """

    engine: str
    matched: Integers
    levels: tuple[LevelOutcome, ...]
    steps: tuple[Step, ...] = ()
    prices: Prices | None = None
    trees: Sequence[Tree | None] = ()
    in_every_optimum: Flags | None = None
    stopped: str | None = None
    work: int = 0
    completed: bool = False
    remarks: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    by_ranks: bool = False
    engines: tuple[str, ...] = ()

    def engine_of(self, level: int) -> str:
        """The engine of a level."""
        return self.engines[level] if self.engines else self.engine


@dataclass(frozen=True, eq=False)
class Clash:
    """An irreducible set of requirements that no allocation meets: without any one of them, some allocation does.

    Attributes:
        requirements: labels of rows, and `pair NLE, SCHOOL` for required pairs.
        sentences: what clashes and by how much, for people.
        proof: `multipliers` where `tree` proves it, `solver` where it rests on a solver's word.
        tree: multipliers that bound the amounts 0 below 0; None where there are none.
        repairs: the least changes that would make an allocation possible, in sentences.
    """

    requirements: tuple[str, ...]
    sentences: tuple[str, ...]
    proof: str
    tree: Tree | None = None
    repairs: tuple[str, ...] = ()


Side = Literal["minimum", "maximum"]


def counted(number: str, unit: str) -> str:
    """A number with its unit: `1 school`, `3.5 days`, `2 NLEs`."""
    named = "NLEs" if unit == "nles" else unit
    return f"{number} {named.removesuffix('s') if number == '1' else named}".rstrip()


def shown(amount: int, row: Row) -> str:
    """An amount in a row's unit."""
    return counted(str(amount) if row.scale == 1 else shortest(amount, 6), row.unit)


def shown_limit(row: Row, side: Side) -> str:
    """A row's limit: an amount in its unit, or the share of everything matched."""
    if row.share is not None:
        return shortest(int(row.share * 10**6), 6)
    return shown((row.lower if side == "minimum" else row.upper) or 0, row)


def limit_in_words(row: Row, side: Side) -> str:
    """A limit: `the maximum of london (40 schools)`."""
    share = "" if row.share is None else " share"
    return f"the {side}{share} of {row.label.removesuffix(f' {side}_share')} ({shown_limit(row, side)})"
