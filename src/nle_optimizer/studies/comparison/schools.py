"""Where each school stands in two runs, and who supports it: pairs gained, lost and moved, reasons then and now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

from nle_optimizer.errors import RunFolderError
from nle_optimizer.scenario.columns import SHARE_COLUMNS
from nle_optimizer.studies.comparison.side import RowChange, Side, table_difference

STATES = ("supported", "unmatched", "excluded", "absent")
"""What a school can be in a run; `absent` where the run does not know it."""
DERIVED = ("why", "next_best_nle_id", "school_name", "nle_name", *SHARE_COLUMNS)
"""Columns of the allocation that follow from the rest or from draws, and are not compared."""


@dataclass(frozen=True)
class SchoolStanding:
    """Where a school stands in one run.

    Attributes:
        state: one of `STATES`.
        stage: the stage that excluded it, else blank.
        reason: the code of the reason; blank for a supported school.
        explanation: the same as a sentence; for an excluded school, the evidence.
        nles: identifiers of those who support it, sorted.
    """

    state: str
    stage: str = ""
    reason: str = ""
    explanation: str = ""
    nles: tuple[str, ...] = ()


ABSENT = SchoolStanding("absent")


@dataclass(frozen=True)
class SchoolChange:
    """A school that stands elsewhere, or for another reason, in the second run."""

    school_id: str
    name: str
    first: SchoolStanding
    second: SchoolStanding


@dataclass(frozen=True)
class Flow:
    """How many schools are in one state in the first run and in another, or the same, in the second."""

    first: str
    second: str
    schools: int


@dataclass(frozen=True)
class Pair:
    """A matched pair of one run: fit as the run measured it, distance in km (None where unknown)."""

    school_id: str
    nle_id: str
    school_name: str
    nle_name: str
    fit: float | None
    distance_km: float | None
    firmness: str
    why: str


@dataclass(frozen=True)
class Move:
    """A school that is supported in both runs, not by the same NLEs."""

    school_id: str
    name: str
    first: tuple[Pair, ...]
    second: tuple[Pair, ...]


@dataclass(frozen=True)
class ComparedSchools:
    """Every school of either run.

    Attributes:
        flows: counts by state in both runs; they add up to the schools of either run.
        changes: schools in another state.
        reasons: schools in the same state for another reason; where it is excluded, on other evidence too.
    """

    flows: tuple[Flow, ...]
    changes: tuple[SchoolChange, ...]
    reasons: tuple[SchoolChange, ...]


@dataclass(frozen=True)
class ComparedPairs:
    """Matched pairs: in both runs, in one only; `moved` tells schools of those gained and lost that have both.

    Attributes:
        kept: how many stand in both.
        gained, lost: those of the second, of the first run alone.
        moved: schools supported in both runs, not by the same NLEs.
        altered: kept pairs, by school and NLE, with the figures that differ.
    """

    kept: int
    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    moved: tuple[Move, ...]
    altered: tuple[RowChange, ...]


def compare_schools(first: Side, second: Side) -> ComparedSchools:
    """Where every school of either run stands."""
    before, after = _standings(first), _standings(second)
    names = {**first.school_names, **second.school_names}
    flows: Counter[tuple[str, str]] = Counter()
    changes, reasons = [], []
    for school in sorted({*before, *after}):
        change = SchoolChange(school, names.get(school, ""), before.get(school, ABSENT), after.get(school, ABSENT))
        flows[change.first.state, change.second.state] += 1
        if change.first.state != change.second.state:
            changes.append(change)
        elif _ground(change.first) != _ground(change.second):
            reasons.append(change)
    counted = (Flow(was, now, flows[was, now]) for was in STATES for now in STATES)
    return ComparedSchools(tuple(flow for flow in counted if flow.schools), tuple(changes), tuple(reasons))


def _standings(side: Side) -> dict[str, SchoolStanding]:
    out, left = side.tables["exclusions"], side.tables["unmatched"]
    standings = {
        school: SchoolStanding("excluded", stage, reason, evidence)
        for school, stage, reason, evidence in zip(
            *(out[name] for name in ("school_id", "stage", "reason", "evidence")), strict=True
        )
    }
    for school, reason, sentence in zip(*(left[name] for name in ("school_id", "reason", "explanation")), strict=True):
        standings[school] = SchoolStanding("unmatched", "", reason, sentence)
    for school, pairs in _by_school(_pairs(side)).items():
        standings[school] = SchoolStanding(
            "supported", explanation=" ".join(pair.why for pair in pairs), nles=tuple(pair.nle_id for pair in pairs)
        )
    return standings


def _ground(standing: SchoolStanding) -> tuple[str, ...]:
    """What a school's state rests on: who is to say that two of them are the same."""
    evidence = standing.explanation if standing.state == "excluded" else ""
    return standing.stage, standing.reason, evidence


def compare_pairs(first: Side, second: Side) -> ComparedPairs:
    """The matched pairs of both runs."""
    before, after = _pairs(first), _pairs(second)
    was, now = _by_school(before), _by_school(after)
    moved = (
        Move(school, now[school][0].school_name, was[school], now[school])
        for school in sorted(was.keys() & now.keys())
        if [pair.nle_id for pair in was[school]] != [pair.nle_id for pair in now[school]]
    )
    tables = first.tables["allocation"], second.tables["allocation"]
    columns = [name for name in tables[0] if name not in DERIVED]
    return ComparedPairs(
        len(before.keys() & after.keys()),
        tuple(after[key] for key in sorted(after.keys() - before.keys())),
        tuple(before[key] for key in sorted(before.keys() - after.keys())),
        tuple(moved),
        table_difference(*tables, ("school_id", "nle_id"), columns).changed,
    )


def _pairs(side: Side) -> dict[tuple[str, str], Pair]:
    table = side.tables["allocation"]
    names = ("school_id", "nle_id", "school_name", "nle_name", "fit", "distance_km", "firmness", "why")
    pairs = {}
    for school, nle, school_name, nle_name, fit, distance, firmness, why in zip(
        *(table[name] for name in names), strict=True
    ):
        figures = _figure(side, fit), _figure(side, distance)
        pairs[school, nle] = Pair(school, nle, school_name, nle_name, *figures, firmness, why)
    return pairs


def _figure(side: Side, cell: str) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        number = inf
    if not isfinite(number):
        raise RunFolderError(f"{side.path / 'allocation.csv'}: a number is needed; got {cell}")
    return number


def _by_school(pairs: Mapping[tuple[str, str], Pair]) -> dict[str, tuple[Pair, ...]]:
    grouped: dict[str, tuple[Pair, ...]] = {}
    for school, nle in sorted(pairs):
        grouped[school] = (*grouped.get(school, ()), pairs[school, nle])
    return grouped
