"""CSV files as people have them: several encodings in, UTF-8 out, and no text that a spreadsheet would run."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.files import read_file

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SUSPECT = frozenset((*FORMULA_STARTS, "'"))
ENCODINGS = ("utf-8", "cp1252", "latin-1")
SAME_ENCODING = {"utf8": "utf-8", "utf-8-sig": "utf-8", "windows-1252": "cp1252", "iso-8859-1": "latin-1"}
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files begin that are older than XLSX, or XLSX under a password."""
MOST_CELLS = 40_000_000
LONGEST_CELL = 1_000_000
"""Letters of a cell beyond which a file is refused."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def defuse(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would run it as a formula.

    A number keeps its sign; text that already begins with the apostrophe gets a second one, so that
    `restore` gives back exactly what was defused.
    """
    if text[:1] not in _SUSPECT:
        return text
    stripped = text.lstrip("'")
    if stripped.startswith(FORMULA_STARTS) and not (stripped is text and _is_number(text)):
        return "'" + text
    return text


def restore(text: str) -> str:
    """The text that `defuse` was given."""
    if text[:1] == "'" and text.lstrip("'").startswith(FORMULA_STARTS):
        return text[1:]
    return text


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def decode(path: Path, data: bytes, encoding: str | None = None) -> str:
    """The text of a file: UTF-8 with or without a byte order mark, or the encoding asked for.

    A file that is not UTF-8 and for which no encoding is named is read as cp1252, the encoding of GIAS.

    Raises:
        InputError: the bytes are not of that encoding; the line is named.
    """
    if encoding is not None:
        named = encoding.casefold()
        encoding = SAME_ENCODING.get(named, named)
        if encoding not in ENCODINGS:
            _refuse(path, None, f"unknown encoding {encoding!r}", f"use one of {', '.join(ENCODINGS)}")
    remedy = f"save it as {'CSV ' if path.suffix.casefold() == '.csv' else ''}UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _refuse(path, 1, "the file is UTF-16", remedy)
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        _refuse(path, line, "the file is not text (it holds a zero byte)", remedy)
    try:
        return data.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if encoding is None:
            return decode(path, data, "cp1252")
        line = data[: error.start].count(b"\n") + 1
        wrong = data[error.start : error.start + 1].hex()
        _refuse(path, line, f"the file is not {encoding}: byte 0x{wrong}", remedy)
    raise AssertionError("unreachable")


def refuse_old_workbooks(path: Path, data: bytes) -> None:
    """Refuse a file that only a spreadsheet program can open.

    Raises:
        InputError: it is protected with a password, or of a kind that is not read here.
    """
    if not data.startswith(COMPOUND_FILE):
        return
    if "EncryptedPackage".encode("utf-16-le") in data:
        hint = "open it in a spreadsheet program, take the password off and save it, or save it as CSV"
        _refuse(path, None, "the workbook is protected with a password", hint)
    _refuse(path, None, "this is a workbook of a kind that is not read here", "save it as XLSX or CSV")


def _refuse(path: Path, line: int | None, what: str, hint: str) -> None:
    raise InputError([Fault(Place(str(path), line), "", what, hint=hint)])


def read_rows(path: Path, encoding: str | None = None) -> list[list[str]]:
    """Every row of a CSV file, its header first, each as the cells it has.

    Raises:
        InputError: the file cannot be read, decoded or parsed.
    """
    return split_rows(path, read_text(path, encoding))


def read_text(path: Path, encoding: str | None = None) -> str:
    """The text of a CSV file.

    Raises:
        InputError: the file cannot be read or decoded.
    """
    try:
        data = read_file(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the path leads nowhere"
        _refuse(path, None, f"the file cannot be read: {why}", "check the path")
    refuse_old_workbooks(path, data)
    return decode(path, data, encoding)


def split_rows(path: Path, text: str, separator: str = ",", most: int | None = None) -> list[list[str]]:
    """The rows of a CSV file (the first ones, where `most` says how many), each as the cells it has.

    Raises:
        InputError: it cannot be parsed.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in islice(reader, most):
            rows.append(row)
            cells += len(row)
            if cells > MOST_CELLS:
                _refuse(path, reader.line_num, f"the file has more than {MOST_CELLS:,} cells", "leave rows out")
        return rows
    except csv.Error as error:
        _refuse(path, reader.line_num, f"the file is not valid CSV: {error}", "check its quotation marks")
    raise AssertionError("unreachable")


class _LineFeeds:
    """Takes rows that end with CR LF, so that the csv module quotes either, and ends them with a line feed."""

    def __init__(self, file: TextIO):
        self.file = file

    def write(self, row: str) -> int:
        return self.file.write(row[:-2] + "\n")


def write_rows(file: TextIO, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write CSV as RFC 4180 has it but for the line ends (a single line feed), every cell defused."""
    writer = csv.writer(_LineFeeds(file), lineterminator="\r\n")
    writer.writerow([defuse(name) for name in header])
    writer.writerows([[defuse(cell) if cell[:1] in _SUSPECT else cell for cell in row] for row in rows])


def write_columns(path: Path, columns: dict[str, Sequence[str]]) -> None:
    """Write columns of text, given by name in order, as a CSV file in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, list(columns), zip(*columns.values(), strict=True))


def csv_bytes(columns: Mapping[str, Sequence[str]]) -> bytes:
    """A CSV file with a column for each entry, all of the same length."""
    text = io.StringIO()
    write_rows(text, list(columns), zip(*columns.values(), strict=True))
    return text.getvalue().encode()
