"""`allocation.csv` and the alternates, derived anew.

Every cell of `allocation.csv`, derived anew from the inputs. `alternates.csv`: pairs measured anew, and changes that
who moves brings about.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings, fixed, fixed_each, number_in, shortest
from nle_optimizer.evidence.verification.levels import DerivedLevel
from nle_optimizer.evidence.verification.pairs.listed import Pairs, WantedPairs
from nle_optimizer.evidence.verification.pairs.usage import ALLOCATION
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Integers, Kind
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

CARRIED = ("kind", "priority", "region", "local_authority", "phase", "trust_id")
OWN = (
    "school_id",
    "nle_id",
    "fit",
    *(f"fit_{area}" for area in AREAS),
    "distance_km",
    "school_name",
    "nle_name",
    *CARRIED,
    "out_of_region",
    "cost",
    "state",
    "firmness",
    "why",
    "next_best_nle_id",
)


def extra_columns(scenario: Scenario, drawn: Sequence[str]) -> list[str]:
    """Columns of the schools table that are carried through; not those that draws give."""
    return [name for name in scenario.schools.extra if name not in (*scenario.resources, *OWN, *drawn)]


def columns_of(scenario: Scenario, drawn: Sequence[str]) -> list[str]:
    """The columns that the allocation must have, those that draws give last."""
    return [*OWN, *scenario.resources, *extra_columns(scenario, drawn), *drawn]


def texts(column: Column) -> list[str]:
    """The cells of a column as the files write them."""
    values = column.values.tolist()
    if column.kind in TEXT_KINDS:
        return values if column.written is None else column.written.tolist()
    known = {value: _text(column.kind, value) for value in set(values)}
    return [known[value] if given else "" for value, given in zip(values, column.given.tolist(), strict=True)]


def _text(kind: Kind, value: object) -> str:
    if kind is Kind.YES_NO:
        return "yes" if value else "no"
    if kind is Kind.DATE and isinstance(value, int):
        return date.fromordinal(value).isoformat()
    if kind in (Kind.LEVEL, Kind.SHARE, Kind.AMOUNT) and isinstance(value, int):
        return shortest(value)
    if kind is Kind.NAMES and isinstance(value, tuple):
        return "|".join(value)
    return str(value)


@dataclass(frozen=True, eq=False)
class Supported:
    """The matched pairs that are candidates, measured.

    Attributes:
        lines: their lines in the table.
        rows, nles: recipient and NLE of each.
        fit, metres, cost: millionths, metres (-1 unknown), millionths of a pound.
        out_of_region: 1 yes, 0 no, -1 not known.
    """

    lines: Integers
    rows: Integers
    nles: Integers
    fit: Integers
    metres: Integers
    cost: Integers
    out_of_region: Integers


def measure(scenario: Scenario, recipients: Recipients, sweep: CandidatePass) -> Supported:
    """Measure the matched pairs."""
    good = sweep.fit >= 0
    pairs = sweep.matching.pairs.with_fit(sweep.fit).keep(good)
    assert pairs.fit is not None and not isinstance(pairs.nle, int)
    theirs = [word.casefold() for word in recipients.table.values("region")[pairs.rows].tolist()]
    ours = [word.casefold() for word in scenario.nles.values("region")[pairs.nle].tolist()]
    outside = [int(a != b) if a and b else -1 for a, b in zip(theirs, ours, strict=True)]
    return Supported(
        sweep.matching.lines[good],
        pairs.rows,
        pairs.nle,
        pairs.fit,
        sweep.measures.geography.metres(pairs),
        sweep.measures.usage.cost(pairs),
        np.array(outside, dtype=np.int64),
    )


def check_cells(
    scenario: Scenario,
    recipients: Recipients,
    sweep: CandidatePass,
    supported: Supported,
    table: Mapping[str, Sequence[str]],
    drawn: Sequence[str],
    firm: bool,
    findings: Findings,
) -> None:
    """Compare every column that follows from the inputs, and the words of those that do not.

    Args:
        scenario, recipients: what was asked.
        sweep: what the candidates are.
        supported: the matched pairs.
        table: the columns of the file.
        drawn: those of them that draws give.
        firm: whether it must be told which pairs stand in every optimum.
        findings: what is wrong.
    """
    lines = supported.lines.tolist()
    expected = _expected(scenario, recipients, sweep, supported, drawn)
    schools, nles = expected["school_id"], expected["nle_id"]
    rows = [f"school {school}, NLE {nle}" for school, nle in zip(schools, nles, strict=True)]
    for column, cells in expected.items():
        findings.compare(ALLOCATION, column, rows, cells, [table[column][line] for line in lines])
    for row, line in zip(rows, lines, strict=True):
        if table["firmness"][line] not in (("all", "some") if firm else ("",)):
            findings.differs(ALLOCATION, row, "firmness", "all or some" if firm else "", table["firmness"][line])
        if not table["why"][line]:
            findings.differs(ALLOCATION, row, "why", "a sentence", "")
    degree = np.bincount(supported.rows, minlength=len(sweep.choices))
    others = (sweep.choices > degree)[supported.rows].tolist()
    for row, line, could in zip(rows, lines, others, strict=True):
        if could and not table["next_best_nle_id"][line]:
            findings.differs(ALLOCATION, row, "next_best_nle_id", "an NLE that could take it instead", "")


def _expected(
    scenario: Scenario, recipients: Recipients, sweep: CandidatePass, supported: Supported, drawn: Sequence[str]
) -> dict[str, list[str]]:
    here, there = recipients.table.take(supported.rows), scenario.nles.take(supported.nles)
    pairs = sweep.matching.pairs.keep(sweep.fit >= 0)
    amounts = sweep.measures.usage.of(pairs)
    columns = {
        "school_id": here.ids.tolist(),
        "nle_id": there.ids.tolist(),
        "fit": fixed_each(supported.fit.tolist(), MILLION, 6),
        "distance_km": fixed_each(supported.metres.tolist(), 1000, 3),
        "school_name": texts(here.column("name")),
        "nle_name": texts(there.column("name")),
        "out_of_region": [("no", "yes", "")[outside] for outside in supported.out_of_region.tolist()],
        "cost": [fixed(cost, MILLION, 2) for cost in supported.cost.tolist()],
        "state": [
            sweep.measures.current.state(nle, row)
            for nle, row in zip(supported.nles.tolist(), supported.rows.tolist(), strict=True)
        ],
    }
    for area in AREAS:
        shares = sweep.measures.fitness.area(pairs, area).tolist()
        columns[f"fit_{area}"] = fixed_each(shares, MILLION, 6)
    for n, resource in enumerate(scenario.resources):
        columns[resource] = [shortest(amount) for amount in amounts[n].tolist()]
    for name in (*CARRIED, *extra_columns(scenario, drawn)):
        columns[name] = texts(here.column(name))
    columns["kind"] = [kind or "school" for kind in columns["kind"]]
    return columns


FILE = "alternates.csv"
COLUMNS = (
    "school_id",
    "rank",
    "nle_id",
    "fit",
    "distance_km",
    "has_spare",
    "change_in_objective",
    "others",
    "who_moves",
)
MOST = 3
MOVE = re.compile(
    r"(?P<school>.+?) (?:moves from (?P<start>.+) to (?P<to>.+)|leaves (?P<left>.+)|joins (?P<joined>.+))"
)
Pair = tuple[int, int]


@dataclass(eq=False)
class AlternateLine:
    """A line of the table: its pair, and those that are matched anew and given up with it; NLE, recipient."""

    number: int
    label: str
    pair: Pair
    added: list[Pair] = field(default_factory=list)
    removed: list[Pair] = field(default_factory=list)


@dataclass(frozen=True)
class CandidateMeasures:
    """What a candidate pair is found to be; the amount is the first objective's, more being better."""

    fit: int
    metres: int
    use: Integers
    amount: int


