"""Sheets of an XLSX workbook as rows of text, with what a spreadsheet knows of cells, rows and columns beside it.

What a small file may unpack to is limited.
"""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from nle_optimizer.delimited import refuse_old_workbooks
from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.files import read_file

MAX_UNPACKED_BYTES = 500_000_000
MAX_RATIO = 200
RATIO_MATTERS_FROM = 20_000_000
MAX_CELLS = 40_000_000
MAX_ROWS = 1_048_576
SIGNIFICANT = 15
"""Digits of a number that a spreadsheet shows and compares; what it keeps beyond them is noise of its sums."""

Meaning = Literal["error", "no value", "date", "yes or no", "percentage", "digits", "format"]
"""What a cell is beside its text: an error; a formula without a stored value; a date; a yes or no; or, by its number
format, a percentage; a number with leading zeros or fixed letters; a number that shows something else."""


@dataclass(frozen=True)
class Mark:
    """What a spreadsheet knows of a cell beside its text.

    Attributes:
        meaning: what the cell is.
        number: the number it holds, as text, where it shows another.
    """

    meaning: Meaning
    number: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes:
        name: its name.
        rows: its rows as text, all equally wide, blank rows and columns at the end left off.
        marks: the cells that are more than their text, by row (from 1) and column (from 0).
        hidden_rows: rows (from 1) that are not shown, by hand or by a filter.
        hidden_columns: columns (from 0) that are not shown.
        merged: first and last row (from 1), first and last column (from 0) of each merged range.
        is_hidden: whether the sheet itself is not shown.
    """

    name: str
    rows: list[list[str]] = field(default_factory=list)
    marks: Mapping[tuple[int, int], Mark] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    is_hidden: bool = False


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """One sheet of a workbook; the first that is shown if none is named.

    Raises:
        InputError: the file is no workbook, unpacks to too much, or has no such sheet.
    """
    sheets = _sheets(path)
    if sheet is None:
        shown = [found for found in sheets.values() if not found.is_hidden] or list(sheets.values())
        return shown[0] if shown else Sheet("")
    names = {name.casefold(): name for name in sheets}
    if sheet.casefold() not in names:
        hint = did_you_mean(sheet, sheets) or f"its sheets: {', '.join(sheets)}"
        raise InputError([Fault(Place(str(path)), "", "there is no such sheet", sheet, hint)])
    return sheets[names[sheet.casefold()]]


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook."""
    return list(_sheets(path))


def column_letter(place: int) -> str:
    """The letter of a column (from 0) in a spreadsheet: A, B, ..., Z, AA."""
    before, last = divmod(place, 26)
    return (column_letter(before - 1) if before else "") + chr(ord("A") + last)


def _sheets(path: Path) -> dict[str, Sheet]:
    try:
        return _sheets_in(path, read_file(path))
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or "it cannot be opened") from None


@lru_cache(maxsize=2)
def _sheets_in(path: Path, data: bytes) -> dict[str, Sheet]:
    is_calculated = _refuse_bombs(path, data)
    import openpyxl

    with warnings.catch_warnings(), io.BytesIO(data) as file:
        warnings.simplefilter("ignore")  # on decoration that is not kept
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception as error:
            raise _unreadable(path, str(error)) from None
        if not book.worksheets:
            raise _unreadable(path, "it has no sheets of cells, or is saved as Strict Open XML")
        try:
            return {sheet.title: _sheet(sheet, is_calculated=is_calculated) for sheet in book.worksheets}
        except Exception as error:
            raise _unreadable(path, str(error)) from None
        finally:
            book.close()


def _unreadable(path: Path, why: str) -> InputError:
    what = f"the workbook cannot be read: {why}"
    return InputError([Fault(Place(str(path)), "", what, hint="save it again as XLSX or CSV")])


def _refuse_bombs(path: Path, data: bytes) -> bool:
    """Whether the values in the workbook were calculated by a spreadsheet, not left to be when it is opened."""
    try:
        refuse_old_workbooks(path, data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            packed = sum(entry.compress_size for entry in archive.infolist())
            if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * packed):
                raise _unreadable(path, f"it would unpack to {unpacked / 1e6:,.0f} MB, and so much is not read")
            return _is_calculated(archive)
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or "it cannot be opened") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise _unreadable(path, "it is not an XLSX file") from None


def _is_calculated(archive: zipfile.ZipFile) -> bool:
    name = "xl/workbook.xml"
    return name not in archive.namelist() or not re.search(rb'fullCalcOnLoad="(1|true)"', archive.read(name))


def _sheet(sheet: Any, *, is_calculated: bool) -> Sheet:
    """A sheet of openpyxl, read by its own parser: only that knows rows, ranges and formulas beside stored values."""
    book, formats = sheet.parent, {}
    rows: list[list[str]] = []
    marks: dict[tuple[int, int], Mark] = {}
    cells = 0
    with book._archive.open(sheet._worksheet_path) as source:
        parser = _parser_type()(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        parser.is_calculated = is_calculated
        for number, found in parser.parse():
            width = max((cell["column"] for cell in found), default=0)
            cells += width
            if cells > MAX_CELLS or not 0 < number <= MAX_ROWS:
                raise ValueError(f"the sheet {sheet.title} is larger than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells")
            rows += ([] for _ in range(len(rows), number))
            texts = rows[number - 1] = [""] * width
            for cell in found:
                style = cell["style_id"]
                if style not in formats:
                    formats[style] = Format(_code_of(book, style))
                text, mark = _told(cell["value"], cell["data_type"], formats[style])
                texts[cell["column"] - 1] = text
                if mark is not None:
                    marks[number, cell["column"] - 1] = mark
    return Sheet(
        sheet.title,
        _rectangle(rows, marks, sheet.title),
        marks,
        frozenset(int(row) for row, held in parser.row_dimensions.items() if _is_hidden(held, "ht")),
        frozenset(_hidden_columns(parser.column_dimensions.values())),
        tuple(_ranges(parser.merged_cells)),
        sheet.sheet_state != "visible",
    )


@lru_cache(maxsize=1)
def _parser_type() -> Any:
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):  # type: ignore[misc]
        """Tells formulas without a stored value by the type f."""

        is_calculated = True

        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            value = cell["value"]
            if value is not None and (self.is_calculated or value != 0 or isinstance(value, bool)):
                return cell
            has_text = element.get("t") == "str" and value is None  # a formula that gives no text
            if element.find(FORMULA_TAG) is not None and not has_text:
                cell["data_type"] = "f"
            return cell

    return Parser


