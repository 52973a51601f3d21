"""The kinds of values that settings take, and conditions on columns."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator


def _is_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a number is needed")
    return Decimal(str(value))


def _is_whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is needed")
    return value


def _quantity(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?%", value):
        return value
    return _is_number(value)


Number = Annotated[Decimal, BeforeValidator(_is_number), WithJsonSchema({"type": "number"})]
Amount = Annotated[Decimal, Field(ge=0), BeforeValidator(_is_number), WithJsonSchema({"type": "number", "minimum": 0})]
Positive = Annotated[
    Decimal,
    Field(gt=0),
    BeforeValidator(_is_number),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Share = Annotated[
    Decimal,
    Field(ge=0, le=1),
    BeforeValidator(_is_number),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Whole = Annotated[int, Field(ge=0), BeforeValidator(_is_whole)]
Quantity = Annotated[
    Decimal | str,
    BeforeValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}]}),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
Scalar = bool | int | Annotated[Decimal, WithJsonSchema({"type": "number"})] | date | str


class Section(BaseModel):
    """A group of settings: frozen, and strict about its keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )


class Range(Section):
    """A condition on a column other than "is one of"."""

    min: Scalar | None = None
    """Least value that matches."""
    max: Scalar | None = None
    """Greatest value that matches."""
    not_: Scalar | list[Scalar] | None = Field(default=None, alias="not")
    """Value or values that do not match."""
    before: Scalar | None = None
    """Dates before this one match."""
    missing: bool | None = None
    """true: only blanks match; false: only filled cells."""

    @model_validator(mode="after")
    def _says_something(self) -> "Range":
        if not self.model_fields_set:
            raise ValueError("a condition needs min, max, not, before or missing")
        return self


When = dict[str, Scalar | list[Scalar] | Range]
"""Conditions on columns: several keys mean all of them, a list means any of its values."""
