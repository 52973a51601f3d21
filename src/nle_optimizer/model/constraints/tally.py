"""What the rows of a constraint count."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

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
