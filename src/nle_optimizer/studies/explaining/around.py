"""Everything between some eligible schools and every available NLE: obstacles, fit, use and worth of each pair."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.build import build_problem, distance_asked, use_of_resources
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.model.objectives.registry import ADDITIVE
from nle_optimizer.records import Flags, Integers
from nle_optimizer.stages.obstacles import Obstacles, obstacles_between


@dataclass(frozen=True, eq=False)
class Around:
    """Pairs of recipients with every available NLE, by NLE, then recipient; shapes (pairs,).

    Attributes:
        recipients: how many recipients there are.
        nle: the NLE of each pair.
        fit, distance: millionths, and metres, -1 where not known.
        limit: metres that may lie between the two.
        reach: the least limit under which the pair is not too far.
        codes: for each filter the pairs that it removes.
        fits: whether the NLE has room beside all that it supports.
        worth: by how much the pair adds to the first objective, in its maximising orientation; None where that is no
            sum over pairs, or cannot be told.
    """

    recipients: int
    nle: Integers
    fit: Integers
    distance: Integers
    limit: Integers
    reach: Integers
    codes: Mapping[str, Flags]
    fits: Flags
    worth: Integers | None

    def alone(self, number: int) -> "Around":
        """The pairs of one of the recipients."""
        own = slice(number, None, self.recipients)
        codes = {code: rows[own] for code, rows in self.codes.items()}
        worth = None if self.worth is None else self.worth[own]
        return Around(
            1,
            self.nle[own],
            self.fit[own],
            self.distance[own],
            self.limit[own],
            self.reach[own],
            codes,
            self.fits[own],
            worth,
        )

    def of(self, pair: int) -> list[str]:
        """The filters that remove a pair."""
        return [code for code, rows in self.codes.items() if rows[pair]]

    @cached_property
    def count(self) -> Integers:
        """How many filters remove each pair."""
        return np.sum(list(self.codes.values()), axis=0, dtype=np.int64)


def around(outcome: Outcome, rows: Integers) -> Around:
    """Everything between some recipients and every available NLE."""
    scenario, found = outcome.scenario, outcome.candidates
    between = obstacles_between(
        found.recipients.take(rows),
        found.nles,
        scenario.schools,
        scenario.pairs,
        scenario.settings,
        distance_needed=distance_asked(scenario.settings),
    )
    use = use_of_resources(between.candidates, scenario.settings, scenario.resources)
    left = [resource.capacity - used for resource, used in zip(outcome.problem.resources, outcome.used, strict=True)]
    pairs = between.candidates
    fits = np.all([amounts <= room[pairs.nle] for amounts, room in zip(use.values(), left, strict=True)], axis=0)
    worth = _worth(outcome, between, use)
    limits = between.limit, between.reach
    return Around(len(rows), pairs.nle, pairs.fit, pairs.distance, *limits, between.codes, fits, worth)


def _worth(outcome: Outcome, between: Obstacles, use: dict[str, Integers]) -> Integers | None:
    settings = outcome.scenario.settings
    cost = ADDITIVE["cost"].amounts(Stakes(between.candidates, use, settings.costs))
    capacity = {resource.name: resource.capacity for resource in outcome.problem.resources}
    ground = Ground(between.candidates, use, cost, capacity)
    try:
        problem = build_problem(ground, [], list(outcome.objectives[:1]), settings)
    except InputError:  # a travel time or distance that only candidates must have
        return None
    level = next(iter(problem.levels), None)
    if not isinstance(level, Level) or level.presence_amounts is not None:
        return None
    names = [each.name for each in outcome.problem.levels]
    total = [each for each in problem.levels if isinstance(each, Level) and each.name == names[0]]
    return total[0].amounts if total else None
