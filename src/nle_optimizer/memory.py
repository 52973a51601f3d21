"""What stages gave before, so that a sweep builds nothing again that a setting does not touch.

A stage says which settings it reads. Its result is given again where its tables are the same objects, its plain
arguments and arrays of numbers are equal, and these settings are the same.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Generic, ParamSpec, TypeVar

import numpy as np

from nle_optimizer.records import MILLION, Column, Records
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.scenario import Scenario

P = ParamSpec("P")
T = TypeVar("T")

MOST_BYTES = 512 * MILLION
"""What the arrays of all remembered results may take together."""


@dataclass(frozen=True)
class Stage(Generic[P, T]):
    """A step of a run whose result follows from its arguments alone.

    Attributes:
        function: what is called.
        reads: dotted paths of what it reads of its settings, or of its scenario; nothing else of them.
    """

    function: Callable[P, T]
    reads: tuple[str, ...] = ()

    def __call__(self, *args: P.args, **named: P.kwargs) -> T:
        """What it gives."""
        return self.function(*args, **named)


def stage(*reads: str) -> Callable[[Callable[P, T]], Stage[P, T]]:
    """Make a function a stage that reads these paths of its settings or scenario."""
    return lambda function: Stage(function, reads)


def through(memory: "Memory | None", stage: Stage[P, T], /, *args: P.args, **named: P.kwargs) -> T:
    """What a stage gives, from a memory where there is one."""
    return stage(*args, **named) if memory is None else memory.result(stage, *args, **named)


@dataclass(frozen=True, eq=False)
class Same:
    """One object, equal to nothing else; it is kept, so that no other can take its place in memory."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(frozen=True, eq=False)
class Remembered:
    """What a stage gave once, and the bytes of the arrays in it."""

    result: object
    size: int


class Memory:
    """Remembers what stages gave; what was not asked for longest is forgotten first."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._most, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Hashable, Remembered] = OrderedDict()

    def result(self, stage: Stage[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What the stage gives for these arguments."""
        values = [_likeness(value, stage.reads) for value in (*args, *named.values())]
        key = (stage, tuple(named), *values)
        if key not in self._kept:
            self._keep(key, stage(*args, **named))
        self._kept.move_to_end(key)
        result: T = self._kept[key].result  # type: ignore[assignment]
        return result

    def _keep(self, key: Hashable, result: object) -> None:
        size = 0
        for array in _arrays(result):
            array.flags.writeable = False  # it will be handed out again
            size += array.nbytes
        self._kept[key] = Remembered(result, size)
        self._bytes += size
        while self._bytes > self._most and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].size


def _likeness(value: object, reads: tuple[str, ...]) -> Hashable:
    """What has to be equal in two calls: what is read, a value, the numbers of an array, or else the very object."""
    if isinstance(value, Section | Scenario):
        return tuple(_seen(value, path) for path in reads)
    if isinstance(value, bool | int | str | date) or value is None:
        return (type(value), value)
    if isinstance(value, tuple):
        return tuple(_likeness(entry, reads) for entry in value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return (value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).data).digest())
    return Same(value)


def _seen(subject: Section | Scenario, path: str) -> Hashable:
    """What lies on a path: a table itself, and anything else as its text, so that 1 is not true."""
    value: object = subject
    for name in path.split("."):
        value = getattr(value, name, None)
    return Same(value) if isinstance(value, Records | Column | np.ndarray) else repr(value)


def _arrays(value: object) -> Iterator[np.ndarray]:
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
