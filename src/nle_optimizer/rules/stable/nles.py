"""Deferred acceptance: NLEs propose."""

from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.stable.acceptance import DeferredAcceptance

DEFERRED_ACCEPTANCE_NLES = DeferredAcceptance(
    "deferred-acceptance-nles",
    Promise(
        summary="NLEs propose to recipients, which hold the best and turn the others down",
        guarantees="stable for the order that lots make strict, and of all stable matchings the one that NLEs like "
        "best, where each NLE has so many places and no other limit; as many are served as when recipients propose",
        caveats="of all stable matchings the worst for every recipient; total fit may be far from the best; with "
        "different amounts or limits over many pairs a stable matching need not exist, and what blocks is counted; "
        "required pairs stand outside",
        misreports="a recipient may gain by leaving out NLEs it likes less; an NLE of one place does not gain, one of "
        "several may (Roth 1985, doi:10.1016/0022-0531(85)90106-1)",
        complexity="O(p log p)",
        source="Gale and Shapley (1962), doi:10.2307/2312726; Roth (1984), doi:10.1086/261272",
        ordinal=True,
        by_ranks=True,
    ),
    by_recipients=False,
)
