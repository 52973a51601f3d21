"""A claim that no allocation is possible: some NLE or school must have more required pairs than it can have."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.proof import SUMMARY
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import Integers


def check_clash(
    sweep: Sweep,
    required: Mapping[int, Sequence[int]],
    supporters: Integers,
    summary: Mapping[str, Any],
    findings: Findings,
) -> None:
    """Check that the required pairs clash, that as many clashes are named, and that nobody is matched."""
    wanted = np.zeros(len(supporters), dtype=np.int64)
    for rows in required.values():
        np.add.at(wanted, np.array(rows, dtype=np.int64), 1)
    overfull = sum(len(rows) > sweep.places[nle] for nle, rows in required.items())
    clashes = int(overfull) + int((wanted > supporters).sum())
    said = summary.get("clashes")
    if not clashes:
        findings.differs(SUMMARY, "", "status", "optimal, as the required pairs do not clash", "infeasible")
    elif not isinstance(said, list) or len(said) != clashes:
        findings.differs(SUMMARY, "", "clashes", f"{clashes} of them", said)
    if len(sweep.matching.lines):
        findings.differs(SUMMARY, "", "status", "a status under which pairs are matched", "infeasible")
    if summary.get("objectives") != []:
        findings.differs(SUMMARY, "", "objectives", "none, as the status is infeasible", summary.get("objectives"))
