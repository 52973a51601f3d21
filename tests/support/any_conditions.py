"""Random conditions on columns, each written as a person might write it."""

import re
from collections.abc import Sequence
from typing import Any

from support.any_tables import Draft

ORDERED = re.compile(r"-?[0-9.]+|[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Cells that have an order."""
NUMBER = re.compile(r"-?[0-9.]+")


class Day(str):
    """A date that is written without quotation marks."""


def condition(draft: Draft, cells: Sequence[str], *, plain: bool = False) -> Any:
    """A condition on a column, mostly of values that stand in it, each as a person might write it."""

    def value() -> Any:
        cell = draft.some(*cells)
        if draft.chance(0.05):
            cell = (
                draft.some("x", "yes") if not ORDERED.fullmatch(cell) else "7" if "-" not in cell[1:] else "2020-06-01"
            )
        return _written(draft, cell if draft.chance(0.99) else draft.some("x", "7", "2020-06-01", "yes"))

    roll = draft.rng.random()
    if plain or roll < 0.35:
        return value()
    if roll < 0.5:
        return [value() for _ in range(draft.some(1, 2, 3))]
    in_order = [cell for cell in cells if ORDERED.fullmatch(cell)]
    ranges = ["min", "max", "before"] if in_order or draft.chance(0.05) else []
    parts: dict[str, Any] = {}
    for part in draft.rng.sample(["not", "missing", *ranges], draft.some(1, 1, 2)):
        if part == "missing":
            parts[part] = draft.some(True, False)
        elif part == "not":
            parts[part] = [value(), value()] if draft.chance(0.4) else value()
        else:
            parts[part] = _written(draft, draft.some(*in_order) if in_order and draft.chance(0.9) else "2020-06-01")
    return parts


def _written(draft: Draft, cell: str) -> Any:
    """A cell as it might stand in a scenario file: as text, as a number, as yes or no, as a date."""
    if draft.chance(0.3):
        return cell.upper() if draft.chance(0.2) else cell
    if cell.casefold() in ("yes", "true", "no", "false"):
        return cell.casefold() in ("yes", "true")
    if re.fullmatch(r"-?\d+", cell):
        return int(cell)
    if re.fullmatch(r"-?\d+\.\d+", cell):
        return float(cell)
    return Day(cell) if re.fullmatch(r"\d{4}-\d\d-\d\d", cell) else cell.split("|")[0]


def when(draft: Draft, table: str, most: int = 2) -> dict[str, Any]:
    """Conditions on columns of a table."""
    names = {draft.some(*draft.columns(table)) for _ in range(draft.rng.randint(1, most))}
    return {name: condition(draft, draft.cells(table, name)) for name in sorted(names)}


def in_order(draft: Draft, table: str, of: re.Pattern[str] = ORDERED) -> list[str]:
    """The columns of a table of which every filled cell has an order; one in ten times, or where none has, all."""
    names = draft.columns(table)
    found = [name for name in names if all(of.fullmatch(cell) for cell in draft.cells(table, name))]
    return names if draft.chance(0.1) else found or names
