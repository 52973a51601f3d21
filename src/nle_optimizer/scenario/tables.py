"""Files of a scenario as `Records`: columns mapped, every cell checked, sorted by identifier."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from nle_optimizer.delimited import SEPARATORS, restore
from nle_optimizer.errors import Fault, Finding, InputError, Place, did_you_mean
from nle_optimizer.records import Column, ColumnSpec, Kind, Records, TableSpec
from nle_optimizer.scenario.cells import count_rounded, parse_column, read_from_other_words
from nle_optimizer.scenario.grids import HeldTable, cells_read_as, grid_of, read_grid, settle_marks, wanted_columns
from nle_optimizer.scenario.identifiers import read_otherwise
from nle_optimizer.scenario.places import COORDINATES, doubtful_places, place_records, without_noughts
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.workbook import column_letter

MAY_BE_EMPTY = frozenset({"pairs", "current", "trusts", "changes"})
MOST_SHOWN = 20
"""Problems of one kind shown for one column; the rest are counted."""


@dataclass
class Reading:
    """What was noticed while tables were read."""

    problems: list[Fault] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_table(
    spec: TableSpec,
    source: DataFile,
    resources: Sequence[str],
    levels: Mapping[str, int],
    reading: Reading,
    held: HeldTable | None = None,
) -> Records | None:
    """One table, or None where it is so broken that no row can be read; problems go to `reading`.

    Args:
        spec: the table's declared columns.
        source: file, sheet, encoding, header and column mapping.
        resources: names of the resource columns, read as exact amounts.
        levels: names of levels and their shares in millionths.
        held: the table that stands in for the file.
    """
    try:
        wanted = wanted_columns(spec, source, resources)
        grid = read_grid(source, wanted, reading.findings) if held is None else grid_of(held)
    except InputError as error:
        reading.problems += error.problems
        return None
    header, body, shown = grid.header, grid.body, grid.shown
    kept = [n for n, name in enumerate(header) if name or _is_filled(body, n)]
    place = Place(shown, grid.first)
    names = _mapped_names(spec, source, [header[n] for n in kept], place, reading)
    if names is None or not _rows_fit(body, len(header), shown, reading):
        return None
    if unnamed := [n for n in kept if not header[n]]:
        reading.problems += [Fault(place, "", f"column {column_letter(n)} has no name") for n in unnamed]
        return None
    if not body and spec.name not in MAY_BE_EMPTY:
        hint = None if grid.first in (None, 1) else f"its header is row {grid.first}"
        reading.problems.append(Fault(Place(shown), "", "the table has no rows", hint=hint))
        return None
    named = dict(zip(kept, [_declared(spec, name, resources) for name in names], strict=True))
    wrong = settle_marks(grid, named, spec.key, reading.findings)
    for column, faults in wrong.items():
        reading.problems += row_problems(faults, column, shown)
    cells = [(n, [row[place] for place in kept]) for n, row in body]
    table = parse_rows(
        spec,
        shown,
        names,
        cells,
        resources,
        levels,
        reading,
        {name: {row for row, *_ in faults} for name, faults in wrong.items()},
    )
    return _keyed(table, names, cells, reading) if spec.key else table


def _is_filled(body: Sequence[tuple[int, list[str]]], place: int) -> bool:
    return any(row[place].strip() for _, row in body if place < len(row))


def _mapped_names(
    spec: TableSpec,
    source: DataFile,
    header: Sequence[str],
    place: Place,
    reading: Reading,
) -> list[str] | None:
    """Our name of each column of the file; None where a row cannot be read by them."""
    problems: list[Fault] = []
    theirs = {their: our for our, their in source.columns.items()}
    if place.line is None and not any(header):
        reading.problems.append(Fault(place, "", "it must have the columns of the table, and has none"))
        return None
    if place.line is not None and _names_nothing(header):
        row = "the first row" if place.line == 1 else f"row {place.line}"
        what = f"{row} must hold the names of the columns, separated by commas"
        hint = "write `header: N` beside `file` under `data` where row N does"
        reading.problems.append(Fault(place, "", what, ",".join(header) or "a blank row", hint))
        return None
    for our, their in source.columns.items():
        if theirs[their] != our:
            problems.append(Fault(place, our, f"the column is mapped to {theirs[their]} too", their))
        if their not in header:
            problems.append(Fault(place, our, "the mapped column is not there", their, did_you_mean(their, header)))
    names = [theirs.get(name, name) for name in header]
    for name, count in Counter(names).items():
        if count > 1 and name:
            problems.append(Fault(place, name, "two columns have this name"))
    missing = [column.name for column in spec.columns.values() if column.required and column.name not in names]
    problems += [Fault(place, our, "this column is required", hint=did_you_mean(our, names)) for our in missing]
    reading.problems += problems
    return None if problems else names


def _names_nothing(header: Sequence[str]) -> bool:
    return not any(header) or (len(header) == 1 and any(mark in header[0] for mark in SEPARATORS))


def _rows_fit(body: Sequence[tuple[int, list[str]]], width: int, shown: str, reading: Reading) -> bool:
    wrong = [(n, len(row)) for n, row in body if len(row) != width]
    reading.problems += [
        Fault(Place(shown, row=n), "", f"the row must have {width} cells as the header has", str(cells))
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
    told: Mapping[str, Set[int]] = MappingProxyType({}),
) -> Records:
    """Rows of text as a table, in their order; problems go to `reading`.

    Args:
        spec: the table's declared columns.
        shown: the file they stand in, as the reader is told.
        names: the name of each cell's column.
        body: each row's number in the file, and its cells.
        resources, levels: as `read_table`.
        told: rows whose cell of a column is blank because what is wrong with it was told already.
    """
    rows = np.array([n for n, _ in body], dtype=np.int64)
    columns: dict[str, Column] = {}
    for name, cells in zip(names, zip(*(row for _, row in body), strict=True), strict=False):
        texts = [restore(cell) for cell in cells]
        declared = _declared(spec, name, resources)
        columns[name], errors = parse_column(texts, declared, levels)
        reading.problems += row_problems(
            [(int(rows[n]), str(error), texts[n], error.hint) for n, error in errors.items()], name, shown
        )
        if words := read_from_other_words(texts, columns[name], declared):
            read_as = [(int(rows[n]), said) for n, said in words.items()]
            reading.findings.append(cells_read_as(shown, name, read_as))
        if rounded := count_rounded(texts, columns[name], declared):
            has, was = ("1 cell has", "was") if rounded == 1 else (f"{rounded} cells have", "were")
            what = f"{has} more than six decimal places and {was} rounded to a millionth"
            reading.findings.append(Finding(Place(shown), name, what, code="rounded"))
        reading.findings += read_otherwise(texts, declared, rows.tolist(), shown)
        if declared.required:
            blank = [n for n in np.flatnonzero(~columns[name].given).tolist() if n not in errors]
            said = [(int(rows[n]), "this cell must be filled", texts[n].strip() or None, None) for n in blank]
            reading.problems += row_problems([each for each in said if each[0] not in told.get(name, ())], name, shown)
    for name in names[len(columns) :]:
        columns[name] = parse_column([], _declared(spec, name, resources), levels)[0]
    table, noughts = without_noughts(Records(spec, shown, rows, columns))
    table, problems = place_records(table)
    reading.findings += noughts
    unplaced = {row for name in COORDINATES for row in told.get(name, ())}
    reading.problems += [problem for problem in problems if problem.place.row not in unplaced]
    reading.findings += doubtful_places(table)
    return table


def _declared(spec: TableSpec, name: str, resources: Sequence[str]) -> ColumnSpec:
    """What a column holds; one that is not declared is a resource or text."""
    kind = Kind.AMOUNT if name in resources else Kind.TEXT
    return spec.columns.get(name) or ColumnSpec(name, kind, "", exact=True, free_text=True)


def row_problems(errors: Sequence[tuple[int, str, str | None, str | None]], column: str, shown: str) -> list[Fault]:
    """What is wrong in rows of a column (row, what, got, hint): the first ones, and how many more there are."""
    told = [Fault(Place(shown, row=row), column, what, got, hint) for row, what, got, hint in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        more = f"{len(errors) - MOST_SHOWN} more rows have problems in this column"
        told.append(Fault(Place(shown), column, more))
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
    reading.problems += row_problems(said, table.spec.key[0], table.source)
    return table
