"""What is laid over a scenario file: overrides, settings and NLEs that do not exist yet.

What is chosen of a scenario file: its overrides and scenarios by name, and `KEY=VALUE` settings over all.

NLEs that do not exist yet: copies of existing ones, drawn with a seed, to ask what more of them would bring.

They are synthetic: `added-1-001` and so on, from the first entry of `supply.add`. Nobody is meant by them.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np

from nle_optimizer.errors import Fault, Finding, InputError, Place, did_you_mean
from nle_optimizer.files import unusable_name
from nle_optimizer.records import TEXT_KINDS, Column, ColumnSpec, Flags, Kind, Records
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.document import Document, anchor_paths, copy_values, shorten
from nle_optimizer.scenario.places import COORDINATES, place_records
from nle_optimizer.scenario.settings import Addition, Settings
from nle_optimizer.scenario.tables import Reading
from nle_optimizer.scenario.yaml_text import parse_value

CHOICES = (("overrides",), ("scenarios",))
FORMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "overrides": ("write {name: {dotted.key: value}}", lambda entry: isinstance(entry, dict)),
    "scenarios": (
        "write {name: [override, ...]}",
        lambda entry: isinstance(entry, list) and all(isinstance(member, str) for member in entry),
    ),
}
MOST_SHOWN = 20


def apply_choices(
    document: Document, names: Sequence[str], sets: Sequence[str], *, allow_outside: bool = False
) -> None:
    """Apply named overrides or scenarios, then `KEY=VALUE` settings, in order.

    Raises:
        InputError: an unknown name, a malformed `KEY=VALUE`, a path that leaves the folder of the file.
    """
    overrides = _section(document, "overrides")
    groups = _section(document, "scenarios")
    for name in names:
        for override in _members(document, name, overrides, groups):
            _override(document, override, overrides)
    _forget_choices(document)
    problems: list[Fault] = []
    for word in sets:
        try:
            _set(document, word)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    anchor_paths(document, allow_outside=allow_outside)


def _forget_choices(document: Document) -> None:
    """Forget where overrides and scenarios stood, of which there may be thousands, and a copy each would be made."""
    document.places = {steps: place for steps, place in document.places.items() if steps[:1] not in CHOICES}


def each_override(document: Document, problems: list[Fault], *, allow_outside: bool = False) -> dict[str, Document]:
    """The document without an override (under the name "") and with each of its overrides alone.

    Overrides that cannot be applied, and scenarios that name overrides that do not exist, go to `problems`.
    """
    plain = document.copy()
    overrides, groups = _section(plain, "overrides"), _section(plain, "scenarios")
    for name in groups:
        try:
            _members(plain, name, overrides, groups)
        except InputError as error:
            problems += error.problems
        if len(problems) >= MOST_SHOWN:
            break
    _forget_choices(plain)
    documents = {"": plain}
    for name in overrides:
        changed = plain.copy()
        try:
            _override(changed, name, overrides)
            if any(key.split(".")[0] in ("data", "rule") for key in overrides[name]):
                anchor_paths(changed, allow_outside=allow_outside)
        except InputError as error:
            problems += error.problems
        else:
            documents[name] = changed
    return documents


def _override(document: Document, name: str, overrides: Mapping[str, Any]) -> None:
    for key, value in overrides[name].items():
        document.set(key, copy_values(value), Place(f"overrides.{name}"))


def _set(document: Document, word: str) -> None:
    key, equals, text = word.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise InputError([Fault(Place("--set"), word, "write KEY=VALUE, such as geography.max_distance_km=40")])
    document.set_by_user(key.strip(), parse_value(text, "--set"), Place("--set"))


def _section(document: Document, name: str) -> dict[str, Any]:
    section = document.values.pop(name, None) or {}
    what, is_entry = FORMS[name]
    if not isinstance(section, dict):
        raise InputError([Fault(document.place((name,)), name, what, shorten(section))])
    problems = [
        Fault(document.place((name, key)), f"{name}.{key}", what, shorten(entry))
        for key, entry in section.items()
        if not is_entry(entry)
    ]
    problems += [
        Fault(document.place((name, key)), f"{name}.{key}", f"{why}; choose another name")
        for key in section
        if (why := unusable_name(key))
    ]
    if problems:
        raise InputError(problems[:MOST_SHOWN])
    return section


def _members(document: Document, name: str, overrides: Mapping[str, Any], groups: Mapping[str, Any]) -> Sequence[str]:
    members = groups.get(name, [name])
    for member in members:
        if member not in overrides:
            where = document.place(("scenarios", name)) if name in groups else Place("--scenario")
            hint = did_you_mean(str(member), [*overrides, *groups])
            raise InputError([Fault(where, name, "there is no such override", str(member), hint)])
    return members


LIKE_ANY = "existing"
BLANKED = ("home_school_id", "home_grade", "status")
"""Cells that belong to a person, and are not copied."""


def with_additions(
    nles: Records, settings: Settings, resources: Sequence[str], document: Document, reading: Reading
) -> Records:
    """The NLE table with the NLEs of `supply.add`; those that it has already, as a run folder's has, stay as they are.

    Problems and findings go to `reading`.
    """
    levels = {word.casefold(): int(share * 1_000_000) for word, share in settings.fit.levels.items()}
    named = [
        [f"added-{n + 1}-{number:03d}" for number in range(1, addition.count + 1)]
        for n, addition in enumerate(settings.supply.add)
    ]
    new = {identifier for ids in named for identifier in ids}
    existing = nles.take(np.array([identifier not in new for identifier in nles.ids.tolist()], dtype=bool))
    table = nles
    for n, (addition, ids) in enumerate(zip(settings.supply.add, named, strict=True)):
        if set(ids) & set(nles.ids.tolist()):
            continue
        maker = _Maker(existing, addition, ("supply", "add", n), document, reading)
        cells = maker.cells(resources, levels)
        pool = maker.pool(cells)
        if cells is not None and len(pool) and ids:
            table = table.joined(maker.drawn(pool, cells, ids))
    return table


class _Maker:
    def __init__(
        self,
        nles: Records,
        addition: Addition,
        steps: tuple[str | int, ...],
        document: Document,
        reading: Reading,
    ) -> None:
        self.nles, self.addition, self.steps = nles, addition, steps
        self.document, self.reading = document, reading

    def _told(self, key: str, what: str, got: str | None, hint: str | None) -> Fault:
        steps = (*self.steps, *key.split("."))
        return Fault(self.document.place(steps), ".".join(str(step) for step in steps), what, got, hint)

    def cells(self, resources: Sequence[str], levels: Mapping[str, int]) -> dict[str, Column] | None:
        """The cells of `where`, each a column of one row; None where one is wrong."""
        cells: dict[str, Column] = {}
        problems = []
        known = [*self.nles.spec.columns, *self.nles.extra, *resources]
        for name, value in self.addition.where.items():
            spec = self.nles.spec.columns.get(name)
            if name not in known or name in self.nles.spec.key:
                what = "the nles table has no such column" if name not in known else "its identifier is made here"
                problems.append(self._told(f"where.{name}", what, name, did_you_mean(name, known)))
                continue
            kind = Kind.AMOUNT if name in resources else Kind.TEXT
            text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
            cells[name], errors = parse_column([text], spec or ColumnSpec(name, kind, "", exact=True), levels)
            problems += [self._told(f"where.{name}", str(error), text, error.hint) for error in errors.values()]
        self.reading.problems += problems
        return None if problems else cells

    def pool(self, cells: Mapping[str, Column] | None) -> Records:
        """Whom the new NLEs resemble: available ones that meet `where`; all available ones where none does."""
        nles, like = self.nles, self.addition.like
        if like != LIKE_ANY and like not in nles.ids.tolist():
            what = "the nles table has no such identifier"
            self.reading.problems.append(self._told("like", what, like, did_you_mean(like, nles.ids.tolist())))
            return nles.take(np.zeros(len(nles), dtype=bool))
        chosen = np.asarray(nles.column("status").or_else("available") == "available", dtype=bool)
        if like != LIKE_ANY:
            return nles.take(np.asarray(nles.ids == like, dtype=bool))
        met = chosen.copy()
        for name, cell in (cells or {}).items():
            met &= _same(nles.column(name, cell.kind), cell)
        if met.any():
            return nles.take(met)
        what = "no available NLE meets this, so the new ones are drawn from all, with these cells"
        if not chosen.any():
            what = "no NLE is available that the new ones could be drawn from, so there are none; name one with `like`"
        said = self._told("where", what, None, None)
        self.reading.findings.append(Finding(said.place, said.path, what, code="additions-drawn-from-all"))
        return nles.take(chosen)

    def drawn(self, pool: Records, cells: Mapping[str, Column], ids: Sequence[str]) -> Records:
        """As many copies as there are identifiers, with the cells of `where`."""
        rng = Random(f"{self.addition.seed} {self.steps[-1]}")
        copies = pool.take(np.array([rng.randrange(len(pool)) for _ in ids], dtype=np.int64))
        columns = {name: column for name, column in copies.columns.items() if name not in BLANKED}
        repeated = np.zeros(len(ids), dtype=np.int64)
        columns |= {name: cell.take(repeated) for name, cell in cells.items()}
        given, names = np.ones(len(ids), dtype=bool), [f"Added NLE {identifier[6:]}" for identifier in ids]
        columns["nle_id"] = Column(Kind.IDENTIFIER, np.array(ids, dtype=object), given)
        columns["name"] = Column(Kind.TEXT, np.array(names, dtype=object), given)
        return self._placed(Records(pool.spec, pool.source, np.zeros(len(ids), dtype=np.int64), columns), cells)

    def _placed(self, copies: Records, cells: Mapping[str, Column]) -> Records:
        """The copies where `where` puts them; a place that a row of the table may not have is a problem."""
        if {"latitude", "longitude"} & set(cells):
            copies = copies.only([name for name in copies if name in cells or name not in ("easting", "northing")])
        placed, problems = place_records(copies)
        if problems:
            what = f"the place of a new NLE is none: {problems[0].what}"
            got = ", ".join(f"{name} {self.addition.where[name]}" for name in COORDINATES if name in cells)
            self.reading.problems.append(self._told("where", what, got or None, "give both coordinates, or neither"))
        return placed


def _same(column: Column, cell: Column) -> Flags:
    wanted = cell.values[0]
    if column.kind is Kind.NAMES:
        return np.array([set(wanted) <= set(names) for names in column.values], dtype=bool)
    if column.kind in TEXT_KINDS:
        return np.array([str(text).casefold() == str(wanted).casefold() for text in column.values], dtype=bool)
    return np.asarray(column.given & (column.values == wanted), dtype=bool)
