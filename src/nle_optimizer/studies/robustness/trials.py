"""What is tried with a plan: other weights, estimates that are off, and how far one weight can move."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from nle_optimizer.allocation import allocate
from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.errors import InputError
from nle_optimizer.result import Result
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.robustness.drawn import Found, Pair, figures_of, pairs_of
from nle_optimizer.studies.robustness.perturbing import drawn
from nle_optimizer.studies.robustness.weights import Edge, End, edge
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


Trial = Reweighted | Perturbed | Edge
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
        match trial:
            case Reweighted():
                scenario = self._scenario.replace({"fit.weights": dict(trial.weights)})
                return _allocated(allocate(scenario, recall=self._recall, known=self._known, brief=True))
            case Perturbed():
                scenario = drawn(self._scenario, self._scenario.settings.uncertainty, trial.number)
                return _allocated(allocate(scenario, known=self._known, brief=True))
            case Edge():
                return edge(self._scenario, self._plan, trial, self._recall, self._known)


def _allocated(result: Result) -> Found | str:
    if result.status in ("infeasible", "unknown"):
        return result.status
    return Found(pairs_of(result.claim), figures_of(result.claim))
