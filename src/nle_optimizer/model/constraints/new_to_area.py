"""`new_to_area`: at most so many NLEs begin to work in an area."""

from collections.abc import Iterator

import numpy as np

from nle_optimizer.model.constraints.constraint_type import ConstraintType
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.tally import NO_ROW, Tally, followed, grouped
from nle_optimizer.records import Flags, Integers, as_text
from nle_optimizer.scenario.condition_checks import ONE_EACH
from nle_optimizer.scenario.constraint_setting import Constraint
from nle_optimizer.stages.conditions import holds


def _tally(asked: Constraint, ground: Ground) -> Tally:
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
    _tally,
)
