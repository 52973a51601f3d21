"""Who left at which stage, and pairs passing one filter after the other.

The ledger of exclusions: each school once, at the first stage that took it out, with evidence.

Pairs passing one filter after the other, and the filter that removed each recipient's last one.

Pairs that are agreed today pass every limit, whatever it says; which they are beyond is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nle_optimizer.catalogue.reasons import FILTERS
from nle_optimizer.errors import InputError
from nle_optimizer.records import Flags, Integers, Texts


@dataclass(frozen=True)
class Exclusion:
    """A school (or formed trust) that is out, and why."""

    school_id: str
    stage: str
    reason: str
    evidence: str


Exclusions = Mapping[str, Exclusion]
"""Those who left at a stage, by identifier."""


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

    def add(self, others: Mapping[str, Exclusion]) -> None:
        """Record exclusions of another stage.

        Raises:
            ValueError: one of them left before.
        """
        for school_id in others.keys() & self.entries.keys():
            raise ValueError(f"{school_id} is excluded twice")
        self.entries.update(others)

    def sorted(self) -> list[Exclusion]:
        """Every exclusion, by school."""
        return [self.entries[school_id] for school_id in sorted(self.entries)]


MOST_SHOWN = 20
Beyond = tuple[int, int, str]
"""An NLE and a recipient, by index, and the code of a limit that their pair is beyond."""


@dataclass(frozen=True, eq=False)
class Sieve:
    """Pairs still in, and the filter that removed each recipient's last one.

    Attributes:
        exempt: pairs that no limit removes; None where there are none.
        beyond: the limits that they are beyond.
        refusal: the error that required pairs, given by NLE and recipient, are ruled out by a filter.
    """

    nle: Integers
    recipient: Integers
    square: Integers
    distance: Integers
    required: Flags | None
    last_filter: Texts
    refusal: Callable[[list[tuple[int, int]], str], InputError]
    exempt: Flags | None = None
    beyond: tuple[Beyond, ...] = ()

    def sparing(self, code: str, rows: Flags) -> tuple["Sieve", Flags]:
        """The rows of a filter without those that are exempt from it, which are noted."""
        if self.exempt is None or not FILTERS[code].beyond or not (rows & self.exempt).any():
            return self, rows
        at = np.flatnonzero(rows & self.exempt)
        noted = [(nle, recipient, code) for nle, recipient in zip(self.nle[at], self.recipient[at], strict=True)]
        return replace(self, beyond=(*self.beyond, *noted)), rows & ~self.exempt

    def drop(self, code: str, rows: Flags) -> "Sieve":
        """The pairs without those of `rows`; recipients that lose their last pair remember `code`."""
        spared, rows = self.sparing(code, rows)
        return spared._drop(code, rows) if rows.any() else spared

    def _drop(self, code: str, rows: Flags) -> "Sieve":
        if self.required is not None and (self.required & rows).any():
            at = np.flatnonzero(self.required & rows)
            raise self.refusal(list(zip(self.nle[at].tolist(), self.recipient[at].tolist(), strict=True)), code)
        keep = ~rows
        kept = np.bincount(self.recipient[keep], minlength=len(self.last_filter)) > 0
        had = np.bincount(self.recipient, minlength=len(self.last_filter)) > 0
        reasons = self.last_filter.copy()
        reasons[had & ~kept] = code
        return replace(
            self,
            nle=self.nle[keep],
            recipient=self.recipient[keep],
            square=self.square[keep],
            distance=self.distance[keep],
            required=None if self.required is None else self.required[keep],
            exempt=None if self.exempt is None else self.exempt[keep],
            last_filter=reasons,
        )
