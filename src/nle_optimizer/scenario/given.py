"""Scenarios that a program gives: settings as a mapping, tables as data frames, read and checked as files are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any, cast

import numpy as np

from nle_optimizer.delimited import LONGEST_CELL, csv_bytes, defuse
from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.files import sha256
from nle_optimizer.records import TableSpec
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.document import Document, anchor_paths, read_document
from nle_optimizer.scenario.grids import HeldTable
from nle_optimizer.scenario.yaml_text import Path as Steps

SETTINGS = "settings"
"""What messages call settings that are given as a mapping."""
NEEDED = ("columns", "index", "isna", "iloc")
"""What makes a data frame: pandas need not be there to know one."""
_HALF_A_LETTER = re.compile("[\ud800-\udfff]")


def exact(value: Any) -> Any:
    """A value as a scenario file would hold it: a float as the decimal that a person would write, a path as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: exact(entry) for key, entry in value.items()}
    return [exact(entry) for entry in value] if isinstance(value, list | tuple) else value


def document_of(settings: Mapping[str, Any], *, allow_outside: bool, allow_code: bool) -> Document:
    """Settings as a scenario before validation; paths in them start from the working directory.

    Raises:
        InputError: its `base` cannot be read.
    """
    values = exact(settings)
    base = values.pop("base", None)
    document = Document(Path(SETTINGS), values, dict(_places(values, ())))
    anchor_paths(document, allow_outside=True)
    if allow_code:
        document.own_code = document.own_code.allowing_all()
    if base is None:
        return document
    if not isinstance(base, str):
        raise InputError([Fault(Place(SETTINGS), "base", "the path of a scenario file is needed", str(base))])
    under = read_document(Path(base), allow_outside=allow_outside)
    under.bases = (under.file, *under.bases)
    under.file, under.own_code = document.file, document.own_code
    under.merge(document.values, document.places)
    return under


def _places(value: Any, steps: Steps) -> Iterator[tuple[Steps, Place]]:
    yield steps, Place(SETTINGS)
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from _places(entry, (*steps, key))


def hold(document: Document, frames: Mapping[str, Any]) -> dict[str, str]:
    """Have a document read some tables from data frames instead of files.

    A mapping of columns that it has for the table counts where the frame has the columns that it names.

    Returns:
        The SHA-256 of each as a CSV file, by the path that stands for it.

    Raises:
        InputError: a frame holds what no file could.
        TypeError: it is none.
    """
    if frames and document.values.setdefault("data", {}) == {}:
        document.places[("data",)] = Place(str(document.file))
    digests = {}
    for name, frame in frames.items():
        held = held_table(TABLES[name], frame)
        path = str(document.file.parent.resolve() / held.name)
        data = document.values.get("data")
        document.set(f"data.{name}", _entry(data, name, path, held.header), Place(held.name))
        document.held = {**document.held, path: held}
        columns = dict(zip(held.header, zip(*held.rows, strict=True), strict=False))
        digests[path] = sha256(csv_bytes({column: columns.get(column, ()) for column in held.header}))
    return digests


def _entry(data: Any, name: str, path: str, header: Sequence[str]) -> dict[str, Any]:
    before = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(before, Mapping):
        return {"file": path}
    kept = {key: value for key, value in before.items() if key not in ("file", "sheet", "encoding", "header")}
    if isinstance(columns := kept.get("columns"), Mapping):
        kept["columns"] = {our: their for our, their in columns.items() if their in header or our not in header}
    return {**kept, "file": path}


def held_table(spec: TableSpec, frame: Any) -> HeldTable:
    """A data frame as rows of text.

    An index that has the name of a column of the table is one. A missing value is a blank; true and false are yes and
    no; a number with nothing behind its point is whole, as identifiers are that pandas has made decimals of; a day is
    in ISO form; a list is joined by vertical bars.

    Raises:
        InputError: a cell that no file could hold; columns of several levels.
        TypeError: it is no data frame.
    """
    if not all(hasattr(frame, each) for each in NEEDED):
        raise TypeError(f"{spec.name} is a pandas DataFrame, not {_instead(spec.name, frame)}")
    shown = f"{spec.name} DataFrame (rows from 0)"
    if frame.columns.nlevels > 1:
        raise InputError([Fault(Place(shown), "", "its columns have several levels, and one name each is needed")])
    levels = [level for level in frame.index.names if level in spec.columns and level not in frame.columns]
    if levels:
        frame = frame.reset_index(level=levels)
    header = tuple(defuse(str(column)) for column in frame.columns)
    columns = [_texts(frame.iloc[:, n]) for n in range(len(header))]
    problems = [fault for column, texts in zip(header, columns, strict=True) for fault in _unfit(texts, column, shown)]
    if problems:
        raise InputError(problems)
    return HeldTable(shown, header, tuple(zip(*columns, strict=True)))


def _instead(name: str, given: Any) -> str:
    if isinstance(given, str | Path):
        return f"a path: a file is named in the settings, {{'data': {{{name!r}: {str(given)!r}}}}}"
    rows = ": pandas.DataFrame(rows) makes one of rows" if isinstance(given, list) else ""
    return f"{type(given).__name__}{rows}"


def _texts(column: Any) -> list[str]:
    cells = zip(column.array, column.isna().tolist(), strict=True)
    return ["" if is_blank else defuse(_text(value)) for value, is_blank in cells]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else np.format_float_positional(cast(float, value), trim="-")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "|".join(map(_text, value)) if isinstance(value, list | tuple | np.ndarray) else str(value)


def _unfit(texts: Sequence[str], column: str, shown: str) -> Iterator[Fault]:
    """Cells that could not be written into a file and read again."""
    for n, text in enumerate(texts):
        what = None
        if len(text) > LONGEST_CELL:
            what = f"the cell has more than {LONGEST_CELL:,} letters"
        elif "\0" in text or (not text.isascii() and _HALF_A_LETTER.search(text)):
            what = "the cell is not text that a file can hold (a zero byte, or half a letter)"
        if what:
            yield Fault(Place(shown, row=n), column, what)
