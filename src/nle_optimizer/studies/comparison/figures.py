"""Figures of two runs side by side; every difference is worked out exactly, then shown as a number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from nle_optimizer.studies.comparison.side import Side

SECTIONS = ("counts", "metrics", "needs")
Name = TypeVar("Name", bound=str | tuple[str, int])


@dataclass(frozen=True)
class Figure:
    """A figure of both runs, and the second less the first; None where a run has no such figure."""

    name: str
    first: float | None
    second: float | None
    difference: float | None


@dataclass(frozen=True)
class EntryFigure:
    """An objective or a row of a constraint in both runs: its entry in each summary, and the difference in value."""

    name: str
    first: Mapping[str, Any] | None
    second: Mapping[str, Any] | None
    difference: float | None


@dataclass(frozen=True)
class Figures:
    """The figures of both summaries, by section."""

    objectives: tuple[EntryFigure, ...]
    counts: tuple[Figure, ...]
    metrics: tuple[Figure, ...]
    needs: tuple[Figure, ...]
    capacity: tuple[Figure, ...]
    constraints: tuple[EntryFigure, ...]


def compare_figures(first: Side, second: Side) -> Figures:
    """The figures of both runs; capacities are named `RESOURCE.available` and the like."""
    one, other = first.summary, second.summary
    counts, metrics, needs = (_side_by_side(one.get(part, {}), other.get(part, {})) for part in SECTIONS)
    return Figures(
        _entries(one["objectives"], other["objectives"], "name"),
        counts,
        metrics,
        needs,
        _side_by_side(_flat(one["capacity"]), _flat(other["capacity"])),
        _entries(one.get("constraints", ()), other.get("constraints", ()), "label"),
    )


def _flat(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


def _side_by_side(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Figure, ...]:
    names = _in_order(list(first), list(second))
    return tuple(
        Figure(name, first.get(name), second.get(name), _difference(first.get(name), second.get(name)))
        for name in names
    )


def _entries(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], key: str
) -> tuple[EntryFigure, ...]:
    """Entries by name; the second of a name in one run stands beside the second of that name in the other."""
    one, other = _numbered(first, key), _numbered(second, key)
    return tuple(
        EntryFigure(
            name, one.get((name, n)), other.get((name, n)), _difference(_value(one, name, n), _value(other, name, n))
        )
        for name, n in _in_order(list(one), list(other))
    )


def _numbered(entries: Sequence[Mapping[str, Any]], key: str) -> dict[tuple[str, int], Mapping[str, Any]]:
    seen: Counter[str] = Counter()
    numbered = {}
    for entry in entries:
        name = str(entry[key])
        numbered[name, seen[name]] = entry
        seen[name] += 1
    return numbered


def _value(entries: Mapping[tuple[str, int], Mapping[str, Any]], name: str, n: int) -> Any:
    """The value of an entry: an objective's from its integers, which a float may not hold."""
    entry = entries.get((name, n))
    if entry is None:
        return None
    exact = entry.get("exact")
    return Fraction(exact["value"], exact["scale"]) if exact else entry["value"]


def _in_order(first: list[Name], second: list[Name]) -> list[Name]:
    """Every name once: those of both runs, then those of the first alone, then those of the second."""
    return list(dict.fromkeys([*(name for name in first if name in second), *first, *second]))


def _difference(first: Any, second: Any) -> float | None:
    return None if first is None or second is None else float(_exact(second) - _exact(first))


def _exact(value: Any) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(str(value))