class AlternateCheck:
    """Is shown all candidate pairs, and then judges the table."""

    def __init__(self, instance: Instance, table: Mapping[str, Sequence[str]]):
        self._instance, self.table = instance, table
        self._level = instance.levels[0] if instance.levels and isinstance(instance.levels[0], DerivedLevel) else None
        nle, rows = np.asarray(instance.matched.nle).tolist(), instance.matched.rows.tolist()
        self._matched: set[Pair] = set(zip(nle, rows, strict=True))
        self._degree = Counter(rows)
        only = {row for row, found in self._degree.items() if found == instance.supporters[row] == 1}
        self._own = {row: (nle, row) for nle, row in self._matched if row in only}
        self._lines = self._read()
        asked = {pair for line in self._lines for pair in (line.pair, *line.added)} | self._matched
        by_nle: dict[int, list[int]] = {}
        for one, row in sorted(asked):
            by_nle.setdefault(one, []).append(row)
        self._wanted = WantedPairs.of(len(instance.recipients), by_nle)
        self._found: dict[Pair, CandidateMeasures] = {}

    def _read(self) -> list[AlternateLine]:
        """The lines whose school and NLE exist; what is wrong with the others is noted."""
        instance, findings = self._instance, self._instance.findings
        lines = []
        columns = [self.table[name] for name in ("school_id", "nle_id", "who_moves")]
        for number, (school, nle, moves) in enumerate(zip(*columns, strict=True)):
            label = f"school {school}, NLE {nle}"
            if school not in instance.position or nle not in instance.nle_position:
                findings.add(FILE, f"{FILE}: {label}: no such recipient, or no such NLE")
                continue
            line = AlternateLine(number, label, (instance.nle_position[nle], instance.position[school]))
            if all(self._take(line, text) for text in (moves.split("; ") if moves else ())):
                lines.append(line)
            else:
                findings.add(f"{FILE}: who_moves", f"{FILE}: {label}: who_moves: not to be read: {moves}")
        return lines

    def _take(self, line: AlternateLine, text: str) -> bool:
        """Note who moves in a line; False where the words mean nothing."""
        found = MOVE.fullmatch(text)
        position, nles = self._instance.position, self._instance.nle_position
        if found is None or found["school"] not in position:
            return False
        row = position[found["school"]]
        joined, left = found["to"] or found["joined"], found["start"] or found["left"]
        if any(nle is not None and nle not in nles for nle in (joined, left)):
            return False
        line.added += [(nles[joined], row)] if joined is not None else []
        line.removed += [(nles[left], row)] if left is not None else []
        return True

    def look_at(self, pairs: Pairs) -> None:
        """Measure the pairs that are asked for among some candidate pairs."""
        nle = np.broadcast_to(pairs.nle, len(pairs))
        at, _ = self._wanted.find(np.asarray(nle), pairs.rows)
        if not len(at):
            return
        some, measures = pairs.keep(at), self._instance.measures
        assert some.fit is not None
        columns = (
            zip(nle[at].tolist(), some.rows.tolist(), strict=True),
            some.fit.tolist(),
            measures.geography.metres(some).tolist(),
            measures.usage.of(some).T,
            [0] * len(at) if self._level is None else self._level.to_maximise(some, measures).tolist(),
        )
        self._found |= {pair: CandidateMeasures(*measured) for pair, *measured in zip(*columns, strict=True)}

    def check(self, sweep: CandidatePass, *, is_best: bool) -> None:
        """Check every line.

        Args:
            sweep: what was found.
            is_best: whether the allocation is claimed to be the best on the first objective.
        """
        table, findings = self.table, self._instance.findings
        known = [line for line in self._lines if self._is_free(line, sweep)]
        measured = [self._found[line.pair] for line in known]
        spare = [
            bool((each.use <= (sweep.supply.capacity - sweep.used)[:, line.pair[0]]).all())
            for line, each in zip(known, measured, strict=True)
        ]
        expected = {
            "fit": [fixed(each.fit, MILLION, 6) for each in measured],
            "distance_km": fixed_each([each.metres for each in measured], 1000, 3),
            "has_spare": ["yes" if room else "no" for room in spare],
        }
        for column, cells in expected.items():
            labels = [line.label for line in known]
            findings.compare(FILE, column, labels, cells, [table[column][line.number] for line in known])
        self._check_ranks()
        for line, room in zip(known, spare, strict=True):
            self._check_change(line, room, sweep, is_best=is_best)

    def _is_free(self, line: AlternateLine, sweep: CandidatePass) -> bool:
        """Whether the pair of a line is a candidate and not matched; else that is noted."""
        nle, row = line.pair
        if line.pair in self._matched:
            self._instance.findings.add(FILE, f"{FILE}: {line.label}: the pair is matched")
        elif not sweep.supply.available[nle]:
            self._instance.findings.add(FILE, f"{FILE}: {line.label}: the NLE is out ({sweep.supply.reason[nle]})")
        elif line.pair not in self._found:
            obstacle = sweep.candidates.obstacle(nle, row)
            self._instance.findings.add(FILE, f"{FILE}: {line.label}: the pair is no candidate: {obstacle}")
        else:
            return True
        return False

    def _check_ranks(self) -> None:
        """Schools in order, at most three ranks each from 1 up, no NLE twice, and no better change below a worse."""
        table, findings = self.table, self._instance.findings
        before: tuple[str, int] = ("", 0)
        seen: set[tuple[str, str]] = set()
        for school, rank, nle in zip(table["school_id"], table["rank"], table["nle_id"], strict=True):
            wanted = before[1] + 1 if school == before[0] else 1
            if rank != str(wanted) or wanted > MOST or school < before[0] or (school, nle) in seen:
                findings.differs(FILE, f"school {school}, NLE {nle}", "rank", wanted, rank)
            seen.add((school, nle))
            before = (school, wanted)

    def _check_change(self, line: AlternateLine, room: bool, sweep: CandidatePass, *, is_best: bool) -> None:
        """Check that those who move bring the change about, within the places, and that it betters nothing."""
        findings, level = self._instance.findings, self._level
        others, said = (self.table[name][line.number] for name in ("others", "change_in_objective"))
        if others not in ("move", "stay") or (others == "stay" and (line.added or line.removed or not room)):
            findings.differs(FILE, line.label, "others", "stay only where the NLE has room and nobody moves", others)
        own = self._own.get(line.pair[1])
        added, removed = [line.pair, *line.added], [*line.removed, *([own] if own else [])]
        if not set(removed) <= self._matched or any(pair not in self._found for pair in added):
            findings.differs(FILE, line.label, "who_moves", "matched pairs that end, candidates that begin", "others")
            return
        if not self._has_places(added, removed, sweep):
            findings.differs(
                FILE, line.label, "who_moves", "moves within the places", self.table["who_moves"][line.number]
            )
        if level is None or (self._instance.supporters > 1).any():
            return
        ours = sum(self._found[pair].amount for pair in added) - sum(self._found[pair].amount for pair in removed)
        if number_in(said) != Decimal(-ours if level.minimised else ours) / level.scale:
            findings.differs(FILE, line.label, "change_in_objective", Decimal(ours) / level.scale, said)
        if is_best and ours > 0:
            findings.differs(FILE, line.label, "change_in_objective", "no gain over the best allocation", said)

    def _has_places(self, added: Sequence[Pair], removed: Sequence[Pair], sweep: CandidatePass) -> bool:
        """Whether every NLE concerned has what it then needs, and every recipient no more NLEs than it may have."""
        more = Counter(row for _, row in added)
        more.subtract(row for _, row in removed)
        if any(self._degree[row] + n > self._instance.supporters[row] for row, n in more.items() if n > 0):
            return False
        change: dict[int, Any] = {}
        for pairs, sign in ((added, 1), (removed, -1)):
            for pair in pairs:
                change[pair[0]] = change.get(pair[0], 0) + sign * self._found[pair].use
        return all(
            bool(((use <= 0) | (sweep.used[:, nle] + use <= sweep.supply.capacity[:, nle])).all())
            for nle, use in change.items()
        )
