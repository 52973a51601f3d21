"""Pairs that one filter alone keeps from being candidates, of recipients without an NLE and NLEs with room for them."""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.build import use_where_known
from nle_optimizer.model.objectives.worth import parts_of
from nle_optimizer.records import Integers
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.obstacles import CONFLICTS, Obstacles

KINDS = {"reach": ("too-far",), "minimum_fit": ("fit-below-minimum",), "conflict": CONFLICTS}
"""The filters that each kind of cure lifts."""
FILTERS = tuple((kind, code) for kind, codes in KINDS.items() for code in codes)


@dataclass(frozen=True, eq=False)
class Barred:
    """Pairs that one filter alone removes, sorted by NLE, then recipient; shapes (pairs,).

    Attributes:
        pairs: them with fit and distance, as if each were a candidate of the outcome.
        use: what each takes of each resource, in millionths.
        filter: the filter, as a number in `FILTERS`.
        limit: metres that may lie between the two.
        more: metres more that would have to be allowed; 0 where the filter is not about distance.
    """

    pairs: Candidates
    use: dict[str, Integers]
    filter: Integers
    limit: Integers
    more: Integers


def barred_pairs(outcome: Outcome, recipients: Integers, nles: Integers, between: Obstacles, left: Integers) -> Barred:
    """The barred pairs between some recipients and some NLEs in which the NLE has room beside all that it supports.

    Args:
        outcome: the run.
        recipients, nles: indices, ascending.
        between: what stands between them.
        left: shape (resources, all NLEs): what each NLE has left, in millionths.
    """
    found, settings = outcome.candidates, outcome.scenario.settings
    lifted, alone = np.full(between.shape, -1, dtype=np.int64), between.count == 1
    for n, (_, code) in enumerate(FILTERS):
        if code in between.codes:
            lifted[between.codes[code] & alone] = n
    at = np.nonzero(lifted >= 0)
    pairs = replace(
        found,
        nle=nles[at[0]],
        recipient=recipients[at[1]],
        distance=between.distance[at],
        fit=between.fit[at],
        required=None,
        exempt=None,
    )
    use = {name: use_where_known(pairs, settings, name) for name in outcome.scenario.resources}
    able = [known & (amounts <= room[pairs.nle]) for (amounts, known), room in zip(use.values(), left, strict=True)]
    if outcome.objectives and "travel_minutes" in parts_of(outcome.objectives[0]):
        able.append(pairs.from_table("travel_minutes").given)
    kept = np.flatnonzero(np.all(able, axis=0))
    at = at[0][kept], at[1][kept]
    return Barred(
        pairs.some(kept),
        {name: amounts[kept] for name, (amounts, _) in use.items()},
        lifted[at],
        between.limit[at],
        np.where(between.codes["too-far"][at], between.reach[at] - between.limit[at], 0),
    )
