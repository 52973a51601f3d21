"""Who carries out the tasks of a sweep, what a worker keeps, and what comes of a point.

Who carries out the tasks of a sweep: this process, processes of this machine, or the workers of a Dask cluster. Where
a worker carries out cases: tables that came once, and a memory of what was worked out before. What a sweep hands to
its workers, and what comes back.
"""

import os
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.engines.engine import KnownPrices
from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.memory import Memory
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.worker_processes import carried_out, make_ready

FAILED = "error"
LOST = "lost"


@dataclass(frozen=True)
class SweepTask:
    """What travels to a worker.

    Attributes:
        key: of the case, as `keys.key_of` gives it.
        base: the number of the scenario to start from.
        changes: the dotted settings that differ from it.
    """

    key: str
    base: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class CaseAnswer:
    """What came of a case.

    Attributes:
        status: of the run; `error` where it could not be carried out or did not stand up to verification, `lost`
            where the process that worked on it died.
        error: why, in one line; blank where nothing went wrong.
        summary: the content of the run's `summary.json`; None where there is none.
        seconds: what it took.
    """

    status: str
    error: str = ""
    summary: Summary | None = None
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether there is no result."""
        return self.status in (FAILED, LOST)


def lost(_: SweepTask) -> CaseAnswer:
    """The answer of a case whose process died."""
    return CaseAnswer(LOST, "the process that worked on it died; --resume tries it again")


Answered = Generator[tuple[SweepTask, CaseAnswer], None, None]


class Crew(Protocol):
    """Carries out tasks."""

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[SweepTask]) -> Answered:
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

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[SweepTask]) -> Answered:
        """Every task with its answer, as they come."""
        with closing(carried_out(partial(_context, bases, runs), tasks, self._workers)) as answers:
            for task, answer in answers:
                yield task, answer or lost(task)


def _context(bases: Sequence[Scenario], runs: Path | None) -> "WorkerContext":
    """Imported where work is done: whoever hands it out needs none of it."""
    return WorkerContext(bases, runs, Memory())


class WorkerContext:
    """The scenarios of a sweep in one process, and whatever their stages gave so far.

    Args:
        bases: the scenarios that tasks start from.
        runs: the folder that takes a run folder a case; None: none is kept.
        memory: what stages gave before; None: nothing is remembered.
    """

    def __init__(self, bases: Sequence[Scenario], runs: Path | None, memory: Memory | None):
        self._bases, self._runs = bases, runs
        self._memory = memory
        self._known = KnownPrices()
        self._one_at_a_time = threading.Lock()

    def __call__(self, task: SweepTask) -> CaseAnswer:
        """Carry out one case and verify it; whatever goes wrong becomes its answer."""
        start = time.perf_counter()
        with self._one_at_a_time:
            try:
                result = self._verified(task)
            except NleOptimizerError as fault:
                return CaseAnswer(FAILED, _one_line(str(fault)), None, time.perf_counter() - start)
            except Exception as fault:  # a fault of ours in one case is no reason to lose the others
                what = _one_line(f"a fault of nle-optimizer: {type(fault).__name__}: {fault}")
                return CaseAnswer(FAILED, what, None, time.perf_counter() - start)
        return CaseAnswer(result.status, "", result.claim.summary, time.perf_counter() - start)

    def _verified(self, task: SweepTask) -> Result:
        started = datetime.now().astimezone()
        scenario = self._bases[task.base].replace(task.changes)
        result = result_of(scenario, memory=self._memory, known=self._known, brief=self._runs is None)
        wrong = check_claim(result.scenario, result.claim, self._memory)
        if wrong:
            raise NleOptimizerError("\n".join(["the result does not stand up to its own inputs", *wrong[:5]]))
        if self._runs is not None:
            circumstances = Circumstances(["nle-optimizer", "sweep"], started, {})
            write_run_folder(result, self._runs / task.key[:16], circumstances, force=True, keep_inputs=True)
        return result


def _one_line(text: str) -> str:
    return " | ".join(line.strip() for line in text.splitlines() if line.strip())
