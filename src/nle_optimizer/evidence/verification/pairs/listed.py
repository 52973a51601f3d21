"""Rows of the pairs table, and pairs that are looked for among others.

The pairs table, looked up by NLE; and the pairs of one NLE that are being looked at. Pairs that are looked for among
others as those come by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import Floats
from nle_optimizer.records import Flags, Integers, Records, Texts

NOT_LISTED = -1
UNKNOWN = -1.0
"""Squared distance where a place is not known."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some pairs: of one NLE, or with an NLE each.

    Attributes:
        nle: the NLE's index, or one a pair.
        rows: the recipients, by index.
        squares: squared straight-line metres (exact), or UNKNOWN.
        entry: each pair's row of the pairs table, or NOT_LISTED; None where none is listed.
        fit: fit in millionths, once it is known.
        metres: distance as decided, -1 where it is not known; None where it was not worked out yet.
    """

    nle: int | Integers
    rows: Integers
    squares: Floats
    entry: Integers | None
    fit: Integers | None = None
    metres: Integers | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, which: NDArray[np.int64] | Flags) -> "Pairs":
        """The pairs at the given indices (or mask)."""
        return Pairs(
            self.nle if isinstance(self.nle, int) else self.nle[which],
            self.rows[which],
            self.squares[which],
            None if self.entry is None else self.entry[which],
            None if self.fit is None else self.fit[which],
            None if self.metres is None else self.metres[which],
        )

    def with_fit(self, fit: Integers) -> "Pairs":
        """The same pairs with their fit."""
        return replace(self, fit=fit)


def join(parts: Sequence[Pairs]) -> Pairs:
    """Pairs of several NLEs as one."""
    listed = any(part.entry is not None for part in parts)
    return Pairs(
        np.concatenate([_none(), *(np.broadcast_to(part.nle, len(part)) for part in parts)]),
        np.concatenate([_none(), *(part.rows for part in parts)]),
        np.concatenate([np.zeros(0), *(part.squares for part in parts)]),
        np.concatenate([_entries(part) for part in parts]) if listed else None,
        None if any(part.fit is None for part in parts) else np.concatenate([_none(), *(part.fit for part in parts)]),
    )


def _none() -> Integers:
    return np.zeros(0, dtype=np.int64)


def _entries(part: Pairs) -> Integers:
    return np.full(len(part), NOT_LISTED, dtype=np.int64) if part.entry is None else part.entry


class Listed:
    """The rows of the pairs table that concern recipients, in compressed rows by NLE."""

    def __init__(self, table: Records | None, nles: Texts, position: Mapping[str, int]):
        self._columns = {}
        self.at: Integers = np.zeros(0, dtype=np.int64)
        self._start = self._end = np.zeros(len(nles), dtype=np.int64)
        self._scratch: Integers = np.full(len(position), NOT_LISTED, dtype=np.int64)
        self.relations: dict[str, Flags] = {}
        if table is None or not len(table):
            return
        self._columns = {name: table.column(name) for name in table if table.given(name).any()}
        self.at = np.array([position.get(school, NOT_LISTED) for school in table.values("school_id")], np.int64)
        ids = table.values("nle_id")
        self._start, self._end = np.searchsorted(ids, nles, "left"), np.searchsorted(ids, nles, "right")
        words = table.values("relation").tolist()
        for relation in sorted({word for row in words for word in row}):
            self.relations[relation] = np.array([relation in row for row in words], dtype=bool)

    def has(self, name: str) -> bool:
        """Whether any cell of this column is filled."""
        return name in self._columns

    def has_rows(self, nle: int) -> bool:
        """Whether an NLE is listed with anybody."""
        return bool(self._start[nle] < self._end[nle])

    def rows(self, nle: int) -> Integers:
        """The recipients listed with an NLE, ascending."""
        at = self.at[self._start[nle] : self._end[nle]]
        return np.sort(at[at >= 0])

    def rows_with(self, nle: int, name: str) -> Integers:
        """The recipients listed with an NLE in a row that fills this column."""
        if name not in self._columns:
            return np.zeros(0, dtype=np.int64)
        here = slice(self._start[nle], self._end[nle])
        at = self.at[here]
        return at[(at >= 0) & self._columns[name].given[here]]

    def any_with(self, nle: int, name: str) -> bool:
        """Whether any row of an NLE fills this column, whoever it concerns."""
        if name not in self._columns:
            return False
        return bool(self._columns[name].given[self._start[nle] : self._end[nle]].any())

    def entries(self, nle: int, rows: Integers) -> Integers | None:
        """The row of the pairs table for each of these recipients; None where none is listed."""
        start, end = int(self._start[nle]), int(self._end[nle])
        if start == end:
            return None
        at = self.at[start:end]
        known = at >= 0
        self._scratch[at[known]] = np.flatnonzero(known) + start
        result = self._scratch[rows]
        self._scratch[at[known]] = NOT_LISTED
        return result

    def cells(self, pairs: Pairs, name: str) -> tuple[Integers, Flags] | None:
        """What the pairs table says in a column, and where it says anything; None where nowhere."""
        if pairs.entry is None or name not in self._columns:
            return None
        column = self._columns[name]
        given = (pairs.entry >= 0) & column.given[pairs.entry]
        return (column.values[pairs.entry], given) if given.any() else None

    def related(self, pairs: Pairs, relation: str) -> Flags | None:
        """Which pairs stand in a relation; None where none does."""
        if pairs.entry is None or relation not in self.relations:
            return None
        return (pairs.entry >= 0) & self.relations[relation][pairs.entry]

    def with_relation(self, relation: str, nles: int) -> list[tuple[int, int, int]]:
        """Row of the table, NLE and recipient (or NOT_LISTED) of every pair in a relation."""
        if relation not in self.relations:
            return []
        rows = np.flatnonzero(self.relations[relation])
        owner = np.searchsorted(self._end[:nles], rows, "right")
        return [(int(row), int(nle), int(self.at[row])) for row, nle in zip(rows, owner, strict=True)]

    def distances(self) -> tuple[Integers, Integers, Integers]:
        """Recipient, NLE and metres of every pair whose distance the table gives."""
        if "distance_km" not in self._columns:
            empty = np.zeros(0, dtype=np.int64)
            return empty, empty, empty
        column = self._columns["distance_km"]
        rows = np.flatnonzero(column.given & (self.at >= 0))
        return self.at[rows], np.searchsorted(self._end, rows, "right"), column.values[rows]


class WantedPairs:
    """Pairs that are looked for.

    Args:
        rows: how many recipients there are.
        nle, row: the pairs, in ascending order of NLE and recipient.
    """

    def __init__(self, rows: int, nle: Integers, row: Integers):
        self._rows = rows
        self._keys = nle * rows + row
        self._is_found = np.zeros(len(self._keys), dtype=bool)

    @classmethod
    def of(cls, rows: int, by_nle: Mapping[int, Sequence[int]]) -> "WantedPairs":
        """Pairs given as recipients by NLE."""
        pairs = sorted((nle, row) for nle, own in by_nle.items() for row in own)
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return cls(rows, columns[:, 0], columns[:, 1])

    def find(self, nle: Integers, row: Integers) -> tuple[Integers, Integers]:
        """Where some of them stand among pairs in ascending order, and which they are; they count as found."""
        keys = nle * self._rows + row
        some = np.arange(*np.searchsorted(self._keys, (keys[0], keys[-1] + 1)))
        at = np.searchsorted(keys, self._keys[some])
        here = keys[at] == self._keys[some]
        self._is_found[some[here]] = True
        return at[here], some[here]

    def has(self, nle: int, row: int) -> bool:
        """Whether a pair is one of them."""
        key = nle * self._rows + row
        at = int(np.searchsorted(self._keys, key))
        return at < len(self._keys) and int(self._keys[at]) == key

    def missing(self) -> Iterator[tuple[int, int]]:
        """NLE and recipient of each that was not found."""
        yield from self._pairs(~self._is_found)

    def found(self) -> Iterator[tuple[int, int]]:
        """NLE and recipient of each that was found."""
        yield from self._pairs(self._is_found)

    def _pairs(self, which: Integers) -> Iterator[tuple[int, int]]:
        for key in self._keys[which].tolist():
            yield divmod(key, self._rows)
