"""What a planner may demand and what can be dropped: limits of rows, and required pairs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nle_optimizer.model.problem import Problem
from nle_optimizer.model.wording import limit_in_words

Kind = Literal["minimum", "maximum", "pair"]


@dataclass(frozen=True)
class Requirement:
    """One limit of a row, or one required pair.

    Attributes:
        kind: which.
        at: index of the row, or of the pair.
    """

    kind: Kind
    at: int

    def label(self, problem: Problem) -> str:
        """How the certificate names it."""
        if self.kind != "pair":
            return problem.rows[self.at].label
        return f"pair {problem.nle_ids[problem.nle[self.at]]}, {problem.recipient_ids[problem.recipient[self.at]]}"

    def words(self, problem: Problem) -> str:
        """What it demands, for people."""
        if self.kind == "pair":
            return f"the required {self.label(problem)}"
        return limit_in_words(problem.rows[self.at], self.kind)


def requirements_of(problem: Problem) -> list[Requirement]:
    """Every requirement: required pairs, then limits in the order of the rows."""
    pairs = [Requirement("pair", int(pair)) for pair in problem.required_pairs()]
    lower = [Requirement("minimum", n) for n, row in enumerate(problem.rows) if row.lower is not None]
    upper = [Requirement("maximum", n) for n, row in enumerate(problem.rows) if row.upper is not None]
    return [*pairs, *sorted([*lower, *upper], key=lambda limit: limit.at)]


def restricted(problem: Problem, kept: Sequence[Requirement]) -> Problem:
    """The problem in which only some requirements count; its rows keep their places."""
    keep = set(kept)
    rows = tuple(
        replace(
            row,
            lower=row.lower if Requirement("minimum", n) in keep else None,
            upper=row.upper if Requirement("maximum", n) in keep else None,
        )
        for n, row in enumerate(problem.rows)
    )
    required = None if problem.required is None else problem.required.copy()
    if required is not None:
        required[[pair for pair in problem.required_pairs() if Requirement("pair", int(pair)) not in keep]] = False
    return replace(problem, rows=rows, required=required)
