"""The tables that two runs read: which differ, and in which rows and columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.studies.comparison.side import Side
from nle_optimizer.studies.comparison.tables import TableDifference, table_difference


@dataclass(frozen=True)
class InputTable:
    """One table in both runs.

    Attributes:
        table: its name.
        first, second: `file` and `sha256` of what each run read; None where it read no such table.
        same: whether both read the same; None where that cannot be told.
        difference: row by row; None where it was not read by both, or not kept by both.
    """

    table: str
    first: Mapping[str, str] | None
    second: Mapping[str, str] | None
    same: bool | None
    difference: TableDifference | None


@dataclass(frozen=True)
class Inputs:
    """The tables of both runs; `not_kept` names the run folders that hold none, so that only hashes can tell."""

    not_kept: tuple[str, ...]
    tables: tuple[InputTable, ...]


def compare_inputs(first: Side, second: Side) -> Inputs:
    """Every table that either run read."""
    names = [name for name in TABLES if name in first.sources or name in second.sources]
    bare = dict.fromkeys(str(side.path) for side in (first, second) if not side.inputs)
    return Inputs(tuple(bare), tuple(_table(name, first, second) for name in names))


def _table(name: str, first: Side, second: Side) -> InputTable:
    """Kept tables are compared row by row; else equal hashes show that two files are one, and others show nothing."""
    one, other = first.sources.get(name), second.sources.get(name)
    if one is None or other is None:
        return InputTable(name, one, other, same=False, difference=None)
    if name in first.inputs and name in second.inputs:
        difference = table_difference(first.inputs[name], second.inputs[name], TABLES[name].key)
        return InputTable(name, one, other, difference.same, difference)
    return InputTable(name, one, other, True if one["sha256"] == other["sha256"] else None, None)
