"""How firmly each pair of a plan stands: among optimal plans, under other weights, under draws around estimates."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from nle_optimizer.errors import EngineError
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.scenario.columns import SHARE_COLUMNS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.crew import carried_out
from nle_optimizer.studies.robustness.drawn import WORDS, Drawn, Found, figures_of, pairs_of, word_of
from nle_optimizer.studies.robustness.kept import Pair
from nle_optimizer.studies.robustness.trials import CHANGES, Desk, Perturbed, Reweighted, Scaled, Trial, Tried
from nle_optimizer.studies.robustness.under_error import Case, UnderError
from nle_optimizer.studies.robustness.weights import Edge, Range, edges_of, random_weights, ranges_of, weighted

WORTH_IT = 1_000_000
"""Candidate pairs of all trials together from which several processes are quicker: each takes a second to start."""


@dataclass(frozen=True, eq=False)
class Robustness:
    """What was found.

    Attributes:
        plan: counts and metrics of the plan.
        pairs: its pairs, each with the word of its firmness among optimal plans; blank where not told.
        ranges: how far each area's weight can move; of a plan that is not proved optimal none, and of a weight with too
            many digits to be moved in thousandths none.
        weights: draws of the weights.
        estimates: draws around the estimates, as many; None where these have no rates.
        under_error: the plan kept as it is, beside those made anew.
    """

    plan: dict[str, float]
    pairs: dict[Pair, str]
    ranges: tuple[Range, ...]
    weights: Drawn
    estimates: Drawn | None
    under_error: UnderError

    def columns(self) -> TextTable:
        """For each pair of the plan its shares of the draws, and the word of the lesser one."""
        estimates = self.estimates
        shares = [self.weights.share(pair) for pair in self.pairs]
        others = ["" if estimates is None else estimates.share(pair) for pair in self.pairs]
        least = [min(float(cell) for cell in both if cell) for both in zip(shares, others, strict=True)]
        words = [word_of(share) for share in least]
        return dict(zip(SHARE_COLUMNS, (shares, others, words), strict=True))

    def table(self) -> TextTable:
        """`robustness.csv`: a row a pair of the plan."""
        return {
            "school_id": [school for school, _ in self.pairs],
            "nle_id": [nle for _, nle in self.pairs],
            "firmness": list(self.pairs.values()),
            **self.columns(),
        }

    def section(self) -> dict[str, Any]:
        """The part `robustness` of a summary."""
        counts, estimates = Counter(self.columns()["stands"]), self.estimates
        return {
            "draws": self.weights.draws,
            "without_allocation": {
                "weights": len(self.weights.failed),
                "estimates": None if estimates is None else len(estimates.failed),
            },
            "weights": [_as_numbers(each) for each in self.ranges],
            "pairs": {word: counts[word] for _, word in WORDS},
            "metrics": None if estimates is None else _rounded(estimates.intervals(self.plan)),
        }


def _as_numbers(found: Range) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in vars(found).items()}


def _rounded(intervals: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {label: round(number, 6) for label, number in zip(("mean", "low", "high"), numbers, strict=True)}
        for name, numbers in intervals.items()
    }


def trials_of(scenario: Scenario, claim: Claim, draws: int) -> list[Trial]:
    """What is tried: both ends of each range of a plan proved optimal, each weight halved and doubled, all draws."""
    edges = edges_of(scenario) if claim.summary["status"] == "optimal" else []
    reweighted = [Reweighted(n, tuple(each.items())) for n, each in enumerate(random_weights(scenario, draws))]
    perturbed = [Perturbed(n) for n in range(draws)] if scenario.settings.uncertainty.has_rates else []
    return [*edges, *_scaled(scenario), *reweighted, *perturbed]


def _scaled(scenario: Scenario) -> list[Scaled]:
    return [Scaled(area, change) for area in weighted(scenario) for change in CHANGES]


def robustness(
    scenario: Scenario,
    claim: Claim,
    draws: int,
    workers: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Robustness:
    """How firmly each pair of a plan stands.

    Args:
        scenario: what was asked.
        claim: the plan.
        draws: how many draws of weights, and around the estimates where the scenario's `uncertainty` has rates.
        workers: processes; 1: this one alone; None: one a core where it is worth it. What is found is the same.
        tell: told of each trial that is done.

    Raises:
        EngineError: a process ended before it answered.
    """
    pairs, trials = pairs_of(claim), trials_of(scenario, claim, draws)
    tried: dict[Trial, Tried] = {}
    desk = partial(Desk, scenario, pairs)
    with closing(carried_out(desk, trials, _crew(workers, claim.summary["counts"]["pairs"] * len(trials)))) as answers:
        for trial, answer in answers:
            if answer is None:
                raise EngineError(f"{trial}: its process ended before it answered, perhaps as memory ran out")
            tried[trial] = answer
            tell(str(trial))
    perturbed = [tried[trial] for trial in trials if isinstance(trial, Perturbed)]
    estimates = _drawn(perturbed) if scenario.settings.uncertainty.has_rates else None
    weights = scenario.settings.fit.weights
    under_error = UnderError(
        frozenset(pairs),
        claim.summary["objectives"],
        [_case("estimates", str(n), each) for n, each in enumerate(perturbed, start=1)],
        {
            (each.area, each.change, float(weights[each.area] * CHANGES[each.change])): _case(  # type: ignore[index]
                "weights", str(each), tried[each]
            )
            for each in _scaled(scenario)
        },
        estimates,
    )
    return Robustness(
        figures_of(claim.summary),
        dict(zip(pairs, claim.tables["allocation"]["firmness"], strict=True)),
        tuple(ranges_of(scenario, {trial: tried[trial] for trial in trials if isinstance(trial, Edge)})),
        _drawn(tried[trial] for trial in trials if isinstance(trial, Reweighted)),
        estimates,
        under_error,
    )


def _case(kind: str, name: str, tried: Tried) -> Case:
    return Case(kind, name, tried, tried.status) if isinstance(tried, Found) else Case(kind, name, None, str(tried))


def _crew(workers: int | None, pairs: int) -> int:
    """Processes beside this one, for so many candidate pairs in all trials together."""
    several = workers if workers is not None else (os.cpu_count() or 1) if pairs >= WORTH_IT else 1
    return several if several > 1 else 0


def _drawn(tried: Iterable[Tried]) -> Drawn:
    each = list(tried)
    return Drawn([found for found in each if isinstance(found, Found)], [why for why in each if isinstance(why, str)])
