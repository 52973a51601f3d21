"""What clashes in a network, with the cut that proves it, in words.

A clash of limits and required pairs in sentences: what it is, by how much, and what would mend it. A cut as whole
multipliers that anyone can evaluate: they bound the amounts 0 below 0, so no allocation exists.

Which limits and required pairs cannot all be met: a cut names them, and a deletion filter makes them irreducible.

The filter leaves each requirement out in turn and asks for a circulation (Chinneck and Dravnieks 1991,
doi:10.1287/ijoc.3.2.157).
"""

from dataclasses import dataclass, replace
from math import lcm

import numpy as np

from nle_optimizer.engines.network.flow import Attempt, Scores, attempt
from nle_optimizer.engines.network.graph import Nesting, Network
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.problem import Clash, Leaf, Multipliers, Problem
from nle_optimizer.records import Flags, Integers, shortest


@dataclass(frozen=True, eq=False)
class Cut:
    """Requirements that clash, and the potentials that prove it.

    Attributes:
        required: shape (arcs,): the arcs whose bounds clash, rows' and required pairs'.
        short: by how many pairs they miss one another.
        potential: shape (nodes,).
        core: the arcs that mattered on the way.
    """

    required: Flags
    short: int
    potential: Integers
    core: Flags | None


def irreducible_cut(network: Network, nesting: Nesting, guide: Scores) -> Cut:
    """A clash between bounds such that without any one of them there is a circulation.

    The lower bounds must nowhere exceed the upper ones.
    """
    last = attempt(network, nesting, guide)
    core = last.core
    kept = _involved(network, np.ones(len(network.tail), dtype=bool), last)
    for arc in _candidates(network, kept):
        if kept[arc]:
            without = kept.copy()
            without[arc] = False
            tried = attempt(restricted(network, without), nesting, guide, core)
            core = tried.core
            if tried.short:
                kept = _involved(network, without, tried)
    last = attempt(restricted(network, kept), nesting, guide, core)
    return Cut(kept, last.short, last.potential, last.core)


def restricted(network: Network, required: Flags) -> Network:
    """The network in which of all rows and required pairs only some count."""
    free = ~required
    free[network.recipient_arcs] = free[network.nle_arcs] = False
    upper = network.upper.copy()
    upper[network.row_arcs][free[network.row_arcs]] = network.pairs + 1
    return replace(network, lower=np.where(free, 0, network.lower), upper=upper)


def tension(network: Network, potential: Integers) -> Integers:
    """For every arc, above 0 where its upper bound takes part in a cut, below 0 where its lower bound does."""
    return np.asarray(potential[network.tail] - potential[network.head])


def _involved(network: Network, among: Flags, tried: Attempt) -> Flags:
    """The rows and required pairs whose bounds take part in what the potentials prove."""
    pull = tension(network, tried.potential)
    involved = (pull < 0) & (network.lower > 0)
    involved[network.row_arcs] |= pull[network.row_arcs] > 0
    return involved & among


def _candidates(network: Network, kept: Flags) -> list[int]:
    """Required pairs first, so that limits on many are named rather than single pairs."""
    arcs = np.flatnonzero(kept)
    return [*arcs[arcs < network.pairs][::-1].tolist(), *arcs[arcs >= network.pairs][::-1].tolist()]


