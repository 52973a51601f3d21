"""Pairs passing one filter after the other, and the filter that removed each recipient's last one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.errors import InputError
from nle_optimizer.records import Flags, Integers, Texts

MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Sieve:
    """Pairs still in, and the filter that removed each recipient's last one.

    Attributes:
        refusal: the error that required pairs, given by NLE and recipient, are ruled out by a filter.
    """

    nle: Integers
    recipient: Integers
    square: Integers
    distance: Integers
    required: Flags | None
    last_filter: Texts
    refusal: Callable[[list[tuple[int, int]], str], InputError]

    def drop(self, code: str, rows: Flags) -> "Sieve":
        """The pairs without those of `rows`; recipients that lose their last pair remember `code`."""
        if not rows.any():
            return self
        if self.required is not None and (self.required & rows).any():
            at = np.flatnonzero(self.required & rows)
            raise self.refusal(list(zip(self.nle[at].tolist(), self.recipient[at].tolist(), strict=True)), code)
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
