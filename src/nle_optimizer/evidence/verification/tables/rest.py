"""What `unmatched.csv` and `nles.csv` say, derived anew from the inputs."""

from collections.abc import Mapping, Sequence

import numpy as np

from nle_optimizer.evidence.verification.exact import fixed_each, shortest
from nle_optimizer.evidence.verification.findings import Findings, check_sorted
from nle_optimizer.evidence.verification.pairs.nearest import Nearest
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import BEFORE_CAPACITY, Supply
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.evidence.verification.tables.allocation import texts
from nle_optimizer.evidence.verification.tables.cures import FIRST, LIFTED
from nle_optimizer.records import Integers
from nle_optimizer.scenario.scenario import Scenario

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
    sweep: Sweep,
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


def nle_columns(scenario: Scenario) -> list[str]:
    """The columns that `nles.csv` must have."""
    amounts = [f"{word}_{resource}" for resource in scenario.resources for word in ("capacity", "used")]
    return ["nle_id", "state", "reason", *amounts, "one_more", "one_fewer"]


def check_nles(
    scenario: Scenario, supply: Supply, used: Integers, table: Mapping[str, Sequence[str]], findings: Findings
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


def _states(scenario: Scenario, supply: Supply) -> list[str]:
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
    supply: Supply,
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
