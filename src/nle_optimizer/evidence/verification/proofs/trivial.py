"""Bounds that anyone sees: how many pairs each side can have, and what the best of them are worth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.levels.fairness import LEXIMIN, Fairness
from nle_optimizer.evidence.verification.levels.levels import AnyLevel, Level
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.proofs.prices import FILE
from nle_optimizer.evidence.verification.proofs.trees import Ground
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import Integers


def check_trivial(where: str, level: AnyLevel, bound: int, ground: Ground, sweep: Sweep, instance: Instance) -> None:
    """Note a bound, in the level's own sense, that is better than the trivial one."""
    sign = -1 if level.minimised else 1
    most = _trivial(level, ground, sweep.places, instance.measures)
    if sign * bound < most:
        instance.findings.differs(FILE, where, "bound", f"no better than {sign * most} without a proof", bound)


def _trivial(level: AnyLevel, ground: Ground, places: Integers, measures: Measures) -> int:
    if isinstance(level, Fairness):
        return int(level.fits(ground.pairs).max(initial=0)) + (level.name == LEXIMIN)  # its value is but a part of it
    return _best_of_each(level, ground, places, measures) if isinstance(level, Level) else 0


def _best_of_each(level: Level, ground: Ground, places: Integers, measures: Measures) -> int:
    """The best amounts above 0 that the recipients can have, or the NLEs can give, whichever is less."""
    sign, pairs = -1 if level.minimised else 1, ground.pairs.keep(ground.fits)
    rows = np.unique(pairs.rows)
    once = sum(max(0, sign * int(each)) for each in level.of_supported(rows).tolist())
    had = _best(pairs.rows, sign * level.of_pairs(pairs, measures), ground.supporters)
    return min(had + once, _best(np.asarray(pairs.nle), level.to_maximise(pairs, measures), places))


def _best(owner: Integers, amounts: NDArray[Any], count: Integers) -> int:
    """The sum over owners of the greatest amounts above 0, so many of each."""
    by_owner: dict[int, list[int]] = {}
    for one, amount in zip(owner.tolist(), amounts.tolist(), strict=True):
        if amount > 0:
            by_owner.setdefault(one, []).append(int(amount))
    return sum(sum(sorted(found, reverse=True)[: int(count[one])]) for one, found in by_owner.items())
