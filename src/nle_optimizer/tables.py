"""Tables as people get them: columns of text by name, and what each of them holds, as pandas names it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nle_optimizer.records import Kind, Records, TableSpec, as_text

if TYPE_CHECKING:
    import pandas as pd

WHOLE, NUMBER, YES_NO, TEXT = "Int64", "Float64", "boolean", "string"
"""Whole numbers, other numbers, yes or no, and text: identifiers, words, sentences and dates in ISO form."""
_CELLS: Mapping[str, Callable[[str], Any]] = {
    TEXT: str,
    WHOLE: int,
    NUMBER: float,
    YES_NO: {"yes": True, "no": False}.__getitem__,
}
_NUMBERS = (Kind.LEVEL, Kind.SHARE, Kind.AMOUNT, Kind.KILOMETRES, Kind.METRES, Kind.DEGREES)
_OF_KIND = {**dict.fromkeys(_NUMBERS, NUMBER), Kind.COUNT: WHOLE, Kind.YES_NO: YES_NO}


def are(word: str, *names: str) -> dict[str, str]:
    """That columns of these names hold what the word says."""
    return dict.fromkeys(names, word)


def types_in(spec: TableSpec, resources: Iterable[str] = (), *, levels: str = NUMBER) -> dict[str, str]:
    """What the declared columns of a table of a scenario hold, and those named after resources.

    Args:
        spec: the table.
        resources: names of resources.
        levels: what columns of levels hold: text where levels may stand there by name.
    """
    kinds = {**_OF_KIND, Kind.LEVEL: levels}
    declared = {column.name: kinds.get(column.kind, TEXT) for column in spec.columns.values()}
    return {**declared, **are(NUMBER, *resources)}


def pandas_or_why() -> Any:
    """The module pandas.

    Raises:
        ImportError: it is not installed; it says what to type.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("this needs pandas: pip install nle-optimizer[pandas]", name="pandas") from None
    return pd


def counted_in_words(number: int, one: str) -> str:
    """So many of something: `1 row`, `2 rows`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


@dataclass(frozen=True, repr=False)
class ResultTable:
    """A table that a function gives back.

    Attributes:
        name: its name, as that of its file where it has one.
        columns: columns of text by name, as in that file; a blank is an empty text.
        types: what each column holds, as pandas names it: `Int64`, `Float64`, `boolean` or `string`. It follows from
            what the column means, not from its cells; a column of one's own is text.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    types: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<{self.name}: {counted_in_words(len(self), 'row')}, {counted_in_words(len(self.columns), 'column')}>"

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __iter__(self) -> Iterator[dict[str, str]]:
        return iter(self.rows())

    def rows(self) -> list[dict[str, str]]:
        """One mapping a row, its cells as text."""
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True)]

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame whose columns have the types of `types`; a blank is `<NA>`, yes and no are true and false.

        Raises:
            ImportError: pandas is not installed (`pip install nle-optimizer[pandas]`).
        """
        pd = pandas_or_why()
        return pd.DataFrame({name: self._cells(pd, name) for name in self.columns})

    def _cells(self, pd: Any, name: str) -> Any:
        value = _CELLS[self.types[name]]
        return pd.array([value(cell) if cell else None for cell in self.columns[name]], dtype=self.types[name])


class Answer(ABC):
    """What a question is answered with: tables by name, the first of which says what was asked for."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, ResultTable]:
        """Every table by name; the main one comes first."""

    def to_pandas(self) -> "pd.DataFrame":
        """The main table as a data frame whose columns have the types of `types`.

        Raises:
            ImportError: pandas is not installed (`pip install nle-optimizer[pandas]`).
        """
        return next(iter(self.tables.values())).to_pandas()


def typed(
    name: str, columns: Mapping[str, Sequence[str]], known: Mapping[str, str], *, other: str = TEXT
) -> ResultTable:
    """A table whose columns hold what `known` says of them by name, and the rest `other`."""
    return ResultTable(name, columns, {column: known.get(column, other) for column in columns})


def of_records(name: str, records: Records) -> ResultTable:
    """A table of a scenario; a column of one's own is text."""
    columns = {column: as_text(cells) for column, cells in records.columns.items()}
    return ResultTable(
        name, columns, {column: _OF_KIND.get(cells.kind, TEXT) for column, cells in records.columns.items()}
    )


def of_rows(name: str, rows: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> ResultTable:
    """A table of these columns from rows of plain values; what a row lacks is blank, and several are joined by bars."""
    cells = [[_as_cell(row.get(column)) for column in types] for row in rows]
    return ResultTable(name, {column: [row[n] for row in cells] for n, column in enumerate(types)}, types)


def _as_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "|".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
