"""Tables under change: the state of every pair, what holds between two, cells that are set, and rows that are added."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import PINNED
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.replanning.last_week import LastWeek, Matched, Pair, rows_of

STANDING = ("proposed", "offered", *PINNED)
BARRED = ("forbid", "conflict", "objects")


@dataclass
class Amendments:
    """A scenario's tables, and how they are to differ.

    Attributes:
        scenario: the tables as they were read.
        matched: the pairs that the earlier run matched.
        states: the state of each pair of the current table to be.
        taken: what a pair takes of each resource, as text, where that is told.
        relations: what holds between two, where that differs from the pairs table.
        notes: a note for such a pair.
        cells: text to be set, by table, column and identifier.
        added: rows to be added, by table and identifier.
        broken: the change by which a pair no longer stands.
        pinned: the change that pinned a pair.
    """

    scenario: Scenario
    matched: Mapping[Pair, Matched]
    states: dict[Pair, str] = field(default_factory=dict)
    taken: dict[Pair, Mapping[str, str]] = field(default_factory=dict)
    relations: dict[Pair, Set[str]] = field(default_factory=dict)
    notes: dict[Pair, str] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    added: dict[str, dict[str, Change]] = field(default_factory=lambda: {"schools": {}, "nles": {}})
    broken: dict[Pair, Change] = field(default_factory=dict)
    pinned: dict[Pair, Change] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = {name: set(getattr(self.scenario, name).ids.tolist()) for name in ("schools", "nles")}
        trusts = self.scenario.trusts
        known = self.scenario.schools.values("matched_trust_id") if trusts is None else trusts.ids
        self.ids["trusts"] = set(known.tolist()) - {""}
        self._given = _relations(self.scenario)

    @property
    def recipients(self) -> set[str]:
        """Identifiers that a pair may have for its school: schools, and trusts that their schools form."""
        if self.scenario.settings.eligibility.recipients != "trust":
            return self.ids["schools"]
        return self.ids["schools"] | (set(self.scenario.schools.values("trust_id").tolist()) - {""})

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
        change = self.added.get(table, {}).get(identifier)
        if change is not None:
            return change.trust_id if column == "trust_id" else (change.further or {}).get(column, "")
        records = getattr(self.scenario, table)
        if records is None:
            return ""
        rows = (records.ids == identifier).nonzero()[0]
        return str(records.values(column)[rows[0]]) if len(rows) and records.given(column)[rows[0]] else ""

    def set_cell(self, table: str, column: str, identifier: str, text: str) -> None:
        """Set the text of a cell."""
        self.cells.setdefault(table, {}).setdefault(column, {})[identifier] = text

    def add(self, table: str, identifier: str, change: Change) -> None:
        """Add a row."""
        self.added[table][identifier] = change
        self.ids[table].add(identifier)

    def stands(self, pair: Pair) -> bool:
        """Whether the pair stands: it has a state, and did not end."""
        return self.states.get(pair) in STANDING

    def let_go(self, pair: Pair, change: Change) -> None:
        """The pair no longer stands: a started one is stopped, so that what it used stays used."""
        if self.stands(pair):
            self.broken[pair] = change
            if self.states[pair] == "started":
                self.states[pair] = "stopped"
            else:
                del self.states[pair]
        self._relate(pair, self.relation(pair) - {"require"})
        self.pinned.pop(pair, None)

    def end(self, pair: Pair, change: Change, used: Mapping[str, str]) -> None:
        """The pair ended well; what it used of a resource, where that is not what it was to take."""
        self.let_go(pair, change)
        self.states[pair] = "finished"
        self.taken[pair] = {**self.taken.get(pair, {}), **used}

    def bar(self, pair: Pair, change: Change, *words: str) -> None:
        """The pair may not be matched."""
        self.let_go(pair, change)
        self._relate(pair, self.relation(pair) | set(words), change)

    def require(self, pair: Pair, change: Change) -> None:
        """The pair must be matched."""
        self._relate(pair, self.relation(pair) | {"require"}, change)
        self.pinned[pair] = change

    def _relate(self, pair: Pair, words: Set[str], change: Change | None = None) -> None:
        if words != self.relation(pair):
            self.relations[pair] = words
        if change is not None:
            self.notes[pair] = change.sentence + (f": {change.note}" if change.note else "")


def amendments_of(scenario: Scenario, before: LastWeek, *, newer_tables: bool) -> Amendments:
    """A scenario with what stood at the end of an earlier run.

    Args:
        scenario: settings and tables.
        before: the earlier run.
        newer_tables: whether the tables are not those of the earlier run. Their own current table then tells more
            recent states: its rows beat those of the run, pair by pair.

    A pair that ended, and that the run matched again, has ended: the current table has one state for a pair.
    """
    desk = Amendments(scenario, before.matched)
    for pair, matched in before.matched.items():
        desk.states[pair], desk.taken[pair] = matched.state, matched.taken
    newer = dict(rows_of(scenario)) if newer_tables else {}
    for pair, (state, taken) in {**before.ended, **newer}.items():
        desk.states[pair] = state
        desk.taken[pair] = {**desk.taken.get(pair, {}), **taken}
    return desk


def _relations(scenario: Scenario) -> dict[Pair, Set[str]]:
    pairs = scenario.pairs
    if pairs is None:
        return {}
    columns = (pairs.values(name).tolist() for name in ("school_id", "nle_id", "relation"))
    return {(school, nle): frozenset(words) for school, nle, words in zip(*columns, strict=True) if words}
