"""Where capacity is scarce and where it idles, by region."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.exchanging import in_its_unit
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import MILLION, as_text
from nle_optimizer.studies.marginal.groups import BLANK
from nle_optimizer.studies.marginal.rows import Row


@dataclass(frozen=True)
class Region:
    """The capacity of a region's NLEs in the first resource, and its schools that are left out.

    Attributes:
        capacity, used: of the available NLEs, in what people read.
        full: how many NLEs have less than one unit left.
        left_out: eligible schools of the region without an NLE.
        best: the most that one more unit at one of its NLEs adds to the first objective; None where not known.
    """

    name: str
    nles: int
    capacity: Decimal
    used: Decimal
    full: int
    left_out: int
    best: Decimal | None

    @property
    def word(self) -> str:
        """`scarce` where one more is worth something, `idle` where a unit is left and more is worth nothing."""
        if self.best:
            return "scarce"
        return "idle" if self.capacity - self.used >= 1 and self.best is not None else ""


def regions_of(outcome: Outcome, rows: list[Row]) -> list[Region]:
    """Every region that has an available NLE or an eligible school."""
    ours = np.array(as_text(outcome.candidates.nles.column("region")), dtype=object)
    theirs = np.array(as_text(outcome.recipients.column("region")), dtype=object)
    names = sorted({*ours.tolist(), *theirs.tolist()}, key=lambda name: (not name, name))
    resource = outcome.problem.resources[0]
    first = [row for row in rows if row.resource == resource.name]
    return [_region(outcome, name, ours == name, theirs == name, first) for name in names]


def _region(outcome: Outcome, name: str, ours: np.ndarray, theirs: np.ndarray, rows: list[Row]) -> Region:
    capacity, used = outcome.problem.resources[0].capacity[ours], outcome.used[0][ours]
    gains = [rows[n].more for n in np.flatnonzero(ours).tolist()]
    known = [gain.least[0] for gain in gains if gain.is_exact and gain.least]
    best = in_its_unit(outcome.problem.levels[0], max(known)) if known else None
    return Region(
        name or BLANK,
        int(ours.sum()),
        Decimal(int(capacity.sum())) / MILLION,
        Decimal(int(used.sum())) / MILLION,
        int((capacity - used < MILLION).sum()),
        int((theirs & ~outcome.supported).sum()),
        best,
    )
