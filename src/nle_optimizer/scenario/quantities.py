"""The kinds of values that settings take, conditions on columns, and whether they can be compared.

Whether the values of a condition can be compared with the cells of a column, and whether any cell has them.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from nle_optimizer.catalogue.limits import MOST_SECONDS
from nle_optimizer.records import TEXT_KINDS, Column, Kind, Records, show_value
from nle_optimizer.scenario.cells import NO, YES

LARGEST = 1_000_000_000
FARTHEST_KM = 100_000
LAST_ROW = 1_048_576
_PERCENTAGE = re.compile(r"\d{1,9}(\.\d{1,9})?%", re.ASCII)
_OR_PERCENTAGE = {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def _is_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a number is needed")
    return Decimal(str(value))


def _is_exact(value: Any) -> Any:
    number = _is_number(value)
    if number.is_finite() and abs(number) <= LARGEST and number != round(number, 6):
        raise ValueError("at most six decimal places are kept; round it")
    return number


def _is_fraction(value: Any) -> Any:
    """A number, or the percentage that it is."""
    if isinstance(value, str) and _PERCENTAGE.fullmatch(value):
        return _is_exact(Decimal(value[:-1]) / 100)
    return _is_exact(value)


def _is_day(value: Any) -> Any:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a date is needed, written as 2022-09-01") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"must be a date from {FIRST_DAY} to {LAST_DAY}")
    return day


def _is_whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is needed")
    return value


def _row(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LAST_ROW):
        return value
    raise ValueError(f"auto is needed, or the number of a row from 1 to {LAST_ROW:,}")


def _quantity(value: Any) -> Any:
    if isinstance(value, str) and _PERCENTAGE.fullmatch(value) and Decimal(value[:-1]) <= 100:
        return value
    if isinstance(value, str):
        raise ValueError("a number from 0 up is needed, or a percentage such as 10%")
    if not 0 <= _is_exact(value) <= LARGEST:
        raise ValueError("must not be negative" if value < 0 else f"must be at most {LARGEST}")
    return _is_exact(value)


Number = Annotated[Decimal, BeforeValidator(_is_number), WithJsonSchema({"type": "number"})]
Amount = Annotated[
    Decimal,
    Field(ge=0, le=LARGEST),
    BeforeValidator(_is_exact),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": LARGEST}),
]
Kilometres = Annotated[
    Decimal,
    Field(ge=0, le=FARTHEST_KM),
    BeforeValidator(_is_exact),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": FARTHEST_KM}),
]
Factor = Annotated[
    Decimal,
    Field(ge=0, le=1000),
    BeforeValidator(_is_fraction),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1000}, _OR_PERCENTAGE]}),
]
Positive = Annotated[
    Decimal,
    Field(gt=0, le=LARGEST),
    BeforeValidator(_is_exact),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST}),
]
Seconds = Annotated[
    Decimal,
    Field(gt=0, le=MOST_SECONDS),
    BeforeValidator(_is_exact),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_SECONDS}),
]
Share = Annotated[
    Decimal,
    Field(ge=0, le=1),
    BeforeValidator(_is_fraction),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _OR_PERCENTAGE]}),
]
Whole = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(_is_whole)]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(_is_whole)]
Day = Annotated[date, BeforeValidator(_is_day), WithJsonSchema({"type": "string", "format": "date"})]
Quantity = Annotated[
    Decimal | str,
    BeforeValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, _OR_PERCENTAGE]}),
]
HeaderRow = Annotated[
    int | str,
    BeforeValidator(_row),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1, "maximum": LAST_ROW}]}),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
Scalar = bool | int | Annotated[Decimal, WithJsonSchema({"type": "number"})] | date | str


def _may_be_empty(default: Any) -> bool:
    return isinstance(default, BaseModel | dict | list) or default == ""


class Section(BaseModel):
    """A group of settings: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_default(cls, value: Any) -> Any:
        """A section, list or title that is named and left empty is as if it were not named."""
        if not isinstance(value, dict):
            return value
        defaults = {info.alias or name: info.default for name, info in cls.model_fields.items()}
        empty = [key for key in value if value[key] is None and _may_be_empty(defaults.get(key))]
        return {key: entry for key, entry in value.items() if key not in empty}


class Range(Section):
    """A condition on a column other than "is one of"."""

    min: Scalar | None = None
    """Least value that matches."""
    max: Scalar | None = None
    """Greatest value that matches."""
    not_: Scalar | list[Scalar] | None = Field(default=None, alias="not")
    """Value or values that do not match."""
    before: Scalar | None = None
    """Dates before this one match, and numbers below it."""
    missing: bool | None = None
    """true: only blanks match; false: only filled cells."""

    @model_validator(mode="after")
    def _says_something(self) -> "Range":
        if not self._as_written():
            raise ValueError("a condition needs min, max, not, before or missing")
        return self

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        told = {info.alias or name: getattr(self, name) for name, info in type(self).model_fields.items()}
        return {key: value for key, value in told.items() if value is not None}


When = dict[str, Scalar | list[Scalar] | Range]
"""Conditions on columns: several keys mean all of them, a list means any of its values."""


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
    return not isinstance(value, bool | date) and _as_number(value) is not None


def _as_number(value: Any) -> Decimal | None:
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
    numbers = {number for word in texts if (number := _as_number(word)) is not None}
    for value in condition if isinstance(condition, list) else [condition]:
        wanted = _spellings(value)
        may_be_number = not isinstance(value, str) or cells.kind not in TEXT_KINDS
        if not wanted & texts and not (may_be_number and is_number(value) and _as_number(value) in numbers):
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
