"""Tables that people keep themselves (cases, NLEs), in the columns of this package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.delimited import restore
from nle_optimizer.records import MILLION, ColumnSpec, Kind, TableSpec
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.identifiers import means_nothing, normalise, read_otherwise, spelled
from nle_optimizer.scenario.settings import Fit
from nle_optimizer.sources.england.cells import GRADES, NOT_GRADED, SUPPRESSED, day, metres
from nle_optimizer.sources.england.extracts import read_extract, rows_by_key
from nle_optimizer.sources.england.notes import Notes

NUMBERS = frozenset({Kind.COUNT, Kind.LEVEL, Kind.SHARE, Kind.AMOUNT, Kind.KILOMETRES, Kind.METRES})


@dataclass(frozen=True)
class UserTable:
    """A table as somebody wrote it.

    Attributes:
        path: where it was read.
        columns: cells by column name: declared names as this package spells them, extra ones as they stand.
        numbers: the row of the file each record stands in.
    """

    path: Path
    columns: dict[str, list[str]]
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self) -> list[dict[str, str]]:
        """Each record as its cells by column name."""
        return [dict(zip(self.columns, cells, strict=True)) for cells in zip(*self.columns.values(), strict=True)]

    def number_of(self, key: str) -> dict[str, int]:
        """The row of the file by identifier."""
        return dict(zip(self.columns[key], self.numbers, strict=True))


def read_user_table(path: Path, spec: TableSpec, aliases: Mapping[str, Sequence[str]], notes: Notes) -> UserTable:
    """Read a table; declared columns are found without case and punctuation, or under an alias.

    Raises:
        InputError: the file cannot be read, or has no column for the identifier.
    """
    (key,) = spec.key
    names = {name: (name, *aliases.get(name, ())) for name in spec.columns}
    extract = read_extract(path, names, key, notes)
    rows_by_key(extract, key, notes)
    ours = {place: name for name, place in extract.places.items()}
    columns: dict[str, list[str]] = {}
    for place, heading in enumerate(extract.header):
        cells = [normalise(restore(row[place])) for row in extract.rows]
        name = ours.get(place, normalise(restore(heading)))
        if name in spec.columns:
            cells = _read(path, cells, spec.columns[name], extract.numbers, notes)
        if name in columns:
            notes.wrong(path, None, name, "two columns have this name")
        elif name:
            columns[name] = cells
        elif any(cells):
            notes.wrong(path, None, "", f"column {place + 1} has no name")
    return UserTable(path, columns, extract.numbers)


def _read(path: Path, cells: list[str], column: ColumnSpec, numbers: Sequence[int], notes: Notes) -> list[str]:
    """Cells with identifiers in one spelling, and blank where a word means nothing."""
    for finding in read_otherwise(cells, column, numbers, path.name):
        notes.find(1, f"{finding}.")
    plain = spelled if column.kind is Kind.IDENTIFIER else normalise
    return ["" if means_nothing(text, column) else plain(text) for text in cells]


def check_cells(table: UserTable, spec: TableSpec, notes: Notes) -> None:
    """Bring the cells of declared columns into this package's spelling; what cannot be is a fault."""
    levels = {word: int(share * MILLION) for word, share in Fit().levels.items()}
    for name, cells in table.columns.items():
        column = spec.columns.get(name)
        if column is None:
            continue
        plain = [_plain(text, column) for text in cells]
        _, errors = parse_column(plain, column, levels)
        for row, error in errors.items():
            notes.wrong(table.path, table.numbers[row], name, str(error), cells[row], error.hint)
        table.columns[name] = plain


def _plain(text: str, column: ColumnSpec) -> str:
    """A cell with official codes, words and dates rewritten; text that is neither is left to the check."""
    word = text.casefold()
    if column.kind is Kind.CHOICE:
        return word
    if column.kind is Kind.TEXT:
        return column.aliases.get(word, text)
    if column.unit == "1 to 4":
        return "" if word in NOT_GRADED else str(GRADES.get(word, text))
    if column.kind in NUMBERS and word in SUPPRESSED:
        return ""
    try:
        if text and column.kind is Kind.DATE:
            return str(day(text))
        if text and column.kind is Kind.METRES:
            return str(metres(text))
    except ValueError:
        return text
    return text
