"""What a solver is asked to spend, and what it answers."""

from dataclasses import dataclass
from typing import Literal

from nle_optimizer.records import Integers

Status = Literal["optimal", "feasible", "infeasible", "unknown", "died"]


@dataclass(frozen=True)
class Effort:
    """What a solver may spend on one program.

    Attributes:
        work: units of its own deterministic measure.
        seconds: of the clock; None for as long as it likes.
        gap: a relative gap that will do.
        settled: whether the allocation to start from is likely the best, so that all effort may go into the proof.
    """

    work: float
    seconds: float | None = None
    gap: float = 0.0
    settled: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """A solver's answer, not to be believed before it is checked.

    Attributes:
        status: `optimal`, `feasible` (a solution, perhaps not the best), `infeasible`, `unknown`,
            or `died`: its process ended before it answered, twice.
        values: shape (variables,); None where there is no solution.
        bound: said to be the most that the objective can be; None where nothing is known.
        work: what was spent, in the solver's own measure.
    """

    status: Status
    values: Integers | None
    bound: int | None
    work: float
