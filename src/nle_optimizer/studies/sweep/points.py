"""The points of a sweep, as the scenario or options ask, and what came of each as a row.

The points of a sweep: every combination of what its parts say. What a sweep is asked to try out: from the scenario's
own `sweep` section, and from options that beat it. `sweep.csv`: a row a point, with its settings, what came of it,
and how that differs from the scenario itself.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.delimited import csv_bytes, read_rows
from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import MILLION, TableSpec
from nle_optimizer.scenario.document import Document, within_folder
from nle_optimizer.scenario.given import exact, held_table
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.yaml_text import parse_value
from nle_optimizer.studies.sweep.workers import CaseAnswer
from nle_optimizer.tables import NUMBER, TEXT, WHOLE, are

if TYPE_CHECKING:
    import pandas as pd

LABEL = "name"
"""Column of the table that labels a row; it changes nothing."""
SEED = "seed"
TABLE = TableSpec("table", (), {}, "A column a dotted setting, a row a point.")


@dataclass(frozen=True)
class PointSetting:
    """One dotted setting and its value, and where that was said."""

    key: str
    value: Any
    place: Place


@dataclass(frozen=True)
class WhatIf:
    """One what-if.

    Attributes:
        choice: the named scenario it starts from; blank for the scenario itself.
        label: its name in the table of points; blank where it has none.
        changes: what it changes.
    """

    choice: str = ""
    label: str = ""
    changes: tuple[PointSetting, ...] = ()

    def joined(self, other: "WhatIf") -> "WhatIf":
        """Both points at once."""
        return WhatIf(self.choice or other.choice, self.label or other.label, self.changes + other.changes)


Axis = Sequence[WhatIf]


@dataclass(frozen=True)
class PointGrid:
    """Axes of points, combined each with each; the last one varies fastest."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many points there are, however many."""
        return math.prod(map(len, self.axes)) if self.axes else 0

    def __iter__(self) -> Iterator[WhatIf]:
        for parts in product(*self.axes):
            whole = WhatIf()
            for part in parts:
                whole = whole.joined(part)
            yield whole


def choices_axis(names: Sequence[str]) -> Axis:
    """A point for each named scenario."""
    return [WhatIf(choice=name) for name in names]


def key_axis(key: str, values: Sequence[Any], places: Sequence[Place]) -> Axis:
    """A point for each value of one setting."""
    return [WhatIf(changes=(PointSetting(key, value, place),)) for value, place in zip(values, places, strict=True)]


def zipped_axis(columns: Mapping[str, Axis]) -> Axis:
    """A point for the first values of all settings, one for the second ones, and so on."""
    rows = []
    for parts in zip(*columns.values(), strict=True):
        row = WhatIf()
        for part in parts:
            row = row.joined(part)
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Seeds(Sequence[WhatIf]):
    """A point for each of some seeds in a row; made when they are asked for, however many there are."""

    seeds: range
    place: Place

    def __len__(self) -> int:
        return len(self.seeds)

    @overload
    def __getitem__(self, at: int) -> WhatIf: ...
    @overload
    def __getitem__(self, at: slice) -> "Seeds": ...
    def __getitem__(self, at: int | slice) -> "WhatIf | Seeds":
        if isinstance(at, slice):
            return Seeds(self.seeds[at], self.place)
        return WhatIf(changes=(PointSetting(SEED, self.seeds[at], self.place),))


def table_axis(table: "Path | pd.DataFrame") -> Axis:
    """A point for each row of a CSV file or data frame whose columns are dotted settings; a blank changes nothing.

    Raises:
        InputError: the file cannot be read, has no row, or a row that does not fit its header.
        TypeError: it is neither.
    """
    if isinstance(table, Path):
        name, first = str(table), 2
        header, *rows = [[cell.strip() for cell in row] for row in read_rows(table) if any(row)] or [[]]
    else:
        held = held_table(TABLE, table)
        name, first = held.name, 0
        header, rows = list(held.header), [[cell.strip() for cell in row] for row in held.rows]
    problems = [
        Fault(Place(name, row=n), "", f"the row has {len(row)} cells, and the header {len(header)}")
        for n, row in enumerate(rows, start=first)
        if len(row) != len(header)
    ]
    top = Place(name, row=first - 1) if first else Place(name)
    twice = sorted({key for key in header if header.count(key) > 1})
    problems += [Fault(top, key, "the column stands twice") for key in twice]
    if not rows or "" in header:
        problems.append(Fault(top, "", "a header of dotted settings and a row a point are needed"))
    if problems:
        raise InputError(problems)
    return [_row(header, row, Place(name, row=n)) for n, row in enumerate(rows, start=first)]


