"""Records: typed columns, and groups of them.

Rows in groups: the least of each, by several keys, and rows that lie beside each other.

Tables as columns: one `Records` a table, one `Column` a column, sorted by identifier.

Every amount is an exact integer: shares, days and money in millionths, places and distances in metres,
dates in days. A blank cell is never a value: `given` says which rows have one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

MILLION = 1_000_000
"""Scale of shares and amounts: the integer 1,000,000 stands for 1."""

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


class Kind(StrEnum):
    """What the cells of a column are, and how they are held."""

    IDENTIFIER = "identifier"
    """Text compared exactly, in one spelling (see `scenario.identifiers`)."""
    TEXT = "text"
    CHOICE = "choice"
    """One of a closed list of words, held in lower case."""
    NAMES = "names"
    """Several words joined by a vertical bar, held as a tuple."""
    YES_NO = "yes/no"
    COUNT = "count"
    """A whole number from 0 up."""
    LEVEL = "level"
    """A share from 0 to 1 or the name of a level; held in millionths."""
    SHARE = "share"
    """A number from 0 to 1; held in millionths."""
    AMOUNT = "amount"
    """A decimal from 0 up; held in millionths."""
    KILOMETRES = "kilometres"
    """A decimal from 0 up; held in whole metres."""
    METRES = "metres"
    """A coordinate, British National Grid (EPSG:27700); held in whole metres."""
    DEGREES = "degrees"
    """Latitude or longitude (EPSG:4326), a float: turned into grid metres on reading."""
    DATE = "date"
    """A day, held as its proleptic Gregorian ordinal."""


TEXT_KINDS = frozenset({Kind.IDENTIFIER, Kind.TEXT, Kind.CHOICE})


@dataclass(frozen=True)
class ColumnSpec:
    """A column a table may have.

    Attributes:
        name: its name.
        kind: what its cells are.
        doc: what it means, in one sentence.
        required: whether every row must fill it.
        choices: the closed list of words of a CHOICE or NAMES column; empty: free.
        unit: the unit as people write it.
        exact: whether more than six decimal places are refused; else they are rounded to a millionth.
        aliases: words of other sources, in lower case, and what each means here; "" is a blank.
        refers_to: the table whose rows an identifier names; "" in a table's own key.
        free_text: whether people may write anything, so that no word stands for a blank.
        known: words that a free column usually holds.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    exact: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    refers_to: str = ""
    free_text: bool = False
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """A table: its name, the column that identifies a row (or columns), and every column it may have."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnSpec]
    doc: str


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """The cells of one column.

    Attributes:
        kind: what they are.
        values: shape (rows,): int64 for numbers and dates, bool for yes/no, object (str or tuple) for text.
        given: shape (rows,): False where the cell is blank; the value there means nothing.
        written: shape (rows,): the text as it is written, where a column of text is held otherwise; else None.
    """

    kind: Kind
    values: NDArray[Any]
    given: Flags
    written: Texts | None = None

    def __repr__(self) -> str:
        return f"<column of {self.kind.value}: {len(self):,} cells, {int(self.given.sum()):,} filled>"

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[Any]) -> "Column":
        """The cells of the given rows (indices, or a mask), in that order."""
        return Column(
            self.kind, self.values[rows], self.given[rows], None if self.written is None else self.written[rows]
        )

    def as_written(self) -> "Column":
        """The column with its text as it is written."""
        return self if self.written is None else Column(self.kind, self.written, self.given)

    def above(self, other: "Column") -> "Column":
        """The cells of this column, and below them those of another of its kind."""
        written = None
        if self.written is not None or other.written is not None:
            written = np.concatenate([self.as_written().values, other.as_written().values])
        values, given = np.concatenate([self.values, other.values]), np.concatenate([self.given, other.given])
        return Column(self.kind, values, given, written)

    def replaced(self, rows: NDArray[Any], by: "Column") -> "Column":
        """The column with other cells in some rows (indices), one for each."""
        values, given = self.values.copy(), self.given.copy()
        values[rows], given[rows] = by.values, by.given
        return Column(self.kind, values, given)

    def or_else(self, default: int | bool | str) -> NDArray[Any]:
        """The values, with `default` where the cell is blank."""
        return np.where(self.given, self.values, default)


def blank_column(kind: Kind, rows: int) -> Column:
    """A column without a single filled cell."""
    if kind in TEXT_KINDS:
        values: NDArray[Any] = np.full(rows, "", dtype=object)
    elif kind is Kind.NAMES:
        values = np.empty(rows, dtype=object)
        values[:] = [()] * rows
    else:
        dtype = {Kind.YES_NO: np.bool_, Kind.DEGREES: np.float64}.get(kind, np.int64)
        values = np.zeros(rows, dtype=dtype)
    return Column(kind, values, np.zeros(rows, dtype=bool))


def text_column(values: Sequence[str], kind: Kind = Kind.TEXT) -> Column:
    """A text column; an empty string is a blank."""
    array = np.array(values, dtype=object)
    return Column(kind, array, array.astype(bool))


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """One table: columns of equal length, sorted by the table's key.

    Attributes:
        spec: what the table is.
        source: the file it came from, as the reader is told.
        rows: shape (rows,): the row of the file each record stood in (the header is row 1).
        columns: the columns that are present, declared ones and extra ones, in file order.
    """

    spec: TableSpec
    source: str
    rows: Integers
    columns: Mapping[str, Column]

    def __repr__(self) -> str:
        return f"<{self.spec.name}: {len(self):,} rows, {len(self.columns):,} columns>"

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def column(self, name: str, kind: Kind = Kind.TEXT) -> Column:
        """The named column; a column that the file does not have is a blank one.

        An undeclared column that is absent is blank, of the given kind.
        """
        if name in self.columns:
            return self.columns[name]
        spec = self.spec.columns.get(name)
        return blank_column(spec.kind if spec else kind, len(self))

    def values(self, name: str) -> NDArray[Any]:
        """The values of a column, meaningless where `given(name)` is False."""
        return self.column(name).values

    def given(self, name: str) -> Flags:
        """Which rows fill the named column."""
        return self.column(name).given

    @property
    def ids(self) -> Texts:
        """The identifiers, shape (rows,), ascending; only for tables with a single key column."""
        (key,) = self.spec.key
        return self.values(key)

    @property
    def extra(self) -> list[str]:
        """Names of the columns that the table does not declare, in file order."""
        return [name for name in self.columns if name not in self.spec.columns]

    def take(self, rows: NDArray[Any]) -> "Records":
        """The records at the given indices (or mask), in that order."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Records(self.spec, self.source, self.rows[rows], columns)

    def only(self, names: Sequence[str]) -> "Records":
        """The same records with none but the named columns."""
        columns = {name: column for name, column in self.columns.items() if name in names}
        return Records(self.spec, self.source, self.rows, columns)

    def joined(self, other: "Records") -> "Records":
        """These records and others of the same table, sorted by key; a column that one side lacks is blank."""
        columns: dict[str, Column] = {}
        for name in dict.fromkeys((*self.columns, *other.columns)):
            kind = (self if name in self else other).column(name).kind
            columns[name] = self.column(name, kind).above(other.column(name, kind))
        both = Records(self.spec, self.source, np.concatenate([self.rows, other.rows]), columns)
        keys = list(zip(*(both.values(name) for name in self.spec.key), strict=True))
        return both.take(np.array(sorted(range(len(both)), key=keys.__getitem__), dtype=np.int64))

    def with_columns(self, columns: Mapping[str, Column]) -> "Records":
        """The same records with some columns added or replaced."""
        return Records(self.spec, self.source, self.rows, {**self.columns, **columns})


