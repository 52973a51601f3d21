"""Deferred acceptance where pairs take different amounts, or rows limit them: each NLE keeps the best that fit.

A stable matching need not exist then. What is left to want is looked at last: whoever would gain by room that nobody
uses moves into it.
"""

from collections import deque
from collections.abc import Sequence

from nle_optimizer.model.preferences import Order
from nle_optimizer.model.room import Room
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.required import required_first


class Floor:
    """Who holds whom, while proposals go to and fro.

    Args:
        agenda: the case.
    """

    def __init__(self, agenda: Agenda):
        problem = agenda.problem
        required, room, wanted = required_first(problem)
        self.required: frozenset[int] = frozenset(required)
        self.room: Room = room
        self.wanted: list[int] = wanted
        self.nle, self.recipient = problem.nle.tolist(), problem.recipient.tolist()
        self.by_recipients, self.by_nles = agenda.preferences.recipients, agenda.preferences.nles
        self.likes, self.ranks = self.by_recipients.place.tolist(), self.by_nles.place.tolist()
        self.of_nle: list[list[int]] = [[] for _ in problem.nle_ids]
        self.of_recipient: list[list[int]] = [[] for _ in problem.recipient_ids]

    def lists(self, order: Order) -> list[list[int]]:
        """The pairs of each agent that may be proposed, best first."""
        return [[pair for pair in own if pair not in self.required] for own in order.lists()]

    def hold(self, pair: int) -> None:
        """Match a pair for now."""
        self.room.take(pair)
        self.of_nle[self.nle[pair]].append(pair)
        self.of_recipient[self.recipient[pair]].append(pair)

    def drop(self, pair: int) -> None:
        """Turn a held pair down."""
        self.room.give_back(pair)
        self.of_nle[self.nle[pair]].remove(pair)
        self.of_recipient[self.recipient[pair]].remove(pair)

    def matched(self) -> list[int]:
        """Every pair that is held or required, ascending."""
        return sorted([*self.required, *(pair for own in self.of_nle for pair in own)])

    def choose(self, pair: int) -> list[int]:
        """Let the NLE of a proposed pair keep the best that fit, in its order; the pairs that it turns down."""
        worse = [other for other in self.of_nle[self.nle[pair]] if self.ranks[other] > self.ranks[pair]]
        worse.sort(key=lambda other: self.ranks[other])
        released: list[int] = []
        before = self.room.excess()
        while not self.room.fits(pair) and worse:
            released.append(worse.pop())
            self.drop(released[-1])
        taken = self._those_that_fit([pair, *reversed(released)]) if self.room.fits(pair) else []
        if taken and self.room.excess() <= before:
            return [other for other in released if other not in taken]
        for other in taken:
            self.drop(other)
        for other in released:
            self.hold(other)
        return [pair]

    def _those_that_fit(self, pairs: Sequence[int]) -> list[int]:
        taken = []
        for pair in pairs:
            if self.room.fits(pair):
                self.hold(pair)
                taken.append(pair)
        return taken

    def exchange(self, pair: int) -> int | None:
        """Let the recipient of a pair have it where that fits, for its worst NLE if it has all that it may.

        Returns:
            The pair given up, -1 where none was; None where it stays as it is.
        """
        whose = self.recipient[pair]
        own = self.of_recipient[whose]
        worst = max(own, key=lambda other: self.likes[other]) if own and len(own) >= self.wanted[whose] else -1
        if not self.wanted[whose] or pair in own or (worst >= 0 and self.likes[pair] > self.likes[worst]):
            return None
        before = self.room.excess()
        if worst >= 0:
            self.drop(worst)
        if self.room.fits(pair):
            self.hold(pair)
            if self.room.excess() <= before:
                return worst
            self.drop(pair)
        if worst >= 0:
            self.hold(worst)
        return None


def recipients_propose(agenda: Agenda) -> list[int]:
    """Recipients propose, those of the first priority first; NLEs keep the best that fit."""
    floor = Floor(agenda)
    lists = floor.lists(floor.by_recipients)
    reached = [0] * len(lists)
    waiting = deque(agenda.by_priority.tolist())
    while waiting:
        whose = waiting.popleft()
        while len(floor.of_recipient[whose]) < floor.wanted[whose] and reached[whose] < len(lists[whose]):
            pair = lists[whose][reached[whose]]
            reached[whose] += 1
            waiting.extend(floor.recipient[other] for other in floor.choose(pair) if other != pair)
    _fill(floor, lists, agenda.by_priority.tolist())
    return floor.matched()


def nles_propose(agenda: Agenda) -> list[int]:
    """NLEs propose to the best that fit; recipients keep the best."""
    floor = Floor(agenda)
    lists = floor.lists(floor.by_nles)
    waiting, queued = deque(range(len(lists))), [True] * len(lists)
    while waiting:
        nle = waiting.popleft()
        queued[nle] = False
        for pair in lists[nle]:
            given_up = floor.exchange(pair)
            if given_up is not None and given_up >= 0 and not queued[floor.nle[given_up]]:
                queued[floor.nle[given_up]] = True
                waiting.append(floor.nle[given_up])
    _fill(floor, lists, range(len(lists)))
    return floor.matched()


def _fill(floor: Floor, lists: Sequence[Sequence[int]], turns: Sequence[int]) -> None:
    """Exchange pairs for better ones that fit, list after list, until none is left.

    Every exchange is better for its recipient and worse for no other, so that this ends.
    """
    moved = True
    while moved:
        moved = False
        for agent in turns:
            for pair in lists[agent]:
                moved |= floor.exchange(pair) is not None
