"""Whom a question is about: an identifier, or a name that only one has."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Records

MOST_NAMED = 5


@dataclass(frozen=True)
class Whom:
    """A school or trust, or an NLE.

    Attributes:
        side: `school` or `nle`.
        id: the identifier.
        index: its row among the eligible recipients or the available NLEs; None where it is not among them.
    """

    side: Literal["school", "nle"]
    id: str
    index: int | None


def whom(outcome: Outcome, word: str) -> Whom:
    """Whom an identifier or a name means.

    Raises:
        InputError: nobody, or several.
    """
    scenario = outcome.scenario
    sides: tuple[tuple[Literal["school", "nle"], Records, Records], ...] = (
        ("school", scenario.schools, outcome.recipients),
        ("nle", scenario.nles, outcome.candidates.nles),
    )
    found = [Whom(side, word, _row(live, word)) for side, every, live in sides if _has(every, word) or _has(live, word)]
    found = found or [
        Whom(side, name, _row(live, name)) for side, every, live in sides for name in _named(every, live, word)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(each.id for each in found[:MOST_NAMED]) + (" ..." if len(found) > MOST_NAMED else "")
        raise InputError([Problem(Place(), "ID", f"several have this name; give one of {several}", word)])
    ids = [*scenario.schools.ids.tolist(), *outcome.recipients.ids.tolist(), *scenario.nles.ids.tolist()]
    raise InputError(
        [Problem(Place(), "ID", "the run has no such school and no such NLE", word, did_you_mean(word, ids))]
    )


def _has(table: Records, word: str) -> bool:
    return bool((table.ids == word).any())


def _row(table: Records, word: str) -> int | None:
    rows = np.flatnonzero(table.ids == word)
    return int(rows[0]) if len(rows) else None


def _named(every: Records, live: Records, word: str) -> list[str]:
    """Identifiers of those whose name it is."""
    wanted = word.casefold()
    return sorted(
        {
            str(identifier)
            for table in (every, live)
            for identifier, name in zip(table.ids, table.values("name"), strict=True)
            if str(name).casefold() == wanted
        }
    )
