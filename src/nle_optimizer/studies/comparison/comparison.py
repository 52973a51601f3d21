"""Two runs compared.

`compare`: everything that differs between two runs, in one document and in tables. Figures of two runs side by side;
every difference is worked out exactly, then shown as a number.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from nle_optimizer.files import replace_file
from nle_optimizer.reports.page.compare_page import compare_page
from nle_optimizer.reports.view import ViewRows, joined_rows
from nle_optimizer.result import Result
from nle_optimizer.scenario.yaml_text import value_text
from nle_optimizer.studies.comparison.schools import (
    ComparedPairs,
    ComparedSchools,
    SchoolChange,
    compare_pairs,
    compare_schools,
)
from nle_optimizer.studies.comparison.side import (
    SCHEMA_VERSION,
    Inputs,
    InputTable,
    SettingChange,
    Side,
    TableDifference,
    compare_inputs,
    read_side,
    settings_that_differ,
    side_of,
    table_difference,
)
from nle_optimizer.studies.earlier_run import folder_of
from nle_optimizer.tables import NUMBER, TEXT, WHOLE, YES_NO, Answer, ResultTable, are, counted_in_words, of_rows

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


_SCHOOL = are(
    TEXT,
    "school_id",
    "name",
    "state_first",
    "reason_first",
    "nles_first",
    "state_second",
    "reason_second",
    "nles_second",
)
_PAIR = {
    **are(TEXT, "change", "school_id", "nle_id", "school_name", "nle_name"),
    **are(NUMBER, "fit", "distance_km"),
    **are(TEXT, "firmness", "why"),
}
_FIGURE = {**are(TEXT, "part", "name"), **are(NUMBER, "first", "second", "difference")}
_SETTING = are(TEXT, "key", "first", "first_origin", "second", "second_origin")
_INPUT = {"table": TEXT, "same": YES_NO, **are(WHOLE, "rows_first", "rows_second", "added", "removed", "changed")}
"""The columns of the tables of a comparison."""


def _school_row(change: SchoolChange) -> dict[str, Any]:
    sides = {"first": change.first, "second": change.second}
    told = {
        f"{name}_{which}": getattr(side, name) for which, side in sides.items() for name in ("state", "reason", "nles")
    }
    return {"school_id": change.school_id, "name": change.name, **told}


def _pair_rows(pairs: ComparedPairs) -> Iterator[dict[str, Any]]:
    for change, some in (("gained", pairs.gained), ("lost", pairs.lost)):
        yield from ({"change": change, **vars(pair)} for pair in some)


def _figure_rows(figures: ComparedFigures, part: str) -> Iterator[dict[str, Any]]:
    for entry in getattr(figures, part):
        ends = {"first": entry.first, "second": entry.second}
        values = {which: end["value"] if isinstance(end, Mapping) else end for which, end in ends.items()}
        yield {"part": part, "name": entry.name, **values, "difference": entry.difference}


def _setting_row(change: SettingChange) -> dict[str, Any]:
    sides = {"first": change.first, "second": change.second}
    known = {which: side for which, side in sides.items() if side is not None}
    told = {which: value_text(side.value) for which, side in known.items()}
    return {"key": change.key, **told, **{f"{which}_origin": side.origin for which, side in known.items()}}


def _input_row(table: InputTable) -> dict[str, Any]:
    found = table.difference
    if found is None:
        return {"table": table.table, "same": table.same}
    counts = {name: len(getattr(found, name)) for name in ("added", "removed", "changed")}
    return {**vars(found), "table": table.table, "same": table.same, **counts}


def _nle_rows(found: TableDifference) -> Iterator[dict[str, Any]]:
    for change, rows in (("added", found.added), ("removed", found.removed)):
        yield from ({"nle_id": row["nle_id"], "column": change} for row in rows)
    for changed in found.changed:
        yield from ({"nle_id": changed.key[0], "column": name, **vars(cell)} for name, cell in changed.cells.items())


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


@dataclass(frozen=True, repr=False)
class Comparison(Answer):
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
        places: the schools and NLEs that either run read, for a map of the changes.
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
    places: Mapping[str, ViewRows] = field(compare=False)

    def __repr__(self) -> str:
        runs = f"{self.first.run_folder} to {self.second.run_folder}"
        changed = counted_in_words(len(self.schools.changes), "school")
        pairs = f"{len(self.pairs.gained):,} pairs gained, {len(self.pairs.lost):,} lost"
        return f"<Comparison of {runs}: {changed} elsewhere, {pairs}>"

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

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`schools` that stand elsewhere, `pairs` gained and lost, `figures`, `settings`, `inputs` and `nles`."""
        figures = self.figures
        return {
            "schools": of_rows("schools", map(_school_row, self.schools.changes), _SCHOOL),
            "pairs": of_rows("pairs", _pair_rows(self.pairs), _PAIR),
            "figures": of_rows(
                "figures", (row for part in fields(figures) for row in _figure_rows(figures, part.name)), _FIGURE
            ),
            "settings": of_rows("settings", map(_setting_row, self.settings), _SETTING),
            "inputs": of_rows("inputs", map(_input_row, self.inputs.tables), _INPUT),
            "nles": of_rows("nles", _nle_rows(self.nles), are(TEXT, "nle_id", "column", "first", "second")),
        }

    def write_page(self, file: str | Path) -> Path:
        """Write it as a page with a map, as `compare --page` does.

        Args:
            file: where; an earlier one is replaced.

        Returns:
            The file.

        Raises:
            OSError: it cannot be written.
        """
        replace_file(Path(file), compare_page(self.document(), self.places["schools"], self.places["nles"]))
        return Path(file)

    def document(self) -> dict[str, Any]:
        """The whole as one JSON document."""
        whole = asdict(replace(self, places={}))
        figures = whole.pop("figures")
        del whole["places"]
        return {"schema_version": SCHEMA_VERSION, "same": self.same, **whole, **figures}


def compare(first: Result | str | Path, second: Result | str | Path) -> Comparison:
    """Tell what changed from the first run to the second.

    Nothing is solved or verified. Folders are taken as they are, and files that were changed since are named in
    `warnings`: whether a run stands is what `verify` tells. Names of schools are those of the second run where it
    knows them. Distances are in kilometres.

    Args:
        first, second: run folders or results.

    Raises:
        RunFolderError: either is no run folder, was written by another version, or cannot be read.
        TypeError: either is neither a path nor a result.
    """
    one, other = (side_of(run) if isinstance(run, Result) else read_side(folder_of(run)) for run in (first, second))
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
        {name: joined_rows([side.inputs for side in (one, other)], name) for name in ("schools", "nles")},
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
