"""Required pairs whose school or NLE is out: refused, with the reason each of them is out."""

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.records import Records
from nle_optimizer.stages.ledger import Ledger
from nle_optimizer.stages.sieve import MOST_SHOWN
from nle_optimizer.stages.supply import Supply


def refuse_lost_requirements(pairs: Records | None, ledger: Ledger, supply: Supply) -> None:
    """Refuse required pairs of which one side is not there to be matched.

    Raises:
        InputError: each such pair, with its row and why the school or the NLE is out.
    """
    if pairs is None:
        return
    nle_reasons = dict(zip(supply.nles.ids, supply.reason, strict=True))
    problems = []
    for n, words in enumerate(pairs.values("relation")):
        nle, school = pairs.values("nle_id")[n], pairs.values("school_id")[n]
        why = _why_out(nle, school, nle_reasons.get(nle, ""), ledger) if "require" in words else None
        if why is not None:
            what = f"the pair {nle}, {school} is required, but {why}; drop the requirement or bring it back"
            problems.append(Problem(Place(pairs.source, row=int(pairs.rows[n])), "relation", what))
    if problems:
        raise InputError(problems[:MOST_SHOWN])


def _why_out(nle: str, school: str, nle_reason: str, ledger: Ledger) -> str | None:
    if nle_reason:
        return f"NLE {nle} is out ({nle_reason})"
    exclusion = ledger.entries.get(school)
    if exclusion is None:
        return None
    return f"{school} is out at the stage {exclusion.stage} ({exclusion.reason}; {exclusion.evidence})"
