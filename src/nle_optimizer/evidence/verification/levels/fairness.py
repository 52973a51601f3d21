"""Levels that are no sums over pairs: the least fit of anybody, and how far shares lie apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.records import MILLION, Flags, Integers, Texts

LEAST, LEXIMIN = "min_fit", "leximin_fit"
LOAD, GAP = "load_balance", "region_gap"


@dataclass(frozen=True, eq=False)
class Fairness:
    """The least fit of a matched pair that counts, to be maximised; for LEXIMIN only the first thing to look at.

    Attributes:
        name: LEAST or LEXIMIN.
        counts: the recipients whose pairs count; None for everybody.
        scale: units of the value in 1 of fit.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    counts: Flags | None
    scale: int = MILLION
    minimised: bool = False
    engine: str = "auto"

    def fits(self, pairs: Pairs) -> Integers:
        """The fits of those of the pairs that count."""
        assert pairs.fit is not None
        return pairs.fit if self.counts is None else pairs.fit[self.counts[pairs.rows]]

    def value(self, matched: Pairs) -> int:
        """The least fit that counts among matched pairs, of LEXIMIN the least above 0; of nobody 0."""
        fits = self.fits(matched)
        fits = fits[fits > 0] if self.name == LEXIMIN else fits
        return int(fits.min()) if len(fits) else 0


@dataclass(frozen=True, eq=False)
class Spread:
    """Greatest less least of some shares, to be minimised.

    Attributes:
        name: LOAD or GAP.
        region: for GAP, the number of each recipient's region, -1 where it does not count.
        engine: who is to solve it; `auto` for anybody.
    """

    name: str
    region: Integers | None = None
    scale: int = MILLION
    minimised: bool = True
    engine: str = "auto"

    def of_regions(self, matched: Pairs) -> tuple[list[int], list[int]]:
        """For GAP: how many recipients of each region are supported, and how many there are."""
        assert self.region is not None
        wholes = np.bincount(self.region[self.region >= 0])
        served = self.region[np.unique(matched.rows)]
        return np.bincount(served[served >= 0], minlength=len(wholes)).tolist(), wholes.tolist()


AnyFairness = Fairness | Spread


def spread(parts: Sequence[int], wholes: Sequence[int]) -> int:
    """Greatest less least share in millionths: the greatest rounded up, the least down; 0 where there is none."""
    shares = [(part * MILLION, whole) for part, whole in zip(parts, wholes, strict=True) if whole]
    if not shares:
        return 0
    return max(-(-part // whole) for part, whole in shares) - min(part // whole for part, whole in shares)


def regions_of(names: Texts, counts: Flags) -> Integers:
    """A number for the region of each recipient that counts; -1 where it does not, or the region is blank."""
    known = sorted({name for name in names[counts].tolist() if name})
    number = {name: n for n, name in enumerate(known)}
    return np.array([number.get(name, -1) if here else -1 for name, here in zip(names, counts, strict=True)], np.int64)
