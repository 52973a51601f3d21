"""`alternates.csv`: pairs measured anew, and changes that who moves brings about."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.exact import fixed, fixed_each, number_in
from nle_optimizer.evidence.verification.levels.levels import Level
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.evidence.verification.wanted import Wanted
from nle_optimizer.records import MILLION, Integers

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
class Line:
    """A line of the table: its pair, and those that are matched anew and given up with it; NLE, recipient."""

    number: int
    label: str
    pair: Pair
    added: list[Pair] = field(default_factory=list)
    removed: list[Pair] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """What a candidate pair is found to be; the amount is the first objective's, more being better."""

    fit: int
    metres: int
    use: Integers
    amount: int


class Alternates:
    """Is shown all candidate pairs, and then judges the table."""

    def __init__(self, instance: Instance, table: Mapping[str, Sequence[str]]):
        self._instance, self._table = instance, table
        self._level = instance.levels[0] if instance.levels and isinstance(instance.levels[0], Level) else None
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
        self._wanted = Wanted.of(len(instance.recipients), by_nle)
        self._found: dict[Pair, Measured] = {}

    def _read(self) -> list[Line]:
        """The lines whose school and NLE exist; what is wrong with the others is noted."""
        instance, findings = self._instance, self._instance.findings
        lines = []
        columns = [self._table[name] for name in ("school_id", "nle_id", "who_moves")]
        for number, (school, nle, moves) in enumerate(zip(*columns, strict=True)):
            label = f"school {school}, NLE {nle}"
            if school not in instance.position or nle not in instance.nle_position:
                findings.add(FILE, f"{FILE}: {label}: no such recipient, or no such NLE")
                continue
            line = Line(number, label, (instance.nle_position[nle], instance.position[school]))
            if all(self._take(line, text) for text in (moves.split("; ") if moves else ())):
                lines.append(line)
            else:
                findings.add(f"{FILE}: who_moves", f"{FILE}: {label}: who_moves: not to be read: {moves}")
        return lines

    def _take(self, line: Line, text: str) -> bool:
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
        self._found |= {pair: Measured(*measured) for pair, *measured in zip(*columns, strict=True)}

    def check(self, sweep: Sweep, *, is_best: bool) -> None:
        """Check every line.

        Args:
            sweep: what was found.
            is_best: whether the allocation is claimed to be the best on the first objective.
        """
        table, findings = self._table, self._instance.findings
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

    def _is_free(self, line: Line, sweep: Sweep) -> bool:
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
        table, findings = self._table, self._instance.findings
        before: tuple[str, int] = ("", 0)
        seen: set[tuple[str, str]] = set()
        for school, rank, nle in zip(table["school_id"], table["rank"], table["nle_id"], strict=True):
            wanted = before[1] + 1 if school == before[0] else 1
            if rank != str(wanted) or wanted > MOST or school < before[0] or (school, nle) in seen:
                findings.differs(FILE, f"school {school}, NLE {nle}", "rank", wanted, rank)
            seen.add((school, nle))
            before = (school, wanted)

    def _check_change(self, line: Line, room: bool, sweep: Sweep, *, is_best: bool) -> None:
        """Check that those who move bring the change about, within the places, and that it betters nothing."""
        findings, level = self._instance.findings, self._level
        others, said = (self._table[name][line.number] for name in ("others", "change_in_objective"))
        if others not in ("move", "stay") or (others == "stay" and (line.added or line.removed or not room)):
            findings.differs(FILE, line.label, "others", "stay only where the NLE has room and nobody moves", others)
        own = self._own.get(line.pair[1])
        added, removed = [line.pair, *line.added], [*line.removed, *([own] if own else [])]
        if not set(removed) <= self._matched or any(pair not in self._found for pair in added):
            findings.differs(FILE, line.label, "who_moves", "matched pairs that end, candidates that begin", "others")
            return
        if not self._has_places(added, removed, sweep):
            findings.differs(
                FILE, line.label, "who_moves", "moves within the places", self._table["who_moves"][line.number]
            )
        if level is None or (self._instance.supporters > 1).any():
            return
        ours = sum(self._found[pair].amount for pair in added) - sum(self._found[pair].amount for pair in removed)
        if number_in(said) != Decimal(-ours if level.minimised else ours) / level.scale:
            findings.differs(FILE, line.label, "change_in_objective", Decimal(ours) / level.scale, said)
        if is_best and ours > 0:
            findings.differs(FILE, line.label, "change_in_objective", "no gain over the best allocation", said)

    def _has_places(self, added: Sequence[Pair], removed: Sequence[Pair], sweep: Sweep) -> bool:
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
