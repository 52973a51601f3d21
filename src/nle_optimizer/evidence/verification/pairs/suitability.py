"""Whether one side's phase or faith meets the other's: plain rules on words."""

from collections.abc import Iterable, Sequence

import numpy as np

from nle_optimizer.records import Flags, Integers

BLANK = 0
"""Code of a blank among `coded` words."""


class Words:
    """The words of a column as small codes, compared without case."""

    def __init__(self, cells: Sequence[str]):
        folded = {cell: cell.casefold() for cell in set(cells)}
        words = sorted(set(folded.values()) - {""})
        self._code = {"": BLANK, **{word: n for n, word in enumerate(words, start=1)}}
        self.words = ["", *words]
        self.codes: Integers = np.array([self._code[folded[cell]] for cell in cells], dtype=np.int64)

    def code(self, word: str) -> int:
        """The code of a word; -1 where no cell has it."""
        return self._code.get(word.casefold(), -1)


def phase_is_met(wanted: str, offered: Iterable[str]) -> bool:
    """Whether a school's phase is met; a blank on either side asks for nothing."""
    offered = set(offered)
    if not wanted or not offered:
        return True
    if wanted == "all-through":
        return bool(offered & {"all-through", "primary", "secondary"})
    return wanted in offered or (wanted in ("primary", "secondary") and "all-through" in offered)


def word_is_met(wanted: str, offered: Iterable[str]) -> bool:
    """Whether a school's faith or diocese is among those offered; a blank asks for nothing."""
    offered = {word.casefold() for word in offered if word}
    return not wanted or not offered or wanted in offered


class Trait:
    """One property (phase, faith or diocese) of all schools, to be met by one supporter at a time."""

    def __init__(self, name: str, schools: Sequence[str]):
        self._words = Words(schools)
        self._meets = phase_is_met if name == "phase" else word_is_met
        self._tables: dict[tuple[str, ...], Flags] = {}
        self._filled = np.array([bool(word) for word in self._words.words], dtype=bool)

    def met(self, rows: Integers, offered: Iterable[str]) -> Flags:
        """Whether the supporter meets each of the schools in `rows`, blanks asking for nothing."""
        return self._table(tuple(offered))[self._words.codes[rows]]

    def filled_and_met(self, rows: Integers, offered: Iterable[str]) -> Flags:
        """Whether both sides are filled and the school's is met."""
        offered = tuple(offered)
        if not offered:
            return np.zeros(len(rows), dtype=bool)
        return np.asarray((self._table(offered) & self._filled)[self._words.codes[rows]])

    def _table(self, offered: tuple[str, ...]) -> Flags:
        if offered not in self._tables:
            self._tables[offered] = np.array([self._meets(word, offered) for word in self._words.words], bool)
        return self._tables[offered]
