"""Points by limits on the first objective: every least fit that can be asked for, or every number of schools."""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.studies.frontier.point import Point, undominated

Limited = Callable[[int], Point | None]
"""The best point on the second objective with at least so much of the first; None where there is none."""


def stepped_points(
    least: Point, first: Point, amounts: Sequence[int], best: Limited, most: int
) -> tuple[list[Point], bool]:
    """The undominated points between two, by asking for more and more of the first objective.

    Args:
        least: the best on the second objective, and among those on the first.
        first: the best on the first objective, and among those on the second.
        amounts: what the first objective can be, ascending.
        best: finds the best point under a limit.
        most: points at most, at least 2; where there may be more, limits are asked for at even steps.

    Returns:
        The points, the best on the first objective first, and whether these are all.
    """
    between: Integers = np.unique(np.array([one for one in amounts if least.first < one < first.first], np.int64))
    is_all = len(between) <= most - 2
    found = [least, first]
    asked = between if is_all else between[np.linspace(0, len(between) - 1, most - 2).round().astype(int)]
    reached = least.first
    for limit in asked.tolist():
        if limit <= reached:
            continue
        point = best(limit)
        if point is None:
            break
        reached = point.first
        found.append(point)
    return undominated(found), is_all
