"""Rules that go through a list once: serial dictatorships, greedy, and what stands today.

Recipients take turns: serial dictatorship, and the orders of turns it is run with. Greedy: the best remaining pair is
matched, again and again. The status quo: what stands today, as a row of the same table.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.model.limits_left import required_in_words
from nle_optimizer.model.preferences import identities, lots, mixed, order_of
from nle_optimizer.records import Integers
from nle_optimizer.rules.rule import LAST, Agenda, Matching, Promise, required_first
from nle_optimizer.stages.current import locate, stands

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


class Greedy:
    """Pairs in order of fit, each matched where every limit has room; lots decide between equal fits."""

    name = "greedy"
    promise = Promise(
        summary="the best-fitting pair that is still possible is matched, then the next",
        guarantees="at least half of the optimal total fit, for unit sizes and limits that nest on each side",
        caveats="with day sizes, quotas that cross or lower limits there is no such promise",
        misreports="yes: a recipient that states a higher fit is served earlier",
        complexity="O(p log p)",
        source="Preis (1999), doi:10.1007/3-540-49116-3_24",
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Take pairs from the best down."""
        problem = agenda.problem
        chosen, room, wanted = required_first(problem)
        nle = lots(identities(problem.nle_ids, "nle", agenda.settings.seed), 0)
        lot = mixed(lots(agenda.recipients, 0)[problem.recipient] ^ nle[problem.nle])
        order = np.lexsort((lot, -agenda.candidates.fit))
        recipient, taken = problem.recipient[order].tolist(), set(chosen)
        for pair, whose in zip(order.tolist(), recipient, strict=True):
            if wanted[whose] and pair not in taken and room.fits(pair):
                room.take(pair)
                wanted[whose] -= 1
                chosen.append(pair)
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


GREEDY = Greedy()


class StatusQuo:
    """The pairs of `data.current` that stand; those that are no candidates any more are named and left out."""

    name = "status-quo"
    promise = Promise(
        summary="the pairs that stand today, as `data.current` has them",
        guarantees="nobody moves",
        caveats="it may break limits, which are listed; pairs that are no candidates are named and left out",
        misreports="nothing is asked",
        complexity="O(p)",
        source="the scenario's own table",
        may_break_limits=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Without the table there is nothing to give."""
        if agenda.settings.data.current is None:
            return "the scenario has no data.current, so nobody knows what stands today"
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Give what stands."""
        found, current = agenda.candidates, agenda.candidates.current
        assert current is not None
        rows = np.flatnonzero(stands(current.table))
        at, kept = locate(current.keys[rows], found.keys)
        lost = rows[~kept]
        missed = [
            f"{current.table.values('school_id')[row]} with {current.table.values('nle_id')[row]} stands today, "
            "and is no candidate pair under this scenario"
            for row in lost.tolist()
        ]
        pairs = np.unique(at[kept])
        required = np.setdiff1d(agenda.problem.required_pairs(), pairs).tolist()
        missed += [f"{required_in_words(agenda.problem, pair)}, and does not stand today" for pair in required]
        return Matching(pairs, missed=tuple(missed))


STATUS_QUO = StatusQuo()
