"""Recipients take turns: serial dictatorship, and the orders of turns it is run with."""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.model.lots import identities, lots
from nle_optimizer.model.preferences import order_of
from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import LAST, Agenda
from nle_optimizer.rules.required import required_first
from nle_optimizer.rules.rule import Matching, Promise

EFFICIENT = (
    "Pareto efficient for the order that lots make strict (Svensson 1999, doi:10.1007/s003550050160), "
    "where nothing but capacity and upper limits is asked"
)
SOURCE = "Svensson (1999), doi:10.1007/s003550050160"
MISREPORTS = "no recipient gains by stating other preferences; an NLE may, by refusing some"


def _never(_: Agenda) -> str | None:
    return None


def _wishes(agenda: Agenda) -> Sequence[Sequence[int]]:
    return agenda.preferences.recipients.lists()


class SerialDictatorship:
    """Recipients take turns; each takes its best NLEs that have room, as many as it may have.

    Args:
        name: of the rule.
        promise: what is known of it.
        turns: the recipients in order, for a draw.
        wishes: each recipient's pairs, best first; by default as it prefers them.
        refuses: why there is no such order here; None where there is one.
    """

    def __init__(
        self,
        name: str,
        promise: Promise,
        turns: Callable[[Agenda, int], Integers],
        wishes: Callable[[Agenda], Sequence[Sequence[int]]] = _wishes,
        refuses: Callable[[Agenda], str | None] = _never,
    ):
        self.name, self.promise, self.refuses = name, promise, refuses
        self._turns, self._wishes = turns, wishes

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Give every recipient its turn."""
        chosen, room, wanted = required_first(agenda.problem)
        turns, wishes = self._turns(agenda, draw).tolist(), self._wishes(agenda)
        taken = set(chosen)
        for recipient in turns:
            wished = iter(wishes[recipient])
            while wanted[recipient] and (pair := room.first(wished)) is not None:
                if pair not in taken:
                    room.take(pair)
                    chosen.append(pair)
                    wanted[recipient] -= 1
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


def _no_order_by_need(agenda: Agenda) -> str | None:
    if (agenda.need >= 0).any() or not len(agenda.need):
        return None
    return "of no recipient every need with a weight is known, so nobody comes first by need; by-priority needs none"


def _nearest_first(agenda: Agenda) -> list[list[int]]:
    problem, found = agenda.problem, agenda.candidates
    distance = np.where(found.distance >= 0, found.distance, LAST)
    lot = lots(identities(problem.nle_ids, "nle", agenda.settings.seed), 0)[problem.nle]
    everyone = np.ones(problem.size, dtype=bool)
    keys = [distance, -found.fit]
    return order_of(len(problem.recipient_ids), problem.recipient, keys, lot, everyone).lists()


BY_NEED = SerialDictatorship(
    "by-need",
    Promise(
        summary="recipients in order of need, the greatest weighted sum of needs first, take the best NLE left",
        guarantees=EFFICIENT,
        caveats="blind to priority; total fit may be far from the best; equals in need are ordered as ties are; those "
        "whose needs with a weight are not all known come last",
        misreports="no recipient gains by stating other preferences, though one that states a greater need chooses "
        "earlier; an NLE may, by refusing some",
        complexity="O(p log p)",
        source=SOURCE,
        ordinal=True,
        by_ranks=True,
    ),
    turns=lambda agenda, _: agenda.by_need,
    refuses=_no_order_by_need,
)

BY_PRIORITY = SerialDictatorship(
    "by-priority",
    Promise(
        summary="recipients in order of priority, then of arrival, take the best NLE left",
        guarantees=EFFICIENT,
        caveats="total fit may be far from the best; equals in priority and arrival are ordered by lot; a blank "
        "priority comes last, and so does an unknown day",
        misreports=MISREPORTS,
        complexity="O(p log p)",
        source=SOURCE,
        ordinal=True,
        by_ranks=True,
    ),
    turns=lambda agenda, _: agenda.by_priority,
)

NEAREST = SerialDictatorship(
    "nearest",
    Promise(
        summary="recipients in order of priority take the nearest NLE left",
        guarantees="Pareto efficient in distance for the order that lots make strict",
        caveats="blind to fit; an unknown distance counts as the farthest",
        misreports="nothing is asked that could be misreported but the place",
        complexity="O(p log p)",
        source=f"common practice; {SOURCE}",
    ),
    turns=lambda agenda, _: agenda.by_priority,
    wishes=_nearest_first,
)

FIRST_COME = SerialDictatorship(
    "first-come",
    Promise(
        summary="recipients in order of arrival take the best NLE left: how cases are placed one by one today",
        guarantees=EFFICIENT,
        caveats="blind to priority; those of one day are ordered by lot, unknown days come last",
        misreports="no recipient gains by stating other preferences, though one that arrives earlier does; an NLE may, "
        "by refusing some",
        complexity="O(p log p)",
        source=f"common practice; {SOURCE}",
        ordinal=True,
        by_ranks=True,
    ),
    turns=lambda agenda, _: agenda.by_arrival,
)

LOTTERY = SerialDictatorship(
    "lottery",
    Promise(
        summary="recipients in an order drawn by lot take the best NLE left",
        guarantees=f"equals have equal chances; each outcome is {EFFICIENT}",
        caveats="before the draw, chances may be Pareto dominated (Bogomolnaia and Moulin 2001)",
        misreports=MISREPORTS,
        complexity="O(p log p) a draw",
        source="Abdulkadiroglu and Sonmez (1998), doi:10.2307/2998580",
        ordinal=True,
        by_ranks=True,
        random=True,
    ),
    turns=lambda agenda, draw: agenda.by_lot(draw),
)


def by_hand(agenda: Agenda) -> list[str]:
    """The rules by which offices place cases by hand, those of which the order says something in this case.

    Distances, needs, and priorities or else arrivals, must differ between recipients with a candidate.
    """
    asking = np.unique(agenda.problem.recipient)
    differ = {
        NEAREST.name: agenda.candidates.distance,
        BY_NEED.name: agenda.need[asking],
        BY_PRIORITY.name: agenda.priority[asking],
        FIRST_COME.name: agenda.waiting[asking],
    }
    found = [name for name, values in differ.items() if len(values) and (values != values[0]).any()]
    return [name for name in found if name != FIRST_COME.name or BY_PRIORITY.name not in found]
