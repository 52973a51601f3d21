"""A rule of one's own: a function in a Python file, run in a process of its own and checked like any other.

The process keeps faults, loops and crashes of the function away from the rest. It is no sandbox: the function may do
whatever the person who runs it may do.
"""

import hashlib
import runpy
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.engines.child import run_in_child
from nle_optimizer.errors import EngineError, InputError, Place, Problem, UnsupportedError
from nle_optimizer.model.breaches import breaches
from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Matching, Promise

SECONDS = 60.0
"""How long a function may take for one draw."""
MEMORY = 8 * 1024**3
"""Bytes of addresses that it may take."""


@dataclass(frozen=True, eq=False)
class View:
    """What a rule of one's own is given. Arrays cannot be written to; changing a mapping changes nothing elsewhere.

    Attributes:
        recipient_ids, nle_ids: identifiers, ascending.
        recipient, nle: shape (pairs,): the two sides of each candidate pair, as places in the identifiers.
        fit: shape (pairs,): millionths.
        distance: shape (pairs,): metres; -1 where not known.
        use: by resource, shape (pairs,): what a pair takes, in millionths.
        capacity: by resource, shape (nles,): what an NLE has, in millionths.
        supporters: shape (recipients,): how many NLEs each may have.
        priority: shape (recipients,): 1 first; the greatest whole number where blank.
        waiting: shape (recipients,): days; -1 where not known.
        required: places of the pairs that must be matched.
        seed, draw: for rules that draw lots.
    """

    recipient_ids: tuple[str, ...]
    nle_ids: tuple[str, ...]
    recipient: Integers
    nle: Integers
    fit: Integers
    distance: Integers
    use: Mapping[str, Integers]
    capacity: Mapping[str, Integers]
    supporters: Integers
    priority: Integers
    waiting: Integers
    required: Integers
    seed: int
    draw: int

    def sealed(self) -> "View":
        """The same; its arrays cannot be written to."""
        for value in vars(self).values():
            for array in value.values() if isinstance(value, Mapping) else [value]:
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        return self


class CustomRule:
    """The function that `path.py:name` names.

    Raises:
        InputError: there is no such file.
    """

    def __init__(self, name: str, seconds: float = SECONDS):
        file, _, self._function = name.rpartition(":")
        self.name, self._file, self._seconds = name, Path(file).absolute(), seconds
        try:
            digest = hashlib.sha256(self._file.read_bytes()).hexdigest()
        except OSError as fault:
            what = f"the file of the rule cannot be read: {fault.strerror}"
            raise InputError([Problem(Place(), "rule", what, name, "give PATH.py:FUNCTION")]) from None
        self.promise = Promise(
            summary="a rule of one's own",
            guarantees="capacities, upper limits and required pairs are checked",
            caveats="nothing else is known of it",
            misreports="not known",
            complexity=f"at most {seconds:g} s",
            source=f"sha256 {digest}",
        )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Call the function in a process of its own.

        Raises:
            UnsupportedError: it gave no allocation within the limits; says why.
        """
        try:
            view = view_of(agenda, draw)
            given = run_in_child(call, str(self._file), self._function, view, seconds=self._seconds)
        except EngineError as fault:
            raise self._refused(str(fault)) from None
        except TimeoutError:
            raise self._refused(f"it was not done after {self._seconds:g} s") from None
        if len(set(given)) < len(given) or any(not 0 <= pair < agenda.problem.size for pair in given):
            raise self._refused("it gave a pair twice, or a number that is no candidate pair")
        pairs = np.sort(np.array(given, dtype=np.int64))
        broken = breaches(agenda.problem, pairs)
        if broken:
            raise self._refused(f"it breaks a limit: {'; '.join(broken[:3])}")
        return Matching(pairs, (f"a rule of one's own, {self.promise.source}",))

    def _refused(self, why: str) -> UnsupportedError:
        return UnsupportedError([Problem(Place(), "rule", f"the rule {self.name} cannot be carried out: {why}")])


def view_of(agenda: Agenda, draw: int) -> View:
    """What the function is given."""
    problem, found = agenda.problem, agenda.candidates
    return View(
        tuple(map(str, problem.recipient_ids)),
        tuple(map(str, problem.nle_ids)),
        problem.recipient,
        problem.nle,
        found.fit,
        found.distance,
        {part.name: part.use for part in problem.resources},
        {part.name: part.capacity for part in problem.resources},
        problem.supporters,
        agenda.priority,
        agenda.waiting,
        problem.required_pairs(),
        agenda.settings.seed,
        draw,
    )


def _limit_memory() -> None:
    """Let the process take no more than `MEMORY`, where the system can see to that."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def call(file: str, name: str, view: View) -> list[int]:
    """Run the function of a file; in a child.

    Raises:
        TypeError, ValueError: there is no such function, or it gives no whole numbers.
    """
    _limit_memory()
    sys.path.insert(0, str(Path(file).parent))
    function: Callable[[View], Any] | None = runpy.run_path(file).get(name)
    if not callable(function):
        raise ValueError(f"the file has no function {name}")
    given: NDArray[Any] = np.asarray(function(view.sealed()))
    if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
        raise TypeError("it must give a list of whole numbers, the places of the matched pairs")
    return [int(pair) for pair in given]
