"""Whether the values of a condition can be compared with the cells of a column at all."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from nle_optimizer.records import TEXT_KINDS, Kind, Records
from nle_optimizer.scenario.quantities import Range

WORDS = TEXT_KINDS | {Kind.NAMES, Kind.YES_NO}
DERIVED_WORDS = frozenset({"same_structure", "trust_declining"})


def unfit_value(condition: Any, column: str, schools: Records) -> tuple[str, str] | None:
    """The first value of a condition that no cell of the column could meet, and what is needed instead."""
    kind = _kind(column, schools)
    listed = condition.not_ if isinstance(condition, Range) else condition
    values = [] if kind in WORDS else (listed if isinstance(listed, list) else [listed])
    if isinstance(condition, Range):
        values = [condition.min, condition.max, condition.before, *values]
    if kind in TEXT_KINDS:
        needed, fits = "a number, or a date such as 2022-09-01,", _is_number_or_day
    else:
        needed, fits = ("a date such as 2022-09-01", _is_day) if kind is Kind.DATE else ("a number", _is_number)
    return next(((str(value), needed) for value in values if value is not None and not fits(value)), None)


def _kind(column: str, schools: Records) -> Kind:
    if column in schools.columns or column in schools.spec.columns:
        return schools.column(column).kind
    return Kind.YES_NO if column in DERIVED_WORDS else Kind.COUNT


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, date) or (isinstance(value, str) and bool(date.fromisoformat(value)))
    except ValueError:
        return False


def _is_number_or_day(value: Any) -> bool:
    return _is_number(value) or _is_day(value)


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool | date) and Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
