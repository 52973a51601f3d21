"""`decisions.csv`: whether its chain holds, and whether tables, settings and allocation honour what stands in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nle_optimizer.errors import InputError, Place
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.findings import Findings, claimed_table, shortest
from nle_optimizer.evidence.verification.stages.supply import OVER
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.validation import validate
from nle_optimizer.scenario.yaml_text import parse_value

JOURNAL = "decisions.csv"
WHERE = "summary.json: decisions"
COLUMNS = ("number", "action", "school_id", "nle_id", "resource", "amount", "undoes", "undone_by", "hash")
BARRING = ("forbid", "school-objects", "nle-declines")
AGREED = {"agree": ("agreed", "started"), "start": ("started",)}
"""What a decision makes of a pair, and the states in which it may be found."""
AWAY = ("nle-withdraws", "pause")

Row = Mapping[str, str]
Pair = tuple[str, str]


def check_journal(scenario: Scenario, claim: Claim, findings: Findings) -> None:
    """Check the journal of decisions, where there is one, or the summary speaks of one."""
    if "decisions" not in claim.tables:
        if told := claim.summary.get("decisions"):
            findings.add(WHERE, f"{JOURNAL}: the file is missing, and summary.json tells of {_count(told)} decisions")
        return
    rows = _rows(claim, findings)
    if _chain_holds(rows, findings):
        _check_whole(rows, claim.summary.get("decisions"), findings)
        if claim.summary.get("status") not in ("infeasible", "unknown"):
            _check_honoured(scenario, claim, _in_force(rows, findings), findings)


def _rows(claim: Claim, findings: Findings) -> list[Row]:
    columns = {**claim.tables["decisions"], **claimed_table(claim, "decisions", COLUMNS, findings)}
    return [dict(zip(columns, cells, strict=False)) for cells in zip(*columns.values(), strict=False)]


def _check_whole(rows: Sequence[Row], told: object, findings: Findings) -> None:
    """Note a journal that is shorter or longer than the summary says, or ends otherwise, which breaks no chain."""
    ours = {"count": len(rows), "last_hash": rows[-1]["hash"] if rows else ""}
    if told != ours:
        what = f"it holds {len(rows)} decisions, and summary.json tells of {_count(told)}"
        last = "" if _count(told) != str(len(rows)) else ", of which the last is another"
        findings.add(WHERE, f"{JOURNAL}: {what}{last}: rows were cut off or added after it was written")


def _count(told: object) -> str:
    count = told.get("count") if isinstance(told, Mapping) else None
    return str(count) if isinstance(count, int) else "none"


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
        if row["undoes"] and row["undoes"] not in map(str, range(1, n)):
            what = f"it takes back decision {row['undoes']}, and there is none of that number before it"
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


def check_settings(given: Document, settings: Settings, claim: Claim) -> list[str]:
    """Settings of a run that are not those that were given, as the decisions in force changed them, in sentences.

    What a replan itself adds is left aside: kept pairs among the objectives, schools that no trust may take, a time
    limit; and what the settings leave open to the tables.

    Args:
        given: the settings before any decision.
        settings: those of the run.
        claim: holds the journal.
    """
    findings, told_already = Findings(), Findings()
    rows = _rows(claim, told_already)
    if not _chain_holds(rows, told_already):
        return []
    decided = [row for row in _in_force(rows, told_already) if row["action"] == "set"]
    document = given.copy()
    try:
        for row in decided:
            document.set(row["key"], parse_value(row["value"], JOURNAL), Place(JOURNAL))
        ours = dict(_compared(validate(document)))
    except InputError as error:
        return [f"{JOURNAL}: the settings that were decided cannot be: {error}"]
    theirs = dict(_compared(settings))
    for key in sorted(ours.keys() | theirs.keys()):
        was, now = ours.get(key), theirs.get(key)
        if was == now or (key in LEFT_OPEN and not was):
            continue
        by = [
            row for row in decided if f"{key}.".startswith(f"{row['key']}.") or f"{row['key']}.".startswith(f"{key}.")
        ]
        if by:
            _told(by[-1], f"the settings of the run have {key} {now}", findings)
        else:
            what = f"the settings of the run have {key} {now}; as given it is {was}, and no decision changes it"
            findings.add(f"{JOURNAL}: settings", f"{JOURNAL}: {what}")
    return findings.sentences()


LEFT_OPEN = ("objectives", "trust_first.mode", "eligibility.policy")
"""Settings that the tables decide where nothing is said."""
ASIDE = ("data", "rule", "stop.seconds")
"""Settings of a replan's own."""


def _compared(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Every setting by its dotted key, without what a replan adds itself."""
    told = settings.model_dump(by_alias=True)
    told["objectives"] = [level for level in told["objectives"] or () if "kept_pairs" not in level]
    qualifies = told["trust_first"]["qualifies"] or {"when": {}}
    when = {column: asked for column, asked in qualifies["when"].items() if column != "school_id"}
    told["trust_first"]["qualifies"] = {**qualifies, "when": when}
    yield from (
        (key, value) for key, value in _leaves(told, "") if not f"{key}.".startswith(tuple(f"{a}." for a in ASIDE))
    )


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, entry in value.items():
            yield from _leaves(entry, f"{key}.{name}" if key else str(name))
    else:
        yield key, value
