"""Which pairs are candidates, and the filter that stops every other pair."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.pairs.geography import Filter, Geography
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.records import Flags, Integers, Texts

REASONS = (
    "no-nle",
    "not-listed",
    "no-place",
    "too-far",
    "too-near",
    "travel-time",
    "other-area",
    "phase",
    "faith",
    "diocese",
    "home-school",
    "own-trust",
    "same-authority",
    "declared",
    "forbidden",
    "unknown-fit",
    "no-need-met",
    "fit-below-minimum",
)
"""Reasons why a recipient has no candidate, in the order of the filters."""

RANK = {reason: n for n, reason in enumerate(REASONS)}
NO_LIMITS = {
    RANK[reason]
    for reason in ("no-place", "home-school", "own-trust", "declared", "forbidden", "unknown-fit", "no-need-met")
}
"""Filters that are no limits somebody may tighten: they stop agreed pairs too."""


@dataclass(frozen=True, eq=False)
class Character:
    """What the two sides are: the filters on that, by reason code, in order, and how well they fit."""

    filters: Sequence[tuple[str, Filter]]
    fitness: Fitness


class Candidates:
    """Every filter, applied to some pairs at a time.

    Attributes:
        geography, fitness: what measures the pairs.
        agreed: by NLE, the recipients whose pair no limit stops.
        last: for each recipient, the rank of the latest filter that stopped a pair of it.
    """

    def __init__(
        self,
        rows: int,
        geography: Geography,
        character: Character,
        listed: Listed,
        agreed: Mapping[int, Sequence[int]],
    ):
        self.geography, self.fitness, self._listed = geography, character.fitness, listed
        self._rows, self.agreed = rows, agreed
        self._agreed = np.array([nle * rows + row for nle, found in agreed.items() for row in found], dtype=np.int64)
        only: list[tuple[str, Filter]] = [("not-listed", self._not_listed)] if geography.only else []
        parts = [*only, *geography.filters(), *character.filters]
        self._early = [(RANK[code], removed) for code, removed in parts]
        self._late = [(RANK[code], removed) for code, removed in self.fitness.filters()]
        self.last: Integers = np.zeros(self._rows, dtype=np.int64)

    def start(self, available: Flags, placed: int) -> None:
        """Forget what was noted, and note what is known of every pair before any is looked at closely."""
        self.last[:] = 0
        if not available.any():
            return
        if self.geography.only:
            self.last[:] = RANK["not-listed"]
        if any(self.geography.windowed(nle) for nle in np.flatnonzero(available).tolist()):
            self.last[:placed] = RANK["too-far"]
            self.last[placed:] = RANK["no-place"]

    def among(self, pairs: Pairs) -> Pairs:
        """Which of the pairs are candidates, with their fit; what stops the others is noted in `last`."""
        return self._sift(pairs, self._note)

    def obstacle(self, nle: int, row: int) -> str:
        """The filter that stops one pair; empty where it is a candidate."""
        stopped: list[int] = []
        pair = self.geography.pairs(nle, np.array([row], dtype=np.int64))
        self._sift(pair, lambda _, rank: stopped.append(rank))
        return REASONS[stopped[0]] if stopped else ""

    def stopping(self, pairs: Pairs) -> dict[str, Flags]:
        """Which of some pairs, with their fit, each filter stops, whatever else does."""
        found: dict[str, Flags] = {}
        for rank, removed in [*self._early, *self._late, (RANK["fit-below-minimum"], self.fitness.too_low)]:
            gone = removed(pairs)
            if gone is not None:
                found[REASONS[rank]] = gone | found.get(REASONS[rank], np.zeros(len(pairs), dtype=bool))
        return found

    def exceeding(self, nle: int, row: int) -> list[str]:
        """The limits that would stop an agreed pair, were it not agreed."""
        pair = self.geography.pairs(nle, np.array([row], dtype=np.int64))
        found = self.stopping(pair.with_fit(self.fitness.fits(pair)))
        return [reason for reason, stops in found.items() if stops.any() and RANK[reason] not in NO_LIMITS]

    def _sift(self, pairs: Pairs, note: Callable[[Integers, int], None]) -> Pairs:
        pairs = self._through(self._early, pairs, note)
        pairs = self._through(self._late, pairs, note)
        self.fitness.refuse_sums(pairs)
        pairs = pairs.with_fit(self.fitness.fits(pairs))
        return self._through([(RANK["fit-below-minimum"], self.fitness.too_low)], pairs, note)

    def _through(self, filters: list[tuple[int, Filter]], pairs: Pairs, note: Callable[[Integers, int], None]) -> Pairs:
        stays: Flags | None = None
        for rank, removed in filters:
            gone = removed(pairs)
            if gone is None:
                continue
            if stays is not None:
                gone = gone & stays
            if len(self._agreed) and rank not in NO_LIMITS:
                gone = gone & ~np.isin(pairs.nle * self._rows + pairs.rows, self._agreed)
            if gone.any():
                note(pairs.rows[gone], rank)
                stays = ~gone if stays is None else stays & ~gone
        return pairs if stays is None else pairs.keep(stays)

    def _note(self, rows: Integers, rank: int) -> None:
        self.last[rows] = np.maximum(self.last[rows], rank)

    def _not_listed(self, pairs: Pairs) -> Flags:
        if pairs.entry is None:
            return np.ones(len(pairs), dtype=bool)
        return np.asarray(pairs.entry < 0, dtype=bool)

    def reasons(self) -> Texts:
        """For each recipient, the code of the filter that removed its last pair."""
        return np.array(REASONS, dtype=object)[self.last]
