"""Agreed pairs, which no limit takes away: what they hold of NLEs, and whether the claim tells what they exceed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY
from nle_optimizer.evidence.verification.limits.family import Family
from nle_optimizer.evidence.verification.pairs.candidates import Candidates
from nle_optimizer.evidence.verification.pairs.listed import Pairs, join
from nle_optimizer.evidence.verification.pairs.usage import Usage
from nle_optimizer.evidence.verification.stages.supply import Supply, keeping
from nle_optimizer.records import Integers
from nle_optimizer.scenario.scenario import Scenario

CODE = "agreed-beyond-limit"


@dataclass(frozen=True, eq=False)
class Agreed:
    """The agreed pairs of NLEs that are not out.

    Attributes:
        pairs: them, as candidates; None where there are none.
        candidates: the filters.
        supply: what NLEs have, agreed pairs keeping what they take.
        busier: NLEs that have more by that than the settings leave them.
    """

    pairs: Pairs | None
    candidates: Candidates
    supply: Supply
    busier: Sequence[int]

    def beside(self, families: Sequence[Family]) -> list[Family]:
        """Limits over many pairs, none of them below what agreed pairs alone count."""
        return [family if self.pairs is None else family.beside(self.pairs) for family in families]

    def check_told(self, summary: Any, scenario: Scenario, ids: Any, families: Sequence[Family], to: Findings) -> None:
        """Check that the summary tells of every limit that agreed pairs are beyond.

        Args:
            summary: of the claim.
            scenario: settings and tables.
            ids: of the recipients.
            families: the constraints as they are asked for.
            to: what is wrong.
        """
        entries = summary.get("findings")
        if self.pairs is None or not isinstance(entries, list):
            return
        told = [str(each.get("text")) for each in entries if isinstance(each, dict) and each.get("code") == CODE]
        nles, wanted = scenario.nles.ids, list[str]()
        for nle, row in zip(np.asarray(self.pairs.nle).tolist(), self.pairs.rows.tolist(), strict=True):
            wanted += [f"{nles[nle]}, {ids[row]}"] if self.candidates.exceeding(nle, row) else []
        wanted += [family.label(row) for family in families for row in family.exceeds(self.pairs)]
        wanted += [str(nles[nle]) for nle in self.busier]
        for name in wanted:
            if not any(name in text for text in told):
                to.add(f"{SUMMARY}: findings", f"{SUMMARY}: findings: nothing says that {name} is beyond a limit")


def agreed_of(scenario: Scenario, candidates: Candidates, supply: Supply, usage: Usage, taken: Integers) -> Agreed:
    """The agreed pairs; `taken` is what is used up before anybody is matched, by resource and NLE."""
    found = [
        candidates.geography.pairs(nle, np.array(rows, dtype=np.int64))
        for nle, rows in sorted(candidates.agreed.items())
        if supply.available[nle]
    ]
    if not found:
        return Agreed(None, candidates, supply, ())
    pairs = candidates.among(join(found))
    amounts = np.zeros_like(supply.capacity)
    for n, used in enumerate(usage.of(pairs)):
        np.add.at(amounts[n], pairs.nle, used)
    kept = keeping(supply, scenario, taken, amounts)
    busier = np.flatnonzero((kept.capacity > supply.capacity).any(axis=0)).tolist()
    return Agreed(pairs, candidates, kept, busier)
