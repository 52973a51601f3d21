"""The process in which a rule of one's own runs: it gets a view and answers in JSON, of bounded size.

The process is a fresh interpreter. On POSIX it reads what it gets, and forks one that runs the code within its limits;
when that ends, or the parent is gone or has had enough, it ends whatever the code has started. It is no sandbox: the
code may do whatever the person who runs it may do.
"""

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from nle_optimizer.rules.view import RuleView

MOST_PRINTED = 2_000
"""Bytes of what the code prints that are kept; the rest is read and dropped."""
MOST_FAULT = 1_000
"""Characters of a fault that are told."""
PATIENCE = 2.0
"""Seconds in which a process ends when it is asked to."""
POLL = 0.05
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
"""Libraries that start threads ahead take addresses for them, and a fork would lose them."""
HOME = str(Path(__file__).parents[2])
START = "from nle_optimizer.rules.own_process import main; main()"


@dataclass(frozen=True)
class ProcessLimits:
    """What the code may take: seconds for one call, and bytes of addresses in each of its processes."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        answer: the bytes of the answer; None where it is longer than any answer may be.
        printed: what the code printed, as far as it was kept.
        code: the exit code of the process, negative for a signal; None where it was ended by us.
    """

    answer: bytes | None
    printed: str
    code: int | None


def ask(
    name: tuple[str, bytes, str], view: RuleView, limits: ProcessLimits, interrupted: Callable[[], bool] = lambda: False
) -> Reply:
    """Call a function of some code with a view, in a process of its own.

    Args:
        name: the path of the code, for its messages; its bytes; and the function.
        view: what the function is given.
        limits: what it may take.
        interrupted: asked now and then whether to give up.

    Raises:
        TimeoutError: it took too long.
        KeyboardInterrupt: it was interrupted.
    """
    most = 2 * MOST_FAULT + 24 * len(view.fit)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            **ONE_THREAD,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join([*filter(None, sys.path), HOME]),
        },
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    answer, printed = _Reader(process.stdout, most), _Reader(process.stderr, MOST_PRINTED)
    sender = threading.Thread(target=_send, args=(process.stdin, (name, view, limits)), daemon=True)
    try:
        sender.start()
        end = time.monotonic() + limits.seconds
        while answer.is_alive() and process.poll() is None:
            answer.join(POLL)
            if interrupted():
                raise KeyboardInterrupt
            if time.monotonic() >= end:
                raise TimeoutError
            if answer.is_too_long:
                break
        code = None if answer.is_too_long else _ended(process, PATIENCE)
    finally:
        _end(process, at_once=sender.is_alive())
        for thread in (sender, answer, printed):
            thread.join(PATIENCE)
        _close(process)
    return Reply(None if answer.is_too_long else answer.kept, printed.kept.decode("utf-8", "replace"), code)


class _Reader(threading.Thread):
    """Reads a stream to its end, and keeps as many bytes of it as may be."""

    def __init__(self, stream: IO[bytes], most: int):
        super().__init__(daemon=True)
        self._stream, self._most = stream, most
        self.kept, self.is_too_long = b"", False
        self.start()

    def run(self) -> None:
        """Read."""
        parts, left = [], self._most
        with suppress(OSError, ValueError), self._stream:
            while part := os.read(self._stream.fileno(), 1 << 16):
                self.is_too_long |= len(part) > left
                parts.append(part[:left])
                left = max(0, left - len(part))
        self.kept = b"".join(parts)


def _send(stream: IO[bytes], request: Any) -> None:
    """Hand over what is asked; the stream stays open, and its end tells the process that nobody waits any more."""
    with suppress(OSError, ValueError):  # a process that ended reads no more
        pickle.dump(request, stream)
        stream.flush()


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _end(process: "subprocess.Popen[bytes]", *, at_once: bool) -> None:
    """End the process and whatever it has started; at once where it still takes what is asked, and runs no code."""
    if not at_once:
        _close(process)
    if sys.platform != "win32" and (at_once or _ended(process, PATIENCE) is None):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close the standard input of the process; of one that has ended, too."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()


# What follows runs in the process.


def main() -> None:
    """Take what is asked from standard input, and answer on standard output."""
    name, view, limits = pickle.load(sys.stdin.buffer)
    channel = os.dup(1)
    os.dup2(2, 1)  # whatever the code prints
    if sys.platform == "win32":
        _answer(channel, name, view)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    adopts = _adopts_orphans()
    worker = os.fork()
    if not worker:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        if adopts:
            _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with the process that watches
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(woken)
        os.close(wake)
        _limit(limits)
        _answer(channel, name, view)
    os.close(channel)
    status = _status(worker, woken)
    _end_all(worker, adopts=adopts)
    _end_as(status)


