"""What a metric is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from nle_optimizer.evidence.measures.measured import Measured

Figure = Fraction | float | None
"""Exact where it is a ratio of whole numbers; None where nothing can be measured."""


@dataclass(frozen=True)
class Metric:
    """A figure of an allocation.

    Attributes:
        name: of the figure; of one by group, `coverage[region=London]`, what stands before the bracket.
        sense: `more` or `less` where that is better, else `neither`.
        unit: of the figure.
        formula: in words.
        figures: its values by name.
        source: where it comes from.
    """

    name: str
    sense: str
    unit: str
    formula: str
    figures: Callable[[Measured], Mapping[str, Figure]]
    source: str = "this project"


def one(name: str, value: Callable[[Measured], Figure]) -> Callable[[Measured], Mapping[str, Figure]]:
    """A metric with a single figure."""
    return lambda measured: {name: value(measured)}


def ratio(total: int, count: int, scale: int = 1) -> Fraction | None:
    """A total by a count; None where the count is 0."""
    return Fraction(int(total), int(count) * scale) if count else None
