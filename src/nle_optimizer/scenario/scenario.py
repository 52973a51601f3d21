"""A scenario: settings and tables that fit together, or every reason why they do not."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from nle_optimizer.errors import Fault, Finding, InputError, Place
from nle_optimizer.files import noted_reads
from nle_optimizer.records import MILLION, Records, as_text, text_column
from nle_optimizer.scenario.checks import check
from nle_optimizer.scenario.choices import apply_choices, each_override, with_additions
from nle_optimizer.scenario.columns import KNOWN_RESOURCES, TABLES
from nle_optimizer.scenario.condition_checks import read_compared
from nle_optimizer.scenario.document import Document, anchor_paths, read_document, read_workbook_document
from nle_optimizer.scenario.gias import Register, filled_from
from nle_optimizer.scenario.given import document_of, exact, hold
from nle_optimizer.scenario.grids import HeldTable
from nle_optimizer.scenario.own_code import Code, is_own
from nle_optimizer.scenario.setting_sections import Data, DataFile
from nle_optimizer.scenario.settings import Fit, Settings
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.scenario.validation import validate

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Scenario:
    """Settings and tables, read and checked.

    Attributes:
        file: the scenario file.
        settings: every setting.
        schools, nles: the tables, sorted by identifier.
        trusts, pairs, current: likewise, or None where the scenario names none.
        resources: names of the resources that limit an NLE, in order.
        findings: what deserves a warning; never an error.
        document: the merged text the settings came from, with origins.
        of_tables: those of the findings that were made while the tables were read.
        reads: the SHA-256 of every file that was read, of the bytes that were read, by path.
        gias: the register that the scenario names, or None.
    """

    file: Path
    settings: Settings
    schools: Records
    nles: Records
    trusts: Records | None
    pairs: Records | None
    current: Records | None
    resources: tuple[str, ...]
    findings: tuple[Finding, ...]
    document: Document
    of_tables: tuple[Finding, ...] = ()
    reads: Mapping[str, str] = dataclasses.field(default_factory=dict)
    gias: Register | None = None

    def __repr__(self) -> str:
        held = [f"{name} {len(table):,}" for name, table in self._tables().items() if table is not None]
        return f"<Scenario {self.settings.name}: {', '.join([*held, f'findings {len(self.findings):,}'])}>"

    @property
    def sources(self) -> dict[str, Path]:
        """The files that it was made from: `scenario`, `base`, `base 2` and so on, `gias`, each table by its name."""
        bases = {f"base {n}" if n > 1 else "base": path for n, path in enumerate(self.document.bases, start=1)}
        tables = {name: getattr(self.settings.data, name) for name in TABLES}
        files = {name: Path(source.file) for name, source in tables.items() if source is not None}
        files |= {} if self.gias is None else {"gias": self.gias.file}
        return {"scenario": self.file, **bases, **files}

    @property
    def own_rule(self) -> Code | None:
        """The code that is the rule, read but not run; None where the rule is one of ours.

        Raises:
            InputError: its file cannot be read.
        """
        rule = self.settings.rule
        return self.document.own_code.named(rule, self.document.place(("rule",))) if is_own(rule) else None

    def permitted_rule(self) -> Code | None:
        """The same, where it may run.

        Raises:
            InputError: nobody has allowed it, or its file cannot be read.
        """
        rule = self.settings.rule
        return self.document.own_code.permitted(rule, self.document.place(("rule",))) if is_own(rule) else None

    def allowing_code(self) -> "Scenario":
        """The same scenario, whose rule may be code of one's own."""
        document = self.document.copy()
        document.own_code = document.own_code.allowing_all()
        return dataclasses.replace(self, document=document)

    def replace(self, changes: Mapping[str, Any]) -> "Scenario":
        """The same scenario with dotted settings changed, validated anew; tables are read again only
        where the changes concern them.

        Args:
            changes: `{"geography.max_distance_km": 40}`, in the units of docs/reference/scenario.md.

        Raises:
            InputError: a key or value that is not valid.
            TypeError: it is given no mapping.
        """
        if not isinstance(changes, Mapping):
            raise TypeError(f"replace takes a mapping of dotted settings, not {type(changes).__name__}")
        document = self.document.copy()
        for key, value in changes.items():
            document.set(key, exact(value), Place("replace"))
        anchor_paths(document, allow_outside=True)
        return self.under(document)

    def under(self, document: Document) -> "Scenario":
        """These tables under the settings of another document; they are read again only where it reads them otherwise.

        Raises:
            InputError: whatever is wrong with the document.
        """
        settings = validate(document)
        with noted_reads() as reads:
            if how_read(settings) != how_read(self.settings):
                made = _assemble(document)
            else:
                reading = Reading(findings=[*self.of_tables])
                made = _checked(document, settings, self._tables(), reading, self.resources, self.gias)
        return dataclasses.replace(made, reads={**self.reads, **reads})

    def with_tables(self, tables: Mapping[str, Records | None], document: Document) -> "Scenario":
        """Some other tables, of the same resources, under the settings of a document, checked as files are.

        Raises:
            InputError: whatever is wrong with the document, or with the tables under it.
        """
        reading = Reading(findings=[*self.of_tables])
        both = {**self._tables(), **tables}
        made = _checked(document, validate(document), both, reading, self.resources, self.gias)
        return dataclasses.replace(made, reads=self.reads)

    @contextmanager
    def locating(self) -> Iterator[None]:
        """Say of errors that name a setting and no place where in the file that setting stands."""
        try:
            yield
        except InputError as error:
            raise type(error)([self.document.located(fault) for fault in error.problems]) from None

    def _tables(self) -> dict[str, Records | None]:
        return {name: getattr(self, name) for name in TABLES}


