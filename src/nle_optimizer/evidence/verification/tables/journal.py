"""`decisions.csv`: whether its chain holds, and whether tables and allocation honour the decisions that stand."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.findings import Findings, claimed_table, shortest
from nle_optimizer.evidence.verification.stages.supply import OVER
from nle_optimizer.scenario.scenario import Scenario

JOURNAL = "decisions.csv"
COLUMNS = ("number", "action", "school_id", "nle_id", "resource", "amount", "undoes", "undone_by", "hash")
BARRING = ("forbid", "school-objects", "nle-declines")
AGREED = {"agree": ("agreed", "started"), "start": ("started",)}
"""What a decision makes of a pair, and the states in which it may be found."""
AWAY = ("nle-withdraws", "pause")

Row = Mapping[str, str]
Pair = tuple[str, str]


def check_journal(scenario: Scenario, claim: Claim, findings: Findings) -> None:
    """Check the journal of decisions, where there is one."""
    if "decisions" not in claim.tables:
        return
    columns = {**claim.tables["decisions"], **claimed_table(claim, "decisions", COLUMNS, findings)}
    rows = [dict(zip(columns, cells, strict=False)) for cells in zip(*columns.values(), strict=False)]
    if _chain_holds(rows, findings) and claim.summary.get("status") not in ("infeasible", "unknown"):
        _check_honoured(scenario, claim, _in_force(rows, findings), findings)


def _chain_holds(rows: Sequence[Row], findings: Findings) -> bool:
    last = ""
    for n, row in enumerate(rows, start=1):
        told = {name: cell for name, cell in row.items() if cell and name not in ("hash", "undone_by")}
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        last = hashlib.sha256((last + text).encode()).hexdigest()
        if row["number"] != str(n) or row["hash"] != last:
            what = "it or one before it was changed, taken out or moved after it was written"
            findings.add(JOURNAL, f"{JOURNAL}: decision {row['number']}: {what}")
            return False
    return True


def _in_force(rows: Sequence[Row], findings: Findings) -> list[Row]:
    """The rows that count: an `undo` that counts takes out another row, which may be an `undo` itself."""
    taken_back_by: dict[int, list[int]] = {int(row["number"]): [] for row in rows}
    for row in rows:
        if row["undoes"]:
            taken_back_by[int(row["undoes"])].append(int(row["number"]))

    def counts(number: int) -> bool:
        return not any(counts(other) for other in taken_back_by[number])

    for row in rows:
        by = next((str(other) for other in taken_back_by[int(row["number"])] if counts(other)), "")
        if row["undone_by"] != by:
            findings.differs(JOURNAL, f"decision {row['number']}", "undone_by", by, row["undone_by"])
    return [row for row in rows if row["action"] != "undo" and counts(int(row["number"]))]


@dataclass
class _Standing:
    """What decisions left standing, one after the other."""

    agreed: dict[Pair, Row] = field(default_factory=dict)
    barred: dict[Pair, Row] = field(default_factory=dict)
    nles_away: dict[str, Row] = field(default_factory=dict)
    schools_out: dict[str, Row] = field(default_factory=dict)
    capacity: dict[tuple[str, str], Row] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Take in one decision."""
        action, school, nle = row["action"], row["school_id"], row["nle_id"]
        if action in AGREED:
            self.agreed[school, nle] = row
        elif action in BARRING or action == "finish":
            self.agreed.pop((school, nle), None)
            self.barred[school, nle] = row
        elif action in AWAY:
            self.nles_away[nle] = row
            self.agreed = {pair: held for pair, held in self.agreed.items() if pair[1] != nle}
        elif action == "school-withdraws":
            self.schools_out[school] = row
            self.agreed = {pair: held for pair, held in self.agreed.items() if pair[0] != school}
        elif action == "resume":
            self.nles_away.pop(nle, None)
        elif action == "reopen":
            self.schools_out.pop(school, None)
        elif action == "capacity" and nle:
            self.capacity[nle, row["resource"]] = row


def _check_honoured(scenario: Scenario, claim: Claim, rows: Sequence[Row], findings: Findings) -> None:
    """Note every pair and cell that a decision in force does not allow, or asks for."""
    standing = _Standing()
    for row in rows:
        standing.take(row)
    table = claimed_table(claim, "allocation", ("school_id", "nle_id", "state"), findings)
    states = dict(zip(zip(table["school_id"], table["nle_id"], strict=True), table["state"], strict=True))
    for (school, nle), state in states.items():
        found = (standing.barred.get((school, nle)), standing.nles_away.get(nle), standing.schools_out.get(school))
        for row in filter(None, found):
            _told(row, f"school {school}, NLE {nle} are matched, in the state {state}", findings)
    for pair, row in _still_there(scenario, standing.agreed):
        if states.get(pair) not in AGREED[row["action"]]:
            state = states.get(pair, "not matched")
            _told(row, f"school {pair[0]}, NLE {pair[1]} are {state}", findings)
    for (nle, resource), row in standing.capacity.items():
        cell = _cell(scenario, nle, resource)
        if cell not in (None, row["amount"]):
            _told(row, f"the nles table gives {resource} {cell}", findings)
    _check_added(scenario, rows, findings)


def _told(row: Row, what: str, findings: Findings) -> None:
    findings.add(f"{JOURNAL}: honoured", f"{JOURNAL}: decision {row['number']} ({row['action']}) counts, and {what}")


def _still_there(scenario: Scenario, agreed: Mapping[Pair, Row]) -> Iterator[tuple[Pair, Row]]:
    """Agreed pairs whose sides the tables have, and which the current table does not call over."""
    current: Any = scenario.current
    over: set[Pair] = set()
    if current is not None:
        columns = (current.values(name).tolist() for name in ("school_id", "nle_id", "state"))
        over = {(school, nle) for school, nle, state in zip(*columns, strict=True) if state in OVER}
    trusts = scenario.schools.values("trust_id").tolist() if scenario.settings.eligibility.recipients == "trust" else ()
    schools, nles = {*scenario.schools.ids.tolist(), *trusts}, set(scenario.nles.ids.tolist())
    for pair, row in agreed.items():
        if pair not in over and pair[0] in schools and pair[1] in nles:
            yield pair, row


def _cell(scenario: Scenario, nle: str, resource: str) -> str | None:
    """What the NLE table gives of a resource; None where it does not have the NLE or the resource."""
    rows = (scenario.nles.ids == nle).nonzero()[0]
    if not len(rows) or resource not in scenario.resources:
        return None
    given = scenario.nles.given(resource)[rows[0]]
    return shortest(int(scenario.nles.values(resource)[rows[0]])) if given else ""


def _check_added(scenario: Scenario, rows: Sequence[Row], findings: Findings) -> None:
    for row in rows:
        table, key = {"add-school": ("schools", "school_id"), "add-nle": ("nles", "nle_id")}.get(
            row["action"], ("", "")
        )
        if table and row[key] not in getattr(scenario, table).ids.tolist():
            _told(row, f"the {table} table does not have {row[key]}", findings)
