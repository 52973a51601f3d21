"""Where a worker carries out cases: tables that came once, and a memory of what was worked out before."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from nle_optimizer.allocation import allocate
from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.recall import Recall
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.reports.verification import verify
from nle_optimizer.result import Result
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.sweep.answer import FAILED, Answer, Task
from nle_optimizer.studies.sweep.memory import Memory


class Desk:
    """The scenarios of a sweep in one process, and whatever their stages gave so far.

    Args:
        bases: the scenarios that tasks start from.
        runs: the folder that takes a run folder a case; None: none is kept.
        recall: how stages are called; by default through a memory of its own.
    """

    def __init__(self, bases: Sequence[Scenario], runs: Path | None = None, recall: Recall | None = None):
        self._bases, self._runs = bases, runs
        self._recall: Recall = Memory() if recall is None else recall
        self._known = KnownPrices()
        self._one_at_a_time = threading.Lock()

    def __call__(self, task: Task) -> Answer:
        """Carry out one case and verify it; whatever goes wrong becomes its answer."""
        start = time.perf_counter()
        with self._one_at_a_time:
            try:
                result = self._verified(task)
            except NleOptimizerError as fault:
                return Answer(FAILED, _one_line(str(fault)), None, time.perf_counter() - start)
            except Exception as fault:  # a fault of ours in one case is no reason to lose the others
                what = _one_line(f"a fault of nle-optimizer: {type(fault).__name__}: {fault}")
                return Answer(FAILED, what, None, time.perf_counter() - start)
        return Answer(result.status, "", result.claim.summary, time.perf_counter() - start)

    def _verified(self, task: Task) -> Result:
        started = datetime.now().astimezone()
        scenario = self._bases[task.base].replace(task.changes)
        result = allocate(scenario, recall=self._recall, known=self._known, brief=self._runs is None)
        wrong = verify(result, self._recall)
        if wrong:
            raise NleOptimizerError("\n".join(["the result does not stand up to its own inputs", *wrong[:5]]))
        if self._runs is not None:
            circumstances = Circumstances(["nle-optimizer", "sweep"], started, {})
            write_run_folder(result, self._runs / task.key[:16], circumstances, force=True, keep_inputs=True)
        return result


def _one_line(text: str) -> str:
    return " | ".join(line.strip() for line in text.splitlines() if line.strip())


_desks: dict[str, Desk] = {}


def set_up(sweep: str, bases: Sequence[Scenario], runs: Path | None) -> None:
    """Set up the desk of a sweep in this process."""
    _desks[sweep] = Desk(bases, runs)


def clear(sweep: str) -> None:
    """Take the desk of a sweep away."""
    _desks.pop(sweep, None)


def work(sweep: str, task: Task) -> Answer:
    """Carry out one case at this process's desk."""
    return _desks[sweep](task)
