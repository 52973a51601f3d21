"""A run as reports see it.

A run as it is shown: a result that was just made, or what its folder tells. What would serve each school that is left
out, in words. A run folder read to be shown: what is missing or no number is told and left out, and the rest is
there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from nle_optimizer.catalogue.reasons import CURES, FILTERS
from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.folders import MANIFEST
from nle_optimizer.model.problem import counted
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.boundaries import Outlines, read_outlines
from nle_optimizer.reports.resolved_scenario import Setting, read_settings, settings_of
from nle_optimizer.reports.run_folder import (
    CLAIMED,
    DECISIONS,
    DRAWN,
    SCENARIO,
    changed_files,
    read_json,
    read_summary,
    read_table,
)
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES

FURTHER = ("moves", DECISIONS, "alternates", *DRAWN)
"""Tables that only some runs have; they are shown where present."""
OUTLINES = "inputs/boundaries.geojson"


@dataclass(frozen=True, eq=False)
class View:
    """A run as its files tell it.

    Attributes:
        summary: the content of `summary.json`.
        tables: the claimed tables by name, and those of `FURTHER` that there are.
        inputs: the tables as the run read them, by name; none where they were not kept.
        settings: every setting in force by dotted key, with its origin.
        outlines: of regions, where a file of them was given.
        remarks: sentences that the reader has to know, such as what a shared copy leaves out.
        is_shared: whether people and their places are veiled.
    """

    summary: Summary
    tables: Mapping[str, TextTable]
    inputs: Mapping[str, TextTable]
    settings: Mapping[str, Setting]
    outlines: Outlines = ()
    remarks: tuple[str, ...] = field(default=())
    is_shared: bool = False

    def rows(self, name: str) -> "ViewRows":
        """A table of the run."""
        return ViewRows(self.tables.get(name, {}))

    def read(self, name: str) -> "ViewRows":
        """A table as the run read it."""
        return ViewRows(self.inputs.get(name, {}))

    @property
    def under_error(self) -> Mapping[str, Any]:
        """What the summary tells of the plan under error; nothing where no draws were made."""
        told = self.summary.get("under_error")
        return told if isinstance(told, Mapping) else {}

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        """What was used otherwise than its author may have meant; none of a run of an earlier version."""
        entries: Sequence[Mapping[str, Any]] = self.summary.get("findings") or ()
        return entries

    def with_outlines(self, outlines: Outlines) -> "View":
        """The same with outlines of regions."""
        return replace(self, outlines=outlines)


@dataclass(frozen=True, eq=False)
class ViewRows:
    """A table whose absent columns are blank."""

    columns: TextTable

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Sequence[str]:
        return self.columns[name] if name in self.columns else [""] * len(self)

    def by(self, key: str, name: str) -> dict[str, str]:
        """The cells of a column by those of another."""
        return dict(zip(self[key], self[name], strict=True))

    def filled(self, name: str) -> bool:
        """Whether any cell of a column is filled."""
        return any(self[name])


def view_of(result: Result, further: Mapping[str, TextTable] | None = None) -> View:
    """A result as its run folder will tell it, with the tables of `FURTHER` that lie beside it there."""
    scenario = result.scenario
    tables = {name: table for name in TABLES if (table := getattr(scenario, name)) is not None}
    inputs = {name: TextOfRecords(table) for name, table in tables.items()}
    known = {name: table for name, table in (further or {}).items() if name in FURTHER}
    return View(result.claim.summary, {**result.claim.tables, **known}, inputs, settings_of(scenario, result.in_force))


class TextOfRecords(Mapping[str, Sequence[str]]):
    """A table that was read, as text; a column becomes text when it is first asked for."""

    def __init__(self, table: Records):
        self._table, self._told = table, dict[str, Sequence[str]]()

    def __getitem__(self, name: str) -> Sequence[str]:
        if name not in self._told:
            self._told[name] = as_text(self._table.columns[name])
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.columns)

    def __len__(self) -> int:
        return len(self._table.columns)


COLUMNS = (
    "cure_kind",
    "cure_id",
    "cure_amount",
    "reach_nle_id",
    "reach_more_km",
    "minimum_fit_nle_id",
    "minimum_fit_needed",
    "conflict_nle_id",
    "conflict",
)


def cures_in_words(rows: ViewRows, names: Mapping[str, str]) -> list[str]:
    """For each row of `unmatched.csv` its cures, one after the other; blank where there is none.

    Args:
        rows: the table; without the NLEs where it is to be shared.
        names: of the NLEs, by identifier.
    """
    cells = zip(*(rows[name] for name in COLUMNS), strict=True)
    return [_sentence("; ".join(_cures(dict(zip(COLUMNS, row, strict=True)), names))) for row in cells]


def _cures(row: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    kind = row["cure_kind"]
    if kind and not row["cure_id"]:
        yield CURES.get(kind) or f"More {kind}"
        return

    def nle(name: str) -> str:
        return names.get(row[name]) or row[name]

    if kind and kind not in CURES:
        yield f"{counted(row['cure_amount'], f'more {kind}')} at {nle('cure_id')}"
    if row["reach_nle_id"]:
        yield f"a limit {float(row['reach_more_km']):.1f} km longer, to reach {nle('reach_nle_id')}"
    if row["minimum_fit_nle_id"]:
        yield f"a minimum fit of {row['minimum_fit_needed']}, for {nle('minimum_fit_nle_id')}"
    if row["conflict_nle_id"]:
        yield f"{nle('conflict_nle_id')}, setting aside {_set_aside(row['conflict'])}"


def _set_aside(conflict: str) -> str:
    return FILTERS[conflict].set_aside if conflict in FILTERS else conflict


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


SUMMARY = "summary.json"
SCHEMA_VERSION = 1
EXPECTED = {
    "allocation": ("school_id", "nle_id", "fit", "distance_km", "school_name", "nle_name", "why"),
    "unmatched": ("school_id", "reason", "explanation", "name"),
    "exclusions": ("school_id", "stage", "reason", "evidence"),
    "nles": ("nle_id", "state", "reason"),
    "breakdown": ("group", "value", "eligible", "supported", "coverage", "mean_fit", "mean_distance_km"),
}
"""Columns without which something is missing from what is shown."""
NUMBERS = (
    "fit",
    "cost",
    "coverage",
    "eligible",
    "supported",
    "nearest_km",
    "cure_price",
    "reach_more_km",
    "easting",
    "northing",
)
NUMBERED = ("fit_", "capacity_", "used_", "distance_km")
"""Columns of numbers: by their names, and by how these begin."""
FINDING_KEYS = ("code", "file", "row", "line", "column", "text")
PARTS: Mapping[str, Callable[[Any], bool]] = {
    "status": lambda part: isinstance(part, str),
    "scenario": lambda part: isinstance(part, str),
    "rule": lambda part: isinstance(part, str),
    "counts": lambda part: isinstance(part, dict) and all(isinstance(count, int) for count in part.values()),
    "metrics": lambda part: isinstance(part, dict) and all(_is_figure(figure) for figure in part.values()),
    "capacity": lambda part: (
        isinstance(part, dict) and all(_has(group, "available", "used") for group in part.values())
    ),
    "findings": lambda part: (
        part is None or (isinstance(part, list) and all(_has(found, *FINDING_KEYS) for found in part))
    ),
    "objectives": lambda part: isinstance(part, list) and all(_has(level, "name", "sense", "value") for level in part),
}
"""What a summary has to hold to be shown, and its form."""


def _has(part: Any, *keys: str) -> bool:
    return isinstance(part, dict) and set(keys) <= part.keys()


def _is_figure(value: Any) -> bool:
    return value is None or isinstance(value, int | float)


def read_view(folder: Path) -> tuple[View, list[str]]:
    """A run folder as it tells itself, and sentences on what is missing or not as the run wrote it.

    Raises:
        RunFolderError: it is no run folder, was written by another version, or holds nothing that can be shown.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: there is no such run folder")
    if not (folder / MANIFEST).is_file():
        raise RunFolderError(f"{folder}: this is no run folder (it has no {MANIFEST})")
    manifest, summary = read_json(folder / MANIFEST), read_summary(folder / SUMMARY)
    version = summary.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RunFolderError(
            f"{folder / 'summary.json'}: it has schema_version {version}, and only {SCHEMA_VERSION} can be shown here; "
            f"run {SCENARIO} again with this version"
        )
    if lacking := [part for part, is_written in PARTS.items() if not is_written(summary.get(part))]:
        raise RunFolderError(f"{folder / SUMMARY}: {', '.join(lacking)}: missing, or not what a run writes")
    try:
        tables = {name: read_table(folder / f"{name}.csv") for name in dict.fromkeys((*CLAIMED, *_further(folder)))}
        kept = {name: folder / "inputs" / f"{name}.csv" for name in TABLES}
        inputs = {name: read_table(file) for name, file in kept.items() if file.is_file()}
        settings = read_settings(folder / SCENARIO)
    except InputError as error:
        raise RunFolderError(f"{folder}: the run folder cannot be read:\n{error}") from error
    doubts = [*changed_files(folder, manifest), *_missing(tables, inputs)]
    tables, inputs = (
        {name: _with_numbers(name, table, doubts) for name, table in some.items()} for some in (tables, inputs)
    )
    told = [f"{folder}: {what}" for what in doubts]
    view = View(summary, tables, inputs, settings)
    return (view.with_outlines(read_outlines(folder / OUTLINES)) if (folder / OUTLINES).is_file() else view), told


