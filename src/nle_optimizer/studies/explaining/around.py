"""Everything that stands between some eligible schools and every available NLE."""

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.build import distance_asked
from nle_optimizer.records import Integers
from nle_optimizer.stages.obstacles import Obstacles, obstacles_between

AT_ONCE = 200_000
"""Pairs that are looked at together."""


def around(outcome: Outcome, recipients: Integers) -> Obstacles:
    """All that stands between some recipients, by index, and every available NLE."""
    scenario, found = outcome.scenario, outcome.candidates
    return obstacles_between(
        found.recipients.take(recipients),
        found.nles,
        scenario.schools,
        None if found.given is None else found.given.table,
        scenario.settings,
        distance_needed=distance_asked(scenario.settings),
    )


def removed_by_filter(outcome: Outcome, recipients: Integers) -> list[dict[str, int]]:
    """For each of some recipients how many NLEs every filter removes, in the order of the filters."""
    step = max(1, AT_ONCE // max(1, len(outcome.candidates.nles)))
    told: list[dict[str, int]] = []
    for start in range(0, len(recipients), step):
        rows = recipients[start : start + step]
        codes = around(outcome, rows).codes
        counts = {code: removed.reshape(-1, len(rows)).sum(axis=0).tolist() for code, removed in codes.items()}
        told += [{code: own[n] for code, own in counts.items() if own[n]} for n in range(len(rows))]
    return told
