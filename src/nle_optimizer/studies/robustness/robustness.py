"""How firmly each pair of a run stands: among optimal plans, under other weights, under draws around estimates."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_optimizer.allocation import allocate
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.studies.reopening import reopen
from nle_optimizer.studies.robustness.draws import Pair, pairs_of, word_of
from nle_optimizer.studies.robustness.perturbing import drawn
from nle_optimizer.studies.robustness.weights import Range, random_weights, weight_ranges
from nle_optimizer.studies.sweep.memory import Memory


@dataclass(frozen=True, eq=False)
class Robustness:
    """What was found.

    Attributes:
        run: the folder.
        pairs: the pairs of the plan, each with the word of its firmness among optimal plans; blank where not told.
        ranges: how far each area's weight can move.
        draws: how many draws of weights, and as many around the estimates.
        by_weights, by_estimates: in how many of them each pair stands; None where estimates have no rates.
    """

    run: str
    pairs: dict[Pair, str]
    ranges: tuple[Range, ...]
    draws: int
    by_weights: Counter[Pair]
    by_estimates: Counter[Pair] | None

    def table(self) -> TextTable:
        """`robustness.csv`: a row a pair of the plan."""
        whole = max(1, self.draws)
        shares = [self.by_weights[pair] / whole for pair in self.pairs]
        others = [None if self.by_estimates is None else self.by_estimates[pair] / whole for pair in self.pairs]
        least = [one if other is None else min(one, other) for one, other in zip(shares, others, strict=True)]
        return {
            "school_id": [school for school, _ in self.pairs],
            "nle_id": [nle for _, nle in self.pairs],
            "firmness": list(self.pairs.values()),
            "share_weights": [f"{share:.4f}" for share in shares],
            "share_estimates": ["" if share is None else f"{share:.4f}" for share in others],
            "stands": [word_of(share) for share in least],
        }

    def document(self) -> dict[str, Any]:
        """The answer for programs."""
        table = self.table()
        return {
            "schema_version": 1,
            "run": self.run,
            "draws": self.draws,
            "weights": [
                {
                    name: None if value is None else (value if name == "area" else float(value))
                    for name, value in vars(each).items()
                }
                for each in self.ranges
            ],
            "rows": [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)],
        }


def robustness(path: Path, draws: int, tell: Callable[[str], None] = lambda _: None) -> Robustness:
    """How firmly each pair of a run stands.

    Args:
        path: the run folder.
        draws: how many draws of weights, and around the estimates where the scenario's `uncertainty` has rates.
        tell: told of each search.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
    """
    opened = reopen(path)
    scenario, table = opened.folder.scenario, opened.folder.claim.tables["allocation"]
    columns = (table[name] for name in ("school_id", "nle_id", "firmness"))
    pairs = {(school, nle): word for school, nle, word in zip(*columns, strict=True)}
    recall = Memory()
    ranges = tuple(weight_ranges(opened.outcome, recall, tell))
    by_weights: Counter[Pair] = Counter()
    for n, weights in enumerate(random_weights(scenario, draws), start=1):
        tell(f"weights {n} of {draws}")
        by_weights.update(pairs_of(allocate(scenario.replace({"fit.weights": weights}), recall=recall, brief=True)))
    rates = scenario.settings.uncertainty
    if not (rates.needs or rates.expertise or rates.nle_withdraws or rates.school_refuses):
        return Robustness(str(path), pairs, ranges, draws, by_weights, None)
    by_estimates: Counter[Pair] = Counter()
    for draw in range(draws):
        tell(f"estimates {draw + 1} of {draws}")
        by_estimates.update(pairs_of(allocate(drawn(scenario, rates, draw), brief=True)))
    return Robustness(str(path), pairs, ranges, draws, by_weights, by_estimates)
