"""Bounds and clashes that a certificate claims, tried anew.

A claim that no allocation is possible: what clashes, and what proves it. What is said to prove a result: prices,
bounds, or a clash.

A certificate by bounds: each level's bound, on somebody's word or by a tree of multipliers.

The first levels may be proved by prices: those that the network engine solved before another took over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.levels import (
    OF_BOUNDS,
    SUMMARY,
    AnyLevel,
    DerivedLevel,
    Fairness,
    bound_of,
    check_heading,
    claims_proof,
    entries_of,
    reaches,
)
from nle_optimizer.evidence.verification.limits import PROVING
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass, Instance, Pool, Prover, check_trivial
from nle_optimizer.evidence.verification.proofs.leaves import UnsoundTreeError
from nle_optimizer.evidence.verification.proofs.price_certificate import PriceCertificate
from nle_optimizer.evidence.verification.proofs.prices import FILE, is_whole
from nle_optimizer.evidence.verification.proofs.program import Statement, pair_label
from nle_optimizer.evidence.verification.proofs.search import OutOfReachError, plan_for
from nle_optimizer.evidence.verification.proofs.trees import Held, TreeInstance, TreeReading
from nle_optimizer.records import Integers

PRICES, SOLVER = "prices", "solver"
MOST_PAIRS = 2_000
"""Candidate pairs beyond which a solver's word is not searched."""


class BoundsCertificate:
    """The bounds of all levels, to be judged once the candidate pairs are known."""

    def __init__(self, instance: Instance, entries: Any, summary: Mapping[str, Any], *, search: bool):
        self._instance, self._findings, self._search = instance, instance.findings, search
        sound = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
        if not sound or len(entries) != len(instance.levels):
            self._findings.differs(FILE, "", "levels", f"{len(instance.levels)} levels", entries)
            entries = []
        self._entries: Sequence[Mapping[str, Any]] = entries
        self._pool = Pool(instance)
        self._priced = len([*takewhile(lambda entry: entry.get("proof") == PRICES, entries)])
        self._prices = self._price_certificate(summary) if self._priced else None

    def _price_certificate(self, summary: Mapping[str, Any]) -> PriceCertificate:
        """What proves the levels that are proved by prices, as if there were no others."""
        steps: list[Any] = [entry.get("steps") for entry in self._entries[: self._priced]]
        every = [step for own in steps for step in own] if all(isinstance(own, list) for own in steps) else None
        alone = replace(self._instance, levels=self._instance.levels[: self._priced])
        return PriceCertificate(alone, every, self._of_priced(summary))

    def _of_priced(self, summary: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**summary, "objectives": entries_of(summary)[: self._priced]}

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""
        return [self._pool.collect, *(() if self._prices is None else self._prices.provers)]

    def check(self, summary: Mapping[str, Any], sweep: CandidatePass, values: Sequence[int]) -> None:
        """Check each level's entry, given the values of all of them."""
        search = self._search and not self._findings.sentences()
        judge = _Judge(self._instance, self._pool.ground(sweep), sweep, search=search)
        said = entries_of(summary)
        for n, (entry, level, value) in enumerate(zip(self._entries, self._instance.levels, values, strict=False)):
            proofs = (PRICES,) if n < self._priced else OF_BOUNDS
            judge.check(n, entry, said[n] if n < len(said) else {}, level, value, proofs)
        if self._prices is not None:
            self._prices.check(self._of_priced(summary), sweep, values[: self._priced])


