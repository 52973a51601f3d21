"""What is asked: one unit more and one fewer of something, answered at once or by solving when it comes to that."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.studies.marginal.answers import Answer, by_solving


@dataclass(frozen=True, eq=False)
class Study:
    """A run to be asked.

    Attributes:
        exchanges: of its network; or, in words, why it has none, so that every answer needs solving again.
        seconds: after how many each of those searches stops; None for when it is done.
    """

    outcome: Outcome
    exchanges: Exchanges | str
    seconds: float | None = None

    @property
    def levels(self) -> int:
        """Levels on which the allocation is known to be the best, so that what changes nothing is known to."""
        if isinstance(self.exchanges, Exchanges):
            return self.exchanges.levels
        known = 0
        while known < len(self.outcome.solution.levels) and self.outcome.solution.levels[known].proved:
            known += 1
        return known

    @property
    def is_sum(self) -> bool:
        """Whether every level is a sum over pairs."""
        return all(isinstance(level, Level) for level in self.outcome.problem.levels)


@dataclass(frozen=True, eq=False)
class Question:
    """One change.

    Attributes:
        relaxed: whether it allows more than before; otherwise less.
        answer: what is known without solving again; None where nothing is.
        problem: makes the problem that has the change.
    """

    relaxed: bool
    answer: Answer | None
    problem: Callable[[], Problem]

    def answered(self, study: Study) -> Answer:
        """The answer, by solving again where it must be."""
        if self.answer is not None:
            return self.answer
        deadline = None if study.seconds is None else time.monotonic() + study.seconds
        return by_solving(study.outcome, self.problem(), Stopping(deadline=deadline), relaxed=self.relaxed)


@dataclass(frozen=True, eq=False)
class Subject:
    """Something of which there could be one more or one fewer.

    Attributes:
        id: of an NLE or school, or the label of a row.
        resource: what there would be more of.
        more, fewer: the two changes.
        index: which NLE, recipient or row it is.
    """

    id: str
    resource: str
    more: Question
    fewer: Question
    index: int
