"""Two runs compared.

`compare`: everything that differs between two runs, in one document. The tables that two runs read: which differ, and
in which rows and columns. Settings of two runs, key by key, from `scenario.resolved.yaml`: what differs, and who set
it. Figures of two runs side by side; every difference is worked out exactly, then shown as a number.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from nle_optimizer.reports.resolved_scenario import Setting
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.studies.comparison.schools import ComparedPairs, ComparedSchools, compare_pairs, compare_schools
from nle_optimizer.studies.comparison.side import SCHEMA_VERSION, Side, TableDifference, read_side, table_difference


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
class ComparedFigures:
    """The figures of both summaries, by section."""

    objectives: tuple[EntryFigure, ...]
    counts: tuple[Figure, ...]
    metrics: tuple[Figure, ...]
    needs: tuple[Figure, ...]
    capacity: tuple[Figure, ...]
    constraints: tuple[EntryFigure, ...]


def compare_figures(first: Side, second: Side) -> ComparedFigures:
    """The figures of both runs; capacities are named `RESOURCE.available` and the like."""
    one, other = first.summary, second.summary
    return ComparedFigures(
        _entries(one["objectives"], other["objectives"], "name"),
        _side_by_side(one.get("counts", {}), other.get("counts", {})),
        _side_by_side(one.get("metrics", {}), other.get("metrics", {})),
        _side_by_side(one.get("needs", {}), other.get("needs", {})),
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


NOT_PROVED = ("feasible", "completed")
WITHOUT_ALLOCATION = ("infeasible", "unknown")
MEASURES_FIT = ("fit.measure", "fit.weights.", "fit.levels.", "suitability.prefer_bonus")
"""Settings after which a fit is no longer the same figure."""


@dataclass(frozen=True)
class ComparedSide:
    """One of the two runs, in a few words; `clashes` says why there is no allocation, where there is none."""

    run_folder: str
    scenario: str
    title: str
    rule: str
    engine: str
    status: str
    version: str
    clashes: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What changed from the first run to the second.

    Attributes:
        first, second: the runs.
        cautions: sentences on what the figures cannot bear.
        warnings: files that are not what the runs wrote.
        settings: settings that differ.
        inputs: the tables both read.
        figures: every figure of the summaries, side by side.
        schools, pairs: where every school stands, and with whom.
        nles: NLEs added, removed, or with another state, capacity or use.
        nle_names: names of the NLEs that are known, by identifier.
    """

    first: ComparedSide
    second: ComparedSide
    cautions: tuple[str, ...]
    warnings: tuple[str, ...]
    settings: tuple[SettingChange, ...]
    inputs: Inputs
    figures: ComparedFigures
    schools: ComparedSchools
    pairs: ComparedPairs
    nles: TableDifference
    nle_names: Mapping[str, str]

    @property
    def same(self) -> bool:
        """Whether the runs read the same, were set the same and came to the same."""
        result = (self.schools.changes, self.schools.reasons, self.pairs.gained, self.pairs.lost, self.pairs.altered)
        figures = self.figures
        numbers = (*figures.counts, *figures.metrics, *figures.needs, *figures.capacity)
        equal = all(figure.first == figure.second for figure in numbers) and all(
            entry.first == entry.second for entry in (*figures.objectives, *figures.constraints)
        )
        inputs = all(table.same for table in self.inputs.tables)
        ended = (self.first.status, self.first.clashes) == (self.second.status, self.second.clashes)
        return ended and not any(result) and not self.settings and equal and inputs and self.nles.same

    def document(self) -> dict[str, Any]:
        """The whole as one JSON document."""
        whole = asdict(self)
        figures = whole.pop("figures")
        return {"schema_version": SCHEMA_VERSION, "same": self.same, **whole, **figures}


def compare(first: Path, second: Path) -> Comparison:
    """What changed from the first run folder to the second.

    The folders are taken as they are, and files that were changed since are named in `warnings`: whether a run
    stands is what `verify` tells. Names of schools are those of the second run where it knows them.

    Raises:
        RunFolderError: either is no run folder, was written by another version, or cannot be read.
    """
    one, other = read_side(first), read_side(second)
    settings = settings_that_differ(one.settings, other.settings)
    pairs = compare_pairs(one, other)
    return Comparison(
        _run(one),
        _run(other),
        tuple(_cautions(one, other, settings, pairs)),
        tuple(dict.fromkeys((*one.warnings, *other.warnings))),
        settings,
        compare_inputs(one, other),
        compare_figures(one, other),
        compare_schools(one, other),
        pairs,
        _nles(one, other),
        {**one.nle_names, **other.nle_names},
    )


def _run(side: Side) -> ComparedSide:
    told = {name: str(side.summary.get(name, "")) for name in ("scenario", "title", "rule", "engine", "status")}
    version = str(side.manifest.get("versions", {}).get("nle-optimizer", ""))
    return ComparedSide(str(side.path), **told, version=version, clashes=tuple(side.summary.get("clashes", ())))


def _nles(first: Side, second: Side) -> TableDifference:
    """NLEs by state, reason, capacity and use; of a resource that only one run knows, the columns are named."""
    tables = first.tables["nles"], second.tables["nles"]
    columns = [name for table in tables for name in table if name.startswith(("state", "reason", "capacity_", "used_"))]
    return table_difference(*tables, ("nle_id",), columns)


def _cautions(first: Side, second: Side, settings: Sequence[SettingChange], pairs: ComparedPairs) -> Iterator[str]:
    for which, side in (("first", first), ("second", second)):
        status = side.summary["status"]
        if status in WITHOUT_ALLOCATION:
            yield f"The {which} run has no allocation ({status}): nobody is matched in it."
        elif status in NOT_PROVED:
            yield f"The {which} run is not proved optimal ({status}): what it missed is part of the difference."
    if measures := [change.key for change in settings if change.key.startswith(MEASURES_FIT)]:
        yield f"Fit is measured differently ({', '.join(measures)}): the two fits are not on one scale."
    if any(change.key == "objectives" for change in settings):
        yield "The runs pursue different objectives: compare the metrics, not the values of the objectives."
    ties = sum(pair.firmness == "some" for pair in pairs.lost)
    if ties:
        yield (
            f"{ties:,} of the {len(pairs.lost):,} pairs lost were ties: another optimal allocation "
            "of the first run did without them."
        )
    versions = [side.manifest.get("versions", {}).get("nle-optimizer", "") for side in (first, second)]
    if versions[0] != versions[1]:
        yield f"The runs were made by different versions of the program ({versions[0]} and {versions[1]})."
