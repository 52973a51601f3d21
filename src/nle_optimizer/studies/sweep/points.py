"""The points of a sweep: every combination of what its parts say."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, overload

from nle_optimizer.delimited import read_rows
from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.scenario.yaml_text import parse_value

LABEL = "name"
"""Column of the table that labels a row; it changes nothing."""
SEED = "seed"


@dataclass(frozen=True)
class Change:
    """One dotted setting and its value, and where that was said."""

    key: str
    value: Any
    place: Place


@dataclass(frozen=True)
class Point:
    """One what-if.

    Attributes:
        choice: the named scenario it starts from; blank for the scenario itself.
        label: its name in the table of points; blank where it has none.
        changes: what it changes.
    """

    choice: str = ""
    label: str = ""
    changes: tuple[Change, ...] = ()

    def joined(self, other: "Point") -> "Point":
        """Both points at once."""
        return Point(self.choice or other.choice, self.label or other.label, self.changes + other.changes)


Axis = Sequence[Point]


@dataclass(frozen=True)
class Grid:
    """Axes of points, combined each with each; the last one varies fastest."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many points there are, however many."""
        return math.prod(map(len, self.axes)) if self.axes else 0

    def __iter__(self) -> Iterator[Point]:
        for parts in product(*self.axes):
            whole = Point()
            for part in parts:
                whole = whole.joined(part)
            yield whole


def choices_axis(names: Sequence[str]) -> Axis:
    """A point for each named scenario."""
    return [Point(choice=name) for name in names]


def key_axis(key: str, values: Sequence[Any], places: Sequence[Place]) -> Axis:
    """A point for each value of one setting."""
    return [Point(changes=(Change(key, value, place),)) for value, place in zip(values, places, strict=True)]


def zipped_axis(columns: Mapping[str, Axis]) -> Axis:
    """A point for the first values of all settings, one for the second ones, and so on."""
    rows = []
    for parts in zip(*columns.values(), strict=True):
        row = Point()
        for part in parts:
            row = row.joined(part)
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Seeds(Sequence[Point]):
    """A point for each of some seeds in a row; made when they are asked for, however many there are."""

    seeds: range
    place: Place

    def __len__(self) -> int:
        return len(self.seeds)

    @overload
    def __getitem__(self, at: int) -> Point: ...
    @overload
    def __getitem__(self, at: slice) -> "Seeds": ...
    def __getitem__(self, at: int | slice) -> "Point | Seeds":
        if isinstance(at, slice):
            return Seeds(self.seeds[at], self.place)
        return Point(changes=(Change(SEED, self.seeds[at], self.place),))


def table_axis(file: Path) -> Axis:
    """A point for each row of a CSV file whose columns are dotted settings; a blank cell changes nothing.

    Raises:
        InputError: the file cannot be read, has no row, or a row that does not fit its header.
    """
    header, *rows = [[cell.strip() for cell in row] for row in read_rows(file) if any(row)] or [[]]
    problems = [
        Problem(Place(str(file), row=n), "", f"the row has {len(row)} cells, and the header {len(header)}")
        for n, row in enumerate(rows, start=2)
        if len(row) != len(header)
    ]
    twice = sorted({key for key in header if header.count(key) > 1})
    problems += [Problem(Place(str(file), row=1), key, "the column stands twice") for key in twice]
    if not rows or "" in header:
        problems.append(
            Problem(Place(str(file), row=1), "", "a header of dotted settings and a row a point are needed")
        )
    if problems:
        raise InputError(problems)
    return [_row(header, row, Place(str(file), row=n)) for n, row in enumerate(rows, start=2)]


def _row(header: Sequence[str], row: Sequence[str], place: Place) -> Point:
    cells = dict(zip(header, row, strict=True))
    label = cells.pop(LABEL, "")
    return Point(
        "", label, tuple(Change(key, parse_value(cell, str(place)), place) for key, cell in cells.items() if cell)
    )
