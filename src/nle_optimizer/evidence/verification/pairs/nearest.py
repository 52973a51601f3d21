"""The nearest NLE of each recipient, by distance as decided."""

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.exact import metres_from_squares
from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import Listed
from nle_optimizer.records import Flags, Integers

FAR = 2**60
AT_ONCE = 200_000
"""Pairs that are measured in one go."""
CELL = 32
"""Recipients that share a cell of the grid, about."""


class Nearest:
    """Finds the nearest available NLE; ties go to the lower identifier."""

    def __init__(self, geography: Geography, listed: Listed, available: Flags, placed: int):
        self._geography, self._placed = geography, placed
        self._nles = np.flatnonzero(available)
        self._spots = np.flatnonzero(available & geography.nle_placed)
        rows, nles, metres = listed.distances()
        real = available[nles] if len(nles) else np.zeros(0, dtype=bool)
        rows, nles, metres = rows[real], nles[real], metres[real]
        order = np.argsort(rows, kind="stable")
        self._told = rows[order], nles[order], metres[order]

    def of(self, rows: Integers) -> tuple[Integers, Integers]:
        """The NLE and the metres for each recipient; -1 where neither is known."""
        nle, metres = np.full(len(rows), -1, dtype=np.int64), np.full(len(rows), -1, dtype=np.int64)
        if not len(self._nles) or not len(rows):
            return nle, metres
        simple = (rows < self._placed) & ~np.isin(rows, self._told[0])
        if len(rows) * len(self._nles) <= AT_ONCE:
            simple[:] = False
        for at in self._cells(rows, np.flatnonzero(simple)):
            nle[at], metres[at] = self._among(rows[at], self._near(rows[at]))
        others = np.flatnonzero(~simple)
        size = max(AT_ONCE // len(self._nles), 1)
        for start in range(0, len(others), size):
            at = others[start : start + size]
            nle[at], metres[at] = self._among_all(rows[at])
        return nle, metres

    def _cells(self, rows: Integers, at: Integers) -> list[NDArray[np.int64]]:
        """Groups of neighbouring recipients, as indices into `rows`."""
        if not len(at) or not len(self._spots):
            return []
        east, north = self._geography.east[rows[at]], self._geography.north[rows[at]]
        across = max(int((len(at) / CELL) ** 0.5), 1)
        side = max(float(np.ptp(east)), float(np.ptp(north)), 1.0) / across
        column, line = (np.floor((spot - spot.min()) / side).astype(np.int64) for spot in (east, north))
        key = column * (across + 2) + line
        order = np.argsort(key, kind="stable")
        return np.split(at[order], np.flatnonzero(np.diff(key[order])) + 1)

    def _near(self, rows: Integers) -> Integers:
        """The NLEs among which the nearest of every one of these recipients is."""
        geography, spots = self._geography, self._spots
        greatest, least = np.zeros(len(spots)), np.zeros(len(spots))
        for theirs, ours in ((geography.east, geography.nle_east), (geography.north, geography.nle_north)):
            low, high, at = theirs[rows].min(), theirs[rows].max(), ours[spots]
            least += np.maximum(np.maximum(low - at, at - high), 0) ** 2
            greatest += np.maximum(at - low, high - at) ** 2
        # Distances round to the metre: what is a little farther may count as far, with a lower identifier.
        slack = 2 + 2 / float(geography.limits.factor)
        return np.asarray(spots[least <= (greatest.min() ** 0.5 + slack) ** 2])

    def _among(self, rows: Integers, nles: Integers) -> tuple[Integers, Integers]:
        metres = self._measure(rows, nles)
        first = metres.argmin(axis=1)
        return nles[first], metres[np.arange(len(rows)), first]

    def _measure(self, rows: Integers, nles: Integers) -> Integers:
        geography = self._geography
        across = geography.east[rows][:, None] - geography.nle_east[nles][None, :]
        along = geography.north[rows][:, None] - geography.nle_north[nles][None, :]
        return metres_from_squares(across * across + along * along, geography.limits.factor)

    def _among_all(self, rows: Integers) -> tuple[Integers, Integers]:
        metres = self._measure(rows, self._nles)
        metres[rows >= self._placed, :] = FAR
        metres[:, ~self._geography.nle_placed[self._nles]] = FAR
        theirs, nles, told = self._told
        at = np.flatnonzero(np.isin(theirs, rows))
        line = np.empty(self._geography.rows, dtype=np.int64)
        line[rows] = np.arange(len(rows))
        metres[line[theirs[at]], np.searchsorted(self._nles, nles[at])] = told[at]
        first = metres.argmin(axis=1)
        best = metres[np.arange(len(rows)), first]
        return np.where(best < FAR, self._nles[first], -1), np.where(best < FAR, best, -1)
