"""A run as it is shown, and where it comes from: a result just made, or a run folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.resolved import resolved_text
from nle_optimizer.reports.run_folder import CLAIMED, MANIFEST, SCENARIO, changed_files, read_json, read_table
from nle_optimizer.reports.settings import Setting, read_settings, settings_in
from nle_optimizer.reports.view.boundaries import Outlines, read_outlines
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES

SCHEMA_VERSION = 1
FURTHER = ("alternates", "uncertainty", "moves")
"""Tables that only some runs have; they are shown where present."""
OUTLINES = "inputs/boundaries.geojson"
EXPECTED = {
    "allocation": ("school_id", "nle_id", "fit", "distance_km", "school_name", "nle_name", "why"),
    "unmatched": ("school_id", "reason", "explanation", "name"),
    "exclusions": ("school_id", "stage", "reason", "evidence"),
    "nles": ("nle_id", "state", "reason"),
    "breakdown": ("group", "value", "eligible", "supported", "coverage", "mean_fit", "mean_distance_km"),
}
"""Columns without which something is missing from what is shown."""


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

    summary: Mapping[str, Any]
    tables: Mapping[str, TextTable]
    inputs: Mapping[str, TextTable]
    settings: Mapping[str, Setting]
    outlines: Outlines = ()
    remarks: tuple[str, ...] = field(default=())
    is_shared: bool = False

    def rows(self, name: str) -> "Rows":
        """A table of the run."""
        return Rows(self.tables.get(name, {}))

    def read(self, name: str) -> "Rows":
        """A table as the run read it."""
        return Rows(self.inputs.get(name, {}))

    def with_outlines(self, outlines: Outlines) -> "View":
        """The same with outlines of regions."""
        return replace(self, outlines=outlines)


@dataclass(frozen=True, eq=False)
class Rows:
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


def view_of(result: Result) -> View:
    """A result as its run folder will tell it."""
    scenario = result.scenario
    tables = {name: table for name in TABLES if (table := getattr(scenario, name)) is not None}
    text = resolved_text(scenario, {name: f"inputs/{name}.csv" for name in tables}, result.in_force)
    inputs = {name: TextOfRecords(table) for name, table in tables.items()}
    return View(result.claim.summary, result.claim.tables, inputs, settings_in(text, SCENARIO))


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


def read_view(folder: Path) -> tuple[View, list[str]]:
    """A run folder as it tells itself, and sentences on what is missing or not as the run wrote it.

    Raises:
        RunFolderError: it is no run folder, was written by another version, or holds nothing that can be shown.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: there is no such run folder")
    if not (folder / MANIFEST).is_file():
        raise RunFolderError(f"{folder}: this is no run folder (it has no {MANIFEST})")
    manifest, summary = read_json(folder / MANIFEST), read_json(folder / "summary.json")
    version = summary.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RunFolderError(
            f"{folder / 'summary.json'}: it has schema_version {version}, and only {SCHEMA_VERSION} can be shown here; "
            f"run {SCENARIO} again with this version"
        )
    try:
        tables = {name: read_table(folder / f"{name}.csv") for name in dict.fromkeys((*CLAIMED, *_further(folder)))}
        kept = {name: folder / "inputs" / f"{name}.csv" for name in TABLES}
        inputs = {name: read_table(file) for name, file in kept.items() if file.is_file()}
        settings = read_settings(folder / SCENARIO)
    except InputError as error:
        raise RunFolderError(f"{folder}: the run folder cannot be read:\n{error}") from error
    told = [f"{folder}: {what}" for what in (*changed_files(folder, manifest), *_missing(tables, inputs))]
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
