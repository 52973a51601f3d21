"""Who carries out the tasks of a sweep: this process, processes of this machine, or the workers of a Dask cluster."""

import os
import signal
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.sweep import desk
from nle_optimizer.studies.sweep.answer import Answer, Task, lost

IN_FLIGHT = 3
"""Tasks handed out for each worker, so that none waits for the next."""

Answered = Generator[tuple[Task, Answer], None, None]
Submit = Callable[[Task], "Future[Answer]"]


class Crew(Protocol):
    """Carries out tasks."""

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[Task]) -> Answered:
        """Every task with its answer, as they come; closing the iterator ends the work."""
        ...


class Alone:
    """This process, one task after the other."""

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[Task]) -> Answered:
        """Every task with its answer, in order."""
        here = desk.Desk(bases, runs)
        for task in tasks:
            yield task, here.answer(task)


class LocalCrew:
    """Processes of this machine. One that dies takes no other task with it: those in flight are tried again singly."""

    def __init__(self, workers: int | None = None):
        self._workers = workers or os.cpu_count() or 1

    def run(self, bases: Sequence[Scenario], runs: Path | None, tasks: Sequence[Task]) -> Answered:
        """Every task with its answer, as they come."""
        waiting = deque(tasks)
        while waiting:
            workers = min(self._workers, len(waiting))
            suspects = deque((yield from _together(bases, runs, waiting, workers, workers * IN_FLIGHT)))
            while suspects:
                for task in (yield from _together(bases, runs, suspects, 1, 1)):
                    yield task, lost(task)


def _together(
    bases: Sequence[Scenario], runs: Path | None, waiting: deque[Task], workers: int, at_once: int
) -> Generator[tuple[Task, Answer], None, list[Task]]:
    """Work off what waits; gives the tasks that were in flight when a process died, if one did."""
    sweep = uuid.uuid4().hex
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (sweep, bases, runs))
    try:
        return (yield from fly(partial(_submit, pool, sweep), waiting, at_once))
    except BaseException:  # an interrupt too: what is under way would be for nobody
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, sweep: str, task: Task) -> "Future[Answer]":
    """Hand a task to a process, starting it where there is none yet."""
    with _undisturbed():
        return pool.submit(desk.work, sweep, task)


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


def _begin(sweep: str, bases: Sequence[Scenario], runs: Path | None) -> None:
    """Set up a process of this machine; the keyboard is its parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    desk.set_up(sweep, bases, runs)


def fly(
    submit: Submit, waiting: deque[Task], at_once: int, dies: tuple[type[BaseException], ...] = ()
) -> Generator[tuple[Task, Answer], None, list[Task]]:
    """Hand out what waits, so many at once; gives what was in flight when the executor broke, if it did.

    Args:
        submit: hands a task to an executor.
        waiting: what is to be done; emptied from the left.
        at_once: how many tasks are in flight.
        dies: what a future raises where its task alone is lost.
    """
    flying: dict[Future[Answer], Task] = {}
    while waiting or flying:
        try:
            while waiting and len(flying) < at_once:
                flying[submit(waiting[0])] = waiting[0]
                waiting.popleft()
            landed = wait(flying, return_when=FIRST_COMPLETED).done
            for future in landed:
                answer = future.result() if not isinstance(future.exception(), dies) else lost(flying[future])
                yield flying.pop(future), answer
        except BrokenExecutor:
            return list(flying.values())
    return []
