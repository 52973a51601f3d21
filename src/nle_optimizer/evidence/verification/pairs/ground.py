"""What measures and sifts the pairs of an instance; and all its candidate pairs at once, for whoever keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.evidence.verification.pairs.candidates import Candidates, Character
from nle_optimizer.evidence.verification.pairs.character import Areas, Interests, Traits
from nle_optimizer.evidence.verification.pairs.fit import Fitness
from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs, join
from nle_optimizer.evidence.verification.stages.current import standing_for_good
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.recall import Recall
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.scenario import Scenario

AT_ONCE = 100_000
"""Pairs that are looked at in one go."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The pairs table by NLE, the distances, and the filters."""

    listed: Listed
    geography: Geography
    candidates: Candidates


def ground_of(scenario: Scenario, recipients: Recipients, placed: int, recall: Recall) -> Ground:
    """What measures and sifts the pairs of recipients, the first `placed` of which have a place.

    What does not depend on distances comes through `recall`.
    """
    listed = recall(Listed, scenario.pairs, scenario.nles.ids, recipients.position)
    agreed = standing_for_good(scenario, recipients.position)
    geography = Geography(scenario, recipients.table, placed, listed, agreed)
    character = recall(character_of, scenario, recipients, listed)
    return Ground(listed, geography, Candidates(len(recipients), geography, character, listed, agreed))


def character_of(scenario: Scenario, recipients: Recipients, listed: Listed) -> Character:
    """What the two sides are, apart from where they are."""
    traits = Traits(scenario, recipients)
    others = [
        *Areas(scenario, recipients).filters(),
        *traits.filters(),
        *Interests(scenario, recipients, listed).filters(),
    ]
    return Character(others, Fitness(scenario, recipients, traits, listed))


@dataclass(frozen=True, eq=False)
class Reached:
    """The candidate pairs of every available NLE.

    Attributes:
        blocks: the pairs, in order of NLE and recipient, with their distance.
        last: for each recipient, the rank of the latest filter that stopped a pair of it.
    """

    blocks: tuple[Pairs, ...]
    last: Integers


def every_candidate(ground: Ground, available: Flags, placed: int) -> Reached:
    """The candidate pairs of every available NLE, all of them kept."""
    candidates = ground.candidates
    candidates.start(available, placed)
    blocks = blocks_of(candidates, available)
    measured = tuple(replace(block, metres=ground.geography.metres(block)) for block in blocks)
    return Reached(measured, candidates.last.copy())


def blocks_of(candidates: Candidates, available: Flags) -> Iterator[Pairs]:
    """The candidate pairs of every available NLE, some NLEs at a time, in order of NLE and recipient."""
    found = (candidates.among(pairs) for pairs in _reached(candidates, available))
    yield from (pairs for pairs in found if len(pairs))


def _reached(candidates: Candidates, available: Flags) -> Iterator[Pairs]:
    """The pairs that distance lets every available NLE reach, some NLEs at a time."""
    waiting: list[Pairs] = []
    size = 0
    for pairs in candidates.geography.reach(np.flatnonzero(available)):
        waiting.append(pairs)
        size += len(waiting[-1])
        if size >= AT_ONCE:
            yield join(waiting)
            waiting, size = [], 0
    yield join(waiting)
