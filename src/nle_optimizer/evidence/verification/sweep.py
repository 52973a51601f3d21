"""One pass over the NLEs: the candidates of each are found, held against the claim, and forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.candidates import Candidates
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import Level, Measures
from nle_optimizer.evidence.verification.listed import Pairs
from nle_optimizer.evidence.verification.matching import FILE, Matching
from nle_optimizer.evidence.verification.prices import FILE as CERTIFICATE
from nle_optimizer.evidence.verification.prices import FREE, MATCHED, UNMATCHED, Prices, faults
from nle_optimizer.evidence.verification.supply import Supply
from nle_optimizer.records import Flags, Integers, Texts

UNLIMITED = 2**40


@dataclass(eq=False)
class Sweep:
    """What one pass finds.

    Attributes:
        fit: the fit of each matched pair, -1 where it is no candidate.
        has_candidate: by recipient.
        has_room: by recipient: whether a candidate NLE has room for it.
        holdable: by recipient: whether a candidate NLE that has nobody else could take it.
        places: by NLE: the most schools it can take; UNLIMITED where nothing limits it.
        pairs: the number of candidate pairs.
        ties: by NLE, the recipients it does not have and could have at no loss, by the prices.
    """

    candidates: Candidates
    measures: Measures
    supply: Supply
    matching: Matching
    ids: Texts
    nle_ids: Texts
    findings: Findings
    required: dict[int, list[int]] = field(default_factory=dict)
    levels: Sequence[Level] = ()
    prices: Prices | None = None
    next_best: dict[int, list[int]] = field(default_factory=dict)
    pairs: int = 0
    ties: list[tuple[int, Integers]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows, nles = len(self.ids), len(self.nle_ids)
        self.fit: Integers = np.full(len(self.matching.lines), -1, dtype=np.int64)
        self.has_candidate: Flags = np.zeros(rows, dtype=bool)
        self.has_room: Flags = np.zeros(rows, dtype=bool)
        self.holdable: Flags = np.zeros(rows, dtype=bool)
        self.places: Integers = np.full(nles, UNLIMITED, dtype=np.int64)
        self._marks: Flags = np.zeros(rows, dtype=bool)
        self.used = np.zeros_like(self.supply.capacity)
        for resource, amounts in enumerate(self.measures.usage.of(self.matching.pairs)):
            np.add.at(self.used[resource], self.matching.pairs.nle, amounts)

    def run(self) -> None:
        """Look at every NLE that is not out."""
        for nle in np.flatnonzero(self.supply.available).tolist():
            pairs = self.candidates.of(nle)
            self.pairs += len(pairs)
            self.has_candidate[pairs.rows] = True
            self._check_required(nle, pairs)
            matched = self._check_matched(nle, pairs)
            self._check_next_best(nle, pairs)
            usable = self._room(nle, pairs)
            if self.prices is None or not len(pairs):
                continue
            if usable is not None:
                pairs, matched = pairs.keep(usable), None if matched is None else matched[usable]
            self._check_prices(nle, pairs, matched)

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
            elif not there:
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
            self.has_room[pairs.rows if usage.uniform else pairs.rows[fits]] = True
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

    def _check_prices(self, nle: int, pairs: Pairs, matched: Flags | None) -> None:
        prices = self.prices
        assert prices is not None
        signs = np.full(len(pairs), UNMATCHED, dtype=np.int64)
        if matched is not None:
            signs[matched] = MATCHED
        if nle in self.required:
            signs[self._among(pairs, np.array(self.required[nle], dtype=np.int64))[0]] = FREE

        def difference(level: int, left: Integers | None) -> Integers:
            some = pairs if left is None else pairs.keep(left)
            amounts = self.levels[level].to_maximise(some, self.measures)
            return np.asarray(amounts - prices.takers[level][some.rows] - prices.givers[level, nle])

        wrong, tied = faults(difference, signs, len(self.levels))
        self.ties.append((nle, pairs.rows[tied[signs[tied] == UNMATCHED]]))
        for at in wrong.tolist():
            label = f"{CERTIFICATE}: school {self.ids[pairs.rows[at]]}, NLE {self.nle_ids[nle]}"
            what = (
                "is matched although its prices exceed"
                if signs[at] < 0
                else "is not matched although its prices are below"
            )
            self.findings.add(f"{CERTIFICATE}: pairs", f"{label}: the pair {what} what it adds")
