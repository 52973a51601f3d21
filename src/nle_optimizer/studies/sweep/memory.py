"""A memory of what stages gave, so that a sweep builds nothing again that a setting does not touch.

A stage gives the same again where its tables are the same objects, its plain arguments and arrays of numbers
are equal, and whatever it read of the settings reads the same (see `reads`). Stages must be functions of their
arguments alone; of a ledger they may only add to it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import MILLION
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.ledger import Exclusion, Ledger
from nle_optimizer.studies.sweep.reads import Reads, Same, Watched

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