def how_read(settings: Settings) -> tuple[Any, ...]:
    """The settings that decide what is read from the tables, and how."""
    return settings.data, settings.fit.levels, settings.capacity.resources, settings.supply


def load_scenario(
    file: str | Path | Mapping[str, Any],
    *,
    schools: "pd.DataFrame | None" = None,
    nles: "pd.DataFrame | None" = None,
    trusts: "pd.DataFrame | None" = None,
    pairs: "pd.DataFrame | None" = None,
    current: "pd.DataFrame | None" = None,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    allow_code: bool = False,
) -> Scenario:
    """Read a scenario: its settings, and its tables from files or data frames.

    Columns and their units are those of docs/reference/tables.md. Messages count the rows of a data frame from 0, as
    `iloc` does, and those of a file from 1, with its header.

    Args:
        file: the scenario file (YAML, or an XLSX with a Settings sheet), or its settings as a mapping; paths in a
            mapping start from the working directory.
        schools, nles, trusts, pairs, current: tables that are read instead of the files that the settings name.
        choose: names of overrides or scenarios in the file, applied in order.
        sets: `KEY=VALUE` settings, which beat everything else; code that `rule=` names here may run.
        allow_outside: whether paths may leave the folder of the file that names them.
        allow_code: whether code that a file names as its rule may run.

    Raises:
        InputError: everything that is wrong, at once.
        TypeError: something is given that is of another kind than the above.
    """
    _refuse_other_kinds(file, choose, sets)
    given = {"schools": schools, "nles": nles, "trusts": trusts, "pairs": pairs, "current": current}
    with noted_reads() as reads:
        if isinstance(file, Mapping):
            document = document_of(file, allow_outside=allow_outside, allow_code=allow_code)
        else:
            document = read_any_document(Path(file), allow_outside=allow_outside, allow_code=allow_code)
        digests = hold(document, {name: frame for name, frame in given.items() if frame is not None})
        written = document.copy()
        apply_choices(document, choose, sets, allow_outside=allow_outside)
        made = _assemble(document, _wrong_overrides(written, allow_outside))
    return dataclasses.replace(made, reads={**reads, **digests})


def _refuse_other_kinds(file: Any, choose: Any, sets: Any) -> None:
    if isinstance(file, Scenario):
        raise TypeError("this is a Scenario already: scenario.replace({...}) changes its settings")
    if not isinstance(file, str | Path | Mapping):
        frame = ": tables are given as load_scenario({...}, schools=..., nles=...)" if hasattr(file, "columns") else ""
        raise TypeError(
            f"load_scenario takes the path of a scenario file or settings, not {type(file).__name__}{frame}"
        )
    if isinstance(choose, str):
        raise TypeError(f"choose is a list of names: choose=[{choose!r}]")
    if isinstance(sets, str):
        raise TypeError(f"sets is a list of KEY=VALUE: sets=[{sets!r}]")
    if isinstance(sets, Mapping):
        raise TypeError("sets is a list of KEY=VALUE; load_scenario(file).replace({...}) takes a mapping")


Given = Scenario | str | Path | Mapping[str, Any]
"""A scenario that was read, or what `load_scenario` reads one from."""


