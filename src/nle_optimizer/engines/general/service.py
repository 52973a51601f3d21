"""One process for solvers, which lives as long as the program does."""

import atexit
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from nle_optimizer.engines.child import Child, wait
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import SolverDiedError

T = TypeVar("T")

GRACE = 3.0
"""Seconds after the deadline or an interrupt at which a solver that does not stop is ended."""


class Service:
    """A process for solvers, started when it is first needed and started again when it has died."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="nle-optimizer-")
        self._calls = 0

    def call(self, function: Callable[..., T], *args: Any, stop: Stopping) -> T:
        """A function's result, called in the process with the name of its stop file after the other arguments.

        Where the process dies, another is asked once more.

        Raises:
            SolverDiedError: that one died too.
            EngineError: the function raised.
            TimeoutError: the deadline and the grace are over, or the planner's interrupt was not heard.
        """
        try:
            return self._call(function, *args, stop=stop)
        except SolverDiedError as death:
            stop.tell(f"{death}; trying once more")
            return self._call(function, *args, stop=stop)

    def _call(self, function: Callable[..., T], *args: Any, stop: Stopping) -> T:
        self._child = self._child or Child()
        self._calls += 1
        stop_file = Path(self._folder.name) / str(self._calls)
        seconds = None if stop.seconds_left is None else stop.seconds_left + GRACE
        future = self._child.submit(function, *args, str(stop_file))
        try:
            try:
                return wait(future, seconds=seconds, interrupted=stop.interrupted)
            except TimeoutError:
                stop_file.touch()
                return wait(future, seconds=GRACE)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process; the next call starts another."""
        if self._child is not None:
            self._child.close()
        self._child = None

    def end(self) -> None:
        """End the process and leave nothing behind."""
        self.close()
        self._folder.cleanup()


@cache
def service() -> Service:
    """The one service of this program; it ends with it."""
    only = Service()
    atexit.register(only.end)
    return only
