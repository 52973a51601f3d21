"""Pareto improvements: a matching that some recipient likes better and none likes less."""

from dataclasses import replace

import numpy as np

from nle_optimizer.engines.registry import engines_for
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.levels import Level
from nle_optimizer.model.preferences import Order
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.model.restriction import restricted
from nle_optimizer.records import Integers

KEPT = "as good for everybody"


def pareto_improvement(problem: Problem, order: Order, matched: Integers) -> Integers | None:
    """A matching that betters a given one for some recipients and worsens it for none; None where there is none.

    For recipients of one supporter each; lower limits of rows count as they do for the given matching.

    Args:
        problem: the limits.
        order: the recipients', strict.
        matched: indices of the matched pairs.
    """
    has = np.full(len(problem.recipient_ids), np.iinfo(np.int64).max, dtype=np.int64)
    has[problem.recipient[matched]] = np.where(
        order.place[matched] < 0, np.iinfo(np.int64).max - 1, order.place[matched]
    )
    at_least = ((order.place >= 0) & (order.place <= has[problem.recipient])) | np.isin(
        np.arange(problem.size), matched
    )
    kept = np.flatnonzero(at_least)
    served = np.unique(problem.recipient[matched])
    row = Row(
        KEPT, "schools", kept[np.isin(problem.recipient[kept], served)], np.zeros(0, dtype=np.int64), len(served), None
    )
    row = replace(row, amounts=np.ones(len(row.pairs), dtype=np.int64))
    gains = np.zeros(problem.size, dtype=np.int64)
    gains[kept] = np.where(has[problem.recipient[kept]] > order.place[kept], 1, 0)
    gains[matched] = 0
    rows = (*(replace(own, lower=None) for own in problem.rows), row)
    asked = restricted(replace(problem, rows=rows, levels=(Level("gains", 1, 1, gains),), tie_break=()), at_least)
    try:
        found = kept[next(engines_for(asked, "auto")).solve(asked, 0, Stopping()).matched]
    except InfeasibleError:
        return None
    return found if gains[found].sum() else None
