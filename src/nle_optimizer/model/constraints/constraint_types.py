"""Every constraint type: what it counts, and by which table.

Every type of constraint by name. `budget`: at most, or at least, so much of a resource or so many pounds.
`keep_together`: the schools of a trust share their NLEs. `minimum_use`: every NLE gives at least so much of a
resource. `new_to_area`: at most so many NLEs begin to work in an area. `quota`: at least, or at most, so many
schools, NLEs or pairs.
"""

from collections.abc import Iterator

import numpy as np

from nle_optimizer.model.constraints.ground import ConstraintType, Ground
from nle_optimizer.model.constraints.tally import NO_ROW, Tally, followed, grouped, only_rows
from nle_optimizer.records import Flags, Integers, as_text
from nle_optimizer.scenario.condition_checks import ONE_EACH
from nle_optimizer.scenario.setting_sections import COST, Constraint
from nle_optimizer.stages.conditions import holds


def _budget(asked: Constraint, ground: Ground) -> Tally:
    of = str(asked.of)
    amounts, shown = (ground.cost, "pounds") if of == COST else (ground.use[of], of)
    return Tally(*ground.rows_by(asked.by, ground.pairs_that(asked.where)), "pair", shown, amounts)


BUDGET = ConstraintType(
    "budget",
    "what the matched pairs take of a resource, or cost in pounds (`of`)",
    "of the pair",
    _budget,
)


def _kept_together(asked: Constraint, ground: Ground) -> Tally:
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
    _kept_together,
)


def _use(asked: Constraint, ground: Ground) -> Tally:
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
    _use,
)


def _new_to_area(asked: Constraint, ground: Ground) -> Tally:
    found = ground.candidates
    by = asked.by or ONE_EACH[asked.type]
    column = found.recipients.column(by)
    keys, row = grouped(by, column, holds(asked.where, found.recipients))
    row = followed(row, found.recipient)
    return Tally(keys, np.where(_known(ground, by), NO_ROW, row), "nle", "nles")


def _known(ground: Ground, by: str) -> Flags:
    """Candidate pairs whose NLE knows the recipient's area: their own, or one they worked or work in."""
    found = ground.candidates
    area = np.array(as_text(found.recipients.column(by)), dtype=object)
    words = {text: n for n, text in enumerate(sorted(set(area.tolist())))}
    code = np.array([words[text] for text in area], dtype=np.int64)
    keys = [nle * len(words) + code[recipient] for nle, recipient in _worked(ground)]
    worked = np.isin(found.nle * len(words) + code[found.recipient], np.concatenate(keys)) if keys else False
    theirs, ours = (np.array([text.casefold() for text in texts], dtype=object) for texts in (area, _own(ground, by)))
    home = theirs[found.recipient] == ours[found.nle] if len(found) else np.zeros(0, dtype=bool)
    return np.asarray(home | worked, dtype=bool)


def _own(ground: Ground, by: str) -> list[str]:
    return as_text(ground.candidates.nles.column(by))


def _worked(ground: Ground) -> Iterator[tuple[Integers, Integers]]:
    """NLEs and recipients of pairs that were matched before, or stand today."""
    given, current = ground.candidates.given, ground.candidates.current
    if given is not None:
        before = given.with_relation("previous")
        yield given.nle[before], given.recipient[before]
    if current is not None:
        yield current.nle, current.recipient


NEW_TO_AREA = ConstraintType(
    "new_to_area",
    "for each value of `by` (default local_authority), the NLEs that support a recipient there and are new to it; "
    "at most `maximum`",
    "of the schools table; the same column of the NLE table says where an NLE is at home",
    _new_to_area,
)


def _quota(asked: Constraint, ground: Ground) -> Tally:
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
    _quota,
)


CONSTRAINTS: dict[str, ConstraintType] = {
    kind.name: kind for kind in (QUOTA, BUDGET, MINIMUM_USE, KEEP_TOGETHER, NEW_TO_AREA)
}
