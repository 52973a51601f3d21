"""A scenario in one XLSX workbook: a Settings sheet (key, value) and a sheet a table."""

from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.scenario.document import Document, anchor_paths
from nle_optimizer.scenario.workbook import read_sheet, sheet_names
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
    for row, (key, text) in _settings(file):
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


def _settings(file: Path) -> list[tuple[int, tuple[str, str]]]:
    rows = read_sheet(file, "Settings")
    if not rows or [cell.strip().casefold() for cell in rows[0][:2]] != ["key", "value"]:
        got = ", ".join(rows[0]) if rows else "an empty sheet"
        raise InputError([Problem(Place(f"{file.name}[Settings]", row=1), "", "the header must be key, value", got)])
    return [(n, (row[0].strip(), row[1].strip())) for n, row in enumerate(rows[1:], start=2) if row[0].strip()]


def _value(text: str, place: Place) -> Any:
    try:
        return parse_value(text, str(place))
    except InputError:
        if text[:1] in "[{":
            raise
        return text
