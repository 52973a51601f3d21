"""`budget`: at most, or at least, so much of a resource or so many pounds."""

from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import Tally
from nle_optimizer.scenario.constraint_setting import COST, Constraint


def _tally(asked: Constraint, ground: Ground) -> Tally:
    of = str(asked.of)
    amounts, shown = (ground.cost, "pounds") if of == COST else (ground.use[of], of)
    return Tally(*ground.rows_by(asked.by, ground.pairs_that(asked.where)), "pair", shown, amounts)


BUDGET = ConstraintType(
    "budget",
    "what the matched pairs take of a resource, or cost in pounds (`of`)",
    "of the pair",
    _tally,
)
