"""What a sweep hands to its workers, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FAILED = "error"
LOST = "lost"


@dataclass(frozen=True)
class Task:
    """What travels to a worker.

    Attributes:
        key: of the case, as `keys.key_of` gives it.
        base: the number of the scenario to start from.
        changes: the dotted settings that differ from it.
    """

    key: str
    base: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of a case.

    Attributes:
        status: of the run; `error` where it could not be carried out or did not stand up to verification, `lost`
            where the process that worked on it died.
        error: why, in one line; blank where nothing went wrong.
        summary: the content of the run's `summary.json`; None where there is none.
        seconds: what it took.
    """

    status: str
    error: str = ""
    summary: Mapping[str, Any] | None = None
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether there is no result."""
        return self.status in (FAILED, LOST)


def lost(_: Task) -> Answer:
    """The answer of a case whose process died."""
    return Answer(LOST, "the process that worked on it died; --resume tries it again")
