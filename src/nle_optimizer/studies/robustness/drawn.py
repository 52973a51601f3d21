"""What many draws gave: how often every pair stands, and an interval for every metric."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from statistics import fmean

from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.records import fixed

COUNTS = ("supported", "unmatched", "eligible")
COVER = 0.95
"""The share of the draws that lie within an interval."""
WORDS = ((0.9, "firm"), (0.6, "likely"), (0.3, "open"), (0.0, "toss-up"))
"""What a share is called, from this on."""
PLACES = 4
"""Decimal places of a share."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Found:
    """What one draw gave.

    Attributes:
        pairs: school and NLE of every matched pair.
        figures: its counts and metrics.
    """

    pairs: tuple[Pair, ...]
    figures: Mapping[str, float]


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

    def share(self, pair: Pair) -> str:
        """The share of the draws in which a pair stands, halves of the last place up."""
        whole = max(1, self.draws)
        return fixed((2 * self.stands[pair] * 10**PLACES + whole) // (2 * whole), PLACES)

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
        shares = [self.share(pair) for pair in pairs]
        return {
            "school_id": [school for school, _ in pairs],
            "nle_id": [nle for _, nle in pairs],
            "in_plan": ["yes" if pair in own else "no" for pair in pairs],
            "share": shares,
            "stands": [word_of(float(share)) for share in shares],
        }


def interval(ordered: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest of the middle 95 % of ascending values (nearest rank)."""
    tail = (1 - COVER) / 2
    low = max(0, ceil(tail * len(ordered)) - 1)
    return ordered[low], ordered[len(ordered) - 1 - low]


def word_of(share: float) -> str:
    """`firm`, `likely`, `open` or `toss-up`."""
    return next(word for least, word in WORDS if share >= least)


def figures_of(claim: Claim) -> dict[str, float]:
    """Counts and metrics of a claim that are numbers."""
    figures = {name: claim.summary["counts"][name] for name in COUNTS} | claim.summary["metrics"]
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}


def pairs_of(claim: Claim) -> tuple[Pair, ...]:
    """School and NLE of every matched pair of a claim."""
    table = claim.tables["allocation"]
    return tuple(zip(table["school_id"], table["nle_id"], strict=True))
