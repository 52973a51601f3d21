"""What plans made for many draws have: how often each pair and each school, and an interval for every metric."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from statistics import fmean
from typing import Any, TypeVar

from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.records import fixed
from nle_optimizer.studies.robustness.kept import Kept, Pair

COUNTS = ("supported", "unmatched", "eligible")
TAIL = 40
"""An interval leaves out one value in so many at each end, so that at least 95 % lie within."""
WORDS = ((0.9, "firm"), (0.6, "likely"), (0.3, "open"), (0.0, "toss-up"))
"""What a share is called, from this on."""
PLACES = 4
"""Decimal places of a share."""
Number = TypeVar("Number", float, Fraction)


@dataclass(frozen=True)
class Found:
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
    kept: Kept


@dataclass(frozen=True, eq=False)
class Drawn:
    """What came of draws of one kind.

    Attributes:
        found: what each draw gave that has an allocation.
        failed: of each of the others, why not.
    """

    found: Sequence[Found]
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


def figures_of(summary: Mapping[str, Any]) -> dict[str, float]:
    """Counts and metrics of a summary that are numbers."""
    figures = {name: summary["counts"][name] for name in COUNTS} | summary["metrics"]
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}


def pairs_of(claim: Claim) -> tuple[Pair, ...]:
    """School and NLE of every matched pair of a claim."""
    table = claim.tables["allocation"]
    return tuple(zip(table["school_id"], table["nle_id"], strict=True))
