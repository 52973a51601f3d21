"""What an objective is: a sum over pairs, or how fair shares are.

What every objective states of itself. Objectives that are no sums over pairs: the least fit, leximin, balance of
load, and the gap between regions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.model.constraints.tally import NO_ROW, PresenceBook, Tally, followed, grouped, sum_of
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin, Share, Spread
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.scenario.setting_sections import MINIMISED, Objective
from nle_optimizer.scenario.settings import Costs
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.conditions import holds

Sense = Literal["maximise", "minimise"]


@dataclass(frozen=True, eq=False)
class Stakes:
    """What an objective may look at.

    Attributes:
        candidates: the candidate pairs.
        use: what each pair takes of each resource, in millionths, in the order of the resources.
        costs: the costs.
        capacity: what each available NLE has of each resource, in millionths.
    """

    candidates: Candidates
    use: Mapping[str, Integers]
    costs: Costs
    capacity: Mapping[str, Integers] = field(default_factory=dict)


@dataclass(frozen=True)
class AdditiveObjective:
    """A sum over matched pairs.

    Attributes:
        name: the name a scenario uses.
        unit: what people read.
        scale: units of `amounts` in one of those.
        formula: the formula in words.
        amounts: whole amount of each candidate pair, in units of 1/scale, in the objective's own sense.
        once: whether a recipient counts once, however many NLEs it has.
        source: where it comes from.
    """

    name: str
    unit: str
    scale: int
    formula: str
    amounts: Callable[[Stakes], Integers]
    once: bool = False
    source: str = "defined here"

    @property
    def sense(self) -> Sense:
        """Whether more or less is better."""
        return "minimise" if self.name in MINIMISED else "maximise"


@dataclass(frozen=True)
class NotAdditive:
    """An objective that is no sum over pairs."""

    name: str
    sense: Sense
    unit: str
    formula: str
    source: str = "defined here"


def ones(stakes: Stakes) -> Integers:
    """1 for every pair."""
    return np.ones(len(stakes.candidates), dtype=np.int64)


def fair_level(name: str, objective: Objective, counted: Flags, stakes: Stakes, path: str) -> LeastFit | Leximin:
    """`min_fit` or `leximin_fit` of the recipients that count, shape (recipients,).

    Raises:
        InputError: a recipient that may have several NLEs, so that no pair's fit is its fit.
    """
    table = stakes.candidates.recipients
    several = np.flatnonzero(table.column("supporters").or_else(1) > 1)
    if len(several):
        what = f"{objective.name} needs recipients of one supporter, and {table.ids[several[0]]} may have more"
        raise InputError([Fault(Place(), path, what, hint="leave the column supporters blank, or take fit")])
    kind = LeastFit if objective.name == "min_fit" else Leximin
    return kind(name, stakes.candidates.fit, counted[stakes.candidates.recipient])


def spread_of(objective: Objective, stakes: Stakes, book: PresenceBook) -> AnyLevel:
    """`load_balance` or `region_gap`; 0 throughout where there is nothing to compare."""
    shares = _loads(stakes) if objective.name == "load_balance" else _regions(objective, stakes, book)
    if not shares:
        return Level(objective.name, -1, MILLION, np.zeros(len(stakes.candidates), dtype=np.int64))
    return Spread(objective.name, shares)


def _loads(stakes: Stakes) -> tuple[Share, ...]:
    """For each NLE with a candidate and capacity, the share of its first resource in use."""
    found, resource = stakes.candidates, next(iter(stakes.use))
    capacity, use = stakes.capacity[resource], stakes.use[resource]
    ends = np.searchsorted(found.nle, np.arange(len(found.nles) + 1))
    nothing = np.zeros(0, dtype=np.int64)
    return tuple(
        Share(found.nles.ids[n], pairs, use[pairs], nothing, nothing, int(capacity[n]))
        for n in range(len(found.nles))
        if capacity[n] > 0 and len(pairs := np.arange(ends[n], ends[n + 1]))
    )


def _regions(objective: Objective, stakes: Stakes, book: PresenceBook) -> tuple[Share, ...]:
    """For each region of recipients that meet `where`, the share of them that is supported."""
    found = stakes.candidates
    keys, row = grouped("region", found.recipients.column("region"), holds(objective.where, found.recipients))
    wholes = np.bincount(row[row > NO_ROW], minlength=len(keys))
    tally = Tally(keys, followed(row, found.recipient), "recipient", "schools")
    shares = []
    for n, key in enumerate(keys):
        sum_ = sum_of(tally, np.flatnonzero(tally.row == n), found.recipient, stakes.candidates.several, book)
        parts = (sum_.pairs, sum_.amounts, sum_.presences, sum_.presence_amounts)
        shares.append(Share(key.removeprefix("region="), *parts, int(wholes[n])))
    return tuple(shares)
