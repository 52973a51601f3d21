"""The cases of a sweep, each by what it is known by.

A sweep before it is carried out: every point with its settings checked, and the key of its case. What a case is known
by: a hash of its parsed settings, the content of its tables, and the program's version.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.folders import installed
from nle_optimizer.records import Records
from nle_optimizer.scenario.choices import apply_choices
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.document import Document, anchor_paths, copy_values
from nle_optimizer.scenario.own_code import Code, OwnCode, is_own
from nle_optimizer.scenario.scenario import Scenario, how_read, load_scenario, read_any_document
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.validation import validate
from nle_optimizer.studies.sweep.points import PointGrid, PointSetting, Wanted, WhatIf
from nle_optimizer.studies.sweep.workers import SweepTask

SAYS_NOTHING = ("name", "title", "data", "sweep")
"""Settings that change no result; of the tables, the content counts, and not where it lies."""


def key_of(settings: Settings, content: str, code: Code | None = None) -> str:
    """The key of a case: 64 hexadecimal digits.

    Args:
        settings: as parsed, so that 40 and 40.0 are the same.
        content: the digest of its tables, as `content_of` gives it.
        code: the rule, where it is one's own; what it holds counts, and not where it lies.
    """
    said = settings.model_dump(exclude=set(SAYS_NOTHING))
    if code is not None:
        said["rule"] = f"{code.name} {code.sha256}"
    only = settings.data.pairs is not None and settings.data.pairs.only
    return _digest([installed("nle-optimizer"), content, only, said])


def content_of(scenario: Scenario) -> str:
    """A digest of the tables as read: the same for any order of rows."""
    tables = {name: table for name in TABLES if (table := getattr(scenario, name)) is not None}
    return _digest([list(scenario.resources), {name: _table(table) for name, table in tables.items()}])


def _table(table: Records) -> dict[str, str]:
    return {
        name: _sha256([column.kind.value.encode(), column.given.tobytes(), _cells(np.asarray(column.values))])
        for name, column in table.columns.items()
    }


def _cells(values: Any) -> bytes:
    if values.dtype != object:
        return bytes(values.tobytes())
    return json.dumps(values.tolist(), ensure_ascii=False).encode()


def _sha256(parts: list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return _sha256([json.dumps(_plain(value), ensure_ascii=False).encode()])


def _plain(value: Any) -> Any:
    """A value as JSON, in which different values are different and equal numbers are equal."""
    if isinstance(value, Mapping):
        return {"mapping": [[_plain(key), _plain(entry)] for key, entry in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"number": format(Decimal(value).normalize(), "f")}
    return {"date": value.isoformat()} if isinstance(value, date) else value


RULE = "rule"
MOST_POINTS = 1_000_000
MOST_OF_ALL = 10_000_000
MANY = 10**15
MOST_SHOWN = 20


@dataclass(frozen=True)
class Planned:
    """A point, and the case that answers it; several points may share a case."""

    point: WhatIf
    task: SweepTask


@dataclass(frozen=True, eq=False)
class Plan:
    """A sweep, every point checked.

    Attributes:
        name: of the scenario.
        bases: the scenarios with their tables, to which tasks apply their changes.
        base: the scenario itself, to which every point is compared.
        points: in order, the last axis fastest.
    """

    name: str
    bases: Sequence[Scenario]
    base: SweepTask
    points: Sequence[Planned]

    @property
    def keys(self) -> list[str]:
        """Every dotted setting that is varied, in order of appearance."""
        return list(dict.fromkeys(change.key for planned in self.points for change in planned.point.changes))


def plan_sweep(
    file: str | Path,
    wanted: Wanted | None = None,
    *,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    allow_code: bool = False,
    may_be_huge: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Read a scenario, and check every point of its sweep.

    Args:
        file: the scenario file.
        wanted: what to try out; what it leaves open, the file's own `sweep` section says.
        choose, sets, allow_outside, allow_code: as for `load_scenario`; they hold for every point.
        may_be_huge: whether more than a million points are meant.
        tell: told what is being done.

    Raises:
        InputError: everything that is wrong, at once.
    """
    tell("reading the tables")
    how = {"allow_outside": allow_outside, "allow_code": allow_code}
    scenario = load_scenario(file, choose=choose, sets=sets, **how)
    axes = (wanted or Wanted()).axes(scenario.document, scenario.settings, allow_outside=allow_outside)
    most = MOST_OF_ALL if may_be_huge else MOST_POINTS
    if axes.size > most:
        hint = "vary fewer settings, or fewer values of each" if may_be_huge else "give --yes if so many are meant"
        count = f"{axes.size:,}" if axes.size < MANY else "a great many"
        raise InputError(f"the sweep has {count} points, and the limit is {most:,}; {hint}")
    written = read_any_document(Path(file), **how)
    planner = _Planner(scenario, written, tuple(choose), tuple(sets), allow_outside)
    tell("checking the points")
    points, base = planner.planned(axes), planner.task(WhatIf())
    planner.settle_code()
    return Plan(scenario.settings.name, planner.bases, base, points)


