"""What draws came to, for plans made anew and for this plan kept as it is.

What plans made for many draws have: how often each pair and each school, and an interval for every metric. A plan
kept as it is, beside the plan made anew, in a world that is somewhat otherwise: objective by objective.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from statistics import fmean
from typing import Any, Literal, TypeVar

import numpy as np

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.constraints.rows import violations
from nle_optimizer.model.levels import AnyLevel, Leximin
from nle_optimizer.model.limits_left import overuse
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers, fixed
from nle_optimizer.stages.current import locate

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
class PlanLeft:
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


def kept(outcome: Outcome, plan: Sequence[Pair]) -> PlanLeft:
    """What is left of a plan on the case of an outcome, beside the outcome's own plan."""
    left = _left(plan, outcome.problem, outcome.candidates.keys)
    broken = overuse(outcome.problem, left) or any(violations(asked, left) for asked in outcome.requirements)
    is_told = outcome.status not in ("infeasible", "unknown") and not broken
    return PlanLeft(len(left), not broken, tuple(_levels(outcome, left)) if is_told else ())


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


COUNTS = ("supported", "unmatched", "eligible")
TAIL = 40
"""An interval leaves out one value in so many at each end, so that at least 95 % lie within."""
WORDS = ((0.9, "firm"), (0.6, "likely"), (0.3, "open"), (0.0, "toss-up"))
"""What a share is called, from this on."""
PLACES = 4
"""Decimal places of a share."""
Number = TypeVar("Number", float, Fraction)


@dataclass(frozen=True)
class DrawOutcome:
    """The plan made for one draw.

    Attributes:
        pairs: school and NLE of every matched pair.
        figures: its counts and metrics.
        status: `optimal`, `feasible` or `completed`.
        kept: what is left of the plan that is asked about.
    """

    pairs: tuple[Pair, ...]
    figures: Mapping[str, float]
    status: str
    kept: PlanLeft


@dataclass(frozen=True, eq=False)
class Drawn:
    """What came of draws of one kind.

    Attributes:
        found: what each draw gave that has an allocation.
        failed: of each of the others, why not.
    """

    found: Sequence[DrawOutcome]
    failed: Sequence[str]

    @property
    def draws(self) -> int:
        """How many there were, with an allocation or not."""
        return len(self.found) + len(self.failed)

    @cached_property
    def stands(self) -> Counter[Pair]:
        """In how many draws each pair stands."""
        return Counter(pair for each in self.found for pair in each.pairs)

    @cached_property
    def serves(self) -> Counter[str]:
        """In how many draws each school has an NLE."""
        return Counter(school for each in self.found for school in {school for school, _ in each.pairs})

    def share(self, pair: Pair) -> str:
        """The share of the draws in which a pair stands, halves of the last place up."""
        return self._share(self.stands[pair])

    def _share(self, count: int) -> str:
        whole = max(1, self.draws)
        return fixed((2 * count * 10**PLACES + whole) // (2 * whole), PLACES)

    def intervals(self, plan: Mapping[str, float]) -> dict[str, tuple[float, float, float]]:
        """The mean of each figure of the plan over the draws that have it, and what 95 % of them lie within."""
        values = {name: sorted(each.figures[name] for each in self.found if name in each.figures) for name in plan}
        return {name: (fmean(told), *interval(told)) for name, told in values.items() if told}

    def figures(self, plan: Mapping[str, float]) -> TextTable:
        """`uncertainty.csv`: each figure of the plan, its mean over the draws, and what 95 % of them lie within."""
        known = self.intervals(plan)
        numbers = [(value, *known.get(name, ("", "", ""))) for name, value in plan.items()]
        told = [[number if number == "" else f"{number:.6f}" for number in row] for row in numbers]
        columns = dict(zip(("plan", "mean", "low", "high"), zip(*told, strict=True), strict=True))
        counts = [str(sum(name in each.figures for each in self.found)) for name in plan]
        return {"metric": list(plan), **columns, "draws": counts}

    def shares(self, planned: Iterable[Pair]) -> TextTable:
        """`pair_shares.csv`: every pair of the plan or of a draw, and the share of the draws in which it stands."""
        own = set(planned)
        pairs = sorted(own | self.stands.keys())
        ids = {"school_id": [school for school, _ in pairs], "nle_id": [nle for _, nle in pairs]}
        return {**ids, **self._shares(pairs, own, self.stands)}

    def schools(self, planned: Iterable[Pair]) -> TextTable:
        """`school_shares.csv`: every school with an NLE in the plan or in a draw, and the share of the draws."""
        own = {school for school, _ in planned}
        ids = sorted(own | self.serves.keys())
        return {"school_id": ids, **self._shares(ids, own, self.serves)}

    def _shares(self, keys: Sequence[Any], own: set[Any], counts: Counter[Any]) -> TextTable:
        shares = [self._share(counts[key]) for key in keys]
        return {
            "in_plan": ["yes" if key in own else "no" for key in keys],
            "share": shares,
            "stands": [word_of(float(share)) for share in shares],
        }


def interval(ordered: Sequence[Number]) -> tuple[Number, Number]:
    """The ends of the middle of ascending values: of each 40 the least and the greatest are left out."""
    out = len(ordered) // TAIL
    return ordered[out], ordered[len(ordered) - 1 - out]


def word_of(share: float) -> str:
    """`firm`, `likely`, `open` or `toss-up`."""
    return next(word for least, word in WORDS if share >= least)


def figures_of(summary: Summary) -> dict[str, float]:
    """Counts and metrics of a summary that are numbers."""
    counts: Mapping[str, object] = summary["counts"]
    figures = {**{name: counts[name] for name in COUNTS}, **summary["metrics"]}
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}


def pairs_of(claim: Claim) -> tuple[Pair, ...]:
    """School and NLE of every matched pair of a claim."""
    table = claim.tables["allocation"]
    return tuple(zip(table["school_id"], table["nle_id"], strict=True))