def _adopts_orphans() -> bool:
    """On Linux, have the orphans of this process's children become its own, so that it can end them."""
    if sys.platform != "linux":
        return False
    return _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _prctl(what: int, value: int) -> bool:
    import ctypes

    return ctypes.CDLL(None).prctl(what, value, 0, 0, 0) == 0


def _status(worker: int, woken: int) -> int | None:
    """How the worker ended; None where the parent has closed standard input before."""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if 0 in ready:
            return None
        os.read(woken, 64)
        pid, status = os.waitpid(worker, os.WNOHANG)
        if pid:
            return status


def _end_all(worker: int, *, adopts: bool) -> None:
    """End the worker's process group, and on Linux whatever else it has left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    while adopts and (own := _children()):
        for pid in own:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _children() -> list[int]:
    """The processes whose parent this one is."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal():
                _, _, rest = (entry / "stat").read_text(errors="replace").rpartition(")")
                if int(rest.split()[1]) == os.getpid():
                    found.append(int(entry.name))
    return found


def _end_as(status: int | None) -> NoReturn:
    """End as the worker did."""
    if status is not None and os.WIFSIGNALED(status):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with suppress(OSError):  # two signals have no handler that could be changed
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(1 if status is None else os.WEXITSTATUS(status))


def _limit(limits: ProcessLimits) -> None:
    """Bound what this process, and every one that it starts, may take."""
    import resource

    seconds = int(limits.seconds) + 1
    wanted = {resource.RLIMIT_AS: limits.memory, resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(what, (limit, limit))


def _answer(channel: int, name: tuple[str, bytes, str], view: RuleView) -> NoReturn:
    """Call the function, write what it gives or what went wrong, and end."""
    self = os.getpid()
    try:
        told: dict[str, Any] = {"pairs": _called(*name, view)}
    except BaseException as fault:  # an exit and an interrupt of its own too
        told = {"fault": _in_words(fault, name[0])[:MOST_FAULT]}
    if os.getpid() != self:
        os._exit(0)  # a fork of the code has come back too
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    with os.fdopen(channel, "wb") as stream:
        stream.write(json.dumps(told).encode())
    os._exit(0)


def _called(file: str, source: bytes, function: str, view: RuleView) -> list[int]:
    """What the function gives, as the places of pairs.

    Raises:
        TypeError, ValueError: it is no function, or gives something else.
    """
    module = types.ModuleType("own_rule")
    module.__file__ = file
    sys.modules["own_rule"] = module
    exec(compile(source, file, "exec"), vars(module))
    called = getattr(module, function, None)
    if not callable(called):
        raise ValueError(f"the file has no function {function}")
    given = called(view.sealed())
    if not isinstance(given, list | tuple | np.ndarray):
        raise TypeError(f"it gives {_kind(given)}; give a list of whole numbers, the places of the matched pairs")
    return _places(given, len(view.fit))


def _places(given: Any, pairs: int) -> list[int]:
    numbers = np.asarray(given)
    if numbers.dtype.kind == "b":
        raise TypeError("it gives yes or no for each pair; give a list of whole numbers: numpy.flatnonzero of that")
    if numbers.ndim != 1 or (len(numbers) and numbers.dtype.kind not in "iu"):
        wrong = next((value for value in given if not isinstance(value, int | np.integer)), max(given))
        raise TypeError(f"it gives {_kind(wrong)} among the pairs; give a list of whole numbers, the places of pairs")
    beyond = numbers[(numbers < 0) | (numbers >= pairs)]
    if len(beyond):
        raise ValueError(f"it gives {beyond[0]}, which is no candidate pair; they are 0 to {pairs - 1}")
    own, times = np.unique(numbers, return_counts=True)
    if len(own) < len(numbers):
        raise ValueError(f"it gives the pair {own[times > 1][0]} twice")
    return [int(pair) for pair in own]


def _kind(value: Any) -> str:
    is_short = isinstance(value, float | str | bytes | None) or (isinstance(value, int) and abs(value) < 1 << 99)
    shown = repr(value) if is_short else "without end" if isinstance(value, int) else ""
    return f"{type(value).__name__} {shown[:40]}".rstrip()


def _in_words(fault: BaseException, file: str) -> str:
    """A fault with the last line of the code that it went through."""
    lines, trace = [], fault.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    where = f"line {lines[-1]}: " if lines else ""
    try:
        return f"{where}{type(fault).__name__}: {fault}"
    except BaseException:  # what it says of itself is code too
        return f"{where}{type(fault).__name__}"
