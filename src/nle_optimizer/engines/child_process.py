"""Work in a process of its own, so that an abort of native code or a lost deadline cannot take the program down.

A child is a fresh interpreter that takes calls from its standard input and answers on its standard output, both
pickled. It imports nothing from the working directory, where anybody's files may lie. It ends when its parent closes
it, and by itself when its parent is gone. It ignores the keyboard: the parent decides what an interrupt means.
"""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from nle_optimizer.errors import EngineError, SolverDiedError

T = TypeVar("T")

_POLL = 0.2
"""Seconds between two looks at whether the planner has asked to stop."""


class Child:
    """One process, which runs one call after another. Functions must be importable, arguments and results plain.

    Args:
        modules: what it imports before its first call, while its parent does something else.
    """

    def __init__(self, *modules: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from nle_optimizer.engines.child_process import serve; serve(*{modules!r})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            start_new_session=True,
        )

    @property
    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def submit(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        """Start a call; its result, or SolverDiedError where the process dies before it answers."""
        future: Future[T] = Future()
        threading.Thread(target=self._exchange, args=(future, function, args), daemon=True).start()
        return future

    def _exchange(self, future: "Future[Any]", function: Callable[..., Any], args: Sequence[Any]) -> None:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((function, args), process.stdin)
            process.stdin.flush()
            fault, result = pickle.load(process.stdout)
        except (EOFError, OSError, ValueError, pickle.PickleError):
            self._kill()
            code = process.wait()
            fault, result = SolverDiedError(f"its process ended with {_ending(code)}"), None
        if fault is None:
            future.set_result(result)
        else:
            future.set_exception(fault)

    def _kill(self) -> None:
        """End the process, and whatever it started."""
        if sys.platform == "win32":
            self._process.kill()
        elif self._process.returncode is None:  # until then its number is nobody else's
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads a session of its own

    def close(self) -> None:
        """End the process at once, and whatever it started."""
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run_in_child(
    function: Callable[..., T],
    *args: Any,
    seconds: float | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> T:
    """Call a function in a child and return what it returns, or raise what it raises.

    Args:
        function: importable by name.
        args: plain values and arrays.
        seconds: how long it may take; None for as long as it likes.
        interrupted: asked now and then whether to give up.

    Raises:
        SolverDiedError: the child died.
        TimeoutError: the seconds are over, or it was interrupted; the child is ended.
    """
    with Child() as child:
        return wait(child.submit(function, *args), seconds=seconds, interrupted=interrupted)


def wait(future: "Future[T]", *, seconds: float | None = None, interrupted: Callable[[], bool] = lambda: False) -> T:
    """The result of a call; see `run_in_child`."""
    end = None if seconds is None else time.monotonic() + seconds
    while not interrupted():
        left = _POLL if end is None else min(_POLL, end - time.monotonic())
        try:
            return future.result(timeout=max(0.0, left))
        except TimeoutError:
            if future.done():
                raise
            if end is not None and time.monotonic() >= end:
                break
    raise TimeoutError("the child was ended before it answered")


def serve(*modules: str) -> None:
    """Import some modules, then answer calls until standard input ends; what native code prints goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    calls: queue.SimpleQueue[tuple[Callable[..., Any], Sequence[Any]]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(calls,), daemon=True).start()
    for module in modules:
        import_module(module)
    while True:
        function, args = calls.get()
        try:
            answer = pickle.dumps((None, function(*args)))
        except (Exception, SystemExit) as fault:  # whatever it is, the parent raises it
            answer = pickle.dumps((EngineError(f"{type(fault).__name__}: {fault}"), None))
        answers.write(answer)
        answers.flush()


def _read(calls: "queue.SimpleQueue[tuple[Callable[..., Any], Sequence[Any]]]") -> None:
    """Take calls from standard input; when it ends the parent is gone, and so is this process."""
    while True:
        try:
            calls.put(pickle.load(sys.stdin.buffer))
        except EOFError:
            os._exit(0)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not yet sent has nobody to read it
        return
