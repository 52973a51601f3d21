"""What is found to be wrong, the verdict on it, and exact arithmetic to tell it by.

What is wrong with a claim, in sentences, and its tables as columns that can be trusted to be there. The verdict in a
word. Exact arithmetic: halves rounded up, whole roots, and numbers as the files write them.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.records import MILLION, Integers

MOST_SHOWN = 10
"""Sentences of one kind that are given in full; the rest are counted."""


class RefusedError(Exception):
    """The inputs are of a sort that a run must refuse, so no claim about them can stand."""


class Findings:
    """Sentences, each under a topic (a file and a column), in the order in which the topics came up."""

    def __init__(self) -> None:
        self._topics: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self.believed: list[str] = []
        """What is claimed on a solver's word and was not worked out here."""

    def add(self, topic: str, sentence: str) -> None:
        """Note that something is wrong."""
        self._counts[topic] = self._counts.get(topic, 0) + 1
        shown = self._topics.setdefault(topic, [])
        if len(shown) < MOST_SHOWN:
            shown.append(sentence)

    def take(self, others: "Findings") -> None:
        """Note everything that others hold."""
        for topic, shown in others._topics.items():
            for sentence in shown:
                self.add(topic, sentence)
            self._counts[topic] += others._counts[topic] - len(shown)

    def differs(self, file: str, row: str, column: str, given: object, said: object) -> None:
        """Note that the claim says one thing where the inputs give another."""
        where = ": ".join(part for part in (file, row, column) if part)
        self.add(f"{file}: {column}", f"{where}: the inputs give {_shown(given)}, the claim says {_shown(said)}")

    def compare(self, file: str, column: str, rows: Sequence[str], given: Sequence[str], said: Sequence[str]) -> None:
        """Compare a column with what the inputs give, row by row."""
        if list(given) == list(said):
            return
        for row, theirs, ours in zip(rows, said, given, strict=True):
            if theirs != ours:
                self.differs(file, row, column, ours, theirs)

    def sentences(self) -> list[str]:
        """Everything found."""
        result = []
        for topic, shown in self._topics.items():
            result += shown
            more = self._counts[topic] - len(shown)
            if more:
                result.append(f"{topic}: {more} more of the kind")
        return result


PROVED, NO_CLAIM, ON_WORD, WRONG = "proved", "correct, no claim", "correct, best on a solver's word", "wrong"
"""The words of a verdict."""


class RunVerdict(list[str]):
    """What a second reading says of a result: sentences on what is wrong, none where it stands.

    Attributes:
        word: `proved` where all that is claimed follows from the inputs, that nothing is better (or by how much at
            most) included; `correct, no claim` where the rest follows and no such thing is claimed; `correct, best on
            a solver's word` where it is claimed and was not worked out here; `wrong`.
        believed: what is claimed on a solver's word and was not worked out here.
        notes: what was not compared, and what lies in the folder and is none of a run's; nothing is wrong with it.
    """

    def __init__(self, wrong: Iterable[str], *, claims: bool, believed: Sequence[str] = (), notes: Sequence[str] = ()):
        super().__init__(wrong)
        self.believed, self.notes, self._claims = tuple(believed), tuple(notes), claims

    @property
    def word(self) -> str:
        """The verdict in a word."""
        if self:
            return WRONG
        if not self._claims:
            return NO_CLAIM
        return ON_WORD if self.believed else PROVED

    @property
    def sentence(self) -> str:
        """The verdict with what it rests on, for people."""
        what = {
            WRONG: f"{len(self)} finding{'s' if len(self) != 1 else ''}",
            PROVED: "all that is claimed follows from the inputs, that nothing is better included",
            NO_CLAIM: "it follows from the inputs and keeps the limits; nothing says that it is the best",
            ON_WORD: f"it follows from the inputs and keeps the limits; a solver says {' and '.join(self.believed)}",
        }
        return f"{self.word}: {what[self.word]}"

    def beside(self, wrong: Iterable[str], notes: Sequence[str] = ()) -> "RunVerdict":
        """The same with what was found beside it."""
        more = [*self.notes, *notes]
        return RunVerdict([*wrong, *self], claims=self._claims, believed=self.believed, notes=more)

    def __repr__(self) -> str:
        return f"<RunVerdict: {self.word}{f', {len(self)} findings' if self else ''}>"


def _shown(value: object) -> str:
    return "a blank" if value is None or value == "" else str(value)


