"""`unmatched.csv` and `nles.csv`, derived anew.

The cures of `unmatched.csv`: that nothing but what they change keeps each pair apart, and what it would add. What
`unmatched.csv` and `nles.csv` say, derived anew from the inputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings, check_sorted, fixed, fixed_each, number_in, shortest
from nle_optimizer.evidence.verification.levels import DerivedLevel
from nle_optimizer.evidence.verification.limits import unhindered
from nle_optimizer.evidence.verification.pairs.geography import Nearest
from nle_optimizer.evidence.verification.pairs.listed import Pairs, join
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import BEFORE_CAPACITY, DerivedSupply
from nle_optimizer.evidence.verification.tables.allocation import texts
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.scenario import Scenario

FILE = "unmatched.csv"
FIRST = ("cure_kind", "cure_id", "cure_amount", "cure_price")
LIFTED = {
    "reach": ("reach_nle_id", "reach_more_km", "reach_price"),
    "minimum_fit": ("minimum_fit_nle_id", "minimum_fit_needed", "minimum_fit_price"),
    "conflict": ("conflict_nle_id", "conflict", "conflict_price"),
}
"""The columns of each kind that lifts a filter: the NLE, what would have to be, and the price."""
FILTERS = {
    "too-far": "reach",
    "fit-below-minimum": "minimum_fit",
    "home-school": "conflict",
    "own-trust": "conflict",
    "same-authority": "conflict",
    "declared": "conflict",
    "forbidden": "conflict",
}
Told = tuple[str, str, Decimal]
"""Kind, amount and price."""


@dataclass(frozen=True, eq=False)
class _Named:
    """The pairs that lines name, by NLE and recipient, with their fit; shapes (pairs,) where not said otherwise.

    Attributes:
        lines: the line of each.
        amounts: what each adds to the first objective, more being better.
        stops: the filters that stop each, by code.
        missing: what its NLE lacks of each resource, shape (resources, pairs), in millionths.
        able: whether the NLE is in, the recipient wants one, no limit would break, and the objective is no worse.
    """

    lines: Sequence[int]
    pairs: Pairs
    amounts: Integers
    stops: Mapping[str, Flags]
    missing: Integers
    able: Flags


Judge = Callable[[_Named], dict[int, Told]]


class Cures:
    """Judges every cure.

    Args:
        instance: what is claimed.
        table: the columns of the file.
    """

    def __init__(self, instance: Instance, table: Mapping[str, Sequence[str]]):
        self._instance, self._table = instance, table
        first = instance.levels[0] if instance.levels else None
        self._level = first if isinstance(first, DerivedLevel) else None

    def check(self, sweep: CandidatePass, *, is_answered: bool) -> None:
        """Check every cell, and that the first cure is the first that there is: by a resource, where any does.

        Args:
            sweep: what the candidates are.
            is_answered: whether there is a plan, so that what would serve those left out has to be told.
        """
        first, lifted = self._cells(FIRST), {kind: self._cells(names) for kind, names in LIFTED.items()}
        of_capacity = {n: cells for n, cells in enumerate(first) if any(cells) and cells[0] not in LIFTED}
        self._compare(of_capacity, self._capacity, sweep)
        for kind, rows in lifted.items():
            self._compare({n: (kind, *cells) for n, cells in enumerate(rows) if any(cells)}, self._lifted, sweep)
        for n, said in enumerate(first):
            there = [(kind, *rows[n]) for kind, rows in lifted.items() if any(rows[n])]
            ours = there[0] if there else ("",) * len(FIRST)
            if n not in of_capacity and said != ours:
                self._tell(n, " ".join(ours) if there else "none", " ".join(said))
        if is_answered and self._level is not None and sweep.waiting is not None:
            self._check_least(first, join(sweep.lacking), sweep)

    def _check_least(self, first: Sequence[tuple[str, ...]], pairs: Pairs, sweep: CandidatePass) -> None:
        """Check that no candidate would be served by less of a resource than is told, or by an earlier resource."""
        assert self._level is not None
        instance, owner = self._instance, np.asarray(pairs.nle)
        able = (self._level.to_maximise(pairs, instance.measures) >= 0) & (instance.supporters[pairs.rows] > 0)
        able &= unhindered(instance.families, instance.matched, pairs)
        missing = np.maximum(instance.measures.usage.of(pairs) + (sweep.used - sweep.supply.capacity)[:, owner], 0)
        which, amount = (missing > 0).argmax(axis=0).tolist(), missing.sum(axis=0).tolist()
        least: dict[int, tuple[int, int]] = {}
        for at in np.flatnonzero(able).tolist():
            row, own = int(pairs.rows[at]), (which[at], amount[at])
            least[row] = min(least.get(row, own), own)
        for n, (school, said) in enumerate(zip(self._table["school_id"], first, strict=True)):
            if school in instance.position and instance.position[school] in least:
                resource, needed = least[instance.position[school]]
                wanted = (instance.resources[resource], shortest(needed))
                if (said[0], said[2]) != wanted:
                    self._tell(n, f"{wanted[1]} more {wanted[0]}", " ".join(said))

    def _cells(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        return list(zip(*(self._table[column] for column in columns), strict=True))

    def _tell(self, line: int, ours: str, said: str) -> None:
        self._instance.findings.differs(FILE, f"school {self._table['school_id'][line]}", "cure", ours, said)

    def _compare(self, said: Mapping[int, tuple[str, ...]], judge: Judge, sweep: CandidatePass) -> None:
        """Hold kind, amount and price of some lines, which name an NLE, against ours."""
        named = self._named({n: cells[1] for n, cells in said.items()}, sweep)
        ours = {} if named is None else judge(named)
        for n, (kind, _, amount, price) in said.items():
            told = ours.get(n)
            if told is None or (kind, amount, number_in(price)) != told:
                self._tell(n, "none by this NLE" if told is None else " ".join(map(str, told)), " ".join(said[n]))

    def _named(self, asked: Mapping[int, str], sweep: CandidatePass) -> _Named | None:
        """The pairs of lines whose school and NLE exist; None where the first objective is no sum over pairs."""
        instance, schools = self._instance, self._table["school_id"]
        position, nles, measures = instance.position, instance.nle_position, instance.measures
        known = sorted(
            (nles[nle], position[schools[n]], n) for n, nle in asked.items() if nle in nles and schools[n] in position
        )
        if self._level is None or not known:
            return None
        by_nle: dict[int, list[int]] = {}
        for nle, row, _ in known:
            by_nle.setdefault(nle, []).append(row)
        pairs = join([measures.geography.pairs(nle, np.array(rows)) for nle, rows in by_nle.items()])
        pairs = pairs.with_fit(measures.fitness.fits(pairs))
        amounts = np.asarray(self._level.to_maximise(pairs, measures), dtype=np.int64)
        owner = np.asarray(pairs.nle)
        able = sweep.supply.available[owner] & (instance.supporters[pairs.rows] > 0) & (amounts >= 0)
        able &= unhindered(instance.families, instance.matched, pairs)
        missing = np.maximum(measures.usage.of(pairs) + (sweep.used - sweep.supply.capacity)[:, owner], 0)
        return _Named([n for _, _, n in known], pairs, amounts, sweep.candidates.stopping(pairs), missing, able)

    def _price(self, amount: int) -> Decimal:
        assert self._level is not None
        return Decimal(-amount if self._level.minimised else amount) / self._level.scale

    def _capacity(self, named: _Named) -> dict[int, Told]:
        """By line, the resource of which alone the NLE of a candidate lacks something."""
        short = named.missing > 0
        able = named.able & (_stopped(named) == 0) & (short.sum(axis=0) == 1)
        which = short.argmax(axis=0)
        return {
            named.lines[n]: (
                self._instance.resources[which[n]],
                shortest(int(named.missing[which[n], n])),
                self._price(int(named.amounts[n])),
            )
            for n in np.flatnonzero(able).tolist()
        }

    def _lifted(self, named: _Named) -> dict[int, Told]:
        """By line, the filter that alone keeps apart a pair whose NLE has room."""
        able = named.able & (_stopped(named) == 1) & (named.missing == 0).all(axis=0)
        found: dict[int, Told] = {}
        for code, kind in FILTERS.items():
            at = np.flatnonzero(able & named.stops.get(code, False)).tolist()
            amounts = self._amounts(kind, code, named.pairs.keep(np.array(at, dtype=np.int64)))
            found |= {
                named.lines[n]: (kind, amount, self._price(int(named.amounts[n])))
                for n, amount in zip(at, amounts, strict=True)
            }
        return found

    def _amounts(self, kind: str, code: str, pairs: Pairs) -> list[str]:
        """What would have to be for each of some pairs, as the file has it."""
        if kind == "reach":
            return [fixed(metres, 1000, 3) for metres in self._instance.measures.geography.more_metres(pairs)]
        assert pairs.fit is not None
        return [shortest(int(fit)) for fit in pairs.fit] if kind == "minimum_fit" else [code] * len(pairs)


def _stopped(named: _Named) -> Integers:
    """How many filters stop each pair."""
    return np.sum([np.zeros(len(named.pairs), dtype=bool), *named.stops.values()], axis=0, dtype=np.int64)


class OpenPairs:
    """Pairs that are not matched though their NLE has room.

    Args:
        instance: what is claimed.
        matched: the matched pairs.
        sweep: what the candidates are.
    """

    def __init__(self, instance: Instance, matched: Pairs, sweep: CandidatePass):
        self._instance, self._sweep, self._matched = instance, sweep, matched
        self.pairs = join(sweep.roomy) if sweep.waiting is not None else matched.keep(np.zeros(0, dtype=np.int64))

    def check(self, summary: Mapping[str, Any]) -> Flags:
        """By recipient, whether a pair of it could be matched as all else is; only told of those without an NLE.

        Where the plan is said to be the best, such a pair may not better an objective before it worsens one.
        """
        instance, sweep = self._instance, self._sweep
        assert sweep.waiting is not None
        mine = self.pairs.keep(sweep.waiting[self.pairs.rows] & (instance.supporters[self.pairs.rows] > 0))
        free = mine.keep(unhindered(instance.families, self._matched, mine))
        is_open = np.zeros(len(instance.recipients), dtype=bool)
        is_open[free.rows] = True
        for pair in self._gaining(free) if summary.get("status") == "optimal" else ():
            row, nle = int(free.rows[pair]), int(np.asarray(free.nle)[pair])
            given = (
                f"a better plan: its pair with NLE {instance.nle_ids[nle]} breaks no limit, and betters an objective"
            )
            instance.findings.differs(FILE, f"school {instance.recipients.ids[row]}", "reason", given, "it is the best")
        return is_open

    def _gaining(self, pairs: Pairs) -> Sequence[int]:
        gains, open_still = np.zeros(len(pairs), dtype=bool), np.ones(len(pairs), dtype=bool)
        for level in self._instance.levels:
            if not isinstance(level, DerivedLevel) or level.within is not None:
                break
            change = level.to_maximise(pairs, self._instance.measures)
            gains |= open_still & np.asarray(change > 0, dtype=bool)
            open_still &= np.asarray(change == 0, dtype=bool)
        return [int(pair) for pair in np.flatnonzero(gains)]


UNMATCHED, NLES = "unmatched.csv", "nles.csv"
UNMATCHED_COLUMNS = (
    "school_id",
    "reason",
    "explanation",
    *FIRST,
    "nearest_nle_id",
    "nearest_km",
    "name",
    "local_authority",
    "priority",
    "days_waiting",
    *(column for columns in LIFTED.values() for column in columns),
)


def check_unmatched(
    recipients: Recipients,
    sweep: CandidatePass,
    nearest: Nearest,
    rows: Integers,
    lines: Sequence[int],
    table: Mapping[str, Sequence[str]],
    reasons: Sequence[str],
    findings: Findings,
) -> None:
    """Check the lines of unmatched recipients.

    Args:
        recipients: who may be matched.
        sweep: what the candidates are.
        nearest: finds the nearest NLE.
        rows: the recipients that the lines are about.
        lines: the index of each line in the table.
        table: the columns of the file.
        reasons: why each of the recipients is left out.
        findings: what is wrong.
    """
    check_sorted(UNMATCHED, table["school_id"], findings)
    labels = [f"school {identifier}" for identifier in recipients.ids[rows].tolist()]
    nle, metres = nearest.of(rows)
    ids = np.append(sweep.nle_ids, "")
    own = recipients.table.take(rows)
    expected = {
        "reason": reasons,
        "nearest_nle_id": ids[nle].tolist(),
        "nearest_km": fixed_each(metres.tolist(), 1000, 3),
        **{name: texts(own.column(name)) for name in ("name", "local_authority", "priority", "days_waiting")},
    }
    for column, cells in expected.items():
        findings.compare(UNMATCHED, column, labels, cells, [table[column][line] for line in lines])
    for label, line in zip(labels, lines, strict=True):
        if not table["explanation"][line]:
            findings.differs(UNMATCHED, label, "explanation", "a sentence", "")


def nle_columns(scenario: Scenario) -> list[str]:
    """The columns that `nles.csv` must have."""
    amounts = [f"{word}_{resource}" for resource in scenario.resources for word in ("capacity", "used")]
    return ["nle_id", "state", "reason", *amounts, "one_more", "one_fewer"]


def check_nles(
    scenario: Scenario, supply: DerivedSupply, used: Integers, table: Mapping[str, Sequence[str]], findings: Findings
) -> None:
    """Check state, capacity and use of every NLE."""
    ids = scenario.nles.ids.tolist()
    labels = [f"NLE {identifier}" for identifier in ids]
    if list(table["nle_id"]) != ids:
        findings.add(NLES, f"{NLES}: nle_id: the rows are not the NLEs of the NLE table, once each, in order")
        return
    findings.compare(NLES, "state", labels, _states(scenario, supply), table["state"])
    findings.compare(NLES, "reason", labels, supply.reason.tolist(), table["reason"])
    for n, resource in enumerate(scenario.resources):
        _check_amounts(resource, supply, used[n], n, labels, table, findings)


def _states(scenario: Scenario, supply: DerivedSupply) -> list[str]:
    """What each NLE is: out, confined to regions in which nobody is, or available."""
    tables = [scenario.schools] if scenario.trusts is None else [scenario.schools, scenario.trusts]
    standing = {str(name).casefold() for table in tables for name in table.values("region")} - {""}
    states = []
    for available, names in zip(supply.available, scenario.nles.values("regions"), strict=True):
        wanted = {str(name).casefold() for name in names}
        confined = wanted and standing and wanted.isdisjoint(standing)
        states.append("out" if not available else "works-nowhere" if confined else "available")
    return states


def _check_amounts(
    resource: str,
    supply: DerivedSupply,
    used: Integers,
    n: int,
    labels: Sequence[str],
    table: Mapping[str, Sequence[str]],
    findings: Findings,
) -> None:
    capacity, use = f"capacity_{resource}", f"used_{resource}"
    for nle, label in enumerate(labels):
        reason, said = supply.reason[nle], table[capacity][nle]
        known = bool(supply.known[n, nle]) and reason not in BEFORE_CAPACITY
        ours = shortest(int(supply.capacity[n, nle])) if known else ""
        if said != ours and not (reason == "unknown-capacity" and not said):
            findings.differs(NLES, label, capacity, ours, said)
        spent, told = shortest(int(used[nle])), table[use][nle]
        if told != spent and not (reason and not told):
            findings.differs(NLES, label, use, spent, told)
