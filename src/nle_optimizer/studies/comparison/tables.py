"""Two readings of one table, row by row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nle_optimizer.evidence.claim import TextTable

Key = tuple[str, ...]
Row = Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One cell in both readings."""

    first: str
    second: str


@dataclass(frozen=True)
class RowChange:
    """A row that stands in both readings: its key, and the cells that differ, by column."""

    key: Key
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class TableDifference:
    """How a table changed.

    Attributes:
        rows_first, rows_second: how many rows each reading has.
        columns_added, columns_removed: columns that only the second, only the first reading has.
        added, removed: whole rows that only the second, only the first reading has, by key.
        changed: rows of both with the cells of shared columns that differ, by key.
        columns: in how many of these rows each column differs.
    """

    rows_first: int
    rows_second: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[RowChange, ...]
    columns: Mapping[str, int]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.columns_added or self.columns_removed or self.added or self.removed or self.changed)


def table_difference(
    first: TextTable, second: TextTable, key: Sequence[str], among: Sequence[str] | None = None
) -> TableDifference:
    """What differs between two readings of a table whose rows `key` identifies.

    Rows of one key (a history may have several) are told apart by their order. With `among`, only these columns
    count, beside the key.
    """
    old, new = _rows(first, key), _rows(second, key)
    columns = [name for name in first if name in second and (among is None or name in among)]
    changed = []
    for row in sorted(old.keys() & new.keys()):
        before, after = old[row], new[row]
        cells = {name: Cell(before[name], after[name]) for name in columns if before[name] != after[name]}
        if cells:
            changed.append(RowChange(row[:-1], cells))
    counts = Counter(name for change in changed for name in change.cells)
    return TableDifference(
        len(old),
        len(new),
        _only(second, first, among),
        _only(first, second, among),
        tuple(new[row] for row in sorted(new.keys() - old.keys())),
        tuple(old[row] for row in sorted(old.keys() - new.keys())),
        tuple(changed),
        dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))),
    )


def _only(here: TextTable, there: TextTable, among: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(sorted(name for name in here if name not in there and (among is None or name in among)))


def _rows(table: TextTable, key: Sequence[str]) -> dict[tuple[str, ...], Row]:
    seen: Counter[Key] = Counter()
    rows: dict[tuple[str, ...], Row] = {}
    for cells in zip(*table.values(), strict=True):
        row = dict(zip(table, cells, strict=True))
        identity = tuple(row[name] for name in key)
        rows[*identity, f"{seen[identity]:09}"] = row
        seen[identity] += 1
    return rows
