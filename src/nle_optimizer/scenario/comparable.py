"""Whether the values of a condition can be compared with the cells of a column, and whether any cell has them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from nle_optimizer.records import TEXT_KINDS, Column, Kind, Records, show_value
from nle_optimizer.scenario.cells import NO, YES
from nle_optimizer.scenario.quantities import Range

WORDS = frozenset({Kind.NAMES, Kind.YES_NO, Kind.CHOICE})
"""Kinds of cells that have no order."""
DERIVED_WORDS = frozenset({"same_structure", "trust_declining"})
IN_ORDER = ("min", "max", "before")
LEVELS_OF = ("need_", "expertise_")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def unfit_value(condition: Any, column: str, schools: Records) -> tuple[str, str] | None:
    """The first value of a condition that no cell of the column could meet, and what is needed instead."""
    kind = kind_of(column, schools)
    listed = condition.not_ if isinstance(condition, Range) else condition
    values = [value for value in (listed if isinstance(listed, list) else [listed]) if value is not None]
    bounds = [getattr(condition, part) for part in IN_ORDER] if isinstance(condition, Range) else []
    bounds = [bound for bound in bounds if bound is not None]
    if bounds and kind in WORDS:
        return str(
            bounds[0]
        ), "this column holds words, which have no order; name its values, or use `not` or `missing`"
    if kind is Kind.YES_NO:
        needed, fits = "yes or no", _is_yes_no
    elif kind is Kind.DATE:
        needed, fits = "a date such as 2022-09-01", is_day
    else:
        needed, fits = ("a number, or the name of a level," if kind is Kind.LEVEL else "a number"), is_number
    if kind in TEXT_KINDS:
        values, needed, fits = bounds, "a number, or a date such as 2022-09-01,", _is_number_or_day
    elif kind is Kind.NAMES:
        return None
    unfit = next((value for value in [*bounds, *values] if not fits(value)), None)
    return None if unfit is None else (str(unfit), f"{needed} is needed to compare this column with")


def kind_of(column: str, schools: Records) -> Kind:
    """What the cells of a column are, derived ones too."""
    if column in schools.columns or column in schools.spec.columns:
        return schools.column(column).kind
    return Kind.YES_NO if column in DERIVED_WORDS else Kind.COUNT


def _is_yes_no(value: Any) -> bool:
    return isinstance(value, bool) or str(value).casefold() in YES | NO


def is_day(value: Any) -> bool:
    """Whether a value of a condition is a day, or text of one in ISO form."""
    try:
        return isinstance(value, date) or bool(_DAY.fullmatch(value) and date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_number_or_day(value: Any) -> bool:
    return is_number(value) or is_day(value)


def is_number(value: Any) -> bool:
    """Whether a value of a condition is a number, or plain text of one."""
    return not isinstance(value, bool | date) and _number(value) is not None


def _number(value: Any) -> Decimal | None:
    text = str(value)
    try:
        number = Decimal(text if text.isascii() and "_" not in text else "?")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def values_in_no_row(condition: Any, cells: Column) -> Iterable[Any]:
    """The values of a condition that no filled cell has; nothing where the condition is no list of values."""
    if isinstance(condition, Range):
        return
    held = {cell for cell, given in zip(cells.values.tolist(), cells.given.tolist(), strict=True) if given}
    words = {word for cell in held for word in (cell if cells.kind is Kind.NAMES else [show_value(cells.kind, cell)])}
    texts = {str(word).casefold() for word in words}
    numbers = {number for word in texts if (number := _number(word)) is not None}
    for value in condition if isinstance(condition, list) else [condition]:
        wanted = _spellings(value)
        may_be_number = not isinstance(value, str) or cells.kind not in TEXT_KINDS
        if not wanted & texts and not (may_be_number and is_number(value) and _number(value) in numbers):
            yield value


def _spellings(value: Any) -> frozenset[str]:
    """What a cell of text may say for a value, in lower case."""
    word = ("yes" if value else "no") if isinstance(value, bool) else str(value).casefold()
    return {"yes": YES, "true": YES, "no": NO, "false": NO}.get(word, frozenset({word}))


def with_levels_as_numbers(values: Any, levels: Any) -> Any:
    """Settings as written, with the names of levels in conditions on needs and expertise as the numbers they stand for.

    Args:
        values: any part of a document.
        levels: the number of each level; anything else where the document is wrong there.
    """
    if isinstance(values, list):
        return [with_levels_as_numbers(entry, levels) for entry in values]
    if not isinstance(values, Mapping):
        return values
    known = {str(word).casefold(): number for word, number in levels.items()} if isinstance(levels, Mapping) else {}
    return {
        key: {column: _numbered(column, condition, known) for column, condition in entry.items()}
        if key in ("when", "where") and isinstance(entry, Mapping)
        else with_levels_as_numbers(entry, levels)
        for key, entry in values.items()
    }


def _numbered(column: Any, condition: Any, levels: Mapping[str, Any]) -> Any:
    if not str(column).rpartition(".")[2].startswith(LEVELS_OF):
        return condition
    if isinstance(condition, Mapping):
        return {part: _numbered(column, value, levels) for part, value in condition.items()}
    if isinstance(condition, list):
        return [_numbered(column, value, levels) for value in condition]
    return levels.get(condition.casefold(), condition) if isinstance(condition, str) else condition
