"""The workers of a Dask cluster, for sweeps that one machine is too small for.

Dask hands a task whose worker is gone to another one; a task that takes several workers with it is lost.
"""

import pickle
import time
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, WorkerPlugin, get_worker
from distributed.comm.core import CommClosedError

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.memory import Memory
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.sweep.workers import Answered, CaseAnswer, SweepTask, WorkerContext, lost
from nle_optimizer.studies.worker_processes import IN_FLIGHT, hand_out

SECONDS_TO_CONNECT = 10
"""How long the scheduler may take to answer."""
TRIES, SECONDS_BETWEEN_TRIES = 5, 1.0


class ContextPlugin(WorkerPlugin):
    """Keeps the context of a sweep in every worker, those that come later too."""

    def __init__(self, bases: Sequence[Scenario], runs: Path | None):
        self._packed = pickle.dumps((bases, runs))
        self._version = version("nle-optimizer")

    def setup(self, worker: Any) -> None:
        """The worker starts, or the sweep does."""
        if version("nle-optimizer") != self._version:
            raise ValueError(f"{worker.address} has nle-optimizer {version('nle-optimizer')}, not {self._version}")
        bases, runs = pickle.loads(self._packed)
        self.context = WorkerContext(bases, runs, Memory())


def _work(sweep: str, task: SweepTask) -> CaseAnswer:
    """Carry out one case in the context that this worker keeps of the sweep."""
    plugin = get_worker().plugins[sweep]
    assert isinstance(plugin, ContextPlugin)
    return plugin.context(task)


class ClusterCrew:
    """The workers of the cluster at an address.

    Raises:
        InputError: no scheduler answers there.
    """

    def __init__(self, address: str):
        self._address = address
        try:
            self._client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise InputError(
                [Fault(Place("--scheduler"), "", f"no scheduler answers at {address}: {error}")]
            ) from error

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[SweepTask]) -> Answered:
        """Every task with its answer, as they come.

        Raises:
            InputError: the scheduler is gone.
        """
        sweep = f"nle-optimizer-{uuid.uuid4().hex}"
        with self._client as client:
            pool = client.get_executor(pure=False)
            try:
                self._set_up(ContextPlugin(bases, runs), sweep)
                at_once = max(1, sum(client.nthreads().values())) * IN_FLIGHT
                done = hand_out(lambda task: pool.submit(_work, sweep, task), deque(tasks), at_once, (KilledWorker,))
                for task, answer in done:
                    yield task, answer or lost(task)
                client.unregister_worker_plugin(sweep)
            except (OSError, CancelledError) as error:
                raise self._gone(error) from error
            finally:
                pool.shutdown(wait=False)

    def _set_up(self, plugin: ContextPlugin, name: str) -> None:
        """Set up every worker; one that dies meanwhile is left out, and set up when it comes back."""
        for left in reversed(range(TRIES)):
            try:
                self._client.register_plugin(plugin, name=name)
            except CommClosedError:
                if not left:
                    raise
                time.sleep(SECONDS_BETWEEN_TRIES)
            else:
                return

    def _gone(self, error: BaseException) -> InputError:
        what = f"{self._address} is gone ({type(error).__name__}); finished cases are kept, --resume goes on"
        return InputError([Fault(Place("--scheduler"), "", what)])
