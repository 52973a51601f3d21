"""The children at work for a solve, each started when it is first needed or before, and kept for the next solve."""

import atexit
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from nle_optimizer.engines.child import Child, wait
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError

T = TypeVar("T")

WORK = ("scipy.optimize", "nle_optimizer.engines.decomposition.whole")
"""Modules that a child imports first, and with them most that it is asked for: it takes a second."""


class Crew:
    """A number of children. What they are asked is answered in the order of asking, however many there are."""

    def __init__(self, size: int) -> None:
        self._children: list[Child | None] = [None] * size

    def start(self) -> None:
        """Start all children: they import what they need while nothing is asked of them yet."""
        for number in range(len(self._children)):
            self._child(number)

    def ask(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]], stop: Stopping) -> list[T | None]:
        """The answers to calls of a function; None for one that died, or had no answer when it was time to stop."""
        answers: list[T | None] = []
        size = len(self._children)
        try:
            for first in range(0, len(calls), size):
                batch = calls[first : first + size]
                futures = [self._child(number).submit(function, *args) for number, args in enumerate(batch)]
                answers += [self._answer(number, future, stop) for number, future in enumerate(futures)]
        except BaseException:  # an interrupt: the others are at work for nobody
            self.close()
            raise
        return answers

    def _child(self, number: int) -> Child:
        child = self._children[number]
        if child is None or not child.lives:  # it may have ended since the last solve
            self._dismiss(number)
            child = self._children[number] = Child(*WORK)
        return child

    def _answer(self, number: int, future: "Future[T]", stop: Stopping) -> T | None:
        try:
            return wait(future, seconds=stop.seconds_left, interrupted=stop.interrupted)
        except (TimeoutError, EngineError):
            self._dismiss(number)
            return None

    def _dismiss(self, number: int) -> None:
        child, self._children[number] = self._children[number], None
        if child is not None:
            child.close()

    def close(self) -> None:
        """End the children."""
        for number in range(len(self._children)):
            self._dismiss(number)


_idle: defaultdict[int, list[Crew]] = defaultdict(list)
"""Crews by size, whose children wait for the next solve: each took a second to start."""


@contextmanager
def crew_of(size: int) -> Iterator[Crew]:
    """A crew for one solve, whose children are kept whatever ends it: none is at work then."""
    crew = _idle[size].pop() if _idle[size] else Crew(size)
    try:
        yield crew
    finally:
        _idle[size].append(crew)


@atexit.register
def _close_all() -> None:
    for crews in _idle.values():
        for crew in crews:
            crew.close()