class _Planner:
    """Turns points into tasks; scenarios that read other tables, or start from other settings, are made once each."""

    def __init__(
        self, scenario: Scenario, written: Document, choose: tuple[str, ...], sets: tuple[str, ...], allow_outside: bool
    ):
        self._written, self._choose, self._sets, self._allow_outside = written, choose, sets, allow_outside
        self.bases = [scenario]
        self._content = [content_of(scenario)]
        self._by_choice = {"": 0}
        self._by_reading: dict[tuple[int, str], int] = {}
        self._code: dict[str, Code] = {}

    def planned(self, axes: PointGrid) -> list[Planned]:
        """Every point with its task.

        Raises:
            InputError: what is wrong with any of them.
        """
        found: list[Planned] = []
        problems: dict[Fault, None] = {}
        for point in axes:
            try:
                found.append(Planned(point, self.task(point)))
            except InputError as error:
                problems |= dict.fromkeys(error.problems)
        if problems:
            more = [Fault(Place(), "", f"and {len(problems) - MOST_SHOWN} more")] * (len(problems) > MOST_SHOWN)
            raise InputError([*list(problems)[:MOST_SHOWN], *more])
        return found

    def task(self, point: WhatIf) -> SweepTask:
        """The task that answers a point."""
        start = self._start(point.choice)
        document = self._changed(self.bases[start], point.changes)
        settings = validate(document)
        base = self._reading(start, document, settings)
        key = key_of(settings, self._content[base], self._permitted(document, settings))
        changes = {change.key: change.value for change in point.changes if not _names_tables(change)}
        return SweepTask(key, base, {**changes, RULE: settings.rule} if RULE in changes else changes)

    def _permitted(self, document: Document, settings: Settings) -> Code | None:
        """The rule of a point, where it is code of one's own and may run."""
        if not is_own(settings.rule):
            return None
        code = document.own_code.permitted(settings.rule, document.place((RULE,)))
        self._code[settings.rule] = code
        return code

    def settle_code(self) -> None:
        """Let just the code run that points name, as it was read for their keys, wherever they are worked out."""
        allowed = frozenset(code.sha256 for code in self._code.values())
        for base in self.bases:
            base.document.own_code = OwnCode(allowed, dict(self._code))

    def _start(self, choice: str) -> int:
        """The scenario that a named scenario starts from."""
        if choice not in self._by_choice:
            document = self._written.copy()
            apply_choices(document, [*self._choose, choice], self._sets, allow_outside=self._allow_outside)
            self._by_choice[choice] = self._add(self.bases[0].under(document))
        return self._by_choice[choice]

    def _changed(self, base: Scenario, changes: Sequence[PointSetting]) -> Document:
        document = base.document.copy()
        for change in changes:
            put = document.set_by_user if change.place.file in ("--grid", "--zip") else document.set
            put(change.key, change.value, change.place)
        if any(_names_tables(change) or change.key == RULE for change in changes):
            anchor_paths(document, allow_outside=self._allow_outside)
        return document

    def _reading(self, start: int, document: Document, settings: Settings) -> int:
        """The scenario that is as the one at `start`, but whose tables are read as these settings ask."""
        if how_read(settings) == how_read(self.bases[start].settings):
            return start
        reading = (start, repr(how_read(settings)))
        if reading not in self._by_reading:
            unchanged = self.bases[start].document.copy()
            unchanged.set("data", copy_values(document.values["data"]), Place("sweep"))
            self._by_reading[reading] = self._add(replace(self.bases[start].under(document), document=unchanged))
        return self._by_reading[reading]

    def _add(self, scenario: Scenario) -> int:
        self.bases.append(scenario)
        self._content.append(content_of(scenario))
        return len(self.bases) - 1


def _names_tables(change: PointSetting) -> bool:
    return change.key.split(".")[0] == "data"
