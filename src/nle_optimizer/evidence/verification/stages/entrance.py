"""Who may be matched with an NLE, and where everybody else left: every stage before the candidate pairs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.geography import by_easting
from nle_optimizer.evidence.verification.stages.eligibility import enter
from nle_optimizer.evidence.verification.stages.recipients import Recipients, after_needs, gather
from nle_optimizer.evidence.verification.stages.trust_first import match_trusts
from nle_optimizer.scenario.scenario import Scenario

Exit = tuple[str, str]
"""Stage and reason."""


@dataclass(frozen=True, eq=False)
class Entrance:
    """What comes out of the stages before the candidate pairs.

    Attributes:
        recipients: who may be matched, from west to east, those without a place last.
        placed: how many of them have a place.
        formed: identifiers of the trusts formed from their schools.
        left: by identifier, where everybody else left.
        findings: what is wrong with the claim about schools matched with trusts.
    """

    recipients: Recipients
    placed: int
    formed: Sequence[str]
    left: dict[str, Exit]
    findings: Findings


def entrance(scenario: Scenario, matched_with_trusts: tuple[tuple[str, str], ...], proof: str) -> Entrance:
    """Go through the stages before the candidate pairs.

    Args:
        scenario: settings and tables.
        matched_with_trusts: school and evidence of each one that the claim says is matched with a trust.
        proof: `trust_first` of the certificate, as JSON.
    """
    findings = Findings()
    entry = enter(scenario)
    match_trusts(scenario, entry, dict(matched_with_trusts), json.loads(proof), findings)
    everyone = gather(scenario, entry)
    remaining, exits = after_needs(scenario, everyone)
    order, placed = by_easting(remaining.table)
    left: dict[str, Exit] = {}
    for ids, stages in ((scenario.schools.ids, entry.exits), (everyone.ids, exits)):
        rows = np.flatnonzero(~stages.inside)
        columns = [array[rows].tolist() for array in (ids, stages.stage, stages.reason)]
        left |= {school: (stage, reason) for school, stage, reason in zip(*columns, strict=True)}
    return Entrance(remaining.take(order), placed, everyone.ids[everyone.formed].tolist(), left, findings)
