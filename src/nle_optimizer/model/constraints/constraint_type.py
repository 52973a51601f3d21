"""What a type of constraint states of itself."""

from collections.abc import Callable
from dataclasses import dataclass

from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import Tally
from nle_optimizer.scenario.constraint_setting import Constraint


@dataclass(frozen=True)
class ConstraintType:
    """A type of constraint. One file each; register it in `registry.py`.

    Attributes:
        name: the word a scenario uses under `type`.
        counts: what its rows count, for people.
        columns: the columns that `where` and `by` may name, for people.
        tally: what its rows count, of the candidate pairs.
    """

    name: str
    counts: str
    columns: str
    tally: Callable[[Constraint, Ground], Tally]
