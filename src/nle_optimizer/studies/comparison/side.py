"""One side of a comparison, and its tables.

One of the two run folders, read as files: a run can be compared whether or not its inputs were kept. Two readings of
one table, row by row. The tables that two runs read: which differ, and in which rows and columns. Settings of two
runs, key by key, from `scenario.resolved.yaml`: what differs, and who set it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.folders import MANIFEST, installed
from nle_optimizer.reports.resolved_scenario import Setting, read_settings
from nle_optimizer.reports.run_folder import SCENARIO, changed_files, read_json, read_summary, read_table, source_hashes
from nle_optimizer.reports.view import view_of
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES

SUMMARY = "summary.json"
SCHEMA_VERSION = 1
COLUMNS = {
    "allocation": ("school_id", "nle_id", "fit", "distance_km", "school_name", "nle_name", "firmness", "why"),
    "unmatched": ("school_id", "reason", "explanation", "name"),
    "exclusions": ("school_id", "stage", "reason", "evidence"),
    "nles": ("nle_id", "state", "reason"),
}
"""The tables that are compared, and the columns without which they cannot be."""


@dataclass(frozen=True, eq=False)
class Side:
    """A run folder as its files tell it.

    Attributes:
        path: the folder, as it was named.
        summary, manifest: the content of these files.
        tables: the tables named in `COLUMNS`.
        settings: every setting by dotted key, with its origin.
        inputs: the tables as the run read them, by name; only those that were kept.
        warnings: sentences on files that are not what the run wrote.
    """

    path: Path
    summary: Summary
    manifest: Mapping[str, Any]
    tables: Mapping[str, TextTable]
    settings: Mapping[str, Setting]
    inputs: Mapping[str, TextTable]
    warnings: tuple[str, ...]

    @property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """The files that the run read: `file` and `sha256` by table, and of the scenario."""
        sources: Mapping[str, Mapping[str, str]] = self.manifest["inputs"]
        return sources

    @cached_property
    def school_names(self) -> Mapping[str, str]:
        """Names of the schools, and of the trusts that are recipients, by identifier; of those that are known."""
        told = _by(self.tables["unmatched"], "school_id", "name")
        return {**_by(self.inputs.get("schools", {}), "school_id", "name"), **told, **self._supported("school")}

    @cached_property
    def nle_names(self) -> Mapping[str, str]:
        """Names of the NLEs, by identifier; without the inputs only of those who support somebody."""
        return {**_by(self.inputs.get("nles", {}), "nle_id", "name"), **self._supported("nle")}

    def _supported(self, kind: str) -> dict[str, str]:
        return _by(self.tables["allocation"], f"{kind}_id", f"{kind}_name")


def _by(table: TextTable, key: str, column: str) -> dict[str, str]:
    return dict(zip(table[key], table[column], strict=True)) if column in table else {}


def read_side(path: Path) -> Side:
    """A run folder, read to be compared.

    Raises:
        RunFolderError: it is no run folder, was written by another version, or lacks what is needed.
    """
    if not path.is_dir():
        raise RunFolderError(f"{path}: there is no such run folder")
    if not (path / MANIFEST).is_file():
        raise RunFolderError(f"{path}: this is no run folder (it has no {MANIFEST})")
    manifest, summary = read_json(path / MANIFEST), read_summary(path / SUMMARY)
    problems = list(_wrong_version(path, manifest, summary)) or list(_incomplete(path, manifest, summary))
    if problems:
        raise RunFolderError("\n".join(problems))
    try:
        tables = {name: _table(path / f"{name}.csv", columns) for name, columns in COLUMNS.items()}
        settings = read_settings(path / SCENARIO)
        kept = {name: path / "inputs" / f"{name}.csv" for name in TABLES}
        inputs = {name: _table(file, TABLES[name].key) for name, file in kept.items() if file.is_file()}
    except InputError as error:
        raise RunFolderError(f"{path}: the run folder cannot be read:\n{error}") from error
    warnings = tuple(f"{path}: {finding}" for finding in changed_files(path, manifest))
    return Side(path, summary, manifest, tables, settings, inputs, warnings)


def side_of(result: Result) -> Side:
    """A result as its run folder will tell it; it goes by the name of the scenario."""
    view, scenario = view_of(result), result.scenario
    manifest = {"inputs": source_hashes(scenario), "versions": {"nle-optimizer": installed("nle-optimizer")}}
    path = Path(scenario.settings.name)
    return Side(path, view.summary, manifest, view.tables, view.settings, view.inputs, ())


def _wrong_version(path: Path, *documents: Mapping[str, Any]) -> Iterator[str]:
    for name, document in zip((MANIFEST, SUMMARY), documents, strict=True):
        found = document.get("schema_version")
        if found != SCHEMA_VERSION:
            said = f"schema_version {found}" if found is not None else "no schema_version"
            yield (
                f"{path / name}: it has {said}, and only {SCHEMA_VERSION} can be compared here; "
                f"run {SCENARIO} again with this version"
            )


def _incomplete(path: Path, manifest: Mapping[str, Any], summary: Summary) -> Iterator[str]:
    """What a run writes and is not there; what is there has the form that a run gives it."""
    sources = manifest.get("inputs")
    if not isinstance(sources, dict) or not all(_has(source, "sha256") for source in sources.values()):
        yield f"{path / MANIFEST}: inputs is missing, or not what a run writes"
    forms: Mapping[str, Callable[[Any], bool]] = {
        "status": lambda value: isinstance(value, str),
        "counts": _figures,
        "metrics": _figures,
        "capacity": lambda value: isinstance(value, dict) and all(_figures(group) for group in value.values()),
        "objectives": lambda value: (
            isinstance(value, list)
            and all(_has(entry, "name", "value") and _is_figure(entry["value"]) for entry in value)
        ),
    }
    for part, is_written in forms.items():
        if not is_written(summary.get(part)):
            yield f"{path / SUMMARY}: {part} is missing, or not what a run writes"


def _has(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(name in value for name in names)


def _figures(value: Any) -> bool:
    """Whether it is a group of numbers, unknown ones among them."""
    return isinstance(value, dict) and all(_is_figure(number) for number in value.values())


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and isfinite(value))


def _table(file: Path, columns: tuple[str, ...]) -> TextTable:
    table = read_table(file)
    missing = [column for column in columns if column not in table]
    if missing:
        raise RunFolderError(f"{file}: the column {missing[0]} is missing")
    return table


Key = tuple[str, ...]
Row = Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One cell in both readings."""

    first: str
    second: str


