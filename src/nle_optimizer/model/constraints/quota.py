"""`quota`: at least, or at most, so many schools, NLEs or pairs."""

import numpy as np

from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import Tally, followed, grouped, only_rows
from nle_optimizer.scenario.constraint_setting import Constraint
from nle_optimizer.stages.conditions import holds


def _tally(asked: Constraint, ground: Ground) -> Tally:
    found = ground.candidates
    if asked.of == "pairs":
        return Tally(*ground.rows_by(asked.by, ground.pairs_that(asked.where)), "pair", "pairs")
    of_nles = asked.of == "nles"
    table, side = (found.nles, found.nle) if of_nles else (found.recipients, found.recipient)
    column = None if asked.by is None else table.column(asked.by)
    keys, row = grouped(asked.by, column, holds(asked.where, table))
    counts = (row >= 0) & ground.with_capacity if of_nles else row >= 0
    eligible = np.bincount(row[counts], minlength=len(keys))
    if asked.by is not None:
        keys, row = only_rows(keys, row, eligible > 0)
        eligible = eligible[eligible > 0]
    unit, shown = ("nle", "nles") if of_nles else ("recipient", "schools")
    return Tally(keys, followed(row, side), unit, shown, wholes=eligible)  # type: ignore[arg-type]


QUOTA = ConstraintType(
    "quota",
    "schools: recipients with at least one NLE (default); nles: available NLEs with at least one school (a share of "
    "`eligible` leaves those without any capacity aside); "
    "pairs: matched pairs",
    "of the schools table, of the NLE table, or of the pair",
    _tally,
)
