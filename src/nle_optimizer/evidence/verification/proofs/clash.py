"""A claim that no allocation is possible: what clashes, and what proves it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.levels.objectives import SUMMARY
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.proofs.leaves import UnsoundTreeError
from nle_optimizer.evidence.verification.proofs.pool import Pool, Prover
from nle_optimizer.evidence.verification.proofs.prices import FILE
from nle_optimizer.evidence.verification.proofs.trees import TreeReading
from nle_optimizer.evidence.verification.sweep import Sweep

PROOFS = ("count", "multipliers", "solver")


class ClashCertificate:
    """Requirements that no allocation meets."""

    def __init__(self, instance: Instance, certificate: Mapping[str, Any]):
        self._instance, self._findings = instance, instance.findings
        self._certificate = certificate
        self._pool = Pool(instance)

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""
        return [self._pool.collect]

    def check(self, summary: Mapping[str, Any], sweep: Sweep, _: Sequence[int]) -> None:
        """Check that the requirements exist and clash, that they are told, and that nobody is matched."""
        if len(sweep.matching.lines):
            self._findings.differs(SUMMARY, "", "status", "a status under which pairs are matched", "infeasible")
        if summary.get("objectives") != []:
            given = "none, as the status is infeasible"
            self._findings.differs(SUMMARY, "", "objectives", given, summary.get("objectives"))
        proof, said = self._certificate.get("proof"), summary.get("clashes")
        if proof not in PROOFS:
            self._findings.differs(FILE, "", "proof", f"one of {', '.join(PROOFS)}", proof)
        if proof == "count":
            self._check_count(sweep, said)
            return
        if not isinstance(said, list) or not said:
            self._findings.differs(SUMMARY, "", "clashes", "what clashes", said)
        self._check_requirements(sweep)
        if proof == "multipliers":
            self._check_tree(sweep)

    def _check_count(self, sweep: Sweep, said: Any) -> None:
        """Check that required pairs alone exceed what NLEs or recipients can have."""
        supporters = self._instance.supporters
        wanted = np.zeros(len(supporters), dtype=np.int64)
        over = 0
        for nle, rows in sweep.required.items():
            np.add.at(wanted, np.array(rows, dtype=np.int64), 1)
            over += int((sweep.required_use(nle) > self._instance.supply.capacity[:, nle]).any())
        clashes = over + int((wanted > supporters).sum())
        if not clashes:
            self._findings.differs(SUMMARY, "", "status", "optimal, as the required pairs do not clash", "infeasible")
        elif not isinstance(said, list) or len(said) != clashes:
            self._findings.differs(SUMMARY, "", "clashes", f"{clashes} of them", said)

    def _labels(self, sweep: Sweep) -> set[str]:
        """Every requirement that there is, by its name in a certificate."""
        ids, nles = self._instance.recipients.ids, self._instance.nle_ids
        pairs = {f"pair {nles[nle]}, {ids[row]}" for nle, rows in sweep.required.items() for row in rows}
        return pairs | {family.label(row) for family in self._instance.families for row in family.rows()}

    def _check_requirements(self, sweep: Sweep) -> None:
        said = self._certificate.get("requirements")
        if not isinstance(said, list) or not said or not all(isinstance(label, str) for label in said):
            self._findings.differs(FILE, "", "requirements", "a list of what clashes", said)
            return
        for label in sorted(set(said) - self._labels(sweep)):
            self._findings.add(f"{FILE}: requirements", f"{FILE}: requirements: nothing here is called {label}")
        if len(set(said)) != len(said):
            self._findings.add(f"{FILE}: requirements", f"{FILE}: requirements: one of them stands twice")

    def _check_tree(self, sweep: Sweep) -> None:
        ground = self._pool.ground(sweep)
        said, tree = self._certificate.get("requirements"), self._certificate.get("tree")
        try:
            bound = TreeReading(ground, np.zeros(len(ground.pairs), dtype=np.int64)).bound(tree)
        except UnsoundTreeError as fault:
            self._findings.add(f"{FILE}: tree", f"{FILE}: tree: {fault}")
            return
        if bound is not None and bound >= 0:
            self._findings.differs(FILE, "", "tree", "a bound below 0, where nothing is possible", bound)
        for label in sorted(_priced(tree) - set(said if isinstance(said, list) else [])):
            self._findings.add(f"{FILE}: tree", f"{FILE}: tree: {label} is priced, and is none of the requirements")


def _priced(tree: Any) -> set[str]:
    """The labels that have a multiplier anywhere in a tree."""
    waiting, found = [tree], set[str]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += [node[key] for key in ("matched", "unmatched") if key in node]
            prices = node.get("constraints")
            found |= {label for label, price in prices.items() if price} if isinstance(prices, dict) else set()
    return found
