"""A solution of a problem, with what is known of its quality and what proves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nle_optimizer.model.levels import Level, Threshold
from nle_optimizer.records import Flags, Integers


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
