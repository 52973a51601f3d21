"""What can go wrong, in words for people, and the exit code each fault ends with.

The tree::

    NleOptimizerError
    ├── InputError            2   files, settings or arguments are wrong; lists every problem at once
    │   └── UnsupportedError  2   the request is valid, but nothing here can carry it out
    ├── RunFolderError        2   a run folder cannot be read or written
    ├── InfeasibleError       1   no allocation meets the requirements
    ├── VerificationError     1   a result does not stand up to its own inputs
    └── EngineError           3   a solver failed or contradicted itself
        └── SolverDiedError   3   the process of a solver ended before it answered

Besides, `verify --strict` ends with 4 where nothing is wrong, and a solver alone says that nothing is better.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

from nle_optimizer.catalogue.findings import FINDINGS

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Text in which whatever controls a terminal, turns the direction or is not seen stands as its number: `[U+202E]`.

    Line ends and tabs stay.
    """
    return text if text.isprintable() else UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def visible_in(value: Any) -> Any:
    """The same of every text in nested mappings and lists, their keys too."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible_in(key): visible_in(entry) for key, entry in value.items()}
    return [visible_in(entry) for entry in value] if isinstance(value, list | tuple) else value


def on_one_line(text: str) -> str:
    """The same with line ends too as their numbers."""
    return visible(text).replace("\n", "[U+000A]")


@dataclass(frozen=True, order=True)
class Place:
    """Where a problem stands: a file and a line and column, or a row and column name of a table."""

    file: str = ""
    line: int | None = None
    column: int | None = None
    row: int | None = None

    def __str__(self) -> str:
        if self.row is not None:
            return f"{self.file}:row {self.row}"
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(part for part in parts if part)


LONGEST_QUOTED = 300
"""Letters of what was found that a message quotes."""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}... ({len(text):,} letters)"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        place: where it stands.
        path: the setting (`geography.max_distance_km`) or column it concerns.
        what: what is wrong, and what to do where that is not plain.
        got: what was found there; None where nothing was.
        hint: the nearest valid name, or another remedy in a few words.
    """

    place: Place
    path: str
    what: str
    got: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        head = ": ".join(part for part in (str(self.place), _cut(self.path), self.what) if part)
        got = f"; got {_cut(self.got)}" if self.got is not None else ""
        return (head + got + (f"; {self.hint}" if self.hint else "")).replace("\n", "[U+000A]")


@dataclass(frozen=True, order=True)
class Finding(Fault):
    """Something that is used otherwise than its author may have meant: it warns, and stops nothing.

    Attributes:
        code: a key of `FINDINGS`.

    Raises:
        ValueError: there is no such code.
    """

    code: str = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.code not in FINDINGS:
            raise ValueError(f"no finding has the code {self.code}")

    def __str__(self) -> str:
        return super().__str__()

    def entry(self) -> dict[str, str | int | None]:
        """What files and JSON say of it.

        `file` is a name without its folder; `row` is of a table and `line` of a scenario file; `column` is a column or
        a setting; `text` says what was found, what was got and what to do.
        """
        return {
            "code": self.code,
            "file": PurePath(self.place.file).name,
            "row": self.place.row,
            "line": self.place.line,
            "column": self.path,
            "text": str(Fault(Place(), "", self.what, self.got, self.hint)),
        }


class NleOptimizerError(Exception):
    """Any fault this package reports; `exit_code` is what the command line ends with."""

    exit_code = 3


class InputError(NleOptimizerError):
    """Input or usage is wrong. `problems` holds everything found, in file order."""

    exit_code = 2

    def __init__(self, problems: Iterable[Fault] | str):
        if isinstance(problems, str):
            problems = [Fault(Place(), "", problems)]
        self.problems: Sequence[Fault] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnsupportedError(InputError):
    """The scenario is valid, but asks for something no engine or rule here can do."""


class RunFolderError(NleOptimizerError):
    """A run folder cannot be read or written; nothing half-written is left behind."""

    exit_code = 2


class InfeasibleError(NleOptimizerError):
    """No allocation meets the hard requirements.

    `clashes` names those that cannot all be met, in sentences; `clash` is the `model.clash.Clash`, where there is one.
    """

    exit_code = 1

    def __init__(self, clashes: Iterable[str], clash: Any = None):
        self.clashes: Sequence[str] = tuple(clashes)
        self.clash = clash
        super().__init__("\n".join(["no allocation meets every requirement:", *self.clashes]))


class VerificationError(NleOptimizerError):
    """A result contradicts its own inputs; `findings` says where."""

    exit_code = 1

    def __init__(self, findings: Iterable[str]):
        self.findings: Sequence[str] = tuple(findings)
        super().__init__("\n".join(self.findings))


class EngineError(NleOptimizerError):
    """A solver failed, or returned something that its own figures contradict."""


class SolverDiedError(EngineError):
    """The process of a solver ended before it answered."""


class Caution(UserWarning):
    """What people should know of what was done, and what stopped nothing."""


class FilesKept(Caution):
    """Where files lie that a command found in the place of its own, and did not write over."""


def check_range(option: str, value: float | None, least: float, most: float) -> None:
    """Refuse a number that is given and is out of range.

    Args:
        option: what the command line calls it.
        value: the number; None where none is given.
        least, most: both allowed.

    Raises:
        InputError: it is out of range.
    """
    if value is not None and not least <= value <= most:
        raise InputError([Fault(Place(), option, f"must be from {least:,} to {most:,}", str(value))])


LONGEST_WORD = 100
MOST_WORDS = 50_000
"""Letters of a word, and words, beyond which none is looked for that is near."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word nearest to `name`, or None where nothing is near."""
    folded = {word.casefold(): word for word in known if len(word) <= LONGEST_WORD}
    if len(name) > LONGEST_WORD or len(folded) > MOST_WORDS:
        return None
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[near[0]]}?" if near else None
