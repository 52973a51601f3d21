"""What reading turns up: faults that stop the import, and oddities that are only counted."""

from collections import Counter
from pathlib import Path

from nle_optimizer.errors import InputError, Place, Problem

SHOWN = 20
"""So many faults of one kind in one column are listed; the rest are counted."""


class Notes:
    """Collects every fault and oddity of an import, so that all are told at once.

    Attributes:
        suppressed: cells that hold a suppression code, by file name, column and code.
        unexpected: cells whose code is not known; they are read as blank.
        findings: sentences for the summary.
        refused: whether a file could not be read at all.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._kinds: Counter[tuple[str, str, str]] = Counter()
        self.suppressed: Counter[tuple[str, str, str]] = Counter()
        self.unexpected: Counter[tuple[str, str, str]] = Counter()
        self.findings: list[str] = []
        self.refused = False

    def wrong(
        self,
        path: Path,
        row: int | None,
        column: str,
        what: str,
        got: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note a fault: it stops the import once everything has been read."""
        kind = (str(path), column, what)
        self._kinds[kind] += 1
        if self._kinds[kind] <= SHOWN:
            self._problems.append(Problem(Place(str(path), row=row), column, what, got, hint))

    def refuse(self, error: InputError) -> None:
        """Note that a file could not be read at all."""
        self.refused = True
        self._problems += error.problems

    def find(self, count: int, text: str) -> None:
        """Note a finding; `{n}` in the text becomes the count, and nothing is noted where that is 0."""
        if count:
            self.findings.append(text.replace("{n}", f"{count:,}"))

    def stop_if_wrong(self) -> None:
        """Raise everything that is wrong.

        Raises:
            InputError: there is at least one fault.
        """
        more = [
            Problem(Place(file), column, f"{what}: and in {count - SHOWN:,} more rows")
            for (file, column, what), count in self._kinds.items()
            if count > SHOWN
        ]
        if self._problems:
            raise InputError(self._problems + more)
