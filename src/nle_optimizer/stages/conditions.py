"""Conditions on columns, with three answers: true, false, or undecided because a cell is blank."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from nle_optimizer.records import MILLION, Column, Flags, Kind, Records
from nle_optimizer.scenario.quantities import Range, When

IN_MILLIONTHS = frozenset({Kind.LEVEL, Kind.SHARE, Kind.AMOUNT})


@dataclass(frozen=True)
class Verdict:
    """The answer for every row: shapes (rows,); `undecided` rows are never `true`."""

    true: Flags
    undecided: Flags

    def both(self, other: "Verdict") -> "Verdict":
        """True where both are; false where either is."""
        false = ~(self.true | self.undecided) | ~(other.true | other.undecided)
        true = self.true & other.true
        return Verdict(true, ~true & ~false)


def evaluate(when: When, table: Records) -> Verdict:
    """Whether each row meets every condition."""
    verdict = Verdict(np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool))
    for name, condition in when.items():
        verdict = verdict.both(_condition(table.column(name), condition))
    return verdict


def holds(when: When, table: Records) -> Flags:
    """Rows that certainly meet every condition: a blank meets none but `missing: true`."""
    return evaluate(when, table).true


def _condition(column: Column, condition: Any) -> Verdict:
    if not isinstance(condition, Range):
        return _decided(_is_any(column, condition), column.given)
    verdict = Verdict(np.ones(len(column), dtype=bool), np.zeros(len(column), dtype=bool))
    for name in condition.model_fields_set:
        value = getattr(condition, name)
        if value is not None:
            verdict = verdict.both(_PARTS[name](column, value))
    return verdict


def _decided(true: Flags, known: Flags) -> Verdict:
    return Verdict(true & known, ~known)


def _is_any(column: Column, wanted: Any) -> Flags:
    found = np.zeros(len(column), dtype=bool)
    for value in wanted if isinstance(wanted, list) else [wanted]:
        found |= _equals(column, value)
    return found


def _equals(column: Column, value: Any) -> Flags:
    if column.kind is Kind.NAMES:
        word = _word(value)
        return np.array([word in [str(name).casefold() for name in names] for names in column.values], bool)
    if column.values.dtype == object:
        return _text_equals(column, value)
    if column.kind is Kind.YES_NO:
        return column.values == (_word(value) in ("yes", "true", "1"))
    number = as_held(column.kind, value)
    return np.zeros(len(column), bool) if number is None else column.values == number


def _text_equals(column: Column, value: Any) -> Flags:
    word = _word(value)
    same = {text for text in set(column.values.tolist()) if text.casefold() == word or _same_number(text, value)}
    return np.fromiter((text in same for text in column.values), bool, len(column))


def _same_number(text: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return _decimal(text) == value


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).casefold()


def _decimal(text: Any) -> Decimal | None:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(value: Any) -> date | None:
    """A day, or text of one in ISO form."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def as_held(kind: Kind, value: Any) -> int | float | None:
    """A value of a condition in the unit the column holds; None where it cannot be one."""
    if kind is Kind.DATE:
        day = _day(value)
        return None if day is None else day.toordinal()
    number = _decimal(str(value)) if not isinstance(value, bool | date) else None
    if number is None:
        return None
    scale = MILLION if kind in IN_MILLIONTHS else 1000 if kind is Kind.KILOMETRES else 1
    scaled = number * scale
    return int(scaled) if scaled == scaled.to_integral_value() else float(scaled)


def _compare(column: Column, bound: Any, compare: Callable[[Any, Any], Any]) -> Verdict:
    if column.values.dtype != object:
        number = as_held(column.kind, bound)
        if number is None:
            return Verdict(np.zeros(len(column), bool), np.ones(len(column), bool))
        return _decided(compare(column.values, number), column.given)
    read: Callable[[Any], Any] = _day if _day(bound) is not None else _decimal
    limit = read(bound)
    cells = [read(text) for text in column.values]
    known = np.array([cell is not None and limit is not None for cell in cells], bool)
    true = [cell is not None and limit is not None and bool(compare(cell, limit)) for cell in cells]
    return _decided(np.array(true, bool), known)


def _missing(column: Column, wanted: bool) -> Verdict:
    return Verdict(column.given != wanted, np.zeros(len(column), bool))


_PARTS: dict[str, Callable[[Column, Any], Verdict]] = {
    "min": lambda column, bound: _compare(column, bound, lambda cell, limit: cell >= limit),
    "max": lambda column, bound: _compare(column, bound, lambda cell, limit: cell <= limit),
    "before": lambda column, bound: _compare(column, bound, lambda cell, limit: cell < limit),
    "not_": lambda column, wanted: _decided(~_is_any(column, wanted), column.given),
    "missing": _missing,
}
