"""Conditions of a scenario as SQL expressions: true, false, or NULL where a blank leaves it open."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from nle_optimizer.records import MILLION, TEXT_KINDS, Kind
from nle_optimizer.scenario.quantities import Range, When

UNITS = {Kind.LEVEL: MILLION, Kind.SHARE: MILLION, Kind.AMOUNT: MILLION, Kind.KILOMETRES: 1000}
"""Units of a held number in one of what people write."""
Columns = Mapping[str, tuple[str, Kind]]
"""The expression and the kind of each column that a condition may name."""
NUMBER_UNITS = 10**12
"""Units of a number that a text says, in one of it."""
YES = {**dict.fromkeys(("yes", "y", "true", "1"), True), **dict.fromkeys(("no", "n", "false", "0"), False)}
DIGITS = 30
"""Digits before or after the point beyond which no text is a number."""


def number_in(text: str) -> Fraction | None:
    """The number that a text is: ASCII, without underscores, of a size that anything here may have."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    is_plain = text.isascii() and "_" not in text and number.is_finite() and abs(number.adjusted()) <= DIGITS
    return Fraction(number) if is_plain else None


def scaled(text: str) -> int | None:
    """The number that a text is, in NUMBER_UNITS; None also where it is too long."""
    number = number_in(text)
    if number is None or is_too_long(number):
        return None
    return int(number * NUMBER_UNITS)


def is_too_long(number: Fraction) -> bool:
    """Whether a number has too many digits before or after the point to be held here."""
    return (number * NUMBER_UNITS).denominator != 1 or abs(number) >= 10**25


def day_in(value: Any) -> date | None:
    """A date, or text written as 2022-09-01."""
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2022-09-01") else None
    except ValueError:
        return None
    return day if day is not None and day.isoformat() == value else None


def holds(when: When, columns: Columns) -> str:
    """Whether all conditions hold: false beats what is open, as AND has it."""
    parts = [_holds(condition, *columns.get(name, ("NULL::VARCHAR", Kind.TEXT))) for name, condition in when.items()]
    return " AND ".join(f"({part})" for part in parts) or "true"


def _holds(condition: Any, column: str, kind: Kind) -> str:
    if not isinstance(condition, Range):
        return _filled(column, _is_one_of(condition, column, kind))
    parts = []
    if condition.missing is not None:
        parts.append(f"{column} IS NULL" if condition.missing else f"{column} IS NOT NULL")
    if condition.not_ is not None:
        parts.append(_filled(column, f"NOT ({_is_one_of(condition.not_, column, kind)})"))
    if condition.min is not None:
        parts.append(_compared(column, kind, ">=", condition.min))
    if condition.max is not None:
        parts.append(_compared(column, kind, "<=", condition.max))
    if condition.before is not None:
        parts.append(_compared(column, kind, "<", condition.before))
    return " AND ".join(parts)


def _filled(column: str, test: str) -> str:
    return f"CASE WHEN {column} IS NOT NULL THEN {test} END"


def _is_one_of(values: Any, column: str, kind: Kind) -> str:
    listed = values if isinstance(values, list) else [values]
    return " OR ".join(_is(value, column, kind) for value in listed) or "false"


def _is(value: Any, column: str, kind: Kind) -> str:
    """Whether a filled cell is a value; never NULL."""
    if kind is Kind.YES_NO:
        flag = value if isinstance(value, bool) else YES.get(str(value).casefold())
        return "false" if flag is None else column if flag else f"NOT {column}"
    if kind is Kind.DATE:
        day = day_in(value)
        return "false" if day is None else f"{column} = {literal(day)}"
    if kind is Kind.NAMES:
        return f"coalesce(list_has_any({column}, (SELECT list(word) FROM words WHERE {_is_text(value)})), false)"
    if kind in TEXT_KINDS:
        return f"coalesce(list_contains((SELECT list(word) FROM words WHERE {_is_text(value)}), {column}), false)"
    number = _number(value)
    amount = None if number is None else number * UNITS.get(kind, 1)
    return "false" if amount is None or amount.denominator != 1 else f"{column} = {amount.numerator}"