class _Judge:
    """Goes through the levels in order; what keeps each is needed for those after it."""

    def __init__(self, instance: Instance, ground: TreeInstance, sweep: CandidatePass, *, search: bool):
        self._instance, self._ground, self._sweep = instance, ground, sweep
        self._findings = instance.findings
        self._held: list[Held] = []
        self._searched = Statement(instance, ground, sweep) if search and len(ground.pairs) <= MOST_PAIRS else None

    def check(
        self,
        n: int,
        entry: Mapping[str, Any],
        stated: Mapping[str, Any],
        level: AnyLevel,
        value: int,
        proofs: Sequence[str],
    ) -> None:
        """Check one level's entry against what the summary says of it, and its proof, which is one of some."""
        where = f"level {n + 1}"
        check_heading(FILE, where, entry, level, self._findings)
        for word, number in {"scale": level.scale, "value": value, "bound": bound_of(stated)}.items():
            if not is_whole(entry.get(word)) or entry[word] != number:
                self._findings.differs(FILE, where, word, number, entry.get(word))
        if "proof" in stated and stated["proof"] != entry.get("proof"):
            self._findings.differs(FILE, where, "proof", stated["proof"], entry.get("proof"))
        if is_whole(entry.get("bound")):
            self._check_proof(where, entry, level, value, proofs)
            if entry.get("proof") == SOLVER:
                self._search(where, level, value, entry["bound"])
        self._held.append(self._hold(level, value, entry.get("bound")))

    def _search(self, where: str, level: AnyLevel, value: int, bound: int) -> None:
        """Look for a plan that is better than a solver says is possible."""
        sign = -1 if level.minimised else 1
        told = f"that nothing is better on {where.replace('level', 'objective')}, {level.name}"
        try:
            questions = () if self._searched is None else self._searched.better(level, sign * value, sign * bound)
            found = next((plan for each in questions if (plan := plan_for(each)) is not None), None)
        except OutOfReachError:
            self._searched = None
        if self._searched is None:
            self._findings.believed.append(told)
        elif found is not None:
            self._findings.differs(FILE, where, "bound", self._named(found, level), bound)

    def _named(self, plan: Integers, level: AnyLevel) -> str:
        """What a plan comes to, in words."""
        pairs = self._ground.pairs.keep(plan[: len(self._ground.pairs)] > 0)
        value = level.value(pairs, self._instance.measures) if isinstance(level, DerivedLevel) else "more"
        return f"a plan of {len(pairs)} pairs that comes to {value}"

    def _hold(self, level: AnyLevel, value: int, bound: Any) -> Held:
        """What keeping a level means for those after it."""
        best = bound if is_whole(bound) and reaches(level, value, bound) else value
        best = -best if level.minimised else best
        least = level.least(best) if isinstance(level, DerivedLevel) else best
        if self._searched is not None:
            just = is_whole(bound) and not reaches(level, value, bound) and least < best
            self._searched.hold(level, best if just else least, just=just)
        return Held(self._amounts(level), least)

    def _amounts(self, level: AnyLevel) -> NDArray[Any] | None:
        """Each pair's amount, more being better; None where the level is no sum over pairs."""
        if isinstance(level, Fairness) or not self._instance.is_sum(level, self._sweep):
            return None
        if isinstance(level, DerivedLevel):
            return level.to_maximise(self._ground.pairs, self._instance.measures)
        return np.zeros(len(self._ground.pairs), dtype=np.int64)

    def _check_proof(
        self, where: str, entry: Mapping[str, Any], level: AnyLevel, value: int, proofs: Sequence[str]
    ) -> None:
        proof, tree, sign = entry.get("proof"), entry.get("tree"), -1 if level.minimised else 1
        bound = sign * entry["bound"]
        if proof not in proofs:
            self._findings.differs(FILE, where, "proof", f"one of {', '.join(proofs)}", proof)
        if proof == "trivial":
            check_trivial(where, level, entry["bound"], self._ground, self._sweep, self._instance)
        is_leaf = isinstance(tree, dict) and "pair" not in tree
        if (proof == "multipliers" and not is_leaf) or (proof == "leaves" and (tree is None or is_leaf)):
            self._findings.differs(FILE, where, "tree", f"one that goes with the proof {proof}", "another")
            return
        shown = None if tree is None else self._evaluate(where, level, tree)
        if shown is None:
            return
        if shown < sign * value:
            self._findings.differs(FILE, where, "tree", f"a bound that {value} does not exceed", sign * shown)
        if proof in ("multipliers", "leaves") and shown > bound:
            self._findings.differs(FILE, where, "bound", f"{sign * shown} by the tree", sign * bound)

    def _evaluate(self, where: str, level: AnyLevel, tree: Any) -> int | None:
        """What a tree proves, in the maximising orientation; None, noted, where it proves nothing."""
        amounts, fault = self._amounts(level), "a level that is no sum over pairs has one"
        try:
            shown = None if amounts is None else TreeReading(self._ground, amounts, self._held).bound(tree)
        except UnsoundTreeError as unsound:
            shown, fault = None, str(unsound)
        else:
            fault = fault if amounts is None else "every case is said to be impossible"
        if shown is None:
            self._findings.add(f"{FILE}: tree", f"{FILE}: {where}: tree: {fault}")
        return shown


