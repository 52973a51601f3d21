"""The text of a cell as an exact value of its column's kind."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from nle_optimizer.errors import did_you_mean
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, ColumnSpec, Kind

LARGEST_AMOUNT = 1_000_000_000
FARTHEST_KM = 100_000
A_GRADE = "must be a grade from 1 (Outstanding) to 4 (Inadequate)"
YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0"})
MILLIONTH = Decimal("0.000001")
_EDGES = re.compile(r"^[\s\u200b\ufeff]+|[\s\u200b\ufeff]+$")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})([T ][\d:.]+)?", re.ASCII)
_BRITISH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})( [\d:.]+)?", re.ASCII)


class CellError(ValueError):
    """A cell that is not what its column holds; the message says what is needed, `hint` what to write."""

    def __init__(self, what: str, hint: str | None = None):
        super().__init__(what)
        self.hint = hint


def normalise(text: str) -> str:
    """Text without space around it, in Unicode normal form C, so that equal names are equal strings."""
    text = text.strip()
    return text if text.isascii() else _EDGES.sub("", unicodedata.normalize("NFC", text))


def parse_column(
    cells: Sequence[str], spec: ColumnSpec, levels: Mapping[str, int]
) -> tuple[Column, dict[int, CellError]]:
    """A column of cells, and the error of each cell that is wrong, by its index.

    Args:
        cells: the text as read, one a row.
        spec: what the column holds.
        levels: names of levels and their shares in millionths.
    """
    parse = _parser(spec, levels)
    parsed: dict[str, Any] = {}
    wrong: dict[str, CellError] = {}
    for cell in set(cells):
        text = normalise(cell)
        if not text:
            continue
        try:
            parsed[cell] = parse(text)
        except CellError as error:
            wrong[cell] = error
    errors = {n: wrong[cell] for n, cell in enumerate(cells) if cell in wrong} if wrong else {}
    return _column(cells, parsed, spec.kind), errors


def _column(cells: Sequence[str], parsed: Mapping[str, Any], kind: Kind) -> Column:
    given = np.fromiter((cell in parsed for cell in cells), dtype=bool, count=len(cells))
    if kind in TEXT_KINDS or kind is Kind.NAMES:
        values = np.empty(len(cells), dtype=object)
        blank: Any = () if kind is Kind.NAMES else ""
        values[:] = [parsed.get(cell, blank) for cell in cells]
        return Column(kind, values, given)
    dtype = {Kind.YES_NO: np.bool_, Kind.DEGREES: np.float64}.get(kind, np.int64)
    return Column(kind, np.array([parsed.get(cell, 0) for cell in cells], dtype=dtype), given)


def _parser(spec: ColumnSpec, levels: Mapping[str, int]) -> Callable[[str], Any]:
    parsers: dict[Kind, Callable[[str], Any]] = {
        Kind.IDENTIFIER: str,
        Kind.TEXT: str,
        Kind.CHOICE: lambda text: _choice(text, spec.choices),
        Kind.NAMES: lambda text: _names(text, spec.choices),
        Kind.YES_NO: _yes_no,
        Kind.COUNT: lambda text: _count(text, spec.unit),
        Kind.LEVEL: lambda text: _level(text, levels),
        Kind.SHARE: _share,
        Kind.AMOUNT: _amount,
        Kind.KILOMETRES: _kilometres,
        Kind.METRES: lambda text: _scaled(text, 1, lowest=None),
        Kind.DEGREES: _degrees,
        Kind.DATE: _date,
    }
    return parsers[spec.kind]


def _choice(text: str, choices: Sequence[str]) -> str:
    word = text.casefold()
    if word not in choices:
        raise CellError(f"must be one of {', '.join(choices)}", did_you_mean(word, choices))
    return word


def _names(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(filter(None, (normalise(word) for word in text.split("|")))))
    if not choices:
        return words
    return tuple(_choice(word, choices) for word in words)


def _yes_no(text: str) -> bool:
    word = text.casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellError("must be yes or no")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text if text.isascii() and "_" not in text else "?")
    except InvalidOperation:
        remedy = "write it without thousands separators" if "," in text else None
        raise CellError("must be a number", remedy) from None
    if not number.is_finite():
        raise CellError("must be a finite number")
    if number.adjusted() > 12 or abs(number) > LARGEST_AMOUNT:
        raise CellError(f"must be at most {LARGEST_AMOUNT:,}")
    return number


def _count(text: str, unit: str) -> int:
    least = 1 if unit == "from 1" else 0
    is_grade = unit == "1 to 4"
    try:
        number = _number(text)
    except CellError as error:
        raise CellError(A_GRADE, "leave it blank if not known") if is_grade else error from None
    if is_grade and number not in (1, 2, 3, 4):
        raise CellError(A_GRADE, "leave it blank if not known")
    if number != number.to_integral_value() or number < least:
        raise CellError(f"must be a whole number from {least} up")
    return int(number)


def exact(number: Decimal) -> int:
    """A decimal in millionths.

    Raises:
        CellError: it has more than six decimal places.
    """
    rounded = number.quantize(MILLIONTH)
    if rounded != number:
        raise CellError("must have at most six decimal places", "round it")
    return int(rounded * MILLION)


def _level(text: str, levels: Mapping[str, int]) -> int:
    word = text.casefold()
    if word in levels:
        return levels[word]
    try:
        return _share(text)
    except CellError as error:
        if text[:1].isdecimal() and error.hint == "round it":
            raise
        words = ", ".join(levels)
        raise CellError(f"must be from 0 to 1 or one of {words}", did_you_mean(word, levels)) from error


def _share(text: str) -> int:
    number = _number(text)
    if not 0 <= number <= 1:
        raise CellError("must be from 0 to 1")
    return exact(number)


def _amount(text: str) -> int:
    number = _number(text)
    if number < 0:
        raise CellError("must not be negative")
    return exact(number)


def _scaled(text: str, scale: int, lowest: int | None = 0) -> int:
    number = _number(text)
    if lowest is not None and number < lowest:
        raise CellError("must not be negative")
    return int((number * scale).to_integral_value())


def _kilometres(text: str) -> int:
    metres = _scaled(text, 1000)
    if metres > FARTHEST_KM * 1000:
        raise CellError(f"must be at most {FARTHEST_KM:,}")
    return metres


def _degrees(text: str) -> float:
    degrees = float(_number(text))
    if not math.isfinite(degrees) or abs(degrees) > 180:
        raise CellError("must be degrees from -180 to 180")
    return degrees


def _date(text: str) -> int:
    iso, british = _DAY.fullmatch(text), _BRITISH_DAY.fullmatch(text)
    found = iso.group(1, 2, 3) if iso else british.group(3, 2, 1) if british else ("0", "0", "0")
    try:
        return date(*(int(number) for number in found)).toordinal()
    except ValueError:
        raise CellError("must be a date", "write 2022-09-01 or 01/09/2022") from None
