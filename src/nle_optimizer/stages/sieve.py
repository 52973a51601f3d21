"""Pairs passing one filter after the other, and the filter that removed each recipient's last one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.records import Flags, Integers, Texts

MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Sieve:
    """Pairs still in, and the filter that removed each recipient's last one."""

    nle: Integers
    recipient: Integers
    square: Integers
    distance: Integers
    required: Flags | None
    last_filter: Texts
    names: Callable[[int, int], str]

    def drop(self, code: str, rows: Flags) -> "Sieve":
        """The pairs without those of `rows`; recipients that lose their last pair remember `code`."""
        if not rows.any():
            return self
        if self.required is not None and (self.required & rows).any():
            at = np.flatnonzero(self.required & rows)
            raise required_removed([self.names(self.nle[n], self.recipient[n]) for n in at], code)
        keep = ~rows
        kept = np.bincount(self.recipient[keep], minlength=len(self.last_filter)) > 0
        had = np.bincount(self.recipient, minlength=len(self.last_filter)) > 0
        reasons = self.last_filter.copy()
        reasons[had & ~kept] = code
        return replace(
            self,
            nle=self.nle[keep],
            recipient=self.recipient[keep],
            square=self.square[keep],
            distance=self.distance[keep],
            required=None if self.required is None else self.required[keep],
            last_filter=reasons,
        )


def required_removed(pairs: list[str], code: str) -> InputError:
    """The error that required pairs are ruled out by a filter."""
    what = f"a required pair is ruled out ({code}); lift the limit or the requirement"
    return InputError([Problem(Place(pair), "relation", what) for pair in pairs[:MOST_SHOWN]])
