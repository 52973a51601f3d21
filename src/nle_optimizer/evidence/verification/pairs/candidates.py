"""The candidate pairs, derived anew from the inputs.

Which pairs are candidates, and the filter that stops every other pair. What measures and sifts the pairs of an
instance; and all its candidate pairs at once, for whoever keeps them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.evidence.verification.pairs.character import Areas, Interests, Traits
from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.pairs.geography import Distances, Filter
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs, join
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import standing_for_good
from nle_optimizer.memory import Memory, Stage, stage, through
from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.scenario.scenario import Scenario

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


class PairFilters:
    """Every filter, applied to some pairs at a time.

    Attributes:
        geography, fitness: what measures the pairs.
        agreed: by NLE, the recipients whose pair no limit stops.
        last: for each recipient, the rank of the latest filter that stopped a pair of it.
    """

    def __init__(
        self,
        rows: int,
        geography: Distances,
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


AT_ONCE = 100_000
"""Pairs that are looked at in one go."""


@dataclass(frozen=True, eq=False)
class PairSources:
    """The pairs table by NLE, the distances, and the filters."""

    listed: Listed
    geography: Distances
    candidates: PairFilters


LISTED = Stage(Listed)


@stage(
    "schools",
    "nles",
    "pairs",
    "current",
    "settings.geography",
    "settings.conflicts",
    "settings.suitability",
    "settings.fit",
    "settings.data.pairs",
    "settings.objectives",
)
def ground_of(scenario: Scenario, recipients: Recipients, placed: int, memory: Memory | None) -> PairSources:
    """What measures and sifts the pairs of recipients, the first `placed` of which have a place.

    What does not depend on distances comes through the memory.
    """
    listed = through(memory, LISTED, scenario.pairs, scenario.nles.ids, recipients.position)
    agreed = standing_for_good(scenario, recipients.position)
    geography = Distances(scenario, recipients.table, placed, listed, agreed)
    character = through(memory, character_of, scenario, recipients, listed)
    return PairSources(listed, geography, PairFilters(len(recipients), geography, character, listed, agreed))


@stage("schools", "nles", "settings.geography.within", "settings.conflicts", "settings.suitability", "settings.fit")
def character_of(scenario: Scenario, recipients: Recipients, listed: Listed) -> Character:
    """What the two sides are, apart from where they are."""
    traits = Traits(scenario, recipients)
    others = [
        *Areas(scenario, recipients).filters(),
        *traits.filters(),
        *Interests(scenario, recipients, listed).filters(),
    ]
    return Character(others, Fitness(scenario, recipients, traits, listed))


@dataclass(frozen=True, eq=False)
class DerivedCandidates:
    """The candidate pairs of every available NLE.

    Attributes:
        blocks: the pairs, in order of NLE and recipient, with their distance.
        last: for each recipient, the rank of the latest filter that stopped a pair of it.
    """

    blocks: tuple[Pairs, ...]
    last: Integers


@stage()
def every_candidate(ground: PairSources, available: Flags, placed: int) -> DerivedCandidates:
    """The candidate pairs of every available NLE, all of them kept."""
    candidates = ground.candidates
    candidates.start(available, placed)
    blocks = blocks_of(candidates, available)
    measured = tuple(replace(block, metres=ground.geography.metres(block)) for block in blocks)
    return DerivedCandidates(measured, candidates.last.copy())


def blocks_of(candidates: PairFilters, available: Flags) -> Iterator[Pairs]:
    """The candidate pairs of every available NLE, some NLEs at a time, in order of NLE and recipient."""
    found = (candidates.among(pairs) for pairs in _reached(candidates, available))
    yield from (pairs for pairs in found if len(pairs))


def _reached(candidates: PairFilters, available: Flags) -> Iterator[Pairs]:
    """The pairs that distance lets every available NLE reach, some NLEs at a time."""
    waiting: list[Pairs] = []
    size = 0
    for pairs in candidates.geography.reach(np.flatnonzero(available)):
        waiting.append(pairs)
        size += len(waiting[-1])
        if size >= AT_ONCE:
            yield join(waiting)
            waiting, size = [], 0
    yield join(waiting)
