"""Everything that stands between eligible schools and available NLEs, so many pairs at a time."""

from collections.abc import Iterator

from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.build import distance_asked
from nle_optimizer.records import Integers
from nle_optimizer.stages.obstacles import Between, Obstacles

AT_ONCE = 65_000
"""Pairs that are looked at together: few enough for a processor to keep them near."""


def around(case: Case) -> Between:
    """The recipients and the available NLEs of a case."""
    scenario, found = case.scenario, case.candidates
    return Between(
        found.recipients,
        found.nles,
        scenario.schools,
        None if found.given is None else found.given.table,
        scenario.settings,
        distance_needed=distance_asked(scenario.settings),
    )


def in_portions(between: Between, recipients: Integers, nles: Integers) -> Iterator[tuple[Integers, Obstacles]]:
    """Some recipients, ascending, so many at a time, with what stands between them and some NLEs."""
    size = max(1, AT_ONCE // max(1, len(nles)))
    for start in range(0, len(recipients), size):
        portion = recipients[start : start + size]
        yield portion, between.of(portion, nles)