def claimed_table(claim: Claim, name: str, columns: Iterable[str], findings: Findings) -> dict[str, Sequence[str]]:
    """The named columns of a table of the claim; those that are missing are noted, and blank."""
    table = claim.tables.get(name)
    if table is None:
        findings.add(f"{name}.csv", f"{name}.csv: the table is missing")
        return {column: [] for column in columns}
    lengths = {len(cells) for cells in table.values()}
    length = min(lengths, default=0)
    if len(lengths) > 1:
        findings.add(f"{name}.csv", f"{name}.csv: the columns are not equally long")
    result: dict[str, Sequence[str]] = {}
    for column in columns:
        if column not in table:
            findings.add(f"{name}.csv", f"{name}.csv: the column {column} is missing")
        result[column] = list(table[column][:length]) if column in table else [""] * length
    return result


def whole_table(claim: Claim, name: str, columns: Iterable[str], findings: Findings) -> dict[str, Sequence[str]]:
    """The same of a table that has no other columns; one that nothing here states is noted."""
    expected = claimed_table(claim, name, columns, findings)
    for column in claim.tables.get(name, ()):
        if column not in expected:
            findings.add(f"{name}.csv: {column}", f"{name}.csv: the column {column} is none that a run gives")
    return expected


def check_sorted(file: str, keys: Sequence[object], findings: Findings) -> None:
    """Note where the rows of a table are not in ascending order."""
    for n in range(1, len(keys)):
        if keys[n] < keys[n - 1]:  # type: ignore[operator]
            findings.add(f"{file}: order", f"{file}: row {n + 2} is out of order: {keys[n]} after {keys[n - 1]}")
            return


Floats = NDArray[np.float64]

LARGEST = 2**62
"""Integers in arrays stay below this; where they might not, arrays of Python integers take over."""


def half_up(numerator: Any, denominator: Any) -> Any:
    """Numerator over denominator (positive) as a whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_up_fraction(number: Fraction) -> int:
    """A fraction as a whole number, halves up."""
    return int(half_up(number.numerator, number.denominator))


def whole_root(values: Integers) -> Integers:
    """The whole part of each square root, exact for values below 2^62."""
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    root -= root * root > values
    root += (root + 1) * (root + 1) <= values
    return root


def metres_from_squares(squares: Floats, factor: Fraction) -> Integers:
    """Straight-line metres times a factor, halves up, from their exact squares (0 or more)."""
    over, under = factor.numerator, factor.denominator
    if over == under:
        # The root of a whole number is never within 1 / (8 root) of a half, far more than a float errs here.
        return np.floor(np.sqrt(squares) + 0.5).astype(np.int64)
    largest = int(squares.max(initial=0.0))
    if 4 * over * over * largest >= LARGEST:
        roots = [isqrt(4 * over * over * int(square)) for square in squares.ravel().tolist()]
        return ((np.array(roots, dtype=np.int64) + under) // (2 * under)).reshape(squares.shape)
    return (whole_root(4 * over * over * squares.astype(np.int64)) + under) // (2 * under)


def millionths(number: Decimal) -> int:
    """A decimal in millionths, halves up."""
    return half_up_fraction(Fraction(number) * MILLION)


def number_in(cell: str) -> Decimal | None:
    """The number in a cell: None where it is blank, and not a number (which equals nothing) where it holds none."""
    if not cell:
        return None
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return Decimal("NaN")
    return number if number.is_finite() else Decimal("NaN")


def fixed(value: int, scale: int, places: int) -> str:
    """`value` / `scale` with so many decimal places, halves up."""
    unit = 10**places
    whole = half_up(value * unit, scale) if scale != unit else value
    sign = "-" if whole < 0 else ""
    return f"{sign}{abs(whole) // unit}.{abs(whole) % unit:0{places}d}"


def shortest(value: int) -> str:
    """Millionths as the shortest decimal: 1, 2.5."""
    whole, rest = divmod(value, MILLION)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


def fixed_each(values: Sequence[int], scale: int, places: int) -> list[str]:
    """Every value as `fixed` has it, blank where it is below 0 (not known)."""
    return ["" if value < 0 else fixed(value, scale, places) for value in values]


def exact_sum(numbers: NDArray[Any]) -> int:
    """The sum of whole numbers of any size."""
    if numbers.dtype != object and len(numbers) * int(np.abs(numbers).max(initial=0)) < LARGEST:
        return int(numbers.sum())
    return sum(numbers.tolist())
