"""The hard limits: what an allocation may not do, and what a rule that proves nothing must own up to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.exact import shortest
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY
from nle_optimizer.evidence.verification.limits.constraint_counts import Counted
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.scenario.rule_objectives import RULE_OBJECTIVES

PROVING = frozenset({"optimal", *RULE_OBJECTIVES})
"""The rules that give an optimum, or how far they may be from one."""
AS_IT_IS = "status-quo"
"""The rule that may break upper limits too."""


@dataclass(frozen=True)
class Breach:
    """A limit that is broken.

    Attributes:
        topic: of the finding.
        sentence: what is wrong.
        is_lower: whether a lower limit of a constraint is missed.
    """

    topic: str
    sentence: str
    is_lower: bool = False


def breaches(
    sweep: Sweep, supporters: Sequence[int], resources: Sequence[str], rows: Sequence[Counted]
) -> list[Breach]:
    """Every limit that the claimed pairs break: supporters, capacities, constraints."""
    return [*_crowded(sweep, supporters), *_overused(sweep, resources), *_beyond(rows)]


def _crowded(sweep: Sweep, supporters: Sequence[int]) -> Iterator[Breach]:
    degree = np.bincount(sweep.matching.pairs.rows, minlength=len(sweep.ids))
    for row in np.flatnonzero(degree > np.asarray(supporters)).tolist():
        what = f"the inputs give at most {supporters[row]}, the claim says {degree[row]}"
        yield Breach("allocation.csv: NLEs", f"allocation.csv: school {sweep.ids[row]}: NLEs: {what}")


def _overused(sweep: Sweep, resources: Sequence[str]) -> Iterator[Breach]:
    used, supply = sweep.used, sweep.supply
    for n, resource in enumerate(resources):
        for nle in np.flatnonzero(supply.available & (used[n] > supply.capacity[n])).tolist():
            most, said = shortest(int(supply.capacity[n, nle])), shortest(int(used[n, nle]))
            what = f"the inputs give at most {most}, the claim says {said}"
            yield Breach(f"allocation.csv: {resource}", f"allocation.csv: NLE {sweep.nle_ids[nle]}: {resource}: {what}")


def _beyond(rows: Sequence[Counted]) -> Iterator[Breach]:
    for row in rows:
        said = f"constraint {row.label}: {_plain(row.value)} {row.unit}"
        if row.minimum is not None and row.value < row.minimum:
            yield Breach("constraints", f"{said}, and at least {_plain(row.minimum)} are asked for", is_lower=True)
        if row.maximum is not None and row.value > row.maximum:
            yield Breach("constraints", f"{said}, and at most {_plain(row.maximum)} are allowed")


def check_limits(found: Sequence[Breach], rule: str, missed: Any, findings: Findings) -> None:
    """Note the limits that are broken, but for those that the rule may break and the claim owns up to.

    Args:
        found: what is broken.
        rule: the scenario's rule.
        missed: `missed` of the summary.
        findings: what is wrong.
    """
    if rule in PROVING:
        owned: list[Breach] = []
    else:
        owned = [breach for breach in found if breach.is_lower or rule == AS_IT_IS]
        missed = [] if missed is None else missed
        if not isinstance(missed, list) or len(missed) != len(owned):
            said = f"{len(missed)} entries" if isinstance(missed, list) else missed
            findings.differs(SUMMARY, "", "missed", f"{len(owned)} entries", said)
    for breach in found:
        if breach not in owned:
            findings.add(breach.topic, breach.sentence)


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.6g}"
