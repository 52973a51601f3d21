"""A plan kept as it is, beside the plan made anew, in a world that is somewhat otherwise: objective by objective."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.breaches import overuse
from nle_optimizer.model.constraints.standing import violations
from nle_optimizer.model.levels import AnyLevel, Leximin
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers
from nle_optimizer.stages.given_pairs import locate

Against = Literal["equal", "behind", "ahead", ""]
"""How a plan kept stands against the one made anew at an objective; nothing after the first that is not equal."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class AtObjective:
    """The plan kept and the plan made anew at one objective, in what people read.

    Attributes:
        objective: its name.
        sense: 1 where it is maximised, -1 where it is minimised.
        this_plan, new_plan: what each comes to.
        needed: from here on the plan kept is as good: what the plan made anew comes to, or what its `within` leaves of
            the best.
        against: how the plan kept stands.
        is_amount: whether the difference is what it is behind; of a leximin it is none.
    """

    objective: str
    sense: int
    this_plan: Fraction
    new_plan: Fraction
    needed: Fraction
    against: Against
    is_amount: bool = True

    @property
    def decides(self) -> bool:
        """Whether one of the plans is better, and this is the first objective that says so."""
        return self.against in ("behind", "ahead")

    @property
    def loss(self) -> Fraction:
        """What the plan kept loses here; 0 where another objective decides, below 0 where it is ahead."""
        return self.sense * (self.new_plan - self.this_plan) if self.decides else Fraction(0)


@dataclass(frozen=True)
class Kept:
    """What is left of a plan.

    Attributes:
        left: how many of its pairs are still candidates.
        within_limits: whether they break no limit.
        levels: of those pairs, objective by objective; empty where they break a limit or there is no plan made anew.
    """

    left: int
    within_limits: bool
    levels: tuple[AtObjective, ...]

    def is_best(self, pairs: int) -> bool:
        """Whether a plan of so many pairs is left whole, and none made anew is better."""
        return self.left == pairs and self.within_limits and all(level.against != "behind" for level in self.levels)


def kept(outcome: Outcome, plan: Sequence[Pair]) -> Kept:
    """What is left of a plan on the case of an outcome, beside the outcome's own plan."""
    left = _left(plan, outcome.problem, outcome.candidates.keys)
    broken = overuse(outcome.problem, left) or any(violations(asked, left) for asked in outcome.requirements)
    is_told = outcome.status not in ("infeasible", "unknown") and not broken
    return Kept(len(left), not broken, tuple(_levels(outcome, left)) if is_told else ())


def _left(plan: Sequence[Pair], problem: Problem, keys: Integers) -> Integers:
    """The plan's pairs that are candidates, ascending."""
    school = {str(name): n for n, name in enumerate(problem.recipient_ids)}
    nle = {str(name): n for n, name in enumerate(problem.nle_ids)}
    known = [(nle[other], school[one]) for one, other in plan if one in school and other in nle]
    at, there = locate(np.array(sorted(n * len(school) + row for n, row in known), dtype=np.int64), keys)
    return at[there]


def _levels(outcome: Outcome, left: Integers) -> Iterator[AtObjective]:
    problem, found = outcome.problem, outcome.solution
    is_open = True
    for n, level in enumerate(problem.levels):
        this, new = level.value(problem, left), level.value(problem, found.matched)
        proved = bool(found.levels) and found.levels[n].proved
        needed = found.levels[n].bound - found.levels[n].given_up if proved else new
        ours, least = _reached(level, left, this), _reached(level, found.matched, min(needed, new))
        against: Against = "behind" if ours < least else "ahead" if ours > least and not proved else "equal"
        is_amount = not isinstance(level, Leximin)
        told = [Fraction(level.sense * value, level.scale) for value in (this, new, min(needed, new))]
        yield AtObjective(level.name, level.sense, told[0], told[1], told[2], against if is_open else "", is_amount)
        is_open = is_open and against == "equal"


def _reached(level: AnyLevel, pairs: Integers, value: int) -> tuple[int, ...]:
    """What the greater of is better: the value, of a leximin how many reach each of its fits."""
    if not isinstance(level, Leximin):
        return (value,)
    own = level.amounts[pairs[level.counted[pairs]]]
    fits = np.unique(level.amounts[level.counted & (level.amounts > 0)])
    return tuple(int((own >= fit).sum()) for fit in fits)
