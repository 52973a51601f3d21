"""What is left of a plan under other inputs, and what it comes to there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.verification.findings import Findings, RefusedError
from nle_optimizer.evidence.verification.levels.fairness import LOAD
from nle_optimizer.evidence.verification.levels.levels import AnyLevel
from nle_optimizer.evidence.verification.levels.objective_levels import levels_of
from nle_optimizer.evidence.verification.limits.constraint_counts import counted_rows
from nle_optimizer.evidence.verification.limits.hard_limits import breaches
from nle_optimizer.evidence.verification.pairs.matching import Matching, build_matching
from nle_optimizer.evidence.verification.reading import Reading, reading_of
from nle_optimizer.evidence.verification.stages.entrance import Entrance
from nle_optimizer.evidence.verification.sweep import Sweep
from nle_optimizer.recall import plainly
from nle_optimizer.scenario.objective_setting import Objective
from nle_optimizer.scenario.scenario import Scenario

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Left:
    """What is left of a plan.

    Attributes:
        pairs: how many of its pairs are candidates.
        within_limits: whether they break no limit.
        levels, values: the objectives, and what those pairs come to, in their own sense.
    """

    pairs: int
    within_limits: bool
    levels: Sequence[AnyLevel]
    values: Sequence[int]


def left_of(
    make: Callable[[], Scenario],
    enter: Callable[[Scenario], Entrance],
    objectives: Sequence[Objective],
    plan: Sequence[Pair],
) -> Left | None:
    """What is left of a plan under other inputs; None where a run must refuse these.

    Args:
        make: gives the inputs.
        enter: goes through the stages before the candidate pairs.
        objectives: those in force.
        plan: school and NLE of each pair.
    """
    try:
        scenario = make()
        come = enter(scenario)
        return _left(reading_of(scenario, come.recipients, come.placed, plainly), objectives, plan)
    except (InputError, RefusedError):
        return None


def _left(reading: Reading, objectives: Sequence[Objective], plan: Sequence[Pair]) -> Left:
    scenario, recipients, supply = reading.scenario, reading.recipients, reading.supply
    ids, nles = recipients.position, reading.nle_position
    known = [(nles[nle], ids[school]) for school, nle in plan if school in ids and nle in nles]
    stands = _matching(reading, [pair for pair in known if supply.available[pair[0]]])
    among = reading.ground.candidates.among(stands.pairs)
    matching = _matching(reading, list(zip(np.asarray(among.nle).tolist(), among.rows.tolist(), strict=True)))
    levels = levels_of(objectives, scenario.settings.engine, recipients)
    instance = reading.instance(levels, matching.pairs, Findings())
    looks_at_all = any(family.seen is not None for family in instance.families)
    looks_at_all = looks_at_all or any(level.name == LOAD for level in levels)
    sweep = Sweep(
        reading.ground.candidates,
        reading.measures,
        supply,
        matching,
        recipients.ids,
        scenario.nles.ids,
        Findings(),
        seers=[family.look_at for family in instance.families],
        kept=None if looks_at_all else [among] if len(among) else [],
    )
    sweep.run()
    rows = list(counted_rows(instance.families, matching.pairs.with_fit(sweep.fit)))
    broken = breaches(sweep, recipients.supporters.tolist(), scenario.resources, rows)
    return Left(len(among), not broken, levels, instance.values(sweep))


def _matching(reading: Reading, pairs: Sequence[tuple[int, int]]) -> Matching:
    found = [(nle, row, n) for n, (nle, row) in enumerate(sorted(pairs))]
    return build_matching(found, len(reading.scenario.nles), reading.ground.geography, reading.ground.listed)