def day(value: date) -> int:
    """A date as the integer that DATE columns hold."""
    return value.toordinal()


def as_text(column: Column) -> list[str]:
    """The cells of a column as text, as they are written or a person would write them; blank where blank."""
    column = column.as_written()
    shown = {value: show_value(column.kind, value) for value in set(column.values.tolist())}
    return [
        shown[value] if given else ""
        for value, given in zip(column.values.tolist(), column.given.tolist(), strict=True)
    ]


def show_value(kind: Kind, value: Any) -> str:
    """One held value as text: dates in ISO form, shares and amounts as the shortest decimal."""
    if kind is Kind.DATE:
        return date.fromordinal(value).isoformat() if value else ""
    if kind in (Kind.LEVEL, Kind.SHARE, Kind.AMOUNT):
        return shortest(value, 6)
    if kind is Kind.KILOMETRES:
        return shortest(value, 3)
    if kind is Kind.YES_NO:
        return "yes" if value else "no"
    return "|".join(value) if kind is Kind.NAMES else str(value)


def shortest(scaled: int, places: int) -> str:
    """An integer in units of 10^-places as the shortest decimal: 2500000 -> 2.5."""
    text = fixed(scaled, places)
    return text.rstrip("0").removesuffix(".") if places else text


def fixed(scaled: int, places: int) -> str:
    """An integer in units of 10^-places with all its places: 812500, 6 -> 0.812500."""
    if not places:
        return str(scaled)
    digits = str(abs(scaled)).zfill(places + 1)
    return f"{'-' if scaled < 0 else ''}{digits[:-places]}.{digits[-places:]}"


SPARSE = 8
"""Numbers of groups per row above which most of them must be empty."""


def least_of_each(groups: Integers, keys: Sequence[Integers], most: int = 1) -> Integers:
    """Indices of the least rows of each group: by group, the least first, the earlier first among equals.

    A minimum of each group in one pass, key after key, takes a tenth of the time of a sort.

    Args:
        groups: shape (rows,): the group of each row, from 0 up.
        keys: shapes (rows,): the first decides first.
        most: how many of each group.
    """
    size = int(groups.max(initial=-1)) + 1
    if size > SPARSE * len(groups):
        groups = np.unique(groups, return_inverse=True)[1]
        size = len(groups)
    rest = np.arange(len(groups))
    found = [_least(groups, keys, rest, size)]
    while len(found) < most and len(found[-1]):
        left = np.ones(len(groups), dtype=bool)
        left[found[-1]] = False
        rest = rest[left[rest]]
        found.append(_least(groups, keys, rest, size))
    every = np.concatenate(found)
    return every[np.argsort(groups[every], kind="stable")]


def _least(groups: Integers, keys: Sequence[Integers], rows: Integers, size: int) -> Integers:
    own = groups[rows]
    for key in keys:
        mine = key[rows]
        if (mine == mine[:1]).all():  # it decides nothing
            continue
        least = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(least, own, mine)
        kept = np.flatnonzero(mine == least[own])
        rows, own = rows[kept], own[kept]
    first = np.full(size, len(groups))
    np.minimum.at(first, own, rows)
    return first[first < len(groups)]


def stretches(first: Integers, end: Integers) -> tuple[Integers, Integers]:
    """All rows from each first up to the end beside it: which stretch each is of, and the row; shapes (rows,)."""
    lengths = end - first
    owner = np.repeat(np.arange(len(first)), lengths)
    return owner, np.arange(len(owner)) + np.repeat(end - np.cumsum(lengths), lengths)
