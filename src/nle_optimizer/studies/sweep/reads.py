"""What a stage reads of the settings, noted while it reads.

A stage gets its settings behind a `Watched`. Whatever it looks at is noted with what it saw, so that its result can
be given again exactly where every one of these looks would see the same. Nobody has to list, or can forget, which
settings a stage depends on (a "verifying trace": Mokhov, Mitchell and Peyton Jones 2018, doi:10.1145/3236774).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nle_optimizer.records import Column, Records
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.scenario import Scenario

Path = tuple[str, ...]
WHOLE = ""
"""Ends the path of a look at a whole section."""
OPAQUE = (Records, Column, Document, np.ndarray)
"""What is only ever the same where it is the same object."""


@dataclass(frozen=True, eq=False)
class Same:
    """One object, equal to nothing else; it is kept, so that no other can take its place in memory."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def seen(value: Any) -> Any:
    """What a look at a value sees: its text, so that 1 is not true; of a section its type; of a table itself."""
    if isinstance(value, Section | Scenario):
        return value.__class__  # of a `Watched` the class of what it watches
    return Same(value) if isinstance(value, OPAQUE) else repr(value)


@dataclass
class Reads:
    """Every look at one object, by its path, with what was seen there."""

    looks: dict[Path, Any] = field(default_factory=dict)
    is_closed: bool = False

    def note(self, path: Path, sight: Any) -> None:
        """A stage looks at what lies on a path.

        Raises:
            RuntimeError: the stage has ended, so that nobody would know of this look.
        """
        if self.is_closed:
            raise RuntimeError(f"{'.'.join(path)} is read after the stage that was given it has ended")
        self.looks[path] = sight

    def hold_for(self, subject: Any) -> bool:
        """Whether every look would see the same in another object."""
        return all(_look(subject, path) == sight for path, sight in self.looks.items())


def _look(subject: Any, path: Path) -> Any:
    for name in path:
        if name == WHOLE:
            return repr(subject)
        subject = getattr(subject, name, None)
    return seen(subject)


class Watched:
    """Settings, or a scenario, in the hands of a stage: they read as themselves, and every look is noted."""

    __slots__ = ("_path", "_reads", "_subject")

    def __init__(self, subject: Section | Scenario, reads: Reads, path: Path = ()):
        self._subject, self._reads, self._path = subject, reads, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._subject, name)
        if name not in _fields(self._subject):
            self._note_all()
            return value
        path = (*self._path, name)
        self._reads.note(path, seen(value))
        return Watched(value, self._reads, path) if isinstance(value, Section) else value

    def _note_all(self) -> None:
        self._reads.note((*self._path, WHOLE), repr(self._subject))

    def __eq__(self, other: object) -> bool:
        self._note_all()
        return bool(self._subject == other)

    def __hash__(self) -> int:
        self._note_all()
        return hash(self._subject)

    def __repr__(self) -> str:
        self._note_all()
        return repr(self._subject)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._subject)


def _fields(subject: Section | Scenario) -> Collection[str]:
    if isinstance(subject, Section):
        return subject.__class__.model_fields
    return Scenario.__dataclass_fields__
