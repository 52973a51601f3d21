"""Rows as a network has them: groups of recipients or of NLEs, one inside the other, that share a limit on pairs.

A family of sets in which any two are nested or disjoint is laminar; limits on two such families, one a side, leave
the assignment a network (Edmonds 1970, doi:10.1007/3-540-36478-1_2).
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.records import Flags, Integers

OUTERMOST = -1


@dataclass(frozen=True, eq=False)
class Nesting:
    """How the rows of a problem lie within one another.

    Attributes:
        of_recipient: shape (recipients,): the innermost row around each recipient, or `OUTERMOST`.
        of_nle: shape (nles,): the same for the NLEs.
        around: shape (rows,): the next row outwards, or `OUTERMOST`.
        inwards: shape (rows,): the rows in an order in which every row comes after those around it.
        of_recipients: shape (rows,): whether a row holds recipients; otherwise it holds NLEs.
        lower, upper: shapes (rows,): limits on the number of pairs; from 0 up, and at most one beyond all pairs,
            wherever the row can be met at all.
    """

    of_recipient: Integers
    of_nle: Integers
    around: Integers
    inwards: Integers
    of_recipients: Flags
    lower: Integers
    upper: Integers

    def sums(self, rows: Integers) -> tuple[Integers, Integers]:
        """For each recipient and each NLE the sum over all rows around it, shapes (..., recipients), (..., nles)."""
        total = np.concatenate([rows, np.zeros((*rows.shape[:-1], 1), np.int64)], axis=-1)
        for row in self.inwards.tolist():
            total[..., row] += total[..., self.around[row]]
        return total[..., self.of_recipient], total[..., self.of_nle]

    def counts(self, of_recipient: Integers, of_nle: Integers) -> Integers:
        """The number of pairs in each row, from those of each recipient and each NLE."""
        total = np.zeros(len(self.around) + 1, dtype=np.int64)
        np.add.at(total, self.of_recipient, of_recipient)
        np.add.at(total, self.of_nle, of_nle)
        for row in self.inwards[::-1].tolist():
            total[self.around[row]] += total[row]
        return total[:-1]


def nesting_of(problem: Problem) -> Nesting | str:
    """The rows of a problem as nested groups; or, in words, why they are none."""
    for row in problem.rows:
        why = _not_a_count(row)
        if why is not None:
            return why
    groups = _Groups(problem)
    on_recipients = []
    for number, row in enumerate(problem.rows):
        side = groups.side(number)
        if side is None:
            return f"{row.label} limits neither all the pairs of some schools nor all the pairs of some NLEs"
        on_recipients.append(side == "recipients")
    return _nested(problem, groups, np.array(on_recipients, dtype=bool))


def _not_a_count(row: Row) -> str | None:
    if row.share is not None:
        return f"{row.label} is a share of everything that is matched"
    if len(row.presences):
        return f"{row.label} counts what several pairs may make true together"
    if len(row.amounts) and (row.amounts[0] <= 0 or (row.amounts != row.amounts[0]).any()):
        return f"the pairs of {row.label} have different amounts"
    return None


class _Groups:
    """The members of each row: the recipients, or the NLEs, all of whose pairs it holds."""

    def __init__(self, problem: Problem) -> None:
        self._rows = problem.rows
        sides = {"recipients": (problem.recipient, problem.recipient_ids), "nles": (problem.nle, problem.nle_ids)}
        self._nodes = {side: nodes for side, (nodes, _) in sides.items()}
        self._degree = {side: np.bincount(nodes, minlength=len(ids)) for side, (nodes, ids) in sides.items()}
        self._found: dict[tuple[int, str], Integers | None] = {}

    def members(self, row: int, side: str) -> Integers | None:
        """The members of a row on one side; None where it lacks some pair of one."""
        if (row, side) not in self._found:
            inside = np.zeros(len(self._degree[side]), dtype=bool)
            inside[self._nodes[side][self._rows[row].pairs]] = True
            whole = int(self._degree[side][inside].sum()) == len(self._rows[row].pairs)
            self._found[row, side] = np.flatnonzero(inside) if whole else None
        return self._found[row, side]

    def side(self, row: int) -> str | None:
        """The side to try first: one NLE alone crosses nothing; else recipients, then NLEs; None where none will do."""
        pairs = self._rows[row].pairs
        single = len(pairs) and self._nodes["nles"][pairs[0]] == self._nodes["nles"][pairs[-1]]
        order = ("nles", "recipients") if single else ("recipients", "nles")
        return next((side for side in order if self.members(row, side) is not None), None)

    def on(self, side: str, here: Flags) -> dict[int, Integers]:
        """The members of the rows laid on one side."""
        found = {row: self.members(row, side) for row in np.flatnonzero(here).tolist()}
        return {row: members for row, members in found.items() if members is not None}


def _nested(problem: Problem, groups: _Groups, on_recipients: Flags) -> Nesting | str:
    """Lay the rows on their sides; one that crosses another among the recipients is moved to the NLEs if it can be."""
    while True:
        around = np.full(len(problem.rows), OUTERMOST)
        of_recipients, of_nles = groups.on("recipients", on_recipients), groups.on("nles", ~on_recipients)
        crossing, of_recipient = _lay(of_recipients, len(problem.recipient_ids), around)
        if crossing is None:
            crossing, of_nle = _lay(of_nles, len(problem.nle_ids), around)
            if crossing is None:
                break
            return _overlap(problem, crossing)
        movable = [row for row in crossing if groups.members(row, "nles") is not None]
        if not movable:
            return _overlap(problem, crossing)
        on_recipients[movable[0]] = False
    lower, upper = _limits(problem)
    members = {**of_recipients, **of_nles}
    inwards = np.array(sorted(members, key=lambda row: (-len(members[row]), row)), dtype=np.int64)
    return Nesting(of_recipient, of_nle, around, inwards, on_recipients, lower, upper)


def _overlap(problem: Problem, crossing: tuple[int, int]) -> str:
    one, other = (problem.rows[row].label for row in sorted(crossing))
    return f"{one} and {other} overlap, and neither lies within the other"


def _lay(groups: dict[int, Integers], count: int, around: Integers) -> tuple[tuple[int, int] | None, Integers]:
    """Lay groups one inside the other, largest first, noting in `around` what each lies in.

    Returns:
        Two rows that overlap without being nested, or None; and the innermost row around each of the nodes.
    """
    innermost = np.full(count, OUTERMOST)
    for row, inside in sorted(groups.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        outer = innermost[inside]
        if len(outer) and (outer != outer[0]).any():
            rows = np.unique(outer[outer != OUTERMOST]).tolist()
            return (row, next(own for own in rows if not np.isin(inside, groups[own]).all())), innermost
        if len(outer):
            around[row] = outer[0]
        innermost[inside] = row
    return None, innermost


def _limits(problem: Problem) -> tuple[Integers, Integers]:
    """Lower and upper limits in pairs, rounded inward."""
    beyond = problem.size + 1
    lower, upper = [], []
    for row in problem.rows:
        amount = int(row.amounts[0]) if len(row.amounts) else 1
        lower.append(0 if row.lower is None else min(max(-(-row.lower // amount), 0), beyond))
        upper.append(beyond if row.upper is None else max(min(row.upper // amount, beyond), -1))
    return np.array(lower, dtype=np.int64), np.array(upper, dtype=np.int64)
