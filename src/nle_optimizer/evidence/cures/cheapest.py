"""The cheapest cure of each kind of every recipient without an NLE, as `unmatched.csv` has it."""

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.cures.barred import KINDS
from nle_optimizer.evidence.cures.capacity import cures_by_recipient
from nle_optimizer.evidence.cures.lifted import lifted_cures
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers

FIRST = ("cure_kind", "cure_id", "cure_amount", "cure_price")
OF_KIND = {
    "reach": ("reach_nle_id", "reach_more_km", "reach_price"),
    "minimum_fit": ("minimum_fit_nle_id", "minimum_fit_needed", "minimum_fit_price"),
    "conflict": ("conflict_nle_id", "conflict", "conflict_price"),
}


def cheapest_cures(outcome: Outcome, rows: Integers) -> tuple[TextTable, TextTable]:
    """Columns about some recipients without an NLE: the first cure there is, and the cure of each lifted kind.

    The first is by a resource, else by reach, by minimum fit, by a conflict; blank where there is none.
    """
    of_capacity, lifted = cures_by_recipient(outcome, 1), lifted_cures(outcome, 1)
    first: list[tuple[str, ...]] = []
    by_kind: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in KINDS}
    for row in rows.tolist():
        own = lifted.get(row, {})
        told = [(kind, *own[kind][0].cells) for kind in KINDS if kind in own]
        first.append(([cure.cells for cure in of_capacity.get(row, ())] + told + [("",) * len(FIRST)])[0])
        for kind, cells in by_kind.items():
            cells.append(own[kind][0].cells if kind in own else ("",) * 3)
    each = {
        name: [cells[n] for cells in by_kind[kind]] for kind, names in OF_KIND.items() for n, name in enumerate(names)
    }
    return {name: [cells[n] for cells in first] for n, name in enumerate(FIRST)}, each
