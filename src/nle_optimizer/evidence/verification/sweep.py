"""One pass over the NLEs: the candidates of each are found, held against the claim, and forgotten."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.candidates import Candidates
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.pairs.matching import FILE, Matching
from nle_optimizer.evidence.verification.pairs.measures import Measures
from nle_optimizer.evidence.verification.proofs.price_proof import UNLIMITED
from nle_optimizer.evidence.verification.proofs.shown import Shown, signs_of
from nle_optimizer.evidence.verification.stages.supply import Supply
from nle_optimizer.records import Flags, Integers, Texts


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
        seers: are shown the candidate pairs of each NLE.
        provers: are shown them with all that is known of them.
        kept: the candidate pairs of every NLE, where they are known already.
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
    kept: Mapping[int, Pairs] | None = None
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
        self._marks: Flags = np.zeros(rows, dtype=bool)
        self.used = np.zeros_like(self.supply.capacity)
        for resource, amounts in enumerate(self.measures.usage.of(self.matching.pairs)):
            np.add.at(self.used[resource], self.matching.pairs.nle, amounts)

    def run(self) -> None:
        """Look at every NLE that is not out."""
        for nle in np.flatnonzero(self.supply.available).tolist():
            pairs = self.candidates.of(nle) if self.kept is None else self.kept[nle]
            self.pairs += len(pairs)
            self.has_candidate[pairs.rows] = True
            self._check_required(nle, pairs)
            matched = self._check_matched(nle, pairs)
            self._check_next_best(nle, pairs)
            usable = self._room(nle, pairs)
            if not len(pairs):
                continue
            self.active[nle] = True
            for seer in self.seers:
                seer(pairs)
            self._prove(nle, pairs, matched, usable)

    def required_use(self, nle: int) -> Integers:
        """What an NLE's required pairs take of each resource."""
        rows = np.array(self.required[nle], dtype=np.int64)
        return np.asarray(self.measures.usage.of(self.candidates.geography.pairs(nle, rows)).sum(axis=1))

    def _among(self, pairs: Pairs, rows: NDArray[np.int64]) -> tuple[Flags, Flags]:
        """Which of the pairs concern the given recipients, and which of those are among the pairs."""
        self._marks[rows] = True
        which = self._marks[pairs.rows]
        self._marks[rows] = False
        self._marks[pairs.rows[which]] = True
        found = self._marks[rows]
        self._marks[rows] = False
        return which, found

    def _check_matched(self, nle: int, pairs: Pairs) -> Flags | None:
        here = self.matching.of(nle)
        rows = self.matching.pairs.rows[here]
        if not len(rows):
            return None
        matched, found = self._among(pairs, rows)
        assert pairs.fit is not None
        # Both sides are in ascending order of recipient.
        self.fit[np.flatnonzero(found) + here.start] = pairs.fit[matched]
        for row in rows[~found].tolist():
            obstacle = self.candidates.obstacle(nle, row)
            label = f"{FILE}: school {self.ids[row]}, NLE {self.nle_ids[nle]}"
            self.findings.add(f"{FILE}: candidate", f"{label}: the pair is no candidate: {obstacle}")
        return matched

    def _check_required(self, nle: int, pairs: Pairs) -> None:
        rows = np.array(self.required.get(nle, ()), dtype=np.int64)
        if not len(rows):
            return
        candidate = self._among(pairs, rows)[1]
        matched = np.isin(rows, self.matching.pairs.rows[self.matching.of(nle)])
        for row, possible, there in zip(rows.tolist(), candidate, matched, strict=True):
            label = f"{FILE}: school {self.ids[row]}, NLE {self.nle_ids[nle]}"
            if not possible:
                obstacle = self.candidates.obstacle(nle, row)
                self.findings.add("required", f"{label}: the pair is required, and impossible: {obstacle}")
            elif not there and self.is_answered:
                self.findings.add("required", f"{label}: the pair is required, and not matched")

    def _check_next_best(self, nle: int, pairs: Pairs) -> None:
        rows = np.array(self.next_best.get(nle, ()), dtype=np.int64)
        if not len(rows):
            return
        found = self._among(pairs, rows)[1]
        for row in rows[~found].tolist():
            label = f"{FILE}: school {self.ids[row]}: next_best_nle_id"
            self.findings.add(f"{FILE}: next_best", f"{label}: {self.nle_ids[nle]} is no candidate for it")

    def _room(self, nle: int, pairs: Pairs) -> Flags | None:
        """Note who has room and how many schools the NLE can take.

        Returns:
            The pairs that fit the whole capacity; None where all do.
        """
        if not len(pairs):
            return None
        usage, capacity = self.measures.usage, self.supply.capacity[:, nle]
        amounts = usage.of(pairs.keep(slice(0, 1)) if usage.uniform else pairs)  # type: ignore[arg-type]
        spare = capacity - self.used[:, nle]
        fits = (amounts <= spare[:, None]).all(axis=0)
        if fits.any():
            with_room = pairs if usage.uniform else pairs.keep(np.asarray(fits, dtype=bool))
            self.has_room[with_room.rows] = True
            if self.waiting is not None:
                self.roomy.append(with_room.keep(self.waiting[with_room.rows]))
        usable: Flags = np.asarray((amounts <= capacity[:, None]).all(axis=0), dtype=bool)
        if usable.any():
            self.holdable[pairs.rows if usage.uniform else pairs.rows[usable]] = True
        if not usable.any():
            self.places[nle] = 0
            return np.zeros(len(pairs), dtype=bool)
        least = amounts[:, usable].min(axis=1)
        bounded = least > 0
        if bounded.any():
            self.places[nle] = (capacity[bounded] // least[bounded]).min()
        return None if usable.all() else usable

    def _prove(self, nle: int, pairs: Pairs, matched: Flags | None, usable: Flags | None) -> None:
        required: Flags | None = None
        if nle in self.required:
            required = self._among(pairs, np.array(self.required[nle], dtype=np.int64))[0]
        fits = np.ones(len(pairs), dtype=bool) if usable is None else usable
        self.choices[pairs.rows[fits]] += 1
        shown = Shown(pairs, *signs_of(len(pairs), matched, required), fits)
        for prover in self.provers:
            prover(shown)
