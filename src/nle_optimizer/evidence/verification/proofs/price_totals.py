"""What prices sum to: each step's value is what the limits are worth at them, so that nothing is better."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels.fairness import Fairness
from nle_optimizer.evidence.verification.levels.levels import AnyLevel, Level
from nle_optimizer.evidence.verification.levels.objectives import SUMMARY, check_heading
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.proofs.price_proof import UNLIMITED, PriceProof
from nle_optimizer.evidence.verification.proofs.priced_rows import StandingRow, check_row_signs
from nle_optimizer.evidence.verification.proofs.prices import FILE, check_signs, is_whole, leading
from nle_optimizer.evidence.verification.proofs.steps import Fits, Step, check_thresholds
from nle_optimizer.records import Integers


class PriceTotals:
    """Everything about prices that shows only when all pairs have been looked at."""

    def __init__(self, proof: PriceProof, matched: Pairs, places: Integers, findings: Findings):
        self._proof, self._matched, self._findings = proof, matched, findings
        self._room = np.where(places == UNLIMITED, 0, places)
        self._rows = proof.rows.standing(matched, places, findings)
        self._load = np.bincount(np.asarray(matched.nle, dtype=np.int64), minlength=len(places)) < places
        self._degree = np.bincount(matched.rows, minlength=len(proof.supporters)) < proof.supporters
        self._values = [exact_total(step.to_maximise(matched, proof.measures).tolist()) for step in proof.steps]

    def check(self) -> None:
        """Check signs, room, and every step's value and bound."""
        proof, findings = self._proof, self._findings
        held, prices = proof.held, proof.prices
        check_signs(prices.takers[held], self._degree, proof.ids.tolist(), "school", findings)
        check_signs(prices.givers[held], self._load, proof.nle_ids.tolist(), "NLE", findings)
        check_row_signs(self._rows, held, findings)
        for n, step in enumerate(proof.steps):
            bound = self._bound(held, n) + proof.own[n] if step.held else self._shown_below(n)
            self._check_step(n, bound)

    def _bound(self, prefix: Sequence[int], n: int) -> int:
        """What all limits are worth at the prices of a step."""
        prices = self._proof.prices
        total = dot(self._proof.supporters, prices.takers[n]) + dot(self._room, prices.givers[n])
        return total + sum(row.prices[n] * (_limit(row, prefix) or 0) for row in self._rows)

    def _shown_below(self, n: int) -> int:
        """The bound of a step that is not held, where the steps before it keep their values."""
        prices, prefix, where = self._proof.prices, self._proof.prefix(n), f"{FILE}: level {n + 1}"
        for side, names in ((prices.takers, self._proof.ids), (prices.givers, self._proof.nle_ids)):
            tuples = side[prefix]
            for at in np.flatnonzero(tuples.any(axis=0)).tolist():
                if leading(tuples[:, at].tolist()) < 0:
                    self._findings.add(f"{FILE}: below 0", f"{where}: {names[at]}: the prices are below 0")
        for row in self._rows:
            if leading([row.prices[m] for m in prefix]) and _limit(row, prefix) is None:
                self._findings.add(f"{FILE}: constraints", f"{where}: {row.label} has no limit that could be priced")
        surplus = self._proof.surplus[n]
        totals = [self._bound(prefix, m) + more for m, more in zip(prefix, surplus, strict=True)]
        for m, total in zip(prefix[:-1], totals[:-1], strict=True):
            if total != self._values[m]:
                what = f"the prices give {total} for level {m + 1}, which is {self._values[m]}"
                self._findings.add(f"{FILE}: bound", f"{where}: {what}")
        return totals[-1]

    def _check_step(self, n: int, bound: int) -> None:
        step, where, value = self._proof.steps[n], f"level {n + 1}", self._values[n]
        check_heading(FILE, where, step.entry, step.level, self._findings)
        sign = -1 if step.minimised else 1
        said = step.entry.get("bound")
        ours = {"scale": step.level.scale, "value": sign * value, "bound": sign * value if step.held else -1}
        for word, number in ours.items():
            if not is_whole(step.entry.get(word)) or step.entry[word] != number:
                self._findings.differs(FILE, where, word, number, step.entry.get(word))
        if step.held and bound != value:
            what = f"the prices prove a bound of {sign * bound}, and the value is {sign * value}"
            self._findings.add(f"{FILE}: bound", f"{FILE}: {where}: {what}")
        elif not step.held and bound > -1:
            what = f"the prices prove a bound of {bound}, and it must be below 0 ({said})"
            self._findings.add(f"{FILE}: bound", f"{FILE}: {where}: {what}")


def _limit(row: StandingRow, prefix: Sequence[int]) -> int | None:
    """The limit that the tuple of a row's prices stands for; 0 where it has no price."""
    sign = leading([row.prices[n] for n in prefix])
    return row.limit(sign) if sign else 0


def dot(numbers: Integers, prices: Integers) -> int:
    """The sum of products, in integers of any size."""
    some = np.flatnonzero(prices)
    return sum(a * b for a, b in zip(numbers[some].tolist(), prices[some].tolist(), strict=True))


def exact_total(amounts: Sequence[Any]) -> int:
    """The sum of whole numbers of any size."""
    return sum(int(amount) for amount in amounts)


def check_levels(
    levels: Sequence[AnyLevel],
    values: Sequence[int],
    is_sum: Sequence[bool],
    steps: Sequence[Step],
    fits: Mapping[int, Fits],
    entries: Sequence[Mapping[str, Any]],
    findings: Findings,
) -> None:
    """Check that every level said to be proved by prices has the steps that prove it.

    Args:
        levels, values: the objectives, and what they come to.
        is_sum: whether the steps of each can stand for it.
        steps: the steps of all levels.
        fits: of the levels that thresholds stand for, the fits that there are.
        entries: what the summary says of each level.
        findings: what is wrong.
    """
    loose = ""
    for n, (level, value) in enumerate(zip(levels, values, strict=True)):
        own = [step for step in steps if step.of == n]
        complete = bool(own)
        if n >= len(entries) or entries[n].get("proof") == "trivial":
            continue
        if isinstance(level, Fairness):
            complete = not fits[n].needed or check_thresholds(own, fits[n], findings)
        if loose or not complete or not is_sum[n]:
            what = loose or "the certificate has no step for it, or it is no sum over pairs"
            findings.add(f"{FILE}: steps", f"{FILE}: level {n + 1} of the objectives is not proved: {what}")
        if entries[n].get("proof") != "prices":
            findings.differs(
                SUMMARY, f"objectives: level {n + 1}", "proof", "prices or trivial", entries[n].get("proof")
            )
        if isinstance(level, Level) and level.least(_turned(level, value)) != _turned(level, value):
            loose = f"level {n + 1} before it is held only within a limit"


def _turned(level: Level, value: int) -> int:
    return -value if level.minimised else value