def _is_text(value: Any) -> str:
    """Which words are a value."""
    if isinstance(value, bool):
        return f"is_yes = {str(value).lower()}"
    if isinstance(value, date):
        return f"day = {literal(value)}"
    if isinstance(value, int | Decimal):
        number = _number(value)
        amount = None if number is None else number * NUMBER_UNITS
        return "false" if amount is None or amount.denominator != 1 else f"number = {amount.numerator}"
    said = value.casefold()
    if said in ("yes", "true", "no", "false"):
        return f"is_yes = {str(YES[said]).lower()}"
    return f"folded = {literal(said)}"


def _compared(column: str, kind: Kind, sign: str, bound: Any) -> str:
    """A cell against a bound; NULL where either has no order."""
    day = day_in(bound) if kind is Kind.DATE or kind in TEXT_KINDS else None
    if day is not None:
        cell = column if kind is Kind.DATE else f"day_of({column})"
        return f"{cell} {sign} {literal(day)}"
    number = _number(bound)
    if number is None or kind in (Kind.NAMES, Kind.YES_NO, Kind.DATE):
        return "NULL::BOOLEAN"
    cell, units = (f"number_of({column})", NUMBER_UNITS) if kind in TEXT_KINDS else (column, UNITS.get(kind, 1))
    whole = floor(number * units) if sign == "<=" else ceil(number * units)
    return f"{cell} {sign} {whole}"


def _number(value: Any) -> Fraction | None:
    return None if isinstance(value, bool | date) else number_in(str(value))


def literal(value: Any) -> str:
    """A day or a text as SQL has it."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def cases(expressions: Sequence[str], otherwise: str) -> str:
    """The expression of each number n, counted from 0."""
    lines = "".join(f"\n    WHEN {n} THEN {each}" for n, each in enumerate(expressions))
    return f"CASE n{lines}\n    ELSE {otherwise} END" if expressions else otherwise


def shown(column: str, kind: Kind) -> str:
    """A cell as people read it; NULL where it is blank."""
    if kind in TEXT_KINDS:
        return column
    if kind in (Kind.LEVEL, Kind.SHARE, Kind.AMOUNT):
        return f"shortest({column})"
    if kind is Kind.KILOMETRES:
        return f"shortest({column} * 1000)"
    if kind is Kind.YES_NO:
        return f"CASE {column} WHEN true THEN 'yes' WHEN false THEN 'no' END"
    return f"array_to_string({column}, '|')" if kind is Kind.NAMES else f"CAST({column} AS VARCHAR)"


def as_held(column: str, kind: Kind) -> str:
    """A cell as the name of a level has it."""
    if kind is Kind.YES_NO:
        return f"CASE {column} WHEN true THEN 'True' WHEN false THEN 'False' END"
    if kind is Kind.DATE:
        return f"CAST({column} - DATE '0001-01-01' + 1 AS VARCHAR)"
    return f"array_to_string({column}, '|')" if kind is Kind.NAMES else f"CAST({column} AS VARCHAR)"


def sorted_by(column: str, kind: Kind) -> str:
    """A text that puts cells in the order of what they hold."""
    if kind in TEXT_KINDS or kind is Kind.DATE:
        return f"CAST({column} AS VARCHAR)"
    if kind is Kind.NAMES:
        return f"array_to_string({column}, chr(1))"
    if kind is Kind.YES_NO:
        return f"CAST(CAST({column} AS BIGINT) AS VARCHAR)"
    return f"lpad(CAST({column} + 1000000000000000000 AS VARCHAR), 20, '0')"


def weight(column: str, kind: Kind) -> str:
    """A cell as a weight, in millionths; of a text the number that it says, halves to the even one."""
    if kind in TEXT_KINDS:
        return f"to_even(number_of({column}), {NUMBER_UNITS // MILLION})"
    return f"{column} * {MILLION // UNITS.get(kind, 1)}"