def _row(header: Sequence[str], row: Sequence[str], place: Place) -> WhatIf:
    cells = dict(zip(header, row, strict=True))
    label = cells.pop(LABEL, "")
    return WhatIf(
        "", label, tuple(PointSetting(key, parse_value(cell, str(place)), place) for key, cell in cells.items() if cell)
    )


Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Wanted:
    """What to try out beside, or instead of, what the scenario file says; each part beats the same part there.

    Attributes:
        grid: dotted key: its values; every combination of them.
        zip: dotted key: its values; the first of all keys, then the second of all, and so on.
        table: a CSV file or data frame with a column a dotted key and a row a point.
        scenarios: names of overrides or scenarios of the file.
        seeds: so many seeds in a row, from the scenario's own.
    """

    grid: Values = field(default_factory=dict)
    zip: Values = field(default_factory=dict)
    table: "str | Path | pd.DataFrame | None" = None
    scenarios: Sequence[str] = ()
    seeds: int | None = None

    def axes(self, document: Document, settings: Settings, *, allow_outside: bool) -> PointGrid:
        """Every axis of the sweep of a scenario.

        Raises:
            InputError: nothing to try out, a key that stands twice, a table that cannot be read.
        """
        grid = self._columns("grid", self.grid, document, settings.sweep.grid)
        zipped = self._columns("zip", self.zip, document, settings.sweep.zip)
        axes = [choices_axis(self.scenarios or settings.sweep.scenarios), *grid.values()]
        axes.append(_zipped(zipped))
        table = self._table(document, settings, allow_outside=allow_outside)
        axes.append([] if table is None else table_axis(table))
        axes.append(self._seeds(document, settings))
        filled = tuple(axis for axis in axes if axis)
        _refuse_nothing(document, filled)
        _refuse_doubles(filled)
        return PointGrid(filled)

    def _columns(self, part: str, asked: Values, document: Document, written: Values) -> dict[str, Axis]:
        if asked:
            return {
                key: key_axis(key, [exact(value) for value in values], [Place(f"--{part}")] * len(values))
                for key, values in asked.items()
            }
        return {
            key: key_axis(key, values, [document.place(("sweep", part, key, n)) for n in range(len(values))])
            for key, values in written.items()
        }

    def _seeds(self, document: Document, settings: Settings) -> Axis:
        place = Place("--seeds") if self.seeds else document.place(("sweep", "seeds"))
        count = self.seeds or settings.sweep.seeds or 0
        return Seeds(range(settings.seed, settings.seed + count), place)

    def _table(self, document: Document, settings: Settings, *, allow_outside: bool) -> "Path | pd.DataFrame | None":
        if self.table is not None:
            return Path(self.table) if isinstance(self.table, str) else self.table
        written = settings.sweep.table
        if written is None:
            return None
        place = document.place(("sweep", "table"))
        return within_folder(written, document.file, place, "sweep.table", allow_outside=allow_outside)


def parse_axis(words: Sequence[str], option: str) -> dict[str, list[Any]]:
    """`KEY=V,V` options as keys and values; a value is written as in a scenario file, so brackets make a list.

    Raises:
        InputError: every option that is not so written.
    """
    axes: dict[str, list[Any]] = {}
    problems = []
    for word in words:
        key, _, text = (part.strip() for part in word.partition("="))
        try:
            values = parse_value(f"[{text}]", option) if text else []
        except InputError:
            values = []
        if not all(key.split(".")) or not values or not isinstance(values, list):
            what = "write KEY=VALUE,VALUE, such as geography.max_distance_km=20,40"
            problems.append(Fault(Place(option), word, what))
        elif key in axes:
            problems.append(Fault(Place(option), key, "the key is given twice"))
        axes[key] = values
    if problems:
        raise InputError(problems)
    return axes


def _zipped(columns: Mapping[str, Axis]) -> Axis:
    if not columns:
        return []
    lengths = {key: len(axis) for key, axis in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise InputError([Fault(Place("--zip"), "", "the keys need equally many values", told)])
    return zipped_axis(columns)


def _refuse_nothing(document: Document, axes: Sequence[Axis]) -> None:
    if not axes:
        what = "there is nothing to sweep over"
        hint = "give --grid KEY=V,V, --zip, --table, --scenarios or --seeds, or a `sweep` section in the file"
        raise InputError([Fault(document.place(("sweep",)), "sweep", what, hint=hint)])


def _refuse_doubles(axes: Sequence[Axis]) -> None:
    varied = [{change.key: change.place for point in _telling(axis) for change in point.changes} for axis in axes]
    count = Counter(key for keys in varied for key in keys)
    twice = {key: place for keys in varied for key, place in keys.items() if count[key] > 1}
    if twice:
        raise InputError(
            [Fault(place, key, "the key is varied in two parts of the sweep") for key, place in twice.items()]
        )


def _telling(axis: Axis) -> Axis:
    """The points of an axis that tell which keys it varies; all seeds vary the same."""
    return axis[:1] if isinstance(axis, Seeds) else axis


Row = dict[str, str]
CHANGE = "change_"


def sheet_of(rows: Sequence[Row]) -> bytes:
    """The rows as CSV."""
    return csv_bytes(columns_of(rows))


def columns_of(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The rows as columns; one that only some have is blank in the others."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name, "") for row in rows] for name in names}


def row_of(position: int, point: WhatIf, answer: CaseAnswer, base: CaseAnswer | None) -> Row:
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


def said(point: WhatIf) -> Row:
    """The settings of a point as text."""
    return {change.key: shown(change.value) for change in point.changes}


def types_of_row(columns: Iterable[str], points: Iterable[WhatIf]) -> dict[str, str]:
    """What the columns of `sweep.csv` hold; a setting is a number where every point gives it one.

    Args:
        columns: of the table.
        points: every point of the sweep.
    """
    given: dict[str, list[Any]] = {}
    for point in points:
        for change in point.changes:
            given.setdefault(change.key, []).append(change.value)
    settings = {key: NUMBER if all(map(_is_decimal, values)) else TEXT for key, values in given.items()}
    words = are(TEXT, "scenario", LABEL, "status", "error", "engine")
    return {name: settings.get(name) or words.get(name) or (WHOLE if name == "point" else NUMBER) for name in columns}


def _is_decimal(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def figures_of(summary: Summary | None) -> dict[str, Any]:
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
