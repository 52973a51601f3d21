"""The pairs that a claim matches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import NOT_LISTED, Listed, Pairs
from nle_optimizer.evidence.verification.stages.supply import Supply
from nle_optimizer.records import Integers

FILE = "allocation.csv"


@dataclass(frozen=True, eq=False)
class Matching:
    """The lines of `allocation.csv` whose two sides exist and may be matched at all, in order of NLE.

    Attributes:
        lines: the index of each line in the table.
        pairs: the pairs, with an NLE each.
        start: where each NLE's pairs start, and the end of the last.
    """

    lines: Integers
    pairs: Pairs
    start: Integers

    def of(self, nle: int) -> slice:
        """Where the pairs of an NLE stand."""
        return slice(int(self.start[nle]), int(self.start[nle + 1]))


def read_matching(
    table: Mapping[str, Sequence[str]],
    recipients: Mapping[str, int],
    nles: Mapping[str, int],
    supply: Supply,
    findings: Findings,
) -> list[tuple[int, int, int]]:
    """NLE, recipient and line of every claimed pair that may be looked at; the others are noted."""
    found: dict[tuple[int, int], int] = {}
    for line, (school, nle) in enumerate(zip(table["school_id"], table["nle_id"], strict=True)):
        label = f"{FILE}: school {school}, NLE {nle}"
        if school not in recipients:
            findings.add(f"{FILE}: school", f"{label}: the inputs make this school no recipient")
        elif nle not in nles:
            findings.add(f"{FILE}: nle", f"{label}: the NLE table has no such NLE")
        elif (nles[nle], recipients[school]) in found:
            findings.add(f"{FILE}: twice", f"{label}: the pair stands twice")
        elif not supply.available[nles[nle]]:
            findings.add(f"{FILE}: out", f"{label}: the NLE is out ({supply.reason[nles[nle]]})")
        else:
            found[nles[nle], recipients[school]] = line
    return sorted((nle, row, line) for (nle, row), line in found.items())


def build_matching(found: Sequence[tuple[int, int, int]], nles: int, geography: Geography, listed: Listed) -> Matching:
    """The claimed pairs as arrays."""
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    nle, row, line = columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy()
    start = np.searchsorted(nle, np.arange(nles + 1))
    entry: Integers | None = None
    if len(listed.at):
        entry = np.full(len(nle), NOT_LISTED, dtype=np.int64)
        for one in np.unique(nle).tolist():
            here = slice(int(start[one]), int(start[one + 1]))
            known = listed.entries(one, row[here])
            if known is not None:
                entry[here] = known
    return Matching(line, Pairs(nle, row, geography.squares(nle, row), entry), start)