PROOFS = ("count", "multipliers", SOLVER)


class ClashCertificate:
    """Requirements that no allocation meets."""

    def __init__(self, instance: Instance, certificate: Mapping[str, Any], *, search: bool):
        self._instance, self._findings, self._search = instance, instance.findings, search
        self._certificate = certificate
        self._pool = Pool(instance)

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""
        return [self._pool.collect]

    def check(self, summary: Mapping[str, Any], sweep: CandidatePass, _: Sequence[int]) -> None:
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
        if proof == SOLVER and not self._findings.sentences():
            self._try(sweep)

    def _try(self, sweep: CandidatePass) -> None:
        """Look for a plan that meets what is said to clash."""
        ground, plan = self._pool.ground(sweep), None
        is_searched = self._search and len(ground.pairs) <= MOST_PAIRS
        try:
            if is_searched:
                named = set(self._certificate["requirements"])
                plan = plan_for(Statement(self._instance, ground, sweep, named).any_plan())
        except OutOfReachError:
            is_searched = False
        if not is_searched:
            self._findings.believed.append("that no allocation is possible")
        elif plan is not None:
            count = int((plan[: len(ground.pairs)] > 0).sum())
            given = f"requirements that clash, and not such as a plan of {count} pairs meets"
            self._findings.differs(FILE, "", "requirements", given, ", ".join(sorted(named)))

    def _check_count(self, sweep: CandidatePass, said: Any) -> None:
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

    def _labels(self, sweep: CandidatePass) -> set[str]:
        """Every requirement that there is, by its name in a certificate."""
        ids, nles = self._instance.recipients.ids, self._instance.nle_ids
        pairs = {pair_label(nles[nle], ids[row]) for nle, rows in sweep.required.items() for row in rows}
        return pairs | {family.label(row) for family in self._instance.families for row in family.rows()}

    def _check_requirements(self, sweep: CandidatePass) -> None:
        said = self._certificate.get("requirements")
        if not isinstance(said, list) or not said or not all(isinstance(label, str) for label in said):
            self._findings.differs(FILE, "", "requirements", "a list of what clashes", said)
            return
        for label in sorted(set(said) - self._labels(sweep)):
            self._findings.add(f"{FILE}: requirements", f"{FILE}: requirements: nothing here is called {label}")
        if len(set(said)) != len(said):
            self._findings.add(f"{FILE}: requirements", f"{FILE}: requirements: one of them stands twice")

    def _check_tree(self, sweep: CandidatePass) -> None:
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


class Certificate(Protocol):
    """Is shown all candidate pairs, and then judges."""

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""

    def check(self, summary: Mapping[str, Any], sweep: CandidatePass, values: Sequence[int]) -> None:
        """Note what is wrong with the proof, given the value of each level."""


def certificate_of(instance: Instance, claim: Claim, rule: str, *, search: bool) -> Certificate | None:
    """The certificate of a claim; None where nothing is said to be proved, or, noted, nothing here can check it.

    Args:
        instance: what is claimed.
        claim: the claim.
        rule: the scenario's.
        search: whether what a solver says is searched here, as far as that is within reach.
    """
    certificate, status = claim.certificate, claim.summary.get("status")
    method, entries = certificate.get("method"), certificate.get("levels")
    if status == "infeasible" and method == "clash":
        return ClashCertificate(instance, certificate, search=search)
    if status == "infeasible" or (claims_proof(claim.summary) and (method == "clash" or rule not in PROVING)):
        what = f"of the rule {rule}, by the method {method}"
        instance.findings.add(FILE, f"{FILE}: the proof {what}, is not checked")
        return None
    if not claims_proof(claim.summary):
        return None
    if method == "prices":
        return PriceCertificate(instance, entries, claim.summary)
    if method == "bounds":
        return BoundsCertificate(instance, entries, claim.summary, search=search)
    instance.findings.add(FILE, f"{FILE}: the proof of the rule {rule}, by the method {method}, is not checked")
    return None
