"""A scenario in one XLSX workbook: a Settings sheet (key, value) and a sheet a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.records import ColumnSpec, Kind
from nle_optimizer.scenario.data_setting import DataFile
from nle_optimizer.scenario.document import Document, anchor_paths
from nle_optimizer.scenario.grids import Wanted, read_grid, settle_marks
from nle_optimizer.scenario.workbook import sheet_names
from nle_optimizer.scenario.yaml_text import parse_value

SHEETS = {"schools": "Schools", "nles": "NLEs", "trusts": "Trusts", "pairs": "Pairs", "current": "Current"}


def read_workbook_document(file: Path, *, allow_outside: bool = False) -> Document:
    """The settings and tables of a workbook, as a document.

    Raises:
        InputError: no Settings sheet, a key twice, a value that cannot be read; each with its row.
    """
    sheets = {name.casefold(): name for name in sheet_names(file)}
    if "settings" not in sheets:
        hint = did_you_mean("Settings", sheets.values())
        raise InputError([Problem(Place(str(file)), "", "the workbook needs a sheet Settings", hint=hint)])
    document = Document(file, {"data": _data(file.absolute(), sheets)})
    problems: list[Problem] = []
    for row, key, text in _settings(file, document, problems):
        place = Place(f"{file.name}[Settings]", row=row)
        try:
            if tuple(key.split(".")) in document.places:
                raise InputError([Problem(place, key, "the key stands twice")])
            document.set(key, _value(text, place), place)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    anchor_paths(document, allow_outside=allow_outside)
    return document


def _data(file: Path, sheets: dict[str, str]) -> dict[str, Any]:
    present = {table: sheets[sheet.casefold()] for table, sheet in SHEETS.items() if sheet.casefold() in sheets}
    return {table: {"file": str(file), "sheet": sheet} for table, sheet in present.items()}


def _settings(file: Path, document: Document, problems: list[Problem]) -> Iterator[tuple[int, str, str]]:
    """Row, key and value of each setting; what a person does not see there is a finding of the document."""
    source = DataFile(file=str(file), sheet="Settings")
    grid = read_grid(source, Wanted(frozenset(), frozenset({"key", "value"})), document.findings)
    if [name.casefold() for name in grid.header[:2]] != ["key", "value"]:
        place = Place(grid.shown, row=grid.first)
        raise InputError([Problem(place, "", "the header must be key, value", ", ".join(grid.header) or "blank")])
    columns = {n: ColumnSpec(name, Kind.TEXT, "") for n, name in enumerate(("key", "value"))}
    wrong = settle_marks(grid, columns, (), document.findings)
    for name, faults in wrong.items():
        problems += [Problem(Place(grid.shown, row=row), name, what, got, hint) for row, what, got, hint in faults]
    unread = {row for faults in wrong.values() for row, *_ in faults}
    for row, (key, value, *_) in grid.body:
        if key.strip() and row not in unread:
            yield row, key.strip(), value.strip()


def _value(text: str, place: Place) -> Any:
    try:
        return parse_value(text, str(place))
    except InputError:
        if text[:1] in "[{":
            raise
        return text
