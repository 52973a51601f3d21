"""Ctrl-C while an engine searches: once to stop with the best allocation found, twice to leave at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from nle_optimizer.cli.options import say

INTERRUPTED = 130
"""The exit code of what an interrupt ended."""


@contextmanager
def stop_when_interrupted() -> Iterator[Callable[[], bool]]:
    """While this lasts, the first interrupt is only noted; gives a function that says whether there was one."""
    asked: list[bool] = []

    def note(_signal: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        say("stopping with the best allocation found; press Ctrl-C again to leave at once", err=True)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
