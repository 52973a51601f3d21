"""The cheapest cure of each kind of every recipient without an NLE, as `unmatched.csv` has it."""

from collections.abc import Mapping, Sequence

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.cures.barred import KINDS
from nle_optimizer.evidence.cures.capacity import capacity_cures
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
    of_capacity, lifted = capacity_cures(outcome, 1), lifted_cures(outcome, 1)
    first = dict(zip(of_capacity.recipient.tolist(), of_capacity.cells(outcome), strict=True))
    by_kind: dict[str, dict[int, tuple[str, str, str]]] = {kind: {} for kind in KINDS}
    for row, kind, cells in zip(lifted.recipient.tolist(), lifted.kinds, lifted.cells(outcome), strict=True):
        by_kind[kind][row] = cells
        first.setdefault(row, (kind, *cells))
    told = _columns(FIRST, first, rows)
    each = {name: own for kind, names in OF_KIND.items() for name, own in _columns(names, by_kind[kind], rows).items()}
    return told, each


def _columns(names: Sequence[str], cells: Mapping[int, tuple[str, ...]], rows: Integers) -> TextTable:
    """Cells of some recipients, blank where one has none."""
    blank = ("",) * len(names)
    told = [cells.get(row, blank) for row in rows.tolist()]
    return {name: [own[n] for own in told] for n, name in enumerate(names)}
