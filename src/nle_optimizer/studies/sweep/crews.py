"""Who carries out the tasks of a sweep: this process, processes of this machine, or the workers of a Dask cluster."""

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.crew import carried_out, make_ready
from nle_optimizer.studies.sweep.answer import Answer, Task, lost

if TYPE_CHECKING:
    from nle_optimizer.studies.sweep.desk import Desk

Answered = Generator[tuple[Task, Answer], None, None]


class Crew(Protocol):
    """Carries out tasks."""

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[Task]) -> Answered:
        """Every task with its answer, as they come; closing the iterator ends the work."""
        ...


class LocalCrew:
    """Processes of this machine. One that dies takes no other task with it: those in flight are tried again singly.

    Args:
        workers: how many; 0: this process alone; None: one a core.
    """

    def __init__(self, workers: int | None = None):
        self._workers = (os.cpu_count() or 1) if workers is None else workers
        if self._workers:
            make_ready()

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[Task]) -> Answered:
        """Every task with its answer, as they come."""
        with closing(carried_out(partial(_desk, bases, runs), tasks, self._workers)) as answers:
            for task, answer in answers:
                yield task, answer or lost(task)


def _desk(bases: Sequence[Scenario], runs: Path | None) -> "Desk":
    """Imported where work is done: whoever hands it out needs none of it."""
    from nle_optimizer.studies.sweep.desk import Desk

    return Desk(bases, runs)
