"""Every type of constraint by name."""

from nle_optimizer.model.constraints.budget import BUDGET
from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.keep_together import KEEP_TOGETHER
from nle_optimizer.model.constraints.minimum_use import MINIMUM_USE
from nle_optimizer.model.constraints.new_to_area import NEW_TO_AREA
from nle_optimizer.model.constraints.quota import QUOTA

CONSTRAINTS: dict[str, ConstraintType] = {
    kind.name: kind for kind in (QUOTA, BUDGET, MINIMUM_USE, KEEP_TOGETHER, NEW_TO_AREA)
}
