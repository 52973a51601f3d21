"""Conditions on columns, with three answers: true, false, or undecided because a cell is blank."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Flags, Kind, Records
from nle_optimizer.scenario.quantities import Range, When

SCALES = {Kind.LEVEL: MILLION, Kind.SHARE: MILLION, Kind.AMOUNT: MILLION, Kind.KILOMETRES: 1000}
"""Units of a held value in 1 of what people write, where that is not 1."""
SPELLINGS = {True: frozenset({"yes", "y", "true", "1"}), False: frozenset({"no", "n", "false", "0"})}
"""What cells say for yes and for no, in lower case."""
WORDS = {"yes": True, "true": True, "no": False, "false": False}
"""Words of a condition that mean yes or no, whichever way a cell spells it."""
MOST_DIGITS = 30
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


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
        return _of_each(column, lambda names: any(_text_equals(str(name), value) for name in names))
    if column.kind in TEXT_KINDS:
        return _of_each(column, lambda text: _text_equals(text, value))
    if column.kind is Kind.YES_NO:
        flag = next((flag for flag, words in SPELLINGS.items() if _word(value) in words), None)
        return np.zeros(len(column), bool) if flag is None else column.values == flag
    number = as_held(column.kind, value)
    if column.kind is Kind.DEGREES:
        return _of_each(column, lambda cell: _number(repr(cell)) == number)
    is_whole = number is not None and number.denominator == 1
    return column.values == number.numerator if is_whole and number is not None else np.zeros(len(column), bool)


def _of_each(column: Column, answer: Callable[[Any], bool]) -> Flags:
    """The answer for every cell, asked once for each that is different."""
    cells = column.values.tolist()
    true = {cell for cell in set(cells) if answer(cell)}
    return np.fromiter((cell in true for cell in cells), bool, len(column))


def _text_equals(text: str, value: Any) -> bool:
    """Whether a cell of text is a value: a number, a day, yes or no in any spelling, or text without case."""
    if isinstance(value, date):
        return _day(text) == value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _number(text) == _number(value)
    word = _word(value)
    return text.casefold() in SPELLINGS[WORDS[word]] if word in WORDS else text.casefold() == word


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).casefold()


def _number(value: Any) -> Fraction | None:
    """A number, or text of one, exactly."""
    text = str(value)
    try:
        number = Decimal(text if text.isascii() and "_" not in text else "?")
    except InvalidOperation:
        return None
    is_sane = number.is_finite() and abs(number.adjusted()) <= MOST_DIGITS
    return Fraction(number) if is_sane else None


def _day(value: Any) -> date | None:
    """A day, or text of one in ISO form."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if _ISO_DAY.fullmatch(str(value)) else None
    except ValueError:
        return None


def as_held(kind: Kind, value: Any) -> Fraction | None:
    """A value of a condition in the unit the column holds; None where it cannot be one."""
    if kind is Kind.DATE:
        day = _day(value)
        return None if day is None else Fraction(day.toordinal())
    number = None if isinstance(value, bool | date) else _number(value)
    return None if number is None else number * SCALES.get(kind, 1)


Compare = Callable[[Any, Any], Any]


def _compare(column: Column, bound: Any, compare: Compare, whole: Callable[[Fraction], int]) -> Verdict:
    """Whether cells lie on the right side of a bound.

    Args:
        column: the cells.
        bound: what they are compared with.
        compare: the cell and the bound.
        whole: the bound among whole numbers, where the column holds whole numbers.
    """
    if column.kind in (*TEXT_KINDS, Kind.DEGREES):
        return _compare_each(column, bound, compare)
    number = None if column.kind in (Kind.NAMES, Kind.YES_NO) else as_held(column.kind, bound)
    if number is None:
        return Verdict(np.zeros(len(column), bool), np.ones(len(column), bool))
    return _decided(compare(column.values, whole(number)), column.given)


def _compare_each(column: Column, bound: Any, compare: Compare) -> Verdict:
    """The same for cells that are read one by one: as days where the bound is one, else as numbers."""
    read: Callable[[Any], Any] = _number if _day(bound) is None else _day
    limit = read(bound)

    def known(cell: Any) -> bool:
        return limit is not None and read(cell) is not None

    true = _of_each(column, lambda cell: known(cell) and bool(compare(read(cell), limit)))
    return _decided(true, column.given & _of_each(column, known))


def _missing(column: Column, wanted: bool) -> Verdict:
    return Verdict(column.given != wanted, np.zeros(len(column), bool))


_PARTS: dict[str, Callable[[Column, Any], Verdict]] = {
    "min": lambda column, bound: _compare(column, bound, operator.ge, ceil),
    "max": lambda column, bound: _compare(column, bound, operator.le, floor),
    "before": lambda column, bound: _compare(column, bound, operator.lt, ceil),
    "not_": lambda column, wanted: _decided(~_is_any(column, wanted), column.given),
    "missing": _missing,
}
