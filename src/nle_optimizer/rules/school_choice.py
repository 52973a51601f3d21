"""Immediate acceptance and top trading cycles.

Immediate acceptance, known as the Boston mechanism: what is taken in a round stays taken. Top trading cycles:
recipients trade the priority that they have at one NLE for a place at another.
"""

import numpy as np

from nle_optimizer.rules.rule import Agenda, Matching, Promise, required_first


class ImmediateAcceptance:
    """In round k every recipient asks the k-th of its list; NLEs take those they like best, for good."""

    name = "immediate-acceptance"
    promise = Promise(
        summary="round by round recipients ask the next NLE of their lists, and who is taken is taken for good",
        guarantees="Pareto efficient for the order that lots make strict, in places; nobody who is taken in the first "
        "round would rather be elsewhere",
        caveats="not stable: who asks late finds NLEs taken by others of lower priority",
        misreports="yes: a recipient gains by asking an NLE first that it can get",
        complexity="O(p log p)",
        source="Abdulkadiroglu and Sonmez (2003), doi:10.1257/000282803322157061",
        ordinal=True,
        by_ranks=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Go through the rounds."""
        problem, wishes = agenda.problem, agenda.preferences
        chosen, room, wanted = required_first(problem)
        taken, ranks = set(chosen), wishes.nles.place.tolist()
        nles = problem.nle.tolist()
        lists = [[pair for pair in own if pair not in taken] for own in wishes.recipients.lists()]
        asking = [recipient for recipient, own in enumerate(lists) if own and wanted[recipient]]
        turn = 0
        while asking:
            asked = [
                (ranks[pair], nles[pair], pair, recipient) for recipient in asking for pair in [lists[recipient][turn]]
            ]
            for *_, pair, recipient in sorted(asked):
                if room.fits(pair):
                    room.take(pair)
                    chosen.append(pair)
                    wanted[recipient] -= 1
            turn += 1
            asking = [recipient for recipient in asking if wanted[recipient] and turn < len(lists[recipient])]
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


IMMEDIATE_ACCEPTANCE = ImmediateAcceptance()


class TopTradingCycles:
    """Everybody points at the best that is left; whoever points in a circle gets what they point at."""

    name = "top-trading-cycles"
    promise = Promise(
        summary="recipients point at their best NLE, NLEs at their first recipient; circles are carried out",
        guarantees="Pareto efficient for the order that lots make strict, in places and with one supporter each",
        caveats="not stable: an NLE's place may go to a recipient of lower priority; with different amounts or limits "
        "over many pairs a circle that does not fit is broken at the pair that does not, and efficiency is not sure",
        misreports="no recipient of one supporter gains, in places; an NLE may",
        complexity="O(p + n m)",
        source="Shapley and Scarf (1974), doi:10.1016/0304-4068(74)90033-0; with priorities and several places "
        "Abdulkadiroglu and Sonmez (2003), doi:10.1257/000282803322157061",
        ordinal=True,
        by_ranks=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Carry out circle after circle."""
        market = _Market(agenda)
        for recipient in agenda.by_priority.tolist():
            while market.is_in(recipient):
                market.carry_out(market.circle_from(recipient))
        return Matching(np.sort(np.array(market.chosen, dtype=np.int64)))


class _Market:
    """Who is left, and whom each points at."""

    def __init__(self, agenda: Agenda):
        problem, wishes = agenda.problem, agenda.preferences
        required, self.room, self.wanted = required_first(problem)
        self.chosen = required
        self.gone = set(required)
        self.nle, self.recipient = problem.nle.tolist(), problem.recipient.tolist()
        self.lists = (wishes.recipients.lists(), wishes.nles.lists())
        self.reached = tuple([0] * len(lists) for lists in self.lists)

    def is_in(self, recipient: int) -> bool:
        """Whether the recipient wants more, and there is somebody left for it."""
        return self.wanted[recipient] > 0 and self._points_at(0, recipient) is not None

    def _points_at(self, side: int, agent: int) -> int | None:
        """The best pair left of a recipient (side 0) or an NLE (side 1); what is impossible stays so."""
        own, reached = self.lists[side][agent], self.reached[side]
        while reached[agent] < len(own):
            pair = own[reached[agent]]
            if pair not in self.gone and self.wanted[self.recipient[pair]] and self.room.fits(pair):
                return pair
            reached[agent] += 1
        return None

    def circle_from(self, recipient: int) -> list[int]:
        """The pairs that recipients get in the circle that one leads to: each points at its NLE, that at the next."""
        path: list[int] = []
        at: dict[int, int] = {}
        while recipient not in at:
            at[recipient] = len(path)
            pair = self._points_at(0, recipient)
            assert pair is not None
            path.append(pair)
            first = self._points_at(1, self.nle[pair])
            assert first is not None
            recipient = self.recipient[first]
        return path[at[recipient] :]

    def carry_out(self, circle: list[int]) -> None:
        """Match all pairs of a circle; where one does not fit beside the others, that one is impossible."""
        done: list[int] = []
        for pair in circle:
            if not self.room.fits(pair):
                for other in done:
                    self.room.give_back(other)
                self.gone.add(pair)
                return
            self.room.take(pair)
            done.append(pair)
        self.chosen += circle
        self.gone |= set(circle)
        for pair in circle:
            self.wanted[self.recipient[pair]] -= 1


TOP_TRADING_CYCLES = TopTradingCycles()
