"""The steps of a certificate by prices: levels, and the sums over pairs that thresholds make of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.fairness import LEAST, Fairness, Spread
from nle_optimizer.evidence.verification.levels.levels import AnyLevel, Level
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.proofs.prices import FILE, is_whole
from nle_optimizer.records import Integers


@dataclass(frozen=True, eq=False)
class Step:
    """A sum over pairs that was optimised, or shown to be below 0; of a spread that is always the same, of nothing.

    Attributes:
        entry: what the certificate says of it.
        of: the level it serves, from 0.
        level: that level.
        threshold: the fit from which pairs count, in millionths; 0 where there is none.
        held: whether its value was kept afterwards.
        since: of a leximin, the threshold of the step before; None for its first.
    """

    entry: Mapping[str, Any]
    of: int
    level: AnyLevel
    threshold: int
    held: bool
    since: int | None = None

    @property
    def minimised(self) -> bool:
        """Whether less is better."""
        return self.level.minimised

    def to_maximise(self, pairs: Pairs, measures: Measures) -> NDArray[Any]:
        """Each pair's amount, more being better."""
        if isinstance(self.level, Level):
            return self.level.to_maximise(pairs, measures)
        if isinstance(self.level, Spread):
            return np.zeros(len(pairs), dtype=np.int64)
        assert pairs.fit is not None
        counts = np.ones(len(pairs), dtype=bool) if self.level.counts is None else self.level.counts[pairs.rows]
        if self.level.name == LEAST:
            return -(counts & (pairs.fit < self.threshold)).astype(np.int64)
        if self.since is None:
            return (counts & (pairs.fit >= self.threshold)).astype(np.int64)
        return -(counts & (pairs.fit >= self.since) & (pairs.fit < self.threshold)).astype(np.int64)


def read_steps(entries: Any, levels: Sequence[AnyLevel], findings: Findings) -> list[Step] | None:
    """The steps; None, with the reason noted, where they are none that the levels could make."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        findings.add(FILE, f"{FILE}: levels is not a list of levels")
        return None
    steps: list[Step] = []
    for n, entry in enumerate(entries, start=1):
        of, threshold, held = (entry.get(word) for word in ("of", "threshold", "held"))
        before = steps[-1].of if steps else 0
        if not is_whole(of) or not before <= of < len(levels):
            findings.differs(FILE, f"level {n}", "of", f"a level from {before} to {len(levels) - 1}", of)
            return None
        level = levels[of]
        if not _is_sound(level, threshold, held, steps and steps[-1].of == of):
            findings.add(FILE, f"{FILE}: level {n}: no such step (threshold {threshold}, held {held}) of {level.name}")
            return None
        since = steps[-1].threshold if steps and steps[-1].of == of else None
        steps.append(Step(entry, of, level, threshold or 0, held, since))
    return steps


def _is_sound(level: AnyLevel, threshold: Any, held: Any, again: Any) -> bool:
    if not isinstance(level, Fairness):
        return threshold is None and held is True and not again
    if not is_whole(threshold) or not isinstance(held, bool):
        return False
    return held or level.name == LEAST


class Fits:
    """The fits of the candidate pairs that count in a level, as far as thresholds ask for them."""

    def __init__(self, level: Fairness, matched: Pairs):
        self.level, self.matched = level, np.unique(level.fits(matched))
        self._anchors = np.union1d(self.matched, np.zeros(1, dtype=np.int64))
        self._next = np.full(len(self._anchors), -1, dtype=np.int64)

    @property
    def needed(self) -> bool:
        """Whether the level needs any step to be proved."""
        return bool(len(self.matched)) if self.level.name == LEAST else self.above(0) is not None

    def add(self, pairs: Pairs) -> None:
        """Look at some candidate pairs."""
        fits = self.level.fits(pairs)
        at = np.searchsorted(self._anchors, fits, side="left") - 1
        fits, at = fits[at >= 0], at[at >= 0]
        unset = np.iinfo(np.int64).max
        least = np.where(self._next < 0, unset, self._next)
        np.minimum.at(least, at, fits)
        self._next = np.where(least == unset, -1, least)

    def above(self, fit: int) -> int | None:
        """The least fit of a candidate pair above one of the matched fits, or above 0; None where there is none."""
        later: Integers = self._next[np.searchsorted(self._anchors, fit) :]
        later = later[later >= 0]
        return int(later[0]) if len(later) else None


def check_thresholds(steps: Sequence[Step], fits: Fits, findings: Findings) -> bool:
    """Whether the steps of one level, each proved, together prove its value; what they lack is noted."""
    wanted = _of_least(fits) if fits.level.name == LEAST else _of_leximin(fits)
    kept = [step.threshold for step in steps if step.held]
    there = [any(_is_met(step, *one) for step in steps) for one in wanted]
    if all(there) and kept == sorted(kept):
        return True
    said = ", ".join(f"{step.threshold}{'' if step.held else ' not held'}" for step in steps) or "none"
    ours = ", ".join(f"{most}{'' if held else ' not held'}" for _, most, held in wanted)
    findings.differs(FILE, f"level {fits.level.name}", "thresholds", ours, said)
    return False


def _is_met(step: Step, above: int, most: int, held: bool) -> bool:
    return step.held is held and above < step.threshold <= most


def _of_least(fits: Fits) -> list[tuple[int, int, bool]]:
    """Thresholds that must be there: above one fit, at most another, and whether held."""
    if not len(fits.matched):
        return []
    value = int(fits.matched[0])
    above = fits.above(value)
    return [*([] if above is None else [(value, above, False)]), (value - 1, value, True)]


def _of_leximin(fits: Fits) -> list[tuple[int, int, bool]]:
    """The least fit above each fit that is matched: where the number of pairs that reach it had to be as it is."""
    anchors = sorted({0, *fits.matched.tolist()})
    found = [(anchor, fits.above(anchor)) for anchor in anchors]
    return [(anchor, above, True) for anchor, above in found if above is not None]
