"""Files of a scenario as `Records`: columns mapped, every cell checked, sorted by identifier."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nle_optimizer.delimited import read_rows, restore
from nle_optimizer.errors import Finding, InputError, Place, Problem, did_you_mean
from nle_optimizer.records import Column, ColumnSpec, Kind, Records, TableSpec
from nle_optimizer.scenario.cells import count_rounded, parse_column
from nle_optimizer.scenario.identifiers import normalise, read_otherwise
from nle_optimizer.scenario.places import doubtful_places, place_records
from nle_optimizer.scenario.settings import DataFile
from nle_optimizer.scenario.workbook import read_sheet

MAY_BE_EMPTY = frozenset({"pairs", "current", "trusts", "changes"})
MOST_SHOWN = 20
"""Problems of one kind shown for one column; the rest are counted."""


@dataclass
class Reading:
    """What was noticed while tables were read."""

    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_table(
    spec: TableSpec, source: DataFile, resources: Sequence[str], levels: Mapping[str, int], reading: Reading
) -> Records | None:
    """One table, or None where it is so broken that no row can be read; problems go to `reading`.

    Args:
        spec: the table's declared columns.
        source: file, sheet, encoding and column mapping.
        resources: names of the resource columns, read as exact amounts.
        levels: names of levels and their shares in millionths.
    """
    file = Path(source.file)
    try:
        grid = _grid(file, source)
    except InputError as error:
        reading.problems += error.problems
        return None
    shown = file.name if source.sheet is None else f"{file.name}[{source.sheet}]"
    header = [normalise(restore(name)) for name in grid[0]] if grid else []
    body = [(n, row) for n, row in enumerate(grid[1:], start=2) if any(cell.strip() for cell in row)]
    kept = [n for n, name in enumerate(header) if name or _is_filled(body, n)]
    names = _mapped_names(spec, source, [header[n] for n in kept], shown, reading)
    if names is None or not _rows_fit(body, len(header), shown, reading):
        return None
    if unnamed := [n for n in kept if not header[n]]:
        reading.problems += [Problem(Place(shown, 1), "", f"column {_letter(n)} has no name") for n in unnamed]
        return None
    body = [(n, [row[place] for place in kept]) for n, row in body]
    if not body and spec.name not in MAY_BE_EMPTY:
        reading.problems.append(Problem(Place(shown), "", "the table has no rows"))
        return None
    table = parse_rows(spec, shown, names, body, resources, levels, reading)
    return _keyed(table, names, body, reading) if spec.key else table


def _is_filled(body: Sequence[tuple[int, list[str]]], place: int) -> bool:
    return any(row[place].strip() for _, row in body if place < len(row))


def _letter(place: int) -> str:
    """The letter of a column in a spreadsheet: A, B, ..., Z, AA."""
    before, last = divmod(place, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def _grid(file: Path, source: DataFile) -> list[list[str]]:
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        return read_sheet(file, source.sheet)
    if source.sheet is not None:
        raise InputError([Problem(Place(str(file)), "sheet", "only a workbook has sheets", source.sheet)])
    return read_rows(file, source.encoding)


def _mapped_names(
    spec: TableSpec,
    source: DataFile,
    header: Sequence[str],
    shown: str,
    reading: Reading,
) -> list[str] | None:
    """Our name of each column of the file; None where a row cannot be read by them."""
    problems: list[Problem] = []
    theirs = {their: our for our, their in source.columns.items()}
    if not any(header) or (len(header) == 1 and any(mark in header[0] for mark in ";\t")):
        what = "the first row must hold the names of the columns, separated by commas"
        reading.problems.append(Problem(Place(shown, 1), "", what, ",".join(header) or "a blank row"))
        return None
    for our, their in source.columns.items():
        if theirs[their] != our:
            problems.append(Problem(Place(shown, 1), our, f"the column is mapped to {theirs[their]} too", their))
        if their not in header:
            problems.append(
                Problem(Place(shown, 1), our, "the mapped column is not there", their, did_you_mean(their, header))
            )
    names = [theirs.get(name, name) for name in header]
    for name, count in Counter(names).items():
        if count > 1 and name:
            problems.append(Problem(Place(shown, 1), name, "two columns have this name"))
    for column in spec.columns.values():
        if column.required and column.name not in names:
            hint = did_you_mean(column.name, names)
            problems.append(Problem(Place(shown, 1), column.name, "this column is required", hint=hint))
    reading.problems += problems
    return None if problems else names


def _rows_fit(body: Sequence[tuple[int, list[str]]], width: int, shown: str, reading: Reading) -> bool:
    wrong = [(n, len(row)) for n, row in body if len(row) != width]
    reading.problems += [
        Problem(Place(shown, row=n), "", f"the row must have {width} cells as the header has", str(cells))
        for n, cells in wrong[:MOST_SHOWN]
    ]
    return not wrong


def parse_rows(
    spec: TableSpec,
    shown: str,
    names: Sequence[str],
    body: Sequence[tuple[int, list[str]]],
    resources: Sequence[str],
    levels: Mapping[str, int],
    reading: Reading,
) -> Records:
    """Rows of text as a table, in their order; problems go to `reading`.

    Args:
        spec: the table's declared columns.
        shown: the file they stand in, as the reader is told.
        names: the name of each cell's column.
        body: each row's number in the file, and its cells.
        resources, levels: as `read_table`.
    """
    rows = np.array([n for n, _ in body], dtype=np.int64)
    columns: dict[str, Column] = {}
    for name, cells in zip(names, zip(*(row for _, row in body), strict=True), strict=False):
        texts = [restore(cell) for cell in cells]
        declared = spec.columns.get(name) or _undeclared(name, resources)
        columns[name], errors = parse_column(texts, declared, levels)
        reading.problems += _told(
            [(int(rows[n]), str(error), texts[n], error.hint) for n, error in errors.items()], name, shown
        )
        if rounded := count_rounded(texts, columns[name], declared):
            has, was = ("1 cell has", "was") if rounded == 1 else (f"{rounded} cells have", "were")
            what = f"{has} more than six decimal places and {was} rounded to a millionth"
            reading.findings.append(Finding(Place(shown), name, what, code="rounded"))
        reading.findings += read_otherwise(texts, declared, rows.tolist(), shown)
        if declared.required:
            blank = [n for n in np.flatnonzero(~columns[name].given).tolist() if n not in errors]
            said = [(int(rows[n]), "this cell must be filled", texts[n].strip() or None, None) for n in blank]
            reading.problems += _told(said, name, shown)
    for name in names[len(columns) :]:
        columns[name] = parse_column([], spec.columns.get(name) or _undeclared(name, resources), levels)[0]
    table, problems = place_records(Records(spec, shown, rows, columns))
    reading.problems += problems
    reading.findings += doubtful_places(table)
    return table


def _undeclared(name: str, resources: Sequence[str]) -> ColumnSpec:
    kind = Kind.AMOUNT if name in resources else Kind.TEXT
    return ColumnSpec(name, kind, "", exact=True, free_text=True)


def _told(errors: Sequence[tuple[int, str, str | None, str | None]], column: str, shown: str) -> list[Problem]:
    told = [Problem(Place(shown, row=row), column, what, got, hint) for row, what, got, hint in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        more = f"{len(errors) - MOST_SHOWN} more rows have problems in this column"
        told.append(Problem(Place(shown), column, more))
    return told


def _keyed(table: Records, names: Sequence[str], body: Sequence[tuple[int, list[str]]], reading: Reading) -> Records:
    """The table sorted by its key; a key that stands twice is a problem naming both rows, as they are written."""
    keys = list(zip(*(table.values(name) for name in table.spec.key), strict=True))
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    table = table.take(order)
    keys = [keys[n] for n in order]
    twice = [n for n in range(len(keys) - 1) if keys[n] == keys[n + 1] and all(keys[n])]
    written = {row: [cells[names.index(name)] for name in table.spec.key] for row, cells in body} if twice else {}
    said = []
    for n in twice:
        first, second = (int(row) for row in table.rows[[n, n + 1]])
        differ = written[first] != written[second]
        hint = f"row {first} writes it {', '.join(written[first])}" if differ else None
        said.append((second, f"also stands in row {first}", ", ".join(written[second] if differ else keys[n]), hint))
    reading.problems += _told(said, table.spec.key[0], table.source)
    return table
