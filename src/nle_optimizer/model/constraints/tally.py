"""What the rows of a constraint count.

A sum over matched pairs and present presences. Collects the presences of a problem: equal ones are one.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nle_optimizer.model.problem import Presences
from nle_optimizer.records import MILLION, Column, Flags, Integers, show_value

Unit = Literal["recipient", "nle", "pair"]
NO_ROW = -1


@dataclass(frozen=True, eq=False)
class Tally:
    """What each row counts: the distinct units of its matched pairs, or what these amount to.

    Attributes:
        keys: what tells the rows apart, `region=London`; blank where there is one row.
        row: shape (pairs,): the row that counts a pair; -1 for none.
        unit: what counts once, however many of its pairs are matched.
        shown: the unit in words: `schools`, `nles`, `pairs`, a resource, or `pounds`.
        amounts: shape (pairs,): what a pair amounts to, in millionths, where that is summed; else None.
        wholes: shape (rows,): what a share is of, where it is not of everything matched.
    """

    keys: tuple[str, ...]
    row: Integers
    unit: Unit
    shown: str
    amounts: Integers | None = None
    wholes: Integers | None = None

    @property
    def scale(self) -> int:
        """Units of the count in 1 of what people read."""
        return 1 if self.amounts is None else MILLION

    def everything(self) -> "Tally":
        """The same count of all pairs, in one row."""
        return Tally(("",), np.zeros_like(self.row), self.unit, self.shown, self.amounts)


def grouped(name: str | None, column: Column | None, counted: Flags) -> tuple[tuple[str, ...], Integers]:
    """A row for each value that counted cells of a column have, in order, and each cell's row.

    Args:
        name: the column's name; None for one row of all that is counted.
        column: its cells.
        counted: shape (cells,): the cells that count.
    """
    if name is None or column is None:
        return ("",), np.where(counted, 0, NO_ROW)
    given = counted & column.given
    held = column.values.tolist()
    values = sorted({value for value, is_given in zip(held, given.tolist(), strict=True) if is_given})
    place = {value: n for n, value in enumerate(values)}
    codes = (place[value] if is_given else NO_ROW for value, is_given in zip(held, given.tolist(), strict=True))
    row = np.fromiter(codes, dtype=np.int64, count=len(held))
    return tuple(f"{name}={show_value(column.kind, value)}" for value in values), row


def only_rows(keys: tuple[str, ...], row: Integers, kept: Flags) -> tuple[tuple[str, ...], Integers]:
    """Some of the rows alone, and each cell's row among them."""
    new = np.append(np.where(kept, np.cumsum(kept) - 1, NO_ROW), NO_ROW)
    return tuple(key for key, is_kept in zip(keys, kept.tolist(), strict=True) if is_kept), new[row]


def followed(row: Integers, side: Integers) -> Integers:
    """The row of each pair, from the rows of one side and each pair's index on that side."""
    return row[side] if len(row) else np.full(len(side), NO_ROW, dtype=np.int64)


class PresenceBook:
    """Presences in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._place: dict[bytes, int] = {}
        self._pairs: list[Integers] = []

    def __len__(self) -> int:
        return len(self._pairs)

    def of_each(self, units: Integers, pairs: Integers) -> Integers:
        """The presence of each distinct unit, ascending: that any of its pairs is matched.

        Args:
            units: shape (n,): the unit of each pair.
            pairs: shape (n,): candidate pairs, ascending.
        """
        order = np.argsort(units, kind="stable")
        starts = np.flatnonzero(np.diff(units[order], prepend=-1))
        groups = np.split(pairs[order], starts[1:]) if len(starts) else []
        return np.array([self._of(group) for group in groups], dtype=np.int64)

    def _of(self, pairs: Integers) -> int:
        place = self._place.setdefault(pairs.tobytes(), len(self._pairs))
        if place == len(self._pairs):
            self._pairs.append(pairs)
        return place

    def presences(self) -> Presences:
        """All of them."""
        if not self._pairs:
            return Presences()
        sizes = [len(pairs) for pairs in self._pairs]
        return Presences(len(sizes), np.repeat(np.arange(len(sizes)), sizes), np.concatenate(self._pairs))


@dataclass(frozen=True, eq=False)
class Sum:
    """Whole amounts of some pairs and presences.

    Attributes:
        pairs, amounts: shape (n,): pairs, ascending, and what each adds.
        presences, presence_amounts: shape (m,): likewise, ascending.
    """

    pairs: Integers
    amounts: Integers
    presences: Integers
    presence_amounts: Integers

    def less(self, share: tuple[int, int], whole: "Sum") -> "Sum":
        """denominator * self - numerator * whole, for a share of (numerator, denominator)."""
        numerator, denominator = share
        return Sum(
            *_difference(denominator, self.pairs, self.amounts, numerator, whole.pairs, whole.amounts),
            *_difference(
                denominator,
                self.presences,
                self.presence_amounts,
                numerator,
                whole.presences,
                whole.presence_amounts,
            ),
        )

    @property
    def size(self) -> float:
        """The sum of all amounts without their signs, about."""
        return sum(float(np.abs(amounts).sum(dtype=np.float64)) for amounts in (self.amounts, self.presence_amounts))


def _difference(
    times: int, these: Integers, amounts: Integers, less: int, those: Integers, others: Integers
) -> tuple[Integers, Integers]:
    at = np.union1d(these, those)
    total = np.zeros(len(at), dtype=np.int64)
    total[np.searchsorted(at, these)] += times * amounts
    total[np.searchsorted(at, those)] -= less * others
    return at[total != 0], total[total != 0]


def sum_of(tally: Tally, pairs: Integers, side: Integers, several: Flags, book: PresenceBook) -> Sum:
    """What a tally counts of some pairs.

    A unit of which at most one pair can be matched counts through its pairs, any other through a presence.

    Args:
        tally: what is counted.
        pairs: shape (n,): the pairs that count, ascending.
        side: shape (pairs,): the unit of every pair.
        several: shape (units,): units of which several pairs can be matched.
        book: takes the presences.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if tally.unit == "pair":
        amounts = np.ones(len(pairs), np.int64) if tally.amounts is None else tally.amounts[pairs]
        return Sum(pairs[amounts != 0], amounts[amounts != 0], nothing, nothing)
    shared = several[side[pairs]]
    plain, rest = pairs[~shared], pairs[shared]
    presences = np.sort(book.of_each(side[rest], rest))
    return Sum(plain, np.ones(len(plain), np.int64), presences, np.ones(len(presences), np.int64))
