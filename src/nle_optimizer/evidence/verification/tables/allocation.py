"""Every cell of `allocation.csv`, derived anew from the inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from nle_optimizer.evidence.verification.exact import fixed, fixed_each, shortest
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.matching import FILE
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.sweep import Sweep
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


def measure(scenario: Scenario, recipients: Recipients, sweep: Sweep) -> Supported:
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
    sweep: Sweep,
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
        findings.compare(FILE, column, rows, cells, [table[column][line] for line in lines])
    for row, line in zip(rows, lines, strict=True):
        if table["firmness"][line] not in (("all", "some") if firm else ("",)):
            findings.differs(FILE, row, "firmness", "all or some" if firm else "", table["firmness"][line])
        if not table["why"][line]:
            findings.differs(FILE, row, "why", "a sentence", "")


def _expected(
    scenario: Scenario, recipients: Recipients, sweep: Sweep, supported: Supported, drawn: Sequence[str]
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
