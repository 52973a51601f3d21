"""What is tried with a plan: other weights, estimates that are off, and how far one weight can move."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal

from nle_optimizer.allocation import solve
from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.metrics import summary_of
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.recall import Recall, plainly
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.robustness.drawn import Found, figures_of
from nle_optimizer.studies.robustness.kept import Pair, kept
from nle_optimizer.studies.robustness.perturbing import drawn
from nle_optimizer.studies.robustness.weights import Edge, End, edge, scaled
from nle_optimizer.studies.sweep.memory import Memory


@dataclass(frozen=True)
class Reweighted:
    """The plan made anew under other weights of the areas."""

    number: int
    weights: tuple[tuple[str, Decimal], ...]

    def __str__(self) -> str:
        return f"weights {self.number + 1}"


@dataclass(frozen=True)
class Perturbed:
    """The plan made anew with estimates that are off, and people who withdraw."""

    number: int

    def __str__(self) -> str:
        return f"estimates {self.number + 1}"


@dataclass(frozen=True)
class Scaled:
    """The plan made anew with the weight of one area halved or doubled, the others as they are."""

    area: str
    change: str

    def __str__(self) -> str:
        return f"{self.area} {self.change}"


CHANGES = {"halved": Decimal("0.5"), "doubled": Decimal(2)}
Trial = Reweighted | Perturbed | Scaled | Edge
Tried = Found | End | str
"""What came of a trial; words where nothing could."""


class Desk:
    """A plan in one process, and whatever the stages of its scenario gave so far."""

    def __init__(self, scenario: Scenario, plan: Sequence[Pair]):
        self._scenario, self._plan = scenario, plan
        self._recall, self._known = Memory(), KnownPrices()

    def __call__(self, trial: Trial) -> Tried:
        """What came of a trial; where nothing could, why."""
        try:
            return self._tried(trial)
        except InputError as fault:
            return str(fault).splitlines()[0]

    def _tried(self, trial: Trial) -> Tried:
        scenario = self._scenario
        match trial:
            case Reweighted():
                return self._found(scenario.replace({"fit.weights": dict(trial.weights)}), self._recall)
            case Scaled():
                return self._found(scaled(scenario, trial.area, CHANGES[trial.change]), self._recall)
            case Perturbed():
                return self._found(drawn(scenario, scenario.settings.uncertainty, trial.number), plainly)
            case Edge():
                return edge(scenario, trial, self._stays_best)

    def _found(self, scenario: Scenario, recall: Recall) -> Found | str:
        outcome = self._solved(scenario, recall)
        if outcome.status in ("infeasible", "unknown"):
            return outcome.status
        found, at = outcome.candidates, outcome.matched
        schools, nles = found.recipients.ids[found.recipient[at]], found.nles.ids[found.nle[at]]
        pairs = tuple(zip(schools.tolist(), nles.tolist(), strict=True))
        return Found(pairs, figures_of(summary_of(outcome)), outcome.status, kept(outcome, self._plan))

    def _stays_best(self, scenario: Scenario) -> bool:
        """Whether no plan is found that is better, objective by objective."""
        try:
            outcome = self._solved(scenario, self._recall)
        except InputError:  # a pair that must be would be no candidate
            return False
        return outcome.status != "infeasible" and kept(outcome, self._plan).is_best(len(self._plan))

    def _solved(self, scenario: Scenario, recall: Recall) -> Outcome:
        quiet = nullcontext(lambda: False)
        return solve(scenario, lambda _: None, lambda _: None, quiet, recall, self._known)
