"""How many recipients an NLE can take, where every one of its pairs takes the same amounts."""

import numpy as np

from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import Flags, Integers


def uniform(problem: Problem, resource: Resource) -> Flags:
    """NLEs whose pairs all take the same amount of a resource; those without pairs count too."""
    least, greatest = _extremes(problem, resource.use)
    return least >= greatest


def places(problem: Problem) -> Integers:
    """The number of recipients each NLE can take, shape (nles,): the scarcest resource decides.

    One more than there are recipients stands for any number beyond, and for an NLE whose pairs take nothing at
    all: such an NLE is never full.
    """
    most = np.full(len(problem.nle_ids), len(problem.recipient_ids) + 1, dtype=np.int64)
    for resource in problem.resources:
        _, greatest = _extremes(problem, resource.use)
        taken = np.maximum(greatest, 0)
        room = np.where(taken > 0, resource.capacity // np.maximum(taken, 1), most)
        most = np.minimum(most, room)
    return most


def holdable(problem: Problem) -> Flags:
    """Pairs that their NLE could hold if it had nobody else, shape (pairs,): it has as much as they take."""
    fits = np.ones(problem.size, dtype=bool)
    for resource in problem.resources:
        fits &= resource.use <= resource.capacity[problem.nle]
    return fits


def _extremes(problem: Problem, use: Integers) -> tuple[Integers, Integers]:
    """Least and greatest use over the pairs of each NLE; of an NLE without pairs, 0 and 0."""
    ends = np.searchsorted(problem.nle, np.arange(len(problem.nle_ids) + 1))
    occupied = ends[1:] > ends[:-1]
    least, greatest = np.zeros(len(occupied), np.int64), np.zeros(len(occupied), np.int64)
    if occupied.any():
        starts = ends[:-1][occupied]
        least[occupied] = np.minimum.reduceat(use, starts)
        greatest[occupied] = np.maximum.reduceat(use, starts)
    return least, greatest
