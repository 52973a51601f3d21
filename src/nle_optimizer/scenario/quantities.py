"""The kinds of values that settings take, and conditions on columns."""

import re
from datetime import date
from decimal import Decimal
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
