"""The ledger of exclusions: each school once, at the first stage that took it out, with evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

STAGES = ("listing", "eligibility", "trust-first", "recipient", "need")


@dataclass(frozen=True)
class Exclusion:
    """A school (or formed trust) that is out, and why."""

    school_id: str
    stage: str
    reason: str
    evidence: str


@dataclass
class Ledger:
    """Exclusions as they happen."""

    entries: dict[str, Exclusion] = field(default_factory=dict)

    def take_out(self, ids: Sequence[str], stage: str, reasons: str | Sequence[str], evidence: Sequence[str]) -> None:
        """Record that these schools leave at this stage.

        Raises:
            ValueError: one of them left before.
        """
        codes = [reasons] * len(ids) if isinstance(reasons, str) else reasons
        for school_id, reason, shown in zip(ids, codes, evidence, strict=True):
            if school_id in self.entries:
                raise ValueError(f"{school_id} is excluded twice")
            self.entries[school_id] = Exclusion(school_id, stage, reason, shown)

    def sorted(self) -> list[Exclusion]:
        """Every exclusion, by school."""
        return [self.entries[school_id] for school_id in sorted(self.entries)]
