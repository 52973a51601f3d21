"""What is said to prove a result: prices, bounds, or a clash."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.levels.objectives import claims_proof
from nle_optimizer.evidence.verification.limits.hard_limits import PROVING
from nle_optimizer.evidence.verification.proofs.bounds import BoundsCertificate
from nle_optimizer.evidence.verification.proofs.clash import ClashCertificate
from nle_optimizer.evidence.verification.proofs.instance import Instance
from nle_optimizer.evidence.verification.proofs.pool import Prover
from nle_optimizer.evidence.verification.proofs.price_certificate import PriceCertificate
from nle_optimizer.evidence.verification.proofs.prices import FILE
from nle_optimizer.evidence.verification.sweep import Sweep


class Certificate(Protocol):
    """Is shown all candidate pairs, and then judges."""

    @property
    def provers(self) -> Sequence[Prover]:
        """Who must be shown the candidate pairs."""

    def check(self, summary: Mapping[str, Any], sweep: Sweep, values: Sequence[int]) -> None:
        """Note what is wrong with the proof, given the value of each level."""


def certificate_of(instance: Instance, claim: Claim, rule: str) -> Certificate | None:
    """The certificate of a claim; None where nothing is said to be proved, or, noted, nothing here can check it."""
    certificate, status = claim.certificate, claim.summary.get("status")
    method, entries = certificate.get("method"), certificate.get("levels")
    if status == "infeasible" and method == "clash":
        return ClashCertificate(instance, certificate)
    if status == "infeasible" or (claims_proof(claim.summary) and (method == "clash" or rule not in PROVING)):
        what = f"of the rule {rule}, by the method {method}"
        instance.findings.add(FILE, f"{FILE}: the proof {what}, is not checked")
        return None
    if not claims_proof(claim.summary):
        return None
    if method == "prices":
        return PriceCertificate(instance, entries, claim.summary)
    if method == "bounds":
        return BoundsCertificate(instance, entries, claim.summary)
    instance.findings.add(FILE, f"{FILE}: the proof of the rule {rule}, by the method {method}, is not checked")
    return None
