"""What more moves would buy: the trade-off between pairs kept and the first objective of a plan."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import InfeasibleError, UnsupportedError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.exchanging import written
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.levels import Level
from nle_optimizer.records import MILLION
from nle_optimizer.studies.frontier.point import Point
from nle_optimizer.studies.frontier.searches import Searches
from nle_optimizer.studies.frontier.supported import supported_points
from nle_optimizer.studies.replanning.replanning import KEPT

MOST = 12
"""Points of the curve."""
LARGEST = 300_000
"""Candidate pairs of a problem for which a curve is made."""


@dataclass(frozen=True, eq=False)
class MovesFrontier:
    """The extreme points between moves and the first objective, fewest moves first.

    Attributes:
        table: `moves_frontier.csv`: moves, the first objective, and how many are supported how well.
        objective: the name of the first objective.
        complete: whether there are no further extreme points.
        why_not: why there is no curve, in words; blank where there is one.
    """

    table: TextTable
    objective: str = ""
    complete: bool = True
    why_not: str = ""


def moves_frontier(case: Case, standing: int, stopping: Callable[[], Stopping] = Stopping) -> MovesFrontier:
    """The curve for a case whose first objective keeps pairs.

    Args:
        case: the new plan's, prepared.
        standing: how many pairs stand and are candidates.
        stopping: gives when each search stops.
    """
    levels = case.problem.levels
    if len(levels) < 2 or levels[0].name != KEPT:
        return MovesFrontier(_table("", []), why_not="no pair of the earlier plan stands")
    kept, first, *after = levels
    if not isinstance(first, Level) or not isinstance(kept, Level):
        return MovesFrontier(_table("", []), why_not=f"{first.name} is no sum, so no blend can weigh it against moves")
    if case.problem.size > LARGEST:
        return MovesFrontier(_table("", []), why_not=f"it takes many searches among {case.problem.size:,} pairs")
    plain = Level(kept.name, kept.sense, kept.scale, kept.amounts)
    search = Searches(case.problem, (), plain, first, tuple(after), seed=case.scenario.settings.seed, stopping=stopping)
    try:
        points, complete = supported_points(search.best_first(), search.best_second(), search.weighted, MOST)
    except UnsupportedError as error:
        return MovesFrontier(_table("", []), why_not=error.problems[0].what)
    except InfeasibleError:
        return MovesFrontier(_table("", []), why_not="no allocation meets every requirement")
    rows = [_row(case, point, first, standing) for point in points]
    return MovesFrontier(_table(first.name, rows), first.name, complete)


def _row(case: Case, point: Point, first: Level, standing: int) -> list[str]:
    recipient, fit = case.candidates.recipient[point.matched], case.candidates.fit[point.matched]
    value = Decimal(first.sense * point.second) / Decimal(first.scale)
    return [
        str(standing - point.first),
        written(value),
        str(len(np.unique(recipient))),
        written(Decimal(int(fit.sum())) / MILLION),
        "yes" if point.proved else "no",
    ]


def _table(objective: str, rows: list[list[str]]) -> TextTable:
    names = ("moves", objective or "objective", "supported", "total_fit", "proved")
    return {name: [row[n] for row in rows] for n, name in enumerate(dict.fromkeys(names))}
