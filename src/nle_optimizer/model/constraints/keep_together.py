"""`keep_together`: the schools of a trust share their NLEs."""

import numpy as np

from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import Tally, followed, grouped, only_rows
from nle_optimizer.scenario.condition_checks import ONE_EACH
from nle_optimizer.scenario.constraint_setting import Constraint
from nle_optimizer.stages.conditions import holds


def _tally(asked: Constraint, ground: Ground) -> Tally:
    found = ground.candidates
    by = asked.by or ONE_EACH[asked.type]
    keys, row = grouped(by, found.recipients.column(by), holds(asked.where, found.recipients))
    several = np.bincount(row[row >= 0], minlength=len(keys)) > 1
    shared, row = only_rows(keys, row, several)
    return Tally(shared, followed(row, found.recipient), "nle", "nles")


KEEP_TOGETHER = ConstraintType(
    "keep_together",
    "for each value of `by` (default trust_id) that several recipients have, the NLEs that support any of them; "
    "at most `maximum` (default 1)",
    "of the schools table",
    _tally,
)
