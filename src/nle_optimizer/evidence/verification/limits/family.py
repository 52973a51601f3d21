"""The rows that one constraint makes: which pairs each counts, and between which limits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

import numpy as np

from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.pair_columns import Codes
from nle_optimizer.records import Integers
from nle_optimizer.scenario.constraint_setting import Constraint

BY_PAIR, BY_SCHOOL, BY_NLE = "pair", "school", "nle"
"""What counts once in a row: every pair, every supported recipient, every NLE with a pair of the row."""


@dataclass(frozen=True)
class Limits:
    """The limits of one row: whole units, and shares of all that is matched.

    Attributes:
        lower, upper: whole units.
        lower_share, upper_share: shares.
        excess: how far agreed pairs alone are beyond the upper share, in units times its denominator.
    """

    lower: int | None = None
    upper: int | None = None
    lower_share: Fraction | None = None
    upper_share: Fraction | None = None
    excess: int = 0


@dataclass(eq=False)
class Family:
    """The rows that one constraint makes; a pair counts in at most one of them.

    Attributes:
        constraint: the setting.
        unit: what is counted, for people.
        scale: units of a count in one of what people read.
        once: BY_PAIR, BY_SCHOOL or BY_NLE.
        codes: the row of each pair; calling it may add rows.
        amounts: what each pair counts, where it is not 1.
        labels: of each row, without the suffix.
        limits: of a row, by its index.
        seen: the rows that exist because a candidate pair is in them; None where they exist anyway.
        suffix: what labels end with, where the constraint's shares of all that is matched are rows apart.
    """

    constraint: Constraint
    unit: str
    scale: int
    once: str
    codes: Codes
    amounts: Callable[[Pairs], Integers]
    labels: list[str]
    limits: Callable[[int], Limits]
    seen: set[int] | None = None
    suffix: str = ""

    def label(self, row: int) -> str:
        """The label of a row."""
        return self.labels[row] + self.suffix

    def parted(self) -> list["Family"]:
        """The limits in numbers and each share of all that is matched apart, where there are several of them."""
        asked = self.constraint
        of_matched = asked.type in ("quota", "budget") and asked.share_of != "eligible"
        words = ("minimum_share", "maximum_share") if of_matched else ()
        shares = [word for word in words if getattr(asked, word) is not None]
        in_numbers = asked.minimum is not None or asked.maximum is not None
        if len(shares) + in_numbers < 2:
            return [self]
        numbers = [replace(self, limits=self._part("numbers"))] if in_numbers else []
        return [*numbers, *(replace(self, limits=self._part(word), suffix=f" {word}") for word in shares)]

    def _part(self, word: str) -> Callable[[int], Limits]:
        def limits(row: int) -> Limits:
            whole = self.limits(row)
            if word == "minimum_share":
                return Limits(lower_share=whole.lower_share)
            return (
                Limits(upper_share=whole.upper_share) if word == "maximum_share" else Limits(whole.lower, whole.upper)
            )

        return limits

    def beside(self, agreed: Pairs) -> "Family":
        """The same rows with no upper limit below what agreed pairs alone count."""
        counts, everything = self.counts(agreed), self.everything(agreed)

        def limits(row: int) -> Limits:
            own, count = self.limits(row), counts[row] if row < len(counts) else 0
            upper, share = own.upper, own.upper_share
            excess = 0 if share is None else max(share.denominator * count - share.numerator * everything, 0)
            return replace(own, upper=upper if upper is None else max(upper, count), excess=excess if count else 0)

        return replace(self, limits=limits)

    def exceeds(self, agreed: Pairs) -> list[int]:
        """The rows of which agreed pairs alone are beyond an upper limit."""
        beside = self.beside(agreed)
        return [row for row in range(len(self.labels)) if self.limits(row) != beside.limits(row)]

    def rows(self) -> list[int]:
        """The rows that exist, by index."""
        return list(range(len(self.labels))) if self.seen is None else sorted(self.seen)

    def look_at(self, pairs: Pairs) -> Integers:
        """The row of each candidate pair; the rows are noted as existing."""
        codes = self.codes(pairs)
        if self.seen is not None:
            self.seen.update(np.unique(codes[codes >= 0]).tolist())
        return codes

    def counts(self, pairs: Pairs) -> list[int]:
        """What each row counts over matched pairs."""
        codes = self.codes(pairs)
        inside = pairs.keep(codes >= 0)
        kept = codes[codes >= 0]
        result = [0] * len(self.labels)
        if self.once == BY_PAIR:
            for code, amount in zip(kept.tolist(), self.amounts(inside).tolist(), strict=True):
                result[code] += amount
            return result
        which = inside.rows if self.once == BY_SCHOOL else inside.nle
        for code, _ in set(zip(kept.tolist(), np.asarray(which).tolist(), strict=True)):
            result[code] += 1
        return result

    def everything(self, pairs: Pairs) -> int:
        """The same count over all matched pairs, whatever `where` and `by` say."""
        if self.once == BY_PAIR:
            return sum(self.amounts(pairs).tolist())
        return len(set((pairs.rows if self.once == BY_SCHOOL else np.asarray(pairs.nle)).tolist()))


def limits_of(constraint: Constraint, scale: int, whole: int | None) -> Limits:
    """The limits of a row.

    Args:
        constraint: the setting.
        scale: units in one of what people read.
        whole: what a share is of; None where it is of all that is matched.
    """
    low, high = constraint.minimum, constraint.maximum
    lowest = [] if low is None else [ceil(Fraction(low) * scale)]
    highest = [] if high is None else [floor(Fraction(high) * scale)]
    least, most = (
        None if share is None else Fraction(share) for share in (constraint.minimum_share, constraint.maximum_share)
    )
    if whole is not None:
        lowest += [ceil(least * whole)] if least is not None else []
        highest += [floor(most * whole)] if most is not None else []
        least = most = None
    return Limits(max(lowest, default=None), min(highest, default=None), least, most)
