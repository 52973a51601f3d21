"""Deferred acceptance, with schools or NLEs proposing, over capacities of several resources.

Deferred acceptance as a rule: one side proposes, places or sizes, and what still blocks is counted. Deferred
acceptance in places: the algorithm alone, on numbers. Deferred acceptance: NLEs propose. Deferred acceptance:
recipients propose.

Deferred acceptance where pairs take different amounts, or rows limit them: each NLE keeps the best that fit.

A stable matching need not exist then. What is left to want is looked at last: whoever would gain by room that nobody
uses moves into it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappush, heapreplace

import numpy as np

from nle_optimizer.model.limits_left import Room, in_places, places
from nle_optimizer.model.preferences import Order, blocking_pairs
from nle_optimizer.records import Integers
from nle_optimizer.rules.rule import Agenda, Matching, Promise, required_first

FREE = 2**62
"""The worst that a receiver holds while it has room: it takes anybody."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Two sides, as deferred acceptance sees them.

    Attributes:
        pairs: what is proposed, proposer by proposer, best first; each of a proposer's to another receiver.
        ends: shape (proposers + 1,): where each proposer's begin in `pairs`.
        receiver: of each pair, shape (all pairs,).
        place: of each pair in its receiver's order, 0 being the best, shape (all pairs,).
        wanted: how many pairs each proposer may have.
        places: how many pairs each receiver may have.
    """

    pairs: Integers
    ends: Integers
    receiver: Integers
    place: Integers
    wanted: Sequence[int]
    places: Sequence[int]


def deferred(market: Proposals) -> Integers:
    """The stable matching that every proposer likes best, ascending (Gale and Shapley 1962, doi:10.2307/2312726).

    Proposers propose to receiver after receiver; a receiver holds the best so far and turns the others down. Whose
    turn it is does not matter for the result (McVitie and Wilson 1971, doi:10.1145/362619.362631). O(pairs log places).
    """
    places, size = market.places, len(market.pairs) + 1
    receiver = market.receiver[market.pairs].tolist()
    keys = (market.place[market.pairs] * size + np.arange(size - 1)).tolist()  # the place, then which proposal it is
    following, ends = market.ends[:-1].tolist(), market.ends[1:].tolist()
    proposer = np.repeat(np.arange(len(ends)), np.diff(market.ends))
    held: list[list[int]] = [[] for _ in places]
    worst = [FREE if count else 0 for count in places]
    waiting = [whose for whose, most in enumerate(market.wanted) for _ in range(most)]
    while waiting:
        whose = waiting.pop()
        for proposal in range(following[whose], ends[whose]):
            at, key = receiver[proposal], keys[proposal]
            if key >= worst[at]:
                continue
            heap = held[at]
            if worst[at] == FREE:
                heappush(heap, -key)
                if len(heap) == places[at]:
                    worst[at] = -heap[0]
            else:
                dropped = -heapreplace(heap, -key) % size
                worst[at] = -heap[0]
                waiting.append(int(proposer[dropped]))
            following[whose] = proposal + 1
            break
        else:
            following[whose] = ends[whose]
    kept = np.array([-key % size for heap in held for key in heap], dtype=np.int64)
    return np.sort(market.pairs[kept])


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


class DeferredAcceptance:
    """One side proposes, the other holds the best.

    Args:
        name: of the rule.
        promise: what is known of it.
        by_recipients: whether recipients propose; else NLEs do.
    """

    def __init__(self, name: str, promise: Promise, *, by_recipients: bool):
        self.name, self.promise, self._by_recipients = name, promise, by_recipients

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Let one side propose; count the pairs that block, where there may be some."""
        problem = agenda.problem
        if in_places(problem):
            return Matching(_in_places(agenda, self._by_recipients))
        sized: Callable[[Agenda], list[int]] = recipients_propose if self._by_recipients else nles_propose
        pairs = np.array(sized(agenda), dtype=np.int64)
        blocking = len(blocking_pairs(problem, agenda.preferences, pairs))
        why = (
            f"with {'limits over many pairs' if problem.rows else 'different amounts'} a stable matching need not exist"
        )
        if not blocking:
            return Matching(pairs, (f"{why}; this one is stable: no pair blocks it",))
        said = "1 pair blocks" if blocking == 1 else f"{blocking} pairs block"
        return Matching(pairs, missed=(f"{why}: {said} this one",))


