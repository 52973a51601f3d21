"""Many draws: an interval for every metric, and how often every pair stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from nle_optimizer.allocation import allocate
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.result import Result
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Uncertainty
from nle_optimizer.studies.robustness.perturbing import drawn

COUNTS = ("supported", "unmatched", "eligible")
COVER = 0.95
"""The share of the draws that lie within an interval."""
WORDS = ((0.9, "firm"), (0.6, "likely"), (0.3, "open"), (0.0, "toss-up"))
"""What a share is called, from this on."""
Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What came of many draws.

    Attributes:
        plan: the metrics and counts of the plan itself.
        metrics: those of every draw that has an allocation.
        planned: the pairs of the plan.
        stands: in how many draws each pair stands.
        failed: draws without an allocation, each with the reason.
    """

    plan: Mapping[str, float]
    metrics: Sequence[Mapping[str, float]]
    planned: frozenset[Pair]
    stands: Mapping[Pair, int]
    failed: Sequence[str]

    @property
    def draws(self) -> int:
        """How many draws there were, with an allocation or not."""
        return len(self.metrics) + len(self.failed)

    def figures(self) -> TextTable:
        """`uncertainty.csv`: each metric of the plan, its mean over the draws, and what 95 % of them lie within."""
        rows = []
        for name, value in self.plan.items():
            values = sorted(draw[name] for draw in self.metrics if name in draw)
            ends = interval(values) if values else None
            numbers = [value, *((fmean(values), *ends) if ends else (None, None, None))]
            rows.append([name, *("" if number is None else f"{number:.6f}" for number in numbers), str(len(values))])
        return {
            name: [row[n] for row in rows] for n, name in enumerate(("metric", "plan", "mean", "low", "high", "draws"))
        }

    def shares(self) -> TextTable:
        """`pair_shares.csv`: every pair of the plan or of a draw, and the share of the draws in which it stands."""
        whole = max(1, self.draws)
        pairs = sorted(self.planned | self.stands.keys())
        shares = [self.stands.get(pair, 0) / whole for pair in pairs]
        return {
            "school_id": [school for school, _ in pairs],
            "nle_id": [nle for _, nle in pairs],
            "in_plan": ["yes" if pair in self.planned else "no" for pair in pairs],
            "share": [f"{share:.4f}" for share in shares],
            "stands": [word_of(share) for share in shares],
        }


def interval(ordered: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest of the middle 95 % of ascending values (nearest rank)."""
    tail = (1 - COVER) / 2
    low = max(0, ceil(tail * len(ordered)) - 1)
    return ordered[low], ordered[len(ordered) - 1 - low]


def word_of(share: float) -> str:
    """`firm`, `likely`, `open` or `toss-up`."""
    return next(word for least, word in WORDS if share >= least)


def draw_all(result: Result, rates: Uncertainty, tell: Callable[[str], None] = lambda _: None) -> Drawn:
    """Draw as often as `rates.draws` says around the scenario of a result, and allocate each draw."""
    stands: dict[Pair, int] = {}
    metrics: list[Mapping[str, float]] = []
    failed: list[str] = []
    for draw, found in enumerate(_allocated(result.scenario, rates), start=1):
        tell(f"draw {draw} of {rates.draws}")
        if isinstance(found, str):
            failed.append(found)
            continue
        metrics.append(figures_of(found))
        for pair in pairs_of(found):
            stands[pair] = stands.get(pair, 0) + 1
    return Drawn(figures_of(result), metrics, frozenset(pairs_of(result)), stands, failed)


def _allocated(scenario: Scenario, rates: Uncertainty) -> Iterator[Result | str]:
    for draw in range(rates.draws):
        try:
            found = allocate(drawn(scenario, rates, draw), brief=True)
        except InputError as fault:
            yield str(fault).splitlines()[0]
            continue
        yield found if found.status not in ("infeasible", "unknown") else found.status


def figures_of(result: Result) -> dict[str, float]:
    """Counts and metrics of a result that are numbers."""
    summary = result.claim.summary
    figures = {name: summary["counts"][name] for name in COUNTS} | summary["metrics"]
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}


def pairs_of(result: Result) -> list[Pair]:
    """School and NLE of every matched pair."""
    table = result.claim.tables["allocation"]
    return list(zip(table["school_id"], table["nle_id"], strict=True))
