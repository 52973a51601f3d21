"""Everything that stands between some eligible schools and available NLEs, so many pairs at a time."""

from collections.abc import Iterator

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.build import distance_asked
from nle_optimizer.records import Integers
from nle_optimizer.stages.obstacles import Obstacles, obstacles_between

AT_ONCE = 200_000
"""Pairs that are looked at together."""


def around(outcome: Outcome, recipients: Integers, nles: Integers | None = None) -> Obstacles:
    """All that stands between some recipients and some available NLEs, by index; None for every NLE."""
    scenario, found = outcome.scenario, outcome.candidates
    return obstacles_between(
        found.recipients.take(recipients),
        found.nles if nles is None else found.nles.take(nles),
        scenario.schools,
        None if found.given is None else found.given.table,
        scenario.settings,
        distance_needed=distance_asked(scenario.settings),
    )


def in_portions(recipients: Integers, nles: int) -> Iterator[Integers]:
    """Recipients in portions that make no more pairs with so many NLEs than are looked at together."""
    size = max(1, AT_ONCE // max(1, nles))
    for start in range(0, len(recipients), size):
        yield recipients[start : start + size]
