"""Tasks carried out by processes of this machine; one that dies takes no other task with it."""

import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

IN_FLIGHT = 3
"""Tasks handed out for each worker, so that none waits for the next."""
SAFE_PATH = "PYTHONSAFEPATH"
FORKS = sys.platform == "linux"
"""Whether processes are forked from one that has imported `AHEAD`, as Python itself does from 3.14; elsewhere forking
is not safe, or not possible, and each process imports what it needs."""
AHEAD = ("nle_optimizer.running", "nle_optimizer.reports.run_folder", "nle_optimizer.engines.network.engine")
"""What most tasks need; it takes a second to import."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Answered = Generator[tuple[Task, Answer | None], None, None]
"""Every task with its answer, as they come; None where its process died. Closing it ends the work."""


def carried_out(
    set_up: Callable[[], Callable[[Task], Answer]], tasks: Sequence[Task], workers: int
) -> Answered[Task, Answer]:
    """Every task with its answer, as they come; None where a process died twice over it.

    Args:
        set_up: gives what carries out a task; called once in every process; it travels in a file all read at once.
        tasks: plain values.
        workers: processes; 0: this one alone, one task after the other.
    """
    if not workers:
        work = set_up()
        for task in tasks:
            yield task, work(task)
        return
    make_ready()
    waiting = deque(tasks)
    with TemporaryDirectory(prefix="nle-optimizer-") as folder:
        context = Path(folder) / "context"
        context.write_bytes(pickle.dumps(set_up))
        while waiting:
            several = min(workers, len(waiting))
            suspects = deque((yield from _together(context, waiting, several, several * IN_FLIGHT)))
            while suspects:
                for task in (yield from _together(context, suspects, 1, 1)):
                    yield task, None


def make_ready() -> None:
    """Have imported what processes will need, while their tasks are not known yet; it may be left out."""
    if FORKS:
        from multiprocessing.forkserver import ensure_running, set_forkserver_preload

        set_forkserver_preload(list(AHEAD))
        with _undisturbed(), _from_elsewhere():
            ensure_running()


def _together(
    context_file: Path, waiting: deque[Task], workers: int, at_once: int
) -> Generator[tuple[Task, Answer | None], None, list[Task]]:
    """Work off what waits; gives the tasks that were in flight when a process died, if one did."""
    context = get_context("forkserver" if FORKS else "spawn")
    pool = ProcessPoolExecutor(workers, context, _begin)

    def submit(task: Task) -> "Future[Answer]":
        with _undisturbed(), _from_elsewhere():  # a process is started where there is none yet
            return pool.submit(_work, context_file, task)

    try:
        return (yield from hand_out(submit, waiting, at_once))
    except BaseException:  # an interrupt too: what is under way would be for nobody
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put an interrupt off to the end, so that no process is left half started; those started here never hear one."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    noted: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if noted:
        raise KeyboardInterrupt


@contextmanager
def _from_elsewhere() -> Iterator[None]:
    """Have processes that start now import nothing from the working directory, where anybody's files may lie."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        os.environ.pop(SAFE_PATH)
        os.environ.update({} if before is None else {SAFE_PATH: before})


def _begin() -> None:
    """Leave the keyboard to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(context_file: Path, task: Any) -> Any:
    return _context(context_file)(task)


@lru_cache(maxsize=1)
def _context(file: Path) -> Callable[[Any], Any]:
    """What carries out the tasks in this process."""
    context: Callable[[Any], Any] = pickle.loads(file.read_bytes())()
    return context


def hand_out(
    submit: "Callable[[Task], Future[Answer]]",
    waiting: deque[Task],
    at_once: int,
    fatal: tuple[type[BaseException], ...] = (),
) -> Generator[tuple[Task, Answer | None], None, list[Task]]:
    """Hand out what waits, so many at once; gives what was in flight when the executor broke, if it did.

    Args:
        submit: hands a task to an executor.
        waiting: what is to be done; emptied from the left.
        at_once: how many tasks are in flight.
        fatal: what a future raises where its task alone is lost; its answer is None.
    """
    in_flight: dict[Future[Answer], Task] = {}
    while waiting or in_flight:
        try:
            while waiting and len(in_flight) < at_once:
                in_flight[submit(waiting[0])] = waiting[0]
                waiting.popleft()
            done = wait(in_flight, return_when=FIRST_COMPLETED).done
            for future in done:
                answer = future.result() if not isinstance(future.exception(), fatal) else None
                yield in_flight.pop(future), answer
        except BrokenExecutor:
            return list(in_flight.values())
    return []