def _code_of(book: Any, style: int) -> str:
    """The code of the number format of a style."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

    number = book._cell_styles[style].numFmtId
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return str(BUILTIN_FORMATS.get(number, "General"))
    return str(book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _rectangle(rows: list[list[str]], marks: Iterable[tuple[int, int]], title: str) -> list[list[str]]:
    """The rows equally wide, without the blank ones and the blank columns at the end."""
    last = dict[int, int]()
    for row, column in marks:
        last[row] = max(last.get(row, 0), column + 1)
    for number, texts in enumerate(rows, start=1):
        while len(texts) > last.get(number, 0) and not texts[-1]:
            texts.pop()
    while rows and not rows[-1]:
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > MAX_CELLS:
        raise ValueError(f"the sheet {title} is larger than {MAX_CELLS:,} cells")
    return [row + [""] * (width - len(row)) for row in rows]


def _is_hidden(held: Mapping[str, Any], size: str) -> bool:
    return held.get("hidden") in ("1", "true") or held.get(size) in ("0", "0.0")


def _hidden_columns(dimensions: Iterable[Mapping[str, Any]]) -> Iterable[int]:
    for held in dimensions:
        if _is_hidden(held, "width"):
            yield from range(int(held["min"]) - 1, min(int(held["max"]), int(held["min"]) + 16_384))


def _ranges(merged: Any) -> Iterable[tuple[int, int, int, int]]:
    from openpyxl.utils import range_boundaries

    for cell in merged.mergeCell if merged else ():
        first_column, first_row, last_column, last_row = range_boundaries(cell.ref)
        yield first_row, last_row, first_column - 1, last_column - 1


_ASIDE = re.compile(r"\[[^\]]*\]|_.|\*.")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)')
_DIGITS = re.compile(r'((?:"[^"]*"|\\.)*)(0+)((?:"[^"]*"|\\.)*)')
_PLAIN = re.compile(r"[0#?.,\s+()£$€-]*(E\+0+)?|general|@", re.IGNORECASE)


class Format:
    """A number format: what of it makes a number mean, or look like, something else.

    Attributes:
        is_percentage: whether it shows a hundred times the number, with a percent sign.
        digits: letters before, least number of digits, letters after, where it shows whole numbers so.
        is_plain: whether it shows the number itself, however rounded or separated.
    """

    def __init__(self, code: str):
        first = _ASIDE.sub("", code.split(";")[0]).strip()
        bare = _LITERAL.sub("", first)
        self.is_percentage = "%" in bare
        found = _DIGITS.fullmatch(first)
        is_shaped = found is not None and (len(found[2]) > 1 or bool(found[1] + found[3]))
        self.digits = (_said(found[1]), len(found[2]), _said(found[3])) if found and is_shaped else None
        letters = "".join(one or other for one, other in _LITERAL.findall(first))
        self.is_plain = bool(_PLAIN.fullmatch(bare)) and not _between_digits(bare) and not letters.strip(" £$€")


def _said(letters: str) -> str:
    return _LITERAL.sub(lambda found: found[1] or found[2] or "", letters)


def _between_digits(bare: str) -> bool:
    """Whether something stands between digits that is neither a point nor a separator of thousands."""
    return bool(re.search(r"[0#?][-+()\s£$€]+[0#?]", bare)) and "e" not in bare.casefold()


def _told(value: Any, kind: str, form: Format) -> tuple[str, Mark | None]:
    """The text of a cell, and what else it is."""
    if kind == "f":
        return "", Mark("no value")
    if kind == "e":
        return str(value or ""), Mark("error")
    if isinstance(value, bool):
        return ("yes" if value else "no"), Mark("yes or no")
    if isinstance(value, int | float):
        return _number(value, form)
    if isinstance(value, datetime):
        return value.date().isoformat(), Mark("date")
    if isinstance(value, date):
        return value.isoformat(), Mark("date")
    if kind == "d":
        return str(value), Mark("date")
    return ("" if value is None else str(value)), None


def _number(value: int | float, form: Format) -> tuple[str, Mark | None]:
    if isinstance(value, float):
        value = float(f"{value:.{SIGNIFICANT}g}")
    is_whole = isinstance(value, int) or value.is_integer()
    text = str(int(value)) if is_whole else repr(value)
    if form.is_percentage:
        return f"{(Decimal(text) * 100).normalize():f}%", Mark("percentage", text)
    if form.digits is not None and is_whole and value >= 0:
        before, least, after = form.digits
        shown = f"{before}{text.zfill(least)}{after}"
        return shown, (Mark("digits", text) if shown != text else None)
    return text, (None if form.is_plain else Mark("format", text))
