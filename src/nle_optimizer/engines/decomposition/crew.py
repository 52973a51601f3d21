"""The children at work for one solve, each started when it is first needed."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from nle_optimizer.engines.child import Child, wait
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError

T = TypeVar("T")


class Crew:
    """A number of children. What they are asked is answered in the order of asking, however many there are."""

    def __init__(self, size: int) -> None:
        self._children: list[Child | None] = [None] * size

    def ask(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]], stop: Stopping) -> list[T | None]:
        """The answers to calls of a function; None for one that died, or had no answer when it was time to stop."""
        answers: list[T | None] = []
        size = len(self._children)
        for first in range(0, len(calls), size):
            batch = calls[first : first + size]
            futures = [self._child(number).submit(function, *args) for number, args in enumerate(batch)]
            answers += [self._answer(number, future, stop) for number, future in enumerate(futures)]
        return answers

    def _child(self, number: int) -> Child:
        child = self._children[number]
        if child is None:
            child = self._children[number] = Child()
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

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in range(len(self._children)):
            self._dismiss(number)
