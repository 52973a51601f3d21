"""A table's file as rows of text: how its columns are separated, which row names them, what a spreadsheet hides."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.delimited import SEPARATORS, read_text, restore, split_rows
from nle_optimizer.errors import Fault, Finding, InputError, Place
from nle_optimizer.files import begins_with
from nle_optimizer.records import ColumnSpec, Kind, TableSpec
from nle_optimizer.scenario.cells import CellError
from nle_optimizer.scenario.identifiers import first_few, normalise
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.workbook import Mark, Sheet, column_letter, read_sheet, sheet_names

WORKBOOKS = (".xlsx", ".xlsm")
MOST_NOTES = 20
"""Rows in which the header is looked for."""
MOST_NAMED = 5
"""Rows or columns that a finding names; the rest are counted."""
FRACTIONS = frozenset({Kind.LEVEL, Kind.SHARE})
NUMBERS = frozenset({Kind.COUNT, Kind.AMOUNT, Kind.KILOMETRES, Kind.METRES, Kind.DEGREES}) | FRACTIONS
Wrong = dict[str, list[tuple[int, str, str | None, str | None]]]
"""What is wrong in each column: the row, what it is, what was got, and a hint."""
_STATED = re.compile(r'"?sep=(.)"?[,;\t|]*(\r\n|\n|\r)', re.IGNORECASE)


@dataclass(frozen=True)
class Grid:
    """The rows of a file.

    Attributes:
        shown: the file, as the reader is told.
        first: the row of the file (from 1) that names the columns; None where the names are no row.
        header: the names of the columns, as the file has them.
        body: each row below that is not blank: its number in the file, and its cells.
        sheet: the sheet that the rows come from; an empty one for a CSV file.
    """

    shown: str
    first: int | None
    header: list[str]
    body: list[tuple[int, list[str]]]
    sheet: Sheet


@dataclass(frozen=True)
class HeldTable:
    """A table that a program gives instead of a file, its text defused as in one.

    Attributes:
        name: what the reader is told; rows are counted from 0.
        header: the names of the columns.
        rows: the cells of each row, in that order.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class WantedColumns:
    """The columns that a table must and may have, by their names in the file."""

    required: frozenset[str]
    known: frozenset[str]

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row names every column that is needed; where none is, two that are known."""
        return self.required <= set(row) if self.required else self.recognised(row) >= 2

    def recognised(self, row: Sequence[str]) -> int:
        """How many of the known columns a row names."""
        return len(self.known & set(row))


def wanted_columns(spec: TableSpec, source: DataFile, resources: Sequence[str]) -> WantedColumns:
    """The columns of a table, by their names in the file."""
    mapped = source.columns
    required = {mapped.get(column.name, column.name) for column in spec.columns.values() if column.required}
    return WantedColumns(frozenset(required), frozenset({*spec.columns, *resources, *mapped.values()} | required))


def grid_of(held: HeldTable) -> Grid:
    """The rows of a table that is no file."""
    body = [(n, list(row)) for n, row in enumerate(held.rows) if any(cell.strip() for cell in row)]
    return Grid(held.name, None, _names(held.header), body, Sheet(""))


def read_grid(source: DataFile, wanted: WantedColumns, findings: list[Finding]) -> Grid:
    """The rows of a file; what deserves a warning goes to `findings`.

    Raises:
        InputError: the file cannot be read, or its header is not where it is looked for.
    """
    file = Path(source.file)
    shown = file.name if source.sheet is None else f"{file.name}[{source.sheet}]"
    if is_workbook(file):
        sheet = read_sheet(file, source.sheet)
        rows = sheet.rows
    elif source.sheet is not None:
        raise InputError([Fault(Place(str(file)), "sheet", "only a workbook has sheets", source.sheet)])
    else:
        sheet, rows = Sheet(""), _separated(file, source, wanted, shown, findings)
    names = [_names(row) for row in rows[:MOST_NOTES]]
    first = _header_row(names, source, wanted, shown, findings)
    marked = {n for n, _ in sheet.marks}
    header = _names(rows[first - 1]) if len(rows) >= first else []
    below = enumerate(rows[first:], start=first + 1)
    body = [(n, list(row)) for n, row in below if any(cell.strip() for cell in row) or n in marked]
    if sheet.name and not wanted.is_header(header):
        _refuse_other_sheet(file, source, sheet, wanted)
    grid = Grid(shown, first, header, body, sheet)
    findings += _hidden(grid)
    return grid


def is_workbook(file: Path) -> bool:
    """Whether a file is a workbook, by its name or by how it begins."""
    return file.suffix.lower() in WORKBOOKS or begins_with(file, b"PK\3\4")


def _names(row: Sequence[str]) -> list[str]:
    return [normalise(restore(name)) for name in row]


def _separated(
    file: Path, source: DataFile, wanted: WantedColumns, shown: str, findings: list[Finding]
) -> list[list[str]]:
    """The rows of a CSV file, by the separator that it states, or else by the one under which its header is found."""
    text = read_text(file, source.encoding)
    stated = _STATED.match(text)
    if stated:
        text = text[stated.end() :]
    separator = stated[1] if stated else _separator(file, text, source, wanted)
    if stated or separator != ",":
        said = SEPARATORS.get(separator, f"the sign {separator}")
        what = f"the columns are separated by {said}" + (", as the file states above them" if stated else "")
        findings.append(Finding(Place(shown), "", what, code="other-separator"))
    return split_rows(file, text, separator)


def _separator(file: Path, text: str, source: DataFile, wanted: WantedColumns) -> str:
    first = source.header if isinstance(source.header, int) else None
    for separator in SEPARATORS:
        try:
            rows = split_rows(file, text, separator, first or MOST_NOTES)
        except InputError:
            continue
        if any(wanted.is_header(_names(row)) for row in (rows[first - 1 :] if first else rows)):
            return separator
    return ","


def _header_row(
    names: Sequence[Sequence[str]], source: DataFile, wanted: WantedColumns, shown: str, findings: list[Finding]
) -> int:
    """The row of the header: the one asked for, else the first, or one below nothing but notes.

    Raises:
        InputError: a later row looks like the header, and those above it are more than notes.
    """
    if isinstance(source.header, int):
        return source.header
    first = next((n for n, row in enumerate(names, start=1) if wanted.is_header(row)), 1)
    if first == 1:
        return 1
    above = [[cell for cell in row if cell] for row in names[: first - 1]]
    filled = sum(map(bool, names[first - 1]))
    if max(map(len, above)) < max(wanted.recognised(names[first - 1]), min(filled, 2)):
        title = next((row[0] for row in above if row), "blank rows")
        what = f"the header is row {first}; what stands above it is left aside"
        findings.append(Finding(Place(shown, first), "", what, title, code="rows-above-header"))
        return first
    what, got = f"this row does not name the columns, and row {first} seems to", ", ".join(filter(None, names[0]))
    hint = f"if it does, write `header: {first}` beside `file` under `data`; else delete it"
    raise InputError([Fault(Place(shown, 1), "", what, got or "a blank row", hint)])


def _refuse_other_sheet(file: Path, source: DataFile, sheet: Sheet, wanted: WantedColumns) -> None:
    """Where no sheet was named, and only another one has the columns, say which.

    Raises:
        InputError: there is one.
    """
    if source.sheet is not None:
        return
    for name in sheet_names(file):
        rows = [_names(row) for row in read_sheet(file, name).rows[:MOST_NOTES]]
        if any(wanted.is_header(row) for row in rows):
            what = "the first sheet does not have the columns of this table"
            hint = f"write `sheet: {name}` beside `file` under `data`, if that is the one"
            raise InputError([Fault(Place(file.name, 1), "", what, sheet.name, hint)])


def _hidden(grid: Grid) -> Iterator[Finding]:
    """What is read and a person who looks at the spreadsheet does not see."""
    sheet, place = grid.sheet, Place(grid.shown)
    if sheet.is_hidden:
        yield Finding(place, "", "the sheet is hidden, and is read all the same", code="hidden-sheet")
    if rows := [n for n, _ in grid.body if n in sheet.hidden_rows]:
        what = "1 hidden row is" if len(rows) == 1 else f"{len(rows)} hidden rows are"
        got = named("row", "rows", [str(n) for n in rows])
        hint = "show it, or delete it" if len(rows) == 1 else "show them, or delete them"
        yield Finding(place, "", f"{what} read like the others", got, hint, code="hidden-rows")
    filled = [n for n, name in enumerate(grid.header) if name and n in sheet.hidden_columns]
    if columns := [f"{column_letter(n)} ({grid.header[n]})" for n in filled]:
        what = "1 hidden column is" if len(columns) == 1 else f"{len(columns)} hidden columns are"
        yield Finding(place, "", f"{what} read like the others", named("", "", columns), code="hidden-columns")


def settle_marks(grid: Grid, columns: Mapping[int, ColumnSpec], key: Sequence[str], findings: list[Finding]) -> Wrong:
    """Bring the cells of a sheet that are more than their text to the text that their columns read.

    A percentage becomes its number where a number is needed, and so on; a cell that can be no value becomes blank.

    Args:
        grid: the rows; their cells are changed in place.
        columns: what each column (from 0) holds.
        key: names of the columns that identify a row.
        findings: takes what deserves a warning.

    Returns:
        What is wrong, by column.
    """
    wrong: Wrong = {}
    read_as: dict[str, list[tuple[int, str]]] = {}
    body = dict(grid.body) | ({} if grid.first is None else {grid.first: grid.header})
    for (n, place), mark in sorted(grid.sheet.marks.items(), key=lambda entry: entry[0]):
        if n not in body or place not in columns:
            continue
        spec, text = columns[place], body[n][place]
        try:
            body[n][place] = _settled(mark, text, spec)
        except CellError as error:
            body[n][place] = ""
            wrong.setdefault(spec.name, []).append((n, f"cell {column_letter(place)}{n} {error}", None, error.hint))
            continue
        if mark.meaning == "digits" and spec.kind is Kind.IDENTIFIER:
            read_as.setdefault(spec.name, []).append((n, f"{mark.number} as {text}"))
        elif mark.meaning == "percentage" and spec.kind in NUMBERS - FRACTIONS:
            read_as.setdefault(spec.name, []).append((n, f"{text} as {mark.number}"))
    findings += [cells_read_as(grid.shown, name, pairs) for name, pairs in read_as.items()]
    _settle_merged(grid, columns, key, wrong, findings)
    return wrong


def _settled(mark: Mark, text: str, spec: ColumnSpec) -> str:
    """The text of a cell as its column reads it.

    Raises:
        CellError: it can be no value there.
    """
    if mark.meaning == "error":
        raise CellError(f"holds the error {text}", "mend it in the spreadsheet, or clear the cell")
    if mark.meaning == "no value":
        remedy = "open the workbook in a spreadsheet program and save it, or write the value instead"
        raise CellError("holds a formula whose value is not stored", remedy)
    if spec.kind is Kind.IDENTIFIER and mark.meaning != "digits":
        held = f"the number {mark.number} and shows {text}" if mark.meaning == "percentage" else f"a {mark.meaning}"
        if mark.meaning == "format":
            held = f"the number {mark.number}, and its format shows something else"
        raise CellError(f"holds {held}, where an identifier is needed", "format it as text and write it again")
    if mark.meaning == "date" and spec.kind in NUMBERS:
        raise CellError(f"holds the date {text}, where a number is needed", "format it as a number and write it again")
    is_number = spec.kind in NUMBERS or (mark.meaning == "digits" and not text.isdecimal())
    return mark.number if mark.number and is_number and spec.kind is not Kind.IDENTIFIER else text


def _settle_merged(
    grid: Grid, columns: Mapping[int, ColumnSpec], key: Sequence[str], wrong: Wrong, findings: list[Finding]
) -> None:
    """Tell of merged ranges whose value stands in the first cell only, while the others are read as blank."""
    body = dict(grid.body)
    for top, bottom, left, right in sorted(grid.sheet.merged):
        held = grid.sheet.rows[top - 1][left] if top <= len(grid.sheet.rows) and left < len(grid.header) else ""
        lost = [
            (n, place)
            for n in range(top, min(bottom, len(grid.sheet.rows)) + 1)
            for place in range(left, min(right + 1, len(grid.header)))
            if (n, place) != (top, left) and n in body and place in columns
        ]
        if not held or not lost:
            continue
        cells = f"cells {column_letter(left)}{top}:{column_letter(right)}{bottom} are merged"
        hint = "unmerge them, and fill each"
        if names := sorted({columns[place].name for _, place in lost} & set(key)):
            rows = sorted({n for n, place in lost if columns[place].name == names[0]})
            wrong.setdefault(names[0], []).extend((n, f"{cells}, so this one is blank", held, hint) for n in rows)
        else:
            name, what = columns[lost[0][1]].name, f"{cells}: only the first has the value, the others are blank"
            findings.append(Finding(Place(grid.shown, row=top), name, what, held, hint, code="merged-cells"))


def cells_read_as(shown: str, column: str, said: Sequence[tuple[int, str]]) -> Finding:
    """The finding that cells were read as something else than their text: the row of each, and what is read as what."""
    one = "1 cell is read as what it plainly means"
    what = one if len(said) == 1 else f"{len(said)} cells are read as what they plainly mean"
    return Finding(Place(shown), column, what, first_few(said), code="cells-read-as")


def named(one: str, many: str, names: Sequence[str]) -> str:
    """A list of names in words, the first few of them: `rows 3, 5, 9 and 4 more`."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{one if len(names) == 1 else many} {', '.join(names[:MOST_NAMED])}{more}".strip()
