"""How a chain of stages calls each of them: plainly, or through a memory of what was worked out before."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Recall(Protocol):
    """Calls a stage, or gives back what it gave before under the same circumstances."""

    def __call__(self, stage: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What the stage gives for these arguments."""
        ...


def plainly(stage: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
    """Call the stage."""
    return stage(*args, **named)
