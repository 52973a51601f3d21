"""`sweep.csv`: a row a point, with its settings, what came of it, and how that differs from the scenario itself."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.records import MILLION
from nle_optimizer.studies.sweep.answer import Answer
from nle_optimizer.studies.sweep.points import Point

Row = dict[str, str]
CHANGE = "change_"


def sheet_of(rows: Sequence[Row]) -> bytes:
    """The rows as CSV; a column that only some have is blank in the others."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return csv_bytes({name: [row.get(name, "") for row in rows] for name in names})


def row_of(position: int, point: Point, answer: Answer, base: Answer | None) -> Row:
    """The row of a point.

    Args:
        position: of the point, from 1.
        point: the point.
        answer: what came of it.
        base: what came of the scenario itself; None where that is not known.
    """
    row = {"point": str(position)}
    if point.choice:
        row["scenario"] = point.choice
    if point.label:
        row["name"] = point.label
    row |= said(point)
    row |= {"status": answer.status, "error": answer.error}
    figures = figures_of(answer.summary)
    row |= {name: shown(value) for name, value in figures.items()}
    return row | _changes(figures, figures_of(base.summary if base else None))


def said(point: Point) -> Row:
    """The settings of a point as text."""
    return {change.key: shown(change.value) for change in point.changes}


def figures_of(summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """The figures of a summary by column name."""
    if summary is None:
        return {}
    figures: dict[str, Any] = {"engine": summary["engine"], "gap": _widest_gap(summary["objectives"])}
    for n, level in enumerate(summary["objectives"]):
        name = level["name"] if f"value_{level['name']}" not in figures else f"{level['name']}_{n + 1}"
        figures |= {f"{what}_{name}": level[what] for what in ("value", "bound", "gap")}
    return figures | summary["counts"] | summary["metrics"]


def _widest_gap(levels: Sequence[Mapping[str, Any]]) -> float | None:
    gaps = [level["gap"] for level in levels]
    return None if not gaps or None in gaps else max(gaps)


def _changes(figures: Mapping[str, Any], base: Mapping[str, Any]) -> Row:
    """How every figure but bounds and gaps differs from the scenario itself."""
    changes = {}
    for name, value in figures.items():
        before = base.get(name)
        if _is_number(value) and _is_number(before) and not name.startswith(("gap", "bound_")):
            changes[CHANGE + name] = shown(round((value - before) * MILLION) / MILLION)
    return changes


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """A value as people would write it into a scenario file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(entry) for entry in value) + "]"
    return str(value)