@dataclass(frozen=True)
class RowChange:
    """A row that stands in both readings: its key, and the cells that differ, by column."""

    key: Key
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class TableDifference:
    """How a table changed.

    Attributes:
        rows_first, rows_second: how many rows each reading has.
        columns_added, columns_removed: columns that only the second, only the first reading has.
        added, removed: whole rows that only the second, only the first reading has, by key.
        changed: rows of both with the cells of shared columns that differ, by key.
        columns: in how many of these rows each column differs.
    """

    rows_first: int
    rows_second: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[RowChange, ...]
    columns: Mapping[str, int]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.columns_added or self.columns_removed or self.added or self.removed or self.changed)


def table_difference(
    first: TextTable, second: TextTable, key: Sequence[str], among: Sequence[str] | None = None
) -> TableDifference:
    """What differs between two readings of a table whose rows `key` identifies.

    Rows of one key (a history may have several) are told apart by their order. With `among`, only these columns
    count, beside the key.
    """
    old, new = _rows(first, key), _rows(second, key)
    columns = [name for name in first if name in second and (among is None or name in among)]
    changed = []
    for row in sorted(old.keys() & new.keys()):
        before, after = old[row], new[row]
        cells = {name: Cell(before[name], after[name]) for name in columns if before[name] != after[name]}
        if cells:
            changed.append(RowChange(row[:-1], cells))
    counts = Counter(name for change in changed for name in change.cells)
    return TableDifference(
        len(old),
        len(new),
        _only(second, first, among),
        _only(first, second, among),
        tuple(new[row] for row in sorted(new.keys() - old.keys())),
        tuple(old[row] for row in sorted(old.keys() - new.keys())),
        tuple(changed),
        dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))),
    )


def _only(here: TextTable, there: TextTable, among: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(sorted(name for name in here if name not in there and (among is None or name in among)))


def _rows(table: TextTable, key: Sequence[str]) -> dict[tuple[str, ...], Row]:
    seen: Counter[Key] = Counter()
    rows: dict[tuple[str, ...], Row] = {}
    for cells in zip(*table.values(), strict=True):
        row = dict(zip(table, cells, strict=True))
        identity = tuple(row[name] for name in key)
        rows[*identity, f"{seen[identity]:09}"] = row
        seen[identity] += 1
    return rows


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
    return Inputs(tuple(bare), tuple(_compared_table(name, first, second) for name in names))


def _compared_table(name: str, first: Side, second: Side) -> InputTable:
    """Kept tables are compared row by row; else equal hashes show that two files are one, and others show nothing."""
    one, other = first.sources.get(name), second.sources.get(name)
    if one is None or other is None:
        return InputTable(name, one, other, same=False, difference=None)
    if name in first.inputs and name in second.inputs:
        difference = table_difference(first.inputs[name], second.inputs[name], TABLES[name].key)
        return InputTable(name, one, other, difference.same, difference)
    return InputTable(name, one, other, True if one["sha256"] == other["sha256"] else None, None)


@dataclass(frozen=True)
class SettingChange:
    """A setting that is not the same in both runs; None on the side where it is not set."""

    key: str
    first: Setting | None
    second: Setting | None


def settings_that_differ(first: Mapping[str, Setting], second: Mapping[str, Setting]) -> tuple[SettingChange, ...]:
    """Every setting whose value differs, in the order of the files; a mere difference of origin is none."""
    keys = sorted({*first, *second})
    order = {key: n for settings in (second, first) for n, key in enumerate(settings)}
    changes = (SettingChange(key, first.get(key), second.get(key)) for key in sorted(keys, key=lambda key: order[key]))
    return tuple(change for change in changes if _setting_value(change.first) != _setting_value(change.second))


def _setting_value(setting: Setting | None) -> tuple[Any, ...]:
    return () if setting is None else (setting.value,)
