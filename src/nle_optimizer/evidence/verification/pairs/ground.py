"""What measures and sifts the pairs of an instance; and all its candidate pairs at once, for whoever keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nle_optimizer.evidence.verification.pairs.candidates import Candidates
from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Ground:
    """The pairs table by NLE, the distances, and the filters."""

    listed: Listed
    geography: Geography
    candidates: Candidates


def ground_of(scenario: Scenario, recipients: Recipients, placed: int) -> Ground:
    """What measures and sifts the pairs of recipients, the first `placed` of which have a place."""
    listed = Listed(scenario.pairs, scenario.nles.ids, recipients.position)
    geography = Geography(scenario, recipients.table, placed, listed)
    return Ground(listed, geography, Candidates(scenario, recipients, geography, listed))


@dataclass(frozen=True, eq=False)
class Reached:
    """The candidate pairs of every available NLE.

    Attributes:
        pairs: by NLE.
        last: for each recipient, the rank of the latest filter that stopped a pair of it.
    """

    pairs: Mapping[int, Pairs]
    last: Integers


def every_candidate(ground: Ground, available: Flags, placed: int) -> Reached:
    """The candidate pairs of every available NLE, all of them kept."""
    candidates = ground.candidates
    candidates.start(available, placed)
    pairs = {nle: candidates.of(nle) for nle in np.flatnonzero(available).tolist()}
    return Reached(pairs, candidates.last.copy())
