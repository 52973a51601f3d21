"""Which pairs could be matched beside those that are without breaking a constraint, told from its counts anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, inf

import numpy as np

from nle_optimizer.evidence.verification.limits.family import BY_NLE, BY_PAIR, Family, Limits
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.records import Flags, Integers


def unhindered(families: Sequence[Family], matched: Pairs, pairs: Pairs) -> Flags:
    """Which of some pairs break no limit if they are matched beside those that are.

    Args:
        families: the constraints.
        matched: the matched pairs.
        pairs: pairs of recipients that have no NLE.
    """
    free = np.ones(len(pairs), dtype=bool)
    for family in families:
        if len(pairs):
            free &= ~_Counts(family, matched).breaks(pairs)
    return free


@dataclass(frozen=True, eq=False)
class _Counts:
    """What a family counts of the matched pairs."""

    family: Family
    matched: Pairs

    def breaks(self, pairs: Pairs) -> Flags:
        """Which pairs would push a row beyond a limit, or farther beyond it."""
        codes = self.family.codes(pairs)
        own, all_in = self._added(pairs, codes)
        cases, case = np.unique(np.column_stack([codes, own, all_in]), axis=0, return_inverse=True)
        counts, everything = self.family.counts(self.matched), self.family.everything(self.matched)
        rows = self.family.rows()
        limits = {row: self.family.limits(row) for row in {*rows, *np.unique(codes[codes >= 0]).tolist()}}
        spare = sorted((_spare(limits[row], counts[row], everything), row) for row in rows)[:2]
        broken = [
            (code >= 0 and _breaks(limits[code], counts[code], everything, more, whole))
            or (whole > 0 and any(left < whole for left, row in spare if row != code))
            for code, more, whole in cases.tolist()
        ]
        return np.array(broken, dtype=bool)[case.reshape(-1)]

    def _added(self, pairs: Pairs, codes: Integers) -> tuple[Integers, Integers]:
        """What each pair would add to its row, and to the count of everything."""
        one, family = np.ones(len(pairs), dtype=np.int64), self.family
        if family.once == BY_PAIR:
            amounts = np.asarray(family.amounts(pairs), dtype=np.int64)
            return np.where(codes >= 0, amounts, 0), amounts
        if family.once == BY_NLE:
            theirs = family.codes(self.matched)
            there = set(zip(theirs.tolist(), np.asarray(self.matched.nle).tolist(), strict=True))
            ours = zip(codes.tolist(), np.broadcast_to(pairs.nle, len(pairs)).tolist(), strict=True)
            own = np.array([each not in there for each in ours], dtype=np.int64)
            return np.where(codes >= 0, own, 0), (~np.isin(pairs.nle, self.matched.nle)).astype(np.int64)
        return np.where(codes >= 0, one, 0), one


def _spare(limits: Limits, count: int, everything: int) -> float:
    """How much more may be matched elsewhere until a row has less than its share."""
    share = limits.lower_share
    return inf if not share else max(floor(Fraction(count) / share) - everything, 0)


def _breaks(limits: Limits, count: int, everything: int, more: int, whole: int) -> bool:
    """Whether a row that counts `more`, of `whole` more in all, is beyond a limit, and farther than before."""
    if more > 0 and limits.upper is not None and count + more > limits.upper:
        return True
    for share, sign, excess in ((limits.upper_share, 1, limits.excess), (limits.lower_share, -1, 0)):
        if share is not None:
            worse = sign * (more - share * whole)
            if worse > 0 and sign * (count - share * everything) + worse > Fraction(excess, share.denominator):
                return True
    return False
