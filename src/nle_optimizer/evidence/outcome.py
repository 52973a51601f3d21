"""Everything one allocation was made of, for those who explain, measure and report it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from nle_optimizer.model.clash import Clash
from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Solution
from nle_optimizer.records import Flags, Integers, Records, Texts
from nle_optimizer.scenario.objective_setting import Objective
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.ledger import Exclusion
from nle_optimizer.stages.supply import Supply


@dataclass(frozen=True, eq=False)
class TrustOutcome:
    """Schools matched with high-quality trusts by us: the problem solved, and its solution."""

    problem: Problem
    solution: Solution


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario carried through every stage, ready to be solved.

    Attributes:
        scenario: settings and tables.
        exclusions: every school that is out, sorted.
        matched_to_trust: how many of them are matched with a trust.
        formed: recipients formed from a trust's schools.
        supply: every NLE, in or out.
        candidates: the candidate pairs.
        use: what each pair takes of each resource, in millionths.
        cost: what each pair costs, in millionths of a pound.
        problem: the same in integers.
        trusts: the trust-first solution, where it was optimised here.
        objectives: the objectives in force, asked for or by default.
        requirements: the constraints, with what their rows count.
    """

    scenario: Scenario
    exclusions: tuple[Exclusion, ...]
    matched_to_trust: int
    formed: int
    supply: Supply
    candidates: Candidates
    use: dict[str, Integers]
    cost: Integers
    problem: Problem
    trusts: TrustOutcome | None
    objectives: tuple[Objective, ...]
    requirements: tuple[Requirement, ...]

    @property
    def recipients(self) -> Records:
        """The eligible recipients, sorted by identifier."""
        return self.candidates.recipients

    def without_solution(self, engine: str, clashes: Sequence[str], clash: Clash | None = None) -> "Outcome":
        """The outcome where no allocation meets the requirements: nobody is matched."""
        solution = Solution(engine, np.zeros(0, np.int64), (), in_every_optimum=np.zeros(0, bool))
        return replace(self.solved_by(solution), clashes=tuple(clashes), clash=clash)

    def solved_by(self, solution: Solution) -> "Outcome":
        """The outcome of this case under a solution of its problem."""
        return Outcome(**{field.name: getattr(self, field.name) for field in fields(self)}, solution=solution)


@dataclass(frozen=True, eq=False)
class Outcome(Case):
    """One allocation: a case, and a solution of its problem; or no allocation, and what clashes.

    Attributes:
        solution: the allocation, or nobody.
        clashes: what clashes, in sentences; empty where an allocation is possible.
        clash: the same for programs; None where required pairs alone exceed a capacity.
    """

    solution: Solution
    clashes: tuple[str, ...] = ()
    clash: Clash | None = None

    @cached_property
    def status(self) -> str:
        """`optimal`, `feasible`, `infeasible`, `unknown` or `completed`: see docs/reference/decisions.md."""
        if self.clashes:
            return "infeasible"
        if self.solution.completed:
            return "completed"
        if self.problem.levels and not self.solution.levels:
            return "unknown"
        return "optimal" if all(level.proved for level in self.solution.levels) else "feasible"

    @cached_property
    def matched(self) -> Integers:
        """Indices of the matched candidate pairs, by recipient, then NLE."""
        pairs, recipient = self.solution.matched, self.candidates.recipient
        return pairs[np.lexsort((self.candidates.nle[pairs], recipient[pairs]))]

    @cached_property
    def firm(self) -> Flags | None:
        """For each pair of `matched`, whether it stands in every optimal allocation; None where that is not known."""
        if self.solution.in_every_optimum is None:
            return None
        at = np.searchsorted(self.solution.matched, self.matched)
        return self.solution.in_every_optimum[at]

    @cached_property
    def found(self) -> Integers:
        """How many NLEs each recipient has, shape (recipients,)."""
        return np.bincount(self.candidates.recipient[self.solution.matched], minlength=len(self.recipients))

    @cached_property
    def supported(self) -> Flags:
        """Which recipients have at least one NLE."""
        return np.asarray(self.found > 0, dtype=bool)

    @cached_property
    def out_of_region(self) -> tuple[Flags, Flags]:
        """For each pair of `matched`, whether its sides lie in different regions, and whether both are known."""
        recipients, nles = self.recipients, self.candidates.nles
        theirs = recipients.values("region")[self.candidates.recipient[self.matched]]
        ours = nles.values("region")[self.candidates.nle[self.matched]]
        folded = [_folded(texts) for texts in (theirs, ours)]
        return folded[0] != folded[1], (theirs != "") & (ours != "")

    @cached_property
    def used(self) -> Integers:
        """What each available NLE gives of each resource, shape (resources, nles), in millionths."""
        total = np.zeros((len(self.use), len(self.candidates.nles)), dtype=np.int64)
        for n, amounts in enumerate(self.use.values()):
            np.add.at(total[n], self.candidates.nle[self.matched], amounts[self.matched])
        return total


def _folded(texts: Texts) -> Texts:
    return np.array([str(text).casefold() for text in texts], dtype=object)
