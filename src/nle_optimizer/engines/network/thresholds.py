"""The steps of a level: itself, where it is a sum over pairs; else one step for every threshold that matters.

The least fit is the first bottleneck: the fit below which nobody need fall, and at which some must stay. Leximin goes
from one bottleneck to the next.
"""

from dataclasses import replace

import numpy as np

from nle_optimizer.engines.known_prices import KnownPrices
from nle_optimizer.engines.network.bottlenecks import Bottlenecks
from nle_optimizer.engines.network.face import Face, Optimum
from nle_optimizer.engines.network.prices import Line
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.errors import EngineError, Place, UnsupportedError
from nle_optimizer.errors import Problem as Fault
from nle_optimizer.model.levels import LeastFit, Level, Leximin, Threshold
from nle_optimizer.model.problem import Problem
from nle_optimizer.model.solution import Step
from nle_optimizer.records import Integers


def steps_of(face: Face, problem: Problem, number: int, stop: Stopping, known: KnownPrices) -> list[Line] | None:
    """Optimise a level of the problem on the face, hold it, and return its steps; None where it is time to stop.

    A level that is a sum begins from the prices known of it, and keeps its own.

    Raises:
        UnsupportedError: the level is a least fit, and it is not settled whether anybody who counts is matched.
    """
    level = problem.levels[number]
    if isinstance(level, LeastFit):
        return _least_fit(face, level, number)
    if isinstance(level, Leximin):
        return _leximin(face, level, number, stop)
    assert isinstance(level, Level)
    recipients, nles = problem.recipient_ids, problem.nle_ids
    found = face.best(level.amounts, known.of(level.name, recipients, nles))
    recipient, nle = -found.potential[face.network.recipient_nodes], found.potential[face.network.nle_nodes]
    known.keep(level.name, recipients, recipient, nles, nle)
    face.hold(found)
    return [Line(Step(level, number), found.value, found.potential)]


def _least_fit(face: Face, level: LeastFit, number: int) -> list[Line]:
    """A step that shows that the next fit cannot be had by all, and one that holds the least fit."""
    if not _somebody_counts(face, level):
        return []
    before = replace(face)
    bottlenecks = Bottlenecks(face, level.amounts, level.counted)
    value, stuck = next(iter(bottlenecks))
    bottlenecks.hand_back()
    lines = []
    if stuck is not None:
        above = bottlenecks.next_above(value)
        proof = before.best(Threshold(level, above).amounts)
        if not proof.value:
            raise EngineError(f"{level.name} was found to be {value}, and {above} can be had")
        lines.append(_line(level, number, above, proof.value, proof.potential))
    nothing = np.zeros(face.network.nodes, dtype=np.int64)
    face.hold(Optimum(Threshold(level, value).amounts, face.flow, nothing))
    return [*lines, _line(level, number, value, 0, nothing)]


def _line(level: LeastFit | Leximin, number: int, threshold: int, value: int, potential: Integers) -> Line:
    """A line for a threshold; a least fit that cannot do without pairs below it shows so, and is not held."""
    held = value >= 0
    return Line(Step(Threshold(level, threshold), number, threshold, held), value, potential)


def _somebody_counts(face: Face, level: LeastFit) -> bool:
    """Whether every allocation of the face matches somebody who counts; False if none does.

    Raises:
        UnsupportedError: some do, and some do not.
    """
    counted = level.counted.astype(np.int64)
    if face.best(-counted).value:
        return True
    if not face.best(counted).value:
        return False
    what = (
        f"nobody need be matched of those that {level.name} counts: put schools_supported before it, or set a minimum"
    )
    raise UnsupportedError([Fault(Place(), "objectives", what)])


def _leximin(face: Face, level: Leximin, number: int, stop: Stopping) -> list[Line] | None:
    """A step for every threshold at which the number matched is settled, ascending."""
    counted = level.counted & (level.amounts > 0)
    if not counted.any():
        return []
    threshold = int(level.amounts[counted].min())
    first = face.best(Threshold(level, threshold).amounts)
    face.hold(first)
    lines = [_line(level, number, threshold, first.value, first.potential)]
    nothing = np.zeros_like(first.potential)
    bottlenecks = Bottlenecks(face, level.amounts, counted)
    for least, found in bottlenecks:
        if least > threshold:
            lines.append(_change(level, number, threshold, least, 0, nothing))
            threshold = least
        if found is not None:
            above = bottlenecks.next_above(least)
            lines.append(_change(level, number, threshold, above, found.value, found.potential))
            threshold = above
        if stop.reason():
            return None
    return lines


def _change(level: Leximin, number: int, since: int, threshold: int, value: int, potential: Integers) -> Line:
    """A line for the pairs from one threshold up to below the next."""
    return Line(Step(Threshold(level, threshold, since=since), number, threshold), value, potential)
