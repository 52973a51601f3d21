"""What stages gave before, by what they read.

A memory of what stages gave, so that a sweep builds nothing again that a setting does not touch.

A stage gives the same again where its tables are the same objects, its plain arguments and arrays of numbers
are equal, and whatever it read of the settings reads the same (see `reads`). Stages must be functions of their
arguments alone; of a ledger they may only add to it.

What a stage reads of the settings, noted while it reads.

A stage gets its settings behind a `Watched`. Whatever it looks at is noted with what it saw, so that its result can
be given again exactly where every one of these looks would see the same. Nobody has to list, or can forget, which
settings a stage depends on (a "verifying trace": Mokhov, Mitchell and Peyton Jones 2018, doi:10.1145/3236774).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import MILLION, Column, Records
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.ledger import Exclusion, Ledger

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


P = ParamSpec("P")
T = TypeVar("T")

MOST_BYTES = 512 * MILLION
"""What the arrays of all remembered results may take together."""


@dataclass(frozen=True, eq=False)
class Remembered:
    """What a stage gave once, and under which circumstances.

    Attributes:
        reads: what it looked at, for each of its arguments that are settings.
        result: what it gave.
        left: who left at this stage.
        size: bytes of the arrays in the result.
    """

    reads: tuple[Reads, ...]
    result: Any
    left: Mapping[str, Exclusion]
    size: int

    def holds_for(self, subjects: list[Section | Scenario]) -> bool:
        """Whether the stage would give the same for these settings."""
        return all(reads.hold_for(subject) for reads, subject in zip(self.reads, subjects, strict=True))


class Memory:
    """Remembers what stages gave, the latest first; a `Recall`."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._most, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Remembered, Hashable] = OrderedDict()
        self._by_arguments: dict[Hashable, list[Remembered]] = {}

    def __call__(self, stage: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What the stage gives for these arguments."""
        values = [*args, *named.values()]
        watched = [value for value in values if isinstance(value, Section | Scenario)]
        ledgers = [value for value in values if isinstance(value, Ledger)]
        key = (stage, tuple(named), *(_likeness(value) for value in values))
        found = next((old for old in self._by_arguments.get(key, ()) if old.holds_for(watched)), None)
        if found is None:
            found = self._work_out(stage, args, named)
            self._keep(found, key)
        else:
            self._kept.move_to_end(found)
        for ledger in ledgers:
            _take_out(found.left, ledger)
        result: T = found.result
        return result

    def _work_out(self, stage: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]) -> Remembered:
        reads: list[Reads] = []
        ledger = Ledger()

        def handed(value: Any) -> Any:
            if isinstance(value, Ledger):
                return ledger
            if not isinstance(value, Section | Scenario):
                return value
            reads.append(Reads())
            return Watched(value, reads[-1])

        result = stage(*map(handed, args), **{name: handed(value) for name, value in named.items()})
        for noted in reads:
            noted.is_closed = True
        size = 0
        for array in _arrays(result):
            array.flags.writeable = False  # it will be handed out again
            size += array.nbytes
        return Remembered(tuple(reads), result, ledger.entries, size)

    def _keep(self, new: Remembered, key: Hashable) -> None:
        self._kept[new] = key
        self._by_arguments.setdefault(key, []).append(new)
        self._bytes += new.size
        while self._bytes > self._most and len(self._kept) > 1:
            old, its_key = self._kept.popitem(last=False)
            self._by_arguments[its_key].remove(old)
            if not self._by_arguments[its_key]:
                del self._by_arguments[its_key]
            self._bytes -= old.size


def _likeness(value: Any) -> Hashable:
    """What has to be equal in two calls: a value, the numbers of an array, or else the very object."""
    if isinstance(value, Section | Scenario | Ledger):
        return ()
    if isinstance(value, bool | int | str | date) or value is None:
        return (type(value), value)
    if isinstance(value, tuple):
        return tuple(_likeness(entry) for entry in value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return (value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).data).digest())
    return Same(value)


def _take_out(left: Mapping[str, Exclusion], ledger: Ledger) -> None:
    twice = sorted(left.keys() & ledger.entries.keys())
    if twice:
        raise ValueError(f"{twice[0]} is excluded twice")
    ledger.entries.update(left)


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    """Every array in a result."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _arrays(entry)
    elif isinstance(value, tuple | list):
        for entry in value:
            yield from _arrays(entry)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _arrays(getattr(value, part.name))
