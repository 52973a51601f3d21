"""Deferred acceptance: recipients propose."""

from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.stable.acceptance import DeferredAcceptance

DEFERRED_ACCEPTANCE = DeferredAcceptance(
    "deferred-acceptance",
    Promise(
        summary="recipients propose to NLEs, which hold the best and turn the others down",
        guarantees="stable for the order that lots make strict, and of all stable matchings the one that every "
        "recipient likes best, where each NLE has so many places and no other limit; for the true orders, ties and "
        "all, no pair blocks that both would strictly gain by",
        caveats="total fit may be far from the best, and not Pareto efficient for recipients; with different amounts "
        "or limits over many pairs each NLE keeps the best that fit (after Delacretaz, Kominers and Teytelboym 2023, "
        "doi:10.1257/aer.20210096), a stable matching need not exist, and what blocks is counted; required pairs "
        "stand outside",
        misreports="no recipient of one supporter gains, in places (Roth 1982); with different amounts or several "
        "supporters it may; an NLE may",
        complexity="O(p log p)",
        source="Gale and Shapley (1962), doi:10.2307/2312726; Roth (1982), doi:10.1287/moor.7.4.617",
        ordinal=True,
        by_ranks=True,
    ),
    by_recipients=True,
)