def multipliers_of(problem: Problem, network: Network, cut: Cut) -> Leaf | None:
    """One leaf whose bound is below 0; None where no single resource as the knapsack proves as much.

    See docs/reference/decisions.md, The certificate, for how a leaf is read.
    """
    pull = tension(network, cut.potential)
    at_row = np.where(cut.required[network.row_arcs], pull[network.row_arcs], 0)
    amounts = [int(row.amounts[0]) if len(row.amounts) else 1 for row in problem.rows]
    unit = lcm(*(amount for amount, price in zip(amounts, at_row.tolist(), strict=True) if price))
    row = np.array([price * (unit // a) if price else 0 for a, price in zip(amounts, at_row.tolist(), strict=True)])
    recipient = unit * np.maximum(pull[network.recipient_arcs], 0)
    for knapsack, resource in enumerate(problem.resources):
        alone = replace(problem, resources=(resource,))
        bound = _bound(alone, recipient, row.astype(np.int64), places(alone))
        if bound < 0:
            nothing = np.zeros((len(problem.resources), len(problem.nle_ids)), dtype=np.int64)
            held = np.zeros(0, dtype=np.int64)
            return Leaf(Multipliers(1, recipient, nothing, row.astype(np.int64), held, knapsack), bound)
    return None


def _bound(problem: Problem, recipient: Integers, row: Integers, room: Integers) -> int:
    """The bound of the multipliers for amounts that are all 0, where all pairs of an NLE take the same of it."""
    left = -recipient[problem.recipient]
    for own, price in zip(problem.rows, row.tolist(), strict=True):
        left[own.pairs] -= price * own.amounts
    required = problem.required_pairs()
    room = room - np.bincount(problem.nle[required], minlength=len(room))
    gain = left > 0
    gain[required] = False
    pairs = np.flatnonzero(gain)
    pairs = pairs[np.lexsort((-left[pairs], problem.nle[pairs]))]
    rank = np.arange(len(pairs)) - np.searchsorted(problem.nle[pairs], problem.nle[pairs])
    best = pairs[rank < room[problem.nle[pairs]]]
    limits = sum(
        price * ((own.upper if price > 0 else own.lower) or 0)
        for own, price in zip(problem.rows, row.tolist(), strict=True)
    )
    return int(problem.supporters @ recipient) + int(limits) + int(left[best].sum()) + int(left[required].sum())


MOST_CURES = 5
"""NLEs that are tried one by one for whether more capacity of theirs alone would do."""


def clash_of(problem: Problem, network: Network, nesting: Nesting, guide: Scores) -> Clash:
    """Requirements of a problem without any allocation that clash, irreducibly."""
    hopeless = np.flatnonzero(nesting.lower > nesting.upper)
    if len(hopeless):
        return _within_one_row(problem, int(hopeless[0]))
    cut = irreducible_cut(network, nesting, guide)
    return _Telling(problem, network, nesting, guide, cut).clash()


def _within_one_row(problem: Problem, at: int) -> Clash:
    row = problem.rows[at]
    takes = _amount(row.amounts, 1)
    low, high = (0 if row.lower is None else row.lower), row.upper or 0
    sentence = (
        f"{row.label} is to be from {_shown(row.amounts, low)} to {_shown(row.amounts, high)}, "
        f"and no number of pairs that take {takes} each comes to that"
    )
    return Clash((row.label,), (sentence,), "solver")


def _shown(amounts: Integers, limit: int) -> str:
    """A limit as people read it: rows that count pairs are plain numbers, all others are millionths."""
    counts = not len(amounts) or int(amounts[0]) == 1
    return str(limit) if counts else shortest(limit, 6)


def _amount(amounts: Integers, pairs: int) -> str:
    return _shown(amounts, pairs * (int(amounts[0]) if len(amounts) else 1))


@dataclass(frozen=True, eq=False)
class _Telling:
    """What is told of a cut."""

    problem: Problem
    network: Network
    nesting: Nesting
    guide: Scores
    cut: Cut

    def clash(self) -> Clash:
        """The clash with its proof and its repairs."""
        tree = multipliers_of(self.problem, self.network, self.cut)
        arcs = np.flatnonzero(self.cut.required).tolist()
        labels = tuple(dict.fromkeys(self._label(arc) for arc in arcs))
        proof = "solver" if tree is None else "multipliers"
        return Clash(labels, (self._sentence(arcs),), proof, tree, tuple(self._repairs(arcs)))

    def _row(self, arc: int) -> int:
        return arc - self.network.row_arcs.start

    def _label(self, arc: int) -> str:
        if arc >= self.network.pairs:
            return self.problem.rows[self._row(arc)].label
        problem = self.problem
        return f"pair {problem.nle_ids[problem.nle[arc]]}, {problem.recipient_ids[problem.recipient[arc]]}"

    def _bound(self, arc: int) -> tuple[str, int]:
        """Which limit of a row's arc clashes, and what it is in pairs."""
        if int(tension(self.network, self.cut.potential)[arc]) < 0:
            return "minimum", int(self.network.lower[arc])
        return "maximum", int(self.network.upper[arc])

    def _limit(self, arc: int) -> str:
        """The limit as the planner wrote it."""
        row = self.problem.rows[self._row(arc)]
        limit = row.lower if self._bound(arc)[0] == "minimum" else row.upper
        return _shown(row.amounts, limit or 0)

    def _name(self, arc: int) -> str:
        if arc < self.network.pairs:
            return f"the required {self._label(arc)}"
        return f"the {self._bound(arc)[0]} of {self._label(arc)} ({self._limit(arc)})"

    def _sentence(self, arcs: list[int]) -> str:
        names = [self._name(arc) for arc in arcs]
        if len(arcs) > 1:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            return f"{listed} cannot all be met: they are {_pairs(self.cut.short)} apart"
        if arcs[0] < self.network.pairs:
            return f"{names[0]} cannot be met"
        row = self._row(arcs[0])
        pairs = self.problem.rows[row].pairs
        schools = len(np.unique(self.problem.recipient[pairs]))
        nles = len(np.unique(self.problem.nle[pairs]))
        most = self._bound(arcs[0])[1] - self.cut.short
        return (
            f"{names[0]} cannot be met: of the candidate pairs of its {_counted(schools, 'school')} with "
            f"{_counted(nles, 'NLE')} at most {most} can be matched together"
        )

    def _repairs(self, arcs: list[int]) -> list[str]:
        found = [repair for arc in arcs if (repair := self._repair(arc)) is not None]
        cure = self._cure()
        return found if cure is None else [*found, cure]

    def _repair(self, arc: int) -> str | None:
        """The least change of one requirement that ends this clash; None where its limit alone does not end it."""
        network, changed = self.network, self.network
        which, limit = ("", 1) if arc < network.pairs else self._bound(arc)
        lower, upper = network.lower.copy(), network.upper.copy()
        if which == "maximum":
            upper[arc] = limit = limit + self.cut.short
        else:
            lower[arc] = limit = 0 if not which else max(limit - self.cut.short, 0)
        changed = replace(network, lower=lower, upper=upper)
        if not which:
            return self._if_it_ends(changed, f"drop the requirement of {self._label(arc)}")
        shown = _amount(self.problem.rows[self._row(arc)].amounts, limit)
        verb = "raise" if which == "maximum" else "lower"
        return self._if_it_ends(changed, f"{verb} the {which} of {self._label(arc)} from {self._limit(arc)} to {shown}")

    def _cure(self) -> str | None:
        """More capacity for one NLE that takes part in the cut, where that alone ends the clash."""
        pull = tension(self.network, self.cut.potential)[self.network.nle_arcs]
        for nle in np.flatnonzero(pull > 0)[:MOST_CURES].tolist():
            upper = self.network.upper.copy()
            upper[self.network.nle_arcs.start + nle] += self.cut.short
            text = f"give NLE {self.problem.nle_ids[nle]} room for {self.cut.short} more"
            found = self._if_it_ends(replace(self.network, upper=upper), text)
            if found is not None:
                return found
        return None

    def _if_it_ends(self, changed: Network, repair: str) -> str | None:
        """The repair, if it ends this clash; with a word more where others remain."""
        if attempt(restricted(changed, self.cut.required), self.nesting, self.guide, self.cut.core).short:
            return None
        ends_all = not attempt(changed, self.nesting, self.guide, self.cut.core).short
        return repair if ends_all else f"{repair} (other requirements clash beside)"


def _pairs(count: int) -> str:
    return _counted(count, "pair")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
