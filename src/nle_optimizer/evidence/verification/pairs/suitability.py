"""Whether one side's phase or faith meets the other's: plain rules on words."""

from collections.abc import Iterable, Sequence

import numpy as np

from nle_optimizer.records import Flags, Integers

BLANK = 0
"""Code of a blank among `coded` words."""
ABSENT = -1
"""Code of a word that no cell has."""


class Words:
    """The words of a column as small codes, compared without case."""

    def __init__(self, cells: Sequence[str]):
        folded = {cell: cell.casefold() for cell in set(cells)}
        words = sorted(set(folded.values()) - {""})
        self._code = {"": BLANK, **{word: n for n, word in enumerate(words, start=1)}}
        self.words = ["", *words]
        self.codes: Integers = np.array([self._code[folded[cell]] for cell in cells], dtype=np.int64)

    def code(self, word: str) -> int:
        """The code of a word; `ABSENT` where no cell has it."""
        return self._code.get(word.casefold(), ABSENT)


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
        self.words = Words(schools)
        self._meets = phase_is_met if name == "phase" else word_is_met
        self._tables: dict[tuple[str, ...], Flags] = {}
        self.filled = np.array([bool(word) for word in self.words.words], dtype=bool)

    def met(self, rows: Integers, offered: Iterable[str]) -> Flags:
        """Whether the supporter meets each of the schools in `rows`, blanks asking for nothing."""
        return self.table(tuple(offered))[self.words.codes[rows]]

    def table(self, offered: tuple[str, ...]) -> Flags:
        """Whether each word of the schools is met by what is offered."""
        if offered not in self._tables:
            self._tables[offered] = np.array([self._meets(word, offered) for word in self.words.words], bool)
        return self._tables[offered]


class Offers:
    """One property of all schools, and what each of many supporters offers in it."""

    def __init__(self, name: str, schools: Sequence[str], offered: Sequence[tuple[str, ...]]):
        trait = Trait(name, schools)
        kinds = {words: n for n, words in enumerate(dict.fromkeys(offered))}
        self._kind = np.array([kinds[words] for words in offered], dtype=np.int64)
        self._codes = trait.words.codes
        self._meets = np.array([trait.table(words) for words in kinds], dtype=bool).reshape(len(kinds), -1)
        is_filled = np.array([bool(words) for words in kinds], dtype=bool)
        self._both = self._meets & is_filled[:, None] & trait.filled

    def met(self, nle: int | Integers, rows: Integers) -> Flags:
        """Whether each supporter meets the school beside it, blanks asking for nothing."""
        return np.asarray(self._meets[self._kind[nle], self._codes[rows]])

    def filled_and_met(self, nle: int | Integers, rows: Integers) -> Flags:
        """Whether both sides are filled and the school's is met."""
        return np.asarray(self._both[self._kind[nle], self._codes[rows]])
