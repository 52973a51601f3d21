"""Conditions on columns, decided cell by cell: false, undecided because of a blank, or true."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Kind, Records
from nle_optimizer.scenario.quantities import Range, When

FALSE, UNDECIDED, TRUE = 0, 1, 2

Truths = NDArray[np.int8]

_EXPONENTS = 30

_UNITS = {Kind.LEVEL: MILLION, Kind.SHARE: MILLION, Kind.AMOUNT: MILLION, Kind.KILOMETRES: 1000}
_FLAGS = {
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
}


def decide(when: When, table: Records) -> Truths:
    """For each row: whether all conditions hold; one that is false beats one that is undecided."""
    result = np.full(len(table), TRUE, dtype=np.int8)
    for name, condition in when.items():
        np.minimum(result, decide_column(condition, table.column(name)), out=result)
    return result


def decide_column(condition: Any, column: Column) -> Truths:
    """For each cell: whether a condition holds."""
    blank = _of_blank(condition)
    cells, given = column.values.tolist(), column.given.tolist()
    known = {cell: _of_cell(condition, column.kind, cell) for cell in set(column.values[column.given].tolist())}
    return np.array([known[cell] if there else blank for cell, there in zip(cells, given, strict=True)], np.int8)


def _of_blank(condition: Any) -> int:
    if not isinstance(condition, Range):
        return UNDECIDED
    asked = [condition.min, condition.max, condition.not_, condition.before]
    truths = [UNDECIDED for part in asked if part is not None]
    if condition.missing is not None:
        truths.append(TRUE if condition.missing else FALSE)
    return min(truths, default=TRUE)


def _of_cell(condition: Any, kind: Kind, cell: Any) -> int:
    if isinstance(condition, Range):
        return _of_range(condition, kind, cell)
    return TRUE if any(_same(kind, cell, value) for value in _listed(condition)) else FALSE


def _listed(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list) else [values]


def _of_range(condition: Range, kind: Kind, cell: Any) -> int:
    truths = []
    if condition.missing is not None:
        truths.append(FALSE if condition.missing else TRUE)
    if condition.not_ is not None:
        truths.append(FALSE if any(_same(kind, cell, value) for value in _listed(condition.not_)) else TRUE)
    if condition.min is not None:
        truths.append(_ordered(_bound(kind, condition.min), _measured(kind, cell, condition.min)))
    if condition.max is not None:
        truths.append(_ordered(_measured(kind, cell, condition.max), _bound(kind, condition.max)))
    if condition.before is not None:
        is_late = _ordered(_bound(kind, condition.before), _measured(kind, cell, condition.before))
        truths.append({TRUE: FALSE, FALSE: TRUE}.get(is_late, is_late))
    return min(truths, default=TRUE)


def _ordered(low: Fraction | int | None, high: Fraction | int | None) -> int:
    if low is None or high is None:
        return UNDECIDED
    return TRUE if low <= high else FALSE


def _measure(kind: Kind, cell: Any) -> Fraction | int | None:
    """A cell as a number, in the unit people write; a day as its ordinal."""
    if kind in (Kind.NAMES, Kind.YES_NO):
        return None
    if kind in TEXT_KINDS or kind is Kind.DEGREES:
        return number(cell)
    return Fraction(cell) / _UNITS.get(kind, 1)


def _measured(kind: Kind, cell: Any, bound: Any) -> Fraction | int | None:
    """A cell as a number, or a cell of text as a day where the bound is one."""
    return _day(cell) if kind in TEXT_KINDS and _day(bound) is not None else _measure(kind, cell)


def _bound(kind: Kind, value: Any) -> Fraction | int | None:
    day = _day(value) if kind is Kind.DATE or kind in TEXT_KINDS else None
    return day if day is not None or kind is Kind.DATE else number(value)


def number(value: Any) -> Fraction | None:
    """A number or the text of one (ASCII, no underscores, of a size that anything here may have); else None."""
    if isinstance(value, bool | date):
        return None
    text = str(value)
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        return None
    if (
        not text.isascii()
        or "_" in text
        or not decimal.is_finite()
        or not -_EXPONENTS <= decimal.adjusted() <= _EXPONENTS
    ):
        return None
    return Fraction(decimal)


def _day(value: Any) -> int | None:
    """A date, or text written as 2022-09-01, as an ordinal."""
    if isinstance(value, date):
        return value.toordinal()
    try:
        day = datetime.strptime(value, "%Y-%m-%d").date() if isinstance(value, str) else None
    except ValueError:
        return None
    return day.toordinal() if day is not None and day.isoformat() == value else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _FLAGS.get(str(value).casefold())


def _same(kind: Kind, cell: Any, value: Any) -> bool:
    if kind is Kind.YES_NO:
        return bool(cell) is _flag(value)
    if kind is Kind.DATE:
        return bool(cell == _day(value))
    if kind is Kind.NAMES:
        return any(_same_text(word, value) for word in cell)
    if kind in TEXT_KINDS:
        return _same_text(cell, value)
    return _measure(kind, cell) == number(value)


def _same_text(cell: str, value: Any) -> bool:
    if isinstance(value, bool):
        return _flag(cell) is value
    if isinstance(value, date):
        return _day(cell) == value.toordinal()
    if isinstance(value, int | Decimal):
        return number(cell) is not None and number(cell) == number(value)
    said = value.casefold()
    if said in ("yes", "true", "no", "false"):
        return _flag(cell) is _flag(said)
    return cell.casefold() == said
