"""Candidate pairs, as those who judge a certificate are shown them."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.prices import FREE, MATCHED, UNMATCHED
from nle_optimizer.records import Flags, Integers


@dataclass(frozen=True, eq=False)
class Shown:
    """Candidate pairs.

    Attributes:
        signs: MATCHED, UNMATCHED, or FREE for one that is required.
        matched: whether each is.
        fits: whether the NLE, had it nobody else, could take the recipient.
    """

    pairs: Pairs
    signs: Integers
    matched: Flags
    fits: Flags

    def fitting(self) -> "Shown":
        """Those that fit."""
        if self.fits.all():
            return self
        at = self.fits
        return Shown(self.pairs.keep(at), self.signs[at], self.matched[at], at[at])


def signs_of(matched: Flags, required: Integers) -> Integers:
    """What each pair's tuple must not be: of matched ones, of those at the places `required`, of others."""
    signs = np.where(matched, MATCHED, UNMATCHED)
    signs[required] = FREE
    return signs
