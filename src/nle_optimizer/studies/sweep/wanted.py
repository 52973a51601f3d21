"""What a sweep is asked to try out: from the scenario's own `sweep` section, and from options that beat it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.scenario.document import Document, within_folder
from nle_optimizer.scenario.scenario import exact
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.yaml_text import parse_value
from nle_optimizer.studies.sweep.points import (
    Axis,
    Grid,
    Seeds,
    choices_axis,
    key_axis,
    table_axis,
    zipped_axis,
)

Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Wanted:
    """What to try out beside, or instead of, what the scenario file says; each part beats the same part there.

    Attributes:
        grid: dotted key: its values; every combination of them.
        zip: dotted key: its values; the first of all keys, then the second of all, and so on.
        table: a CSV file with a column a dotted key and a row a point.
        scenarios: names of overrides or scenarios of the file.
        seeds: so many seeds in a row, from the scenario's own.
    """

    grid: Values = field(default_factory=dict)
    zip: Values = field(default_factory=dict)
    table: str | Path | None = None
    scenarios: Sequence[str] = ()
    seeds: int | None = None

    def axes(self, document: Document, settings: Settings, *, allow_outside: bool) -> Grid:
        """Every axis of the sweep of a scenario.

        Raises:
            InputError: nothing to try out, a key that stands twice, a table that cannot be read.
        """
        grid = self._columns("grid", self.grid, document, settings.sweep.grid)
        zipped = self._columns("zip", self.zip, document, settings.sweep.zip)
        axes = [choices_axis(self.scenarios or settings.sweep.scenarios), *grid.values()]
        axes.append(_zipped(zipped))
        table = self._table(document, settings, allow_outside=allow_outside)
        axes.append(table_axis(table) if table else [])
        axes.append(self._seeds(document, settings))
        filled = tuple(axis for axis in axes if axis)
        _refuse_nothing(document, filled)
        _refuse_doubles(filled)
        return Grid(filled)

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

    def _table(self, document: Document, settings: Settings, *, allow_outside: bool) -> Path | None:
        if self.table is not None:
            return Path(self.table)
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
            problems.append(Problem(Place(option), word, what))
        elif key in axes:
            problems.append(Problem(Place(option), key, "the key is given twice"))
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
        raise InputError([Problem(Place("--zip"), "", "the keys need equally many values", told)])
    return zipped_axis(columns)


def _refuse_nothing(document: Document, axes: Sequence[Axis]) -> None:
    if not axes:
        what = "there is nothing to sweep over"
        hint = "give --grid KEY=V,V, --zip, --table, --scenarios or --seeds, or a `sweep` section in the file"
        raise InputError([Problem(document.place(("sweep",)), "sweep", what, hint=hint)])


def _refuse_doubles(axes: Sequence[Axis]) -> None:
    varied = [{change.key: change.place for point in _telling(axis) for change in point.changes} for axis in axes]
    count = Counter(key for keys in varied for key in keys)
    twice = {key: place for keys in varied for key, place in keys.items() if count[key] > 1}
    if twice:
        raise InputError(
            [Problem(place, key, "the key is varied in two parts of the sweep") for key, place in twice.items()]
        )


def _telling(axis: Axis) -> Axis:
    """The points of an axis that tell which keys it varies; all seeds vary the same."""
    return axis[:1] if isinstance(axis, Seeds) else axis
