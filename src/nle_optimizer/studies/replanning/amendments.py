"""Changes to the tables, with schools and NLEs that are added.

Tables under change: the state of every pair, what holds between two, cells that are set, and rows that are added.
Schools and NLEs that are added: filled by their number from the tables at hand, or refused with what is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nle_optimizer.errors import Finding, InputError, Place, did_you_mean
from nle_optimizer.model.build import distance_asked
from nle_optimizer.records import Records, as_text
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import AREAS, ENDED, PINNED, SCHOOLS
from nle_optimizer.scenario.gias import Register
from nle_optimizer.scenario.journal import Decision
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.studies.earlier_run import EarlierRun, Matched, Pair, rows_of

STANDING = ("proposed", "offered", *PINNED)
BARRED = ("forbid", "conflict", "objects")


class DecisionRefusedError(ValueError):
    """A decision that contradicts the tables or what stands, in words.

    Attributes:
        column: the cell of the change that is wrong.
        what: what is wrong.
        got: what was found there; None where that says nothing.
        hint: the nearest valid word, or another remedy.
    """

    def __init__(self, column: str, what: str, got: str | None = None, hint: str | None = None):
        super().__init__(what)
        self.column, self.what, self.got, self.hint = column, what, got, hint


@dataclass(frozen=True)
class NewRow:
    """A row to be added: the decision that adds it, and its filled cells."""

    decision: Decision
    cells: Mapping[str, str]


@dataclass
class Amendments:
    """A scenario's tables as they were given, and how they are to differ.

    Attributes:
        scenario: the tables as they were given, under the settings of now.
        matched: the pairs that the earlier run matched.
        states: the state of each pair of the current table to be.
        taken: what a pair takes of each resource, as text, where that is told.
        relations: what holds between two, where that differs from the pairs table.
        notes: a note for such a pair.
        cells: text to be set, by table, column and identifier.
        added: rows to be added, by table and identifier.
        broken: the decision by which a pair no longer stands.
        made: the decision by which a pair is pinned, agreed or started.
        completed: decisions with what follows from the tables filled in, by their number.
        register: the cells of a school by its number, where a register is at hand.
        recalls: whether decisions of earlier plans are being carried out, whose pairs stood when they were made.
    """

    scenario: Scenario
    matched: Mapping[Pair, Matched]
    states: dict[Pair, str] = field(default_factory=dict)
    taken: dict[Pair, Mapping[str, str]] = field(default_factory=dict)
    relations: dict[Pair, Set[str]] = field(default_factory=dict)
    notes: dict[Pair, str] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    added: dict[str, dict[str, NewRow]] = field(default_factory=lambda: {"schools": {}, "nles": {}})
    broken: dict[Pair, Decision] = field(default_factory=dict)
    made: dict[Pair, Decision] = field(default_factory=dict)
    completed: dict[int, Change] = field(default_factory=dict)
    recalls: bool = False
    register: "LookUp | None" = None

    def __post_init__(self) -> None:
        self.ids = {name: set(getattr(self.scenario, name).ids.tolist()) for name in ("schools", "nles")}
        trusts = self.scenario.trusts
        known = self.scenario.schools.values("matched_trust_id") if trusts is None else trusts.ids
        self.ids["trusts"] = set(known.tolist()) - {""}
        is_formed = self.scenario.settings.eligibility.recipients == "trust"
        self._formed = set(self.scenario.schools.values("trust_id").tolist()) - {""} if is_formed else set()
        self._given = _relations(self.scenario)

    def stood(self, identifier: str) -> bool:
        """Whether a pair of this school or NLE has a state, whether the tables have it or not."""
        return any(identifier in pair for pair in self.states)

    def is_recipient(self, identifier: str) -> bool:
        """Whether a pair may have this identifier for its school: a school, or a trust that its schools form."""
        return identifier in self.ids["schools"] or identifier in self._formed

    def relation(self, pair: Pair) -> Set[str]:
        """What holds between the two."""
        return self.relations.get(pair, self._given.get(pair, frozenset()))

    def required(self) -> set[Pair]:
        """Pairs that must be matched by the pairs table."""
        return {pair for pair in {**self._given, **self.relations} if "require" in self.relation(pair)}

    def cell(self, table: str, column: str, identifier: str) -> str:
        """The text of a cell, as it is set or was added or read; blank where there is none."""
        told = self.cells.get(table, {}).get(column, {}).get(identifier)
        if told is not None:
            return told
        addition = self.added.get(table, {}).get(identifier)
        if addition is not None:
            return addition.cells.get(column, "")
        return given_cell(self.scenario, table, column, identifier)

    def set_cell(self, table: str, column: str, identifier: str, text: str) -> None:
        """Set the text of a cell."""
        self.cells.setdefault(table, {}).setdefault(column, {})[identifier] = text

    def add(self, table: str, identifier: str, addition: NewRow) -> None:
        """Add a row."""
        self.added[table][identifier] = addition
        self.ids[table].add(identifier)

    def complete(self, decision: Decision, change: Change) -> None:
        """Fill in what follows from the tables of now, so that the journal tells it."""
        if not self.recalls:
            self.completed[decision.number] = change

    def stands(self, pair: Pair) -> bool:
        """Whether the pair stands: it has a state, and did not end."""
        return self.states.get(pair) in STANDING

    def stand(self, pair: Pair, state: str, decision: Decision) -> None:
        """The pair stands in a state from now on."""
        self.states[pair], self.made[pair] = state, decision

    def let_go(self, pair: Pair, decision: Decision) -> None:
        """The pair no longer stands: a started one is stopped, so that what it used stays used."""
        if self.stands(pair):
            self.broken[pair] = decision
            if self.states[pair] == "started":
                self.states[pair] = "stopped"
            else:
                del self.states[pair]
        self._relate(pair, self.relation(pair) - {"require"})
        self.made.pop(pair, None)

    def end(self, pair: Pair, decision: Decision, used: Mapping[str, str]) -> None:
        """The pair ended well; what it used of a resource, where that is not what it was to take."""
        self.let_go(pair, decision)
        self.states[pair] = "finished"
        self.taken[pair] = {**self.taken.get(pair, {}), **used}

    def bar(self, pair: Pair, decision: Decision, *words: str) -> None:
        """The pair may not be matched."""
        self.let_go(pair, decision)
        self._relate(pair, self.relation(pair) | set(words), decision)

    def require(self, pair: Pair, decision: Decision) -> None:
        """The pair must be matched."""
        self._relate(pair, self.relation(pair) | {"require"}, decision)
        self.made[pair] = decision

    def _relate(self, pair: Pair, words: Set[str], decision: Decision | None = None) -> None:
        if words != self.relation(pair):
            self.relations[pair] = words
        if decision is not None:
            change = decision.change
            self.notes[pair] = change.sentence + (f": {change.note}" if change.note else "")

    def stand_as_planned(self, before: EarlierRun, *, newer_tables: bool) -> None:
        """Pairs of the earlier plan stand as far as no decision says otherwise.

        So do those that newer tables call proposed or offered. What was only offered, and is in neither, does not; nor
        does a pair of a school that had been put back, where that was taken back.
        """
        was = {pair: state for pair, (state, _) in before.ended.items()}
        left = {pair[0] for pair, state in self.states.items() if (was.get(pair), state) == ("reopened", "finished")}
        given = {pair: state for pair, (state, _) in rows_of(telling(self.scenario, before))}
        planned = {pair: given.get(pair, STANDING[0]) for pair in self.matched if pair[0] not in left}
        newer = {pair: state for pair, state in given.items() if newer_tables and state in STANDING}
        for pair in [pair for pair, state in self.states.items() if state in STANDING and state not in PINNED]:
            if pair not in planned and pair not in newer:
                del self.states[pair]
        for pair, state in {**planned, **newer}.items():
            if pair not in self.states and not (pair not in planned and self.relation(pair) & set(BARRED)):
                self.states[pair] = state if state in STANDING else STANDING[0]
                self.broken.pop(pair, None)

    def contradicted(self, earlier: Scenario) -> list[Finding]:
        """Cells and states of newer tables that decisions of earlier plans overrule."""
        findings = []
        for table, columns in self.cells.items():
            for column, texts in columns.items():
                for identifier, text in texts.items():
                    if identifier not in self.ids[table]:
                        continue
                    now = given_cell(self.scenario, table, column, identifier)
                    if now not in (text, given_cell(earlier, table, column, identifier)):
                        what = f"{identifier} has {text or 'a blank'} by an earlier decision, which counts until undone"
                        findings.append(_overruled(getattr(self.scenario, table).source, column, what, now))
        for pair, (state, _) in rows_of(self.scenario):
            stands, is_decided = self.states.get(pair), pair in self.made or pair in self.relations
            if stands != state and (is_decided or stands in ENDED) and self.is_recipient(pair[0]):
                assert self.scenario.current is not None
                what = f"{pair[0]} with {pair[1]} is {stands or 'ended'} by an earlier decision"
                findings.append(_overruled(self.scenario.current.source, "state", what, state))
        return findings


def _overruled(source: str, column: str, what: str, got: str) -> Finding:
    return Finding(Place(source), column, what, got or "a blank", code="decision-over-table")


def given_cell(scenario: Scenario, table: str, column: str, identifier: str) -> str:
    """The text of a cell as the tables have it; blank where there is none."""
    records = getattr(scenario, table)
    if records is None or column not in records:
        return ""
    rows = (records.ids == identifier).nonzero()[0]
    return as_text(records.column(column).take(rows[:1]))[0] if len(rows) else ""


def telling(scenario: Scenario, before: EarlierRun) -> Scenario:
    """The scenario whose current table counts: newer tables without one leave what stood before."""
    return before.given if scenario.current is None else scenario


def amendments_of(scenario: Scenario, before: EarlierRun) -> Amendments:
    """A scenario with the pairs that the current table calls agreed, started or ended.

    What pairs used that have ended by then is as the earlier run told.
    """
    amended = Amendments(scenario, before.matched)
    amended.taken = {pair: taken for pair, (_, taken) in before.ended.items()}
    amended.taken |= {pair: matched.taken for pair, matched in before.matched.items()}
    for pair, (state, taken) in rows_of(telling(scenario, before)):
        if state in (*PINNED, *ENDED):
            amended.states[pair] = state
            amended.taken[pair] = {**amended.taken.get(pair, {}), **taken}
    return amended


def _relations(scenario: Scenario) -> dict[Pair, Set[str]]:
    pairs = scenario.pairs
    if pairs is None:
        return {}
    columns = (pairs.values(name).tolist() for name in ("school_id", "nle_id", "relation"))
    return {(school, nle): frozenset(words) for school, nle, words in zip(*columns, strict=True) if words}


LookUp = Callable[[str], Mapping[str, str] | None]
"""The filled cells of a school by its number, under our names; None where it is not known."""
PLACES = (("easting", "northing"), ("latitude", "longitude"))
NEEDED = {"schools": "need", "nles": "expertise"}
REMEDY = "fill them"
LOOKED_UP = (
    "fill them, or name a GIAS extract or a schools table that has them: --fill-from, or data.gias of the scenario"
)


def looked_up_in(file: Path | None, gias: Register | None) -> LookUp | None:
    """Where schools are looked up by number: a file first, then the register of the scenario; None without either.

    Args:
        file: a GIAS extract, or the schools table of a scenario.
        gias: the register that the scenario names.

    Raises:
        InputError: the file cannot be read.
    """
    from nle_optimizer.delimited import read_rows

    ways: list[LookUp] = []
    if file is not None:
        header = next(iter(read_rows(file)), [])
        ways.append(_ours(file) if SCHOOLS.key[0] in header else _official(Register(file)))
    if gias is not None:
        ways.append(_official(gias))
    return (lambda urn: next(filter(None, (way(urn) for way in ways)), None)) if ways else None


def _ours(file: Path) -> LookUp:
    reading = Reading()
    table = read_table(SCHOOLS, DataFile(file=str(file)), (), {}, reading)
    if table is None or reading.problems:
        raise InputError(reading.problems)
    columns = {name: as_text(column) for name, column in table.columns.items()}
    rows = {identifier: n for n, identifier in enumerate(table.ids.tolist())}

    def look_up(identifier: str) -> Mapping[str, str] | None:
        n = rows.get(identifier)
        return None if n is None else {name: cells[n] for name, cells in columns.items() if cells[n]}

    return look_up


def _official(register: Register) -> LookUp:
    from nle_optimizer.sources.england.schools import facts_of_gias, school_row

    @cache
    def look_up(urn: str) -> Mapping[str, str] | None:
        if urn not in register.establishments:
            return None
        return {name: text for name, text in school_row(urn, facts(), None).items() if text}

    facts = cache(lambda: facts_of_gias(register))
    return look_up


def filled(tables: Amendments, change: Change, table: str) -> dict[str, str]:
    """The filled cells of an added row, but for its identifier: its own, then those of the tables at hand.

    Raises:
        RefusedError: a column that the table does not have, a school that is closed, or cells that are still needed.
    """
    cells = dict(change.further or {})
    if tables.recalls:
        return cells
    records: Records = getattr(tables.scenario, table)
    known = [*records.spec.columns, *records.extra, *tables.scenario.resources]
    for name in cells:
        if name not in known:
            raise DecisionRefusedError(name, f"the {table} table has no such column", name, did_you_mean(name, known))
    if table == "schools":
        found = _looked_up(tables, change.school_id) or {}
        cells = {**{name: text for name, text in found.items() if name in known}, **cells}
        if cells.get("left_out"):
            what = f"{cells['left_out']}: {cells.get('left_out_evidence', 'it is left out there')}"
            raise DecisionRefusedError("school_id", f"it cannot be supported, {what}", change.school_id)
    else:
        _fill_from_home(tables, cells)
    own = {*records.spec.key, *(["trust_id"] if change.trust_id else [])}
    cells = {name: text for name, text in cells.items() if text and name not in own}
    missing = list(_missing(tables.scenario, records, change, cells))
    if missing:
        urn = change.school_id or cells.get("home_school_id", "")
        may_be_found = any(name in PLACES[0] or name.startswith("need_") for name in missing)
        is_unknown = may_be_found and urn and tables.register is not None and tables.register(urn) is None
        unknown = f"nothing at hand has the school {urn}, and " if is_unknown else ""
        hint = LOOKED_UP if may_be_found else REMEDY
        what = f"{unknown}these cells are needed: {', '.join(missing)}"
        raise DecisionRefusedError(records.spec.key[0], what, change.school_id or change.nle_id, hint)
    return cells


def _looked_up(tables: Amendments, urn: str) -> Mapping[str, str] | None:
    return None if tables.register is None else tables.register(urn)


def _fill_from_home(tables: Amendments, cells: dict[str, str]) -> None:
    from nle_optimizer.sources.england.people import fill_from_home

    home = cells.get("home_school_id", "")
    if not home:
        return
    names = (*PLACES[0], "region", "local_authority", "trust_id", "phase", "latest_grade")
    is_listed = home in tables.ids["schools"]
    found = {name: tables.cell("schools", name, home) for name in names} if is_listed else _looked_up(tables, home)
    if found is not None:
        fill_from_home(cells, {name: found.get(name, "") for name in names})


def _missing(scenario: Scenario, records: Records, change: Change, cells: Mapping[str, str]) -> Iterator[str]:
    """The columns without which the row could not be planned with."""
    settings, name = scenario.settings, records.spec.name
    key = records.spec.key[0]
    listed = _listed(scenario, key, change.school_id if name == "schools" else change.nle_id)
    geography = settings.geography
    asks = distance_asked(settings) or geography.min_distance_km or geography.max_distance_km
    has_place = any(all(cells.get(part) for part in place) for place in PLACES)
    if asks and not has_place and "distance_km" not in listed:
        yield from PLACES[0]
    if settings.fit.unknown == "error" and "fit" not in listed:
        columns = [f"{NEEDED[name]}_{area}" for area in AREAS if settings.fit.weights.get(area)]  # type: ignore[call-overload]
        yield from (column for column in columns if not cells.get(column))
    offered = {*settings.offer, *(resource for rule in eligibility_rules(settings) for resource in rule.offer)}
    for resource in scenario.resources:
        is_one = resource == "placements" and (name == "schools" or resource not in records)
        if not cells.get(resource) and not is_one and not (name == "schools" and resource in offered):
            yield resource


def _listed(scenario: Scenario, key: str, identifier: str) -> set[str]:
    """The columns that the pairs table fills for an identifier."""
    pairs = scenario.pairs
    if pairs is None:
        return set()
    mine = pairs.take(pairs.values(key) == identifier)
    return {name for name in mine if mine.given(name).any()}
