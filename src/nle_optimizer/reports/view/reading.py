"""A run folder read to be shown: what is missing or no number is told and left out, and the rest is there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.folders import MANIFEST
from nle_optimizer.reports.run_folder import CLAIMED, SCENARIO, changed_files, read_json, read_table
from nle_optimizer.reports.settings import read_settings
from nle_optimizer.reports.view.boundaries import read_outlines
from nle_optimizer.reports.view.view import FURTHER, OUTLINES, Rows, View
from nle_optimizer.scenario.columns import TABLES

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
    manifest, summary = read_json(folder / MANIFEST), read_json(folder / SUMMARY)
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


def read_inputs(folders: Sequence[Path], name: str) -> Rows:
    """A table as runs read it, with the rows that any of them has; of the same row that of the last one counts."""
    tables = [read_table(file) for folder in folders if (file := folder / "inputs" / f"{name}.csv").is_file()]
    columns = list(dict.fromkeys(column for table in tables for column in table))
    found: dict[str, tuple[str, ...]] = {}
    for rows in map(Rows, tables):
        found |= zip(rows[TABLES[name].key[0]], zip(*(rows[column] for column in columns), strict=True), strict=True)
    cells = zip(*(found[key] for key in sorted(found)), strict=True) if found else ([] for _ in columns)
    return Rows(dict(zip(columns, map(list, cells), strict=True)))


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
