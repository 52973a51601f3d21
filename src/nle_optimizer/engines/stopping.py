"""When an engine stops before everything is proved: a gap that will do, so much work, so many seconds, an interrupt."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Stopping:
    """Asked by engines between two pieces of work.

    Attributes:
        gap: a gap that will do, as a share of the bound.
        work: so many units of the engine's own work; None for the engine's own measure.
        deadline: in seconds of the monotonic clock; None for none.
        interrupted: whether the planner has asked to stop.
        tell: told what is being done.
    """

    gap: Fraction = Fraction(0)
    work: int | None = None
    deadline: float | None = None
    interrupted: Callable[[], bool] = field(default=lambda: False)
    tell: Callable[[str], None] = field(default=lambda _: None)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the deadline, from 0 up; None where there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def reason(self) -> str | None:
        """`interrupt` or `time` where it is time to stop."""
        if self.interrupted():
            return "interrupt"
        return "time" if self.deadline is not None and time.monotonic() >= self.deadline else None

    def good_enough(self, value: int, bound: int) -> bool:
        """Whether the gap left is at most the one that will do."""
        return (bound - value) <= self.gap * max(1, abs(bound))
