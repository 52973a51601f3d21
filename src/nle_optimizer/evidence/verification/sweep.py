"""One pass over the candidate pairs: some at a time are found, held against the claim, and forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.candidates import Candidates
from nle_optimizer.evidence.verification.pairs.ground import blocks_of
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.matching import FILE, Matching
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.proofs.price_proof import UNLIMITED
from nle_optimizer.evidence.verification.proofs.shown import Shown, signs_of
from nle_optimizer.evidence.verification.stages.supply import Supply
from nle_optimizer.evidence.verification.wanted import Wanted
from nle_optimizer.records import MILLION, Flags, Integers, Texts


@dataclass(eq=False)
class Sweep:
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
        waiting: by recipient, those whose pairs with room are kept under `roomy`; None where nobody's are.
        roomy: their pairs whose NLE has room for them.
    """

    candidates: Candidates
    measures: Measures
    supply: Supply
    matching: Matching
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
        self.used = np.zeros_like(self.supply.capacity)
        for resource, amounts in enumerate(self.measures.usage.of(self.matching.pairs)):
            np.add.at(self.used[resource], self.matching.pairs.nle, amounts)
        self._matched = Wanted(rows, np.asarray(self.matching.pairs.nle), self.matching.pairs.rows)
        self._required, self._next_best = (Wanted.of(rows, asked) for asked in (self.required, self.next_best))

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
        usable = self._room(pairs)
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

    def _room(self, pairs: Pairs) -> Flags:
        """Note who has room and how many schools each NLE can take; which pairs fit the whole capacity."""
        nle, capacity = np.asarray(pairs.nle), self.supply.capacity
        amounts = self.measures.usage.of(pairs)
        fits = np.asarray((amounts <= (capacity - self.used)[:, nle]).all(axis=0), dtype=bool)
        self.has_room[pairs.rows[fits]] = True
        if self.waiting is not None:
            self.roomy.append(pairs.keep(fits & self.waiting[pairs.rows]))
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
            self.findings.add(f"{FILE}: candidate", f"{self._label(nle, row)}: the pair is no candidate: {obstacle}")

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
            label = f"{FILE}: school {self.ids[row]}: next_best_nle_id"
            self.findings.add(f"{FILE}: next_best", f"{label}: {self.nle_ids[nle]} could not take it")

    def _label(self, nle: int, row: int) -> str:
        return f"{FILE}: school {self.ids[row]}, NLE {self.nle_ids[nle]}"
