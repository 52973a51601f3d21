"""Code of one's own that a rule names, `PATH.py:FUNCTION`: what its file holds, and whether it may run.

This is the one place that knows what may run. A file is read once, and what was read is what runs. Nothing runs that a
scenario, a base, a workbook, a grid, a table of points or a run folder names, unless everything they name was allowed
(`--allow-code`); what the command line itself names is allowed by that.
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nle_optimizer.errors import Fault, InputError, Place

MARK = ".py:"
"""Stands in the name of every rule of one's own."""
MOST_BYTES = 1_000_000
FORM = "give PATH.py:FUNCTION"


def is_own(rule: object) -> bool:
    """Whether a rule is somebody's own code."""
    return isinstance(rule, str) and MARK in rule


def rule_name(rule: str) -> str:
    """A rule as results name it: of one's own, the file and the function, wherever the file lies."""
    return rule.replace("\\", "/").rpartition("/")[2] if is_own(rule) else rule


def from_here(rule: str) -> str:
    """A rule of the command line, whose path counts from the working directory."""
    file, _, function = rule.rpartition(":")
    return f"{Path(file).absolute()}:{function}" if is_own(rule) else rule


@dataclass(frozen=True)
class Code:
    """A function in a file, as it was read."""

    file: Path
    function: str
    source: bytes

    @property
    def name(self) -> str:
        """`helper.py:choose`."""
        return f"{self.file.name}:{self.function}"

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.source).hexdigest()


@dataclass(frozen=True)
class OwnCode:
    """The code that the settings of a document may name.

    Attributes:
        allowed: SHA-256 of the files whose code may run; None for every file that is named.
        read: what was read, by rule; copies of a document share it.
    """

    allowed: frozenset[str] | None = frozenset()
    read: dict[str, Code] = field(default_factory=dict)

    def named(self, rule: str, place: Place) -> Code:
        """What a rule names; it is not run.

        Args:
            rule: with an absolute path.
            place: where it is named.

        Raises:
            InputError: there is no such file, or it cannot be read.
        """
        if rule not in self.read:
            self.read[rule] = _read(rule, place)
        return self.read[rule]

    def permitted(self, rule: str, place: Place) -> Code:
        """What a rule names, where it may run.

        Raises:
            InputError: nobody has allowed it, or as `named`.
        """
        code = self.named(rule, place)
        if self.allowed is not None and code.sha256 not in self.allowed:
            what = "this is code, and code that a file names runs only where that is allowed"
            got = f"{code.name} in {code.file}, sha256 {code.sha256}"
            hint = "read that file; to let it run give --allow-code (in Python allow_code=True)"
            raise InputError([Fault(place, "rule", what, got, hint)])
        return code

    def allowing(self, rule: str, place: Place) -> "OwnCode":
        """The same, where the file that this rule names may run as it is now.

        Raises:
            InputError: as `named`.
        """
        code = self.named(rule, place)
        return self if self.allowed is None else replace(self, allowed=self.allowed | {code.sha256})

    def allowing_all(self) -> "OwnCode":
        """The same, where every file that is named may run."""
        return replace(self, allowed=None)


def _read(rule: str, place: Place) -> Code:
    file, _, function = rule.rpartition(":")
    path = Path(file)
    if path.suffix != ".py" or not function.isidentifier():
        raise InputError([Fault(place, "rule", "this names no function in a Python file", rule, FORM)])
    if path.exists() and not path.is_file():
        raise InputError([Fault(place, "rule", "the file of the rule is no ordinary file", rule, FORM)])
    try:
        with path.open("rb") as stream:
            source = stream.read(MOST_BYTES + 1)
    except OSError as fault:
        what = f"the file of the rule cannot be read: {fault.strerror}"
        raise InputError([Fault(place, "rule", what, rule, FORM)]) from None
    if len(source) > MOST_BYTES:
        what = f"the file of the rule has more than {MOST_BYTES:,} bytes"
        raise InputError([Fault(place, "rule", what, rule, "keep what is not code in other files")])
    return Code(path, function, source)
