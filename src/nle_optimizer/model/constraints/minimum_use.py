"""`minimum_use`: every NLE gives at least so much of a resource."""

import numpy as np

from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import NO_ROW, Tally, followed
from nle_optimizer.scenario.constraint_setting import Constraint
from nle_optimizer.stages.conditions import holds


def _tally(asked: Constraint, ground: Ground) -> Tally:
    found = ground.candidates
    resource = asked.of or next(iter(ground.use))
    met = holds(asked.where, found.nles) & (ground.capacity[resource] > 0)
    row = np.where(met, np.cumsum(met) - 1, NO_ROW)
    keys = tuple(f"nle_id={nle_id}" for nle_id in found.nles.ids[met])
    wholes = ground.capacity[resource][met]
    return Tally(keys, followed(row, found.nle), "pair", resource, ground.use[resource], wholes)


MINIMUM_USE = ConstraintType(
    "minimum_use",
    "for each available NLE that has any of a resource (`of`) what its pairs take of it; a share is of its capacity",
    "of the NLE table",
    _tally,
)
