"""The settings of a sweep: which keys take which values, and how they combine."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from nle_optimizer.catalogue.limits import MOST_SEEDS
from nle_optimizer.scenario.quantities import Section, Whole

Axis = Annotated[list[Any], Field(min_length=1)]


class Sweep(Section):
    """Many what-ifs of this scenario; every part is combined with every other."""

    grid: dict[str, Axis] = {}
    """Dotted key: its values. Every combination of them is a point."""
    zip: dict[str, Axis] = {}
    """Dotted key: its values. The first values of all keys are a point, then the second ones, and so on."""
    table: str | None = None
    """A CSV file with a column a dotted key and a row a point; a blank cell leaves the setting as it is."""
    scenarios: list[str] = []
    """Names of overrides or scenarios of this file."""
    seeds: Annotated[Whole, Field(ge=1, le=MOST_SEEDS)] | None = None
    """So many seeds in a row, from the scenario's own."""

    @model_validator(mode="after")
    def _equally_long(self) -> "Sweep":
        if len({len(values) for values in self.zip.values()}) > 1:
            raise ValueError("the keys of zip need equally many values")
        twice = sorted(set(self.grid) & set(self.zip))
        if twice:
            raise ValueError(f"{twice[0]} stands both in grid and in zip")
        return self
