"""A certificate by prices, from its text to what it proves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.levels.fairness import Fairness
from nle_optimizer.evidence.verification.levels.objectives import bound_of, entries_of
from nle_optimizer.evidence.verification.proofs.firmness import check_firmness
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.proofs.pool import Pool, Prover
from nle_optimizer.evidence.verification.proofs.price_proof import PriceProof
from nle_optimizer.evidence.verification.proofs.price_totals import PriceTotals, check_levels
from nle_optimizer.evidence.verification.proofs.priced_rows import PricedRows
from nle_optimizer.evidence.verification.proofs.prices import is_whole, read_prices
from nle_optimizer.evidence.verification.proofs.steps import Fits, read_steps
from nle_optimizer.evidence.verification.proofs.trees import Ground
from nle_optimizer.evidence.verification.proofs.trivial import check_trivial
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.records import Integers


class PriceCertificate:
    """Prices of every limit, step by step."""

    def __init__(self, instance: Instance, entries: Any, summary: Mapping[str, Any]):
        findings = self._findings = instance.findings
        self._instance, self._proof = instance, None
        fair = {n: level for n, level in enumerate(instance.levels) if isinstance(level, Fairness)}
        self._fits = {n: Fits(level, instance.matched) for n, level in fair.items()}
        trivial = any(entry.get("proof") == "trivial" for entry in entries_of(summary))
        self._pool = Pool(instance) if trivial else None
        steps = read_steps(entries, instance.levels, findings)
        prices = None
        if steps:
            prices = read_prices(entries, instance.position, instance.nle_position, "nles", findings)
        if steps and prices is not None:
            rows = PricedRows(instance.families, prices, instance.supporters)
            ids, nle_ids = instance.recipients.ids, instance.nle_ids
            self._proof = PriceProof(
                steps, prices, rows, instance.measures, instance.supporters, ids, nle_ids, findings
            )

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""
        fits: list[Prover] = [_adding(each) for each in self._fits.values()]
        pool = [] if self._pool is None else [self._pool.collect]
        return [*fits, *pool] if self._proof is None else [self._proof.add, *fits, *pool]

    @property
    def first_prices(self) -> Integers | None:
        """By NLE, the price of a place in the first step; None where there is none."""
        return None if self._proof is None or not self._proof.held else self._proof.prices.givers[self._proof.held[0]]

    def check(self, summary: Mapping[str, Any], sweep: Sweep, values: Sequence[int]) -> None:
        """Check everything that shows only when all pairs have been looked at."""
        if self._pool is not None:
            self._check_trivial(self._pool.ground(sweep), summary, sweep)
        if self._proof is not None:
            matched = sweep.matching.pairs.with_fit(np.maximum(sweep.fit, 0))
            PriceTotals(self._proof, matched, sweep.places, self._findings).check()
        steps = () if self._proof is None else self._proof.steps
        is_sum = [self._instance.is_sum(level, sweep) for level in self._instance.levels]
        check_levels(self._instance.levels, values, is_sum, steps, self._fits, entries_of(summary), self._findings)

    def _check_trivial(self, ground: Ground, summary: Mapping[str, Any], sweep: Sweep) -> None:
        """Check the bounds of levels that no prices prove."""
        both = zip(entries_of(summary), self._instance.levels, strict=False)
        for n, (entry, level) in enumerate(both, start=1):
            bound = bound_of(entry)
            if entry.get("proof") == "trivial" and is_whole(bound):
                check_trivial(f"level {n}", level, bound, ground, sweep, self._instance)

    def check_firmness(self, sweep: Sweep, firmness: Sequence[str]) -> None:
        """Check which pairs stand in every optimum."""
        if self._proof is not None:
            limited = bool(self._instance.families)
            check_firmness(sweep, self._proof, firmness, self._findings, limited=limited)


def _adding(fits: Fits) -> Prover:
    return lambda shown: fits.add(shown.fitting().pairs)
