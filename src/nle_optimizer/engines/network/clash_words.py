"""A clash of limits and required pairs in sentences: what it is, by how much, and what would mend it."""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.network.core import Scores
from nle_optimizer.engines.network.cut import Cut, irreducible_cut, restricted, tension
from nle_optimizer.engines.network.cut_proof import multipliers_of
from nle_optimizer.engines.network.feasible import attempt
from nle_optimizer.engines.network.graph import Network
from nle_optimizer.engines.network.nesting import Nesting
from nle_optimizer.model.clash import Clash
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers, shortest

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