def _in_places(agenda: Agenda, by_recipients: bool) -> Integers:
    """The matching where every pair of an NLE takes one place; required pairs have theirs beforehand."""
    problem, wishes = agenda.problem, agenda.preferences
    required = problem.required_pairs()
    wanted = problem.supporters - np.bincount(problem.recipient[required], minlength=len(problem.recipient_ids))
    left = places(problem) - np.bincount(problem.nle[required], minlength=len(problem.nle_ids))
    recipients, nles = problem.recipient, problem.nle
    first, second = (wishes.recipients, wishes.nles) if by_recipients else (wishes.nles, wishes.recipients)
    receiver, sides = (nles, (wanted, left)) if by_recipients else (recipients, (left, wanted))
    pairs, ends = _without(first, required)
    found = deferred(Proposals(pairs, ends, receiver, second.place, sides[0].tolist(), sides[1].tolist()))
    return np.sort(np.concatenate([required, found]))


def _without(order: Order, taken: Integers) -> tuple[Integers, Integers]:
    """The pairs of an order but for some, agent by agent, and where each agent's begin."""
    if not len(taken):
        return order.pairs, order.ends
    kept = ~np.isin(order.pairs, taken)
    return order.pairs[kept], np.append(0, np.cumsum(kept))[order.ends]


DEFERRED_ACCEPTANCE_NLES = DeferredAcceptance(
    "deferred-acceptance-nles",
    Promise(
        summary="NLEs propose to recipients, which hold the best and turn the others down",
        guarantees="stable for the order that lots make strict, and of all stable matchings the one that NLEs like "
        "best, where each NLE has so many places and no other limit; as many are served as when recipients propose",
        caveats="of all stable matchings the worst for every recipient; total fit may be far from the best; with "
        "different amounts or limits over many pairs a stable matching need not exist, and what blocks is counted; "
        "required pairs stand outside",
        misreports="a recipient may gain by leaving out NLEs it likes less; an NLE of one place does not gain, one of "
        "several may (Roth 1985, doi:10.1016/0022-0531(85)90106-1)",
        complexity="O(p log p)",
        source="Gale and Shapley (1962), doi:10.2307/2312726; Roth (1984), doi:10.1086/261272",
        ordinal=True,
        by_ranks=True,
    ),
    by_recipients=False,
)


DEFERRED_ACCEPTANCE = DeferredAcceptance(
    "deferred-acceptance",
    Promise(
        summary="recipients propose to NLEs, which hold the best and turn the others down",
        guarantees="stable for the order that lots make strict, and of all stable matchings the one that every "
        "recipient likes best, where each NLE has so many places and no other limit; for the true orders, ties and "
        "all, no pair blocks that both would strictly gain by",
        caveats="total fit may be far from the best, and not Pareto efficient for recipients; with different amounts "
        "or limits over many pairs each NLE keeps the best that fit (after Delacretaz, Kominers and Teytelboym 2023, "
        "doi:10.1257/aer.20210096), a stable matching need not exist, and what blocks is counted; required pairs "
        "stand outside",
        misreports="no recipient of one supporter gains, in places (Roth 1982); with different amounts or several "
        "supporters it may; an NLE may",
        complexity="O(p log p)",
        source="Gale and Shapley (1962), doi:10.2307/2312726; Roth (1982), doi:10.1287/moor.7.4.617",
        ordinal=True,
        by_ranks=True,
    ),
    by_recipients=True,
)