def joined_rows(read: Sequence[Mapping[str, TextTable]], name: str) -> ViewRows:
    """A table as runs read it, with the rows that any of them has; of the same row that of the last one counts."""
    tables = [inputs[name] for inputs in read if name in inputs]
    columns = list(dict.fromkeys(column for table in tables for column in table))
    found: dict[str, tuple[str, ...]] = {}
    for rows in map(ViewRows, tables):
        found |= zip(rows[TABLES[name].key[0]], zip(*(rows[column] for column in columns), strict=True), strict=True)
    cells = zip(*(found[key] for key in sorted(found)), strict=True) if found else ([] for _ in columns)
    return ViewRows(dict(zip(columns, map(list, cells), strict=True)))


def _further(folder: Path) -> list[str]:
    return [name for name in FURTHER if (folder / f"{name}.csv").is_file()]


def _missing(tables: Mapping[str, TextTable], inputs: Mapping[str, TextTable]) -> Iterator[str]:
    for name, columns in EXPECTED.items():
        lacking = [column for column in columns if column not in tables[name]]
        if lacking:
            yield (
                f"{name}.csv has no column {', '.join(lacking)}; the folder may be from another version, and what "
                "they hold is left out"
            )
    if not inputs:
        yield "its inputs were not kept (--no-inputs), so there is no map, and excluded schools have no names"


def _with_numbers(name: str, table: TextTable, doubts: list[str]) -> TextTable:
    """The table without the cells that are no number where there has to be one; `doubts` are told of them."""
    columns = dict(table)
    for column in (column for column in table if column in NUMBERS or column.startswith(NUMBERED)):
        wrong = [n for n, cell in enumerate(table[column]) if not _is_number(cell)]
        if wrong:
            doubts.append(
                f"{name}.csv: row {wrong[0] + 2}: {column}: a number is needed; got {table[column][wrong[0]]}"
            )
            bad = {*wrong}
            columns[column] = ["" if n in bad else cell for n, cell in enumerate(table[column])]
    return columns


def _is_number(cell: str) -> bool:
    try:
        return not cell or isfinite(float(cell))
    except ValueError:
        return False
