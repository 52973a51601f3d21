"""Which NLEs to look at together: those whose pairs fall furthest short of their bound, with their neighbours."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from nle_optimizer.engines.decomposition.case import Case, Floats
from nle_optimizer.engines.decomposition.prices import Pricing
from nle_optimizer.records import Flags, Integers

REST = 10
"""Rounds for which the heart of a neighbourhood is left alone after it was looked at."""

HEART = 4
"""One NLE in so many of a neighbourhood is its heart: those nearest to the centre."""


@dataclass
class Neighbourhoods:
    """A running choice of neighbourhoods.

    Attributes:
        shares: shape (nles, recipients): 1 for each pair; NLEs are near that share many recipients.
        waiting: shape (nles,): rounds for which an NLE is not to be a centre.
    """

    shares: csr_matrix
    waiting: Integers

    @staticmethod
    def of(case: Case) -> "Neighbourhoods":
        """The neighbourhoods of a case."""
        shape = (case.capacity.shape[1], len(case.supporters))
        shares = csr_matrix((np.ones(case.size), (case.nle, case.recipient)), shape=shape)
        return Neighbourhoods(shares, np.zeros(shape[0], dtype=np.int64))

    def choose(self, shortfall: Floats, size: int, count: int) -> list[Integers]:
        """So many disjoint neighbourhoods of at most `size` NLEs each, those that fall shortest first."""
        self.waiting = np.maximum(self.waiting - 1, 0)
        free = np.asarray(self.shares.sum(axis=1)).ravel() > 0
        chosen = []
        for _ in range(count):
            centre = self._centre(shortfall, free)
            if centre is None:
                break
            near = self._nearest(centre, shortfall, free, size)
            self.waiting[near[: max(1, size // HEART)]] = REST
            free[near] = False
            chosen.append(np.sort(near))
        return chosen

    def _centre(self, shortfall: Floats, free: Flags) -> int | None:
        ready = free & (self.waiting == 0)
        if not ready.any():
            ready = free
        if not ready.any():
            return None
        around = self.shares @ (self.shares.T @ (shortfall * free))
        score = np.where(ready, shortfall + around / np.maximum(self._size, 1.0), -1.0)
        return int(np.argmax(score))

    @property
    def _size(self) -> Floats:
        return np.asarray(self.shares @ np.asarray(self.shares.sum(axis=0)).ravel())

    def _nearest(self, centre: int, shortfall: Floats, free: Flags, size: int) -> Integers:
        common = np.asarray((self.shares @ self.shares[[centre]].T).todense()).ravel()
        usual = float(shortfall.mean()) + 1e-12
        score = common * np.sqrt(shortfall / usual + 0.3)
        score[centre] = np.inf
        near = np.argsort(-score, kind="stable")
        return near[free[near] & (score[near] > 0)][:size]


def shortfall(pricing: Pricing, prices: Floats, taken: Integers) -> Floats:
    """Shape (nles,): how far each NLE's pairs stay below its best at these prices, and its share of who is unserved."""
    case = pricing.case
    reduced = pricing.reduced(prices)
    best, _ = pricing.knapsacks.best(reduced, case.room)
    short = best - np.bincount(case.nle[taken], weights=reduced[taken], minlength=len(best))
    left = case.supporters - np.bincount(case.recipient[taken], minlength=len(case.supporters))
    unserved = left * pricing.split(prices)[0]
    candidates = np.maximum(1, np.bincount(case.recipient, minlength=len(left)))
    short += np.bincount(case.nle, weights=(unserved / candidates)[case.recipient], minlength=len(best))
    return np.maximum(short, 0.0)