def scenario_in(
    given: Given,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    *,
    allow_outside: bool = False,
    allow_code: bool = False,
    also: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario that a function or command is given.

    Args:
        given: one that was read, or what `load_scenario` reads.
        choose, sets, allow_outside, allow_code: as for `load_scenario`.
        also: settings that options of their own stand for, such as `rule`, by dotted key; None where one is not given.

    Raises:
        InputError: everything that is wrong, at once.
        TypeError: something of another kind; `choose` or `allow_outside` for a scenario that was read already.
    """
    sets = sets if isinstance(sets, str | Mapping) else _with_options(sets, also or {})
    if not isinstance(given, Scenario):
        return load_scenario(given, choose=choose, sets=sets, allow_outside=allow_outside, allow_code=allow_code)
    _refuse_other_kinds(given.file, choose, sets)
    if choose or allow_outside:
        raise TypeError("choose and allow_outside say how a file is read, and this is a Scenario: give its path")
    scenario = given.allowing_code() if allow_code else given
    if not sets:
        return scenario
    document = scenario.document.copy()
    apply_choices(document, (), sets, allow_outside=True)
    return scenario.under(document)


def _with_options(sets: Sequence[str], also: Mapping[str, Any]) -> Sequence[str]:
    return [*sets, *(f"{key}={value}" for key, value in also.items() if value is not None)]


def read_any_document(file: Path, *, allow_outside: bool, allow_code: bool) -> Document:
    """A scenario as written, in YAML or in a workbook, over its bases.

    Raises:
        InputError: as `read_document`.
    """
    is_workbook = file.suffix.lower() in (".xlsx", ".xlsm")
    read: Callable[..., Document] = read_workbook_document if is_workbook else read_document
    document = read(file, allow_outside=allow_outside)
    if allow_code:
        document.own_code = document.own_code.allowing_all()
    return document


def _wrong_overrides(document: Document, allow_outside: bool) -> list[Fault]:
    """What is wrong with overrides and scenarios, chosen or not; nothing where the file is wrong without them."""
    problems: list[Fault] = []
    plain, *changed = each_override(document, problems, allow_outside=allow_outside).items()
    if _refusals(plain[1]):
        return []
    for name, alone in changed:
        told = _refusals(alone)
        problems += [dataclasses.replace(problem, place=Place(f"overrides.{name}")) for problem in told]
    return problems


def _refusals(document: Document) -> list[Fault]:
    try:
        validate(document)
    except InputError as error:
        return list(error.problems)
    return []


def _assemble(document: Document, known: Sequence[Fault] = ()) -> Scenario:
    reading = Reading(list(known), list(document.findings))
    try:
        settings = validate(document)
    except InputError as error:
        _read_tables_anyway(document, reading)
        raise InputError(list(dict.fromkeys([*error.problems, *reading.problems]))) from None
    tables, resources = _read_tables(settings, document.held, reading)
    named = settings.data.gias
    register = None if named is None else Register(Path(named.file))
    if register is not None and named is not None and named.fill:
        tables = {**filled_from(register, tables, reading)}
    if tables["nles"] is not None:
        tables["nles"] = with_additions(tables["nles"], settings, resources, document, reading)
    return _checked(document, settings, tables, reading, resources, register)


def _checked(
    document: Document,
    settings: Settings,
    tables: Mapping[str, Records | None],
    reading: Reading,
    resources: tuple[str, ...],
    register: Register | None,
) -> Scenario:
    of_tables = tuple(reading.findings)
    tables = read_compared(document, settings, tables, reading)
    check(document, settings, tables, resources, reading)
    schools, nles = tables["schools"], tables["nles"]
    if reading.problems or schools is None or nles is None:
        raise InputError(reading.problems)
    return Scenario(
        document.file,
        settings,
        schools,
        nles,
        tables["trusts"],
        tables["pairs"],
        tables["current"],
        resources,
        tuple(reading.findings),
        document,
        of_tables,
        gias=register,
    )


def _read_tables(
    settings: Settings, held: Mapping[str, HeldTable], reading: Reading
) -> tuple[dict[str, Records | None], tuple[str, ...]]:
    levels = {name.casefold(): int(share * MILLION) for name, share in settings.fit.levels.items()}
    named = settings.capacity.resources
    candidates = tuple(named if named is not None else KNOWN_RESOURCES)
    tables = _tables(settings.data, held, candidates, levels, reading)
    nles = tables["nles"]
    if named is not None or nles is None:
        return tables, candidates
    resources = tuple(name for name in candidates if nles.given(name).any()) or ("placements",)
    others = [name for name in candidates if name not in resources]
    return {name: _as_words(table, others) for name, table in tables.items()}, resources


def _as_words(table: Records | None, names: Sequence[str]) -> Records | None:
    """A table with the named columns as columns of one's own, which they are where they are no resource."""
    if table is None:
        return None
    return table.with_columns({name: text_column(as_text(table.column(name))) for name in names if name in table})


def _tables(
    data: Data,
    held: Mapping[str, HeldTable],
    resources: Sequence[str],
    levels: Mapping[str, int],
    reading: Reading,
) -> dict[str, Records | None]:
    sources: dict[str, DataFile | None] = {name: getattr(data, name) for name in TABLES}
    tables = {
        name: read_table(TABLES[name], source, resources, levels, reading, held.get(source.file)) if source else None
        for name, source in sources.items()
    }
    current = tables["current"]
    if current is not None:
        tables["current"] = current.only([*current.spec.columns, *resources])
    return tables


def _read_tables_anyway(document: Document, reading: Reading) -> None:
    try:
        data = Data.model_validate(document.values.get("data"))
    except ValidationError:
        return
    levels, resources = document.written(("fit", "levels")), document.written(("capacity", "resources"))
    words = levels if isinstance(levels, dict) else Fit().levels
    is_list = isinstance(resources, list)
    named = [name for name in resources if isinstance(name, str)] if is_list else KNOWN_RESOURCES
    _tables(data, document.held, named, {str(word).casefold(): 0 for word in words}, reading)
