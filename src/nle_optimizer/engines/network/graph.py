"""The network of a problem: its arcs, nested limits, and what it cannot carry.

What makes a problem no network, in words.

The problem as a circulation: one hub, one node a recipient, one an NLE, and one a row.

Flow runs hub -> recipient -> NLE -> hub. An arc into a recipient carries its supporters, an arc out of an NLE the
recipients it takes, and each pair is an arc between. A row stands between the hub and the recipients or NLEs it
holds, within the row around it, and its arc carries what it limits. Leaving the hub idle is allowed, so nobody has
to be matched unless a lower limit says so.

Rows as a network has them: groups of recipients or of NLEs, one inside the other, that share a limit on pairs.

A family of sets in which any two are nested or disjoint is laminar; limits on two such families, one a side, leave
the assignment a network (Edmonds 1970, doi:10.1007/3-540-36478-1_2).
"""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.model.levels import AnyLevel, Level, Spread
from nle_optimizer.model.limits_left import uniform
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


HUB = 0


@dataclass(frozen=True, eq=False)
class Network:
    """Arcs with bounds; the first `pairs` of them are the candidate pairs, in the problem's order.

    Attributes:
        nodes: how many there are; node 0 is the hub.
        pairs: number of pair arcs.
        recipients, nles, rows: how many there are; their arcs follow the pairs' in this order, and after them
            stands a second arc beside each row's, of no capacity, by which lower limits are met at first.
        tail, head: shapes (arcs,).
        lower, upper: bounds on the flow.
    """

    nodes: int
    pairs: int
    recipients: int
    nles: int
    rows: int
    tail: Integers
    head: Integers
    lower: Integers
    upper: Integers

    @property
    def recipient_nodes(self) -> slice:
        """The nodes of the recipients."""
        return slice(1, 1 + self.recipients)

    @property
    def nle_nodes(self) -> slice:
        """The nodes of the NLEs."""
        return slice(1 + self.recipients, 1 + self.recipients + self.nles)

    @property
    def recipient_arcs(self) -> slice:
        """The arcs into the recipients."""
        return slice(self.pairs, self.pairs + self.recipients)

    @property
    def nle_arcs(self) -> slice:
        """The arcs out of the NLEs."""
        return slice(self.pairs + self.recipients, self.pairs + self.recipients + self.nles)

    @property
    def row_arcs(self) -> slice:
        """The arcs of the rows: into those of recipients, out of those of NLEs."""
        return slice(self.nle_arcs.stop, self.nle_arcs.stop + self.rows)

    @property
    def spare_arcs(self) -> slice:
        """The second arcs of the rows."""
        return slice(self.row_arcs.stop, self.row_arcs.stop + self.rows)

    @property
    def free(self) -> Integers:
        """Indices of the arcs whose flow may still change."""
        return np.flatnonzero(self.lower < self.upper)

    def held(self, reduced: Integers, flow: Integers) -> "Network":
        """The face on which a level keeps its value: only arcs of zero reduced value stay free."""
        fixed = reduced != 0
        return replace(self, lower=np.where(fixed, flow, self.lower), upper=np.where(fixed, flow, self.upper))

    def with_pair_values(self, values: Integers) -> Integers:
        """Values of every arc: the given ones for the pairs, 0 for the rest."""
        return np.concatenate([values, np.zeros(len(self.tail) - self.pairs, dtype=np.int64)])


def build(problem: Problem, places: Integers, nesting: Nesting) -> Network:
    """The network of a problem in which NLE i can take `places[i]` recipients."""
    pairs, recipients, nles, rows = (
        problem.size,
        len(problem.recipient_ids),
        len(problem.nle_ids),
        len(problem.rows),
    )
    recipient_node = 1 + np.arange(recipients, dtype=np.int64)
    nle_node = recipients + 1 + np.arange(nles, dtype=np.int64)
    row_node = np.append(recipients + nles + 1 + np.arange(rows, dtype=np.int64), HUB)
    outer, inner = row_node[nesting.around], row_node[:-1]
    required = np.zeros(pairs, np.int64) if problem.required is None else problem.required.astype(np.int64)
    row_tail = np.where(nesting.of_recipients, outer, inner)
    row_head = np.where(nesting.of_recipients, inner, outer)
    spare = np.zeros(rows, dtype=np.int64)
    return Network(
        nodes=1 + recipients + nles + rows,
        pairs=pairs,
        recipients=recipients,
        nles=nles,
        rows=rows,
        tail=np.concatenate(
            [
                recipient_node[problem.recipient],
                row_node[nesting.of_recipient],
                nle_node,
                row_tail,
                row_tail,
            ]
        ),
        head=np.concatenate([nle_node[problem.nle], recipient_node, row_node[nesting.of_nle], row_head, row_head]),
        lower=np.concatenate([required, np.zeros(recipients + nles, np.int64), nesting.lower, spare]),
        upper=np.concatenate([np.ones(pairs, np.int64), problem.supporters, places, nesting.upper, spare]),
    )


def refusal_of(problem: Problem) -> str | None:
    """Why the network engine cannot solve the problem; None if it can."""
    reasons = (_mixed_use(problem), *(_of_level(level) for level in problem.levels))
    found = next((reason for reason in reasons if reason is not None), None)
    if found is not None:
        return found
    nesting = nesting_of(problem)
    return nesting if isinstance(nesting, str) else None


def _mixed_use(problem: Problem) -> str | None:
    for resource in problem.resources:
        mixed = int((~uniform(problem, resource)).sum())
        if mixed:
            return (
                f"{mixed} NLEs have candidate schools that take different amounts of {resource.name}; "
                "set capacity.resources: [placements], or give every school the same with "
                f"offer: {{{resource.name}: 10, override: true}}"
            )
    return None


def _of_level(level: AnyLevel) -> str | None:
    if isinstance(level, Spread):
        return f"{level.name} compares shares and is no sum over pairs"
    if not isinstance(level, Level):
        return None
    if level.presence_amounts is not None and level.presence_amounts.any():
        return f"{level.name} counts once what several pairs may make true together"
    return f"{level.name} may be given up in part (`within`)" if level.within is not None else None
