"""The scenario file as it was written, with the place of every key; or a workbook that holds one.

A scenario in one XLSX workbook: a Settings sheet (key, value) and a sheet a table.

A scenario file with its bases, overrides and `--set` values folded into one document.

Later words win: base, file, named overrides in the order named, `--set`. Mappings merge key by key; lists,
conditions (`when`, `where`) and single values are replaced whole. Every value remembers where it came from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nle_optimizer.delimited import decode
from nle_optimizer.errors import Fault, Finding, InputError, Place, did_you_mean
from nle_optimizer.files import read_file
from nle_optimizer.records import ColumnSpec, Kind
from nle_optimizer.scenario.grids import HeldTable, WantedColumns, read_grid, settle_marks
from nle_optimizer.scenario.own_code import OwnCode, from_here, is_own
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.workbook import sheet_names
from nle_optimizer.scenario.yaml_text import MAX_CHARACTERS, Marked, parse_value, parse_yaml
from nle_optimizer.scenario.yaml_text import Path as Steps

MAX_BASES = 10
REPLACED_WHOLE = frozenset({"when", "where"})
LONGEST_SHOWN = 80
OUTSIDE = "the path leaves the folder of the scenario file"


@dataclass(repr=False)
class Document:
    """A scenario before validation.

    Attributes:
        file: the scenario file, as named.
        values: the merged settings.
        places: where each setting was written; `--set` and override names stand as the file.
        findings: what deserves a warning in the way it was written.
        bases: the files that it stands on, the nearest first.
        own_code: the code that `rule` may name, and whether it may run.
        held: tables that a program gives instead of files, by the path that stands for each.
    """

    file: Path
    values: dict[str, Any]
    places: dict[Steps, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    own_code: OwnCode = field(default_factory=OwnCode)
    bases: tuple[Path, ...] = ()
    held: Mapping[str, HeldTable] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Document {self.file.name}: {len(self.values):,} settings>"

    def copy(self) -> "Document":
        """A document that can be changed without changing this one."""
        values, findings = copy_values(self.values), list(self.findings)
        return Document(self.file, values, dict(self.places), findings, self.own_code, self.bases, self.held)

    def written(self, steps: Steps) -> Any:
        """What it says of a setting, valid or not; None where it says nothing."""
        value: Any = self.values
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def place(self, steps: Steps) -> Place:
        """The place of a setting, or of the nearest group around it."""
        for length in range(len(steps), -1, -1):
            if steps[:length] in self.places:
                return self.places[steps[:length]]
        return Place(str(self.file))

    def located(self, problem: Fault) -> Fault:
        """A problem that names a setting and no place, in the place of that setting; any other as it is."""
        if problem.place != Place() or not problem.path:
            return problem
        return replace(problem, place=self.place(self._steps(problem.path)))

    def _steps(self, key: str) -> Steps:
        """The path of a dotted key, as far as the document goes."""
        steps: list[str | int] = []
        holder: Any = self.values
        for word in key.split("."):
            step = _entry_of(holder, word)
            if step is None:
                break
            steps.append(step)
            holder = holder[step]
        return tuple(steps)

    def remember(self, origins: Mapping[str, str]) -> None:
        """Take over where settings come from, by dotted key in words, from a file that tells it of each."""
        for key, origin in origins.items():
            steps = self._steps(key)
            if origin and len(steps) == key.count(".") + 1:
                self._forget_below(steps)
                self.places[steps] = Place(origin)

    def origin(self, steps: Steps) -> str:
        """Where a setting comes from, in words: `england.yaml:12`, `--set`, `default`."""
        written = self._written(steps)
        if not written:
            return "default"
        place = self.place(written)
        return f"{Path(place.file).name}:{place.line}" if place.line else place.file

    def _written(self, steps: Steps) -> Steps:
        """The part of a path that was written; the short form of a group counts for all of it."""
        values: Any = self.values
        for length, step in enumerate(steps):
            if isinstance(values, Mapping):
                if step not in values:
                    return ()
                values = values[step]
            elif isinstance(values, list) and isinstance(step, int):
                values = values[step]
            else:
                return steps[:length]
        return steps

    def merge(self, values: Mapping[str, Any], places: Mapping[Steps, Place]) -> None:
        """Fold another document over this one."""
        self._merge(self.values, values, (), places)

    def _merge(
        self, into: dict[str, Any], values: Mapping[str, Any], steps: Steps, places: Mapping[Steps, Place]
    ) -> None:
        for key, value in values.items():
            here = (*steps, key)
            if here in places:
                self.places[here] = places[here]
            if isinstance(value, Mapping) and not isinstance(into.get(key), dict):
                into[key] = _opened(here, into.get(key)) or into.get(key)
            if _merges(into.get(key), value, key):
                self._merge(into[key], value, here, places)
            else:
                into[key] = value
                self._forget_below(here)
                self.places.update({p: place for p, place in places.items() if p[: len(here)] == here})

    def _forget_below(self, steps: Steps) -> None:
        stale = [path for path in self.places if path[: len(steps)] == steps and path != steps]
        for path in stale:
            del self.places[path]

    def set(self, key: str, value: Any, origin: Place) -> None:
        """Set one dotted key; entries of a list are addressed by their `name` or number.

        Raises:
            InputError: the key leads through something that has no such entry.
        """
        steps, holder = self._walk(key, origin)
        holder[steps[-1]] = value
        self._forget_below(steps)
        self.places[steps] = origin

    def set_by_user(self, key: str, value: Any, origin: Place) -> None:
        """Set one dotted key as the command line says: code that it names lies from the working directory, and may run.

        Raises:
            InputError: as `set`; there is no such code.
        """
        if key == "rule" and is_own(value):
            value = from_here(value)
            self.own_code = self.own_code.allowing(value, origin)
        self.set(key, value, origin)

    def _walk(self, key: str, origin: Place) -> tuple[Steps, Any]:
        holder: Any = self.values
        steps: list[str | int] = []
        *parents, last = key.split(".")
        for word in parents:
            step = _step(holder, word, key, origin)
            steps.append(step)
            entry = holder.get(step) if isinstance(holder, dict) else holder[step]
            if not isinstance(entry, dict | list):
                holder[step] = _opened(tuple(steps), entry)
                if not holder[step]:
                    self.places[tuple(steps)] = origin
            holder = holder[step]
        steps.append(_step(holder, last, key, origin))
        return tuple(steps), holder


def _opened(steps: Steps, value: Any) -> dict[str, Any]:
    """The long form of a setting written in its short form, so that parts of it can be changed; else nothing."""
    if steps == ("geography", "max_distance_km") and value is not None:
        return {"default": value}
    if len(steps) == 2 and isinstance(value, str):
        long_forms: dict[str | int, dict[str, Any]] = {"data": {"file": value}, "objectives": {value: {}}}
        return long_forms.get(steps[0], {})
    return {}


def _merges(old: Any, new: Any, key: str) -> bool:
    return isinstance(old, dict) and isinstance(new, Mapping) and key not in REPLACED_WHOLE


def _step(holder: Any, word: str, key: str, origin: Place) -> str | int:
    if not isinstance(holder, list):
        return word
    step = _entry_of(holder, word)
    if step is not None:
        return step
    names = [str(entry.get("name")) for entry in holder if isinstance(entry, dict)]
    raise InputError([Fault(origin, key, f"there is no entry {word!r}", hint=did_you_mean(word, names))])


def _entry_of(holder: Any, word: str) -> str | int | None:
    """The key or index of the entry that a word addresses; entries of a list by their `name` or number."""
    if isinstance(holder, dict):
        return word if word in holder else None
    if not isinstance(holder, list):
        return None
    if word.isdecimal() and int(word) < len(holder):
        return int(word)
    return next((n for n, entry in enumerate(holder) if isinstance(entry, dict) and entry.get("name") == word), None)


def read_document(file: Path, *, allow_outside: bool = False) -> Document:
    """A YAML scenario file over its bases, with absolute paths to its tables.

    Raises:
        InputError: anything unreadable, a base that leads to itself, a path that leaves its folder.
    """
    return _read(file, allow_outside, ())


def _read(file: Path, allow_outside: bool, seen: tuple[Path, ...]) -> Document:
    here = _resolved(file, Place(str(file)), "")
    if here in seen or len(seen) > MAX_BASES:
        chain = " -> ".join(path.name for path in (*seen, here))
        raise InputError([Fault(Place(str(file)), "base", f"the bases lead in a circle: {chain}")])
    marked = _parse(file)
    document = Document(file, dict(marked.values), dict(marked.places))
    base = document.values.pop("base", None)
    anchor_paths(document, allow_outside=allow_outside)
    if base is None:
        return document
    place = document.place(("base",))
    under = _read(within_folder(base, file, place, "base", allow_outside=allow_outside), allow_outside, (*seen, here))
    under.bases = (under.file, *under.bases)
    under.file = file
    under.merge(document.values, document.places)
    return under


def _parse(file: Path) -> Marked:
    try:
        data = read_file(file, 4 * MAX_CHARACTERS)
    except OSError as error:
        what = f"the scenario file cannot be read: {error.strerror}"
        raise InputError([Fault(Place(str(file)), "", what, hint="check the path")]) from None
    marked = parse_yaml(decode(file, data), str(file))
    if not isinstance(marked.values, dict):
        what = "a scenario file is a mapping of settings"
        raise InputError([Fault(Place(str(file), 1, 1), "", what, hint="see `nle-optimizer init`")])
    return marked


def anchor_paths(document: Document, *, allow_outside: bool) -> None:
    """Make the paths of the tables, and of a rule of one's own, absolute, from the folder of the document's file.

    Raises:
        InputError: every path that leaves that folder.
    """
    data = document.values.get("data")
    data = data if isinstance(data, dict) else {}
    problems: list[Fault] = []
    try:
        _anchor_rule(document, allow_outside=allow_outside)
    except InputError as error:
        problems += error.problems
    for name, entry in data.items():
        path = entry.get("file") if isinstance(entry, dict) else entry
        if not isinstance(path, str):
            continue
        place = document.place(("data", name, "file"))
        try:
            target = str(within_folder(path, document.file, place, f"data.{name}", allow_outside=allow_outside))
        except InputError as error:
            problems += error.problems
        else:
            data[name] = {**entry, "file": target} if isinstance(entry, dict) else target
    if problems:
        raise InputError(problems)


def _anchor_rule(document: Document, *, allow_outside: bool) -> None:
    rule = document.values.get("rule")
    if not isinstance(rule, str) or not is_own(rule) or rule in document.own_code.read:
        return  # what was read is absolute already, and the command line may name any file
    file, _, function = rule.rpartition(":")
    path = within_folder(file, document.file, document.place(("rule",)), "rule", allow_outside=allow_outside)
    document.values["rule"] = f"{path}:{function}"


def within_folder(path: Any, file: Path, place: Place, setting: str, *, allow_outside: bool) -> Path:
    """The path that a document's file names, from the folder of that file.

    Raises:
        InputError: it is no path, or leaves that folder.
    """
    if not isinstance(path, str) or not path or "\0" in path:
        raise InputError([Fault(place, setting, "a path is needed", repr(path))])
    folder = file.parent.resolve()
    target = folder / path
    if not _resolved(target, place, setting).is_relative_to(folder) and not allow_outside:
        raise InputError([Fault(place, setting, OUTSIDE, path, "move the file or give --allow-outside")])
    return target


def _resolved(path: Path, place: Place, setting: str) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # too long a name, links in a circle, no text
        raise InputError([Fault(place, setting, "the path leads nowhere", hint="check it")]) from None


def copy_values(values: Any) -> Any:
    """A copy of nested mappings and lists that can be changed without changing the original."""
    if isinstance(values, dict):
        return {key: copy_values(value) for key, value in values.items()}
    return [copy_values(value) for value in values] if isinstance(values, list) else values


def shorten(value: Any) -> str:
    """What was found, cut where it is long."""
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


SHEETS = {"schools": "Schools", "nles": "NLEs", "trusts": "Trusts", "pairs": "Pairs", "current": "Current"}


def read_workbook_document(file: Path, *, allow_outside: bool = False) -> Document:
    """The settings and tables of a workbook, as a document.

    Raises:
        InputError: no Settings sheet, a key twice, a value that cannot be read; each with its row.
    """
    sheets = {name.casefold(): name for name in sheet_names(file)}
    if "settings" not in sheets:
        hint = did_you_mean("Settings", sheets.values())
        raise InputError([Fault(Place(str(file)), "", "the workbook needs a sheet Settings", hint=hint)])
    document = Document(file, {"data": _data(file.absolute(), sheets)})
    problems: list[Fault] = []
    for row, key, text in _settings(file, document, problems):
        place = Place(f"{file.name}[Settings]", row=row)
        try:
            if tuple(key.split(".")) in document.places:
                raise InputError([Fault(place, key, "the key stands twice")])
            document.set(key, _value(text, place), place)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    anchor_paths(document, allow_outside=allow_outside)
    return document


def _data(file: Path, sheets: dict[str, str]) -> dict[str, Any]:
    present = {table: sheets[sheet.casefold()] for table, sheet in SHEETS.items() if sheet.casefold() in sheets}
    return {table: {"file": str(file), "sheet": sheet} for table, sheet in present.items()}


def _settings(file: Path, document: Document, problems: list[Fault]) -> Iterator[tuple[int, str, str]]:
    """Row, key and value of each setting; what a person does not see there is a finding of the document."""
    source = DataFile(file=str(file), sheet="Settings")
    grid = read_grid(source, WantedColumns(frozenset(), frozenset({"key", "value"})), document.findings)
    if [name.casefold() for name in grid.header[:2]] != ["key", "value"]:
        place = Place(grid.shown, row=grid.first)
        raise InputError([Fault(place, "", "the header must be key, value", ", ".join(grid.header) or "blank")])
    columns = {n: ColumnSpec(name, Kind.TEXT, "") for n, name in enumerate(("key", "value"))}
    wrong = settle_marks(grid, columns, (), document.findings)
    for name, faults in wrong.items():
        problems += [Fault(Place(grid.shown, row=row), name, what, got, hint) for row, what, got, hint in faults]
    unread = {row for faults in wrong.values() for row, *_ in faults}
    for row, (key, value, *_) in grid.body:
        if key.strip() and row not in unread:
            yield row, key.strip(), value.strip()


def _value(text: str, place: Place) -> Any:
    try:
        return parse_value(text, str(place))
    except InputError:
        if text[:1] in "[{":
            raise
        return text
