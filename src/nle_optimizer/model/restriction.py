"""A problem with some of its pairs alone: everything else as it was."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from nle_optimizer.model.levels import AnyLevel, LeastFit, Leximin, Share, Spread
from nle_optimizer.model.problem import Presences, Problem, Row
from nle_optimizer.records import Flags, Integers

Part = TypeVar("Part", Row, Share)


def restricted(problem: Problem, kept: Flags) -> Problem:
    """The problem without the pairs that are not kept; pair n of it is the n-th pair kept.

    Args:
        problem: whose recipients, NLEs, rows and presences all stay, however few pairs they have left.
        kept: shape (pairs,).
    """
    place = np.cumsum(kept) - 1
    entries = kept[problem.presences.pair]
    presences = Presences(
        problem.presences.count, problem.presences.presence[entries], place[problem.presences.pair[entries]]
    )
    return replace(
        problem,
        recipient=problem.recipient[kept],
        nle=problem.nle[kept],
        resources=tuple(replace(resource, use=resource.use[kept]) for resource in problem.resources),
        required=None if problem.required is None else problem.required[kept],
        levels=tuple(_level(level, kept, place) for level in problem.levels),
        tie_break=tuple(replace(level, amounts=level.amounts[kept]) for level in problem.tie_break),
        rows=tuple(_of_some(row, kept, place) for row in problem.rows),
        presences=presences,
    )


def _level(level: AnyLevel, kept: Flags, place: Integers) -> AnyLevel:
    if isinstance(level, Spread):
        return replace(level, shares=tuple(_of_some(share, kept, place) for share in level.shares))
    if isinstance(level, LeastFit | Leximin):
        return replace(level, amounts=level.amounts[kept], counted=level.counted[kept])
    return replace(level, amounts=level.amounts[kept])


def _of_some(part: Part, kept: Flags, place: Integers) -> Part:
    """A row or share whose `pairs` have `amounts`, with those that are kept."""
    stay = kept[part.pairs]
    return replace(part, pairs=place[part.pairs[stay]], amounts=part.amounts[stay])
