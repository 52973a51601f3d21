"""Sheets of an XLSX workbook as rows of text, with limits on what a small file may unpack to."""

import zipfile
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean

MAX_UNPACKED_BYTES = 500_000_000
MAX_RATIO = 200
RATIO_MATTERS_FROM = 20_000_000
MAX_CELLS = 40_000_000
MAX_ROWS = 1_048_576


def read_sheet(path: Path, sheet: str | None = None) -> list[list[str]]:
    """The rows of one sheet, all equally wide, blank rows and columns at the end left off.

    Raises:
        InputError: the file is no workbook, unpacks to too much, or has no such sheet.
    """
    sheets = _sheets(path, _state(path))
    if sheet is None:
        return next(iter(sheets.values()), [])
    names = {name.casefold(): name for name in sheets}
    if sheet.casefold() not in names:
        hint = did_you_mean(sheet, sheets) or f"its sheets: {', '.join(sheets)}"
        raise InputError([Problem(Place(str(path)), "", "there is no such sheet", sheet, hint)])
    return sheets[names[sheet.casefold()]]


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook."""
    return list(_sheets(path, _state(path)))


def _state(path: Path) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=2)
def _sheets(path: Path, _changed: tuple[int, int]) -> dict[str, list[list[str]]]:
    _refuse_bombs(path)
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise _unreadable(path, str(error)) from None
    try:
        return {sheet.title: _rows(sheet) for sheet in book.worksheets}
    except Exception as error:
        raise _unreadable(path, str(error)) from None
    finally:
        book.close()


def _unreadable(path: Path, why: str) -> InputError:
    what = f"the workbook cannot be read: {why}"
    return InputError([Problem(Place(str(path)), "", what, hint="save it again as XLSX or CSV")])


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            packed = sum(entry.compress_size for entry in archive.infolist())
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or "it cannot be opened") from None
    except (zipfile.BadZipFile, NotImplementedError):
        raise _unreadable(path, "it is not an XLSX file") from None
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * packed):
        raise _unreadable(path, f"it would unpack to {unpacked / 1e6:,.0f} MB")


def _rows(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    cells = 0
    for row in sheet.iter_rows(values_only=True):
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
        cells += len(row)
        if cells > MAX_CELLS or len(rows) > MAX_ROWS:
            raise ValueError(f"the sheet {sheet.title} is larger than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells")
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > MAX_CELLS:
        raise ValueError(f"the sheet {sheet.title} is larger than {MAX_CELLS:,} cells")
    return [row + [""] * (width - len(row)) for row in rows]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
