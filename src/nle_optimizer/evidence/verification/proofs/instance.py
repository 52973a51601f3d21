"""What a certificate is about: all candidate pairs as columns, and bounds that anyone sees.

What a certificate is about: the candidate pairs as they come, the claimed ones, limits and levels. The candidate
pairs of all NLEs together, as columns of whole numbers. Bounds that anyone sees: how many pairs each side can have,
and what the best of them are worth. One pass over the candidate pairs: some at a time are found, held against the
claim, and forgotten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.constraints import Family
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import (
    LEXIMIN,
    AnyLevel,
    DerivedLevel,
    DerivedSpread,
    Fairness,
    Measures,
    spread,
)
from nle_optimizer.evidence.verification.pairs.candidates import PairFilters, blocks_of
from nle_optimizer.evidence.verification.pairs.listed import Pairs, WantedPairs, join
from nle_optimizer.evidence.verification.pairs.usage import ALLOCATION, ClaimedPairs
from nle_optimizer.evidence.verification.proofs.price_proof import UNLIMITED
from nle_optimizer.evidence.verification.proofs.prices import FILE, FREE, Shown, signs_of
from nle_optimizer.evidence.verification.proofs.trees import LinearRows, TreeInstance
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import DerivedSupply
from nle_optimizer.records import MILLION, Flags, Integers, Texts


@dataclass(eq=False)
class CandidatePass:
    """What one pass finds.

    Attributes:
        fit: the fit of each matched pair, -1 where it is no candidate.
        has_candidate: by recipient.
        has_room: by recipient: whether a candidate NLE has room for it.
        holdable: by recipient: whether a candidate NLE that has nobody else could take it.
        places: by NLE: the most schools it can take; UNLIMITED where nothing limits it.
        required: by NLE, the recipients it must have.
        is_answered: whether the claim is an allocation, so that required pairs must be matched.
        pairs: the number of candidate pairs.
        choices: by recipient: how many NLEs could take it, had they nobody else.
        active: by NLE: whether it has a candidate.
        seers: are shown the candidate pairs.
        provers: are shown them with all that is known of them.
        kept: the candidate pairs, where they are known already.
        waiting: by recipient, whether the claim leaves it without an NLE; None where no pairs are kept.
        roomy: pairs that are not matched and whose NLE has room for them.
        lacking: pairs of those who wait whose NLE lacks one resource alone.
    """

    candidates: PairFilters
    measures: Measures
    supply: DerivedSupply
    matching: ClaimedPairs
    ids: Texts
    nle_ids: Texts
    findings: Findings
    required: dict[int, list[int]] = field(default_factory=dict)
    is_answered: bool = True
    next_best: dict[int, list[int]] = field(default_factory=dict)
    seers: Sequence[Callable[[Pairs], object]] = ()
    provers: Sequence[Callable[[Shown], object]] = ()
    kept: Sequence[Pairs] | None = None
    waiting: Flags | None = None
    pairs: int = 0

    def __post_init__(self) -> None:
        rows, nles = len(self.ids), len(self.nle_ids)
        self.fit: Integers = np.full(len(self.matching.lines), -1, dtype=np.int64)
        self.has_candidate: Flags = np.zeros(rows, dtype=bool)
        self.has_room: Flags = np.zeros(rows, dtype=bool)
        self.holdable: Flags = np.zeros(rows, dtype=bool)
        self.places: Integers = np.full(nles, UNLIMITED, dtype=np.int64)
        self.choices: Integers = np.zeros(rows, dtype=np.int64)
        self.active: Flags = np.zeros(nles, dtype=bool)
        self.roomy: list[Pairs] = []
        self.lacking: list[Pairs] = []
        self.used = np.zeros_like(self.supply.capacity)
        for resource, amounts in enumerate(self.measures.usage.of(self.matching.pairs)):
            np.add.at(self.used[resource], self.matching.pairs.nle, amounts)
        self._matched = WantedPairs(rows, np.asarray(self.matching.pairs.nle), self.matching.pairs.rows)
        self._required, self._next_best = (WantedPairs.of(rows, asked) for asked in (self.required, self.next_best))

    def run(self) -> None:
        """Look at every candidate pair of an NLE that is not out."""
        blocks = blocks_of(self.candidates, self.supply.available) if self.kept is None else self.kept
        for pairs in blocks:
            self._look_at(pairs)
        self._tell_strangers()
        self._tell_required()
        self._tell_next_best()

    def required_use(self, nle: int) -> Integers:
        """What an NLE's required pairs take of each resource."""
        rows = np.array(self.required[nle], dtype=np.int64)
        return np.asarray(self.measures.usage.of(self.candidates.geography.pairs(nle, rows)).sum(axis=1))

    def _look_at(self, pairs: Pairs) -> None:
        nle = np.asarray(pairs.nle)
        self.pairs += len(pairs)
        self.has_candidate[pairs.rows] = True
        self.active[nle] = True
        matched = self._find_matched(pairs)
        required, _ = self._required.find(nle, pairs.rows)
        usable = self._room(pairs, matched)
        if usable.any():
            self._next_best.find(nle[usable], pairs.rows[usable])
        self.choices += np.bincount(pairs.rows[usable], minlength=len(self.ids))
        for seer in self.seers:
            seer(pairs)
        shown = Shown(pairs, signs_of(matched, required), matched, usable)
        for prover in self.provers:
            prover(shown)

    def _find_matched(self, pairs: Pairs) -> Flags:
        """Which of the pairs are matched; their fit is noted."""
        assert pairs.fit is not None
        at, which = self._matched.find(np.asarray(pairs.nle), pairs.rows)
        self.fit[which] = pairs.fit[at]
        matched = np.zeros(len(pairs), dtype=bool)
        matched[at] = True
        return matched

    def _room(self, pairs: Pairs, matched: Flags) -> Flags:
        """Note who has room and how many schools each NLE can take; which pairs fit the whole capacity."""
        nle, capacity = np.asarray(pairs.nle), self.supply.capacity
        amounts = self.measures.usage.of(pairs)
        short = (amounts > (capacity - self.used)[:, nle]).sum(axis=0)
        fits = np.asarray(short == 0, dtype=bool)
        self.has_room[pairs.rows[fits]] = True
        if self.waiting is not None:
            self.roomy.append(pairs.keep(fits & ~matched))
            self.lacking.append(pairs.keep((short == 1) & self.waiting[pairs.rows]))
        usable = np.asarray((amounts <= capacity[:, nle]).all(axis=0), dtype=bool)
        self.holdable[pairs.rows[usable]] = True
        firsts = np.flatnonzero(np.diff(nle, prepend=-1))
        who = nle[firsts]
        least = np.minimum.reduceat(np.where(usable, amounts, UNLIMITED * MILLION), firsts, axis=1)
        most = np.where(least > 0, capacity[:, who] // np.maximum(least, 1), UNLIMITED).min(axis=0)
        self.places[who] = np.where(np.logical_or.reduceat(usable, firsts), most, 0)
        return usable

    def _tell_strangers(self) -> None:
        """Note every matched pair that is no candidate."""
        for nle, row in self._matched.missing():
            obstacle = self.candidates.obstacle(nle, row)
            self.findings.add(
                f"{ALLOCATION}: candidate", f"{self._label(nle, row)}: the pair is no candidate: {obstacle}"
            )

    def _tell_required(self) -> None:
        """Note every required pair that is impossible, or not matched."""
        for nle, row in self._required.missing():
            obstacle = self.candidates.obstacle(nle, row)
            what = f"the pair is required, and impossible: {obstacle}"
            self.findings.add("required", f"{self._label(nle, row)}: {what}")
        for nle, row in self._required.found() if self.is_answered else ():
            if not self._matched.has(nle, row):
                self.findings.add("required", f"{self._label(nle, row)}: the pair is required, and not matched")

    def _tell_next_best(self) -> None:
        """Note every next best that is no candidate, or has less in all than it would take."""
        for nle, row in self._next_best.missing():
            label = f"{ALLOCATION}: school {self.ids[row]}: next_best_nle_id"
            self.findings.add(f"{ALLOCATION}: next_best", f"{label}: {self.nle_ids[nle]} could not take it")

    def _label(self, nle: int, row: int) -> str:
        return f"{ALLOCATION}: school {self.ids[row]}, NLE {self.nle_ids[nle]}"


@dataclass(frozen=True, eq=False)
class Instance:
    """Everything but the candidate pairs.

    Attributes:
        recipients: who may be matched, in the order in which they are numbered here.
        nle_ids: identifiers of all NLEs.
        resources: names, in order.
        levels: the objectives.
        families: the constraints.
        claimed: the claimed pairs, in order of NLE.
    """

    recipients: Recipients
    nle_ids: Texts
    resources: Sequence[str]
    supply: DerivedSupply
    measures: Measures
    levels: Sequence[AnyLevel]
    families: Sequence[Family]
    claimed: Pairs
    findings: Findings

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Where each recipient stands."""
        return {identifier: n for n, identifier in enumerate(self.recipients.ids.tolist())}

    @cached_property
    def nle_position(self) -> Mapping[str, int]:
        """Where each NLE stands."""
        return {identifier: n for n, identifier in enumerate(self.nle_ids.tolist())}

    @cached_property
    def matched(self) -> Pairs:
        """The claimed pairs, with the fit that they have if they are candidates."""
        return self.claimed.with_fit(self.measures.fitness.fits(self.claimed))

    @property
    def supporters(self) -> Integers:
        """How many NLEs each recipient may have."""
        return self.recipients.supporters

    def values(self, sweep: CandidatePass) -> list[int]:
        """The value of each level over the matched pairs that are candidates, in its own sense."""
        matched = sweep.matching.pairs.with_fit(sweep.fit).keep(sweep.fit >= 0)
        return [self._value(level, matched, sweep) for level in self.levels]

    def _value(self, level: AnyLevel, matched: Pairs, sweep: CandidatePass) -> int:
        if isinstance(level, DerivedLevel):
            return level.value(matched, self.measures)
        if isinstance(level, Fairness):
            return level.value(matched)
        return spread(*self._shares(level, matched, sweep))

    def _shares(self, level: DerivedSpread, matched: Pairs, sweep: CandidatePass) -> tuple[list[int], list[int]]:
        """Parts and wholes of what a spread lies between."""
        if level.region is not None:
            return level.of_regions(matched)
        shown = sweep.active & self.supply.available
        return sweep.used[0][shown].tolist(), self.supply.capacity[0][shown].tolist()

    def is_sum(self, level: AnyLevel, sweep: CandidatePass) -> bool:
        """Whether sums over pairs can stand for a level; of a spread, whether it is always the same."""
        if isinstance(level, DerivedLevel):
            return level.is_sum((sweep.choices > 1) & (self.supporters > 1))
        if isinstance(level, Fairness):
            return True
        return not sweep.choices.any() or sum(whole > 0 for whole in self._shares(level, self.matched, sweep)[1]) < 2


Prover = Callable[[Shown], object]
"""Is shown the candidate pairs of an NLE."""


class Pool:
    """Collects what it is shown."""

    def __init__(self, instance: Instance):
        self._instance = instance
        self._parts: list[Shown] = []

    def collect(self, shown: Shown) -> None:
        """Keep the candidate pairs of an NLE."""
        self._parts.append(shown)

    def ground(self, sweep: CandidatePass) -> TreeInstance:
        """The collected pairs as columns."""
        instance, pairs = self._instance, join([shown.pairs for shown in self._parts])
        return TreeInstance(
            pairs,
            np.concatenate([np.zeros(0, dtype=bool), *(shown.signs == FREE for shown in self._parts)]),
            np.concatenate([np.zeros(0, dtype=bool), *(shown.fits for shown in self._parts)]),
            instance.measures.usage.of(pairs),
            instance.supply.capacity,
            instance.supporters,
            instance.resources,
            instance.position,
            instance.nle_position,
            LinearRows(instance.families, pairs, instance.supporters, sweep.places),
        )


def check_trivial(
    where: str, level: AnyLevel, bound: int, ground: TreeInstance, sweep: CandidatePass, instance: Instance
) -> None:
    """Note a bound, in the level's own sense, that is better than the trivial one."""
    sign = -1 if level.minimised else 1
    most = _trivial(level, ground, sweep.places, instance.measures)
    if sign * bound < most:
        instance.findings.differs(FILE, where, "bound", f"no better than {sign * most} without a proof", bound)


def _trivial(level: AnyLevel, ground: TreeInstance, places: Integers, measures: Measures) -> int:
    if isinstance(level, Fairness):
        return int(level.fits(ground.pairs).max(initial=0)) + (level.name == LEXIMIN)  # its value is but a part of it
    return _best_of_each(level, ground, places, measures) if isinstance(level, DerivedLevel) else 0


def _best_of_each(level: DerivedLevel, ground: TreeInstance, places: Integers, measures: Measures) -> int:
    """The best amounts above 0 that the recipients can have, or the NLEs can give, whichever is less."""
    sign, pairs = -1 if level.minimised else 1, ground.pairs.keep(ground.fits)
    rows = np.unique(pairs.rows)
    once = sum(max(0, sign * int(each)) for each in level.of_supported(rows).tolist())
    had = _best(pairs.rows, sign * level.of_pairs(pairs, measures), ground.supporters)
    return min(had + once, _best(np.asarray(pairs.nle), level.to_maximise(pairs, measures), places))


def _best(owner: Integers, amounts: NDArray[Any], count: Integers) -> int:
    """The sum over owners of the greatest amounts above 0, so many of each."""
    by_owner: dict[int, list[int]] = {}
    for one, amount in zip(owner.tolist(), amounts.tolist(), strict=True):
        if amount > 0:
            by_owner.setdefault(one, []).append(int(amount))
    return sum(sum(sorted(found, reverse=True)[: int(count[one])]) for one, found in by_owner.items())
