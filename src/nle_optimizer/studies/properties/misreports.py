"""The best misreport of one agent: every order that it could state instead of its own, tried one after the other."""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.errors import InfeasibleError
from nle_optimizer.model.preferences import Preferences
from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Procedure
from nle_optimizer.studies.properties.stated import Side, count_of_statements, stated, statements

LONGEST = 5
"""Pairs of an agent up to which every statement is tried."""


@dataclass(frozen=True)
class Misreport:
    """A statement by which an agent gains.

    Attributes:
        side, agent: whose.
        order: the pairs that it states, best first.
        honest, gained: the places in its own order of whom it gets by its own order, and by this one, best first.
    """

    side: Side
    agent: int
    order: tuple[int, ...]
    honest: tuple[int, ...]
    gained: tuple[int, ...]


def best_misreport(procedure: Procedure, agenda: Agenda, side: Side, agent: int, draw: int = 0) -> Misreport | None:
    """The statement by which an agent gains most, the shortest first among equals; None where it gains by none.

    An agent that may have several partners gains where it gets more of them, or of as many the best, then the next,
    are better, which is less than any way of preferring sets would count.

    Raises:
        ValueError: the agent has more than `LONGEST` pairs.
    """
    own = agenda.preferences.recipients if side == "recipients" else agenda.preferences.nles
    mine = own.lists()[agent]
    if len(mine) > LONGEST:
        raise ValueError(f"{count_of_statements(len(mine)):,} statements are too many to try")
    honest = _places(procedure.match(agenda, draw).pairs, own.agent, own.place, agent)
    best: Misreport | None = None
    for order in statements(mine):
        got = _under(procedure, agenda, stated(agenda.preferences, side, agent, order), draw)
        places = None if got is None else _places(got, own.agent, own.place, agent)
        if places is not None and _is_better(places, best.gained if best else honest):
            best = Misreport(side, agent, order, honest, places)
    return best


def _under(procedure: Procedure, agenda: Agenda, wishes: Preferences, draw: int) -> Integers | None:
    asked = replace(agenda, stated=wishes)
    try:
        return None if procedure.refuses(asked) else procedure.match(asked, draw).pairs
    except InfeasibleError:
        return None


def _places(pairs: Integers, of: Integers, place: Integers, agent: int) -> tuple[int, ...]:
    own = pairs[of[pairs] == agent]
    return tuple(np.sort(place[own]).tolist())


def _is_better(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether some partners are better than others whichever way sets are preferred: one by one, and no fewer."""
    return (
        one != other
        and len(one) >= len(other)
        and all(a <= b for a, b in zip(one, other, strict=False))
        and -1 not in one
    )
